//! The transcripts kept on disk: which there are, and in a few words what became of each; and what is kept of each
//! server.
//!
//! Not here: sockets, screens, and what a file holds in full ([`crate::conversation::file`]).

mod servers;

pub use servers::{Line, Memory};

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::file::{Annotations, Document, Reader};
use crate::conversation::{Dialogue, Log};
use crate::smtp::{EnhancedCode, ReplyCode, Verb};

/// Octets of a file that are read for its summary: so many from its start, and so many from its end.
const LOOKED_AT: u64 = 64 * 1024;

/// Recipients that a summary names.
const NAMED: usize = 50;

/// A transcript in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// Its title, where it was given one.
    pub title: Option<String>,
    /// The target as the head has it.
    pub target: Option<String>,
    /// The profile's name.
    pub profile: Option<String>,
    /// When the conversation started.
    pub started: Option<Timestamp>,
    /// What became of it, where anything did.
    pub outcome: Option<Outcome>,
    /// RCPT commands in it, as far as it was looked at.
    pub recipients: usize,
    /// Their forward-paths, the first of them; not escaped for a screen.
    pub to: Vec<String>,
}

/// What became of a conversation: the verdict on its last message or its last refusal, whichever came later; else its
/// last reply before QUIT; else why there was no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The reply code.
    pub code: Option<ReplyCode>,
    /// The enhanced status code.
    pub enhanced: Option<EnhancedCode>,
    /// The words of the reply without the codes, or of the error; not escaped for a screen.
    pub text: String,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes = [self.code.map(|code| code.to_string()), self.enhanced.map(|code| code.to_string())];
        let words: Vec<String> = codes.into_iter().flatten().chain([self.text.clone()]).collect();
        f.write_str(&words.join(" "))
    }
}

/// The newest transcripts under `STATE/transcripts`, newest first by name, at most so many.
///
/// Never fails: a directory that can't be read has none, a file that can't be read is listed by what its name says.
#[must_use]
pub fn recent(state: &Path, limit: usize) -> Vec<Summary> {
    let mut found = Vec::new();
    for year in names(&state.join("transcripts"), |name| name.len() == 4 && name.bytes().all(|b| b.is_ascii_digit())) {
        let files = names(&year, |name| name.strip_suffix(".smtp").is_some());
        found.extend(files.into_iter().take(limit - found.len()).map(|path| summary(&path)));
        if found.len() >= limit {
            break;
        }
    }
    found
}

/// What a directory holds whose names are good, the last by name first.
fn names(directory: &Path, good: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<_> =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(&good)).map(|entry| entry.path()).collect();
    // Without the extension, `NAME` stands before `NAME-2`.
    paths.sort_by(|a, b| b.file_stem().cmp(&a.file_stem()));
    paths
}

/// A transcript in a few words, from the start and the end of its file alone.
#[must_use]
pub fn summary(path: &Path) -> Summary {
    let document = look(path).unwrap_or_default();
    let dialogue = Dialogue::of(&document.log);
    let text = |key: &str| document.header.text(key).map(str::to_owned);
    Summary {
        path: path.to_owned(),
        title: Annotations::of(&document).title,
        target: text("target"),
        profile: text("profile"),
        started: document.header.started(),
        outcome: outcome(&dialogue, &document.log),
        recipients: dialogue.recipients().len(),
        to: dialogue.recipients().iter().take(NAMED).map(|it| dialogue.address(&document.log, it)).collect(),
    }
}

/// The start and the end of a file as one document; of a large one the middle is left out, of a bad one what follows
/// the bad line.
fn look(path: &Path) -> io::Result<Document> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut reader = Reader::new();
    let mut bytes = Vec::new();
    if length <= 2 * LOOKED_AT {
        file.take(2 * LOOKED_AT).read_to_end(&mut bytes)?;
    } else {
        file.by_ref().take(LOOKED_AT).read_to_end(&mut bytes)?;
        bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
        let head = bytes.len();
        file.seek(SeekFrom::Start(length - LOOKED_AT))?;
        file.take(LOOKED_AT).read_to_end(&mut bytes)?;
        let torn = memchr::memchr(b'\n', &bytes[head..]).map_or(bytes.len(), |end| head + end + 1);
        bytes.drain(head..torn);
    }
    if reader.feed(&bytes).is_err() {
        return Ok(reader.document().clone());
    }
    let so_far = reader.document().clone();
    Ok(reader.finish().unwrap_or(so_far))
}

/// What became of a conversation; nothing where nothing was said.
#[must_use]
pub fn outcome(dialogue: &Dialogue, log: &Log) -> Option<Outcome> {
    let exchanges = dialogue.exchanges();
    let complete = |x: &Exchange| x.complete && x.code.is_some();
    let decides = |x: &Exchange| complete(x) && (x.is_refusal() || x.ask == Ask::EndOfData);
    let chosen = exchanges
        .iter()
        .rposition(decides)
        .or_else(|| exchanges.iter().rposition(|x| complete(x) && x.verb != Verb::Quit))
        .or_else(|| exchanges.iter().rposition(complete));
    if let Some(reply) = chosen.and_then(|x| dialogue.reply(log, x)) {
        return Some(Outcome { code: reply.code(), enhanced: reply.enhanced(), text: reply.text() });
    }
    let error = (0..log.len()).rev().filter_map(|record| log.get(record)?.remark()).find(|r| r.word == "error")?;
    let words: Vec<_> = error.values.iter().filter(|(key, _)| key.is_none()).map(|(_, value)| value.as_str()).collect();
    Some(Outcome { code: None, enhanced: None, text: words.join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(state: &Path, name: &str, text: &str) {
        let path = state.join("transcripts").join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    const HEAD: &str = "+++\nehlo = 1\ntarget = \"mx:25\"\nprofile = \"noddy\"\nstarted = 2026-11-23T14:02:00.000Z\n+++\n\
        0.000000 * connected a\n0.000000 < 220 mx\n0.000000 > HELO a\n0.000000 < 250 mx\n0.000000 > MAIL FROM:<a@b>\n\
        0.000000 < 250 ok\n0.000000 > RCPT TO:<c@d>\n0.000000 < 250 2.1.5 ok\n0.000000 > RCPT TO:<e@f>\n\
        0.000000 < 554 5.7.1 <e@f>: Relay access denied\n";
    const SENT: &str = "0.000000 > DATA\n0.000000 < 354 go\n0.000000 | x\n0.000000 > .\n0.000000 < 250 2.0.0 queued as 1\n\
        0.000000 > QUIT\n0.000000 < 221 bye\n0.000000 * closed by=server\n";

    fn words(summary: &Summary) -> Option<(u16, Option<String>, &str)> {
        let outcome = summary.outcome.as_ref()?;
        let enhanced = outcome.enhanced.map(|code| code.to_string());
        Some((outcome.code.map_or(0, ReplyCode::number), enhanced, outcome.text.as_str()))
    }

    #[test]
    fn the_newest_come_first_with_what_became_of_them() {
        let state = tempfile::tempdir().expect("a directory");
        let state = state.path();
        put(state, "2025/2025-12-31-235959-mx.smtp", HEAD);
        put(state, "2026/2026-11-23-140200-mx.smtp", &format!("{HEAD}{SENT}9.0 * set title=\"First\"\n"));
        put(
            state,
            "2026/2026-11-23-140200-mx-2.smtp",
            "+++\nehlo = 1\n+++\n0.0 * connecting a\n0.1 * error \"connection refused\" code=111\n",
        );
        put(state, "2026/2026-11-24-000000-bad.smtp", "\0\0 this is no transcript\n");
        put(state, "2026/notes.txt", "not listed");
        put(state, "other/2027-01-01-000000-mx.smtp", HEAD);
        let all = recent(state, 10);
        let names: Vec<_> = all.iter().filter_map(|s| s.path.file_name()?.to_str()).collect();
        assert_eq!(
            names,
            [
                "2026-11-24-000000-bad.smtp",
                "2026-11-23-140200-mx-2.smtp",
                "2026-11-23-140200-mx.smtp",
                "2025-12-31-235959-mx.smtp"
            ]
        );
        assert_eq!(words(&all[0]), None);
        assert_eq!(words(&all[1]), Some((0, None, "connection refused")));
        assert_eq!(words(&all[2]), Some((250, Some("2.0.0".into()), "queued as 1")));
        assert_eq!((all[2].title.as_deref(), all[2].recipients), (Some("First"), 2));
        assert_eq!(all[2].to, ["c@d", "e@f"]);
        assert_eq!(words(&all[3]), Some((554, Some("5.7.1".into()), "<e@f>: Relay access denied")));
        assert_eq!((all[3].target.as_deref(), all[3].profile.as_deref()), (Some("mx:25"), Some("noddy")));
        assert_eq!(all[3].started, "2026-11-23T14:02:00Z".parse().ok());
        assert_eq!(recent(state, 2).len(), 2);
        assert_eq!(recent(state, 0), []);
        assert_eq!(recent(&state.join("nowhere"), 5), []);
    }

    #[test]
    fn of_a_large_file_only_start_and_end_are_read() {
        let state = tempfile::tempdir().expect("a directory");
        let middle = "0.000000 > NOOP\n0.000000 < 250 ok\n".repeat(10_000);
        put(state.path(), "2026/2026-11-23-140200-mx.smtp", &format!("{HEAD}{middle}{SENT}"));
        let all = recent(state.path(), 1);
        assert_eq!(words(&all[0]), Some((250, Some("2.0.0".into()), "queued as 1")));
        assert_eq!((all[0].recipients, all[0].profile.as_deref()), (2, Some("noddy")));
    }
}
