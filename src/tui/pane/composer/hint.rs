//! The second row: what is wrong with the line, or its grammar, or what is awaited, or what may come here.

use std::ops::Range;
use std::time::Duration;

use crate::smtp::session::Sent;
use crate::smtp::{Lint, Phase, Session, Verb, VerbTable, sasl};
use crate::tui::keymap::verbatim;
use crate::tui::pasted;
use crate::tui::text::of_megabytes;
use crate::tui::theme::Role;

use super::challenge::Wants;
use super::head::{self, Head};
use super::shut::shut;
use super::slip::slip;
use super::{Again, Surroundings, secrecy, step};

/// What the second row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hint {
    /// The first finding about the line.
    Lint {
        /// Octets of the line that it is about.
        span: Range<usize>,
        /// Why, and by which section.
        reason: String,
        /// The section.
        reference: String,
        /// The line mended, if there is one.
        mended: Option<String>,
    },
    /// A sentence: the first of these that fits, longest first.
    Note(Role, Vec<String>),
}

/// What no key can mend, and is said before what one could: the mended line would be refused for it.
const LASTING: [&str; 3] = ["several-addresses", "parameter-after-helo", "parameter-not-offered"];

/// What to say about this line at this point.
///
/// `head`: how far the header of a message has come that is typed line by line.
pub(super) fn hint(line: &str, head: Head, lints: &[Lint], ghost: &str, around: &Surroundings<'_>) -> Hint {
    if let Some(shut) = shut(around) {
        return shut;
    }
    let sent = around.session.classify(line.as_bytes());
    let lasting = LASTING.iter().find_map(|name| lints.iter().find(|lint| lint.name == *name));
    if let Some(lint) = lasting.or(lints.first()).filter(|_| !line.is_empty()) {
        return of_lint(lint, lints);
    }
    if let Some((gone, all)) = around.progress {
        return on_its_way(gone, all);
    }
    if let Some((name, so_far, at_most)) = around.waiting {
        return waiting(name, so_far, at_most);
    }
    // What would go wrong with a line of a message is said before where it comes from.
    let slips = sent == Sent::Content && around.session.phase() == Phase::Data && slip(line, head).is_some();
    if let Some(sentences) = pasted::sentences(around.pasted, line, around.session.phase()).filter(|_| !slips) {
        return Hint::Note(Role::Text, sentences);
    }
    if is_filled(line, around) {
        return filled(around);
    }
    match sent {
        Sent::Content => content(line, head, around),
        Sent::EndOfData => note(if head == Head::Broken { Role::Warning } else { Role::Text }, head.at_the_dot()),
        Sent::AuthAnswer => answer(line, around),
        Sent::Command(_) if around.exam => note(
            Role::Dim,
            &["In an exam nothing is offered: the line is yours to type", "Nothing is offered in an exam", "An exam"],
        ),
        // What stands in grey is not on the line: here the line itself would be wrong without it.
        Sent::Command(_) if !line.trim().is_empty() && ghost.starts_with('>') => note(
            Role::Remark,
            &[
                "The > in grey is not on the line yet: → or Tab takes it, and what may follow",
                "The grey > is not on the line yet: Tab takes it",
            ],
        ),
        // Who presses Enter now sends the verb alone.
        Sent::Command(command)
            if is_greeting(command.verb) && line.trim() == command.word && !ghost.trim().is_empty() =>
        {
            note(
                Role::Remark,
                &[
                    "The name in grey is not on the line yet: → or Tab takes it; without a name most servers answer 501",
                    "The name in grey is not on the line yet: → or Tab takes it",
                    "The grey name is not on the line: Tab takes it",
                ],
            )
        }
        Sent::Command(command) if !line.trim().is_empty() => {
            grammar(&command.word, around.verbs).unwrap_or_else(|| unknown(&command.word))
        }
        Sent::Command(_) => around.collected.map_or_else(|| phase(ghost, around), collected),
    }
}

/// What an empty line does while lines are collected for one write.
fn collected(kept: usize) -> Hint {
    let sentences: &[&str] = match kept {
        0 => &[
            "Type the first line: {send} keeps it · {pipeline} or {stop}: each line by itself again",
            "{send} keeps a line · {stop}: each by itself again",
        ],
        _ => &[
            "The line is empty: {send} sends all that is kept, in one write · {stop} forgets it",
            "Empty: {send} sends what is kept · {stop} forgets it",
        ],
    };
    note(Role::Remark, sentences)
}

fn of_lint(lint: &Lint, all: &[Lint]) -> Hint {
    Hint::Lint {
        span: lint.span.clone(),
        reason: lint.reason.trim_end_matches('.').to_owned(),
        reference: match all.len() {
            1 => lint.reference.clone().into_owned(),
            count => format!("{}; {} more", lint.reference, count - 1),
        },
        mended: all.iter().find_map(|lint| lint.mended.clone()),
    }
}

pub(super) fn note(role: Role, sentences: &[&str]) -> Hint {
    Hint::Note(role, sentences.iter().map(|&sentence| sentence.to_owned()).collect())
}

fn waiting(name: &str, so_far: Duration, at_most: Duration) -> Hint {
    let name = verbatim(name);
    let is_verb = !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    let what = if is_verb { format!("the reply to {name}") } else { name.clone() };
    let time = match so_far.as_secs() {
        0 => String::new(),
        seconds => format!(", {} of {}", span(seconds), span(at_most.as_secs())),
    };
    Hint::Note(
        Role::Accent,
        vec![
            format!("waiting for {what}{time} · {{stop}} stop waiting"),
            format!("{what}{time} · {{stop}} stop waiting"),
            format!("{name}{time} · {{stop}} stop"),
        ],
    )
}

/// How much of a long message has gone out.
fn on_its_way(gone: u64, all: u64) -> Hint {
    let part = of_megabytes(gone, all);
    Hint::Note(
        Role::Accent,
        vec![
            format!("the message is on its way: {part} · {{stop}} stop waiting"),
            format!("on its way: {part} · {{stop}} stop"),
        ],
    )
}

/// A time in words: `4 s`, `2 min`, `1 min 5 s`.
fn span(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

fn content(line: &str, head: Head, around: &Surroundings<'_>) -> Hint {
    let session = around.session;
    if session.phase() != Phase::Data {
        return Hint::Note(
            Role::Text,
            vec![
                format!("Content of the chunk: {} octets are still due; a line counts its CRLF", session.chunk_left),
                format!("{} octets of the chunk are due", session.chunk_left),
            ],
        );
    }
    if session.turned_away {
        return note(
            Role::Warning,
            &[
                "The server ends the session: this message is not delivered · {reconnect} reconnect",
                "421: not delivered · {reconnect} reconnect",
            ],
        );
    }
    if let Some(slip) = slip(line, head) {
        return slip;
    }
    if head == Head::Broken {
        return note(Role::Warning, head::BROKEN);
    }
    if line.starts_with('.') && !around.bare {
        let line = verbatim(line);
        return Hint::Note(
            Role::Text,
            vec![format!("sent as .{line}  (a leading dot is doubled, RFC 5321 4.5.2)"), format!("sent as .{line}")],
        );
    }
    if around.unsent && line.is_empty() && session.content_octets == 0 {
        return note(
            Role::Text,
            &[
                "354: {message} has the message as it was sent, the same Message-ID with it; or type one, and a lone . ends it",
                "354: {message} has the message as it was sent; or type one, a lone . ends it",
                "354: {message} has the message as it was sent",
            ],
        );
    }
    if let Some(sentences) = head.goes_on() {
        return note(Role::Text, sentences);
    }
    note(
        Role::Text,
        &[
            "354: type the message (headers, an empty line, the text); a line with only . ends it · {stop} abandons it",
            "354: type the message (headers, an empty line, the text); a line with only . ends it",
            "354: type the message; a line with only . ends it · {stop} abandons it",
            "354: type the message; a line with only . ends it",
            "354: the message; a lone . ends it",
        ],
    )
}

fn is_greeting(verb: Verb) -> bool {
    matches!(verb, Verb::Helo | Verb::Ehlo | Verb::Lhlo)
}

/// Whether a replay has put a line there that is filled in as it goes out.
pub(super) fn is_filled(line: &str, around: &Surroundings<'_>) -> bool {
    around.replays && !line.starts_with('$') && line.contains("{{auth}}")
}

/// What stands for a response of AUTH in a line of a replay.
fn filled(around: &Surroundings<'_>) -> Hint {
    let what = match around.challenge.map(|it| it.wants) {
        Some(Wants::User) => "the user name",
        Some(Wants::Password) => "the password",
        _ => "what AUTH wants",
    };
    let whose = if around.lab { "the lab's account" } else { "the account of the target" };
    let marker = verbatim("{{auth}}");
    Hint::Note(
        Role::Text,
        vec![
            format!("{{send}} sends {what} of {whose} for {marker}; or type $ and another"),
            format!("{{send}} sends {what} of the account"),
        ],
    )
}

fn answer(line: &str, around: &Surroundings<'_>) -> Hint {
    if line == "$" {
        return note(
            Role::Text,
            &["what you type after $ goes out as its base64; $ alone sends an empty line", "type the answer after $"],
        );
    }
    if let Some(answer) = super::answer(line, around) {
        let sent = verbatim(&String::from_utf8_lossy(&answer.line));
        if let Some(words) = around.challenge.and_then(|it| it.odd(line.trim_start_matches('$'))) {
            return Hint::Note(Role::Warning, words);
        }
        return Hint::Note(Role::Text, vec![format!("sent as {sent} · masked once sent"), format!("sent as {sent}")]);
    }
    if line == "*" {
        return note(Role::Text, &["The lone * gives the login up; nothing is lost", "The lone * gives up"]);
    }
    if let Some(challenge) = around.challenge {
        return if line.is_empty() { Hint::Note(Role::Text, challenge.sentences()) } else { decoded(line) };
    }
    note(
        Role::Text,
        &[
            "334: your answer in base64, or $text and it is encoded; masked once sent; a lone * gives up",
            "334: your answer in base64, or $text; a lone * gives up",
            "334: answer in base64; * gives up",
        ],
    )
}

/// What a line of base64 stands for: somebody who types a name as it is has typed no text.
fn decoded(line: &str) -> Hint {
    match sasl::typed::text_of(line.as_bytes()) {
        Some(text) => {
            let text = verbatim(&text.replace('\0', "\\0"));
            Hint::Note(
                Role::Text,
                vec![format!("base64 of “{text}” · masked once sent"), format!("base64 of “{text}”")],
            )
        }
        None => note(
            Role::Warning,
            &[
                "As base64 this is no text: where you mean these letters, $ before them encodes them",
                "No text as base64: $ before it encodes it",
            ],
        ),
    }
}

fn grammar(word: &str, verbs: &VerbTable) -> Option<Hint> {
    let entry = verbs.find(word)?;
    let (grammar, title) = (entry.grammar.as_str(), entry.title.trim_end_matches('.'));
    Some(Hint::Note(
        Role::Remark,
        vec![
            format!("{grammar} · {title} · {}", entry.reference),
            format!("{grammar} · {title}"),
            grammar.to_owned(),
            title.to_owned(),
        ],
    ))
}

fn unknown(word: &str) -> Hint {
    if Verb::from_word(word) != Verb::Other {
        return note(Role::Remark, &["Enter sends the line as it stands"]);
    }
    note(Role::Remark, &["Enter sends the line as it stands, whatever it is", "Enter sends it as it stands"])
}

/// What was put off, and for how long yet.
fn put_off(again: Again<'_>) -> Hint {
    let line = verbatim(again.line);
    let sentences = match again.left {
        0 => vec![
            format!("The time that the server named is over · {{retry}} sends {line} again"),
            "The time that it named is over · {retry} sends it again".to_owned(),
            "Time to try again · {retry} sends it".to_owned(),
        ],
        left => {
            let time = span(left);
            // The panel has the time that the server named.
            let fast = if again.fast { " (the lab's clock runs fast)" } else { "" };
            vec![
                format!("Put off: the same again makes sense in {time}{fast} · {{retry}} sends {line} again"),
                format!("The same again makes sense in {time}{fast} · {{retry}} sends it"),
                format!("Again in {time} · {{retry}} sends it"),
            ]
        }
    };
    Hint::Note(Role::Remark, sentences)
}

/// What the phase wants, while the line is empty.
fn phase(ghost: &str, around: &Surroundings<'_>) -> Hint {
    let session = around.session;
    if let Some(again) = around.again.filter(|_| !session.turned_away) {
        return put_off(again);
    }
    let (wants, short) = match session.phase() {
        _ if let Some(words) = step::own_words(around).or_else(|| step::other_words(ghost, around)) => words,
        _ if session.turned_away => (
            "The server turned this connection away: QUIT, or {reconnect} to try again",
            "Turned away: QUIT, or {reconnect} again",
        ),
        Phase::Connecting => ("The connection is being made · {stop} stop", "Connecting · {stop} stop"),
        Phase::Greeting => ("The server speaks first: its greeting is awaited", "The greeting is awaited"),
        Phase::Greeted => greeting(around),
        Phase::Ready if around.misses => (
            "What was offered before is gone: Reply says what to do · QUIT leaves",
            "An offer is gone: see Reply, or QUIT",
        ),
        Phase::Ready if around.advised.is_some_and(|line| line.starts_with("AUTH")) => of_log_in(around.login_failed),
        Phase::Ready if around.advised == Some("STARTTLS") => {
            ("The server wants the line encrypted before that: STARTTLS", "Refused: STARTTLS comes first")
        }
        Phase::Ready if around.advised == Some("RSET") => {
            ("The server keeps what it refused in mind: RSET, then begin again", "Refused: RSET, then begin again")
        }
        Phase::Ready if around.advised == Some("QUIT") => {
            ("Reply says why this leads no further: QUIT leaves", "See Reply why, or QUIT")
        }
        Phase::Ready if ghost.starts_with("EHLO ") && session.greeted_by == Some(Verb::Helo) => {
            ("Reply says why: greet the server anew with EHLO", "Refused: greet anew with EHLO")
        }
        Phase::Ready => step::words(ghost, around).unwrap_or_else(|| of_verdicts(session, around.lab)),
        Phase::Mail if around.advised.is_some_and(|line| line.starts_with("EHLO")) => {
            ("EHLO brings what HELO has not, and drops this transaction", "EHLO first; it drops this transaction")
        }
        Phase::Mail => recipients(around),
        Phase::Rcpt => ("Another RCPT, or DATA to begin the message", "Another RCPT, or DATA"),
        Phase::Verdict => ("The message is sent: the server's verdict is awaited", "The verdict is awaited"),
        Phase::Bdat => {
            ("More content: BDAT; the chunk marked LAST ends the message", "More BDAT; LAST ends the message")
        }
        Phase::Handshake => ("The TLS handshake is under way", "The TLS handshake is under way"),
        Phase::Quit => ("QUIT was accepted: the server closes the connection", "The server closes the connection"),
        Phase::Closed => (
            "The connection is closed · {reconnect} reconnect · {connect} connect",
            "Closed · {reconnect} reconnect · {connect} connect",
        ),
        Phase::Data | Phase::Auth => ("Enter sends the line", "Enter sends the line"),
    };
    let mut sentences = vec![wants.to_owned(), short.to_owned()];
    if !ghost.is_empty() {
        // The key that goes on is the last thing that is left out.
        // A field that nothing fills ends what is offered: it can't be sent as it is.
        let with = if ghost.ends_with('<') {
            ["→ or Tab takes the grey text; the address is yours to type", "Tab, then the address"]
        } else {
            ["→ or Tab takes the grey text", "Tab takes the grey text"]
        };
        let long = with.map(|key| format!("{wants} · {key}"));
        sentences = long.into_iter().chain([format!("{short} · {}", with[1])]).chain(sentences).collect();
    }
    Hint::Note(if secrecy::is_answer(around) { Role::Text } else { Role::Remark }, sentences)
}

/// What comes between MAIL and the first recipient that is accepted.
fn recipients(around: &Surroundings<'_>) -> (&'static str, &'static str) {
    if around.session.refused > 0 {
        return (
            "No recipient was accepted yet: another RCPT, or RSET to start over",
            "Another RCPT, or RSET to start over",
        );
    }
    if around.step.is_some() {
        return (
            "Name the recipients: one RCPT each; the lesson ({lesson}) says which there are",
            "Name the recipients ({lesson} says which)",
        );
    }
    ("Name the recipients: one RCPT each", "Name the recipients: one RCPT each")
}

/// How the server is greeted. The key that does it is not offered in a lesson: it would want words of its own there.
fn greeting(around: &Surroundings<'_>) -> (&'static str, &'static str) {
    let session = around.session;
    let kept = around.step.is_some();
    match (session.greets_by_lhlo(), session.tls) {
        (true, _) if kept => ("Greet the server: LHLO, for this is LMTP", "Greet the server: LHLO"),
        (true, _) => ("Greet the server: LHLO, for this is LMTP · {ready} makes ready", "Greet the server: LHLO"),
        (_, true) if session.forgot => {
            ("The line is encrypted: greet the server again with EHLO", "Encrypted: greet again with EHLO")
        }
        (_, true) => ("The line is encrypted: greet the server with EHLO", "Encrypted: greet with EHLO"),
        _ if kept => ("Greet the server: EHLO or HELO", "Greet the server: EHLO or HELO"),
        _ => ("Greet the server: EHLO or HELO · {ready} makes ready", "Greet the server: EHLO or HELO"),
    }
}

/// Where the server wants a log-in: another one, or a first.
fn of_log_in(failed: bool) -> (&'static str, &'static str) {
    if failed {
        (
            "The log-in was refused, and Reply says why: AUTH again, or another mechanism",
            "Refused: AUTH again, or another mechanism",
        )
    } else {
        ("The server wants to know you before that: log in with AUTH", "Log in first: AUTH")
    }
}

/// What comes between two mail transactions.
fn of_verdicts(session: &Session, lab: bool) -> (&'static str, &'static str) {
    match session.verdicts {
        None => ("Say who the mail is from: MAIL FROM", "Say who it is from: MAIL FROM"),
        Some((0, _)) => ("The message was not taken: MAIL to try again, or QUIT", "Not taken: MAIL again, or QUIT"),
        Some((taken, of)) if taken < of => (
            "The message was taken for some of the recipients: QUIT, or MAIL for another",
            "Taken for some: QUIT, or MAIL for another",
        ),
        Some(_) if lab => (
            "The message was taken: Esc {mail} shows what the lab has, receipts too · QUIT, or MAIL for another",
            "Esc {mail} shows the mail · QUIT, or MAIL for another",
        ),
        Some(_) => ("The message was taken: QUIT, or MAIL for another", "QUIT, or MAIL for another message"),
    }
}
