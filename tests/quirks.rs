//! What real servers do that a client's author would not think of, played by a scripted peer: each quirk is met at the
//! workbench, as somebody types, and by `ehlo run`. `tests/real_servers.rs` finds them; here they stay.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::process::{Command, Stdio};

mod support {
    pub(crate) mod peer;
    #[expect(dead_code, reason = "what other tests ask of a terminal is not asked here")]
    pub(crate) mod terminal;
}

use support::peer::Peer;
use support::terminal::{Home, Terminal};

/// A server's quirk, and how it has to be met.
struct Quirk<'a> {
    /// What the server says and hears, whoever comes.
    peer: &'a str,
    /// lmtp or smtp.
    scheme: &'static str,
    /// Lines for the workbench, and what must be on its screen after each. `<…>` in angle brackets are keys.
    typed: &'static [(&'static str, &'static [&'static str])],
    /// A script for `ehlo run`; its exit status; words of what it prints.
    script: &'static str,
    status: i32,
    printed: &'static [&'static str],
}

/// The screen's two columns and its lower rows, each as one text without frames and line breaks: a sentence is found
/// however it is broken.
fn flowing(screen: &str) -> String {
    let column = |row: &str, right: bool| {
        let (left, panel) = row.split_once("││").unwrap_or((row, ""));
        if right { panel.to_owned() } else { left.to_owned() }
    };
    let text = |right| screen.lines().map(|row| column(row, right)).collect::<Vec<_>>().join(" ").replace('│', " ");
    let text = format!("{} {}", text(false), text(true));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Quirk<'_> {
    fn is_met(&self) {
        self.is_met_at_the_workbench();
        self.is_met_by_a_script();
    }

    fn is_met_at_the_workbench(&self) {
        let peer = Peer::play(self.peer);
        let home = Home::new();
        let target = format!("{}://{}", self.scheme, peer.target());
        let mut terminal = Terminal::start(&home, &[&target], (120, 33));
        // What is typed before there is a connection waits for an Enter of its own.
        terminal.wait_for("mx.target.local");
        for (line, shown) in self.typed {
            terminal.keys(line);
            for words in *shown {
                terminal.wait_until(words, |screen| flowing(screen).contains(words));
            }
        }
        terminal.keys("<C-q>");
        // Only where the connection is still open it is asked about.
        if terminal.is_within(std::time::Duration::from_secs(10), |screen| screen.contains("still open")) {
            terminal.answer("q");
        }
        assert!(terminal.exit().success());
        peer.heard();
    }

    fn is_met_by_a_script(&self) {
        let peer = Peer::play(self.peer);
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script.smtp");
        std::fs::write(&script, self.script).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ehlo"))
            .arg("run")
            .arg(script)
            .arg("--target")
            .arg(format!("{}://{}", self.scheme, peer.target()))
            .args(["--reply-timeout", "10s", "--state"])
            .arg(folder.path().join("state"))
            .arg("--config")
            .arg(folder.path().join("config"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(self.status), "{said}");
        for words in self.printed {
            assert!(said.contains(words), "no {words:?} in\n{said}");
        }
        peer.heard();
    }
}

#[test]
fn postscreen_answers_ehlo_in_the_middle_of_its_greeting() {
    let mut quirk = Quirk {
        peer: "S: 220-mx.target.local ESMTP wait a moment\nC: EHLO *\nS: 250-mx.target.local\nS: 250 SIZE 1000\n\
               C: MAIL *\nS: 250 2.1.0 Ok\nC: RCPT *\nS: 550 5.5.1 Protocol error\nHOLD\n",
        scheme: "smtp",
        typed: &[
            ("", &["wait a moment", "The reply has begun and is not complete", "refuse whoever speaks before it"]),
            ("EHLO noddy.com<Enter>", &["Enter again sends this line at once"]),
            ("<Enter>", &["250 SIZE 1000", "EHLO done", "to EHLO"]),
            ("MAIL FROM:<dude@noddy.com><Enter>", &["Name the recipients", "to MAIL FROM"]),
            (
                "RCPT TO:<dude@target.local><Enter>",
                &["to RCPT TO", "You spoke before the greeting was complete", "wait for the greeting's last line"],
            ),
        ],
        // Recorded by a client that did not wait, and replayed by one that does.
        script: "+++\nehlo = 1\nside = \"client\"\n+++\n0.0 * connecting 127.0.0.1:25\n0.0 * connected 127.0.0.1:25\n\
                 0.1 < 220-mx.target.local ESMTP wait a moment\n0.2 > EHLO noddy.com\n0.3 < 250-mx.target.local\n\
                 0.3 < 250 SIZE 1000\n0.4 > QUIT\n0.5 < 221 2.0.0 Bye\n0.5 * closed by=server\n",
        status: 0,
        printed: &["3 of 3"],
    };
    quirk.is_met_at_the_workbench();
    quirk.peer = "S: 220-mx.target.local ESMTP wait a moment\nS: 220 mx.target.local ESMTP\nC: EHLO *\n\
                  S: 250-mx.target.local\nS: 250 SIZE 1000\nC: QUIT\nS: 221 2.0.0 Bye\n";
    quirk.is_met_by_a_script();
}

#[test]
fn postscreen_drops_a_client_after_its_teaser() {
    Quirk {
        peer: "S: 220-mx.target.local ESMTP wait a moment\nS: 521 5.7.1 Service unavailable; client [127.0.0.1] blocked using zen.example\n",
        scheme: "smtp",
        typed: &[("", &["521 5.7.1", "the greeting", "Not as the protocol has it", "F5"])],
        script: "< 220\n> EHLO noddy.com\n",
        status: 1,
        printed: &["521 5.7.1 Service unavailable"],
    }
    .is_met();
}

#[test]
fn opensmtpd_offers_starttls_and_ends_every_handshake_by_an_alert() {
    Quirk {
        peer: "S: 220 mx.target.local ESMTP OpenSMTPD\nC: EHLO *\nS: 250-mx.target.local\nS: 250 STARTTLS\n\
               C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\nBYTES\nS! \\x15\\x03\\x03\\x00\\x02\\x02\\x50\nHOLD\n",
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done"]),
            (
                "STARTTLS<Enter>",
                &[
                    "The server ended the TLS handshake: it had an internal error (alert 80)",
                    "The server's own TLS is not in order",
                    "Connect again, and go on without STARTTLS",
                ],
            ),
        ],
        script: "> EHLO noddy.com\n< 250\n> STARTTLS\n< 220\n> EHLO noddy.com\n< 250\n",
        status: 4,
        printed: &["it had an internal error (alert 80)"],
    }
    .is_met();
}

#[test]
fn exim_quotes_an_older_refusal() {
    Quirk {
        peer: "S: 220 mx.target.local ESMTP Exim 4.96\nC: EHLO *\nS: 250 mx.target.local\nC: MAIL *\nS: 250 OK\n\
               C: RCPT *\nS: 550 Unrouteable address\nC: DATA\n\
               S: 503-All RCPT commands were rejected with this error:\nS: 503-Unrouteable address\n\
               S: 503 Valid RCPT command must precede DATA\nC: QUIT foo\nS: 501 unexpected argument data\n\
               C: QUIT\nS: 221 mx.target.local closing connection\n",
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done"]),
            ("MAIL FROM:<dude@noddy.com><Enter>", &["Name the recipients"]),
            ("RCPT TO:<dude@target.local><Enter>", &["No recipient was accepted yet"]),
            ("DATA<Enter>", &["there is nobody to deliver to", "there is nobody to take a message for", "to DATA"]),
            ("QUIT foo<Enter>", &["QUIT stands alone", "MAIL · 0 of 1 accepted"]),
            ("QUIT<Enter>", &["closed by the server"]),
        ],
        script: "> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 550\n\
                 > DATA\n< 503\n? phase = mail\n> QUIT foo\n< 501\n> QUIT\n< 221\n? closed\n",
        status: 0,
        printed: &["8 of 8"],
    }
    .is_met();
}

#[test]
fn lmtp_has_a_verdict_for_each_recipient() {
    Quirk {
        peer: "S: 220 mx.target.local LMTP\nC: LHLO *\nS: 250-mx.target.local\nS: 250 PIPELINING\nC: MAIL *\nS: 250 2.1.0 OK\n\
               C: RCPT *\nS: 250 2.1.5 OK\nC: RCPT *\nS: 550 5.1.1 unknown\nC: RCPT *\nS: 250 2.1.5 OK\n\
               C: DATA\nS: 354 OK\nC: .. .\nS: 250 2.0.0 <dude@target.local> Saved\n\
               S: 552 5.2.2 <full@target.local> Quota exceeded\nC: QUIT\nS: 221 2.0.0 Bye\n",
        scheme: "lmtp",
        typed: &[
            ("", &["LHLO, for this is LMTP"]),
            ("<Tab>", &["LHLO domain"]),
            ("<Enter>", &["LHLO done"]),
            ("MAIL FROM:<dude@noddy.com><Enter>", &["Name the recipients"]),
            ("RCPT TO:<dude@target.local><Enter>", &["Another RCPT, or DATA"]),
            ("RCPT TO:<nosuch@target.local><Enter>", &["550 5.1.1 unknown"]),
            ("RCPT TO:<full@target.local><Enter>", &["2 of 3 accepted"]),
            ("DATA<Enter>", &["354 OK"]),
            (
                "Subject: test<Enter>.<Enter>",
                &[
                    "The message was taken for some of the recipients",
                    "552 5.2.2 for full@target.local",
                    "✓ dude@target.local taken",
                    "✗ full@target.local not taken",
                ],
            ),
            ("QUIT<Enter>", &["closed by the server"]),
        ],
        script: "> LHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n\
                 > RCPT TO:<nosuch@target.local>\n< 550\n> RCPT TO:<full@target.local>\n< 250\n> DATA\n< 354\n\
                 | Subject: test\n> .\n< 250 2.0.0\n< 552 5.2.2\n? phase = ready\n> QUIT\n< 221\n",
        status: 0,
        printed: &["10 of 10", "1 message handed over"],
    }
    .is_met();
}

#[test]
fn a_server_that_does_not_know_bdat_answers_every_line_of_the_chunk() {
    Quirk {
        peer: "S: 220 mx.target.local\nC: EHLO *\nS: 250 mx.target.local\nC: MAIL *\nS: 250 OK\nC: RCPT *\nS: 250 OK\n\
               C: BDAT 7 LAST\nS: 500 Error: command \"BDAT\" not recognized\nC: Hello\n\
               S: 500 Error: command \"HELLO\" not recognized\nC: DATA\nS: 354 go\nC: .. .\nS: 250 OK\nHOLD\n",
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done"]),
            ("MAIL FROM:<dude@noddy.com><Enter>", &["Name the recipients"]),
            ("RCPT TO:<dude@target.local><Enter>", &["Another RCPT, or DATA"]),
            ("BDAT 7 LAST<Enter>", &["did not offer CHUNKING", "RCPT · 1 of 1 accepted", "Another RCPT, or DATA"]),
            ("Hello<Enter>", &["to Hello"]),
            ("DATA<Enter>", &["354 go"]),
            (".<Enter>", &["The message was taken", "dude@target.local taken"]),
        ],
        script: "> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n\
                 > BDAT 7 LAST\n| Hello\n< 500\n< 500\n? phase = rcpt\n> DATA\n< 354\n| Hello\n> .\n< 250\n* drop\n",
        status: 0,
        printed: &["1 message handed over"],
    }
    .is_met();
}

#[test]
fn a_chunk_may_hold_an_empty_line_and_its_reply_comes_when_it_is_whole() {
    Quirk {
        peer: "S: 220 mx.target.local\nC: EHLO *\nS: 250-mx.target.local\nS: 250 CHUNKING\nC: MAIL *\nS: 250 OK\n\
               C: RCPT *\nS: 250 OK\nC: BDAT 17\nC: Subject: chunks\nS: 250 2.0.0 Ok: 17 bytes\nC: BDAT 9 LAST\nC: \n\
               C: Hello\nS: 250 2.0.0 Ok: queued as X\nHOLD\n",
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done"]),
            ("MAIL FROM:<dude@noddy.com><Enter>", &["Name the recipients"]),
            ("RCPT TO:<dude@target.local><Enter>", &["Another RCPT, or DATA"]),
            ("BDAT 17<Enter>", &["17 octets are still due"]),
            ("Subject: chunks<Enter>", &["250 2.0.0 Ok: 17 bytes", "to BDAT"]),
            ("BDAT 9 LAST<Enter>", &["9 octets are still due"]),
            ("<Enter>", &["7 octets are still due"]),
            ("Hello<Enter>", &["The message was taken", "dude@target.local taken"]),
        ],
        script: "> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n\
                 > BDAT 17\n| Subject: chunks\n< 250\n> BDAT 9 LAST\n|\n| Hello\n< 250\n* drop\n",
        status: 0,
        printed: &["1 message handed over"],
    }
    .is_met();
}

#[test]
fn haraka_takes_the_asterisk_for_a_user_name() {
    Quirk {
        peer: "S: 220 mx.target.local ESMTP\nC: EHLO *\nS: 250-mx.target.local\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\n\
               S: 334 VXNlcm5hbWU6\nC: *\nS: 334 UGFzc3dvcmQ6\nC: *\nS: 501 5.7.0 Auth aborted\nC: NOOP\nS: 250 OK\nHOLD\n",
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done"]),
            ("AUTH LOGIN<Enter>", &["The server waits for your answer"]),
            ("*<Enter>", &["334 UGFzc3dvcmQ6", "The * was to give up, and the server took it for an answer"]),
            ("*<Enter>", &["501 5.7.0", "EHLO done"]),
            ("NOOP<Enter>", &["to NOOP"]),
        ],
        script: "> EHLO noddy.com\n< 250\n> AUTH LOGIN\n< 334\n> *\n< 334\n> *\n< 501\n> NOOP\n< 250\n* drop\n",
        status: 0,
        printed: &["5 of 5"],
    }
    .is_met();
}

#[test]
fn an_offer_may_have_an_empty_line_an_equals_sign_and_a_size_without_a_number() {
    Quirk {
        peer: "S: 220 mx.target.local ESMTP\nC: EHLO *\nS: 250-mx.target.local Ok.\nS: 250-XVERP=Courier\n\
               S: 250-AUTH=LOGIN PLAIN\nS: 250-XSECURITY=NONE,STARTTLS\nS: 250-SIZE\nS: 250 \nC: MAIL *\n\
               S: 534 SIZE=Message too big.\nC: QUIT\nS: 221 Bye\n",
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done"]),
            ("<F9><F9>", &["[Offer]", "XVERP", "XSECURITY", "SIZE"]),
            ("MAIL FROM:<dude@noddy.com> SIZE=99999999999<Enter>", &["534 SIZE=Message too big."]),
            ("QUIT<Enter>", &["closed by the server"]),
        ],
        script: "> EHLO noddy.com\n< 250\n? capability SIZE\n? capability AUTH\n? capability XVERP\n\
                 > MAIL FROM:<dude@noddy.com> SIZE=99999999999\n< 534\n> QUIT\n< 221\n",
        status: 0,
        printed: &["6 of 6"],
    }
    .is_met();
}

#[test]
fn a_reply_may_end_in_a_bare_line_feed_and_have_one_inside() {
    Quirk {
        peer: "S: 220 mx.target.local\nC: EHLO *\nS! 250-mx.target.local\\n250 SIZE 1000\\n\nC: NOOP\n\
               S! 500 Error: command \"NOOP\\nMAIL\" not recognized\\r\\n\nC: RSET\nS: 250 OK\nHOLD\n",
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done", "a line feed without a carriage return"]),
            ("NOOP<Enter>", &["500 Error: command \"NOOP", "MAIL\" not recognized"]),
            ("RSET<Enter>", &["250 OK", "to RSET"]),
        ],
        script: "> EHLO noddy.com\n< 250\n? capability SIZE\n> NOOP\n< 500\n> RSET\n< *\n* drop\n",
        status: 7,
        printed: &["MAIL\" not recognized", "4 of 4"],
    }
    .is_met();
}

#[test]
fn a_421_in_the_middle_of_a_message_is_read_though_the_line_is_reset() {
    let to_data = "S: 220 mx.target.local\nC: EHLO *\nS: 250 mx.target.local\nC: MAIL *\nS: 250 OK\nC: RCPT *\n\
                   S: 250 OK\nC: DATA\nS: 354 go\nC: *\nS: 421 4.3.0 mx.target.local Error: queue file write error\n";
    let mut quirk = Quirk {
        peer: &format!("{to_data}C: *\nRESET\n"),
        scheme: "smtp",
        typed: &[
            ("EHLO noddy.com<Enter>", &["EHLO done"]),
            ("MAIL FROM:<dude@noddy.com><Enter>", &["Name the recipients"]),
            ("RCPT TO:<dude@target.local><Enter>", &["Another RCPT, or DATA"]),
            ("DATA<Enter>", &["354 go"]),
            ("Subject: test<Enter>", &["421 4.3.0", "the server has no room", "The server ends the session"]),
            ("more<Enter>", &["closed", "F5"]),
        ],
        script: "> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n\
                 > DATA\n< 354\n| one\n< 421 4.3.0\n* drop\n",
        status: 0,
        printed: &["421 4.3.0 mx.target.local Error: queue file write error"],
    };
    quirk.is_met_at_the_workbench();
    // A script waits for the reply as it would for any that nobody asked for.
    let holds = format!("{to_data}HOLD\n");
    quirk.peer = &holds;
    quirk.is_met_by_a_script();
}
