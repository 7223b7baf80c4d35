//! Refusals that follow from something said earlier in the session: text of a message that went out as commands, RCPT
//! after a MAIL that was refused, a parameter after HELO, an empty line.

use crate::conversation::dialogue::Ask;
use crate::conversation::{Dialogue, Exchange, Log};
use crate::smtp::lint::{self, Severity};
use crate::smtp::{Phase, ReplyCode, Session, Verb};

use super::exchange::{before_command, earlier};
use super::{Does, Explanation, Knowledge, Step};

/// What the refusal of this exchange follows from, said in its explanation; false where it follows from nothing earlier.
pub(super) fn explained(
    number: usize,
    dialogue: &Dialogue,
    log: &Log,
    knowledge: &Knowledge,
    into: &mut Explanation,
) -> bool {
    let Some(exchange) = dialogue.exchanges().get(number).filter(|exchange| exchange.ask == Ask::Command) else {
        return false;
    };
    match (exchange.verb, into.code.map(ReplyCode::number)) {
        (Verb::Other, Some(code @ 500..=502)) => {
            code != 501 && message_text(number, dialogue, log, into)
                || empty_line(exchange, log, into)
                || of_a_shell(exchange, log, into)
        }
        (Verb::Rcpt, Some(503)) => without_sender(number, dialogue, log, knowledge, into),
        (Verb::Mail | Verb::Rcpt, Some(501 | 504 | 555)) => {
            after_helo(number, exchange, dialogue, log, knowledge, into)
        }
        _ => false,
    }
}

/// Lines after a refused DATA, up to this one, none of which is a command: the message goes on, and nobody takes it.
fn message_text(number: usize, dialogue: &Dialogue, log: &Log, into: &mut Explanation) -> bool {
    // `MIAL FROM:<…>` is a mistyped command, wherever it stands.
    let line = dialogue.exchanges()[number].command().and_then(|record| log.get(record));
    let second = line.and_then(|entry| entry.bytes.split(|b| *b == b' ').nth(1).map(<[u8]>::to_ascii_uppercase));
    if second.is_some_and(|word| word.starts_with(b"FROM:<") || word.starts_with(b"TO:<")) {
        return false;
    }
    let before = dialogue.exchanges()[..number].iter().enumerate().rev().take(1000);
    let mut before = before.skip_while(|(_, it)| it.ask == Ask::Command && it.verb == Verb::Other);
    let Some((data, _)) = before.next().filter(|(_, it)| it.ask == Ask::Command && it.verb == Verb::Data) else {
        return false;
    };
    let Some(code) = dialogue.reply(log, data).and_then(|reply| reply.code()).filter(|code| code.number() >= 400)
    else {
        return false;
    };
    "Refused for good: the server takes this line for a command".clone_into(&mut into.title);
    into.meaning = format!(
        "DATA was refused with {code}, so there is no message that this line could belong to. A message begins only after \
         354."
    );
    into.causes = vec![format!("DATA was refused with {code}, and the text went on as if it had not been")];
    if matches!(dialogue.exchanges()[number].after(), Phase::Mail | Phase::Rcpt) {
        let step = |text: &str, line: &str| Step { text: text.to_owned(), does: Does::Command(line.to_owned()) };
        into.next = vec![step("Name a recipient", "RCPT TO:"), step("Drop this transaction", "RSET")];
    }
    true
}

/// Nothing was said, and the server took it for a command.
fn empty_line(exchange: &Exchange, log: &Log, into: &mut Explanation) -> bool {
    let line = exchange.command().and_then(|record| log.get(record));
    if !line.is_some_and(|entry| entry.bytes.trim_ascii().is_empty()) {
        return false;
    }
    "Refused for good: an empty line is no command".clone_into(&mut into.title);
    "Outside a message each line begins with a verb. The line was empty; nothing was done, and the session goes on as before."
        .clone_into(&mut into.meaning);
    into.causes = vec!["Enter was pressed once more than was meant, or a pasted text has an empty line".to_owned()];
    true
}

/// The command of an article by which one connects, said to the server that one is connected to.
fn of_a_shell(exchange: &Exchange, log: &Log, into: &mut Explanation) -> bool {
    const CONNECTS: [&str; 7] = ["telnet", "open", "nc", "ncat", "netcat", "openssl", "swaks"];
    let line = exchange.command().and_then(|record| log.get(record)).filter(|entry| !entry.masked);
    let word = line.and_then(|entry| std::str::from_utf8(entry.bytes).ok()?.split_whitespace().next());
    let Some(word) = word.filter(|word| CONNECTS.iter().any(|known| word.eq_ignore_ascii_case(known))) else {
        return false;
    };
    into.title = format!("Refused for good: {word} is no command of SMTP");
    into.meaning = format!(
        "{word} is a program by which one connects to a server. You are connected already, and the server took its name \
         for a verb."
    );
    into.causes = vec!["The line is for a shell, and was said to the server".to_owned()];
    true
}

/// RCPT after a MAIL of this session that was refused: the same MAIL, mended, is what comes next.
fn without_sender(
    number: usize,
    dialogue: &Dialogue,
    log: &Log,
    knowledge: &Knowledge,
    into: &mut Explanation,
) -> bool {
    let refused = |index: usize, exchange: &Exchange| {
        let mail = exchange.ask == Ask::Command && exchange.verb == Verb::Mail;
        let code = mail.then(|| dialogue.reply(log, index)).flatten()?.code()?;
        Some((index, code))
    };
    let Some((index, code)) = earlier(number, dialogue, refused).filter(|(_, code)| code.number() >= 400) else {
        return false;
    };
    into.causes = vec![format!("Your MAIL was refused with {code}, so no transaction is open")];
    let mail = &dialogue.exchanges()[index];
    let line = mail.command().and_then(|record| log.get(record)).filter(|entry| !entry.masked);
    if let (Some(line), Some(session)) = (line, before_command(mail, dialogue, log)) {
        let mended = lint::lint(line.bytes, &session, &knowledge.verbs).into_iter().find_map(|lint| lint.mended);
        let begins = Does::Command("MAIL FROM:".to_owned());
        into.next.retain(|step| step.does != begins || mended.is_none());
        into.next.splice(
            0..0,
            mended.map(|line| Step { text: "Send your MAIL mended".to_owned(), does: Does::Command(line) }),
        );
    }
    true
}

/// A parameter after HELO: the server knows none then, whatever it would offer to EHLO.
fn after_helo(
    number: usize,
    exchange: &Exchange,
    dialogue: &Dialogue,
    log: &Log,
    knowledge: &Knowledge,
    into: &mut Explanation,
) -> bool {
    let entry = exchange.command().and_then(|record| log.get(record)).filter(|entry| !entry.masked);
    let (Some(entry), Some(session)) = (entry, before_command(exchange, dialogue, log)) else { return false };
    let wrong = |lint: &lint::Lint| lint.severity == Severity::Wrong;
    let lints: Vec<_> = lint::lint(entry.bytes, &session, &knowledge.verbs).into_iter().filter(wrong).collect();
    if lints.is_empty() || lints.iter().any(|lint| lint.name != "parameter-after-helo") {
        return false;
    }
    into.causes = lints.into_iter().map(|lint| lint.reason).collect();
    let line = greeting(number, dialogue, log, &session);
    into.next.insert(0, Step { text: "Greet it anew, for parameters".to_owned(), does: Does::Command(line) });
    true
}

/// EHLO with the name that HELO gave.
fn greeting(number: usize, dialogue: &Dialogue, log: &Log, session: &Session) -> String {
    let name = super::exchange::client(number, dialogue, log).filter(|_| session.greeted_by.is_some());
    format!("EHLO {}", name.unwrap_or_default()).trim_end().to_owned()
}
