//! A command as the way to a server, and our own standard input and output.

use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::smtp::escape;

use super::super::stream::Io;

/// Octets of a command's complaints that are kept, the last ones.
const KEPT: usize = 512;
/// How long a command whose output has ended may take to end itself.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// What a command says on standard error, and how it ended. The command is ended when this is dropped.
#[derive(Debug)]
pub(in super::super) struct Afterwords {
    waiter: JoinHandle<Option<ExitStatus>>,
    complaints: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
    end: DropGuard,
}

impl Afterwords {
    /// Ends the command, where it has not ended by itself.
    pub(in super::super) async fn end(self) {
        let Self { waiter, end, .. } = self;
        drop(end);
        let _ = waiter.await;
    }

    /// How the command ended and what it said last, in words; none where it has nothing to tell.
    pub(in super::super) async fn words(self) -> Option<String> {
        let Self { mut waiter, complaints, mut listener, end } = self;
        let ended = tokio::time::timeout(LAST_WORDS, &mut waiter).await;
        drop(end);
        let status = match ended {
            Ok(status) => status.ok().flatten(),
            // It goes on, and nobody listens to it any more.
            Err(_) => waiter.await.ok().flatten(),
        };
        // What it left behind may hold its standard error open.
        let _ = tokio::time::timeout(LAST_WORDS, &mut listener).await;
        let said = complaints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let said = String::from_utf8_lossy(&said);
        let last: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = escape::for_screen(last.join("; ").as_bytes());
        match status.filter(|status| !status.success()) {
            Some(status) if last.is_empty() => Some(format!("the command ended: {status}")),
            Some(status) => Some(format!("the command ended ({status}) and said: {last}")),
            None if last.is_empty() => None,
            None => Some(format!("the command said: {last}")),
        }
    }
}

/// The ends of a command's input and output.
struct Pipe {
    input: Option<ChildStdin>,
    output: ChildStdout,
}

impl AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_write(cx, bytes),
            None => Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        // Only a pipe that is dropped is closed.
        self.input = None;
        Poll::Ready(Ok(()))
    }
}

/// Starts a command by the shell; its input and output are the server's.
pub(super) fn start(command: &str) -> std::io::Result<(Box<dyn Io>, Afterwords)> {
    let mut child = shell(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // The screen must not be written over.
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let taken = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(input), Some(output), Some(mut errors)) = taken else {
        return Err(std::io::Error::other("the command's input and output are not to be had"));
    };
    let complaints = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&complaints);
    let listener = tokio::spawn(async move {
        let mut buffer = [0; KEPT];
        while let Ok(octets @ 1..) = errors.read(&mut buffer).await {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(&buffer[..octets]);
            let beyond = kept.len().saturating_sub(KEPT);
            kept.drain(..beyond);
        }
    });
    let end = CancellationToken::new();
    let afterwords =
        Afterwords { waiter: tokio::spawn(wait(child, end.clone())), complaints, listener, end: end.drop_guard() };
    Ok((Box::new(Pipe { input: Some(input), output }), afterwords))
}

/// Waits for a command to end, or ends it; gives how it did, where it did by itself.
async fn wait(mut child: Child, end: CancellationToken) -> Option<ExitStatus> {
    tokio::select! {
        ended = child.wait() => return ended.ok(),
        () = end.cancelled() => {}
    }
    // Where it has just ended there is nothing to end.
    let _ = child.kill().await;
    None
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

/// Our own standard input and output.
pub(super) fn standard() -> Box<dyn Io> {
    Box::new(tokio::io::join(tokio::io::stdin(), tokio::io::stdout()))
}
