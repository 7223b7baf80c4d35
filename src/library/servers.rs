//! What is kept of each server from one time to the next, in `STATE/servers/`: what it offered, and after how much
//! silence it cut the line.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::private;
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
    /// What was offered before that, is not there, and was not yet done without by anybody's word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missed: Vec<Missed>,
}

/// Something that protects and is gone from an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Missed {
    /// The day on which it was seen last.
    at: String,
    /// `STARTTLS`, or a mechanism after `AUTH`.
    capability: String,
}

impl Missed {
    fn mechanism(&self) -> Option<&str> {
        self.capability.strip_prefix("AUTH ")
    }
}

/// What is known of one server.
#[derive(Debug, Clone)]
pub struct Memory {
    path: PathBuf,
    known: Known,
    /// The lines on which something was missed that was told.
    told: Vec<Line>,
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
        Self { path, known, told: Vec::new() }
    }

    /// After how much silence it cut the line, where it did.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.known.idle.map(Duration::from_secs)
    }

    /// Keeps an offer, and gives a sentence for each thing that protects, was offered on such a line before and is not
    /// now: STARTTLS, and each mechanism of AUTH. They are missed, each time anew, until they are back or
    /// [done without](Self::accept).
    pub fn compare(&mut self, line: Line, offer: &Capabilities, at: Timestamp) -> Vec<String> {
        let missed = self.missed(line, offer);
        let sentences = sentences(&missed, offer.mechanisms().is_empty());
        if !sentences.is_empty() && !self.told.contains(&line) {
            self.told.push(line);
        }
        let text = |capability: &Capability| {
            let words: Vec<&str> =
                std::iter::once(&capability.keyword).chain(&capability.parameters).map(String::as_str).collect();
            words.join(" ").chars().take(LONGEST_LINE).collect::<String>()
        };
        let capabilities = offer.list.iter().take(MOST).map(text).collect();
        let day = at.strftime("%Y-%m-%d").to_string();
        *self.slot(line) = Some(Offer { at: day, capabilities, missed });
        // Keeping it is a convenience; a disk that is full must not disturb the conversation.
        let _ = self.write();
        sentences
    }

    /// Does without what was missed since this memory was looked up: it is told no more. Gives what that was, as
    /// `STARTTLS` and `AUTH PLAIN`.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn accept(&mut self) -> io::Result<Vec<String>> {
        let mut gone: Vec<String> = Vec::new();
        for line in std::mem::take(&mut self.told) {
            let missed = self.slot(line).as_mut().map(|offer| std::mem::take(&mut offer.missed)).unwrap_or_default();
            for Missed { capability, .. } in missed {
                if !gone.contains(&capability) {
                    gone.push(capability);
                }
            }
        }
        self.write().map(|()| gone)
    }

    /// What was missed already and still is, and what this offer lacks of the last one.
    fn missed(&self, line: Line, now: &Capabilities) -> Vec<Missed> {
        let Some(before) = self.offer(line) else { return Vec::new() };
        let offered = before.read();
        let since = |capability: String| Missed { at: before.at.clone(), capability };
        let starttls = (line == Line::Clear && offered.has("STARTTLS")).then(|| since("STARTTLS".to_owned()));
        // EXTERNAL hangs on the certificate that the client shows, and says nothing of the server.
        let mechanisms = offered.mechanisms().into_iter().filter(|name| !name.eq_ignore_ascii_case("EXTERNAL"));
        let mechanisms = mechanisms.map(|name| since(format!("AUTH {name}")));
        let here = now.mechanisms();
        let is_gone = |missed: &Missed| match missed.mechanism() {
            Some(name) => name != "EXTERNAL" && !here.iter().any(|it| it == name),
            None => !now.has(&missed.capability),
        };
        let mut all: Vec<Missed> = before.missed.iter().filter(|missed| is_gone(missed)).cloned().collect();
        for fresh in starttls.into_iter().chain(mechanisms).filter(|missed| is_gone(missed)) {
            if !all.iter().any(|known| known.capability == fresh.capability) {
                all.push(fresh);
            }
        }
        all.truncate(MOST);
        all
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

    fn slot(&mut self, line: Line) -> &mut Option<Offer> {
        match line {
            Line::Clear => &mut self.known.clear,
            Line::Tls => &mut self.known.tls,
            Line::LoggedIn => &mut self.known.logged_in,
        }
    }

    /// Beside its place first, so that there is never half of it.
    fn write(&self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        private::create_folder(folder)?;
        let text = toml::to_string(&self.known).map_err(io::Error::other)?;
        let fresh = self.path.with_extension(format!("{}", std::process::id()));
        let opened = private::file().write(true).create(true).truncate(true).open(&fresh);
        let written = opened.and_then(|mut file| {
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

/// What is missed, in words: STARTTLS, and the mechanisms that were seen last on the same day together. `no_auth` says
/// that no mechanism is left.
fn sentences(missed: &[Missed], no_auth: bool) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(Missed { at, capability }) = missed.iter().find(|missed| missed.mechanism().is_none()) {
        said.push(format!(
            "{capability} is not offered any more, and was on {at}: the line stays in clear text; something on the way \
             may have taken it out"
        ));
    }
    let mut days: Vec<&str> = missed.iter().filter(|it| it.mechanism().is_some()).map(|it| it.at.as_str()).collect();
    days.dedup();
    for day in days {
        let names: Vec<&str> = missed.iter().filter(|it| it.at == day).filter_map(Missed::mechanism).collect();
        said.push(match (names.as_slice(), no_auth) {
            (_, true) => format!("AUTH is not offered any more, and was on {day}: {}", names.join(" ")),
            ([one], _) => format!("AUTH {one} is not offered any more, and was on {day}"),
            _ => format!("AUTH {} are not offered any more, and were on {day}", names.join(", ")),
        });
    }
    said
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
    fn what_vanishes_is_told_each_time_until_it_is_back_or_done_without() {
        let folder = tempfile::tempdir().unwrap();
        let day = |day: u8| format!("2026-11-{day}T20:18:22Z").parse::<Timestamp>().unwrap();
        let place = "MX.target.local:25";
        let memory = || Memory::of(folder.path(), place);
        let first = offer(&["STARTTLS", "AUTH PLAIN SCRAM-SHA-256", "SIZE 1000"]);
        assert!(memory().compare(Line::Clear, &first, day(23)).is_empty(), "nothing is known yet");
        let second = offer(&["AUTH PLAIN LOGIN", "SIZE 2000"]);
        for time in [24, 25] {
            let gone = Memory::of(folder.path(), "mx.target.local:25").compare(Line::Clear, &second, day(time));
            assert_eq!(gone.len(), 2, "{gone:?}");
            assert!(gone[0].starts_with("STARTTLS is not offered any more, and was on 2026-11-23"), "{gone:?}");
            assert_eq!(gone[1], "AUTH SCRAM-SHA-256 is not offered any more, and was on 2026-11-23");
        }
        assert!(memory().compare(Line::Tls, &second, day(25)).is_empty(), "under TLS nothing was known");
        // More goes, later than the rest.
        let gone = memory().compare(Line::Clear, &offer(&["AUTH LOGIN"]), day(26));
        assert_eq!(
            gone[1..],
            [
                "AUTH SCRAM-SHA-256 is not offered any more, and was on 2026-11-23",
                "AUTH PLAIN is not offered any more, and was on 2026-11-25",
            ]
        );
        let gone = memory().compare(Line::Clear, &offer(&[]), day(26));
        assert_eq!(gone.last().unwrap(), "AUTH is not offered any more, and was on 2026-11-26: LOGIN");
        // What is back is missed no more.
        let gone = memory().compare(Line::Clear, &offer(&["STARTTLS", "AUTH PLAIN LOGIN"]), day(27));
        assert_eq!(gone, ["AUTH SCRAM-SHA-256 is not offered any more, and was on 2026-11-23"]);
        let mut again = memory();
        assert!(again.accept().unwrap().is_empty(), "nothing was told of yet");
        again.compare(Line::Clear, &offer(&["AUTH PLAIN LOGIN"]), day(28));
        assert_eq!(again.accept().unwrap(), ["AUTH SCRAM-SHA-256", "STARTTLS"]);
        assert!(memory().compare(Line::Clear, &offer(&["AUTH PLAIN LOGIN"]), day(28)).is_empty());
        assert!(Memory::of(folder.path(), "mx.target.local:26").compare(Line::Clear, &offer(&[]), day(28)).is_empty());
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
