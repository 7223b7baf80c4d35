//! What the workbench wants done outside itself: data, carried out by `run` alone.

use std::path::PathBuf;

use crate::client::Request;

use super::start::Wish;

/// One thing to be done.
#[derive(Debug)]
pub enum Effect {
    /// Connect to what was typed as a TARGET.
    Connect(String),
    /// Connect to the same target again.
    Reconnect,
    /// Connect to the same target again, and take its certificate whatever it is, for this connection only.
    Regardless,
    /// Ask something of the connection.
    Send(Request),
    /// Close the connection without QUIT.
    Drop,
    /// Open a transcript.
    Open(PathBuf),
    /// Look for the conversations that are on disk.
    LookForRecent,
    /// The password of whoever logs in here, as the profile says; a [`Message::Secret`](super::message::Message::Secret)
    /// comes back.
    AskSecret,
    /// Something of the profiles on disk.
    Profiles(Wish),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Draw every cell anew.
    Redraw,
    /// Go back to the shell until it says otherwise.
    Suspend,
    /// Look at what the lab has received.
    LookAtMail,
    /// Leave.
    Quit,
}
