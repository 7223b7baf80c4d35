//! A message whose header no empty line ends: taken all the same, and its text is nowhere to be read.

use crate::conversation::dialogue::Ask;
use crate::conversation::{Dialogue, Exchange, Kind, Log};
use crate::message::header::unparted;
use crate::smtp::escape::for_screen;

/// Content lines that are looked at.
const LOOKED_AT: usize = 200;
/// Characters of the line that are quoted.
const QUOTED: usize = 40;

/// What there is to say of the message that was taken in this exchange; nothing where its header ends as it should.
pub(super) fn unended(number: usize, exchange: &Exchange, dialogue: &Dialogue, log: &Log) -> Option<String> {
    if exchange.ask != Ask::EndOfData || exchange.is_refusal() {
        return None;
    }
    let before = dialogue.exchanges().get(number.checked_sub(1)?)?;
    let content = (*before.reply()?.end() + 1..exchange.command()?).take(LOOKED_AT);
    let lines = content.filter_map(|record| log.get(record)).filter(|entry| entry.kind == Kind::Content);
    let line = unparted(lines.map(|entry| entry.bytes))?;
    let quoted: String = for_screen(line).chars().take(QUOTED).collect();
    Some(format!(
        "No empty line parts the message's header from its text: “{quoted}” stands where a field would (RFC 5322 2.1). \
         Readers may show the text from there on, or none of it."
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Knowledge;
    use super::super::exchange::explain_exchange;
    use crate::conversation::Dialogue;
    use crate::conversation::file::read;

    fn notes(content: &str) -> Vec<String> {
        let text = format!(
            "+++\nehlo = 1\n+++\n0.1 * connected a:25\n0.2 < 220 mx\n0.3 > HELO a\n0.4 < 250 mx\n0.5 > MAIL FROM:<a@b>\n\
             0.6 < 250 ok\n0.7 > RCPT TO:<c@d>\n0.8 < 250 ok\n0.9 > DATA\n1.0 < 354 go\n{content}2.0 > .\n2.1 < 250 ok\n"
        );
        let log = read(text.as_bytes()).expect("a transcript").log;
        let dialogue = Dialogue::of(&log);
        let last = dialogue.exchanges().len() - 1;
        explain_exchange(last, &dialogue, &log, &Knowledge::shipped()).expect("it was answered").notes
    }

    #[test]
    fn a_header_without_an_empty_line_is_said_once_the_message_is_taken() {
        let told = notes("1.1 | Subject: hi\n1.2 | body at once\n");
        assert!(told.iter().any(|note| note.contains("“body at once” stands where a field would")), "{told:?}");
        for well in
            ["1.1 | Subject: hi\n1.2 | \n1.3 | body\n", "1.1 | Subject: a\n1.2 |  b\n1.3 | \n", "1.1 | body only\n"]
        {
            let told = notes(well);
            assert!(!told.iter().any(|note| note.contains("empty line parts")), "{well}: {told:?}");
        }
    }
}
