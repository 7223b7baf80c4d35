//! Ghost text: how the line may go on, from the verb's template, the identity, and what was sent before.
//!
//! Only offered; nothing of it is on the line until it is taken.

use crate::lesson::Goal;
use crate::smtp::session::Sent;
use crate::smtp::verb::{Field, FieldKind, VerbEntry};
use crate::smtp::{Phase, Verb};

use super::history::{History, begins};
use super::{Surroundings, secrecy, step};

/// What may follow the text typed so far (the cursor stands at its end); empty where there is nothing to offer.
///
/// `ended`: the lone dot was sent and no transaction begun since.
pub(super) fn ghost(typed: &str, ended: bool, history: &History, around: &Surroundings<'_>) -> String {
    let is_command = matches!(around.session.classify(typed.as_bytes()), Sent::Command(_));
    if !around.open || around.bare || around.exam || !is_command || secrecy::is_answer(around) {
        return String::new();
    }
    // An empty line of a paste is what Enter sends, and what waits comes before anything else.
    if typed.is_empty() && (around.pasted.shows("") || around.pasted.waits()) {
        return String::new();
    }
    if typed.is_empty() {
        return next_command(ended, around).map(|line| whole(line, history, around)).unwrap_or_default();
    }
    let offered = from_template(typed, around).or_else(|| {
        let may = !around.replays && (typed.contains(' ') || candidates(typed, around).is_empty());
        history.longer(typed, around).filter(|_| may).map(|line| line[typed.len()..].to_owned())
    });
    offered.filter(|rest| !rest.trim().is_empty()).unwrap_or_default()
}

/// The whole line of which this is the beginning, as far as that can be guessed: with its ghost text, or, where a word
/// begins several verbs, the first of them.
pub(super) fn completed(typed: &str, ghost: &str, around: &Surroundings<'_>) -> Option<String> {
    if !ghost.is_empty() {
        return Some(format!("{typed}{ghost}"));
    }
    let begun = !typed.is_empty() && !typed.contains(' ');
    let entry = candidates(typed, around)
        .into_iter()
        .next()
        .or_else(|| around.verbs.verbs.iter().find(|entry| begins(&entry.name, typed)))
        .filter(|_| begun)?;
    filled(entry, around).into_iter().next()
}

/// The most sensible command on an empty line.
fn next_command(ended: bool, around: &Surroundings<'_>) -> Option<String> {
    let session = around.session;
    // What follows the lines that are kept is not known, and an empty line sends them: nothing is to look like one.
    if around.waiting.is_some() || around.collected.is_some_and(|kept| kept > 0) {
        return None;
    }
    if step::wants_anew(around) || step::is_for_the_learner(around) {
        return None;
    }
    if let Some(offers) = step::offers(around) {
        let line = step::offered(offers, around)?;
        let verb = around.verbs.find(line);
        return verb.map_or_else(|| Some(line.to_owned()), |entry| filled(entry, around).into_iter().next());
    }
    let wanted = step::first(around);
    if let Some(line) = going_on(around).filter(|line| wanted.is_none() || *line == "RSET") {
        return Some(line.to_owned());
    }
    let verb = match session.phase() {
        Phase::Ready if let Some(verb) = wanted => verb,
        Phase::Greeted | Phase::Ready | Phase::Mail | Phase::Rcpt if session.turned_away => Verb::Quit,
        Phase::Greeted if session.greets_by_lhlo() => Verb::Lhlo,
        Phase::Greeted => Verb::Ehlo,
        // A message that nobody took is not the end: the hint says to try again.
        Phase::Ready if session.verdicts.is_some_and(|(taken, _)| taken == 0) => Verb::Mail,
        // RSET takes the verdict away: who drops a transaction begins another one.
        Phase::Ready if session.verdicts.is_some_and(|(taken, _)| ended || taken > 0) => Verb::Quit,
        Phase::Ready => Verb::Mail,
        // Who was named in a message that was taken has it: after a refusal nobody is offered again.
        Phase::Mail if session.refused > 0 && (session.delivered > 0 || unused_recipients(around).next().is_none()) => {
            Verb::Rset
        }
        Phase::Mail => Verb::Rcpt,
        Phase::Rcpt => Verb::Data,
        _ => return None,
    };
    let entry = around.verbs.find(in_lesson(verb, around)?.word())?;
    filled(entry, around).into_iter().next()
}

/// What stands for a sender where none is known: a field to be typed over.
const SENDER: &str = "reverse-path";

/// A MAIL that would break off where its sender has to stand, since the target has none: with the sender of before, or with
/// a place for one.
fn whole(line: String, history: &History, around: &Surroundings<'_>) -> String {
    let is_mail = Verb::from_word(line.split(' ').next().unwrap_or_default()) == Verb::Mail;
    if !is_mail || !line.ends_with('<') {
        return line;
    }
    let before = history.longer(&line, around).and_then(|before| before.split_inclusive('>').next());
    before.map_or_else(|| format!("{line}{SENDER}>"), str::to_owned)
}

/// The verb that comes next, or in a lesson the one with which the open step is reached: what would lead past it is not
/// offered.
fn in_lesson(verb: Verb, around: &Surroundings<'_>) -> Option<Verb> {
    let asked = around.step.map(Goal::verbs).unwrap_or_default();
    if let Some(greeting) = greeting_in_lesson(verb, &asked) {
        return Some(greeting);
    }
    match verb {
        // After a message the end is offered already.
        Verb::Mail if !asked.is_empty() && asked.iter().all(|it| *it == Verb::Quit) => Some(Verb::Quit),
        _ if !around.step.is_some_and(|step| step.is_left_by(verb)) || around.session.turned_away => Some(verb),
        Verb::Data => Some(Verb::Rcpt).filter(|verb| asked.contains(verb)),
        _ => Some(Verb::Mail).filter(|_| asked.iter().any(|it| matches!(it, Verb::Mail | Verb::Rcpt | Verb::Data))),
    }
}

/// The greeting that the open step asks for, in place of another one or of what comes after it.
fn greeting_in_lesson(verb: Verb, asked: &[Verb]) -> Option<Verb> {
    const GREETINGS: [Verb; 3] = [Verb::Helo, Verb::Ehlo, Verb::Lhlo];
    let later = [Verb::Mail, Verb::Rcpt, Verb::Data].iter().any(|it| asked.contains(it));
    let instead = verb == Verb::Mail && !later || GREETINGS.contains(&verb);
    let wanted = asked.iter().find(|it| GREETINGS.contains(it)).filter(|_| instead && !asked.contains(&verb));
    wanted.copied()
}

/// The line that goes on after a refusal, where the panel names it as the next step: what is offered here says the same.
fn going_on<'a>(around: &Surroundings<'a>) -> Option<&'a str> {
    let is = |line: &&str, verb: Verb| Verb::from_word(line.split(' ').next().unwrap_or_default()) == verb;
    match around.session.phase() {
        _ if around.session.turned_away => None,
        // Whom nothing was said to yet comes first, unless the time is over.
        Phase::Mail if around.session.delivered == 0 => {
            let left = unused_recipients(around).next().is_some();
            let again = around.again.filter(|again| again.left == 0 || !left).map(|again| again.line);
            again.or(around.advised.filter(|_| !left)).filter(|line| is(line, Verb::Rcpt) || is(line, Verb::Ehlo))
        }
        Phase::Ready => {
            let mail = around.again.and_then(|again| again.mail);
            let first = [Verb::Auth, Verb::Starttls, Verb::Rset, Verb::Quit];
            let helo = around.session.greeted_by == Some(Verb::Helo);
            let leads = |line: &&str| first.iter().any(|verb| is(line, *verb)) || helo && is(line, Verb::Ehlo);
            around.advised.filter(leads).or(mail)
        }
        _ => None,
    }
}

/// The entries that the first word may mean: the verb itself, or those that begin so and fit the phase.
fn candidates<'a>(typed: &str, around: &Surroundings<'a>) -> Vec<&'a VerbEntry> {
    let word = typed.split(' ').next().unwrap_or_default();
    if let Some(entry) = around.verbs.find(word) {
        return vec![entry];
    }
    if typed.contains(' ') {
        return Vec::new();
    }
    around.session.may_follow(around.verbs).into_iter().filter(|entry| begins(&entry.name, word)).collect()
}

fn from_template(typed: &str, around: &Surroundings<'_>) -> Option<String> {
    let entries = candidates(typed, around);
    let [entry] = entries.as_slice() else { return None };
    let lines = filled(entry, around);
    let going_on = lines.iter().find(|line| line.len() > typed.len() && begins(line, typed));
    going_on.map(|line| line[typed.len()..].to_owned()).or_else(|| closing(typed, &entry.template))
}

/// What closes a field that was filled by hand: `RCPT TO:<a@b` and then `>`.
fn closing(typed: &str, template: &str) -> Option<String> {
    let (head, rest) = template.split_once('{')?;
    let (_, tail) = rest.split_once('}')?;
    let tail = tail.split([' ', '{']).next().filter(|tail| !tail.is_empty())?;
    let value = typed.get(head.len()..).filter(|_| begins(typed, head))?;
    let open = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || tail.contains(c));
    open.then(|| tail.to_owned())
}

/// The template as whole lines, one for each value that its fields offer, the most likely first.
///
/// A word with an optional field that nothing fills is left out; one that must be filled by hand ends the line.
fn filled(entry: &VerbEntry, around: &Surroundings<'_>) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in entry.template.split(' ') {
        let Some(field) = field_of(word, entry) else {
            push_word(&mut lines, word);
            continue;
        };
        let place = format!("{{{}}}", field.name);
        let values = if field.optional { Vec::new() } else { values(field, around) };
        match (values.is_empty(), field.optional) {
            (true, true) => {}
            (true, false) => {
                let head = word.split('{').next().unwrap_or_default();
                push_word(&mut lines, head);
                break;
            }
            (false, _) => {
                lines = lines
                    .iter()
                    .flat_map(|line| values.iter().map(move |value| (line, value)))
                    .map(|(line, value)| {
                        let space = if line.is_empty() { "" } else { " " };
                        format!("{line}{space}{}", word.replace(&place, value))
                    })
                    .collect();
            }
        }
    }
    lines
}

fn push_word(lines: &mut [String], word: &str) {
    for line in lines {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
}

/// The first field that stands in a word of the template.
fn field_of<'a>(word: &str, entry: &'a VerbEntry) -> Option<&'a Field> {
    let name = word.split_once('{')?.1.split_once('}')?.0;
    entry.fields.iter().find(|field| field.name == name)
}

fn values(field: &Field, around: &Surroundings<'_>) -> Vec<String> {
    let identity = around.identity;
    let one = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    match field.kind {
        FieldKind::Domain => one(&identity.ehlo),
        FieldKind::ReversePath => one(&identity.from),
        // In a lesson two recipients are two mailboxes.
        FieldKind::ForwardPath if let Some(step) = around.step => {
            // Whom the open step does not want is not offered, and whom it wants is for the learner to write.
            let wanted = step.recipients();
            let fits = |to: &&String| wanted.is_empty() || wanted.iter().any(|wanted| wanted.matches(to));
            unused_recipients(around).filter(fits).cloned().collect()
        }
        FieldKind::ForwardPath => unused_recipients(around).chain(&identity.to).cloned().collect(),
        FieldKind::Mechanism => {
            let mut offered = around.session.capabilities.mechanisms();
            let wanted = around.step.and_then(Goal::mechanism);
            offered.sort_by_key(|it| !wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(it)));
            offered
        }
        FieldKind::Choice => field.choices.clone(),
        FieldKind::Text | FieldKind::Number | FieldKind::Base64 | FieldKind::Word => Vec::new(),
    }
}

/// The recipients of the identity that the open transaction has not seen.
fn unused_recipients<'a>(around: &Surroundings<'a>) -> impl Iterator<Item = &'a String> {
    let used = around.recipients;
    around.identity.to.iter().filter(move |to| !used.iter().any(|it| it.eq_ignore_ascii_case(to)))
}
