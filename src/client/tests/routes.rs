//! The ways to a server: proxies, the PROXY header, mail exchangers, commands; and time-outs of all of it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::client::Route;
use crate::profile::{Announcement, Proxy, SecretSource, Version};
use crate::world::Names;

/// A way through the proxy at this port.
fn through(scheme: &str, port: u16, user: Option<(&str, &str)>) -> Route {
    let mut proxy = Proxy::parse(&format!("{scheme}://127.0.0.1:{port}")).expect("a proxy");
    if let Some((user, password)) = user {
        proxy.user = Some(user.to_owned());
        proxy.password = Some(SecretSource::Known(password.into()));
    }
    Route { proxy: Some(proxy), ..Route::default() }
}

/// A proxy that plays pairs of what it hears and says, octet for octet, and then a mail server.
async fn proxy(script: Vec<(Vec<u8>, Vec<u8>)>) -> u16 {
    peer(move |mut stream| async move {
        for (hears, says) in script {
            let mut heard = vec![0; hears.len()];
            stream.read_exact(&mut heard).await.expect("octets");
            assert_eq!(heard, hears, "{:?}", String::from_utf8_lossy(&heard));
            stream.write_all(&says).await.expect("written");
        }
        drop(play(stream, "C: QUIT\nS: 221 bye").await);
    })
    .await
}

/// What the transcript has of a connection that is made so: up to the greeting, or to its end.
async fn dialled(options: Options, until: &str) -> String {
    let mut talk = Talk::with(options);
    let text = talk.until(until).await;
    if until.contains("220") {
        talk.send("QUIT").await;
        talk.until("221 bye").await;
    }
    text
}

/// What a SOCKS server says when it has connected; the greeting comes in the same write.
fn granted() -> Vec<u8> {
    [&[5, 0, 0, 1, 127, 0, 0, 1, 0, 25][..], b"220 behind\r\n"].concat()
}

#[tokio::test]
async fn socks_5_resolves_here_and_socks_5h_there_and_a_login_is_not_recorded() {
    let connect = [&[5, 1, 0, 3, 15][..], b"mx.target.local", &[0, 25]].concat();
    let login = [&[1, 4][..], b"dude", &[7], b"noddy-5"].concat();
    let port = proxy(vec![(vec![5, 2, 0, 2], vec![5, 2]), (login, vec![1, 0]), (connect, granted())]).await;
    let endpoint = Endpoint::Tcp { host: "mx.target.local".to_owned(), port: 25 };
    let route = through("socks5h", port, Some(("dude", "noddy-5")));
    let text = dialled(Options { endpoint, route, ..options(0) }, "220 behind").await;
    assert!(text.contains(&format!("* connecting mx.target.local:25 via=socks5h://127.0.0.1:{port}\n")), "{text}");
    assert!(
        text.contains("* proxy kind=socks5h asked=\"CONNECT mx.target.local:25\" user=dude answered=granted\n"),
        "{text}"
    );
    assert!(text.contains("* connected mx.target.local:25 from 127.0.0.1:"), "{text}");
    assert!(!text.contains("noddy-5"), "{text}");

    let by_address = vec![(vec![5, 1, 0], vec![5, 0]), (vec![5, 1, 0, 1, 127, 0, 0, 1, 0, 9], granted())];
    let port = proxy(by_address).await;
    let text = dialled(Options { route: through("socks5", port, None), ..options(9) }, "220 behind").await;
    assert!(text.contains("* connecting 127.0.0.1:9 via=socks5://"), "{text}");
}

#[tokio::test]
async fn connect_of_http_takes_nothing_of_the_greeting_and_hides_the_login() {
    let request = "CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: 127.0.0.1:25\r\n\
                   Proxy-Authorization: Basic ZHVkZTpub2RkeS01\r\n\r\n";
    let answer = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n220 behind\r\n".to_vec();
    let port = proxy(vec![(request.as_bytes().to_vec(), answer)]).await;
    let route = through("http", port, Some(("dude", "noddy-5")));
    let text = dialled(Options { route, ..options(25) }, "220 behind").await;
    assert!(text.contains("user=dude answered=\"HTTP/1.1 200 Connection established\""), "{text}");
    assert!(!text.contains("noddy-5") && !text.contains("ZHVkZTpub2RkeS01"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_makes_no_connection_is_said_with_the_cure() {
    let http = |code: &str| format!("HTTP/1.1 {code}\r\n\r\n").into_bytes();
    let plain = || (vec![5, 1, 0], vec![5, 0]);
    let refused =
        |reply: u8| vec![plain(), (vec![5, 1, 0, 1, 127, 0, 0, 1, 0, 25], vec![5, reply, 0, 1, 0, 0, 0, 0, 0, 0])];
    for (scheme, script, words) in [
        ("socks5", vec![(vec![5, 1, 0], vec![5, 0xff])], "wants a user and a password: proxy = "),
        ("socks5", refused(2), "rules do not allow 127.0.0.1:25"),
        ("socks5", refused(4), "can't reach the host: 127.0.0.1:25"),
        ("socks5", refused(5), "refused the proxy's connection"),
        ("socks5", vec![(vec![5], b"220 mx ESMTP\r\n".to_vec())], "is not a SOCKS5 proxy"),
        ("http", vec![(b"CONNECT".to_vec(), http("407 Auth"))], "wants a user and a password (it said 407 Auth)"),
        ("http", vec![(b"CONNECT".to_vec(), http("503 Down"))], "can't reach 127.0.0.1:25 (it said 503 Down)"),
        ("http", vec![(b"CONNECT".to_vec(), b"SSH-2.0-x\r\n".to_vec())], "is not an HTTP proxy"),
    ] {
        let port = proxy(script).await;
        let text = dialled(Options { route: through(scheme, port, None), ..options(25) }, "closed by=network").await;
        assert!(text.contains("* error kind=proxy") && text.contains(words), "{words}: {text}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let text = dialled(Options { route: through("http", port, None), ..options(25) }, "closed by=network").await;
    assert!(text.contains("is not to be reached: 127.0.0.1:"), "{text}");
}

#[tokio::test]
async fn the_proxy_header_goes_out_first() {
    let header = "PROXY TCP4 192.0.2.1 127.0.0.1 4711 ";
    let (told, heard) = tokio::sync::oneshot::channel();
    let port = peer(|stream| async move {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a line");
        told.send(line).expect("somebody wants it");
        drop(play(stream, "S: 220 mx\nC: QUIT\nS: 221 bye").await);
    })
    .await;
    let announcement = Announcement { version: Version::One, source: "192.0.2.1:4711".parse().ok(), destination: None };
    let route = Route { announcement: Some(announcement), ..Route::default() };
    let text = dialled(Options { route, ..options(port) }, "220 mx").await;
    assert_eq!(heard.await.expect("it came"), format!("{header}{port}\r\n"));
    assert!(
        text.contains(&format!("* proxy header=1 source=192.0.2.1:4711 destination=127.0.0.1:{port}\n< 220")),
        "{text}"
    );
}

/// A small world of names, without the outside.
struct Zone;

impl Names for Zone {
    fn exchangers(&self, domain: &str) -> Result<Vec<(u16, String)>, String> {
        let list = |all: &[(u16, &str)]| Ok(all.iter().map(|(n, host)| (*n, (*host).to_owned())).collect());
        match domain {
            "several.test" => list(&[(20, "second.test."), (10, "none.test."), (10, "alias.test."), (30, ".")]),
            "null.test" => list(&[(0, ".")]),
            "implicit.test" | "empty.test" => list(&[]),
            _ => Err("the name server says SERVFAIL".to_owned()),
        }
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match host {
            // The rest of 127/8 is this machine too, and nobody listens there on port 25 in a test.
            "second.test" | "implicit.test" => Ok(vec!["127.9.9.9".parse().expect("one")]),
            "alias.test" => Ok(vec!["127.9.9.8".parse().expect("one"), "127.9.9.7".parse().expect("one")]),
            _ => Ok(Vec::new()),
        }
    }

    fn alias(&self, host: &str) -> Option<String> {
        (host == "alias.test").then(|| "real.test".to_owned())
    }
}

async fn looked_up(domain: &str) -> String {
    let world = world().with_names(Zone);
    let endpoint = Endpoint::Mx(domain.to_owned());
    let connection = connect(Options { endpoint, ..options(0) }, None, world, Duration::ZERO);
    let mut talk = Talk { connection, log: Log::new() };
    talk.until("closed by=").await
}

#[tokio::test]
async fn mail_exchangers_are_tried_by_preference_each_attempt_said() {
    let text = looked_up("several.test").await;
    let places = [
        "* resolved mx:several.test \"10 alias.test\" \"10 none.test\" \"20 second.test\"\n",
        "* warning kind=name \"the mail exchanger alias.test is an alias (CNAME) of real.test",
        "* resolved alias.test 127.9.9.8 127.9.9.7\n* connecting 127.9.9.8:25\n* warning kind=refused",
        "* connecting 127.9.9.7:25\n* warning kind=refused",
        "* warning kind=name \"none.test has no address (A or AAAA record)\"\n",
        "* connecting 127.9.9.9:25\n",
        "* error kind=refused \"none of the 3 mail exchangers of several.test is to be reached; the last: 127.9.9.9:25",
    ];
    let mut from = 0;
    for place in places {
        let at = text[from..].find(place).unwrap_or_else(|| panic!("{place} is missing after {from}:\n{text}"));
        from += at + place.len();
    }
}

#[tokio::test]
async fn the_null_mx_the_implicit_one_and_no_answer_are_told_apart() {
    let text = looked_up("null.test").await;
    assert!(text.contains("null.test takes no mail: its MX is the null MX (RFC 7505)"), "{text}");
    assert!(!text.contains("connecting"), "{text}");
    let text = looked_up("implicit.test").await;
    assert!(text.contains("* resolved mx:implicit.test \"0 implicit.test\" implicit=yes\n"), "{text}");
    assert!(text.contains("implicit.test has no MX record and is its own exchanger: 127.9.9.9:25"), "{text}");
    let text = looked_up("empty.test").await;
    assert!(text.contains("empty.test has no address"), "{text}");
    let text = looked_up("broken.test").await;
    assert!(text.contains("can't be looked up: the name server says SERVFAIL"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_is_a_server_and_its_complaints_are_told() {
    let pipe = |command: &str| Options { endpoint: Endpoint::Pipe(command.to_owned()), ..options(0) };
    let server = r"printf '220 pipe\r\n'; while read -r line; do printf '221 bye\r\n'; done";
    let text = dialled(pipe(server), "< 220 pipe").await;
    assert!(text.contains("* connecting \"pipe:printf") && text.contains("* connected \"pipe:printf"), "{text}");
    let text = dialled(pipe("echo no route to gate >&2; exit 255"), "closed by=").await;
    assert!(
        text.contains("closed by=server reason=\"the command ended (exit status: 255) and said: no route to gate\""),
        "{text}"
    );
}

/// A server that greets and says nothing more.
async fn silent() -> u16 {
    peer(|stream| async {
        let mut stream = play(stream, "S: 220 mx").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await
}

#[tokio::test]
async fn the_total_time_is_said_where_it_cuts() {
    let port = silent().await;
    let total_timeout = Some(Duration::from_millis(60));
    let text = dialled(Options { total_timeout, ..options(port) }, "closed by=client").await;
    assert!(
        text.contains("error kind=time-out \"the conversation was not over within 60 ms, its total time-out\""),
        "{text}"
    );
}

#[tokio::test]
async fn the_total_time_is_one_with_connections_before() {
    let port = silent().await;
    let (total_timeout, spent) = (Some(Duration::from_hours(1)), Duration::from_millis(3_599_950));
    let text = dialled(Options { total_timeout, spent, ..options(port) }, "closed by=client").await;
    assert!(text.contains("the conversation was not over within 60 min, its total time-out"), "{text}");
}

#[tokio::test]
async fn a_server_that_takes_no_proxy_header_is_known_by_its_answer() {
    let port = peer(|stream| async move {
        let mut stream = play(stream, "S: 220 mx").await;
        let mut header = String::new();
        stream.read_line(&mut header).await.expect("a line");
        assert!(header.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 "), "{header}");
        drop(
            play(stream, "S: 500 5.5.2 Error: command not recognized\nC: EHLO a\nS: 500 no\nC: QUIT\nS: 221 bye").await,
        );
    })
    .await;
    let announcement = Some(Announcement { version: Version::One, source: None, destination: None });
    let route = Route { announcement, ..Route::default() };
    let mut talk = Talk::with(Options { route, ..options(port) });
    talk.until("not recognized\n* warning kind=proxy \"the server answers the PROXY header as if").await;
    talk.send("EHLO a").await;
    talk.until("500 no").await;
    talk.send("QUIT").await;
    let text = talk.until("221 bye").await;
    assert_eq!(text.matches("kind=proxy").count(), 1, "{text}");
}

#[tokio::test]
async fn the_answer_to_a_proxy_header_may_come_after_the_first_command() {
    let port = peer(|stream| async move {
        drop(play(stream, "S: 220 mx\nC: PROXY TCP4 127.0.0.1 127.0.0.1 1 2\nC: QUIT\nS: 500 what\nS: 221 bye").await);
    })
    .await;
    let from = "127.0.0.1:1".parse().ok();
    let to = "127.0.0.1:2".parse().ok();
    let announcement = Some(Announcement { version: Version::One, source: from, destination: to });
    let route = Route { announcement, ..Route::default() };
    let mut talk = Talk::with(Options { route, ..options(port) });
    talk.until("220 mx").await;
    talk.send("QUIT").await;
    talk.until("* warning kind=proxy \"the server answers the PROXY header as if").await;
}

#[tokio::test]
async fn the_reply_to_a_chunk_is_not_due_before_its_content_is_sent() {
    let port = peer(|stream| async {
        let mut stream = play(stream, "S: 220 mx\nC: BDAT 9 LAST\nC: \n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let (reply_timeout, total_timeout) = (Some(Duration::from_millis(20)), Some(Duration::from_millis(500)));
    let mut talk = Talk::with(Options { reply_timeout, total_timeout, ..options(port) });
    talk.until("220 mx").await;
    talk.send("BDAT 9 LAST").await;
    talk.send("").await;
    let text = talk.until("its total time-out").await;
    assert!(!text.contains("awaiting=BDAT"), "{text}");
}

#[tokio::test]
async fn an_address_to_connect_from_that_is_not_here_is_named() {
    let bind = Some("192.0.2.66".parse().expect("an address"));
    let text = dialled(Options { bind, ..options(9) }, "closed by=").await;
    assert!(text.contains("* error kind=network \"192.0.2.66 is not an address of this machine"), "{text}");
}

#[tokio::test]
async fn noop_goes_out_by_itself_only_at_rest() {
    let (tells, mut heard) = mpsc::channel::<String>(1);
    let (go, mut wait) = mpsc::channel::<()>(1);
    let port = peer(move |stream| async move {
        let mut stream = play(stream, "S: 220 mx").await;
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a line");
        tells.send(line).await.expect("the test waits");
        wait.recv().await.expect("told to go on");
        let to_data = "S: 250 alive\nC: EHLO a\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go";
        let mut stream = play(stream, to_data).await;
        for _ in 0..4 {
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a line");
            tells.send(line).await.expect("the test waits");
        }
        drop(play(stream, "S: 250 queued\nC: QUIT\nS: 221 bye").await);
    })
    .await;
    let mut talk = Talk::with(Options { keep_alive: Some(Duration::from_millis(40)), ..options(port) });
    assert_eq!(heard.recv().await.as_deref(), Some("NOOP\r\n"));
    // While its reply is awaited there is no other; it comes once there is to be none any more.
    talk.ask(Request::KeepAlive(None)).await;
    talk.until("keep-alive every=never").await;
    go.send(()).await.expect("the peer waits");
    let text = talk.until("250 alive").await;
    assert!(text.contains("* keep-alive every=40ms\n"), "{text}");
    assert!(text.contains("* auto keep-alive\n> NOOP\n"), "{text}");
    for (line, reply) in [
        ("EHLO a", "< 250 mx\n"),
        ("MAIL FROM:<a@b>", "FROM:<a@b>\n< 250"),
        ("RCPT TO:<c@d>", "TO:<c@d>\n< 250"),
        ("DATA", "354 go"),
    ] {
        talk.send(line).await;
        talk.until(reply).await;
    }
    // Within a message there is none, although it is always due: the peer hears content and nothing else.
    talk.ask(Request::KeepAlive(Some(Duration::from_nanos(1)))).await;
    talk.until("keep-alive every=0").await;
    for line in ["one", "two", "three"] {
        talk.send(line).await;
        assert_eq!(heard.recv().await, Some(format!("{line}\r\n")));
    }
    talk.ask(Request::KeepAlive(None)).await;
    talk.send(".").await;
    assert_eq!(heard.recv().await.as_deref(), Some(".\r\n"));
    talk.until("250 queued").await;
    talk.send("QUIT").await;
    let text = talk.until("221 bye").await;
    assert_eq!(text.matches("* auto keep-alive").count(), 1, "{text}");
}

/// A world with a state directory, and a clock that is set by hand, in seconds.
fn timed(state: &std::path::Path) -> (World, Arc<AtomicU64>) {
    let clock = Arc::new(AtomicU64::new(0));
    let hands = Arc::clone(&clock);
    let world = World::real(Directories { config: state.into(), data: state.into(), state: state.into() });
    let now = "2026-11-23T20:18:22Z".parse().expect("a time");
    (world.with_clocks(move || now, move || Duration::from_secs(hands.load(Ordering::SeqCst))), clock)
}

#[tokio::test]
async fn what_is_gone_from_an_offer_is_a_warning_and_the_idle_limit_is_learnt() {
    let folder = tempfile::tempdir().expect("a directory");
    let (world, clock) = timed(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let first = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-STARTTLS\nS: 250 AUTH PLAIN LOGIN";
    let offer = "C: EHLO a\nS: 250-mx\nS: 250 AUTH LOGIN\n";
    let second = format!("S: 220 mx\n{offer}{offer}C: NOOP\nS: 250 alive\n{offer}C: QUIT\nS: 221 bye");
    let (go, mut wait) = mpsc::channel::<()>(1);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = play(stream, first).await;
        wait.recv().await.expect("told to go on");
        stream.write_all(b"421 4.4.2 idle too long\r\n").await.expect("written");
        drop(stream);
        let (stream, _) = listener.accept().await.expect("a client");
        drop(play(stream, &second).await);
    });
    let with = Options { remember: true, ..options(port) };
    let mut talk = Talk { connection: connect(with.clone(), None, world.clone(), Duration::ZERO), log: Log::new() };
    talk.until("220 mx").await;
    talk.send("EHLO a").await;
    talk.until("AUTH PLAIN LOGIN").await;
    clock.store(300, Ordering::SeqCst);
    go.send(()).await.expect("the peer waits");
    let text = talk.until("closed by=server").await;
    assert!(
        text.contains(
            "* idle after=300s \"the server cut the line after 5 min of silence; that is said the next time\"\n"
        ),
        "{text}"
    );
    assert_eq!(text.matches("* idle").count(), 1, "{text}");

    let mut talk = Talk { connection: connect(with, None, world, Duration::ZERO), log: Log::new() };
    let text = talk.until("220 mx").await;
    assert!(text.contains("* idle limit=300s \"this server cuts the line after about 5 min of silence\"\n"), "{text}");
    talk.send("EHLO a").await;
    let text = talk.until("AUTH PLAIN is not offered any more, and was on 2026-11-23").await;
    assert!(text.contains("* warning kind=offer \"STARTTLS is not offered any more, and was on 2026-11-23"), "{text}");
    assert!(!text.contains("LOGIN is not"), "{text}");
    // It is said each time, until somebody does without.
    talk.send("EHLO a").await;
    talk.send("NOOP").await;
    let text = talk.until("250 alive").await;
    assert_eq!(text.matches("kind=offer").count(), 4, "{text}");
    talk.ask(Request::AcceptOffer).await;
    let text = talk.until("* offer accepted=yes").await;
    assert!(text.contains("\"what is offered now is taken as usual, without STARTTLS, AUTH PLAIN\"\n"), "{text}");
    talk.send("EHLO a").await;
    talk.send("QUIT").await;
    let text = talk.until("221 bye").await;
    assert_eq!(text.matches("kind=offer").count(), 4, "{text}");
}
