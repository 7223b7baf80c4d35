//! A transaction, or a part of one, that is gone through by itself: *make ready*, *bring me back here*, one message.
//!
//! Sans-IO: an [`Errand`] is told how the session stands and what was answered last, and says which line comes next, or
//! that it is done, or why it stops. Whoever drives it shows and records each line: the workbench, or by way of [`Ready`]
//! the runner of scripts. An [`Outline`] is one message as a script. Not here: screens, sockets.

mod errand;
mod interrupted;
mod outline;
mod ready;
mod xclient;

pub use errand::{Errand, Login, Next, Plan};
pub use interrupted::{Interrupted, interrupted, last_greeting};
pub use outline::{Body, Leave, Opening, Outline};
pub use ready::{Lenient, Point, Ready};
pub use xclient::{Saying, Xclient};
