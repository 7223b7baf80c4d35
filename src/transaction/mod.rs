//! A part of a transaction that is gone through by itself: *make ready* and *bring me back here*.
//!
//! Sans-IO: an [`Errand`] is told how the session stands and what was answered last, and says which line comes next, or
//! that it is done, or why it stops. Whoever drives it shows and records each line. Not here: screens, sockets.

mod errand;
mod interrupted;

pub use errand::{Errand, Login, Next, Plan};
pub use interrupted::{Interrupted, interrupted, last_greeting};
