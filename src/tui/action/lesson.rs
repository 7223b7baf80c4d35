//! A lesson: its text, hints and quiz.

use super::Where::{Everywhere, Lesson, Start};
use super::{Action, Entry, Where, always, entry};
use crate::lesson::map::Standing;
use crate::tui::attending;
use crate::tui::model::{Focus, Model};
use crate::tui::pane::lesson::{LessonPane, Stage};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::Choose,
        "choose",
        "answer, go on",
        "In a lesson: give the marked answer, go on to the next question, or close what is done.",
        &[(Lesson, "enter")],
        |model| holds_lesson(model) && model.lesson.as_ref().is_some_and(|l| l.stage() != Stage::Steps),
    )
    .needed(1),
    entry(
        Action::NextLesson,
        "next-lesson",
        "next lesson",
        "Begin the lesson that comes after the one that is done.",
        &[(Lesson, "n")],
        |model| next_lesson(model).is_some(),
    )
    .needed(1),
    entry(
        Action::Finding,
        "finding",
        "give an answer",
        "Tell the lesson what you have found, where a step wants to know; nothing of it goes to the server.",
        &[(Everywhere, "ctrl-g"), (Lesson, "a")],
        |model| model.shows_lesson() && model.lesson.as_ref().is_some_and(LessonPane::wants_finding),
    )
    .needed(1),
    entry(
        Action::Lesson,
        "lesson",
        "lesson",
        "Show the lesson whole, with its text and where any client reaches its lab; once more goes back.",
        &[(Everywhere, "f7")],
        Model::shows_lesson,
    )
    .needed(3),
    entry(
        Action::Hint,
        "hint",
        "hint",
        "Give the next hint of the lesson's open step.",
        &[(Everywhere, "shift-f7"), (Lesson, "h")],
        |model| {
            model.shows_lesson()
                && model.lesson.as_ref().is_some_and(LessonPane::has_hint)
                && !attending::in_exam(model)
        },
    )
    .needed(3),
    entry(
        Action::Questions,
        "questions",
        "questions",
        "Answer the class's questions about replies (what does the sender do next?).",
        &[(Everywhere, "alt-q")],
        attending::has_questions,
    )
    .needed(3),
    entry(
        Action::StartOver,
        "start-over",
        "start over",
        "Start the lesson over, with a new lab.",
        &[(Lesson, "o")],
        Model::shows_lesson,
    ),
    entry(
        Action::Lessons,
        "lessons",
        "all lessons",
        "Show all lessons: which are done, begun or open, and what each needs first.",
        &[(Start, "f7"), (Lesson, "l")],
        always,
    )
    .called("tutorial course learn receipt relay training")
    .needed(4),
    answer(1, "answer-1", &[(Lesson, "1")]),
    answer(2, "answer-2", &[(Lesson, "2")]),
    answer(3, "answer-3", &[(Lesson, "3")]),
    answer(4, "answer-4", &[(Lesson, "4")]),
    answer(5, "answer-5", &[(Lesson, "5")]),
    answer(6, "answer-6", &[(Lesson, "6")]),
];

const fn answer(n: u8, name: &'static str, keys: &'static [(Where, &'static str)]) -> Entry {
    const AVAILABLE: [fn(&Model) -> bool; 6] = [
        |m| answerable(m, 1),
        |m| answerable(m, 2),
        |m| answerable(m, 3),
        |m| answerable(m, 4),
        |m| answerable(m, 5),
        |m| answerable(m, 6),
    ];
    let help = "Give this answer to the question of the lesson.";
    entry(Action::Answer(n), name, "answer", help, keys, AVAILABLE[n as usize - 1])
}

/// The lesson to go on with, once one is done.
pub(in crate::tui) fn next_lesson(model: &Model) -> Option<&Standing> {
    let pane = model.lesson.as_ref().filter(|pane| model.shows_lesson() && pane.stage() == Stage::Finish)?;
    model.lessons.next(Some(&pane.lesson().name))
}

fn holds_lesson(model: &Model) -> bool {
    model.shows_lesson() && model.focus == Focus::Lesson
}

fn answerable(model: &Model, n: usize) -> bool {
    holds_lesson(model) && model.lesson.as_ref().is_some_and(|lesson| lesson.has_answer(n))
}
