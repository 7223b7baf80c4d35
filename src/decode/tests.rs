//! What a reply means, checked through the whole of the shipped data.

use std::collections::BTreeMap;

use super::*;
use crate::smtp::{LineEnd, Phase, Reply, ReplyLine, Verb};

fn reply(text: &str) -> Reply {
    let mut whole = Reply::default();
    for line in text.lines() {
        whole.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
    }
    whole
}

pub(super) fn decode(text: &str) -> Explanation {
    decode_in(text, &Context::default())
}

pub(super) fn decode_in(text: &str, context: &Context) -> Explanation {
    explain_reply(&reply(text), context, &Knowledge::default())
}

pub(super) fn after(verb: Verb) -> Context {
    Context { asked: Some(Asked::Verb(verb)), ..Context::default() }
}

#[test]
fn what_stands_for_a_secret_is_no_word_of_the_servers() {
    let masked = decode("500 no FOO {{auth}} {{auth}}");
    assert_eq!((masked.category, masked.title), (decode("500 no FOO").category, decode("500 no FOO").title));
}

#[test]
fn an_unknown_code_is_explained_by_its_class() {
    for (reply, class, retry) in [
        ("299 odd", Class::Success, None),
        ("399 odd", Class::Intermediate, None),
        ("499 odd", Class::Transient, Some(true)),
        ("599 odd", Class::Permanent, Some(false)),
        ("999 odd", Class::Unknown, None),
        ("150 odd", Class::Unknown, None),
    ] {
        let e = decode(reply);
        assert_eq!((e.class, e.retry), (class, retry), "{reply}");
        assert!(!e.title.is_empty() && !e.meaning.is_empty(), "{reply}");
        assert!(CATEGORIES.contains(&e.category.as_str()), "{reply}: {}", e.category);
    }
}

/// The moment at which an entry may hold, as far as its conditions name one.
fn moment_of(entry: &super::ReplyEntry) -> Context {
    Context {
        asked: entry.verb.as_ref().and_then(|verbs| Asked::from_name(verbs.iter().next()?)),
        tls: entry.tls,
        authenticated: entry.authenticated,
        capabilities: entry.capability.clone().map(|keyword| vec![keyword]),
        ..Context::default()
    }
}

/// Each example of each entry is recognised by that entry and by none before it: patterns that overlap show here.
#[test]
fn every_example_is_decoded_by_its_own_entry() {
    let book = Knowledge::default();
    let book = book.book();
    assert!(book.replies().len() >= 600, "{}", book.replies().len());
    let mut wrong = Vec::new();
    for (index, entry) in book.replies().iter().enumerate() {
        for example in &entry.examples {
            let reply = reply(example);
            let context = moment_of(entry);
            let text = normalise(&reply.text());
            let found = book.matching(&text, |e| e.holds(reply.code(), reply.enhanced(), &context)).next();
            let found = found.and_then(|found| book.replies().iter().position(|e| std::ptr::eq(e, found)));
            if found != Some(index) {
                let by = found.map_or("nothing", |found| book.replies()[found].pattern.get_ref());
                wrong.push(format!("{example}\n  belongs to {}\n  but {by}", entry.pattern.get_ref()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each entry, with what it has from its category, says what happened, why, and where that is written.
#[test]
fn every_recognised_text_is_explained() {
    let book = Knowledge::default();
    let mut wrong = Vec::new();
    for entry in book.book().replies() {
        let context = moment_of(entry);
        let e = decode_in(&entry.examples[0], &context);
        let pattern = entry.pattern.get_ref();
        if e.category != entry.category {
            wrong.push(format!("{}: {}, but {}", entry.examples[0], entry.category, e.category));
            continue;
        }
        assert!(!e.meaning.is_empty() && !e.causes.is_empty() && !e.references.is_empty(), "{pattern}: {e:#?}");
        let text = e.layers.first().expect("a text");
        assert_eq!(
            (text.by, text.source.as_str(), text.decides),
            (Spoke::Text, entry.file.as_str(), true),
            "{pattern}"
        );
        assert!(!text.says.is_empty(), "{pattern}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_category_has_its_words() {
    let knowledge = Knowledge::default();
    for name in CATEGORIES {
        let entry = knowledge.book().category(name).unwrap_or_else(|| panic!("{name} has no entry"));
        assert!(!entry.title.is_empty() && !entry.meaning.is_empty(), "{name}");
        let refusal = !matches!(*name, "ok" | "intermediate" | "information");
        assert_eq!(!entry.causes.is_empty(), refusal, "{name}");
    }
}

/// The categories of a catalogue of replies, without and with the command that they answer.
#[test]
fn real_replies_get_the_category_that_people_gave_them() {
    let corpus: Vec<_> = include_str!("../../tests/corpus/replies.tsv").lines().skip(1).collect();
    let halves = corpus.split_at(corpus.len() / 2);
    // Two at a time: there are thousands.
    let found: Vec<_> = std::thread::scope(|scope| {
        let read = [halves.0, halves.1].map(|half| scope.spawn(move || categories(half)));
        read.into_iter().flat_map(|half| half.join().expect("no panic")).collect()
    });
    let mut misses = BTreeMap::<(&str, &str), Vec<String>>::new();
    for (want, got, text) in found.iter().filter(|(want, got, _)| want != got) {
        misses.entry((want, got)).or_default().push(text.chars().take(100).collect());
    }
    for ((want, got), texts) in &misses {
        println!("{want} read as {got}: {texts:#?}");
    }
    let (all, right) = (found.len(), found.iter().filter(|(want, got, _)| want == got).count());
    assert!(right * 100 >= all * 95, "{right} of {all} are right");
}

/// What people said of each reply, what we say of it (without and with its command), and its text.
fn categories<'a>(rows: &[&'a str]) -> Vec<(&'a str, String, &'a str)> {
    let mut found = Vec::new();
    for row in rows {
        let mut columns = row.splitn(3, '\t');
        let (Some(category), Some(phase), Some(text)) = (columns.next(), columns.next(), columns.next()) else {
            panic!("three columns: {row}");
        };
        let with = Asked::from_name(phase).map(|asked| Context { asked: Some(asked), ..Context::default() });
        let contexts = std::iter::once(Context::default()).chain(with);
        found.extend(contexts.map(|context| {
            let e = decode_in(text, &context);
            super::refused::is_sound(&e, text);
            (category, e.category, text)
        }));
    }
    found
}

/// The examples of the contract: recognised by their words, whatever code comes with them.
#[test]
fn common_refusals_are_recognised_by_their_words() {
    for (text, category, retry) in [
        ("554 5.7.1 <friend@elsewhere.example>: Relay access denied", "relay-denied", false),
        ("550 relay not permitted", "relay-denied", false),
        (
            "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table",
            "mailbox-unknown",
            false,
        ),
        ("552 5.2.2 Mailbox full", "mailbox-full", false),
        ("452 4.2.2 <a@b.example>: user is over quota", "mailbox-full", true),
        ("450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted for 5 minutes", "greylisted", true),
        ("550 greylisted, come back later", "greylisted", true),
        ("530 5.7.0 Authentication required", "auth-required", false),
        ("530 5.7.0 Must issue a STARTTLS command first", "tls-required", false),
        ("535 5.7.8 Error: authentication failed", "auth-failed", false),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "reputation", false),
        ("421 4.4.2 mx Error: timeout exceeded", "service-unavailable", true),
    ] {
        let e = decode(text);
        assert_eq!((e.category.as_str(), e.retry), (category, Some(retry)), "{text}");
        assert!(!e.causes.is_empty(), "{text}");
    }
}

#[test]
fn the_same_code_means_something_else_after_another_command() {
    let titles: std::collections::BTreeSet<_> = [
        Some(Asked::Connect),
        Some(Asked::Verb(Verb::Mail)),
        Some(Asked::Verb(Verb::Rcpt)),
        Some(Asked::Verb(Verb::Data)),
        Some(Asked::EndOfData),
        None,
    ]
    .into_iter()
    .map(|asked| decode_in("550 no", &Context { asked, ..Context::default() }).title)
    .collect();
    assert_eq!(titles.len(), 6, "{titles:?}");
    assert_eq!(
        decode_in("554 no", &Context { asked: Some(Asked::Connect), ..Context::default() }).category,
        "reputation"
    );
    assert_eq!(decode_in("530 no", &after(Verb::Auth)).category, "tls-required");
    assert_eq!(decode_in("530 no", &after(Verb::Mail)).category, "auth-required");
    assert_eq!(decode_in("454 no", &after(Verb::Starttls)).category, "tls-failed");
    assert_eq!(decode_in("454 no", &after(Verb::Auth)).category, "auth-failed");
    assert_eq!(decode_in("252 dude", &after(Verb::Vrfy)).category, "information");
}

#[test]
fn contradictions_are_pointed_out() {
    for (text, word) in [
        ("550 4.2.2 full", "contradict"),
        ("250 5.7.1 ok", "contradict"),
        ("450 5.1.1 no", "contradict"),
        ("354 2.0.0 go", "go together"),
        ("550 Greylisted, try again later", "come back later"),
    ] {
        let e = decode(text);
        assert!(e.notes.iter().any(|note| note.contains(word)), "{text}: {:?}", e.notes);
    }
    assert!(decode("550 5.1.1 no such user").notes.is_empty());
}

#[test]
fn flaws_of_a_reply_are_named_once() {
    let e = decode("550-one\n551 two");
    assert_eq!(e.notes.len(), 1, "{:?}", e.notes);
    assert!(e.notes[0].contains("different codes"));
}

#[test]
fn digits_are_explained() {
    let e = decode("554 5.7.1 <a@b.example>: Relay access denied");
    let shown: Vec<_> = e.digits.iter().map(|(digits, _)| digits.as_str()).collect();
    assert_eq!(shown, ["5", "x5x", "5.7.1"]);
    assert_eq!(e.digits[0].1, "permanent: the same try will fail again");
    assert!(e.digits[2].1.starts_with("policy: "), "{:?}", e.digits);
    assert_eq!(e.title, "Refused for good: relaying is not allowed");
}

/// All causes, a line each.
pub(super) fn causes(e: &Explanation) -> String {
    e.causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Everything that the panel says of it but for the steps, in one text.
pub(super) fn said(e: &Explanation) -> String {
    let words = [e.title.clone(), e.meaning.clone(), causes(e)];
    words.iter().chain(&e.notes).cloned().collect::<Vec<_>>().join("\n")
}

pub(super) fn commands(e: &Explanation) -> Vec<String> {
    e.next
        .iter()
        .map(|step| match &step.does {
            Does::Command(line) => line.clone(),
            Does::Action(name, argument) => format!("{name} {}", argument.as_deref().unwrap_or_default()),
            Does::Advice => String::new(),
        })
        .collect()
}

#[test]
fn steps_fit_the_moment() {
    let relay = "554 5.7.1 <friend@elsewhere.example>: Relay access denied";
    let start = Context { after: Some(Phase::Rcpt), accepted: Some(1), ..after(Verb::Rcpt) };
    let offered = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
    let clear = Context { tls: Some(false), capabilities: offered(&["STARTTLS"]), ..start.clone() };
    assert_eq!(commands(&decode_in(relay, &clear)), ["DATA", "RSET", "connect mx:elsewhere.example"]);
    let first = &decode_in(relay, &clear).next[1].text;
    assert_eq!(first, "Drop this transaction, secure the line, then log in");
    let bare = Context { capabilities: offered(&[]), accepted: Some(0), after: Some(Phase::Mail), ..start.clone() };
    assert_eq!(commands(&decode_in(relay, &bare)), ["connect mx:elsewhere.example", "RCPT TO:", "RSET"]);
    let tls =
        Context { tls: Some(true), authenticated: Some(false), capabilities: offered(&["AUTH"]), ..start.clone() };
    assert_eq!(commands(&decode_in(relay, &tls)), ["DATA", "RSET", "connect mx:elsewhere.example"]);
    let user = Context { authenticated: Some(true), ..tls };
    assert_eq!(commands(&decode_in(relay, &user)), ["DATA", "connect mx:elsewhere.example"]);
    let over = Context { after: Some(Phase::Closed), ..start };
    assert_eq!(commands(&decode_in("421 4.4.2 timeout", &over)), ["reconnect "]);
}

#[test]
fn what_the_state_disproves_is_no_cause() {
    let tls = Context { tls: Some(true), authenticated: Some(false), ..after(Verb::Mail) };
    for text in ["530 5.7.0 Authentication required", "530 Authentication required", "530 No", "523 No", "538 No"] {
        let said = causes(&decode_in(text, &tls));
        assert!(!said.contains("not encrypted"), "{text}: {said}");
    }
    let clear = Context { tls: Some(false), ..tls };
    let said = causes(&decode_in("530 No", &clear));
    assert!(said.contains("not encrypted") && said.contains("Nobody has logged in"), "{said}");
}

#[test]
fn software_is_recognised() {
    for (text, name) in [
        ("220 mx.target.local ESMTP Postfix", "Postfix"),
        ("220 mx.example ESMTP Exim 4.98 Tue, 24 Nov 2026", "Exim"),
        ("220 mx.google.com ESMTP abc - gsmtp", "Gmail"),
        ("220 mx.example ESMTP OpenSMTPD", "OpenSMTPD"),
        ("220 mx.example Microsoft ESMTP MAIL Service ready", "Exchange"),
        ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "Exchange Online"),
        ("220 mx.example ESMTP Haraka/3.0 ready", "Haraka"),
    ] {
        assert_eq!(decode(text).software.as_deref(), Some(name), "{text}");
    }
    assert_eq!(decode("550 5.1.1 <a@yandex.ru>: no").software, None);
}

#[test]
fn a_users_file_is_asked_first_and_the_rest_stays() {
    let mine = "[[reply]]\nmatch = 'relay'\ncategory = 'policy'\nmeaning = 'Ask Joan.'\nexamples = ['550 relay']\n";
    let (knowledge, errors) = Knowledge::with_replies([("mine.toml", mine)]);
    assert_eq!(errors, []);
    let context = Context::default();
    assert_eq!(explain_reply(&reply("550 relay denied"), &context, &knowledge).meaning, "Ask Joan.");
    assert_eq!(explain_reply(&reply("550 user unknown"), &context, &knowledge).category, "mailbox-unknown");
}

#[test]
fn words_of_refusal_in_a_success_decide_nothing() {
    assert_eq!(decode("220 spam-filter.example ESMTP blocked relay").category, "ok");
    assert_eq!(decode("250 2.1.5 user unknown, will bounce").category, "ok");
}

/// A conversation: `S: ` a line of the server, anything else a line of ours.
fn conversation(lines: &[&str]) -> (crate::conversation::Log, crate::conversation::Dialogue) {
    use crate::conversation::{Event, Line, Log, Micros, Remark};
    let mut log = Log::new();
    let mut push = |event: Event| log.push(Micros(0), &event);
    push(Event::Remark(Remark::new("connecting").value("127.0.0.1:25")));
    push(Event::Remark(Remark::new("connected").value("127.0.0.1:25")));
    for line in lines {
        push(match (line.strip_prefix("S: "), line.strip_prefix("* ")) {
            (Some(line), _) => Event::Received(Line::new(line)),
            (_, Some(remark)) => Event::Remark(Remark::new(remark).with("by", "server")),
            _ => Event::Sent(Line::new(*line)),
        });
    }
    let dialogue = crate::conversation::Dialogue::of(&log);
    (log, dialogue)
}

/// The explanation of the last exchange.
fn last(lines: &[&str]) -> Explanation {
    let (log, dialogue) = conversation(lines);
    let exchange = dialogue.exchanges().len() - 1;
    explain_exchange(exchange, &dialogue, &log, &Knowledge::default()).expect("a reply came")
}

const GREETED: [&str; 5] = [
    "S: 220 mx.target.local ESMTP Postfix",
    "EHLO noddy.com",
    "S: 250-mx.target.local",
    "S: 250-SIZE 100",
    "S: 250 STARTTLS",
];

#[test]
fn a_conversation_leads_from_step_to_step() {
    let mut lines = Vec::new();
    let mut first = Vec::new();
    for part in [
        &GREETED[..1],
        &GREETED[1..],
        &["MAIL FROM:<dude@noddy.com>", "S: 250 2.1.0 Ok"],
        &["RCPT TO:<anotherdude@target.local>", "S: 250 2.1.5 Ok"],
        &["DATA", "S: 354 go"],
        &["Hello.", ".", "S: 250 2.0.0 Ok: queued as 4ZK1"],
        &["QUIT", "S: 221 2.0.0 Bye", "* closed"],
    ] {
        lines.extend_from_slice(part);
        first.push(commands(&last(&lines)).first().cloned().unwrap_or_default());
    }
    assert_eq!(
        first,
        ["EHLO", "STARTTLS", "RCPT TO:", "DATA", "message ", "MAIL FROM:<dude@noddy.com>", "reconnect "],
        "the first step after each reply"
    );
}

#[test]
fn the_conversation_names_the_cause() {
    let with = |lines: &[&'static str]| last(&[&GREETED[..], lines].concat());
    let e = with(&["RCPT TO:<a@b.example>", "S: 503 5.5.1 Error"]);
    assert_eq!((e.category.as_str(), commands(&e)[0].as_str()), ("bad-sequence", "MAIL FROM:"));
    assert!(e.causes[0].contains("MAIL must come before RCPT"), "{:?}", e.causes);

    let e = with(&["RCPT TO:<a@b.example>", "S: 503 5.5.1 Error: need MAIL command"]);
    assert!(e.title.contains("MAIL has to come first"), "{}", e.title);

    let e = with(&["MAIL FROM:<dude@noddy.com>", "S: 250 ok", "DATA", "S: 503 5.5.1 Error"]);
    assert_eq!(commands(&e)[0], "RCPT TO:");

    let e =
        with(&["MAIL FROM:<>", "S: 250 ok", "RCPT TO:<friend@elsewhere.example>", "S: 554 5.7.1 Relay access denied"]);
    assert!(e.causes[0].contains("elsewhere.example is not this server's domain, and you have not"), "{:?}", e.causes);
    assert!(commands(&e).contains(&"RSET".to_owned()) && !commands(&e).contains(&"DATA".to_owned()), "{e:?}");
    assert_eq!(e.software.as_deref(), Some("Postfix"));

    assert_eq!(commands(&last(&["S: 554 no mail for you"])), ["QUIT"]);
    let cut = last(&["S: 220 mx", "S: 421 4.4.2 idle too long", "* closed"]);
    assert_eq!(commands(&cut), ["reconnect "]);
}

#[test]
fn a_line_that_was_not_understood_is_offered_mended() {
    let e = last(&[
        "S: 220 mx",
        "HELO noddy.com",
        "S: 250 mx",
        "MAIL FROM:<dude@noddy.com>",
        "S: 250 2.1.0 Ok",
        "RCPT TO :anotherdude@target.local",
        "S: 501 5.5.4 Syntax: RCPT TO:<address>",
    ]);
    assert_eq!(commands(&e)[0], "RCPT TO:<anotherdude@target.local>");
    assert!(!e.causes.iter().any(|cause| cause.contains("awaited")), "{:?}", e.causes);
    assert!(e.causes[0].contains("colon") || e.causes[0].contains("bracket"), "{:?}", e.causes);
}

#[test]
fn a_cause_may_say_what_it_claims_and_nothing_else() {
    let file = |cause: &str| {
        let text = format!(
            "[[reply]]\nmatch = 'odd'\ncategory = \"policy\"\ncauses = [{cause}, \"The moon\"]\nexamples = [\"550 odd\"]\n"
        );
        Knowledge::with_replies([("own.toml", text.as_str())])
    };
    let (knowledge, errors) = file("{ text = \"The line is bare\", claims = \"in-clear\" }");
    assert_eq!(errors, []);
    let left = |tls| {
        let context = Context { tls: Some(tls), ..Context::default() };
        explain(ReplyCode::new(550), None, "odd", &context, &knowledge).causes
    };
    assert_eq!(left(false), ["The line is bare", "The moon"]);
    assert_eq!(left(true), ["The moon"]);
    for (cause, want) in [
        ("{ text = \"x\", claims = \"in-colour\" }", "in-clear"),
        ("{ text = \"x\" }", "claims"),
        ("{ text = \"x\", claim = \"idle\" }", "claim"),
        ("7", "a cause: its words, or {"),
    ] {
        let errors = file(cause).1;
        assert!(errors.len() == 1 && errors[0].to_string().contains(want), "{errors:?}");
    }
}

#[test]
fn what_nobody_knows_to_be_there_is_no_first_step() {
    for text in ["554 5.7.1 <a@b.example>: Relay access denied", "550 5.7.1 relaying denied", "552 5.2.2 Mailbox full"]
    {
        let e = decode(text);
        let at = e.next.iter().position(|step| step.does == Does::Command("DATA".to_owned()));
        assert!(at.is_none_or(|at| at + 1 == e.next.len()), "{text}: {:?}", e.next);
        assert!(at.is_none_or(|at| e.next[at].text.contains("if another recipient was accepted")), "{text}");
    }
}
