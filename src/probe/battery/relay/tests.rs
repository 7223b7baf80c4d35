use super::forms::{controls, forms};
use super::*;
use crate::probe::tests::Stage;

#[test]
fn there_are_at_least_twenty_forms_and_no_two_alike() {
    let stage = Stage::new("* connected 127.0.0.1:25 from 127.0.0.1:4711\n< 220 mx.target.local\n");
    let subject = stage.subject();
    let all = forms(&subject);
    assert!(all.len() >= 28, "{}", all.len());
    for (n, form) in all.iter().enumerate() {
        assert!(!all[..n].iter().any(|other| other.rcpt == form.rcpt && other.mail == form.mail), "{form:?}");
        assert!(!form.rcpt.contains(['{', '}']) && !form.mail.contains(['{', '}']), "{form:?}");
    }
    assert_eq!(controls(&subject).nobody.len(), 4);
}

/// Answers the forms by this rule, and judges.
fn judged(answer: impl Fn(&str) -> &'static str) -> Vec<(Severity, String)> {
    let stage = Stage::new("* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 mx.target.local\n");
    let subject = stage.subject();
    let mut talks = Vec::new();
    while let Some(script) = next(&subject, &talks) {
        talks.push(Stage::play(&script, &answer));
        assert!(talks.len() < 60, "it comes to an end");
    }
    judge(&subject, &talks).into_iter().map(|finding| (finding.severity, finding.title)).collect()
}

#[test]
fn a_closed_server_is_good() {
    let found = judged(|line| match line {
        _ if line.starts_with("RCPT TO:<anotherdude@target.local>") => "250 2.1.5 Ok",
        _ if line.starts_with("RCPT") => "554 5.7.1 Relay access denied",
        _ => "250 Ok",
    });
    assert_eq!(found[0].0, Severity::Good, "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn who_is_on_a_block_list_is_told_to_test_from_elsewhere() {
    let stage = Stage::new("* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 mx.target.local\n");
    let subject = stage.subject();
    let mut talks = Vec::new();
    let listed = "550 5.7.1 Service unavailable; client [198.51.100.7] blocked using zen.spamhaus.org";
    while let Some(script) = next(&subject, &talks) {
        talks.push(Stage::play(&script, &|line: &str| if line.starts_with("RCPT") { listed } else { "250 Ok" }));
    }
    let found = &judge(&subject, &talks)[0];
    assert!(found.words.contains("(zen.spamhaus.org)") && found.cure.contains("another address"), "{found:?}");
}

/// A server that hangs up has said something all the same.
#[test]
fn what_the_first_conversation_has_shown_is_told_though_it_was_cut() {
    let stage = Stage::new(
        "* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 mx.target.local ESMTP Postfix\n> EHLO a.example\n\
         < 250-mx.target.local\n< 250 SIZE 1000\n> MAIL FROM:<a@b.example>\n",
    );
    let titles: Vec<_> = super::super::seen(&stage.subject()).into_iter().map(|finding| finding.title).collect();
    for words in ["It greets: 220 mx.target.local", "Postfix", "SIZE"] {
        assert!(titles.iter().any(|title| title.contains(words)), "{words}: {titles:?}");
    }
}

#[test]
fn a_refusal_that_says_later_is_one_all_the_same_where_it_names_relaying() {
    let found = judged(|line| match line {
        _ if line.starts_with("RCPT TO:<anotherdude@target.local>") => "250 2.1.5 Ok",
        _ if line.starts_with("RCPT") => "454 4.7.1 <a@b>: Relay access denied",
        _ => "250 Ok",
    });
    assert_eq!((found[0].0, found.len()), (Severity::Good, 1), "{found:?}");
}

#[test]
fn an_open_relay_is_told_from_one_that_takes_everybody_and_from_a_catch_all() {
    let open =
        judged(
            |line| if line.contains("ehlo-probe-") && line.ends_with("@target.local>") { "550 no" } else { "250 Ok" },
        );
    assert!(open[0].0 == Severity::High && open[0].1.contains("not proven relayed"), "{open:?}");
    let everybody = judged(|_| "250 Ok");
    assert!(everybody[0].0 == Severity::Medium && everybody[0].1.contains("everybody"), "{everybody:?}");
    let catch_all =
        judged(|line| if line.starts_with("RCPT") && !line.ends_with("@target.local>") { "554 no" } else { "250 Ok" });
    assert!(catch_all[0].0 == Severity::Low && catch_all[0].1.contains("catch-all"), "{catch_all:?}");
}

#[test]
fn a_percent_hack_that_is_taken_apart_is_seen() {
    let found = judged(|line| match line {
        _ if line.contains('%') || line.contains("<anotherdude@") => "250 Ok",
        _ if line.starts_with("RCPT") => "554 5.7.1 no",
        _ => "250 Ok",
    });
    assert!(found[0].0 == Severity::High && found[0].1.contains("percent hack"), "{found:?}");
}

/// What a server takes for its own is no relay, and the sentence on a relay does not stand above it.
#[test]
fn a_catch_all_that_refuses_every_foreign_domain_is_no_relay() {
    let found = judged(|line| if line.starts_with("RCPT") && line.contains("example") { "550 no" } else { "250 Ok" });
    assert!(found[0].0 == Severity::Low && found[0].1.contains("catch-all"), "{found:?}");
    let hidden = judged(|line| match line {
        _ if !line.starts_with("RCPT") || line.contains('%') || line.contains("target.local") => "250 Ok",
        _ => "550 relay denied",
    });
    let (severity, title) = &hidden[0];
    assert!(*severity == Severity::Medium && title.contains("source route by the domain"), "{hidden:?}");
    let route = judged(|line| if line.starts_with("RCPT TO:<@") { "250 Ok" } else { "550 no" });
    assert!(route.iter().all(|(severity, _)| *severity != Severity::High), "MAIL was refused: {route:?}");
    let route = judged(|line| match line {
        _ if line.starts_with("RCPT TO:<@") || !line.starts_with("RCPT") => "250 Ok",
        _ => "550 no",
    });
    assert!(route[0].0 == Severity::High && route[0].1.contains("source route"), "{route:?}");
}

#[test]
fn a_server_that_puts_everybody_off_tells_nothing() {
    let found = judged(|line| if line.starts_with("RCPT") { "450 4.2.0 Greylisted" } else { "250 Ok" });
    assert!(found.iter().all(|(severity, _)| *severity == Severity::Unknown), "{found:?}");
}

#[test]
fn a_domain_of_the_servers_own_is_not_foreign() {
    let mut stage = Stage::new("* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 mx.noddy.com\n");
    assert_eq!(unfit(&stage.subject()), None);
    for own in ["anotherdude@TARGET.local", "dude@noddy.com.", "dude@mx.noddy.com"] {
        own.clone_into(&mut stage.aims.foreign);
        assert!(unfit(&stage.subject()).is_some_and(|why| why.contains("--foreign")), "{own}");
    }
}

/// A server of several domains knows the mailboxes of each.
#[test]
fn who_knows_the_mailboxes_of_a_domain_is_no_relay_for_it() {
    let found = judged(|line| match line {
        _ if line.starts_with("RCPT TO:<ehlo-probe-") => "550 5.1.1 User unknown",
        _ => "250 Ok",
    });
    assert_eq!((found[0].0, found.len()), (Severity::Unknown, 1), "{found:?}");
}

#[test]
fn a_form_that_differs_by_its_sender_shows_it() {
    let stage = Stage::new("* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 mx.target.local\n");
    let subject = stage.subject();
    let mut talks = Vec::new();
    while let Some(script) = next(&subject, &talks) {
        talks.push(Stage::play(&script, &|_| "250 Ok"));
    }
    let heard = Heard::of(&subject, &talks);
    for (form, answer) in &heard.forms {
        let lines = answer.as_ref().map_or(0, |answer| answer.records.len());
        assert_eq!(lines, if form.by_sender { 4 } else { 2 }, "{form:?}");
    }
}
