//! What every server is led through, by `ehlo run` and by somebody at the workbench. What differs between them is a
//! [`Manners`].

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::ground::{Ground, logged};
use crate::terminal::{Home, Terminal};

/// The password of dude on every server.
const PASSWORD: &str = "pass-word-of-noddy";

/// Where a server listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    port: u16,
}

impl Server {
    pub(crate) fn at(port: u16) -> Self {
        Self { port }
    }
}

/// How a server answers where servers differ: patterns of a script, each for one reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// EHLO or LHLO.
    pub(crate) greet: &'static str,
    pub(crate) vrfy: &'static str,
    pub(crate) help: &'static str,
    /// To a verb that nobody knows.
    pub(crate) unknown: &'static str,
    /// To a recipient elsewhere.
    pub(crate) relay: &'static str,
    /// To a recipient whom nobody knows.
    pub(crate) nosuch: &'static str,
    /// To `RCPT TO :dude@target.local notify=success,failure`.
    pub(crate) malformed: &'static str,
    /// To MAIL with RET and ENVID, and to RCPT with NOTIFY and ORCPT.
    pub(crate) receipts: [&'static str; 2],
    /// To the whole message, a reply each (LMTP: one for each recipient).
    pub(crate) taken: &'static [&'static str],
    /// To NOOP with so many octets behind it; and what follows.
    pub(crate) long: (usize, &'static str),
    /// What the server says before it cuts an idle line, if it says anything.
    pub(crate) idle: Option<&'static str>,
}

/// A run without a screen.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
}

/// Somebody's directories, with a profile `real` for a server.
pub(crate) struct Desk {
    home: Home,
    /// Where the server logs, for when something fails.
    place: PathBuf,
}

impl Desk {
    /// A profile for this server; `more` is the rest of it, in which `{ca}` stands for the server's authority.
    pub(crate) fn new(ground: &Ground, server: Server, more: &str) -> Self {
        let home = Home::new();
        let folder = home.path().join("config/profiles");
        std::fs::create_dir_all(&folder).unwrap();
        let ca = ground.path("ca.pem");
        let more = more.replace("{ca}", ca.to_str().unwrap());
        let text = format!("host = \"127.0.0.1\"\nport = {}\n{more}", server.port);
        std::fs::write(folder.join("real.toml"), text).unwrap();
        Self { home, place: ground.path("") }
    }

    /// Plays a script with `ehlo run`.
    pub(crate) fn plays(&self, script: &str) -> Ran {
        let path = self.home.path().join("script.smtp");
        std::fs::write(&path, script).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ehlo"))
            .arg("run")
            .arg(&path)
            .args(["--target", "real", "--reply-timeout", "15s", "--config"])
            .arg(self.home.path().join("config"))
            .arg("--state")
            .arg(self.home.state())
            .env("XDG_DATA_HOME", self.home.path())
            .env("NODDY_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let out = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ran { code: output.status.code(), out }
    }

    /// Plays a script whose every expectation is met.
    #[track_caller]
    pub(crate) fn goes_through(&self, script: &str) -> String {
        let ran = self.plays(script);
        assert_eq!(
            ran.code,
            Some(0),
            "{}\nthe script was\n{script}\nthe server logged\n{}",
            ran.out,
            logged(&self.place)
        );
        ran.out
    }

    /// The workbench on this server, once it has greeted.
    pub(crate) fn sits_down(&self) -> Terminal {
        self.sits_at("220 ")
    }

    /// The workbench on this server, once it has said this.
    fn sits_at(&self, words: &str) -> Terminal {
        let mut terminal = Terminal::start(&self.home, &["real"], (120, 33));
        terminal.wait_for(words);
        terminal
    }

    /// The transcripts of the workbench and of `ehlo run`, one after the other.
    fn transcripts(&self) -> String {
        self.home.transcripts().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

/// The questions that change nothing, and a verb that nobody knows.
pub(crate) fn questions(desk: &Desk, manners: &Manners) {
    let Manners { greet, vrfy, help, unknown, .. } = manners;
    desk.goes_through(&format!(
        "< 220\n> {greet} noddy.com\n< 250\n> NOOP\n< 250\n> VRFY nosuch@target.local\n< {vrfy}\n> HELP\n< {help}\n\
         > FROBNICATE now\n< {unknown}\n> RSET\n< 250\n> QUIT\n< 221\n? closed\n"
    ));
}

/// The classic conversation: refused recipients, receipts, RSET, a line mended, and a message handed over.
pub(crate) fn transaction(desk: &Desk, manners: &Manners) {
    let Manners { greet, relay, nosuch, malformed, receipts: [mail, rcpt], taken, .. } = manners;
    let taken = taken.iter().fold(String::new(), |all, reply| all + "< " + reply + "\n");
    desk.goes_through(&format!(
        "< 220\n> {greet} noddy.com\n< 250\n\
         > MAIL FROM:<dude@noddy.com> RET=HDRS ENVID=QQ314159\n< {mail}\n\
         > RSET\n< 250\n? phase = ready\n\
         > MAIL FROM:<dude@noddy.com>\n< 250\n\
         > RCPT TO:<friend@elsewhere.example>\n< {relay}\n\
         > RCPT TO:<nosuch@target.local>\n< {nosuch}\n\
         > RCPT TO :dude@target.local notify=success,failure\n< {malformed}\n\
         > RCPT TO:<dude@target.local> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;dude@target.local\n< {rcpt}\n\
         > RSET\n< 250\n? phase = ready\n\
         > MAIL FROM:<dude@noddy.com>\n< 250\n\
         > RCPT TO:<dude@target.local>\n< 250\n> RCPT TO:<anotherdude@target.local>\n< 250\n? accepted = 2\n\
         > DATA\n< 354\n| Subject: test\n| From: dude@noddy.com\n|\n| Hello.\n| ..hidden\n> .\n{taken}? phase = ready\n\
         > QUIT\n< 221\n? closed\n"
    ));
}

/// A line that is longer than any server wants. Exim takes what its buffer has no room for as a second command.
pub(crate) fn long_line(desk: &Desk, manners: &Manners) {
    let (octets, reply) = manners.long;
    let line = "x".repeat(octets);
    let ran = desk.plays(&format!("< 220\n> {} noddy.com\n< 250\n> NOOP {line}\n< {reply}\n< 5xx ?\n", manners.greet));
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.out, logged(&desk.place));
}

/// A line that the server cuts because nothing is said.
pub(crate) fn idle(desk: &Desk, manners: &Manners) {
    let Some(reply) = manners.idle else { return };
    desk.goes_through(&format!("< 220\n> {} noddy.com\n< 250\n< {reply}\n? closed\n", manners.greet));
    let mut terminal = desk.sits_down();
    terminal.keys(&format!("{} noddy.com<Enter>", manners.greet)).wait_for(&format!("{} done", manners.greet));
    terminal.wait_for("F5 reconnect").wait_for(reply.split(' ').next().unwrap());
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
}

/// STARTTLS with a certificate that verifies, and EHLO under it.
pub(crate) fn starttls(desk: &Desk, greet: &str) {
    desk.goes_through(&format!(
        "< 220\n> {greet} noddy.com\n< 250\n? capability STARTTLS\n> STARTTLS\n< 220\n? tls >= 1.2\n? tls verified\n\
         > {greet} noddy.com\n< 250\n? not capability STARTTLS\n> NOOP\n< 250\n> QUIT\n< 221\n"
    ));
    let mut terminal = desk.sits_down();
    secure(&mut terminal, greet);
    terminal.keys("QUIT<Enter>").wait_for("F5 reconnect").keys("<C-q>");
    assert!(terminal.exit().success());
}

/// Types the lines up to EHLO under TLS.
pub(crate) fn secure(terminal: &mut Terminal, greet: &str) {
    terminal.keys(&format!("{greet} noddy.com<Enter>")).wait_for(&format!("{greet} done"));
    terminal.keys("STARTTLS<Enter>").wait_for("TLS 1.").wait_for("secured");
    let tls = format!("~> {greet} noddy.com");
    terminal.keys(&format!("{greet} noddy.com<Enter>")).wait_for(&tls).wait_for(&format!("{greet} done"));
}

/// The classic conversation as somebody types it, with a line that is refused and then mended by F8.
pub(crate) fn typed(desk: &Desk, manners: &Manners) {
    let mut terminal = desk.sits_down();
    terminal.keys(&format!("{} noddy.com<Enter>", manners.greet)).wait_for("Say who the mail is from");
    terminal.keys("FROBNICATE<Enter>").wait_for("to FROBNICATE");
    terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("Name the recipients");
    terminal.keys("RCPT TO:<friend@elsewhere.example><Enter>").wait_for("No recipient was accepted");
    terminal.keys("RCPT TO :dude@target.local<Enter>");
    terminal.wait_until("both refused", |screen| screen.matches("<**").count() + screen.matches("<~*").count() >= 3);
    terminal
        .keys("<Up>")
        .wait_for("▸ RCPT TO:<dude@target.local>")
        .keys("<F8><Enter>")
        .wait_for("Another RCPT, or DATA");
    terminal.keys("RCPT TO:<anotherdude@target.local><Enter>");
    terminal.wait_until("two accepted", |screen| screen.contains("2 of 4 accepted") || screen.contains("2 accepted"));
    terminal.keys("DATA<Enter>").wait_for("a line with only \".\" ends it");
    terminal.keys("Subject: by hand<Enter><Enter>Hello.<Enter>.<Enter>");
    terminal.wait_for("The message was taken: QUIT");
    terminal.keys("QUIT<Enter>").wait_for("F5 reconnect").keys("<C-q>");
    assert!(terminal.exit().success());
}

/// A login, given up and then done: by a script, and by hand with a wrong password first. `cancel` is the reply to `*`.
pub(crate) fn login(desk: &Desk, cancel: &str) {
    let secured = "< 220\n> EHLO noddy.com\n< 250\n> STARTTLS\n< 220\n> EHLO noddy.com\n< 250\n? capability AUTH\n";
    desk.goes_through(&format!("{secured}> AUTH LOGIN\n< 334\n> *\n< {cancel}\n* drop\n"));
    desk.goes_through(&format!("{secured}> AUTH PLAIN {{{{auth}}}}\n< 235\n> NOOP\n< 250\n> QUIT\n< 221\n"));
    let mut terminal = desk.sits_down();
    secure(&mut terminal, "EHLO");
    terminal.keys("AUTH LOGIN<Enter>").wait_until("the first question", |screen| screen.matches("334 ").count() >= 2);
    terminal.keys("$dude<Enter>").wait_until("the second question", |screen| screen.matches("334 ").count() >= 3);
    terminal.keys("$something-else<Enter>").wait_for("535");
    let before = terminal.screen().matches("<~  334 ").count();
    terminal.keys("AUTH LOGIN<Enter>");
    terminal.wait_until("a question", |screen| screen.matches("<~  334 ").count() > before);
    terminal.keys("$dude<Enter>");
    terminal.wait_until("the next question", |screen| screen.matches("<~  334 ").count() > before + 1);
    terminal.keys(&format!("${PASSWORD}<Enter>")).wait_for("235");
    terminal.keys("QUIT<Enter>").wait_for("F5 reconnect").keys("<C-q>");
    assert!(terminal.exit().success());
    let told = desk.transcripts();
    for secret in [PASSWORD, "cGFzcy13b3JkLW9mLW5vZGR5", "c29tZXRoaW5nLWVsc2U="] {
        assert!(!told.contains(secret), "{told}");
    }
}

/// A server whose STARTTLS ends in an alert is named as such, with the way on; where it works, it works.
pub(crate) fn starttls_or_an_alert(desk: &Desk) {
    let ran = desk.plays("< 220\n> EHLO noddy.com\n< 250\n> STARTTLS\n< 220\n? tls verified\n> QUIT\n< 221\n");
    if ran.code == Some(0) {
        return;
    }
    assert_eq!(ran.code, Some(4), "{}", ran.out);
    assert!(ran.out.contains("(alert "), "{}", ran.out);
    let mut terminal = desk.sits_down();
    terminal.keys("EHLO noddy.com<Enter>").wait_for("EHLO done").keys("STARTTLS<Enter>");
    terminal.wait_for("(alert ").wait_for("go on without STARTTLS");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
}

/// Somebody who does not wait for the last line of a greeting.
pub(crate) fn speaks_early(desk: &Desk) {
    let mut terminal = desk.sits_at("wait a moment");
    terminal.wait_for("The reply has begun and is not");
    terminal.keys("EHLO noddy.com<Enter>").wait_for("Enter again sends").keys("<Enter>").wait_for("EHLO done");
    terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("Name the recipients");
    terminal.keys("RCPT TO:<dude@target.local><Enter>").wait_for("You spoke before the greeting was");
    terminal.keys("<C-q>").wait_for("still open").keys("q");
    assert!(terminal.exit().success());
}
