//! Which text is which target.

use super::*;

fn read(text: &str) -> Result<Target, TargetError> {
    Target::read(text, &Profiles::shipped())
}

#[test]
fn a_target_is_read_in_its_order() {
    for (text, want) in [
        ("smtp://mx.noddy.com", "mx.noddy.com:25"),
        ("SMTP://mx.noddy.com:2525/", "mx.noddy.com:2525"),
        ("smtps://mx", "mx:465"),
        ("submission://mx", "mx:587"),
        ("lmtp://mx", "mx:24"),
        ("lmtp+unix:/run/lmtp.sock", "/run/lmtp.sock"),
        ("lmtp+unix:///run/lmtp.sock", "/run/lmtp.sock"),
        ("mx:noddy.com", "mx:noddy.com"),
        ("pipe:ssh gate nc mx 25", "pipe:ssh gate nc mx 25"),
        ("Pipe: sendmail -bs", "pipe:sendmail -bs"),
        ("pipe:nc a://b 25", "pipe:nc a://b 25"),
        ("stdio:", "stdio:"),
        ("lab:", "lab:default"),
        ("lab:greylist", "lab:greylist"),
        ("lab", "lab:default"),
        ("gmail-submit", "smtp.gmail.com:587"),
        ("dude@noddy.com", "mx:noddy.com"),
        ("<dude@noddy.com>", "mx:noddy.com"),
        ("dude@[192.0.2.1]", "192.0.2.1:25"),
        ("dude@[IPv6:::1]", "[::1]:25"),
        ("mx.noddy.com", "mx.noddy.com:25"),
        ("mx.noddy.com:587", "mx.noddy.com:587"),
        ("127.0.0.1:2525", "127.0.0.1:2525"),
        ("[::1]:2525", "[::1]:2525"),
        ("[::1]", "[::1]:25"),
        ("::1", "[::1]:25"),
        ("fe80::1%eth0", "[fe80::1%eth0]:25"),
        ("telnet mx.noddy.com 25", "mx.noddy.com:25"),
        ("  telnet   mx.noddy.com  ", "mx.noddy.com:25"),
        ("open mx.noddy.com 2525", "mx.noddy.com:2525"),
        ("mx.noddy.com 465", "mx.noddy.com:465"),
        ("mx.noddy.com smtp", "mx.noddy.com:25"),
        ("::1 25", "[::1]:25"),
        ("telnet lab 25", "lab:default"),
        ("telnet lab", "lab:default"),
        ("open LAB 25", "lab:default"),
        ("lab 25", "lab:default"),
        ("lab smtp", "lab:default"),
        ("lab:25", "lab:default"),
        ("lab: 25", "lab:default"),
        ("telnet lab: 25", "lab:default"),
        ("telnet lab:25", "lab:default"),
        ("open lab:greylist", "lab:greylist"),
        ("Lab", "lab:default"),
        ("smtp://lab", "lab:25"),
        ("lab.noddy.com 25", "lab.noddy.com:25"),
        ("laboratory", "laboratory:25"),
        ("nc -C mx.noddy.com 25", "mx.noddy.com:25"),
    ] {
        assert_eq!(read(text).unwrap_or_else(|e| panic!("{text}: {e}")).endpoint.to_string(), want, "{text}");
    }
}

#[test]
fn the_lab_by_the_words_of_an_article_is_the_lab_of_its_profile() {
    for text in ["telnet lab 25", "lab 25", "open lab"] {
        let (target, lab) = (read(text).expect(text), read("lab").expect("the lab"));
        assert_eq!((target.name, target.to, target.reading), (lab.name, lab.to, lab.reading), "{text}");
    }
}

#[test]
fn a_target_is_named_by_its_place_and_not_by_telnet() {
    for (text, name) in [
        ("telnet mx.noddy.com 25", "mx.noddy.com:25"),
        ("telnet mx.noddy.com", "mx.noddy.com"),
        ("mx.noddy.com 2525", "mx.noddy.com:2525"),
        ("mx.noddy.com", "mx.noddy.com"),
        ("telnet ::1 25", "[::1]:25"),
    ] {
        let target = read(text).expect(text);
        assert_eq!(target.name, name, "{text}");
        assert_eq!(read(name).expect(name).endpoint, target.endpoint, "{name} leads where {text} did");
    }
}

#[test]
fn what_the_port_or_the_scheme_implies() {
    for (text, tls, protocol, words) in [
        ("mx.noddy.com:465", TlsMode::Implicit, Protocol::Esmtp, "TLS from the first byte"),
        ("smtps://mx:25", TlsMode::Implicit, Protocol::Esmtp, "TLS from the first byte"),
        ("smtp://mx:465", TlsMode::Implicit, Protocol::Esmtp, "TLS from the first byte"),
        ("mx.noddy.com 587", TlsMode::Starttls, Protocol::Esmtp, "submission"),
        ("lmtp://mx", TlsMode::Starttls, Protocol::Lmtp, "LMTP"),
        ("gmail-submit", TlsMode::Require, Protocol::Esmtp, "profile gmail-submit"),
    ] {
        let target = read(text).expect(text);
        assert_eq!((target.tls, target.protocol), (tls, protocol), "{text}");
        assert!(target.reading.contains(words), "{text}: {}", target.reading);
    }
}

#[test]
fn what_is_no_target_is_refused_with_what_would_be_one() {
    for (text, words) in [
        ("", "no target"),
        ("http://mx", "smtp://"),
        ("mx:", "a domain"),
        ("lmtp+unix:", "path"),
        ("pipe: ", "a command"),
        ("telnet", "`telnet` needs a host after it"),
        ("open ", "a host"),
        ("lab twentyfive", "not a port"),
        ("smtp://dude:noddy@mx", "password"),
        ("smtp://dude@mx", "user name"),
        ("host:0", "not a port"),
        ("127.0.0.1:", "no port stands behind the colon of `127.0.0.1:`"),
        ("host:70000", "not a port"),
        ("host:+25", "not a port"),
        ("host twentyfive", "not a port"),
        ("a b c d", "not a host"),
        ("[::1", "not a host"),
        ("ho/st", "not a host"),
        ("a..b", "not a host"),
        ("-x", "not a host"),
        ("@noddy.com", "not a host"),
        ("smtp://", "not a host"),
        ("/no/such/file.smtp", "can't be read"),
    ] {
        let error = read(text).expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    assert!(!read("smtp://dude:noddy@mx").expect_err("refused").to_string().contains("noddy@"));
}

#[test]
fn a_file_gives_its_heads_target_and_is_marked() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("relay.smtp");
    std::fs::write(&path, "+++\r\nehlo = 1\r\ntarget = \"smtps://mx.noddy.com\"\r\n+++\r\n> QUIT\r\n")
        .expect("written");
    let text = path.to_str().expect("UTF-8");
    let target = read(text).expect("a target");
    assert_eq!(target.endpoint.to_string(), "mx.noddy.com:465");
    assert_eq!(target.from_file.as_deref(), Some(path.as_path()));
    std::fs::write(&path, "> QUIT\n").expect("written");
    assert!(read(text).expect_err("no head").to_string().contains("name the target itself"));
    std::fs::write(&path, "+++\ntarget = \"gmail-submit\"\n+++\n").expect("written");
    let target = read(text).expect("a host of that name, not the profile");
    assert_eq!(target.endpoint.to_string(), "gmail-submit:25");
    for odd in ["pipe:touch x", "stdio:"] {
        std::fs::write(&path, format!("+++\ntarget = \"{odd}\"\n+++\n")).expect("written");
        assert!(read(text).expect_err("a file runs nothing").to_string().contains("for you to name"), "{odd}");
    }
}

#[test]
fn the_head_of_a_transcript_reads_back_to_the_same_place() {
    for text in ["smtp://a:2525", "smtps://[::1]:2465", "lmtp://a:24", "lmtp+unix:/run/s", "mx:noddy.com", "lab:x"] {
        let target = read(text).expect(text);
        assert_eq!(target.uri(), text);
    }
}
