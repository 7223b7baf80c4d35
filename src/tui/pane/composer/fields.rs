//! Tab and Shift-Tab: ghost text becomes fields, fields are walked, at the last one the parameters are offered.

use crossterm::event::KeyCode;

use super::completion::popup;
use super::slots::{entry, slots};
use super::{Composer, Surroundings};
use crate::smtp::session::Sent;
use crate::smtp::verb::FieldKind;

impl Composer {
    /// Puts a verb there with its template filled in, and its first field selected.
    pub fn begin(&mut self, verb: &str, around: &Surroundings<'_>) {
        self.set_line(verb);
        self.arrange(around);
        self.popup = None;
        if self.ghost.is_empty() {
            self.line.insert(" ");
            self.arrange(around);
            // What must follow is typed right there, with what may be meant above it.
            let must = around.verbs.find(verb).and_then(|entry| entry.fields.first()).is_some_and(|it| !it.optional);
            self.asked = must && self.ghost.is_empty();
            if self.ghost.is_empty() && !must {
                self.line.set(verb);
            }
        }
        let fields = !self.ghost.is_empty();
        if fields {
            self.expand(around);
        }
        self.arrange(around);
    }

    /// Whether a completion is open above the line.
    #[must_use]
    pub fn completes(&self) -> bool {
        self.popup.is_some()
    }

    /// Closes the completion until the line is another; false where none is open.
    pub fn close_popup(&mut self, around: &Surroundings<'_>) -> bool {
        let was = self.popup.is_some();
        self.asked = false;
        self.dismissed = was.then(|| self.line.text().to_owned());
        self.arrange(around);
        was
    }

    /// Whether what is typed is message content: Tab means nothing there.
    pub(super) fn is_content(&self, around: &Surroundings<'_>) -> bool {
        !matches!(around.session.classify(self.line.text().as_bytes()), Sent::Command(_))
    }

    /// What the popup offers now.
    pub(super) fn complete(&mut self, around: &Surroundings<'_>) {
        let line = self.line.text();
        // A field that was only walked to is left alone until something is typed.
        let walked = self.line.selected().is_some() && !self.asked;
        let dismissed = self.dismissed.as_deref() == Some(line);
        let found = if walked || ((around.bare || around.exam || dismissed) && !self.asked) {
            None
        } else {
            popup(line, self.line.cursor(), self.asked, &self.history, around)
        };
        // What the ghost text shows already needs no list.
        let found = found.filter(|popup| {
            let one = popup.items.len() == 1 && !self.ghost().is_empty();
            self.asked || !one
        });
        let marked = self.popup.as_ref().zip(found.as_ref()).filter(|(old, new)| old.items == new.items);
        let marked = marked.map_or(0, |(old, _)| old.marked);
        self.asked &= found.is_some();
        self.popup = found.map(|popup| super::Popup { marked, ..popup });
    }

    /// Tab: takes the completion, or the ghost text as fields, or goes to the next field, or offers what may follow.
    pub(super) fn tab(&mut self, around: &Surroundings<'_>) -> bool {
        self.history.leave();
        if let Some(popup) = self.popup.take() {
            let item = &popup.items[popup.marked];
            self.asked = false;
            self.line.replace(popup.span.clone(), &item.text);
        } else if !self.ghost().is_empty() {
            self.expand(around);
        } else if !self.walk(true, around) && !self.offer(around) {
            return false;
        }
        self.arrange(around);
        true
    }

    /// Shift-Tab: the field before.
    pub(super) fn tab_back(&mut self, around: &Surroundings<'_>) -> bool {
        self.asked = false;
        self.history.leave();
        self.walk(false, around);
        self.arrange(around);
        true
    }

    /// Down and Up within the popup; false where the key is for the history.
    pub(super) fn mark(&mut self, code: KeyCode, around: &Surroundings<'_>) -> bool {
        if self.history.is_searching() {
            return false;
        }
        let on = code == KeyCode::Down;
        match &mut self.popup {
            Some(popup) if on => {
                popup.step(true);
                self.asked = true;
                true
            }
            Some(popup) if self.asked => {
                popup.step(false);
                true
            }
            None if on && !self.line.text().is_empty() => {
                self.asked = true;
                self.complete(around);
                self.popup.is_some()
            }
            _ => false,
        }
    }

    /// Takes the ghost text and selects the first field in it.
    fn expand(&mut self, around: &Surroundings<'_>) {
        let from = self.line.cursor();
        let ghost = std::mem::take(&mut self.ghost);
        self.line.insert(&ghost);
        let slots = slots(self.line.text(), around.verbs);
        // A field that was begun by hand and only completed is done.
        let begun = slots.iter().any(|slot| slot.span.start < from && from <= slot.span.end);
        if let Some(slot) = slots.iter().find(|slot| slot.span.start >= from).filter(|_| !begun) {
            self.line.select(slot.span.clone());
        }
    }

    /// Selects the field after the cursor, or before it; false where there is none.
    fn walk(&mut self, on: bool, around: &Surroundings<'_>) -> bool {
        let cursor = self.line.cursor();
        let start = self.line.selected().map_or(cursor, |field| field.start);
        let slots = slots(self.line.text(), around.verbs);
        let next = if on {
            // The cursor at the end of a field is still in it.
            slots.iter().find(|slot| slot.span.start > cursor)
        } else {
            let here = slots.iter().position(|slot| slot.span.start <= start && start <= slot.span.end);
            let before =
                here.map_or_else(|| slots.iter().rposition(|slot| slot.span.end < start), |n| n.checked_sub(1));
            before.map(|n| &slots[n])
        };
        let Some(slot) = next else { return false };
        self.line.select(slot.span.clone());
        true
    }

    /// At the last field: the parameters, or the next word of the template.
    fn offer(&mut self, around: &Surroundings<'_>) -> bool {
        let text = self.line.text();
        let Some(entry) = entry(text, around.verbs) else { return false };
        let next = entry.fields.get(slots(text, around.verbs).len());
        // What nobody has to give and nothing is offered for is no place to go to.
        let idle = next.is_none_or(|field| field.optional && field.kind == FieldKind::Base64);
        if entry.parameters.is_empty() && idle {
            return false;
        }
        let end = text.len();
        let spaced = text.ends_with(' ');
        self.line.select(end..end);
        if !spaced {
            self.line.insert(" ");
        }
        self.asked = true;
        true
    }
}
