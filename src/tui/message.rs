//! What can happen to the workbench, as one enum.

use crossterm::event::{KeyEvent, MouseEvent};

use crate::conversation::event::Timed;

/// One thing that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size now: columns, rows.
    Resize(u16, u16),
    /// Things happened on the wire, in order.
    Wire(Vec<Timed>),
    /// Time went by while something on the screen counts it; only sent then.
    Tick,
}
