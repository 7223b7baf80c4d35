//! What is said of a transcript later is appended to its file, and the rest of it stays as it is.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use jiff::Timestamp;

use super::lock;
use crate::conversation::event::{Event, Micros, Remark};
use crate::conversation::file::{self, Reader, write_record};

/// Octets at the start and at the end of a file that are looked at: for its format, and for its last line.
const LOOKED_AT: u64 = 64 * 1024;

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotateError {
    /// The permissions do not allow it.
    #[error("the file may not be written to; save a copy under another name, that may")]
    Forbidden,
    /// Somebody records into it.
    #[error("another ehlo is recording into it; close that conversation first")]
    Recording,
    /// What follows would become a part of its last line.
    #[error("its last line is cut off; save a copy under another name, which is without it")]
    CutOff,
    /// It was written by a newer ehlo.
    #[error("it was written by a newer ehlo, and this one only reads it")]
    Newer,
    /// What is there is no transcript.
    #[error("it is no transcript: {0}")]
    NoTranscript(file::FileError),
    /// What the system says.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Appends remarks to a transcript with one write: `note`, `mark`, `set`. They have the time `at`, or else that of the
/// last record. Where not all of it can be written, nothing is. Who only looks at the file, or writes into it too, is
/// waited for a moment: it is not for where keys are read.
///
/// # Errors
/// It is being recorded into, is of a newer format, may not be written to, or what the system says.
pub fn annotate(path: &Path, at: Option<Micros>, remarks: &[Remark]) -> Result<Micros, AnnotateError> {
    let mut file = File::options().read(true).append(true).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => AnnotateError::Forbidden,
        _ => AnnotateError::Io(error),
    })?;
    if matches!(lock::waited(|| file.try_lock()), Err(TryLockError::WouldBlock)) {
        return Err(AnnotateError::Recording);
    }
    // Whoever held the lock before may have deleted it.
    if !path.try_exists()? {
        return Err(AnnotateError::Io(io::ErrorKind::NotFound.into()));
    }
    let data = file.metadata()?;
    let length = data.len();
    let started = examine_head(&mut file)?;
    file.seek(SeekFrom::Start(length.saturating_sub(LOOKED_AT)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let mut text = Vec::new();
    if !end.ends_with(b"\n") {
        let last = end.rsplit(|b| *b == b'\n').next().unwrap_or_default();
        // A line that a killed process left half written must not become a whole one.
        if file::read(&[b"+++\nehlo = 1\n+++\n", last, b"\n"].concat()).is_err() {
            return Err(AnnotateError::CutOff);
        }
        text.push(b'\n');
    }
    let at = at.or_else(|| last_time(&end)).unwrap_or_default();
    for remark in remarks {
        write_record(at, &Event::Remark(remark.clone()), &mut text);
    }
    file.write_all(&text).inspect_err(|_| {
        // Half a record would be taken for a whole one by whoever appends next.
        let _ = file.set_len(length);
    })?;
    if let Some(modified) = data.modified().ok().filter(|_| started.is_none()) {
        // An import has no other date than its file's, and it is no newer for a word about it. Where the system sets no
        // times, it is.
        let _ = file.set_modified(modified);
    }
    Ok(at)
}

/// The tags in what somebody typed: words, with blanks or commas between them, a # before each or not.
pub fn tags(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    words.map(|word| word.trim_start_matches('#')).filter(|word| !word.is_empty())
}

/// Whether the beginning is that of a transcript that may be written to; when it says that it started.
fn examine_head(file: &mut File) -> Result<Option<Timestamp>, AnnotateError> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(LOOKED_AT).read_to_end(&mut head)?;
    let mut reader = Reader::new();
    let read = reader.feed(&head);
    if reader.document().read_only {
        return Err(AnnotateError::Newer);
    }
    read.map(|()| reader.document().header.started()).map_err(AnnotateError::NoTranscript)
}

/// The time of the last record that has one.
fn last_time(end: &[u8]) -> Option<Micros> {
    let lines = end.rsplit(|b| *b == b'\n').filter(|line| line.first().is_some_and(u8::is_ascii_digit));
    lines.take(1000).find_map(|line| {
        let document = file::read(&[b"+++\nehlo = 1\n+++\n", line, b"\n"].concat()).ok()?;
        document.log.get(0)?.at
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::Annotations;

    fn put(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        std::fs::write(&path, text).expect("written");
        (folder, path)
    }

    const TEXT: &str = "+++\nehlo = 1\n+++\n0.100000 > NOOP\n0.300000 < 250 ok";

    #[test]
    fn what_is_said_later_is_appended_with_the_last_time_and_the_rest_stays() {
        for end in ["\n", ""] {
            let (_folder, path) = put(&format!("{TEXT}{end}"));
            let title = Remark::new("set").with("title", "A test").with("tag", "slow");
            let at = annotate(&path, None, &[title, Remark::new("note").value("asked")]).expect("appended");
            assert_eq!(at, Micros(300_000));
            let text = std::fs::read_to_string(&path).expect("read");
            assert_eq!(text, format!("{TEXT}\n0.300000 * set title=\"A test\" tag=slow\n0.300000 * note asked\n"));
            let all = Annotations::of(&file::open(&path).expect("it opens"));
            assert_eq!((all.title.as_deref(), all.tags), (Some("A test"), vec!["slow".to_owned()]));
        }
    }

    #[test]
    fn an_import_is_no_newer_for_what_is_said_of_it() {
        let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_790_000_000);
        let date_of = |text: &str| {
            let (_folder, path) = put(text);
            File::options().append(true).open(&path).and_then(|file| file.set_modified(then)).expect("set");
            annotate(&path, None, &[Remark::new("set").with("tag", "a")]).expect("appended");
            std::fs::metadata(&path).and_then(|data| data.modified()).expect("a time")
        };
        assert_eq!(date_of(TEXT), then);
        let recorded = TEXT.replace("ehlo = 1\n", "ehlo = 1\nstarted = 2026-11-23T14:02:00.000Z\n");
        assert_ne!(date_of(&recorded), then, "it has its own");
    }

    #[test]
    fn nothing_is_appended_where_it_would_do_harm() {
        let remark = [Remark::new("set").with("tag", "a")];
        let why = |text: &str| {
            let (_folder, path) = put(text);
            let error = annotate(&path, None, &remark).expect_err("refused");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), text, "nothing has changed");
            error
        };
        assert!(matches!(why("+++\nehlo = 1\n+++\n0.100000 > NOOP\n0.3000"), AnnotateError::CutOff));
        assert!(matches!(why("+++\nehlo = 9\n+++\n0.100000 > NOOP\n"), AnnotateError::Newer));
        assert!(matches!(why("\u{0}\u{1} an image\n"), AnnotateError::NoTranscript(_)));
        let (_folder, path) = put(TEXT);
        let live = File::open(&path).expect("it opens");
        live.try_lock().expect("free");
        assert!(matches!(annotate(&path, None, &remark), Err(AnnotateError::Recording)));
        let none = path.with_file_name("none.smtp");
        assert!(matches!(annotate(&none, None, &remark), Err(AnnotateError::Io(_))));
    }
}
