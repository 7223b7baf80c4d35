//! *Make ready* and *bring me back here*: drives an errand of `transaction`, a line at a time, each seen and recorded.

use crate::client::{Ending, Request};
use crate::conversation::certificate;
use crate::conversation::event::Remark;
use crate::lesson::{Goal, Part};
use crate::profile::{Auth, TlsMode};
use crate::smtp::sasl::{Around, Binding};
use crate::smtp::{Command, Phase, Secret};
use crate::transaction::{Errand, Login, Next, Plan, last_greeting};

use super::action::Action;
use super::effect::Effect;
use super::model::Model;
use super::overlay::{Overlay, Question};
use super::secret;

/// What a target says about TLS and login.
#[derive(Debug, Clone)]
pub struct Access {
    /// What about TLS.
    pub tls: TlsMode,
    /// Whether the protocol is LMTP.
    pub lmtp: bool,
    /// Who logs in, if anybody.
    pub auth: Option<Auth>,
    /// What the login needs beside: a nonce, the server's name.
    pub around: Around,
    /// What XCLIENT says, where it is offered.
    pub xclient: Vec<(String, String)>,
}

/// An errand under way.
#[derive(Debug)]
pub struct Running {
    errand: Errand,
    back: bool,
    /// How many exchanges there were when its last line was sent.
    exchanges: Option<usize>,
    /// It waits for a yes; what is said where none comes.
    asked: Option<String>,
    /// The password that it logs in with, as long as it has not.
    password: Option<Secret>,
}

/// Asks for what an errand needs; `back` to where the connection was cut. Connects again first where nothing is open.
pub(super) fn ask(model: &mut Model, back: bool) -> Vec<Effect> {
    model.errand = None;
    model.wanted = Some((back, None));
    let connect = (!model.talk.is_open()).then_some(Effect::Reconnect);
    connect.into_iter().chain([Effect::LookUpAccess]).collect()
}

/// The connection has ended: the password of a log-in that never came, since a certificate was not trusted, is kept for
/// going on regardless, and is in nobody's memory otherwise.
pub(super) fn keep_password(model: &mut Model) {
    let untrusted = model.talk.ended.as_ref().is_some_and(|ended| ended.get("kind") == Some("tls"));
    model.password = model.errand.take().and_then(|running| running.password).filter(|_| untrusted);
}

/// Whether the server has said 421 in a mail transaction, and the connection is still there: it is about to be cut.
pub(super) fn is_parting(model: &Model) -> bool {
    let session = &model.talk.dialogue.state().session;
    model.talk.is_open() && session.turned_away && session.phase().in_transaction()
}

/// Goes back as soon as the connection that is about to end has ended.
pub(super) fn return_after(model: &mut Model) {
    model.returns = true;
    let words = "The server is about to close (421). Once it has, you are brought back; {reconnect} connects at once, \
                 {stop} stays here.";
    model.notice = Some(model.keymap.told(words));
}

/// The connection has ended: goes back where that was asked for.
pub(super) fn ended(model: &mut Model) -> Vec<Effect> {
    let returns = std::mem::take(&mut model.returns) && model.interrupted.is_some() && !model.is_offline();
    if returns { ask(model, true) } else { Vec::new() }
}

/// What the target says is known now: begins, or gets the password first.
pub(super) fn prepared(model: &mut Model, access: Access) -> Vec<Effect> {
    let Some((back, _)) = model.wanted else { return Vec::new() };
    if model.challenge.is_some() && access.auth.is_none() {
        model.wanted = None;
        let words =
            "The target names nobody to log in: {edit-profile} on the start screen puts a user into its profile.";
        model.notice = Some(model.keymap.told(words));
        return Vec::new();
    }
    let login = !back || model.interrupted.as_ref().is_some_and(|cut| cut.authenticated);
    if login && access.auth.is_some() {
        model.wanted = Some((back, Some(Box::new(access))));
        // It was given for this very dial, and a certificate came before the log-in.
        return model.password.take().map_or_else(|| vec![Effect::AskSecret], |kept| secret::given(model, kept));
    }
    begin(model, access, None);
    Vec::new()
}

/// The password is known now.
pub(super) fn told(model: &mut Model, password: Secret) {
    if let Some((_, access)) = &mut model.wanted
        && let Some(access) = access.take()
    {
        begin(model, *access, Some(password));
    }
}

fn begin(model: &mut Model, access: Access, password: Option<Secret>) {
    let Some((back, _)) = model.wanted.take() else { return };
    let word = if access.lmtp { "LHLO" } else { "EHLO" };
    let greeting = last_greeting(&model.talk.dialogue, &model.talk.log)
        .unwrap_or_else(|| format!("{word} {}", model.peer.identity.ehlo).into_bytes());
    let around = access.around;
    let remembered = password.clone();
    let login = access.auth.zip(password).map(|(auth, password)| Login::new(&auth, password, around));
    if model.challenge.is_some() && keeps_log_in(model) {
        model.notice = Some(Part::LogIn.left_words().to_owned());
        return;
    }
    if let Some(challenge) = &model.challenge
        && let Some(mut login) = login
    {
        let session = &model.talk.dialogue.state().session;
        login.around.binding = Binding::of(end_point(model), &session.capabilities.mechanisms());
        match Errand::within(login, &challenge.mechanism, challenge.given, session) {
            Ok(errand) => {
                model.errand = Some(Running { errand, back: false, exchanges: None, asked: None, password: None });
            }
            Err(words) => model.notice = Some(words),
        }
        return;
    }
    let mut plan = Plan { greeting, tls: access.tls, xclient: access.xclient.into(), login, then: Vec::new() };
    if back && let Some(cut) = &model.interrupted {
        plan.then.clone_from(&cut.lines);
        // What was not encrypted is not encrypted now, unless the target must be.
        plan.tls = match access.tls {
            TlsMode::Starttls if !cut.tls => TlsMode::None,
            TlsMode::Starttls | TlsMode::None if cut.tls => TlsMode::Require,
            as_the_target_says => as_the_target_says,
        };
        plan.login = plan.login.filter(|_| cut.authenticated);
    }
    let mut errand = Errand::new(plan);
    if let Some(mechanism) = model.goal().and_then(Goal::mechanism).filter(|_| !back) {
        errand.prefer(mechanism);
    }
    model.errand = Some(Running { errand, back, exchanges: None, asked: None, password: remembered });
}

/// What the open step of a lesson leaves to the learner now.
fn kept(model: &Model) -> Vec<Part> {
    let session = &model.talk.dialogue.state().session;
    let Some(goal) = model.goal() else { return Vec::new() };
    [Part::Greeting, Part::Tls, Part::LogIn].into_iter().filter(|part| goal.keeps(*part, session)).collect()
}

/// Whether the open step of a lesson leaves the log-in to the learner now.
pub(super) fn keeps_log_in(model: &Model) -> bool {
    kept(model).contains(&Part::LogIn)
}

/// What comes next, as far as it is not left to the learner.
fn left(next: Next, kept: &[Part]) -> Next {
    let part = match &next {
        Next::Send { line, .. } => Part::of(Command::parse(line).verb),
        Next::Ask(_) => Some(Part::LogIn),
        _ => None,
    };
    part.filter(|part| kept.contains(part)).map_or(next, |part| Next::Stop(part.left_words().to_owned()))
}

/// What a login can be bound to on this connection (RFC 5929 4).
fn end_point(model: &Model) -> Option<Vec<u8>> {
    let encrypted = model.talk.dialogue.state().session.tls;
    let leaf = encrypted.then(|| certificate::shown(&model.talk.log)).flatten()?;
    certificate::end_point(&leaf)
}

/// Sends the next line, if now is its moment.
pub(super) fn step(model: &mut Model) -> Vec<Effect> {
    if let Some(words) = model.errand.as_ref().and_then(|running| running.asked.clone()) {
        if !matches!(model.overlay, Some(Overlay::Question(Question::ClearText { .. }))) {
            model.errand = None;
            model.notice = Some(words);
        }
        return Vec::new();
    }
    let Some(running) = &model.errand else { return Vec::new() };
    let (bound_to, kept) = (end_point(model), if running.back { Vec::new() } else { kept(model) });
    let dialogue = &model.talk.dialogue;
    let Some(running) = &mut model.errand else { return Vec::new() };
    let exchanges = dialogue.exchanges();
    let closed = matches!(dialogue.state().phase(), Phase::Closed | Phase::Connecting);
    let echoed = running.exchanges.is_none_or(|before| exchanges.len() > before);
    if model.waiting.is_some() || dialogue.state().in_reply() || (closed && running.exchanges.is_none()) {
        return Vec::new();
    }
    if !echoed && !closed {
        return Vec::new();
    }
    let asked = running.exchanges.is_some() || dialogue.state().phase() == Phase::Auth;
    let last = exchanges.len().checked_sub(1).filter(|n| asked && exchanges[*n].complete());
    let reply = last.and_then(|n| dialogue.reply(&model.talk.log, n));
    let session = &dialogue.state().session;
    running.errand.bind(bound_to);
    match left(running.errand.next(session, reply.as_ref()), &kept) {
        Next::Wait => Vec::new(),
        Next::Ask(words) => {
            model.overlay = Some(Overlay::Question(Question::ClearText { why: words.clone(), block: Vec::new() }));
            running.asked = Some(words);
            Vec::new()
        }
        Next::Send { line, learn } => {
            running.exchanges = Some(exchanges.len());
            let mut effects: Vec<Effect> =
                learn.into_iter().map(|secret| Effect::Send(Request::Learn(secret))).collect();
            effects.push(Effect::Send(Request::Remark(Remark::new("auto"))));
            effects.push(Effect::Send(Request::Line(line, Ending::CrLf)));
            effects
        }
        Next::Done(words) => {
            if running.back {
                model.interrupted = None;
            }
            model.errand = None;
            // The panel leads with what to do then.
            let gone =
                if model.talk.misses.is_some() { " What was offered before is gone: Reply says more." } else { "" };
            model.notice = Some(format!("{words}{gone}"));
            Vec::new()
        }
        Next::Stop(words) => {
            model.errand = None;
            model.notice = Some(words);
            Vec::new()
        }
    }
}

/// The secret may go over a line that is not encrypted.
pub(super) fn allowed(model: &mut Model) -> Vec<Effect> {
    let Some(running) = &mut model.errand else { return Vec::new() };
    running.asked = None;
    running.errand.allow();
    Vec::new()
}

/// What the composer offers on an empty line after a cut.
pub(super) fn offer(model: &Model) -> Option<String> {
    let cut = model.interrupted.as_ref().filter(|_| model.errand.is_none())?;
    let fresh = model.talk.is_open() && model.talk.dialogue.state().phase() == Phase::Greeted;
    let recipients = match cut.recipients() {
        1 => "1 recipient".to_owned(),
        n => format!("{n} recipients"),
    };
    let words = format!(
        "{} brings you back to where you were: EHLO, MAIL and {recipients}, each line seen as it goes",
        model.keymap.key(Action::Back)
    );
    (fresh && model.composer.line().is_empty()).then_some(words)
}
