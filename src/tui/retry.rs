//! What a server has put off for a time that it named: the line, and when it makes sense to send it again.

use std::time::Duration;

use crate::conversation::Micros;
use crate::conversation::dialogue::{Ask, Exchange};
use crate::decode::asked_to_wait;
use crate::smtp::{Class, Command, Phase, Verb};

use super::attending::in_exam;
use super::effect::Effect;
use super::enter::enter;
use super::model::{Face, Model};
use super::pane::composer::Again;

/// Exchanges that are looked at in one go; of more, the last ones.
const LOOKED_AT: usize = 1000;
/// Lines that are kept.
const KEPT: usize = 100;
/// A server that names a longer time is not waited for.
const LONGEST: Duration = Duration::from_hours(24);

/// What was put off, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retries {
    lines: Vec<PutOff>,
    /// Exchanges that were looked at.
    seen: usize,
}

/// A line that was put off.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PutOff {
    line: String,
    /// The MAIL of its transaction.
    mail: Option<String>,
    /// When it makes sense again, by the conversation's clock.
    due: Micros,
}

impl Retries {
    /// The one whose time comes first.
    fn first(&self) -> Option<&PutOff> {
        self.lines.iter().min_by_key(|it| it.due)
    }
}

/// Follows the conversation: what was put off since, and what was sent again.
pub(super) fn follow(model: &mut Model) {
    let exchanges = model.talk.dialogue.exchanges();
    if model.is_offline() || in_exam(model) || exchanges.len() < model.retries.seen {
        model.retries = Retries::default();
    }
    if model.is_offline() || in_exam(model) {
        return;
    }
    let from = model.retries.seen.max(exchanges.len().saturating_sub(LOOKED_AT));
    let Some(end) = exchanges[from..].iter().rposition(Exchange::complete).map(|last| from + last + 1) else { return };
    let mut retries = std::mem::take(&mut model.retries);
    for number in from..end {
        let exchange = &model.talk.dialogue.exchanges()[number];
        let Some(line) = line_of(model, exchange) else { continue };
        retries.lines.retain(|it| !says_the_same(&it.line, &line));
        if let Some(due) = due(model, number, exchange) {
            let mail = (exchange.verb == Verb::Rcpt).then(|| mail_before(model, number)).flatten();
            retries.lines.push(PutOff { line, mail, due });
        }
    }
    retries.lines.truncate(KEPT);
    retries.seen = end;
    model.retries = retries;
}

/// Whether a line is another again, be it written otherwise: whoever wrote `Dude@` for `dude@` means the same mailbox.
fn says_the_same(a: &str, b: &str) -> bool {
    let (one, other) = (Command::parse(a.as_bytes()), Command::parse(b.as_bytes()));
    let paths = one.path.zip(other.path).filter(|_| one.verb == other.verb);
    a == b || paths.is_some_and(|(one, other)| one.address().eq_ignore_ascii_case(&other.address()))
}

/// The command of an exchange; none of what was masked.
fn line_of(model: &Model, exchange: &Exchange) -> Option<String> {
    let entry = model.talk.log.get(exchange.command()?).filter(|entry| !entry.masked)?;
    let command = exchange.ask == Ask::Command && exchange.complete();
    command.then(|| std::str::from_utf8(entry.bytes).ok().map(str::to_owned)).flatten()
}

/// When a command makes sense again that was put off until then. The lab's clock may be faster than ours.
fn due(model: &Model, number: usize, exchange: &Exchange) -> Option<Micros> {
    let put_off = exchange.code.is_some_and(|code| code.class() == Class::Transient);
    let reply = put_off.then(|| model.talk.dialogue.reply(&model.talk.log, number)).flatten()?;
    let wait = asked_to_wait(&reply.text()).filter(|wait| *wait <= LONGEST)? / model.peer.clock.max(1);
    let told = model.talk.log.get(*exchange.reply()?.end())?.at?;
    Some(Micros(told.0 + u64::try_from(wait.as_micros()).ok()?))
}

/// The MAIL of the transaction of an exchange.
fn mail_before(model: &Model, number: usize) -> Option<String> {
    let before = model.talk.dialogue.exchanges()[..number].iter().rev().take(LOOKED_AT);
    let mail = before.filter(|x| x.verb == Verb::Mail && x.ask == Ask::Command).find(|x| !x.is_refusal())?;
    line_of(model, mail)
}

/// What was put off, where it can be sent again on this connection.
pub(super) fn again(model: &Model) -> Option<Again<'_>> {
    let first = model.retries.first()?;
    let session = &model.talk.dialogue.state().session;
    let fits = matches!(session.phase(), Phase::Ready | Phase::Mail | Phase::Rcpt) && !session.turned_away;
    if !fits || !model.talk.is_open() || model.at_start() {
        return None;
    }
    let needs_mail = is_recipient(&first.line) && !session.phase().in_transaction();
    let mail = first.mail.as_deref().filter(|_| needs_mail);
    (mail.is_some() || !needs_mail).then_some(Again {
        line: &first.line,
        mail,
        left: left(first.due, model.now),
        fast: model.peer.clock > 1,
    })
}

fn is_recipient(line: &str) -> bool {
    Command::parse(line.as_bytes()).verb == Verb::Rcpt
}

/// Whole seconds until then; one that has begun counts.
fn left(due: Micros, now: Micros) -> u64 {
    due.0.saturating_sub(now.0).div_ceil(1_000_000)
}

/// Sends it again, or what has to come before it onto the line.
pub(super) fn act(model: &mut Model) -> Vec<Effect> {
    let Some((line, mail)) = again(model).map(|it| (it.line.to_owned(), it.mail.map(str::to_owned))) else {
        return Vec::new();
    };
    let typed = model.composer.line().to_owned();
    if let Some(mail) = mail {
        if !typed.is_empty() {
            model.composer.put_away();
        }
        model.composer.set_line(&mail);
        let words = format!("Its transaction comes first: {{send}} sends this, and {{retry}} then {}", escaped(&line));
        model.notice = Some(model.keymap.told(&words));
        return Vec::new();
    }
    model.composer.set_line(&line);
    let effects = enter(model);
    // What was being typed goes on where it was.
    if !typed.is_empty() && model.composer.line().is_empty() {
        model.composer.set_line(&typed);
    }
    effects
}

fn escaped(line: &str) -> String {
    super::keymap::verbatim(&crate::smtp::escape::for_screen(line.as_bytes()))
}

/// When the line is due that is counted down on the screen; none where nothing is counted there.
fn counted(model: &Model) -> Option<Micros> {
    let hidden = model.face != Face::Talk || model.overlay.is_some() || !model.composer.line().is_empty();
    let busy = model.waiting.is_some() || model.progress.is_some() || super::view::told(model).is_some();
    if hidden || busy || model.panel.trouble().is_some() || model.layout().is_none_or(|it| it.composer.is_none()) {
        return None;
    }
    again(model)?;
    model.retries.first().map(|it| it.due)
}

/// How long until a figure on the screen turns that counts seconds; none where there is none.
pub(super) fn turns_in(model: &Model, now: Micros) -> Option<Duration> {
    const SECOND: u64 = 1_000_000;
    if let Some(waiting) = &model.waiting {
        let waited = now.0.saturating_sub(waiting.since.0);
        return Some(Duration::from_micros(SECOND - waited % SECOND));
    }
    let due = counted(model).filter(|due| left(*due, model.now) > 0)?;
    let rest = due.0.saturating_sub(now.0);
    Some(Duration::from_micros(if rest > 0 && rest % SECOND == 0 { SECOND } else { rest % SECOND }))
}

/// Whether such a figure has turned since the screen knew the time last.
pub(super) fn has_turned(model: &Model, now: Micros) -> bool {
    if let Some(waiting) = &model.waiting {
        let seconds = |at: Micros| at.0.saturating_sub(waiting.since.0) / 1_000_000;
        return seconds(now) != seconds(model.now);
    }
    counted(model).is_some_and(|due| left(due, now) != left(due, model.now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::message::Message;
    use crate::tui::screen::Screen;
    use crate::tui::tests::connected;

    #[test]
    fn a_mailbox_that_was_accepted_in_other_letters_is_put_off_no_more() {
        let mut screen = greylisted();
        assert!(again(&screen.model).is_some(), "{}", screen.shown());
        screen.say("rcpt to:<lt>Anotherdude@Target.Local> NOTIFY=NEVER<enter>", "< 250 2.1.5 Ok");
        assert!(again(&screen.model).is_none(), "{}", screen.shown());
    }

    fn greylisted() -> Screen {
        let mut screen = connected(120, 33);
        screen.model.peer.identity.to = vec!["anotherdude@target.local".to_owned()];
        screen.say("EHLO noddy.com<enter>", "< 250 mx.target.local");
        screen.say("MAIL FROM:<lt>dude@noddy.com><enter>", "< 250 2.1.0 Ok");
        let words = "< 450 4.2.0 <anotherdude@target.local>: Recipient address rejected: Greylisted for 60 seconds";
        screen.say("RCPT TO:<lt>anotherdude@target.local><enter>", words);
        screen
    }

    #[test]
    fn what_was_being_typed_stays_when_a_line_is_sent_again() {
        let mut screen = greylisted();
        screen.asked();
        screen.keys("NOOP my own<shift-f5>");
        assert_eq!(screen.asked(), ["send RCPT TO:<anotherdude@target.local>"]);
        assert_eq!(screen.model.composer.line(), "NOOP my own");
    }

    fn passes(screen: &mut Screen, seconds: u64) {
        let now = Micros(screen.model.now.0 + seconds * 1_000_000);
        screen.send(Message::Tick(now));
    }

    #[test]
    fn what_is_put_off_is_counted_down_and_sent_again_by_a_key() {
        let mut screen = greylisted();
        let shown = screen.shown();
        assert!(shown.contains("makes sense in 1 min"), "{shown}");
        assert_eq!(screen.model.composer.ghost(), "RCPT TO:<anotherdude@target.local>", "as the panel has it");
        assert!(turns_in(&screen.model, screen.model.now).is_some_and(|time| time <= Duration::from_secs(1)));
        passes(&mut screen, 20);
        assert!(screen.shown().contains("makes sense in 40 s"), "{}", screen.shown());
        passes(&mut screen, 40);
        assert!(screen.shown().contains("time that the server named is over"), "{}", screen.shown());
        assert_eq!(turns_in(&screen.model, screen.model.now), None, "nothing is counted any more");
        screen.asked();
        screen.say("<shift-f5>", "< 250 2.1.5 Ok");
        let shown = screen.shown();
        assert!(!shown.contains("server named") && shown.contains("1 of 1 accepted"), "{shown}");
    }

    #[test]
    fn after_rset_the_sender_comes_first_and_the_faster_clock_of_the_lab_is_known() {
        let mut screen = greylisted();
        screen.say("RSET<enter>", "< 250 2.0.0 Ok");
        assert_eq!(screen.model.composer.ghost(), "MAIL FROM:<dude@noddy.com>");
        screen.keys("<shift-f5>");
        assert_eq!(screen.model.composer.line(), "MAIL FROM:<dude@noddy.com>");
        assert!(screen.shown().contains("Its transaction comes first"), "{}", screen.shown());
        let mut fast = connected(120, 33);
        fast.model.peer.clock = 60;
        fast.wire("> EHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 450 Greylisted for 300 seconds");
        assert!(fast.shown().contains("in 5 s (the lab's clock runs fast)"), "{}", fast.shown());
    }

    #[test]
    fn nothing_is_counted_where_it_is_not_shown() {
        let mut screen = greylisted();
        screen.keys("N");
        assert_eq!(turns_in(&screen.model, screen.model.now), None, "a line is typed");
        screen.keys("<backspace><ctrl-p>");
        assert_eq!(turns_in(&screen.model, screen.model.now), None, "something lies over it");
        let other = connected(80, 24);
        assert_eq!(turns_in(&other.model, other.model.now), None, "nothing was put off");
    }
}
