//! `ehlo explain CODE [TEXT...]`: decode a reply.

use super::{Common, Exit};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The reply; - reads standard input, a reply a line
    #[arg(required = true)]
    pub reply: Vec<String>,
}

/// Runs it.
pub fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let _ = (arguments, common, world);
    Exit::Done
}
