//! `ehlo run SCRIPT...`: replay without a screen.

use super::{Common, Exit};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The scripts or transcripts
    #[arg(required = true)]
    pub scripts: Vec<std::path::PathBuf>,
}

/// Runs it.
pub fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let _ = (arguments, common, world);
    Exit::Done
}
