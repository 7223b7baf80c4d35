use toml::Table;

use super::super::tests::world;
use super::*;
use crate::conversation::file;
use crate::profile::{Profiles, Target};

fn planned(script: &str, folder: Option<&std::path::Path>) -> Result<Plan, String> {
    let document = file::read(script.as_bytes()).map_err(|error| error.to_string())?;
    let target = Target::read("lab:", &Profiles::shipped()).expect("a target");
    let world = world();
    let head: Table = "to = [\"a@b\", \"c@d\"]".parse().expect("TOML");
    let values = Values::new(&[], Some(&head), &target, &[], &world);
    let folders = Folders { own: folder.map(std::path::Path::to_owned), allowed: Vec::new() };
    plan(&document, "s.smtp", &values, &folders).map_err(|error| error.to_string())
}

/// The steps in short: lines that go out together are joined by a +, replies by the number that they answer.
fn short(script: &str) -> String {
    let plan = planned(script, None).unwrap_or_else(|error| panic!("{script}: {error}"));
    let step = |step: &Step| match &step.act {
        Act::Send(lines) => lines.iter().map(|l| format!("{}#{}", l.shown(), l.ask)).collect::<Vec<_>>().join("+"),
        Act::Content(content) => format!("content {}", content.size().unwrap_or_default()),
        Act::Guide => "guide".to_owned(),
        Act::Expect(ask, _) => format!("<{ask}"),
        Act::Check(ask, _) => format!("?{ask}"),
        Act::Sleep(_) => "sleep".to_owned(),
        Act::Reconnect(ask) => format!("reconnect#{ask}"),
        Act::Drop => "drop".to_owned(),
        Act::DropAtOnce => "drop at-once".to_owned(),
        Act::Early => "early".to_owned(),
    };
    plan.steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

#[test]
fn an_early_line_waits_for_nothing() {
    assert_eq!(short("* early\n> EHLO a\n< 250\n"), "early, EHLO a#1, <1");
}

#[test]
fn replies_are_tied_to_what_they_answer() {
    for (script, want) in [
        ("< 220\n> A\n< 250\n> B\n> C\n< 250\n", "<0, A#1, <1, B#2, C#3, <3"),
        ("> A\n< 250\n< 421\n", "A#1, <1, <1"),
        ("> A\n? closed\n* reconnect\n< 220\n> B\n< 250\n", "A#1, ?1, reconnect#2, <2, B#3, <3"),
        ("* pipeline\n> A\n< 250\n> B\n* end\n< 250\n", "A#1+B#2, <1, <2"),
        ("> RCPT TO:<{{to}}>\n< 250\n? closed\n> B\n", "RCPT TO:<a@b>#1, <1, ?1, RCPT TO:<c@d>#2, <2, ?2, B#3"),
        ("> RCPT TO:<{{to}}>\n< 250\n? accepted = 2\n", "RCPT TO:<a@b>#1, <1, RCPT TO:<c@d>#2, <2, ?2"),
        ("> DATA\n| a\n| b\n> .\n< 250\n", "DATA#1, content 6, .#2, <2"),
        ("> BDAT 3\n| a\n< 250\n", "BDAT 3#1, <1"),
        ("> A\n* drop at-once\n", "A#1, drop at-once"),
    ] {
        assert_eq!(short(script), want, "{script}");
    }
}

#[test]
fn a_cut_that_was_recorded_in_place_of_a_reply_is_what_a_replay_has_to_meet() {
    let cut = |by: &str| format!("0.1 < 220 mx\n0.2 > A\n0.3 < 250 ok\n0.4 > B\n0.5 * closed by={by}\n");
    assert_eq!(short(&cut("server")), "<0, A#1, <1, B#2, ?2");
    assert_eq!(short(&cut("client")), "<0, A#1, <1, B#2, drop at-once");
    assert_eq!(short(&cut("client reason=x")), "<0, A#1, <1, B#2", "it was not cut by who held it");
    assert_eq!(short("0.1 < 220 mx\n0.2 * closed by=client\n"), "<0, drop");
    assert_eq!(short("0.1 < 220 mx\n0.2 > QUIT\n0.2 * closed by=client\n"), "<0, QUIT#1");
    assert_eq!(short("0.1 < 220 mx\n0.2 * closed by=client\n0.3 > A\n"), "<0, A#1", "it went on");
    assert_eq!(short("0.0 < 220 mx\n0.1 > QUIT\n0.2 < 221 bye\n0.3 * closed by=server\n"), "<0, QUIT#1, <1");
}

#[test]
fn a_recording_keeps_what_was_pipelined() {
    for (script, want) in [
        ("0.1 < 220 a\n0.2 > A\n0.3 > B\n0.4 < 250 a\n0.5 < 250 b\n0.6 > C\n", "<0, A#1+B#2, <1, <2, C#3"),
        ("0.1 < 220 a\n0.1 > A\n0.2 * gave-up\n0.3 > B\n0.4 < 250 a\n0.5 < 250 b\n", "<0, A#1+B#2, <1, <2"),
        ("0.1 < 220-a\n0.1 < 220 b\n0.2 > A\n0.3 < 25\\c\n0.4 < 0 ok\n", "<0, A#1, <1"),
        ("0.1 * connected a\n0.2 < 220 a\n0.3 > A\\c\n0.4 > B\n0.5 < 250 ok\n", "<0, AB#1, <1"),
        (
            "0.1 * connected a\n0.2 > A\n0.3 * closed by=client\n0.4 * connected a\n0.5 < 220 b\n",
            "A#1, drop at-once, reconnect#2, <2",
        ),
    ] {
        assert_eq!(short(script), want, "{script}");
    }
}

#[test]
fn what_is_said_to_a_334_is_shown_to_nobody() {
    assert_eq!(short("> AUTH LOGIN\n< 334\n> hunter2 x\n< 334\n> *\n"), "AUTH LOGIN#1, <1, {{auth}}#2, <2, *#3");
    let recorded = "0.0 < 220 a\n0.1 > AUTH LOGIN\n0.2 < 334 VXNlcg==\n0.3 > hunter2\n";
    assert_eq!(short(recorded), "<0, AUTH LOGIN#1, <1, {{auth}}#2");
}

#[test]
fn it_is_known_where_a_message_is_handed_over() {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("dot.eml"), "a\n.\nQUIT\n").expect("written");
    for (script, want) in [
        ("> DATA\n| a\n> .\n", Some(3)),
        ("> DATA\n| a\n* drop\n", None),
        ("> DATA\n| a\\r\\n.\\r\\nMAIL\n", Some(2)),
        ("> DATA\n| a\\n.\\n\\c\n", Some(2)),
        ("> DATA\n|@raw dot.eml\n* drop\n", Some(2)),
        ("> DATA\n|@ dot.eml\n* drop\n", None),
        ("> DATA\\r\\na\\r\\n.\n", Some(1)),
        ("> BDAT 0\n", None),
        ("> bdat 0 last\n", Some(1)),
        (">> 4 dot.eml\n>> LAST dot.eml\n", Some(2)),
        ("> NOOP\\r\\nBDAT 0 LAST\n", Some(1)),
        ("> .\n", None),
    ] {
        let plan = planned(script, Some(folder.path())).unwrap_or_else(|error| panic!("{script}: {error}"));
        assert_eq!(plan.hands_over, want, "{script}");
    }
}

#[test]
fn what_can_not_be_run_is_said_with_its_place() {
    for (script, want) in [
        ("> DATA\n| .\n", "s.smtp:2:3: found a lone dot"),
        ("> NOOP {{auth}}\n", "s.smtp:1:3: found {{auth}}"),
        ("> AUTH PLAIN {{auth}}\n> NOOP {{auth}}\n", "s.smtp:2:3: found {{auth}}"),
        ("> AUTH NONSENSE {{auth}}\n", "NONSENSE is not a mechanism"),
        ("> DATA\n| {{auth}}\n", "s.smtp:2:3"),
        ("* drop later\n", "s.smtp:1:8: found `later`, expected the end of the line or at-once"),
        ("* drop\n> NOOP\n", "s.smtp:2:1: found a line to send after * drop"),
        ("* end\n", "s.smtp:1:3"),
        ("* pipeline\n* sleep 1s\n* end\n", "s.smtp:2:3"),
        ("0.1 | x\n0.2 * content bytes=5 sha256=ab\n", "found"),
        (
            "0.1 > DATA\n0.2 < 354 go\n0.3 | x\n0.4 * warning kind=journal lost=163 \"records\"\n0.4 > .\n",
            "s.smtp:4:1: found records that could not be written",
        ),
    ] {
        let error = planned(script, None).expect_err(script);
        assert!(error.contains(want), "{script}: {error}");
    }
}

#[test]
fn a_secret_that_the_script_writes_out_is_not_shown() {
    assert_eq!(
        short(
            "> AUTH PLAIN AGR1ZGUA\n> AUTH LOGIN\n> ZHVkZQ==\n> bm9kZHk=\n> NOOP x\n> XFOO\n> AUTH PLAIN\n> XCLIENT a=b\n"
        ),
        "AUTH PLAIN {{auth}}#1, AUTH LOGIN#2, {{auth}}#3, {{auth}}#4, NOOP x#5, XFOO#6, AUTH PLAIN#7, XCLIENT a=b#8"
    );
}

#[test]
fn a_large_file_is_read_as_it_goes_out() {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("large.eml"), "a line\n".repeat(300_000)).expect("written");
    std::fs::write(folder.path().join("small.eml"), "a\n").expect("written");
    let plan = |script: &str| planned(script, Some(folder.path())).unwrap_or_else(|error| panic!("{script}: {error}"));
    let of = |plan: &Plan| match &plan.steps[1].act {
        Act::Content(Content::File(file)) => (file.name.clone(), file.octets, file.as_is),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(&plan("> DATA\n|@ large.eml\n")), ("large.eml".to_owned(), None, false));
    assert_eq!(of(&plan("> DATA\n|@raw large.eml\n")), ("large.eml".to_owned(), Some(2_100_000), true));
    let small = plan("> DATA\n|@ small.eml\n| b\n");
    assert!(matches!(&small.steps[1].act, Act::Content(Content::Octets(filled)) if filled.octets() == b"a\r\nb\r\n"));
    let chunks = plan(">> 1000 large.eml\n>> LAST large.eml\n");
    let parts: Vec<_> = chunks
        .steps
        .iter()
        .filter_map(|step| match &step.act {
            Act::Send(lines) => match lines[0].payload.as_slice() {
                [Content::File(file)] => Some((lines[0].shown(), file.from, file.octets)),
                other => panic!("{other:?}"),
            },
            _ => None,
        })
        .collect();
    assert_eq!(
        parts,
        [("BDAT 1000".to_owned(), 0, Some(1000)), ("BDAT 2099000 LAST".to_owned(), 1000, Some(2_099_000))]
    );
}

#[test]
fn a_recording_has_a_pace_of_its_own() {
    let text = "+++\nehlo = 1\n+++\n0.000000 * connected a\n0.100000 < 220 mx\n2.100000 > NOOP\n2.200000 < 250 ok\n2.200000 > QUIT\n\
                2.300000 < 221 bye\n";
    let mut plan = planned(text, None).expect("a plan");
    plan.at_its_pace(&file::read(text.as_bytes()).expect("a recording"));
    let pause = |step: &Step| if let Act::Sleep(time) = step.act { Some(time) } else { None };
    assert_eq!(plan.steps.iter().filter_map(pause).collect::<Vec<_>>(), [Duration::from_secs(2)]);
}

#[test]
fn a_secret_of_the_environment_is_known_by_its_place_and_shown_by_its_name() {
    let world = crate::script::tests::world().with_variables(|_| Some("1".to_owned()));
    let target = Target::read("lab:", &Profiles::shipped()).expect("a target");
    let allowed = ["A_KEY".to_owned()];
    let values = Values::new(&[], None, &target, &allowed, &world);
    let script =
        "> MAIL FROM:<>\n> RCPT TO:<x{{env.A_KEY}}@b>\n> DATA\n< 354\n| a1: {{env.A_KEY}}\n| {{env.A_KEY}}\n> .\n";
    let document = crate::conversation::file::read(script.as_bytes()).expect("a script");
    let plan = plan(&document, "s.smtp", &values, &Folders::default()).expect("a plan");
    assert_eq!(plan.recipients, ["x{{env.A_KEY}}@b"]);
    let content = plan.steps.iter().find_map(|step| match &step.act {
        Act::Content(Content::Octets(filled)) => Some(filled),
        _ => None,
    });
    let content = content.expect("content");
    assert_eq!((content.octets(), content.places()), (&b"a1: 1\r\n1\r\n"[..], vec![4..5, 7..8]));
    assert_eq!(content.shown(), b"a1: {{env.A_KEY}}\r\n{{env.A_KEY}}\r\n");
}
