//! `ehlo convert` and `ehlo diff` as a user runs them.

use std::path::Path;
use std::process::{Command, Output};

fn ehlo(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.current_dir(directory).args(arguments).output().expect("the binary runs")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn recording(rcpt: &str, queue: &str) -> String {
    format!(
        "+++\nehlo = 1\ntarget = \"mx:25\"\nstarted = 2026-11-24T10:00:00.000Z\n+++\n\
         0.000000 * connected 127.0.0.1:25\n0.000000 < 220 mx\n1.000000 > HELO a\n1.000000 < 250 mx\n\
         2.000000 > MAIL FROM:<a@b>\n2.000000 < 250 2.1.0 Ok\n3.000000 > RCPT TO:<c@d>\n3.000000 < {rcpt}\n\
         4.000000 > DATA\n4.000000 < 354 go\n5.000000 > .\n5.000000 < 250 2.0.0 Ok: queued as {queue}\n"
    )
}

#[test]
fn a_conversation_beside_itself_is_equal_and_another_code_is_a_difference() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.smtp"), recording("250 2.1.5 Ok", "58176A121CF")).expect("written");
    std::fs::write(dir.path().join("b.smtp"), recording("250 2.1.5 Ok", "99996B777AA")).expect("written");
    std::fs::write(dir.path().join("c.smtp"), recording("550 5.1.1 No such user", "58176A121CF")).expect("written");

    assert_eq!(ehlo(dir.path(), &["diff", "a.smtp", "a.smtp"]).status.code(), Some(0));
    let queue_ids = ehlo(dir.path(), &["diff", "--exact", "a.smtp", "b.smtp"]);
    assert_eq!(queue_ids.status.code(), Some(0), "{}", text(&queue_ids.stdout));

    let differs = ehlo(dir.path(), &["diff", "a.smtp", "c.smtp"]);
    assert_eq!(differs.status.code(), Some(1));
    let shown = text(&differs.stdout);
    assert!(shown.contains("! RCPT TO:<c@d>") && shown.contains("- 250") && shown.contains("+ 550"), "{shown}");

    let json = ehlo(dir.path(), &["diff", "--json", "a.smtp", "c.smtp"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((json["ehlo"].as_i64(), json["equal"].as_bool()), (Some(1), Some(false)));

    assert_eq!(ehlo(dir.path(), &["diff", "a.smtp", "none.smtp"]).status.code(), Some(2));
}

#[test]
fn a_conversation_becomes_markdown_by_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.smtp"), recording("550 5.1.1 No such user", "1")).expect("written");
    let done = ehlo(dir.path(), &["convert", "a.smtp", "a.md"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let page = std::fs::read_to_string(dir.path().join("a.md")).expect("written");
    assert!(page.contains("| `RCPT TO:<c@d>` | 550 5.1.1 |"), "{page}");

    let again = ehlo(dir.path(), &["convert", "a.smtp", "a.md"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("--force"), "{}", text(&again.stderr));

    let own = ehlo(dir.path(), &["convert", "a.smtp", "--as", "smtp"]);
    assert_eq!(text(&own.stdout), recording("550 5.1.1 No such user", "1"));
    assert_eq!(ehlo(dir.path(), &["convert", "a.smtp", "a.xyz"]).status.code(), Some(2));
}
