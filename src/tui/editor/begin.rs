//! What the editor opens on: the draft that there is, or a message that begins.

use crate::message::Stamp;
use crate::tui::model::Model;
use crate::tui::pane::composer::Identity;

use super::{Draft, Editor};

impl Editor {
    /// An editor on the workbench's draft, for a message that is written now.
    #[must_use]
    pub(in crate::tui) fn open(model: &Model) -> Self {
        let identity = correspondents(model);
        let stamp = Stamp::of(&identity.from, model.today.unwrap_or_default(), model.fresh);
        Self::of(&model.draft, &identity, stamp)
    }
}

impl Draft {
    /// The same message to be sent once more: with a Date and a Message-ID of its own, unless somebody wrote others.
    pub(super) fn again(&self, stamp: &Stamp) -> Self {
        let mut draft = Self { sent: false, due: false, stamp: stamp.clone(), ..self.clone() };
        let (before, now) = (fields(&self.stamp), fields(stamp));
        for (before, now) in before.iter().zip(now) {
            let head = draft.lines.iter_mut().take_while(|line| !line.is_empty());
            if let Some(line) = head.into_iter().find(|line| *line == before) {
                *line = now;
            }
        }
        draft
    }
}

/// The fields of a stamp.
pub(super) fn fields(stamp: &Stamp) -> [String; 2] {
    [format!("Date: {}", stamp.date), format!("Message-ID: {}", stamp.id)]
}

/// Who writes to whom: as the open mail transaction says, or else as the target does.
fn correspondents(model: &Model) -> Identity {
    const NAMED: usize = 5;
    let mut identity = model.peer.identity.clone();
    let session = &model.talk.dialogue.state().session;
    if model.talk.is_open() && session.phase().in_transaction() {
        if let Some(from) = session.reverse_path.as_deref().filter(|from| !from.is_empty()) {
            from.clone_into(&mut identity.from);
        }
        let accepted = crate::tui::enter::accepted(model);
        if !accepted.is_empty() && accepted.len() <= NAMED {
            // Between the angle brackets of one they part the others.
            identity.to = vec![accepted.join(">, <")];
        }
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_was_sent_is_another_one_when_it_is_sent_again() {
        let stamp = |n: u8| Stamp::of("a@b", jiff::Timestamp::UNIX_EPOCH, [n; 16]);
        let [date, id] = fields(&stamp(1));
        let lines = vec!["Subject: x".to_owned(), date.clone(), id.clone(), String::new(), id.clone()];
        let draft = Draft { lines, stamp: stamp(1), sent: true, ..Draft::default() };
        let again = draft.again(&stamp(2));
        assert_eq!(
            (&again.lines[1], &again.lines[2]),
            (&date, &fields(&stamp(2))[1]),
            "the same moment, another message"
        );
        assert_eq!(again.lines[4], id, "the body stays");
        let own = Draft { lines: vec!["Message-ID: <own@b>".to_owned()], ..draft };
        assert_eq!(own.again(&stamp(2)).lines, ["Message-ID: <own@b>"]);
    }
}
