//! The task against scripted peers on loopback.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Connection, Ending, Endpoint, Identity, Options, Request, TlsOptions, connect};
use crate::conversation::event::{Event, Remark, Timed};
use crate::conversation::{Dialogue, Log};
use crate::profile::{Protocol, TlsVersion};
use crate::smtp::Phase;
use crate::world::{Directories, World};

fn world() -> World {
    let nowhere = std::path::PathBuf::from("/nonexistent");
    World::real(Directories { config: nowhere.clone(), data: nowhere.clone(), state: nowhere })
}

fn options(port: u16) -> Options {
    Options {
        endpoint: Endpoint::Tcp { host: "127.0.0.1".to_owned(), port },
        protocol: Protocol::Esmtp,
        tls: TlsOptions { verify: true, ..TlsOptions::default() },
        bind: None,
        inspect: false,
        connect_timeout: Duration::from_secs(5),
        reply_timeout: None,
    }
}

/// A peer that plays `script` on the first connection, and the port it listens on.
async fn peer<F, R>(script: F) -> u16
where
    F: FnOnce(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        script(stream).await;
    });
    port
}

/// Plays lines: `S:` is written (with CR LF), `C:` is expected, `raw:` is written as it is.
async fn play(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    script: &str,
) -> BufReader<impl AsyncRead + AsyncWrite + Unpin> {
    let mut stream = BufReader::new(stream);
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (who, text) = line.split_once(':').expect("S: or C:");
        let text = text.strip_prefix(' ').unwrap_or(text);
        match who {
            "S" => stream.write_all(format!("{text}\r\n").as_bytes()).await.expect("written"),
            "raw" => {
                let text = text.replace("\\r", "\r").replace("\\n", "\n");
                stream.write_all(text.as_bytes()).await.expect("written");
            }
            _ => {
                let mut got = String::new();
                stream.read_line(&mut got).await.expect("a line");
                assert_eq!(got, format!("{text}\r\n"));
            }
        }
    }
    stream.flush().await.expect("flushed");
    stream
}

/// A conversation with the events so far.
struct Talk {
    connection: Connection,
    log: Log,
}

impl Talk {
    fn with(options: Options) -> Self {
        let world = world();
        let started = world.elapsed();
        Self { connection: connect(options, None, world, started), log: Log::new() }
    }

    async fn send(&self, line: &str) {
        self.ask(Request::Line(line.as_bytes().to_vec(), Ending::CrLf)).await;
    }

    async fn ask(&self, request: Request) {
        self.connection.requests.send(request).await.expect("the task lives");
    }

    /// Takes events until one is there that `wanted` likes; gives all so far as text.
    async fn until(&mut self, wanted: &str) -> String {
        let found = async {
            while !self.text().contains(wanted) {
                let Some(Timed { at, event }) = self.connection.events.recv().await else { break };
                self.log.push(at, &event);
            }
        };
        // A deadline for a test that would hang; never waited for when it passes.
        let _ = tokio::time::timeout(Duration::from_secs(20), found).await;
        let text = self.text();
        assert!(text.contains(wanted), "{wanted:?} never came:\n{text}");
        text
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (_, entry) in self.log.since(0) {
            let sigil = match entry.kind {
                crate::conversation::Kind::Sent => '>',
                crate::conversation::Kind::Content => '|',
                crate::conversation::Kind::Received => '<',
                _ => '*',
            };
            let text = String::from_utf8_lossy(entry.bytes);
            writeln!(out, "{sigil} {text}{}", if entry.crlf { "" } else { "\\c" }).expect("a string takes it");
        }
        out
    }

    fn phase(&self) -> Phase {
        Dialogue::of(&self.log).state().phase()
    }
}

#[tokio::test]
async fn the_classic_conversation() {
    let port = peer(|stream| async {
        let script = "S: 220 mx\nC: HELO a\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: ..dot\nC: .\nS: 250 queued\nC: QUIT\nS: 221 bye";
        drop(play(stream, script).await);
    })
    .await;
    let mut talk = Talk::with(options(port));
    talk.until("220 mx").await;
    for (line, reply) in [
        ("HELO a", "< 250 mx"),
        ("MAIL FROM:<a@b>", "> MAIL FROM:<a@b>\n< 250 ok"),
        ("RCPT TO:<c@d>", "> RCPT TO:<c@d>\n< 250 ok"),
        ("DATA", "354 go"),
    ] {
        talk.send(line).await;
        talk.until(reply).await;
    }
    talk.send(".dot").await;
    talk.send(".").await;
    talk.until("250 queued").await;
    talk.send("QUIT").await;
    let text = talk.until("closed by=server").await;
    assert!(text.contains("| ..dot\n> .\n"), "{text}");
    assert_eq!(talk.phase(), Phase::Closed);
}

#[tokio::test]
async fn a_line_that_has_begun_is_recorded_before_ours() {
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let port = peer(|stream| async move {
        let mut stream = play(stream, "raw: 22").await;
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a line");
        wait.await.expect("told to go on");
        drop(play(stream, "raw: 0 mx\\r\\n").await);
    })
    .await;
    let mut talk = Talk::with(options(port));
    talk.until("connected").await;
    // The two octets are there once they can be seen pending: any remark records them.
    loop {
        talk.ask(Request::Remark(Remark::new("mark"))).await;
        let Timed { at, event } = talk.connection.events.recv().await.expect("the task lives");
        talk.log.push(at, &event);
        if talk.text().contains("< 22\\c") {
            break;
        }
    }
    talk.send("NOOP").await;
    talk.until("> NOOP").await;
    go.send(()).expect("the peer waits");
    let text = talk.until("closed").await;
    assert!(text.contains("< 0 mx\n"), "{text}");
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let mut talk = Talk::with(options(port));
    let text = talk.until("closed by=network").await;
    assert!(text.contains("error kind=refused"), "{text}");
}

#[tokio::test]
async fn silence_ends_the_waiting_and_the_late_reply_still_pairs() {
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let port = peer(|stream| async move {
        let stream = play(stream, "S: 220 mx\nC: NOOP").await;
        wait.await.expect("told to go on");
        drop(play(stream, "S: 250 late").await);
    })
    .await;
    let mut talk = Talk::with(Options { reply_timeout: Some(Duration::from_millis(30)), ..options(port) });
    talk.until("220 mx").await;
    talk.send("NOOP").await;
    talk.until("gave-up reason=time-out awaiting=NOOP").await;
    go.send(()).expect("the peer waits");
    talk.until("250 late").await;
    let dialogue = Dialogue::of(&talk.log);
    let noop = dialogue.exchanges()[1];
    assert!(noop.gave_up() && noop.complete);
}

#[tokio::test]
async fn cancelling_closes_at_any_moment() {
    let port = peer(|mut stream| async move {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let mut talk = Talk::with(options(port));
    talk.until("connected").await;
    talk.connection.cancel.cancel();
    talk.until("closed by=client").await;
}

/// An authority and a server certificate for 127.0.0.1.
fn certificates() -> (String, Arc<tokio_rustls::rustls::ServerConfig>) {
    let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
    ca.distinguished_name.push(rcgen::DnType::CommonName, "a test authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("a CA");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).expect("names");
    let leaf = leaf.signed_by(&key, &ca).expect("signed");
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a configuration");
    (ca.pem(), Arc::new(config))
}

async fn starttls_peer(after: &'static str) -> (String, u16) {
    let (ca, config) = certificates();
    let port = peer(move |stream| async move {
        let script = format!("S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nraw: 220 go\\r\\n{after}");
        let stream = play(stream, &script).await;
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let Ok(stream) = acceptor.accept(stream).await else { return };
        drop(play(stream, "C: EHLO b\nS: 250 secret mx").await);
    })
    .await;
    (ca, port)
}

async fn to_starttls(options: Options) -> Talk {
    let mut talk = Talk::with(options);
    talk.until("220 mx").await;
    talk.send("EHLO a").await;
    talk.until("STARTTLS").await;
    talk.send("STARTTLS").await;
    talk
}

#[tokio::test]
async fn starttls_with_a_known_authority_is_verified() {
    let (ca, port) = starttls_peer("").await;
    let mut options = options(port);
    options.tls.roots = vec![ca];
    let mut talk = to_starttls(options).await;
    talk.until("tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes").await;
    talk.send("EHLO b").await;
    let text = talk.until("secret mx").await;
    assert!(text.contains("* certificate n=0 der=MII"), "{text}");
}

#[tokio::test]
async fn an_unknown_authority_ends_the_connection_in_words() {
    let (_, port) = starttls_peer("").await;
    let mut talk = to_starttls(options(port)).await;
    let text = talk.until("closed by=client").await;
    assert!(text.contains("error kind=tls \"the server's certificate"), "{text}");
}

#[tokio::test]
async fn going_on_regardless_says_what_speaks_against_it() {
    let (_, port) = starttls_peer("").await;
    let mut options = options(port);
    options.tls.verify = false;
    options.tls.name = Some("mx.example".to_owned());
    let mut talk = to_starttls(options).await;
    talk.until("verified=no reason=\"it is not for mx.example: it is for").await;
    talk.send("EHLO b").await;
    let text = talk.until("secret mx").await;
    assert!(text.contains("its issuer is not known here: CN=a test authority"), "{text}");
}

#[tokio::test]
async fn a_closer_look_is_a_connection_of_its_own() {
    let (_, config) = certificates();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.expect("a client");
            let script = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go";
            let stream = play(stream, script).await;
            let _ = tokio_rustls::TlsAcceptor::from(Arc::clone(&config)).accept(stream).await;
        }
    });
    let mut talk = to_starttls(Options { inspect: true, ..options(port) }).await;
    let text = talk.until("verified=no").await;
    let after = text.split("inspecting 127.0.0.1").nth(1).expect("a closer look");
    assert!(after.contains("* auto\n> EHLO a\n") && after.contains("* auto\n> STARTTLS\n"), "{text}");
    assert!(after.contains("its issuer is not known here: CN=a test authority"), "{text}");
    talk.until("* certificate n=0").await;
}

#[tokio::test]
async fn clear_text_after_the_reply_to_starttls_is_recorded_and_never_a_reply() {
    let (ca, port) = starttls_peer("250 INJECTED\\r\\n").await;
    let mut options = options(port);
    options.tls.roots = vec![ca];
    let mut talk = to_starttls(options).await;
    talk.until("verified=yes").await;
    talk.send("EHLO b").await;
    let text = talk.until("secret mx").await;
    assert!(text.contains("injected bytes=14 text=\"250 INJECTED\\\\r\\\\n\""), "{text}");
    assert!(!text.contains("< 250 INJECTED"), "{text}");
}

#[tokio::test]
async fn clear_text_where_tls_was_expected_is_shown() {
    let port = peer(|stream| async { drop(play(stream, "S: 220 mx ESMTP").await) }).await;
    let mut options = options(port);
    options.tls.implicit = true;
    let text = Talk::with(options).until("closed by=client").await;
    assert!(text.contains("it answered in clear text: 220 mx ESMTP"), "{text}");
    assert!(text.contains(&format!("try=smtp://127.0.0.1:{port}")), "{text}");
}

#[tokio::test]
async fn tls_where_a_greeting_was_expected_is_said_with_what_would_fit() {
    let port = peer(|mut stream| async move {
        stream.write_all(b"\x15\x03\x03\x00\x02\x02\x46").await.expect("written");
    })
    .await;
    let text = Talk::with(options(port)).until("closed by=server").await;
    assert!(text.contains("speaks TLS from the first byte"), "{text}");
    assert!(text.contains(&format!("try=smtps://127.0.0.1:{port}")), "{text}");
}

#[tokio::test]
async fn a_flood_stops_the_reading_and_goes_on_when_asked() {
    let port = peer(|mut stream| async move {
        let block = "250 x\r\n".repeat(10_000);
        while stream.write_all(block.as_bytes()).await.is_ok() {}
    })
    .await;
    let mut talk = Talk::with(options(port));
    let mut lines = 0u32;
    let mut stopped = 0;
    while stopped < 2 {
        let Timed { event, .. } = talk.connection.events.recv().await.expect("events");
        match event {
            Event::Received(_) => lines += 1,
            Event::Remark(remark) if remark.get("kind") == Some("flood") => {
                stopped += 1;
                assert!(lines > 400_000, "{lines}");
                lines = 0;
                talk.ask(Request::ReadOn).await;
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_reply_beyond_its_limit_is_cut_and_still_answers() {
    let port = peer(|stream| async {
        let mut stream = play(stream, "S: 220 mx\nC: HELP").await;
        stream.write_all("214-x\r\n".repeat(150_000).as_bytes()).await.expect("written");
        drop(play(stream, "S: 214 done\nC: NOOP\nS: 250 ok").await);
    })
    .await;
    let mut talk = Talk::with(options(port));
    talk.until("220 mx").await;
    talk.send("HELP").await;
    let cut = loop {
        let Timed { at, event } = talk.connection.events.recv().await.expect("events");
        talk.log.push(at, &event);
        if let Event::Remark(remark) = event {
            break remark;
        }
    };
    assert_eq!((cut.word.as_str(), cut.get("bytes")), ("cut", Some("350010")));
    talk.send("NOOP").await;
    loop {
        let Timed { at, event } = talk.connection.events.recv().await.expect("events");
        talk.log.push(at, &event);
        if matches!(&event, Event::Received(line) if line.bytes == b"250 ok") {
            break;
        }
    }
    let dialogue = Dialogue::of(&talk.log);
    let answered: Vec<_> =
        dialogue.exchanges()[1..].iter().map(|x| (x.verb, x.code.map(crate::smtp::ReplyCode::number))).collect();
    assert_eq!(answered, [(crate::smtp::Verb::Help, Some(214)), (crate::smtp::Verb::Noop, Some(250))]);
}

#[tokio::test]
async fn a_refused_content_is_heard_although_the_peer_closes() {
    let port = peer(|stream| async {
        let script = "S: 220 mx\nC: HELO a\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\nC: line\nS: 552 5.3.4 too much";
        drop(play(stream, script).await);
    })
    .await;
    let mut talk = Talk::with(options(port));
    talk.until("220 mx").await;
    for (line, reply) in [
        ("HELO a", "250 mx"),
        ("MAIL FROM:<a@b>", "> MAIL FROM:<a@b>\n< 250 ok"),
        ("RCPT TO:<c@d>", "> RCPT TO:<c@d>\n< 250 ok"),
        ("DATA", "354 go"),
    ] {
        talk.send(line).await;
        talk.until(reply).await;
    }
    talk.ask(Request::Content(format!("line\n{}", format!("{}\n", "x".repeat(900)).repeat(20_000)).into_bytes())).await;
    let text = talk.until("closed by=").await;
    assert!(text.contains("552 5.3.4 too much"), "{}", &text[text.len() - 300..]);
}

#[tokio::test]
async fn no_other_version_of_tls_is_spoken_than_is_allowed() {
    for (verify, versions, wanted) in [
        (true, (None, Some(TlsVersion::V12)), "tls version=TLSv1.2"),
        (false, (None, Some(TlsVersion::V12)), "tls version=TLSv1.2"),
        (true, (Some(TlsVersion::V13), None), "tls version=TLSv1.3"),
        // What the server here has is 1.2 and 1.3.
        (true, (None, Some(TlsVersion::V11)), "error kind=tls"),
    ] {
        let (ca, port) = starttls_peer("").await;
        let mut options = options(port);
        options.tls = TlsOptions { verify, versions, roots: vec![ca], ..TlsOptions::default() };
        to_starttls(options).await.until(wanted).await;
    }
}

#[tokio::test]
async fn a_certificate_of_our_own_is_shown_to_a_server_that_asks() {
    let authority = KeyPair::generate().expect("a key");
    let mut issuer = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    issuer.distinguished_name.push(rcgen::DnType::CommonName, "a test authority");
    issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(issuer, authority).expect("self-signed");
    let signed = || {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        (params.signed_by(&key, &issuer).expect("signed"), key)
    };
    let ((cert, key), (own, own_key)) = (signed(), signed());
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    roots.add(issuer.der().clone()).expect("a root");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let ask = tokio_rustls::rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    )
    .build()
    .expect("a verifier");
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(ask)
        .with_single_cert(vec![cert.der().clone()], key.serialize_der().try_into().expect("a key"))
        .expect("a configuration");
    for verify in [true, false] {
        let config = Arc::new(config.clone());
        let port = peer(move |stream| async move {
            let accepted = tokio_rustls::TlsAcceptor::from(config).accept(stream).await;
            let stream = accepted.expect("a certificate was shown");
            drop(play(stream, "S: 220 we know you\nC: QUIT\nS: 221 bye").await);
        })
        .await;
        let mut options = options(port);
        let identity = Identity { chain: own.pem(), key: crate::smtp::Secret::from(own_key.serialize_pem().as_str()) };
        options.tls = TlsOptions {
            implicit: true,
            verify,
            roots: vec![issuer.pem()],
            identity: Some(identity),
            ..TlsOptions::default()
        };
        let mut talk = Talk::with(options);
        talk.until("220 we know you").await;
        talk.send("QUIT").await;
        talk.until("221 bye").await;
    }
}

#[tokio::test]
async fn addresses_of_the_other_family_are_not_tried() {
    let port = peer(|stream| async move { drop(play(stream, "S: 220 mx").await) }).await;
    let mut options = options(port);
    options.bind = Some(std::net::Ipv6Addr::UNSPECIFIED.into());
    let text = Talk::with(options).until("error kind=name").await;
    assert!(text.contains("127.0.0.1 has no IPv6 address"), "{text}");
    assert!(!text.contains("* connecting"), "{text}");
}
