//! Summaries kept from one list to the next, in `STATE/transcripts/index`: a transcript that is as large and as old as
//! when it was read is not read again.
//!
//! It is a convenience and nothing else: where it is missing, broken, of another version or can't be written, the
//! transcripts are read. Each who lists writes it anew beside its place and then puts it there, so that two at once never
//! leave half of it; the later one wins. What goes by a list for good (pruning) does not use it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::summary::{Outcome, Summary, summary};
use crate::conversation::ending::End;
use crate::private;
use crate::smtp::{EnhancedCode, ReplyCode};

/// Its first line. Another number for each change to what a summary says, or to how it is written.
const HEAD: &str = concat!("ehlo index 7 ", env!("CARGO_PKG_VERSION"));
/// So many files are read before it is worth opening the index.
pub const FEW: usize = 50;
/// A larger index is none.
const LARGEST: u64 = 256 << 20;

/// The summaries of a library.
#[derive(Debug)]
pub struct Index {
    folder: PathBuf,
    /// By their place below the folder; nothing before they were needed.
    kept: Option<HashMap<String, Kept>>,
    /// Which of them were asked for.
    seen: HashSet<String>,
    asked: usize,
    changed: bool,
}

/// A summary as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "f")]
    file: String,
    #[serde(rename = "s")]
    size: u64,
    /// Nanoseconds since 1970.
    #[serde(rename = "m")]
    modified: i64,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(rename = "n", default, skip_serializing_if = "is_none")]
    notes: usize,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    outcome: Option<(Option<u16>, Option<String>, String)>,
    /// The place of how it ended among all ways.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    end: Option<usize>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    lost: Option<(usize, usize)>,
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    exam: bool,
    #[serde(rename = "r", default, skip_serializing_if = "is_none")]
    recipients: usize,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    to: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// A time in nanoseconds, where they have room for it (the years 1678 to 2262).
fn nanoseconds(at: Timestamp) -> Option<i64> {
    i64::try_from(at.as_nanosecond()).ok()
}

impl Kept {
    /// None where it would not come back as it is: what is going on can end without a change to its file.
    fn of(file: String, it: &Summary) -> Option<Self> {
        if it.live {
            return None;
        }
        let outcome = it
            .outcome
            .as_ref()
            .map(|it| (it.code.map(ReplyCode::number), it.enhanced.map(|code| code.to_string()), it.text.clone()));
        Some(Self {
            file,
            size: it.size,
            modified: nanoseconds(it.modified?)?,
            started: match it.started {
                Some(at) => Some(nanoseconds(at)?),
                None => None,
            },
            title: it.title.clone(),
            tags: it.tags.clone(),
            notes: it.notes,
            target: it.target.clone(),
            profile: it.profile.clone(),
            outcome,
            end: it.outcome.as_ref().and_then(|it| End::ALL.iter().position(|end| Some(*end) == it.end)),
            lost: it.outcome.as_ref().and_then(|it| it.refused),
            exam: it.exam,
            recipients: it.recipients,
            to: it.to.clone(),
        })
    }

    fn summary(&self, path: &Path) -> Summary {
        let at = |nanoseconds: i64| Timestamp::from_nanosecond(i128::from(nanoseconds)).ok();
        let outcome = self.outcome.as_ref().map(|(code, enhanced, text)| Outcome {
            code: code.and_then(ReplyCode::new),
            enhanced: enhanced.as_deref().and_then(EnhancedCode::parse),
            text: text.clone(),
            refused: self.lost,
            end: self.end.and_then(|place| End::ALL.get(place).copied()),
        });
        Summary {
            path: path.to_owned(),
            size: self.size,
            modified: at(self.modified),
            title: self.title.clone(),
            tags: self.tags.clone(),
            notes: self.notes,
            target: self.target.clone(),
            profile: self.profile.clone(),
            started: self.started.and_then(at),
            outcome,
            live: false,
            exam: self.exam,
            recipients: self.recipients,
            to: self.to.clone(),
        }
    }
}

impl Index {
    /// The one of this state directory. Nothing is read before it is needed.
    #[must_use]
    pub fn new(state: &Path) -> Self {
        let folder = state.join("transcripts");
        Self { folder, kept: None, seen: HashSet::new(), asked: 0, changed: false }
    }

    /// The summary of a transcript: the kept one where its file is as large and as old as it was then.
    pub fn summary(&mut self, path: &Path) -> Summary {
        self.asked += 1;
        let name = path.strip_prefix(&self.folder).ok().and_then(Path::to_str).map(str::to_owned);
        let (Some(name), true) = (name, self.asked > FEW) else { return summary(path) };
        let kept = self.kept.get_or_insert_with(|| read(&self.folder.join("index")));
        if let Some(known) = kept.get(&name)
            && state(path) == Some((known.size, known.modified))
        {
            let summary = known.summary(path);
            self.seen.insert(name);
            return summary;
        }
        let read = summary(path);
        // What is going on is read each time, and changes nothing of what is kept.
        self.changed |= match Kept::of(name.clone(), &read) {
            Some(now) => {
                kept.insert(name.clone(), now);
                true
            }
            None => kept.remove(&name).is_some(),
        };
        self.seen.insert(name);
        read
    }

    /// Keeps what was read for the next time, once all were asked for; the files that are there no more are left out.
    /// That it can't be written hinders nobody.
    pub fn keep(self) {
        let Some(mut kept) = self.kept else { return };
        let known = kept.len();
        kept.retain(|name, _| self.seen.contains(name));
        if self.changed || kept.len() < known {
            let _ = write(&self.folder, kept.values());
        }
    }
}

/// Size and time of a file, as they are kept.
fn state(path: &Path) -> Option<(u64, i64)> {
    let data = fs::metadata(path).ok()?;
    let modified = data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((data.len(), i64::try_from(modified.as_nanos()).ok()?))
}

/// What is kept; nothing where that can't be read. A line that can't be is left out.
fn read(path: &Path) -> HashMap<String, Kept> {
    let mut text = Vec::new();
    let all = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text));
    if !matches!(all, Ok(octets) if octets as u64 <= LARGEST) {
        return HashMap::new();
    }
    let mut lines = text.split(|b| *b == b'\n');
    if lines.next() != Some(HEAD.as_bytes()) {
        return HashMap::new();
    }
    let kept = lines.filter_map(|line| serde_json::from_slice::<Kept>(line).ok());
    kept.map(|kept| (kept.file.clone(), kept)).collect()
}

/// Beside its place first, so that there is never half of it.
fn write<'a>(folder: &Path, kept: impl Iterator<Item = &'a Kept>) -> io::Result<()> {
    // Two lists may be made at once by the same process too.
    static NTH: AtomicU64 = AtomicU64::new(0);
    let fresh = folder.join(format!("index.{}.{}", std::process::id(), NTH.fetch_add(1, Ordering::Relaxed)));
    let options = private::file().write(true).create(true).truncate(true).open(&fresh);
    let written = options.and_then(|file| {
        let mut file = BufWriter::new(file);
        writeln!(file, "{HEAD}")?;
        for kept in kept {
            serde_json::to_writer(&mut file, kept)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
        fs::rename(&fresh, folder.join("index"))
    });
    if written.is_err() {
        // It may not be there.
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::files;

    fn library(count: usize) -> tempfile::TempDir {
        let state = tempfile::tempdir().expect("a directory");
        let folder = state.path().join("transcripts/2026");
        fs::create_dir_all(&folder).expect("made");
        for n in 0..count {
            let text = format!(
                "+++\nehlo = 1\ntarget = \"mx{n}:25\"\nstarted = 2026-11-23T14:02:00.123Z\n+++\n0.0 > MAIL FROM:<a@b>\n\
                 0.1 < 250 ok\n0.2 > RCPT TO:<c@d>\n0.3 < 550 5.1.1 \\x1b no {n}\n0.4 * set title=\"No. {n}\" tag=\"x\"\n"
            );
            fs::write(folder.join(format!("{n:04}.smtp")), text).expect("written");
        }
        state
    }

    fn listed(state: &Path) -> Vec<Summary> {
        let mut index = Index::new(state);
        let all = files(state).map(|path| index.summary(&path)).collect();
        index.keep();
        all
    }

    fn fresh(state: &Path) -> Vec<Summary> {
        files(state).map(|path| summary(&path)).collect()
    }

    fn text(state: &Path) -> String {
        fs::read_to_string(state.join("transcripts/index")).expect("an index")
    }

    #[test]
    fn what_is_kept_is_what_the_files_say() {
        let state = library(FEW + 10);
        let state = state.path();
        assert_eq!(listed(state), fresh(state));
        assert_eq!(text(state).lines().count(), 1 + 10);
        assert_eq!(listed(state), fresh(state), "from the index");
        // One changes, one goes, one comes.
        let at = |name: &str| state.join("transcripts/2026").join(name);
        let changed = fs::read_to_string(at("0003.smtp")).expect("read") + "0.5 * set title=\"Another\"\n";
        fs::write(at("0003.smtp"), changed).expect("written");
        fs::remove_file(at("0004.smtp")).expect("removed");
        fs::copy(at("0005.smtp"), at("0002-2.smtp")).expect("copied");
        let all = listed(state);
        assert_eq!(all, fresh(state));
        assert!(all.iter().any(|it| it.title.as_deref() == Some("Another")));
        assert!(!text(state).contains("0004.smtp"), "what is gone is not kept");
    }

    #[test]
    fn it_is_believed_as_long_as_size_and_time_are_the_same() {
        let state = library(FEW + 1);
        listed(state.path());
        let index = state.path().join("transcripts/index");
        fs::write(&index, text(state.path()).replace("No. 0", "Mr. 0")).expect("written");
        assert!(listed(state.path()).iter().any(|it| it.title.as_deref() == Some("Mr. 0")), "it is read");
    }

    #[test]
    fn what_goes_on_does_not_make_it_anew_each_time() {
        let state = library(FEW + 3);
        let state = state.path();
        let live = state.join("transcripts/2026/0000.smtp");
        let text_of_it = fs::read_to_string(&live).expect("read") + "0.5 * connected a\n0.5 < 220 mx\n";
        fs::write(&live, text_of_it).expect("written");
        listed(state);
        assert!(text(state).contains("0000.smtp"));
        let recorder = File::open(&live).expect("open");
        recorder.try_lock().expect("free");
        // Its file is larger, as one that is recorded into is.
        File::options().append(true).open(&live).and_then(|mut file| file.write_all(b"0.6 > NOOP\n")).expect("written");
        listed(state);
        assert!(!text(state).contains("0000.smtp"), "it is not known how it ends");
        let index = state.join("transcripts/index");
        let marked = text(state) + "who writes it anew leaves this out\n";
        fs::write(&index, &marked).expect("written");
        assert_eq!(listed(state), fresh(state));
        assert_eq!(text(state), marked, "nothing was put in or taken out");
        drop(recorder);
        listed(state);
        assert!(text(state) != marked && text(state).contains("0000.smtp"), "it is over");
    }

    #[test]
    fn a_broken_index_is_made_anew() {
        let state = library(FEW + 3);
        let state = state.path();
        listed(state);
        let whole = text(state);
        let index = state.join("transcripts/index");
        for broken in [
            String::new(),
            "\0\u{1}".to_owned(),
            whole.replace(HEAD, "ehlo index 0 0.0.0"),
            whole[..whole.len() - 20].to_owned(),
            whole.replace("\"s\":", "\"s\":-"),
            whole.replacen('{', "[", 2),
        ] {
            fs::write(&index, &broken).expect("written");
            assert_eq!(listed(state), fresh(state), "{broken:?}");
            assert_eq!(text(state).lines().count(), whole.lines().count(), "{broken:?}");
        }
        // Where it can't be written, nobody minds.
        fs::remove_file(&index).expect("removed");
        fs::create_dir(&index).expect("made");
        assert_eq!(listed(state), fresh(state));
        assert!(fs::read_dir(state.join("transcripts")).expect("read").count() == 2, "nothing is left beside it");
    }

    #[test]
    fn several_at_once_leave_a_whole_one() {
        let state = library(FEW + 20);
        let state = state.path();
        let right = fresh(state);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        assert_eq!(listed(state), right);
                        let _ = fs::remove_file(state.join("transcripts/index"));
                    }
                });
            }
        });
        assert_eq!(listed(state), right);
        assert_eq!(text(state).lines().count(), 1 + 20);
    }
}
