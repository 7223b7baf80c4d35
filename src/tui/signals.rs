//! Signals from outside: what ends the workbench, and what wakes it after a stop.

use std::io;
use std::time::Duration;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// TERM, HUP or INT: leave, and leave the terminal whole.
    End,
    /// TSTP: give the terminal back, then stop.
    Stop,
    /// CONT: somebody else may have changed the terminal.
    Woken,
}

/// How long a stop may take to come into effect.
const STOP: Duration = Duration::from_millis(200);

#[cfg(unix)]
pub(super) use unix::Signals;

#[cfg(unix)]
mod unix {
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use super::{STOP, Signal, io};

    /// The signals that are listened to.
    pub(in crate::tui) struct Signals {
        terminate: Stream,
        hangup: Stream,
        interrupt: Stream,
        stop: Stream,
        woken: Stream,
    }

    impl Signals {
        pub(in crate::tui) fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
                woken: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            })
        }

        /// The next one.
        pub(in crate::tui) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.terminate.recv() => Signal::End,
                _ = self.hangup.recv() => Signal::End,
                _ = self.interrupt.recv() => Signal::End,
                _ = self.stop.recv() => Signal::Stop,
                _ = self.woken.recv() => Signal::Woken,
            }
        }

        /// Stops the whole job, as the terminal would on Ctrl-Z, and returns when it goes on. Where nobody is there
        /// who could continue it, it does not stop.
        pub(in crate::tui) async fn stop(&mut self) {
            if !can_be_continued() {
                return;
            }
            // TSTP is listened to, so that it does not stop us by itself; this one nobody listens to. A refusal shows as
            // a return without a stop, which is what happens then.
            let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
            let _ = tokio::time::timeout(STOP, self.woken.recv()).await;
        }
    }

    /// Whether a shell with job control is there that could continue us: the system asks the same before it lets the
    /// terminal stop a job (POSIX: an orphaned process group is not stopped). A job has a group of its own, and whoever
    /// leads it was started by a process of the same session.
    fn can_be_continued() -> bool {
        let (own, group) = (rustix::process::getpid(), rustix::process::getpgrp());
        let Ok(session) = rustix::process::getsid(None) else { return false };
        if group == session {
            return false;
        }
        // Where another leads the group, as a script does that was started as the job, its parent is not ours to ask.
        group != own
            || rustix::process::getppid().is_some_and(|parent| rustix::process::getsid(Some(parent)) == Ok(session))
    }
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::End,
            Err(_) => std::future::pending().await,
        }
    }

    pub(super) async fn stop(&mut self) {
        tokio::time::sleep(STOP).await;
    }
}
