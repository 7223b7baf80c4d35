//! Files and folders that nobody but their owner may read: a conversation holds addresses and messages, a profile where a
//! password is. Whatever ehlo writes by itself is made by these.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

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
}
