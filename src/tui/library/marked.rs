//! What is marked is opened; what is there to be chosen from.

use std::path::Path;

use super::{Library, Row};
use crate::smtp::escape::for_screen;
use crate::tui::effect::Effect;
use crate::tui::model::{Face, Model};
use crate::tui::opening;

impl Library {
    /// All that are known, newest first: where each is, and what it was, in words.
    #[must_use]
    pub(in crate::tui) fn listed(&self) -> Vec<(&Path, String)> {
        let row = |row: &Row| {
            let it = &row.summary;
            let outcome = it.titled().or_else(|| it.outcome.as_ref().map(ToString::to_string));
            let what = [it.target.clone(), outcome].into_iter().flatten().collect::<Vec<_>>().join("  ");
            for_screen(format!("{}  {what}", row.when).as_bytes())
        };
        self.rows.iter().map(|it| (it.summary.path.as_path(), row(it))).collect()
    }
}

/// Whether a transcript is that of the connection that is open.
pub(super) fn is_held(model: &Model, path: &Path) -> bool {
    model.talk.is_open() && model.talk.path.as_deref() == Some(path)
}

/// The first plain word of what is looked for.
fn word(text: &str) -> &str {
    let plain = |word: &&str| !word.starts_with('-') && !word.starts_with('"') && !word.contains(':');
    text.split_whitespace().find(plain).unwrap_or_default()
}

/// Opens the marked one; while what is shown is that of an earlier search, the first that this one finds.
pub(in crate::tui) fn open(model: &mut Model) -> Vec<Effect> {
    let library = &mut model.library;
    library.opens = library.is_searching() && (library.outdated || library.shown.is_empty());
    if library.opens {
        return Vec::new();
    }
    let Some(path) = model.library.marked().map(|row| row.summary.path.clone()) else { return Vec::new() };
    if is_held(model, &path) {
        model.face = Face::Talk;
        return Vec::new();
    }
    let library = &mut model.library;
    let at = library.preview.as_ref().filter(|preview| preview.path == path).and_then(|preview| preview.at);
    library.goes = at.map(|record| (path.clone(), record, word(library.text()).to_owned()));
    library.opened = true;
    opening::open_file(model, path)
}
