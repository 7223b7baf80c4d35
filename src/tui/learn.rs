//! Lessons in the workbench: what their actions do, and what the lab's news change.

use std::sync::Arc;

use crate::class::attend::Up;
use crate::conversation::event::Remark;
use crate::lesson::progress::Reached;
use crate::lesson::{Lesson, Map};

use super::action::{Action, next_lesson};
use super::attending;
use super::effect::Effect;
use super::model::{Focus, Model};
use super::overlay::{Ask, Lessons, Overlay, Prompt, Question};
use super::pane::lesson::{self, Begins, LessonNews, LessonPane, Stage};

/// Whether an action is one of the lesson's.
pub(super) fn does(action: Action) -> bool {
    matches!(
        action,
        Action::Lesson
            | Action::Lessons
            | Action::NextLesson
            | Action::Finding
            | Action::Questions
            | Action::Hint
            | Action::Choose
            | Action::StartOver
            | Action::Answer(_)
    )
}

/// What an action means where no lesson is held: the key that shows it whole shows all there are.
pub(super) fn meant(model: &Model, action: Action) -> Action {
    match action {
        Action::Lesson if !model.shows_lesson() => Action::Lessons,
        other => other,
    }
}

/// Why an action of a lesson's, or of a class's, can't be done now.
pub(super) fn not_now(model: &Model, action: Action) -> Option<&'static str> {
    match action {
        Action::Questions => Some("Nobody asks questions here: they are a class's, where it has any."),
        Action::Finding if model.shows_lesson() => Some(wants_nothing(model)),
        Action::Hint | Action::Finding | Action::StartOver | Action::NextLesson if !model.shows_lesson() => {
            Some("No lesson is being held; {lesson} shows them all.")
        }
        Action::Hint => Some("There is no further hint for this step."),
        Action::NextLesson => Some("There is no next one before this lesson is done; {lesson} and l list all."),
        Action::ServerView if model.class.is_some() => {
            Some("The server is the class's, elsewhere: only it sees its side.")
        }
        _ => None,
    }
}

/// Why nothing that was found can be told now.
fn wants_nothing(model: &Model) -> &'static str {
    match model.lesson.as_ref().map(LessonPane::stage) {
        Some(Stage::Quiz) => "The question is answered in the lesson ({lesson}): with Enter, or a digit.",
        Some(Stage::Finish) => "All is answered; the lesson is done.",
        _ => "This step wants no answer; it ticks from what you do.",
    }
}

/// Does an action of the lesson's.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Lessons => {
            model.overlay = Some(Overlay::Lessons(Lessons::default()));
            return vec![Effect::LookForLessons];
        }
        Action::NextLesson => {
            let next = next_lesson(model).map(|next| Arc::clone(&next.lesson));
            return next.map_or_else(Vec::new, |lesson| begin(model, lesson));
        }
        Action::Questions => return attending::ask(model),
        Action::Finding => {
            model.overlay = Some(Overlay::Prompt(Prompt::new(Ask::Finding, "")));
            model.focus = Focus::Lesson;
            return Vec::new();
        }
        _ => {}
    }
    let Some(pane) = &mut model.lesson else { return Vec::new() };
    match action {
        Action::Lesson => {
            model.focus = if model.focus == Focus::Lesson { Focus::Composer } else { Focus::Lesson };
            Vec::new()
        }
        Action::Hint if pane.is_in_class() => vec![Effect::ToClass(Up::Hint)],
        Action::Hint => {
            let taken = pane.hint();
            // Kept at once: whoever starts over has had it all the same.
            taken.then(|| Effect::Keep(pane.reached())).into_iter().collect()
        }
        Action::StartOver => {
            let lesson = Arc::clone(pane.lesson());
            begin(model, lesson)
        }
        Action::Choose if pane.stage() == Stage::Finish => {
            let next = next_lesson(model).is_some();
            model.lesson = None;
            model.focus = Focus::Composer;
            let then = if next { "; {lesson} shows the next one among all" } else { "" };
            let words = format!("The lesson is closed and the conversation stays{then}.");
            model.notice = Some(model.keymap.told(&words));
            Vec::new()
        }
        Action::Choose => {
            let over = pane.is_over();
            if !pane.choose() {
                model.notice = Some("That one was tried; Up and Down mark another, or type its digit.".to_owned());
                return Vec::new();
            }
            finished(pane, over)
        }
        Action::Answer(n) => {
            let over = pane.is_over();
            pane.answer(usize::from(n));
            finished(pane, over)
        }
        _ => Vec::new(),
    }
}

/// What the learner has found: the lesson judges it, and the conversation has it too.
pub(super) fn found(model: &mut Model, text: &str) -> Vec<Effect> {
    let Some(pane) = model.lesson.as_mut().filter(|_| !text.is_empty()) else { return Vec::new() };
    let mut effects = vec![Effect::Remark(Remark::new("answer").value(text))];
    if pane.is_in_class() {
        effects.push(Effect::ToClass(Up::Answer(text.to_owned())));
        return effects;
    }
    let found = pane.find(text);
    effects.push(Effect::Keep(pane.reached()));
    if found && pane.stage() == Stage::Steps {
        model.focus = Focus::Composer;
    }
    effects
}

/// What is to be kept once the last question is settled, with its answer: who leaves it there has done all. `before`: it
/// was so before, and is kept already.
fn finished(pane: &LessonPane, before: bool) -> Vec<Effect> {
    if before || !pane.is_over() {
        return Vec::new();
    }
    let to_class = pane.is_in_class().then(|| Effect::ToClass(Up::Quiz(pane.quiz_wrong())));
    [Effect::Keep(pane.reached())].into_iter().chain(to_class).collect()
}

/// A step has ticked: it is kept, and the question gets the keys once the conversation is over.
pub(super) fn ticked(model: &mut Model) -> Vec<Effect> {
    turn_to_question(model);
    let Some(pane) = &model.lesson else { return Vec::new() };
    vec![Effect::Keep(pane.reached())]
}

/// Gives the question the keys once the steps are done and the connection is closed, or nothing was ever said on it, since
/// another client holds the lesson. Otherwise somebody may be about to type the next line, and its letters and Enter would
/// be taken for an answer.
pub(super) fn turn_to_question(model: &mut Model) {
    let done = model.shows_lesson() && model.lesson.as_ref().is_some_and(|pane| pane.stage() != Stage::Steps);
    let idle = model.focus == Focus::Composer && model.overlay.is_none() && model.composer.line().is_empty();
    // The first exchange is the greeting.
    let silent = !model.talk.is_open() || model.talk.dialogue.exchanges().len() <= 1;
    if done && idle && silent {
        model.focus = Focus::Lesson;
    }
}

/// Moves the mark, or scrolls.
pub(super) fn step(model: &mut Model, forward: bool) {
    if let Some(pane) = &mut model.lesson {
        pane.step(forward);
    }
    scroll(model, |_| 0);
}

/// Scrolls a page.
pub(super) fn page(model: &mut Model, forward: bool) {
    scroll(model, |rows| if forward { rows } else { -rows });
}

/// Scrolls by so many of the rows that are seen at once, and never beyond what there is.
fn scroll(model: &mut Model, by: impl FnOnce(isize) -> isize) {
    let Some(area) = model.layout().and_then(|layout| layout.lesson) else { return };
    let Some((reach, rows)) = model.lesson.as_ref().map(|pane| lesson::reach(model, pane, area)) else { return };
    if let Some(pane) = &mut model.lesson {
        pane.scroll(by(rows), &reach);
    }
}

/// The lesson that a class judges, where it is this one that is shown: to begin it is to begin it anew. Gives the steps of
/// it that are done.
pub(super) fn anew(model: &Model, lesson: &Lesson) -> Option<usize> {
    let pane = model.lesson.as_ref().filter(|pane| model.shows_lesson() && pane.is_in_class())?;
    let known = model.lessons.rows.iter().find(|row| row.lesson.name == lesson.name).map_or(0, |row| row.done.steps);
    (pane.lesson().name == lesson.name).then(|| known.max(pane.reached().steps))
}

/// Whether this lesson is the one that is shown, and no class judges it: to begin it is to begin it anew.
pub(super) fn is_held(model: &Model, lesson: &Lesson) -> bool {
    let is_it = |pane: &LessonPane| pane.lesson().name == lesson.name && !pane.is_in_class();
    model.shows_lesson() && model.lesson.as_ref().is_some_and(is_it)
}

/// It is wanted, whatever is open: anew where it is being held, else from where it was left.
pub(super) fn wanted(model: &Model, lesson: Arc<Lesson>) -> Vec<Effect> {
    if anew(model, &lesson).is_some() {
        return vec![Effect::ToClass(Up::Reset)];
    }
    if !is_held(model, &lesson) {
        return vec![Effect::Learn(lesson)];
    }
    let none = Reached { lesson: lesson.name.clone(), of: lesson.steps.len(), ..Reached::default() };
    vec![Effect::Keep(none), Effect::LearnAnew(lesson)]
}

/// What is said of a lesson that goes on from where it was left.
fn goes_on(pane: &LessonPane) -> String {
    let at = match pane.stage() {
        Stage::Steps => {
            let step = pane.reached().steps + 1;
            format!("at step {step}, where you left it, with a fresh server: the conversation begins again")
        }
        _ => "with its question: all steps are done".to_owned(),
    };
    format!("The lesson goes on {at}; {{lesson}} and o start it over.")
}

/// Begins a lesson, after a question where a connection is open, or something was reached in it that a class keeps.
pub(super) fn begin(model: &mut Model, lesson: Arc<Lesson>) -> Vec<Effect> {
    let anew = anew(model, &lesson);
    if anew.is_some() && attending::in_exam(model) {
        model.notice = Some(attending::NOT_ANEW.to_owned());
        return Vec::new();
    }
    if model.talk.is_open() || anew > Some(0) {
        model.overlay = Some(Overlay::Question(Question::Learn(lesson)));
        return Vec::new();
    }
    wanted(model, lesson)
}

/// These are the lessons that there are.
pub(super) fn take_map(model: &mut Model, lessons: Map) {
    let next = lessons.next(None).or(lessons.rows.first());
    model.start.offer(next.map(|next| (Arc::clone(&next.lesson), next.done.clone())), &lessons.rows);
    model.lessons = lessons;
}

/// Takes in what the loop tells of lessons.
pub(super) fn news(model: &mut Model, news: LessonNews) -> Vec<Effect> {
    match news {
        LessonNews::Map(lessons) => {
            // A class has lessons of its own.
            if !model.class.as_ref().is_some_and(|class| class.course) {
                take_map(model, lessons);
            }
            Vec::new()
        }
        LessonNews::Begun { lesson, address, seed, begins } => {
            let pane = LessonPane::new(lesson, address, seed);
            let pane = match begins {
                Begins::Anew => pane,
                Begins::InClass(come) => pane.in_class(&come),
                Begins::Left(left) => {
                    let pane = pane.gone_on_with(left);
                    model.notice = Some(model.keymap.told(&goes_on(&pane)));
                    pane
                }
            };
            model.lesson = Some(pane);
            // A lesson of a class may be done but for its question.
            turn_to_question(model);
            Vec::new()
        }
        LessonNews::Class(down) => attending::says(model, *down),
        LessonNews::ClassOver => {
            attending::over(model);
            Vec::new()
        }
        LessonNews::Seen(seen) => {
            let Some(pane) = &mut model.lesson else { return Vec::new() };
            if pane.take(&seen) { ticked(model) } else { Vec::new() }
        }
    }
}
