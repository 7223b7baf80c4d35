//! Opening: what is marked on the start screen or in the library, and what comes of a file.

use std::path::{Path, PathBuf};

use super::act::connect;
use super::action::Action;
use super::effect::Effect;
use super::model::{Face, Files, Focus, Model};
use super::overlay::{Overlay, Question, Target};
use super::pane::panel::Panel;
use super::pane::transcript::Transcript;
use super::start::Chosen;
use super::talk::Talk;
use super::{imported, learn, library};

/// A file that was asked for here and is still being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    path: PathBuf,
    /// What was shown then, and whether it was a file; none once another file was asked for.
    from: Option<(Face, bool)>,
}

/// Asks for a file; one that was asked for before, and is not there yet, is no longer wanted.
pub(super) fn ask(model: &mut Model, path: PathBuf) -> Effect {
    for before in &mut model.asked {
        before.from = None;
    }
    let from = Some((model.face, model.is_offline()));
    model.asked.push(Asked { path: path.clone(), from });
    Effect::Open(path)
}

/// Whether a file is still wanted that has come, or can't come: nobody has gone elsewhere since it was asked for. What was
/// asked for outside is.
pub(super) fn is_wanted(model: &mut Model, path: &Path, whole: bool) -> bool {
    let Some(place) = model.asked.iter().rposition(|asked| asked.path == path) else { return true };
    let wanted = model.asked[place].from == Some((model.face, model.is_offline()));
    // Of one that is wanted the rest belongs to what is shown of it; the rest of another one is still to come.
    if whole || wanted {
        model.asked.remove(place);
    }
    wanted
}

/// A file, or the beginning of one, is there.
pub(super) fn opened(model: &mut Model, path: &Path, talk: Talk, whole: bool) {
    let wanted = is_wanted(model, path, whole);
    let shown = model.is_offline() && model.talk.path.as_deref() == Some(path) && model.face == Face::Talk;
    let stale = shown && model.talk.stale;
    let same = shown && !stale;
    // Who has left it while it was still being read is not brought back.
    let left = whole && model.begun.take_if(|begun| begun == path).is_some();
    if (left || !wanted) && !same {
        return;
    }
    model.playback = None;
    if !whole {
        model.begun = Some(path.to_owned());
    }
    model.face = Face::Talk;
    model.talk = talk;
    model.talk.partial = !whole;
    if stale {
        let line = model.transcript.nth_line();
        model.transcript = Transcript::default();
        model.settle();
        model.transcript.select_first(&model.talk);
        line.inspect(|line| model.transcript.show_nth_line(*line, &model.talk));
    } else if !same {
        super::replay::forget(model);
        model.focus = Focus::Transcript;
        model.transcript = Transcript::default();
        model.panel = Panel::default();
        model.settle();
        model.transcript.select_first(&model.talk);
        super::attending::opened(model);
    }
    go_to_what_was_found(model, path);
}

/// What was found in the library and opened is shown where that stands, and its words are what is searched for.
fn go_to_what_was_found(model: &mut Model, path: &Path) {
    let there = |(of, record, _): &mut (PathBuf, usize, String)| of.as_path() == path && *record < model.talk.log.len();
    let Some((_, record, word)) = model.library.goes.take_if(there) else { return };
    // What can't be searched for is shown all the same.
    let _ = model.transcript.search(&word, record, &model.talk);
    model.settle();
    model.transcript.show(record, &model.talk);
}

/// What was opened holds several conversations: they are gone through like files that were opened together.
pub(super) fn several(model: &mut Model, path: &Path, count: usize) {
    if model.is_offline() && model.talk.path.as_deref() == Some(path) && model.files.paths.is_empty() {
        let paths = (1..=count).map(|n| imported::numbered(path, n)).collect();
        model.files = Files { paths, current: 0, within_one: true };
        let words = format!("The first of {count} conversations in this file; {{next-file}} shows the next.");
        model.notice = Some(model.keymap.told(&words));
    }
}

/// Opens a file, after a question where that would take the place of an open connection: nothing leads back to one.
pub(super) fn open_file(model: &mut Model, path: PathBuf) -> Vec<Effect> {
    if model.talk.is_open() {
        model.overlay = Some(Overlay::Question(Question::Open(path)));
        return Vec::new();
    }
    vec![ask(model, path)]
}

/// Where Esc leads from what was opened here.
pub(super) fn back(model: &Model) -> Action {
    if model.library.opened { Action::Library } else { Action::Start }
}

/// Opens what is marked on the start screen, or in the library.
pub(super) fn open_marked(model: &mut Model) -> Vec<Effect> {
    // What was opened before had its own.
    if model.files.within_one {
        model.files = Files::default();
    }
    if model.at_library() {
        return library::open(model);
    }
    model.library.opened = false;
    match model.start.chosen() {
        Some(Chosen::Target(target)) => match model.start.wrong(&target) {
            // What is no target drops nothing: why it is none is said without a question. It was read some time ago, and
            // where it has become one by now, to connect would drop what is open.
            Some(why) if model.talk.is_open() => {
                model.overlay = Some(Overlay::Target(Target::refused(&target, why.to_owned())));
                Vec::new()
            }
            Some(_) => vec![Effect::Connect(target)],
            None => connect(model, target),
        },
        Some(Chosen::File(path)) => open_file(model, path),
        Some(Chosen::Library(text)) => library::enter(model, &text),
        Some(Chosen::Find(text)) => {
            model.start.look_for(text);
            Vec::new()
        }
        Some(Chosen::Lesson(lesson)) => learn::begin(model, lesson),
        None => Vec::new(),
    }
}

/// Esc where nothing lies behind the file that is shown.
pub(super) fn nothing_behind(model: &mut Model) -> Vec<Effect> {
    let words = "There is nothing to go back to: {quit} quits, {connect} connects to a server.";
    model.notice = Some(model.keymap.told(words));
    Vec::new()
}
