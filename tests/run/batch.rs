//! Many conversations: several at once, over and over, reported for programs, compared between two servers, and made into
//! scripts.

use super::*;

const GOOD: &str = "< 220\n> HELO noddy.com\n< 250\n> QUIT\n< 221\n";
const BAD: &str = "< 220\n> HELO noddy.com\n< 550 /<no>/\n> QUIT\n";

#[test]
fn several_at_once_are_reported_in_order_as_programs_want_it() {
    let desk = Desk::new();
    let [good, bad] = [("good.smtp", GOOD), ("bad.smtp", BAD)].map(|(name, text)| desk.write(name, text));
    let [good, bad] = [&good, &bad].map(|path| path.to_str().expect("UTF-8"));
    let lab = [good, bad, "--target", "lab:", "--jobs", "3", "--repeat", "2"];
    let ran = desk.run(&[&lab[..], &["--report", "tap"]].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let tests: Vec<&str> = ran.out.lines().filter(|line| line.contains("ok ")).collect();
    let line = |n: usize| if n % 2 == 1 { format!("ok {n} - {good}") } else { format!("not ok {n} - {bad}") };
    assert_eq!(tests, [1, 2, 3, 4].map(line), "{}", ran.out);
    assert!(ran.out.starts_with("TAP version 14\n1..4\n") && ran.out.contains("line 3: < 550 /<no>/"), "{}", ran.out);

    let ran = desk.run(&[&lab[..], &["--report", "junit"]].concat());
    let suites = "<testsuites name=\"ehlo run\" tests=\"14\" failures=\"2\" errors=\"0\" time=";
    ran.expect(1, &[suites, "<failure type=\"failed\" message=\"", "name=\"line 3: &lt; 550 /&lt;no&gt;/\""]);
    let ran = desk.run(&[&lab[..], &["--report", "text"]].concat());
    ran.expect(1, &["2 of 4 as expected", "FAILED"]);
    assert!(!ran.out.contains("-> HELO"), "only the report is printed");
    let ran = desk.run(&[&lab[..], &["--report", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(4));

    let ran = desk.run(&lab);
    let closed = ran.out.matches("=== closed").count();
    assert!(closed == 4 && ran.out.matches(" -> QUIT").count() == 4, "{}", ran.out);
    let blocks: Vec<&str> = ran.out.split(" -> HELO").collect();
    assert!(blocks[1..].iter().all(|block| block.contains(" -> QUIT")), "they are not mixed up: {}", ran.out);
}

#[test]
fn a_bad_script_of_several_is_an_error_in_the_report_and_the_others_are_played() {
    let desk = Desk::new();
    let [good, bad] = [("good.smtp", GOOD), ("bad.smtp", "< 220\n> \\q\n")].map(|(name, text)| desk.write(name, text));
    let [good, bad] = [&good, &bad].map(|path| path.to_str().expect("UTF-8"));
    let lab = [good, bad, good, "--target", "lab:"];
    let ran = desk.run(&[&lab[..], &["--report", "tap"]].concat());
    let not = format!("not ok 2 - {bad}");
    ran.expect(2, &["1..3", "ok 1 - ", &not, "ok 3 - ", "bad.smtp:2:"]);
    let ran = desk.run(&[&lab[..], &["--report", "junit"]].concat());
    ran.expect(2, &["errors=\"1\"", "<error type=\"exit 2\" message=\""]);
    let ran = desk.run(&[&lab[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert!(json["runs"][1]["problem"].as_str().is_some_and(|words| words.contains("bad.smtp:2:")), "{json}");
    // One that is not there takes nothing from the one beside it, which is named as it is kept.
    desk.write("state/transcripts/2026/2026-01-01-120000-lab.smtp", GOOD);
    let ran = desk.run(&["2026-01-01-120000-lab", "nothing", "--target", "lab:", "--report", "tap"]);
    ran.expect(2, &["\nok 1 - ", "not ok 2 - nothing", "no conversation of that name"]);
    // Without a report nothing connects.
    let ran = desk.run(&lab);
    assert!(ran.code == Some(2) && !ran.out.contains("HELO"), "{}", ran.out);
}

#[test]
fn what_another_program_wrote_is_no_script_and_the_cure_is_said() {
    let desk = Desk::new();
    let pasted = desk.write("pasted.txt", "Trying 192.0.2.5...\nConnected to mx.\n220 mx\nQUIT\n221 bye\n");
    let ran = desk.run(&[pasted.to_str().expect("UTF-8"), "--target", "lab:"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("a session pasted from telnet") && ran.err.contains("ehlo convert "), "{}", ran.err);
}

#[test]
fn a_conversation_with_two_servers_says_how_they_differ() {
    let desk = Desk::new();
    let script = "> HELO noddy.com\n> MAIL FROM:<dude@noddy.com>\n> RCPT TO:<anotherdude@target.local>\n> QUIT\n";
    desk.script(script, &["--target", "lab:", "--against", "lab:", "--exact"])
        .expect(0, &["5 exchanges compared, 0 differ"]);
    // What is made anew for each run is the same with both.
    let named = SENDS_MAIL.replacen("> EHLO", "> NOOP {{uuid}}\n> EHLO", 1);
    let twice = ["--target", "lab:", "--against", "lab:", "--repeat", "2"];
    let ran = desk.script(&named, &twice);
    assert_eq!(ran.out.matches(" 0 differ").count(), 2, "{}", ran.out);
    let greylisted = ["--target", "lab:", "--against", "lab:greylisting"];
    desk.script(script, &greylisted)
        .expect(1, &["! RCPT TO:<anotherdude@target.local>", "- 250", "+ 450", "=== - lab:"]);
    let ran = desk.script(script, &[&greylisted[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(json["compared"][0]["equal"].as_bool(), Some(false), "{json}");
    // Of what can't go on only what a server said is its difference; the rest is ehlo's doing, and told as that.
    let mail = "< 220\n> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250 2.1.0\n\
        > RCPT TO:<anotherdude@target.local>\n< 250 2.1.5\n> DATA\n< 354\n| Subject: x\n> .\n< 250\n> QUIT\n< 221\n";
    let held = ["x DATA\n    not sent   + ehlo held it back", "2 held back by ehlo (x)"];
    desk.script(mail, &[&greylisted[..], &["--quiet"]].concat()).expect(1, &held);
    let ran = desk.script(mail, &[&greylisted[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let of = |line: &str| json["compared"][0]["exchanges"].as_array()?.iter().find(|it| it["left"]["line"] == line);
    assert_eq!(of("DATA").map(|it| [&it["held_back"], &it["differs"]]), Some([&true.into(), &false.into()]), "{json}");
    assert!(desk.transcripts().contains(" * held DATA \"held back after a failed expectation\"\n"));
    // No enhanced status codes: the same conversation all the same.
    desk.script(mail, &["--target", "lab:", "--against", "lab:exim", "--quiet"])
        .expect(1, &["1 message handed over\n=== - lab:default", "+ none"]);
    let ran = desk.script(mail, &["--target", "lab:exim"]);
    ran.expect(1, &["held back after a failed expectation"]);
    let ran = desk.script(script, &[&greylisted[..], &["--report", "text"]].concat());
    ran.expect(1, &["FAILED", "compared with lab:greylisting: 5 exchanges compared, 1 differ", "code - 250 + 450"]);
    let ran = desk.script(script, &[&greylisted[..], &["--report", "junit"]].concat());
    ran.expect(1, &["RCPT TO:&lt;anotherdude@target.local&gt;", "code - 250 + 450"]);
    // What both refuse is no difference.
    let refused = script.replace("target.local", "elsewhere.example");
    desk.script(&refused, &["--target", "lab:", "--against", "lab:"]).expect(0, &["0 differ"]);
    desk.script(&refused, &["--target", "lab:", "--against", "127.0.0.1:1"]).expect(3, &[]);
}

#[test]
fn a_recording_becomes_a_script_that_holds() {
    let desk = Desk::new();
    let saved = desk.path("saved.smtp");
    let saved = saved.to_str().expect("UTF-8");
    let script =
        format!("{}> RCPT TO:<friend@elsewhere.example>\n> QUIT\n", SENDS_MAIL.replace("> QUIT\n", "> MAIL FROM:<>\n"));
    desk.script(&script, &["--target", "lab:", "--save", saved]).expect(8, &[]);
    let made = desk.path("made.smtp");
    let made = made.to_str().expect("UTF-8");
    desk.run(&["--record", saved, "--save", made]).expect(0, &[]);
    let text = std::fs::read_to_string(made).expect("written");
    for line in
        ["> EHLO {{ehlo}}", "> MAIL FROM:<{{from}}>", "< 354", "< 554 5.7.1", "? capability STARTTLS", "| ..a dot"]
    {
        assert!(text.lines().any(|own| own == line), "{line}: {text}");
    }
    desk.run(&[made, "--target", "lab:"]).expect(0, &["1 message handed over"]);
    desk.run(&[made, "--target", "lab:", "--var", "from=other@noddy.com"])
        .expect(0, &["-> MAIL FROM:<other@noddy.com>"]);
    desk.run(&["--record", made]).expect(2, &["nothing was recorded in it"]);
    desk.run(&["--record", saved, made]).expect(2, &["name one"]);
}
