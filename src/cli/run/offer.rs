//! What a server offers more, less or otherwise than before, for `ehlo run --verbose`.

use crate::conversation::{Event, Fold, Timed};
use crate::decode::offer::changes;
use crate::smtp::session::Awaited;
use crate::smtp::{Capabilities, Class, Verb};

/// The offers of a conversation as it goes on.
#[derive(Default)]
pub(super) struct Offers {
    fold: Fold,
    last: Option<Capabilities>,
}

impl Offers {
    /// Takes in what happened; gives what a new offer changes, in words.
    pub(super) fn take(&mut self, event: &Timed) -> Option<String> {
        let answered = match &event.event {
            Event::Sent(line) => {
                self.fold.sent(&line.bytes, 0);
                return None;
            }
            Event::Content(line) => {
                self.fold.content(line.bytes.len() as u64 + 2);
                return None;
            }
            Event::Remark(remark) => {
                if remark.word == "connecting" {
                    self.last = None;
                }
                self.fold.remark(remark, 0);
                return None;
            }
            Event::Received(line) => self.fold.received(&line.bytes, line.crlf)?,
        };
        let Awaited::Command(command) = &answered.pending.awaited else { return None };
        if !matches!(command.verb, Verb::Ehlo | Verb::Lhlo) || answered.reply.class() != Class::Success {
            return None;
        }
        let now = (*self.fold.session.capabilities).clone();
        let before = self.last.replace(now.clone())?;
        Some(words(&before, &now))
    }
}

/// What a new offer changes, in words.
fn words(before: &Capabilities, now: &Capabilities) -> String {
    let all = changes(before, now);
    if all.is_empty() {
        "the offer is the same as before".to_owned()
    } else {
        format!("the offer since: {}", all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::event::Line;
    use crate::conversation::{Micros, Remark};

    #[test]
    fn what_tls_changes_in_the_offer_is_told() {
        let mut offers = Offers::default();
        let mut told = Vec::new();
        for text in [
            "* connecting a:25",
            "* connected a:25",
            "< 220 mx",
            "> EHLO a",
            "< 250-mx",
            "< 250-STARTTLS",
            "< 250 SIZE 100",
            "> STARTTLS",
            "< 220 go",
            "* tls version=TLSv1.3",
            "> EHLO a",
            "< 250-mx",
            "< 250-AUTH PLAIN",
            "< 250 SIZE 100",
            "> EHLO a",
            "< 250-mx",
            "< 250-AUTH PLAIN",
            "< 250 SIZE 100",
        ] {
            let line = Line::new(&text.as_bytes()[2..]);
            let event = match &text[..1] {
                ">" => Event::Sent(line),
                "<" => Event::Received(line),
                _ => Event::Remark(Remark::parse(&text[2..])),
            };
            told.extend(offers.take(&Timed { at: Micros(0), event }));
        }
        assert_eq!(told, ["the offer since: +AUTH PLAIN, -STARTTLS", "the offer is the same as before"]);
    }
}
