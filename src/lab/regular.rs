//! Files that are read whole, named by somebody: regular ones, and not without end. A pipe would be waited for, and a
//! device never ends. And what the system says of them, in words.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// Makes sure that a file is a regular one.
///
/// # Errors
/// What it is instead, or what the system says.
pub fn check(path: &Path) -> Result<()> {
    // Looked at before it is opened: the opening of a pipe waits for who writes.
    let kind = std::fs::metadata(path)?;
    if kind.is_file() {
        return Ok(());
    }
    let words = if kind.is_dir() { "it is a folder; name a file in it" } else { "it is not a regular file; name one" };
    Err(Error::new(ErrorKind::InvalidData, words))
}

/// Reads one of so many octets at most.
///
/// # Errors
/// One that is none, or larger; what the system says.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    check(path)?;
    let mut octets = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > most {
        let words = format!("it is larger than {} MiB, which no such file is", most >> 20);
        return Err(Error::new(ErrorKind::InvalidData, words));
    }
    Ok(octets)
}

/// The same as text.
///
/// # Errors
/// As for [`read`]; octets that are no UTF-8.
pub fn text(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "it is not text in UTF-8; save it as that in your editor"))
}

/// What the system says of a file or a connection, without its numbers, and what helps.
#[must_use]
pub fn in_words(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "you may not read or write it; look at its permissions".to_owned(),
        ErrorKind::IsADirectory => "it is a folder; name the file in it".to_owned(),
        ErrorKind::NotADirectory => "a part of its path is a file and no folder".to_owned(),
        ErrorKind::ConnectionRefused => "nobody listens there; is the class being held?".to_owned(),
        ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        ErrorKind::StorageFull => "the disk is full; make room".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let at = tempfile::tempdir().expect("a folder");
        let pipe = at.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("it is there");
        assert!(made.success());
        for (path, words) in [(pipe.as_path(), "regular"), (Path::new("/dev/zero"), "regular"), (at.path(), "folder")] {
            let said = text(path, 1 << 20).expect_err("it is none").to_string();
            assert!(said.contains(words), "{said}");
        }
        let large = at.path().join("large");
        std::fs::write(&large, vec![b'x'; (1 << 20) + 1]).expect("written");
        assert!(text(&large, 1 << 20).expect_err("too large").to_string().contains("larger than 1 MiB"));
    }
}
