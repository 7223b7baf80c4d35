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

/// All that a folder holds, file after file.
fn all_of(folder: &std::path::Path) -> String {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let each = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => all_of(&entry.path()),
        _ => String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap_or_default()).into_owned(),
    });
    each.collect()
}

#[test]
fn a_secret_in_the_envelope_and_in_content_stands_in_nothing_that_is_kept_or_said() {
    let desk = Desk::new();
    // As a name in an address it could be anybody's, and one of a letter could stand anywhere.
    let script = "> EHLO me\n> MAIL FROM:<{{env.BOX_TOKEN}}@noddy.com>\n< 250\n> RCPT TO:<{{env.BOX_TOKEN}}@target.local>\n\
                  < 250\n> DATA\n< 354\n| X-Key: {{env.BOX_TOKEN}} q{{env.PIN}}q\n> .\n< 250\n> QUIT\n";
    let path = desk.write("envelope.smtp", script);
    let peer = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 550 no anotherdude@target.local\n\
                C: *\nS: 503 no\nC: QUIT\nS: 221 bye\n";
    for (target, code) in [("lab:catch-all", 0), ("", 1)] {
        let peer = target.is_empty().then(|| Peer::play(peer));
        let target = peer.as_ref().map_or(target.to_owned(), Peer::target);
        for more in [&[][..], &["--json"], &["--report", "junit"]] {
            if peer.is_some() && !more.is_empty() {
                continue;
            }
            let to = ["--target", &target, "--allow-env", "BOX_TOKEN", "--allow-env", "PIN"];
            let mut command = desk.command(&[&[path.to_str().expect("UTF-8")], &to[..], more].concat());
            let ran = finish(command.env("BOX_TOKEN", "anotherdude").env("PIN", "Z").spawn().expect("it starts"));
            ran.expect(code, &[]);
            for place in [&ran.out, &ran.err, &all_of(&desk.path("state")), &all_of(&desk.path("data"))] {
                assert!(!place.contains("anotherdude") && !place.contains("qZq"), "{place}");
            }
        }
    }
    let kept = all_of(&desk.path("state"));
    assert!(
        kept.contains("> RCPT TO:<{{auth}}@target.local>") && kept.contains("X-Key: {{auth}} q{{auth}}q"),
        "{kept}"
    );
    let mut command =
        desk.command(&[path.to_str().expect("UTF-8"), "--target", "192.0.2.1:25", "--allow-env", "BOX_TOKEN,PIN"]);
    let ran = finish(command.env("BOX_TOKEN", "anotherdude").env("PIN", "Z").spawn().expect("it starts"));
    ran.expect(2, &[]);
    assert!(!ran.err.contains("anotherdude"), "{}", ran.err);
}
