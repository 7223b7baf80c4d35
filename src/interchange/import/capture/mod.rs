//! Captures, pcap and pcapng: TCP put in order again, clear-text SMTP read, TLS counted.

mod flow;
mod stream;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::pcapng::OptionCode;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, PcapNGOption, SectionHeaderBlock, create_reader};

use crate::conversation::file::{Document, Header};

use super::Unread;
use super::builder::Builder;
use super::text::Text;
use crate::interchange::pcapng;
use crate::interchange::pcapng::comments::{self, Told};
use flow::Flow;
use stream::Segment;

/// Connections that are followed at once.
const FLOWS: usize = 10_000;
/// The buffer that packets are read through; a packet has to fit in.
const BUFFER: usize = 16 << 20;

/// Whether it begins as one of the two.
pub(super) fn looks(beginning: &[u8]) -> bool {
    const MAGIC: [[u8; 4]; 5] = [
        [0x0a, 0x0d, 0x0d, 0x0a],
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
    ];
    beginning.get(..4).is_some_and(|four| MAGIC.iter().any(|magic| magic == four))
}

/// What an interface's packets are, and how its clock counts.
#[derive(Debug, Clone, Copy)]
struct Interface {
    link: Linktype,
    /// Units of its clock in a second.
    units: u64,
    /// Seconds to add.
    offset: i64,
}

/// What is known while a capture is read.
#[derive(Debug, Default)]
struct Capture {
    interfaces: Vec<Interface>,
    /// Each connection under the addresses of both ends, the lower first.
    flows: HashMap<(SocketAddr, SocketAddr), Flow>,
    /// The conversations, by the packet that each began with.
    done: Vec<(usize, Document)>,
    unread: Unread,
    packet: usize,
    /// The section is an export of ehlo's: its connections whose comments say so are of one conversation.
    own: bool,
    /// The head of that recording.
    head: Option<Header>,
    /// That conversation, as far as it has come, and the packet that it began with.
    whole: Option<(usize, Builder)>,
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut capture = Capture { unread: Unread { packets: true, ..Unread::default() }, ..Capture::default() };
    if let Ok(mut reader) = create_reader(octets.len().clamp(1 << 16, BUFFER), &octets[..]) {
        let mut stuck = 0;
        loop {
            match reader.next() {
                Ok((size, block)) => {
                    stuck = 0;
                    capture.block(&block);
                    reader.consume(size);
                }
                Err(PcapError::Eof) => break,
                Err(PcapError::Incomplete(_)) if stuck < 2 => {
                    stuck += 1;
                    if reader.refill().is_err() {
                        break;
                    }
                }
                Err(PcapError::Incomplete(_) | PcapError::UnexpectedEof) => {
                    capture.unread.add(
                        capture.packet + 1,
                        b"",
                        "the file ends within this packet; what came before is read",
                    );
                    break;
                }
                Err(_) => {
                    capture.unread.add(
                        capture.packet + 1,
                        b"",
                        "from here on it is no capture: the file is damaged; what came before is read",
                    );
                    break;
                }
            }
        }
    } else {
        capture.unread.add(1, b"", "the head of the file is damaged");
    }
    capture.finish()
}

impl Capture {
    fn block(&mut self, block: &PcapBlockOwned<'_>) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let nanoseconds = matches!(header.magic_number, 0xa1b2_3c4d | 0x4d3c_b2a1);
                let units = if nanoseconds { 1_000_000_000 } else { 1_000_000 };
                self.interfaces = vec![Interface { link: header.network, units, offset: 0 }];
            }
            PcapBlockOwned::Legacy(frame) => {
                let units = self.interfaces.first().map_or(1_000_000, |interface| interface.units);
                let ticks = i128::from(frame.ts_sec) * i128::from(units) + i128::from(frame.ts_usec);
                self.frame(0, ticks, frame.data, &[]);
            }
            PcapBlockOwned::NG(Block::SectionHeader(section)) => self.section(section),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => self.interfaces.push(Interface {
                link: interface.linktype,
                units: interface.ts_resolution().filter(|units| *units > 0).unwrap_or(1_000_000),
                offset: interface.if_tsoffset,
            }),
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let ticks = i128::from(packet.ts_high) << 32 | i128::from(packet.ts_low);
                let data = packet.data.get(..packet.caplen as usize).unwrap_or(packet.data);
                self.frame(packet.if_id as usize, ticks, data, &packet.options);
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => self.frame(0, 0, packet.data, &[]),
            PcapBlockOwned::NG(_) => {}
        }
    }

    /// Another section: its interfaces are its own, and connections may go on from one to the next.
    fn section(&mut self, section: &SectionHeaderBlock<'_>) {
        self.interfaces.clear();
        let said = |code| texts(&section.options, code).next();
        let own = said(OptionCode::ShbUserAppl).is_some_and(pcapng::is_own);
        if self.own || own {
            // What is open belongs to the section before.
            self.end_all(|_| true);
            self.end_whole();
        }
        self.own = own;
        let comments = comments::joined(texts(&section.options, OptionCode::Comment).filter(|_| own));
        self.head = comments.first().and_then(|comment| comments::header(comment));
    }

    fn frame(&mut self, interface: usize, ticks: i128, data: &[u8], options: &[PcapNGOption<'_>]) {
        self.packet += 1;
        let Some(interface) = self.interfaces.get(interface).copied() else {
            return self.unread.add(self.packet, b"", "of an interface that is not described");
        };
        let micros = ticks * 1_000_000 / i128::from(interface.units) + i128::from(interface.offset) * 1_000_000;
        let at = i64::try_from(micros).unwrap_or(0);
        let packet = match sliced(interface.link, data) {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.unread.passed_over.add(self.packet),
            Err(why) => return self.unread.add(self.packet, b"", why),
        };
        // What the packet's own head says that it carries.
        let carried;
        let addresses = match &packet.net {
            Some(LaxNetSlice::Ipv4(ip)) if ip.is_payload_fragmented() => {
                return self.unread.add(
                    self.packet,
                    b"",
                    "a fragment of a larger packet; capture behind what reassembles them",
                );
            }
            Some(LaxNetSlice::Ipv4(ip)) => {
                let header = ip.header();
                carried = header.payload_len().ok().map(usize::from);
                (IpAddr::from(header.source_addr()), IpAddr::from(header.destination_addr()))
            }
            Some(LaxNetSlice::Ipv6(ip)) => {
                carried = Some(usize::from(ip.header().payload_length()));
                (IpAddr::from(ip.header().source_addr()), IpAddr::from(ip.header().destination_addr()))
            }
            _ => return self.unread.passed_over.add(self.packet),
        };
        let Some(TransportSlice::Tcp(tcp)) = &packet.transport else {
            return self.unread.passed_over.add(self.packet);
        };
        let from = SocketAddr::new(addresses.0, tcp.source_port());
        let to = SocketAddr::new(addresses.1, tcp.destination_port());
        // By a capture that cuts its packets short.
        let captured = tcp.header_slice().len() + tcp.payload().len();
        let missing = carried.map_or(0, |carried| carried.saturating_sub(captured));
        if missing > 0 && !tcp.payload().is_empty() {
            self.unread.add(self.packet, b"", "its end was not captured (a snap length); the gap is marked");
        }
        let own = self.own;
        let comments = comments::joined(texts(options, OptionCode::Comment).filter(|_| own));
        let segment = Segment {
            at,
            packet: self.packet,
            sequence: tcp.sequence_number(),
            acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            fin: tcp.fin(),
            reset: tcp.rst(),
            data: tcp.payload().to_vec(),
            missing,
            told: comments.iter().filter_map(|comment| comments::told(comment)).collect(),
        };
        self.segment(from, to, segment);
    }

    fn segment(&mut self, from: SocketAddr, to: SocketAddr, segment: Segment) {
        let key = if from <= to { (from, to) } else { (to, from) };
        let anew = segment.syn && segment.acknowledged.is_none();
        let tells = segment.told.contains(&Told::All);
        if anew && self.flows.get(&key).is_some_and(|flow| tells || !flow.is_retransmitted(&segment)) {
            self.end(key);
        }
        if !self.flows.contains_key(&key) {
            if self.flows.len() >= FLOWS {
                return self.unread.add(
                    self.packet,
                    b"",
                    "of more connections than are followed at once; filter the capture",
                );
            }
            let mut flow = Flow::begun(from, to, &segment);
            // Other connections in the section are what any capture's are.
            if tells {
                self.end_all(Flow::is_told);
                match self.whole.take() {
                    Some((first, builder)) => flow.goes_on(first, builder),
                    None => flow.tells(self.head.clone()),
                }
            }
            self.flows.insert(key, flow);
        }
        if let Some(flow) = self.flows.get_mut(&key) {
            flow.take(from, segment, &mut self.unread);
        }
    }

    fn end(&mut self, key: (SocketAddr, SocketAddr)) {
        let Some(flow) = self.flows.remove(&key) else { return };
        let (first, packets) = (flow.first, flow.packets.clone());
        match flow.finish(&mut self.unread) {
            Some(builder) if builder.is_told() => self.whole = Some((first, builder)),
            Some(builder) => self.done.push((first, builder.finish())),
            None => self.unread.passed_over.extend(&packets),
        }
    }

    fn end_all(&mut self, which: fn(&Flow) -> bool) {
        let flows = self.flows.iter().filter(|(_, flow)| which(flow));
        let mut keys: Vec<_> = flows.map(|(key, flow)| (flow.first, *key)).collect();
        keys.sort_unstable();
        for (_, key) in keys {
            self.end(key);
        }
    }

    fn end_whole(&mut self) {
        self.done.extend(self.whole.take().map(|(first, builder)| (first, builder.finish())));
    }

    fn finish(mut self) -> (Vec<Document>, Unread) {
        self.end_all(|_| true);
        self.end_whole();
        self.done.sort_by_key(|(first, _)| *first);
        (self.done.into_iter().map(|(_, document)| document).collect(), self.unread)
    }
}

/// The texts of the options of this code.
fn texts<'a>(options: &'a [PcapNGOption<'_>], code: OptionCode) -> impl Iterator<Item = &'a str> {
    options.iter().filter(move |option| option.code == code).filter_map(|option| option.as_str().ok())
}

/// The packet within a frame; none where it holds no IP.
fn sliced(link: Linktype, data: &[u8]) -> Result<Option<LaxSlicedPacket<'_>>, &'static str> {
    let after = |octets: usize| data.get(octets..).unwrap_or_default();
    let typed = |at: usize, octets: usize| {
        let kind = data.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        kind.map(|kind| LaxSlicedPacket::from_ether_type(EtherType(kind), after(octets)))
    };
    Ok(match link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(data).ok(),
        // Raw IP, as several systems number it.
        Linktype(12 | 14 | 101 | 228 | 229) => LaxSlicedPacket::from_ip(data).ok(),
        // Loopback of the BSDs: four octets of family before the packet.
        Linktype(0 | 108) => LaxSlicedPacket::from_ip(after(4)).ok(),
        Linktype(113) => typed(14, 16),
        Linktype(276) => typed(0, 20),
        _ => return Err("of a kind of link that is not read; Ethernet, raw IP, loopback and Linux cooked are"),
    })
}
