//! What has to hold of every refusal, and what was once told of some that was not so.

use super::tests::{after, commands, decode, decode_in, said};
use super::{Asked, Class, Context, Does, Explanation, Knowledge, Spoke, explain_text};
use crate::smtp::{Phase, Verb};

/// There is a way on; and where what is told of another try is not what the code says, that is pointed out.
pub(super) fn is_sound(e: &Explanation, text: &str) {
    if !e.class.is_refusal() {
        return;
    }
    assert!(!e.next.is_empty(), "no way on: {text}");
    let against = e.retry == Some(e.class == Class::Permanent);
    let told = e.notes.iter().any(|note| note.contains("says never") || note.contains("says later"));
    assert!(told || !against, "another try against the code, without a word: {text}: {e:#?}");
}

fn at(asked: Asked) -> Context {
    Context { asked: Some(asked), ..Context::default() }
}

#[test]
fn every_code_leads_on() {
    let knowledge = Knowledge::shipped();
    let book = knowledge.book();
    let numbers = book.codes().map(|entry| entry.code.to_string());
    // What only ever comes with a success says nothing of a refusal.
    let of_refusals = book.enhanced_codes().iter().filter(|entry| entry.category != "ok");
    let enhanced = of_refusals.flat_map(|entry| {
        let first = entry.code.split('-').next().unwrap_or_default().to_owned();
        ["4", "5"].map(|class| first.replacen('X', class, 1))
    });
    for text in numbers.chain(enhanced) {
        let e = explain_text(&text, &knowledge).expect("a code");
        is_sound(&e, &text);
        assert!(!e.title.contains("no reason that is known"), "{text}: {}", e.title);
    }
}

#[test]
fn a_success_that_takes_itself_back_is_no_delivery() {
    let dot = at(Asked::EndOfData);
    for text in [
        "250 2.7.0 Ok, discarded, id=12345-01 - SPAM",
        "250 2.7.1 Ok, discarded, id=00123-08 - INFECTED: Eicar",
        "250 2.0.0 OK, message dropped",
        "250 Message was silently discarded",
    ] {
        let e = decode_in(text, &dot);
        assert!(e.title.contains("nobody gets it") && e.meaning.contains("no bounce"), "{text}: {}", said(&e));
        assert!(e.notes.iter().any(|note| note.contains("thrown away")), "{text}: {:?}", e.notes);
    }
    assert!(decode_in("250 2.0.0 Ok: message quarantined", &dot).title.contains("held back"));
    for (text, context) in [
        ("250 Message rejected as spam", &dot),
        ("250 Message rejected as spam", &Context::default()),
        ("250 User unknown", &after(Verb::Rcpt)),
        ("250 2.1.5 no such user, will bounce", &after(Verb::Rcpt)),
        ("250 relay access denied", &after(Verb::Rcpt)),
    ] {
        let e = decode_in(text, context);
        assert!(e.notes.iter().any(|note| note.contains("contradict each other")), "{text}: {}", said(&e));
        assert_eq!(e.category, "ok", "{text}");
    }
    for (text, context) in [
        ("250 2.0.0 Ok: queued as 4ZK1", &dot),
        ("250 2.0.0 Message accepted for delivery", &dot),
        ("250 OK id=1abcde-000123-Ab, spam score 0.1", &dot),
        ("250 2.1.5 <user@target.example> recipient ok", &after(Verb::Rcpt)),
        ("250 mx.target.example Hello unknown [192.0.2.1]", &after(Verb::Ehlo)),
        ("250 spam-filter.target.example", &after(Verb::Helo)),
        ("220 access denied to spammers, your mail will be discarded", &at(Asked::Connect)),
    ] {
        assert!(decode_in(text, context).notes.is_empty(), "{text}: {:?}", decode_in(text, context).notes);
    }
}

#[test]
fn what_is_still_being_asked_is_tried_again_as_it_was() {
    let rcpt = Context { rcpt: Some("a@b.example".to_owned()), after: Some(Phase::Mail), ..after(Verb::Rcpt) };
    for reason in
        ["Address verification in progress", "probe in progress", "connect to mx[192.0.2.9]:25: Connection timed out"]
    {
        let e = decode_in(
            &format!("450 4.1.1 <a@b.example>: Recipient address rejected: unverified address: {reason}"),
            &rcpt,
        );
        assert_eq!((commands(&e)[0].as_str(), e.retry), ("RCPT TO:<a@b.example>", Some(true)), "{reason}");
        assert!(!e.title.contains("there is no such mailbox"), "{}", e.title);
    }
    let e = decode_in("451 Could not complete recipient verify callout", &rcpt);
    assert_eq!(commands(&e)[0], "RCPT TO:<a@b.example>");
    let mail = Context { from: Some("a@b.example".to_owned()), after: Some(Phase::Ready), ..after(Verb::Mail) };
    let e = decode_in(
        "450 4.1.7 <a@b.example>: Sender address rejected: unverified address: Address verification in progress",
        &mail,
    );
    assert_eq!(commands(&e)[0], "MAIL FROM:<a@b.example>");
    assert!(e.title.contains("still being asked"), "{}", e.title);
}

#[test]
fn what_waits_in_a_queue_is_not_given_up() {
    for (text, category) in [
        ("retry time not reached for any host for 'slow.example'", "network"),
        ("450 4.4.1 delivery temporarily suspended: connect to mx[192.0.2.1]:25: Connection refused", "network"),
        ("450 4.7.5 delivery temporarily suspended: Server certificate not trusted", "tls-failed"),
        ("450 4.3.2 deferred transport", "expired"),
        ("450 4.3.0 delivery temporarily suspended: see below", "expired"),
        (
            "450 4.3.0 delivery temporarily suspended: host mx[192.0.2.1] said: 421 4.7.0 Too many connections from you",
            "too-many-connections",
        ),
    ] {
        let e = explain_text(text, &Knowledge::shipped()).expect("words");
        assert_eq!(e.category, category, "{text}");
        assert!(!said(&e).contains("gave up") && !said(&e).contains("as long as"), "{text}: {}", said(&e));
    }
    for text in ["550 retry timeout exceeded", "550 retry time not reached for any host after a long failure period"] {
        assert_eq!(decode(text).category, "expired", "{text}");
    }
}

#[test]
fn a_host_that_serves_no_mail_is_no_passing_fault() {
    for text in [
        "554 No SMTP service here",
        "554 mx.example.net No SMTP service here",
        "554 SMTP service not available",
        "521 mx.example.net does not accept mail",
        "521 x",
    ] {
        let e = decode_in(text, &at(Asked::Connect));
        assert_eq!((commands(&e)[0].as_str(), e.retry), ("QUIT", Some(false)), "{text}: {:?}", e.next);
        assert!(!said(&e).contains("at the moment") && !said(&e).contains("idle"), "{text}: {}", said(&e));
        assert!(!e.next.iter().any(|step| step.text.contains("after a while")), "{text}: {:?}", e.next);
    }
}

#[test]
fn tls_that_runs_already_is_said_to_run() {
    for text in
        ["554 5.5.1 Error: TLS already active", "503 5.5.1 TLS already started", "504 5.7.4 Already in TLS mode."]
    {
        let e = decode_in(text, &after(Verb::Starttls));
        assert!(e.title.contains("encrypted already") && commands(&e)[0].starts_with("EHLO"), "{text}: {e:?}");
    }
}

#[test]
fn words_and_code_on_another_try() {
    for (text, retry, note) in [
        ("451 Your IP is permanently blocked, do not retry", false, true),
        ("450 User unknown, permanently rejected", false, true),
        ("550 5.7.705 Access denied, tenant has exceeded threshold", false, false),
        ("550 5.4.5 Daily user sending limit exceeded", true, true),
        ("550 Requested action not taken, please try again later", false, true),
        ("550 Please do not try again", false, false),
        ("550 I'm not going to try again; this message has been in the queue too long", false, false),
        ("534 5.7.14 Please log in via your web browser and then try again. - gsmtp", false, false),
        ("450 4.3.2 Service currently unavailable", true, false),
        ("450 4.7.1 please do not try more than once per 5 minutes", true, false),
        ("550 Message rate limit reached, please retry in one hour", true, true),
        ("550 5.1.1 Mailbox does not exist on this server. Please check the address and try again", false, false),
        ("550 5.7.1 Client host rejected: Stop sending phishing scams", false, false),
    ] {
        let e = decode(text);
        let told = e.notes.iter().any(|note| note.contains("says never") || note.contains("says later"));
        assert_eq!((e.retry, told), (Some(retry), note), "{text}: {:?}", e.notes);
    }
}

#[test]
fn a_providers_own_code_is_read_as_the_providers() {
    for (text, says) in [
        (
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "Recipient not found",
        ),
        ("550 5.1.10 Recipient not found", "Recipient not found"),
        ("534-5.7.14 Please log in via your web browser and\n534 5.7.14 then try again.", "Web log-in needed"),
    ] {
        let e = decode(text);
        let layer = e.layers.iter().find(|layer| layer.by == Spoke::Enhanced).expect("its code speaks");
        assert_eq!((layer.says.as_str(), e.notes.len()), (says, 0), "{text}: {:?}", e.notes);
    }
}

#[test]
fn titles_and_causes_are_those_of_what_was_recognised() {
    let all = |text: &str, asked: Asked| said(&decode_in(text, &at(asked)));
    let (rcpt, mail) = (Asked::Verb(Verb::Rcpt), Asked::Verb(Verb::Mail));
    for (text, asked, never) in [
        ("552 5.2.2 Mailbox full", rcpt, "too many recipients"),
        ("552 5.2.2 The recipient's inbox is out of storage space", rcpt, "too many recipients"),
        ("552 5.3.4 too big", Asked::EndOfData, "mailbox is full"),
        ("534 5.7.9 no", Asked::Verb(Verb::Auth), "password is wrong"),
        ("550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", mail, "names the way"),
        ("550 5.7.193 no", rcpt, "does not exist"),
        ("450 4.7.1 <foo>: Helo command rejected: Host not found", Asked::Verb(Verb::Ehlo), "no proper name"),
        ("550 2.1.5 ok", rcpt, "is valid"),
    ] {
        assert!(!all(text, asked).contains(never), "{text}: {}", all(text, asked));
    }
    let alone = explain_text("5.5.1", &Knowledge::shipped()).expect("a code");
    assert!(alone.title.ends_with("invalid command"), "{}", alone.title);
}

#[test]
fn of_a_success_no_layer_speaks_of_a_refusal() {
    for text in ["250 2.1.0 Ok", "235 2.7.0 Ok", "250 2.6.0 Ok", "250 2.0.0 Ok"] {
        for layer in decode(text).layers {
            assert!(layer.category == "ok" && !layer.says.contains("problem"), "{text}: {layer:?}");
        }
    }
}

#[test]
fn a_new_address_is_asked_for_where_it_belongs() {
    let moved = "551 5.1.6 <old@b.example> User not local; please try <new@other.example>";
    let e = decode_in(moved, &Context { rcpt: Some("old@b.example".to_owned()), ..after(Verb::Rcpt) });
    assert_eq!(commands(&e)[..2], ["connect mx:other.example", "RCPT TO:<new@other.example>"]);
    let e = decode_in(
        "551 5.1.6 moved to new@b.example",
        &Context { rcpt: Some("old@b.example".to_owned()), ..after(Verb::Rcpt) },
    );
    assert_eq!(commands(&e)[0], "RCPT TO:<new@b.example>");
    // An address that is only the old one is not called new.
    let e = decode("551 5.1.6 <old@b.example> has moved");
    assert!(
        !e.next.iter().any(|step| matches!(&step.does, Does::Command(line) if line.contains("old@"))),
        "{:?}",
        e.next
    );
}

#[test]
fn greetings_are_known_by_their_software() {
    for (text, name) in [
        ("220 mx.target.example ESMTP Postfix (Zimbra)", "Zimbra"),
        ("220 mx.target.example KumoMTA", "KumoMTA"),
        ("220 mx.target.example (PowerMTA(TM) v4.5r11) ESMTP service ready", "PowerMTA"),
        ("220 2.0.0 mx.target.example ESMTP ecelerity 4.2.38.62370 r(Core:4.2.38.12)", "Momentum"),
        ("220 mx.target.example ESMTP Halon", "Halon"),
        ("220 mx.target.example ESMTP Service (Lotus Domino Release 8.5.3FP6) ready", "Domino"),
        ("220 mx.target.example ESMTP Service (HCL Domino Release 12.0.2) ready", "Domino"),
        ("220 mx.target.example ESMTP CommuniGate Pro 6.3.1", "CommuniGate Pro"),
        ("220 mx.target.example GroupWise Internet Agent 18.3.1 Ready (C)", "GroupWise"),
        ("220 ****2***0", "Cisco firewall"),
    ] {
        let e = decode_in(text, &at(Asked::Connect));
        assert_eq!(e.software.as_deref(), Some(name), "{text}");
    }
    let masked = decode_in("220 ************************2******200****0*00", &at(Asked::Connect));
    assert!(masked.title.contains("masks") && masked.category == "ok", "{}", masked.title);
}

#[test]
fn too_many_wrong_commands_are_no_matter_of_time() {
    for text in [
        "421 4.7.0 Error: too many errors",
        "421 Too many unknown commands",
        "500 5.5.1 Too many bad commands",
        "421 Too many syntax errors, goodbye",
    ] {
        let e = decode(text);
        assert!(e.title.contains("too many wrong commands on this connection"), "{text}: {}", e.title);
        assert_eq!(commands(&e), ["reconnect "], "{text}");
    }
}

#[test]
fn what_is_no_base64_says_nothing_of_the_credentials() {
    for text in [
        "501 5.5.2 Error: invalid base64 data in continued response",
        "501 Invalid base64 data",
        "501 5.5.2 Cannot decode AUTH parameter",
        "535 5.7.8 cannot base64-decode your answer: not base64",
    ] {
        let e = decode(text);
        assert!(e.title.ends_with("the answer is no base64"), "{text}: {}", e.title);
        assert!(e.causes[0].contains("no $ stood before it"), "{text}: {:?}", e.causes);
    }
}
