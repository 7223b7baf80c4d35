//! The class that the student of this workbench is in: what it says, what an exam allows, its questions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::class::attend::{Down, Hello, Outline, Posed, Up};
use crate::conversation::event::{Event, Remark, Timed};
use crate::conversation::exam;
use crate::conversation::words::capital;
use crate::lesson::{Happening, Map};
use crate::smtp::escape::for_screen;

use super::action::Action;
use super::effect::Effect;
use super::learn;
use super::model::{Face, Model};
use super::overlay::{Asked, Letter, Overlay, show_mail};
use super::pane::lesson::{LessonPane, Stage};

/// Octets of mail that a class may send: more than a world of it keeps.
const MAIL: usize = 64 << 20;

/// The class, as far as the workbench knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InClass {
    /// Its name.
    pub name: String,
    /// The student's name.
    pub student: String,
    /// It is an exam: nothing is explained.
    pub exam: bool,
    /// Seconds that were left of it when the class last said so.
    pub left: Option<u64>,
    /// Everybody is to look up: nothing is sent.
    pub paused: bool,
    /// Questions about replies that are asked.
    pub questions: usize,
    /// What was right in them is shown once the exam is over.
    pub answers: bool,
    /// Nothing comes from it any more.
    pub gone: bool,
    /// Mail that is on its way from it.
    pub letters: Vec<Letter>,
    /// It has said which lessons are its own.
    pub course: bool,
    /// A question that was closed while its answer could still be changed: it comes again before the next one.
    pub left_open: Option<Posed>,
}

impl InClass {
    /// What a class says first.
    #[must_use]
    pub fn of(hello: &Hello) -> Self {
        Self {
            name: hello.class.clone(),
            student: hello.name.clone(),
            exam: hello.exam,
            left: hello.left,
            questions: hello.questions,
            answers: hello.answers,
            ..Self::default()
        }
    }

    /// Whether the time of the exam is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.exam && self.left == Some(0)
    }

    /// What of it is always to be seen: the pause, and the time that is left.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        if self.gone {
            return Some("the class is gone".to_owned());
        }
        let left = self.left.map(|left| match left.div_ceil(60) {
            0 => "time over".to_owned(),
            1 => "last minute".to_owned(),
            minutes => format!("{minutes} min left"),
        });
        match (self.paused, left) {
            (true, Some(left)) => Some(format!("PAUSED, {left}")),
            (true, None) => Some("PAUSED".to_owned()),
            (false, left) => left,
        }
    }
}

/// Whether an exam is being held here, or was, or the opened conversation is of one: nothing is explained, and nothing
/// mended.
pub(super) fn in_exam(model: &Model) -> bool {
    sits_exam(model) || of_exam(model).is_some()
}

/// Whether the student of this workbench sits, or sat, an exam.
fn sits_exam(model: &Model) -> bool {
    model.class.as_ref().is_some_and(|class| class.exam)
}

/// The class in whose exam the opened conversation was held.
fn of_exam(model: &Model) -> Option<&str> {
    model.talk.exam.as_deref().filter(|_| model.face == Face::Talk)
}

/// What has happened, as it is shown: in an exam without what ehlo has found out about a failure. Its file keeps that.
pub(super) fn told(model: &Model, events: Vec<Timed>) -> Vec<Timed> {
    if !sits_exam(model) {
        return events;
    }
    let told = |Timed { at, event }| match event {
        Event::Remark(remark) => Timed { at, event: Event::Remark(exam::untold(remark)) },
        event => Timed { at, event },
    };
    events.into_iter().map(told).collect()
}

/// Said when a conversation is opened that was held in an exam.
pub(super) fn opened(model: &mut Model) {
    if let Some(class) = of_exam(model) {
        let words = exam::refusal(class);
        model.notice = Some(capital(&words) + ".");
    }
}

/// What stands beside how far a lesson has come: that it counts no more, where the time of the exam is over.
pub(super) fn late(model: &Model, pane: &LessonPane) -> &'static str {
    let late = is_over(model) && pane.stage() == Stage::Steps;
    if late { ", time over" } else { "" }
}

/// Whether the time of the exam is over.
pub(super) fn is_over(model: &Model) -> bool {
    model.class.as_ref().is_some_and(InClass::is_over)
}

/// What stands below the line from then on, the longest that fits.
pub(super) const OVER: [&str; 3] = [
    "The time is over: you are done, and what you did until then is kept · {quit} leaves ehlo",
    "The time is over: you are done, your work is kept · {quit} leaves",
    "Time over, all is kept · {quit} leaves",
];

/// What is said once no lesson is left.
pub(super) fn all_done(model: &Model) -> String {
    match &model.class {
        Some(class) => format!("You are done: all lessons of the class {} are.", for_screen(class.name.as_bytes())),
        None => "That was the last one: all lessons are done.".to_owned(),
    }
}

/// Whether the class has questions about replies.
pub(super) fn has_questions(model: &Model) -> bool {
    model.class.as_ref().is_some_and(|class| class.questions > 0 && !class.gone)
}

/// What its key stands for where the class has questions: once the time is over, to look at them again, if that is shown.
pub(super) fn asks(model: &Model) -> Option<&'static str> {
    let shown = model.class.as_ref().is_some_and(|class| class.answers);
    let words = match (is_over(model), shown) {
        (false, _) => "questions",
        (true, true) => "what was right",
        (true, false) => return None,
    };
    has_questions(model).then_some(words)
}

/// Why nothing may be sent now, where that is so.
pub(super) fn holds(model: &Model) -> Option<&'static str> {
    let paused = model.class.as_ref().is_some_and(|class| class.paused && !class.gone);
    (paused && !model.is_offline())
        .then_some("Paused by the instructor: look up. The line stays; Enter sends it when the class goes on.")
}

/// Said where a lesson is to begin anew in an exam.
pub(super) const NOT_ANEW: &str =
    "In an exam nothing starts over: what is done stays done. Your instructor can give you a fresh start.";

/// Why an action of an exam's can't be done, where that is so.
pub(super) fn forbids(model: &Model, action: Action) -> Option<&'static str> {
    if action == Action::StartOver && in_exam(model) && model.shows_lesson() {
        return Some(NOT_ANEW);
    }
    if matches!(action, Action::Ready | Action::Templates) && sits_exam(model) {
        return Some("This is an exam: the lines are yours to type.");
    }
    let explains = matches!(
        action,
        Action::Mend | Action::Reference | Action::Glossary | Action::Explain | Action::Hint | Action::Probe
    );
    match explains {
        true if sits_exam(model) => Some("This is an exam: nothing is explained, mended or hinted at."),
        true if of_exam(model).is_some() => {
            Some("This was held in an exam: nothing in it is explained as long as its head says so.")
        }
        _ => None,
    }
}

/// What the class says, as its words: what it says of itself needs no name before it.
pub(super) fn of_class(words: &str) -> String {
    if words.starts_with("the class ") { capital(words) } else { format!("The class: {words}") }
}

/// Takes in what a class says.
pub(super) fn says(model: &mut Model, down: Down) -> Vec<Effect> {
    let class = model.class.get_or_insert_default();
    match down {
        Down::Course(course) => {
            class.course = true;
            let rows = course.iter().filter_map(Outline::standing).collect();
            learn::take_map(model, Map { rows });
        }
        Down::Lesson(given) => return vec![Effect::Attend(given)],
        Down::Happened(told) => {
            let happened: Vec<Happening> = told.into_iter().map(Happening::from).collect();
            let Some(pane) = model.lesson.as_mut().filter(|pane| pane.is_in_class()) else { return Vec::new() };
            let exchanges = model.talk.dialogue.exchanges().len();
            return if pane.told(&happened, exchanges) { learn::ticked(model) } else { Vec::new() };
        }
        Down::Hint(hint) => {
            let shown = model.lesson.as_mut().is_some_and(LessonPane::hint);
            model.notice = (!shown).then(|| for_screen(format!("A hint: {hint}").as_bytes()));
        }
        Down::Notice(text) => return stays_seen(model, &of_class(&text)),
        Down::Paused(on) => {
            class.paused = on;
            let words = if on { "Paused by the instructor: look up." } else { "The instructor lets the class go on." };
            return stays_seen(model, words);
        }
        Down::Left(seconds) => class.left = Some(seconds),
        Down::TimeOver => {
            class.left = Some(0);
            class.left_open = None;
            // An answer would count no more, and what is said stands behind a question.
            model.overlay.take_if(|overlay| matches!(overlay, Overlay::Asked(_)));
            let words = "The time is over: what you do now counts no more. You are done, and what you did until then is \
                         kept: {quit} leaves ehlo.";
            return stays_seen(model, &model.keymap.told(words));
        }
        Down::Question(posed) => {
            class.left_open = None;
            let awaited = matches!(model.overlay, None | Some(Overlay::Asked(_)));
            if awaited {
                model.overlay = Some(Overlay::Asked(Asked::new(*posed)));
            }
        }
        Down::Verdict(verdict) => {
            if let Some(Overlay::Asked(asked)) = &mut model.overlay {
                asked.judged(verdict);
            }
        }
        Down::NoQuestion(words) => {
            model.overlay.take_if(|overlay| matches!(overlay, Overlay::Asked(_)));
            model.notice = Some(for_screen(words.as_bytes()));
        }
        Down::Letter(envelope) => class.letters.push(Letter::of(*envelope, Vec::new())),
        Down::Piece(octets) => piece(&mut class.letters, &octets),
        Down::Mailbox => {
            let letters = std::mem::take(&mut class.letters);
            // Whoever has opened something else meanwhile is not disturbed.
            if matches!(model.overlay, None | Some(Overlay::Mail(_))) {
                show_mail(model, letters);
            }
        }
        Down::Hello(hello) => *class = InClass { course: class.course, ..InClass::of(&hello) },
    }
    Vec::new()
}

/// Takes in octets of the letter that came last, as long as all of them are not more than a world may keep.
fn piece(letters: &mut [Letter], octets: &str) {
    let held: usize = letters.iter().map(|letter| letter.raw.len()).sum();
    if let Some(last) = letters.last_mut()
        && let Ok(octets) = STANDARD.decode(octets)
        && held + octets.len() <= MAIL
    {
        last.raw.extend(octets);
    }
}

/// Says something, and keeps it in the conversation: a notice is gone with the next key.
fn stays_seen(model: &mut Model, words: &str) -> Vec<Effect> {
    model.notice = Some(for_screen(words.as_bytes()));
    vec![Effect::Remark(Remark::new("note").value(words))]
}

/// A question goes.
pub(super) fn left(model: &mut Model, overlay: &Overlay) {
    let Overlay::Asked(asked) = overlay else { return };
    if let Some(words) = asked.parting() {
        model.notice = Some(model.keymap.told(words));
    }
    if let Some(class) = &mut model.class {
        class.left_open = asked.left_open().cloned();
    }
}

/// The class is over, or the way to it is cut.
pub(super) fn over(model: &mut Model) {
    let Some(class) = &mut model.class else { return };
    class.gone = true;
    let name = for_screen(class.student.as_bytes());
    let words = format!("The class is over, or the way to it is cut. {{reconnect}} tries to join again as {name}.");
    model.notice = Some(model.keymap.told(&words));
}

/// Asks for the question that is open; one whose answer can still be changed is there already.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let Some(posed) = model.class.as_mut().and_then(|class| class.left_open.take()) else {
        return vec![Effect::ToClass(Up::Question)];
    };
    model.overlay = Some(Overlay::Asked(Asked::new(posed)));
    Vec::new()
}

#[cfg(test)]
mod tests;
