//! A secret as a type of its own: it can't be printed by accident and is wiped when dropped.

use zeroize::Zeroizing;

/// What stands in the place of a secret wherever one was taken out (FORMATS section 1).
pub const MASK: &str = "{{auth}}";

/// [`MASK`], as octets.
pub const MARKER: &[u8] = MASK.as_bytes();

/// A password, token or other credential. No `Debug` of the value, no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves, for the place that must send or compare them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}
