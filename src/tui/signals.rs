//! Signals from outside: what ends the workbench, and what wakes it after a stop.

use std::io;
use std::time::Duration;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// TERM, HUP or INT, or the terminal is gone: leave, and leave the terminal whole.
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
    use std::io::IsTerminal as _;
    use std::os::fd::{AsFd as _, OwnedFd};

    use rustix::event::{PollFd, PollFlags, poll};
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    use tokio::sync::oneshot;

    use super::{STOP, Signal, io};

    /// The signals that are listened to.
    pub(in crate::tui) struct Signals {
        terminate: Stream,
        hangup: Stream,
        interrupt: Stream,
        stop: Stream,
        woken: Stream,
        /// Tells once that the terminal is gone.
        gone: Option<oneshot::Receiver<()>>,
    }

    /// Watches the terminal in a thread of its own. HUP goes to the leader of the session alone, which need not be us nor
    /// hand it on (a debugger, a script), and the stream of keys would read nothing from a closed terminal for ever.
    fn watch() -> Option<oneshot::Receiver<()>> {
        let stdin = io::stdin();
        let terminal: OwnedFd = if stdin.is_terminal() {
            stdin.as_fd().try_clone_to_owned().ok()?
        } else {
            std::fs::File::open("/dev/tty").ok()?.into()
        };
        let (sender, gone) = oneshot::channel();
        std::thread::spawn(move || {
            loop {
                // Nothing is asked for: a hang-up is told all the same, and nothing else wakes us.
                let mut looked_at = [PollFd::new(&terminal, PollFlags::empty())];
                match poll(&mut looked_at, None) {
                    Ok(_) if looked_at[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => break,
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(_) => return,
                }
            }
            // Nobody listens any more when the workbench has been left.
            let _ = sender.send(());
        });
        Some(gone)
    }

    impl Signals {
        pub(in crate::tui) fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
                woken: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
                gone: watch(),
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
                () = gone(&mut self.gone) => Signal::End,
            }
        }

        /// Whether it can be stopped: somebody is there who could continue it.
        pub(in crate::tui) fn can_stop() -> bool {
            can_be_continued()
        }

        /// Stops the whole job, as the terminal would on Ctrl-Z, and returns when it goes on.
        pub(in crate::tui) async fn stop(&mut self) {
            // TSTP is listened to, so that it does not stop us by itself; this one nobody listens to. A refusal shows as
            // a return without a stop, which is what happens then.
            let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
            let _ = tokio::time::timeout(STOP, self.woken.recv()).await;
        }
    }

    /// Returns once the terminal is gone; never where that is not known.
    async fn gone(watched: &mut Option<oneshot::Receiver<()>>) {
        let told = match watched {
            Some(receiver) => receiver.await.is_ok(),
            None => std::future::pending().await,
        };
        *watched = None;
        if !told {
            std::future::pending::<()>().await;
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

    pub(super) fn can_stop() -> bool {
        true
    }

    pub(super) async fn stop(&mut self) {
        tokio::time::sleep(STOP).await;
    }
}
