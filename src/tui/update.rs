//! What each message changes: pure, effects are given back as data.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use crate::conversation::Micros;
use crate::conversation::file::Header;
use crate::transaction::{interrupted, last_greeting};

use super::act::{act, closed, connect_as_typed, open_form};
use super::action::{Action, Where};
use super::effect::Effect;
use super::enter::{enter, in_one_write, not_sent, paste_lines};
use super::errand;
use super::keymap::Key;
use super::learn;
use super::library;
use super::message::Message;
use super::model::{Armed, Face, Focus, Model, Peer};
use super::mouse;
use super::opening;
use super::overlay::{Help, Needs, Outcome, Overlay, Paste, Question, SecretPrompt, Target, mail_came, show_mail};
use super::pane::panel::{Panel, Tab};
use super::pane::transcript::Transcript;
use super::reading;
use super::replay;
use super::start::{Recent, Wish};
use super::talk::Talk;
use super::{editor, pasted, paths, playback, presenter, probing, regardless, secret, serverside, wire};

/// Takes a message in.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let was_open = model.talk.is_open();
    let mut effects = match message {
        Message::Key(key) if key.kind == KeyEventKind::Release => return Vec::new(),
        Message::Key(key) => pressed(model, key),
        Message::Mouse(mouse) => mouse::moused(model, mouse),
        Message::Paste(text) => paste(model, &text),
        Message::Resize(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        // The last words of a connection that a file has taken the place of are in its own file.
        Message::Wire(_) | Message::Gone(_) if model.is_offline() => Vec::new(),
        Message::Wire(events) => wire::happened(model, events),
        Message::Gone(events) => {
            if model.talk.is_open() {
                model.talk.take(super::attending::told(model, events));
            }
            replay::follow(model)
        }
        Message::Tick(now) => {
            model.now = now;
            Vec::new()
        }
        other => background(model, other),
    };
    if was_open && !model.talk.is_open() {
        errand::keep_password(model);
        model.interrupted = interrupted(&model.talk.dialogue, &model.talk.log).or(model.interrupted.take());
        learn::turn_to_question(model);
        effects.extend(errand::ended(model));
    }
    if let Some(Overlay::Target(target)) = &mut model.overlay {
        effects.extend(target.unread().map(|text| Effect::Profiles(Wish::Read(text))));
    } else if model.face == Face::Start {
        effects.extend(super::start::ask_reading(model));
    }
    effects.extend(reading::zoom_ends(model));
    model.settle();
    // What search and filter have not looked at yet is looked at between keys, a piece at a time.
    if !model.sifting && model.transcript.is_sifting(&model.talk) {
        model.sifting = true;
        effects.push(Effect::Sift);
    }
    effects.extend(model.talk.unexplained().map(Effect::ExplainOthers));
    let said = model.notice.clone();
    effects.extend(errand::step(model));
    if model.notice != said {
        // The words may need more rows.
        model.settle();
    }
    effects
}

/// What comes back of what was asked for while reading.
fn read(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Sift => {
            model.sifting = false;
            model.transcript.sift(&model.talk);
        }
        Message::Annotated { path, events } => {
            let same = model.is_offline() && model.talk.path.as_deref() == Some(path.as_path());
            model.talk.take(if same { events } else { Vec::new() });
        }
        Message::Changed { path, kept } => return reading::read_anew(model, path, !kept),
        Message::Copied { sequence, words } => {
            model.notice = Some(words);
            return sequence.map(Effect::Terminal).into_iter().collect();
        }
        Message::FileGone(path, wanted) => return reading::of_gone(model, &path, wanted),
        Message::Exists { to, format, anonymise } => reading::exists(model, &to, format, anonymise),
        Message::Taken { by, live, to, format, anonymise } => {
            reading::taken(model, (&by, live), &to, format, anonymise);
        }
        Message::Paths(found) => paths::take(model, &found),
        Message::Explained(titles) => model.talk.explained_others(&titles),
        Message::Scenarios(scenarios) => model.start.know(scenarios),
        _ => {}
    }
    Vec::new()
}

/// What comes from the loop itself.
fn background(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Began { peer, path, head, again } => return began(model, *peer, (path, head), again),
        Message::Rehearsed(rehearsed) => return replay::begin(model, *rehearsed),
        Message::ReplayAsks { of, user } => replay::ask_password(model, of, &user),
        Message::ReplayReads(of, names) => replay::ask_environment(model, of, names),
        Message::Compared(compared) => replay::show(model, *compared),
        Message::Both(held) => return replay::held_with_both(model, held),
        Message::Waited(number) => return replay::waited(model, number),
        Message::PlayOn(number) => return playback::due(model, number),
        Message::Confirm(target) => model.overlay = Some(Overlay::Target(Target::with(&target))),
        Message::NotBegun(why) => not_begun(model, why),
        Message::Notice(why) | Message::Inserted(Err(why)) => model.notice = Some(why),
        Message::NotSent(line) => not_sent(model, &line),
        Message::Opened { path, talk, whole } => opening::opened(model, &path, *talk, whole),
        Message::NotOpened(path, why) if opening::is_wanted(model, &path, true) => {
            let shown = crate::smtp::escape::for_screen(path.to_string_lossy().as_bytes());
            model.notice = Some(format!("{shown}{why}"));
            model.talk.partial &= !model.talk.log.is_empty();
            // Of several files the one that is shown is still the current one.
            let shown = model.talk.path.as_ref().and_then(|shown| model.files.paths.iter().position(|it| it == shown));
            model.files.current = shown.unwrap_or(model.files.current);
        }
        Message::Access(access) => return errand::prepared(model, *access),
        Message::Inserted(Ok(text)) => {
            model.notice = None;
            if let Some(Overlay::Editor(editor)) = &mut model.overlay {
                editor.read(&text);
            }
        }
        Message::Attached(name, octets) => {
            model.notice = None;
            if let Some(Overlay::Editor(editor)) = &mut model.overlay {
                editor.attach(name, octets);
            }
        }
        Message::NotAttached(why) => not_attached(model, why),
        Message::Mail(letters) => show_mail(model, letters),
        Message::MailCame => return mail_came(model),
        Message::ServerSide(seen, first) => return serverside::take(model, seen, first),
        Message::Recent(recent) => kept_lately(model, recent),
        Message::Zone(zone) => model.zone = Some(zone),
        Message::Knowledge(knowledge, warnings) => {
            model.knowledge = knowledge;
            model.knowledge_due = false;
            model.talk.forget_explanation();
            if !warnings.is_empty() {
                model.notice = Some(format!("Not all of your own replies could be read: {}", warnings.join(" · ")));
            }
        }
        Message::Secret(fetched) => return secret::take(model, fetched),
        Message::Profiles(news) => super::start::take(model, news),
        Message::Library(news) => return library::take(model, news),
        Message::Several(path, count) => opening::several(model, &path, count),
        Message::Lesson(news) => return learn::news(model, news),
        Message::Probe(news) => probing::news(model, news),
        other => return read(model, other),
    }
    Vec::new()
}

/// A file could not be attached: the form says so where it is open.
fn not_attached(model: &mut Model, why: String) {
    let told = match &mut model.overlay {
        Some(Overlay::Editor(editor)) => editor.not_attached(&why),
        _ => false,
    };
    model.notice = (!told).then_some(why);
}

/// The conversations that were kept lately are known.
fn kept_lately(model: &mut Model, recent: Vec<Recent>) {
    model.start.relist(recent, model.today);
    let mut overlay = model.overlay.take();
    if let Some(Overlay::Other(other)) = &mut overlay {
        other.offer(|path| replay::kept_beside(model, path));
    }
    model.overlay = overlay;
}

/// A connection is being made: in a new conversation, or `again` to go on with the one that is there; where its file is,
/// and the head of it.
fn began(
    model: &mut Model,
    peer: Peer,
    (path, head): (Option<PathBuf>, Option<Box<Header>>),
    again: bool,
) -> Vec<Effect> {
    model.face = Face::Talk;
    model.focus = Focus::Composer;
    model.notice = None;
    model.dialled = None;
    model.returns = false;
    if !again {
        model.talk = Talk::live(&peer.name);
        model.transcript = Transcript::default();
        model.panel = Panel::default();
        model.recipients.clear();
        model.now = Micros::default();
        (model.lesson, model.probing) = (None, None);
        (model.interrupted, model.errand, model.wanted) = (None, None, None);
    }
    if model.panel.tab() == Tab::Probe {
        model.panel.open(Tab::Reply);
    }
    model.playback = None;
    put_away_line(model, &peer.name, again);
    model.talk.goes_on();
    (model.talk.path, model.talk.head) = (path, head);
    model.talk.mechanism.clone_from(&peer.mechanism);
    // Who goes on goes on by the name that was given.
    let greeted = again && last_greeting(&model.talk.dialogue, &model.talk.log).is_some();
    let ehlo = greeted.then(|| std::mem::take(&mut model.peer.identity.ehlo));
    model.peer = peer;
    if let Some(ehlo) = ehlo {
        model.peer.identity.ehlo = ehlo;
    }
    if !model.peer.unverified || !again {
        (model.repeat, model.password) = (None, None);
    }
    replay::began(model, again)
}

/// What was typed for one server is not left ready for another; Up brings it back.
fn put_away_line(model: &mut Model, to: &str, again: bool) {
    if again
        || model.composer.line().is_empty()
        || model.peer.name.is_empty()
        || model.peer.name == to
        || replay::is_playing(model)
    {
        return;
    }
    model.composer.put_away();
    model.notice = Some("The line that was typed for the other server is put away; Up brings it back.".to_owned());
}

/// A target could not be connected to. What was typed for F4 comes back, to be mended.
fn not_begun(model: &mut Model, why: String) {
    replay::not_begun(model);
    match model.dialled.take() {
        Some(target) => model.overlay = Some(Overlay::Target(Target::refused(&target, why))),
        None => model.notice = Some(why),
    }
}

fn pressed(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    presenter::note(model, key);
    heard(model, key)
}

/// Does what a key means where the focus is.
fn heard(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let everywhere = model.keymap.action(Where::Everywhere, Key::from(key));
    let leaving = everywhere == Some(Action::Quit);
    if everywhere == Some(Action::Suspend) {
        return act(model, Action::Suspend);
    }
    // Nothing is sent, or chosen, that was not seen.
    if model.layout().is_none() && !leaving {
        return Vec::new();
    }
    if leaving && !matches!(model.overlay, Some(Overlay::Question(_))) {
        put_away(model);
    }
    if let Some(mut overlay) = model.overlay.take() {
        let outcome = overlay.key(key, model);
        return answered(model, overlay, outcome);
    }
    model.notice = None;
    let place = model.place();
    if let Some(action) = model.keymap.action(place, Key::from(key)) {
        // Esc gives up what is left of a paste first.
        let gives_up = action == Action::ToTranscript && key.code == KeyCode::Esc && place == Where::Composer;
        if gives_up && !model.composer.completes() && pasted::forget(model) {
            return Vec::new();
        }
        // Esc first shows again what a filter or a search has narrowed.
        let leaves = action == Action::ToComposer && key.code == KeyCode::Esc && model.focus == Focus::Transcript;
        let action = match leaves {
            true if model.transcript.is_narrowed() => Action::Widen,
            true if model.playback.is_some() => Action::EndPlay,
            true if replay::closes(model) => Action::EndReplay,
            true if model.came_from_start() && model.replay.is_none() => opening::back(model),
            // A file that was named at the start has nothing behind it.
            true if model.is_offline() => return opening::nothing_behind(model),
            _ => action,
        };
        return act(model, action);
    }
    match (model.face, model.focus) {
        (Face::Start, _) => {
            match key.code {
                KeyCode::Esc if !model.start.clear() && model.talk.is_open() => model.face = Face::Talk,
                KeyCode::Esc => {}
                KeyCode::Tab if !model.start.text().is_empty() => {
                    return vec![Effect::CompletePath(model.start.text().to_owned())];
                }
                _ => {
                    model.start.key(key);
                }
            }
            Vec::new()
        }
        (Face::Library, _) if model.library.key(key) => library::typed(model),
        (Face::Library, _) => Vec::new(),
        (Face::Talk, Focus::Composer) => typed(model, key),
        _ => {
            // Whoever types a line here must not find it gone.
            if matches!(key.code, KeyCode::Char(c) if c.is_ascii_alphabetic()) && !model.is_offline() {
                let words = "The line does not have the keys; {composer} goes back to it.";
                model.notice = Some(model.keymap.told(words));
            }
            Vec::new()
        }
    }
}

/// Whatever lies over the panes goes; a message that is being written is kept, since one may stay after all.
fn put_away(model: &mut Model) {
    let overlay = match model.overlay.take() {
        Some(help @ Overlay::Help(_)) => help.below(),
        other => other,
    };
    if let Some(Overlay::Editor(editor)) = overlay {
        model.draft = editor.kept();
    }
}

/// A key for the composer. An Alt with a character that means nothing there is Esc and then the character: terminals
/// send both alike.
fn typed(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    model.armed = None;
    if model.compose(|composer, around| composer.key(key, around)) {
        pasted::typed(model);
        return Vec::new();
    }
    let Some(plain) = Key::from(key).without_alt() else { return Vec::new() };
    let mut effects = act(model, Action::ToTranscript);
    effects.extend(heard(model, plain.event()));
    effects
}

/// What a key meant to an overlay.
pub(super) fn answered(model: &mut Model, overlay: Overlay, outcome: Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Stay => covers(model, Some(overlay)),
        Outcome::Close => closed(model, overlay),
        Outcome::Help => covers(model, Some(Overlay::Help(Help::over(overlay)))),
        Outcome::Typed => {
            typed_into(model, overlay);
            Vec::new()
        }
        Outcome::Answer => match overlay {
            Overlay::Prompt(prompt) => reading::answered(model, prompt),
            _ => Vec::new(),
        },
        Outcome::Copy(what) => reading::copy(model, what),
        Outcome::Show(record) => reading::show(model, record),
        Outcome::Act(action) => act(model, action),
        Outcome::Connect(target) => connect_as_typed(model, target),
        Outcome::Learn(lesson) => learn::begin(model, lesson),
        Outcome::Probe(names) => probing::begin(model, names),
        Outcome::Replay(path, target, way) => replay::wanted(path, target, way),
        Outcome::Compare(left, right) => vec![Effect::Compare(left, right)],
        Outcome::Both(path, targets) => replay::with_both(model, path, targets),
        // The editor stays until it is saved.
        Outcome::Mail(wish) => stays(model, overlay, Effect::Mail(wish)),
        Outcome::Profiles(wish) => stays(model, overlay, Effect::Profiles(wish)),
        Outcome::Secret(secret) => match overlay {
            Overlay::Secret(SecretPrompt { needs: Needs::Replay(of), .. }) => replay::told(of, secret),
            Overlay::Secret(SecretPrompt { needs: Needs::Mask, .. }) => secret::marked(model, secret),
            _ => secret::given(model, secret),
        },
        Outcome::Yes(question) => agreed(model, question),
        Outcome::Quit => vec![Effect::Quit],
        Outcome::Drop => vec![Effect::Drop],
        Outcome::Use(way, lines) => paste_lines(model, way, lines),
        Outcome::Template(verb) => {
            model.compose(|composer, around| composer.begin(&verb, around));
            Vec::new()
        }
        Outcome::Form(verb) => {
            model.compose(|composer, around| composer.begin(&verb, around));
            open_form(model, &verb);
            Vec::new()
        }
        Outcome::Draft(draft) => {
            editor::left(model, draft);
            Vec::new()
        }
        Outcome::ReadFile(path) => stays(model, overlay, Effect::ReadMessage(path)),
        Outcome::Complete(typed) => stays(model, overlay, Effect::CompletePath(typed)),
        Outcome::Attach(path) => stays(model, overlay, Effect::ReadAttachment(path)),
        Outcome::Class(up) => stays(model, overlay, Effect::ToClass(up)),
        Outcome::Line(line) => {
            model.composer.set_line(&line);
            Vec::new()
        }
    }
}

/// This lies over the panes now.
fn covers(model: &mut Model, overlay: Option<Overlay>) -> Vec<Effect> {
    model.overlay = overlay;
    Vec::new()
}

/// The overlay stays, and something is done for it.
fn stays(model: &mut Model, overlay: Overlay, effect: Effect) -> Vec<Effect> {
    model.overlay = Some(overlay);
    vec![effect]
}

/// A question was answered with yes.
fn agreed(model: &mut Model, question: Question) -> Vec<Effect> {
    match question {
        Question::Connect(target) => {
            model.dialled = Some(target.clone());
            vec![Effect::Connect(target)]
        }
        Question::Open(path) => vec![Effect::Drop, opening::ask(model, path)],
        Question::Learn(lesson) => learn::wanted(model, lesson),
        Question::Reconnect => vec![Effect::Reconnect],
        Question::Environment(of) => vec![Effect::Replay { of, password: None }],
        Question::HandOver { .. } => replay::handed_over(model).unwrap_or_else(|| {
            model.armed = Some(Armed::Delivered);
            enter(model)
        }),
        Question::Regardless => regardless::begin(model),
        Question::ClearText { block, .. } if !block.is_empty() => in_one_write(model, block),
        Question::ClearText { .. } if model.errand.is_some() => errand::allowed(model),
        // It stands in the composer still.
        Question::ClearText { .. } => {
            model.armed = Some(Armed::InClear);
            enter(model)
        }
        Question::DeleteProfile(name) => vec![Effect::Profiles(Wish::Delete(name))],
        Question::Remove(doomed) => {
            vec![Effect::Library(library::Wish::Remove(doomed.files.into_iter().map(|it| it.path).collect()))]
        }
        Question::Quit | Question::Stop => vec![Effect::Quit],
    }
}

/// What an overlay shows follows its line.
fn typed_into(model: &mut Model, mut overlay: Overlay) {
    if let Overlay::Prompt(prompt) = &mut overlay {
        reading::typed(model, prompt);
    }
    model.overlay = Some(overlay);
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.layout().is_none() {
        return Vec::new();
    }
    if let Some(mut overlay) = model.overlay.take() {
        overlay.paste(text);
        typed_into(model, overlay);
        return Vec::new();
    }
    model.notice = None;
    model.armed = None;
    if model.at_library() {
        model.library.paste(text);
        return library::typed(model);
    }
    if model.at_start() {
        model.start.paste(text);
        return Vec::new();
    }
    if model.is_offline() {
        return Vec::new();
    }
    model.focus = Focus::Composer;
    // A line of the paste before this one goes with it.
    let around = if model.pasted.shows(model.composer.line()) { ("", "") } else { model.composer.halves() };
    if let Some(paste) = Paste::of(text, around) {
        model.overlay = Some(Overlay::Paste(paste));
    } else {
        let line = text.trim_end_matches(['\r', '\n']);
        model.compose(|composer, around| composer.paste(line, around));
    }
    Vec::new()
}
