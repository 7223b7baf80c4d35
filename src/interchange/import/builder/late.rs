//! Secrets of which only what comes later shows that they are some: what was kept before is masked again.

use std::collections::HashMap;

use crate::conversation::event::Event;
use crate::conversation::fold::Answered;
use crate::conversation::{Kind, Log};

use super::super::lines::is_command;
use super::super::secrets;
use super::Builder;

impl Builder {
    /// A verdict on a log-in shows that what it answers was one, whatever it looked like.
    pub(super) fn betray(&mut self, answered: &Answered) {
        let Some(code) = answered.reply.code().filter(|code| secrets::is_verdict(code.number())) else { return };
        let index = answered.pending.tag as usize;
        let Some(entry) = self.log.get(index).filter(|entry| entry.kind == Kind::Sent && !entry.masked) else { return };
        let words = entry.bytes.contains(&b' ') || code.number() != 334;
        if words && !is_command(entry.bytes) && entry.bytes.trim_ascii() != b"*" {
            self.betrayed.push(index);
        }
    }

    /// Records before this one were kept while a secret was not known yet.
    pub(super) fn note_learnt(&mut self) {
        let known = self.mask.known();
        if known != self.learnt.0 {
            self.learnt = (known, self.log.len());
        }
    }

    /// The log as it may be kept: what was recorded before its secret was known is masked in it.
    pub(super) fn masked_log(&mut self) -> Log {
        let log = std::mem::take(&mut self.log);
        let betrayed = std::mem::take(&mut self.betrayed);
        // Learn all of them first.
        let hidden: HashMap<_, _> = betrayed
            .into_iter()
            .filter_map(|index| {
                let entry = log.get(index)?;
                let from = entry.bytes.iter().position(|octet| *octet == b' ').map_or(0, |at| at + 1);
                Some((index, self.mask.hidden(entry.bytes, from, entry.crlf)))
            })
            .collect();
        let before = if hidden.is_empty() { self.learnt.1 } else { log.len() };
        if before == 0 {
            return log;
        }
        let mut out = Log::new();
        out.reserve(log.since(0).map(|(_, entry)| entry.bytes.len()).sum(), log.len());
        for (index, entry) in log.since(0) {
            let known = hidden.get(&index).cloned();
            if index >= before {
                out.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
            } else if let Some(remark) = entry.remark() {
                out.push(entry.at.unwrap_or_default(), &Event::Remark(self.mask.remark(remark)));
            } else if let Some(line) = known.or_else(|| self.mask.again(&entry)) {
                out.push_octets(entry.kind, entry.at, &line.bytes, line.crlf, line.masked);
            } else {
                out.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
            }
        }
        out
    }
}
