//! Enter, and what a paste becomes: the only places from which lines are sent.

use crate::client::{Ending, Request};
use crate::conversation::dialogue::Verdict;
use crate::decode::{Does, MENDED, Step};
use crate::smtp::session::Sent;
use crate::smtp::{Command, Phase, Verb};

use super::action::Action;
use super::editor::Draft;
use super::effect::Effect;
use super::model::{Armed, Focus, Model};
use super::overlay::{Overlay, PasteAs, Question};
use super::pane::composer::{Answer, Composer, Wants, answer};
use super::{attending, exposed, pasted, pipelining, replay};
use crate::conversation::words::capital;

/// Enter in the composer: sends what stands there, or says first what is unusual about it.
pub(super) fn enter(model: &mut Model) -> Vec<Effect> {
    if let Some(effects) = super::replay::enter(model) {
        return effects;
    }
    if let Some(words) = attending::holds(model) {
        model.notice = Some(words.to_owned());
        return Vec::new();
    }
    if let Some(effects) = pipelining::enter(model) {
        return effects;
    }
    if model.composer.line().is_empty() && model.pasted.waits() {
        pasted::enter(model);
        return Vec::new();
    }
    let armed = model.armed.take();
    let content = is_content(model);
    if is_announced(model, armed.as_ref(), content) {
        return Vec::new();
    }
    if hands_over(model) && model.peer.production && armed != Some(Armed::Delivered) {
        let host = model.peer.name.clone();
        let question = Question::HandOver { host, recipients: accepted(model), production: true };
        model.overlay = Some(Overlay::Question(question));
        return Vec::new();
    }
    if armed != Some(Armed::InClear)
        && let Some(why) = exposed::by(model, [model.composer.line()])
    {
        model.overlay = Some(Overlay::Question(Question::ClearText { why, block: Vec::new() }));
        return Vec::new();
    }
    // Who sends by hand goes on by hand, and wants to see what comes of it.
    model.errand = None;
    if model.transcript.is_left_behind(&model.talk) {
        model.transcript.act(Action::Bottom, &model.talk);
    }
    if model.offers_draft() {
        return send_draft(model);
    }
    let text = model.composer.line().to_owned();
    let answer = answer(&text, &model.around());
    let learnt = learnt(model, answer.as_ref());
    if model.around().session.phase() == Phase::Auth
        && let Some(lint) = model.composer.lints().first()
    {
        model.talk.doubt(lint.name);
    }
    let kept = model.compose(Composer::sent);
    follow(model, &text);
    let line = answer.map_or_else(|| text.clone().into_bytes(), |it| it.line);
    let mut effects = learnt;
    let by_hand = content && text != "." && model.types_by_hand();
    effects.push(Effect::Send(if by_hand { as_typed(line, model.ending) } else { Request::Line(line, model.ending) }));
    if kept {
        model.unkept.push_back(text);
    }
    effects
}

/// What is to be hidden from now on of an answer within AUTH; a user's name is no secret.
pub(super) fn learnt(model: &Model, answer: Option<&Answer>) -> Vec<Effect> {
    let user_name = model.challenge.as_ref().is_some_and(|it| it.wants == Wants::User);
    let secrets = answer.into_iter().filter(|_| !user_name).flat_map(|answer| answer.secrets.iter().cloned());
    secrets.map(|secret| Effect::Send(Request::Learn(secret))).collect()
}

/// Whether a line is content now: within a message, and within a chunk of one, an empty line is content.
fn is_content(model: &Model) -> bool {
    let state = model.talk.dialogue.state();
    state.phase() == Phase::Data || state.session.chunk_left > 0
}

/// Whether an empty line would be the first one of a message that is typed by hand: it has no header then, and nothing takes
/// that back.
fn begins_with_nothing(model: &Model) -> bool {
    let state = model.talk.dialogue.state();
    let first = state.phase() == Phase::Data && state.session.content_octets == 0;
    first && model.composer.has_begun_no_message() && !model.offers_draft() && !model.pasted.shows("")
}

/// Says what is unusual about sending now, where that was not said already: another Enter does it all the same.
fn is_announced(model: &mut Model, armed: Option<&Armed>, content: bool) -> bool {
    if let Some(waiting) = &model.waiting
        && !matches!(armed, Some(Armed::Pipelined | Armed::Delivered | Armed::InClear))
    {
        model.notice =
            Some(format!("{} is awaited; Enter again sends this line at once (pipelined).", capital(&waiting.words())));
        model.armed = Some(Armed::Pipelined);
        return true;
    }
    let meant = content || model.pasted.shows("");
    if model.composer.line().is_empty() && armed.is_none() && begins_with_nothing(model) {
        model.notice = Some(
            "The line is empty: Enter again ends the header before it has a field; what follows is text.".to_owned(),
        );
        model.armed = Some(Armed::Empty);
        return true;
    }
    if model.composer.line().is_empty() && !meant && armed.is_none() {
        // What stands there in grey looks like a line to who sees no grey.
        let grey = if model.composer.ghost().is_empty() { "" } else { "Tab takes the grey text; " };
        model.notice = Some(format!("The line is empty: {grey}Enter again sends an empty line."));
        model.armed = Some(Armed::Empty);
        return true;
    }
    false
}

/// Puts the line of a next step into the composer. A refused sender is named anew: after RSET, where that comes first.
pub(super) fn to_the_line(model: &mut Model, line: &str) {
    let refused = model.talk.explanation().is_some_and(|(_, explanation)| explanation.category == "sender-rejected");
    let sender = model.talk.dialogue.state().session.reverse_path.as_deref().map(|from| format!("MAIL FROM:<{from}>"));
    if refused && line.starts_with("MAIL FROM:<") {
        model.composer.set_path_line(line);
    } else {
        model.composer.set_line(line);
    }
    if let Some(sender) = sender.filter(|_| refused && line == "RSET") {
        model.follows = Some(sender);
    }
    model.pasted.step_aside();
    model.focus = Focus::Composer;
    model.armed = None;
}

/// The refused line mended, where that is the first next step.
pub(super) fn refused_mended(model: &Model) -> Option<String> {
    let Step { text, does } = model.step(1)?;
    match does {
        Does::Command(line) if text == MENDED => Some(line),
        _ => None,
    }
}

/// F8: mends the line; on an empty one it is the refused line that comes back mended.
pub(super) fn mend(model: &mut Model) {
    let refused = model.composer.line().is_empty().then(|| refused_mended(model)).flatten();
    if let Some(line) = refused {
        to_the_line(model, &line);
    } else {
        model.compose(Composer::mend);
    }
}

/// What was asked for could not be taken: the line is typed again. Of a replay it is what its line was filled with, and not
/// what stands there.
pub(super) fn not_sent(model: &mut Model, line: &str) {
    if !replay::is_playing(model) {
        model.composer.set_line(line);
    }
    model.notice = Some(model.keymap.told("Too much is under way; the line was not sent. {send} sends it."));
}

/// A content line whose dots are the learner's own.
fn as_typed(mut line: Vec<u8>, ending: Ending) -> Request {
    line.extend_from_slice(match ending {
        Ending::CrLf => b"\r\n",
        Ending::Lf => b"\n",
        Ending::None => b"",
    });
    Request::RawContent(line)
}

/// The message that was written goes out, and the dot after it.
fn send_draft(model: &mut Model) -> Vec<Effect> {
    let content = if model.types_by_hand() {
        draft_as_typed(&model.draft)
    } else {
        let raw = model.draft.with_bare_feeds().map(Request::RawContent);
        vec![raw.unwrap_or_else(|| Request::Content(model.draft.content()))]
    };
    model.draft.ready = false;
    (model.draft.leaving, model.draft.sent, model.draft.due, model.draft.taken) = (true, true, true, false);
    model.composer.set_line(".");
    model.compose(Composer::sent);
    let dot = Request::Line(b".".to_vec(), Ending::CrLf);
    content.into_iter().chain([dot]).map(Effect::Send).collect()
}

/// A message whose dots are the learner's own: a lone one ends it, and what stands below goes out as commands.
fn draft_as_typed(draft: &Draft) -> Vec<Request> {
    let lines = draft.lines.iter().map(|line| line.as_bytes().to_vec());
    let mut ended = false;
    let request = |line: Vec<u8>| {
        ended |= line == b".";
        if ended { Request::Line(line, Ending::CrLf) } else { as_typed(line, Ending::CrLf) }
    };
    lines.map(request).collect()
}

/// Whether what Enter sends now hands a message over: the lone dot, the last chunk, or the message that was written.
fn hands_over(model: &Model) -> bool {
    let line = model.composer.line().as_bytes();
    let last = match model.talk.dialogue.state().session.classify(line) {
        Sent::EndOfData => true,
        Sent::Command(command) => matches!(command.chunk(), Some((_, true))),
        Sent::Content | Sent::AuthAnswer => false,
    };
    last || model.offers_draft()
}

/// The recipients that were accepted in the open transaction.
pub(super) fn accepted(model: &Model) -> Vec<String> {
    let dialogue = &model.talk.dialogue;
    let accepted = dialogue.envelope().iter().filter(|it| it.verdict() == Verdict::Accepted);
    accepted.map(|it| dialogue.address(&model.talk.log, it)).collect()
}

/// Whether a line of a block hands a message over.
fn is_last(line: &str) -> bool {
    line == "." || matches!(Command::parse(line.as_bytes()).chunk(), Some((_, true)))
}

/// Puts the line that follows onto the composer, of a next step or of a paste; `before` was sent.
fn follow(model: &mut Model, before: &str) {
    if let Some(next) = model.follows.take().filter(|_| before == "RSET") {
        model.composer.set_path_line(&next);
        model.notice = Some(model.keymap.told("Now the sender: mend its domain; {send} sends the line."));
    } else {
        pasted::sent(model, before);
    }
}

/// Lines as message content: dots stuffed on the way.
fn content(lines: &[String]) -> Request {
    let mut content = lines.join("\r\n").into_bytes();
    content.extend_from_slice(b"\r\n");
    Request::Content(content)
}

fn is_data(line: &str) -> bool {
    Command::parse(line.as_bytes()).verb == Verb::Data
}

/// Lines go out together.
pub(super) fn in_one_write(model: &mut Model, mut lines: Vec<String>) -> Vec<Effect> {
    model.block = None;
    model.composer.set_line("");
    // What follows DATA is content, once 354 has come, and not commands (RFC 2920 3.1).
    let data = lines.iter().position(|line| is_data(line));
    let rest = data.map(|at| lines.split_off(at + 1)).unwrap_or_default();
    if !rest.is_empty() {
        pasted::begin(model, rest, true);
    }
    vec![Effect::Send(Request::Pipeline(lines.into_iter().map(String::into_bytes).collect()))]
}

/// Uses a paste of several lines as it was chosen.
pub(super) fn paste_lines(model: &mut Model, way: PasteAs, lines: Vec<String>) -> Vec<Effect> {
    model.pasted.clear();
    match way {
        PasteAs::OneByOne => {
            pasted::begin(model, lines, false);
            Vec::new()
        }
        PasteAs::Block if model.peer.production && lines.iter().any(|line| is_last(line)) => {
            model.notice =
                Some("This block ends a message, and the server is a production one: paste it one by one.".to_owned());
            Vec::new()
        }
        PasteAs::Block => {
            if let Some(why) = exposed::by(model, lines.iter().take_while(|line| !is_data(line)).map(String::as_str)) {
                model.overlay = Some(Overlay::Question(Question::ClearText { why, block: lines }));
                return Vec::new();
            }
            in_one_write(model, lines)
        }
        PasteAs::Draft => {
            model.draft = Draft { lines, ready: true, ..Draft::default() };
            model.notice = Some(super::editor::prepared(model, &model.draft));
            Vec::new()
        }
        PasteAs::Content | PasteAs::Ended if lines.is_empty() => {
            model.composer.set_line(".");
            Vec::new()
        }
        PasteAs::Content => {
            model.composer.set_line("");
            vec![Effect::Send(content(&lines))]
        }
        PasteAs::Ended => {
            // The dot goes the way of every dot: a production server is asked about first.
            model.composer.set_line(".");
            let mut effects = vec![Effect::Send(content(&lines))];
            effects.extend(enter(model));
            effects
        }
        PasteAs::Raw => {
            model.composer.set_line("");
            let draft = Draft { lines, ready: true, ..Draft::default() };
            draft_as_typed(&draft).into_iter().map(Effect::Send).collect()
        }
    }
}
