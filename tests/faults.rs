//! Faults at home: disks, directories, signals, terminals, a network that goes away, a process that is killed. The built
//! binary each time; the conversation goes on wherever it can, and what happened is said once, in words.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

mod at_home;
mod support {
    pub(crate) mod peer;
    #[expect(dead_code, reason = "other tests use the rest of the harness")]
    pub(crate) mod terminal;
}
