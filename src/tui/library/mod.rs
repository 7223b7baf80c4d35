//! The library: the conversations that were kept, found as one types, with a look into the marked one.
//!
//! State and keys are here, drawing is in [`view`], what is done on the disk beside the loop in [`disk`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use crate::conversation::event::Remark;
use crate::library::{Found, Pruned, Summary};

use super::action::Action;
use super::effect::Effect;
use super::model::{Face, Model};
use super::overlay::{Ask, Overlay, Prompt, Question};
use super::pane::transcript::Transcript;
use super::talk::Talk;

pub(super) mod disk;
mod gone;
mod marked;
mod order;
#[cfg(test)]
pub(super) mod tests;
mod view;

use gone::{gone, missing, removed};
use marked::is_held;
pub(super) use marked::open;
use order::Order;
pub(super) use view::{draw, preview_room, row_at};

/// A transcript of the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// What is known of it.
    pub summary: Summary,
    /// When it was, as one speaks of it.
    pub when: String,
}

/// All of them, newest first.
pub type Rows = Arc<Vec<Row>>;

/// What is wanted of the transcripts on disk.
#[derive(Debug, Clone)]
pub enum Wish {
    /// The list of them.
    List,
    /// Those of the list that hold this. A later search, by its number, ends an earlier one.
    Find {
        /// The list.
        rows: Rows,
        /// What was typed.
        text: String,
        /// Which search it is.
        number: u64,
    },
    /// The beginning of this one, with this line of its file in sight.
    Preview(PathBuf, Option<usize>),
    /// Append to this one.
    Annotate(PathBuf, Vec<Remark>),
    /// Which would go, by the limits that were typed.
    Prune(String),
    /// Remove these.
    Remove(Vec<PathBuf>),
    /// Tell which files of the list are no longer there.
    Missing(Rows),
}

/// What comes back.
#[derive(Debug)]
pub enum News {
    /// The list, or the newest of it.
    Listed(Rows, Whole),
    /// So many of the list were looked into, and these are what was found since the last time, by their place in it.
    Found {
        /// Which search it is of.
        number: u64,
        /// Places in the list, and where in the file.
        hits: Vec<(usize, Option<Found>)>,
        /// How many were looked into.
        looked: usize,
    },
    /// What was typed can't be looked for; why.
    Wrong(u64, String),
    /// The beginning of a transcript, and the record that is to be in sight.
    Preview(PathBuf, Box<Talk>, Option<usize>),
    /// This is known of a transcript now.
    Annotated(Box<Row>),
    /// What would go by the limits; or what is wrong with these.
    Pruned(Result<Vec<Pruned>, String>),
    /// Somebody else has deleted or moved this one.
    Gone(PathBuf),
    /// All of them that somebody else has deleted or moved.
    Missing(Vec<PathBuf>),
    /// These are gone; and what became of the others.
    Removed(Vec<PathBuf>, Option<String>),
    /// It could not be done; why.
    Failed(String),
}

/// Whether a list is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Whole {
    Yes,
    No,
}

/// The beginning of the marked one.
#[derive(Debug)]
struct Preview {
    path: PathBuf,
    talk: Box<Talk>,
    transcript: Transcript,
    /// The record that is to be in sight, until it is.
    show: Option<usize>,
    /// That record, for whoever opens it.
    at: Option<usize>,
    /// The number of that line, as notes and `#` name it.
    number: Option<usize>,
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct Library {
    find: Input,
    rows: Rows,
    /// The list is still being read.
    listing: bool,
    /// What is shown of it: places in the list, and where in the file what is looked for stands.
    shown: Vec<(usize, Option<Found>)>,
    /// The list that these places are in.
    shown_of: Rows,
    /// What is shown was found for what was typed before.
    outdated: bool,
    /// How many were looked into for it.
    looked: usize,
    /// The search that is going on, or was last.
    number: u64,
    /// Enter was pressed before anything was found: the first that is found is opened.
    opens: bool,
    /// What is wrong with what was typed.
    wrong: Option<String>,
    marked: usize,
    order: Order,
    preview: Option<Preview>,
    /// The preview that was asked for last.
    asked: Option<(PathBuf, Option<usize>)>,
    /// The screen that it was come to from.
    from: Face,
    /// What is on the screen was opened from here.
    pub(super) opened: bool,
    /// Where what is opened is to be shown first: its file, the record, and what was looked for.
    pub(super) goes: Option<(PathBuf, usize, String)>,
    /// The one that is to be marked once it is found.
    keeps: Option<PathBuf>,
    /// One of the files is not there, and which others are not is being looked up.
    misses: bool,
    /// The words are those of the last visit: what is typed first takes their place.
    old: bool,
}

impl Library {
    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.find.value()
    }

    /// The marked one.
    #[must_use]
    pub fn marked(&self) -> Option<&Row> {
        let (place, _) = self.shown.get(self.at()?)?;
        self.rows.get(*place)
    }

    fn at(&self) -> Option<usize> {
        self.shown.len().checked_sub(1).map(|last| self.marked.min(last))
    }

    /// Whether the search has not looked into all of them yet.
    fn is_searching(&self) -> bool {
        self.listing || (!self.text().trim().is_empty() && self.wrong.is_none() && self.looked < self.rows.len())
    }

    /// Marks the row so many further down, or up.
    fn step(&mut self, by: isize) {
        (self.opens, self.keeps) = (false, None);
        self.marked = self.at().unwrap_or(0).saturating_add_signed(by).min(self.shown.len().saturating_sub(1));
    }

    /// A key that no action took; false where it means nothing.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if std::mem::take(&mut self.old) && plain && matches!(key.code, KeyCode::Char(_)) {
            self.find.reset();
        }
        self.find.handle_event(&Event::Key(key)).is_some_and(|change| change.value)
    }

    /// Pasted text: its first line goes to what is typed.
    pub(super) fn paste(&mut self, text: &str) {
        if std::mem::take(&mut self.old) {
            self.find.reset();
        }
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.find.handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    /// Looks for what is typed now, from the start. The mark goes to the first, or stays with its transcript.
    fn look(&mut self, keep: Option<&Path>) -> Vec<Effect> {
        self.number += 1;
        (self.wrong, self.opens) = (None, false);
        let text = self.text().trim().to_owned();
        if text.is_empty() {
            self.shown = (0..self.rows.len()).map(|place| (place, None)).collect();
            self.shown_of = Arc::clone(&self.rows);
            (self.looked, self.outdated) = (self.rows.len(), false);
            self.sort();
            self.mark_path(keep);
            return Vec::new();
        }
        // What was found last stays until there is something else to show.
        if !Arc::ptr_eq(&self.rows, &self.shown_of) {
            self.shown.clear();
        }
        self.keeps = keep.map(Path::to_owned);
        (self.looked, self.marked, self.outdated) = (0, 0, true);
        vec![Effect::Library(Wish::Find { rows: Arc::clone(&self.rows), text, number: self.number })]
    }

    /// More of what is looked for; the first of it takes the place of what was found before.
    fn found(&mut self, hits: Vec<(usize, Option<Found>)>, looked: usize) {
        if std::mem::take(&mut self.outdated) {
            (self.shown, self.marked) = (Vec::new(), 0);
            self.shown_of = Arc::clone(&self.rows);
        }
        let path = self.marked().filter(|_| self.marked > 0).map(|row| row.summary.path.clone());
        let path = path.or_else(|| self.keeps.clone());
        self.shown.extend(hits);
        self.looked = looked;
        self.sort();
        self.mark_path(path.as_deref());
    }

    fn mark_path(&mut self, path: Option<&Path>) {
        let place = |path: &Path| self.shown.iter().position(|(row, _)| self.rows[*row].summary.path == path);
        self.marked = path.and_then(place).unwrap_or(0);
    }

    fn sort(&mut self) {
        let rows = &self.rows;
        let of = |place: &(usize, Option<Found>)| &rows[place.0].summary;
        // What has none comes last.
        let text = |text: Option<String>| (text.is_none(), text);
        match self.order {
            Order::Newest => self.shown.sort_by_key(|(place, _)| *place),
            Order::Oldest => self.shown.sort_by_key(|(place, _)| std::cmp::Reverse(*place)),
            Order::Largest => self.shown.sort_by_key(|it| std::cmp::Reverse(of(it).size)),
            Order::Host => self.shown.sort_by_cached_key(|it| text(of(it).target.as_ref().map(|it| it.to_lowercase()))),
            Order::Title => self.shown.sort_by_cached_key(|it| text(of(it).title.as_ref().map(|it| it.to_lowercase()))),
            Order::Code => {
                let code = |it: &Summary| it.outcome.as_ref().and_then(|it| it.code).map(|code| code.to_string());
                self.shown.sort_by_cached_key(|it| text(code(of(it))));
            }
        }
    }

    /// The preview of the marked one, where it is not there yet.
    fn want_preview(&mut self) -> Option<Effect> {
        let (place, found) = self.shown.get(self.at()?)?;
        let wanted = (self.rows.get(*place)?.summary.path.clone(), found.as_ref().map(|found| found.line));
        if self.asked.as_ref() == Some(&wanted) {
            return None;
        }
        self.asked = Some(wanted.clone());
        Some(Effect::Library(Wish::Preview(wanted.0, wanted.1)))
    }

    /// Brings the preview in line with its room.
    pub(super) fn arrange(&mut self, room: Size) {
        let Some(preview) = &mut self.preview else { return };
        preview.transcript.arrange(&preview.talk, room);
        if let Some(record) = preview.show.take() {
            preview.transcript.show(record, &preview.talk);
            preview.number = Some(preview.transcript.number(record));
        }
    }
}

/// Goes to the library, to look for this.
pub(super) fn enter(model: &mut Model, text: &str) -> Vec<Effect> {
    let back = std::mem::take(&mut model.library.opened) && model.face == Face::Talk;
    if model.face != Face::Library && !back {
        model.library.from = model.face;
    }
    model.face = Face::Library;
    if !back {
        model.library.find = Input::new(text.to_owned());
    }
    model.library.old = back;
    // What was read anew may have changed.
    model.library.asked = None;
    model.library.listing = true;
    vec![Effect::Library(Wish::List)]
}

/// Whether an action is the library's own.
pub(super) fn does(action: Action) -> bool {
    use Action::{LeaveLibrary, Library, NoteKept, Order, Prune, RemoveKept, Rename, Tag};
    matches!(action, LeaveLibrary | Library | NoteKept | Order | Prune | RemoveKept | Rename | Tag)
}

/// Whether an action moves the mark.
pub(super) fn moves(action: Action) -> bool {
    use Action::{Down, PageDown, PageUp, ScrollDown, ScrollUp, Up};
    matches!(action, Up | Down | PageUp | PageDown | ScrollUp | ScrollDown)
}

/// Why an action of the library can't be done now.
pub(super) fn not_now(model: &Model, action: Action) -> Option<&'static str> {
    if !does(action) {
        return None;
    }
    Some(if model.at_library() {
        "No conversation is marked."
    } else {
        "That is done among the conversations that were kept; {library} goes there."
    })
}

/// Does an action of the library.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let marked = model.library.marked().cloned();
    let ask = |model: &mut Model, ask: Ask, text: &str| model.overlay = Some(Overlay::Prompt(Prompt::new(ask, text)));
    match (action, marked) {
        (Action::Library, _) => return enter(model, ""),
        (Action::LeaveLibrary, _) => return leave(model),
        (Action::Order, _) => {
            let library = &mut model.library;
            let path = library.marked().map(|row| row.summary.path.clone());
            library.order = library.order.next();
            library.sort();
            library.mark_path(path.as_deref());
            return followed(model);
        }
        (Action::Prune, _) => ask(model, Ask::Prune, "older:90d"),
        (Action::Rename, Some(row)) => ask(model, Ask::Title, row.summary.title.as_deref().unwrap_or_default()),
        (Action::Tag, Some(row)) => ask(model, Ask::Tags, &row.summary.tags.join(" ")),
        (Action::NoteKept, Some(_)) => ask(model, Ask::Remark, ""),
        (Action::RemoveKept, Some(row)) if is_held(model, &row.summary.path) => {
            model.notice =
                Some("This is the conversation that you hold now; once it is over it can be deleted.".to_owned());
        }
        (Action::RemoveKept, Some(row)) => {
            let one = Pruned { path: row.summary.path.clone(), size: row.summary.size, why: "" };
            model.overlay = Some(Overlay::Question(Question::Remove(vec![one].into())));
        }
        _ => {}
    }
    Vec::new()
}

/// Esc: forgets what was typed, or goes back.
fn leave(model: &mut Model) -> Vec<Effect> {
    if !model.library.text().is_empty() {
        model.library.find.reset();
        return typed(model);
    }
    model.face = if model.library.from == Face::Library { Face::Start } else { model.library.from };
    if model.face == Face::Start { vec![Effect::LookForRecent] } else { Vec::new() }
}

/// What is looked for has changed.
pub(super) fn typed(model: &mut Model) -> Vec<Effect> {
    let mut effects = model.library.look(None);
    effects.extend(model.library.want_preview());
    effects
}

/// The mark may have moved.
fn followed(model: &mut Model) -> Vec<Effect> {
    model.library.want_preview().into_iter().collect()
}

/// Moves the mark.
pub(super) fn step(model: &mut Model, action: Action) -> Vec<Effect> {
    let page = isize::try_from(view::listed(model)).unwrap_or(isize::MAX).max(1);
    match action {
        Action::Up | Action::ScrollUp => model.library.step(-1),
        Action::Down | Action::ScrollDown => model.library.step(1),
        Action::PageUp => model.library.step(-page),
        Action::PageDown => model.library.step(page),
        _ => {}
    }
    followed(model)
}

/// Marks a row that was clicked; opens it where it is marked already.
pub(super) fn click(model: &mut Model, row: usize) -> Vec<Effect> {
    if model.library.at() == Some(row) {
        return open(model);
    }
    model.library.marked = row;
    followed(model)
}

/// Enter in one of the lines that are asked for here.
pub(super) fn answered(model: &mut Model, ask: Ask, text: String) -> Vec<Effect> {
    if ask == Ask::Prune {
        return vec![Effect::Library(Wish::Prune(text))];
    }
    let Some(summary) = model.library.marked().map(|row| row.summary.clone()) else { return Vec::new() };
    let remarks = match ask {
        Ask::Title if text == summary.title.clone().unwrap_or_default() => Vec::new(),
        Ask::Title => vec![Remark::new("set").with("title", text)],
        Ask::Remark if text.is_empty() => Vec::new(),
        Ask::Remark => vec![Remark::new("note").value(text)],
        _ => {
            let wanted: Vec<&str> = crate::library::tags(&text).collect();
            let new = wanted.iter().filter(|tag| !summary.tags.iter().any(|own| own == *tag));
            let gone = summary.tags.iter().filter(|own| !wanted.contains(&own.as_str()));
            let added = new.map(|tag| Remark::new("set").with("tag", tag));
            added.chain(gone.map(|tag| Remark::new("set").with("tag", tag).with("off", "yes"))).collect()
        }
    };
    if remarks.is_empty() { Vec::new() } else { vec![Effect::Library(Wish::Annotate(summary.path, remarks))] }
}

/// Takes in what comes back.
pub(super) fn take(model: &mut Model, news: News) -> Vec<Effect> {
    let library = &mut model.library;
    match news {
        News::Listed(rows, whole) => {
            let path = library.marked().map(|row| row.summary.path.clone());
            let opens = library.opens;
            library.listing = whole == Whole::No;
            library.rows = rows;
            let effects = library.look(path.as_deref());
            library.opens = opens;
            return effects.into_iter().chain(library.want_preview()).collect();
        }
        News::Found { number, hits, looked } if number == library.number => {
            library.found(hits, looked);
            let over = library.looked >= library.rows.len();
            if library.opens && (over || !library.shown.is_empty()) {
                library.opens = false;
                return open(model);
            }
            return followed(model);
        }
        News::Wrong(number, why) if number == library.number => {
            library.shown.clear();
            library.wrong = Some(why);
        }
        News::Found { .. } | News::Wrong(..) => {}
        News::Preview(path, talk, show) => {
            if library.asked.as_ref().is_some_and(|(asked, _)| *asked == path) {
                library.preview =
                    Some(Preview { path, talk, transcript: Transcript::default(), show, at: show, number: None });
            }
        }
        News::Annotated(row) => {
            let mut rows = library.rows.to_vec();
            if let Some(old) = rows.iter_mut().find(|old| old.summary.path == row.summary.path) {
                *old = *row;
            }
            library.rows = Arc::new(rows);
            library.asked = None;
            return followed(model);
        }
        News::Pruned(Ok(doomed)) if doomed.is_empty() => {
            model.notice = Some("No conversation would go; those with a title, a tag or a note stay.".to_owned());
        }
        News::Pruned(Ok(doomed)) => model.overlay = Some(Overlay::Question(Question::Remove(doomed.into()))),
        News::Gone(path) => return gone(model, &path),
        News::Missing(gone) => return missing(model, &gone),
        News::Removed(gone, why) => return removed(model, &gone, why),
        News::Pruned(Err(why)) | News::Failed(why) => model.notice = Some(why),
    }
    Vec::new()
}
