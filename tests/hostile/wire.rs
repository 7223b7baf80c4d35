//! The peer's side of one connection: what a behaviour is written in.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a peer stays when its client has hung.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a peer does with a connection; whoever connects again meets the same.
pub(crate) type Conduct = Arc<dyn Fn(&mut Wire) + Send + Sync>;

/// Plays a behaviour to whoever connects, until the test ends; gives where.
pub(crate) fn play(conduct: &Conduct) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    let conduct = Arc::clone(conduct);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let conduct = Arc::clone(&conduct);
            std::thread::spawn(move || {
                // Every byte is sent when it is said.
                let _ = stream.set_nodelay(true);
                let _ = stream.set_read_timeout(Some(PATIENCE));
                let _ = stream.set_write_timeout(Some(PATIENCE));
                conduct(&mut Wire { stream });
            });
        }
    });
    address
}

/// One connection, from the peer's side. That the client has gone is no error here.
pub(crate) struct Wire {
    /// For what has no word of its own.
    pub(crate) stream: TcpStream,
}

impl Wire {
    /// Sends these octets.
    pub(crate) fn say(&mut self, octets: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(octets.as_ref());
        self
    }

    /// Sends these octets one by one, with a pause after each.
    pub(crate) fn drip(&mut self, octets: impl AsRef<[u8]>, pause: Duration) -> &mut Self {
        for octet in octets.as_ref() {
            if self.stream.write_all(&[*octet]).is_err() {
                break;
            }
            std::thread::sleep(pause);
        }
        self
    }

    /// Sends these octets again and again until there were so many in all, or the client is gone.
    pub(crate) fn flood(&mut self, octets: impl AsRef<[u8]>, in_all: u64) -> &mut Self {
        let block = octets.as_ref().repeat(1 + 60_000 / octets.as_ref().len());
        let mut left = in_all;
        while left > 0 && self.stream.write_all(&block).is_ok() {
            left = left.saturating_sub(block.len() as u64);
        }
        self
    }

    /// Hears one line; nothing once the client has closed.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let mut octet = [0];
        // One at a time, so that nothing of a handshake is read ahead.
        while line.last() != Some(&b'\n') {
            match self.stream.read(&mut octet) {
                Ok(1) => line.push(octet[0]),
                _ => return None,
            }
        }
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// Greets.
    pub(crate) fn greet(&mut self) -> &mut Self {
        self.say("220 hostile.example ESMTP\r\n")
    }

    /// Greets and answers as a server should, until a line that begins with this has come; that one is not answered.
    /// `.` is the end of the content. Nothing where the client has gone before.
    pub(crate) fn until(&mut self, word: &str) -> Option<String> {
        self.greet();
        self.on_until(word)
    }

    /// Answers as a server should until a line that begins with this has come, without a greeting.
    pub(crate) fn on_until(&mut self, word: &str) -> Option<String> {
        let mut content = false;
        loop {
            let line = self.hear()?;
            let begins = line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
            if begins && (!content || line == ".") {
                return Some(line);
            }
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let reply = match verb.as_str() {
                _ if content && line != "." => continue,
                "EHLO" => "250-hostile.example\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000\r\n",
                "MAIL" => "250 2.1.0 sender taken\r\n",
                "RCPT" => "250 2.1.5 recipient taken\r\n",
                "DATA" => "354 go on\r\n",
                "." => "250 2.0.0 message taken\r\n",
                "STARTTLS" => "220 2.0.0 shake hands\r\n",
                "QUIT" => "221 2.0.0 bye\r\n",
                _ => "250 2.0.0 so be it\r\n",
            };
            content = verb == "DATA";
            self.say(reply);
            if verb == "QUIT" {
                return None;
            }
        }
    }

    /// Says nothing more and waits until the client closes.
    pub(crate) fn hold(&mut self) {
        let until = Instant::now() + PATIENCE;
        let mut sink = [0; 4096];
        while Instant::now() < until && matches!(self.stream.read(&mut sink), Ok(1..)) {}
    }

    /// Reads nothing and says nothing until the client is gone.
    pub(crate) fn ignore(&mut self) {
        let until = Instant::now() + PATIENCE;
        let mut octet = [0];
        // A peek takes nothing: what the client sends stays in the buffers until they are full.
        while Instant::now() < until && matches!(self.stream.peek(&mut octet), Ok(1..)) {
            if matches!(self.stream.take_error(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Says that nothing more comes, and goes on to listen.
    pub(crate) fn half_close(&mut self) -> &mut Self {
        let _ = self.stream.shutdown(Shutdown::Write);
        self
    }

    /// Closes with a reset instead of an orderly end.
    pub(crate) fn reset(&mut self) {
        let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        nix::sys::socket::setsockopt(&self.stream, nix::sys::socket::sockopt::Linger, &linger).expect("a socket");
    }
}
