//! Conversations go: they were deleted here, or by somebody else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::smtp::escape::for_screen;
use crate::tui::effect::Effect;
use crate::tui::model::Model;

/// Conversations are gone; what stood below the marked one is marked where it went with them.
pub(super) fn removed(model: &mut Model, gone: &[PathBuf], why: Option<String>) -> Vec<Effect> {
    let library = &mut model.library;
    let path = library.marked().map(|row| row.summary.path.clone());
    let below = library.shown.get(library.at().unwrap_or(0) + 1);
    let next = below.map(|(row, _)| library.rows[*row].summary.path.clone());
    let stays = path.filter(|path| !gone.contains(path)).or(next);
    let rows = library.rows.iter().filter(|row| !gone.contains(&row.summary.path)).cloned().collect();
    library.rows = Arc::new(rows);
    let effects = library.look(stays.as_deref());
    let count =
        if gone.len() == 1 { "1 conversation is".to_owned() } else { format!("{} conversations are", gone.len()) };
    model.notice = Some(why.unwrap_or_else(|| format!("{count} deleted.")));
    effects.into_iter().chain(model.library.want_preview()).collect()
}

/// Somebody else has deleted or moved a transcript: where it is listed its row goes, whatever was wanted of it.
pub(super) fn gone(model: &mut Model, path: &Path) -> Vec<Effect> {
    if !model.at_library() || !model.library.rows.iter().any(|row| row.summary.path == path) {
        return Vec::new();
    }
    let name = for_screen(path.file_stem().unwrap_or_default().to_string_lossy().as_bytes());
    let words = format!("{name} is gone: its file was deleted or moved.");
    removed(model, &[path.to_owned()], Some(words))
}
