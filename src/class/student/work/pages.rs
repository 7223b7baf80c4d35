//! The transcripts of an attempt as files: which there are, what of them counts, and how one is added to.

use std::path::{Path, PathBuf};

use crate::conversation::log::Entry;
use crate::conversation::{Kind, Log};
use crate::private;

/// What of a transcript came before the time was over.
pub(in crate::class) fn in_time(log: Log) -> Log {
    let is_late = |entry: &Entry<'_>| {
        entry.kind == Kind::Remark
            && entry.remark().is_some_and(|remark| remark.word == "mark" && remark.get("late").is_some())
    };
    let end = log.since(0).find(|(_, entry)| is_late(entry)).map(|(end, _)| end);
    let Some(end) = end else { return log };
    let mut before = Log::new();
    for (_, entry) in log.since(0).take(end) {
        before.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
    }
    before
}

/// The transcripts of an attempt, in the order in which their sessions began.
pub(in crate::class) fn transcripts(folder: &Path, lesson: &str, attempt: u32) -> Vec<PathBuf> {
    let begins = format!("{lesson}-{attempt}-");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_one = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&begins));
    let mut paths: Vec<PathBuf> = entries.filter(is_one).collect();
    paths.sort();
    paths
}

/// Appends to a transcript, which is made where it is not there.
pub(super) fn append(path: &Path, octets: &[u8]) -> std::io::Result<()> {
    if octets.is_empty() {
        return Ok(());
    }
    let mut options = private::file();
    options.append(true).create(true);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                crate::class::event::private_folder(folder).map_err(std::io::Error::other)?;
            }
            crate::class::event::append(&mut options.open(path)?, octets)
        }
        opened => crate::class::event::append(&mut opened?, octets),
    }
}
