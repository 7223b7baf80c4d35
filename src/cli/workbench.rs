//! `ehlo [TARGET]`: the workbench.

use super::{Common, Exit};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to connect: lab:, host[:port], a profile, …
    pub target: Option<String>,
}

/// Runs it.
pub fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let _ = (arguments, common, world);
    Exit::Done
}
