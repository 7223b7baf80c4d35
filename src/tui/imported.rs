//! What another program wrote, opened in the workbench: imported beside the loop, and never written to.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc::UnboundedSender;

use crate::conversation::event::{Event, Micros, Remark};
use crate::conversation::file::Document;
use crate::interchange::anonymise::together;
use crate::interchange::import::{self, Imported, LARGEST};
use crate::script::example;
use crate::smtp::escape::for_screen;

use super::message::Message;

/// Lines that could not be read and that are said in the transcript; the rest are counted.
const SAID: usize = 200;

/// The file that a path means, and which conversation in it, from 1: `FILE#2` is the second of FILE, where there is no
/// file of the whole name.
pub(super) fn place(path: &Path) -> (PathBuf, Option<usize>) {
    let parted = if path.exists() { None } else { parted(path) };
    parted.map_or_else(|| (path.to_owned(), None), |(file, number)| (file, Some(number)))
}

/// What stands before and behind the `#` of `FILE#N`, whether or not there is such a file.
pub(super) fn parted(path: &Path) -> Option<(PathBuf, usize)> {
    let (file, number) = path.to_str()?.rsplit_once('#')?;
    Some((file.into(), number.parse().ok().filter(|number| *number > 0)?))
}

/// Octets at the beginning of a file that say what it is.
const BEGINNING: u64 = 256 << 10;

/// A conversation of a file as it may be shown and written: without the secrets that somebody wrote into it.
pub(super) fn masked(path: &Path) -> Result<Document, String> {
    document(path).map(|document| import::masked(document).0)
}

/// A conversation of a file, whatever wrote it: of several the one that `FILE#N` names, or else the first. For what is
/// sent again as it was written; what is shown of it is [`masked`].
pub(super) fn document(path: &Path) -> Result<Document, String> {
    conversations(path).map(|(mut all, n)| all.swap_remove(n))
}

/// The same without names. Others of its file are read with it, so that what is the same in two of them is replaced by the
/// same, whichever is written.
pub(super) fn anonymised(path: &Path) -> Result<Document, String> {
    let (all, n) = conversations(path)?;
    let all: Vec<_> = all.into_iter().map(|document| import::masked(document).0).collect();
    Ok(together(&all).swap_remove(n))
}

/// All conversations of a file, and which of them is meant.
fn conversations(path: &Path) -> Result<(Vec<Document>, usize), String> {
    if let Some(document) = example::document(path) {
        return Ok((vec![document?], 0));
    }
    let (path, session) = place(path);
    let failed = |error: std::io::Error| format!("{}: {error}", for_screen(path.to_string_lossy().as_bytes()));
    let mut octets = Vec::new();
    let mut file = File::open(&path).map_err(failed)?;
    (&mut file).take(BEGINNING).read_to_end(&mut octets).map_err(failed)?;
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("smtp"));
    if named || import::is_transcript(&octets) {
        let document = crate::conversation::file::open(&path).map_err(|error| error.to_string())?;
        return Ok((vec![document], 0));
    }
    file.take(LARGEST as u64 + 1).read_to_end(&mut octets).map_err(failed)?;
    let all = import::import(&octets).map_err(|error| error.to_string())?.conversations;
    let number = session.unwrap_or(1);
    if number > all.len() {
        return Err(format!("there is no conversation {number}, it holds {}", all.len()));
    }
    Ok((all, number - 1))
}

/// Imports a file whose beginning has been read, and gives the conversation of this number, or the first.
pub(super) fn read(
    path: &Path,
    session: Option<usize>,
    beginning: &[u8],
    rest: File,
    sender: &UnboundedSender<Message>,
) -> Result<(), Message> {
    let not = |words: String| Message::NotOpened(path.to_owned(), format!(": {words}"));
    let mut octets = beginning.to_vec();
    let room = (LARGEST + 1).saturating_sub(octets.len());
    rest.take(room as u64).read_to_end(&mut octets).map_err(|error| not(error.to_string()))?;
    let mut imported = import::import(&octets).map_err(|error| not(error.to_string()))?;
    drop(octets);
    let count = imported.conversations.len();
    let number = session.unwrap_or(1);
    if number > count {
        return Err(not(format!("there is no conversation {number}, it holds {count}")));
    }
    let mut document = imported.conversations.remove(number - 1);
    say(&imported, &mut document);
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let head = Box::new(document.header.clone());
    let mut talk = super::read::talk(for_screen(name.as_bytes()), path, document);
    talk.imported = Some(head);
    // Nobody listens any more when the workbench has been left.
    let _ = sender.send(Message::Opened { path: path.to_owned(), talk, whole: true });
    if count > 1 && session.is_none() {
        let _ = sender.send(Message::Several(path.to_owned(), count));
    }
    notice(&imported).map_or(Ok(()), |words| Err(Message::Notice(words)))
}

/// Opens a script of ehlo's own, which no file holds that could be written to.
pub(super) fn shipped(
    path: &Path,
    document: Result<Document, String>,
    sender: &UnboundedSender<Message>,
) -> Result<(), Message> {
    let document = document.map_err(|words| Message::NotOpened(path.to_owned(), format!(": {words}")))?;
    let head = Box::new(document.header.clone());
    let name = document.header.text("title").map_or_else(|| path.to_string_lossy().into_owned(), str::to_owned);
    let mut talk = super::read::talk(for_screen(name.as_bytes()), path, document);
    talk.imported = Some(head);
    // Nobody listens any more when the workbench has been left.
    let _ = sender.send(Message::Opened { path: path.to_owned(), talk, whole: true });
    Ok(())
}

/// `FILE#N`: the conversation of this number in a file.
#[must_use]
pub fn numbered(path: &Path, n: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("#{n}"));
    name.into()
}

/// Puts what could not be read behind the conversation, a remark for each line.
fn say(imported: &Imported, document: &mut Document) {
    let last = document.log.len().checked_sub(1).and_then(|last| document.log.get(last)?.at);
    let at: Micros = last.unwrap_or_default();
    for words in imported.unread.words().take(SAID) {
        let remark = Remark::new("warning").with("kind", "import").value(words);
        document.log.push(at, &Event::Remark(remark));
    }
}

fn notice(imported: &Imported) -> Option<String> {
    let unread = imported.unread.count();
    let first = imported.unread.words().next();
    match (unread, first) {
        (0, _) | (_, None) => None,
        (1, Some(first)) => Some(format!("Not read: {first}")),
        (n, Some(first)) => Some(format!("{n} lines were not read; they stand at the end. The first: {first}")),
    }
}
