//! `--save FILE`: the conversation in a file of the user's choice.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::conversation::file::{Document, write_document};
use crate::library;

/// Whether the conversation may be saved there; said before anything connects. What is there already is written over only
/// with `force`, and a script that is played never. Devices and pipes may be written to.
///
/// # Errors
/// Why not, in words with the cure.
pub(in crate::cli) fn check(path: &Path, scripts: &[PathBuf], force: bool) -> Result<(), String> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    not_recorded_into(path)?;
    let shown = path.display();
    let whole = path.canonicalize().ok();
    if whole.is_some() && scripts.iter().any(|script| script.canonicalize().ok() == whole) {
        return Err(format!("--save {shown} would write over the script itself; choose another file"));
    }
    match path.symlink_metadata() {
        Ok(found) if !force && (found.is_file() || path.is_file() || found.is_symlink() && !path.exists()) => {
            Err(format!("{shown} exists already; --force writes over it"))
        }
        _ => writable(path),
    }
}

/// Whether no conversation is being recorded into what is there: its next records would follow what took its place.
///
/// # Errors
/// In words, where one is.
pub(in crate::cli) fn not_recorded_into(path: &Path) -> Result<(), String> {
    if library::is_recorded_into(path) {
        return Err(format!("{}: a conversation is being recorded into it; name another file", path.display()));
    }
    Ok(())
}

/// Whether a file can be written there, which is tried before anything connects. What is there stays as it is; a device or
/// a pipe is taken at its word.
///
/// # Errors
/// Why not, in words.
pub(in crate::cli) fn writable(path: &Path) -> Result<(), String> {
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("{shown} is a directory; name a file"));
    }
    let said = |error: std::io::Error| format!("{shown} can't be written: {error}");
    if path.symlink_metadata().is_ok() {
        let found = if path.is_file() { OpenOptions::new().append(true).open(path).map(drop) } else { Ok(()) };
        return found.map_err(said);
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => Err(format!("{shown} can't be written: there is no such directory")),
        _ => {
            let made = crate::private::file().write(true).create_new(true).open(path);
            made.and_then(|_| std::fs::remove_file(path)).map_err(said)
        }
    }
}

/// Writes the conversation, readable by the user alone; with `force` over what is there.
///
/// # Errors
/// What the system says; also where a file has come there in the meantime.
pub(in crate::cli) fn write(path: &Path, document: &Document, force: bool) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    write_document(document, &mut bytes);
    if path.as_os_str() == "-" {
        let mut out = std::io::stdout().lock();
        return match out.write_all(&bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        };
    }
    not_recorded_into(path).map_err(std::io::Error::other)?;
    let device = path.exists() && !path.is_file();
    let mut options = crate::private::file();
    options.write(true);
    if force || device {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(path)?.write_all(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_recorded_into_is_never_written_over() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("live.smtp");
        std::fs::write(&path, "the recording").expect("written");
        let recorder = std::fs::File::open(&path).expect("it opens");
        recorder.try_lock().expect("free");
        assert!(check(&path, &[], true).expect_err("refused").contains("being recorded into"));
        assert!(write(&path, &Document::default(), true).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "the recording");
        recorder.unlock().expect("unlocked");
        assert_eq!(check(&path, &[], true), Ok(()));
    }

    #[test]
    fn whether_a_file_can_be_written_is_known_before_it_is() {
        let folder = tempfile::tempdir().expect("a directory");
        let at = |name: &str| folder.path().join(name);
        assert_eq!(writable(&at("new")), Ok(()));
        assert!(!at("new").exists(), "it was only tried");
        std::fs::write(at("there"), "kept").expect("written");
        assert_eq!(writable(&at("there")), Ok(()));
        assert_eq!(std::fs::read_to_string(at("there")).expect("read"), "kept");
        for (path, words) in [
            (at("none/new"), "no such directory"),
            (at("there/new"), "no such directory"),
            (folder.path().to_owned(), "is a directory"),
            (at(&"x".repeat(300)), "can't be written"),
        ] {
            let said = writable(&path).expect_err(words);
            assert!(said.contains(words), "{said}");
        }
    }
}
