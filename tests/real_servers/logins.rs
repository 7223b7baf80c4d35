//! Every mechanism that a real server offers: by a script and by *make ready*, with the right secret and a wrong one; and
//! that the strongest is chosen.
//!
//! Not here: the mechanisms that bind to the TLS connection (-PLUS), for none of these servers offers one: neither
//! Dovecot 2.3 nor Postfix, for Cyrus SASL, hands the library what it would bind to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::desk::{Desk, Server, WRONG, leave};
use super::dovecot::ISSUER;
use super::ground::Ground;
use super::{aiosmtpd, exim, haraka, postfix};
use crate::present;

/// A mechanism, and the lines of its exchange.
type Exchange = (&'static str, &'static str);

const PLAIN: Exchange = ("PLAIN", "> AUTH PLAIN {{auth}}\n");
const LOGIN: Exchange = ("LOGIN", "> AUTH LOGIN\n> {{auth}}\n> {{auth}}\n");
const CRAM_MD5: Exchange = ("CRAM-MD5", "> AUTH CRAM-MD5\n> {{auth}}\n");
const SCRAM_SHA_1: Exchange = ("SCRAM-SHA-1", "> AUTH SCRAM-SHA-1 {{auth}}\n> {{auth}}\n> {{auth}}\n");
const SCRAM_SHA_256: Exchange = ("SCRAM-SHA-256", "> AUTH SCRAM-SHA-256\n> {{auth}}\n> {{auth}}\n> {{auth}}\n");
const XOAUTH2: Exchange = ("XOAUTH2", "> AUTH XOAUTH2 {{auth}}\n");
const OAUTHBEARER: Exchange = ("OAUTHBEARER", "> AUTH OAUTHBEARER\n> {{auth}}\n");

/// A script up to EHLO under TLS.
const SECURED: &str = "< 220\n> EHLO noddy.com\n< 250\n> STARTTLS\n< 220\n> EHLO noddy.com\n< 250\n";

/// A server at which somebody logs in under TLS.
struct Door<'a> {
    ground: &'a Ground,
    server: Server,
    /// What is the code of a wrong secret.
    refused: &'static str,
}

impl Door<'_> {
    /// Somebody who logs in by this mechanism; `source` is where the secret comes from.
    fn desk(&self, mechanism: &str, source: &str) -> Desk {
        let auth = format!("[auth]\nuser = \"dude\"\nmechanism = \"{mechanism}\"\n{source}");
        Desk::new(self.ground, self.server, &format!("[tls]\nca = \"{{ca}}\"\nmode = \"require\"\n{auth}"))
    }

    /// The right password and a wrong one, by a script and by *make ready*.
    fn takes_a_password(&self, all: &[Exchange]) {
        for exchange @ (mechanism, _) in all {
            let desk = || self.desk(mechanism, "password = { env = \"NODDY_PASSWORD\" }\n");
            takes(&desk(), exchange);
            self.refuses(&desk().saying(WRONG), exchange, "");
        }
    }

    /// The same with a token.
    fn takes_a_token(&self, all: &[Exchange]) {
        for exchange @ (mechanism, _) in all {
            let desk = || self.desk(mechanism, "token = { env = \"NODDY_PASSWORD\" }\n");
            takes(&desk().saying(&token("dude", ISSUER)), exchange);
            // What is wrong is told within the exchange, and an answer is wanted.
            self.refuses(&desk().saying(&token("dude", b"somebody else's")), exchange, "> {{auth}}\n");
        }
    }

    fn refuses(&self, desk: &Desk, (mechanism, lines): &Exchange, more: &str) {
        let ran = desk.plays(&format!("{SECURED}{lines}{more}"));
        assert!(ran.code == Some(5) && ran.out.contains(self.refused), "{mechanism}: {}", ran.out);
        let mut terminal = desk.sits_down();
        terminal.keys("<F10>").wait_for(&format!("refused the login ({})", self.refused));
        leave(&mut terminal);
    }

    /// With nothing said of the mechanism, this one is taken.
    fn prefers(&self, mechanism: &str) {
        prefers_by(&self.desk("auto", "password = { env = \"NODDY_PASSWORD\" }\n"), mechanism);
    }
}

/// The login is taken: by a script, and by *make ready*.
fn takes(desk: &Desk, (mechanism, lines): &Exchange) {
    desk.goes_through(&format!("{SECURED}? capability AUTH {mechanism}\n{lines}< 235\n> NOOP\n< 250\n> QUIT\n< 221\n"));
    let mut terminal = desk.sits_down();
    terminal.keys("<F10>").wait_for("Ready: encrypted, logged in as dude").wait_for(&format!("AUTH {mechanism}"));
    leave(&mut terminal);
}

/// *Make ready* takes this mechanism by itself.
fn prefers_by(desk: &Desk, mechanism: &str) {
    let mut terminal = desk.sits_down();
    let line = format!("~> AUTH {mechanism}");
    terminal.keys("<F10>").wait_for("Ready: encrypted, logged in as dude").wait_until(&line, |screen| {
        screen.lines().any(|row| row.contains(&format!("{line} ")) || row.trim_end().ends_with(&line))
    });
    leave(&mut terminal);
}

/// A token that says who this is, signed with this key (RFC 7519, HS256).
fn token(user: &str, key: &[u8]) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    // It ends in the year 2100.
    let claims = format!("{{\"sub\":\"{user}\",\"iss\":\"https://issuer.target.local\",\"exp\":4102444800}}");
    let signed = format!("{}.{}", part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postfix_with_dovecot_takes_each_mechanism() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let door = Door { ground: &postfix.ground, server: postfix.submission, refused: "535" };
    door.takes_a_password(&[PLAIN, LOGIN, CRAM_MD5, SCRAM_SHA_1, SCRAM_SHA_256]);
    door.takes_a_token(&[XOAUTH2, OAUTHBEARER]);
    door.prefers("SCRAM-SHA-256");
    let desk = door.desk("auto", "token = { env = \"NODDY_PASSWORD\" }\n").saying(&token("dude", ISSUER));
    prefers_by(&desk, "OAUTHBEARER");
    takes(&door.desk("ANONYMOUS", ""), &("ANONYMOUS", "> AUTH ANONYMOUS {{auth}}\n"));
}

#[test]
#[ignore = "needs Postfix and Cyrus SASL"]
fn postfix_with_cyrus_takes_each_mechanism() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let door = Door { ground: &postfix.ground, server: postfix.cyrus, refused: "535" };
    door.takes_a_password(&[PLAIN, LOGIN, CRAM_MD5, SCRAM_SHA_1, SCRAM_SHA_256]);
    // SCRAM-SHA-512 is offered too, and not spoken here.
    door.prefers("SCRAM-SHA-256");
    takes(&door.desk("ANONYMOUS", ""), &("ANONYMOUS", "> AUTH ANONYMOUS {{auth}}\n"));
}

#[test]
#[ignore = "needs Exim"]
fn exim_takes_each_mechanism() {
    let Some(exim) = present("Exim", exim::start()) else { return };
    let door = Door { ground: &exim.ground, server: exim.exchanger, refused: "535" };
    door.takes_a_password(&[PLAIN, LOGIN]);
    door.prefers("PLAIN");
    // By a certificate: as its owner, by name, and as somebody else.
    let external = ("EXTERNAL", "> AUTH EXTERNAL {{auth}}\n");
    let shown = |more: &str| {
        let tls = "[tls]\nca = \"{ca}\"\nmode = \"require\"\nclient_cert = \"{place}/dude.pem\"\nclient_key = \"{place}/dude-key.pem\"\n";
        Desk::new(&exim.ground, exim.exchanger, &format!("{tls}[auth]\nuser = \"dude\"\n{more}"))
    };
    takes(&shown("mechanism = \"EXTERNAL\"\n"), &external);
    takes(&shown("mechanism = \"EXTERNAL\"\nauthorise_as = \"dude\"\n"), &external);
    prefers_by(&shown(""), "EXTERNAL");
    door.refuses(&shown("mechanism = \"EXTERNAL\"\nauthorise_as = \"anotherdude\"\n"), &external, "");
    // Without a certificate it is not offered.
    door.desk("PLAIN", "").goes_through(&format!("{SECURED}? not capability AUTH EXTERNAL\n> QUIT\n< 221\n"));
}

#[test]
#[ignore = "needs python3 with aiosmtpd"]
fn aiosmtpd_takes_each_mechanism() {
    let Some(aiosmtpd) = present("aiosmtpd", aiosmtpd::start()) else { return };
    let door = Door { ground: &aiosmtpd.ground, server: aiosmtpd.smtp, refused: "535" };
    door.takes_a_password(&[PLAIN, LOGIN]);
    door.prefers("PLAIN");
}

#[test]
#[ignore = "needs Haraka"]
fn haraka_takes_each_mechanism() {
    let Some(haraka) = present("Haraka", haraka::start()) else { return };
    let door = Door { ground: &haraka.ground, server: haraka.exchanger, refused: "535" };
    door.takes_a_password(&[PLAIN, LOGIN, CRAM_MD5]);
    door.prefers("CRAM-MD5");
}
