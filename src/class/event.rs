//! What happened in a class, a line of JSON each, appended as it happens: `events.jsonl`. A line that was cut off by a
//! killed process is left out.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::private;

use super::ClassError;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When (RFC 3339, UTC).
    pub at: String,
    /// Which student, by number; 0 for the class.
    pub who: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What it is. Steps and mistakes count from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum What {
    Joined { name: String },
    Began { lesson: String, attempt: u32 },
    Ticked { lesson: String, attempt: u32, step: usize },
    Mistaken { lesson: String, attempt: u32, step: usize, mistake: usize },
    WrongAnswer { lesson: String, attempt: u32, step: usize },
    Spoilt { lesson: String, attempt: u32, step: usize },
    Hint { lesson: String, step: usize, by_instructor: bool },
    Guessed { lesson: String, attempt: u32, question: usize, place: usize },
    Quiz { lesson: String, wrong: u32 },
    Chosen { question: usize, choice: usize, right: bool },
    Paused { on: bool },
    Forgotten,
}

impl What {
    /// The lesson that it is about.
    #[must_use]
    pub fn lesson(&self) -> Option<&str> {
        match self {
            Self::Began { lesson, .. }
            | Self::Ticked { lesson, .. }
            | Self::Mistaken { lesson, .. }
            | Self::WrongAnswer { lesson, .. }
            | Self::Spoilt { lesson, .. }
            | Self::Hint { lesson, .. }
            | Self::Guessed { lesson, .. }
            | Self::Quiz { lesson, .. } => Some(lesson),
            Self::Joined { .. } | Self::Chosen { .. } | Self::Paused { .. } | Self::Forgotten => None,
        }
    }
}

impl What {
    /// Whether a student has answered a question or asked for help: nothing else tells that they are at work.
    pub(super) fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::WrongAnswer { .. }
                | Self::Guessed { .. }
                | Self::Quiz { .. }
                | Self::Chosen { .. }
                | Self::Hint { by_instructor: false, .. }
        )
    }
}

/// What is said of numbers that no class comes to.
const UNSOUND: &str = "a number in it is larger than any that a class writes";
/// No number of a student, attempt, step, mistake or question is as large.
const MOST: u64 = 1_000_000;

impl Event {
    /// Whether its numbers are such as a class writes.
    fn is_sound(&self) -> bool {
        let fits = |number: usize| (number as u64) < MOST;
        self.who < MOST
            && match &self.what {
                What::Began { attempt, .. } => fits(*attempt as usize),
                What::Ticked { attempt, step, .. }
                | What::WrongAnswer { attempt, step, .. }
                | What::Spoilt { attempt, step, .. } => fits(*attempt as usize) && fits(*step),
                What::Mistaken { attempt, step, mistake, .. } => {
                    fits(*attempt as usize) && fits(*step) && fits(*mistake)
                }
                What::Guessed { attempt, question, place, .. } => {
                    fits(*attempt as usize) && fits(*question) && fits(*place)
                }
                What::Hint { step, .. } => fits(*step),
                What::Chosen { question, choice, .. } => fits(*question) && fits(*choice),
                What::Joined { .. } | What::Quiz { .. } | What::Paused { .. } | What::Forgotten => true,
            }
    }

    /// Its line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("plain data");
        line.push('\n');
        line
    }
}

/// Opens the file of the class `name` to append to it, and holds it for this process as long as it is open; what was cut
/// off at its end is taken away.
pub(super) fn open(path: &Path, name: &str) -> Result<File, ClassError> {
    let file = private::file().read(true).append(true).create(true).open(path).map_err(ClassError::file(path))?;
    // Before it is changed: it may be another's.
    if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
        return Err(ClassError::Held(name.to_owned()));
    }
    let octets = std::fs::read(path).map_err(ClassError::file(path))?;
    let whole = octets.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    if whole < octets.len() {
        file.set_len(whole as u64).map_err(ClassError::file(path))?;
    }
    Ok(file)
}

/// Octets of events that wait for a disk that is full.
const LATE: usize = 1 << 20;

/// The file of the events, and what could not be written to it yet.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    late: Vec<u8>,
}

impl Journal {
    pub(super) fn new(file: File) -> Self {
        Self { file, late: Vec::new() }
    }

    /// Appends a line, after those that could not be written before.
    pub(super) fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        if self.late.len() + line.len() <= LATE {
            self.late.extend_from_slice(line);
        }
        append(&mut self.file, &self.late)?;
        self.late.clear();
        Ok(())
    }

    /// Takes away what is about one student.
    pub(super) fn without(&mut self, path: &Path, who: u64) -> Result<(), ClassError> {
        without(path, &mut self.file, who)
    }
}

/// Appends to a file that is open for it; what a full disk cuts off is taken back, so that nothing later continues it.
pub(super) fn append(file: &mut File, octets: &[u8]) -> std::io::Result<()> {
    let whole = file.metadata()?.len();
    let written = file.write_all(octets);
    if written.is_err() {
        // Where that fails too the file can't be mended here.
        let _ = file.set_len(whole);
    }
    written
}

/// All events, in order.
///
/// # Errors
/// A file that can't be read; a line that is none of these, with its number.
pub fn read(path: &Path) -> Result<Vec<Event>, ClassError> {
    let text = std::fs::read_to_string(path).map_err(ClassError::file(path))?;
    let mut events = Vec::new();
    for (n, line) in text.split_inclusive('\n').enumerate() {
        if !line.ends_with('\n') {
            break;
        }
        let event = serde_json::from_str::<Event>(line).map_err(|error| error.to_string());
        let event = event.and_then(|event| if event.is_sound() { Ok(event) } else { Err(UNSOUND.to_owned()) });
        let wrong = |why| ClassError::Words(format!("{}:{}: {why}; take the line out", path.display(), n + 1));
        events.push(event.map_err(wrong)?);
    }
    Ok(events)
}

/// Takes away what is about one student.
fn without(path: &Path, file: &mut File, who: u64) -> Result<(), ClassError> {
    let mut text = String::new();
    for event in read(path)?.into_iter().filter(|event| event.who != who) {
        text.push_str(&event.line());
    }
    let failed = ClassError::file(path);
    // In place: the lock on the file stays.
    (|| {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })()
    .map_err(failed)
}

/// Makes a folder that nobody else may look into.
pub(super) fn private_folder(path: &Path) -> Result<(), ClassError> {
    private::create_folder(path).map_err(ClassError::file(path))
}

/// Writes a file that nobody else may read, whole or not at all.
pub(super) fn write_whole(path: &Path, octets: &[u8]) -> Result<(), ClassError> {
    private::replace(path, octets).map_err(ClassError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let at = tempfile::tempdir().expect("a folder");
        let path = at.path().join("events.jsonl");
        std::fs::write(&path, text).expect("written");
        (at, path)
    }

    const JOINED: &str = "{\"at\":\"2026-11-30T09:00:00Z\",\"who\":1,\"what\":\"joined\",\"name\":\"Zoë\"}\n";

    #[test]
    fn what_a_killed_process_has_torn_is_left_out_wherever_it_was_torn() {
        let torn = JOINED.as_bytes();
        for cut in 0..torn.len() {
            let (_at, path) = file(&[JOINED.as_bytes(), &torn[..cut]].concat());
            let held = open(&path, "monday").expect("it opens");
            let events = read(&path).unwrap_or_else(|error| panic!("{cut}: {error}"));
            assert_eq!(events.len(), 1, "{cut}");
            let mut journal = Journal::new(held);
            journal.append(JOINED.as_bytes()).expect("written");
            assert_eq!(read(&path).expect("whole").len(), 2, "what comes later begins on a line of its own: {cut}");
        }
    }

    #[test]
    fn numbers_that_no_class_writes_are_refused_with_their_line() {
        let who = JOINED.replace(":1,", ":18446744073709551615,");
        let step = "{\"at\":\"x\",\"who\":1,\"what\":\"ticked\",\"lesson\":\"l\",\"attempt\":1,\"step\":18446744073709551615}\n";
        for bad in [who.as_str(), step] {
            let (_at, path) = file(format!("{JOINED}{bad}").as_bytes());
            let said = read(&path).expect_err("too large").to_string();
            assert!(said.contains("events.jsonl:2:") && said.contains("take the line out"), "{said}");
        }
    }
}
