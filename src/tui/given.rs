//! A text that somebody gave to be explained: a reply, or a bounce with what it says of its recipients.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::decode::{Context, Explanation, Knowledge, Reported, explain_reported, explain_text, reported};

use super::message::Message;

/// So many recipients of a bounce are told of; of the others it is said how many they are. One may name thousands.
const TOLD: usize = 100;

/// So many are explained at once, as many as have room at the top. The others are explained beside the loop: all of them take
/// longer than a key may wait.
pub(super) const AT_ONCE: usize = 4;

/// What a bounce says of a recipient.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) report: Reported,
    /// What it comes to; none as long as it was not explained.
    pub(super) title: Option<String>,
}

/// A text to explain.
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// Its words, without its lines.
    pub(super) text: String,
    /// As it was given: a bounce is known by its lines.
    whole: String,
    /// Whom it is about, where it is a bounce: the first of them.
    pub(super) recipients: Vec<Told>,
    /// How many it is about beside those.
    pub(super) more: usize,
    /// What the first of them was told.
    first: Option<Explanation>,
    /// Those that were not explained at once were asked for.
    asked: bool,
    /// What was selected and what was answered last when it was given.
    pub(super) beside: (Option<usize>, Option<usize>),
}

impl Given {
    pub(super) fn new(text: String, whole: String, beside: (Option<usize>, Option<usize>)) -> Self {
        Self { text, whole, recipients: Vec::new(), more: 0, first: None, asked: false, beside }
    }

    /// What it means: a bounce what it says of its first recipient, any other text the reply in it.
    pub(super) fn explained(&mut self, knowledge: &Knowledge) -> Option<Explanation> {
        if self.recipients.is_empty() {
            self.read(knowledge);
        }
        self.first.clone().or_else(|| explain_text(&self.text, knowledge))
    }

    fn read(&mut self, knowledge: &Knowledge) {
        let mut all = reported(&self.whole);
        self.more = all.len().saturating_sub(TOLD);
        all.truncate(TOLD);
        let at_once = all.iter().take(AT_ONCE).map(|report| explain_reported(report, &Context::default(), knowledge));
        let at_once: Vec<_> = at_once.collect();
        self.first = at_once.first().cloned();
        let mut titles = at_once.into_iter().map(|explanation| explanation.title);
        self.recipients = all.into_iter().map(|report| Told { report, title: titles.next() }).collect();
    }

    /// Those that are still to be explained, once.
    pub(super) fn unexplained(&mut self) -> Option<Vec<Reported>> {
        let due = self.recipients.iter().filter(|told| told.title.is_none()).map(|told| told.report.clone());
        let due: Vec<_> = if self.asked { Vec::new() } else { due.collect() };
        self.asked |= !due.is_empty();
        (!due.is_empty()).then_some(due)
    }

    /// Takes in what came of them.
    pub(super) fn take(&mut self, titles: &[(Reported, String)]) {
        for told in self.recipients.iter_mut().filter(|told| told.title.is_none()) {
            let own = titles.iter().find(|(report, _)| *report == told.report);
            told.title = own.map(|(_, title)| title.clone());
        }
    }

    /// More is known now.
    pub(super) fn forget(&mut self) {
        (self.recipients, self.asked) = (Vec::new(), false);
    }
}

/// Explains those beside the loop.
pub(super) fn explain_others(due: Vec<Reported>, knowledge: Arc<Knowledge>, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Explained(titles(due, &knowledge)));
    });
}

/// What each of them comes to.
pub(super) fn titles(due: Vec<Reported>, knowledge: &Knowledge) -> Vec<(Reported, String)> {
    let title = |report: &Reported| explain_reported(report, &Context::default(), knowledge).title;
    due.into_iter()
        .map(|report| {
            let title = title(&report);
            (report, title)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_bounce_with_many_recipients_the_first_are_explained_at_once_and_the_last_counted() {
        let one =
            |n: usize| format!("Final-Recipient: rfc822; dude{n}@target.example\nAction: failed\nStatus: 5.1.1\n\n");
        let whole = format!(
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{}",
            (0..150).map(one).collect::<String>()
        );
        let mut given = Given::new("a bounce".to_owned(), whole, (None, None));
        let knowledge = Knowledge::shipped();
        assert!(given.explained(&knowledge).is_some());
        assert_eq!((given.recipients.len(), given.more), (100, 50));
        let explained = |given: &Given| given.recipients.iter().filter(|told| told.title.is_some()).count();
        assert_eq!(explained(&given), AT_ONCE);
        let due = given.unexplained().expect("the others");
        assert_eq!((due.len(), given.unexplained()), (100 - AT_ONCE, None), "they are asked for once");
        given.take(&titles(due, &knowledge));
        assert!(given.explained(&knowledge).is_some());
        assert_eq!((explained(&given), given.unexplained()), (100, None), "what is known is not made again");
    }
}
