//! A command as the way to a server, and our own standard input and output.

use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::smtp::escape;

use super::super::stream::Io;

/// Octets of a command's complaints that are kept, the last ones.
const KEPT: usize = 512;
/// How long a command whose output has ended may take to end itself.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// What a command says on standard error, and how it ended.
#[derive(Debug)]
pub(in super::super) struct Afterwords {
    child: Arc<Mutex<Child>>,
    complaints: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
}

impl Afterwords {
    /// How the command ended and what it said last, in words; none where it has nothing to tell.
    pub(in super::super) async fn words(mut self) -> Option<String> {
        let until = tokio::time::Instant::now() + LAST_WORDS;
        let status = loop {
            let ended = self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait();
            match ended {
                Ok(Some(status)) => break Some(status),
                Ok(None) if tokio::time::Instant::now() < until => tokio::time::sleep(LAST_WORDS / 30).await,
                _ => break None,
            }
        };
        // What it left behind may hold its standard error open.
        let _ = tokio::time::timeout(LAST_WORDS, &mut self.listener).await;
        let said = self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone();
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

/// The ends of a command's input and output; the command is ended when they are dropped.
struct Pipe {
    input: Option<ChildStdin>,
    output: ChildStdout,
    _child: Arc<Mutex<Child>>,
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
    let child = Arc::new(Mutex::new(child));
    let pipe = Pipe { input: Some(input), output, _child: Arc::clone(&child) };
    Ok((Box::new(pipe), Afterwords { child, complaints, listener }))
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
