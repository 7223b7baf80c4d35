use super::*;
use crate::smtp::sasl::Proof;

fn parse(text: &str) -> Result<Profile, ProfileError> {
    Profile::parse("noddy", text, Path::new("/etc/p/noddy.toml"))
}

#[test]
fn a_whole_profile_is_understood() {
    let profile = parse(
        r#"
        host = "mx.target.local"
        port = 2525
        protocol = "esmtp"
        note = "front MX"
        production = true
        [identity]
        ehlo = "noddy.com"
        from = "dude@noddy.com"
        to = ["a@b", "c@d"]
        [tls]
        mode = "require"
        verify = false
        ca = "ca.pem"
        min_version = "1.2"
        max_version = "1.3"
        client_cert = "me.pem"
        client_key = "me.key"
        sni = "other.local"
        [auth]
        user = "dude"
        password = { env = "NODDY_PASSWORD" }
        [network]
        family = "ipv4"
        connect_timeout = "30s"
        reply_timeout = "5m"
        "#,
    )
    .expect("well formed");
    let target = profile.target;
    assert_eq!(target.endpoint, Endpoint::Tcp { host: "mx.target.local".into(), port: 2525 });
    assert_eq!((target.tls, target.verify, target.production), (TlsMode::Require, false, true));
    assert_eq!(target.ca.as_deref(), Some(Path::new("/etc/p/ca.pem")));
    assert_eq!(target.tls_versions, (Some(TlsVersion::V12), Some(TlsVersion::V13)));
    let identity = target.client_cert.expect("given");
    assert_eq!(identity.certificate, Path::new("/etc/p/me.pem"));
    assert_eq!(identity.key.as_deref(), Some(Path::new("/etc/p/me.key")));
    assert_eq!((target.connect_timeout, target.reply_timeout), (Some(30_000), Some(300_000)));
    assert_eq!(target.to, ["a@b", "c@d"]);
    assert_eq!(target.bind, Some("0.0.0.0".parse().expect("an address")));
    let auth = target.auth.expect("given");
    assert!(matches!(auth.password, SecretSource::Environment(name) if name == "NODDY_PASSWORD"));
    assert!(target.reading.starts_with("profile noddy: mx.target.local port 2525"), "{}", target.reading);
}

#[test]
fn the_place_is_a_host_a_domain_a_socket_or_the_lab() {
    for (text, want) in [
        ("host = \"lab\"", "lab:default"),
        ("host = \"lab:greylist\"", "lab:greylist"),
        ("host = \"noddy.com\"\nmx = true", "mx:noddy.com"),
        ("unix = \"/run/lmtp.sock\"", "/run/lmtp.sock"),
        ("host = \"::1\"", "[::1]:25"),
        ("host = \"a\"\n[tls]\nmode = \"implicit\"", "a:465"),
        ("host = \"a\"\nprotocol = \"lmtp\"", "a:24"),
    ] {
        assert_eq!(parse(text).expect(text).target.endpoint.to_string(), want, "{text}");
    }
    let lab = parse("host = \"lab\"").expect("well formed").target;
    assert!(matches!(lab.auth.expect("the lab's own").password, SecretSource::Known(_)));
    assert_eq!(parse("host = \"a\"\nport = 465").expect("well formed").target.tls, TlsMode::Implicit);
}

#[test]
fn errors_name_the_line_the_trouble_and_the_cure() {
    for (text, line, words) in [
        ("host = \"a\"\nprot = 25", 2, &["`prot`", "`port`"][..]),
        ("host = \"a\"\n\n[tls]\nmod = \"none\"", 4, &["`mod`", "`mode`"]),
        ("host = \"a\"\n[auth]\nuser = \"u\"\npassword = \"hunter2\"", 4, &["plain text", "env ="]),
        ("host = \"a\"\n[auth]\nuser = \"u\"\npassword = { envi = \"X\" }", 4, &["`envi`", "`env`"]),
        ("host = \"a\"\n[network]\nproxy = \"socks5://x\"", 3, &["`network.proxy`"]),
        ("host = \"a\"\n[network]\nreply_timeout = \"5\"", 3, &["duration"]),
        ("host = \"a\"\n[tls]\nmin_version = \"1.4\"", 3, &["`1.4`", "1.2"]),
        ("host = \"a\"\n[tls]\nmin_version = \"1.3\"\nmax_version = \"1.2\"", 3, &["above `max_version`"]),
        (
            "host = \"a\"\n[tls]\nclient_cert = \"me.p12\"\nclient_password = { prompt = true }",
            4,
            &["can't be asked for"],
        ),
        ("host = \"a\"\n[tls]\nclient_password = { env = \"P\" }", 3, &["`client_cert`"]),
        ("host = \"a\"\n[tls]\nclient_key = \"me.key\"", 3, &["`client_cert`"]),
        ("host = \"a:25\"", 1, &["port = 25"]),
        ("port = 25", 1, &["`host`"]),
        ("host = \"a\"\nport = \"25\"", 2, &["expected u16"]),
        ("host = \"a\"\nprotocol = \"smpt\"", 2, &["smpt", "smtp"]),
        ("host = \"a\"\n[auth]\nmechanism = \"auto\"", 2, &["`user` is missing"]),
        ("host = \"a\"\n[auth]\nuser = \"u\"\nmechanism = \"GSSAPI\"", 4, &["`GSSAPI`", "PLAIN"]),
        ("host = \"a\"\n[identity]\nfrom = \"a@b\\r\\nQUIT\"", 3, &["control character"]),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.place, format!("/etc/p/noddy.toml:{line}"), "{text}: {error}");
        for word in words {
            assert!(error.what.contains(word), "{text}: {error}");
        }
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[test]
fn who_logs_in_by_what_is_read_and_told() {
    let auth = |text: &str| {
        parse(&format!("host = \"a\"\n[auth]\nuser = \"dude\"\n{text}"))
            .map(|profile| profile.target.auth.expect("given"))
    };
    let token = auth("token = { env = \"T\" }\ninitial_response = false\nauthorise_as = \"boss\"").expect("read");
    assert_eq!((token.proof, token.initial_response), (Proof::Token, false));
    assert_eq!(token.authorise_as.as_deref(), Some("boss"));
    assert_eq!(auth("mechanism = \"xoauth2\"").expect("read").proof, Proof::Token);
    let anonymous = auth("mechanism = \"ANONYMOUS\"").expect("read");
    assert!(matches!(anonymous.password, SecretSource::Nothing));
    let by_certificate = "[tls]\nclient_cert = \"c\"\nclient_key = \"k\"";
    for mechanism in ["", "mechanism = \"EXTERNAL\"\n"] {
        let external = auth(&format!("{mechanism}{by_certificate}")).expect("read");
        assert_eq!(external.proof, Proof::Certificate, "{mechanism}");
        assert!(matches!(external.password, SecretSource::Nothing));
    }
    for (text, told) in [
        ("token = \"ya29\"", "a token does not belong in a profile in plain text"),
        ("token = { env = \"A\" }\npassword = { env = \"B\" }", "can't both be given"),
        ("mechanism = \"CRAM-MD5\"\ntoken = { env = \"A\" }", "CRAM-MD5 takes a password"),
        ("mechanism = \"EXTERNAL\"", "wants a certificate"),
        ("mechanism = \"ANONYMOUS\"\npassword = { env = \"A\" }", "takes no secret"),
        ("mechanism = \"NTLM\"", "SCRAM-SHA-256"),
        ("token = { environment = \"A\" }", "source of a token"),
    ] {
        let error = auth(text).expect_err(text).to_string();
        assert!(error.contains(told) && !error.contains("ya29"), "{text}: {error}");
    }
}
