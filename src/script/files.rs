//! Which files a script may read: those in its own folder or below, and those that the user allowed.

use std::path::{Path, PathBuf};

use super::example;

/// The folders from which a script may read.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// The script's own; none where it came from standard input.
    pub own: Option<PathBuf>,
    /// What `--allow-files` named.
    pub allowed: Vec<PathBuf>,
}

impl Folders {
    /// Those of a script that is called so: its own folder, but for one from standard input or one that is shipped.
    #[must_use]
    pub fn of(script: &Path) -> Self {
        let folder = script.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_a_file = script.as_os_str() != "-" && example::name(script).is_none();
        Self { own: is_a_file.then(|| folder.to_owned()), allowed: Vec::new() }
    }

    /// Reads a file that a script names.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn read(&self, name: &Path) -> Result<Vec<u8>, String> {
        std::fs::read(self.find(name)?.path).map_err(|error| unreadable(name, &error))
    }

    /// Finds a file that a script names. A relative name is looked for in the script's own folder; symbolic links are
    /// followed before it is decided whether the file lies where it may.
    ///
    /// # Errors
    /// A file that can't be read or lies elsewhere, in words with the cure.
    pub fn find(&self, name: &Path) -> Result<Found, String> {
        let base = self.own.clone().unwrap_or_else(|| PathBuf::from("."));
        let cannot = |error: std::io::Error| unreadable(name, &error);
        let path = base.join(name).canonicalize().map_err(cannot)?;
        let inside = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| path.starts_with(folder));
        if !self.own.iter().chain(&self.allowed).any(inside) {
            let folder = path.parent().unwrap_or(&path).display();
            return Err(format!(
                "{} lies outside the script's folder; if you trust the script, `ehlo run --allow-files {folder}` allows it",
                name.display()
            ));
        }
        let metadata = std::fs::File::open(&path).and_then(|file| file.metadata()).map_err(cannot)?;
        Ok(Found { path, size: metadata.is_file().then_some(metadata.len()) })
    }
}

/// A file that may be read, and can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is, links followed.
    pub path: PathBuf,
    /// Its size in octets; none for a pipe or a device.
    pub size: Option<u64>,
}

fn unreadable(name: &Path, error: &std::io::Error) -> String {
    format!("{} can't be read: {error}", name.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_script_in_a_file_has_a_folder_of_its_own() {
        for (script, own) in [("a/s.smtp", Some("a")), ("s.smtp", Some(".")), ("-", None), ("example:basic", None)] {
            assert_eq!(Folders::of(script.as_ref()).own.as_deref(), own.map(Path::new), "{script}");
        }
    }

    #[test]
    fn only_files_below_the_folders_are_read() {
        let root = tempfile::tempdir().expect("a directory");
        let own = root.path().join("own");
        std::fs::create_dir_all(own.join("sub")).expect("made");
        std::fs::write(own.join("sub/in.eml"), "in").expect("written");
        std::fs::write(root.path().join("out.eml"), "out").expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.path().join("out.eml"), own.join("link.eml")).expect("linked");
        let folders = Folders { own: Some(own), allowed: Vec::new() };
        assert_eq!(folders.read(Path::new("sub/in.eml")).expect("allowed"), b"in");
        for name in ["../out.eml", "sub/../../out.eml"] {
            assert!(folders.read(Path::new(name)).expect_err(name).contains("--allow-files"), "{name}");
        }
        #[cfg(unix)]
        assert!(folders.read(Path::new("link.eml")).expect_err("a link out").contains("--allow-files"));
        assert!(folders.read(Path::new("none.eml")).expect_err("not there").contains("can't be read"));
        let wider = Folders { allowed: vec![root.path().to_owned()], ..folders };
        assert_eq!(wider.read(Path::new("../out.eml")).expect("allowed"), b"out");
    }
}
