//! Throwing transcripts away: which ones would go, and that none goes that is still written.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{QueryError, Summary, lock, moment};
use crate::profile::size;

/// Which transcripts are to go. Without any limit none does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Those that started before this.
    pub before: Option<Timestamp>,
    /// Those with more octets than this.
    pub larger_than: Option<u64>,
    /// The oldest, until all together have no more octets than this.
    pub in_all: Option<u64>,
    /// Those too that somebody gave a title, a tag, a note or a bookmark.
    pub annotated_too: bool,
}

/// Why limits can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitsError {
    /// What stands after a key is not what belongs there.
    #[error(transparent)]
    Value(#[from] QueryError),
    /// A word that is no limit.
    #[error("`{0}` is no limit; write older:90d, larger:10MB, total:1GB or annotated")]
    Unknown(String),
    /// Nothing is there.
    #[error("nothing goes without a limit; write older:90d, larger:10MB or total:1GB")]
    None,
}

impl Limits {
    /// Reads a line such as `older:90d larger:10MB total:1GB annotated`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(line: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, LimitsError> {
        let octets = |text: &str| size::parse(text).ok_or_else(|| QueryError::Size(text.to_owned()));
        let mut limits = Self::default();
        for word in line.split_whitespace() {
            match word.split_once(':') {
                Some(("older", time)) => limits.before = Some(moment(time, now, zone)?),
                Some(("larger", size)) => limits.larger_than = Some(octets(size)?),
                Some(("total", size)) => limits.in_all = Some(octets(size)?),
                None if word == "annotated" => limits.annotated_too = true,
                _ => return Err(LimitsError::Unknown(word.to_owned())),
            }
        }
        if limits.before.is_none() && limits.larger_than.is_none() && limits.in_all.is_none() {
            return Err(LimitsError::None);
        }
        Ok(limits)
    }
}

/// A transcript that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruned {
    /// Its file.
    pub path: PathBuf,
    /// Octets.
    pub size: u64,
    /// Why, in words.
    pub why: &'static str,
}

/// Which of these transcripts are to go, oldest first.
#[must_use]
pub fn prune(all: &[Summary], limits: &Limits) -> Vec<Pruned> {
    let mut oldest_first: Vec<&Summary> = all.iter().collect();
    oldest_first.sort_by(|a, b| (a.when(), &a.path).cmp(&(b.when(), &b.path)));
    let mut left: u64 = all.iter().map(|summary| summary.size).sum();
    let why = |summary: &Summary| {
        let old = limits.before.is_some_and(|before| summary.when().is_some_and(|when| when < before));
        let large = limits.larger_than.is_some_and(|most| summary.size > most);
        if old { Some("too old") } else { large.then_some("too large") }
    };
    oldest_first.retain(|summary| limits.annotated_too || !summary.is_annotated());
    let mut gone: Vec<Option<&'static str>> = oldest_first.iter().map(|summary| why(summary)).collect();
    left -=
        oldest_first.iter().zip(&gone).filter(|(_, why)| why.is_some()).map(|(summary, _)| summary.size).sum::<u64>();
    for (summary, why) in oldest_first.iter().zip(&mut gone) {
        if why.is_none() && limits.in_all.is_some_and(|most| left > most) {
            left -= summary.size;
            *why = Some("the oldest, while all together are too large");
        }
    }
    let pruned = |(summary, why): (&Summary, Option<&'static str>)| {
        Some(Pruned { path: summary.path.clone(), size: summary.size, why: why? })
    };
    oldest_first.into_iter().zip(gone).filter_map(pruned).collect()
}

/// Why a transcript was not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// Somebody records into it.
    #[error("another ehlo is recording into it; close that conversation first")]
    Recording,
    /// Somebody gave it a title, a tag, a note or a bookmark.
    #[error("it has a title, a tag, a note or a bookmark")]
    Annotated,
    /// What the system says.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether a conversation is being recorded into a file.
#[must_use]
pub fn is_recorded_into(path: &Path) -> bool {
    is_held(path, |file| lock::waited(|| file.try_lock_shared()))
}

/// The same of many files, where nobody can wait for each: who writes a note this very moment counts as well.
#[must_use]
pub fn is_locked(path: &Path) -> bool {
    is_held(path, File::try_lock_shared)
}

fn is_held(path: &Path, lock: impl FnOnce(&File) -> Result<(), TryLockError>) -> bool {
    let locked = |file: File| matches!(lock(&file), Err(TryLockError::WouldBlock));
    // A pipe that is opened and closed again is broken for whoever writes into it.
    path.is_file() && File::open(path).is_ok_and(locked)
}

/// Removes a transcript.
///
/// # Errors
/// It is being recorded into, or what the system says.
pub fn remove(path: &Path) -> Result<(), RemoveError> {
    let _locked = locked(path)?;
    Ok(std::fs::remove_file(path)?)
}

/// Removes a transcript in which nobody wrote anything; the whole file is looked through for that, while nobody can
/// write into it.
///
/// # Errors
/// Somebody did, it is being recorded into, can't be read whole, or what the system says.
pub fn remove_unless_annotated(path: &Path) -> Result<(), RemoveError> {
    let locked = locked(path)?;
    if holds_annotations(&locked)? {
        return Err(RemoveError::Annotated);
    }
    Ok(std::fs::remove_file(path)?)
}

/// Whether somebody gave a transcript a title, a tag, a note or a bookmark; one that can't be read counts as such.
#[must_use]
pub fn is_annotated(path: &Path) -> bool {
    File::open(path).and_then(|file| holds_annotations(&file)).unwrap_or(true)
}

/// The file, locked until it is dropped: nobody records or writes a note into it meanwhile.
fn locked(path: &Path) -> Result<File, RemoveError> {
    let file = File::open(path)?;
    match lock::waited(|| file.try_lock()) {
        Err(TryLockError::WouldBlock) => Err(RemoveError::Recording),
        // Where the file system knows no locks there is nobody to be waited for.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Looks at the beginning of each line only, so that no file is too large and no bad line hides what follows it.
fn holds_annotations(file: &File) -> io::Result<bool> {
    const LOOKED_AT: u64 = 64;
    let mut reader = BufReader::new(file);
    let mut start = Vec::new();
    loop {
        start.clear();
        if reader.by_ref().take(LOOKED_AT).read_until(b'\n', &mut start)? == 0 {
            return Ok(false);
        }
        let rest = start.iter().position(|b| *b == b' ').map_or(&[][..], |end| &start[end + 1..]);
        let marked =
            [&b"* note"[..], b"* mark", b"* set"].iter().any(|word| rest.starts_with(word) || start.starts_with(word));
        if marked || start.starts_with(b"title") || start.starts_with(b"tags") {
            return Ok(true);
        }
        if !start.ends_with(b"\n") {
            reader.skip_until(b'\n')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(day: i8, size: u64, tag: &str) -> Summary {
        let started = jiff::civil::date(2026, 11, day).in_tz("UTC").expect("a day").timestamp();
        Summary {
            path: format!("{day}.smtp").into(),
            size,
            started: Some(started),
            tags: if tag.is_empty() { Vec::new() } else { vec![tag.to_owned()] },
            ..Summary::default()
        }
    }

    fn days(limits: &Limits) -> Vec<(String, &'static str)> {
        let all = [of(20, 500, ""), of(3, 10, ""), of(2, 900, "keep"), of(1, 10, ""), of(10, 300, "")];
        let pruned = prune(&all, limits).into_iter();
        pruned.map(|it| (it.path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), it.why)).collect()
    }

    #[test]
    fn age_size_and_the_whole_choose_and_what_somebody_named_stays() {
        let day = |n| jiff::civil::date(2026, 11, n).in_tz("UTC").expect("a day").timestamp();
        assert_eq!(days(&Limits::default()), []);
        let old = Limits { before: Some(day(5)), ..Limits::default() };
        assert_eq!(days(&old), [("1".to_owned(), "too old"), ("3".to_owned(), "too old")]);
        let all = Limits { annotated_too: true, ..old.clone() };
        assert_eq!(days(&all).len(), 3);
        let large = Limits { larger_than: Some(300), ..Limits::default() };
        assert_eq!(days(&large), [("20".to_owned(), "too large")]);
        let whole = Limits { in_all: Some(1_400), ..old };
        let names: Vec<_> = days(&whole).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["1", "3", "10"], "1720 less 20 is still too much");
    }

    #[test]
    fn limits_are_read_from_a_line() {
        let now = "2026-11-24T10:00:00Z".parse().expect("a time");
        let read = |line: &str| Limits::read(line, now, &TimeZone::UTC);
        let limits = read("older:7d total:1MB annotated").expect("limits");
        assert_eq!(limits.before, "2026-11-17T10:00:00Z".parse().ok());
        assert_eq!((limits.in_all, limits.larger_than, limits.annotated_too), (Some(1_000_000), None, true));
        for (line, why) in [
            ("", "without a limit"),
            ("annotated", "without a limit"),
            ("90d", "`90d` is no limit; write older:90d"),
            ("older:soon", "`soon` is no time"),
            ("larger:much", "`much` is no size"),
        ] {
            let error = read(line).expect_err(line).to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn what_is_recorded_into_is_not_removed() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        std::fs::write(&path, "x").expect("written");
        let live = File::open(&path).expect("it opens");
        live.try_lock().expect("free");
        assert!(matches!(remove(&path), Err(RemoveError::Recording)));
        assert!(is_locked(&path));
        drop(live);
        assert!(!is_locked(&path) && !is_locked(folder.path()));
        remove(&path).expect("removed");
        assert!(matches!(remove(&path), Err(RemoveError::Io(_))));
    }

    #[test]
    fn what_somebody_wrote_in_the_middle_of_a_large_file_keeps_it() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        let much = "0.000000 < 250 ok\n".repeat(20_000);
        for (word, kept) in
            [("note \"look here\"", true), ("mark", true), ("set tag=x", true), ("closed by=server", false)]
        {
            std::fs::write(&path, format!("+++\nehlo = 1\n+++\n{much}0.000000 * {word}\nno line at all\n{much}"))
                .expect("written");
            assert_eq!(is_annotated(&path), kept, "{word}");
            assert_eq!(remove_unless_annotated(&path).is_err(), kept, "{word}");
            assert_eq!(path.exists(), kept, "{word}");
        }
    }

    #[test]
    fn what_is_written_to_is_not_removed() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        std::fs::write(&path, "+++\nehlo = 1\n+++\n").expect("written");
        let other = File::open(&path).expect("open");
        other.lock().expect("locked");
        assert!(matches!(remove(&path), Err(RemoveError::Recording)) && path.exists());
        drop(other);
        assert!(remove(&path).is_ok() && !path.exists());
    }
}
