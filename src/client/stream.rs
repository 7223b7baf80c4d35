//! A stream of any kind, and the tap that copies a TLS handshake as it passes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whatever can carry a conversation.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Octets of each direction that a tap keeps.
const KEPT: usize = 64 * 1024;

/// What a tap has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// From the server.
    pub(super) received: Vec<u8>,
    /// To the server.
    pub(super) sent: Vec<u8>,
    done: bool,
}

/// A handle on what a tap has seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Tapped(Arc<Mutex<Seen>>);

impl Tapped {
    /// Ends the tapping and gives what was seen.
    pub(super) fn finish(&self) -> Seen {
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = std::mem::take(&mut *seen);
        seen.done = true;
        taken
    }

    fn is_done(&self) -> bool {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).done
    }

    fn note(&self, which: impl FnOnce(&mut Seen) -> &mut Vec<u8>, bytes: &[u8]) {
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.done {
            return;
        }
        let kept = which(&mut seen);
        let room = KEPT.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
    }
}

/// A stream that lets a TLS handshake be looked at.
///
/// While it taps it reads ahead: the TLS library takes 5 octets and gives up where they are not TLS, but what the peer
/// said instead is wanted whole.
pub(super) struct Tap<S> {
    inner: S,
    tapped: Tapped,
    ahead: BytesMut,
}

impl<S> Tap<S> {
    pub(super) fn new(inner: S) -> (Self, Tapped) {
        let tapped = Tapped::default();
        (Self { inner, tapped: tapped.clone(), ahead: BytesMut::new() }, tapped)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            if self.tapped.is_done() {
                return Pin::new(&mut self.inner).poll_read(cx, buf);
            }
            let mut block = [0; 4096];
            let mut fresh = ReadBuf::new(&mut block);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut fresh))?;
            self.tapped.note(|seen| &mut seen.received, fresh.filled());
            self.ahead.extend_from_slice(fresh.filled());
        }
        let given = buf.remaining().min(self.ahead.len());
        buf.put_slice(&self.ahead.split_to(given));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = result {
            self.tapped.note(|seen| &mut seen.sent, &bytes[..written]);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
