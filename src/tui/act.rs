//! The handler of each action of the table.

use std::time::Duration;

use crate::client::Request;
use crate::conversation::Exchange;
use crate::conversation::ending::{Extent, ending};
use crate::decode::{Does, Step};
use crate::smtp::Phase;
use crate::smtp::escape::for_screen;

use super::action::Action;
use super::attending;
use super::editor::Editor;
use super::effect::Effect;
use super::enter::{enter, mend, to_the_line};
use super::errand;
use super::learn;
use super::library;
use super::model::{Face, Focus, Model};
use super::not_now::not_now;
use super::opening::open_marked;
use super::overlay::{Form, Help, Menu, Overlay, Palette, Probes, Question, Recall, Target};
use super::pane::composer::Composer;
use super::pane::panel::Tab;
use super::playback;
use super::presenter;
use super::probing::{self, Probing};
use super::reading;
use super::replay;
use super::serverside;
use super::start::{TrustBy, Wish};

/// Does an action, or says why it can't be done now.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let action = learn::meant(model, probing::meant(model, replay::meant(model, action)));
    if let Some(words) = attending::forbids(model, action) {
        model.notice = Some(words.to_owned());
        return Vec::new();
    }
    if !(action.entry().available)(model) {
        model.notice = not_now(model, action);
        return Vec::new();
    }
    if !matches!(action, Action::Send) {
        model.armed = None;
    }
    match action {
        Action::Send => return enter(model),
        Action::Open => return open_marked(model),
        Action::Ready
        | Action::Back
        | Action::Stop
        | Action::Connect
        | Action::Reconnect
        | Action::KeepAlive
        | Action::AcceptOffer
        | Action::ReadOn
        | Action::ConnectBetter
        | Action::TlsRegardless
        | Action::Trust
        | Action::VerifyAs
        | Action::Lab
        | Action::AnswerLike
        | Action::Probe
        | Action::Start
        | Action::Drop
        | Action::Quit => return of_connection(model, action),
        Action::Mend | Action::Templates | Action::Message | Action::Receipt | Action::History | Action::LineEnd => {
            of_line(model, action);
        }
        of_tabs if turn_to(model, of_tabs) => {}
        Action::NewProfile | Action::EditProfile | Action::CopyProfile | Action::DeleteProfile => {
            return super::start::act(model, action);
        }
        of_replay if replay::does(of_replay) => return replay::act(model, of_replay),
        // Esc closes what is open above the line before it leaves it.
        Action::ToTranscript if model.focus == Focus::Composer && model.compose(Composer::close_popup) => {}
        Action::ToComposer | Action::ToTranscript | Action::ToPanel | Action::NextPane | Action::PreviousPane => {
            model.focus = focus_after(model, action);
        }
        Action::Step(n) => return take_step(model, usize::from(n)),
        of_lesson if learn::does(of_lesson) => return learn::act(model, of_lesson),
        other => return of_program(model, other),
    }
    Vec::new()
}

/// Actions on the line to send and on the message.
fn of_line(model: &mut Model, action: Action) {
    match action {
        Action::Mend => mend(model),
        Action::Templates => templates(model),
        Action::Message => {
            model.focus = Focus::Composer;
            model.overlay = Some(Overlay::Editor(Box::new(Editor::open(model))));
        }
        Action::Receipt => receipt(model),
        Action::History => {
            model.focus = Focus::Composer;
            model.overlay = Some(Overlay::Recall(Recall::with(model.composer.line())));
        }
        _ => {
            let words = model.turn_line_end();
            model.notice = Some(format!("Lines that you send end with {words} now."));
        }
    }
}

/// Asks for a receipt on the line, or takes that back.
fn receipt(model: &mut Model) {
    // The second and the number of the line tell one envelope from another.
    let second = model.today.map_or(0, jiff::Timestamp::as_second);
    let envelope = format!("ehlo-{second:x}-{}", model.talk.log.len());
    if !model.compose(|composer, around| composer.receipt(around, &envelope)) {
        let words = "A receipt is asked for with MAIL and RCPT: put one of them on the line, then {receipt}.";
        model.notice = Some(model.keymap.told(words));
    }
}

/// Opens the tab of the right panel that an action leads to; false where it leads to none.
fn turn_to(model: &mut Model, action: Action) -> bool {
    let tab = match action {
        Action::ReplyTab => Tab::Reply,
        Action::SessionTab => Tab::Session,
        Action::OfferTab => Tab::Offer,
        Action::TlsTab => Tab::Tls,
        Action::ProbeTab => Tab::Probe,
        Action::NextTab | Action::PreviousTab => {
            model.panel.tab().turn(action == Action::NextTab, model.probing.is_some())
        }
        _ => return false,
    };
    open_tab(model, tab);
    true
}

/// Actions on the workbench itself, on what is read, and those that move.
fn of_program(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        plays if playback::does(plays) => return playback::act(model, plays),
        kept if library::does(kept) => return library::act(model, kept),
        moving if model.at_library() && library::moves(moving) => return library::step(model, moving),
        Action::Pipeline => return super::pipelining::act(model),
        Action::Retry => return super::retry::act(model),
        Action::MarkSecret => super::secret::mark(model),
        Action::Mail => return vec![Effect::LookAtMail],
        Action::ServerView => return vec![Effect::ServerView(serverside::address(&model.talk.log))],
        Action::Help => model.overlay = Some(Overlay::Help(Help::of(model.place()))),
        Action::Palette => model.overlay = Some(Overlay::Palette(Palette::default())),
        Action::NextFile | Action::PreviousFile => {
            let path = model.files.turn(action == Action::NextFile).map(std::path::Path::to_owned);
            return path.map_or_else(Vec::new, |path| super::opening::open_file(model, path));
        }
        Action::Mouse => {
            model.mouse = !model.mouse;
            let words = if model.mouse {
                "The mouse is ehlo's again."
            } else {
                "The mouse is the terminal's; {mouse} takes it back."
            };
            model.notice = Some(model.keymap.told(words));
            return vec![Effect::Mouse(model.mouse)];
        }
        Action::Presenter => presenter::turn(model),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Search
        | Action::SearchNext
        | Action::SearchBefore
        | Action::Filter
        | Action::Widen
        | Action::Bookmark
        | Action::NextBookmark
        | Action::Note
        | Action::Jump
        | Action::Explain
        | Action::Copy
        | Action::Timing
        | Action::Zoom
        | Action::SaveAs
        | Action::Export
        | Action::Anonymised
        | Action::Theme
        | Action::Glossary
        | Action::Reference => return reading::act(model, action),
        moving => move_by(model, moving),
    }
    Vec::new()
}

/// Turns NOOP by itself on or off; well within the server's limit, where that is known.
fn keep_alive(model: &mut Model) -> Vec<Effect> {
    const USUAL: Duration = Duration::from_mins(1);
    let every = match (&model.talk.keep_alive, model.talk.idle) {
        (Some(_), _) => None,
        (None, Some(limit)) => Some(USUAL.min(limit / 2).max(Duration::from_secs(1))),
        (None, None) => Some(USUAL),
    };
    vec![Effect::Send(Request::KeepAlive(every))]
}

/// Actions on the connection: to make one, to make it ready, to end it.
fn of_connection(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Ready => return errand::ask(model, false),
        Action::Back if errand::is_parting(model) => errand::return_after(model),
        Action::Back => return errand::ask(model, true),
        Action::Stop => return stop(model),
        Action::Connect => model.overlay = Some(Overlay::Target(Target::offering(&model.start))),
        Action::Reconnect if model.talk.is_open() => model.overlay = Some(Overlay::Question(Question::Reconnect)),
        // A file's head is somebody's word: its target is shown, and Enter confirms it.
        Action::Reconnect if model.is_offline() => {
            let target = model.talk.target.clone().unwrap_or_default();
            model.overlay = Some(Overlay::Target(Target::with(&target)));
        }
        Action::Reconnect => return vec![Effect::Reconnect],
        Action::KeepAlive => return keep_alive(model),
        Action::AcceptOffer => return vec![Effect::Send(Request::AcceptOffer)],
        Action::ReadOn => {
            model.talk.flooded = false;
            return vec![Effect::Send(Request::ReadOn)];
        }
        Action::ConnectBetter => {
            let better = model.panel.trouble().and_then(|trouble| trouble.better.clone());
            return better.map_or_else(Vec::new, |target| connect_by_step(model, target));
        }
        Action::TlsRegardless => model.overlay = Some(Overlay::Question(Question::Regardless)),
        Action::Trust => {
            let (profile, target) = (model.peer.profile.clone(), model.peer.name.clone());
            return vec![Effect::Profiles(Wish::Trust { profile, target, by: TrustBy::Authority })];
        }
        Action::VerifyAs => {
            let (profile, target) = (model.peer.profile.clone(), model.peer.name.clone());
            let names = model.panel.trouble().and_then(|trouble| trouble.for_others.clone()).unwrap_or_default();
            return vec![Effect::Profiles(Wish::Trust { profile, target, by: TrustBy::Name(names) })];
        }
        Action::Lab => return connect(model, "lab:".to_owned()),
        Action::AnswerLike => {
            let path = model.talk.path.as_ref().map(|path| format!("lab:{}", path.display()));
            return path.map_or_else(Vec::new, |target| connect(model, target));
        }
        Action::Probe => model.overlay = Some(Overlay::Probes(Probes::default())),
        Action::Start => {
            replay::forget(model);
            model.face = Face::Start;
            model.library.opened = false;
            let stays = model.talk.is_open().then(|| "The connection stays open; Esc goes back to it.".to_owned());
            model.notice = stays.or(model.notice.take());
            return vec![Effect::LookForRecent];
        }
        Action::Drop => return vec![Effect::Drop],
        Action::Quit if model.talk.is_open() => model.overlay = Some(Overlay::Question(Question::Quit)),
        Action::Quit => return vec![Effect::Quit],
        _ => {}
    }
    Vec::new()
}

/// Actions that move within a list or a pane.
fn move_by(model: &mut Model, action: Action) {
    if matches!(action, Action::FindingAfter | Action::FindingBefore) {
        return probing::step(model, action == Action::FindingAfter);
    }
    if model.at_start() {
        match action {
            Action::Up => model.start.step(false),
            Action::Down => model.start.step(true),
            _ => {}
        }
        return;
    }
    let of_exchanges = matches!(
        action,
        Action::ExchangeBefore
            | Action::ExchangeAfter
            | Action::RefusalBefore
            | Action::RefusalAfter
            | Action::DifferenceBefore
            | Action::DifferenceAfter
    );
    let pages = matches!(action, Action::PageUp | Action::PageDown);
    if model.focus == Focus::Lesson && matches!(action, Action::Up | Action::Down) {
        learn::step(model, action == Action::Down);
    } else if model.focus == Focus::Lesson && pages {
        learn::page(model, action == Action::PageDown);
    } else if model.focus == Focus::Panel && !of_exchanges {
        model.panel.act(action, &model.talk);
    } else {
        scroll(model, action);
    }
}

/// An action that moves within the transcript, or within what stands in its place.
pub(super) fn scroll(model: &mut Model, action: Action) {
    let before = model.transcript.selected();
    if action == Action::Fold && model.replay.is_none() && !model.transcript.folds(&model.talk) {
        model.notice = Some("Nothing here is so long that it is folded.".to_owned());
    }
    let moved = match &mut model.replay {
        Some(columns) => columns.act(action),
        None => model.transcript.act(action, &model.talk),
    };
    if let Some(words) = model.replay.as_ref().filter(|_| !moved).and_then(|columns| columns.nothing_there(action)) {
        model.notice = Some(words.to_owned());
        return;
    }
    let looks = matches!(action, Action::RefusalAfter | Action::RefusalBefore) && model.replay.is_none();
    if looks && !model.talk.dialogue.exchanges().iter().any(Exchange::is_refusal) {
        let ended = ending(&model.talk.dialogue, &model.talk.log, Extent::default()).filter(|ended| !ended.at_rest);
        let words = ended.as_ref().map(|ended| format!(" It ended here: {}.", for_screen(ended.words.as_bytes())));
        if let Some(ended) = ended {
            model.transcript.show(ended.record, &model.talk);
        }
        model.notice = Some("No reply in this conversation refuses anything.".to_owned() + &words.unwrap_or_default());
        return;
    }
    let (Some(before), Some(now)) = (before, model.transcript.selected()) else { return };
    let again = match action {
        Action::RefusalAfter if now < before => "From the beginning again.",
        Action::RefusalBefore if now > before => "From the end again.",
        Action::RefusalAfter | Action::RefusalBefore if now == before && model.replay.is_none() => {
            "There is no other refusal in this conversation."
        }
        _ => return,
    };
    model.notice = Some(again.to_owned());
}

fn focus_after(model: &Model, action: Action) -> Focus {
    let offline = model.is_offline();
    match (action, model.focus) {
        (Action::ToComposer, _) => {
            if offline {
                Focus::Transcript
            } else {
                Focus::Composer
            }
        }
        // A ring: composer, panel, transcript.
        (Action::ToTranscript, _) | (Action::NextPane, Focus::Panel) | (Action::PreviousPane, Focus::Composer) => {
            Focus::Transcript
        }
        (Action::ToPanel, _) | (Action::NextPane, Focus::Composer) | (Action::PreviousPane, Focus::Transcript) => {
            Focus::Panel
        }
        (Action::NextPane, Focus::Transcript) if offline => Focus::Panel,
        (Action::PreviousPane, Focus::Panel) if offline => Focus::Transcript,
        _ => Focus::Composer,
    }
}

/// F2: the verbs, or the form of the verb that stands on the line.
fn templates(model: &mut Model) {
    model.focus = Focus::Composer;
    if model.challenge.is_some() {
        let words = "An answer within AUTH is due, and a verb would be taken for it. A lone * gives the login up.";
        model.notice = Some(words.to_owned());
        return;
    }
    let word = model.composer.line().split_whitespace().next().unwrap_or_default().to_owned();
    if !open_form(model, &word) {
        model.overlay = Some(Overlay::Menu(Menu::default()));
    }
}

/// Opens the form of a verb, filled in from the line; false where the verb is not known.
pub(super) fn open_form(model: &mut Model, verb: &str) -> bool {
    let offered = model.talk.dialogue.state().session.capabilities.clone();
    let Some(entry) = model.knowledge.verbs.find(verb) else { return false };
    let line = model.composer.line();
    // A verb alone is filled in with what stands there in grey.
    let alone = line.trim_end().eq_ignore_ascii_case(verb);
    let line = if alone { format!("{line}{}", model.composer.ghost()) } else { line.to_owned() };
    model.overlay = Some(Overlay::Form(Box::new(Form::of(entry, &line, &offered))));
    true
}

/// Ctrl-C: stops what is awaited, or else asks what is to be stopped.
fn stop(model: &mut Model) -> Vec<Effect> {
    model.errand = None;
    if super::pipelining::forget(model) || (model.waiting.is_none() && super::pasted::forget(model)) {
        return Vec::new();
    }
    if std::mem::take(&mut model.returns) {
        model.notice = Some("You stay here; nothing is connected again by itself.".to_owned());
        return Vec::new();
    }
    if replay::pause(model) {
        return Vec::new();
    }
    if model.holding || model.probing.as_ref().is_some_and(Probing::is_running) {
        return vec![Effect::Drop];
    }
    if model.waiting.is_some() {
        model.pasted.clear();
        return vec![Effect::Send(Request::GiveUp)];
    }
    if model.talk.is_open() && matches!(model.talk.dialogue.state().phase(), Phase::Connecting | Phase::Handshake) {
        return vec![Effect::Drop];
    }
    model.overlay = Some(Overlay::Question(Question::Stop));
    Vec::new()
}

/// Connects, after a question where a connection is open.
pub(super) fn connect(model: &mut Model, target: String) -> Vec<Effect> {
    if model.talk.is_open() {
        model.overlay = Some(Overlay::Question(Question::Connect(target)));
        return Vec::new();
    }
    vec![Effect::Connect(target)]
}

/// Opens a tab of the panel; where the panel shares its place, it comes to the front.
pub(super) fn open_tab(model: &mut Model, tab: Tab) {
    model.panel.open(tab);
    if model.layout().is_some_and(|layout| layout.panel.is_none()) {
        model.focus = Focus::Panel;
    }
}

/// Connects where a next step says. A step of an opened file is somebody's word, and so is a name out of a certificate
/// that nobody vouches for: it is shown, and Enter confirms it. A connection on which the server has said nothing is not
/// worth a question.
fn connect_by_step(model: &mut Model, target: String) -> Vec<Effect> {
    let untrusted = model.panel.trouble().is_some_and(|trouble| trouble.untrusted);
    if model.is_offline() || untrusted {
        model.overlay = Some(Overlay::Target(Target::with(&target)));
        return Vec::new();
    }
    if is_unheard(model) {
        return vec![Effect::Connect(target)];
    }
    connect(model, target)
}

fn is_unheard(model: &Model) -> bool {
    matches!(model.talk.dialogue.state().phase(), Phase::Connecting | Phase::Greeting)
}

/// Connects to what was typed for F4; what can't be reached comes back there, to be mended.
pub(super) fn connect_as_typed(model: &mut Model, target: String) -> Vec<Effect> {
    model.dialled = Some(target.clone());
    if model.talk.is_open() && !is_unheard(model) {
        return connect(model, target);
    }
    vec![Effect::Connect(target)]
}

/// An overlay was closed: what lay below it is there again.
pub(super) fn closed(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    reading::left(model, &overlay);
    attending::left(model, &overlay);
    let typed = typed_before(model, &overlay);
    model.overlay = typed.or_else(|| overlay.below());
    Vec::new()
}

/// What was typed for F4 is back where whoever typed it would rather keep the connection that is open.
fn typed_before(model: &mut Model, closed: &Overlay) -> Option<Overlay> {
    let Overlay::Question(Question::Connect(target)) = closed else { return None };
    let dialled = model.dialled.take().filter(|dialled| dialled == target)?;
    Some(Overlay::Target(Target::with(&dialled)))
}

/// Takes the n-th next step, from 1: a line goes to the composer, an action is done.
pub(super) fn take_step(model: &mut Model, n: usize) -> Vec<Effect> {
    let Some(Step { text, does }) = model.step(n) else { return Vec::new() };
    match does {
        Does::Command(line) if !model.is_offline() => {
            to_the_line(model, &line);
        }
        Does::Command(line) => {
            model.notice = Some(format!("This is a file; with a connection the line would be: {line}"));
        }
        Does::Action(name, Some(argument)) if name == Action::Connect.entry().name => {
            return connect_by_step(model, argument);
        }
        Does::Action(name, _) => return Action::named(&name).map_or_else(Vec::new, |action| act(model, action)),
        Does::Advice => model.notice = Some(format!("By hand: {text}.")),
    }
    Vec::new()
}
