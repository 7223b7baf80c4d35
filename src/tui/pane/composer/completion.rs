//! What a word could become: verbs, addresses used before, mechanisms, parameters and their values.
//!
//! Shown above the line. Enter never takes anything from it; Tab does.

use std::ops::Range;

use crate::smtp::session::Sent;
use crate::smtp::verb::{FieldKind, ParameterEntry, VerbEntry};
use crate::smtp::{Command, Verb};

use super::history::{History, begins};
use super::slots::{What, entry, slots};
use super::{Surroundings, secrecy};

/// One thing that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What it puts onto the line.
    pub(super) text: String,
    /// What it is, in a few words.
    pub(super) note: String,
    /// Whether it fits here: legal, offered by the server.
    pub(super) fits: bool,
}

impl Item {
    fn new(text: impl Into<String>, note: impl Into<String>) -> Self {
        Self { text: text.into(), note: note.into(), fits: true }
    }
}

/// What stands above the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Popup {
    /// The octets of the line whose place is taken.
    pub(super) span: Range<usize>,
    /// What can be taken, best first; never empty.
    pub(super) items: Vec<Item>,
    /// Which one Tab takes.
    pub(super) marked: usize,
}

impl Popup {
    /// The mark one on or back; false at the end.
    pub(super) fn step(&mut self, on: bool) -> bool {
        let next = if on { self.marked.checked_add(1) } else { self.marked.checked_sub(1) };
        let Some(next) = next.filter(|next| *next < self.items.len()) else { return false };
        self.marked = next;
        true
    }
}

/// What the word before the cursor could become. `asked`: it was asked for, so that all is offered, however little is
/// typed; otherwise only what goes on from what is typed.
pub(super) fn popup(
    line: &str,
    cursor: usize,
    asked: bool,
    history: &History,
    around: &Surroundings<'_>,
) -> Option<Popup> {
    let is_command = matches!(around.session.classify(line.as_bytes()), Sent::Command(_));
    if !around.open || !is_command || secrecy::is_answer(around) {
        return None;
    }
    let (span, mut items) = candidates(line, cursor, asked, history, around)?;
    let typed = line.get(span.start..cursor.min(span.end)).unwrap_or_default();
    items.retain(|item| begins(&item.text, typed) && (asked || item.text.len() > typed.len()));
    let whole = line.get(span.clone()).unwrap_or_default();
    let finished = !asked && items.iter().any(|item| item.text.trim_end_matches(['=', '>']) == whole);
    (!items.is_empty() && !finished).then_some(Popup { span, items, marked: 0 })
}

type Found = (Range<usize>, Vec<Item>);

fn candidates(line: &str, cursor: usize, asked: bool, history: &History, around: &Surroundings<'_>) -> Option<Found> {
    let first = line.find(' ').unwrap_or(line.len());
    if cursor <= first {
        return ((asked || cursor > 0) && cursor == line.len()).then(|| (0..line.len(), verbs(around)));
    }
    if let Some(slot) = slots(line, around.verbs).into_iter().find(|s| s.span.start <= cursor && cursor <= s.span.end) {
        let typed = cursor > slot.span.start;
        return match slot.what {
            What::Field(field) => match field.kind {
                FieldKind::ReversePath | FieldKind::ForwardPath if asked || typed => {
                    let close =
                        if slot.span.end == line.len() && line[..slot.span.start].ends_with('<') { ">" } else { "" };
                    let items = addresses(history, around, field.kind == FieldKind::ReversePath);
                    let items =
                        items.into_iter().map(|it| Item { text: format!("{}{close}", it.text), ..it }).collect();
                    Some((slot.span, items))
                }
                FieldKind::Mechanism => {
                    let offered = around.session.capabilities.mechanisms();
                    Some((
                        slot.span,
                        offered.into_iter().map(|name| Item::new(name, "offered by the server")).collect(),
                    ))
                }
                FieldKind::Choice => {
                    let choices = field.choices.iter().map(|choice| Item::new(choice, field.help.as_str()));
                    Some((slot.span, choices.collect()))
                }
                FieldKind::Text if asked || typed => Some((slot.span, texts(line, history, around))),
                FieldKind::Domain if asked => {
                    let own = Some(&around.identity.ehlo).filter(|name| !name.is_empty());
                    Some((slot.span, own.map(|name| Item::new(name, "your own name")).into_iter().collect()))
                }
                _ => None,
            },
            What::Value(parameter) => Some(values(line, cursor, slot.span, parameter)),
            What::Unknown => None,
        };
    }
    parameters(line, cursor, around)
}

/// All verbs, those that are legal here first.
pub(super) fn verbs(around: &Surroundings<'_>) -> Vec<Item> {
    let legal = around.session.may_follow(around.verbs);
    let others = around.verbs.verbs.iter().filter(|entry| legal.iter().all(|it| it.name != entry.name));
    let item = |fits| move |entry: &VerbEntry| Item { text: entry.name.clone(), note: entry.title.clone(), fits };
    legal.iter().copied().map(item(true)).chain(others.map(item(false))).collect()
}

/// Addresses: the identity's, then those of lines sent before, the newest first.
fn addresses(history: &History, around: &Surroundings<'_>, reverse: bool) -> Vec<Item> {
    let identity = around.identity;
    let own: Vec<&String> = if reverse { vec![&identity.from] } else { identity.to.iter().collect() };
    let unused = |to: &&String| !around.recipients.iter().any(|it| it.eq_ignore_ascii_case(to));
    let (fresh, named): (Vec<&String>, Vec<&String>) = own.into_iter().partition(unused);
    let mut items: Vec<Item> = Vec::new();
    let mut push = |address: &str, note: &str| {
        if !address.is_empty() && !items.iter().any(|it| it.text.eq_ignore_ascii_case(address)) {
            items.push(Item::new(address, note));
        }
    };
    for address in fresh {
        push(address, "yours");
    }
    for line in history.commands().rev().take(400) {
        let command = Command::parse(line.as_bytes());
        let wanted = if reverse { Verb::Mail } else { Verb::Rcpt };
        if command.verb == wanted
            && let Some(path) = &command.path
        {
            push(&path.address(), "used before");
        }
    }
    for address in named {
        push(address, "in the envelope already");
    }
    items
}

/// What VRFY, EXPN and HELP ask about.
fn texts(line: &str, history: &History, around: &Surroundings<'_>) -> Vec<Item> {
    match entry(line, around.verbs).map(|entry| entry.name.as_str()) {
        Some("VRFY" | "EXPN") => addresses(history, around, false),
        Some("HELP") => verbs(around),
        _ => Vec::new(),
    }
}

/// The values of a parameter; in a list those that stand there are left out.
fn values(line: &str, cursor: usize, span: Range<usize>, parameter: &ParameterEntry) -> Found {
    let text = &line[span.clone()];
    let before = &line[span.start..cursor];
    let (from, to) = if parameter.list {
        let from = before.rfind(',').map_or(span.start, |comma| span.start + comma + 1);
        (from, line[cursor..span.end].find(',').map_or(span.end, |comma| cursor + comma))
    } else {
        (span.start, span.end)
    };
    let here = &line[from..to];
    let there: Vec<&str> = text.split(',').filter(|value| !value.is_empty() && *value != here).collect();
    let free = |choice: &&String| !parameter.list || (!there.iter().any(|it| it.eq_ignore_ascii_case(choice)));
    // NEVER stands alone (RFC 3461 4.1).
    let alone = |choice: &&String| !parameter.list || !choice.eq_ignore_ascii_case("NEVER") || there.is_empty();
    let choices = parameter.choices.iter().filter(free).filter(alone);
    (from..to, choices.map(|choice| Item::new(choice, parameter.name.as_str())).collect())
}

/// The parameters that do not stand on the line yet, those that the server offers first.
fn parameters(line: &str, cursor: usize, around: &Surroundings<'_>) -> Option<Found> {
    let entry = entry(line, around.verbs)?;
    let command = Command::parse(line.as_bytes());
    let from = line[..cursor].rfind(' ').map_or(cursor, |space| space + 1);
    // Attributes follow the verb itself, parameters a path.
    let whole = match command.verb {
        Verb::Xclient | Verb::Xforward => from > command.word.len(),
        _ => command.path.is_some() && command.path_span.end < from,
    };
    if entry.parameters.is_empty() || !whole || line[from..cursor].contains('=') || cursor != line.len() {
        return None;
    }
    let standing =
        |name: &str| command.parameters.iter().any(|p| p.span.end <= from && p.keyword.eq_ignore_ascii_case(name));
    let capabilities = &around.session.capabilities;
    let free = entry.parameters.iter().filter(|parameter| !standing(&parameter.name));
    let (offered, others): (Vec<_>, Vec<_>) = free.partition(|parameter| capabilities.has(&parameter.capability));
    let item = |parameter: &ParameterEntry, fits: bool| Item {
        text: format!("{}{}", parameter.name, if parameter.is_bare() { "" } else { "=" }),
        note: if fits { parameter.help.clone() } else { format!("not offered · {}", parameter.help) },
        fits,
    };
    let items = offered.into_iter().map(|p| item(p, true)).chain(others.into_iter().map(|p| item(p, false)));
    Some((from..cursor, items.collect()))
}
