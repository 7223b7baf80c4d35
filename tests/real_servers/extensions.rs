//! What real servers offer beyond the classic conversation: SIZE, DSN, CHUNKING, SMTPUTF8, 8BITMIME and PIPELINING, each
//! used by those that offer it.

use std::time::{Duration, Instant};

use super::desk::{Desk, leave};
use super::{aiosmtpd, dovecot, exim, haraka, opensmtpd, postfix};
use crate::present;

/// How a server that offers these answers.
struct Extras {
    /// EHLO or LHLO.
    greet: &'static str,
    /// Keywords that it offers, and that it does not.
    offers: &'static [&'static str],
    lacks: &'static [&'static str],
    /// To MAIL with a SIZE that is too large; none where it takes any.
    too_large: Option<&'static str>,
    /// To the whole message.
    taken: &'static str,
}

impl Extras {
    fn has(&self, keyword: &str) -> bool {
        self.offers.contains(&keyword)
    }

    /// All that is offered, one after the other.
    fn are_used(&self, desk: &Desk) {
        self.offer(desk);
        self.size(desk);
        if self.has("SIZE") {
            self.too_much(desk);
        }
        if self.has("CHUNKING") {
            self.chunks(desk);
        }
        if self.has("SMTPUTF8") {
            self.addresses_beyond_ascii(desk);
        }
        if self.has("PIPELINING") {
            self.pipelined(desk);
        }
    }

    fn greeted(&self) -> String {
        format!("< 220\n> {} noddy.com\n< 250\n", self.greet)
    }

    fn offer(&self, desk: &Desk) {
        let has = self.offers.iter().fold(self.greeted(), |text, keyword| text + "? capability " + keyword + "\n");
        let script = self.lacks.iter().fold(has, |text, keyword| text + "? not capability " + keyword + "\n");
        desk.goes_through(&format!("{script}> QUIT\n< 221\n"));
    }

    fn size(&self, desk: &Desk) {
        let mut script = self.greeted();
        if self.has("SIZE") {
            script.push_str("? size >= 90kB\n");
        }
        if let Some(reply) = self.too_large {
            script = format!("{script}> MAIL FROM:<dude@noddy.com> SIZE=99999999\n< {reply}\n> RSET\n< 250\n");
        }
        if self.has("SIZE") {
            script.push_str("> MAIL FROM:<dude@noddy.com> SIZE=300\n< 250\n> RSET\n< 250\n");
        }
        if self.has("8BITMIME") {
            script = format!(
                "{script}> MAIL FROM:<dude@noddy.com> BODY=8BITMIME\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n> DATA\n< 354\n\
                 | Subject: eight bits\n|\n| Grüße\n> .\n< {}\n",
                self.taken
            );
        }
        desk.goes_through(&format!("{script}> QUIT\n< 221\n"));
    }

    /// A message in chunks, from lines and from a file; and by hand.
    fn chunks(&self, desk: &Desk) {
        let (greet, taken) = (self.greet, self.taken);
        desk.put("message.eml", "Subject: in chunks\r\n\r\nHello.\r\n.\r\nno end\r\n");
        let envelope = "> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n";
        desk.goes_through(&format!(
            "{}{envelope}> BDAT 17\n| Subject: chunks\n< 250\n> BDAT 10 LAST\n|\n| Hello.\n< {taken}\n\
             {envelope}>> 20 message.eml\n< 250\n>> LAST message.eml\n< {taken}\n\
             {envelope}> BDAT 17\n| Subject: chunks\n< 250\n> RSET\n< 250\n> QUIT\n< 221\n",
            self.greeted()
        ));
        let mut terminal = desk.sits_down();
        terminal.keys(&format!("{greet} noddy.com<Enter>")).wait_for(&format!("{greet} done"));
        terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("Name the recipients");
        terminal.keys("RCPT TO:<dude@target.local><Enter>").wait_for("Another RCPT, or DATA");
        terminal
            .keys("BDAT 17<Enter>")
            .wait_for("17 octets are still due")
            .keys("Subject: chunks<Enter>")
            .wait_for("Chunk taken");
        terminal.keys("BDAT 9 LAST<Enter>").wait_for("9 octets are still due").keys("<Enter>").keys("Hello<Enter>");
        terminal.wait_for("The message was taken");
        leave(&mut terminal);
    }

    fn addresses_beyond_ascii(&self, desk: &Desk) {
        desk.goes_through(&format!(
            "{}> MAIL FROM:<düde@noddy.com> SMTPUTF8\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n> DATA\n< 354\n\
             | Subject: Grüße\n| From: <düde@noddy.com>\n|\n| Hello.\n> .\n< {}\n> QUIT\n< 221\n",
            self.greeted(),
            self.taken
        ));
    }

    /// Commands in one write, one of them refused: each reply finds its command.
    fn pipelined(&self, desk: &Desk) {
        let (greet, taken) = (self.greet, self.taken);
        let recipients = "> RCPT TO:<nosuch@target.local>\n> RCPT TO:<dude@target.local>\n";
        let ran = desk.goes_through(&format!(
            "{}* pipeline\n> MAIL FROM:<dude@noddy.com>\n{recipients}> DATA\n* end\n< 250\n< 5xx\n< 250\n< 354\n\
             ? accepted = 1\n| Subject: pipelined\n|\n| Hello.\n> .\n< {taken}\n\
             * pipeline\n> RSET\n> QUIT\n* end\n< 250\n< 221\n? closed\n",
            self.greeted()
        ));
        assert!(ran.contains("1 message handed over"), "{ran}");
        let mut terminal = desk.sits_down();
        terminal.keys(&format!("{greet} noddy.com<Enter>")).wait_for(&format!("{greet} done"));
        let block = recipients.replace("> ", "");
        terminal.paste(&format!("MAIL FROM:<dude@noddy.com>\n{block}DATA\n")).wait_for("4 lines pasted");
        terminal.keys("2").wait_for("the next 4 lines went out at once").wait_for("a line with only \".\" ends it");
        terminal.keys("Subject: pipelined<Enter>.<Enter>").wait_for("The message was taken");
        leave(&mut terminal);
    }

    /// A message that is larger than the server takes, in spite of what it says: refused as a whole.
    fn too_much(&self, desk: &Desk) {
        desk.put("large.eml", &format!("Subject: large\r\n\r\n{}", "0123456789 and so on\r\n".repeat(6000)));
        desk.goes_through(&format!(
            "{}> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n> DATA\n< 354\n\
             |@ large.eml\n> .\n< 5xx\n* drop\n",
            self.greeted()
        ));
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postfix_and_its_extensions() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let desk = Desk::new(&postfix.ground, postfix.exchanger, "");
    Extras {
        greet: "EHLO",
        offers: &["SIZE", "DSN", "CHUNKING", "SMTPUTF8", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES"],
        lacks: &["BINARYMIME", "DELIVERBY", "REQUIRETLS"],
        too_large: Some("552 5.3.4"),
        taken: "250 2.0.0 /queued as/",
    }
    .are_used(&desk);
    // A receipt that is asked for is written.
    desk.goes_through(
        "< 220\n> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com> RET=HDRS ENVID=QQ+2B314159\n< 250\n\
         > RCPT TO:<dude@target.local> NOTIFY=SUCCESS,DELAY,FAILURE ORCPT=rfc822;dude+2Bx@target.local\n< 250\n\
         > RCPT TO:<anotherdude@target.local> NOTIFY=NEVER\n< 250\n\
         > DATA\n< 354\n| Subject: receipt\n|\n| Hello.\n> .\n< 250\n> QUIT\n< 221\n",
    );
    let until = Instant::now() + Duration::from_secs(10);
    while !postfix.ground.logs().contains("sender delivery status notification") {
        assert!(Instant::now() < until, "no receipt is written: {}", postfix.ground.logs());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs Exim"]
fn exim_and_its_extensions() {
    let Some(exim) = present("Exim", exim::start()) else { return };
    Extras {
        greet: "EHLO",
        offers: &["SIZE", "DSN", "CHUNKING", "SMTPUTF8", "8BITMIME", "PIPELINING"],
        lacks: &["ENHANCEDSTATUSCODES", "BINARYMIME"],
        too_large: Some("552"),
        taken: "250 /OK id=/",
    }
    .are_used(&Desk::new(&exim.ground, exim.exchanger, ""));
}

#[test]
#[ignore = "needs OpenSMTPD"]
fn opensmtpd_and_its_extensions() {
    let Some(opensmtpd) = present("OpenSMTPD", opensmtpd::start()) else { return };
    Extras {
        greet: "EHLO",
        offers: &["SIZE", "DSN", "8BITMIME", "ENHANCEDSTATUSCODES"],
        lacks: &["PIPELINING", "CHUNKING", "SMTPUTF8"],
        too_large: None,
        taken: "250 2.0.0",
    }
    .are_used(&Desk::new(&opensmtpd.ground, opensmtpd.exchanger, ""));
}

#[test]
#[ignore = "needs Dovecot with LMTP"]
fn dovecot_and_its_extensions() {
    let Some(dovecot) = present("Dovecot", dovecot::start()) else { return };
    Extras {
        greet: "LHLO",
        offers: &["CHUNKING", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES"],
        lacks: &["SIZE", "DSN", "SMTPUTF8"],
        too_large: None,
        taken: "250 2.0.0 /Saved/",
    }
    .are_used(&Desk::new(&dovecot.ground, dovecot.lmtp, "protocol = \"lmtp\"\n"));
}

#[test]
#[ignore = "needs python3 with aiosmtpd"]
fn aiosmtpd_and_its_extensions() {
    let Some(aiosmtpd) = present("aiosmtpd", aiosmtpd::start()) else { return };
    Extras {
        greet: "EHLO",
        offers: &["SIZE", "SMTPUTF8", "8BITMIME"],
        lacks: &["DSN", "PIPELINING", "CHUNKING"],
        too_large: Some("552"),
        taken: "250",
    }
    .are_used(&Desk::new(&aiosmtpd.ground, aiosmtpd.smtp, ""));
}

#[test]
#[ignore = "needs Haraka"]
fn haraka_and_its_extensions() {
    let Some(haraka) = present("Haraka", haraka::start()) else { return };
    Extras {
        greet: "EHLO",
        offers: &["SIZE", "SMTPUTF8", "8BITMIME", "PIPELINING"],
        lacks: &["DSN", "CHUNKING", "ENHANCEDSTATUSCODES"],
        too_large: Some("550"),
        taken: "250",
    }
    .are_used(&Desk::new(&haraka.ground, haraka.exchanger, ""));
}
