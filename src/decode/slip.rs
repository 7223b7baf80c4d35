//! Refusals that follow from something said earlier in the session: text of a message that went out as commands, a command
//! after the refusal of the one that it needs, a parameter after HELO; and lines in which something is left out.

use crate::conversation::dialogue::Ask;
use crate::conversation::{Dialogue, Exchange, Log};
use crate::smtp::lint::{self, Severity};
use crate::smtp::{Phase, ReplyCode, Session, Verb, program};

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
            code != 501 && message_text(number, dialogue, log, knowledge, into)
                || empty_line(exchange, log, into)
                || code != 501 && after_the_dot(number, dialogue, log, knowledge, into)
                || of_a_shell(exchange, log, into)
        }
        (Verb::Helo | Verb::Ehlo | Verb::Lhlo, Some(500 | 501 | 504 | 550 | 553)) => nameless(exchange, log, into),
        (_, Some(503)) | (Verb::Data | Verb::Bdat, Some(554)) => after_refusal(number, dialogue, log, knowledge, into),
        (Verb::Mail | Verb::Rcpt, Some(501 | 504 | 555)) => {
            after_helo(number, exchange, dialogue, log, knowledge, into)
        }
        _ => false,
    }
}

/// Lines after a refused DATA, up to this one, none of which is a command: the message goes on, and nobody takes it.
fn message_text(number: usize, dialogue: &Dialogue, log: &Log, knowledge: &Knowledge, into: &mut Explanation) -> bool {
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
    into.causes = vec![format!("DATA was refused with {code}, and the text went on as if it had not been").into()];
    let phase = dialogue.exchanges()[number].after();
    let Some(onward) = onward(phase) else { return true };
    let needs = needed(phase, Verb::Data).and_then(|verbs| refused(number, verbs, dialogue, log));
    let mended = needs.and_then(|(index, _)| mended(index, dialogue, log, knowledge));
    into.next = mended.into_iter().chain(onward).collect();
    true
}

/// How a message is come to from this phase.
fn onward(phase: Phase) -> Option<Vec<Step>> {
    let step = |text: &str, line: &str| Step { text: text.to_owned(), does: Does::Command(line.to_owned()) };
    let (recipient, drop) = (step("Name a recipient", "RCPT TO:"), step("Drop this transaction", "RSET"));
    match phase {
        // A transaction that has its recipients wants DATA.
        Phase::Rcpt => Some(vec![step("Ask for the message", "DATA"), recipient, drop]),
        Phase::Mail => Some(vec![recipient, drop]),
        Phase::Ready => Some(vec![step("Begin a mail transaction", "MAIL FROM:")]),
        _ => None,
    }
}

/// A lone dot where no message is open, and text that goes on after the dot that ended its message.
fn after_the_dot(number: usize, dialogue: &Dialogue, log: &Log, knowledge: &Knowledge, into: &mut Explanation) -> bool {
    let exchanges = dialogue.exchanges();
    let Some(entry) = exchanges[number].command().and_then(|record| log.get(record)) else { return false };
    let is_dot = entry.bytes.trim_ascii() == b".";
    let unknown = |it: &&Exchange| it.ask == Ask::Command && it.verb == Verb::Other && it.is_refusal();
    let before = exchanges[..number].iter().rev().take(1000).find(|it| !unknown(it));
    let ended = before.is_some_and(|it| it.ask == Ask::EndOfData);
    // Of a later line than the next, other than the dot at the end of the same text, that is no more than likely.
    let next = is_dot || exchanges[..number].last().is_some_and(|it| it.ask == Ask::EndOfData);
    // A word in capitals, or one that is like a command, was meant as one.
    let word = entry.bytes.split(|b| *b == b' ').next().unwrap_or_default();
    let capitals = word.iter().all(u8::is_ascii_uppercase);
    if !is_dot && (!ended || entry.masked || capitals || mended(number, dialogue, log, knowledge).is_some()) {
        return false;
    }
    let perhaps = if next { "The" } else { "Perhaps the" };
    let before =
        format!("{perhaps} message ended with the lone dot before: what was typed after it went out as commands");
    let (title, meaning, cause) = if is_dot {
        let cause = if ended { before } else { "No message is open: a dot ends one, and belongs after 354".to_owned() };
        let meaning = "A lone dot ends a message. DATA opens one, once it is answered 354; until then the server takes the \
                       dot for a command.";
        ("no message is open that the dot could end", meaning, cause)
    } else {
        let meaning = "No message is open that this line could belong to. A line of a message that is a lone dot goes out as \
                       two.";
        ("the server takes this line for a command", meaning, before)
    };
    into.title = format!("Refused for good: {title}");
    meaning.clone_into(&mut into.meaning);
    into.causes = vec![cause.into()];
    match onward(exchanges[number].after()) {
        Some(steps) => into.next = steps,
        None => into.next.retain(|step| step.does != Does::Command(Verb::Help.word().to_owned())),
    }
    true
}

/// A greeting without the name that belongs to it.
fn nameless(exchange: &Exchange, log: &Log, into: &mut Explanation) -> bool {
    let line = exchange.command().and_then(|record| log.get(record)).map(|entry| entry.bytes.trim_ascii());
    if line.is_none_or(|line| line.contains(&b' ')) {
        return false;
    }
    let verb = exchange.verb.word();
    "Refused for good: no name was given".clone_into(&mut into.title);
    into.meaning = format!("{verb} is followed by the client's name: a full host name, or an address in brackets.");
    into.causes = vec![format!("Nothing stands after {verb}").into()];
    let greets =
        |step: &Step| matches!(&step.does, Does::Command(line) if line.starts_with(verb) || line.starts_with("EHLO"));
    if !into.next.iter().any(greets) {
        let step = Step { text: "Greet it with a full name".to_owned(), does: Does::Command(verb.to_owned()) };
        into.next.insert(0, step);
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
    into.causes = vec!["Enter was pressed once more than was meant, or a pasted text has an empty line".into()];
    true
}

/// The command of an article by which one connects, said to the server that one is connected to.
fn of_a_shell(exchange: &Exchange, log: &Log, into: &mut Explanation) -> bool {
    let line = exchange.command().and_then(|record| log.get(record)).filter(|entry| !entry.masked);
    let said = line.and_then(|entry| std::str::from_utf8(entry.bytes).ok()).unwrap_or_default();
    let mut words = said.split_whitespace();
    let Some((word, wants)) = words.next().and_then(|word| Some((word, program::word(word)?.1))) else { return false };
    if wants == program::Wants::Setting {
        return false;
    }
    into.title = format!("Refused for good: {word} is no command of SMTP");
    into.meaning = format!(
        "{word} is a program by which one connects to a server. You are connected already, and the server took its name \
         for a verb."
    );
    into.causes = vec!["The line is for a shell, and was said to the server".into()];
    // What is named is where somebody wants to go; options say it in other ways.
    let place: Vec<_> = words.filter(|word| !word.starts_with('-')).take(3).collect();
    if matches!(place.as_slice(), [_] | [_, _]) && wants == program::Wants::Place {
        let does = Does::Action("connect".to_owned(), Some(place.join(" ")));
        into.next.insert(0, Step { text: "Leave this server, and connect there".to_owned(), does });
    }
    true
}

/// What has to have been accepted before this verb in this phase, and has not.
fn needed(phase: Phase, verb: Verb) -> Option<&'static [Verb]> {
    match (phase, verb) {
        (Phase::Greeted, Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat | Verb::Auth) => {
            Some(&[Verb::Ehlo, Verb::Helo, Verb::Lhlo])
        }
        (Phase::Ready, Verb::Rcpt | Verb::Data | Verb::Bdat) => Some(&[Verb::Mail]),
        (Phase::Mail, Verb::Data | Verb::Bdat) => Some(&[Verb::Rcpt]),
        _ => None,
    }
}

/// Whether a transaction is open, and its message is not begun.
fn is_open(phase: Phase) -> bool {
    matches!(phase, Phase::Mail | Phase::Rcpt)
}

/// The last command with one of these verbs before this exchange, where it was refused. A MAIL amid a transaction has
/// opened none, and its refusal ends none.
fn refused(number: usize, verbs: &[Verb], dialogue: &Dialogue, log: &Log) -> Option<(usize, ReplyCode)> {
    let said = |index: usize, exchange: &Exchange| {
        let amid = exchange.verb == Verb::Mail && is_open(exchange.before());
        let meant = exchange.ask == Ask::Command && verbs.contains(&exchange.verb) && !amid;
        let code = meant.then(|| dialogue.reply(log, index)).flatten()?.code()?;
        Some((index, code))
    };
    earlier(number, dialogue, said).filter(|(_, code)| code.number() >= 400)
}

/// The command that has ended the transaction which was open last before this exchange, without its message.
fn dropped_by(number: usize, dialogue: &Dialogue) -> Option<Verb> {
    let ends = |_: usize, exchange: &Exchange| {
        let open = is_open(exchange.before()) || exchange.ask == Ask::EndOfData;
        (open && !is_open(exchange.after())).then_some((exchange.ask, exchange.verb))
    };
    let (_, ended) = earlier(number, dialogue, ends).filter(|(ask, _)| *ask == Ask::Command)?;
    matches!(ended, Verb::Rset | Verb::Helo | Verb::Ehlo | Verb::Lhlo | Verb::Starttls).then_some(ended)
}

/// The step that sends a refused command of before without what was wrong with it.
fn mended(index: usize, dialogue: &Dialogue, log: &Log, knowledge: &Knowledge) -> Option<Step> {
    let exchange = &dialogue.exchanges()[index];
    let line = exchange.command().and_then(|record| log.get(record)).filter(|entry| !entry.masked)?;
    let session = before_command(exchange, dialogue, log)?;
    let line = lint::lint(line.bytes, &session, &knowledge.verbs).into_iter().find_map(|lint| lint.mended)?;
    Some(Step { text: format!("Send your {} mended", exchange.verb.word()), does: Does::Command(line) })
}

/// A command that needs one which was refused before: that one, mended, is what comes next.
fn after_refusal(number: usize, dialogue: &Dialogue, log: &Log, knowledge: &Knowledge, into: &mut Explanation) -> bool {
    let exchange = &dialogue.exchanges()[number];
    let phase = before_command(exchange, dialogue, log).map(|session| session.phase());
    let needs = phase.and_then(|phase| needed(phase, exchange.verb));
    let Some((index, code)) = needs.and_then(|verbs| refused(number, verbs, dialogue, log)) else {
        let ended = dropped_by(number, dialogue).filter(|_| needs == Some(&[Verb::Mail]));
        if let Some(ended) = ended {
            let so = format!("Your {} ended the transaction that your MAIL had begun, so none is open", ended.word());
            into.causes = vec![so.into()];
        }
        return ended.is_some();
    };
    let verb = dialogue.exchanges()[index].verb;
    let so = match verb {
        Verb::Mail => Some("no transaction is open"),
        // Of several recipients the refusal of the last is not the whole reason, and the state says it.
        Verb::Rcpt => None,
        _ => Some("the server is not greeted"),
    };
    if let Some(so) = so {
        into.causes = vec![format!("Your {} was refused with {code}, so {so}", verb.word()).into()];
    }
    if let Some(step) = mended(index, dialogue, log, knowledge) {
        let begins = match verb {
            Verb::Mail => "MAIL FROM:",
            Verb::Rcpt => "RCPT TO:",
            _ => "EHLO",
        };
        let begins = Does::Command(begins.to_owned());
        into.next.retain(|other| other.does != begins && other.does != step.does);
        into.next.insert(0, step);
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
    let (helo, others): (Vec<_>, Vec<_>) = lints.into_iter().partition(|lint| lint.name == AFTER_HELO);
    if helo.is_empty() {
        return false;
    }
    let mended = others.iter().find_map(|lint| lint.mended.clone());
    let bare = if others.is_empty() { None } else { mended.and_then(|line| bare(&line, &session, knowledge)) };
    into.causes = helo.into_iter().chain(others).map(|lint| lint.reason.into()).collect();
    let drops = if session.phase().in_transaction() { " (that drops this transaction)" } else { "" };
    let line = greeting(number, dialogue, log, &session);
    let greet = Step { text: format!("Greet it anew, for parameters{drops}"), does: Does::Command(line) };
    into.next.splice(0..0, [greet].into_iter().chain(bare));
    true
}

/// The name of the finding about a parameter that no server knows after HELO.
const AFTER_HELO: &str = "parameter-after-helo";

/// A mended line without the parameters that the server would refuse all the same after HELO.
fn bare(line: &str, session: &Session, knowledge: &Knowledge) -> Option<Step> {
    let lints = lint::lint(line.as_bytes(), session, &knowledge.verbs);
    let wrong: Vec<_> = lints.iter().filter(|lint| lint.severity == Severity::Wrong).collect();
    let all = wrong.iter().all(|lint| lint.name == AFTER_HELO);
    let spans = super::line::in_parameters(line.as_bytes(), &wrong).filter(|_| all)?;
    let step = super::line::without(line.as_bytes(), &spans)?;
    Some(Step { text: step.text.replacen("Send it", "Send it mended,", 1), ..step })
}

/// EHLO with the name that HELO gave.
fn greeting(number: usize, dialogue: &Dialogue, log: &Log, session: &Session) -> String {
    let name = super::exchange::client(number, dialogue, log).filter(|_| session.greeted_by.is_some());
    format!("EHLO {}", name.unwrap_or_default()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use crate::conversation::{Dialogue, sample};
    use crate::decode::{Does, Explanation, Knowledge, explain_exchange};

    fn last(lines: &str) -> Explanation {
        let log = sample::log(&format!("* connected a\n< 220 mx\n{lines}"));
        let dialogue = Dialogue::of(&log);
        explain_exchange(dialogue.exchanges().len() - 1, &dialogue, &log, &Knowledge::shipped()).expect("a reply")
    }

    fn first(explanation: &Explanation) -> &Does {
        &explanation.next[0].does
    }

    const REFUSED: &str = "> EHLO a\n< 250 mx\n> MAIL FROM: dude@noddy.com\n< 501 5.5.4 no\n";

    #[test]
    fn what_needs_a_mail_that_was_refused_offers_it_mended() {
        let mended = Does::Command("MAIL FROM:<dude@noddy.com>".to_owned());
        for line in ["RCPT TO:<a@b.example>", "DATA", "BDAT 3 LAST\n| abc"] {
            let e = last(&format!("{REFUSED}> {line}\n< 503 5.5.1 no"));
            assert_eq!(e.causes, ["Your MAIL was refused with 501, so no transaction is open"], "{line}");
            assert_eq!(first(&e), &mended, "{line}: {:?}", e.next);
        }
        // The text that goes on after it, as from a paste.
        let e = last(&format!("{REFUSED}> DATA\n< 503 5.5.1 no\n> Subject: a\n< 500 no"));
        assert!(e.causes[0].contains("DATA was refused with 503"), "{:?}", e.causes);
        assert_eq!(first(&e), &mended, "{:?}", e.next);
    }

    #[test]
    fn what_ended_the_transaction_is_named_where_a_recipient_comes_too_late() {
        const MAIL: &str = "> EHLO a\n< 250 mx\n> MAIL FROM:<a@b.example>\n< 250 ok\n";
        const NESTED: &str = "> MAIL FROM:<a@b.example> FOO=1\n< 503 5.5.1 nested\n";
        const RCPT: &str = "> RCPT TO:<c@d.example>\n";
        for (between, verb) in [
            ("> EHLO a\n< 250 mx\n", "EHLO"),
            (&format!("{NESTED}> EHLO a\n< 250 mx\n"), "EHLO"),
            (&format!("{RCPT}< 250 ok\n> RSET\n< 250 ok\n> NOOP\n< 250 ok\n"), "RSET"),
            ("> STARTTLS\n< 220 go\n* tls version=1.3\n> EHLO a\n< 250 mx\n", "STARTTLS"),
        ] {
            let e = last(&format!("{MAIL}{between}{RCPT}< 503 5.5.1 no"));
            let cause = format!("Your {verb} ended the transaction that your MAIL had begun, so none is open");
            assert_eq!(e.causes, [cause.as_str()], "{between}");
        }
        // A message ends its transaction by itself, and a MAIL that was refused has begun none.
        let data = format!("{RCPT}< 250 ok\n> DATA\n< 354 go\n| a\n> .\n< 250 ok\n> EHLO a\n< 250 mx\n");
        let refused = "> RSET\n< 250 ok\n> MAIL FROM:<a@b.example> FOO=1\n< 555 no\n";
        for (between, begins) in [(data.as_str(), "MAIL must"), (refused, "Your MAIL was refused with 555")] {
            let e = last(&format!("{MAIL}{between}{RCPT}< 503 5.5.1 no"));
            assert!(e.causes[0].starts_with(begins), "{between}: {:?}", e.causes);
        }
    }

    #[test]
    fn a_pipelined_command_is_judged_by_the_replies_before_its_own() {
        let block = "> HELO a\n> MAIL FROM: dude@noddy.com\n> RCPT TO: b@target.local\n> DATA\n< 250 mx\n\
                     < 501 Syntax: MAIL FROM:<address>\n< 503 need MAIL command\n< 503 5.5.1 Error: need RCPT command";
        let e = last(block);
        assert_eq!(e.title, "Refused for good: MAIL has to come first");
        assert_eq!(e.causes, ["Your MAIL was refused with 501, so no transaction is open"]);
        assert_eq!(first(&e), &Does::Command("MAIL FROM:<dude@noddy.com>".to_owned()), "{:?}", e.next);
    }

    #[test]
    fn a_dot_without_a_message_is_told_and_what_goes_on_after_one() {
        let ehlo = "> EHLO a\n< 250 mx\n";
        let rcpt = format!("{ehlo}> MAIL FROM:<a@b.example>\n< 250 ok\n> RCPT TO:<c@d.example>\n< 250 ok\n");
        let wants = |line: &str| Does::Command(line.to_owned());
        for (before, want) in [(ehlo, "MAIL FROM:"), (&rcpt, "DATA")] {
            for reply in ["500 5.5.2 Error: command not recognized", "502 no"] {
                let e = last(&format!("{before}> .\n< {reply}"));
                assert_eq!(e.title, "Refused for good: no message is open that the dot could end", "{reply}");
                assert!(e.causes.len() == 1 && e.causes[0].contains("belongs after 354"), "{:?}", e.causes);
                assert_eq!(first(&e), &wants(want), "{:?}", e.next);
            }
        }
        let e = last("> .\n< 500 5.5.2 no");
        assert!(e.next.iter().all(|step| step.does != wants("HELP")), "{:?}", e.next);
        let sent = format!("{rcpt}> DATA\n< 354 go\n| begin\n> .\n< 250 ok\n> end\n< 500 5.5.2 no\n");
        let e = last(&sent);
        assert!(e.title.ends_with("takes this line for a command"), "{}", e.title);
        assert!(e.causes[0].starts_with("The message ended with the lone dot before"), "{:?}", e.causes);
        let e = last(&format!("{sent}> .\n< 500 5.5.2 no"));
        assert!(e.causes[0].starts_with("The message ended with the lone dot before"), "{:?}", e.causes);
        let e = last(&format!("{sent}> status please\n< 500 5.5.2 no"));
        assert!(e.causes[0].starts_with("Perhaps the message ended with the lone dot"), "{:?}", e.causes);
        // A mistyped command is one after a message too.
        let e = last(&sent.replace("> end", "> QIUT"));
        assert!(e.causes[0].contains("QUIT is"), "{:?}", e.causes);
        let e = last(&sent.replace("> end", "> FOO"));
        assert!(!e.causes[0].contains("lone dot"), "{:?}", e.causes);
    }

    #[test]
    fn what_needs_a_greeting_that_was_refused_says_so() {
        let e = last("> EHLO\n< 501 no\n> MAIL FROM:<a@b.example>\n< 503 no");
        assert_eq!(e.causes, ["Your EHLO was refused with 501, so the server is not greeted"]);
        let e = last("> MAIL FROM:<a@b.example>\n< 503 no");
        assert!(e.causes[0].starts_with("HELO or EHLO must come before"), "{:?}", e.causes);
    }

    #[test]
    fn a_recipient_that_was_refused_is_offered_mended_after_data() {
        let mail = "> EHLO a\n< 250 mx\n> MAIL FROM:<a@b.example>\n< 250 ok\n> RCPT TO c@d.example\n< 501 no\n";
        let e = last(&format!("{mail}> DATA\n< 554 5.5.1 no valid recipients"));
        assert_eq!(first(&e), &Does::Command("RCPT TO:<c@d.example>".to_owned()), "{:?}", e.next);
    }

    #[test]
    fn a_greeting_without_a_name_is_said_to_be_one() {
        for (line, cause) in [("EHLO", "Nothing stands after EHLO"), ("HELO ", "Nothing stands after HELO")] {
            let e = last(&format!("> {line}\n< 501 Syntax: {line} hostname"));
            assert_eq!((e.title.as_str(), &*e.causes), ("Refused for good: no name was given", &[cause.into()][..]));
        }
        // Within a transaction too the way on is a greeting.
        let e = last("> HELO a\n< 250 mx\n> MAIL FROM:<a@b.example>\n< 250 ok\n> HELO\n< 501 no");
        assert_eq!(first(&e), &Does::Command("HELO".to_owned()), "{:?}", e.next);
        let e = last("> EHLO a_b\n< 501 no");
        assert!(!e.title.contains("no name was given"), "{}", e.title);
    }

    #[test]
    fn a_line_for_a_shell_is_told_and_where_it_names_a_place_leads_there() {
        let there = |place: &str| Some(Does::Action("connect".to_owned(), Some(place.to_owned())));
        for (line, place) in [
            ("telnet -4 mx.example 25", there("mx.example 25")),
            ("OPEN mx.example", there("mx.example")),
            ("openssl s_client -connect mx.example:25", None),
            ("socat - TCP:mx.example:25", None),
        ] {
            let e = last(&format!("> {line}\n< 500 no"));
            assert!(e.title.contains("is no command of SMTP"), "{line}: {}", e.title);
            let leads = e
                .next
                .iter()
                .map(|step| &step.does)
                .find(|does| matches!(does, Does::Action(to, _) if to == "connect"));
            assert_eq!(leads, place.as_ref(), "{line}");
        }
        assert!(!last("> set localecho\n< 500 no").meaning.contains("a program by which one connects"));
    }

    #[test]
    fn a_word_comes_before_a_server_loses_patience() {
        let refused = |n: usize| last(&"> FOO\n< 500 5.5.2 no\n".repeat(n));
        let told = |e: &Explanation| e.notes.iter().any(|note| note.contains("hang up"));
        assert!(!told(&refused(14)) && told(&refused(15)));
    }

    #[test]
    fn out_of_order_within_a_transaction_the_way_on_comes_first() {
        let mail = "> EHLO a\n< 250-mx\n< 250 STARTTLS\n> MAIL FROM:<a@b.example>\n< 250 ok\n";
        let rcpt = format!("{mail}> RCPT TO:<c@d.example>\n< 250 ok\n");
        for (lines, want) in [
            (format!("{mail}> MAIL FROM:<a@b.example>\n< 503 nested MAIL command"), "RCPT TO:"),
            (format!("{rcpt}> MAIL FROM:<a@b.example>\n< 503 5.5.1 Error: nested MAIL command"), "DATA"),
            (format!("{rcpt}> STARTTLS\n< 503 5.5.1 MAIL transaction in progress"), "RSET"),
            (format!("{rcpt}> XCLIENT ADDR=192.0.2.1\n< 503 5.5.1 Error: MAIL transaction in progress"), "RSET"),
        ] {
            let e = last(&lines);
            assert_eq!(first(&e), &Does::Command(want.to_owned()), "{lines}: {:?}", e.next);
            assert!(!e.causes.iter().any(|cause| cause.contains("left out")), "{lines}: {:?}", e.causes);
            assert!(!e.causes.iter().any(|cause| *cause == "A mail transaction is open"), "said once: {:?}", e.causes);
        }
    }
}
