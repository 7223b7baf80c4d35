//! What a client that knows nothing of classes is told. It hears nothing unasked: all of it stands in the reply to the
//! next `NOOP` (or `HELP`) that it says, before that reply's own line, and waits here until then.

use std::collections::VecDeque;
use std::sync::Arc;

use super::student::{News, Student, Work};
use super::{Class, Settings};
use crate::conversation::words::capital;
use crate::lesson::Lesson;
use crate::lesson::attempt::tries_words;
use crate::message::header;
use crate::smtp::escape::for_screen;

/// Columns of a reply's line that carries a text.
const COLUMNS: usize = 69;
/// Things that wait for one student; the oldest go first.
const WAITING: usize = 20;
/// Messages that are listed.
const LISTED: usize = 20;
/// Lines of a message that are shown.
const SHOWN: usize = 60;
/// Characters of what somebody says to the class.
const LONGEST: usize = 500;

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Note {
    /// What the instructor says.
    Words(String),
    /// The next hint of this step of this lesson: taken, and counted, when it is said.
    Hint(String, usize),
    /// The class was held.
    Pause,
    /// Somebody else is here by the same name.
    Twice(String),
}

/// What waits for a student's next `NOOP`, and what they know already.
#[derive(Debug, Default)]
pub(super) struct Letterbox {
    waiting: VecDeque<(u64, Note)>,
    next: u64,
    /// Lesson and attempt, steps that ticked and mistakes made as of the last time that something was said of them.
    known: (String, u32, usize, usize),
}

impl Letterbox {
    fn put(&mut self, note: Note) {
        // Said once, however often it was so.
        let same = |waits: &Note| match &note {
            Note::Pause => *waits == Note::Pause,
            Note::Twice(_) => matches!(waits, Note::Twice(_)),
            Note::Words(text) => matches!(waits, Note::Words(before) if before == text),
            Note::Hint(..) => false,
        };
        self.waiting.retain(|(_, waits)| !same(waits));
        self.next += 1;
        self.waiting.push_back((self.next, note));
        while self.waiting.len() > WAITING {
            self.waiting.pop_front();
        }
    }

    /// How much waits that the instructor has said.
    pub(super) fn len(&self) -> usize {
        self.waiting.iter().filter(|(_, note)| !matches!(note, Note::Twice(_))).count()
    }
}

impl Student {
    /// Tells something: to the student's ehlo at once, otherwise with the next `NOOP`. Whether it was told at once.
    pub(super) fn notify(&self, news: &News) -> bool {
        let queued = self.with(|state| {
            if state.companions > 0 {
                return false;
            }
            let post = &mut state.post;
            match news {
                News::Notice(text) => post.put(Note::Words(text.chars().take(LONGEST).collect())),
                News::Paused(true) => post.put(Note::Pause),
                News::Twice(text) => post.put(Note::Twice(text.clone())),
                _ => return false,
            }
            true
        });
        if !queued {
            self.tell(news);
        }
        !queued
    }

    /// Has the next hint of the open step wait; false where there is none beyond those that wait.
    pub(super) fn put_hint(&self) -> bool {
        self.with(|state| {
            let Some(work) = state.current.as_ref().and_then(|current| state.works.get(current)) else { return false };
            let Some(step) = work.attempt.open() else { return false };
            let note = Note::Hint(work.lesson().name.clone(), step);
            let waits = state.post.waiting.iter().filter(|(_, waits)| *waits == note).count();
            let more = work.lesson().steps[step].hints.len() > work.attempt.hints().len() + waits;
            if more {
                state.post.put(note);
            }
            more
        })
    }

    /// How much waits for the next `NOOP`.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.with(|state| if state.companions > 0 { 0 } else { state.post.len() })
    }

    /// Whether nothing of theirs listens for news.
    pub(super) fn is_plain(&self) -> bool {
        self.with(|state| state.companions == 0)
    }
}

impl Class {
    /// What a student is to be told now, a paragraph each, and by what it is known once it was said.
    pub(super) fn news(&self, student: &Student) -> (Vec<String>, u64) {
        let exam = self.settings.exam.is_some();
        let held = *self.paused.borrow();
        let (mut words, upto) = student.with(|state| {
            let mut words = Vec::new();
            let work = state.current.as_ref().and_then(|current| state.works.get(current));
            let mut hints = work.map_or(0, |work| work.attempt.hints().len());
            for (_, note) in &state.post.waiting {
                match note {
                    Note::Words(text) => words.push(format!("The class: {text}")),
                    Note::Twice(text) => words.push(text.clone()),
                    Note::Pause if held => {}
                    Note::Pause => words.push("The instructor had paused the class; it goes on.".to_owned()),
                    Note::Hint(lesson, step) => {
                        let Some(work) = work.filter(|work| is_open(work, lesson, *step)) else { continue };
                        if let Some(hint) = work.lesson().steps[*step].hints.get(hints) {
                            hints += 1;
                            words.push(format!("A hint from the instructor: {hint}"));
                        }
                    }
                }
            }
            if let Some(work) = work {
                words.extend(progress(&self.settings, work, &state.post.known, exam));
            }
            (words, state.post.next)
        });
        words.extend(self.time_words(student));
        (words, upto)
    }

    /// What [`Self::news`] gave was said. A hint counts from here on.
    pub(super) fn said(&self, student: &Student, upto: u64) {
        let (hints, some) = student.with(|state| {
            let mut hints = 0;
            let before = state.post.waiting.len();
            let work = state.current.as_ref().and_then(|current| state.works.get(current));
            state.post.waiting.retain(|(number, note)| {
                if let Note::Hint(lesson, step) = note
                    && *number <= upto
                    && work.is_some_and(|work| is_open(work, lesson, *step))
                {
                    hints += 1;
                }
                *number > upto
            });
            if let Some(work) = work {
                state.post.known = known(work);
            }
            (hints, before > state.post.waiting.len())
        });
        for _ in 0..hints {
            self.take_hint(student, true);
        }
        if some {
            self.stir();
        }
    }

    /// What waited for a client that knows nothing of classes, for the student's own ehlo, which has come meanwhile.
    pub(super) fn forward(&self, student: &Student) -> Vec<News> {
        let waiting = student.with(|state| std::mem::take(&mut state.post.waiting));
        let mut news = Vec::new();
        for (_, note) in waiting {
            match note {
                Note::Words(text) => news.push(News::Notice(text)),
                Note::Twice(text) => news.push(News::Twice(text)),
                Note::Hint(lesson, step) => {
                    let open = student.with_current(|work| is_open(work, &lesson, step)) == Some(true);
                    news.extend(open.then(|| self.take_hint(student, true)).flatten().map(News::Hint));
                }
                Note::Pause => {}
            }
        }
        news
    }

    /// What is said with the reply to QUIT: how far the lesson has come with it, and how it goes on.
    pub(super) fn parting(&self, student: &Student) -> Vec<String> {
        if self.is_over(student, self.now()) {
            return self.time_words(student).into_iter().collect();
        }
        let stands = student.with_current(|work| {
            let (lesson, done) = (work.lesson(), work.done_with_quit());
            let all = lesson.steps.len();
            if done >= all {
                return vec![done_words(&self.settings, lesson, work.quiz.is_some())];
            }
            let wrong = self.last_mistake(work, done, 0);
            let count = format!("{done} of {all} steps are done.");
            let lost = lost_words(work, self.settings.exam.is_some());
            std::iter::once(count).chain(wrong).chain(lost).chain([open_words(lesson, done)]).collect()
        });
        let again = "It goes on from here when you join again by the same name.";
        stands.unwrap_or_default().into_iter().chain([again.to_owned()]).collect()
    }

    /// What is to be said of the mistake that was made last, after so many of them: of one made at this step. Nothing in an
    /// exam.
    fn last_mistake(&self, work: &Work, step: usize, after: usize) -> Option<String> {
        let (_, at, which) = work.mistakes.get(after..)?.last().filter(|_| self.settings.exam.is_none())?;
        let mistake = work.lesson().steps.get(step)?.mistakes.get(*which)?;
        (*at == step).then(|| mistake.say.clone())
    }

    /// How much time the student has left in an exam; none where it is none.
    pub(super) fn time_words(&self, student: &Student) -> Option<String> {
        let left = self.left(student)?;
        Some(match left.as_secs().div_ceil(60) {
            _ if left.is_zero() => "The time is over: what you do now counts no more.".to_owned(),
            0 | 1 => "Less than a minute is left.".to_owned(),
            minutes => format!("{minutes} minutes are left."),
        })
    }
}

fn is_open(work: &Work, lesson: &str, step: usize) -> bool {
    work.lesson().name == lesson && work.attempt.open() == Some(step)
}

fn known(work: &Work) -> (String, u32, usize, usize) {
    (work.lesson().name.clone(), work.number, work.attempt.ticked(), work.mistakes.len())
}

/// What has come of what was done since something was last said of it.
fn progress(settings: &Settings, work: &Work, before: &(String, u32, usize, usize), exam: bool) -> Vec<String> {
    let (lesson, number, ticked, mistakes) = before;
    if *lesson != work.lesson().name || *number != work.number {
        return Vec::new();
    }
    let now = work.attempt.ticked();
    let made = work.mistakes.get(*mistakes..).unwrap_or_default().last().filter(|_| !exam);
    let said = |(_, step, mistake): &(_, usize, usize)| work.lesson().steps.get(*step)?.mistakes.get(*mistake);
    if now > *ticked {
        let done = match now - ticked {
            1 => format!("Step {now} is done."),
            _ => format!("Steps {} to {now} are done.", ticked + 1),
        };
        // A mistake made before what has ticked since is past.
        let since = made.filter(|(_, step, _)| *step >= now).and_then(said).map(|mistake| mistake.say.clone());
        let told = std::iter::once(done).chain(since).chain(lost_words(work, exam));
        return told.chain([step_words(settings, work, Told::Step)]).collect();
    }
    let made = made.and_then(said).map(|mistake| mistake.say.clone());
    made.into_iter().chain(lost_words(work, exam)).collect()
}

/// That only a fresh start helps, where that is so, and how to get one.
fn lost_words(work: &Work, exam: bool) -> Option<String> {
    let cure = if exam { "your instructor can give you a fresh start at it" } else { "NOOP reset starts it over" };
    let what = work.attempt.spoilt_by().map_or_else(|| "Something happened".to_owned(), |what| capital(&what));
    work.attempt.is_spoilt().then(|| format!("{what}, and that must not be in this lesson: {cure}."))
}

/// How much of a lesson is told beside its open step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing.
    Step,
    /// Its title; its text too as long as no step is done.
    Whole,
    /// Title and text, whichever step is open.
    Anew,
}

/// Where a student stands in a lesson: the open step; at its end what comes next.
pub(super) fn step_words(settings: &Settings, work: &Work, told: Told) -> String {
    let lesson = work.lesson();
    let title = format!("Lesson {}: {}.", lesson.name, lesson.title);
    let Some(open) = work.attempt.open() else {
        return format!("{title} {}", done_words(settings, lesson, work.quiz.is_some()));
    };
    let intro = if told == Told::Anew || told == Told::Whole && open == 0 {
        format!(" {}", lesson.intro)
    } else {
        String::new()
    };
    let title = if told == Told::Step { String::new() } else { format!("{title}{intro} ") };
    format!("{title}{}", open_words(lesson, open))
}

/// What a step asks for.
fn open_words(lesson: &Lesson, step: usize) -> String {
    let (of, open) = (lesson.steps.len(), &lesson.steps[step]);
    let finding = if open.wants_answer() { " Say it as NOOP answer WHAT IT IS" } else { "" };
    format!("Step {} of {of}: {}{finding}", step + 1, open.text)
}

/// A lesson is done: what comes next. `answered`: its quiz is done too.
fn done_words(settings: &Settings, lesson: &Lesson, answered: bool) -> String {
    let mut words = format!("All {} steps are done.", lesson.steps.len());
    if settings.exam.is_none() && !lesson.questions.is_empty() && !answered {
        words.push_str(" NOOP quiz asks what you have learnt.");
    }
    words.push_str(&next_words(settings, lesson));
    words
}

/// What comes after a lesson, a sentence behind another one.
pub(super) fn next_words(settings: &Settings, lesson: &Lesson) -> String {
    let place = settings.lessons.iter().position(|taught| taught.lesson.name == lesson.name);
    match place.and_then(|place| settings.lessons.get(place + 1)) {
        Some(next) => format!(" The next lesson: NOOP lesson {}", next.lesson.name),
        None => " It was the last of this class.".to_owned(),
    }
}

/// Where a student stands, in words; from then on they know it.
pub(super) fn stands(class: &Class, student: &Student) -> String {
    where_they_stand(class, student, Told::Whole)
}

/// The same with the lesson's text, for whom it begins.
pub(super) fn begins(class: &Class, student: &Student) -> String {
    where_they_stand(class, student, Told::Anew)
}

fn where_they_stand(class: &Class, student: &Student, told: Told) -> String {
    let words = student.with(|state| {
        let work = state.works.get(state.current.as_ref()?)?;
        let (lesson, number, _, mistakes) = std::mem::replace(&mut state.post.known, known(work));
        // What went wrong is said once, also to whom asks where they stand before they ask what is new.
        let same = lesson == work.lesson().name && number == work.number;
        let open = work.attempt.open().filter(|_| same);
        let wrong = open.and_then(|open| class.last_mistake(work, open, mistakes));
        let wrong = wrong.map_or_else(String::new, |say| format!("\n\n{say}"));
        Some(format!("{}{wrong}", step_words(&class.settings, work, told)))
    });
    words.unwrap_or_else(|| "No lesson has begun.".to_owned())
}

/// What a student's client may say to the class now.
pub(super) fn words(class: &Class, student: &Student) -> String {
    let mut words = vec!["step", "lesson NN", "answer TEXT", "mail"];
    if class.settings.exam.is_none() {
        words.insert(1, "hint");
        words.insert(3, "reset");
        words.push("quiz");
    }
    if class.settings.questions > 0 {
        words.extend(["question", "choose LETTER"]);
    }
    if class.is_over(student, class.now()) {
        // Nothing is answered any more; what was right may be looked at.
        let shown = class.settings.exam.as_ref().is_some_and(|exam| exam.show_answers);
        words.retain(|word| !matches!(*word, "answer TEXT" | "choose LETTER") && (shown || *word != "question"));
    }
    format!(
        "You may say NOOP and one of: {}. NOOP alone brings what is new; nothing comes unasked. Keys (Esc, L, F9) and \
         $text in a lesson's text are those of ehlo learn --join: elsewhere you type the base64 yourself.",
        words.join(", ")
    )
}

/// The mail that lies on the server of a student's lesson: a line for each, or one message whole, its lines after a bar.
pub(super) fn mail_words(student: &Student, which: &str) -> Vec<String> {
    let messages =
        student.with_current(|work| work.arena().map(|arena| arena.messages())).flatten().unwrap_or_default();
    if which.is_empty() {
        let count = match messages.len() {
            0 => return vec!["No mail lies on this lesson's server yet.".to_owned()],
            1 => "1 message lies on this lesson's server".to_owned(),
            count => format!("{count} messages lie on this lesson's server"),
        };
        let newest = messages.iter().rev().take(LISTED).map(|message| {
            let (from, octets) = (&message.envelope.from, message.raw().len());
            let subject = header::get(&message.content, "Subject").unwrap_or_default();
            let subject = if subject.is_empty() { ", without a subject".to_owned() } else { format!(": {subject}") };
            format!("{}: for {} from <{from}>, {octets} octets{subject}", message.number, message.mailbox)
        });
        return [format!("{count}. NOOP mail NUMBER reads one. The newest first:")].into_iter().chain(newest).collect();
    }
    let number = which.parse::<u64>().ok();
    let Some(message) = messages.iter().find(|message| Some(message.number) == number) else {
        return vec![format!("There is no message {which}. NOOP mail lists them.")];
    };
    let raw = message.raw();
    let lines: Vec<&[u8]> = raw.split(|octet| *octet == b'\n').collect();
    let count = lines.len().saturating_sub(1);
    let shown = lines.iter().take(count.min(SHOWN));
    let mut words: Vec<String> =
        shown.map(|line| format!("| {}", for_screen(line.strip_suffix(b"\r").unwrap_or(line)))).collect();
    if count > SHOWN {
        words.push(format!("{} more lines are not shown.", count - SHOWN));
    }
    words
}

/// The lines of a text, a paragraph or more: as many as they need.
pub(super) fn wrapped(paragraphs: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in paragraphs.iter().flat_map(|paragraph| paragraph.split("\n\n")) {
        // Backquotes mark up a lesson's text; of a message they are its own.
        let plain = if paragraph.starts_with("| ") { paragraph.to_owned() } else { paragraph.replace('`', "") };
        let text = for_screen(plain.replace('\n', " ").as_bytes());
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > COLUMNS {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.extend(word.chars().take(4 * COLUMNS));
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// A reply of these paragraphs.
pub(super) fn reply(code: &str, enhanced: &str, paragraphs: &[String]) -> Vec<String> {
    let mut lines = wrapped(paragraphs);
    if lines.is_empty() {
        lines.push("Ok".to_owned());
    }
    let last = lines.len() - 1;
    let written = lines.iter().enumerate();
    written.map(|(n, line)| format!("{code}{}{enhanced} {line}", if n == last { ' ' } else { '-' })).collect()
}

/// Findings, for a client of any kind.
impl Class {
    /// What is said of a wrong finding; in an exam that it is counted.
    fn not_it(&self, student: &Student) -> String {
        let tried = |work: &Work| work.wrong.iter().filter(|(_, step)| Some(*step) == work.attempt.open()).count();
        let counted = match student.with_current(tried) {
            Some(count) if self.settings.exam.is_some() => {
                format!(" It was try {count} at this answer, and the results say how many it took.")
            }
            _ => String::new(),
        };
        format!("That is not it; look again.{counted} NOOP step says what is asked.")
    }

    /// What a student has found, said as `NOOP answer`.
    pub(super) fn finding_words(&self, student: &Arc<Student>, text: &str) -> Vec<String> {
        if text.is_empty() {
            return vec!["Say what you have found: NOOP answer WHAT IT IS".to_owned()];
        }
        if student.with_current(|work| work.attempt.open().is_none()) != Some(false) {
            return vec![stands(self, student)];
        }
        let before = student.with_current(|work| work.attempt.ticked());
        let wants = student.with_current(Work::wants_answer) == Some(true);
        self.answer(student, text);
        let after = student.with_current(|work| (work.attempt.ticked(), work.attempt.tries_left()));
        let over = self.time_words(student).filter(|_| self.is_over(student, self.now()));
        match after {
            _ if over.is_some() => over.into_iter().collect(),
            Some((now, _)) if Some(now) > before => vec!["That is it.".to_owned(), stands(self, student)],
            _ if !wants => vec!["This step wants no answer; it ticks from what you do.".to_owned()],
            Some((_, Some(left))) => vec![tries_words(left)],
            _ => vec![self.not_it(student)],
        }
    }
}
