//! A connection task that panics ends with an error event and the end of the connection, as any other failure does.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::conversation::event::{Event, Micros, Remark, Timed};
use crate::world::World;

use super::SharedJournal;
use super::events::Outlet;

/// What is needed to say that a task has failed.
pub(super) struct Guard {
    pub(super) events: Outlet,
    pub(super) journal: Option<SharedJournal>,
    pub(super) world: World,
    pub(super) started: Duration,
}

impl Guard {
    /// Waits for the end of a task; says so where it was a panic.
    pub(super) async fn watch(self, task: JoinHandle<()>) {
        let Err(error) = task.await else { return };
        if !error.is_panic() {
            return;
        }
        let at = Micros::from(self.world.elapsed().saturating_sub(self.started));
        // The panic's own words may quote what was sent; they are kept out of the record.
        let words = "a mistake in ehlo itself ended this connection; what was said so far is kept";
        let failed = Remark::new("error").with("kind", "internal").value(words);
        let closed = Remark::new("closed").with("by", "client").with("reason", "internal error");
        for remark in [failed, closed] {
            let event = Timed { at, event: Event::Remark(remark) };
            if let Some(journal) = &self.journal {
                let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
                // A full disk was said by the task, as long as it lived.
                let _ = journal.append(&event);
            }
            if !self.events.send(event).await {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use jiff::{SignedDuration, Timestamp};
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::{Connection, Endpoint, Options, TlsOptions, connect};
    use crate::conversation::file::{Header, Side, open};
    use crate::conversation::journal::Journal;
    use crate::world::Directories;

    fn world(state: &std::path::Path) -> World {
        World::real(Directories { config: state.into(), data: state.into(), state: state.into() })
    }

    /// A connection to a server that greets with this and closes, recorded below `state`.
    async fn greeted(world: World, greeting: &'static [u8]) -> (Connection, SharedJournal) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            stream.write_all(greeting).await.expect("written");
        });
        let header = Header::recording("mx", world.now(), Side::Client);
        let journal = Journal::create(&world.directories.state, "mx", &header).expect("created");
        let journal = Arc::new(Mutex::new(journal));
        let options = Options {
            endpoint: Endpoint::Tcp { host: "127.0.0.1".to_owned(), port },
            protocol: crate::profile::Protocol::Esmtp,
            tls: TlsOptions::default(),
            bind: None,
            inspect: false,
            connect_timeout: Duration::from_secs(5),
            reply_timeout: None,
            route: crate::client::Route::default(),
            total_timeout: None,
            spent: Duration::ZERO,
            keep_alive: None,
            remember: false,
            accept_offer: false,
            relayed: false,
        };
        (connect(options, Some(Arc::clone(&journal)), world, Duration::ZERO), journal)
    }

    async fn all(connection: &mut Connection) -> Vec<Timed> {
        let mut events = Vec::new();
        while let Some(event) = connection.events.recv().await {
            events.push(event);
        }
        events
    }

    fn words(event: &Timed) -> String {
        match &event.event {
            Event::Remark(remark) => remark.to_string(),
            Event::Received(line) => format!("< {}", String::from_utf8_lossy(&line.bytes)),
            other => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_panic_in_the_task_is_an_error_event_and_the_end_in_the_record_too() {
        let folder = tempfile::tempdir().expect("a directory");
        // The clock fails once, after what happens when the connection is made.
        let calls = AtomicU64::new(0);
        let elapsed = move || {
            assert!(calls.fetch_add(1, Ordering::SeqCst) != 2, "the clock stands still");
            Duration::from_millis(5)
        };
        let world = world(folder.path()).with_clocks(Timestamp::now, elapsed);
        let (mut connection, journal) = greeted(world, b"220 mx\r\n").await;
        let told: Vec<String> = all(&mut connection).await.iter().map(words).collect();
        let [.., error, closed] = told.as_slice() else { panic!("{told:?}") };
        assert!(error.starts_with("error kind=internal \"a mistake in ehlo itself"), "{told:?}");
        assert_eq!(closed, "closed by=client reason=\"internal error\"");
        let path = journal.lock().unwrap_or_else(PoisonError::into_inner).path().to_owned();
        let kept = std::fs::read_to_string(path).expect("it is there");
        assert!(kept.contains("* error kind=internal") && kept.ends_with("reason=\"internal error\"\n"), "{kept}");
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_changes_no_time_of_the_record() {
        let folder = tempfile::tempdir().expect("a directory");
        let start: Timestamp = "2026-11-23T20:18:22Z".parse().expect("a time");
        let (asked, ticks) = (AtomicU64::new(0), AtomicU64::new(0));
        let hours = move || i64::try_from(asked.fetch_add(1, Ordering::SeqCst)).expect("few");
        let world = world(folder.path()).with_clocks(
            move || start - SignedDuration::from_hours(hours()),
            move || Duration::from_millis(ticks.fetch_add(1, Ordering::SeqCst)),
        );
        let (mut connection, journal) = greeted(world.clone(), b"220-mx\r\n220 ready\r\n").await;
        let events = all(&mut connection).await;
        assert!(events.len() > 3, "{events:?}");
        assert!(events.is_sorted_by_key(|event| event.at), "{events:?}");
        assert!(world.now() <= start - SignedDuration::from_hours(1), "the wall clock went back meanwhile");
        let path = journal.lock().expect("the task lives no more").path().to_owned();
        let document = open(&path).expect("it opens");
        assert!(document.warnings.is_empty(), "{:?}", document.warnings);
        assert_eq!(document.header.started(), Some(start));
    }
}
