//! `ehlo open FILE...`: the workbench on saved transcripts, and on what other programs wrote.

use std::path::{Path, PathBuf};

use super::{Common, Exit, input};
use crate::tui::numbered;
use crate::tui::run::Launch;
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Transcripts, by path or name (`ehlo history`), last, what other programs wrote (swaks, telnet, curl, captures, logs), or
    /// example:NAME for a script of ehlo's own (example: says which there are)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which conversation of a file that holds several, from 1; without it all of them, one after the other
    #[arg(long, value_name = "N")]
    session: Option<usize>,
}

/// Runs it. `ehlo open HOST 25`, as telnet's users write it, connects: a file of either name would be opened.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let files = &arguments.files;
    if let [host, port] = files.as_slice()
        && port.to_str().is_some_and(|port| port.parse::<u16>().is_ok())
        && !host.exists()
        && !port.exists()
    {
        let target = format!("{} {}", host.display(), port.display());
        return super::workbench::open(Launch { target: Some(target), ..Launch::default() }, common, world);
    }
    let mut opened = Vec::new();
    for path in files {
        let found = input::kept(path, &world.directories.state);
        match found.and_then(|path| conversations(&path, arguments.session)) {
            Ok(paths) => opened.extend(paths),
            Err(words) => {
                return super::complain("ehlo", words);
            }
        }
    }
    super::workbench::open(Launch { files: opened, ..Launch::default() }, common, world)
}

/// What is opened for a file: itself, or each conversation in it.
fn conversations(path: &Path, session: Option<usize>) -> Result<Vec<PathBuf>, String> {
    if input::is_transcript(path)? && session.is_none_or(|n| n == 1) {
        return Ok(vec![path.to_path_buf()]);
    }
    let count = input::all(path)?.conversations.len();
    match session {
        Some(n) if !(1..=count).contains(&n) => {
            Err(format!("{}: there is no conversation {n}, it holds {count}", input::shown(path)))
        }
        None if count == 1 => Ok(vec![path.to_path_buf()]),
        Some(n) => Ok(vec![numbered(path, n)]),
        None => Ok((1..=count).map(|n| numbered(path, n)).collect()),
    }
}
