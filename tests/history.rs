//! `ehlo history` as somebody uses it: what was kept is listed, found, named, and thrown away.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

mod support {
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use support::terminal::{Home, Terminal};

/// `ehlo history` with these arguments on transcripts of its own.
fn history(state: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("history").args(arguments).arg("--state").arg(state).env("TZ", "UTC").output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// What it prints where all goes well.
fn printed(state: &Path, arguments: &[&str]) -> String {
    let output = history(state, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What it says where it does not.
fn refused(state: &Path, arguments: &[&str]) -> String {
    let output = history(state, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

fn keep(state: &Path, name: &str, profile: &str, rest: &str) -> PathBuf {
    let folder = state.join("transcripts").join(&name[..4]);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.smtp"));
    let day = &name[..10];
    let head = format!(
        "+++\nehlo = 1\ntarget = \"smtp://mx.{profile}.example:25\"\nprofile = \"{profile}\"\n\
         started = {day}T14:02:00.000Z\n+++\n0.000000 * connecting 127.0.0.1:25\n0.100000 < 220 mx\n\
         0.200000 > MAIL FROM:<dude@noddy.com>\n0.300000 < 250 2.1.0 Ok\n"
    );
    std::fs::write(&path, head + rest).unwrap();
    path
}

const DENIED: &str = "0.400000 > RCPT TO:<friend@elsewhere.example>\n\
    0.500000 < 554 5.7.1 <friend@elsewhere.example>: Relay access denied\n";
const QUEUED: &str = "0.400000 > RCPT TO:<anotherdude@target.local>\n0.500000 < 250 2.1.5 Ok\n0.600000 > DATA\n\
    0.700000 < 354 go\n0.800000 | Subject: quarterly figures\n0.900000 > .\n1.000000 < 250 2.0.0 Ok: queued as 4F3A\n";

/// Three of them: the oldest was refused, the next two were taken.
fn kept() -> (tempfile::TempDir, [PathBuf; 3]) {
    let state = tempfile::tempdir().unwrap();
    let paths = [
        keep(state.path(), "2025-12-30-140200-mx.front.example-25", "front", DENIED),
        keep(state.path(), "2026-11-23-140200-mx.noddy.example-25", "noddy", QUEUED),
        keep(state.path(), "2026-11-24-140200-mx.noddy.example-25", "noddy", &QUEUED.repeat(40)),
    ];
    (state, paths)
}

#[test]
fn the_newest_come_first_and_words_and_keys_choose() {
    let (state, _) = kept();
    let state = state.path();
    let all = printed(state, &[]);
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 3, "{all}");
    let newest = "2026-11-24 14:02  noddy                       250 2.0.0 Ok: queued as 4F3A";
    assert!(lines[0].starts_with(newest) && lines[0].ends_with("2026-11-24-140200-mx.noddy.example-25"), "{all}");
    assert!(lines[2].contains("front") && lines[2].contains("554 5.7.1 <friend@elsewhere.example>: R…"), "{all}");

    let relay = printed(state, &["search", "relay access", "host:front"]);
    let found = "    12: < 554 5.7.1 <friend@elsewhere.example>: Relay access denied";
    assert_eq!(relay.lines().nth(1), Some(found), "{relay}");
    assert_eq!(relay.lines().count(), 2, "{relay}");
    let count = |arguments: &[&str]| printed(state, arguments).lines().count();
    for (arguments, want) in [
        (&["--code", "5xx"][..], 1),
        (&["code:2xx", "--host", "noddy"], 2),
        (&["list", "--profile", "noddy", "--until", "2026-11-23"], 1),
        (&["--since", "2026-11-24"], 1),
        (&["--to", "anotherdude@", "--limit", "1"], 1),
        (&["--larger", "1kB"], 1),
        (&["--without", "profile:noddy"], 1),
        (&["--paths"], 3),
    ] {
        assert_eq!(count(arguments), want, "{arguments:?}");
    }
    let by_size = printed(state, &["--sort", "size", "--paths"]);
    assert!(by_size.lines().next().unwrap().contains("2026-11-24"), "{by_size}");
    let nothing = history(state, &["greylisted"]);
    assert_eq!((nothing.status.code(), text(&nothing.stdout).as_str()), (Some(0), ""));
    assert!(text(&nothing.stderr).contains("nothing was found"), "{}", text(&nothing.stderr));
    assert!(refused(state, &["since:soon"]).contains("`soon` is no time; write it like 7d, today"));
    assert!(refused(state, &["/(/"]).contains("no regular expression"));
}

#[test]
fn the_list_is_read_by_programs() {
    let (state, paths) = kept();
    let json = printed(state.path(), &["relay", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let one = &json["transcripts"][0];
    assert_eq!((json["ehlo"].as_i64(), one["path"].as_str()), (Some(1), paths[0].to_str()));
    assert_eq!((one["outcome"]["code"].as_i64(), one["outcome"]["enhanced"].as_str()), (Some(554), Some("5.7.1")));
    assert_eq!(one["found"]["line"].as_i64(), Some(12));
    assert_eq!(one["started"].as_str(), Some("2025-12-30T14:02:00Z"));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(printed(empty.path(), &["--json"]), "{\n  \"ehlo\": 1,\n  \"transcripts\": []\n}\n");
}

#[test]
fn a_transcript_is_named_tagged_and_noted_and_the_rest_of_it_stays() {
    let (state, paths) = kept();
    let state = state.path();
    let before = std::fs::read_to_string(&paths[0]).unwrap();
    let line = printed(state, &["rename", "front", "Is it an open relay?"]);
    assert!(line.contains("\"Is it an open relay?\""), "{line}");
    printed(state, &["tag", "2025-12-30", "relay", "solved"]);
    printed(state, &["tag", "front", "solved", "--remove"]);
    let old = std::fs::read_to_string(&paths[0]).unwrap() + "0.500000 * set tag=\"#urgent\"\n";
    std::fs::write(&paths[0], &old).unwrap();
    let shown = printed(state, &["tag", "front", "#urgent", "--remove"]);
    assert!(shown.ends_with("#relay\n"), "as it was kept by an older ehlo: {shown}");
    printed(state, &["note", paths[0].to_str().unwrap(), "asked the owner", "--at", "6"]);
    let after = std::fs::read_to_string(&paths[0]).unwrap();
    let added = after.strip_prefix(&before).expect("what was recorded stays as it was");
    assert_eq!(added.lines().last(), Some("0.500000 * note at=6 \"asked the owner\""), "{added}");
    let shown = printed(state, &["tag:relay", "--without", "tag:solved"]);
    assert!(shown.contains("\"Is it an open relay?\"  #relay\n"), "{shown}");
    assert_eq!(printed(state, &["asked", "--paths"]).lines().count(), 1, "notes are found too");

    let note = |more: &[&str]| printed(state, &[&["note", paths[0].to_str().unwrap()], more].concat());
    let notes = || {
        let all = ehlo::conversation::file::open(&paths[0]).expect("it opens");
        ehlo::conversation::file::Annotations::of(&all).notes.into_iter().map(|(_, note)| note).collect::<Vec<_>>()
    };
    note(&["asked them twice", "--at", "6", "--replace"]);
    note(&["and once more", "--at", "6"]);
    assert_eq!(notes(), ["asked them twice", "and once more"]);
    note(&["--remove", "and once more"]);
    assert_eq!(notes(), ["asked them twice"]);
    note(&["--remove", "--at", "6"]);
    assert_eq!(notes(), [""; 0]);
    assert!(refused(state, &["note", "front", "--remove", "--at", "6"]).contains("there is no such note"));
    assert!(refused(state, &["note", "front", "--remove"]).contains("say which note goes"));

    assert!(refused(state, &["rename", "noddy", "x"]).contains("in the names of 2 transcripts"));
    assert!(refused(state, &["rename", "nobody", "x"]).contains("there is no transcript `nobody`"));
    assert!(refused(state, &["note", "last", "x", "--at", "9999"]).contains("there is no line 9999"));
    assert!(refused(state, &["tag", "last", "two words"]).contains("a tag is one word"));
    let recorded = std::fs::File::open(&paths[2]).unwrap();
    recorded.try_lock().unwrap();
    assert!(refused(state, &["rename", "last", "x"]).contains("another ehlo is recording into it"));
    assert!(refused(state, &["delete", "last", "--yes"]).contains("another ehlo is recording into it"));
    assert!(paths[2].exists());
}

#[test]
fn what_is_old_or_large_goes_and_a_dry_run_only_says_so() {
    let (state, paths) = kept();
    let state = state.path();
    printed(state, &["tag", "front", "keep"]);
    let limits = ["prune", "--older-than", "2026-11-24", "--larger-than", "2kB"];
    let told = printed(state, &[&limits[..], &["--dry-run"]].concat());
    assert!(told.contains("2 transcripts") && told.contains("(too old)") && told.contains("(too large)"), "{told}");
    assert!(paths.iter().all(|path| path.exists()), "nothing has gone");
    assert!(refused(state, &limits).contains("--yes deletes without asking"));
    assert!(paths.iter().all(|path| path.exists()), "nobody was asked");
    let json = printed(state, &[&limits[..], &["--yes", "--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["pruned"].as_array().map(Vec::len), Some(2), "{json}");
    assert_eq!(paths.map(|path| path.exists()), [true, false, false], "what has a tag stays");
    // What every subcommand takes may stand anywhere.
    let before = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .arg("--state")
        .arg(state)
        .args(["--color", "never", "history", "prune", "--total", "0", "--annotated-too", "--dry-run"])
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&before.stdout).into_owned() + &String::from_utf8_lossy(&before.stderr);
    assert!(before.status.success() && said.contains(".smtp") && !said.contains("nothing was found"), "{said}");
    printed(state, &["prune", "--total", "0", "--annotated-too", "--yes"]);
    assert_eq!(printed(state, &["--paths"]), "");
    assert!(refused(state, &["prune", "--yes"]).contains("--older-than"), "a limit is needed");

    let outside = state.join("mine.smtp");
    std::fs::write(&outside, "> NOOP\n").unwrap();
    assert!(refused(state, &["delete", outside.to_str().unwrap(), "--yes"]).contains("is not in"));
    assert!(outside.exists());
}

/// The three in a workbench's own state directory.
fn at_home() -> (Home, [PathBuf; 3]) {
    let home = Home::new();
    let state = home.state();
    let paths = [
        keep(&state, "2025-12-30-140200-mx.front.example-25", "front", DENIED),
        keep(&state, "2026-11-23-140200-mx.noddy.example-25", "noddy", QUEUED),
        keep(&state, "2026-11-24-140200-mx.noddy.example-25", "noddy", &QUEUED.repeat(40)),
    ];
    (home, paths)
}

#[test]
fn in_the_workbench_a_conversation_is_found_opened_named_and_deleted() {
    let (home, paths) = at_home();
    let mut terminal = Terminal::start(&home, &[], (100, 30));
    terminal.wait_for("a mail server inside ehlo").keys("<F3>").wait_for("3 conversations, 8.8 kB");
    terminal.keys("relay denied").wait_for("1 of 3").wait_for("#6: < 554 5.7.1");
    terminal
        .keys("<F4>")
        .wait_for("an empty one takes it away")
        .keys("An open relay?<Enter>")
        .wait_for("554 “An open relay?”");
    // It is shown where it was found, and what was looked for is what is searched for.
    terminal.keys("<Enter>").wait_for("/relay · 1 of").wait_for("Esc end search").keys("<Esc>");
    terminal.wait_for("opened").wait_for("Esc conversations").keys("<Esc>").wait_for("newest first");
    assert!(std::fs::read_to_string(&paths[0]).unwrap().ends_with("0.500000 * set title=\"An open relay?\"\n"));
    terminal
        .keys("<Esc>")
        .wait_for("3 conversations")
        .keys("<Del>")
        .wait_for("Delete this conversation of 8.0 kB for good?");
    terminal.answer("y").wait_for("1 conversation is deleted.").wait_for("2 conversations");
    assert_eq!(paths.map(|path| path.exists()), [true, true, false]);
    terminal
        .keys("<C-x>")
        .wait_for("older:90d")
        .keys("<C-u>total:0<Enter>")
        .wait_for("Delete this conversation of 418 B");
    terminal.answer("n<Esc>").wait_for("a mail server inside ehlo").keys("<C-q>");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}

#[test]
fn a_path_typed_on_the_start_screen_is_opened_whatever_wrote_it() {
    let (home, paths) = at_home();
    let mut terminal = Terminal::start(&home, &[], (100, 30));
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    terminal.wait_for("a mail server inside ehlo").keys(&format!("{samples}/exchange-receive.log.csv"));
    terminal.wait_for("read as").keys("<Enter>").wait_for("conversations in this file").wait_for("> next file");
    terminal.keys(">").wait_for("file 2 of 2").keys("<Esc>").wait_for("what you typed").keys("<Esc>");
    terminal
        .wait_for("a mail server inside ehlo")
        .keys(paths[0].to_str().unwrap())
        .wait_for("a transcript, to be looked at")
        .keys("<Enter>");
    terminal.wait_for("RCPT TO:<friend").wait_for("opened").keys("q");
    assert!(terminal.exit().success());
}
