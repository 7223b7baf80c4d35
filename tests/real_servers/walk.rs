//! What every server is led through, by `ehlo run` and by somebody at the workbench. What differs between them is a
//! [`Manners`].

use super::desk::{Desk, PASSWORD};
use super::ground::logged;
use crate::terminal::Terminal;

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
    pub(crate) idle: Idle,
}

/// What a server does with a line on which nothing is said.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Idle {
    /// It says this, and cuts it.
    Says(&'static str),
    /// It cuts it without a word.
    Closes,
    /// It waits five minutes, which are compiled in: `SMTPD_SESSION_TIMEOUT` of `OpenSMTPD`, and
    /// `CLIENT_IDLE_TIMEOUT_MSECS` of Dovecot's LMTP. Not worth five minutes of everybody's time here.
    Waits,
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
    let greet = manners.greet;
    let words = match manners.idle {
        Idle::Says(reply) => {
            desk.goes_through(&format!("< 220\n> {greet} noddy.com\n< 250\n< {reply}\n? closed\n"));
            reply.split(' ').next().unwrap()
        }
        Idle::Closes => {
            desk.goes_through(&format!("< 220\n> {greet} noddy.com\n< 250\n* sleep 8s\n? closed\n"));
            "closed by the server"
        }
        Idle::Waits => return,
    };
    let mut terminal = desk.sits_down();
    terminal.keys(&format!("{greet} noddy.com<Enter>")).wait_for(&format!("{greet} done"));
    terminal.wait_for("F5 reconnect").wait_for(words).wait_for("the server cut the line after");
    terminal.keys("<C-q>");
    assert!(terminal.exit().success());
    assert!(desk.transcripts().contains("* idle after="), "{}", desk.transcripts());
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
    terminal.keys("STARTTLS<Enter>").wait_for("TLS 1.").wait_for("encrypted");
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
    // "1 of 2 accepted" stands there before, while the reply is awaited: a line that was sent then would wait for another Enter.
    terminal
        .wait_until("two accepted", |screen| screen.contains("2 of 3 accepted") || screen.contains("2 of 4 accepted"));
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
    // Some servers take their time after a wrong password; what was asked before it is no question of this login.
    let questions = |screen: &str| {
        let since = screen.rsplit("535 ").next().unwrap_or_default();
        since.rsplit_once("~> AUTH LOGIN").map_or(0, |(_, since)| since.matches("<~  334 ").count())
    };
    terminal.keys("AUTH LOGIN<Enter>").wait_until("a question", |screen| questions(screen) == 1);
    terminal.keys("$dude<Enter>").wait_until("the next question", |screen| questions(screen) == 2);
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
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
}
