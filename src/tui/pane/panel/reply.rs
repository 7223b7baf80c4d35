//! The tab Reply: the decoded reply with its next steps, as rows of words.

use crate::conversation::Exchange;
use crate::conversation::dialogue::{Ask, Recipient, Verdict};
use crate::conversation::words::capital;
use crate::decode::{Does, Explanation, Layer, Reported, Spoke, Step, reported_in};
use crate::smtp::{Class, Command, Verb, escape};
use crate::tui::action::Action;
use crate::tui::given::{AT_ONCE, Told};
use crate::tui::keymap::Keymap;
use crate::tui::pane::wrap;
use crate::tui::talk::{About, Source, Talk};
use crate::tui::theme::Role;

use super::moment::before_record;
use super::trouble::Trouble;
use super::writer::{Row, Writer};

/// A part of what the panel shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Headline,
    Meaning,
    Digits,
    Causes,
    Steps,
    /// What is good to know beside it.
    Notes,
    /// What it was read from.
    Sources,
    Blank,
}

/// Below so many columns the reply to RCPT names its recipient.
const NARROW: u16 = 40;

/// Columns of a text that was given, of which the rest is left out.
const GIVEN: u16 = 120;

/// From the ample to the scarce: where not all fits, what to do next stays in sight.
const ORDERS: [&[Part]; 6] = {
    use Part::{Blank, Causes, Digits, Headline, Meaning, Notes, Sources, Steps};
    [
        &[Headline, Meaning, Blank, Digits, Blank, Causes, Blank, Steps, Blank, Notes, Sources],
        &[Headline, Meaning, Digits, Blank, Causes, Blank, Steps, Blank, Notes, Sources],
        &[Headline, Meaning, Digits, Causes, Steps, Notes, Sources],
        &[Headline, Meaning, Causes, Steps, Notes, Digits, Sources],
        &[Headline, Causes, Steps, Notes, Meaning, Digits, Sources],
        &[Headline, Steps, Notes, Causes, Meaning, Digits, Sources],
    ]
};

/// What the tab shows as of a record, at a width and for a height: what went wrong, or else the explained reply.
pub(super) fn rows(
    (talk, record): (&Talk, usize),
    trouble: Option<&Trouble>,
    keymap: &Keymap,
    (width, height): (u16, u16),
) -> Vec<Row> {
    if let Some(trouble) = trouble.filter(|_| talk.given().is_none()) {
        let live = talk.source == Source::Live;
        let ample = in_trouble(trouble, keymap, width, (true, live));
        return if ample.len() <= height.into() { ample } else { in_trouble(trouble, keymap, width, (false, live)) };
    }
    let Some((about, explanation)) = talk.explanation() else {
        return nothing_yet(talk, record, keymap, width);
    };
    let height = usize::from(height);
    let mut rows = Vec::new();
    for (n, order) in ORDERS.iter().enumerate() {
        rows = explained(talk, (about, explanation), keymap, width, order);
        let acted = rows.iter().rposition(|row| row.step.is_some()).map_or(0, |last| last + 1);
        if rows.len() <= height || n > 2 && acted < height {
            break;
        }
    }
    // Where there is no room for it, it is below, to be paged to.
    let parts = rows.last().map_or(0, |row| row.part);
    rows.extend(layers(explanation, width).into_iter().map(|row| Row { part: row.part + parts, ..row }));
    rows
}

fn explained(
    talk: &Talk,
    (about, explanation): (About, &Explanation),
    keymap: &Keymap,
    width: u16,
    order: &[Part],
) -> Vec<Row> {
    let mut out = Writer::new(width);
    for part in order {
        match part {
            Part::Headline => headline(&mut out, talk, about, explanation),
            Part::Meaning if explanation.meaning.is_empty() => {}
            Part::Meaning => out.paragraph(0, Role::Text, &explanation.meaning),
            Part::Digits => digits(&mut out, explanation),
            Part::Causes => causes(&mut out, explanation),
            Part::Steps => steps(&mut out, talk, explanation, keymap),
            Part::Notes => notes(&mut out, explanation),
            Part::Sources => sources(&mut out, explanation),
            Part::Blank => out.blank(),
        }
    }
    others(&mut out, talk);
    out.finish()
}

/// The address that a RCPT names, and whether it was taken.
fn recipient(out: &mut Writer, exchange: &Exchange, talk: &Talk) {
    let Some(line) = exchange.command().and_then(|record| talk.log.get(record)) else { return };
    let command = Command::parse(line.bytes);
    let Some(path) = command.path.as_ref() else { return };
    let taken = exchange.code.is_some_and(|code| code.class() == Class::Success);
    let (glyph, role) = if taken { ("✓", Role::Good) } else { ("✗", Role::Bad) };
    out.labelled(glyph, role, 2, Role::Text, &escape::for_screen(path.to_string().as_bytes()));
}

fn headline(out: &mut Writer, talk: &Talk, about: About, explanation: &Explanation) {
    let width = out.width;
    let role = match explanation.class {
        Class::Success | Class::Intermediate => Role::Good,
        Class::Transient | Class::Permanent | Class::Unknown => Role::Refused,
    };
    let code = explanation.code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
    let enhanced = explanation.enhanced.map(|enhanced| format!("  {enhanced}")).unwrap_or_default();
    out.paragraph(0, role, &format!("{code}{enhanced}"));
    let exchange = match about {
        About::Exchange(exchange) => talk.dialogue.exchanges().get(exchange),
        About::Report(record) => {
            let recipient = talk.log.get(record).and_then(|entry| reported_in(&entry.remark()?));
            if let Some(report) = recipient {
                let whom = escape::for_screen(report.recipient.as_bytes());
                out.at_right(Role::Dim, &format!("for {}", wrap::shortened(&whom, 30)));
            }
            None
        }
        About::Given => {
            let all = talk.recipients().len() + talk.more_recipients();
            let of = if all > 1 { format!("recipient 1 of {all}") } else { "a text of yours".to_owned() };
            out.at_right(Role::Dim, &of);
            None
        }
    };
    if let Some(x) = exchange {
        out.at_right(Role::Dim, &answers(x, talk));
        // Where there is little room, "where you are" is not there to say which one it was.
        if width < NARROW && x.verb == Verb::Rcpt && x.ask == Ask::Command {
            recipient(out, x, talk);
        }
    }
    out.paragraph(0, role, &explanation.title);
    if !talk.recipients().is_empty() {
        recipients(out, talk.recipients());
    } else if let Some(text) = talk.given() {
        out.paragraph(0, Role::Dim, &wrap::shortened(&escape::for_screen(text.as_bytes()), GIVEN));
    }
}

/// Whom a bounce is about: who is explained here, and what it says of the others. So many stand at the top as were explained
/// at once; the others follow the explanation, to be paged to.
fn recipients(out: &mut Writer, all: &[Told]) {
    let Some((Told { report: first, .. }, others)) = all.split_first() else { return };
    out.paragraph(0, Role::Text, &format!("For {}", whom(first)));
    out.paragraph(0, Role::Dim, &wrap::shortened(&escape::for_screen(first.text.as_bytes()), GIVEN));
    for other in others.iter().take(AT_ONCE - 1) {
        another(out, other);
    }
    let below = all.len().saturating_sub(AT_ONCE);
    if below > 0 {
        let stand = if below == 1 { "stands" } else { "stand" };
        out.labelled("·", Role::Dim, 2, Role::Dim, &format!("{below} more {stand} at the end, below"));
    }
}

/// What a bounce says of those for whom there was no room at the top.
fn others(out: &mut Writer, talk: &Talk) {
    let below = talk.recipients().get(AT_ONCE..).unwrap_or_default();
    if below.is_empty() {
        return;
    }
    out.paragraph(0, Role::Accent, "The other recipients");
    for other in below {
        another(out, other);
    }
    let more = talk.more_recipients();
    if more > 0 {
        let words = format!("{more} more: ehlo explain with the bounce's file shows all");
        out.labelled("·", Role::Dim, 2, Role::Dim, &words);
    }
}

fn another(out: &mut Writer, Told { report, title }: &Told) {
    let codes = [report.code.map(|it| it.to_string()), report.enhanced.map(|it| it.to_string())];
    let said = codes.into_iter().flatten().chain(title.clone()).collect::<Vec<_>>().join(" ");
    out.labelled("·", Role::Dim, 2, Role::Text, &format!("{}: {said}", whom(report)));
}

fn whom(report: &Reported) -> String {
    escape::for_screen(report.recipient.as_bytes())
}

/// What the reply answers: `to RCPT TO`, `to the final dot`.
fn answers(exchange: &Exchange, talk: &Talk) -> String {
    match exchange.ask {
        Ask::Greeting => "the greeting".to_owned(),
        Ask::Unasked => "unasked".to_owned(),
        Ask::AuthAnswer => "to an answer in AUTH".to_owned(),
        Ask::EndOfData => verdict_for(exchange, talk),
        Ask::Command => match exchange.verb {
            Verb::Mail => "to MAIL FROM".to_owned(),
            Verb::Rcpt => "to RCPT TO".to_owned(),
            Verb::Other if exchange.command().is_none() => "to a line not in the file".to_owned(),
            Verb::Other => {
                let line = exchange.command().and_then(|record| talk.log.get(record));
                let line = line.map(|entry| entry.bytes).unwrap_or_default();
                let word = line.trim_ascii().split(u8::is_ascii_whitespace).next().unwrap_or_default();
                if word.is_empty() && !line.is_empty() {
                    "to a line of blanks".to_owned()
                } else if word.is_empty() {
                    "to an empty line".to_owned()
                } else {
                    format!("to {}", wrap::shortened(&escape::for_screen(word), 16))
                }
            }
            verb => format!("to {}", verb.word()),
        },
    }
}

/// What a verdict is about: the message, or (LMTP) the message for one recipient.
fn verdict_for(exchange: &Exchange, talk: &Talk) -> String {
    let what = if exchange.verb == Verb::Bdat { "to the last chunk" } else { "to the final dot" };
    let record = exchange.reply().map(|reply| *reply.end());
    let recipients = talk.dialogue.recipients();
    let one = |r: &&Recipient| {
        matches!(r.verdict(), Verdict::Delivered | Verdict::Failed) && Some(r.decided as usize) == record
    };
    let mut decided = recipients.iter().rev().filter(one);
    match (decided.next(), decided.next()) {
        (Some(recipient), None) if talk.dialogue.state().session.is_lmtp() => {
            let address = talk.dialogue.address(&talk.log, recipient);
            format!("for {}", wrap::shortened(&escape::for_screen(address.as_bytes()), 30))
        }
        _ => what.to_owned(),
    }
}

fn digits(out: &mut Writer, explanation: &Explanation) {
    let widest = explanation.digits.iter().map(|(digits, _)| wrap::width(digits.as_bytes())).max().unwrap_or(0);
    for (digits, words) in &explanation.digits {
        out.labelled(digits, Role::Accent, widest + 2, Role::Text, words);
    }
}

fn causes(out: &mut Writer, explanation: &Explanation) {
    if explanation.causes.is_empty() {
        return;
    }
    out.paragraph(0, Role::Accent, if explanation.causes.len() == 1 { "Why" } else { "Why, most likely first" });
    for (n, cause) in explanation.causes.iter().enumerate() {
        numbered(out, n + 1, cause);
    }
}

fn numbered(out: &mut Writer, n: usize, text: &str) {
    let label = n.to_string();
    let indent = u16::try_from(label.len()).unwrap_or(1) + 1;
    out.labelled(&label, Role::Accent, indent, Role::Text, &capital(text));
}

fn steps(out: &mut Writer, talk: &Talk, explanation: &Explanation, keymap: &Keymap) {
    let live = talk.source == Source::Live;
    // In a file there is no line that they would go to.
    let by_hand = explanation.next.iter().all(|step| step.does == Does::Advice);
    let heading = match (live, by_hand) {
        (true, _) => "Try next",
        (false, true) => "What to do",
        (false, false) => "With a connection",
    };
    numbered_steps(out, &explanation.next, keymap, (heading, live, true));
}

/// Next steps with their digits under a heading; whether they go to the line, and whether they are lines for the composer
/// or places to go to, which are never cut.
fn numbered_steps(out: &mut Writer, next: &[Step], keymap: &Keymap, (heading, to_the_line, lines): (&str, bool, bool)) {
    if next.is_empty() {
        return;
    }
    out.paragraph(0, Role::Accent, heading);
    if next.iter().any(|step| step.does != Does::Advice) {
        let last = next.len().min(9);
        let first = keymap.key(Action::Step(1));
        let keys = if last == 1 { first } else { format!("{first}…{last}") };
        out.at_right(Role::Dim, &if to_the_line { format!("{keys} to the line") } else { keys });
    }
    for (n, step) in next.iter().enumerate() {
        let first = out.rows.len();
        numbered(out, n + 1, &step.text);
        match &step.does {
            Does::Command(line) => out.at_right(Role::Sent, line),
            Does::Action(name, None) if lines || out.free() >= wrap::width(name.as_bytes()) => {
                out.at_right(Role::Accent, name);
            }
            Does::Action(name, Some(argument)) if lines => out.action(name, argument),
            Does::Action(name, Some(argument)) => out.at_right(Role::Accent, &format!("{name} {argument}")),
            Does::Action(_, None) | Does::Advice => {}
        }
        for row in &mut out.rows[first..] {
            row.step = Some(n + 1);
        }
    }
}

/// What went wrong as rows; where there is little room, causes and steps come first.
fn in_trouble(trouble: &Trouble, keymap: &Keymap, width: u16, (ample, live): (bool, bool)) -> Vec<Row> {
    let mut out = Writer::new(width);
    out.paragraph(0, Role::Bad, &trouble.title);
    if ample {
        if !trouble.meaning.is_empty() {
            out.paragraph(0, Role::Text, &trouble.meaning);
        }
        out.blank();
    }
    troubled(&mut out, trouble, keymap, (true, live));
    if !ample && !trouble.meaning.is_empty() {
        out.paragraph(0, Role::Text, &trouble.meaning);
    }
    out.finish()
}

/// Why it went wrong (where that is not said elsewhere) and what to do next.
pub(super) fn troubled(out: &mut Writer, trouble: &Trouble, keymap: &Keymap, (with_causes, live): (bool, bool)) {
    if with_causes && !trouble.causes.is_empty() {
        let several = if trouble.certain { "Why" } else { "Why, most likely first" };
        out.paragraph(0, Role::Accent, if trouble.causes.len() == 1 { "Why" } else { several });
        for (n, cause) in trouble.causes.iter().enumerate() {
            numbered(out, n + 1, cause);
        }
    }
    numbered_steps(out, &trouble.steps, keymap, (if live { "Try next" } else { "With a connection" }, false, false));
}

fn notes(out: &mut Writer, explanation: &Explanation) {
    for note in &explanation.notes {
        out.paragraph(0, Role::Text, &format!("Good to know: {note}"));
    }
}

/// Who the server is, and what the explanation was read from.
fn sources(out: &mut Writer, explanation: &Explanation) {
    if let Some(software) = &explanation.software {
        // What shows it is said once, at the greeting.
        let greeting = explanation.code.is_some_and(|code| code.number() == 220);
        let by = explanation.evidence.as_ref().filter(|_| greeting).map(|by| format!(": {by}")).unwrap_or_default();
        out.paragraph(0, Role::Dim, &format!("The server is probably {software}{by}."));
    }
    if told_apart(explanation) {
        out.paragraph(0, Role::Dim, &format!("Judged by {}.", read_from(explanation)));
    }
    if !explanation.references.is_empty() {
        out.list(Role::Dim, &explanation.references);
    }
}

/// Whether it is worth saying what an explanation was read from.
fn told_apart(explanation: &Explanation) -> bool {
    let several = explanation.class.is_refusal() && explanation.layers.len() > 1;
    several || explanation.layers.iter().any(|layer| layer.own)
}

/// The layers that spoke, the one that decides first.
fn read_from(explanation: &Explanation) -> String {
    let mut layers: Vec<_> = explanation.layers.iter().collect();
    layers.sort_by_key(|layer| !layer.decides);
    layers.into_iter().map(name_of).collect::<Vec<_>>().join(", then by ")
}

/// What each layer says by itself, most specific first; the one that decides is marked.
fn layers(explanation: &Explanation, width: u16) -> Vec<Row> {
    if !told_apart(explanation) {
        return Vec::new();
    }
    let mut out = Writer::new(width);
    out.paragraph(0, Role::Accent, "What each of these says");
    for layer in &explanation.layers {
        let (mark, role) = if layer.decides { ("▸", Role::Text) } else { ("·", Role::Dim) };
        out.labelled(
            mark,
            role,
            2,
            role,
            &format!("{}: {} ({})", capital(&name_of(layer)), layer.says, layer.category),
        );
    }
    out.finish()
}

fn name_of(layer: &Layer) -> String {
    match layer.by {
        Spoke::Text if layer.own => format!("your own text in {}", layer.source),
        Spoke::Text => "the server's words".to_owned(),
        Spoke::Words => format!("the weight of its words ({})", layer.on),
        Spoke::Enhanced | Spoke::Code => layer.on.clone(),
    }
}

/// What stands in its place in an exam.
pub(super) fn unexplained(width: u16) -> Vec<Row> {
    let mut out = Writer::new(width);
    out.paragraph(0, Role::Dim, "This is an exam: what a reply means is yours to say. It stands in the transcript.");
    out.rows
}

/// What the panel says before there is a reply.
fn nothing_yet(talk: &Talk, record: usize, keymap: &Keymap, width: u16) -> Vec<Row> {
    let mut out = Writer::new(width);
    let exchanges = talk.dialogue.exchanges();
    let asked = before_record(exchanges, record + 1).checked_sub(1).and_then(|at| exchanges.get(at));
    let unanswered = asked.filter(|exchange| !exchange.complete());
    if let Some(exchange) = unanswered.filter(|_| !talk.is_open() && talk.last_answered().is_some()) {
        out.paragraph(0, Role::Text, &format!("{} did not come.", capital(&exchange.awaited())));
        out.paragraph(0, Role::Dim, "The connection ended before it, or what was recorded does.");
        return out.rows;
    }
    if talk.dialogue.state().in_reply() && talk.is_open() {
        out.paragraph(
            0,
            Role::Text,
            "The reply has begun and is not complete: its lines so far have a hyphen after the code.",
        );
        let greeting = talk.dialogue.exchanges().last().is_some_and(|x| x.ask == Ask::Greeting);
        let next = if greeting {
            "Some servers hold the last line of their greeting back for some seconds, and refuse whoever speaks before \
             it. Wait for it."
        } else {
            "The server is working on the rest. {stop} stops waiting."
        };
        out.paragraph(0, Role::Dim, &keymap.told(next));
        return out.rows;
    }
    let next = if unanswered.is_none() && talk.last_answered().is_some() {
        "What is known of replies is still being read."
    } else if talk.is_script() {
        "This is a script, of which nothing was sent yet. {replay} in the transcript plays it against a server."
    } else if talk.is_way() {
        "A message's header tells each server that it passed, the first one first. No server was spoken to here."
    } else if talk.source == Source::Opened {
        "There is no reply in this conversation."
    } else if talk.dialogue.state().is_waiting() {
        "The server is working on it. {stop} stops waiting."
    } else if talk.dialogue.state().pending().len() > 0 {
        "Nobody waits for it any more; if it comes late, it is still shown here. {reconnect} connects again."
    } else if talk.is_open() {
        "The first one comes when the connection stands."
    } else {
        "{connect} connects to a server, {reconnect} to the last one again. What it answers is explained here."
    };
    out.paragraph(0, Role::Text, "No reply yet.");
    out.paragraph(0, Role::Dim, &keymap.told(next));
    out.rows
}
