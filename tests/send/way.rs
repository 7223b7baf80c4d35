//! TLS and the login on the way.

use super::{ACCEPTS, Desk, after_ehlo};

const GIVES_UP: &str = "C: QUIT\nS: 221 bye\n";

#[test]
fn tls_is_as_asked() {
    let desk = Desk::new();
    let to = ["--to", "anotherdude@target.local"];
    let with = |arguments: &[&str]| desk.send(&[&["lab:"], &to[..], arguments].concat());
    with(&["-tls"]).expect(0, &[" ~> MAIL", "=== TLS 1.3, ", "certificate verified"]);
    with(&["-tlsc"]).expect(0, &[" ~> EHLO noddy.com"]).lacks(&["STARTTLS\n"]);
    with(&["--no-tls"]).expect(0, &[" -> MAIL"]).lacks(&["~>"]);
    with(&["--tls-protocol", "tlsv1_2", "--tls-sni", "mx.target.local"]).expect(0, &["=== TLS 1.2, "]);
    let file = desk.path("peer.pem");
    with(&["--quit-after", "TLS", "--tls-get-peer-cert", file.to_str().expect("UTF-8")]).expect(0, &[]);
    assert!(std::fs::read_to_string(&file).expect("written").starts_with("-----BEGIN CERTIFICATE-----\nMII"));
    with(&["--tls-protocol", "tlsv1_2", "--tls-sni", "bad name!"]).expect(2, &["`bad name!` is no host name"]);
    with(&["--tls-sni", ""]).expect(2, &["`` is no host name; --tls-sni takes one"]);
    let json = with(&["--quit-after", "TLS", "--tls-get-peer-cert", "-", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("one document");
    assert!(json["certificate"].as_str().is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE-----")), "{json}");
    let peer = super::Peer::play(&after_ehlo(" mx", "C: QUIT\nS: 221 bye\n"));
    let place = peer.target();
    let (host, port) = place.split_once(':').expect("a port");
    let way = ["--server", host, "--port", port, "--helo", "me", "--quit-after", "EHLO"];
    // swaks looks for the exchangers of that domain only where it is not told where to connect, and takes a flag twice.
    let more = ["--copy-routing", "noddy.com", "-tlso", "--tls-optional", "-verbose", "--verbose"];
    desk.send(&[&way[..], &more].concat()).expect(0, &[&format!("connected to {place}")]);
    peer.heard();
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
    let some = [&who[..], &env, &["--auth", "GSSAPI,PLAIN"]].concat();
    desk.against(&script, &some).0.expect(0, &["does not speak GSSAPI", "tried: PLAIN", "=== delivered c@d"]);
    desk.send(&["lab:", "--to", "c@d", "--auth", "GSSAPI,DIGEST-MD5"]).expect(2, &["GSSAPI is not a mechanism"]);
    let clear = after_ehlo(offer, GIVES_UP);
    let (ran, _) = desk.against(&clear, &[&who[..4], &env].concat());
    ran.expect(5, &["not encrypted"]);
    let optional = after_ehlo(" mx", ACCEPTS);
    let (ran, _) = desk.against(&optional, &[&who[..], &env, &["-aos"]].concat());
    ran.expect(0, &["=== delivered c@d"]);
    let lab = desk.send(&["lab:", "--to", "x@elsewhere.example", "--auth", "--timeout", "30"]);
    assert_ne!(lab.code, Some(2), "{lab:?}");
}

#[test]
fn a_user_acts_for_another_and_the_response_waits_to_be_asked_for() {
    let desk = Desk::new();
    let who = ["--to", "c@d", "--auth-user", "dude", "--auth-password-env", "NODDY_PASSWORD", "--auth-allow-plaintext"];
    let offer = "-mx\nS: 250 AUTH PLAIN";
    // RFC 4616 section 2: authorization identity, NUL, who logs in, NUL, password.
    let octets = "Ym9zcwBkdWRlAHBhc3Mtd29yZC1vZi1ub2RkeQ==";
    let at_once = after_ehlo(offer, &format!("C: AUTH PLAIN {octets}\nS: 235 ok\n{ACCEPTS}"));
    let (ran, _) = desk.against(&at_once, &[&who[..], &["--auth-as", "boss"]].concat());
    ran.expect(0, &[" -> AUTH PLAIN {{auth}}", "=== delivered c@d"]).lacks(&["Ym9zcw", "pass-word"]);
    // RFC 4954 section 4: without an initial response the server asks by an empty challenge.
    let asked = after_ehlo(offer, &format!("C: AUTH PLAIN\nS: 334 \nC: {octets}\nS: 235 ok\n{ACCEPTS}"));
    let (ran, heard) = desk.against(&asked, &[&who[..], &["--auth-as", "boss", "--auth-no-initial-response"]].concat());
    ran.expect(0, &[" -> AUTH PLAIN\n", " -> {{auth}}", "=== delivered c@d"]).lacks(&["Ym9zcw", "pass-word"]);
    assert!(heard.iter().any(|line| line == "AUTH PLAIN"), "{heard:?}");
    // CRAM-MD5 has no place for another identity; that is said, and nobody is logged in as somebody else.
    let cram = [&["lab:"], &who[..], &["--auth", "CRAM-MD5", "--auth-as", "boss"]].concat();
    desk.send(&cram).expect(2, &["CRAM-MD5 has no place for whom to act for"]);
}

#[cfg(unix)]
#[test]
fn a_command_and_a_socket_are_ways_too() {
    let desk = Desk::new();
    let server = "printf '220 mx\\r\\n'\nwhile read -r line; do case \"$line\" in\n\
        EHLO*) printf '250 mx\\r\\n';;\nQUIT*) printf '221 bye\\r\\n'; exit;;\n*) printf '250 ok\\r\\n';;\nesac; done\n";
    let command = format!("sh {}", desk.write("server.sh", server));
    let ran = desk.send(&["--pipe", &command, "--to", "c@d", "--rcpt-only"]);
    ran.expect(0, &[" -> RCPT TO:<c@d>", "=== accepted  c@d"]);
    desk.send(&["--pipe", &command, "--to", "c@d"]).expect(2, &["--yes-really-send"]);
    let path = desk.path("lmtp.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let player = std::thread::spawn(move || speak_lmtp(&listener));
    let socket = path.to_str().expect("UTF-8");
    let ran =
        desk.send(&["--socket", socket, "--from", "a@b", "--helo", "me", "--to", "c@d,e@f", "--data", "S: x\\n\\ny"]);
    ran.expect(8, &["=== delivered c@d", "=== failed    e@f  550"]);
    assert_eq!(player.join().expect("it ends")[..2], ["LHLO me", "MAIL FROM:<a@b>"]);
}

/// Takes one message by LMTP, for the first recipient only; gives what was heard.
#[cfg(unix)]
fn speak_lmtp(listener: &std::os::unix::net::UnixListener) -> Vec<String> {
    use std::io::{BufRead as _, Write as _};
    let (stream, _) = listener.accept().expect("a client");
    let mut says = &stream;
    says.write_all(b"220 mx LMTP\r\n").expect("written");
    let (mut heard, mut content) = (Vec::new(), false);
    for line in std::io::BufReader::new(&stream).lines() {
        let line = line.expect("a line").trim_end().to_owned();
        let answer = match line.as_str() {
            "." => "250 2.0.0 taken\r\n550 5.2.2 full\r\n",
            _ if content => "",
            "DATA" => "354 go\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        content = (content || line == "DATA") && line != ".";
        says.write_all(answer.as_bytes()).expect("written");
        let last = line == "QUIT";
        heard.push(line);
        if last {
            break;
        }
    }
    heard
}

#[cfg(unix)]
#[test]
fn what_was_never_reached_is_not_gone_and_is_called_by_the_options_name() {
    let desk = Desk::new();
    let file = desk.write("no.sock", "");
    let no_socket = desk.send(&["--socket", &file, "--to", "c@d"]);
    no_socket.expect(3, &["this is no socket", "=== there was no connection"]).lacks(&["port", "connection is gone"]);
    let here = ["--server", "127.0.0.1:1", "--to", "c@d"];
    desk.send(&here).expect(3, &["nothing listens on this port", "=== there was no connection"]);
    let elsewhere = desk.send(&[&here[..], &["--local-interface", "192.0.2.77"]].concat());
    elsewhere.expect(3, &["--local-interface names another"]).lacks(&["`bind`"]);
}
