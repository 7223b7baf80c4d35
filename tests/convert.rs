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
    assert!(text(&queue_ids.stdout).ends_with("0 differ; masked: queue_ids\n"), "{}", text(&queue_ids.stdout));
    let unmasked = ehlo(dir.path(), &["diff", "--exact", "--no-masks", "a.smtp", "b.smtp"]);
    assert_eq!(unmasked.status.code(), Some(1), "{}", text(&unmasked.stdout));

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

fn sample(name: &str) -> String {
    format!("{}/tests/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_another_program_wrote_is_told_by_its_content_and_one_conversation_of_several_is_chosen() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = sample("exchange-receive.log.csv");
    let listed = ehlo(dir.path(), &["convert", &log, "--list"]);
    assert_eq!(listed.status.code(), Some(0), "{}", text(&listed.stderr));
    let rows = text(&listed.stdout);
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert!(rows.contains("   2  2026-11-24T20:18:23.001Z  192.0.2.10:25  nosuch@target.local"), "{rows}");

    let which = ehlo(dir.path(), &["convert", &log, "a.smtp"]);
    assert_eq!(which.status.code(), Some(2));
    assert!(text(&which.stderr).contains("--session N") && text(&which.stderr).contains("nosuch@target.local"));
    let none = ehlo(dir.path(), &["convert", &log, "a.smtp", "--session", "3"]);
    assert!(text(&none.stderr).contains("there is no conversation 3, it holds 2"), "{}", text(&none.stderr));

    let done = ehlo(dir.path(), &["convert", &log, "a.smtp", "--session", "2"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let page = std::fs::read_to_string(dir.path().join("a.smtp")).expect("written");
    assert!(page.contains("side = \"server\"") && page.contains("> RCPT TO:<nosuch@target.local>"), "{page}");
}

#[test]
fn a_telnet_session_from_standard_input_becomes_a_transcript_and_what_was_not_read_is_said_by_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let session = "$ telnet mx 25\nTrying 127.0.0.1...\nConnected to mx.\nEscape character is '^]'.\n220 mx ESMTP\n\
                   HELO a\n250 mx\nQUIT\n221 bye\nConnection closed by foreign host.\n";
    std::fs::write(dir.path().join("in.txt"), session).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    let input = std::fs::File::open(dir.path().join("in.txt")).expect("it was written");
    let done = command.args(["convert", "-", "--as", "smtp"]).stdin(input).output().expect("the binary runs");
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("> HELO a\n0.000000 < 250 mx\n"), "{}", text(&done.stdout));
    assert_eq!(text(&done.stderr), "ehlo convert: standard input: line 1: before the conversation: $ telnet mx 25\n");
}

#[test]
fn a_file_of_no_kind_is_refused_with_what_would_be_read() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("x.bin"), b"\x00\x01 nothing of the kind \x1b[2J").expect("written");
    let refused = ehlo(dir.path(), &["convert", "x.bin", "--as", "md"]);
    assert_eq!(refused.status.code(), Some(2));
    let words = text(&refused.stderr);
    assert!(words.contains("line 1: found") && words.contains("swaks") && !words.contains('\u{1b}'), "{words}");
}

#[test]
fn what_is_anonymised_names_nobody_in_any_format() {
    let dir = tempfile::tempdir().expect("a directory");
    for format in ["smtp", "md", "html", "txt", "json", "cast", "swaks", "send", "pcapng"] {
        let done = ehlo(dir.path(), &["convert", &sample("swaks-auth.txt"), "--anonymise", "--as", format]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        let out = text(&done.stdout);
        for gone in ["noddy", "dude", "target.local", "127.0.0.1"] {
            assert!(!out.contains(gone), "{gone} is in {out}");
        }
        assert!(out.contains(".example"), "{out}");
    }
}

#[test]
fn what_is_the_same_in_two_conversations_of_a_file_is_replaced_by_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let greeting = |session: &str| {
        let file = sample("exchange-receive.log.csv");
        let done = ehlo(dir.path(), &["convert", &file, "--session", session, "--anonymise", "--as", "smtp"]);
        let out = text(&done.stdout);
        let line = out.lines().find(|line| line.contains("< 220 ")).expect("a greeting");
        let from = out.lines().find(|line| line.contains("> MAIL FROM:")).expect("a sender");
        (line.split(' ').nth(3).map(str::to_owned), from.to_owned())
    };
    let ((server, sender), (again, other)) = (greeting("1"), greeting("2"));
    assert_eq!((server.as_deref(), &again), (Some("host1.domain1.example"), &server));
    assert!(sender.contains("<user1@domain2.example>") && other.contains("@domain4.example>"), "{sender} {other}");
}

/// The first of these programs that is installed.
fn program(names: &[&str]) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    let all: Vec<_> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| all.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

#[test]
fn wireshark_reads_an_exported_capture_as_smtp() {
    let Some(tshark) = program(&["tshark"]) else {
        eprintln!("skipped: there is no tshark here");
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.smtp"), recording("250 2.1.5 Ok", "1A2B")).expect("written");
    let done = ehlo(dir.path(), &["convert", "a.smtp", "a.pcapng"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let fields = ["-Tfields", "-e", "smtp.req.command", "-e", "smtp.response.code", "-e", "tcp.analysis.flags"];
    let read = Command::new(tshark)
        .current_dir(dir.path())
        .args(["-r", "a.pcapng", "-Y", "smtp"])
        .args(fields)
        .output()
        .expect("tshark runs");
    let rows: Vec<String> = text(&read.stdout).lines().map(|row| row.trim_end().replace('\t', " ")).collect();
    let want = [" 220", "HELO", " 250", "MAIL", " 250", "RCPT", " 250", "DATA", " 354"];
    assert_eq!(rows.iter().map(String::as_str).take(want.len()).collect::<Vec<_>>(), want, "{}", text(&read.stderr));
}

#[test]
fn wireshark_shows_what_was_said_under_tls_in_the_same_stream() {
    let Some(tshark) = program(&["tshark"]) else {
        eprintln!("skipped: there is no tshark here");
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    let begun =
        "+++\nehlo = 1\n+++\n0.0 * connecting 127.0.0.1:2525\n0.0 * connected 127.0.0.1:2525 from 127.0.0.1:40000\n";
    let secured = "0.5 * tls version=TLSv1.3 verified=yes\n0.6 > NOOP\n0.7 < 250 ok\n0.8 > QUIT\n0.9 < 221 bye\n";
    let starttls = format!("{begun}0.1 < 220 mx\n0.2 > STARTTLS\n0.3 < 220 go\n{secured}");
    let implicit = format!("{begun}{secured}").replace("0.6 >", "0.55 < 220 mx\n0.6 >");
    for (file, talk, want) in [
        ("a", starttls, ["0 220", "0 STARTTLS", "0 220", "0 NOOP", "0 250", "0 QUIT", "0 221"].as_slice()),
        ("b", implicit, &["0 220", "0 NOOP", "0 250", "0 QUIT", "0 221"]),
    ] {
        std::fs::write(dir.path().join(format!("{file}.smtp")), talk).expect("written");
        let done = ehlo(dir.path(), &["convert", &format!("{file}.smtp"), &format!("{file}.pcapng")]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        let read = Command::new(&tshark)
            .current_dir(dir.path())
            .args(["-r", &format!("{file}.pcapng"), "-Y", "smtp", "-Tfields", "-e", "tcp.stream"])
            .args(["-e", "smtp.req.command", "-e", "smtp.response.code"])
            .output()
            .expect("tshark runs");
        let words = |row: &str| row.split_whitespace().collect::<Vec<_>>().join(" ").replace("STAR", "STARTTLS");
        let rows: Vec<String> = text(&read.stdout).lines().map(words).collect();
        let rows: Vec<String> = rows.iter().map(|row| row.replace("STARTTLSTTLS", "STARTTLS")).collect();
        assert_eq!(rows, want, "{}", text(&read.stderr));
    }
}

#[test]
fn a_browser_shows_an_exported_page_in_light_and_dark() {
    let Some(browser) = program(&["chromium", "chromium-browser", "google-chrome"]) else {
        eprintln!("skipped: there is no Chromium here");
        return;
    };
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.smtp"), recording("550 5.1.1 No such user", "1")).expect("written");
    assert_eq!(ehlo(dir.path(), &["convert", "a.smtp", "a.html"]).status.code(), Some(0));
    let shoot = |scheme: &str, picture: &str| {
        let mut command = Command::new(&browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(format!("--user-data-dir={}", dir.path().join(format!("profile-{picture}")).display()));
        command.arg(format!("--blink-settings=preferredColorScheme={scheme}")).arg("--window-size=390,800");
        command.arg(format!("--screenshot={}", dir.path().join(picture).display()));
        command.arg(format!("file://{}", dir.path().join("a.html").display()));
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("it starts")
    };
    let both = [shoot("1", "light.png"), shoot("0", "dark.png")];
    let done: Vec<_> = both.into_iter().map(|mut child| child.wait().expect("it ends").success()).collect();
    assert_eq!(done, [true, true]);
    let [light, dark] = ["light.png", "dark.png"].map(|name| std::fs::read(dir.path().join(name)).expect("a picture"));
    assert!(light.len() > 10_000 && dark.len() > 10_000 && light != dark, "{} and {}", light.len(), dark.len());
}

#[test]
fn what_a_command_line_leaves_out_is_said_beside_it_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let talk = recording("250 2.1.5 Ok", "1")
        .replace("2.000000 > MAIL FROM:<a@b>", "1.5 > NOOP hello\n1.5 < 250 ok\n2.000000 > MAIL FROM:<a@b> SIZE=9");
    std::fs::write(dir.path().join("a.smtp"), talk).expect("written");
    for (format, left_out) in [("swaks", "swaks has no way to say: SIZE=9"), ("send", "was said besides: NOOP hello")] {
        let done = ehlo(dir.path(), &["convert", "a.smtp", "--as", format]);
        let (out, err) = (text(&done.stdout), text(&done.stderr));
        assert!(
            out.contains(left_out) && err.contains(left_out) && err.starts_with("ehlo convert: a.smtp: "),
            "{out}{err}"
        );
        assert!(text(&ehlo(dir.path(), &["convert", "a.smtp", "--as", format, "--quiet"]).stderr).is_empty());
    }
    assert!(text(&ehlo(dir.path(), &["convert", "a.smtp", "--as", "txt"]).stderr).is_empty());
}

#[test]
fn a_script_that_is_shipped_is_a_conversation_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let done = ehlo(dir.path(), &["convert", "example:classic", "--as", "smtp"]);
    assert!(done.status.success() && text(&done.stdout).contains("> HELO {{ehlo}}"), "{}", text(&done.stdout));
    assert_eq!(ehlo(dir.path(), &["diff", "example:classic", "example:classic"]).status.code(), Some(0));
    let none = ehlo(dir.path(), &["convert", "example:", "--as", "smtp"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("example:classic"), "{}", text(&none.stderr));
}
