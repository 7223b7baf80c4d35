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
            let outcome = it.outcome.as_ref().map(ToString::to_string);
            let what =
                [it.target.clone(), it.title.clone(), outcome].into_iter().flatten().collect::<Vec<_>>().join("  ");
            for_screen(format!("{}  {what}", row.when).as_bytes())
        };
        self.rows.iter().map(|it| (it.summary.path.as_path(), row(it))).collect()
    }
}

/// Whether a transcript is that of the connection that is open.
pub(super) fn is_held(model: &Model, path: &Path) -> bool {
    model.talk.is_open() && model.talk.path.as_deref() == Some(path)
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
    model.library.opened = true;
    opening::open_file(model, path)
}
