//! What is sent as the message, and what is kept of it.

use super::{ACCEPTS, Desk, after_ehlo};

/// The message that `--dump-mail` prints.
fn dumped(desk: &Desk, input: &[u8], arguments: &[&str]) -> String {
    let ran = desk.send_with(input, &[&["lab:", "--from", "a@b", "--to", "c@d", "--dump-mail"], arguments].concat());
    ran.expect(0, &[]);
    ran.out
}

#[test]
fn a_message_is_made_of_what_is_given() {
    let desk = Desk::new();
    let plain = dumped(&desk, b"", &["--body", "one\\ntwo", "--header", "Subject: x", "-ah", "X-A: 1\\nX-B: 2"]);
    assert!(plain.contains("From: a@b\r\nTo: c@d\r\nSubject: x\r\n") && plain.ends_with("one\r\ntwo\r\n"), "{plain}");
    assert!(plain.contains("X-A: 1\r\nX-B: 2\r\n\r\n"), "{plain}");
    let file = desk.write("a.bin", [0, 1, 2, 255]);
    let at = format!("@{file}");
    let parts =
        dumped(&desk, b"in", &["--body", "-", "--html", "<p>", "--attach-type", "application/pdf", "--attach", &at]);
    assert!(parts.contains("multipart/mixed") && parts.contains("multipart/alternative"), "{parts}");
    assert!(parts.contains("application/pdf; name=\"a.bin\"") && parts.contains("AAEC/w=="), "{parts}");
    let data = dumped(&desk, b"Subject: y\n\n.leading\n.\n", &["-g", "--h-Subject", "z"]);
    assert_eq!(data, "Subject: z\r\n\r\n.leading\r\n");
    for sample in ["plain", "gtube", "eicar", "8bit", "bare-lf"] {
        let whole = dumped(&desk, b"", &["--sample", sample]);
        assert!(
            whole.contains("To: <c@d>") && whole.contains("\r\nDate: ") && whole.contains("\r\nMessage-ID: <"),
            "{whole}"
        );
    }
    let composed = dumped(&desk, b"", &["--body", "x"]);
    assert!(composed.contains("\r\nDate: ") || composed.starts_with("Date: "), "{composed}");
    assert!(composed.contains("\r\nMessage-ID: <") && composed.contains("@b>\r\n"), "{composed}");
    let template = desk.write("t.eml", "To: {{to}}\nSubject: {{what}}\n\n{{who}}\n");
    let filled = dumped(&desk, b"", &["--template", &template, "--var", "what=x", "--var", "who=Noddy"]);
    assert_eq!(filled, "To: c@d\r\nSubject: x\r\n\r\nNoddy\r\n");
    let mailbox = desk.write("m.eml", "From a@b Mon Nov 23 20:18:22 2026\nX-Id: {{uuid}}\n\nx\n");
    let filled = dumped(&desk, b"", &["--template", &mailbox]);
    let id = filled.strip_prefix("X-Id: ").and_then(|rest| rest.split_once('\r')).expect("the line is gone").0;
    assert!(id.len() == 36 && id.matches('-').count() == 4, "{filled}");
    let kept = dumped(&desk, b"", &["--template", &mailbox, "--no-strip-from"]);
    assert!(kept.starts_with("From a@b Mon"), "{kept}");
}

#[test]
fn what_is_attached_comes_back_as_it_was() {
    let desk = Desk::new();
    let at = format!("@{}", desk.write("a.csv", "one,two\nthree,four\n"));
    let parts = dumped(&desk, b"", &["--body", "x", "--attach-type", "text/csv", "--attach", &at]);
    assert!(parts.contains("b25lLHR3bwp0aHJlZSxmb3VyCg==") && !parts.contains("=0A"), "{parts}");
}

#[test]
fn dots_are_stuffed_on_the_wire() {
    let desk = Desk::new();
    let (ran, heard) = desk.against(&after_ehlo(" mx", ACCEPTS), &["--to", "c@d", "--data", "S: x\\n\\n.\\n..a\\nend"]);
    ran.expect(0, &["=== delivered c@d"]);
    let from = heard.iter().position(|line| line == "DATA").expect("DATA");
    assert_eq!(heard[from + 1..from + 7], ["S: x", "", "..", "...a", "end", "."]);
}

#[test]
fn a_large_file_streams_and_is_kept_as_a_sum() {
    let desk = Desk::new();
    let text = format!("From: a@b\nSubject: large\n\n{}", ".a line that is stuffed\n".repeat(60_000));
    let file = desk.write("large.eml", &text);
    let saved = desk.path("kept.smtp");
    let saved = saved.to_str().expect("UTF-8");
    let arguments = ["lab:", "--to", "anotherdude@target.local", "-n", "--data", &format!("@{file}"), "--save", saved];
    desk.send(&arguments).expect(0, &["=== delivered anotherdude@target.local", " octets more]"]);
    let kept = std::fs::read_to_string(saved).expect("saved");
    assert!(
        kept.contains(" * content bytes=") && kept.contains("sha256=") && kept.contains("large.eml"),
        "the rest is summed"
    );
    assert!(kept.len() < 4 << 20 && kept.contains("| ..a line that is stuffed"), "{}", kept.len());
    desk.send(&arguments).expect(2, &["exists already"]);
    let with_field = [&arguments[..6], &["--header", "X: y"]].concat();
    desk.send(&with_field).expect(2, &["more than 1 MiB"]);
}

#[test]
fn a_large_file_is_attached_by_way_of_the_disk() {
    let desk = Desk::new();
    let file = desk.write("large.bin", "octets of it\n".repeat(400_000));
    let (saved, attach) = (desk.path("kept.smtp"), format!("@{file}"));
    let saved = saved.to_str().expect("UTF-8");
    let arguments = ["lab:", "--to", "anotherdude@target.local", "-n", "--attach", &attach];
    let ran = desk.send(&[&arguments[..], &["--save", saved]].concat());
    ran.expect(0, &["=== delivered anotherdude@target.local", " octets more]"]);
    let kept = std::fs::read_to_string(saved).expect("saved");
    assert!(kept.contains("file=message.eml") && kept.contains("| Content-Type: multipart/mixed"), "{}", kept.len());
    let chunked = desk.send(&[&arguments[..], &["--bdat", "5000000"]].concat());
    chunked.expect(0, &["BDAT 5000000\n", " LAST", "=== delivered"]);
    // More than is ever held in memory; of nothing, so that it takes no room.
    let file = desk.path("larger.bin");
    std::fs::File::create(&file).and_then(|file| file.set_len((64 << 20) + 1)).expect("made");
    let larger = format!("@{}", file.display());
    let script = desk.send(&["lab:", "--to", "anotherdude@target.local", "--attach", &larger, "--as-script"]);
    script.expect(2, &["too large to stand in a script", "--dump-mail"]);
}

#[test]
#[cfg(unix)]
fn a_signal_leaves_nothing_of_a_message_on_the_disk() {
    use std::io::Write as _;
    let desk = Desk::new();
    let folder = desk.path("temporary");
    std::fs::create_dir(&folder).expect("a folder");
    let mut ehlo = std::process::Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["send", "lab:", "--to", "anotherdude@target.local", "--attach", "-", "--state"])
        .arg(desk.path("state"))
        .env("TMPDIR", &folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let mut input = ehlo.stdin.take().expect("its standard input");
    // More than is held, and no end to it.
    input.write_all(&vec![b'x'; 3 << 20]).expect("it is read");
    let kept = || {
        let inner = std::fs::read_dir(&folder).expect("read").find_map(Result::ok)?;
        std::fs::metadata(inner.path().join("standard-input")).ok().map(|file| file.len())
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while kept().is_none_or(|octets| octets < 2 << 20) {
        assert!(std::time::Instant::now() < deadline, "nothing is kept");
        std::thread::yield_now();
    }
    let process = nix::unistd::Pid::from_raw(i32::try_from(ehlo.id()).expect("a process"));
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).expect("told");
    assert_eq!(ehlo.wait().expect("it ends").code(), Some(130));
    assert_eq!(std::fs::read_dir(&folder).expect("read").count(), 0, "what was kept is gone");
    drop(input);
}

#[test]
fn a_yes_is_asked_for_before_the_message_is_read() {
    let desk = Desk::new();
    let mut ehlo = std::process::Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["send", "192.0.2.1", "--to", "a@noddy.com", "--data", "-", "--state"])
        .arg(desk.path("state"))
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    // There is no end to it.
    let input = ehlo.stdin.take().expect("its standard input");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while ehlo.try_wait().expect("asked").is_none() {
        if std::time::Instant::now() > deadline {
            ehlo.kill().expect("stopped");
            panic!("it reads the message first");
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let output = ehlo.wait_with_output().expect("it has ended");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--yes-really-send"), "{output:?}");
    drop(input);
}

#[test]
fn a_message_goes_in_chunks_too() {
    let desk = Desk::new();
    let ran =
        desk.send(&["lab:", "--to", "anotherdude@target.local", "--bdat", "64", "--data", "Subject: x\\n\\nHello."]);
    ran.expect(0, &[" ~> BDAT 22 LAST", "=== delivered"]).lacks(&["DATA\n"]);
    let file = desk.write("large.eml", "Subject: x\r\n\r\n".to_owned() + &"some text of it\r\n".repeat(80_000));
    let ran =
        desk.send(&["lab:", "--to", "anotherdude@target.local", "-n", "--bdat", "1000000", "-d", &format!("@{file}")]);
    ran.expect(0, &["BDAT 1000000\n", "BDAT 360014 LAST", "=== delivered"]);
    let bare = desk.write("bare.eml", "a line\n".repeat(200_000));
    desk.send(&["lab:", "--to", "x@y", "--bdat", "--data", &format!("@{bare}")]).expect(2, &["LF alone", "unix2dos"]);
}

#[test]
fn what_would_be_sent_is_a_script_that_runs() {
    let desk = Desk::new();
    let arguments = ["lab:", "--to", "anotherdude@target.local", "--tls", "--body", "Hello {{name}}", "--as-script"];
    let ran = desk.send(&arguments);
    ran.expect(
        0,
        &["> STARTTLS", "> RCPT TO:<anotherdude@target.local>", "| Hello \\x7b{name}}", "target = \"lab:default\""],
    );
    desk.plays("script.smtp", &ran.out, "lab:").expect(0, &["1 message handed over"]);
}

#[test]
fn what_hangs_on_the_servers_offer_is_said_of_a_script_and_it_runs() {
    let desk = Desk::new();
    let to = ["--to", "anotherdude@target.local", "--as-script"];
    let plain = desk.send(&[&["lab:"], &to[..]].concat());
    plain.expect(0, &["\n# STARTTLS and EHLO again come here", "\n# SIZE="]);
    for words in ["a comment in the script: STARTTLS", "--tls writes them", "a comment in the script: SIZE="] {
        assert!(plain.err.contains(words), "{words}: {}", plain.err);
    }
    desk.plays("plain.smtp", &plain.out, "lab:").expect(0, &["1 message handed over"]);
    let eight = desk.send(&[&["lab:", "--tls", "--data", "Subject: \u{e9}\\n\\n\u{e9}\\n"], &to[..]].concat());
    eight.expect(
        0,
        &["> MAIL FROM:<dude@noddy.com> BODY=8BITMIME SMTPUTF8\n", "where the server does not offer 8BITMIME"],
    );
    eight.lacks(&["# STARTTLS"]);
    desk.plays("eight.smtp", &eight.out, "lab:").expect(0, &["BODY=8BITMIME", "1 message handed over"]);
    let helo = desk.send(&[&["lab:", "--protocol", "SMTP", "--data", "S: x\\n\\n\u{e9}\\n"], &to[..]].concat());
    helo.expect(0, &["> HELO"]).lacks(&["8BITMIME", "SIZE="]);
    let login = desk.send(&[&["lab:", "--no-tls", "--auth"], &to[..]].concat());
    login.expect(0, &["> AUTH PLAIN {{auth}}", "ehlo send takes the strongest that is offered"]);
    desk.plays("login.smtp", &login.out, "lab:").expect(0, &["1 message handed over"]);
}

#[test]
fn a_template_reads_the_environment_where_that_is_allowed_and_its_secrets_are_masked() {
    let desk = Desk::new();
    let template = desk.write("t.eml", "Subject: of {{env.LOGNAME}}\n\nkey {{env.NODDY_PASSWORD}}\n");
    let to = ["lab:", "--to", "anotherdude@target.local", "--template", &template];
    desk.send(&to).expect(2, &["{{env.LOGNAME}} reads the environment", "--allow-env LOGNAME"]);
    desk.send(&[&to[..], &["--allow-env", "LOGNAME,NODDY_PASSWORD"]].concat())
        .expect(2, &["--allow-env LOGNAME allows"]);
    let allowed = [&to[..], &["--allow-env", "LOGNAME", "--allow-env", "NODDY_PASSWORD"]].concat();
    let saved = desk.path("saved.smtp");
    let ran = desk.send(&[&allowed[..], &["--save", saved.to_str().expect("UTF-8")]].concat());
    ran.expect(0, &["Subject: of dude", "key {{auth}}"]).lacks(&["pass-word-of-noddy"]);
    let saved = std::fs::read_to_string(saved).expect("saved");
    assert!(saved.contains("| key {{auth}}") && !saved.contains("pass-word-of-noddy"), "{saved}");
    let script = desk.send(&[&allowed[..], &["--as-script"]].concat());
    script.expect(0, &["| key {{env.NODDY_PASSWORD}}", "--allow-env NODDY_PASSWORD"]).lacks(&["pass-word-of-noddy"]);
    assert!(desk.send(&[&allowed[..], &["--dump-mail"]].concat()).out.contains("key pass-word-of-noddy"));
    for (option, words) in [(&["--encoding", "base64"][..], "in base64"), (&["--bdat", "10"], "--bdat counts")] {
        let ran = desk.send(&[&allowed[..], &["--as-script"], option].concat());
        ran.expect(2, &["{{env.NODDY_PASSWORD}} is a secret", words]).lacks(&["pass-word-of-noddy"]);
    }
}

#[test]
fn only_the_place_of_a_secret_becomes_its_name_and_a_key_of_several_lines_is_masked() {
    let desk = Desk::new();
    let template = desk.write("t.eml", "Subject: noddy\n\nkey {{env.A_KEY}}\n");
    let to = ["lab:", "--from", "dude@noddy.com", "--to", "anotherdude@target.local", "--template", &template];
    let spoken = |key: &str, more: &[&str]| {
        desk.send_where(("A_KEY", key), b"", &[&to[..], &["--allow-env", "A_KEY"], more].concat())
    };
    let script = spoken("noddy", &["--as-script"]);
    script.expect(0, &["| Subject: noddy\n", "| key {{env.A_KEY}}\n", "MAIL FROM:<dude@noddy.com>"]);
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHx1\nq8Zz0Qbb5w==\n-----END PRIVATE KEY-----";
    spoken(pem, &["--as-script"]).expect(2, &["several lines"]).lacks(&["q8Zz0Qbb5w"]);
    for more in [&[][..], &["--encoding", "base64"], &["--json"]] {
        let saved = desk.path("key.smtp");
        let ran = spoken(pem, &[more, &["--force", "--save", saved.to_str().expect("UTF-8")]].concat());
        ran.expect(0, &[]).lacks(&["q8Zz0Qbb5w", "MC4CAQAwBQYDK2Vw"]);
        let saved = std::fs::read_to_string(saved).expect("saved");
        assert!(saved.contains("{{auth}}") && !saved.contains("q8Zz0Qbb5w") && !saved.contains("MC4CAQ"), "{saved}");
    }
}

#[test]
fn recipients_beyond_the_limits_go_over_another_connection() {
    let desk = Desk::new();
    let scenario = desk.write(
        "limits.toml",
        "ehlo = 1\nextends = \"catch-all\"\ntitle = \"Limits\"\n\n[capabilities]\n\
         advertise = [\"PIPELINING\", \"LIMITS RCPTMAX=2 RCPTDOMAINMAX=1\"]\n",
    );
    let to = "a@target.local,b@target.local,dude@noddy.com,d@target.local";
    let lab = format!("lab:{scenario}");
    let kept = desk.path("kept.smtp");
    let kept_at = kept.to_str().expect("UTF-8");
    let ran = desk.send(&[&lab, "--to", to, "--pipeline", "--save", kept_at]);
    ran.expect(0, &["2 recipients are left for another", "1 recipient is left", "delivered d@target.local"]);
    assert_eq!(ran.out.matches("> MAIL FROM:").count(), 3, "{}", ran.out);
    assert_eq!(std::fs::read_to_string(kept).expect("kept").matches("> QUIT").count(), 3);
    let json = desk.send(&[&lab, "--to", to, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((&json["handed_over"], json["recipients"].as_array().map(Vec::len)), (&3.into(), Some(4)));
    assert_eq!(json["transcripts"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_large_message_from_standard_input_goes_out_line_by_line() {
    let desk = Desk::new();
    let text = format!(
        "Subject: large\n\n{}last",
        ".a line that is stuffed, and long enough to make many of them\n".repeat(30_000)
    );
    let peer = super::Peer::play(&after_ehlo(" mx", ACCEPTS));
    let target = peer.target();
    let to = ["--server", &target, "--from", "a@b", "--helo", "me", "--to", "c@d", "-n", "-g"];
    desk.send_with(text.as_bytes(), &to).expect(0, &["=== delivered c@d"]);
    let heard = peer.heard();
    let from = heard.iter().position(|line| line == "DATA").expect("DATA");
    assert_eq!(heard[from + 1..from + 3], ["Subject: large", ""]);
    assert!(
        heard[from + 3..from + 30_003].iter().all(|line| line.starts_with("..a line") && line.ends_with("of them"))
    );
    assert_eq!(heard[from + 30_003..from + 30_005], ["last", "."]);
}

/// RFC 8463's example key as OpenSSL writes it.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

#[test]
fn a_large_file_is_signed_as_a_small_one_is_and_a_mailbox_is_no_message() {
    let desk = Desk::new();
    let key = desk.write("key.pem", KEY);
    let dkim = ["--dkim-key", &key, "--dkim-domain", "noddy.com", "--dkim-selector", "mail"];
    let hash_of = |lines: usize| {
        let text = format!(
            "From: a@b\nSubject: large\n\n{}\n\n",
            format!("{}\n", "a line  of some length ".repeat(10)).repeat(lines)
        );
        let at = format!("@{}", desk.write("signed.eml", text));
        let to = ["lab:", "--to", "anotherdude@target.local", "--data", &at];
        let ran = desk.send(&[&to[..], &dkim, &["--no-tls"]].concat());
        ran.expect(0, &["=== delivered", " -| DKIM-Signature: v=1; a=ed25519-sha256;"]);
        let hash = ran.out.split("bh=").nth(1).and_then(|rest| rest.split(';').next()).expect("a hash").to_owned();
        assert!(ran.out.find("DKIM-Signature") < ran.out.find("Subject: large"), "it stands first");
        hash
    };
    // Held in memory, and read as it goes by: the bodies differ, and each is what openssl makes of it.
    assert_eq!(hash_of(2), "1mIYjRDGZhlqf9VvoOq5t2vL3PtDOrmVXVhwepInysQ=");
    assert_eq!(hash_of(5_000), "kb8ArhVMDaC0OE30o1IC71nhRnDx1z8+mkzbJkwee5Q=");
    let mailbox = format!(
        "@{}",
        desk.write(
            "mailbox",
            format!("From a@b Mon\nFrom: a@b\n\n{}", format!("{}\r\n", "x".repeat(200)).repeat(6_000))
        )
    );
    let to = ["lab:", "--to", "anotherdude@target.local", "-n", "--data", &mailbox];
    desk.send(&to).expect(2, &["by which mailboxes divide messages", "tail -n +2", "--no-strip-from"]);
    desk.send(&[&to[..], &["--no-strip-from"]].concat()).expect(0, &["=== delivered"]);
}
