//! What a connection takes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::lab::desk::{Arena, Backdrop};
use crate::lab::limits::{Limits, Room};
use crate::lab::scenario;
use crate::world::{Directories, World};

#[tokio::test]
async fn a_connection_that_waits_holds_no_buffers() {
    let at = tempfile::tempdir().expect("a folder");
    let place = |name: &str| at.path().join(name);
    let world = World::real(Directories { config: place("c"), data: place("d"), state: place("s") });
    let backdrop = Backdrop::new(scenario::find("default", &world).expect("shipped"), &world).expect("certificates");
    let arena = Arena::new(&backdrop, Limits::STUDENT, &Arc::new(Room::of(1 << 20)), Vec::new(), &world);
    let listener = crate::lab::bind(([127, 0, 0, 1], 0).into()).expect("loopback");
    let address = listener.local_addr().expect("bound");
    let stream = TcpStream::connect(address).await.expect("it listens");
    let served = serve(stream, address, arena.door(ListenerKind::Smtp).expect("it has one"), None);
    let (task, rest) = (size_of_val(&served), resting::REST);
    // What tokio adds to a task, and the parts of 128 octets in which it is laid out: 384 and 112 with the heap's own.
    assert!(task <= 248 && rest <= 104, "{task} octets in a task, {rest} beside it");
    assert!(size_of::<Connection>() < 2048, "{} octets while it talks", size_of::<Connection>());
}

/// What the lab has recorded of its first session once it is over.
async fn recorded(lab: &crate::lab::Lab) -> Vec<String> {
    let mut changes = lab.changes();
    loop {
        if let Some(record) = lab.sessions().into_iter().find(|record| record.is_closed()) {
            let log = record.log();
            return log.since(0).map(|(_, entry)| String::from_utf8_lossy(entry.bytes).into_owned()).collect();
        }
        changes.changed().await.expect("the lab runs");
    }
}

/// A lab where a client may be idle for so long, and one that has been greeted by it.
async fn greeted(at: &std::path::Path, idle: Duration) -> (crate::lab::Lab, TcpStream) {
    let place = |name: &str| at.join(name);
    let world = World::real(Directories { config: place("c"), data: place("d"), state: place("s") });
    let mut scenario = scenario::find("default", &world).expect("shipped");
    scenario.server.idle.0 = idle;
    let lab = crate::lab::start_with(scenario, ([127, 0, 0, 1], 0).into(), &world).await.expect("it starts");
    let mut stream = TcpStream::connect(lab.address(ListenerKind::Smtp).expect("bound")).await.expect("it listens");
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        line.push(stream.read_u8().await.expect("greeted"));
    }
    (lab, stream)
}

const LONG: Duration = Duration::from_mins(5);

#[tokio::test]
async fn who_speaks_after_a_rest_is_answered_and_recorded_as_anybody() {
    let at = tempfile::tempdir().expect("a folder");
    let (lab, mut stream) = greeted(at.path(), LONG).await;
    stream.write_all(b"NOOP\r\nHELO a\r\n").await.expect("it reads");
    stream.shutdown().await.expect("hung up");
    let lines = recorded(&lab).await;
    let words: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(words, ["connected", "220", "pipelined", "NOOP", "250", "HELO", "250", "closed"], "{lines:?}");
    assert!(lines.last().is_some_and(|line| line.contains("by=client")), "{lines:?}");
}

#[tokio::test]
async fn who_says_more_than_quit_is_told_goodbye_and_not_reset() {
    let at = tempfile::tempdir().expect("a folder");
    for behind in [String::new(), "x".repeat(100_000)] {
        let (_lab, mut stream) = greeted(at.path(), LONG).await;
        stream.write_all(format!("QUIT\r\n{behind}").as_bytes()).await.expect("it reads");
        let mut said = String::new();
        stream.read_to_string(&mut said).await.expect("no reset");
        assert_eq!(said, "221 2.0.0 Bye\r\n");
    }
}

#[tokio::test]
async fn who_hangs_up_without_a_word_has_closed() {
    let at = tempfile::tempdir().expect("a folder");
    let (lab, stream) = greeted(at.path(), LONG).await;
    drop(stream);
    let lines = recorded(&lab).await;
    assert!(lines.len() == 3 && lines[2].starts_with("closed by=client"), "{lines:?}");
}

#[tokio::test]
async fn who_rests_for_too_long_is_told_so_once() {
    let at = tempfile::tempdir().expect("a folder");
    let (lab, mut stream) = greeted(at.path(), Duration::from_millis(50)).await;
    let mut said = String::new();
    stream.read_to_string(&mut said).await.expect("closed");
    assert_eq!(said, "421 4.4.2 mx.target.local Error: timeout exceeded\r\n");
    let lines = recorded(&lab).await;
    assert_eq!(lines[2..], [said.trim_end(), "closed by=server"], "{lines:?}");
}

#[tokio::test]
async fn who_rests_is_gone_when_the_lab_is() {
    let at = tempfile::tempdir().expect("a folder");
    let (lab, mut stream) = greeted(at.path(), LONG).await;
    drop(lab);
    // A reset is an end too.
    assert!(matches!(stream.read(&mut [0; 8]).await, Ok(0) | Err(_)));
}
