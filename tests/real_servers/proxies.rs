//! Proxies on the way: microsocks for SOCKS5, tinyproxy for CONNECT of HTTP. Both want dude and his password.

use std::process::Command;

use super::desk::PASSWORD;
use super::ground::{Ground, Missing, Running, free_port, program};

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    _process: Running,
}

/// Starts microsocks.
pub(crate) fn socks(ground: &Ground) -> Result<Proxy, Missing> {
    let microsocks = program("microsocks", "microsocks")?;
    let port = free_port();
    let mut command = Command::new(microsocks);
    command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-u", "dude", "-P", PASSWORD]);
    Ok(Proxy { port, _process: ground.run(&mut command, &[port]) })
}

/// Starts tinyproxy, which connects to these ports only.
pub(crate) fn http(ground: &Ground, allowed: &[u16]) -> Result<Proxy, Missing> {
    let tinyproxy = program("tinyproxy", "tinyproxy-bin")?;
    let port = free_port();
    let ports = allowed.iter().fold(String::new(), |text, port| format!("{text}ConnectPort {port}\n"));
    let text = format!("Port {port}\nListen 127.0.0.1\nMaxClients 20\nBasicAuth dude {PASSWORD}\n{ports}");
    let configuration = ground.write("tinyproxy.conf", &text);
    let mut command = Command::new(tinyproxy);
    command.arg("-d").arg("-c").arg(configuration);
    Ok(Proxy { port, _process: ground.run(&mut command, &[port]) })
}
