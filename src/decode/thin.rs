//! How far the words of a reply decide: those that say nothing leave it open, those about something else do not count.

use super::tests::{after, decode, decode_in};
use super::{Asked, Context, Knowledge, explain_reply};
use crate::smtp::Verb;

/// A word that refusals of all kinds have says nothing by itself, and neither does what is none of our business.
#[test]
fn words_that_say_nothing_leave_the_cause_open() {
    for text in [
        "550 zippo here",
        "550 Not here",
        "554 nothing to see here",
        "550 user",
        "550 ask bigears@noddy.com",
        "550 foo",
        "550 Hello",
        "550 SPF OK, DKIM OK, still no",
        "550 5.7.1 SPF passed, but your domain is new",
        "550 The weather is bad here",
        "550 please call us",
        "451 maybe tomorrow",
    ] {
        let got = decode(text).category;
        assert!(matches!(got.as_str(), "unknown" | "mailbox-ambiguous"), "{text}: {got}");
    }
    // Two layers that agree are not opened again by words of which nobody is sure.
    assert_eq!(decode("421 4.3.5 Server configuration problem - try again later").category, "server-error");
}

/// What a success says of a part of the message, or of what was done with it besides, does not take it back.
#[test]
fn a_message_is_lost_where_the_words_say_so_of_itself() {
    for (text, lost) in [
        ("250 2.7.0 Ok, discarded, id=12345-01 - SPAM", true),
        ("250 ok dropped", true),
        ("250 Your message was deleted because of its attachment", true),
        ("250 2.0.0 Message accepted, 3 attachments dropped", false),
        ("250 Ok: discarded duplicates removed, queued as 12", false),
        ("250 OK, message dropped into the queue", false),
    ] {
        let title = decode_in(text, &Context { asked: Some(Asked::EndOfData), ..Context::default() }).title;
        assert_eq!(title.contains("nobody gets it"), lost, "{text}: {title}");
    }
    let context = Context { asked: Some(Asked::EndOfData), ..Context::default() };
    assert!(!decode_in("250 Ok: queued, not quarantined", &context).title.contains("held back"));
    assert!(decode_in("250 2.0.0 Ok: message quarantined", &context).title.contains("held back"));
    for text in [
        "450 4.7.0 Rate limit exceeded, please stop sending for one hour",
        "421 4.7.0 stop sending and try again later",
        "451 We will not send a bounce; try again later",
        "450 greylisted, do not send faster than every 5 minutes",
    ] {
        assert_eq!(decode(text).retry, Some(true), "{text}");
    }
}

/// postscreen teases with a line of a greeting, whose words are no ground of what follows.
#[test]
fn what_stands_before_a_code_of_another_class_is_not_what_the_reply_says() {
    let explained = |wire: &str| {
        let reply = crate::smtp::ReplyReader::default().feed(wire.as_bytes()).remove(0);
        explain_reply(&reply, &Context { asked: Some(Asked::Connect), ..Context::default() }, &Knowledge::shipped())
    };
    let teased = explained("220-mx wait a moment\r\n521 5.7.1 blocked using zen.example\r\n");
    assert!(!teased.notes.iter().any(|note| note.contains("try later")), "{:?}", teased.notes);
    let whole = explained("550-blocked using\r\n554 zen.example\r\n");
    assert_eq!(whole.category, "reputation");
}

/// Words that say little leave standing what such a code says by itself.
#[test]
fn a_code_that_means_one_thing_holds_beside_thin_words() {
    for (text, verb, category) in [
        ("501 a name", Verb::Helo, "syntax"),
        ("500 sorry, no", Verb::Mail, "syntax"),
        ("503 not now", Verb::Mail, "bad-sequence"),
        ("535 no way", Verb::Auth, "auth-failed"),
        ("454 4.7.0 not now", Verb::Auth, "auth-failed"),
    ] {
        assert_eq!(decode_in(text, &after(verb)).category, category, "{text}");
    }
}

/// A wording that many servers share names nobody, and what a reply names beside a general sentence is its reason.
#[test]
fn a_general_sentence_hides_no_reason_and_names_nobody() {
    for (text, category) in [
        (
            "421 4.3.2 mx.target.local Service not available, too many connections from your host",
            "too-many-connections",
        ),
        ("421 4.3.2 Service not available, too many connections from your host", "too-many-connections"),
        ("421 4.3.2 Too many connections from your host", "too-many-connections"),
        ("421 4.3.2 Service not available, maximum number of connections exceeded", "too-many-connections"),
        ("421 4.3.2 Service not available, closing transmission channel", "service-unavailable"),
        ("421 Service not available", "service-unavailable"),
        ("550 5.7.1 Message rejected due to spam content", "spam"),
    ] {
        let e = decode(text);
        assert_eq!((e.category.as_str(), e.software.as_deref()), (category, None), "{text}: {}", e.meaning);
    }
    assert_eq!(decode("421 #4.4.5 Too many connections from your host.").software.as_deref(), Some("Cisco ESA"));
}
