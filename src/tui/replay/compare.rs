//! Two files beside each other: read beside the loop, and which may be chosen.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc::UnboundedSender;

use crate::script::beside::Beside;
use crate::script::comparison;
use crate::tui::effect::OfGone;
use crate::tui::imported::masked;
use crate::tui::keep::is_gone;
use crate::tui::message::Message;
use crate::tui::model::{Focus, Model};

use super::player::is_over;
use super::prepare::name;
use super::{Replay, is_playing, tally};

/// Two files compared.
#[derive(Debug)]
pub struct Compared {
    /// The names of the two.
    pub names: [String; 2],
    /// The rows.
    pub rows: Vec<Beside>,
    /// Exchanges that differ, and those that differ in wording alone.
    pub differ: (usize, usize),
    /// They are the two ends of a conversation that goes on: the last one is followed.
    pub grows: bool,
}

impl Compared {
    /// `comparing · 2 ≠`.
    pub(super) fn title(&self) -> String {
        let what = if self.grows { "both ends" } else { "comparing" };
        format!("{what} · {}", tally(self.differ))
    }
}

/// Whether Esc closes the columns: it leads back to the conversation that was opened, or is held. A replay that goes on
/// has a line to go back to instead.
pub(in crate::tui) fn closes(model: &Model) -> bool {
    !model.at_start() && model.replay.is_some() && (!is_playing(model) || is_over(model))
}

/// Two files stand beside each other from now on.
pub(in crate::tui) fn show(model: &mut Model, compared: Compared) {
    model.notice = None;
    model.focus = Focus::Transcript;
    model.replay = Some(Replay::comparing(compared));
}

/// Reads two files and compares them.
pub(in crate::tui) fn compare(left: PathBuf, right: PathBuf, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let message = match compared(&left, &right) {
            Ok(compared) => Message::Compared(Box::new(compared)),
            Err(_) if is_gone(&left) => Message::FileGone(left, OfGone::Read),
            Err(words) => Message::Notice(format!("Not compared: {words}")),
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}

pub(super) fn compared(left: &Path, right: &Path) -> Result<Compared, String> {
    let comparison = comparison::compare(&masked(left)?, &masked(right)?)?;
    Ok(Compared {
        names: [name(left), name(right)],
        rows: comparison.beside(),
        differ: comparison.tally(),
        grows: false,
    })
}

/// The conversations that were kept, other than this one, each with a path and words: all of the library where it is
/// known, else the latest; those with the same server first.
pub(in crate::tui) fn kept_beside(model: &Model, path: &Path) -> Vec<(String, String)> {
    let kept = model.library.listed().into_iter().map(|(of, words)| (of.to_owned(), words));
    let mut offers: Vec<_> = kept.filter(|(of, _)| of != path).collect();
    if offers.is_empty() {
        let recent = model.start.recent.iter().filter(|recent| recent.path != path);
        let words = |it: &crate::tui::start::Recent| format!("{}  {}  {}", it.when, it.target, it.outcome);
        offers = recent.map(|recent| (recent.path.clone(), words(recent))).collect();
    }
    let own = model.talk.target.as_deref().unwrap_or(&model.peer.name).trim_start_matches("smtp://");
    offers.sort_by_key(|(_, words)| !words.contains(own));
    offers.into_iter().map(|(path, words)| (path.to_string_lossy().into_owned(), words)).collect()
}
