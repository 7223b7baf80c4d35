//! Whoever comes is let in, and gets a task; all tasks end with the listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::{Door, seated, serve};
use crate::lab::desk::Desk;
use crate::lab::site::Notice;

/// Accepts until told to stop; each client has a task of its own.
///
/// Each is served by the door as it is when it comes.
pub(in crate::lab) async fn accept(listener: TcpListener, door: watch::Receiver<Door>, stop: CancellationToken) {
    let site = door.clone();
    let serve = move |stream, address| {
        let door = door.borrow().clone();
        serve(stream, address, door, None)
    };
    let missed = move |error: &std::io::Error| site.borrow().site.tell(Notice::Missed(error.to_string()));
    accept_with(listener, stop, serve, missed).await;
}

/// The same where a desk says which world each connection belongs to.
pub(in crate::lab) async fn accept_at(listener: TcpListener, desk: Arc<dyn Desk>, stop: CancellationToken) {
    let missed = Arc::clone(&desk);
    let serve = move |stream, address| seated::welcome(stream, address, Arc::clone(&desk));
    accept_with(listener, stop, serve, move |error| missed.missed(error)).await;
}

async fn accept_with<F, S>(listener: TcpListener, stop: CancellationToken, serve: S, missed: impl Fn(&std::io::Error))
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(TcpStream, SocketAddr) -> F,
{
    let (mut told, mut tasks) = (false, Tasks::default());
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                told = false;
                tasks.add(tokio::spawn(serve(stream, address)).abort_handle());
            }
            // Out of file descriptors, mostly: others must end first.
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    missed(&error);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The tasks of connections; they end with this. (Each could wait for the end itself, but a crowd would pay for that with
/// a tenth of its memory.) What tokio keeps of a task that has ended, some 400 octets, stays until enough others have come.
#[derive(Default)]
struct Tasks {
    all: Vec<AbortHandle>,
    /// How many there were when those that had ended were last given up.
    kept: usize,
}

impl Tasks {
    /// Tasks that may have ended and are not given up yet, beside a quarter of those that went on.
    const ENDED: usize = 64;

    fn add(&mut self, task: AbortHandle) {
        if self.all.len() >= self.kept + self.kept / 4 + Self::ENDED {
            self.all.retain(|task| !task.is_finished());
            self.kept = self.all.len();
        }
        self.all.push(task);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.all.iter().for_each(AbortHandle::abort);
    }
}
