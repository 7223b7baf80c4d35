//! A reply in few words, for where it stands whole already: its codes, and by the tables of replies its cause.

use std::cell::RefCell;
use std::collections::HashMap;

use unicode_width::UnicodeWidthStr as _;

use crate::conversation::{Dialogue, Log};
use crate::decode::{Knowledge, explain_exchange};
use crate::smtp::escape;

/// Columns that a reply may take wherever it stands.
const ROOM: usize = 40;

/// So many replies are explained: each is looked at in its conversation, which takes longer the longer that is.
const MOST: usize = 100;

/// The replies of a conversation.
pub(super) struct Brief<'a> {
    dialogue: &'a Dialogue,
    log: &'a Log,
    knowledge: Knowledge,
    /// What was made of the reply of an exchange: one may decide of thousands of recipients.
    made: RefCell<HashMap<usize, Option<String>>>,
}

impl<'a> Brief<'a> {
    pub(super) fn new(dialogue: &'a Dialogue, log: &'a Log) -> Self {
        Self { dialogue, log, knowledge: Knowledge::shipped(), made: RefCell::default() }
    }

    /// The reply whose last line is this record: as it is where it is short, or one of very many that differ.
    pub(super) fn of(&self, record: usize) -> String {
        let line = self.log.get(record).map(|entry| escape::for_screen(entry.bytes)).unwrap_or_default();
        if line.width() <= ROOM {
            return line;
        }
        let Some(at) = self.dialogue.exchange_at(record) else { return line };
        let mut made = self.made.borrow_mut();
        if made.len() >= MOST && !made.contains_key(&at) {
            return line;
        }
        made.entry(at).or_insert_with(|| self.explained(at)).clone().unwrap_or(line)
    }

    fn explained(&self, exchange: usize) -> Option<String> {
        let explained = explain_exchange(exchange, self.dialogue, self.log, &self.knowledge)?;
        let code = explained.code.map(|code| code.number().to_string());
        let codes = code.into_iter().chain(explained.enhanced.map(|enhanced| enhanced.to_string()));
        Some(format!("{}: {}", codes.collect::<Vec<_>>().join(" "), explained.cause()))
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

    #[test]
    fn a_reply_is_explained_once_whomever_it_decides_of_and_a_short_one_not_at_all() {
        let log = sample::log(
            "< 220 mx\n> EHLO me\n< 250 mx\n> RCPT TO:<a@b>\n< 550 no\n> DATA\n\
             < 554 5.7.1 Blocked using lists.example, see https://lists.example/\n",
        );
        let dialogue = Dialogue::of(&log);
        let brief = Brief::new(&dialogue, &log);
        let all = [4, 6, 6].map(|record| brief.of(record));
        assert_eq!((all[0].as_str(), &all[1]), ("550 no", &all[2]));
        assert_eq!(brief.made.borrow().keys().collect::<Vec<_>>(), [&3], "of DATA alone");
    }

    #[test]
    fn of_very_many_long_replies_those_beyond_the_first_stand_as_they_are() {
        let one = |n| format!("> RCPT TO:<c{n}@d>\n< 550 5.1.1 <c{n}@d>: Recipient address rejected: User unknown\n");
        let log = sample::log(&format!("< 220 mx\n> EHLO me\n< 250 mx\n{}", (0..=MOST).map(one).collect::<String>()));
        let dialogue = Dialogue::of(&log);
        let brief = Brief::new(&dialogue, &log);
        let all: Vec<_> = (0..=MOST).map(|n| brief.of(4 + 2 * n)).collect();
        assert!(all[..MOST].iter().all(|it| it == "550 5.1.1: there is no such mailbox"), "{all:?}");
        assert!(all[MOST].ends_with("User unknown"), "{all:?}");
        assert_eq!(brief.of(4), all[0], "what was made is not lost");
    }
}
