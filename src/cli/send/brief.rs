//! A reply in few words, for where it stands whole already: its codes, and by the tables of replies its cause.

use unicode_width::UnicodeWidthStr as _;

use crate::conversation::{Dialogue, Log};
use crate::decode::{Knowledge, explain_exchange};
use crate::smtp::escape;

/// Columns that a reply may take wherever it stands.
const ROOM: usize = 40;

/// The replies of a conversation.
pub(super) struct Brief<'a> {
    dialogue: &'a Dialogue,
    log: &'a Log,
    knowledge: Knowledge,
}

impl<'a> Brief<'a> {
    pub(super) fn new(dialogue: &'a Dialogue, log: &'a Log) -> Self {
        Self { dialogue, log, knowledge: Knowledge::shipped() }
    }

    /// The reply whose last line is this record: as it is where it is short.
    pub(super) fn of(&self, record: usize) -> String {
        let line = self.log.get(record).map(|entry| escape::for_screen(entry.bytes)).unwrap_or_default();
        if line.width() <= ROOM {
            return line;
        }
        let holds = |range: std::ops::RangeInclusive<usize>| range.contains(&record);
        let at = self.dialogue.exchanges().iter().position(|exchange| exchange.reply().is_some_and(holds));
        let explained = at.and_then(|at| explain_exchange(at, self.dialogue, self.log, &self.knowledge));
        let Some(explained) = explained else { return line };
        let code = explained.code.map(|code| code.number().to_string());
        let codes = code.into_iter().chain(explained.enhanced.map(|enhanced| enhanced.to_string()));
        format!("{}: {}", codes.collect::<Vec<_>>().join(" "), explained.cause())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::sample;

    #[test]
    fn a_long_reply_is_its_codes_and_its_cause() {
        let wordy = "550 5.1.1 <b@c>: Recipient address rejected: User unknown in virtual mailbox table";
        for (reply, want) in [
            (wordy, "550 5.1.1: there is no such mailbox"),
            ("554 5.7.1 blocked using lists.example", "554 5.7.1 blocked using lists.example"),
        ] {
            let log = sample::log(&format!("< 220 mx\n> EHLO me\n< 250 mx\n> RCPT TO:<b@c>\n< {reply}\n"));
            assert_eq!(Brief::new(&Dialogue::of(&log), &log).of(4), want);
        }
    }
}
