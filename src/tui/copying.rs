//! What is copied of a conversation, as text: a line, an exchange, a swaks command; and how a terminal is given it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Remark;
use crate::conversation::file::{Document, Header};
use crate::conversation::log::Entry;
use crate::conversation::{Exchange, Kind, Log};
use crate::decode::Knowledge;
use crate::interchange;
use crate::smtp::{Command, Verb, escape};

use super::talk::Talk;

/// Octets of text that are given to the terminal: many cut or drop what is longer.
const CLIPBOARD: usize = 64 * 1024;
/// Octets of message content that go onto a command line.
const CONTENT: usize = 4 * 1024;

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
    let mine = done(talk.dialogue.exchanges(), selected)?;
    let mut words = vec!["swaks".to_owned()];
    server(talk, &mut words);
    greeting(talk, mine, &mut words);
    protection(talk, mine, &mut words);
    let mail = mine.iter().rposition(|x| x.verb == Verb::Mail && x.command().is_some());
    let transaction = mail.map_or(&[][..], |mail| &mine[mail..]);
    if let Some(path) = transaction.first().and_then(|x| command(talk, x)?.path) {
        words.extend(["--from".to_owned(), quoted(&if path.is_null() { "<>".to_owned() } else { path.address() })]);
    }
    let to: Vec<_> = transaction
        .iter()
        .filter(|x| x.verb == Verb::Rcpt)
        .filter_map(|x| Some(command(talk, x)?.path?.address()))
        .collect();
    if !to.is_empty() {
        words.extend(["--to".to_owned(), quoted(&to.join(","))]);
    }
    let mut left_out = parameters(talk, transaction);
    match content(talk, transaction) {
        _ if !begun(transaction) => {
            words.extend(["--quit-after".to_owned(), stops_after(mine, transaction, &to).to_owned()]);
        }
        Ok(text) => words.extend(["--data".to_owned(), text]),
        Err(why) => left_out.push(why.to_owned()),
    }
    Some((words.join(" "), (!left_out.is_empty()).then(|| left_out.join(", "))))
}

/// The exchanges of the last connection, or of the selected exchange's, to the end of its transaction.
fn done(exchanges: &[Exchange], selected: Option<usize>) -> Option<&[Exchange]> {
    let is_greeting = |x: &Exchange| x.ask == Ask::Greeting;
    let up_to = selected.and_then(|n| exchanges.get(..=n)).unwrap_or(exchanges);
    let from = up_to.iter().rposition(is_greeting).or_else(|| exchanges.iter().position(is_greeting))?;
    let in_mail = up_to.get(from..).is_some_and(|seen| seen.iter().any(|x| x.verb == Verb::Mail));
    let begins_anew = |x: &Exchange| {
        is_greeting(x) || in_mail && x.ask == Ask::Command && matches!(x.verb, Verb::Mail | Verb::Starttls | Verb::Auth)
    };
    let after = up_to.len().max(from + 1);
    let end = exchanges[after..].iter().position(begins_anew).map_or(exchanges.len(), |n| after + n);
    Some(&exchanges[from..end])
}

/// The parameters of MAIL and RCPT: swaks sends none of them.
fn parameters(talk: &Talk, transaction: &[Exchange]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for command in transaction.iter().filter_map(|x| command(talk, x)) {
        for parameter in command.parameters.iter().filter(|_| matches!(command.verb, Verb::Mail | Verb::Rcpt)) {
            let text = escape::for_screen(command.line[parameter.span.clone()].trim_ascii());
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

fn command(talk: &Talk, exchange: &Exchange) -> Option<Command> {
    let entry = talk.log.get(exchange.command()?)?;
    (entry.kind == Kind::Sent && !entry.masked).then(|| Command::parse(entry.bytes))
}

fn server(talk: &Talk, words: &mut Vec<String>) {
    let target = talk.target.clone().unwrap_or_default();
    let named = target.split_once("://").map_or(target.as_str(), |(_, rest)| rest).to_owned();
    let connected = talk.connected.as_ref().and_then(|remark| remark.bare(0)).unwrap_or_default();
    // The lab has no address of its own beyond this run.
    let place = if named.is_empty() || !target.contains("://") { connected } else { named.as_str() };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, Some(port)),
        _ => (place, None),
    };
    words.extend(["--server".to_owned(), quoted(host.trim_matches(['[', ']']))]);
    if let Some(port) = port {
        words.extend(["--port".to_owned(), port.to_owned()]);
    }
}

fn greeting(talk: &Talk, mine: &[Exchange], words: &mut Vec<String>) {
    let greeting = mine.iter().rfind(|x| matches!(x.verb, Verb::Ehlo | Verb::Helo | Verb::Lhlo));
    let Some(command) = greeting.and_then(|x| command(talk, x)) else { return };
    let name = String::from_utf8_lossy(&command.line[command.argument.clone()]).trim().to_owned();
    if !name.is_empty() {
        words.extend(["--helo".to_owned(), quoted(&name)]);
    }
    match command.verb {
        Verb::Helo => words.extend(["--protocol".to_owned(), "SMTP".to_owned()]),
        Verb::Lhlo => words.extend(["--protocol".to_owned(), "LMTP".to_owned()]),
        _ => {}
    }
}

fn protection(talk: &Talk, mine: &[Exchange], words: &mut Vec<String>) {
    let last = mine.last().map_or(0, Exchange::start);
    let secured = talk.dialogue.state_at(&talk.log, last).session.tls;
    let starttls = mine.iter().any(|x| x.verb == Verb::Starttls && x.code.is_some_and(|c| c.number() == 220));
    if starttls {
        words.push("--tls".to_owned());
    } else if secured {
        words.push("--tls-on-connect".to_owned());
    }
    let auth = mine.iter().rfind(|x| x.verb == Verb::Auth && x.ask == Ask::Command);
    if let Some(entry) = auth.and_then(|x| talk.log.get(x.command()?)) {
        let line = String::from_utf8_lossy(entry.bytes).into_owned();
        let mechanism = line.split_whitespace().nth(1).unwrap_or_default().to_ascii_uppercase();
        words.extend(["--auth".to_owned(), quoted(&mechanism)]);
    }
}

/// The DATA of a transaction.
fn data(transaction: &[Exchange]) -> Option<&Exchange> {
    transaction.iter().find(|x| x.verb == Verb::Data && x.ask == Ask::Command)
}

/// Whether a message was begun.
fn begun(transaction: &[Exchange]) -> bool {
    data(transaction).and_then(|x| x.code).is_some_and(|code| code.number() == 354)
}

/// The content that was sent, for a command line; or why it is not there.
fn content(talk: &Talk, transaction: &[Exchange]) -> Result<String, &'static str> {
    let data = data(transaction).and_then(Exchange::reply).ok_or("the message")?;
    let mut text = String::new();
    for (_, entry) in talk.log.since(*data.end() + 1).take_while(|(_, entry)| entry.kind == Kind::Content) {
        let line = entry.bytes.strip_prefix(b".").unwrap_or(entry.bytes);
        let plain = entry.crlf && !entry.masked && line.iter().all(|b| matches!(b, b' '..=b'~'));
        if !plain {
            return Err("the message (it holds octets that a command line can't)");
        }
        if line.iter().any(|b| matches!(b, b'%' | b'\\')) {
            return Err("the message (swaks would change its % or \\)");
        }
        if text.len() + line.len() > CONTENT {
            return Err("the message (it is long; save it to a file for --data)");
        }
        text.push_str(&String::from_utf8_lossy(line));
        text.push_str("\\n");
    }
    if text.is_empty() {
        Err("the message, which is empty (swaks would send one of its own)")
    } else {
        Ok(quoted(&text))
    }
}

/// After what swaks is to stop where no message was begun.
fn stops_after(mine: &[Exchange], transaction: &[Exchange], to: &[String]) -> &'static str {
    let said = |verb| mine.iter().any(|x| x.verb == verb);
    if !to.is_empty() {
        "RCPT"
    } else if !transaction.is_empty() {
        "MAIL"
    } else if said(Verb::Auth) {
        "AUTH"
    } else if said(Verb::Starttls) {
        "TLS"
    } else if said(Verb::Ehlo) || said(Verb::Helo) || said(Verb::Lhlo) {
        "HELO"
    } else {
        "CONNECT"
    }
}

/// A word for a shell: what a file says is never read as anything else.
fn quoted(word: &str) -> String {
    let word: String = word.chars().filter(|c| escape::is_plain(*c)).collect();
    let safe = |c: char| c.is_ascii_alphanumeric() || "@.,_-+=:/".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(safe) {
        return word;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
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
                format!(r"swaks {to} {envelope} --data 'Subject: it\n\n.dot\n'"),
                None,
            ),
            (
                "\n> DATA\n< 354 go\n| 100 % sure\n> .\n< 250 ok",
                format!("swaks {to} {envelope}"),
                Some("the message (swaks would change its % or \\)"),
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
        assert_eq!(exchange(&talk, 1).as_deref(), Some(" -> RCPT TO:<a@b>\n<** 550-no\\e[2J\n<** 550 such user\n"));
        assert_eq!(line(&talk, 3), "550-no\\e[2J");
    }

    #[test]
    fn a_terminal_gets_base64_and_nothing_that_is_too_long() {
        assert_eq!(for_terminal("abc").as_deref(), Some("\u{1b}]52;c;YWJj\u{7}"));
        assert_eq!(for_terminal(&"x".repeat(CLIPBOARD + 1)), None);
    }
}
