//! Resolving and dialling: every address in turn, each attempt an event.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};

use crate::conversation::event::Remark;
use crate::profile::Protocol;

use super::record::Recorder;
use super::stream::Io;
use super::{Endpoint, Options};

/// Why there is no connection: the kind for programs, the words for people.
pub(super) struct Failure {
    pub(super) kind: &'static str,
    pub(super) words: String,
    /// The target that would fit.
    pub(super) better: Option<String>,
}

impl Failure {
    pub(super) fn new(kind: &'static str, words: impl Into<String>) -> Self {
        Self { kind, words: words.into(), better: None }
    }
}

/// What was reached: the stream, and the name to expect in its certificate.
pub(super) struct Reached {
    pub(super) stream: Box<dyn Io>,
    pub(super) host: String,
}

/// Dials, recording each step.
pub(super) async fn dial(options: &Options, recorder: &mut Recorder) -> Result<Reached, Failure> {
    match &options.endpoint {
        Endpoint::Tcp { host, port } => dial_host(host, *port, options, recorder).await,
        Endpoint::Mx(domain) => dial_domain(domain, options, recorder).await,
        Endpoint::Unix(path) => dial_unix(path, options, recorder).await,
    }
}

/// That a connection is being made; LMTP is said with it, since nothing on the wire tells before LHLO.
fn connecting(place: impl std::fmt::Display, options: &Options) -> Remark {
    let remark = Remark::new("connecting").value(place);
    if options.protocol == Protocol::Lmtp { remark.with("protocol", "lmtp") } else { remark }
}

async fn dial_host(host: &str, port: u16, options: &Options, recorder: &mut Recorder) -> Result<Reached, Failure> {
    let mut addresses = resolve(host, port, options.connect_timeout).await?;
    // From an address of one family nothing of the other can be reached.
    if let Some(from) = options.bind {
        addresses.retain(|address| address.is_ipv4() == from.is_ipv4());
        if addresses.is_empty() {
            let family = if from.is_ipv4() { "IPv4" } else { "IPv6" };
            return Err(Failure::new("name", format!("{host} has no {family} address, and only those are tried here")));
        }
    }
    if host.parse::<IpAddr>().is_err() {
        let resolved = Remark::new("resolved").value(host);
        recorder.remark(addresses.iter().fold(resolved, |remark, address| remark.value(address.ip())));
    }
    let mut last = Failure::new("name", format!("{host} has no address"));
    for address in &addresses {
        recorder.remark(connecting(address, options));
        match attempt(*address, options).await {
            Ok(stream) => {
                // Small lines must not wait for each other.
                let _ = stream.set_nodelay(true);
                let mut connected = Remark::new("connected").value(address);
                if let Ok(local) = stream.local_addr() {
                    connected = connected.value("from").value(local);
                }
                recorder.remark(connected);
                return Ok(Reached { stream: Box::new(stream), host: host.to_owned() });
            }
            Err(failure) => {
                last = failure;
                if addresses.len() > 1 {
                    recorder.remark(Remark::new("warning").with("kind", last.kind).value(&last.words));
                }
            }
        }
    }
    Err(last)
}

async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Failure> {
    let lookup = tokio::time::timeout(limit, tokio::net::lookup_host((host, port))).await;
    let found = lookup
        .map_err(|_| Failure::new("time-out", format!("the name {host} was not resolved within {}", seconds(limit))))?;
    let mut addresses: Vec<SocketAddr> =
        found.map_err(|error| Failure::new("name", format!("the name {host} can't be resolved: {error}")))?.collect();
    addresses.dedup();
    Ok(addresses)
}

async fn attempt(address: SocketAddr, options: &Options) -> Result<TcpStream, Failure> {
    let dialling = async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(bind) = options.bind {
            socket.bind(SocketAddr::new(bind, 0))?;
        }
        socket.connect(address).await
    };
    match tokio::time::timeout(options.connect_timeout, dialling).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => {
            let kind = if error.kind() == std::io::ErrorKind::ConnectionRefused { "refused" } else { "network" };
            Err(Failure::new(kind, format!("{address}: {}", plain_error(&error))))
        }
        Err(_) => {
            Err(Failure::new("time-out", format!("{address}: no answer within {}", seconds(options.connect_timeout))))
        }
    }
}

/// What the system says, without its number.
pub(super) fn plain_error(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused; nothing listens on this port".to_owned(),
        std::io::ErrorKind::ConnectionReset => "the connection was reset by the other side".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

fn seconds(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    if limit.subsec_nanos() == 0 { format!("{} s", limit.as_secs()) } else { format!("{seconds:.1} s") }
}

#[cfg(unix)]
async fn dial_unix(path: &std::path::Path, options: &Options, recorder: &mut Recorder) -> Result<Reached, Failure> {
    let shown = path.display();
    recorder.remark(connecting(format!("unix:{shown}"), options));
    match tokio::time::timeout(options.connect_timeout, tokio::net::UnixStream::connect(path)).await {
        Ok(Ok(stream)) => {
            recorder.remark(Remark::new("connected").value(format!("unix:{shown}")));
            Ok(Reached { stream: Box::new(stream), host: "localhost".to_owned() })
        }
        Ok(Err(error)) => Err(Failure::new("refused", format!("{shown}: {}", plain_error(&error)))),
        Err(_) => Err(Failure::new("time-out", format!("{shown}: no answer"))),
    }
}

#[cfg(not(unix))]
async fn dial_unix(path: &std::path::Path, _: &Options, _: &mut Recorder) -> Result<Reached, Failure> {
    Err(Failure::new("network", format!("{}: this system has no Unix sockets", path.display())))
}

/// The mail exchangers of a domain in order (RFC 5321 5.1).
async fn dial_domain(domain: &str, options: &Options, recorder: &mut Recorder) -> Result<Reached, Failure> {
    let exchangers = mail_exchangers(domain, options.connect_timeout).await?;
    let remark = Remark::new("resolved").value(format!("mx:{domain}"));
    recorder.remark(
        exchangers.iter().fold(remark, |remark, (preference, host)| remark.value(format!("{preference} {host}"))),
    );
    let mut last = Failure::new("name", format!("{domain} has no mail exchanger that answers"));
    for (_, host) in &exchangers {
        match dial_host(host, 25, options, recorder).await {
            Ok(reached) => return Ok(reached),
            Err(failure) => {
                recorder.remark(Remark::new("warning").with("kind", failure.kind).value(&failure.words));
                last = failure;
            }
        }
    }
    Err(last)
}

#[cfg(feature = "mx")]
async fn mail_exchangers(domain: &str, limit: Duration) -> Result<Vec<(u16, String)>, Failure> {
    use hickory_resolver::TokioResolver;
    use hickory_resolver::proto::rr::RData;
    let name = |words: String| Failure::new("name", words);
    let resolver = TokioResolver::builder_tokio()
        .and_then(hickory_resolver::ResolverBuilder::build)
        .map_err(|error| name(format!("the system's DNS settings can't be used: {error}")))?;
    let lookup = tokio::time::timeout(limit, resolver.mx_lookup(format!("{domain}."))).await;
    let found = match lookup.map_err(|_| Failure::new("time-out", format!("no MX answer for {domain}")))? {
        Ok(found) => found,
        // No MX record: the domain itself is the exchanger (RFC 5321 5.1).
        Err(error) if error.is_no_records_found() => return Ok(vec![(0, domain.to_owned())]),
        Err(error) => return Err(name(format!("the mail exchangers of {domain} can't be looked up: {error}"))),
    };
    let mut exchangers: Vec<(u16, String)> = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::MX(mx) => Some((mx.preference, mx.exchange.to_utf8().trim_end_matches('.').to_owned())),
            _ => None,
        })
        .collect();
    exchangers.sort();
    if let [(_, only)] = exchangers.as_slice()
        && only.is_empty()
    {
        return Err(name(format!("{domain} takes no mail: its MX is the null MX (RFC 7505)")));
    }
    Ok(exchangers)
}

#[cfg(not(feature = "mx"))]
async fn mail_exchangers(domain: &str, _: Duration) -> Result<Vec<(u16, String)>, Failure> {
    std::future::ready(Err(Failure::new(
        "name",
        format!("this ehlo was built without MX lookups; name a mail exchanger of {domain} instead"),
    )))
    .await
}
