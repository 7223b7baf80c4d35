//! What is copied of a conversation, as text: a line, an exchange, a swaks command; and how a terminal is given it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Remark;
use crate::conversation::file::{Document, Header};
use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log};
use crate::decode::Knowledge;
use crate::interchange;
use crate::interchange::command_line::{self, Place};
use crate::smtp::escape;

use super::talk::Talk;

/// Octets of text that are given to the terminal: many cut or drop what is longer.
const CLIPBOARD: usize = 64 * 1024;

/// The text of one record, escaped as on the screen.
pub(super) fn line(talk: &Talk, record: usize) -> String {
    talk.log.get(record).map_or_else(String::new, |entry| plain(&entry))
}

fn plain(entry: &Entry<'_>) -> String {
    // A masked record holds escaped text already.
    if entry.masked { String::from_utf8_lossy(entry.bytes).into_owned() } else { escape::for_screen(entry.bytes) }
}

/// The lines of one exchange with their marks.
pub(super) fn exchange(talk: &Talk, exchange: usize) -> Option<String> {
    let x = talk.dialogue.exchanges().get(exchange)?;
    let mut log = Log::new();
    let tls = talk.dialogue.state_at(&talk.log, x.start().saturating_sub(1)).session.tls;
    if tls {
        log.push_octets(Kind::Remark, None, Remark::new("tls").to_string().as_bytes(), true, false);
    }
    let content = (0..x.start()).rev().take_while(|n| talk.log.get(*n).is_some_and(|e| e.kind == Kind::Content)).last();
    let content = content.filter(|_| x.ask == Ask::EndOfData).map_or(0..0, |from| from..x.start());
    let reply = x.reply().map_or(0..0, |reply| *reply.start()..*reply.end() + 1);
    for record in content.chain(x.command()).chain(reply) {
        let Some(entry) = talk.log.get(record) else { continue };
        log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
    }
    let text = interchange::by_name("txt")?.export;
    let text = text(&Document::new(Header::default(), log), &Knowledge::default());
    let text = String::from_utf8_lossy(&text).into_owned();
    Some(if tls { text.split_once('\n').map_or(text.clone(), |(_, rest)| rest.to_owned()) } else { text })
}

/// A command line of swaks that does what was done up to the transaction of the selected exchange, or, with none, what
/// the last connection did; and what of it swaks has no way to say, in words. No secret is in it, swaks asks for it.
pub(super) fn swaks(talk: &Talk, selected: Option<usize>) -> Option<(String, Option<String>)> {
    let place = Place {
        target: talk.target.as_deref().unwrap_or_default(),
        connected: talk.connected.as_ref().and_then(|remark| remark.bare(0)).unwrap_or_default(),
    };
    command_line::command(&command_line::SWAKS, &place, &talk.log, &talk.dialogue, selected)
}

/// What a terminal takes as text for its clipboard (OSC 52); none where the text is too long for that.
pub(super) fn for_terminal(text: &str) -> Option<String> {
    (text.len() <= CLIPBOARD).then(|| format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::pane::sample::talk;

    const CLASSIC: &str = "* connecting 127.0.0.1:2525\n* connected 127.0.0.1:2525 from a\n< 220 mx\n> EHLO noddy.com\n\
        < 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok\n> RCPT TO:<a@b.c>\n< 250 ok\n> RCPT TO:<o'x@b.c>\n< 550 no";

    #[test]
    fn a_conversation_becomes_a_swaks_command() {
        let to = "--server 127.0.0.1 --port 2525 --helo noddy.com";
        let envelope = r"--from dude@noddy.com --to 'a@b.c,o'\''x@b.c'";
        for (more, want, left_out) in [
            ("", format!("swaks {to} {envelope} --quit-after RCPT"), None),
            (
                "\n> DATA\n< 354 go\n| Subject: it\n|\n| ..dot\n> .\n< 250 ok",
                format!(r"swaks {to} {envelope} --data 'Subject: it\n\n.dot'"),
                None,
            ),
            (
                "\n> DATA\n< 354 go\n| 100 % sure\n> .\n< 250 ok",
                format!(
                    "base64 -d <<'END' | swaks {to} {envelope} --no-data-fixup --data -\nMTAwICUgc3VyZQ0KLg==\nEND"
                ),
                None,
            ),
            (
                "\n> DATA\n< 354 go\n* content bytes=9 shown=no\n> .\n< 250 ok",
                // Without it swaks would send a message of its own.
                format!("swaks {to} {envelope} --quit-after RCPT"),
                Some("the message, which the source does not show"),
            ),
        ] {
            assert_eq!(swaks(&talk(&format!("{CLASSIC}{more}")), None), Some((want, left_out.map(str::to_owned))));
        }
    }

    #[test]
    fn what_swaks_can_t_say_is_named() {
        let text =
            CLASSIC.replace("noddy.com>", "noddy.com> SIZE=100 RET=HDRS").replace("<a@b.c>", "<a@b.c> NOTIFY=NEVER");
        let (command, left_out) = swaks(&talk(&text), None).expect("a command");
        assert!(!command.contains("SIZE") && !command.contains("NOTIFY"), "{command}");
        assert_eq!(left_out.as_deref(), Some("SIZE=100, RET=HDRS, NOTIFY=NEVER"));
    }

    #[test]
    fn a_swaks_command_says_how_the_line_was_protected_and_holds_no_secret() {
        let text = "* connecting 127.0.0.1:587\n* connected 127.0.0.1:587 from a\n< 220 mx\n> EHLO a\n< 250 STARTTLS\n\
            > STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes\n> EHLO a\n< 250 AUTH PLAIN\n> AUTH PLAIN {{auth}}\n\
            < 235 ok";
        let want = "swaks --server 127.0.0.1 --port 587 --helo a --tls --auth PLAIN --quit-after AUTH";
        assert_eq!(swaks(&talk(text), None), Some((want.to_owned(), None)));
    }

    #[test]
    fn a_swaks_command_is_of_the_transaction_that_is_selected() {
        let later = "\n> RSET\n< 250 ok\n> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes\n> EHLO noddy.com\n\
            < 250 mx\n> MAIL FROM:<second@noddy.com>\n< 552 5.3.4 no";
        let talk = talk(&format!("{CLASSIC}{later}"));
        let of = |selected| swaks(&talk, selected).map(|(command, _)| command).unwrap_or_default();
        let first = of(Some(4));
        assert!(first.contains("--from dude@noddy.com --to") && !first.contains("--tls"), "{first}");
        assert!(first.ends_with("--quit-after RCPT"), "{first}");
        assert!(of(Some(8)).ends_with("--tls --from second@noddy.com --quit-after MAIL"), "{}", of(Some(8)));
        assert_eq!(of(None), of(Some(8)));
    }

    #[test]
    fn an_exchange_is_copied_with_its_marks_and_nothing_a_terminal_would_act_on() {
        let talk = talk("* connected a\n< 220 mx\n> RCPT TO:<a@b>\n< 550-no\\e[2J\n< 550 such user");
        let copied = exchange(&talk, 1).unwrap_or_default();
        let (told, lines) = copied.split_once('\n').unwrap_or_default();
        assert!(told.starts_with("=== escaped as in a transcript"), "{copied}");
        assert_eq!(lines, " -> RCPT TO:<a@b>\n<** 550-no\\e[2J\n<** 550 such user\n");
        assert_eq!(line(&talk, 3), "550-no\\e[2J");
    }

    #[test]
    fn a_terminal_gets_base64_and_nothing_that_is_too_long() {
        assert_eq!(for_terminal("abc").as_deref(), Some("\u{1b}]52;c;YWJj\u{7}"));
        assert_eq!(for_terminal(&"x".repeat(CLIPBOARD + 1)), None);
    }
}
