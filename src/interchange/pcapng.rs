//! pcapng: the conversation as packets that Wireshark opens as SMTP, made up around what was said.
//!
//! Raw IP, one TCP connection for each connection of the conversation. What was said under TLS is known in clear text
//! here, and a dissector that has seen STARTTLS expects TLS: it stands in TLS records that are not encrypted
//! ([`clear_tls`]), and a comment at the first of them says so. A server's port that is not one of SMTP's is written as 25,
//! or as 465 where TLS comes first.
//!
//! What packets can't hold stands in their comments, where whoever opens the file reads it and an import finds it again: the
//! head of the recording at the section, each of ehlo's remarks at the packet that follows it ([`comments`]). So a message
//! that was not recorded is none that is empty.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::PacketBuilder;

use super::clear_tls;

use crate::conversation::event::Remark;
use crate::conversation::file::{Document, folded};
use crate::conversation::log::Entry;
use crate::conversation::{Fold, Kind, Log, Micros};
use crate::decode::Knowledge;
use crate::smtp::escape;

pub(super) mod comments;

/// Octets of one segment.
const SEGMENT: usize = 1400;
/// Octets that were not captured, in one packet.
const LARGEST: usize = 60_000;
/// Octets that were not captured and are written as such; the numbers of TCP go round beyond.
const UNSEEN: usize = 1 << 30;
/// Raw IP: the packet begins with the IP header.
const LINK: u16 = 101;
/// What stands for a client and a server whose addresses are not known (RFC 5737).
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 40000);
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 25);

/// The whole of it.
pub(super) fn export(document: &Document, _: &Knowledge) -> Vec<u8> {
    let document = &folded(document);
    let started = document.header.started().map_or(0, |at| u64::try_from(at.as_microsecond()).unwrap_or(0));
    let mut capture = Capture {
        out: head(&comments::head(document)),
        started,
        client: CLIENT,
        server: SERVER,
        open: None,
        ended: None,
        connections: 0,
        comments: Vec::new(),
        fold: Fold::new(),
        marked: None,
    };
    let mut implicit = tls_first(&document.log).into_iter();
    for (_, entry) in document.log.since(0) {
        capture.entry(&entry, &mut implicit);
    }
    capture.close(Micros(u64::MAX), 0);
    capture.tell();
    capture.out
}

/// Of each connection whether TLS comes before all that is said.
fn tls_first(log: &Log) -> Vec<bool> {
    let mut out = Vec::new();
    let mut undecided = false;
    for (_, entry) in log.since(0) {
        let first = match entry.kind {
            Kind::Sent | Kind::Received => Some(false),
            Kind::Remark => entry.remark().and_then(|remark| match remark.word.as_str() {
                "connected" => {
                    out.push(false);
                    undecided = true;
                    None
                }
                "tls" => Some(secures(&remark)),
                _ => None,
            }),
            _ => None,
        };
        if let Some(first) = first.filter(|_| std::mem::take(&mut undecided))
            && let Some(last) = out.last_mut()
        {
            *last = first;
        }
    }
    out
}

/// Whether TLS begins with a remark.
pub(super) fn secures(remark: &Remark) -> bool {
    remark.word == "tls" && remark.get("failed").is_none()
}

/// The octets of a side, 0 the client's, that a remark counts and no packet holds.
pub(super) fn unseen(remark: &Remark) -> Option<(usize, usize)> {
    let side = match remark.word.as_str() {
        "content" => 0,
        "cut" => usize::from(remark.get("direction") == Some("in")),
        _ => return None,
    };
    Some((side, remark.get("bytes")?.parse::<usize>().ok()?.min(UNSEEN)))
}

struct Capture {
    out: Vec<u8>,
    /// Microseconds since 1970.
    started: u64,
    client: SocketAddr,
    server: SocketAddr,
    open: Option<Connection>,
    /// The last one that has ended.
    ended: Option<Connection>,
    connections: u16,
    /// What is said of the next packet.
    comments: Vec<String>,
    /// The session, by which a reader tells content from commands.
    fold: Fold,
    /// What the client's lines were said to be, where the session would have them be something else.
    marked: Option<Kind>,
}

/// A TCP connection that stands.
struct Connection {
    /// The client's port.
    port: u16,
    /// The next sequence number of client and server.
    next: [u32; 2],
    last: Micros,
    tls: bool,
}

impl Capture {
    fn entry(&mut self, entry: &Entry<'_>, implicit: &mut impl Iterator<Item = bool>) {
        let at = entry.at.unwrap_or_default();
        match entry.kind {
            Kind::Sent | Kind::Content => {
                self.mark(entry);
                self.say(0, at, entry);
            }
            Kind::Received => {
                self.say(1, at, entry);
                _ = self.fold.received(entry.bytes, entry.crlf);
            }
            Kind::Remark => {
                let Some(remark) = entry.remark() else { return };
                if matches!(remark.word.as_str(), "connecting" | "connected") {
                    self.close(at, 0);
                }
                self.comments.push(comments::of(entry, &remark));
                self.fold.remark(&remark, 0);
                match remark.word.as_str() {
                    "connected" => {
                        self.ends(remark.bare(0), remark.bare(2), implicit.next().unwrap_or(false));
                        self.connect(at);
                    }
                    "tls" if secures(&remark) => self.secure(at, &remark.to_string()),
                    "content" | "cut" => self.unseen(at, &remark),
                    "closed" => self.close(at, usize::from(remark.get("by") == Some("server"))),
                    _ => {}
                }
            }
            Kind::Script | Kind::Comment => {}
        }
        if self.comments.iter().map(String::len).sum::<usize>() > comments::MOST {
            self.tell();
        }
    }

    /// Says of a line of the client's what it is, where the session would have it be something else.
    fn mark(&mut self, entry: &Entry<'_>) {
        let content = self.fold.takes_for_content(entry.bytes);
        let taken = self.marked.unwrap_or(if content { Kind::Content } else { Kind::Sent });
        if taken != entry.kind {
            self.marked = Some(entry.kind);
            self.comments.push(comments::mark(entry.kind));
        }
        match entry.kind {
            Kind::Content => self.fold.content(entry.bytes.len() as u64 + if entry.crlf { 2 } else { 0 }),
            _ => _ = self.fold.sent(entry.bytes, 0),
        }
    }

    /// A packet for what is to be said and has none: one more acknowledgement, or a call that nobody answers.
    fn tell(&mut self) {
        if self.comments.is_empty() {
            return;
        }
        let was_open = self.open.is_some();
        self.open = self.open.take().or_else(|| self.ended.take());
        let begins = self.open.is_none();
        if begins {
            self.begin(Micros(0));
        }
        let at = self.open.as_ref().map_or(Micros(0), |connection| connection.last);
        self.packet(0, at, &[], Flags { syn: begins, ack: !begins, fin: false });
        if !was_open {
            self.ended = self.open.take();
        }
    }

    /// The ends of the connection, where both are addresses of one family.
    fn ends(&mut self, server: Option<&str>, client: Option<&str>, implicit: bool) {
        let read = |text: Option<&str>| text.and_then(|text| text.parse::<SocketAddr>().ok());
        let server = read(server).unwrap_or(SERVER);
        let port = match server.port() {
            _ if implicit => 465,
            known @ (25 | 587) => known,
            _ => 25,
        };
        let other = if server.is_ipv6() { "[2001:db8::1]:40000".parse().unwrap_or(CLIENT) } else { CLIENT };
        self.server = SocketAddr::new(server.ip(), port);
        let client = read(client).filter(|client| client.is_ipv6() == server.is_ipv6());
        // Each connection has ports of its own.
        self.connections = if client.is_some() { 0 } else { self.connections };
        self.client = client.unwrap_or(other);
    }

    /// A connection is begun: its first packet says that the comments are to be read.
    fn begin(&mut self, at: Micros) {
        let port = self.client.port().wrapping_add(self.connections).max(1);
        self.open = Some(Connection { port, next: [1000, 2000], last: at, tls: false });
        self.comments.insert(0, comments::READ.to_owned());
    }

    fn connect(&mut self, at: Micros) {
        self.begin(at);
        for (side, syn, ack) in [(0, true, false), (1, true, true), (0, false, true)] {
            self.packet(side, at, &[], Flags { syn, ack, fin: false });
        }
    }

    /// TLS begins.
    fn secure(&mut self, at: Micros, remark: &str) {
        if self.open.is_none() {
            self.connect(at);
        }
        self.comments.push(comments::UNDER_TLS.to_owned());
        for (side, octets) in clear_tls::handshake(remark) {
            self.packet(side, at, &octets, Flags { syn: false, ack: true, fin: false });
        }
        if let Some(connection) = &mut self.open {
            connection.tls = true;
        }
    }

    fn say(&mut self, side: usize, at: Micros, entry: &Entry<'_>) {
        let mut octets = Vec::new();
        // A masked record holds the file's text; without an escape that can be read it goes as it stands.
        if !entry.masked || escape::from_file(entry.bytes, &mut octets).is_err() {
            octets = entry.bytes.to_vec();
        }
        if entry.crlf {
            octets.extend_from_slice(b"\r\n");
        }
        if self.open.is_none() {
            self.connect(at);
        }
        let tls = self.open.as_ref().is_some_and(|connection| connection.tls);
        for segment in octets.chunks(SEGMENT) {
            let sealed = if tls { clear_tls::data(segment) } else { Vec::new() };
            let segment = if tls { &sealed } else { segment };
            self.packet(side, at, segment, Flags { syn: false, ack: true, fin: false });
        }
    }

    /// Octets that went over the wire and are not known: packets of which nothing but their heads was captured.
    fn unseen(&mut self, at: Micros, remark: &Remark) {
        let Some((side, mut left)) = unseen(remark) else { return };
        if self.open.is_none() {
            self.connect(at);
        }
        while left > 0 {
            let part = left.min(LARGEST);
            self.payload(side, at, &vec![0; part], 0, Flags { syn: false, ack: true, fin: false });
            left -= part;
        }
    }

    fn close(&mut self, at: Micros, first: usize) {
        let Some(connection) = &self.open else { return };
        let at = if at.0 == u64::MAX { connection.last } else { at };
        for side in [first, 1 - first] {
            self.packet(side, at, &[], Flags { syn: false, ack: true, fin: true });
        }
        self.packet(first, at, &[], Flags { syn: false, ack: true, fin: false });
        self.ended = self.open.take();
        self.connections = self.connections.wrapping_add(1);
    }

    fn packet(&mut self, side: usize, at: Micros, payload: &[u8], flags: Flags) {
        self.payload(side, at, payload, payload.len(), flags);
    }

    /// A packet of whose payload so many octets were captured.
    fn payload(&mut self, side: usize, at: Micros, payload: &[u8], captured: usize, flags: Flags) {
        let Some(connection) = &mut self.open else { return };
        connection.last = connection.last.max(at);
        let mut ends = [self.client, self.server];
        ends[0].set_port(connection.port);
        let (from, to) = (ends[side], ends[1 - side]);
        let (sequence, acknowledged) = (connection.next[side], connection.next[1 - side]);
        let step = u32::try_from(payload.len()).unwrap_or(0) + u32::from(flags.syn || flags.fin);
        connection.next[side] = sequence.wrapping_add(step);
        let at = self.started.saturating_add(connection.last.0);
        let ip = match (from.ip(), to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), 64),
            (IpAddr::V6(from), IpAddr::V6(to)) => PacketBuilder::ipv6(from.octets(), to.octets(), 64),
            _ => return,
        };
        let mut tcp = ip.tcp(from.port(), to.port(), sequence, 64_000);
        if flags.syn {
            tcp = tcp.syn();
        }
        if flags.fin {
            tcp = tcp.fin();
        }
        if flags.ack {
            tcp = tcp.ack(acknowledged);
        }
        if !payload.is_empty() {
            tcp = tcp.psh();
        }
        let mut packet = Vec::with_capacity(tcp.size(payload.len()));
        if tcp.write(&mut packet, payload).is_ok() {
            let captured = packet.len() - (payload.len() - captured);
            enhanced_packet(at, &packet, captured, &std::mem::take(&mut self.comments), &mut self.out);
        }
    }
}

#[derive(Clone, Copy)]
struct Flags {
    syn: bool,
    ack: bool,
    fin: bool,
}

/// What wrote the file, as its section header names it.
const PROGRAM: &str = concat!("ehlo ", env!("CARGO_PKG_VERSION"));

/// Whether a section was written here, whatever the version.
pub(super) fn is_own(program: &str) -> bool {
    program.split(' ').next() == PROGRAM.split(' ').next()
}

/// Section header and interface description, little-endian.
fn head(comment: &str) -> Vec<u8> {
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]);
    section.extend([0xff; 8]);
    comment_options(comment, &mut section);
    option(4, PROGRAM.as_bytes(), &mut section);
    section.extend([0; 4]);
    let mut interface = LINK.to_le_bytes().to_vec();
    interface.extend([0; 6]);
    let mut out = Vec::new();
    block(0x0a0d_0d0a, &section, &mut out);
    block(1, &interface, &mut out);
    out
}

/// What somebody says of a block.
const COMMENT: u16 = 1;

/// A comment, however long.
fn comment_options(comment: &str, out: &mut Vec<u8>) {
    for piece in comments::pieces(comment) {
        option(COMMENT, piece.as_bytes(), out);
    }
}

/// An option, which holds up to 65,535 octets.
fn option(code: u16, value: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(value.len()).expect("what is longer is parted");
    out.extend(code.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn block(kind: u32, body: &[u8], out: &mut Vec<u8>) {
    let padded = body.len().next_multiple_of(4);
    let length = u32::try_from(padded + 12).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(kind.to_le_bytes());
    out.extend(length);
    out.extend(body);
    out.extend(std::iter::repeat_n(0, padded - body.len()));
    out.extend(length);
}

/// A packet at a time in microseconds, how much of it was captured, and what is said of it.
fn enhanced_packet(at: u64, packet: &[u8], captured: usize, comments: &[String], out: &mut Vec<u8>) {
    let length = |octets: usize| u32::try_from(octets).unwrap_or(0).to_le_bytes();
    let at = at.to_le_bytes();
    let mut body = vec![0; 4];
    // The upper half comes first.
    body.extend(&at[4..]);
    body.extend(&at[..4]);
    body.extend(length(captured));
    body.extend(length(packet.len()));
    body.extend(&packet[..captured]);
    if !comments.is_empty() {
        body.resize(body.len().next_multiple_of(4), 0);
        for comment in comments {
            comment_options(comment, &mut body);
        }
        body.extend([0; 4]);
    }
    block(6, &body, out);
}
