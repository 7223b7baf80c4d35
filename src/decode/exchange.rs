//! The context of an exchange, taken from its conversation.

use std::cell::Cell;

use crate::conversation::dialogue::Ask;
use crate::conversation::{Dialogue, Exchange, Kind, Log};
use crate::smtp::reply::Flaw;
use crate::smtp::secret::MASK;
use crate::smtp::{Class, Command, Phase, ReplyCode, Session, Verb};

use super::cause::Claim;
use super::{
    Asked, Context, Does, Explanation, Knowledge, Step, auth, explain_reply, head, line, missed, sender, slip,
};

/// Explains the reply of an exchange with all that its conversation shows; none as long as no reply has come.
#[must_use]
pub fn explain_exchange(exchange: usize, dialogue: &Dialogue, log: &Log, knowledge: &Knowledge) -> Option<Explanation> {
    if knowledge.is_silent() {
        return None;
    }
    let asked = dialogue.exchanges().get(exchange)?;
    let reply = dialogue.reply(log, exchange)?;
    let context = context(exchange, asked, dialogue, log);
    let mut explanation = explain_reply(&reply, &context, knowledge);
    sender::named(&context, &mut explanation);
    if explanation.category == "greylisted" && tried_before(exchange, dialogue, log) {
        explanation.causes.retain(|cause| !cause.claims(Claim::FirstTime));
    }
    let told = slip::explained(exchange, dialogue, log, knowledge, &mut explanation);
    if !told && matches!(reply.code().map(ReplyCode::number), Some(500..=502 | 504 | 555)) {
        line::explained(asked, dialogue, log, knowledge, &mut explanation);
    }
    if explanation.class.is_refusal() && spoke_early(exchange, dialogue, log) {
        into_the_pause(&mut explanation);
    }
    explanation.notes.extend(explanation.class.is_refusal().then(|| patience(exchange, dialogue)).flatten());
    explanation.notes.extend(head::unended(exchange, asked, dialogue, log));
    explanation.notes.extend(hidden(asked, log));
    auth::opened(exchange, &reply, dialogue, log, &mut explanation);
    auth::late(exchange, &context, dialogue, log, &mut explanation);
    auth::refused(&context, &reply.text(), &mut explanation);
    auth::given_up(&context, &mut explanation);
    missed::told(exchange, dialogue, log, &mut explanation);
    let waited = idle(asked, log).is_some_and(|time| time >= LONG);
    if reply.code().is_some_and(|code| code.number() == 421) && asked.before() == Phase::Data && !waited {
        // Nobody was silent: content was on its way.
        explanation.causes.sort_by_key(|cause| cause.claims(Claim::Idle));
    }
    if explanation.class == Class::Intermediate && gives_up(asked, log) {
        explanation.notes.push(
            "The * was to give up, and the server took it for an answer. It understands no command until the log-in is \
             over: send * again, or close the connection."
                .to_owned(),
        );
    }
    Some(explanation)
}

/// A silence of which a server may have had enough.
const LONG: std::time::Duration = std::time::Duration::from_mins(1);

/// So many refusals on one connection that it is time to say that servers lose patience: Postfix does at twenty, and one
/// that has borne twice as many will go on.
const MANY: std::ops::Range<usize> = 15..40;

/// A word before the server hangs up, since too many commands were refused.
fn patience(number: usize, dialogue: &Dialogue) -> Option<String> {
    let refused = Cell::new(0);
    let counted = |_, exchange: &Exchange| -> Option<()> {
        let refusal = exchange.ask == Ask::Command && exchange.code.is_some_and(|code| code.class().is_refusal());
        refused.set(refused.get() + usize::from(refusal));
        None
    };
    earlier(number, dialogue, counted);
    let refused = refused.get();
    MANY.contains(&refused).then(|| {
        format!(
            "{refused} commands were refused on this connection. Many servers hang up with 421 when they are too many, Postfix \
             at twenty."
        )
    })
}

/// What the mark in a reply is, in which a secret was found that the server need not have meant.
fn hidden(exchange: &Exchange, log: &Log) -> Option<String> {
    let masked = |n| log.get(n).is_some_and(|entry| entry.masked && matches!(entry.kind, Kind::Received));
    exchange.reply()?.any(masked).then(|| {
        format!("{MASK} is part of your log-in, hidden: the server says it, or a word that is spelt the same.")
    })
}

/// Whether the same command was put off before in this conversation, on whatever connection.
fn tried_before(number: usize, dialogue: &Dialogue, log: &Log) -> bool {
    let line = |exchange: &Exchange| exchange.command().and_then(|record| log.get(record));
    let Some(this) = dialogue.exchanges().get(number).and_then(line).filter(|this| !this.masked) else { return false };
    let before = dialogue.exchanges()[..number].iter().rev().take(1000);
    let put_off = |x: &&Exchange| x.code.is_some_and(|code| code.class() == Class::Transient);
    before.filter(put_off).filter_map(line).any(|earlier| earlier.bytes.eq_ignore_ascii_case(this.bytes))
}

/// Whether the client spoke before the greeting of this connection was complete, and so never got the rest of it.
fn spoke_early(number: usize, dialogue: &Dialogue, log: &Log) -> bool {
    let overtaken = |index, exchange: &Exchange| {
        let greeting = (exchange.ask == Ask::Greeting).then(|| dialogue.reply(log, index)).flatten()?;
        Some(greeting.flaws.contains(&Flaw::Overtaken))
    };
    earlier(number, dialogue, overtaken).unwrap_or(false)
}

/// A refusal on a connection on which the client spoke into the pause of a greeting.
fn into_the_pause(explanation: &mut Explanation) {
    let cause = "You spoke before the greeting was complete (its first lines have a hyphen after the 220). Servers that \
                 hold its last line back refuse mail from whoever does not wait for it";
    explanation.causes.insert(0, cause.into());
    let again = Does::Action("reconnect".to_owned(), None);
    explanation.next.retain(|step| step.does != again);
    let text = "Connect again, and wait for the greeting's last line (220 and a space)".to_owned();
    explanation.next.insert(0, Step { text, does: again });
}

/// Whether this is the answer within AUTH that gives it up.
#[must_use]
pub fn gives_up(exchange: &Exchange, log: &Log) -> bool {
    let answer = exchange.command().and_then(|record| log.get(record));
    exchange.ask == Ask::AuthAnswer && answer.is_some_and(|answer| answer.bytes == b"*")
}

/// The state in which the line of an exchange was taken: that in which it was sent, or, where replies to others were still
/// due then, what those had made of it.
pub(super) fn before_command(exchange: &Exchange, dialogue: &Dialogue, log: &Log) -> Option<Session> {
    let sent = when_sent(exchange, dialogue, log)?;
    Some(pipelined(exchange, &sent, dialogue, log).unwrap_or(sent))
}

fn when_sent(exchange: &Exchange, dialogue: &Dialogue, log: &Log) -> Option<Session> {
    Some(dialogue.state_at(log, exchange.command()?.checked_sub(1)?).session)
}

/// The state in which the server read a command that was sent before the replies to others had come.
fn pipelined(exchange: &Exchange, sent: &Session, dialogue: &Dialogue, log: &Log) -> Option<Session> {
    let command = exchange.ask == Ask::Command && sent.is_awaiting();
    let before = command.then(|| exchange.reply()).flatten()?.start().checked_sub(1)?;
    Some(dialogue.state_at(log, before).session.settled())
}

/// Why a command does not fit the state of the session: that in which the server read it, or, where it fits there, that in
/// which it was sent.
fn objection(command: &Command, read: Option<&Session>, sent: Option<&Session>) -> Option<String> {
    let objects = |session: &Session| session.objection(command).map(|it| it.reason);
    read.and_then(objects).or_else(|| sent.and_then(objects))
}

fn context(number: usize, exchange: &Exchange, dialogue: &Dialogue, log: &Log) -> Context {
    let first = exchange.reply().map_or(0, |range| *range.start());
    let last = exchange.reply().map_or(0, |range| *range.end());
    let before = first.checked_sub(1).map(|record| dialogue.state_at(log, record).session).unwrap_or_default();
    let after = dialogue.state_at(log, last).session;
    let command = exchange.command().and_then(|record| log.get(record)).map(|entry| Command::parse(entry.bytes));
    let command = command.filter(|_| exchange.ask == Ask::Command);
    let sent = when_sent(exchange, dialogue, log);
    let read = sent.as_ref().and_then(|sent| pipelined(exchange, sent, dialogue, log));
    let mut context = Context {
        asked: Some(asked(exchange, command.as_ref())),
        before: Some(read.as_ref().map_or(exchange.before(), Session::phase)),
        after: Some(phase_after(number, &after, dialogue)),
        turned_away: after.turned_away,
        tls: Some(before.tls),
        authenticated: Some(before.authenticated.is_some()),
        content_octets: Some(before.content_octets).filter(|octets| *octets > 0),
        from: before.reverse_path.as_deref().map(str::to_owned),
        accepted: Some(after.accepted),
        lmtp: after.is_lmtp(),
        objection: command.as_ref().and_then(|command| objection(command, read.as_ref(), sent.as_ref())),
        helo: after.greeted_by == Some(Verb::Helo),
        gave_up: gives_up(exchange, log),
        mechanism: mechanism(number, dialogue, log),
        client: client(number, dialogue, log),
        ..Context::default()
    };
    offer(&mut context, if exchange.verb == Verb::Ehlo { &after } else { &before });
    context.banner = greeting(number, dialogue, log);
    context.idle = idle(exchange, log);
    context.declared_size = announced(number, dialogue, log);
    context.at_its_mx = at_its_mx(number, dialogue, log);
    if context.asked == Some(Asked::Verb(Verb::Rcpt)) {
        context.refuses_relay = refused_to_relay(number, dialogue, log);
    }
    if let Some(command) = &command {
        let path = command.path.as_ref().map(crate::smtp::Path::address);
        match command.verb {
            Verb::Rcpt => context.rcpt = path,
            Verb::Mail => context.from = path.or(context.from),
            _ => {}
        }
    }
    // What can be done next depends on the state after the reply.
    if context.asked.is_some_and(|asked| matches!(asked, Asked::Verb(Verb::Auth) | Asked::AuthAnswer)) {
        context.authenticated = Some(after.authenticated.is_some());
    }
    context
}

/// The size that the MAIL of this transaction announces: of this exchange, or of the last one before it.
fn announced(number: usize, dialogue: &Dialogue, log: &Log) -> Option<u64> {
    earlier(number, dialogue, |_, exchange| {
        let mail =
            (exchange.verb == Verb::Mail && exchange.ask == Ask::Command).then(|| exchange.command()).flatten()?;
        let command = Command::parse(log.get(mail)?.bytes);
        Some(command.parameter("SIZE").and_then(|size| size.value.as_deref()?.parse().ok()))
    })
    .flatten()
}

/// How long nothing was said: before the command, or before a reply that nobody asked for.
fn idle(exchange: &Exchange, log: &Log) -> Option<std::time::Duration> {
    let record = match exchange.ask {
        Ask::Unasked => *exchange.reply()?.start(),
        _ => exchange.command()?,
    };
    let end = log.get(record)?.at?;
    // Remarks of our own, such as one on the terminal, say nothing on the line.
    let before = (0..record)
        .rev()
        .take(100)
        .filter_map(|n| log.get(n))
        .find(|entry| matches!(entry.kind, Kind::Sent | Kind::Content | Kind::Received))?;
    Some(std::time::Duration::from_micros(end.0.saturating_sub(before.at?.0)))
}

/// The phase in which the next command would be said; closed where the connection ended right after the reply.
fn phase_after(number: usize, after: &Session, dialogue: &Dialogue) -> Phase {
    let next = dialogue.exchanges().get(number + 1);
    match dialogue.state().phase() {
        Phase::Closed if next.is_none() => Phase::Closed,
        // The server has said that it closes, and what comes next is the greeting of another connection.
        _ if after.turned_away && next.is_some_and(|next| next.ask == Ask::Greeting) => Phase::Closed,
        // A TLS handshake follows by itself, and then the server has to be greeted again.
        _ if after.phase() == Phase::Handshake => Phase::Greeted,
        _ => after.phase(),
    }
}

fn asked(exchange: &Exchange, command: Option<&Command>) -> Asked {
    match exchange.ask {
        Ask::Greeting => Asked::Connect,
        Ask::EndOfData => Asked::EndOfData,
        Ask::AuthAnswer => Asked::AuthAnswer,
        Ask::Unasked => Asked::Nothing,
        Ask::Command if command.and_then(Command::chunk).is_some_and(|(_, last)| last) => Asked::EndOfData,
        Ask::Command => Asked::Verb(exchange.verb),
    }
}

fn offer(context: &mut Context, session: &Session) {
    // After HELO it is not known what the server would offer.
    if matches!(session.greeted_by, None | Some(Verb::Helo)) {
        return;
    }
    let offer = &session.capabilities;
    context.capabilities = Some(offer.list.iter().map(|c| c.keyword.to_ascii_uppercase()).collect());
    context.mechanisms = offer.mechanisms();
    context.size_limit = offer.size();
    context.server = Some(offer.server.clone()).filter(|name| !name.is_empty());
}

/// The last exchange before this one, in the same connection, for which `wanted` gives something.
pub(super) fn earlier<T>(
    number: usize,
    dialogue: &Dialogue,
    wanted: impl Fn(usize, &Exchange) -> Option<T>,
) -> Option<T> {
    for (index, exchange) in dialogue.exchanges()[..=number].iter().enumerate().rev().take(1000) {
        if let Some(found) = wanted(index, exchange) {
            return Some(found);
        }
        if exchange.ask == Ask::Greeting {
            return None;
        }
    }
    None
}

fn argument(exchange: &Exchange, log: &Log) -> Option<String> {
    let command = Command::parse(log.get(exchange.command()?)?.bytes);
    let word = std::str::from_utf8(command.argument()).ok()?.split_whitespace().next()?.to_owned();
    Some(word)
}

/// The name that the client gave in its last greeting.
pub(super) fn client(number: usize, dialogue: &Dialogue, log: &Log) -> Option<String> {
    earlier(number, dialogue, |_, exchange| {
        let greets = matches!(exchange.verb, Verb::Helo | Verb::Ehlo | Verb::Lhlo);
        greets.then(|| argument(exchange, log)).flatten()
    })
}

fn mechanism(number: usize, dialogue: &Dialogue, log: &Log) -> Option<String> {
    if dialogue.exchanges().get(number)?.verb != Verb::Auth {
        return None;
    }
    earlier(number, dialogue, |_, exchange| {
        let begins = exchange.verb == Verb::Auth && exchange.ask == Ask::Command;
        begins.then(|| argument(exchange, log))
    })
    .flatten()
    .map(|mechanism| mechanism.to_ascii_uppercase())
}

fn greeting(number: usize, dialogue: &Dialogue, log: &Log) -> Option<String> {
    earlier(number, dialogue, |index, exchange| {
        (exchange.ask == Ask::Greeting).then(|| dialogue.reply(log, index)).flatten().map(|reply| reply.text())
    })
}

/// Whether a recipient was refused on this connection because the server does not pass mail on.
fn refused_to_relay(number: usize, dialogue: &Dialogue, log: &Log) -> bool {
    let relaying = |index, exchange: &Exchange| {
        let refused = exchange.verb == Verb::Rcpt && exchange.code.is_some_and(|code| code.class() == Class::Permanent);
        let reply = refused.then(|| dialogue.reply(log, index)).flatten()?;
        reply.text().to_ascii_lowercase().contains("relay").then_some(())
    };
    earlier(number, dialogue, relaying).is_some()
}

/// Whether the server was looked up as the MX of a domain before this connection was made.
fn at_its_mx(number: usize, dialogue: &Dialogue, log: &Log) -> bool {
    let first = earlier(number, dialogue, |_, exchange| (exchange.ask == Ask::Greeting).then(|| exchange.start()));
    let Some(first) = first else { return false };
    let before = (0..first).rev().take(100).filter_map(|record| log.get(record));
    before
        .take_while(|entry| entry.kind != Kind::Received)
        .filter_map(|entry| entry.remark())
        .any(|remark| remark.word == "resolved" && remark.bare(0).is_some_and(|name| name.starts_with("mx:")))
}
