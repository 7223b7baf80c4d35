//! One TCP connection of a capture: both directions in their true order, and the conversation that they hold.

use std::net::SocketAddr;

use crate::conversation::event::{Micros, Remark};
use crate::conversation::file::Header;
use crate::interchange::clear_tls::{self, Records};
use crate::interchange::import::builder::{Builder, Content};
use crate::interchange::import::lines::{is_command, is_reply};
use crate::interchange::import::{Numbers, Unread};
use crate::interchange::pcapng::{self, comments::Told};
use crate::smtp::Phase;

use super::stream::{Segment, Stream};

/// Ports where SMTP is spoken, by agreement or by habit.
const PORTS: [u16; 9] = [25, 587, 465, 24, 26, 1025, 2465, 2525, 2587];

/// A connection.
#[derive(Debug)]
pub(super) struct Flow {
    /// The packet it began with.
    pub(super) first: usize,
    /// The packets that it has.
    pub(super) packets: Numbers,
    client: SocketAddr,
    server: SocketAddr,
    /// Who is who was seen from the beginning of the connection, or is known by the port.
    sure: bool,
    streams: [Stream; 2],
    builder: Builder,
    kind: Kind,
    opened: bool,
    /// The beginning of the connection was captured.
    whole: bool,
    /// The records of either side, where a capture that ehlo made shows what was said under TLS.
    clear: Option<[Records; 2]>,
    /// Octets under TLS, from the client and from the server.
    opaque: Option<[u64; 2]>,
    /// They were told.
    said: bool,
    /// Another connection of the same conversation came before it.
    further: bool,
    /// Octets of either side that go over the wire next and are in no packet, as a comment says.
    unseen: [u64; 2],
    /// That TLS begins, as a comment says: when, by the recording and by the packet, and how.
    secured: Option<(Micros, i64, Remark)>,
}

/// Whether SMTP is spoken on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Smtp,
    Other,
}

impl Flow {
    /// The connection that this segment is the first of.
    pub(super) fn begun(from: SocketAddr, to: SocketAddr, segment: &Segment) -> Self {
        let opens = segment.syn && segment.acknowledged.is_none();
        let answers = segment.syn && segment.acknowledged.is_some();
        let known = |address: &SocketAddr| PORTS.contains(&address.port());
        let by_server = answers || !opens && known(&from) && !known(&to);
        let (client, server) = if by_server { (to, from) } else { (from, to) };
        Self {
            first: segment.packet,
            packets: Numbers::default(),
            client,
            server,
            sure: segment.syn || known(&from) != known(&to),
            streams: [Stream::default(), Stream::default()],
            builder: Builder::new("capture", Content::Shown),
            kind: if known(&server) { Kind::Smtp } else { Kind::Unknown },
            opened: false,
            whole: segment.syn,
            clear: None,
            opaque: None,
            said: false,
            further: false,
            unseen: [0, 0],
            secured: None,
        }
    }

    /// It is a further connection of this conversation, which began with that packet.
    pub(super) fn goes_on(&mut self, first: usize, builder: Builder) {
        (self.first, self.builder) = (first, builder);
        self.further = true;
        self.streams.iter_mut().for_each(Stream::with_bare);
    }

    /// Comments say all that its packets can't hold, and this is the head of the recording.
    pub(super) fn tells(&mut self, head: Option<Header>) {
        self.kind = Kind::Smtp;
        self.builder.tells();
        self.streams.iter_mut().for_each(Stream::with_bare);
        if let Some(head) = head {
            self.builder.head(head);
        }
    }

    /// Whether comments say all that its packets can't hold.
    pub(super) fn is_told(&self) -> bool {
        self.builder.is_told()
    }

    /// What was said of its next packet. What is missing, and whether there is TLS, the packets show: a comment only says how
    /// it came.
    fn tell(&mut self, told: Vec<Told>, now: i64) {
        if !self.builder.is_told() {
            return;
        }
        for told in told {
            match told {
                Told::All => {}
                Told::Kind(kind) => self.builder.marks(kind),
                Told::Remark(at, remark) => {
                    self.builder.flush();
                    if let Some((side, octets)) = pcapng::unseen(&remark) {
                        self.unseen[side] = octets as u64;
                    }
                    if pcapng::secures(&remark) {
                        self.secured = Some((at, now, remark));
                        continue;
                    }
                    self.builder.recorded(at, now);
                    self.builder.remark(remark);
                }
            }
        }
    }

    /// Whether a SYN is the one that the connection began with, sent again.
    pub(super) fn is_retransmitted(&self, segment: &Segment) -> bool {
        !self.opened && self.streams[0].next() == Some(segment.sequence.wrapping_add(1))
            || self.streams[0].next().is_some_and(|_| self.streams[0].has_given(segment.sequence) && !self.is_closed())
    }

    fn is_closed(&self) -> bool {
        self.builder.phase() == Phase::Closed
    }

    /// A segment came from this end.
    pub(super) fn take(&mut self, from: SocketAddr, segment: Segment, unread: &mut Unread) {
        self.packets.add(segment.packet);
        if !self.sure && !segment.data.is_empty() {
            self.sure = true;
            let by_server = is_reply(&segment.data) && !is_command(&segment.data);
            if by_server == (from == self.client) {
                std::mem::swap(&mut self.client, &mut self.server);
                self.streams.swap(0, 1);
            }
        }
        let side = usize::from(from != self.client);
        let (reset, at) = (segment.reset, segment.at);
        self.whole |= segment.syn;
        self.streams[side].take(segment);
        self.deliver();
        for side in [0, 1] {
            if self.streams[side].is_full() {
                self.skip(side, unread);
                self.deliver();
            }
        }
        if reset && !self.is_closed() && self.opened {
            self.flush(unread);
            self.builder.clock_utc(at);
            let by = if side == 0 { "client" } else { "server" };
            self.builder
                .remark(Remark::new("error").with("kind", "reset").value(format!("the {by} reset the connection")));
            self.builder.closed(by);
        }
    }

    /// Gives what can be given, in the order in which it was said: a segment that acknowledges something of the other
    /// side's was sent after that.
    fn deliver(&mut self) {
        loop {
            let can = |side: usize| {
                let segment = self.streams[side].ready()?;
                let heard = segment.acknowledged.is_none_or(|upto| self.streams[1 - side].has_given(upto));
                heard.then_some((segment.packet, side))
            };
            let Some((_, side)) = can(0).into_iter().chain(can(1)).min() else { return };
            if let Some(segment) = self.streams[side].give() {
                self.give(side, segment);
            }
        }
    }

    fn give(&mut self, side: usize, mut segment: Segment) {
        if self.kind == Kind::Other {
            return;
        }
        self.tell(std::mem::take(&mut segment.told), segment.at);
        if !segment.data.is_empty() && self.kind == Kind::Unknown {
            let speaks = is_reply(&segment.data) || is_command(&segment.data);
            self.kind = if speaks { Kind::Smtp } else { Kind::Other };
            if self.kind == Kind::Other {
                return;
            }
        }
        self.builder.clock_utc(segment.at);
        let opens = !std::mem::replace(&mut self.opened, true);
        if opens && !self.builder.is_told() {
            self.open(side, &segment);
        }
        if !segment.data.is_empty() {
            self.octets(side, &segment.data);
        }
        // What is left of a line stands where it was said, and ends there.
        if segment.missing > 0 {
            self.lost(side, segment.missing as u64);
        }
        if segment.fin && !self.is_closed() && !self.builder.is_told() {
            self.say_opaque();
            self.builder.closed(if side == 0 { "client" } else { "server" });
        }
    }

    /// The first word on it says that it stands.
    fn open(&mut self, side: usize, segment: &Segment) {
        if !self.whole {
            self.builder.inferred("a connection: the capture begins within it");
        }
        self.builder.connected(&self.server.to_string(), Some(&self.client.to_string()));
        // Where it begins with a command, the greeting came before: no reply that follows is one.
        if !self.whole && side == 0 && is_command(&segment.data) {
            self.builder.remark(Remark::new("lost").with("replies", 1));
        }
    }

    fn octets(&mut self, side: usize, data: &[u8]) {
        // Outside of a message no line begins so; the 220 to STARTTLS may not have been captured whole.
        let hello = side == 0 && data.starts_with(&[0x16, 0x03]);
        if hello && self.opaque.is_none() && (self.secured.is_some() || !self.builder.in_content()) {
            self.handshake(data);
        }
        if self.secured.take().is_some() {
            self.builder.inferred("no TLS: a comment says that it begins here, and the packets show none");
        }
        let opened = self.clear.as_mut().map(|records| records[side].take(data));
        let data = opened.as_deref().unwrap_or(data);
        match &mut self.opaque {
            Some(opaque) => opaque[side] += data.len() as u64,
            None => self.builder.octets(side, data),
        }
    }

    /// TLS begins with these octets.
    fn handshake(&mut self, data: &[u8]) {
        let known = clear_tls::begun(data).map(Remark::parse).filter(pcapng::secures);
        match (known, self.secured.take()) {
            (Some(_), Some((at, now, told))) => {
                self.builder.recorded(at, now);
                self.builder.remark(told);
                self.clear.get_or_insert_default();
            }
            (Some(shown), None) if self.clear.is_none() => {
                self.builder.flush();
                self.builder.remark(shown);
                self.clear = Some(Default::default());
            }
            (None, _) if self.clear.is_none() => {
                self.builder.flush();
                self.builder.remark(Remark::new("tls").with("opaque", "yes"));
                self.opaque = Some([0, 0]);
            }
            _ => {}
        }
    }

    /// Octets of a side are in no packet. Whether there are any that no comment told of.
    fn lost(&mut self, side: usize, octets: u64) -> bool {
        let told = self.unseen[side].min(octets);
        self.unseen[side] -= told;
        let octets = octets - told;
        if octets == 0 || self.opaque.is_some() {
            return octets > 0;
        }
        let (shown, octets) = match &mut self.clear {
            Some(records) => records[side].gap(octets),
            None => (Vec::new(), octets),
        };
        self.builder.octets(side, &shown);
        self.builder.gap(side, octets);
        true
    }

    fn say_opaque(&mut self) {
        if let Some([out, back]) = self.opaque.filter(|_| !self.said) {
            self.said = true;
            let words =
                format!("{out} octets from the client and {back} from the server are under TLS and can't be read");
            self.builder.remark(Remark::new("opaque").with("out", out).with("in", back).value(words));
        }
    }

    /// Gives up what is missing in a direction.
    fn skip(&mut self, side: usize, unread: &mut Unread) {
        let packet = self.streams[side].oldest().map_or(self.first, |segment| segment.packet);
        let missing = self.streams[side].skip();
        self.say_lost(side, missing, packet, unread);
    }

    fn say_lost(&mut self, side: usize, missing: u64, packet: usize, unread: &mut Unread) {
        if missing > 0 && self.kind != Kind::Other && self.lost(side, missing) {
            unread.add(packet, b"", "octets before it were not captured; the gap is marked");
        }
    }

    /// Gives all that waits, in the order of the packets, whatever is missing before it.
    fn flush(&mut self, unread: &mut Unread) {
        loop {
            let waits = |side: usize| Some((self.streams[side].oldest()?.packet, side));
            let Some((packet, side)) = waits(0).into_iter().chain(waits(1)).min() else { return };
            // What its sender has heard was said before it.
            let heard = self.streams[side].oldest().and_then(|segment| segment.acknowledged);
            let missing = heard.map_or(0, |upto| self.streams[1 - side].skip_to(upto));
            if missing > 0 {
                self.say_lost(1 - side, missing, packet, unread);
            } else {
                self.skip(side, unread);
                if let Some(segment) = self.streams[side].give() {
                    self.give(side, segment);
                }
            }
            self.deliver();
        }
    }

    /// The conversation, where one was held.
    pub(super) fn finish(mut self, unread: &mut Unread) -> Option<Builder> {
        self.flush(unread);
        self.say_opaque();
        let is = self.further || self.builder.is_told() || self.opened && self.kind == Kind::Smtp;
        is.then_some(self.builder)
    }
}
