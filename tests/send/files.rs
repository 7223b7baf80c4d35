//! Files that are asked for besides, and a file that names the target.

use super::{ACCEPTS, Desk, Peer, after_ehlo};

const TO: [&str; 3] = ["lab:", "--to", "anotherdude@target.local"];

#[test]
fn a_file_that_can_not_be_written_is_known_before_anything_connects() {
    let desk = Desk::new();
    let nowhere = desk.path("none/file");
    let nowhere = nowhere.to_str().expect("UTF-8");
    let inside = desk.path(&"x".repeat(300));
    for arguments in
        [&["--tls-get-peer-cert", nowhere][..], &["--save", nowhere], &["--save", inside.to_str().expect("UTF-8")]]
    {
        desk.send(&[&TO[..], arguments].concat()).expect(2, &["can't be written"]).lacks(&["220"]);
    }
    let file = desk.path("peer.pem");
    let without_tls = ["--no-tls", "--tls-get-peer-cert", file.to_str().expect("UTF-8")];
    desk.send(&[&TO[..], &without_tls].concat()).expect(2, &["without TLS no server shows a certificate"]);
    assert!(!file.exists());
}

#[test]
fn a_certificate_that_was_never_shown_is_not_done() {
    let desk = Desk::new();
    let file = desk.path("peer.pem");
    let wanted = ["--to", "c@d", "--tls-get-peer-cert", file.to_str().expect("UTF-8")];
    let (ran, _) = desk.against(&after_ehlo(" mx", ACCEPTS), &wanted);
    ran.expect(8, &["=== delivered c@d", "showed no certificate", "the message was handed over all the same"]);
    let (ran, _) = desk.against(&after_ehlo(" mx", ACCEPTS), &[&wanted[..], &["--swaks-exit-codes"]].concat());
    ran.expect(0, &["=== delivered c@d", "showed no certificate"]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_could_not_be_written_in_the_end_is_no_mistake_on_the_command_line() {
    let desk = Desk::new();
    for arguments in
        [&["--save", "/dev/full", "--force"][..], &["--tls-get-peer-cert", "/dev/full"], &["--output", "/dev/full"]]
    {
        let ran = desk.send(&[&TO[..], arguments].concat());
        assert_eq!(ran.code, Some(8), "{arguments:?}: {ran:?}");
        let ran = desk.send(&[&TO[..], &["--rcpt-only"], arguments].concat());
        assert_eq!(ran.code, Some(1), "{arguments:?}: {ran:?}");
    }
    let json = desk.send(&[&TO[..], &["--save", "/dev/full", "--force", "--json"]].concat());
    let said: serde_json::Value = serde_json::from_str(&json.expect(8, &["all the same"]).out).expect("JSON");
    assert_eq!((said["exit"].as_u64(), said["handed_over"].as_u64()), (Some(8), Some(1)), "{said}");
    assert!(said["problem"].as_str().is_some_and(|words| words.contains("/dev/full can't be written")), "{said}");
}

#[test]
fn a_script_is_a_target_where_it_names_one() {
    let desk = Desk::new();
    let peer = Peer::play(&after_ehlo(" mx", ACCEPTS));
    let head = |target: &str| format!("+++\nehlo = 1\n{target}\n+++\n> NOOP\n");
    let here = desk.write("here.smtp", head(&format!("target = \"{}\"", peer.target())));
    let ran = desk.send(&[&here, "--from", "a@b", "--helo", "me", "--to", "c@d"]);
    ran.expect(0, &[&format!("=== from {here}: "), "=== delivered c@d"]);
    let none = desk.write("none.smtp", head(""));
    desk.send(&[&none, "--to", "c@d"]).expect(2, &["names no target in its head"]);
    let away = desk.write("away.smtp", head("target = \"192.0.2.1\""));
    let nowhere = desk.write("nowhere.smtp", head("target = \"no-such-host.invalid\""));
    for how in [&["--to", "c@d"][..], &["--to", "c@d", "--rcpt-only"]] {
        desk.send(&[&[nowhere.as_str()], how].concat())
            .expect(2, &["itself says where to connect: no-such-host.invalid:25, whose name leads nowhere now"]);
        desk.send(&[&[away.as_str()], how].concat())
            .expect(2, &["itself says where to connect: 192.0.2.1:25, which is not on this machine"]);
    }
}

#[test]
fn the_whole_conversation_has_a_time_too() {
    let desk = Desk::new();
    let script = after_ehlo(" mx", "C: MAIL FROM:<a@b>\nS: 250 ok\nHOLD\n");
    let (ran, _) = desk.against(&script, &["--to", "c@d", "--total-timeout", "400ms"]);
    ran.expect(6, &["the conversation was not over within 400 ms, its total time-out"]);
}

#[test]
fn a_name_to_greet_with_is_not_empty() {
    let desk = Desk::new();
    for name in ["", " "] {
        desk.send(&[&TO[..], &["--helo", name]].concat()).expect(2, &["--helo is empty", "--helo noddy.com"]);
    }
}
