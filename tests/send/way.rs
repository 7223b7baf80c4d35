//! TLS and the login on the way.

use super::{ACCEPTS, Desk, after_ehlo};

const GIVES_UP: &str = "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n";

#[test]
fn tls_is_as_asked() {
    let desk = Desk::new();
    let to = ["--to", "anotherdude@target.local"];
    let with = |arguments: &[&str]| desk.send(&[&["lab:"], &to[..], arguments].concat());
    with(&["-tls"]).expect(0, &[" ~> MAIL", "tls version=TLSv1.3", "verified=yes"]);
    with(&["-tlsc"]).expect(0, &[" ~> EHLO noddy.com"]).lacks(&["STARTTLS\n"]);
    with(&["--no-tls"]).expect(0, &[" -> MAIL"]).lacks(&["~>"]);
    with(&["--tls-protocol", "tlsv1_2", "--tls-sni", "mx.target.local"]).expect(0, &["tls version=TLSv1.2"]);
    let file = desk.path("peer.pem");
    with(&["--quit-after", "TLS", "--tls-get-peer-cert", file.to_str().expect("UTF-8")]).expect(0, &[]);
    assert!(std::fs::read_to_string(&file).expect("written").starts_with("-----BEGIN CERTIFICATE-----\nMII"));
    let (ran, _) = desk.against(&after_ehlo(" mx", "HOLD\n"), &["--to", "c@d", "--tls"]);
    ran.expect(4, &["does not offer STARTTLS"]);
    let (ran, _) = desk.against(&after_ehlo(" mx", ACCEPTS), &["--to", "c@d", "-tlso"]);
    ran.expect(0, &["=== delivered c@d"]);
}

#[test]
fn a_user_logs_in_and_the_password_is_nowhere() {
    let desk = Desk::new();
    let auth = "C: AUTH PLAIN AGR1ZGUAcGFzcy13b3JkLW9mLW5vZGR5\nS: 235 ok\n";
    let who = ["--to", "c@d", "--auth-user", "dude", "--auth-allow-plaintext"];
    let offer = "-mx\nS: 250 AUTH LOGIN PLAIN";
    let script = after_ehlo(offer, &format!("{auth}{ACCEPTS}"));
    let file = desk.write("password", "pass-word-of-noddy\nsecond line\n");
    for password in [
        &["--auth-password-env", "NODDY_PASSWORD"][..],
        &["--auth-password-file", &file],
        &["--auth-password-command", "echo $NODDY_PASSWORD"],
    ] {
        let (ran, _) = desk.against(&script, &[&who[..], password].concat());
        ran.expect(0, &[" -> AUTH PLAIN {{auth}}", "=== delivered"]).lacks(&["AGR1ZGU", "pass-word"]);
    }
    let login = after_ehlo(offer, &format!("C: AUTH LOGIN\nS: 535 no\n{GIVES_UP}"));
    let env = ["--auth-password-env", "NODDY_PASSWORD"];
    let (ran, _) = desk.against(&login, &[&who[..], &env, &["--auth", "LOGIN,PLAIN"]].concat());
    ran.expect(5, &["<** 535 no"]);
    let clear = after_ehlo(offer, GIVES_UP);
    let (ran, _) = desk.against(&clear, &[&who[..4], &env].concat());
    ran.expect(5, &["not encrypted"]);
    let optional = after_ehlo(" mx", ACCEPTS);
    let (ran, _) = desk.against(&optional, &[&who[..], &env, &["-aos"]].concat());
    ran.expect(0, &["=== delivered c@d"]);
    let lab = desk.send(&["lab:", "--to", "x@elsewhere.example", "--auth", "--port", "25"]);
    assert_ne!(lab.code, Some(2), "{lab:?}");
}
