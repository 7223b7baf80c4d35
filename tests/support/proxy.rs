//! A SOCKS5 proxy on loopback that wants a user and a password, and connects to addresses (RFC 1928, RFC 1929).

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How long it waits for a client that has hung.
const PATIENCE: Duration = Duration::from_mins(1);

/// Serves one client, who must be this user with this password; gives the address of the proxy.
pub(crate) fn socks(user: &'static str, password: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("a client");
        // A client that goes in between is found out by what it does not get.
        let _ = serve(client, user, password);
    });
    address
}

fn serve(mut client: TcpStream, user: &str, password: &str) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let mut head = [0; 2];
    client.read_exact(&mut head)?;
    client.read_exact(&mut vec![0; usize::from(head[1])])?;
    client.write_all(&[5, 2])?;
    let mut login = vec![0; 3 + user.len() + password.len()];
    client.read_exact(&mut login)?;
    let short = |text: &str| u8::try_from(text.len()).expect("a short text");
    let wanted = [&[1, short(user)], user.as_bytes(), &[short(password)], password.as_bytes()].concat();
    if login != wanted {
        return client.write_all(&[1, 1]);
    }
    client.write_all(&[1, 0])?;
    let mut asked = [0; 10];
    client.read_exact(&mut asked)?;
    let [5, 1, 0, 1, a, b, c, d, high, low] = asked else { return client.write_all(&[5, 8, 0, 1, 0, 0, 0, 0, 0, 0]) };
    let Ok(server) = TcpStream::connect((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low]))) else {
        return client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
    };
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 25])?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let mut server = server;
    std::io::copy(&mut client, &mut server)?;
    server.shutdown(std::net::Shutdown::Write)
}
