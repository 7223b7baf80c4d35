//! Certificates of the transcript kind: a student's conversation with the steps marked where they were reached, as a
//! transcript and as a page.

use std::fmt::Write as _;

use super::Class;
use super::export::{Answered, Outcome};
use crate::conversation::file::{Document, Header, write_document};
use crate::conversation::{Event, Kind, Log, Micros, Remark};
use crate::decode::Knowledge;
use crate::interchange;
use crate::lesson::Lesson;

/// The certificate as files: extension and octets. None where the lesson is not finished.
pub(super) fn files(
    class: &Class,
    lesson: &Lesson,
    (outcome, answered): (&Outcome, Option<&Answered>),
    documents: &[Document],
) -> Vec<(&'static str, Vec<u8>)> {
    let Some(title) = title(class, lesson, outcome, answered) else { return Vec::new() };
    let Some(document) = document(title, lesson, documents) else { return Vec::new() };
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

/// What it certifies, in a sentence; nothing where the lesson is not finished.
fn title(class: &Class, lesson: &Lesson, outcome: &Outcome, answered: Option<&Answered>) -> Option<String> {
    let finished = outcome.finished.as_ref()?;
    let (hints, given) = outcome.hints_asked_and_given();
    let mut title = format!("{} has done “{}”", outcome.name, lesson.title);
    let (steps, hints) = (counted(outcome.steps, "step"), counted(hints, "hint"));
    let _ = write!(title, ": {} of {steps}, {hints}, finished {finished}", outcome.done);
    if given > 0 {
        let _ = write!(title, ", {} by the instructor", counted(given, "more hint"));
    }
    if outcome.attempts > 1 {
        let _ = write!(title, ", attempt {} of {}", outcome.attempt, outcome.attempts);
        let (asked, given) = outcome.hints_beside();
        if asked + given > 0 {
            let _ = write!(title, " ({} in the others)", counted(asked + given, "hint"));
        }
    }
    let _ = write!(title, ", judged by the lab of the class {}", class.settings.name);
    if let Some(exam) = &class.settings.exam {
        let _ = write!(title, ", in an exam of {}", counted(exam.minutes as usize, "minute"));
    }
    if let Some(answered) = answered {
        let _ = match (answered.answered, answered.asked) {
            (0, asked) => write!(title, ", none of {} about replies answered", counted(asked, "question")),
            (_, asked) => write!(title, ", {} of {asked} questions about replies answered rightly", answered.right),
        };
    }
    title.push_str("; results.json beside it proves that (ehlo learn verify), this alone does not");
    Some(title)
}

/// So many of what `one` names.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The conversations in which a step was reached, one after the other, each step noted at its place.
fn document(title: String, lesson: &Lesson, documents: &[Document]) -> Option<Document> {
    let first = documents.first()?.header.started()?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::tests::{lessons, open};

    #[tokio::test]
    async fn one_hint_is_one_and_two_are_more() {
        let at = tempfile::tempdir().expect("a folder");
        let (class, _, _guard) = open(at.path(), &lessons(&["01"])).await;
        let lesson = &class.settings.lessons[0].lesson;
        let said = |asked: usize, given: usize| {
            let hint = |by_instructor| ("2026-11-30T09:00:00Z".to_owned(), 1, by_instructor);
            let hints = [vec![hint(false); asked], vec![hint(true); given]].concat();
            let finished = Some("2026-11-30T09:10:00Z".to_owned());
            title(&class, lesson, &Outcome { done: 6, steps: 6, finished, hints, ..Outcome::default() }, None)
        };
        for (asked, given, words) in [
            (1, 1, "6 of 6 steps, 1 hint, finished 2026-11-30T09:10:00Z, 1 more hint by the instructor,"),
            (0, 2, "6 of 6 steps, 0 hints, finished 2026-11-30T09:10:00Z, 2 more hints by the instructor,"),
        ] {
            let said = said(asked, given).expect("it is finished");
            assert!(said.contains(words), "{said}");
        }
    }
}
