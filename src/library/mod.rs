//! The transcripts kept on disk: which there are, and in a few words what became of each; finding them, saying something
//! of them, and throwing them away. And what is kept of each server.
//!
//! Not here: sockets, screens, and what a file holds in full ([`crate::conversation::file`]).

mod annotate;
mod index;
mod lock;
mod prune;
mod query;
mod servers;
mod summary;

pub use annotate::{AnnotateError, annotate, tags};
pub use index::{FEW, Index};
pub use prune::{
    Limits, LimitsError, Pruned, RemoveError, is_annotated, is_locked, is_recorded_into, prune, remove,
    remove_unless_annotated,
};
pub use query::{Found, Query, QueryError, Sought, is_sought, moment};
pub use servers::{Line, Memory};
pub use summary::{Outcome, Summary, outcome, outcome_in, summary};

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::conversation::journal;

/// The newest transcripts under `STATE/transcripts`, newest first, at most so many.
///
/// Never fails: a directory that can't be read has none, a file that can't be read is listed by what its name says.
#[must_use]
pub fn recent(state: &Path, limit: usize) -> Vec<Summary> {
    newest_first(state).take(limit).map(|path| summary(&path)).collect()
}

/// The transcripts by when they were, newest first; at the same time the last by name. Only those are looked into that may
/// be as new as what is asked for.
fn newest_first(state: &Path) -> impl Iterator<Item = PathBuf> {
    let all = files(state).enumerate().map(|(place, path)| (latest(&path), place, path));
    let mut waiting: Vec<(Timestamp, usize, PathBuf)> = all.collect();
    waiting.sort_unstable_by_key(|(latest, ..)| *latest);
    let mut known = BinaryHeap::new();
    std::iter::from_fn(move || {
        let may_be_newer = |latest: Timestamp, known: &BinaryHeap<(Option<Timestamp>, Reverse<usize>, PathBuf)>| {
            known.peek().is_none_or(|(when, ..)| Some(latest) >= *when)
        };
        while let Some((_, place, path)) = waiting.pop_if(|(latest, ..)| may_be_newer(*latest, &known)) {
            known.push((summary::when(&path), Reverse(place), path));
        }
        known.pop().map(|(.., path)| path)
    })
}

/// The latest that the conversation of a file can have been, without a look into it: what is recorded here began in the
/// second that its name tells, and whatever else lies under such a name (a copy, an import) before it was written to
/// last. Of other names nothing is known.
fn latest(path: &Path) -> Timestamp {
    let named = || journal::begun(path.file_name()?.to_str()?);
    let written = || Timestamp::try_from(path.metadata().ok()?.modified().ok()?).ok();
    let begun = named().and_then(|begun| begun.checked_add(SignedDuration::from_secs(1)).ok());
    begun.and_then(|begun| Some(begun.max(written()?))).unwrap_or(Timestamp::MAX)
}

/// The transcripts under `STATE/transcripts`, the last by name first; a year is looked at when it is come to. A name
/// tells only of what was recorded here when it was ([`Summary::when`]).
pub fn files(state: &Path) -> impl Iterator<Item = PathBuf> {
    let years = names(&state.join("transcripts"), is_year);
    years.into_iter().flat_map(|year| names(&year, is_transcript))
}

/// Whether a path is that of one of them, or would be with a file there. Of a link it is the link that is meant.
#[must_use]
pub fn is_listed(state: &Path, path: &Path) -> bool {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let year = path.parent().and_then(|folder| folder.canonicalize().ok());
    let transcripts = state.join("transcripts").canonicalize().ok();
    year.is_some_and(|year| {
        year.file_name().and_then(|name| name.to_str()).is_some_and(is_year)
            && year.parent().is_some_and(|above| transcripts.as_deref() == Some(above))
    }) && path.file_name().and_then(|name| name.to_str()).is_some_and(is_transcript)
}

fn is_year(name: &str) -> bool {
    name.len() == 4 && name.bytes().all(|b| b.is_ascii_digit())
}

fn is_transcript(name: &str) -> bool {
    name.strip_suffix(".smtp").is_some()
}

/// Why a transcript was not found by its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is none.
    #[error("there is no transcript `{0}`; ehlo history lists all of them")]
    None(String),
    /// There are several.
    #[error("`{name}` is in the names of {count} transcripts, such as {}; write more of it", such_as.join(", "))]
    Several {
        /// What was looked for.
        name: String,
        /// How many there are.
        count: usize,
        /// Some of their names.
        such_as: Vec<String>,
    },
}

/// The transcript that a word means: `last` is the newest; else the path of a file that is there, its name in the library
/// with or without `.smtp`, or a part that only one of the names has.
///
/// # Errors
/// None or several have that name.
pub fn named(state: &Path, word: &str) -> Result<PathBuf, NameError> {
    const SUCH_AS: usize = 3;
    if word == "last" {
        return newest_first(state).next().ok_or_else(|| NameError::None(word.to_owned()));
    }
    // A variable of a shell that is not set means no transcript, and not the only one that there is.
    if word.is_empty() {
        return Err(NameError::None(word.to_owned()));
    }
    let path = Path::new(word);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let stem = word.strip_suffix(".smtp").unwrap_or(word);
    let name = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let matching: Vec<PathBuf> = files(state).filter(|path| name(path).contains(stem)).collect();
    if let Some(exact) = matching.iter().find(|path| name(path) == stem) {
        return Ok(exact.clone());
    }
    match matching.as_slice() {
        [] => Err(NameError::None(word.to_owned())),
        [one] => Ok(one.clone()),
        several => Err(NameError::Several {
            name: word.to_owned(),
            count: several.len(),
            such_as: several.iter().take(SUCH_AS).map(name).collect(),
        }),
    }
}

/// Whether it can be looked into: to open a pipe would wait for somebody who writes into it. A broken link is told of when
/// it is opened.
fn is_file_or_folder(entry: &std::fs::DirEntry) -> bool {
    let plain = |kind: std::fs::FileType| kind.is_file() || kind.is_dir();
    entry.file_type().is_ok_and(plain) || {
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        link && entry.path().metadata().map_or(true, |target| plain(target.file_type()))
    }
}

/// What a directory holds whose names are good, the last by name first.
fn names(directory: &Path, good: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(&good) && is_file_or_folder(entry))
        .map(|entry| entry.path())
        .collect();
    // Without the extension, `NAME` stands before `NAME-2`.
    paths.sort_by(|a, b| b.file_stem().cmp(&a.file_stem()));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::ReplyCode;

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
        let listed = |name: &str| is_listed(state, &state.join("transcripts").join(name));
        assert!(listed("2026/2026-11-24-000000-bad.smtp") && listed("2025/../2026/new.smtp"));
        assert!(!["2026/notes.txt", "other/2027-01-01-000000-mx.smtp", "a.smtp"].into_iter().any(listed));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_among_the_transcripts_is_not_waited_for() {
        let state = tempfile::tempdir().expect("a directory");
        let state = state.path();
        put(state, "2026/2026-11-23-140200-mx.smtp", HEAD);
        let pipe = state.join("transcripts/2026/2026-11-24-140200-pipe.smtp");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        std::os::unix::fs::symlink(&pipe, pipe.with_file_name("2026-11-25-140200-link.smtp")).expect("a link");
        assert_eq!(recent(state, 9).len(), 1);
    }

    #[test]
    fn an_import_without_a_clock_is_as_new_as_its_file_whatever_its_name() {
        let state = tempfile::tempdir().expect("a directory");
        let state = state.path();
        put(state, "2026/2026-11-23-140200-mx.smtp", HEAD);
        put(state, "2026/2026-11-20-100000-mx.smtp", &HEAD.replace("2026-11-23T14:02", "2026-11-20T10:00"));
        put(state, "2026/zz.smtp", "+++\nehlo = 1\nclock = \"none\"\n+++\n0.000000 < 220 mx\n");
        // The 22nd of November 2026.
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_hours(498_696);
        let file = std::fs::File::options().append(true).open(state.join("transcripts/2026/zz.smtp")).expect("open");
        file.set_modified(old).expect("set");
        let names: Vec<_> = recent(state, 9).iter().map(Summary::name).collect();
        assert_eq!(names, ["2026-11-23-140200-mx", "zz", "2026-11-20-100000-mx"]);
        assert!(named(state, "last").expect("one").ends_with("2026-11-23-140200-mx.smtp"));
    }

    #[test]
    fn what_is_neither_named_nor_written_as_late_is_not_looked_into() {
        let state = tempfile::tempdir().expect("a directory");
        let state = state.path();
        let dated = |name: &str, text: &str, modified: &str| {
            put(state, &format!("2026/{name}.smtp"), text);
            let path = state.join(format!("transcripts/2026/{name}.smtp"));
            let modified = modified.parse().map(Timestamp::as_second).expect("a time");
            let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(modified.unsigned_abs());
            let file = std::fs::File::options().append(true).open(path).expect("open");
            file.set_modified(modified).expect("set");
        };
        let started = |at: &str| HEAD.replace("2026-11-23T14:02", at);
        dated("2026-11-20-100000-mx", &started("2026-11-20T10:00"), "2026-11-20T10:05:00Z");
        // A note was written much later; the clock was set back; an import, and a copy, under an older name.
        dated("2026-11-21-100000-mx", &started("2026-11-21T10:00"), "2026-11-28T10:05:00Z");
        dated("2026-11-22-100000-mx", &started("2026-11-22T10:00"), "2026-11-20T09:00:00Z");
        dated(
            "2026-11-19-100000-mx",
            "+++\nehlo = 1\nclock = \"none\"\n+++\n0.000000 < 220 mx\n",
            "2026-11-27T10:00:00Z",
        );
        dated("2026-11-18-100000-mx", &started("2026-11-23T10:00"), "2026-11-26T10:00:00Z");
        let names = |limit| recent(state, limit).iter().map(Summary::name).collect::<Vec<_>>();
        let order = ["19", "18", "22", "21", "20"].map(|day| format!("2026-11-{day}-100000-mx"));
        for limit in 1..=order.len() {
            assert_eq!(names(limit), order[..limit]);
        }
        // What nobody can have written shows what was looked into.
        dated("2026-11-17-100000-mx", &started("2026-11-30T10:00"), "2026-11-17T10:00:00Z");
        assert_eq!((names(4), names(9).len()), (order[..4].to_vec(), 6));
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
