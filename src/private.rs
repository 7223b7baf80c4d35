//! Files and folders that nobody but their owner may read: a conversation holds addresses and messages, a profile where a
//! password is. Whatever ehlo writes by itself is made by these; what is written at each command is put in its place by the
//! module itself, without waiting for the disk.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Options by which a file is made readable for its owner alone; how it is opened is for the caller to say.
#[must_use]
pub fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder that nobody else may look into, and what is missing above it; one that is there stays as it is.
///
/// # Errors
/// It can't be made.
pub fn create_folder(path: &Path) -> io::Result<()> {
    folder().recursive(true).create(path)
}

/// How such a folder is made.
#[must_use]
pub fn folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Puts a file with these octets in the place of the one that is there, if one is: there is never half of it.
///
/// # Errors
/// It can't be written beside its place, or not be put there; what is there stays as it is.
pub fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let (beside, mut file) = beside(path)?;
    let written = file.write_all(octets).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What could not take its place is of no use.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// A new file in the same folder; never one that is there, which may be somebody's trap.
fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static NTH: AtomicU64 = AtomicU64::new(0);
    if path.file_name().is_none() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut tries = 0;
    loop {
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_file_name(format!(".ehlo-new-{}-{nth}", std::process::id()));
        match file().write(true).create_new(true).open(&beside) {
            // One that a process of the same number has left behind.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 100 => tries += 1,
            made => return Ok((beside, made?)),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nobody_else_reads_what_is_made() {
        let place = tempfile::tempdir().expect("a folder");
        let inner = place.path().join("a/b");
        create_folder(&inner).expect("it is made");
        create_folder(&inner).expect("it is there");
        let path = inner.join("c");
        file().write(true).create_new(true).open(&path).expect("it is made");
        let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&place.path().join("a")), mode(&inner), mode(&path)), (0o700, 0o700, 0o600));
    }

    #[test]
    fn what_is_replaced_is_there_whole_and_nothing_beside_it() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("a");
        for text in ["one", "another"] {
            replace(&path, text.as_bytes()).expect("it is written");
            assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
        }
        let taken = place.path().join("folder");
        create_folder(&taken).expect("it is made");
        replace(&taken, b"").expect_err("a folder stands there");
        replace(&place.path().join("no/a"), b"").expect_err("there is no such folder");
        assert_eq!(std::fs::read_dir(place.path()).expect("it is read").count(), 2, "nothing is left behind");
    }
}
