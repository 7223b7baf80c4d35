//! `--save FILE`: the conversation in a file of the user's choice.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::conversation::file::{Document, write_document};

/// Whether the conversation may be saved there; said before anything connects. What is there already is written over only
/// with `force`, and a script that is played never. Devices and pipes may be written to.
///
/// # Errors
/// Why not, in words with the cure.
pub(in crate::cli) fn check(path: &Path, scripts: &[PathBuf], force: bool) -> Result<(), String> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("{shown} is a directory; --save takes a file"));
    }
    let whole = path.canonicalize().ok();
    if whole.is_some() && scripts.iter().any(|script| script.canonicalize().ok() == whole) {
        return Err(format!("--save {shown} would write over the script itself; choose another file"));
    }
    match path.symlink_metadata() {
        Ok(found) if !force && (found.is_file() || path.is_file() || found.is_symlink() && !path.exists()) => {
            Err(format!("{shown} exists already; --force writes over it"))
        }
        Ok(_) => Ok(()),
        Err(_) => match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) if !folder.is_dir() => Err(format!("{shown} can't be written: there is no such directory")),
            _ => Ok(()),
        },
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
