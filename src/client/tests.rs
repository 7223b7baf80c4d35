//! The task against scripted peers on loopback.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{Connection, Ending, Endpoint, FileContent, Identity, Options, Request, TlsOptions, connect};
use crate::conversation::event::{Event, Remark, Timed};
use crate::conversation::{Dialogue, Log};
use crate::profile::{Protocol, TlsVersion};
use crate::smtp::Phase;
use crate::world::{Directories, World};

mod routes;
mod tls;

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
        route: super::Route::default(),
        total_timeout: None,
        spent: Duration::ZERO,
        keep_alive: None,
        remember: false,
        accept_offer: false,
        relayed: false,
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
    assert!(noop.gave_up() && noop.complete());
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

#[tokio::test]
async fn a_flood_stops_the_reading_and_goes_on_when_asked() {
    let port = peer(|mut stream| async move {
        let block = "250 x\r\n".repeat(10_000);
        while stream.write_all(block.as_bytes()).await.is_ok() {}
    })
    .await;
    let mut talk = Talk::with(options(port));
    let (mut lines, mut more) = (0u32, 0u32);
    let mut stopped = false;
    while more < 1000 {
        let Timed { event, .. } = talk.connection.events.recv().await.expect("events");
        match event {
            Event::Received(_) if stopped => more += 1,
            Event::Received(_) => lines += 1,
            Event::Remark(remark) if remark.get("kind") == Some("flood") => {
                assert!(!stopped, "it was asked to read on as much again");
                stopped = true;
                assert!(lines > 240_000, "{lines}");
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
    talk.ask(Request::Content(format!("line\n{}", format!("{}\n", "x".repeat(9_000)).repeat(2_000)).into_bytes()))
        .await;
    let text = talk.until("closed by=").await;
    assert!(text.contains("552 5.3.4 too much"), "{}", &text[text.len() - 300..]);
}

/// A peer that takes a message and gives its octets, the dot's line included.
async fn takes_a_message() -> (u16, tokio::sync::oneshot::Receiver<Vec<u8>>) {
    let (taken, message) = tokio::sync::oneshot::channel();
    let port = peer(|stream| async move {
        let mut stream = play(stream, "S: 220 mx\nC: DATA\nS: 354 go").await;
        let mut octets = Vec::new();
        while !octets.ends_with(b"\r\n.\r\n") && stream.read_until(b'\n', &mut octets).await.is_ok_and(|n| n > 0) {}
        taken.send(octets).expect("somebody waits");
        stream.write_all(b"250 ok\r\n").await.expect("written");
    })
    .await;
    (port, message)
}

#[tokio::test]
async fn a_large_file_goes_out_without_being_recorded_whole() {
    let (port, message) = takes_a_message().await;
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("large.eml");
    let text = format!(".a line that begins with a dot{}\n", "x".repeat(9_970)).repeat(500);
    std::fs::write(&path, &text).expect("written");
    let mut talk = Talk::with(options(port));
    talk.until("220 mx").await;
    talk.send("DATA").await;
    talk.until("354 go").await;
    talk.ask(Request::File(FileContent { path, name: "large.eml".into(), from: 0, octets: None, as_is: false })).await;
    talk.send(".").await;
    let text_of_log = talk.until("250 ok").await;
    let wire = message.await.expect("taken");
    assert_eq!(wire.len(), text.len() + 500 * 2 + 3, "CR LF made and dots stuffed");
    let line = text.len() / 500 + 2;
    assert!(wire.starts_with(b"..a line") && wire[line..].starts_with(b"..a line"));
    let recorded = text_of_log.lines().filter(|line| line.starts_with('|')).count();
    assert!(recorded > 90 && recorded * line <= 1 << 20, "{recorded}");
    let rest = (500 - recorded) * line;
    assert!(text_of_log.contains(&format!("* content bytes={rest} sha256=")), "the rest is summed");
    assert!(text_of_log.contains(" file=large.eml\n> .\n< 250 ok"), "in true order");
    assert_eq!(talk.connection.progress.now(), None);
}

#[tokio::test]
async fn a_file_that_is_not_there_ends_the_connection_without_a_dot() {
    let (port, message) = takes_a_message().await;
    let mut talk = Talk::with(options(port));
    talk.until("220 mx").await;
    talk.send("DATA").await;
    talk.until("354 go").await;
    let file = FileContent { path: "/nonexistent/x".into(), name: "x".into(), from: 0, octets: None, as_is: false };
    talk.ask(Request::File(file)).await;
    let text = talk.until("closed by=client").await;
    assert!(text.contains("error kind=file") && text.contains("x can't be read"), "{text}");
    assert_eq!(message.await.expect("it ended"), b"");
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
