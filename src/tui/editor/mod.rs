//! F3: the message editor. Header fields and body are one text, and a form stands beside it where it is wanted; samples
//! and files go in where the cursor is.

use std::path::PathBuf;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::overlay::Outcome;
use super::pane::composer::Identity;
use super::paths::Paths;
use crate::message::{Attachment, Stamp, header};

mod begin;
mod draft;
mod form;
mod left;
mod text;
mod view;

pub(super) use left::{doubtful, left, prepared};

pub use draft::Draft;
use draft::{summary, unparted, whole};
use form::{Done, Form};
use text::Text;

/// Rows of a page.
const PAGE: isize = 15;

/// What the editor shows besides the text.
#[derive(Debug, Clone)]
enum Asking {
    Nothing,
    /// Which sample, or a file.
    Sample(usize),
    /// Which file.
    File(Input),
}

/// The editor's state.
#[derive(Debug, Clone)]
pub struct Editor {
    text: Text,
    asking: Asking,
    samples: Vec<(String, String)>,
    /// The form, where it has the keys.
    form: Option<Form>,
    /// The file that was asked for is a message of its own and takes the place of the text.
    whole: bool,
    /// The Date and Message-ID of what is begun here.
    stamp: Stamp,
    /// The text as nobody has touched it yet: as it was begun, or a sample as it came.
    untouched: Vec<String>,
    /// It was said that something takes the place of what was written; once more does it.
    warned: bool,
}

impl Editor {
    /// An editor on this draft; on the header fields of a new message where it is empty.
    #[must_use]
    pub fn of(draft: &Draft, identity: &Identity, stamp: Stamp) -> Self {
        let fresh = draft.lines.is_empty();
        let samples = samples(identity, &stamp);
        let (lines, stamp) = match draft {
            _ if fresh => (Draft::begun(identity, &stamp), stamp),
            draft if draft.sent && draft.taken => (draft.again(&stamp).lines, stamp),
            draft => (draft.lines.clone(), draft.stamp.clone()),
        };
        let untouched = if fresh { lines.clone() } else { Vec::new() };
        let mut text = Text::of(lines);
        if fresh {
            text.go(4);
            text.end();
        } else {
            text.go_to_body();
        }
        Self { text, asking: Asking::Nothing, samples, form: None, whole: false, stamp, untouched, warned: false }
    }

    /// Its text, to be gone on with.
    pub(super) fn kept(&self) -> Draft {
        self.draft(false)
    }

    /// Whether its form has the keys.
    pub(super) fn is_form(&self) -> bool {
        self.form.is_some()
    }

    /// What Esc does, in a word or two.
    pub(super) fn back(&self) -> &'static str {
        if self.form.is_some() { "to the text" } else { "keep the text" }
    }

    /// Its text as a draft.
    fn draft(&self, ready: bool) -> Draft {
        let lines = whole(&self.text.lines).to_vec();
        Draft { lines, ready, stamp: self.stamp.clone(), ..Draft::default() }
    }

    /// The file that was asked for was read: a message takes the place of the text, other text goes in at the cursor.
    pub(super) fn read(&mut self, text: &str) {
        if std::mem::take(&mut self.whole) {
            let mut octets = text.as_bytes().to_vec();
            header::strip_from_line(&mut octets);
            self.replace(&String::from_utf8_lossy(&octets));
        } else {
            self.insert(text);
        }
    }

    /// Another message takes the place of the text.
    fn replace(&mut self, message: &str) {
        self.put(message.lines().map(str::to_owned).collect());
    }

    fn put(&mut self, lines: Vec<String>) {
        self.text = Text::of(lines);
        self.text.go_to_body();
        self.untouched.clone_from(&self.text.lines);
    }

    /// Whether a message that takes the place of the text takes something away that somebody wrote; that is said first.
    fn spares(&mut self) -> bool {
        let written = self.text.lines != self.untouched && self.text.lines.iter().any(|line| !line.is_empty());
        self.warned = written && !self.warned;
        self.warned
    }

    /// The line that stands where a field of the header would. The one that is being written is not judged yet.
    fn unparted(&self) -> Option<&str> {
        let lines = self.text.lines.iter().enumerate();
        unparted(lines.filter(|(row, _)| *row != self.text.row).map(|(_, line)| line.as_str()))
    }

    /// Whether a line holds a line feed alone, which stands there as `\n`.
    fn has_bare_feeds(&self) -> bool {
        self.text.lines.iter().any(|line| line.contains('\n'))
    }

    /// Text from the clipboard goes in at the cursor.
    pub fn insert(&mut self, text: &str) {
        if let Some(mut form) = self.form.take() {
            let done = form.paste(text, &self.octets());
            self.form = Some(form);
            self.done(done);
            return;
        }
        if let Asking::File(input) = &mut self.asking {
            for c in text.lines().next().unwrap_or_default().chars() {
                input.handle(tui_input::InputRequest::InsertChar(c));
            }
            return;
        }
        self.text.insert(text);
    }

    /// The text as octets, for what looks at messages.
    fn octets(&self) -> Vec<u8> {
        self.text.lines.join("\n").into_bytes()
    }

    /// A file was read that is to be attached.
    pub fn attach(&mut self, name: String, octets: Vec<u8>) {
        let attachment = Attachment { name: Some(name), octets, ..Attachment::default() };
        match crate::message::attach::attach(&self.octets(), &attachment) {
            Ok(message) => {
                if let Some(form) = &mut self.form {
                    form.attached();
                }
                self.take(&message);
            }
            Err(error) => {
                if let Some(form) = &mut self.form {
                    form.say(error.to_string());
                }
            }
        }
    }

    /// The file that was to be attached can't be read; why. False where nobody asks for one any more.
    pub(super) fn not_attached(&mut self, why: &str) -> bool {
        let Some(form) = &mut self.form else { return false };
        form.say(format!("not attached: it {why}"));
        true
    }

    /// A message takes the place of the text; the cursor stays on its row.
    fn take(&mut self, message: &[u8]) {
        let row = self.text.row;
        let text = String::from_utf8_lossy(message).into_owned();
        let mut lines: Vec<String> =
            text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
        // Whether the last line has an end is not the form's business.
        if self.text.lines.last().is_some_and(|line| !line.is_empty()) && lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        self.text = Text::of(lines);
        self.text.put(row, 0);
    }

    /// What the form wants.
    fn done(&mut self, done: Done) -> Outcome {
        match done {
            Done::Stay => {}
            Done::Text(message) => self.take(&message),
            Done::Attach(path) => return Outcome::Attach(path),
            Done::Leave => self.form = None,
            Done::Finish => return Outcome::Draft(self.draft(true)),
        }
        Outcome::Stay
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Outcome {
        if let Some(mut form) = self.form.take() {
            // Samples take the place of the text, which has the keys then.
            if key.code == KeyCode::F(2) {
                self.asking = Asking::Sample(0);
                return Outcome::Stay;
            }
            let done = form.key(key, &self.octets());
            self.form = Some(form);
            return self.done(done);
        }
        match std::mem::replace(&mut self.asking, Asking::Nothing) {
            Asking::Nothing => self.write(key),
            Asking::Sample(marked) => self.choose(marked, key),
            Asking::File(input) => self.name(input, key),
        }
    }

    fn choose(&mut self, marked: usize, key: KeyEvent) -> Outcome {
        let last = self.samples.len();
        self.warned &= key.code == KeyCode::Enter;
        let marked = match key.code {
            KeyCode::Esc => return Outcome::Stay,
            KeyCode::Up => marked.saturating_sub(1),
            KeyCode::Down => (marked + 1).min(last),
            KeyCode::Enter if marked == last => {
                self.asking = Asking::File(Input::default());
                return Outcome::Stay;
            }
            KeyCode::Enter if self.spares() => marked,
            KeyCode::Enter => {
                let (_, sample) = self.samples[marked].clone();
                // Of one that is raw every octet counts: its lines end in CR LF, and what ends in less goes on.
                match sample.strip_suffix("\r\n") {
                    Some(raw) => self.put(raw.split("\r\n").map(str::to_owned).collect()),
                    None => self.replace(&sample),
                }
                return Outcome::Stay;
            }
            KeyCode::Char('d') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Outcome::Draft(self.draft(true));
            }
            _ => marked,
        };
        self.asking = Asking::Sample(marked);
        Outcome::Stay
    }

    fn name(&mut self, mut input: Input, key: KeyEvent) -> Outcome {
        self.warned &= key.code == KeyCode::Enter;
        match key.code {
            KeyCode::Enter if is_message(input.value()) && self.spares() => {}
            KeyCode::Esc => return Outcome::Stay,
            KeyCode::Enter if !input.value().trim().is_empty() => {
                let path = PathBuf::from(input.value().trim());
                self.whole = is_message(input.value());
                return Outcome::ReadFile(path);
            }
            KeyCode::Tab => {
                let typed = input.value().to_owned();
                self.asking = Asking::File(input);
                return Outcome::Complete(typed);
            }
            _ => {
                input.handle_event(&Event::Key(key));
            }
        }
        self.asking = Asking::File(input);
        Outcome::Stay
    }

    /// Goes on with the path that was typed, where it is still the same; false where it is not.
    pub(super) fn complete(&mut self, paths: &Paths) -> bool {
        let Asking::File(input) = &mut self.asking else { return false };
        let same = input.value() == paths.typed;
        if same {
            *input = Input::new(paths.text().to_owned());
        }
        same
    }

    fn write(&mut self, key: KeyEvent) -> Outcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('d') if control => return Outcome::Draft(self.draft(true)),
            KeyCode::Char('c') if control => return Outcome::Draft(self.draft(false)),
            KeyCode::Esc | KeyCode::F(3) => return Outcome::Draft(self.draft(false)),
            KeyCode::F(2) => self.asking = Asking::Sample(0),
            // What it gives back has one kind of line end.
            KeyCode::F(6) if self.has_bare_feeds() => {}
            KeyCode::F(6) => self.form = Some(Form::of(&self.octets())),
            KeyCode::Char('k') if control => self.text.cut(),
            KeyCode::Char('a') if control => self.text.home(),
            KeyCode::Char('e') if control => self.text.end(),
            KeyCode::Char(c) if !control => self.text.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Enter => self.text.enter(),
            KeyCode::Tab => self.text.insert("\t"),
            KeyCode::Backspace => self.text.backspace(),
            KeyCode::Delete => self.text.delete(),
            KeyCode::Left => self.text.left(),
            KeyCode::Right => self.text.right(),
            KeyCode::Up => self.text.go(-1),
            KeyCode::Down => self.text.go(1),
            KeyCode::PageUp => self.text.go(-PAGE),
            KeyCode::PageDown => self.text.go(PAGE),
            KeyCode::Home if control => self.text.top(),
            KeyCode::End if control => self.text.bottom(),
            KeyCode::Home => self.text.home(),
            KeyCode::End => self.text.end(),
            _ => {}
        }
        Outcome::Stay
    }
}

/// Whether a file is a message of its own, by its name.
fn is_message(path: &str) -> bool {
    PathBuf::from(path.trim()).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"))
}

/// The samples, by their names, filled in.
fn samples(identity: &Identity, stamp: &Stamp) -> Vec<(String, String)> {
    let to = identity.to.first().map_or("", String::as_str);
    let all = crate::message::samples(&identity.from, to, stamp).into_iter();
    all.filter_map(|sample| Some((sample.name.replace('-', " "), String::from_utf8(sample.octets).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_messages() {
        let identity = Identity { ehlo: String::new(), from: "a@b".into(), to: vec!["c@d".into()] };
        let samples = samples(&identity, &Stamp::default());
        assert!(samples.len() >= 6, "{samples:?}");
        for (name, text) in samples.into_iter().filter(|(name, _)| name != "bare lf") {
            assert!(
                text.starts_with("From: ") && text.contains("\nTo: <c@d>\nSubject: ") && text.contains("\n\n"),
                "{name}"
            );
            assert!(!text.contains('\r') && text.ends_with('\n'), "{name}");
        }
    }

    #[test]
    fn a_sample_takes_what_was_written_away_only_when_it_is_taken_twice() {
        let mut editor = Editor::of(&Draft::default(), &Identity::default(), Stamp::default());
        let begun = editor.text.lines.clone();
        editor.key(KeyCode::F(2).into());
        editor.key(KeyCode::Enter.into());
        assert_ne!(editor.text.lines, begun, "nothing was written");
        editor.insert("mine");
        let written = editor.text.lines.clone();
        editor.key(KeyCode::F(2).into());
        editor.key(KeyCode::Enter.into());
        assert_eq!(editor.text.lines, written);
        editor.key(KeyCode::Down.into());
        editor.key(KeyCode::Enter.into());
        assert_eq!(editor.text.lines, written, "another sample is another question");
        let done = editor.key(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL));
        assert!(matches!(done, Outcome::Draft(draft) if draft.ready && draft.lines == whole(&written)));
        editor.key(KeyCode::Enter.into());
        editor.key(KeyCode::Enter.into());
        assert_ne!(editor.text.lines, written);
    }

    #[test]
    fn the_sample_of_bare_line_feeds_is_kept_octet_for_octet() {
        let mut editor = Editor::of(&Draft::default(), &Identity::default(), Stamp::default());
        let marked = editor.samples.iter().position(|(name, _)| name == "bare lf").expect("it is there");
        editor.asking = Asking::Sample(marked);
        editor.key(KeyCode::Enter.into());
        editor.key(KeyCode::F(6).into());
        assert!(!editor.is_form(), "it would make ordinary line ends of them");
        let sample = crate::message::samples("", "", &Stamp::default()).into_iter().find(|it| it.raw).expect("one");
        let draft = editor.draft(true);
        assert_eq!((draft.content(), draft.with_bare_feeds()), (sample.octets.clone(), Some(sample.octets)));
    }

    #[test]
    fn a_text_that_is_gone_on_with_has_the_cursor_in_its_body() {
        let lines = ["Date: x", "Subject: y", "", "Hello"].map(str::to_owned).to_vec();
        let editor = Editor::of(&Draft { lines, ..Draft::default() }, &Identity::default(), Stamp::default());
        assert_eq!((editor.text.row, editor.text.at), (3, 5));
    }
}
