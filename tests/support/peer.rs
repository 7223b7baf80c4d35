//! A server that plays a script: what it says, and what it expects to hear.
//!
//! ```text
//! S: 220 mx.target.local ESMTP    say this line
//! C: EHLO *                       hear a line; `*` stands for anything
//! C: .. .                         hear lines up to a lone dot (message content)
//! S! 250 half                     say these octets as they are, with \r \n \t \e \xNN
//! BYTES                           hear some octets, whatever they are, such as the beginning of a TLS handshake
//! HOLD                            say nothing more and wait until the client closes
//! FLOOD 250-more                  say this line again and again until the client closes
//! RESET                           close with a reset, without reading what is left
//! ---                             close; what follows is for the next connection
//! ```

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a peer waits for a client that has hung.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server on loopback that plays its script once.
pub(crate) struct Peer {
    address: SocketAddr,
    player: JoinHandle<Result<Vec<String>, String>>,
}

impl Peer {
    /// Listens on a free port and plays `script` to whoever connects.
    pub(crate) fn play(script: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let script = script.to_owned();
        Self { address, player: std::thread::spawn(move || play(&listener, &script)) }
    }

    /// Where it listens, as a TARGET.
    pub(crate) fn target(&self) -> String {
        self.address.to_string()
    }

    /// Waits until the script was played to its end; gives every line heard, in order.
    ///
    /// # Panics
    /// The client said something else than the script has, or ended early; the words say what.
    pub(crate) fn heard(self) -> Vec<String> {
        match self.player.join().expect("the player does not panic") {
            Ok(heard) => heard,
            Err(words) => panic!("{words}"),
        }
    }
}

fn play(listener: &TcpListener, script: &str) -> Result<Vec<String>, String> {
    let mut heard = Vec::new();
    for part in script.split("---\n") {
        let stream = accept(listener)?;
        connection(&stream, part, &mut heard).map_err(|words| format!("{words}; heard so far: {heard:#?}"))?;
    }
    Ok(heard)
}

/// Accepts one connection, without waiting for ever for a client that does not come.
fn accept(listener: &TcpListener) -> Result<TcpStream, String> {
    listener.set_nonblocking(true).map_err(|e| e.to_string())?;
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).map_err(|e| e.to_string())?;
                stream.set_read_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
                stream.set_write_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
                return Ok(stream);
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if std::time::Instant::now() > until {
                    return Err("nobody connected".to_owned());
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn connection(stream: &TcpStream, script: &str, heard: &mut Vec<String>) -> Result<(), String> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    for step in script.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
        if let Some(line) = step.strip_prefix("S: ") {
            // A client that has gone is found out by what it does not say.
            let _ = writer.write_all(format!("{line}\r\n").as_bytes());
        } else if let Some(octets) = step.strip_prefix("S! ") {
            let _ = writer.write_all(&unescaped(octets));
        } else if step == "C: .. ." {
            while hear(&mut reader, step, heard)? != "." {}
        } else if let Some(pattern) = step.strip_prefix("C: ") {
            let line = hear(&mut reader, step, heard)?;
            if !fits(pattern, &line) {
                return Err(format!("expected `{pattern}`, heard `{line}`"));
            }
        } else if let Some(line) = step.strip_prefix("FLOOD ") {
            let block = format!("{line}\r\n").repeat(1 + 10_000 / (line.len() + 2));
            while writer.write_all(block.as_bytes()).is_ok() {}
            return Ok(());
        } else if step == "BYTES" {
            let octets = reader.fill_buf().map_or(0, <[u8]>::len);
            reader.consume(octets);
        } else if step == "HOLD" {
            let _ = reader.read_to_end(&mut Vec::new());
        } else if step == "RESET" {
            // Closing with unread octets in the buffer makes the system send a reset.
            return Ok(());
        } else {
            return Err(format!("`{step}` is not a step of a peer"));
        }
    }
    Ok(())
}

fn hear(reader: &mut BufReader<&TcpStream>, step: &str, heard: &mut Vec<String>) -> Result<String, String> {
    let mut line = Vec::new();
    let octets = reader.read_until(b'\n', &mut line).map_err(|error| format!("at `{step}`: {error}"))?;
    if octets == 0 {
        return Err(format!("at `{step}` the client closed"));
    }
    let text = String::from_utf8_lossy(&line);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text).to_owned();
    heard.push(text.clone());
    Ok(text)
}

/// Whether a line is as a pattern has it; each `*` stands for any text.
fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    ehlo::smtp::escape::from_file(text.as_bytes(), &mut out).expect("a peer's octets are well escaped");
    out
}
