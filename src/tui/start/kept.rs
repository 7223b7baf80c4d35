//! The conversations on the start screen: a list that is read anew as others add to it.

use jiff::{SignedDuration, Timestamp};

use super::{Item, Recent, Start};

/// A list that is older is read anew before something is looked for in it.
const FRESH: SignedDuration = SignedDuration::from_secs(3);

impl Start {
    /// Takes in which conversations were kept lately. What is marked stays marked.
    pub(in crate::tui) fn relist(&mut self, recent: Vec<Recent>, now: Option<Timestamp>) {
        let marked = self.marked();
        let path = match marked {
            Some(Item::Recent(n)) => self.recent.get(n).map(|it| it.path.clone()),
            _ => None,
        };
        (self.recent, self.listed) = (recent, now);
        self.note_use();
        match path {
            Some(path) => {
                let still = self.recent.iter().position(|it| it.path == path);
                still.map(Item::Recent).into_iter().for_each(|item| self.mark(item));
            }
            // At the top what is found first is marked, whenever it comes.
            None if self.marked > 0 => marked.into_iter().for_each(|item| self.mark(item)),
            None => {}
        }
    }

    /// Whether the list is to be read anew: what another ehlo has kept since is not in it. Says so once for each list.
    pub(super) fn has_aged(&mut self, now: Option<Timestamp>) -> bool {
        let aged = self.listed.zip(now).is_some_and(|(then, now)| now.duration_since(then) > FRESH);
        if aged {
            self.listed = None;
        }
        aged
    }
}
