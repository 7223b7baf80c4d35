//! The recipients as the end of a transaction has them.

use std::ops::Range;

use crate::conversation::dialogue::{Ask, Exchange, Recipient as Named, Verdict as Fate};
use crate::conversation::{Dialogue, Kind, Log};
use crate::smtp::{Class, Command, ReplyCode, Verb, escape};

/// A recipient as the end of a transaction has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipient {
    pub(super) address: String,
    pub(super) word: &'static str,
    pub(super) code: Option<u16>,
    /// The last line of the reply that decided, or why there is none.
    pub(super) reply: String,
    /// The record of that line, where it refuses: it can be said in few words where the reply stands already.
    pub(super) refused_by: Option<usize>,
}

impl Recipient {
    pub(super) fn good(&self) -> bool {
        matches!(self.word, "accepted" | "delivered")
    }
}

const UNSENT: &str = "nothing was sent for this recipient";

/// The recipients of the conversation, in order, and after them those that were never named to a server.
pub(super) fn recipients(dialogue: &Dialogue, log: &Log, unsent: &[String]) -> Vec<Recipient> {
    let mut losses = Losses { dialogue, log, last: None };
    let all = dialogue.recipients().iter().map(|recipient| {
        let address = escape::for_screen(dialogue.address(log, recipient).as_bytes());
        if recipient.verdict() == Fate::Accepted
            && let Some((word, decided)) = losses.of(recipient)
        {
            let (code, reply, refused_by) = match decided {
                Decided::By(exchange) => {
                    let end = exchange.reply().map(|range| *range.end());
                    (exchange.code, last_line(log, &exchange), end)
                }
                Decided::Never(words) => (None, words.to_owned(), None),
            };
            return Recipient { address, word, code: code.map(ReplyCode::number), reply, refused_by };
        }
        let word = match recipient.verdict() {
            Fate::Pending => "unknown",
            Fate::Accepted => "accepted",
            Fate::Refused => "refused",
            Fate::Delivered => "delivered",
            Fate::Failed => "failed",
        };
        let decided = log.get(recipient.decided as usize).filter(|_| recipient.code().is_some());
        let reply = decided.map(|entry| escape::for_screen(entry.bytes));
        let refused = matches!(recipient.verdict(), Fate::Refused | Fate::Failed);
        let refused_by = reply.as_ref().filter(|_| refused).map(|_| recipient.decided as usize);
        let reply = reply.unwrap_or_else(|| unanswered(dialogue, log, recipient).to_owned());
        Recipient { address, word, code: recipient.code().map(ReplyCode::number), reply, refused_by }
    });
    let never = unsent.iter().map(|address| Recipient {
        address: escape::for_screen(address.as_bytes()),
        word: "unsent",
        code: None,
        reply: UNSENT.to_owned(),
        refused_by: None,
    });
    all.chain(never).collect()
}

/// What is known of a recipient whose RCPT has no reply.
fn unanswered(dialogue: &Dialogue, log: &Log, recipient: &Named) -> &'static str {
    let after = dialogue.exchanges().get(recipient.exchange as usize + 1..).unwrap_or_default();
    let mut own = after.iter().take_while(|next| next.ask != Ask::Greeting && next.verb != Verb::Mail);
    // By BDAT a message may have gone out with the recipients, in one write (RFC 3030 section 2).
    let content = own.any(|next| next.ask == Ask::EndOfData || next.ask == Ask::Command && next.verb == Verb::Bdat);
    match dialogue.exchanges().get(recipient.exchange as usize).and_then(Exchange::reply) {
        _ if content => "no reply to RCPT came; what became of the message is not known",
        Some(range) if log.get(*range.end()).is_some() => "the reply to RCPT broke off; no message was sent",
        _ => "no reply to RCPT came; no message was sent",
    }
}

/// What decided that a recipient who was accepted got no message.
#[derive(Clone, Copy)]
enum Decided {
    By(Exchange),
    /// In words.
    Never(&'static str),
}

/// The word for what became of a message that was not taken, and what decided it.
type Loss = (&'static str, Decided);

/// What became of the message for those who were accepted. All of whom the same content follows share it: they may be many
/// thousands.
struct Losses<'a> {
    dialogue: &'a Dialogue,
    log: &'a Log,
    /// The exchanges whose recipients share it, as it was found last.
    last: Option<(Range<usize>, Option<Loss>)>,
}

impl Losses<'_> {
    fn of(&mut self, recipient: &Named) -> Option<Loss> {
        let own = recipient.exchange as usize;
        if let Some((_, known)) = self.last.as_ref().filter(|(sharing, _)| sharing.contains(&own)) {
            return *known;
        }
        let all = self.dialogue.exchanges();
        let ends =
            |next: &Exchange| next.ask == Ask::Greeting || matches!(next.verb, Verb::Mail | Verb::Data | Verb::Bdat);
        let end = all.iter().skip(own + 1).position(ends).map_or(all.len(), |after| own + 1 + after);
        let found = message_lost(self.dialogue, self.log, recipient);
        self.last = Some((own..end, found));
        found
    }
}

fn last_line(log: &Log, exchange: &Exchange) -> String {
    let line = exchange.reply().and_then(|range| log.get(*range.end()));
    line.map(|entry| escape::for_screen(entry.bytes)).unwrap_or_default()
}

/// What became of the message for a recipient who was accepted, and of whom nothing was heard after it: DATA or BDAT was
/// refused, or the connection ended within it. None where it was not begun, or where the client itself stopped before its end.
fn message_lost(dialogue: &Dialogue, log: &Log, recipient: &Named) -> Option<Loss> {
    let after = dialogue.exchanges().get(recipient.exchange as usize + 1..)?;
    let of_it = after.iter().take_while(|next| next.ask != Ask::Greeting && next.verb != Verb::Mail);
    let mut last = None;
    for exchange in of_it.filter(|next| matches!(next.verb, Verb::Data | Verb::Bdat)) {
        let wanted = if exchange.verb == Verb::Data { Class::Intermediate } else { Class::Success };
        if exchange.ask == Ask::Command && exchange.code.is_some_and(|code| code.class() != wanted) {
            return Some(("failed", Decided::By(*exchange)));
        }
        last = Some(*exchange);
    }
    let last = last?;
    let ends = match (last.ask, last.verb) {
        (Ask::EndOfData, _) => true,
        (_, Verb::Bdat) => is_last_chunk(log, &last),
        _ => false,
    };
    // The message went out whole and nothing came: it may or may not have been taken (RFC 1047).
    if ends && last.code.is_none() {
        return Some(("unknown", Decided::Never("no verdict on the message came: it may have been taken")));
    }
    let closed =
        log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark()).filter(|r| r.word == "closed").last();
    let by_client = closed.is_none_or(|closed| closed.get("by") == Some("client"));
    let as_meant = ends || by_client && last.code.is_some();
    (!as_meant).then_some((
        "failed",
        Decided::Never("the message did not go out whole: the connection had ended, or no reply came"),
    ))
}

fn is_last_chunk(log: &Log, exchange: &Exchange) -> bool {
    let line = exchange.command().and_then(|record| log.get(record));
    line.is_some_and(|line| Command::parse(line.bytes).chunk().is_some_and(|(_, last)| last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_whom_nothing_was_heard_it_is_said_whether_a_message_went_out() {
        let begun =
            "* connected 127.0.0.1:25\n< 220 mx\n> EHLO me\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n";
        for (then, reply) in [
            ("* closed by=server\n", "no reply to RCPT came; no message was sent"),
            ("< 250-ok\n* closed by=server\n", "the reply to RCPT broke off; no message was sent"),
            (
                "> BDAT 1 LAST\n| x\\c\n* closed by=server\n",
                "no reply to RCPT came; what became of the message is not known",
            ),
        ] {
            let log = crate::conversation::sample::log(&format!("{begun}{then}"));
            let [one] = &recipients(&Dialogue::of(&log), &log, &[])[..] else { panic!("one recipient: {then}") };
            assert_eq!((one.word, one.reply.as_str()), ("unknown", reply), "{then}");
        }
    }

    const RCPT: &str = "* connected 127.0.0.1:25\n< 220 mx\n> EHLO me\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n\
                        < 250 yes\n";

    #[test]
    fn a_recipient_whose_message_was_not_taken_is_not_accepted() {
        for (then, word, code, reply) in [
            ("", "accepted", Some(250), "250 yes"),
            ("> QUIT\n< 221 bye\n* closed by=server\n", "accepted", Some(250), "250 yes"),
            ("> DATA\n< 554 no\n> RSET\n< 250 ok\n", "failed", Some(554), "554 no"),
            ("> DATA\n< 421 busy\n* closed by=server\n", "failed", Some(421), "421 busy"),
            ("> DATA\n* closed by=server\n", "failed", None, "did not go out whole"),
            ("> DATA\n< 354 go\n| x\n* closed by=network\n", "failed", None, "did not go out whole"),
            ("> DATA\n< 354 go\n* closed by=client\n", "accepted", Some(250), "250 yes"),
            ("> BDAT 3\n| abc\\c\n< 552 too big\n", "failed", Some(552), "552 too big"),
            (
                "> BDAT 3\n| abc\\c\n< 250 ok\n> BDAT 3 LAST\n| abc\\c\n* closed by=server\n",
                "unknown",
                None,
                "may have been",
            ),
            ("> DATA\n< 354 go\n| x\n> .\n* closed by=server\n", "unknown", None, "may have been taken"),
            ("> DATA\n< 354 go\n| x\n> .\n< 250 ok\n", "delivered", Some(250), "250 ok"),
            ("> DATA\n< 354 go\n| x\n> .\n< 554 no\n", "failed", Some(554), "554 no"),
        ] {
            let log = crate::conversation::sample::log(&format!("{RCPT}{then}"));
            let [one] = &recipients(&Dialogue::of(&log), &log, &[])[..] else { panic!("one recipient: {then}") };
            assert_eq!((one.word, one.code), (word, code), "{then}");
            assert!(one.reply.contains(reply), "{then}: {one:?}");
        }
    }

    #[test]
    fn recipients_share_what_became_of_the_message_that_follows_them() {
        let more = "> RCPT TO:<e@d>\n< 250 yes\n> DATA\n< 451 later\n> RCPT TO:<f@d>\n< 250 yes\n> DATA\n< 554 no\n\
                    > MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<g@d>\n< 250 yes\n> QUIT\n< 221 bye\n* closed by=server\n";
        let log = crate::conversation::sample::log(&format!("{RCPT}{more}"));
        let all = recipients(&Dialogue::of(&log), &log, &[]);
        let all: Vec<_> = all.iter().map(|it| (it.address.as_str(), it.word, it.code)).collect();
        let failed = |address, code| (address, "failed", Some(code));
        let taken = ("g@d", "accepted", Some(250));
        assert_eq!(all, [failed("c@d", 451), failed("e@d", 451), failed("f@d", 554), taken]);
    }
}
