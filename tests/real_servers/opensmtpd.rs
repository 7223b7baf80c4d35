//! `OpenSMTPD`: an exchanger that takes no relay.

use super::desk::Server;
use super::ground::{Ground, Missing, Running, free_port, needs_root, program};

/// A running `OpenSMTPD`.
pub(crate) struct Opensmtpd {
    pub(crate) ground: Ground,
    pub(crate) exchanger: Server,
    /// It takes from a PROXY header of version 2 for whom a connection is.
    pub(crate) proxied: Server,
    _process: Running,
}

/// Starts it. Its folders and users are compiled in, hence the namespace.
pub(crate) fn start() -> Result<Opensmtpd, Missing> {
    needs_root("OpenSMTPD")?;
    // Postfix has a program of the same name in a folder of its own.
    let smtpctl = program("smtpctl", "opensmtpd")?;
    let smtpd = smtpctl.with_file_name("smtpd");
    let packaged = smtpctl.parent().and_then(std::path::Path::parent).map(|usr| usr.join("libexec"));
    let ground = Ground::new();
    let (port, proxied) = (free_port(), free_port());
    let configuration = CONFIGURATION.replace("{port}", &port.to_string()).replace("{proxied}", &proxied.to_string());
    let configuration = ground.write("smtpd.conf", &configuration);
    for folder in ["run", "lib/opensmtpd/empty", "spool"] {
        std::fs::create_dir_all(ground.path(folder)).unwrap();
    }
    let mut folders = vec![("run", "/run"), ("lib", "/var/lib"), ("spool", "/var/spool")];
    if let Some(packaged) = packaged.filter(|folder| folder != std::path::Path::new("/usr/libexec")) {
        let copied = std::process::Command::new("cp").arg("-r").arg(packaged).arg(ground.path("libexec")).status();
        assert!(copied.unwrap().success());
        std::fs::create_dir_all("/usr/libexec").unwrap();
        folders.push(("libexec", "/usr/libexec"));
    }
    let mut command = ground.lodging(&["opensmtpd", "opensmtpq"], &folders)?;
    command.arg(smtpd).args(["-dv", "-f"]).arg(configuration);
    let running = ground.run(&mut command, &[port]);
    Ok(Opensmtpd { exchanger: Server::at(port), proxied: Server::at(proxied), ground, _process: running })
}

const CONFIGURATION: &str = r#"
pki target cert "{place}/cert.pem"
pki target key "{place}/key.pem"
table people { dude = nobody, anotherdude = nobody, postmaster = nobody }
smtp max-message-size 100000
listen on 127.0.0.1 port {port} hostname mx.target.local tls pki target
listen on 127.0.0.1 port {proxied} hostname mx.target.local proxy-v2
action drop mda "/bin/cat >/dev/null" virtual <people>
match from src "192.0.2.66" for any reject
match from any for domain "target.local" action drop
"#;
