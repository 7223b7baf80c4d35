//! The header of the PROXY protocol: the first octets of a connection, by which a server behind a proxy is told for whom
//! it is (`HAProxy`, `proxy-protocol.txt`, 2.1 and 2.2).

use std::net::SocketAddr;

use ppp::v1;
use ppp::v2::{Builder, Command, Protocol, Version as V2};

use crate::conversation::event::Remark;
use crate::profile::{Announcement, Version};

/// The octets, and what is recorded of them. `ends` are our own address and the server's, where the way has addresses.
///
/// # Errors
/// Addresses of different families, in words with the cure.
pub(super) fn header(
    announcement: &Announcement,
    ends: Option<(SocketAddr, SocketAddr)>,
) -> Result<(Vec<u8>, Remark), String> {
    let source = announcement.source.or(ends.map(|(local, _)| local));
    let destination = announcement.destination.or(ends.map(|(_, peer)| peer));
    let ends = source.zip(destination).map(|(a, b)| (canonical(a), canonical(b)));
    if let Some((source, destination)) = ends
        && source.is_ipv4() != destination.is_ipv4()
    {
        return Err(format!(
            "the PROXY header can't say that {source} connects to {destination}: one is IPv4, the other IPv6; give \
             proxy_source and proxy_destination of one family"
        ));
    }
    let octets = match announcement.version {
        Version::One => ends.map_or(v1::Addresses::Unknown, v1::Addresses::from).to_string().into_bytes(),
        Version::Two => {
            let addresses = ends.map_or(ppp::v2::Addresses::Unspecified, ppp::v2::Addresses::from);
            let protocol = if ends.is_some() { Protocol::Stream } else { Protocol::Unspecified };
            Builder::with_addresses(V2::Two | Command::Proxy, protocol, addresses)
                .build()
                .map_err(|error| format!("the PROXY header can't be made: {error}"))?
        }
    };
    let number = if announcement.version == Version::One { 1 } else { 2 };
    let remark = Remark::new("proxy").with("header", number);
    let remark = match ends {
        Some((source, destination)) => remark.with("source", source).with("destination", destination),
        None => remark.with("source", "unknown"),
    };
    Ok((octets, remark))
}

/// An IPv4 address that came as IPv6 is IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(version: Version, source: Option<&str>, destination: Option<&str>) -> Vec<u8> {
        let read = |text: Option<&str>| text.map(|text| text.parse().expect(text));
        let announcement = Announcement { version, source: read(source), destination: read(destination) };
        header(&announcement, None).expect("of one family").0
    }

    #[test]
    fn version_1_is_a_line() {
        let text = |a, b| String::from_utf8(made(Version::One, a, b)).expect("ASCII");
        // The examples of proxy-protocol.txt 2.1.
        assert_eq!(
            text(Some("255.255.255.255:65535"), Some("255.255.255.255:65535")),
            "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"
        );
        assert_eq!(text(Some("[2001:db8::1]:4711"), Some("[::1]:25")), "PROXY TCP6 2001:db8::1 ::1 4711 25\r\n");
        assert_eq!(text(None, None), "PROXY UNKNOWN\r\n");
    }

    #[test]
    fn version_2_is_octets() {
        let signature = b"\r\n\r\n\0\r\nQUIT\n";
        let v4 = made(Version::Two, Some("192.0.2.1:4711"), Some("127.0.0.1:25"));
        let rest = [0x21, 0x11, 0, 12, 192, 0, 2, 1, 127, 0, 0, 1, 0x12, 0x67, 0, 25];
        assert_eq!(v4, [&signature[..], &rest].concat());
        let v6 = made(Version::Two, Some("[2001:db8::1]:4711"), Some("[::1]:25"));
        assert_eq!((v6[12..16].to_vec(), v6.len()), (vec![0x21, 0x21, 0, 36], 16 + 36));
        assert_eq!(made(Version::Two, None, None), [&signature[..], &[0x21, 0, 0, 0]].concat());
    }

    #[test]
    fn ends_of_two_families_are_refused_with_the_cure() {
        let announcement = Announcement { version: Version::One, source: "[::1]:1".parse().ok(), destination: None };
        let ends = ("127.0.0.1:2".parse().expect("one"), "127.0.0.1:3".parse().expect("one"));
        let error = header(&announcement, Some(ends)).expect_err("refused");
        assert!(error.contains("proxy_destination of one family"), "{error}");
    }
}
