//! `ehlo open FILE...`: the workbench on saved transcripts.

use std::io::Write as _;

use super::{Common, Exit};
use crate::tui::run::Launch;
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The transcripts
    #[arg(required = true, value_name = "FILE")]
    files: Vec<std::path::PathBuf>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    for path in &arguments.files {
        if let Err(error) = std::fs::File::open(path) {
            let _ = writeln!(std::io::stderr(), "ehlo: {}: {error}", path.display());
            return Exit::Usage;
        }
    }
    super::workbench::open(Launch { files: arguments.files.clone(), ..Launch::default() }, common, world)
}
