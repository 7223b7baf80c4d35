//! The composer and what sends by itself, as somebody meets them: messages written, logins made, cuts mended, lines
//! pasted and remembered; the built binary in a pseudo-terminal against the lab and scripted peers.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ehlo::lab::scenario::Scenario;
use ehlo::lab::{self, Lab, ListenerKind};
use ehlo::world::{Directories, World};

mod menu;

mod support {
    pub(crate) mod peer;
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use support::peer::Peer;
use support::terminal::{Home, Terminal};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 33);

/// A password that stands nowhere by chance.
const SECRET: &str = "Xyzzy-plugh-4711";

const SCENARIO: &str = r#"ehlo = 1
title = "T"
story = "S."
[listeners]
smtp = { starttls = true, auth = "offered" }
[capabilities]
advertise = ["PIPELINING", "SIZE 10485760", "DSN", "ENHANCEDSTATUSCODES"]
[[account]]
user = "dude"
password = "Xyzzy-plugh-4711"
mechanisms = ["PLAIN", "LOGIN"]
[[domain]]
name = "target.local"
[[domain.mailbox]]
name = "anotherdude"
"#;

/// A lab inside the test, and a profile `front` that leads to it.
struct Site {
    home: Home,
    /// Where the lab keeps its own, apart from what the workbench writes.
    _own: tempfile::TempDir,
    lab: Lab,
    _runtime: tokio::runtime::Runtime,
}

impl Site {
    fn new(auth: &str) -> Self {
        let home = Home::new();
        let own = tempfile::tempdir().unwrap();
        let path = || own.path().to_owned();
        let world = World::real(Directories { config: path(), data: path(), state: path() });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let scenario = Scenario::parse("test", SCENARIO).unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let lab = runtime.block_on(lab::start_with(scenario, listen, &world)).unwrap();
        let site = Self { home, _own: own, lab, _runtime: runtime };
        site.profile(auth);
        site
    }

    fn profile(&self, auth: &str) {
        let folder = self.home.path().join("config/profiles");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ca.pem"), &self.lab.ca).unwrap();
        let port = self.lab.address(ListenerKind::Smtp).unwrap().port();
        let ca = folder.join("ca.pem");
        let text = format!(
            "host = \"127.0.0.1\"\nport = {port}\n[identity]\nehlo = \"noddy.com\"\nfrom = \"dude@noddy.com\"\n\
             to = [\"anotherdude@target.local\"]\n[tls]\nmode = \"starttls\"\nca = \"{}\"\n{auth}",
            ca.display()
        );
        std::fs::write(folder.join("front.toml"), text).unwrap();
    }

    fn start(&self, size: (u16, u16)) -> Terminal {
        let mut terminal = Terminal::start_with(&self.home, &["front"], size, &[("FRONT_PASSWORD", SECRET)]);
        terminal.wait_for("220 ");
        terminal
    }

    /// The content of the only message that was received.
    fn received(&self) -> String {
        let all = self.lab.messages_since(0);
        assert_eq!(all.len(), 1, "one message was received");
        String::from_utf8(all[0].content.to_vec()).unwrap()
    }
}

/// The file that holds this text, if one below the folder does.
fn holder(folder: &Path, text: &[u8]) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if contains(&std::fs::read(&path).unwrap_or_default(), text) {
                return Some(path);
            }
        }
    }
    None
}

fn contains(octets: &[u8], text: &[u8]) -> bool {
    octets.windows(text.len()).any(|window| window == text)
}

/// Checks that the secret is nowhere: in no file below the home directory, in nothing that went to the terminal.
fn assert_kept(home: &Home, terminal: &Terminal) {
    let raw = terminal.raw();
    let texts = [SECRET.to_owned(), STANDARD.encode(SECRET), STANDARD.encode(format!("\0dude\0{SECRET}"))];
    for text in texts {
        let text = text.trim_end_matches('=').as_bytes();
        assert_eq!(holder(home.path(), text), None, "{}", text.escape_ascii());
        assert!(!contains(&raw, text), "{} reached the terminal", text.escape_ascii());
    }
}

/// Types a line, sees it on the screen, sends it, and waits for what the screen shows then.
fn say(terminal: &mut Terminal, line: &str, then: &str) {
    assert!(!terminal.screen().contains(then), "{then} is on the screen before {line} is sent");
    terminal.keys(line).wait_for(line).keys("<Enter>").wait_for(then);
}

/// Up to an accepted recipient.
fn envelope(terminal: &mut Terminal) {
    say(terminal, "EHLO noddy.com", "Say who the mail is from");
    say(terminal, "MAIL FROM:<dude@noddy.com>", "Name the recipients");
    say(terminal, "RCPT TO:<anotherdude@target.local>", "Another RCPT, or DATA");
}

fn quit(mut terminal: Terminal) -> Terminal {
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
    terminal.assert_restored();
    terminal
}

#[test]
fn a_message_from_a_sample_is_prepared_before_data_and_arrives_as_it_was_shown() {
    let site = Site::new("");
    let mut terminal = site.start(SMALL);
    terminal.keys("<F3>").wait_for("Ctrl-D").keys("<F2>").wait_for("gtube").keys("<Enter>");
    terminal.wait_for("To: <anotherdude@target.local>").keys("<C-d>").wait_for("is prepared");
    envelope(&mut terminal);
    say(&mut terminal, "DATA", "the message: ");
    terminal.wait_for("1 recipient").keys("<Enter>").wait_for("The message was taken");
    quit(terminal);
    let sample = ehlo::assets::text("messages/plain.eml").unwrap();
    let sample = sample.replace("{from}", "dude@noddy.com").replace("{to}", "anotherdude@target.local");
    let received = site.received();
    let (before, after) = sample.split_once("Date: {date}\nMessage-ID: {message_id}\n").expect("the sample has both");
    assert!(
        received.starts_with(&before.replace('\n', "\r\n")) && received.ends_with(&after.replace('\n', "\r\n")),
        "{received}"
    );
    let own: Vec<_> = received.lines().skip(before.lines().count()).take(2).collect();
    assert!(own[0].starts_with("Date: ") && own[0].ends_with(" +0000"), "{received}");
    assert!(own[1].starts_with("Message-ID: <") && own[1].ends_with("@noddy.com>"), "{received}");
}

#[test]
fn a_file_is_inserted_after_354_and_goes_out_with_its_dots_and_the_dot() {
    let site = Site::new("");
    let text = "Subject: from a file\n\n.\n..two\nlast line\n";
    std::fs::write(site.home.path().join("note.eml"), text).unwrap();
    let mut terminal = site.start(LARGE);
    envelope(&mut terminal);
    say(&mut terminal, "DATA", "a line with only \".\" ends it");
    // What the editor begins with is taken out, line by line.
    terminal
        .keys("<F3>")
        .wait_for("Subject:")
        .keys("<Up><Up><Up><Up><C-a><C-k><C-k><C-k><C-k><C-k><C-k><C-k><C-k><C-k><C-k><C-k><C-k>");
    terminal.wait_until("an empty text", |screen| !screen.contains("Subject:"));
    terminal.keys("<F2>").wait_for("a file").keys("<Up><Down><Down><Down><Down><Down><Down><Down><Down><Down><Enter>");
    terminal.keys("note.eml").wait_for("note.eml").keys("<Enter>").wait_for("last line");
    terminal.keys("<C-d>").wait_for("the message: 5 lines, 45 bytes, 1 recipient");
    terminal.keys("<Enter>").wait_for("The message was taken");
    quit(terminal);
    assert_eq!(site.received(), text.replace('\n', "\r\n"));
    let transcript = site.home.transcript();
    for line in [" | ..\n", " | ...two\n", " | last line\n", " > .\n"] {
        assert!(transcript.contains(line), "{line}: {transcript}");
    }
}

#[test]
fn make_ready_logs_in_and_the_secret_is_nowhere() {
    let sources = [
        ("PLAIN", "password = { prompt = true }"),
        ("LOGIN", "password = { prompt = true }"),
        ("LOGIN", "password = { env = \"FRONT_PASSWORD\" }"),
        ("PLAIN", "password = { command = \"printf '%s-plugh-%s\\\\n' Xyzzy 4711\" }"),
    ];
    for (mechanism, password) in sources {
        let site = Site::new(&format!("[auth]\nuser = \"dude\"\nmechanism = \"{mechanism}\"\n{password}\n"));
        let mut terminal = site.start(SMALL);
        terminal.keys("<F10>");
        if password.contains("prompt") {
            terminal.wait_for("Password of dude").keys(SECRET).wait_for("••••••••").keys("<Enter>");
        }
        terminal.wait_for("Ready: encrypted, logged in as dude");
        let mut terminal = quit(terminal);
        let transcript = site.home.transcript();
        for line in [" * auto", " > EHLO noddy.com", " > STARTTLS", &format!(" > AUTH {mechanism}"), " < 235"] {
            assert!(transcript.contains(line), "{mechanism} {password}: {line}: {transcript}");
        }
        assert_kept(&site.home, &terminal);
        terminal.exit();
    }
}

#[test]
fn a_login_begun_by_hand_is_guided_and_ended_by_a_key() {
    let site = Site::new("[auth]\nuser = \"dude\"\nallow_plaintext = true\npassword = { env = \"FRONT_PASSWORD\" }\n");
    let mut terminal = site.start(LARGE);
    say(&mut terminal, "EHLO noddy.com", "Say who the mail is from");
    say(&mut terminal, "AUTH PLAIN", "PLAIN wants one answer: type $\\0user\\0password");
    terminal.keys("\\0dude\\0x").wait_for("no base64").keys("<F8>").wait_for("sent as AGR1ZGUAeA==").keys("<C-u>");
    terminal.wait_for("F10 answers as dude");
    terminal.keys("<F10>").wait_for("logged in as dude");
    let terminal = quit(terminal);
    assert_kept(&site.home, &terminal);

    let site = Site::new("[auth]\nuser = \"dude\"\nallow_plaintext = true\npassword = { env = \"FRONT_PASSWORD\" }\n");
    let mut terminal = site.start(SMALL);
    say(&mut terminal, "EHLO noddy.com", "Say who the mail is from");
    say(&mut terminal, "AUTH LOGIN", "asks “Username:”");
    say(&mut terminal, "$dude", "asks “Password:”");
    terminal.keys("<F10>").wait_for("logged in as dude");
    let terminal = quit(terminal);
    assert_kept(&site.home, &terminal);
}

#[test]
fn dollar_answers_are_encoded_masked_and_not_remembered() {
    let script = "S: 220 mx ESMTP\nC: EHLO noddy.com\nS: 250-mx\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n\
        C: ZHVkZQ==\nS: 334 UGFzc3dvcmQ6\nC: WHl6enktcGx1Z2gtNDcxMQ==\nS: 535 no\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n\
        C: $ZHVkZQ\nS: 501 no base64\nHOLD\n";
    let (home, peer) = (Home::new(), Peer::play(script));
    let mut terminal = Terminal::start(&home, &[&peer.target()], LARGE);
    terminal.wait_for("220 mx");
    say(&mut terminal, "EHLO noddy.com", "AUTH LOGIN");
    terminal.keys("AUTH LOGIN<Enter>").wait_for("asks “Username:”").keys("$dude").wait_for("sent as ZHVkZQ==");
    terminal.keys("<Enter>").wait_for("asks “Password:”");
    terminal.keys(&format!("${SECRET}<Enter>")).wait_for("LOGIN shows the password").answer("y").wait_for("535 no");
    terminal.keys("AUTH LOGIN<Enter>").wait_until("asked again", |screen| screen.contains("asks “Username:”"));
    terminal.keys("$$ZHVkZQ").wait_for("sent as $ZHVkZQ").keys("<Enter>").wait_for("501 no base64");
    terminal.keys("<C-r>").wait_for("Lines sent before");
    assert!(!terminal.screen().contains("plugh"), "{}", terminal.screen());
    terminal.keys("<Esc>").wait_until("the list to go", |screen| !screen.contains("Lines sent before"));
    quit(terminal);
    peer.heard();
    for text in [SECRET.to_owned(), STANDARD.encode(SECRET)] {
        assert_eq!(holder(home.path(), text.as_bytes()), None);
    }
}

#[test]
fn a_refused_recipient_is_brought_back_mended_and_the_mail_delivered() {
    let site = Site::new("");
    let mut terminal = site.start(SMALL);
    say(&mut terminal, "EHLO noddy.com", "Say who the mail is from");
    say(&mut terminal, "MAIL FROM:<dude@noddy.com>", "Name the recipients");
    say(&mut terminal, "RCPT TO:<anotherdud@target.local>", "Another RCPT, or RSET");
    terminal.keys("RCPT<Up>").wait_for("│ RCPT TO:<anotherdud@target.local>");
    terminal.keys("<C-a>").keys(&"<Right>".repeat("RCPT TO:<anotherdud".len())).keys("e");
    terminal.wait_for("│ RCPT TO:<anotherdude@target.local>").keys("<Enter>").wait_for("Another RCPT, or DATA");
    say(&mut terminal, "DATA", "a line with only \".\" ends it");
    terminal.keys("Subject: mended<Enter><Enter>");
    say(&mut terminal, ".", "The message was taken");
    quit(terminal);
    assert_eq!(site.received(), "Subject: mended\r\n\r\n");
}

#[test]
fn after_a_421_one_key_goes_back_to_where_it_was_cut() {
    let start = "S: 220 mx ESMTP\nC: EHLO noddy.com\nS: 250 mx\nC: MAIL FROM:<dude@noddy.com>\nS: 250 ok\n\
        C: RCPT TO:<a@b.example>\nS: 250 ok\n";
    let script = format!(
        "{start}C: RCPT TO:<no@b.example>\nS: 550 5.1.1 no\nC: NOOP\nS: 421 4.4.2 too long\n---\n{start}C: DATA\nS: 354 go\n\
         C: .. .\nS: 250 queued\nHOLD\n"
    );
    let (home, peer) = (Home::new(), Peer::play(&script));
    let mut terminal = Terminal::start(&home, &[&peer.target()], SMALL);
    terminal.wait_for("220 mx");
    say(&mut terminal, "EHLO noddy.com", "Say who the mail is from");
    say(&mut terminal, "MAIL FROM:<dude@noddy.com>", "Name the recipients");
    say(&mut terminal, "RCPT TO:<a@b.example>", "Another RCPT, or DATA");
    terminal.keys("RCPT TO:<no@b.example><Enter>").wait_for("550 5.1.1 no");
    say(&mut terminal, "NOOP", "421 4.4.2 too long");
    // Only a connection that has ended can be gone back to.
    terminal.wait_for("closed by the server").keys("<F12>").wait_for("recipients accepted: 1");
    say(&mut terminal, "DATA", "a line with only \".\" ends it");
    terminal.keys(".<Enter>").wait_for("250 queued");
    quit(terminal);
    peer.heard();
}

#[test]
fn a_second_enter_sends_a_line_pipelined() {
    let script = "S: 220 mx ESMTP\nC: EHLO noddy.com\nC: NOOP\nS: 250 mx\nS: 250 noop\nHOLD\n";
    let (home, peer) = (Home::new(), Peer::play(script));
    let mut terminal = Terminal::start(&home, &[&peer.target()], LARGE);
    terminal.wait_for("220 mx").keys("EHLO noddy.com<Enter>").wait_for("waiting for the reply to EHLO");
    terminal.keys("NOOP<Enter>").wait_for("Enter again sends this line at once").keys("<Enter>").wait_for("250 noop");
    quit(terminal);
    assert_eq!(peer.heard(), ["EHLO noddy.com", "NOOP"]);
}

#[test]
fn a_paste_is_offered_and_what_stood_on_the_line_stays() {
    let script = "S: 220 mx ESMTP\nC: NOOP one\nS: 250 1\nC: NOOP two\nS: 250 2\nC: RSET\nC: NOOP three\nS: 250 r\nS: 250 3\n\
        C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: Subject: pasted\nC: \nC: ..dot\n\
        C: .\nS: 250 queued\nHOLD\n";
    let (home, peer) = (Home::new(), Peer::play(script));
    let mut terminal = Terminal::start(&home, &[&peer.target()], LARGE);
    terminal.wait_for("220 mx").keys("NOOP ").wait_for("│ NOOP").paste("one\nNOOP two\n");
    terminal.wait_for("2 lines pasted; nothing is sent yet").keys("<Esc>");
    terminal.wait_until("the line as it was", |screen| screen.contains("│ NOOP ") && !screen.contains("NOOP two"));
    terminal.paste("one\nNOOP two\n").wait_for("NOOP one").keys("1").wait_for("1 more follows").keys("<Enter>");
    terminal.wait_for("250 1").wait_for("│ NOOP two").keys("<Enter>").wait_for("250 2");
    terminal.paste("RSET\nNOOP three\n").wait_for("as a block").keys("2").wait_for("250 3");
    terminal.paste("Subject: pasted\n\n.dot\n").wait_for("as the message").keys("3").wait_for("is prepared");
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<c@d>"] {
        terminal.keys(line).wait_for(line).keys("<Enter>");
        terminal.wait_until("its reply", |screen| {
            !screen.contains("waiting for") && !screen.contains(&format!("│ {line}"))
        });
    }
    terminal.keys("DATA<Enter>").wait_for("the message: 3 lines").keys("<Enter>").wait_for("250 queued");
    quit(terminal);
    peer.heard();
}

#[test]
fn lines_of_an_earlier_run_are_found_by_ctrl_r() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["lab:"], SMALL);
    terminal.wait_for("220 mx.target.local");
    say(&mut terminal, "VRFY <postmaster@target.local>", "to VRFY");
    quit(terminal);
    let mut terminal = Terminal::start(&home, &["lab:"], SMALL);
    terminal
        .wait_for("220 mx.target.local")
        .keys("<C-r>postm")
        .wait_for("VRFY <postmaster@target.local>")
        .keys("<Enter>");
    terminal.wait_for("│ VRFY <postmaster@target.local>").keys("<Enter>").wait_for("to VRFY");
    quit(terminal);
}

#[test]
fn lines_end_as_it_was_chosen() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 mx ESMTP\r\n").unwrap();
        let mut heard = Vec::new();
        let mut octets = [0; 256];
        while !heard.ends_with(b"NOOP\n") {
            let count = stream.read(&mut octets).unwrap();
            assert!(count > 0, "the client closed");
            heard.extend_from_slice(&octets[..count]);
        }
        stream.write_all(b"250 heard\r\n").unwrap();
        // Until the client closes.
        let _ = stream.read(&mut octets);
        heard
    });
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&target], SMALL);
    terminal
        .wait_for("220 mx")
        .keys("<C-p>line-end")
        .wait_for("Choose how lines end")
        .keys("<Enter>")
        .wait_for("LF only");
    terminal.keys("NOOP<Enter>").wait_for("250 heard");
    quit(terminal);
    assert_eq!(peer.join().unwrap(), b"NOOP\n");
    assert!(home.transcript().contains(" > NOOP\\n\\c\n"), "{}", home.transcript());
}

#[test]
fn a_message_that_was_begun_is_kept_or_dropped_as_it_is_answered() {
    let site = Site::new("");
    let mut terminal = site.start(SMALL);
    envelope(&mut terminal);
    say(&mut terminal, "DATA", "a line with only \".\" ends it");
    terminal.keys("half a message<Enter>");
    terminal.wait_until("the line sent", |screen| {
        screen.contains(" half a message") && !screen.contains("│ half a message")
    });
    terminal.keys("<C-c>").wait_for("not delivered").keys("<Esc>");
    terminal.wait_until("the question to go", |screen| !screen.contains("not delivered"));
    terminal.keys("<C-c>").wait_for("d close the connection").answer("d").wait_for("F5 reconnect");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
    assert_eq!(site.lab.messages_since(0).len(), 0);
}

#[test]
fn a_production_profile_is_asked_about_before_the_dot() {
    let site = Site::new("");
    let path = site.home.path().join("config/profiles/front.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("production = true\n{text}")).unwrap();
    let mut terminal = site.start(SMALL);
    terminal.wait_for("PRODUCTION");
    envelope(&mut terminal);
    say(&mut terminal, "DATA", "a line with only \".\" ends it");
    terminal.keys("Subject: real<Enter><Enter>");
    say(&mut terminal, ".", "Really hand the message over to front (PRODUCTION)");
    assert!(terminal.screen().contains("anotherdude@target.local"), "{}", terminal.screen());
    terminal.keys("<Esc>").wait_until("the question to go", |screen| !screen.contains("Really hand"));
    assert_eq!(site.lab.messages_since(0).len(), 0);
    terminal.keys("<Enter>").wait_for("Really hand").answer("y").wait_for("The message was taken");
    quit(terminal);
    assert_eq!(site.received(), "Subject: real\r\n\r\n");
}

#[test]
fn what_is_typed_for_f4_is_read_aloud_and_stays_where_it_is_wrong() {
    let peer = Peer::play("S: 220 other.example ESMTP\nHOLD\n");
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["lab:"], SMALL);
    terminal.wait_for("220 mx.target.local").keys("<F4>").wait_for("Connect to");
    terminal.keys("telnet mx.noddy.com 2525").wait_for("▸ mx.noddy.com port 2525");
    terminal.keys("<C-u>127.0.0.1:no").wait_for("not a port").keys("<Enter>");
    terminal.wait_for("127.0.0.1:no").keys("<C-u>").keys(&peer.target()).wait_for("▸ 127.0.0.1 port").keys("<Enter>");
    terminal.wait_for("Drop the connection").answer("y").wait_for("220 other.example ESMTP");
    let mut terminal = quit(terminal);
    let screen = terminal.screen();
    assert!(screen.contains("with lab:") && screen.contains(&format!("with {}", peer.target())), "{screen}");
    terminal.exit();
    peer.heard();
}
