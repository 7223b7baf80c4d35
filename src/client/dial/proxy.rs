//! A connection through a proxy: SOCKS5 (RFC 1928, RFC 1929) or CONNECT of HTTP/1.1 (RFC 9110 9.3.6).

use std::net::SocketAddr;

use base64::Engine as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;

use crate::conversation::event::Remark;
use crate::profile::{Proxy, ProxyKind};
use crate::smtp::{Secret, escape};
use crate::world::World;

use super::super::Options;
use super::super::record::Recorder;
use super::{Failure, attempt, connecting, names, of_our_family, plain_error, seconds};

/// Octets of an HTTP proxy's answer that are read.
const ANSWER: usize = 16 << 10;

/// Where the proxy is asked to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    Address(SocketAddr),
    /// A name that the proxy resolves.
    Name(String, u16),
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name, port) if name.contains(':') => write!(f, "[{name}]:{port}"),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Fetches the password of a proxy's user, and has it masked from now on.
pub(super) async fn password(proxy: &Proxy, world: &World, recorder: &mut Recorder) -> Result<Option<Secret>, Failure> {
    let Some(source) = proxy.password.clone() else { return Ok(None) };
    let failed = |why: String| Failure::new("proxy", format!("the password for the proxy is not to be had: {why}"));
    let world = world.clone();
    // A command may take its time.
    let fetched = tokio::task::spawn_blocking(move || source.fetch_silently(&world)).await;
    let secret = fetched.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
    if let Some(secret) = &secret {
        recorder.mask.learn(secret.clone());
    }
    Ok(secret)
}

/// Connects to a destination through the proxy, each step recorded; gives the stream and the proxy's address.
pub(super) async fn connect(
    proxy: &Proxy,
    password: Option<&Secret>,
    destination: &Destination,
    (options, world): (&Options, &World),
    recorder: &mut Recorder,
) -> Result<(TcpStream, SocketAddr), Failure> {
    let limit = options.connect_timeout;
    let found = names::resolve(&proxy.host, proxy.port, world, limit).await;
    let found = found.map_err(|failure| about(proxy, &failure))?;
    let addresses = of_our_family(found, &proxy.host, options)?;
    let scheme = proxy.kind.scheme();
    let mut last = Failure::new("proxy", format!("the proxy {} has no address", proxy.host));
    for (n, address) in addresses.iter().enumerate() {
        recorder.remark(connecting(destination, options).with("via", format!("{scheme}://{address}")));
        match attempt(*address, options).await {
            Ok(mut stream) => {
                let asked = ask(&mut stream, proxy, password, destination);
                let answer = match tokio::time::timeout(limit, asked).await {
                    Ok(answer) => answer,
                    Err(_) => Err(format!("the proxy {proxy} did not answer within {}", seconds(limit))),
                };
                let mut remark =
                    Remark::new("proxy").with("kind", scheme).with("asked", format!("CONNECT {destination}"));
                if let Some(user) = &proxy.user {
                    remark = remark.with("user", user);
                }
                return match answer {
                    Ok(said) => {
                        recorder.remark(remark.with("answered", said));
                        Ok((stream, *address))
                    }
                    Err(words) => {
                        recorder.remark(remark.with("failed", "yes"));
                        Err(Failure::new("proxy", words))
                    }
                };
            }
            Err(failure) => {
                last = about(proxy, &failure);
                if n + 1 < addresses.len() {
                    recorder.remark(last.warning());
                }
            }
        }
    }
    Err(last)
}

/// The proxy itself is not to be reached.
fn about(proxy: &Proxy, failure: &Failure) -> Failure {
    Failure::new("proxy", format!("the proxy {proxy} is not to be reached: {}", failure.words))
}

/// Asks for the connection; gives what the proxy answered, or why there is none, in words with the cure.
async fn ask(
    stream: &mut TcpStream,
    proxy: &Proxy,
    password: Option<&Secret>,
    destination: &Destination,
) -> Result<String, String> {
    match proxy.kind {
        ProxyKind::Socks5 | ProxyKind::Socks5Names => socks(stream, proxy, password, destination).await,
        ProxyKind::Http => http(stream, proxy, password, destination).await,
    }
}

async fn socks(
    stream: &mut TcpStream,
    proxy: &Proxy,
    password: Option<&Secret>,
    destination: &Destination,
) -> Result<String, String> {
    let target = match destination {
        Destination::Address(address) => tokio_socks::TargetAddr::Ip(*address),
        Destination::Name(name, port) => tokio_socks::TargetAddr::Domain(name.as_str().into(), *port),
    };
    let outcome = match (&proxy.user, password) {
        (Some(user), Some(password)) => {
            let secret = std::str::from_utf8(password.expose())
                .map_err(|_| "the password for the proxy is not UTF-8, and can't be sent".to_owned())?;
            Socks5Stream::connect_with_password_and_socket(stream, target, user, secret).await
        }
        _ => Socks5Stream::connect_with_socket(stream, target).await,
    };
    outcome.map(|_| "granted".to_owned()).map_err(|error| socks_words(&error, proxy, destination))
}

/// Why a SOCKS proxy did not do it, and what would mend it.
fn socks_words(error: &tokio_socks::Error, proxy: &Proxy, destination: &Destination) -> String {
    use tokio_socks::Error;
    let asked = proxy.user.is_some();
    match error {
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            format!(
                "{proxy} closed in the middle of its answer; a SOCKS5 proxy does not, so look at the scheme and the port"
            )
        }
        Error::Io(error) => format!("the proxy {proxy}: {}", plain_error(error)),
        Error::InvalidResponseVersion | Error::InvalidReservedByte | Error::UnknownAddressType => {
            format!(
                "what listens at {proxy} is not a SOCKS5 proxy; look at the port, or write http:// where it is one of HTTP"
            )
        }
        Error::NoAcceptableAuthMethods | Error::UnknownAuthMethod if asked => {
            format!("the proxy {proxy} takes no user and password; take them out of the profile, or name another proxy")
        }
        Error::NoAcceptableAuthMethods | Error::UnknownAuthMethod => format!(
            "the proxy {proxy} wants a user and a password: proxy = \"{}://user@…\" and proxy_password = {{ env = \"NAME\" }}",
            proxy.kind.scheme()
        ),
        Error::PasswordAuthFailure(_) | Error::AuthorizationRequired => {
            format!("the proxy {proxy} refused the user or the password; mend them in the profile")
        }
        Error::InvalidAuthValues(_) => "a proxy's user and password have 1 to 255 octets each".to_owned(),
        Error::ConnectionNotAllowedByRuleset => {
            format!("the proxy's rules do not allow {destination}; another port such as 587, or its owner, may help")
        }
        Error::HostUnreachable => format!("the proxy can't reach the host: {destination}"),
        Error::NetworkUnreachable => format!("the proxy can't reach the network of {destination}"),
        Error::ConnectionRefused => {
            format!("{destination} refused the proxy's connection; nothing listens on this port")
        }
        Error::TtlExpired => format!("the proxy's connection to {destination} got lost on the way"),
        Error::AddressTypeNotSupported if matches!(destination, Destination::Name(..)) => {
            format!("the proxy does not resolve names such as {destination}; socks5:// resolves them here")
        }
        Error::AddressTypeNotSupported => format!("the proxy does not speak this family of addresses: {destination}"),
        Error::CommandNotSupported => "the proxy makes no connections: it does not support CONNECT".to_owned(),
        Error::InvalidTargetAddress(why) => format!("{destination} can't be asked for: {why}"),
        other => format!("the proxy {proxy} failed for {destination}: {other}"),
    }
}

async fn http(
    stream: &mut TcpStream,
    proxy: &Proxy,
    password: Option<&Secret>,
    destination: &Destination,
) -> Result<String, String> {
    let broken = |error: std::io::Error| format!("the proxy {proxy}: {}", plain_error(&error));
    let mut request = zeroize::Zeroizing::new(format!("CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\n"));
    if let (Some(user), Some(password)) = (&proxy.user, password) {
        let pair = zeroize::Zeroizing::new([user.as_bytes(), b":", password.expose()].concat());
        let basic = zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(&*pair));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&basic);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut answer = Vec::new();
    // Octet by octet: what follows the empty line is the server's greeting already.
    while !answer.ends_with(b"\r\n\r\n") && !answer.ends_with(b"\n\n") {
        match stream.read_u8().await {
            Ok(octet) => answer.push(octet),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(broken(error)),
        }
        let begun = answer.len().min(5);
        if answer.len() > ANSWER || !answer[..begun].eq_ignore_ascii_case(&b"HTTP/"[..begun]) {
            break;
        }
    }
    http_words(&answer, proxy, destination)
}

/// What the status line of an HTTP proxy comes to.
fn http_words(answer: &[u8], proxy: &Proxy, destination: &Destination) -> Result<String, String> {
    let line = answer.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = escape::for_screen(line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = line.splitn(3, ' ');
    let is_http = words.next().is_some_and(|version| version.to_ascii_uppercase().starts_with("HTTP/"));
    let code = words.next().and_then(|code| code.parse::<u16>().ok()).filter(|_| is_http);
    let Some(code) = code else {
        return Err(format!(
            "what listens at {proxy} is not an HTTP proxy; look at the port, or write socks5:// where it is one of SOCKS"
        ));
    };
    let said = format!("it said {code} {}", words.next().unwrap_or_default()).trim_end().to_owned();
    match code {
        200..=299 => Ok(line),
        // tinyproxy before 1.11.2 says 401 where 407 belongs.
        401 | 407 if proxy.user.is_some() => {
            Err(format!("the proxy {proxy} refused the user or the password ({said}); mend them in the profile"))
        }
        401 | 407 => Err(format!(
            "the proxy {proxy} wants a user and a password ({said}): proxy = \"http://user@…\" and proxy_password = {{ env = \"NAME\" }}"
        )),
        403 | 405 => Err(format!(
            "the proxy's rules do not allow {destination} ({said}); another port such as 587, or its owner, may help"
        )),
        502..=504 => Err(format!("the proxy can't reach {destination} ({said})")),
        _ => Err(format!("the proxy {proxy} did not connect to {destination}: {said}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_an_http_proxy_is_read_with_its_cure() {
        let proxy = |text: &str| Proxy::parse(text).expect(text);
        let destination = Destination::Name("mx.target.local".to_owned(), 25);
        for (answer, at, words) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "http://p:1", "wants a user and a password"),
            ("HTTP/1.1 407 Nope\r\n\r\n", "http://dude@p:1", "refused the user or the password"),
            ("HTTP/1.0 401 Unauthorized\r\n\r\n", "http://dude@p:1", "refused the user or the password"),
            ("HTTP/1.0 401 Unauthorized\r\n\r\n", "http://p:1", "wants a user and a password"),
            ("HTTP/1.0 403 Forbidden\r\n", "http://p:1", "rules do not allow mx.target.local:25"),
            ("HTTP/1.1 503 \x1b[2J\r\n", "http://p:1", "can't reach mx.target.local:25 (it said 503 \\e[2J)"),
            ("220 mx ESMTP\r\n", "http://p:1", "is not an HTTP proxy"),
            ("", "http://p:1", "is not an HTTP proxy"),
        ] {
            let error = http_words(answer.as_bytes(), &proxy(at), &destination).expect_err(answer);
            assert!(error.contains(words), "{answer}: {error}");
        }
        let granted = http_words(b"HTTP/1.1 200 Connection established\r\n\r\n", &proxy("http://p:1"), &destination);
        assert_eq!(granted.as_deref(), Ok("HTTP/1.1 200 Connection established"));
    }
}
