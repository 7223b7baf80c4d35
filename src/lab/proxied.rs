//! The header of the PROXY protocol, read where a listener wants one: for whom the connection is (`HAProxy`,
//! `proxy-protocol.txt`).

use std::net::SocketAddr;
use std::time::Duration;

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use crate::conversation::Remark;

/// How long the header may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Octets of a header of version 1 at most, its line end included (2.1).
const LONGEST_LINE: usize = 107;

/// The client as the header names it, or `own` where it names none; and what is recorded of it.
///
/// # Errors
/// No header, or a wrong one: the connection is to be closed without a word (2).
pub(super) async fn header(
    stream: &mut (impl AsyncRead + Unpin),
    own: SocketAddr,
) -> Result<(SocketAddr, Remark), Remark> {
    let failed = |reason: &str| Remark::new("proxy").with("failed", "yes").with("reason", reason);
    let octets = match timeout(PATIENCE, octets(stream)).await {
        Ok(Ok(octets)) => octets,
        Ok(Err(_)) => return Err(failed("the connection ended within the PROXY header")),
        Err(_) => return Err(failed("no PROXY header came")),
    };
    let (version, ends) = match HeaderResult::parse(&octets) {
        HeaderResult::V1(Ok(header)) => (1, of_v1(&header)),
        HeaderResult::V2(Ok(header)) => (2, of_v2(&header)),
        HeaderResult::V1(Err(_)) | HeaderResult::V2(Err(_)) => return Err(failed("what came is no PROXY header")),
    };
    let remark = Remark::new("proxy").with("header", version);
    Ok(match ends {
        Some((source, destination)) => (source, remark.with("source", source).with("destination", destination)),
        None => (own, remark.with("source", "unknown")),
    })
}

/// Reads the header and not an octet more: what follows is the client's.
async fn octets(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut octets = vec![0; v2::PROTOCOL_PREFIX.len()];
    stream.read_exact(&mut octets).await?;
    if octets == v2::PROTOCOL_PREFIX {
        let mut rest = [0; 4];
        stream.read_exact(&mut rest).await?;
        octets.extend_from_slice(&rest);
        let mut addresses = vec![0; usize::from(u16::from_be_bytes([rest[2], rest[3]]))];
        stream.read_exact(&mut addresses).await?;
        octets.extend(addresses);
        return Ok(octets);
    }
    while !octets.contains(&b'\n') && octets.len() < LONGEST_LINE {
        octets.push(stream.read_u8().await?);
    }
    Ok(octets)
}

fn of_v1(header: &v1::Header<'_>) -> Option<(SocketAddr, SocketAddr)> {
    match header.addresses {
        v1::Addresses::Unknown => None,
        v1::Addresses::Tcp4(ip) => {
            Some(((ip.source_address, ip.source_port).into(), (ip.destination_address, ip.destination_port).into()))
        }
        v1::Addresses::Tcp6(ip) => {
            Some(((ip.source_address, ip.source_port).into(), (ip.destination_address, ip.destination_port).into()))
        }
    }
}

fn of_v2(header: &v2::Header<'_>) -> Option<(SocketAddr, SocketAddr)> {
    // A proxy that asks for itself is the client (2.2, LOCAL).
    if header.command == v2::Command::Local {
        return None;
    }
    match header.addresses {
        v2::Addresses::IPv4(ip) => {
            Some(((ip.source_address, ip.source_port).into(), (ip.destination_address, ip.destination_port).into()))
        }
        v2::Addresses::IPv6(ip) => {
            Some(((ip.source_address, ip.source_port).into(), (ip.destination_address, ip.destination_port).into()))
        }
        v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(octets: &[u8]) -> Result<(String, String, usize), String> {
        let own = "127.0.0.1:9".parse().expect("an address");
        let mut rest = octets;
        let read = header(&mut rest, own).await;
        read.map(|(client, remark)| (client.to_string(), remark.to_string(), rest.len())).map_err(|r| r.to_string())
    }

    #[tokio::test]
    async fn both_versions_are_read_to_their_end() {
        let v1 = b"PROXY TCP4 192.0.2.1 127.0.0.1 4711 25\r\nEHLO a\r\n";
        let told = "proxy header=1 source=192.0.2.1:4711 destination=127.0.0.1:25";
        assert_eq!(read(v1).await, Ok(("192.0.2.1:4711".to_owned(), told.to_owned(), 8)));
        let v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\x7f\0\0\x01\x12\x67\0\x19NOOP\r\n";
        let told = "proxy header=2 source=192.0.2.1:4711 destination=127.0.0.1:25";
        assert_eq!(read(v2).await, Ok(("192.0.2.1:4711".to_owned(), told.to_owned(), 6)));
        for unknown in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"] {
            let (client, remark, _) = read(unknown).await.expect("a header");
            assert!(client == "127.0.0.1:9" && remark.ends_with("source=unknown"), "{remark}");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        for wrong in
            ["EHLO noddy.com\r\n", "PROXY TCP4 a b c d\r\n", "PROXY TCP4 192.0.2.1 127.0.0.1 99999 25\r\n", "EH"]
        {
            assert!(read(wrong.as_bytes()).await.expect_err(wrong).starts_with("proxy failed=yes"), "{wrong}");
        }
    }
}
