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
    for path in files {
        if let Err(error) = std::fs::File::open(path) {
            let _ = writeln!(std::io::stderr(), "ehlo: {}: {error}", path.display());
            return Exit::Usage;
        }
    }
    super::workbench::open(Launch { files: files.clone(), ..Launch::default() }, common, world)
}
