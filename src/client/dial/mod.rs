//! Resolving and dialling: every address in turn, each attempt an event.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::conversation::event::Remark;
use crate::profile::{Protocol, ProxyKind};
use crate::smtp::Secret;
use crate::world::World;

use super::record::Recorder;
use super::stream::Io;
use super::{Endpoint, Options};

mod header;
mod names;
mod pipe;
mod proxy;

pub(super) use pipe::Afterwords;
use proxy::Destination;

/// Why there is no connection: the kind for programs, the words for people.
#[derive(Debug)]
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

    /// The same for an attempt that others follow.
    fn warning(&self) -> Remark {
        Remark::new("warning").with("kind", self.kind).value(&self.words)
    }
}

/// What was reached.
pub(super) struct Reached {
    /// The way there.
    pub(super) stream: Box<dyn Io>,
    /// The name to expect in its certificate.
    pub(super) host: String,
    /// Where that is, for what is remembered of a server; none where it has no place.
    pub(super) place: Option<String>,
    /// What the command at its end has to tell, where it is one.
    pub(super) afterwords: Option<Afterwords>,
    /// Our address and the other side's.
    ends: Option<(SocketAddr, SocketAddr)>,
}

/// What is recorded of a header that was given as it is.
fn raw(octets: &[u8]) -> Remark {
    let mut sent = Vec::new();
    crate::smtp::escape::to_file(octets, &mut sent);
    let remark = Remark::new("proxy").with("header", "raw").with("octets", octets.len());
    remark.value(String::from_utf8_lossy(&sent))
}

/// Dials, recording each step; with a PROXY header its octets have gone out.
pub(super) async fn dial(options: &Options, world: &World, recorder: &mut Recorder) -> Result<Reached, Failure> {
    let mut reached = match &options.endpoint {
        Endpoint::Tcp { host, port } => Dialler::new(options, world, recorder).await?.host(host, *port).await,
        Endpoint::Mx(domain) => Dialler::new(options, world, recorder).await?.domain(domain).await,
        Endpoint::Unix(path) => dial_unix(path, options, recorder).await,
        Endpoint::Pipe(command) => dial_command(command, options, recorder),
        Endpoint::Stdio => Ok(dial_standard(options, recorder)),
    }?;
    let made = match (&options.route.raw_header, &options.route.announcement) {
        (Some(octets), _) => Some((octets.clone(), raw(octets))),
        (None, Some(announcement)) => {
            let failed = |words: String| Failure::new("proxy", words);
            Some(header::header(announcement, reached.ends).map_err(failed)?)
        }
        (None, None) => None,
    };
    if let Some((octets, remark)) = made {
        recorder.remark(remark);
        let written = async {
            reached.stream.write_all(&octets).await?;
            reached.stream.flush().await
        };
        written.await.map_err(|error| Failure::new("network", format!("the PROXY header: {}", plain_error(&error))))?;
    }
    Ok(reached)
}

/// That a connection is being made; LMTP is said with it, since nothing on the wire tells before LHLO.
fn connecting(place: impl std::fmt::Display, options: &Options) -> Remark {
    let remark = Remark::new("connecting").value(place);
    if options.protocol == Protocol::Lmtp { remark.with("protocol", "lmtp") } else { remark }
}

/// Dials hosts, each address in turn, through the proxy where there is one.
struct Dialler<'a> {
    options: &'a Options,
    world: &'a World,
    recorder: &'a mut Recorder,
    /// Of the proxy's user.
    password: Option<Secret>,
}

impl<'a> Dialler<'a> {
    async fn new(options: &'a Options, world: &'a World, recorder: &'a mut Recorder) -> Result<Self, Failure> {
        let password = match &options.route.proxy {
            Some(proxy) => proxy::password(proxy, world, recorder).await?,
            None => None,
        };
        Ok(Self { options, world, recorder, password })
    }

    /// A host: every address in turn, or its name where the proxy resolves it.
    async fn host(&mut self, host: &str, port: u16) -> Result<Reached, Failure> {
        let by_name = self.options.route.proxy.as_ref().is_some_and(|proxy| proxy.kind != ProxyKind::Socks5);
        if by_name {
            let destination = match host.parse::<IpAddr>() {
                Ok(ip) => Destination::Address(SocketAddr::new(ip, port)),
                Err(_) => Destination::Name(host.to_owned(), port),
            };
            return self.one(&destination, host, port).await;
        }
        let found = names::resolve(host, port, self.world, self.options.connect_timeout).await?;
        let proxied = self.options.route.proxy.is_some();
        // The family of our own address is that of the way to the proxy, not of the way behind it.
        let addresses = if proxied { found } else { of_our_family(found, host, self.options)? };
        if host.parse::<IpAddr>().is_err() {
            let resolved = Remark::new("resolved").value(host);
            self.recorder.remark(addresses.iter().fold(resolved, |remark, address| remark.value(address.ip())));
        }
        let mut last = Failure::new("name", format!("{host} has no address (A or AAAA record)"));
        for (n, address) in addresses.iter().enumerate() {
            match self.one(&Destination::Address(*address), host, port).await {
                Ok(reached) => return Ok(reached),
                Err(failure) => {
                    if n + 1 < addresses.len() {
                        self.recorder.remark(failure.warning());
                    }
                    last = failure;
                }
            }
        }
        Err(last)
    }

    /// One attempt.
    async fn one(&mut self, destination: &Destination, host: &str, port: u16) -> Result<Reached, Failure> {
        let (stream, via) = match (&self.options.route.proxy, destination) {
            (Some(proxy), _) => {
                let with = (self.options, self.world);
                let through = proxy::connect(proxy, self.password.as_ref(), destination, with, self.recorder);
                let (stream, address) = through.await?;
                (stream, Some(format!("{}://{address}", proxy.kind.scheme())))
            }
            (None, Destination::Address(address)) => {
                self.recorder.remark(connecting(address, self.options));
                (attempt(*address, self.options).await?, None)
            }
            (None, Destination::Name(..)) => unreachable!("only a proxy is asked by name"),
        };
        // Small lines must not wait for each other.
        let _ = stream.set_nodelay(true);
        let mut connected = Remark::new("connected").value(destination);
        let local = stream.local_addr().ok();
        if let Some(local) = local {
            connected = connected.value("from").value(local);
        }
        if let Some(via) = via {
            connected = connected.with("via", via);
        }
        self.recorder.remark(connected);
        let ends = local.zip(match destination {
            Destination::Address(address) => Some(*address),
            Destination::Name(..) => stream.peer_addr().ok(),
        });
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        Ok(Reached { stream: Box::new(stream), host: host.to_owned(), place: Some(place), afterwords: None, ends })
    }

    /// The mail exchangers of a domain in order (RFC 5321 5.1).
    async fn domain(&mut self, domain: &str) -> Result<Reached, Failure> {
        let limit = self.options.connect_timeout;
        let found = names::exchangers(domain, self.world, limit).await?;
        let mut remark = Remark::new("resolved").value(format!("mx:{domain}"));
        for (preference, host) in &found.hosts {
            remark = remark.value(format!("{preference} {host}"));
        }
        // Without an MX record the domain is its own exchanger.
        self.recorder.remark(if found.implicit { remark.with("implicit", "yes") } else { remark });
        let mut last = Failure::new("name", format!("{domain} has no mail exchanger"));
        for (n, (_, host)) in found.hosts.iter().enumerate() {
            if !found.implicit
                && let Some(words) = names::oddity(host, self.world, limit).await
            {
                self.recorder.remark(Remark::new("warning").with("kind", "name").value(words));
            }
            match self.host(host, 25).await {
                Ok(reached) => return Ok(reached),
                Err(failure) => {
                    if n + 1 < found.hosts.len() {
                        self.recorder.remark(failure.warning());
                    }
                    last = failure;
                }
            }
        }
        last.words = match found.hosts.len() {
            1 if found.implicit => format!("{domain} has no MX record and is its own exchanger: {}", last.words),
            1 => last.words,
            many => {
                format!("none of the {many} mail exchangers of {domain} is to be reached; the last: {}", last.words)
            }
        };
        Err(last)
    }
}

/// From an address of one family nothing of the other can be reached.
fn of_our_family(mut addresses: Vec<SocketAddr>, host: &str, options: &Options) -> Result<Vec<SocketAddr>, Failure> {
    let Some(from) = options.bind else { return Ok(addresses) };
    addresses.retain(|address| address.is_ipv4() == from.is_ipv4());
    if addresses.is_empty() {
        let family = if from.is_ipv4() { "IPv4" } else { "IPv6" };
        return Err(Failure::new("name", format!("{host} has no {family} address, and only those are tried here")));
    }
    Ok(addresses)
}

async fn attempt(address: SocketAddr, options: &Options) -> Result<TcpStream, Failure> {
    let dialling = async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(bind) = options.bind
            && let Err(error) = socket.bind(SocketAddr::new(bind, 0))
        {
            return Ok(Err(not_from(bind, &error)));
        }
        socket.connect(address).await.map(Ok)
    };
    match tokio::time::timeout(options.connect_timeout, dialling).await {
        Ok(Ok(reached)) => reached,
        Ok(Err(error)) => {
            let kind = if error.kind() == std::io::ErrorKind::ConnectionRefused { "refused" } else { "network" };
            Err(Failure::new(kind, format!("{address}: {}", plain_error(&error))))
        }
        Err(_) => {
            Err(Failure::new("time-out", format!("{address}: no answer within {}", seconds(options.connect_timeout))))
        }
    }
}

/// Why nothing can be reached from an address.
fn not_from(bind: IpAddr, error: &std::io::Error) -> Failure {
    let words = match error.kind() {
        std::io::ErrorKind::AddrNotAvailable => {
            format!(
                "{bind} is not an address of this machine, and can't be connected from; mend `bind`, or take it out"
            )
        }
        _ => format!("{bind} can't be connected from (`bind`): {}", plain_error(error)),
    };
    Failure::new("network", words)
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
            Ok(local(Box::new(stream), Some(format!("unix:{shown}")), None))
        }
        Ok(Err(error)) => Err(Failure::new("refused", format!("{shown}: {}", of_socket(path, &error)))),
        Err(_) => Err(Failure::new("time-out", format!("{shown}: no answer"))),
    }
}

/// Why no connection came of a path: there is no port to speak of.
#[cfg(unix)]
fn of_socket(path: &std::path::Path, error: &std::io::Error) -> String {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = std::fs::metadata(path).map(|about| about.file_type());
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused if kind.is_ok_and(|kind| !kind.is_socket()) => {
            "this is no socket, and nothing can be connected to".to_owned()
        }
        std::io::ErrorKind::ConnectionRefused => "connection refused; nothing listens on this socket".to_owned(),
        _ => plain_error(error),
    }
}

#[cfg(not(unix))]
async fn dial_unix(path: &std::path::Path, _: &Options, _: &mut Recorder) -> Result<Reached, Failure> {
    Err(Failure::new("network", format!("{}: this system has no Unix sockets", path.display())))
}

/// Something on this machine was reached that is no host.
fn local(stream: Box<dyn Io>, place: Option<String>, afterwords: Option<Afterwords>) -> Reached {
    Reached { stream, host: "localhost".to_owned(), place, afterwords, ends: None }
}

fn dial_command(command: &str, options: &Options, recorder: &mut Recorder) -> Result<Reached, Failure> {
    let shown = format!("pipe:{command}");
    recorder.remark(connecting(&shown, options));
    let started = pipe::start(command);
    let (stream, afterwords) = started
        .map_err(|error| Failure::new("network", format!("the command can't be started: {}", plain_error(&error))))?;
    recorder.remark(Remark::new("connected").value(&shown));
    Ok(local(stream, Some(shown), Some(afterwords)))
}

fn dial_standard(options: &Options, recorder: &mut Recorder) -> Reached {
    recorder.remark(connecting("stdio:", options));
    recorder.remark(Remark::new("connected").value("stdio:"));
    local(pipe::standard(), None, None)
}
