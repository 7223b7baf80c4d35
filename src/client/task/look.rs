//! A closer look at a certificate that was not trusted: the same way again, up to the handshake.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::conversation::event::Remark;
use crate::smtp::Phase;

use super::super::stream::Io;
use super::{End, Task};

impl Task {
    /// Has a closer look at a certificate that was not trusted: a connection of its own, every line of it recorded,
    /// that ends with the handshake.
    pub(super) async fn inspect(&mut self) {
        self.recorder.remark(Remark::new("inspecting").value(&self.host));
        self.options.tls.verify = false;
        let end = match self.open().await {
            Ok(stream) if self.options.tls.implicit => {
                drop(stream);
                End::by("client")
            }
            Ok(stream) => self.repeat_to_handshake(stream).await.map_or_else(|end| end, |_| End::by("client")),
            Err(end) => end,
        };
        self.close(end);
    }

    /// EHLO and STARTTLS again, up to the handshake.
    async fn repeat_to_handshake(&mut self, mut stream: Box<dyn Io>) -> Result<Box<dyn Io>, End> {
        let greeting = self.greeting.clone();
        for line in [&b""[..], &greeting, b"STARTTLS"] {
            if !line.is_empty() {
                self.recorder.remark(Remark::new("auto"));
                self.recorder.sent(line, true);
                let wire = [line, b"\r\n"].concat();
                stream.write_all(&wire).await.map_err(|error| self.broken(&error))?;
            }
            self.one_reply(&mut stream).await?;
        }
        if self.recorder.fold.phase() == Phase::Handshake { self.secure(stream).await } else { Err(End::by("client")) }
    }

    /// Reads until nobody waits for a reply any more.
    async fn one_reply(&mut self, stream: &mut Box<dyn Io>) -> Result<(), End> {
        let mut buffer = vec![0; 4096];
        let deadline = Instant::now() + self.options.connect_timeout;
        while self.recorder.fold.is_waiting() {
            let read = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(End::by("client")),
                read = tokio::time::timeout_at(deadline, stream.read(&mut buffer)) => read,
            };
            match read {
                Ok(Ok(0)) => return Err(End::by("server")),
                Ok(Ok(octets)) => {
                    self.octets(&buffer[..octets]);
                }
                Ok(Err(error)) => return Err(self.broken(&error)),
                Err(_) => return Err(End { reason: Some("no reply in time".to_owned()), ..End::by("client") }),
            }
        }
        Ok(())
    }
}
