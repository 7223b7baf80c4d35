//! The composer: the one line that will be sent, its ghost text, its lint, its history.
//!
//! Every printable key is text, every other is a control key: nothing typed here is magic. Not here: sending, and the
//! keys of actions (Enter, F8, …), which the action table has.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::lesson::Goal;
use crate::smtp::lint::{self, Lint};
use crate::smtp::session::Sent;
use crate::smtp::{Phase, Session, VerbTable};
use crate::tui::keymap::Keymap;
use crate::tui::pasted::Pasted;
use crate::tui::theme::Theme;

mod challenge;
mod completion;
mod dollar;
#[cfg(test)]
mod field_tests;
mod fields;
mod ghost;
mod head;
mod hint;
mod history;
mod line;
mod popup;
mod receipt;
#[cfg(test)]
mod said_tests;
mod secrecy;
mod shut;
mod slip;
mod slots;
mod step;
#[cfg(test)]
mod tests;
mod view;

pub use challenge::{Challenge, Wants};
pub use dollar::{Answer, answer};

use completion::Popup;
use head::Head;
use hint::Hint;
use history::History;
use line::{Line, Reach};

/// What is filled into templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The name to greet with.
    pub ehlo: String,
    /// The reverse-path.
    pub from: String,
    /// The forward-paths; the next one that was not used yet is offered.
    pub to: Vec<String>,
}

/// What the composer must know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Where the session stands.
    pub session: &'a Session,
    /// Whether lines can be sent.
    pub open: bool,
    /// What is awaited: its name, for how long already, and for how long at most.
    pub waiting: Option<(&'a str, Duration, Duration)>,
    /// How much of a long message has gone out, and how much it is in all, octets.
    pub progress: Option<(u64, u64)>,
    /// The verbs.
    pub verbs: &'a VerbTable,
    /// What is filled in.
    pub identity: &'a Identity,
    /// Forward-paths of the open transaction, in order.
    pub recipients: &'a [String],
    /// What the open 334 asks for.
    pub challenge: Option<&'a Challenge>,
    /// Which keys are named.
    pub keymap: &'a Keymap,
    /// Nothing is offered: the typing itself is the matter.
    pub bare: bool,
    /// It is an exam: nothing is said about the line.
    pub exam: bool,
    /// Its time is over.
    pub over: bool,
    /// A replay puts the lines here, and what was typed before has nothing to add to them.
    pub replays: bool,
    /// The line that is the next step after a refusal that was the last word.
    pub advised: Option<&'a str>,
    /// The last word was the refusal of a log-in.
    pub login_failed: bool,
    /// Something that was offered before is not offered now, and nobody has accepted that.
    pub misses: bool,
    /// The other side is the lab: what it takes can be looked at.
    pub lab: bool,
    /// What the server has put off.
    pub again: Option<Again<'a>>,
    /// What the open step of the lesson asks for.
    pub step: Option<&'a Goal>,
    /// What it has offered in place of the ordinary next line, where it says so.
    pub offers: Option<&'a [String]>,
    /// It waits for a line before its turn, and for nothing else any more.
    pub too_early: bool,
    /// A message was sent, and no server has taken it: the editor has it as it was.
    pub unsent: bool,
    /// How many lines are kept for one write; nothing where each is sent by itself.
    pub collected: Option<usize>,
    /// The time of day, as far as it is known.
    pub today: Option<jiff::Timestamp>,
    /// A paste that goes out line by line.
    pub pasted: &'a Pasted,
}

/// A command that the server has put off for a time that it named.
#[derive(Debug, Clone, Copy)]
pub struct Again<'a> {
    /// The line that is sent again.
    pub line: &'a str,
    /// The MAIL that has to come before it, where no transaction is open.
    pub mail: Option<&'a str>,
    /// Seconds until then; none are left once it makes sense.
    pub left: u64,
    /// The lab's clock runs faster than ours: less is waited than its words say.
    pub fast: bool,
}

/// The title where the line is a command.
const LINE: &str = "Line to send";

/// The composer's state.
#[derive(Debug, Default)]
pub struct Composer {
    line: Line,
    history: History,
    /// What [`Self::arrange`] found.
    ghost: String,
    lints: Vec<Lint>,
    popup: Option<Popup>,
    /// The line at which the completion was closed.
    dismissed: Option<String>,
    /// Completion was asked for, and not only offered.
    asked: bool,
    /// The lone dot was sent, and no transaction begun since: QUIT is what comes next.
    ended: bool,
    /// How far the header of the message has come that is typed line by line.
    head: Head,
}

impl Composer {
    /// The line as it would be sent.
    #[must_use]
    pub fn line(&self) -> &str {
        self.line.text()
    }

    /// The line before the cursor, and after it.
    #[must_use]
    pub fn halves(&self) -> (&str, &str) {
        self.line.text().split_at(self.line.cursor())
    }

    /// What is offered after the cursor; not a part of the line until it is taken.
    #[must_use]
    pub fn ghost(&self) -> &str {
        if self.line.at_end() { &self.ghost } else { "" }
    }

    /// What was found about the line, most severe first.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    /// Puts a line there instead, with the cursor at its end. [`Self::arrange`] is due after it.
    pub fn set_line(&mut self, line: &str) {
        self.line.set(line);
        self.history.leave();
        self.ghost.clear();
        self.lints.clear();
        self.popup = None;
        self.asked = false;
    }

    /// Puts a line with a path there, with the cursor at the end of the path's domain. [`Self::arrange`] is due after it.
    pub fn set_path_line(&mut self, line: &str) {
        self.set_line(line);
        if let Some(end) = line.find('>') {
            self.line.select(end..end);
        }
    }

    /// A key that no action took: text, editing, ghost text (Right, End, Tab), history (Up, Down). False where it
    /// means nothing here.
    pub fn key(&mut self, key: KeyEvent, around: &Surroundings<'_>) -> bool {
        if key.kind == KeyEventKind::Release {
            return false;
        }
        let known = match key.code {
            KeyCode::Up | KeyCode::Down => {
                return self.mark(key.code, around) || self.recall(key.code, around);
            }
            KeyCode::Tab if key.modifiers.is_empty() && !self.is_content(around) => return self.tab(around),
            KeyCode::BackTab if !self.is_content(around) => return self.tab_back(around),
            KeyCode::Char(c) if is_text(key.modifiers) => {
                self.line.insert(c.encode_utf8(&mut [0; 4]));
                true
            }
            code => {
                self.asked &= matches!(code, KeyCode::Backspace);
                self.take_ghost(code, key.modifiers) || self.edit(code, key.modifiers)
            }
        };
        if known {
            self.history.leave();
            self.arrange(around);
        }
        known
    }

    /// Pasted text, one line of it: a line end at its end is left out.
    pub fn paste(&mut self, text: &str, around: &Surroundings<'_>) {
        self.line.insert(text.trim_end_matches(['\r', '\n']));
        self.history.leave();
        self.arrange(around);
    }

    /// The commands sent before, the newest first.
    pub fn before(&self) -> impl Iterator<Item = &str> {
        self.history.commands().rev()
    }

    /// Takes over what was sent in runs before this, oldest first.
    pub fn remember(&mut self, lines: Vec<String>) {
        self.history.remember(lines);
    }

    /// The line turned out to hold a secret: it is not found again.
    pub fn forget(&mut self, line: &str) {
        self.history.forget(line);
    }

    /// Puts the line away: it is the first that is found again.
    pub fn put_away(&mut self) {
        let line = self.line.text().to_owned();
        self.set_line("");
        self.history.put_away(line);
    }

    /// The line was sent: remembers it (unless it looks like a secret) and empties the composer. `around` is how
    /// Whether nothing of the message that is typed line by line was sent yet.
    #[must_use]
    pub(in crate::tui) fn has_begun_no_message(&self) -> bool {
        self.head == Head::Due
    }

    /// things stood when it was sent. Gives whether it is a command to be remembered in runs to come.
    pub fn sent(&mut self, around: &Surroundings<'_>) -> bool {
        let kept = self.history.keep(self.line.text(), around);
        if around.session.classify(self.line.text().as_bytes()) == Sent::EndOfData {
            self.ended = true;
        }
        let by_hand = self.is_content(around) && around.session.phase() == Phase::Data;
        self.head = if by_hand { self.head.after(self.line.text()) } else { Head::default() };
        self.line.set("");
        self.asked = false;
        self.arrange(around);
        kept
    }

    /// A command was answered; one that was `refused` is not offered again by itself. [`Self::arrange`] is due after it.
    pub fn answered(&mut self, line: &str, refused: bool) {
        self.history.answered(line, refused);
    }

    /// Takes the mended line (F8); false where there is nothing to mend.
    pub fn mend(&mut self, around: &Surroundings<'_>) -> bool {
        let Some(mended) = self.lints.iter().find_map(|lint| lint.mended.clone()) else { return false };
        self.set_line(&mended);
        self.arrange(around);
        if !mended.trim_end().contains(' ') && !self.ghost().is_empty() {
            // `hello` is HELO and the name that stands there in grey: who takes the one takes the other.
            self.set_line(&format!("{mended}{}", self.ghost()));
            self.arrange(around);
        }
        true
    }

    /// Asks for a receipt on the line, ghost text included, or takes that back; false where it is neither MAIL nor RCPT.
    /// `envelope` is what the receipt is to be known by.
    pub fn receipt(&mut self, around: &Surroundings<'_>, envelope: &str) -> bool {
        let whole = format!("{}{}", self.line.text(), self.ghost());
        let Some(line) = receipt::turned(&whole, envelope) else { return false };
        self.set_line(&line);
        self.arrange(around);
        true
    }

    /// Looks at the line anew: lint, ghost text. Called after every change of the line or of the session.
    pub fn arrange(&mut self, around: &Surroundings<'_>) {
        if !matches!(around.session.phase(), Phase::Data | Phase::Verdict | Phase::Ready | Phase::Rcpt) {
            self.ended = false;
        }
        let line = self.line.text();
        self.ghost = ghost::ghost(line, self.ended, &self.history, around);
        let lints = |line: &str| lint::lint_at(line.as_bytes(), around.session, around.verbs, around.today);
        self.lints = if around.open { lints(line) } else { Vec::new() };
        if !self.lints.is_empty()
            && let Some(whole) = ghost::completed(line, &self.ghost, around)
        {
            // A line that is still being typed is not called wrong for what it would not be once it is whole.
            let lasting = lints(&whole);
            self.lints.retain(|lint| lasting.iter().any(|it| it.name == lint.name));
        }
        self.complete(around);
        for lint in self.lints.iter_mut().filter(|lint| lint.name == "not-base64") {
            match around.challenge {
                Some(challenge) => challenge.no_base64(self.line.text(), lint),
                None => challenge::repair(self.line.text(), lint),
            }
        }
        if let Some(challenge) = around.challenge.filter(|_| self.lints.is_empty()) {
            self.lints.extend(challenge.as_typed(self.line.text()));
        }
        if answer(self.line.text(), around).is_some() || hint::is_filled(self.line.text(), around) {
            // What goes out is the base64, and not what stands there.
            self.lints.clear();
        }
        if self.asked {
            // What follows the space is being chosen.
            self.lints.retain(|lint| lint.name != "trailing-space");
        }
        for lint in self.lints.iter_mut().filter(|lint| lint.name == lint::CLIENT) {
            lint.reason.push_str(&around.keymap.told(" {connect} connects elsewhere."));
        }
        if around.exam {
            self.lints.clear();
        }
        if around.waiting.is_some() || around.collected.is_some_and(|kept| kept > 0) {
            // What the reply will change is not known yet, so nothing can be said about the order.
            self.lints.retain(|lint| lint.name != "sequence");
        }
    }

    /// The title of the frame: `Line to send`, `Message content · …`, and the line end that will be sent.
    #[must_use]
    pub fn title(&self, around: &Surroundings<'_>) -> (String, String) {
        let session = around.session;
        let title = match session.phase() {
            _ if !around.open => "Line to send · no connection",
            Phase::Data => "Message content · a line with only \".\" ends it",
            _ if session.chunk_left > 0 => "Content of the chunk",
            _ if secrecy::is_answer(around) => "Answer within AUTH · masked once sent",
            _ => LINE,
        };
        let left = match around.pasted.left() {
            0 => String::new(),
            // Beside a longer title there is no room for the key.
            left if title == LINE => format!(" · {left} more pasted, Esc forgets"),
            left => format!(" · {left} more pasted"),
        };
        (format!("{title}{left}"), "CRLF".to_owned())
    }

    /// The rows that what is said of the line would like to have, on an area of so many columns; one at least.
    #[must_use]
    pub fn rows(&self, around: &Surroundings<'_>, columns: u16) -> u16 {
        let hint = hint::hint(self.line.text(), self.head, &self.lints, self.ghost(), around);
        view::rows(&hint, around.keymap, columns)
    }

    /// Draws line and second row, without a frame; gives where the cursor is.
    pub fn draw(&self, around: &Surroundings<'_>, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let row = view::Row::new(self.line.text(), self.line.cursor(), area.width);
        let hint = hint::hint(self.line.text(), self.head, &self.lints, self.ghost(), around);
        let marked = match &hint {
            Hint::Lint { span, .. } => Some(span),
            Hint::Note(..) => None,
        };
        let cursor = row.draw(self.ghost(), marked, theme, Rect { height: 1, ..area }, buffer);
        if let Some(field) = self.line.selected() {
            row.draw_selected(field, theme, area, buffer);
        }
        if area.height > 1 {
            let second = Rect { y: area.y + 1, height: area.height - 1, ..area };
            view::draw_hint(&hint, &row, around.keymap, theme, second, buffer);
        }
        Some(cursor)
    }

    fn recall(&mut self, code: KeyCode, around: &Surroundings<'_>) -> bool {
        let found =
            if code == KeyCode::Up { self.history.back(self.line.text(), around) } else { self.history.on(around) };
        if let Some(line) = found {
            self.line.set(&line);
            self.arrange(around);
        }
        true
    }

    /// Takes the ghost text, or its first word; false where there is none or the key is another one.
    fn take_ghost(&mut self, code: KeyCode, modifiers: KeyModifiers) -> bool {
        if self.ghost().is_empty() {
            return false;
        }
        let by_word = modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let octets = match code {
            KeyCode::Right if by_word => line::end_of_word(&self.ghost),
            KeyCode::Char('f') if modifiers == KeyModifiers::ALT => line::end_of_word(&self.ghost),
            KeyCode::Char('e' | 'f') if modifiers == KeyModifiers::CONTROL => self.ghost.len(),
            KeyCode::Right | KeyCode::End => self.ghost.len(),
            _ => return false,
        };
        let taken = self.ghost[..octets].to_owned();
        self.line.insert(&taken);
        true
    }

    /// The editing keys; false where the key is none.
    fn edit(&mut self, code: KeyCode, modifiers: KeyModifiers) -> bool {
        let control = modifiers.contains(KeyModifiers::CONTROL);
        let alt = modifiers.contains(KeyModifiers::ALT);
        let line = &mut self.line;
        match code {
            KeyCode::Left if control || alt => line.go(Reach::WordBack),
            KeyCode::Right if control || alt => line.go(Reach::WordOn),
            KeyCode::Left => line.go(Reach::Back),
            KeyCode::Right => line.go(Reach::On),
            KeyCode::Home => line.go(Reach::Start),
            KeyCode::End => line.go(Reach::End),
            KeyCode::Backspace if control || alt => line.cut(Reach::WordBack),
            KeyCode::Delete if control || alt => line.cut(Reach::WordOn),
            KeyCode::Backspace => line.delete(Reach::Back),
            KeyCode::Delete => line.delete(Reach::On),
            KeyCode::Char(letter) if control && !alt => match letter.to_ascii_lowercase() {
                'a' => line.go(Reach::Start),
                'e' => line.go(Reach::End),
                'b' => line.go(Reach::Back),
                'f' => line.go(Reach::On),
                'd' => line.delete(Reach::On),
                'h' => line.delete(Reach::Back),
                'u' => {
                    // A bracket that nothing stands before any more is no use to anybody.
                    if &line.text()[line.cursor()..] == ">" {
                        line.go(Reach::End);
                    }
                    line.cut(Reach::Start);
                }
                'k' => line.cut(Reach::End),
                'w' => line.cut(Reach::SpaceBack),
                'y' => line.yank(),
                _ => return false,
            },
            KeyCode::Char(letter) if alt && !control => match letter.to_ascii_lowercase() {
                'b' => line.go(Reach::WordBack),
                'f' => line.go(Reach::WordOn),
                'd' => line.cut(Reach::WordOn),
                _ => return false,
            },
            _ => return false,
        }
        true
    }
}

/// Whether a character with these modifiers is text: plain, shifted, or by `AltGr` (which some terminals report as
/// Ctrl and Alt together).
fn is_text(modifiers: KeyModifiers) -> bool {
    let both = KeyModifiers::CONTROL | KeyModifiers::ALT;
    !modifiers.intersects(both | KeyModifiers::SUPER | KeyModifiers::META | KeyModifiers::HYPER)
        || modifiers.contains(both)
}
