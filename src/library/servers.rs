//! What is kept of each server from one time to the next, in `STATE/servers/`: what it offered, and after how much
//! silence it cut the line.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::smtp::Capabilities;
use crate::smtp::capability::Capability;

/// Octets of a file that are read; what is longer was not written here.
const LONGEST: u64 = 256 << 10;
/// Capabilities that are kept of one offer.
const MOST: usize = 200;
/// Characters that are kept of one of them (RFC 5321 4.5.3.1.5 has 512 octets for a line of a reply).
const LONGEST_LINE: usize = 512;

/// On what kind of line an offer was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// In clear text.
    Clear,
    /// Encrypted.
    Tls,
    /// After a login.
    LoggedIn,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Known {
    /// Which server it is: the file's name is made of it, and may stand for another.
    server: String,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clear: Option<Offer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Offer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logged_in: Option<Offer>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Offer {
    /// The day on which it was seen.
    at: String,
    /// Keywords with their parameters, as they stood there.
    capabilities: Vec<String>,
}

/// What is known of one server.
#[derive(Debug, Clone)]
pub struct Memory {
    path: PathBuf,
    known: Known,
}

impl Memory {
    /// What is known of the server at this place (`host:port`, a socket, a command). Never fails: what can't be read is
    /// not known.
    #[must_use]
    pub fn of(state: &Path, place: &str) -> Self {
        let place = place.to_ascii_lowercase();
        let path = state.join("servers").join(format!("{}.toml", file_name(&place)));
        let read = || {
            let length = std::fs::metadata(&path).ok()?.len();
            let text = (length <= LONGEST).then(|| std::fs::read_to_string(&path).ok())??;
            toml::from_str::<Known>(&text).ok().filter(|known| known.server == place)
        };
        let known = read().unwrap_or_else(|| Known { server: place.clone(), ..Known::default() });
        Self { path, known }
    }

    /// After how much silence it cut the line, where it did.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.known.idle.map(Duration::from_secs)
    }

    /// What protects and was offered on such a line the last time, and is not now: STARTTLS, and each mechanism of AUTH.
    /// A sentence for each.
    #[must_use]
    pub fn vanished(&self, line: Line, now: &Capabilities) -> Vec<String> {
        let Some(before) = self.offer(line) else { return Vec::new() };
        let date = &before.at;
        let offered = before.read();
        let mut gone = Vec::new();
        if line == Line::Clear && offered.has("STARTTLS") && !now.has("STARTTLS") {
            gone.push(format!(
                "STARTTLS is not offered any more, and was on {date}: the line stays in clear text; something on the way \
                 may have taken it out"
            ));
        }
        let mechanisms = now.mechanisms();
        let lost: Vec<String> = offered.mechanisms().into_iter().filter(|name| !mechanisms.contains(name)).collect();
        match (lost.as_slice(), mechanisms.is_empty()) {
            ([], _) => {}
            (_, true) => gone.push(format!("AUTH is not offered any more, and was on {date}: {}", lost.join(" "))),
            ([one], _) => gone.push(format!("AUTH {one} is not offered any more, and was on {date}")),
            (several, _) => {
                gone.push(format!("AUTH {} are not offered any more, and were on {date}", several.join(", ")));
            }
        }
        gone
    }

    /// Keeps an offer.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn keep_offer(&mut self, line: Line, offer: &Capabilities, at: Timestamp) -> io::Result<()> {
        let text = |capability: &Capability| {
            let words: Vec<&str> =
                std::iter::once(&capability.keyword).chain(&capability.parameters).map(String::as_str).collect();
            words.join(" ").chars().take(LONGEST_LINE).collect::<String>()
        };
        let capabilities: Vec<String> = offer.list.iter().take(MOST).map(text).collect();
        let kept = Some(Offer { at: at.strftime("%Y-%m-%d").to_string(), capabilities });
        match line {
            Line::Clear => self.known.clear = kept,
            Line::Tls => self.known.tls = kept,
            Line::LoggedIn => self.known.logged_in = kept,
        }
        self.write()
    }

    /// Keeps after how much silence it cut the line.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn keep_idle(&mut self, silence: Duration) -> io::Result<()> {
        self.known.idle = Some(silence.as_secs());
        self.write()
    }

    fn offer(&self, line: Line) -> Option<&Offer> {
        match line {
            Line::Clear => self.known.clear.as_ref(),
            Line::Tls => self.known.tls.as_ref(),
            Line::LoggedIn => self.known.logged_in.as_ref(),
        }
    }

    /// Beside its place first, so that there is never half of it.
    fn write(&self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        builder.create(folder)?;
        let text = toml::to_string(&self.known).map_err(io::Error::other)?;
        let fresh = self.path.with_extension(format!("{}", std::process::id()));
        let written = options.open(&fresh).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            std::fs::rename(&fresh, &self.path)
        });
        if written.is_err() {
            // It may not be there.
            let _ = std::fs::remove_file(&fresh);
        }
        written
    }
}

impl Offer {
    fn read(&self) -> Capabilities {
        let list = self.capabilities.iter().filter_map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            Some(Capability { keyword: words.next()?, parameters: words.collect() })
        });
        Capabilities { server: String::new(), list: list.collect() }
    }
}

/// A place as the name of a file: `[a-z0-9.-]` alone, not too long.
fn file_name(place: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    place.chars().map(plain).take(120).collect::<String>().trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{LineEnd, Reply, ReplyLine};

    fn offer(lines: &[&str]) -> Capabilities {
        let mut text = "250-mx.target.local".to_owned();
        for line in lines {
            text.push_str("\r\n250-");
            text.push_str(line);
        }
        text.push_str("\r\n250 HELP\r\n");
        let mut reply = Reply::default();
        for line in text.split_terminator("\r\n") {
            reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
        }
        Capabilities::from_reply(&reply)
    }

    #[test]
    fn what_vanishes_is_told_the_next_time_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-23T20:18:22Z".parse().unwrap();
        let place = "MX.target.local:25";
        let first = offer(&["STARTTLS", "AUTH PLAIN SCRAM-SHA-256", "SIZE 1000"]);
        let mut memory = Memory::of(folder.path(), place);
        assert!(memory.vanished(Line::Clear, &first).is_empty(), "nothing is known yet");
        memory.keep_offer(Line::Clear, &first, now).unwrap();
        let mut again = Memory::of(folder.path(), "mx.target.local:25");
        let second = offer(&["AUTH PLAIN", "SIZE 2000"]);
        let gone = again.vanished(Line::Clear, &second);
        assert_eq!(gone.len(), 2, "{gone:?}");
        assert!(gone[0].starts_with("STARTTLS is not offered any more, and was on 2026-11-23"), "{gone:?}");
        assert_eq!(gone[1], "AUTH SCRAM-SHA-256 is not offered any more, and was on 2026-11-23");
        assert!(again.vanished(Line::Tls, &second).is_empty(), "under TLS nothing was known");
        again.keep_offer(Line::Clear, &second, now).unwrap();
        assert!(Memory::of(folder.path(), place).vanished(Line::Clear, &second).is_empty());
        let gone = Memory::of(folder.path(), place).vanished(Line::Clear, &offer(&[]));
        assert_eq!(gone, ["AUTH is not offered any more, and was on 2026-11-23: PLAIN"]);
        assert!(Memory::of(folder.path(), "mx.target.local:26").vanished(Line::Clear, &offer(&[])).is_empty());
    }

    #[test]
    fn the_idle_limit_is_kept_and_a_broken_file_is_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::of(folder.path(), "[::1]:25");
        memory.keep_idle(Duration::from_millis(300_400)).unwrap();
        assert_eq!(Memory::of(folder.path(), "[::1]:25").idle(), Some(Duration::from_mins(5)));
        let file = std::fs::read_dir(folder.path().join("servers")).unwrap().next().unwrap().unwrap().path();
        assert_eq!(file.file_name().unwrap(), "---1--25.toml");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&file, "idle = \"x").unwrap();
        assert_eq!(Memory::of(folder.path(), "[::1]:25").idle(), None);
    }
}
