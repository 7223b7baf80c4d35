//! Profiles as somebody meets them: made, found, used, changed, copied and deleted in the workbench, and by the command
//! line.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::path::Path;
use std::process::{Command, Output};

mod support {
    pub(crate) mod peer;
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use support::peer::Peer;
use support::terminal::{Home, Terminal};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 33);

/// `ehlo profile` with a configuration of its own.
fn profile(config: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .arg("profile")
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env_remove("NODDY_PASSWORD")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn written(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.path().join("config/profiles").join(name)).unwrap_or_default()
}

#[test]
fn a_profile_is_made_found_used_edited_copied_and_deleted() {
    let home = Home::new();
    let peer = Peer::play("S: 220 mx.front ESMTP\nC: EHLO *\nS: 250 mx.front\nHOLD\n");
    let target = peer.target();
    let port = target.rsplit(':').next().unwrap();
    let mut terminal = Terminal::start(&home, &[], SMALL);
    terminal.wait_for("a mail server inside ehlo").keys("<C-n>").wait_for("New profile");
    terminal.keys("front<Tab>127.0.0.1<Tab>").keys(port).wait_for(port);
    terminal.keys("<Tab><Tab><Tab><Tab>our own front<Tab> <Tab>noddy.com<Enter>");
    terminal.wait_for("front is saved in");
    let file = written(&home, "front.toml");
    for part in ["host = \"127.0.0.1\"", port, "note = \"our own front\"", "production = true", "ehlo = \"noddy.com\""]
    {
        assert!(file.contains(part), "{part}: {file}");
    }
    terminal.keys("own fro").wait_for("Find  own fro").keys("<Down>").wait_for("profile front: 127.0.0.1 port");
    terminal.keys("<Enter>").wait_for("220 mx.front ESMTP").wait_for("PRODUCTION");
    terminal.keys("<Tab>").wait_for("EHLO noddy.com").keys("<Enter>").wait_for("250 mx.front");
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
    assert!(peer.heard().contains(&"EHLO noddy.com".to_owned()));

    let mut terminal = Terminal::start(&home, &[], LARGE);
    terminal.wait_for("used just now").keys("front").wait_for("▸ profile front").keys("<F4>").wait_for("Profile front");
    terminal.keys("<Tab><Tab><Tab><Tab><Tab>!<Enter>").wait_for("front is saved in");
    assert!(written(&home, "front.toml").contains("note = \"our own front!\""), "{}", written(&home, "front.toml"));
    terminal.keys("<C-y>").wait_for("A copy of front").keys("<Enter>").wait_for("front-2 is saved in");
    assert!(written(&home, "front-2.toml").contains("our own front!"));
    terminal.keys("<Del>").wait_for("Delete your profile front-2?").answer("y").wait_for("it is gone");
    assert!(written(&home, "front-2.toml").is_empty() && !written(&home, "front.toml").is_empty());
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
    terminal.assert_restored();
}

#[test]
fn replies_of_ones_own_explain_what_a_server_says() {
    let home = Home::new();
    let folder = home.path().join(".local/share/ehlo/replies");
    std::fs::create_dir_all(&folder).unwrap();
    let own = "[[reply]]\nmatch = 'frobnicated'\ncode = \"5xx\"\ncategory = \"policy\"\nmeaning = \"The house rule of frobnication.\"\nexamples = [\"550 frobnicated\"]\n";
    std::fs::write(folder.join("own.toml"), own).unwrap();
    std::fs::write(folder.join("torn.toml"), "[[reply]\n").unwrap();
    let peer = Peer::play("S: 220 mx ESMTP\nC: NOOP\nS: 550 frobnicated\nHOLD\n");
    let mut terminal = Terminal::start(&home, &[&peer.target()], LARGE);
    terminal.wait_for("220 mx ESMTP").wait_for("torn.toml:1");
    terminal.keys("NOOP<Enter>").wait_for("The house rule of frobnication.");
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
    assert_eq!(peer.heard(), ["NOOP"]);
}

#[test]
fn the_command_line_makes_lists_shows_and_checks_profiles() {
    let config = tempfile::tempdir().unwrap();
    let config = config.path();
    let made = profile(
        config,
        &[
            "new",
            "noddy",
            "mx.noddy.com:587",
            "--set",
            "tls.mode=require",
            "--set",
            "auth.user=dude",
            "--set",
            "auth.password=env:NODDY_PASSWORD",
        ],
    );
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    assert_eq!(text(&made.stdout).trim(), config.join("profiles/noddy.toml").to_str().unwrap());
    assert_eq!(profile(config, &["new", "noddy", "elsewhere"]).status.code(), Some(2), "it is not written over");
    assert_eq!(profile(config, &["new", "copy", "--copy", "noddy"]).status.code(), Some(0));

    let listed = profile(config, &["list", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["ehlo"], 1);
    let names: Vec<_> = listed["profiles"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"noddy") && names.contains(&"copy") && names.contains(&"gmail-submit"), "{names:?}");

    let shown = text(&profile(config, &["show", "noddy"]).stdout);
    for part in ["mx.noddy.com:587", "require", "dude", "environment variable NODDY_PASSWORD"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let missing = profile(config, &["show", "nody"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("`noddy` is the nearest"), "{}", text(&missing.stderr));

    let checked = profile(config, &["check", "noddy"]);
    assert_eq!(checked.status.code(), Some(1), "the variable is not set");
    assert!(text(&checked.stdout).contains("NODDY_PASSWORD is not set"), "{}", text(&checked.stdout));
    assert_eq!(profile(config, &["check", "gmail-submit"]).status.code(), Some(0));
    assert_eq!(text(&profile(config, &["path"]).stdout).trim(), config.join("profiles").to_str().unwrap());
}

#[test]
fn a_password_in_plain_text_is_refused_with_place_and_cure_and_never_repeated() {
    let config = tempfile::tempdir().unwrap();
    let folder = config.path().join("profiles");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("bad.toml"), "host = \"a\"\n[auth]\nuser = \"u\"\npassword = \"hunter2\"\n").unwrap();
    for arguments in [&["check"][..], &["check", "bad"], &["show", "bad"], &["list"], &["list", "--json"]] {
        let out = profile(config.path(), arguments);
        let said = text(&out.stdout) + &text(&out.stderr);
        assert!(said.contains("bad.toml:4") && said.contains("env ="), "{arguments:?}: {said}");
        assert!(!said.contains("hunter2"), "{arguments:?}");
        let listing = arguments[0] == "list";
        assert_eq!(out.status.success(), listing, "{arguments:?}");
    }
    let out = profile(config.path(), &["new", "x", "a", "--set", "auth.user=u", "--set", "auth.password=hunter2"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(!text(&out.stderr).contains("hunter2"), "{}", text(&out.stderr));
}

#[test]
fn completions_and_the_manual_are_made_from_the_command_line() {
    for (arguments, words) in [
        (&["completions", "bash"][..], &["_ehlo", "explain"][..]),
        (&["completions", "fish"], &["complete -c ehlo"]),
        (&["man"], &[".TH", "ehlo explain", "EHLO PROFILE"]),
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_ehlo")).args(arguments).output().unwrap();
        assert!(out.status.success(), "{arguments:?}");
        let said = text(&out.stdout).replace("\\-", "-");
        for word in words {
            assert!(said.to_lowercase().contains(&word.to_lowercase()), "{arguments:?}: {word}");
        }
    }
}
