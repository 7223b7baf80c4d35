//! Replay and expectations: steps, patterns, variables, masks, the runner, its report.
//!
//! Not here: screens.

mod dial;

pub use dial::{DialError, options};
