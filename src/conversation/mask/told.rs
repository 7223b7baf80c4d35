//! Masking what is told of a conversation and is none of its lines.

use super::Mask;
use crate::conversation::event::Remark;
use crate::smtp::Secret;

impl Mask {
    /// One that looks for these passwords, and for these secrets even where they stand as names.
    #[must_use]
    pub fn knowing(passwords: impl Iterator<Item = Secret>, names: impl Iterator<Item = Secret>) -> Self {
        let mut mask = Self::default();
        passwords.for_each(|secret| mask.learn(secret));
        names.for_each(|secret| mask.learn_name(secret));
        mask
    }

    /// A text as it may be told.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let said = self.remark(Remark::default().value(text));
        said.bare(0).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_told_nowhere() {
        let mask = Mask::knowing([Secret::new(b"Xyzzy-Plugh77+q".to_vec())].into_iter(), std::iter::empty());
        assert_eq!(mask.text("> NOOP my password is Xyzzy-Plugh77+q"), "> NOOP my password is {{auth}}");
        assert_eq!(mask.text("> NOOP WHl6enktUGx1Z2g3Nytx"), "> NOOP {{auth}}");
        assert_eq!(mask.text("? text contains \"a b\""), "? text contains \"a b\"");
    }
}
