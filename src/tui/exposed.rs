//! What anybody on the way could read of what goes out now: the password or the token of a log-in, on a line that is not
//! encrypted.

use crate::smtp::session::Sent;
use crate::smtp::{Command, Phase, Verb, sasl, verb};

use super::model::Model;
use super::pane::composer::Wants;

/// A log-in that waits for its answers.
struct Login {
    mechanism: String,
    /// The next answer shows nothing: it is the user's name, or nothing that matters.
    harmless: bool,
}

/// What these lines show, sent now and one after the other, in words; nothing where they show no secret. The lab's are known
/// to everybody, and a profile may say that they may be.
pub(super) fn by<'a>(model: &Model, lines: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let session = &model.talk.dialogue.state().session;
    if session.tls || model.peer.lab || model.peer.clear_text {
        return None;
    }
    let mut login = opened(model);
    // What comes while a 334 is open is an answer, also where it looks like a command.
    let mut asked = session.phase() == Phase::Auth;
    for line in lines {
        if matches!(session.classify(line.as_bytes()), Sent::Content | Sent::EndOfData) {
            continue;
        }
        let command = Command::parse(line.as_bytes());
        if !std::mem::take(&mut asked) && verb::is_known(&command.word) {
            let mut words = line.split_whitespace().skip(1);
            login = words.next().filter(|_| command.verb == Verb::Auth).map(Login::by);
            // Alone, or with an empty response, it shows nothing yet.
            if words.next().is_none_or(|response| response == "=") {
                continue;
            }
        } else if line == "*" {
            login = None;
        }
        if let Some(login) = &mut login
            && !std::mem::take(&mut login.harmless)
            && let Some(words) = login.words()
        {
            return Some(words);
        }
    }
    None
}

/// The log-in that is open: a 334 waits for its answer, or AUTH for its reply.
fn opened(model: &Model) -> Option<Login> {
    if let Some(open) = &model.challenge {
        let harmless = matches!(open.wants, Wants::User | Wants::Formality);
        return Some(Login { mechanism: open.mechanism.clone(), harmless });
    }
    let (dialogue, log) = (&model.talk.dialogue, &model.talk.log);
    let due = dialogue.exchanges().iter().rev().find(|exchange| exchange.verb == Verb::Auth && !exchange.complete())?;
    let line = log.get(due.command()?)?.bytes;
    String::from_utf8_lossy(line).split_whitespace().nth(1).map(Login::by)
}

impl Login {
    fn by(mechanism: &str) -> Self {
        Self { mechanism: mechanism.to_owned(), harmless: false }
    }

    fn words(&self) -> Option<String> {
        let known = sasl::known(&self.mechanism).filter(|known| known.shows_secret)?;
        let what = if known.proof == sasl::Proof::Token { "token" } else { "password" };
        Some(format!("{} shows the {what}, and the line is not encrypted.", known.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::message::Message;
    use crate::tui::screen::Screen;
    use crate::tui::tests::connected;

    const QUESTION: &str = "Send it all the same?";

    fn greeted() -> Screen {
        let mut screen = connected(120, 33);
        screen.wire("> EHLO me\n< 250-mx\n< 250-PIPELINING\n< 250 AUTH PLAIN LOGIN CRAM-MD5");
        screen
    }

    #[test]
    fn a_password_in_one_write_goes_out_in_clear_only_after_a_yes() {
        for lines in ["AUTH PLAIN AGR1ZGUAaHVudGVyMg==", "NOOP<enter>AUTH LOGIN<enter>ZHVkZQ==<enter>aHVudGVyMg=="] {
            let mut screen = greeted();
            screen.keys(&format!("<ctrl-p>pipelin<enter>{lines}<enter><enter>"));
            assert!(screen.shown().contains(QUESTION), "{lines}: {}", screen.shown());
            screen.keys("n");
            assert_eq!(screen.asked(), [""; 0], "{lines}");
            assert!(screen.model.block.is_some(), "what was kept is kept");
            screen.keys("<enter>y");
            assert_eq!(screen.asked(), [format!("pipeline {}", lines.split("<enter>").count())]);
            assert!(screen.model.block.is_none());
        }
        for (lines, sent) in [("AUTH CRAM-MD5\nNOOP\n", 2), ("AUTH LOGIN\n*\nZHVkZQ==\n", 3)] {
            let mut screen = greeted();
            screen.send(Message::Paste(lines.to_owned()));
            screen.keys("2");
            assert_eq!(screen.asked(), [format!("pipeline {sent}")]);
        }
    }

    #[test]
    fn a_paste_that_logs_in_asks_as_a_line_does() {
        let paste = |screen: &mut Screen, text: &str| {
            screen.send(Message::Paste(text.to_owned()));
            screen.keys("2");
        };
        let mut screen = greeted();
        paste(&mut screen, "AUTH LOGIN\nZHVkZQ==\naHVudGVyMg==\nDATA\nSubject: x\n");
        assert!(screen.shown().contains(QUESTION), "{}", screen.shown());
        screen.keys("<esc>");
        assert_eq!((screen.asked(), screen.model.pasted.left()), (Vec::new(), 0));
        paste(&mut screen, "AUTH LOGIN\nZHVkZQ==\naHVudGVyMg==\nDATA\nSubject: x\n");
        screen.keys("y");
        assert_eq!((screen.asked(), screen.model.pasted.left()), (vec!["pipeline 4".to_owned()], 1));
    }

    #[test]
    fn an_answer_typed_before_its_334_asks() {
        let mut screen = greeted();
        screen.wire("> AUTH PLAIN");
        screen.keys("AGR1ZGUAaHVudGVyMg==<enter><enter>");
        assert!(screen.shown().contains(QUESTION), "{}", screen.shown());
        screen.keys("y");
        assert_eq!(screen.asked(), ["send AGR1ZGUAaHVudGVyMg=="]);
    }
}
