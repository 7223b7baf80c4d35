//! Probes without a server: what they say, answered by rule, and what they make of the answers.

use crate::conversation::sample;
use crate::conversation::{Event, Line, Log, Micros};
use crate::decode::Knowledge;
use crate::profile::{Profiles, Target};
use crate::world::{Directories, World};

use super::*;

/// A server of which the first conversation is known.
pub(super) struct Stage {
    target: Target,
    pub(super) aims: Aims,
    knowledge: Knowledge,
    hello: String,
}

impl Stage {
    /// A server with this first conversation, written as a file has it.
    pub(super) fn new(hello: &str) -> Self {
        let target = Target::read("192.0.2.9:25", &Profiles::shipped()).expect("a target");
        let nowhere = || std::path::PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        let world = World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1);
        let mut aims = Aims::of(&target, &world);
        aims.ehlo = Some("noddy.com".to_owned());
        aims.to = Some("anotherdude@target.local".to_owned());
        Self { target, aims, knowledge: Knowledge::shipped(), hello: hello.to_owned() }
    }

    /// What is known of it.
    pub(super) fn subject(&self) -> Subject<'_> {
        let mut subject = Subject::new(&self.target, &self.aims, &self.knowledge, jiff::Timestamp::UNIX_EPOCH);
        subject.hello.push(Talk::of(sample::log(&self.hello), 0, None));
        subject
    }

    /// Holds a conversation with a server that answers each line by this rule; an empty answer is silence.
    pub(super) fn play(script: &Script, answer: &dyn Fn(&str) -> &'static str) -> Talk {
        let mut log =
            sample::log("* connecting 192.0.2.9:25\n* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 mx\n");
        let document = crate::conversation::file::read(script.text()).expect("a script");
        for (_, line) in document.script() {
            let crate::conversation::file::ScriptLine::Send(template) = line.expect("a line") else { continue };
            let octets = template.fill(|_| None).expect("no marker");
            let reply = answer(&String::from_utf8_lossy(&octets));
            let at = Micros(log.len() as u64 * 1000);
            log.push(at, &Event::Sent(Line::new(octets)));
            for line in reply.lines() {
                log.push(at, &Event::Received(Line::new(line)));
            }
        }
        Talk::of(log, 0, None)
    }
}

#[test]
fn every_probe_says_what_it_is_and_no_two_have_one_name() {
    for (n, probe) in PROBES.iter().enumerate() {
        assert!(!probe.title.is_empty() && probe.about.ends_with('.'), "{}", probe.name);
        assert!(probe.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", probe.name);
        assert!(PROBES[..n].iter().all(|other| other.name != probe.name), "{}", probe.name);
        assert_eq!(named(&probe.name.to_uppercase()).map(|it| it.name), Some(probe.name));
    }
}

/// What all probes say to a server that takes everything, and what they find.
fn everything(stage: &Stage) -> (Vec<Script>, Vec<Finding>) {
    let subject = stage.subject();
    let (mut said, mut found) = (Vec::new(), Vec::new());
    for probe in PROBES.iter().filter(|probe| (probe.unfit)(&subject).is_none()) {
        let mut talks = Vec::new();
        while let Some(script) = (probe.next)(&subject, &talks) {
            talks.push(Stage::play(&script, &|_| "250 2.0.0 Ok"));
            said.push(script);
            assert!(said.len() < 200, "{} comes to an end", probe.name);
        }
        found.extend((probe.judge)(&subject, &talks));
    }
    (said, found)
}

const HELLO: &str = "* connecting 192.0.2.9:25\n* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 mx.target.local ESMTP\n\
                     > EHLO noddy.com\n< 250-mx.target.local\n< 250-PIPELINING\n< 250-SIZE 1000\n< 250 CHUNKING\n\
                     > MAIL FROM:<a@b.c>\n< 250 Ok\n";

#[test]
fn nothing_is_handed_over_unless_a_mailbox_is_named() {
    let mut stage = Stage::new(HELLO);
    let (said, _) = everything(&stage);
    let holds = |scripts: &[Script], word: &str| {
        scripts.iter().any(|script| String::from_utf8_lossy(script.text()).lines().any(|line| line.starts_with(word)))
    };
    assert!(holds(&said, "> RCPT TO:<ehlo-probe@example.org>"));
    assert!(!holds(&said, "> DATA") && !holds(&said, "| ") && !holds(&said, "> ."));
    stage.aims.deliver = Some("me@target.local".to_owned());
    let (said, _) = everything(&stage);
    assert!(holds(&said, "> DATA") && holds(&said, "| "));
}

#[test]
fn every_finding_that_blames_has_a_cure_and_a_source() {
    let (_, found) = everything(&Stage::new(HELLO));
    assert!(found.len() > 15, "{found:#?}");
    for finding in found {
        let fault = finding.severity >= Severity::Low;
        assert!(!finding.title.is_empty() && !finding.title.ends_with('.'), "{finding:?}");
        assert!(!fault || (!finding.cure.is_empty() && !finding.evidence.is_empty()), "{finding:?}");
    }
}

#[test]
fn reports_show_findings_with_their_lines_and_nothing_raw() {
    let target = Target::read("mx.target.local", &Profiles::shipped()).expect("a target");
    let mut report = Report::new(&target, jiff::Timestamp::UNIX_EPOCH);
    report.log = sample::log("* connecting a:25\n* connected a:25\n< 220 <b>\\e[31mmx\n> NOOP\n< 550 no\n");
    report.done = vec!["relay"];
    let finding =
        Finding::new(Severity::High, "It \"does\" <that>").meaning("Words.").cure("Mend it.").by("RFC 5321 1");
    report.findings.push(Finding { probe: "relay", ..finding.shown_by([2, 3, 4]) });
    let text = report::text(&report, Severity::Good, false);
    for words in ["Open relay", "HIGH    It \"does\" <that>", " -> NOOP", "<** 550 no", "Cure: Mend it.", "1 high"] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    let page = report::html(&report);
    assert!(
        page.contains("&lt;that&gt;") && page.contains("<span class=\"refused\">") && !page.contains('\u{1b}'),
        "{page}"
    );
    assert!(!page.contains("src=") && !page.contains("href=\"http") && !page.contains("<script"));
    let json = report::json(&report);
    assert_eq!(json["findings"][0]["severity"], "high");
    assert_eq!(json["findings"][0]["evidence"][2]["line"], "550 no");
    assert_eq!(json["counts"]["high"], 1);
}

#[test]
fn a_report_of_nothing_says_so() {
    let target = Target::read("mx.target.local", &Profiles::shipped()).expect("a target");
    let mut report = Report::new(&target, jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(report.summary(), "nothing was tested, and so nothing is known");
    report.done.push("relay");
    assert_eq!((report.summary().as_str(), report.has_fault()), ("nothing was found", false));
    assert!(report::shown(&Log::new(), 0).is_none());
}

#[test]
fn who_has_to_log_in_first_is_not_told_to_name_somebody_else() {
    let stage = Stage::new(
        "* connected 192.0.2.9:587\n< 220 mx\n> EHLO noddy.com\n< 250-mx\n< 250-DSN\n< 250 AUTH PLAIN\n\
         > MAIL FROM:<ehlo-probe@example.org>\n< 250 ok\n> RSET\n< 250 ok\n> QUIT\n< 221 bye",
    );
    let receipt = PROBES.iter().find(|probe| probe.name == "receipt").expect("it is there");
    let cure = |refusal: &'static str| {
        let script = (receipt.next)(&stage.subject(), &[]).expect("a script");
        let talk = Stage::play(&script, &|line| if line.starts_with("RCPT") { refusal } else { "250 ok" });
        (receipt.judge)(&stage.subject(), &[talk])[0].cure.clone()
    };
    assert!(cure("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied").contains("log in by hand"));
    assert!(cure("550 5.1.1 <a@b>: User unknown").contains("--to"));
}

/// What a probe makes of a server that answers by this rule.
fn judged(name: &str, stage: &Stage, answer: &dyn Fn(&str) -> &'static str) -> Vec<Finding> {
    let probe = PROBES.iter().find(|probe| probe.name == name).expect("it is there");
    let subject = stage.subject();
    let mut talks = Vec::new();
    while let Some(script) = (probe.next)(&subject, &talks) {
        talks.push(Stage::play(&script, answer));
    }
    (probe.judge)(&subject, &talks)
}

#[test]
fn what_was_not_answered_or_was_turned_away_is_neither_good_nor_a_fault() {
    let stage = Stage::new(HELLO);
    let told = |name: &str, answer: &dyn Fn(&str) -> &'static str| {
        let found = judged(name, &stage, answer);
        found.into_iter().map(|finding| (finding.severity, finding.title)).collect::<Vec<_>>()
    };
    // A rate limit is no fault of pipelining, of SIZE or of UTF-8.
    let busy = |line: &str| if line.starts_with("MAIL") { "421 4.7.28 Too many messages" } else { "250 Ok" };
    // Nothing is answered after EHLO: it is slow, or has gone.
    let mute = |line: &str| if line.starts_with("EHLO") { "250 mx" } else { "" };
    // Nobody may send here.
    let shut = |line: &str| if line.starts_with("MAIL") { "554 5.7.1 your ip is listed" } else { "250 Ok" };
    for (name, answer) in [
        ("pipelining", &busy as &dyn Fn(&str) -> &'static str),
        ("pipelining", &mute),
        ("size", &busy),
        ("size", &shut),
        ("smuggling", &mute),
        ("injection", &mute),
        ("eight-bit", &shut),
    ] {
        let found = told(name, answer);
        let about = ["pipelining", "limit of size", "alone", "behind STARTTLS", "UTF-8 address"];
        for (severity, title) in found.iter().filter(|(_, title)| about.iter().any(|words| title.contains(words))) {
            assert_eq!(*severity, Severity::Unknown, "{name}: {title}");
        }
        assert!(found.iter().any(|(severity, _)| *severity == Severity::Unknown), "{name}: {found:?}");
        assert!(found.iter().all(|(severity, _)| *severity < Severity::Medium), "{name}: {found:?}");
    }
    // A server that minds the write, and not the lines, is told apart.
    let found = judged("pipelining", &stage, &|line| if line.starts_with("RSET") { "503 no" } else { "250 Ok" });
    assert_eq!(found[0].severity, Severity::High, "{found:?}");
    // Who refuses everybody does not lack a postmaster.
    let listed = |line: &str| if line.starts_with("RCPT") { "554 5.7.1 your ip is listed" } else { "250 Ok" };
    assert!(judged("addresses", &stage, &listed).iter().all(|finding| !finding.title.contains("postmaster")));
}

#[test]
fn one_old_mechanism_is_spoken_of_as_one() {
    let told = |offered: &str| {
        let hello = HELLO.replace("< 250-PIPELINING", &format!("< 250-AUTH {offered}"));
        let (_, found) = everything(&Stage::new(&hello));
        let finding = found.into_iter().find(|finding| finding.title.ends_with("still offered")).expect(offered);
        (finding.words, finding.references)
    };
    let (words, references) = told("PLAIN CRAM-MD5");
    assert!(words.starts_with("It rests on MD5") && references == ["RFC 2195 3"], "{references:?}");
    let (words, references) = told("CRAM-MD5 DIGEST-MD5");
    assert!(words.starts_with("They rest on MD5") && references == ["RFC 2195 3", "RFC 6331 1"], "{references:?}");
    assert!(told("NTLM").1.is_empty());
}

/// What a server says goes into a line of ours only where it is a name.
#[test]
fn a_name_that_is_none_is_not_said_back() {
    let here = |name: &str| {
        let mut stage = Stage::new(&format!("* connected 192.0.2.9:25 from 198.51.100.7:4711\n< 220 {name} ESMTP\n"));
        stage.aims.to = None;
        stage.subject().here()
    };
    assert_eq!(here("mx.target.local"), "target.local");
    assert_eq!(here("[192.0.2.9]"), "[192.0.2.9]");
    for none in
        ["</pre><script>alert(1)</script>.a.b", "mx\\e[31m.a.b", "mx\\x00.a.b", "mx\\u{202e}.a.b", "mx..a.b", "***"]
    {
        assert_eq!(here(none), "localhost", "{none}");
    }
}
