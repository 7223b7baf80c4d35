//! `ehlo lab [SCENARIO]`: the lab server on its own.

use super::{Common, Exit};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The scenario
    pub scenario: Option<String>,
}

/// Runs it.
pub fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let _ = (arguments, common, world);
    Exit::Done
}
