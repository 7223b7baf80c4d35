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
        ("host = \"a\"\n[network]\nproxy = \"socks4://x\"", 3, &["socks5://host:1080"]),
        ("host = \"a\"\n[network]\nproxy = \"socks5://dude:noddy@x\"", 3, &["proxy_password = { env"]),
        ("host = \"a\"\n[network]\nproxy = \"socks5://dude@x\"", 3, &["proxy_password = { env"]),
        ("host = \"a\"\n[network]\nproxy = \"socks5://dude@x\"\nproxy_password = \"noddy\"", 4, &["plain text"]),
        ("host = \"a\"\n[network]\nproxy = \"socks5://x\"\nproxy_password = { env = \"A\" }", 4, &["is whose?"]),
        ("host = \"a\"\n[network]\nproxy_password = { env = \"A\" }", 3, &["needs `proxy`"]),
        (
            "host = \"a\"\n[network]\nproxy = \"socks5://d@x\"\nproxy_password = { prompt = true }",
            4,
            &["nobody is asked"],
        ),
        ("unix = \"/run/s\"\n[network]\nproxy = \"socks5://x\"", 3, &["leads to a host"]),
        ("host = \"a\"\n[network]\nproxy_protocol = 3", 3, &["versions 1 and 2"]),
        ("host = \"a\"\n[network]\nproxy_source = \"192.0.2.1\"", 3, &["needs `proxy_protocol"]),
        ("host = \"a\"\n[network]\nproxy_protocol = 1\nproxy_source = \"mx\"", 4, &["is an address"]),
        ("host = \"a\"\n[network]\ntotal_timeout = \"0s\"", 3, &["0 is no time"]),
        ("unix = \"/run/s\"\n[network]\npipe = \"nc\"", 3, &["can't both"]),
        ("host = \"a\"\n[xclient]\naddress = \"192.0.2.1\"", 3, &["`address`", "addr"]),
        ("host = \"a\"\n[xclient]\naddr = 7", 3, &["1 to 255 octets"]),
        ("host = \"a\"\n[network]\nreply_timeout = \"5\"", 3, &["duration"]),
        ("host = \"a\"\n[tls]\nmin_version = \"1.4\"", 3, &["`1.4`", "1.2"]),
        ("host = \"a\"\n[tls]\nsni = \"bad name!\"", 3, &["`bad name!`", "`sni` takes one such as"]),
        ("host = \"a\"\n[tls]\nverify_name = \"\"", 3, &["no host name", "`verify_name` takes one such as"]),
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

#[test]
fn the_way_there_is_understood() {
    let profile = parse(
        r#"
        host = "mx.target.local"
        [network]
        proxy = "socks5h://dude@proxy.noddy.com"
        proxy_password = { env = "PROXY" }
        proxy_protocol = 2
        proxy_source = "192.0.2.1:4711"
        proxy_destination = "192.0.2.9"
        total_timeout = "2m"
        keep_alive = "60s"
        [xclient]
        login = "dude"
        port = 4711
        addr = "2001:db8::1"
        name = "spike.example"
        "#,
    )
    .expect("well formed");
    let target = profile.target;
    let proxy = target.proxy.as_ref().expect("given");
    assert_eq!((proxy.to_string().as_str(), proxy.user.as_deref()), ("socks5h://proxy.noddy.com:1080", Some("dude")));
    assert!(matches!(&proxy.password, Some(SecretSource::Environment(name)) if name == "PROXY"));
    let header = target.announcement.expect("given");
    assert_eq!(header.version, super::super::Version::Two);
    assert_eq!(header.source, "192.0.2.1:4711".parse().ok());
    assert_eq!(header.destination, "192.0.2.9:25".parse().ok());
    assert_eq!((target.total_timeout, target.keep_alive), (Some(120_000), Some(60_000)));
    let xclient: Vec<String> = target.xclient.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(xclient, ["NAME=spike.example", "ADDR=IPV6:2001:db8::1", "PORT=4711", "LOGIN=dude"]);
    assert!(target.reading.ends_with("through socks5h://proxy.noddy.com:1080"), "{}", target.reading);
    let target = parse("[network]\npipe = \"ssh gate nc mx 25\"").expect("a command").target;
    assert_eq!(target.endpoint, Endpoint::Pipe("ssh gate nc mx 25".into()));
    let target = parse("host = \"mx.noddy.com\"\n[network]\npipe = \"nc\"").expect("a command").target;
    assert_eq!(target.sni.as_deref(), Some("mx.noddy.com"), "the certificate is to be the host's");
}
