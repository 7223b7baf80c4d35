//! What swaks's tokens stand for, such as `%TO_ADDRESS%`: in `--data`, in texts, and in fields.

use super::Envelope;
use crate::message::{Stamp, samples};

/// Where the added fields go.
pub(super) const NEW_FIELDS: &[u8] = b"%NEW_HEADERS%";

/// The tokens of one message.
pub(super) struct Tokens {
    /// The date and the identifier of the message, wherever they stand.
    pub(super) stamp: Stamp,
    values: [(&'static str, String); 5],
}

impl Tokens {
    pub(super) fn of(envelope: &Envelope<'_>, stamp: Stamp) -> Self {
        let values = [
            ("%FROM_ADDRESS%", envelope.author().to_owned()),
            ("%TO_ADDRESS%", envelope.to.join(", ")),
            ("%DATE%", stamp.date.clone()),
            ("%MESSAGEID%", stamp.id.trim_matches(['<', '>']).to_owned()),
            ("%SWAKS_VERSION%", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        Self { stamp, values }
    }

    /// The octets with what the tokens stand for.
    pub(super) fn fill(&self, mut octets: Vec<u8>) -> Vec<u8> {
        for (token, value) in &self.values {
            if memchr::memmem::find(&octets, token.as_bytes()).is_some() {
                octets = samples::replaced(&octets, token.as_bytes(), value.as_bytes());
            }
        }
        octets
    }

    /// The same for a text.
    pub(super) fn fill_text(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (token, value)| text.replace(token, value))
    }
}
