//! Lines that hang on what was answered: greeting, STARTTLS, EHLO again, AUTH as far as they are offered.
//!
//! A script can't say that; who can is a [`Guide`], which the runner asks for one line after the other. The one that
//! exists is `transaction`'s *make ready*; it lies above this module, hence the trait.

use crate::smtp::{Reply, Secret, Session};

use super::report::Cause;

/// What a guide says.
#[derive(Debug)]
pub enum Guided {
    /// Send this line, once these secrets are known to whoever records it.
    Send {
        /// The line, without its end.
        line: Vec<u8>,
        /// What must not be recorded.
        learn: Vec<Secret>,
    },
    /// Send this line and close, without waiting for its reply.
    Close {
        /// The line, without its end.
        line: Vec<u8>,
        /// What must not be recorded.
        learn: Vec<Secret>,
    },
    /// The way is clear for what follows.
    Done,
    /// Nothing more can come of this connection; why, in words.
    Stop(Cause, String),
}

/// Somebody who knows which line comes next.
pub trait Guide: Send {
    /// What comes next. Asked only while no reply is awaited; `last` is the reply to the line that was sent last.
    fn next(&mut self, session: &Session, last: Option<&Reply>) -> Guided;

    /// What the TLS connection can be bound by (`tls-server-end-point`); said before each question.
    fn bind(&mut self, end_point: Option<Vec<u8>>);
}
