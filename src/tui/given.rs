//! A text that somebody gave to be explained: a reply, or a bounce with what it says of its recipients.

use crate::decode::{Context, Explanation, Knowledge, Reported, explain_bounce, explain_text};

/// So many recipients of a bounce are explained; of the others it is said how many they are. One may name thousands.
const EXPLAINED: usize = 100;

/// A text to explain.
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// Its words, without its lines.
    pub(super) text: String,
    /// As it was given: a bounce is known by its lines.
    whole: String,
    /// Whom it is about, where it is a bounce: the first of them.
    pub(super) recipients: Vec<(Reported, Explanation)>,
    /// How many it is about beside those.
    pub(super) more: usize,
    /// What was selected and what was answered last when it was given.
    pub(super) beside: (Option<usize>, Option<usize>),
}

impl Given {
    pub(super) fn new(text: String, whole: String, beside: (Option<usize>, Option<usize>)) -> Self {
        Self { text, whole, recipients: Vec::new(), more: 0, beside }
    }

    /// What it means: a bounce what it says of its first recipient, any other text the reply in it.
    pub(super) fn explained(&mut self, knowledge: &Knowledge) -> Option<Explanation> {
        let context = Context::default();
        let mut all = explain_bounce(&self.whole, &context, knowledge);
        self.recipients = all.by_ref().take(EXPLAINED).collect();
        self.more = all.len();
        let first = self.recipients.first().map(|(_, explanation)| explanation.clone());
        first.or_else(|| explain_text(&self.text, knowledge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_bounce_with_many_recipients_the_first_are_explained_and_the_others_counted() {
        let one =
            |n: usize| format!("Final-Recipient: rfc822; dude{n}@target.example\nAction: failed\nStatus: 5.1.1\n\n");
        let whole = format!(
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{}",
            (0..150).map(one).collect::<String>()
        );
        let mut given = Given::new("a bounce".to_owned(), whole, (None, None));
        assert!(given.explained(&Knowledge::shipped()).is_some());
        assert_eq!((given.recipients.len(), given.more), (100, 50));
    }
}
