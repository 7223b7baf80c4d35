//! `ehlo probe` end to end: the built binary against the lab, and against peers that do what no server should.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use tokio_rustls::rustls::{self, ServerConnection, StreamOwned};

#[path = "support/secure.rs"]
#[expect(dead_code, reason = "what other tests ask of a server is not asked here")]
mod secure;
#[path = "support/terminal.rs"]
#[expect(dead_code, reason = "what other tests ask of a terminal is not asked here")]
mod terminal;

use terminal::{Home, Terminal};

/// What a probe came to.
struct Probed {
    code: Option<i32>,
    out: String,
    err: String,
    folder: TempDir,
}

impl Probed {
    /// The report, where it was asked for as JSON.
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in\n{}\n{}", self.out, self.err))
    }

    /// Severity and title of each finding.
    fn findings(&self) -> Vec<(String, String)> {
        let report = self.json();
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let all = report["findings"].as_array().unwrap().iter();
        all.map(|it| (text(&it["severity"]), text(&it["title"]))).collect()
    }

    /// The finding whose title holds these words has this severity.
    #[track_caller]
    fn finds(&self, severity: &str, words: &str) {
        let found = self.findings();
        assert!(
            found.iter().any(|(it, title)| it == severity && title.contains(words)),
            "no {severity} {words} in {found:#?}"
        );
    }

    /// Everything that was recorded.
    fn transcript(&self) -> String {
        let report = self.json();
        std::fs::read_to_string(report["transcript"].as_str().unwrap()).unwrap()
    }
}

/// Probes, and waits for the end.
fn probe(arguments: &[&str]) -> Probed {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .arg("probe")
        .args(arguments)
        .arg("--config")
        .arg(folder.path().join("config"))
        .arg("--state")
        .arg(folder.path().join("state"))
        .env("XDG_DATA_HOME", folder.path().join("data"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    Probed { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr), folder }
}

/// Probes, for the report as JSON.
fn judged(target: &str, only: &str, more: &[&str]) -> Probed {
    probe(&[&[target, "--only", only, "--json", "--idle", "100ms", "--reply-timeout", "500ms"], more].concat())
}

#[test]
fn a_good_server_is_probed_without_a_message() {
    let probed = judged("lab:", "identity,offer,tls,relay,addresses,receipt,size,pipelining,early,eight-bit,idle", &[]);
    assert_eq!(probed.code, Some(0), "{}", probed.out);
    for words in ["It looks like", "PIPELINING"] {
        probed.finds("note", words);
    }
    for words in [
        "TLS 1.3",
        "The certificate verifies",
        "Closed: 30 forms refused",
        "RCPT refuses whom it does not know",
        "The postmaster is there",
        "It takes what asks for a receipt",
        "It keeps the limit that it tells",
        "It offers PIPELINING, and keeps it",
        "8BITMIME is offered, and taken",
        "It bears 100 ms of silence",
    ] {
        probed.finds("good", words);
    }
    let transcript = probed.transcript();
    assert!(transcript.contains("> RCPT TO:") && !transcript.contains("> DATA"), "{transcript}");
    assert_eq!(probed.json()["exit"], 0);
}

#[test]
fn an_open_relay_is_told_from_a_catch_all() {
    let open = judged("lab:open-relay", "relay", &[]);
    assert_eq!(open.code, Some(1));
    open.finds("high", "Accepted at RCPT, not proven relayed");
    let evidence = &open.json()["findings"][0]["evidence"];
    assert_eq!(evidence[0]["line"], "RCPT TO:<ehlo-probe@example.org>");
    assert_eq!(evidence[1]["line"], "250 2.1.5 Ok");
    let record = usize::try_from(evidence[0]["record"].as_u64().unwrap()).unwrap();
    let transcript = open.transcript();
    let lines: Vec<&str> = transcript.split("+++\n").last().unwrap().lines().collect();
    assert!(lines[record - 1].ends_with("> RCPT TO:<ehlo-probe@example.org>"), "{}", lines[record - 1]);
    let catch_all = judged("lab:catch-all", "relay", &[]);
    assert_eq!(catch_all.code, Some(0));
    catch_all.finds("low", "A catch-all");
}

#[test]
fn a_server_that_hangs_up_is_asked_on() {
    let probed = judged("lab:harvesting", "relay,addresses", &[]);
    probed.finds("good", "Closed: 30 forms refused");
}

#[test]
fn smuggling_is_tried_only_where_a_mailbox_is_named() {
    let asked = judged("lab:smuggling-tolerant", "smuggling", &[]);
    asked.finds("low", "LF alone ends a command line");
    asked.finds("unknown", "What ends a message was not tried");
    let told = judged("lab:smuggling-tolerant", "smuggling", &["--deliver", "anotherdude@target.local"]);
    assert_eq!(told.code, Some(1));
    told.finds("high", "LF . LF, LF . CR LF, CR LF . LF");
    let strict = judged("lab:", "smuggling", &["--deliver", "anotherdude@target.local"]);
    strict.finds("good", "These end no message: LF . LF");
    assert!(!strict.transcript().contains("queued as"), "nothing was delivered");
}

#[test]
fn a_receipt_is_asked_for_by_a_message_where_a_mailbox_is_named() {
    let probed = judged("lab:dsn", "receipt", &["--deliver", "anotherdude@target.local"]);
    probed.finds("note", "A message that asks for a receipt was taken");
    let probed = judged("192.0.2.1:25", "receipt", &["--deliver", "me@example.org"]);
    assert_eq!(probed.code, Some(2));
    assert!(probed.err.contains("--yes-really-send"), "{}", probed.err);
}

#[test]
fn old_and_mangled_servers_are_described() {
    let probed = judged("lab:legacy-1990", "identity,offer,tls,auth,addresses,eight-bit", &[]);
    probed.finds("medium", "It greets back: EHLO refused (500), HELO answered (250)");
    probed.finds("medium", "STARTTLS is not offered");
    let probed = judged("lab:cert-expired", "tls", &[]);
    probed.finds("medium", "The certificate does not verify");
    let probed = judged("lab:pipelining-forbidden", "pipelining,early", &[]);
    probed.finds("good", "It offers no PIPELINING, and does not bear it");
    probed.finds("good", "It minds whoever speaks behind EHLO");
}

#[test]
fn words_behind_the_220_are_found_and_thrown_away() {
    let probed = judged("lab:starttls-injection", "injection", &[]);
    assert_eq!(probed.code, Some(1));
    probed.finds("high", "Replies in clear text come behind the 220");
}

/// A server that carries out under TLS what it read in clear text before.
fn forgetful() -> SocketAddr {
    let config = secure::config(secure::Fault::SelfSigned, &rustls::version::TLS13);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A client that goes away ends its thread.
            std::thread::spawn(move || serve(stream, &config));
        }
    });
    address
}

fn serve(mut stream: TcpStream, config: &Arc<rustls::ServerConfig>) -> Option<()> {
    stream.write_all(b"220 mx.noddy.com ESMTP\r\n").ok()?;
    let mut read = Vec::new();
    let rest = loop {
        let mut some = [0; 512];
        let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&some[..count]);
        if let Some(at) = read.windows(10).position(|octets| octets == b"STARTTLS\r\n") {
            break read.split_off(at + 10);
        }
        let reply: &[u8] =
            if read.starts_with(b"EHLO") { b"250-mx.noddy.com\r\n250 STARTTLS\r\n" } else { b"250 Ok\r\n" };
        stream.write_all(reply).ok()?;
        read.clear();
    };
    stream.write_all(b"220 Go ahead\r\n").ok()?;
    let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(config)).ok()?, stream);
    if !rest.is_empty() {
        tls.write_all(b"250 Ok, whoever you are\r\n").ok()?;
    }
    let mut lines = BufReader::with_capacity(1, tls);
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok().filter(|count| *count > 0)?;
        lines.get_mut().write_all(b"250 mx.noddy.com\r\n").ok()?;
    }
}

#[test]
fn a_command_that_gets_through_starttls_is_found() {
    let probed = judged(&forgetful().to_string(), "tls,injection", &[]);
    assert_eq!(probed.code, Some(1));
    probed.finds("high", "A command sent in clear text behind STARTTLS is carried out under TLS");
    probed.finds("medium", "The certificate does not verify");
}

#[test]
fn a_report_is_written_as_page_text_and_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (page, text, json) = (path("r.html"), path("r.txt"), path("r.json"));
    let probed = probe(&["lab:open-relay", "--only", "relay", "--report", &page, "--report", &text, "--report", &json]);
    assert_eq!(probed.code, Some(1), "{}", probed.err);
    for words in ["Open relay", "HIGH", "-> RCPT TO:<ehlo-probe@example.org>", "<-  250 2.1.5 Ok", "Cure: "] {
        assert!(probed.out.contains(words), "no {words} in {}", probed.out);
    }
    assert!(probed.err.contains("the conversations are in "), "{}", probed.err);
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    assert!(read(&page).contains("<h1>What smtp://127.0.0.1") && read(&page).contains("class=\"badge high\""));
    assert!(read(&text).contains("HIGH"));
    assert_eq!(serde_json::from_str::<Value>(&read(&json)).unwrap()["counts"]["high"], 2);
    assert!(probed.folder.path().join("state/transcripts").is_dir());
}

#[test]
fn the_workbench_runs_a_probe_and_shows_what_it_found() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["lab:open-relay"], (80, 24));
    terminal.wait_for("220 mx");
    terminal.keys("<Esc>P");
    terminal.wait_for("All 14 below");
    // Down to the addresses: two short conversations.
    terminal.keys("jjjjjj<Enter>");
    terminal.wait_for("Tested: ");
    terminal.wait_for("VRFY tells who");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
    let probed = home.transcripts().into_iter().map(|path| std::fs::read_to_string(path).unwrap());
    assert!(probed.filter(|text| text.contains("> VRFY anotherdude@target.local")).count() == 1);
}

#[test]
fn mistakes_are_said_before_anything_connects() {
    for (arguments, words) in [
        (&["lab:", "--only", "relais"][..], "there is no such probe"),
        (&["lab:", "--to", "nobody"], "local@domain"),
        (&["lab:", "--report", "x.pdf"], ".html, .json or .txt"),
        (&["lab:", "--report", "/nonexistent/x.html"], "x.html can't be written: there is no such directory"),
        (&["lab:", "--only", "relay,tls", "--skip", "tls,relay"], "nothing would be tested"),
        (&["stdio:"], "several"),
        (&["lab:", "--yes-really-send"], "--deliver"),
    ] {
        let probed = probe(arguments);
        assert_eq!(probed.code, Some(2), "{arguments:?} {}", probed.err);
        assert!(probed.err.contains(words), "{arguments:?}: {}", probed.err);
    }
    let listed = probe(&["--list"]);
    assert!(
        listed.code == Some(0) && listed.out.contains("smuggling") && listed.out.contains("30 forms"),
        "{}",
        listed.out
    );
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = judged(&closed.to_string(), "identity", &[]);
    assert_eq!(nobody.code, Some(3), "{}", nobody.err);
    assert!(nobody.json()["problem"].is_string());
}

/// Nothing is known of a server of which nothing was tested: that is no good end.
#[test]
fn where_nothing_fits_nothing_was_tested() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut says = &stream;
            let mut line = |words: &[u8]| says.write_all(words).is_ok();
            let mut heard = BufReader::new(&stream).lines();
            let mut goes_on = line(b"220 mx LMTP\r\n");
            while goes_on && heard.next().is_some_and(|heard| heard.is_ok()) {
                goes_on = line(b"250 ok\r\n");
            }
        }
    });
    let probed = judged(&format!("lmtp://{address}"), "relay", &[]);
    assert_eq!(probed.code, Some(2), "{}", probed.err);
    assert!(probed.err.contains("nothing was tested"), "{}", probed.err);
    assert_eq!(probed.json()["left_out"][0]["probe"], "relay");
}

#[test]
fn all_conversations_together_have_a_time() {
    let probed = judged("lab:", "relay,addresses", &["--total-timeout", "1ms"]);
    assert_eq!(probed.code, Some(6), "{}", probed.err);
    assert!(probed.err.contains("total time-out"), "{}", probed.err);
}

#[test]
fn a_server_that_hangs_up_is_told_of_by_the_line_that_it_did_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"220 mx.noddy.com ESMTP\r\n");
            let _ = BufReader::new(stream).read_line(&mut String::new());
        }
    });
    let problem = judged(&address.to_string(), "identity", &[]).json()["problem"].to_string();
    // Of a script that nobody has seen, the number of a line says nothing.
    assert!(problem.contains("before the reply to EHLO ") && !problem.contains("line "), "{problem}");
}

#[test]
fn a_server_that_says_more_than_anybody_asked_is_left_after_one_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let line = format!("250 {}\r\n", "never asked for ".repeat(30));
        for mut stream in listener.incoming().flatten() {
            // As much as it can: a client that has had enough stops it.
            let _ = stream.write_all(b"220 mx.noddy.com ESMTP\r\n");
            while stream.write_all(line.as_bytes()).is_ok() {}
        }
    });
    let probed = judged(&address.to_string(), "identity,relay,size,pipelining", &[]);
    assert_eq!(probed.code, Some(7), "{} {}", probed.out, probed.err);
    let problem = probed.json()["problem"].to_string();
    assert!(problem.contains("reading has stopped"), "{problem}");
    assert_eq!(probed.transcript().matches("* connected ").count(), 1);
}
