//! The connections of a conversation, by the records that matter to each: found once, as the log grows.

use crate::conversation::event::Remark;
use crate::conversation::{Kind, Log};

/// One connection, or one that was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Connection {
    /// Its first record.
    pub(crate) from: usize,
    /// It only looks closer at a certificate that the one before did not trust.
    pub(crate) inspects: bool,
    /// `connecting`.
    pub(crate) connecting: Option<usize>,
    /// `connected`.
    pub(crate) connected: Option<usize>,
    /// The handshake.
    pub(crate) tls: Option<usize>,
    /// The certificates after it, leaf first.
    pub(crate) certificates: Vec<usize>,
    /// Clear text that came behind the reply to STARTTLS.
    pub(crate) injected: Option<usize>,
    /// Who logged in.
    pub(crate) auth: Option<usize>,
    /// What went wrong: an error, or a warning that names a better way or says that this is no mail server.
    pub(crate) trouble: Option<usize>,
    /// Warnings that something is not offered any more, in order.
    pub(crate) vanished: Vec<usize>,
    /// The last time that nobody waited any longer.
    pub(crate) gave_up: Option<usize>,
    /// `closed`.
    pub(crate) closed: Option<usize>,
}

/// Certificates that are kept of one connection.
const CHAIN: usize = 16;

/// All of them, in order.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    pub(crate) list: Vec<Connection>,
    seen: usize,
}

impl Connections {
    /// Takes in what the log has beyond what was seen; starts over where it has less.
    pub(crate) fn extend(&mut self, log: &Log) {
        if log.len() < self.seen {
            *self = Self::default();
        }
        let remarks = log.kinds(self.seen).filter(|(_, kind, _)| *kind == Kind::Remark);
        for (record, entry) in remarks.filter_map(|(record, ..)| Some((record, log.get(record)?))) {
            let word = entry.bytes.split(|b| *b == b' ').next().unwrap_or_default();
            match word {
                b"resolved" | b"connecting" | b"connected" | b"tls" | b"certificate" | b"inspecting" | b"injected"
                | b"auth" | b"error" | b"closed" => self.take(record, word, || entry.remark()),
                b"gave-up" => self.take(record, word, || entry.remark()),
                b"warning" if entry.bytes.starts_with(b"warning kind=offer ") => {
                    if let Some(last) = self.list.last_mut().filter(|last| last.vanished.len() < CHAIN) {
                        last.vanished.push(record);
                    }
                }
                b"warning" if entry.remark().is_some_and(|remark| tells_of_trouble(&remark)) => {
                    self.take(record, word, || entry.remark());
                }
                _ => {}
            }
        }
        self.seen = log.len();
    }

    fn take(&mut self, record: usize, word: &[u8], remark: impl Fn() -> Option<Remark>) {
        let over = self.list.last().is_none_or(|last| last.closed.is_some());
        let inspects = word == b"inspecting";
        let again = word == b"connecting" && self.list.last().is_some_and(|last| last.connecting.is_some());
        if over || inspects || again {
            // What the closer look needs several attempts for is all of it the closer look.
            let inspects = inspects || !over && self.list.last().is_some_and(|last| last.inspects);
            self.list.push(Connection { from: record, inspects, ..Connection::default() });
        }
        let Some(last) = self.list.last_mut() else { return };
        match word {
            b"connecting" => last.connecting = Some(record),
            b"connected" => last.connected = Some(record),
            b"tls" => {
                last.tls = Some(record);
                last.certificates.clear();
            }
            b"certificate" if last.certificates.len() < CHAIN => last.certificates.push(record),
            b"injected" => last.injected = Some(record),
            b"auth" => last.auth = Some(record),
            b"error" => last.trouble = Some(record),
            b"gave-up" if last.closed.is_none() => last.gave_up = Some(record),
            b"warning" if last.trouble.is_none() || remark().is_some_and(|r| r.get("kind") != Some("silence")) => {
                last.trouble = Some(record);
            }
            b"closed" => last.closed = Some(record),
            _ => {}
        }
    }

    /// The connection that a record belongs to, and the closer look at its certificate, where there was one; a record
    /// of the closer look belongs to what it looks at.
    pub(crate) fn at(&self, record: usize) -> Option<(&Connection, Option<&Connection>)> {
        let mut n = self.list.partition_point(|connection| connection.from <= record).checked_sub(1)?;
        while n > 0 && self.list[n].inspects {
            n -= 1;
        }
        let looks = self.list[n + 1..].iter().take_while(|next| next.inspects);
        Some((&self.list[n], looks.last()))
    }

    /// Where the last thing that happened is a closer look: the record before it.
    pub(crate) fn before_the_closer_look(&self) -> Option<usize> {
        let last = self.list.iter().rposition(|connection| !connection.inspects)?;
        self.list.get(last + 1).and_then(|look| look.from.checked_sub(1))
    }
}

/// Whether a warning says that the other side does something else than was expected, so that one can't just go on.
fn tells_of_trouble(remark: &Remark) -> bool {
    matches!(remark.get("kind"), Some("mode" | "silence" | "flood"))
}

/// The remark at a record.
pub(crate) fn remark(log: &Log, record: Option<usize>) -> Option<Remark> {
    log.get(record?)?.remark()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::sample;

    fn of(text: &str) -> Connections {
        let mut all = Connections::default();
        all.extend(&sample::log(text));
        all
    }

    #[test]
    fn a_closer_look_belongs_to_what_it_looks_at() {
        let all = of("* connecting a\n* connected a\n* error kind=tls \"x\"\n* closed by=client\n* inspecting a\n\
            * connecting a\n* connected a\n* tls verified=no\n* certificate n=0 der=AA\n* closed by=client");
        for record in [2, 5, 9] {
            let (failed, look) = all.at(record).expect("a connection");
            assert_eq!((failed.from, failed.trouble), (0, Some(2)), "{record}");
            assert_eq!(look.map(|look| (look.tls, look.certificates.clone())), Some((Some(7), vec![8])), "{record}");
        }
        assert_eq!(all.before_the_closer_look(), Some(3));
    }

    #[test]
    fn what_fails_before_it_dials_is_a_connection_of_its_own() {
        let all = of("* resolved a b\n* connecting b\n* connected b\n* closed by=server\n* error kind=name \"x\"\n\
            * closed by=network\n* connecting b\n* warning kind=refused \"y\"\n* connecting c\n* connected c");
        assert_eq!(all.list.iter().map(|c| c.from).collect::<Vec<_>>(), [0, 4, 6, 8]);
        assert_eq!(all.list[1].trouble, Some(4));
        assert_eq!(all.list[2].trouble, None);
        assert_eq!(all.before_the_closer_look(), None);
    }
}
