//! Conversations go: they were deleted here, or by somebody else.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Wish;
use crate::smtp::escape::for_screen;
use crate::tui::effect::Effect;
use crate::tui::model::{Face, Model};

/// Conversations are gone; what stood below the marked one is marked where it went with them.
pub(super) fn removed(model: &mut Model, gone: &[PathBuf], why: Option<String>) -> Vec<Effect> {
    let library = &mut model.library;
    let all: HashSet<&PathBuf> = gone.iter().collect();
    let path = library.marked().map(|row| row.summary.path.clone());
    let below = library.shown.iter().skip(library.at().unwrap_or(0) + 1);
    let mut below = below.map(|(row, _)| &library.rows[*row].summary.path);
    let stays = path.filter(|path| !all.contains(path)).or_else(|| below.find(|path| !all.contains(path)).cloned());
    let rows = library.rows.iter().filter(|row| !all.contains(&row.summary.path)).cloned().collect();
    library.rows = Arc::new(rows);
    let effects = library.look(stays.as_deref());
    let count =
        if gone.len() == 1 { "1 conversation is".to_owned() } else { format!("{} conversations are", gone.len()) };
    model.notice = Some(why.unwrap_or_else(|| format!("{count} deleted.")));
    effects.into_iter().chain(model.library.want_preview()).collect()
}

/// Somebody else has deleted or moved a transcript, whatever was wanted of it. Where it is listed, it may be one of a
/// thousand: which they are is looked up once.
pub(super) fn gone(model: &mut Model, path: &Path) -> Vec<Effect> {
    let library = &mut model.library;
    let listed = library.rows.iter().any(|row| row.summary.path == path);
    if model.face != Face::Library || !listed || std::mem::replace(&mut library.misses, true) {
        return Vec::new();
    }
    vec![Effect::Library(Wish::Missing(Arc::clone(&library.rows)))]
}

/// Their rows go, where they are still listed.
pub(super) fn missing(model: &mut Model, gone: &[PathBuf]) -> Vec<Effect> {
    model.library.misses = false;
    let name = |path: &PathBuf| for_screen(path.file_stem().unwrap_or_default().to_string_lossy().as_bytes());
    let words = match gone {
        _ if !model.at_library() => return Vec::new(),
        [] => return Vec::new(),
        [one] => format!("{} is gone: its file was deleted or moved.", name(one)),
        all => format!("{} conversations are gone: their files were deleted or moved.", all.len()),
    };
    removed(model, gone, Some(words))
}
