//! What is found by which line.

use super::*;
use crate::library::summary;

const NOW: &str = "2026-11-24T10:00:00Z";

fn query(line: &str) -> Query {
    Query::read(line, NOW.parse().expect("a time"), &TimeZone::UTC).unwrap_or_else(|why| panic!("{line}: {why}"))
}

/// A transcript with a long middle.
fn transcript(folder: &std::path::Path) -> Summary {
    let path = folder.join("a.smtp");
    let der = "QUFB".repeat(20);
    let middle = "2.000000 > NOOP\n2.000000 < 250 ok\n".repeat(20_000);
    let text = format!(
        "+++\nehlo = 1\ntitle = \"Is it open?\"\ntarget = \"smtp://mx.target.local:25\"\nprofile = \"front\"\n\
         started = 2026-11-23T10:00:00Z\n+++\n0.100000 * certificate n=0 der={der}\n0.200000 > HELO noddy\n\
         0.200000 < 250 mx\n{middle}3.000000 > MAIL FROM:<dude@noddy.com>\n3.000000 < 250 ok\n\
         3.000000 > RCPT TO:<friend@elsewhere.example>\n\
         3.100000 < 554 5.7.1 <friend@elsewhere.example>: Relay access denied by DOMAIN\\\\user\n\
         3.200000 * set tag=slow\n"
    );
    std::fs::write(&path, text).expect("written");
    summary(&path)
}

#[test]
fn each_word_and_each_key_must_hold() {
    let folder = tempfile::tempdir().expect("a directory");
    let summary = transcript(folder.path());
    let holds = |line: &str| query(line).look_into(&summary).expect("it is read") != Sought::Absent;
    for line in [
        "",
        "relay",
        "denied relay",
        "\"relay access denied\"",
        "Relay",
        "/r.lay acc/",
        "DOMAIN\\user",
        "RCPT TO:<friend@elsewhere.example>",
        "open",
        "slow",
        "front relay",
        "host:target.local code:554 code:5xx code:5.7 -code:none",
        "tag:slow to:friend title:open profile:front",
        "since:2d until:today larger:500kB smaller:1MB",
        "since:2026-11-23 until:2026-11-23",
        "after:2026-11-22 before:2026-11-24",
        "RCPT \"to:<friend\" elsewhere.example>:",
        "-qufb",
        "-greylisted -tag:fast",
        "end:none -end:cut end:",
    ] {
        assert!(holds(line), "{line}");
    }
    for line in [
        "greylisted",
        "relay greylisted",
        "RELAY",
        "qufb",
        "-relay",
        "-open",
        "-code:5xx relay",
        "host:other relay",
        "code:250",
        "code:5.1",
        "code:none",
        "tag:slo",
        "since:today",
        "until:2026-11-22",
        "before:2026-11-23",
        "after:2026-11-23",
        "localhost:26002",
        "since:3h",
        "smaller:1kB",
    ] {
        assert!(!holds(line), "{line}");
    }
}

#[test]
fn a_filter_that_there_is_none_of_is_told_with_those_that_there_are() {
    let read = |line: &str| Query::read(line, NOW.parse().expect("a time"), &TimeZone::UTC);
    let said = read("subject:hello").expect_err("no filter").to_string();
    assert!(said.contains("`subject:` is no filter") && said.contains("until: before:"), "{said}");
    for text in ["\"subject:hello\"", "mx:25", "smtp://mx", "from:<a@b>", "note:", "DOMAIN:x"] {
        assert!(read(text).is_ok(), "{text}");
    }
}

#[test]
fn the_place_is_given_with_the_line_of_the_file() {
    let folder = tempfile::tempdir().expect("a directory");
    let summary = transcript(folder.path());
    let found = query("slow access").look_into(&summary).expect("read");
    let text = "< 554 5.7.1 <friend@elsewhere.example>: Relay access denied by DOMAIN\\\\user";
    assert_eq!(found, Sought::At(Found { line: 40_014, text: text.to_owned() }));
    assert_eq!(query("tag:slow").look_into(&summary).expect("read"), Sought::Known);
    assert!(query("relay").look_into(&Summary::default()).is_err(), "there is no such file");
}

#[test]
fn of_a_long_line_what_is_about_the_place_is_given() {
    let long = format!("1.000000 > {} needle {}\n", "a".repeat(5_000), "b".repeat(5_000));
    let at = long.find("needle").expect("it is there");
    let shown = excerpt(long.as_bytes(), at);
    assert!(shown.starts_with("…aaaa") && shown.contains(" needle bbb"), "{shown}");
    assert_eq!(shown.chars().count(), SHOWN + 1);
}

#[test]
fn what_no_reply_ended_is_found_by_how_it_ended() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("cut.smtp");
    let text = "+++\nehlo = 1\n+++\n0.0 * connecting a\n0.0 * connected a\n0.0 < 220 mx\n0.0 > EHLO a\n0.0 < 250 mx\n\
                0.0 > MAIL FROM:<a@b>\n0.0 < 250 ok\n0.0 > RCPT TO:<c@d>\n0.0 * closed by=server\n";
    std::fs::write(&path, text).expect("written");
    let summary = summary(&path);
    for line in ["end:cut", "end:c", "code:none", "-code:250", "\"cut, no reply to RCPT\""] {
        assert_ne!(query(line).look_into(&summary).expect("it is read"), Sought::Absent, "{line}");
    }
    for line in ["end:tls", "end:none", "code:250"] {
        assert!(!query(line).admits(&summary), "{line}");
    }
}

#[test]
fn what_is_no_time_size_or_expression_is_said() {
    let now = NOW.parse().expect("a time");
    for (line, why) in [
        ("since:soon", "`soon` is no time"),
        ("larger:big", "`big` is no size"),
        ("code:abc", "`abc` is no code; write it like 550"),
        ("code:5.7.1.2", "is no code"),
        ("end:dead", "`dead` is no end; there are cut, unanswered, abandoned, tls, silence, failed, and none"),
        ("/a(/", "is no regular expression: unclosed group"),
        ("/a{1000}{1000}/", "it is too large"),
    ] {
        let error = Query::read(line, now, &TimeZone::UTC).expect_err(line).to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(query("\"\" - --").is_empty());
}

/// As one types, letter by letter: no index is kept for it, since without one it is less than a tenth of a second. Without
/// optimisation, and beside other tests, it may take some times that.
#[test]
fn a_thousand_conversations_are_looked_through_as_one_types() {
    let folder = tempfile::tempdir().expect("a directory");
    let summaries: Vec<Summary> = (0..1000)
        .map(|n| {
            let lines =
                format!("1.000000 > RCPT TO:<somebody{n}@target.local>\n1.100000 < 250 2.1.5 Recipient {n} is fine\n");
            let text = format!("+++\nehlo = 1\n+++\n{}2.000000 < 550 5.7.1 Relaying denied {n}\n", lines.repeat(40));
            let path = folder.path().join(format!("{n:04}.smtp"));
            std::fs::write(&path, &text).expect("written");
            Summary { path, size: text.len() as u64, ..Summary::default() }
        })
        .collect();
    for typed in ["r", "rel", "relay", "relaying denied 77", "nowhere", "/den.ed 9+/"] {
        let query = query(typed);
        let round = || {
            let begun = std::time::Instant::now();
            let found = summaries.iter().filter(|it| query.look_into(it).expect("read") != Sought::Absent).count();
            (begun.elapsed(), found)
        };
        // What else this machine does meanwhile is not the search's.
        let (took, found) = (0..10).map(|_| round()).min().expect("some");
        let most = std::time::Duration::from_millis(if cfg!(debug_assertions) { 600 } else { 100 });
        assert!(took < most, "{typed}: {took:?}");
        assert_eq!(found > 0, typed != "nowhere", "{typed}");
    }
}
