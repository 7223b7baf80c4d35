//! The steps of a log-in: each challenge opened, each answer described, and what a refusal rests on.

use crate::conversation::dialogue::Ask;
use crate::conversation::words::capital;
use crate::conversation::{Dialogue, Exchange, Log};
use crate::smtp::sasl::explain::{self, Opened};
use crate::smtp::secret::MARKER;
use crate::smtp::{Class, Command, Phase, Reply, ReplyCode, Verb};

use super::cause::{Cause, Claim};
use super::{Asked, Context, Does, Explanation, Step as Next, steps};

/// How the sentence begins that reads the JSON text of a refusal.
const REFUSED: &str = "The token is refused: ";

/// Where an exchange stands within AUTH.
struct Step {
    /// In capitals.
    mechanism: String,
    /// Responses sent up to and with this exchange.
    given: usize,
    /// This exchange holds a response, and no `*` that gives up.
    responds: bool,
    /// The response of this exchange, where it is not masked.
    response: Option<Vec<u8>>,
}

/// Adds what the reply to AUTH, or to an answer within it, says and what it answers.
pub(super) fn opened(number: usize, reply: &Reply, dialogue: &Dialogue, log: &Log, into: &mut Explanation) {
    let Some(step) = step(number, dialogue, log) else { return };
    let nth = step.given.saturating_sub(1);
    // What is masked is taken for what belongs there, unless the server says that it has not that form.
    let formless = step.response.is_none() && into.code.is_some_and(|code| code.number() == 501);
    let sent = explain::response(&step.mechanism, nth, step.response.as_deref()).filter(|_| step.responds && !formless);
    if let Some(words) = sent {
        into.notes.insert(0, format!("What you sent: {words}."));
    }
    match into.class {
        // What PLAIN and LOGIN ask for is said where the answer is typed.
        Class::Intermediate if matches!(step.mechanism.as_str(), "PLAIN" | "LOGIN") => {}
        Class::Intermediate => {
            let text = reply.lines.last().map(|line| line.text().to_vec()).unwrap_or_default();
            into.meaning = meaning(explain::challenge(&step.mechanism, step.given, &text), &into.meaning);
            if is_calculated(&step.mechanism) {
                let does = Does::Action("ready".to_owned(), None);
                into.next.insert(
                    0,
                    Next { text: "Have the answer calculated, for the account of the target".to_owned(), does },
                );
            }
        }
        Class::Permanent | Class::Transient => {
            into.causes.splice(0..0, before(number, dialogue, log).map(Cause::from)).for_each(drop);
        }
        _ => {}
    }
}

/// Whether nobody writes the answers of this mechanism by hand: they are calculated from the challenge and the password.
fn is_calculated(mechanism: &str) -> bool {
    mechanism == "CRAM-MD5" || mechanism.starts_with("SCRAM-")
}

/// A challenge in words; what is said of every challenge where nothing is known of this one.
fn meaning(opened: Opened, general: &str) -> String {
    let text = Some(opened.text).filter(|text| !text.is_empty()).map(|text| format!("Opened: {text}"));
    let answer =
        Some(opened.answer).filter(|answer| !answer.is_empty()).map(|answer| format!("The answer is {answer}."));
    if answer.is_none() && opened.says.is_empty() {
        return general.to_owned();
    }
    let sentences: Vec<String> = text.into_iter().chain(opened.says).chain(answer).collect();
    format!("{} $ and a text sends it as base64.", sentences.join(" "))
}

/// What the server said in the challenge before its refusal.
fn before(number: usize, dialogue: &Dialogue, log: &Log) -> Option<String> {
    let asked = dialogue.exchanges().get(number)?;
    let earlier = number.checked_sub(1).filter(|_| asked.ask == Ask::AuthAnswer)?;
    let step = step(earlier, dialogue, log)?;
    let reply = dialogue.reply(log, earlier).filter(|reply| reply.class() == Class::Intermediate)?;
    let text = reply.lines.last()?.text().to_vec();
    let said = explain::challenge(&step.mechanism, step.given, &text).says;
    let said = said.iter().find_map(|words| words.strip_prefix(REFUSED).or_else(|| words.strip_prefix("e= ")))?;
    Some(capital(said.trim_end_matches('.')))
}

/// An answer that nobody awaits: the AUTH before it was refused, given up or never said, and the server took the answer for
/// a command.
pub(super) fn late(number: usize, context: &Context, dialogue: &Dialogue, log: &Log, into: &mut Explanation) {
    let before = &dialogue.exchanges()[..number];
    let line = |exchange: &Exchange| exchange.command().and_then(|record| log.get(record));
    let this = &dialogue.exchanges()[number];
    let answer = line(this).is_some_and(|entry| entry.masked && entry.bytes == MARKER);
    if this.verb != Verb::Other || this.ask != Ask::Command || !into.class.is_refusal() || !answer {
        return;
    }
    "Refused for good: no answer to AUTH was awaited".clone_into(&mut into.title);
    "The line looks like an answer within AUTH. No AUTH is open here, so the server took it for a command."
        .clone_into(&mut into.meaning);
    let begun = before.iter().rev().find(|exchange| exchange.verb == Verb::Auth && exchange.ask == Ask::Command);
    let ended = before.iter().rev().find(|exchange| exchange.verb == Verb::Auth && exchange.is_refusal());
    into.causes = vec![match ended.and_then(|exchange| exchange.code) {
        Some(code) => format!("The AUTH before it was refused with {code}, so there was nothing to answer").into(),
        None => "AUTH was not said before it, or is over".into(),
    }];
    if context.helo || context.before == Some(Phase::Greeted) {
        // As long as EHLO was not said, AUTH would be refused again.
        let line = format!("{} {}", Verb::Ehlo.word(), context.client.as_deref().unwrap_or_default());
        let does = Does::Command(line.trim_end().to_owned());
        into.next = vec![Next { text: "Greet the server with EHLO, then log in".to_owned(), does }];
        return;
    }
    let mechanism =
        begun.and_then(line).map(|entry| String::from_utf8_lossy(Command::parse(entry.bytes).argument()).into_owned());
    let mechanism = mechanism.as_deref().and_then(|argument| argument.split_whitespace().next());
    let again = mechanism.and_then(|mechanism| {
        steps::log_in("Begin the log-in anew", format!("AUTH {}", mechanism.to_ascii_uppercase()), context)
    });
    if again.is_some() {
        into.next = again.into_iter().collect();
    }
}

/// A log-in that was given up: what the server answers is what was asked for (RFC 4954 4), and no refusal of an answer. By 421
/// it closes the connection besides, for a reason of its own.
pub(super) fn given_up(context: &Context, into: &mut Explanation) {
    let closes = into.code.is_some_and(|code| code.number() == 421);
    if !context.gave_up || !into.class.is_refusal() || closes {
        return;
    }
    "The log-in was given up with *, as you asked".clone_into(&mut into.title);
    "The server has broken it off. Nobody is logged in, and the session goes on.".clone_into(&mut into.meaning);
    into.causes.clear();
}

/// What the moment says of an AUTH that was refused: by somebody who is logged in, before EHLO, within a mail transaction,
/// by a mechanism that is not offered, without one, or with a response that was typed behind it.
pub(super) fn refused(context: &Context, text: &str, into: &mut Explanation) {
    if context.asked != Some(Asked::Verb(Verb::Auth)) || !into.class.is_refusal() {
        return;
    }
    let code = into.code.map(ReplyCode::number);
    match code {
        Some(503) if context.authenticated == Some(true) => again(context, into),
        Some(503) if context.before == Some(Phase::Greeted) => ungreeted(context, into),
        _ => within(context, into),
    }
    if code == Some(504)
        && context
            .mechanism
            .as_ref()
            .is_some_and(|it| !context.mechanisms.is_empty() && !context.mechanisms.contains(it))
    {
        into.causes.retain(|cause| !cause.claims(Claim::NotOffered));
        into.causes
            .insert(0, format!("The mechanisms offered here are others: {}", context.mechanisms.join(", ")).into());
        offered_first(context, "Log in by one that is offered", into);
    }
    let syntax = into.category == "syntax" || text.to_ascii_lowercase().contains("syntax: auth");
    if code == Some(501) && syntax {
        unformed(context, into);
    }
    for cause in into.causes.iter_mut().filter(|cause| cause.claims(Claim::NotBase64)) {
        let words =
            "The response behind the mechanism went out as it was typed; $ has ehlo encode an answer only after 334";
        *cause = Cause::claiming(Claim::NotBase64, words.to_owned());
    }
}

/// Puts a log-in by a mechanism that is offered before all other steps.
fn offered_first(context: &Context, text: &str, into: &mut Explanation) {
    let Some(first) = steps::log_in(text, Verb::Auth.word().to_owned(), context) else { return };
    into.next.retain(|step| step.does != first.does);
    into.next.insert(0, first);
}

/// Before EHLO nothing was offered: nothing else is known to stand in the way, and nothing else would be taken.
fn ungreeted(context: &Context, into: &mut Explanation) {
    let objection = context.objection.as_deref().map(|why| why.trim_end_matches('.'));
    let objects = |cause: &Cause| Some(&**cause) == objection;
    if into.causes.iter().any(objects) {
        into.causes.retain(objects);
    }
    let greets =
        |line: &str| matches!(Verb::from_word(line.split(' ').next().unwrap_or_default()), Verb::Ehlo | Verb::Lhlo);
    into.next.retain(|step| !matches!(&step.does, Does::Command(line) if !greets(line)));
    if !into.next.iter().any(|step| matches!(step.does, Does::Command(_))) {
        let verb = if context.lmtp { Verb::Lhlo } else { Verb::Ehlo };
        let line = format!("{} {}", verb.word(), context.client.as_deref().unwrap_or_default()).trim_end().to_owned();
        into.next.insert(
            0,
            Next { text: "Greet the server first: it says then what it offers".to_owned(), does: Does::Command(line) },
        );
    }
}

/// AUTH without a mechanism, or with more behind it than one answer (RFC 4954 4).
fn unformed(context: &Context, into: &mut Explanation) {
    // Without a mechanism there is no line to begin with.
    let none = context.mechanisms.is_empty() && context.offers("AUTH") == Some(false);
    let offered = match context.mechanisms.as_slice() {
        [] if none => "this server offers none on this line".to_owned(),
        [] => "EHLO lists them".to_owned(),
        mechanisms => format!("offered here are {}", mechanisms.join(", ")),
    };
    let (title, cause) = match context.mechanism.as_deref() {
        None => ("AUTH names no mechanism", format!("AUTH is followed by the name of a mechanism; {offered}")),
        Some(mechanism) => (
            "AUTH takes a mechanism, and at most one answer",
            format!(
                "Behind {mechanism} stands nothing, or one answer in base64; $ has ehlo encode one only after the 334 that \
                 AUTH {mechanism} alone brings"
            ),
        ),
    };
    into.title = format!("Refused for good: {title}");
    "The line reads AUTH and a mechanism. The server then asks with 334 for what it wants."
        .clone_into(&mut into.meaning);
    into.causes = vec![cause.into()];
    into.next.retain(|step| step.does != Does::Command("HELP".to_owned()));
    if none {
        into.next.retain(|step| !matches!(&step.does, Does::Command(line) if is_auth(line)));
    } else {
        offered_first(context, "Log in, the answer to come after 334", into);
    }
}

fn is_auth(line: &str) -> bool {
    Verb::from_word(line.split(' ').next().unwrap_or_default()) == Verb::Auth
}

/// Who is logged in can't log in again, and need not.
fn again(context: &Context, into: &mut Explanation) {
    "Refused for good: you are logged in already".clone_into(&mut into.title);
    "One log-in holds as long as the connection does (RFC 4954 4).".clone_into(&mut into.meaning);
    into.causes = vec!["You are logged in already".into()];
    let (text, line) = match context.before {
        Some(Phase::Mail) => ("Go on with the open transaction", "RCPT TO:"),
        Some(Phase::Rcpt) => ("Go on with the open transaction", "DATA"),
        _ => ("Go on: begin a mail transaction", "MAIL FROM:"),
    };
    into.next = vec![Next { text: text.to_owned(), does: Does::Command(line.to_owned()) }];
}

/// AUTH within a mail transaction, where RFC 4954 4 does not allow it, on a server that offers it: it is nothing else that
/// stands in its way.
fn within(context: &Context, into: &mut Explanation) {
    let open = matches!(context.before, Some(Phase::Mail | Phase::Rcpt));
    let offered = context.offers("AUTH") == Some(true) && context.authenticated == Some(false);
    let refused = into.code.is_some_and(|code| code.number() == 503);
    if !open || !offered || !refused {
        return;
    }
    "Refused for good: no AUTH within a mail transaction".clone_into(&mut into.title);
    "AUTH is for between mail transactions (RFC 4954 4). MAIL has opened one, and that transaction has to end first."
        .clone_into(&mut into.meaning);
    into.causes.retain(|cause| !cause.claims(Claim::AuthAfterTls));
    let drop = Does::Command(Verb::Rset.word().to_owned());
    into.next.retain(|step| step.does != drop);
    into.next.insert(0, Next { text: "Drop this transaction, then log in".to_owned(), does: drop });
}

fn step(number: usize, dialogue: &Dialogue, log: &Log) -> Option<Step> {
    let exchanges = dialogue.exchanges();
    let this: &Exchange = exchanges.get(number)?;
    if this.verb != Verb::Auth {
        return None;
    }
    let begins = |exchange: &Exchange| exchange.verb == Verb::Auth && exchange.ask == Ask::Command;
    let begun = exchanges[..=number].iter().rposition(begins)?;
    let entry = log.get(exchanges[begun].command()?)?;
    let command = Command::parse(entry.bytes);
    let argument = String::from_utf8_lossy(command.argument()).into_owned();
    let mut words = argument.split_whitespace();
    let mechanism = words.next()?.to_ascii_uppercase();
    let initial = words.next();
    let of_this = match this.ask {
        Ask::Command => initial.map(|text| text.as_bytes().to_vec()),
        Ask::AuthAnswer => this.command().and_then(|record| log.get(record)).map(|entry| entry.bytes.to_vec()),
        _ => return None,
    };
    let responds = of_this.as_deref().is_some_and(|text| text != b"*");
    let response = of_this.filter(|text| responds && *text != MARKER);
    Some(Step { mechanism, given: number - begun + usize::from(initial.is_some()), responds, response })
}

#[cfg(test)]
mod tests {
    use crate::conversation::{Dialogue, sample};
    use crate::decode::{Does, Explanation, Knowledge, Step as Next, explain_exchange};

    fn last(auth: &str) -> Explanation {
        let start = "* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 AUTH CRAM-MD5 SCRAM-SHA-256 XOAUTH2\n";
        of(&format!("{start}{auth}"))
    }

    fn of(lines: &str) -> Explanation {
        let log = sample::log(lines);
        let dialogue = Dialogue::of(&log);
        explain_exchange(dialogue.exchanges().len() - 1, &dialogue, &log, &Knowledge::shipped()).expect("a reply")
    }

    #[test]
    fn a_challenge_is_opened_and_what_was_sent_is_described() {
        let cram = last("> AUTH CRAM-MD5\n< 334 PDEyQGE+");
        assert!(cram.meaning.starts_with("Opened: <12@a> ") && cram.meaning.contains("HMAC-MD5"), "{}", cram.meaning);
        assert!(matches!(&cram.next[0].does, Does::Action(name, None) if name == "ready"), "{:?}", cram.next);
        let scram = last("> AUTH SCRAM-SHA-256 {{auth}}\n< 334 cj1hYixzPVFRPT0saT00MDk2");
        assert!(scram.meaning.contains("r=ab,s=QQ==,i=4096") && scram.meaning.contains("i= 4096"), "{}", scram.meaning);
        let unknown = last("> AUTH X-OWN\n< 334 PDEyQGE+");
        assert!(unknown.meaning.contains("The log-in goes on"), "{}", unknown.meaning);
        assert!(
            scram.notes.contains(&"What you sent: the user and the client's nonce.".to_owned()),
            "{:?}",
            scram.notes
        );
        let done =
            last("> AUTH SCRAM-SHA-256\n< 334 \n> {{auth}}\n< 334 cj1h\n> {{auth}}\n< 334 dj1h\n> {{auth}}\n< 235 ok");
        assert!(done.notes[0].contains("server's signature is right"), "{:?}", done.notes);
    }

    #[test]
    fn an_answer_that_nobody_awaits_is_told_for_what_it_is() {
        let late = last("> AUTH LOGIN\n< 503 5.5.1 not now\n> {{auth}}\n< 500 5.5.2 what is that");
        assert_eq!(late.title, "Refused for good: no answer to AUTH was awaited");
        assert!(late.causes[0].contains("refused with 503"), "{:?}", late.causes);
        assert!(matches!(&late.next[0].does, Does::Command(line) if line == "AUTH SCRAM-SHA-256"), "{:?}", late.next);
    }

    #[test]
    fn what_was_refused_for_want_of_ehlo_leads_to_ehlo_and_not_to_the_same_again() {
        for greeting in ["> HELO test\n< 250 mx\n", ""] {
            let auth = "> AUTH LOGIN\n< 503 5.5.1 Error: send EHLO first\n";
            let e = of(&format!("* connected a\n< 220 mx\n{greeting}{auth}"));
            assert!(!e.causes.iter().any(|cause| cause.starts_with("No EHLO")), "said once: {:?}", e.causes);
            let answer = "> {{auth}}\n< 500 5.5.2 Error: command not recognized";
            let e = of(&format!("* connected a\n< 220 mx\n{greeting}{auth}{answer}"));
            assert_eq!(e.title, "Refused for good: no answer to AUTH was awaited");
            let ehlo = if greeting.is_empty() { "EHLO" } else { "EHLO test" };
            assert!(matches!(&e.next[..], [Next { does: Does::Command(line), .. }] if line == ehlo), "{:?}", e.next);
        }
    }

    #[test]
    fn a_log_in_that_was_given_up_was_not_refused() {
        let e = last("> AUTH XOAUTH2\n< 334 \n> *\n< 501 5.7.0 Authentication aborted");
        assert!(e.title.contains("given up") && !e.title.contains("Refused"), "{}", e.title);
        assert_eq!(e.causes, [] as [&str; 0]);
        assert!(matches!(&e.next[0].does, Does::Command(line) if line.starts_with("AUTH")), "{:?}", e.next);
        let closed = last("> AUTH XOAUTH2\n< 334 \n> *\n< 421 4.7.0 mx.noddy.com Error: too many errors");
        assert!(!closed.title.contains("given up") && !closed.causes.is_empty(), "{closed:?}");
        assert!(!closed.meaning.contains("the session goes on"), "{}", closed.meaning);
    }

    #[test]
    fn the_mark_in_a_reply_is_explained() {
        let told = |reply: &str| {
            let e = last(&format!("> AUTH PLAIN {{{{auth}}}}\n< {reply}"));
            e.notes.iter().filter(|note| note.starts_with("{{auth}} is part of your log-in, hidden")).count()
        };
        assert_eq!(told("535 5.7.8 Error: {{auth}} user or {{auth}} password"), 1);
        assert_eq!(told("535 5.7.8 Error: user or password"), 0);
    }

    #[test]
    fn within_a_transaction_it_is_the_transaction_that_stands_in_the_way_of_a_log_in() {
        let mail = "> MAIL FROM:<dude@noddy.com>\n< 250 ok\n";
        let within = last(&format!("{mail}> AUTH XOAUTH2\n< 503 5.5.1 Error: MAIL transaction in progress"));
        assert_eq!(within.title, "Refused for good: no AUTH within a mail transaction");
        assert_eq!(within.causes.len(), 1, "{:?}", within.causes);
        assert!(within.causes[0].contains("transaction") && within.meaning.contains("RFC 4954 4"), "{within:?}");
        assert!(
            matches!(&within.next[0], Next { text, does: Does::Command(line) } if line == "RSET" && text.ends_with("then log in")),
            "{:?}",
            within.next
        );
        assert!(within.next.iter().all(|step| !step.text.contains("encrypt")), "{:?}", within.next);
        let again = last("> AUTH XOAUTH2\n< 503 5.5.1 no");
        assert!(!again.title.contains("transaction"), "{}", again.title);
    }

    #[test]
    fn who_is_logged_in_goes_on() {
        for (mail, wants) in [("", "MAIL FROM:"), ("> MAIL FROM:<dude@noddy.com>\n< 250 ok\n", "RCPT TO:")] {
            let login = "> AUTH XOAUTH2 {{auth}}\n< 235 ok\n";
            let e = last(&format!("{login}{mail}> AUTH LOGIN\n< 503 5.5.1 Error: already authenticated"));
            assert_eq!(e.title, "Refused for good: you are logged in already");
            assert_eq!(e.causes, ["You are logged in already"]);
            assert!(matches!(&e.next[..], [Next { does: Does::Command(line), .. }] if line == wants), "{:?}", e.next);
        }
    }

    #[test]
    fn a_mechanism_that_is_not_offered_leads_to_one_that_is() {
        let e = last("> AUTH FOO\n< 504 5.5.4 Error: authentication mechanism not supported");
        assert_eq!(e.category, "not-implemented", "{e:?}");
        assert!(e.causes[0].contains("CRAM-MD5, SCRAM-SHA-256, XOAUTH2"), "{:?}", e.causes);
        assert!(matches!(&e.next[0].does, Does::Command(line) if line == "AUTH SCRAM-SHA-256"), "{:?}", e.next);
    }

    #[test]
    fn before_ehlo_nothing_but_ehlo_is_offered() {
        for auth in ["PLAIN", "LOGIN"] {
            let e = of(&format!("* connected a\n< 220 mx\n> AUTH {auth}\n< 503 5.5.1 Error: send EHLO first"));
            assert_eq!(e.title, "Refused for good: EHLO has to come first");
            assert_eq!(e.causes, ["AUTH needs EHLO first: its reply lists the mechanisms"]);
            assert!(matches!(&e.next[..], [Next { does: Does::Command(line), .. }] if line == "EHLO"), "{:?}", e.next);
        }
    }

    #[test]
    fn ehlo_is_named_before_a_log_in_whatever_words_refuse_it() {
        let e = of("* connected a\n< 220 mx\n> AUTH PLAIN\n< 503 5.7.0 authentication not enabled");
        assert!(matches!(&e.next[0].does, Does::Command(line) if line == "EHLO"), "{:?}", e.next);
    }

    #[test]
    fn where_no_mechanism_is_offered_none_is_said_to_be_and_auth_is_no_step() {
        let e = of("* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> AUTH\n< 501 5.5.4 Syntax: AUTH mechanism");
        assert!(e.causes.len() == 1 && e.causes[0].ends_with("this server offers none on this line"), "{:?}", e.causes);
        assert!(
            !e.next.iter().any(|step| matches!(&step.does, Does::Command(line) if super::is_auth(line))),
            "{:?}",
            e.next
        );
    }

    #[test]
    fn a_line_that_names_no_mechanism_or_too_much_leads_to_one_that_is_offered() {
        let syntax = "501 5.5.4 Syntax: AUTH mechanism";
        // What was named before is not named now.
        let e = last(&format!("> AUTH PLAIN\n< 504 5.5.4 no\n> AUTH\n< {syntax}"));
        assert!(e.causes.len() == 1 && e.causes[0].contains("CRAM-MD5, SCRAM-SHA-256, XOAUTH2"), "{:?}", e.causes);
        assert!(
            matches!(&e.next[..], [Next { does: Does::Command(line), .. }] if line == "AUTH SCRAM-SHA-256"),
            "{:?}",
            e.next
        );
        let start = "* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250-STARTTLS\n< 250 AUTH PLAIN LOGIN\n";
        let e = of(&format!("{start}> AUTH PLAIN {{{{auth}}}}\n< {syntax}"));
        assert!(e.causes.len() == 1 && e.causes[0].contains("one answer in base64"), "{:?}", e.causes);
        assert!(matches!(&e.next[..], [Next { does: Does::Command(line), .. }] if line == "STARTTLS"), "{:?}", e.next);
    }

    #[test]
    fn an_answer_that_lacks_parts_is_not_said_to_be_no_base64() {
        let start = "* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 AUTH PLAIN CRAM-MD5\n";
        let answered = |mechanism: &str| {
            let asked = format!("{start}> AUTH {mechanism}\n< 334 PDEyQGE+\n> {{{{auth}}}}\n");
            of(&format!("{asked}< 501 5.5.2 Error: malformed {mechanism} message"))
        };
        let plain = answered("PLAIN");
        assert_eq!(plain.causes, [r"PLAIN's answer has not its parts: it is $\0user\0password"], "{plain:?}");
        assert!(matches!(&plain.next[0].does, Does::Command(line) if line == "AUTH CRAM-MD5"), "{:?}", plain.next);
        assert!(!plain.notes.iter().any(|note| note.starts_with("What you sent")), "{:?}", plain.notes);
        let cram = answered("CRAM-MD5");
        assert!(!cram.causes.is_empty() && cram.causes.iter().all(|it| it.contains("HMAC")), "{:?}", cram.causes);
    }

    #[test]
    fn a_dollar_behind_the_mechanism_is_no_answer() {
        let e = last("> AUTH PLAIN {{auth}}\n< 501 5.5.2 Error: invalid base64 data");
        assert!(e.causes.iter().any(|cause| cause.contains("only after 334")), "{:?}", e.causes);
    }

    #[test]
    fn a_token_that_was_refused_is_the_first_cause() {
        let refused = "> AUTH XOAUTH2 {{auth}}\n< 334 eyJzdGF0dXMiOiI0MDAifQ==\n> {{auth}}\n< 535 5.7.8 no";
        let why = last(refused).causes;
        assert!(why[0].contains("not well formed (status 400)"), "{why:?}");
    }
}
