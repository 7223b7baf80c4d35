//! The ways to a server: a proxy, the PROXY header, a command, standard input and output; and what is remembered.

use std::io::{BufRead as _, BufReader, Write as _};

use super::*;

#[test]
fn a_run_goes_through_a_proxy_and_its_password_is_written_nowhere() {
    let desk = Desk::new();
    let peer = Peer::play("S: 220 mx\nC: QUIT\nS: 221 bye\n");
    let target = peer.target();
    let (host, port) = target.rsplit_once(':').expect("host:port");
    let profile = |proxy: std::net::SocketAddr, password: &str| {
        format!(
            "host = \"{host}\"\nport = {port}\n[network]\nproxy = \"socks5://dude@{proxy}\"\nproxy_password = {password}\n"
        )
    };
    desk.write(
        "config/profiles/far.toml",
        &profile(proxy::socks("dude", "pass-word-of-noddy"), "{ env = \"NODDY_PASSWORD\" }"),
    );
    let ran = desk.script("< 220\n> QUIT\n< 221\n", &["--target", "far"]);
    let asked = format!("proxy kind=socks5 asked=\"CONNECT {target}\" user=dude answered=granted");
    ran.expect(0, &[&format!("the proxy was asked as dude: CONNECT {target}: granted")]);
    peer.heard();
    let transcript = desk.transcripts();
    assert!(transcript.contains(&format!("* {asked}\n")), "{transcript}");
    assert!(!transcript.contains("pass-word-of-noddy") && !ran.out.contains("pass-word-of-noddy"));
    let proxy = proxy::socks("dude", "right-pass-word");
    desk.write("config/profiles/far.toml", &profile(proxy, "{ command = \"echo wrong-pass-word\" }"));
    let ran = desk.script("< 220\n> QUIT\n", &["--target", "far"]);
    ran.expect(3, &["refused the user or the password; mend them in the profile"]);
    assert!(!desk.transcripts().contains("wrong-pass-word"));
}

#[cfg(unix)]
#[test]
fn a_command_is_a_target_and_no_message_is_handed_to_it_unasked() {
    let desk = Desk::new();
    let server = "pipe:printf '220 pipe\\r\\n'; while read -r line; do printf '250 ok\\r\\n'; done";
    let ran = desk.script("< 220 /pipe/\n> EHLO a\n< 250\n", &["--target", server]);
    ran.expect(0, &["the command printf", "connected to pipe:printf"]);
    let mail = "> EHLO a\n> MAIL FROM:<a@b.example>\n> RCPT TO:<c@d.example>\n> DATA\n| x\n> .\n";
    desk.script(mail, &["--target", server]).expect(2, &["which may lead anywhere"]);
    let ran = desk.script("> NOOP\n", &["--target", "pipe:echo no such gate >&2; exit 7"]);
    ran.expect(3, &["the command ended (exit status: 7) and said: no such gate"]);
    desk.script("+++\ntarget = \"pipe:touch x\"\n+++\n> NOOP\n", &["--yes"]).expect(2, &["is for you to name"]);
}

#[test]
fn standard_input_and_output_are_a_server() {
    let desk = Desk::new();
    let script = desk.write("s.smtp", "< 220\n> EHLO a\n< 250\n> QUIT\n< 221\n");
    let script = script.to_str().expect("UTF-8");
    let mut child = desk.command(&[script, "--target", "stdio:"]).stdin(Stdio::piped()).spawn().expect("it starts");
    let mut to = child.stdin.take().expect("piped");
    let mut from = BufReader::new(child.stdout.take().expect("piped")).lines();
    to.write_all(b"220 inetd\r\n").expect("written");
    let mut heard = Vec::new();
    for reply in [&b"250 inetd\r\n"[..], b"221 bye\r\n"] {
        heard.push(from.next().expect("a line").expect("UTF-8"));
        to.write_all(reply).expect("written");
    }
    drop(to);
    assert_eq!(from.next().map(|line| line.expect("UTF-8")), None, "nothing else is on standard output");
    assert_eq!(heard, ["EHLO a", "QUIT"]);
    let ran = finish(child);
    ran.expect(0, &["<-  220 inetd"]);
    desk.run(&["-", "--target", "stdio:"]).expect(2, &["the script must be a file"]);
    desk.run(&[script, "--json", "--target", "stdio:"]).expect(2, &["--save keeps the conversation"]);
}

#[test]
fn the_lab_believes_the_proxy_header_about_the_client() {
    let desk = Desk::new();
    let mut lab = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["lab", "known-client", "--listen", "127.0.0.1:0", "--state"])
        .arg(desk.path("lab"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(lab.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let port = lines
        .find_map(|line| line.strip_prefix("listening submission 127.0.0.1:").map(str::to_owned))
        .expect("it listens");
    for (version, source, script) in [
        (1, "192.0.2.7", "< 554 5.7.1 /192\\.0\\.2\\.7/\n> QUIT\n"),
        (2, "192.0.2.7", "< 554 5.7.1 /192\\.0\\.2\\.7/\n> QUIT\n"),
        (
            2,
            "198.51.100.7:4711",
            "< 220\n> EHLO a\n< 250\n> MAIL FROM:<a@b.example>\n< 250\n> RCPT TO:<c@d.example>\n< 250\n",
        ),
    ] {
        let profile = format!(
            "host = \"127.0.0.1\"\nport = {port}\n[network]\nproxy_protocol = {version}\nproxy_source = \"{source}\"\n"
        );
        desk.write("config/profiles/behind.toml", &profile);
        desk.script(script, &["--target", "behind"])
            .expect(0, &[&format!("PROXY header, version {version}: from {source}")]);
    }
    lab.kill().expect("it lives");
    lab.wait().expect("it ends");
}

#[test]
fn what_vanished_from_an_offer_is_said_on_standard_error_and_the_change_when_asked() {
    let desk = Desk::new();
    let peer = Peer::play(
        "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-STARTTLS\nS: 250 AUTH PLAIN LOGIN\nC: EHLO a\nS: 250-mx\nS: 250-STARTTLS\nS: 250 AUTH PLAIN LOGIN SCRAM-SHA-256\nC: QUIT\nS: 221 bye\n---\n\
         S: 220 mx\nC: EHLO a\nS: 250 mx\nC: QUIT\nS: 221 bye\n---\n\
         S: 220 mx\nC: EHLO a\nS: 250 mx\nC: QUIT\nS: 221 bye\n",
    );
    let target = peer.target();
    let twice = desk.write("twice.smtp", "> EHLO a\n> EHLO a\n> QUIT\n");
    let once = desk.write("once.smtp", "> EHLO a\n> QUIT\n");
    let scripts = [twice.to_str().expect("UTF-8"), once.to_str().expect("UTF-8")];
    let ran = desk.run(&[scripts[0], scripts[1], scripts[1], "--verbose", "--target", &target]);
    ran.expect(0, &["the offer since: +AUTH PLAIN LOGIN SCRAM-SHA-256, -AUTH PLAIN LOGIN"]);
    for words in ["ehlo run: STARTTLS is not offered any more, and was on ", "ehlo run: AUTH is not offered any more"] {
        // Each time, for nobody has done without it.
        assert_eq!(ran.err.matches(words).count(), 2, "{}", ran.err);
    }
    assert!(ran.err.contains("accept-offer in the workbench"), "{}", ran.err);
    assert!(desk.transcripts().contains("* warning kind=offer \"STARTTLS is not offered any more"));
    peer.heard();
}

#[test]
fn the_total_time_ends_a_run() {
    let desk = Desk::new();
    let (ran, _) = desk.against("S: 220 mx\nHOLD\n", "> NOOP\n", &["--total-timeout", "300ms"]);
    ran.expect(6, &["was not over within 300 ms, its total time-out"]);
}
