//! ehlo against real mail servers, started on loopback with their configuration in a temporary directory.
//!
//! Run by hand: `cargo test --test real_servers -- --ignored`. A server that is not there is skipped with a word;
//! CONTRIBUTING.md says how to get them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::io::Write as _;

#[path = "real_servers/mod.rs"]
mod real_servers;
#[path = "support/terminal.rs"]
#[expect(dead_code, reason = "what other tests ask of a terminal is not asked here")]
mod terminal;

use real_servers::desk::Desk;
use real_servers::ground::Missing;
use real_servers::walk::{self, Idle, Manners};
use real_servers::{aiosmtpd, dovecot, exim, haraka, opensmtpd, postfix};

/// A server, or a word on why it is not tested here.
fn present<S>(name: &str, started: Result<S, Missing>) -> Option<S> {
    match started {
        Ok(server) => Some(server),
        Err(Missing(why)) => {
            // Past the harness, which would keep the words of a test that passes to itself.
            std::io::stderr().write_all(format!("skipped {name}: {why}\n").as_bytes()).unwrap();
            None
        }
    }
}

/// A profile's lines for TLS that verifies, with a login for where one is needed.
const SECURE: &str = "[tls]\nca = \"{ca}\"\n[auth]\nuser = \"dude\"\npassword = { env = \"NODDY_PASSWORD\" }\n";

const POSTFIX: Manners = Manners {
    greet: "EHLO",
    vrfy: "550 5.1.1 /User unknown/",
    help: "500 5.5.2",
    unknown: "500 5.5.2 /command not recognized/",
    relay: "554 5.7.1 /Relay access denied/",
    nosuch: "550 5.1.1 /User unknown/",
    malformed: "501 5.5.4 /Syntax: RCPT TO:<address>/",
    receipts: ["250 2.1.0", "250 2.1.5"],
    taken: &["250 2.0.0 /queued as \\w+/"],
    long: (2100, "250"),
    idle: Idle::Says("421 4.4.2"),
};

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postfix_as_an_exchanger() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let desk = Desk::new(&postfix.ground, postfix.exchanger, SECURE);
    walk::questions(&desk, &POSTFIX);
    walk::transaction(&desk, &POSTFIX);
    walk::long_line(&desk, &POSTFIX);
    walk::starttls(&desk, "EHLO");
    walk::typed(&desk, &POSTFIX);
    walk::idle(&desk, &POSTFIX);
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postfix_holds_to_the_scripts_that_are_shipped() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let desk = Desk::new(&postfix.ground, postfix.exchanger, SECURE);
    let names = ["classic", "mistakes", "pipelined", "receipt", "relay", "repaired", "starttls"];
    desk.plays_shipped(&names).expect(0, &["1..7", "ok 7"]);
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postfix_takes_submissions() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let desk = Desk::new(&postfix.ground, postfix.submission, SECURE);
    walk::login(&desk, "501 5.7.0");
    let greeted = "< 220\n> EHLO noddy.com\n< 250\n? not capability AUTH\n> MAIL FROM:<dude@noddy.com>\n< 530 5.7.0\n";
    desk.goes_through(&format!(
        "{greeted}> STARTTLS\n< 220\n> EHLO noddy.com\n< 250\n> AUTH PLAIN {{{{auth}}}}\n< 235\n\
         > MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<friend@elsewhere.example>\n< 250\n> RSET\n< 250\n\
         > QUIT\n< 221\n"
    ));
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postfix_under_tls_from_the_first_byte() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let profile = SECURE.replace("[tls]", "[tls]\nmode = \"implicit\"");
    let desk = Desk::new(&postfix.ground, postfix.implicit, &profile);
    walk::questions(&desk, &POSTFIX);
    walk::transaction(&desk, &POSTFIX);
    walk::typed(&desk, &POSTFIX);
    desk.goes_through("< 220\n? tls verified\n> EHLO a\n< 250\n> AUTH PLAIN {{auth}}\n< 235\n> QUIT\n< 221\n");
    // The same port spoken to in clear text: it waits for a handshake, and what would fit is said.
    let ran = Desk::new(&postfix.ground, postfix.implicit, "[tls]\nmode = \"none\"\n").plays("< 220\n> QUIT\n");
    assert!(ran.code != Some(0) && ran.out.contains("smtps://"), "{}", ran.out);
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postscreen_with_its_pause() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let desk = Desk::new(&postfix.ground, postfix.screened, SECURE);
    walk::questions(&desk, &POSTFIX);
    walk::transaction(&desk, &POSTFIX);
    walk::typed(&desk, &POSTFIX);
    walk::speaks_early(&desk);
}

const EXIM: Manners = Manners {
    greet: "EHLO",
    vrfy: "550 /Unrouteable address/",
    help: "214",
    unknown: "500 /unrecognized command/",
    relay: "550 /relay not permitted/",
    nosuch: "550 /Unrouteable address/",
    malformed: "500",
    receipts: ["250", "250"],
    taken: &["250 /OK id=/"],
    long: (20_000, "5xx"),
    idle: Idle::Says("421"),
};

#[test]
#[ignore = "needs Exim"]
fn exim_as_an_exchanger() {
    let Some(exim) = present("Exim", exim::start()) else { return };
    let desk = Desk::new(&exim.ground, exim.exchanger, SECURE);
    walk::questions(&desk, &EXIM);
    walk::transaction(&desk, &EXIM);
    walk::long_line(&desk, &EXIM);
    walk::starttls(&desk, "EHLO");
    walk::typed(&desk, &EXIM);
    walk::login(&desk, "501");
    walk::idle(&desk, &EXIM);
}

const OPENSMTPD: Manners = Manners {
    greet: "EHLO",
    vrfy: "500 5.5.1",
    help: "214",
    unknown: "500 5.5.1 /Command unrecognized/",
    relay: "550 /Invalid recipient/",
    nosuch: "5xx",
    malformed: "500 5.5.1",
    receipts: ["250", "250"],
    taken: &["250 2.0.0 /Message accepted for delivery/"],
    long: (2100, "500 5.0.0 /line too long/"),
    idle: Idle::Waits,
};

#[test]
#[ignore = "needs OpenSMTPD"]
fn opensmtpd_as_an_exchanger() {
    let Some(opensmtpd) = present("OpenSMTPD", opensmtpd::start()) else { return };
    let desk = Desk::new(&opensmtpd.ground, opensmtpd.exchanger, SECURE);
    walk::questions(&desk, &OPENSMTPD);
    walk::transaction(&desk, &OPENSMTPD);
    walk::long_line(&desk, &OPENSMTPD);
    walk::typed(&desk, &OPENSMTPD);
    walk::starttls_or_an_alert(&desk);
    walk::idle(&desk, &OPENSMTPD);
}

const DOVECOT: Manners = Manners {
    greet: "LHLO",
    vrfy: "501 5.5.4",
    help: "500 5.5.1",
    unknown: "500 5.5.1 /Unknown command/",
    relay: "550 5.1.1 /User doesn't exist/",
    nosuch: "550 5.1.1 /User doesn't exist/",
    malformed: "501 5.5.4",
    receipts: ["555 5.5.4", "555 5.5.4"],
    taken: &["250 2.0.0 /<dude@target.local> .* Saved/", "250 2.0.0 /<anotherdude@target.local> .* Saved/"],
    long: (2100, "250"),
    idle: Idle::Waits,
};

#[test]
#[ignore = "needs Dovecot with LMTP"]
fn dovecot_takes_mail_by_lmtp() {
    let Some(dovecot) = present("Dovecot", dovecot::start()) else { return };
    let desk = Desk::new(&dovecot.ground, dovecot.lmtp, &format!("protocol = \"lmtp\"\n{SECURE}"));
    walk::questions(&desk, &DOVECOT);
    walk::transaction(&desk, &DOVECOT);
    walk::long_line(&desk, &DOVECOT);
    walk::starttls(&desk, "LHLO");
    walk::typed(&desk, &DOVECOT);
    walk::idle(&desk, &DOVECOT);
}

const AIOSMTPD: Manners = Manners {
    greet: "EHLO",
    vrfy: "252",
    help: "250 /Supported commands/",
    unknown: "500 /not recognized/",
    relay: "550 5.7.1 /relaying denied/",
    nosuch: "550 5.1.1",
    malformed: "501 /Syntax/",
    receipts: ["555", "555"],
    taken: &["250"],
    long: (2100, "500 /line too long/"),
    idle: Idle::Closes,
};

#[test]
#[ignore = "needs python3 with aiosmtpd"]
fn aiosmtpd_by_smtp() {
    let Some(aiosmtpd) = present("aiosmtpd", aiosmtpd::start()) else { return };
    let desk = Desk::new(&aiosmtpd.ground, aiosmtpd.smtp, SECURE);
    walk::questions(&desk, &AIOSMTPD);
    walk::transaction(&desk, &AIOSMTPD);
    walk::long_line(&desk, &AIOSMTPD);
    walk::starttls(&desk, "EHLO");
    walk::typed(&desk, &AIOSMTPD);
    walk::login(&desk, "501 5.7.0");
    walk::idle(&desk, &AIOSMTPD);
}

#[test]
#[ignore = "needs python3 with aiosmtpd"]
fn aiosmtpd_by_lmtp() {
    let Some(aiosmtpd) = present("aiosmtpd", aiosmtpd::start()) else { return };
    let desk = Desk::new(&aiosmtpd.ground, aiosmtpd.lmtp, "protocol = \"lmtp\"\n");
    let manners = Manners {
        greet: "LHLO",
        taken: &["250 2.0.0 /kept for dude@/", "250 2.0.0 /kept for anotherdude@/"],
        ..AIOSMTPD
    };
    walk::questions(&desk, &manners);
    walk::transaction(&desk, &manners);
    walk::typed(&desk, &manners);
}

const HARAKA: Manners = Manners {
    greet: "EHLO",
    vrfy: "252",
    help: "250 /Not implemented/",
    unknown: "500 /Unrecognized command/",
    relay: "550 /I cannot deliver mail/",
    nosuch: "550 /no such user/",
    malformed: "501",
    receipts: ["250", "250"],
    taken: &["250 /Message Queued/"],
    long: (2100, "521 /line too long/"),
    idle: Idle::Says("421"),
};

#[test]
#[ignore = "needs Haraka"]
fn haraka_as_an_exchanger() {
    let Some(haraka) = present("Haraka", haraka::start()) else { return };
    let desk = Desk::new(&haraka.ground, haraka.exchanger, SECURE);
    walk::questions(&desk, &HARAKA);
    walk::transaction(&desk, &HARAKA);
    walk::long_line(&desk, &HARAKA);
    walk::starttls(&desk, "EHLO");
    walk::typed(&desk, &HARAKA);
    walk::login(&desk, "334");
    walk::idle(&desk, &HARAKA);
}
