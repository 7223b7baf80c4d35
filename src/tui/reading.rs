//! The handlers of what one does with a conversation while reading it: search, filter, notes, copies, files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::conversation::event::{Event, Remark, Timed};
use crate::conversation::file::{Document, Header};
use crate::decode::Knowledge;
use crate::interchange::{self, Format};
use crate::script::example;
use crate::smtp::escape::for_screen;

use super::action::Action;
use super::copying;
use super::effect::{Added, Effect, OfGone, Record, Shown, Whole};
use super::keymap::verbatim;
use super::model::{Face, Focus, Model};
use super::overlay::{Ask, Copy, Overlay, Prompt, Reference, Timing, What};
use super::pane::panel::Tab;
use super::{imported, playback, replay};

/// Does an action of reading.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    // What is said, saved or copied of it is of the whole.
    let of_the_whole = matches!(
        action,
        Action::Note
            | Action::Bookmark
            | Action::NextBookmark
            | Action::Timing
            | Action::Copy
            | Action::SaveAs
            | Action::Export
            | Action::Anonymised
    );
    if of_the_whole {
        playback::leave(model);
    }
    if let Some(why) = unwritable(model).filter(|_| action == Action::Note) {
        model.notice = Some(why);
        return Vec::new();
    }
    if let Some((ask, text)) = prompt(model, action) {
        // What is asked for stands at the foot of the transcript.
        if matches!(ask, Ask::Search(_) | Ask::Filter | Ask::Note(_) | Ask::Jump) {
            model.focus = Focus::Transcript;
        }
        let mut prompt = Prompt::new(ask, &text);
        prompt.said = one_of_two(model).filter(|_| matches!(ask, Ask::Save | Ask::Export | Ask::Anonymised));
        model.overlay = Some(Overlay::Prompt(prompt));
        return Vec::new();
    }
    match action {
        Action::SearchNext | Action::SearchBefore => {
            model.notice = model.transcript.next_found(action == Action::SearchNext, &model.talk);
        }
        Action::Widen => model.transcript.widen(&model.talk),
        Action::Bookmark => return bookmark(model),
        Action::NextBookmark => {
            let found = model.transcript.next_bookmark(&model.talk);
            model.notice = (!found).then(|| model.keymap.told("There are no bookmarks here; {bookmark} sets one."));
        }
        Action::Copy => model.overlay = Some(Overlay::Copy(Copy)),
        Action::Timing => model.overlay = Some(Overlay::Timing(Timing::of(&model.talk))),
        Action::Zoom => return zoom(model),
        Action::Theme => {
            let (name, theme) = model.themes.turn();
            let keeps = format!("theme = \"{name}\" in config.toml keeps it.");
            let without = if model.colourless { ", without its colours as long as NO_COLOR is set" } else { "" };
            model.notice = Some(format!("Theme {name}{without}; {keeps}"));
            model.theme = theme;
        }
        Action::Glossary => model.overlay = Some(Overlay::Reference(Reference::of_terms(&model.knowledge))),
        Action::Reference => model.overlay = Some(Overlay::Reference(reference(model))),
        _ => {}
    }
    Vec::new()
}

/// Which of two conversations beside each other is written or copied, where there are two.
pub(super) fn one_of_two(model: &Model) -> Option<String> {
    let which = match model.replay.as_ref()? {
        replay if replay.is_of_files() => "the left one",
        _ if replay::is_playing(model) => "what is now, the right one",
        // The two ends of a conversation: the client's is the one that is kept.
        _ => return Some("what this end has seen".to_owned()),
    };
    Some(format!("{which} alone; ehlo diff A B writes both"))
}

/// What has to be typed for an action, and what stands there to begin with.
fn prompt(model: &Model, action: Action) -> Option<(Ask, String)> {
    let (search, filter) = model.transcript.narrowing();
    match action {
        Action::Search => Some((Ask::Search(model.transcript.origin()), String::new())),
        Action::Filter => Some((Ask::Filter, filter.unwrap_or_default().to_owned())),
        Action::Note => model.transcript.line(&model.talk).map(|record| {
            let noted = model.transcript.note(record).map(|(note, _)| note.to_owned());
            (Ask::Note(record), noted.unwrap_or_default())
        }),
        Action::Jump => Some((Ask::Jump, String::new())),
        Action::Explain => Some((Ask::Explain, String::new())),
        Action::SaveAs => Some((Ask::Save, suggested(model, "smtp"))),
        Action::Export => Some((Ask::Export, suggested(model, "md"))),
        // The name of the file has the host in it.
        Action::Anonymised => Some((Ask::Anonymised, "anonymised.smtp".to_owned())),
        Action::SearchNext | Action::SearchBefore if search.is_none() => {
            Some((Ask::Search(model.transcript.origin()), String::new()))
        }
        _ => None,
    }
}

/// The reference, with the code of the reply that is shown marked.
fn reference(model: &Model) -> Reference {
    let explained = model.talk.explanation().filter(|_| model.face == Face::Talk).map(|(_, explanation)| explanation);
    let code = explained
        .and_then(|it| it.enhanced.map(|code| code.to_string()).or_else(|| it.code.map(|code| code.to_string())));
    Reference::new(&model.knowledge, code.as_deref())
}

/// One pane over the whole screen and without a frame, so that the terminal's own selection takes text alone.
fn zoom(model: &mut Model) -> Vec<Effect> {
    model.zoomed = !model.zoomed;
    let words = if model.zoomed {
        // Only these two are shown alone.
        if !matches!(model.focus, Focus::Transcript | Focus::Panel) {
            model.focus = Focus::Transcript;
        }
        "The mouse selects text now; {zoom} goes back."
    } else {
        return vec![Effect::Mouse(model.mouse)];
    };
    model.notice = Some(model.keymap.told(words));
    vec![Effect::Mouse(false)]
}

/// Whatever has been given the keys must be on the screen: only the transcript and the panel are shown alone.
pub(super) fn zoom_ends(model: &mut Model) -> Option<Effect> {
    let alone = matches!(model.focus, Focus::Transcript | Focus::Panel);
    if !model.zoomed || alone {
        return None;
    }
    model.zoomed = false;
    Some(Effect::Mouse(model.mouse))
}

/// A path for a copy: the name of the file, with this ending, where ehlo was started.
fn suggested(model: &Model, ending: &str) -> String {
    let path = model.talk.path.clone().unwrap_or_else(|| PathBuf::from("conversation"));
    let path = example::name(&path).map(PathBuf::from).unwrap_or(path);
    // Each conversation of a file that holds several has a name of its own.
    let opened_as = match imported::parted(&path).filter(|_| model.talk.imported.is_some()) {
        Some((file, n)) => {
            file.with_file_name(format!("{}-{n}.{ending}", file.file_stem().unwrap_or_default().to_string_lossy()))
        }
        None => path.with_extension(ending),
    };
    let name = opened_as.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if ending == "smtp"
        && model.talk.imported.is_some()
        && let (Some(kept), Some(today)) = (&model.kept, model.today)
    {
        // There it is found, tagged and compared like what was recorded here.
        return kept.join(today.strftime("%Y").to_string()).join(name).to_string_lossy().into_owned();
    }
    // A copy beside the original needs a name of its own.
    if ending == "smtp" && model.is_offline() { name.replacen(".smtp", "-2.smtp", 1) } else { name }
}

/// The line of a prompt has changed.
pub(super) fn typed(model: &mut Model, prompt: &mut Prompt) {
    let text = prompt.text().to_owned();
    let result = match prompt.ask {
        Ask::Search(from) => model.transcript.search(&text, from, &model.talk),
        Ask::Filter => model.transcript.filter(&text, &model.talk),
        _ => Ok(()),
    };
    prompt.said = result.err();
}

/// Goes to a record in the transcript.
pub(super) fn show(model: &mut Model, record: usize) -> Vec<Effect> {
    model.focus = Focus::Transcript;
    model.transcript.show(record, &model.talk);
    Vec::new()
}

/// A prompt was left without an answer.
pub(super) fn left(model: &mut Model, overlay: &Overlay) {
    let Overlay::Prompt(prompt) = overlay else { return };
    match prompt.ask {
        Ask::Search(from) => {
            // An empty text can't be wrong.
            let _ = model.transcript.search("", from, &model.talk);
            if model.transcript.marked().is_some() && from < model.talk.log.len() {
                model.transcript.show(from, &model.talk);
            }
        }
        Ask::Filter => {
            let _ = model.transcript.filter("", &model.talk);
        }
        _ => {}
    }
}

/// Enter in a prompt.
pub(super) fn answered(model: &mut Model, prompt: Prompt) -> Vec<Effect> {
    let text = prompt.text().trim().to_owned();
    match prompt.ask {
        Ask::Search(_) | Ask::Filter => {
            if prompt.said.is_some() {
                model.overlay = Some(Overlay::Prompt(prompt));
            } else if prompt.ask == Ask::Filter {
                model.transcript.mark_shown(&model.talk);
            }
            Vec::new()
        }
        Ask::Note(record) => note(model, record, text),
        Ask::Jump => {
            if !text.is_empty() && !model.transcript.jump(&text, &model.talk) {
                // What was typed is of no use: what is typed next takes its place.
                let mut again = Prompt::new(Ask::Jump, "");
                again.said = Some(model.transcript.nowhere(&text, &model.talk, model.playback.is_some()));
                model.overlay = Some(Overlay::Prompt(again));
            }
            Vec::new()
        }
        Ask::Explain => {
            let selected = model.transcript.selected();
            model.talk.give(prompt.whole(), selected);
            model.panel.open(Tab::Reply);
            Vec::new()
        }
        Ask::Finding => super::learn::found(model, &text),
        Ask::Title | Ask::Tags | Ask::Remark | Ask::Prune => super::library::answered(model, prompt.ask, text),
        Ask::Save | Ask::Export | Ask::Anonymised => write(model, prompt, &text),
    }
}

fn write(model: &mut Model, mut prompt: Prompt, text: &str) -> Vec<Effect> {
    if text.is_empty() {
        return Vec::new();
    }
    let to = PathBuf::from(text);
    let format = ending(&to).filter(|_| prompt.ask != Ask::Save);
    if format.is_none() && prompt.ask != Ask::Save {
        prompt.said = Some("its ending is none that means a format".to_owned());
        model.overlay = Some(Overlay::Prompt(prompt));
        return Vec::new();
    }
    let anonymise = prompt.ask == Ask::Anonymised;
    model.notice = Some("Being written …".to_owned());
    let (over, knowledge) = (prompt.over, told_by(model));
    vec![Effect::Write { whole: whole(model), to, format, anonymise, over, knowledge }]
}

/// What is known, for what a format says of the replies: nothing in an exam.
fn told_by(model: &Model) -> Arc<Knowledge> {
    if super::attending::in_exam(model) { Arc::new(model.knowledge.silenced()) } else { model.knowledge.clone() }
}

/// A file is gone of which something was wanted: what is on the screen is all there is of it.
pub(super) fn of_gone(model: &mut Model, path: &Path, wanted: OfGone) -> Vec<Effect> {
    let name = for_screen(path.to_string_lossy().as_bytes());
    // Nothing is held with two servers.
    model.holding &= !matches!(wanted, OfGone::Read);
    if model.talk.path.as_deref() != Some(path) || model.talk.partial {
        model.notice = Some(format!("{name} is gone: it was deleted or moved. Open it from where it is now."));
        return Vec::new();
    }
    let shown = || Whole::Gone(Box::new(shown(model, head(model))));
    let words = match wanted {
        OfGone::Write { to, format, anonymise, over } => {
            return vec![Effect::Write { whole: shown(), to, format, anonymise, over, knowledge: told_by(model) }];
        }
        OfGone::Copy => return vec![Effect::CopyWhole(shown())],
        OfGone::Note(remarks) => {
            model.talk.take(remarks);
            "is gone, so the note stands on the screen only: {save-as} writes all of it to a file."
        }
        OfGone::Read => {
            "is gone: {save-as} writes what is on the screen to a file that can be opened, replayed and compared."
        }
    };
    model.notice = Some(model.keymap.told(&format!("{} {words}", verbatim(&name))));
    Vec::new()
}

fn ending(path: &Path) -> Option<&'static Format> {
    path.extension().and_then(|ending| ending.to_str()).and_then(interchange::by_extension)
}

/// A file of that name is there already: a second Enter writes over it.
pub(super) fn exists(model: &mut Model, to: &Path, format: Option<&'static Format>, anonymise: bool) {
    let mut prompt = asked_again(to, format, anonymise);
    prompt.said = Some("it exists · Enter writes over it · Esc".to_owned());
    prompt.over = true;
    (model.notice, model.overlay) = (None, Some(Overlay::Prompt(prompt)));
}

/// A conversation has that name, which nothing takes the place of: another one is offered.
pub(super) fn taken(
    model: &mut Model,
    (by, live): (&Path, bool),
    to: &Path,
    format: Option<&'static Format>,
    anonymise: bool,
) {
    let name = for_screen(by.file_name().unwrap_or_default().to_string_lossy().as_bytes());
    let why = if live { "is being recorded" } else { "is kept" };
    let mut prompt = asked_again(to, format, anonymise);
    prompt.said = Some(format!("{name} {why}: this name is free"));
    (model.notice, model.overlay) = (None, Some(Overlay::Prompt(prompt)));
}

/// The prompt that asked for a file, with this one on its line.
fn asked_again(to: &Path, format: Option<&'static Format>, anonymise: bool) -> Prompt {
    let ask = match format {
        _ if anonymise => Ask::Anonymised,
        Some(_) => Ask::Export,
        None => Ask::Save,
    };
    Prompt::new(ask, &to.to_string_lossy())
}

/// The conversation, for what is done beside the loop: its file, where all of it is there, or else a copy of the log.
fn whole(model: &Model) -> Whole {
    match (&model.talk.imported, &model.talk.path) {
        (Some(head), _) => Whole::Log(Box::new(shown(model, (**head).clone()))),
        (None, Some(path)) if model.is_offline() || model.talk.recording.is_none() => Whole::File(path.clone()),
        (None, _) => Whole::Log(Box::new(shown(model, head(model)))),
    }
}

fn shown(model: &Model, head: Header) -> Shown {
    Shown { document: Document::new(head, model.talk.log.clone()), goes_on: model.talk.is_open() }
}

/// The head of what is on the screen, where it is in no file.
fn head(model: &Model) -> Header {
    model.talk.head.as_deref().cloned().unwrap_or_default()
}

/// A note on a record, in the place of the one that is there; nothing takes that one off.
fn note(model: &mut Model, record: usize, text: String) -> Vec<Effect> {
    let before = model.transcript.note(record).map(|(note, line)| (note.to_owned(), line));
    let note = |model: &Model, record: usize| Remark::new("note").with("at", model.transcript.number(record));
    let mut remarks = Vec::new();
    if let Some((noted, _)) = &before {
        if *noted == text {
            return Vec::new();
        }
        remarks.push(note(model, record).with("off", "yes").value(noted));
    }
    let line = before.map_or(record, |(_, line)| line);
    if !text.is_empty() {
        remarks.push(note(model, line).value(text));
    }
    if remarks.is_empty() {
        return Vec::new();
    }
    // A note that stood for itself is seen no more.
    if line != record {
        model.transcript.show(line, &model.talk);
    }
    annotate(model, remarks)
}

fn bookmark(model: &mut Model) -> Vec<Effect> {
    let Some(record) = model.transcript.line(&model.talk) else { return Vec::new() };
    let remark = Remark::new("mark").with("at", model.transcript.number(record));
    let set = !model.transcript.is_bookmarked(record);
    annotate(model, vec![if set { remark } else { remark.with("off", "yes") }])
}

/// Says something of a conversation, where it is kept: through the journal, or at the end of the opened file.
fn annotate(model: &mut Model, remarks: Vec<Remark>) -> Vec<Effect> {
    if !model.is_offline() {
        if model.talk.is_unrecorded() {
            let words = "It stands on the screen only, as long as nothing can be recorded: {save-as} writes all of it to \
                         another file.";
            model.notice = Some(model.keymap.told(words));
        }
        return remarks.into_iter().map(Effect::Remark).collect();
    }
    let Some(path) = model.talk.path.clone().filter(|_| unwritable(model).is_none()) else {
        model.notice = unwritable(model);
        return Vec::new();
    };
    let last = (0..model.talk.log.len()).rev().find_map(|n| model.talk.log.get(n)?.at);
    let at = last.unwrap_or_default();
    let lines = remarks.iter().filter_map(|remark| named(model, remark)).collect();
    let events = remarks.into_iter().map(|remark| Timed { at, event: Event::Remark(remark) }).collect();
    vec![Effect::Annotate(path, Added { events, lines })]
}

/// The record that a remark names, as it is on the screen.
fn named(model: &Model, remark: &Remark) -> Option<(usize, Record)> {
    let number: usize = remark.get("at")?.parse().ok()?;
    let record = model.transcript.record(number);
    Some((number, Record::of(&model.talk.log.get(record)?)))
}

/// An opened file has become another one: it is read anew, and where one was in it stays.
pub(super) fn read_anew(model: &mut Model, path: PathBuf, said: bool) -> Vec<Effect> {
    if !model.is_offline() || model.talk.path.as_ref() != Some(&path) {
        return Vec::new();
    }
    if said {
        let name = for_screen(path.to_string_lossy().as_bytes());
        model.notice =
            Some(format!("Not kept: {name} has changed since it was opened. It is read anew: say it again."));
    }
    model.talk.stale = true;
    vec![super::opening::ask(model, path)]
}

/// Why nothing can be added to the opened file.
fn unwritable(model: &Model) -> Option<String> {
    let talk = &model.talk;
    let words = if !model.is_offline() {
        return None;
    } else if talk.partial {
        "The file is still being read; try again in a moment."
    } else if talk.broken.is_some() {
        "A broken file is not written to; {save-as} saves what could be read."
    } else if talk.path.as_deref().and_then(example::name).is_some() {
        "This comes with ehlo and is not written to: {save-as} keeps a copy among the conversations, and that is."
    } else if talk.imported.is_some() {
        "This is an import, and its file is not written to: {save-as} keeps a copy among the conversations, and that is."
    } else if talk.read_only {
        "This file is of a newer format and is not written to."
    } else {
        return None;
    };
    Some(model.keymap.told(words))
}

/// Why an action can't be done now, where there is nothing particular to say of it.
pub(super) fn not_now(model: &Model, action: Action) -> String {
    let short = action.entry().short;
    let needs_one = matches!(
        action,
        Action::Probe | Action::KeepAlive | Action::Drop | Action::Templates | Action::Message | Action::History
    );
    match (needs_one && model.is_offline(), model.can_reconnect()) {
        (true, true) => {
            format!("“{short}” is for a connection, and this is a file: {{reconnect}} connects to its server.")
        }
        (true, false) => {
            format!("“{short}” is for a connection, and this is a file: {{connect}} connects to a server.")
        }
        _ => particular(model, action).map_or_else(|| format!("“{short}” is not possible now."), str::to_owned),
    }
}

/// What an action wants that is not there, with the key or the line that leads to it.
fn particular(model: &Model, action: Action) -> Option<&'static str> {
    let held = !model.is_offline();
    Some(match action {
        Action::NextFile | Action::PreviousFile => {
            "No other file was opened with this one: ehlo open A B opens several, to go through."
        }
        Action::ServerView | Action::Mail if !held => {
            "What the lab has seen and received is there while one talks to it, and this is a file: {connect} and lab \
             goes there."
        }
        Action::ServerView | Action::Mail if !model.peer.lab => {
            "That is of the lab inside ehlo, and this is another server: {connect} and lab goes there."
        }
        Action::ServerView if model.lesson.is_some() => "In a lesson the server's side is not shown.",
        Action::ServerView => "The lab has seen nothing of this connection yet.",
        Action::Lesson => "No lesson is being held; {lessons} shows them all.",
        _ if model.talk.log.is_empty() => "Nothing was said here yet.",
        Action::Faster | Action::Slower | Action::EndPlay => "Nothing plays now; {play} plays an opened conversation.",
        Action::Play if held => {
            "What is being held is not played: it can be once it was kept and opened; {library} lists it."
        }
        Action::Play => {
            "Nothing plays beside another conversation: that is for one alone, once the columns are closed."
        }
        Action::ToComposer => "This is a file, and has no line to send; {connect} connects to a server.",
        _ => return None,
    })
}

/// Copies something of the conversation.
pub(super) fn copy(model: &mut Model, what: What) -> Vec<Effect> {
    let talk = &model.talk;
    let record = model.transcript.line(talk);
    let exchange = model.transcript.selected().or_else(|| talk.last_answered());
    let mut left_out = None;
    let text = match what {
        What::Line => record.map(|record| copying::line(talk, record)),
        What::Exchange => exchange.and_then(|exchange| copying::exchange(talk, exchange)),
        What::Conversation => return vec![Effect::CopyWhole(whole(model))],
        What::Swaks => copying::swaks(talk, model.transcript.selected()).map(|(text, without)| {
            left_out = without;
            text
        }),
    };
    if text.is_none() {
        model.notice = Some("There is nothing of that kind to copy here.".to_owned());
    }
    text.map(|text| Effect::Copy { text, left_out }).into_iter().collect()
}

#[cfg(test)]
mod tests;
