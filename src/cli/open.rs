//! `ehlo open FILE...`: the workbench on saved transcripts.

use super::{Common, Exit};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The transcripts
    #[arg(required = true)]
    pub files: Vec<std::path::PathBuf>,
}

/// Runs it.
pub fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let _ = (arguments, common, world);
    Exit::Done
}
