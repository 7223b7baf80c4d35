//! Passwords: where they come from, over which line they go, and that they are seen nowhere.

use super::*;

#[test]
fn a_profile_logs_in_and_its_password_is_nowhere_to_be_seen() {
    let desk = Desk::new();
    let peer = Peer::play(
        "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGR1ZGUAcGFzcy13b3JkLW9mLW5vZGR5\nS: 535 5.7.8 no pass-word-of-noddy\nC: QUIT\nS: 221 bye\n",
    );
    let (host, port) = peer.target().split_once(':').map(|(h, p)| (h.to_owned(), p.to_owned())).expect("host:port");
    let profile = format!(
        "host = \"{host}\"\nport = {port}\n[auth]\nuser = \"dude\"\npassword = {{ env = \"NODDY_PASSWORD\" }}\nallow_plaintext = true\n"
    );
    desk.write("config/profiles/mine.toml", &profile);
    let script = "> EHLO a\n> AUTH PLAIN {{auth}}\n";
    let ran = desk.script(script, &["--target", "mine"]);
    peer.heard();
    ran.expect(5, &["535 5.7.8"]);
    for place in [&ran.out, &ran.err, &desk.transcripts()] {
        assert!(!place.contains("pass-word-of-noddy") && !place.contains("AGR1ZGUA"), "{place}");
    }
    assert!(desk.transcripts().contains("> AUTH PLAIN {{auth}}"));
}

#[test]
fn a_secret_that_the_script_writes_out_is_not_repeated() {
    let desk = Desk::new();
    let script = "> EHLO a\n> AUTH PLAIN AGR1ZGUAc2VjcmV0\n> AUTH LOGIN\n> ZHVkZQ==\n> c2VjcmV0\n> c2VjcmV0\n> QUIT\n";
    let ran = desk.script(script, &["--target", "lab:", "--json"]);
    ran.expect(5, &["AUTH PLAIN {{auth}}"]);
    for place in [&ran.out, &ran.err, &desk.script(script, &["--target", "lab:"]).out, &desk.transcripts()] {
        assert!(!place.contains("c2VjcmV0") && !place.contains("AGR1ZGUA"), "{place}");
    }
}

#[test]
fn a_password_goes_out_in_clear_text_only_where_the_profile_allows_it() {
    let desk = Desk::new();
    let script = SENDS_MAIL.replace("> MAIL", "> AUTH PLAIN {{auth}}\n> MAIL");
    let peer = Peer::play("S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 AUTH PLAIN LOGIN\nC: QUIT\nS: 221 bye\n");
    let target = peer.target();
    let (host, port) = target.split_once(':').expect("host:port");
    let auth = "[auth]\nuser = \"dude\"\npassword = { env = \"NODDY_PASSWORD\" }\n";
    desk.write("config/profiles/clear.toml", &format!("host = \"{host}\"\nport = {port}\n{auth}"));
    let ran = desk.script(&script.replace("> QUIT\n", ""), &["--target", "clear"]);
    ran.expect(5, &["STARTTLS first", "allow_plaintext = true", "skipped  line 3  > MAIL", "skipped  line 5  > DATA"]);
    assert!(peer.heard().iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")));
    // LOGIN is begun without a secret; the answer is what must not go out.
    let peer = Peer::play("S: 220 mx\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nHOLD\n");
    let (host, port) = peer.target().split_once(':').map(|(h, p)| (h.to_owned(), p.to_owned())).expect("host:port");
    desk.write("config/profiles/login.toml", &format!("host = \"{host}\"\nport = {port}\n{auth}"));
    desk.script("> AUTH LOGIN\n< 334\n> {{auth}}\n", &["--target", "login"]).expect(5, &["STARTTLS first"]);
    assert_eq!(peer.heard(), ["AUTH LOGIN"]);
    // The lab's passwords are public.
    let plain = "> EHLO a\n> AUTH PLAIN {{auth}}\n> QUIT\n";
    assert!(!desk.script(plain, &["--target", "lab:"]).err.contains("allow_plaintext"));
}

#[test]
fn a_secret_of_the_environment_is_sent_and_nowhere_to_be_seen() {
    let desk = Desk::new();
    let script = "> EHLO me\n> NOOP {{env.NODDY_PASSWORD}}\n< 250\n> QUIT\n";
    let peer = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: NOOP pass-word-of-noddy\nS: 550 no pass-word-of-noddy\nC: QUIT\nS: 221 bye\n";
    let allowed = ["--allow-env", "NODDY_PASSWORD"];
    for more in [&[][..], &["--json"], &["--report", "junit"]] {
        let (ran, heard) = desk.against(peer, script, &[&allowed, more].concat());
        ran.expect(1, &[]);
        assert!(heard.iter().any(|line| line == "NOOP pass-word-of-noddy"), "{heard:?}");
        for place in [&ran.out, &ran.err, &desk.transcripts()] {
            assert!(!place.contains("pass-word-of-noddy"), "{place}");
        }
    }
    assert!(desk.transcripts().contains("> NOOP {{auth}}"), "{}", desk.transcripts());
    desk.script(script, &["--target", "lab:"]).expect(2, &["--allow-env NODDY_PASSWORD"]);
}
