//! Certificates of the transcript kind: a student's conversation with the steps marked where they were reached, as a
//! transcript and as a page.

use std::fmt::Write as _;

use super::Class;
use super::export::Outcome;
use crate::conversation::file::{Document, Header, write_document};
use crate::conversation::{Event, Kind, Log, Micros, Remark};
use crate::decode::Knowledge;
use crate::interchange;
use crate::lesson::Lesson;

/// The certificate as files: extension and octets. None where the lesson is not finished.
pub(super) fn files(
    class: &Class,
    lesson: &Lesson,
    outcome: &Outcome,
    documents: &[Document],
) -> Vec<(&'static str, Vec<u8>)> {
    let Some(document) = document(&class.settings.name, lesson, outcome, documents) else { return Vec::new() };
    let mut octets = Vec::new();
    write_document(&document, &mut octets);
    let html = interchange::by_name("html").map(|html| ("html", (html.export)(&document, knowledge())));
    [("smtp", octets)].into_iter().chain(html).collect()
}

/// Read once: it is large.
fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: std::sync::LazyLock<Knowledge> = std::sync::LazyLock::new(Knowledge::shipped);
    &KNOWLEDGE
}

/// The conversations in which a step was reached, one after the other, each step noted at its place.
fn document(class: &str, lesson: &Lesson, outcome: &Outcome, documents: &[Document]) -> Option<Document> {
    let finished = outcome.finished.as_ref()?;
    let first = documents.first()?.header.started()?;
    let mut title = format!("{} has done “{}”", outcome.name, lesson.title);
    let _ = write!(
        title,
        ": {} of {} steps, {} hints, finished {finished}",
        outcome.done,
        outcome.steps,
        outcome.hints.len()
    );
    if outcome.attempts > 1 {
        let _ = write!(title, ", attempt {} of {}", outcome.attempt, outcome.attempts);
    }
    let _ = write!(title, ", judged by the lab of the class {class}");
    let mut log = Log::new();
    for document in documents {
        let marked = document.log.of_kind(Kind::Remark).any(|(_, entry)| entry.bytes.starts_with(b"mark goal="));
        if !marked {
            continue;
        }
        let began =
            document.header.started().map_or(0, |at| at.as_microsecond().saturating_sub(first.as_microsecond()));
        let began = u64::try_from(began).unwrap_or(0);
        for (_, entry) in document.log.since(0) {
            let at = Micros(began + entry.at.unwrap_or_default().0);
            let goal = entry.remark().filter(|remark| remark.word == "mark");
            let goal = goal.and_then(|remark| remark.get("goal")?.parse::<usize>().ok());
            match goal.and_then(|goal| Some((goal, lesson.steps.get(goal.checked_sub(1)?)?))) {
                Some((goal, step)) => {
                    let words = format!("✓ step {goal} of {}: {}", lesson.steps.len(), step.text);
                    log.push(at, &Event::Remark(Remark::new("note").value(words)));
                }
                None => _ = log.push_octets(entry.kind, Some(at), entry.bytes, entry.crlf, entry.masked),
            }
        }
    }
    let mut header = Header::of(documents.first()?.header.table.clone());
    header = header.with("title", title);
    Some(Document::new(header, log))
}
