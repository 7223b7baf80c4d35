//! The line itself, in clear text or in TLS.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::lab::session::Secured;
use crate::lab::tls::{Line, Server};

/// Octets read at once.
const READ: usize = 8 << 10;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_mins(1);

thread_local! {
    /// What is read comes here first: a connection that waits holds no buffer of its own.
    static BUFFER: RefCell<[u8; READ]> = const { RefCell::new([0; READ]) };
}

/// A connection in clear text or in TLS.
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<dyn Line>),
    /// A handshake failed.
    Gone,
}

impl Wire {
    /// Reads once, and has `take` look at what has come; gives how many octets, 0 at the end.
    pub(super) async fn read(&mut self, mut take: impl FnMut(&[u8])) -> std::io::Result<usize> {
        std::future::poll_fn(|context| {
            self.poll_read(context, |octets| {
                take(octets);
                octets.len()
            })
        })
        .await
    }

    /// Reads once; gives what has come, which is nothing at the end. Whoever waits for it holds no room for it.
    pub(super) fn hear(&mut self) -> impl Future<Output = std::io::Result<Vec<u8>>> {
        std::future::poll_fn(|context| self.poll_read(context, <[u8]>::to_vec))
    }

    fn poll_read<T>(
        &mut self,
        context: &mut Context<'_>,
        mut take: impl FnMut(&[u8]) -> T,
    ) -> Poll<std::io::Result<T>> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            let polled = match self {
                Self::Plain(stream) => Pin::new(stream).poll_read(context, &mut read),
                Self::Tls(stream) => Pin::new(stream).poll_read(context, &mut read),
                Self::Gone => Poll::Ready(Ok(())),
            };
            polled.map_ok(|()| take(read.filled()))
        })
    }

    /// The address at which the client has come, where that can be told.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.stream().and_then(|stream| stream.local_addr().ok())
    }

    fn stream(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(stream) => Some(stream),
            Self::Tls(stream) => Some(stream.below()),
            Self::Gone => None,
        }
    }

    /// Reads to the end, for nothing.
    pub(super) async fn drain(&mut self) {
        while self.read(|_| {}).await.is_ok_and(|count| count > 0) {}
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Self::Gone => Err(std::io::ErrorKind::NotConnected.into()),
        }
    }

    pub(super) async fn shutdown(&mut self) {
        // The other side may be gone already; there is nothing more to be said then.
        let _ = match self {
            Self::Plain(stream) => stream.shutdown().await,
            Self::Tls(stream) => stream.shutdown().await,
            Self::Gone => Ok(()),
        };
    }

    /// Makes the connection end in a reset once it is dropped.
    pub(super) fn reset(&self) {
        let Some(stream) = self.stream() else { return };
        // Where that can't be said it ends in an ordinary close.
        let _ = stream.set_zero_linger();
    }

    /// Does the handshake; gives what it came to, with version and cipher.
    pub(super) async fn start_tls(&mut self, server: &Server) -> Option<(Secured, [String; 2])> {
        let Self::Plain(stream) = std::mem::replace(self, Self::Gone) else { return None };
        // Apart from the connection, which would have room for a handshake as long as it lasts.
        let handshake = Box::pin(server.accept(stream));
        let (line, secured, words) = timeout(HANDSHAKE, handshake).await.ok()??;
        *self = Self::Tls(line);
        Some((secured, words))
    }
}
