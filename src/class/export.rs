//! Results as files: `results.csv`, `results.json` (signed), `items.csv`, `questions.csv` where questions were asked,
//! `transcripts/`, `certificates/` where anybody has finished, and `lessons/` for those that are not ehlo's.
//!
//! Without names each student is a number everywhere, and the addresses of clients go too; what somebody typed stays as it
//! was, since it is what is judged.

mod items;
mod questions;
mod sheet;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::settings::hex;
use super::sign::{self, Signed};
use super::student::{Aside, Student, Work, transcripts};
use super::{Class, ClassError, certificate, event};
use crate::conversation::file::{self, Document, write_document};
use crate::conversation::{Event, Kind, Log, Remark};
use crate::lesson::Lesson;

/// What came of one lesson of one student.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The name, or the number where names are left out.
    pub name: String,
    /// The lesson's name.
    pub lesson: String,
    /// Which attempt: the best one counts.
    pub attempt: u32,
    /// How many were begun; 0 where an older ehlo has written it.
    #[serde(default)]
    pub attempts: u32,
    /// What the lesson was drawn from, hexadecimal; empty where it is the same for everybody.
    pub variant: String,
    /// Steps that ticked.
    pub done: usize,
    /// Steps that there are.
    pub steps: usize,
    /// When it was begun.
    pub started: String,
    /// When the last step ticked, where all have.
    pub finished: Option<String>,
    /// Seconds that were spent on it, up to the last step; of a pause two minutes are counted at most.
    pub active: u64,
    /// When each step ticked.
    pub ticks: Vec<String>,
    /// Hints taken: when, at which step (from 1), whether the instructor gave it.
    pub hints: Vec<(String, usize, bool)>,
    /// Mistakes: when, at which step (from 1), what was said.
    pub mistakes: Vec<(String, usize, String)>,
    /// Wrong findings: when, at which step (from 1).
    pub wrong: Vec<(String, usize)>,
    /// Wrong answers in the quiz, once it is done, as the student's ehlo says.
    pub quiz: Option<u32>,
    /// The transcripts: file, SHA-256.
    pub transcripts: Vec<(String, String)>,
    /// The attempts beside it that were begun: they don't count, and are not forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Other>,
}

/// An attempt that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// Which attempt.
    pub attempt: u32,
    /// When it was begun.
    pub started: String,
    /// Steps that ticked.
    pub done: usize,
    /// Hints taken, as in [`Outcome`].
    pub hints: Vec<(String, usize, bool)>,
    /// Mistakes, as in [`Outcome`].
    pub mistakes: Vec<(String, usize, String)>,
    /// Wrong findings, as in [`Outcome`].
    pub wrong: Vec<(String, usize)>,
}

impl Outcome {
    /// Points: of a hundred, as many as steps are done.
    #[must_use]
    pub fn points(&self) -> usize {
        (self.done * 100).checked_div(self.steps).unwrap_or(0)
    }

    /// Hints that the student asked for, and those that the instructor gave unasked.
    #[must_use]
    pub fn hints_asked_and_given(&self) -> (usize, usize) {
        asked_and_given(self.hints.iter())
    }

    /// The same of the attempts that do not count.
    #[must_use]
    pub fn hints_beside(&self) -> (usize, usize) {
        asked_and_given(self.others.iter().flat_map(|other| &other.hints))
    }

    /// That of a lesson which somebody did not begin.
    fn not_begun(name: &str, lesson: &Lesson) -> Self {
        Self { name: name.to_owned(), lesson: lesson.name.clone(), steps: lesson.steps.len(), ..Self::default() }
    }
}

fn asked_and_given<'a>(hints: impl Iterator<Item = &'a (String, usize, bool)>) -> (usize, usize) {
    let (given, asked): (Vec<_>, Vec<_>) = hints.partition(|(.., by_instructor)| *by_instructor);
    (asked.len(), given.len())
}

/// A lesson, as it was taught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfLesson {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// SHA-256 of its file.
    pub sha256: String,
}

/// `results.json`, its signature apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// The version of the format: 1.
    pub ehlo: u32,
    /// The class.
    pub class: String,
    /// When it was written.
    pub written: String,
    /// Minutes of the exam, where it was one.
    pub minutes: Option<u32>,
    /// The lessons.
    pub lessons: Vec<OfLesson>,
    /// What came of them.
    pub results: Vec<Outcome>,
    /// Questions about replies.
    pub questions: Vec<Answered>,
    /// The other files: file, SHA-256. Where none are named none are covered by the signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<(String, String)>,
}

/// What came of the questions for one student.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The name, or the number where names are left out.
    pub name: String,
    /// Questions that the class has for each student, come to or not.
    pub asked: usize,
    /// Questions answered.
    pub answered: usize,
    /// Questions answered rightly.
    pub right: usize,
    /// Each question as it was asked. Where an older ehlo has written it, or has asked the questions, there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<OfQuestion>,
}

/// A question, and what was answered to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfQuestion {
    /// The reply that it is about.
    pub reply: String,
    /// The answers that it offers, the first one being `a`.
    pub answers: Vec<String>,
    /// The letter of the right one.
    pub right: char,
    /// The letter of the one that was given; none where the student did not come to it.
    pub given: Option<char>,
}

/// Octets' SHA-256.
#[must_use]
pub fn sum(octets: &[u8]) -> String {
    hex(&Sha256::digest(octets))
}

/// Where the class's results are written when nobody says otherwise: `results-TIME` in its folder.
#[must_use]
pub fn folder(class: &Class) -> PathBuf {
    class.folder.join(format!("results-{}", class.now().strftime("%Y-%m-%d-%H%M%S")))
}

fn at(time: Timestamp) -> String {
    format!("{time:.0}")
}

/// What an outcome is called in a file's name.
fn file_name(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    text.chars().map(plain).collect()
}

/// Writes all results into a folder, which is made; gives how many certificates there are.
///
/// # Errors
/// A file that can't be written.
pub fn write(class: &Arc<Class>, to: &Path, anonymous: bool) -> Result<usize, ClassError> {
    for folder in [to.to_owned(), to.join("transcripts")] {
        event::private_folder(&folder)?;
    }
    let mut files = Vec::new();
    let Came { results, questions, names, certificates } = of_students(class, to, anonymous, &mut files)?;
    lessons(class, to, &mut files)?;
    let of = |lesson: &Arc<Lesson>| OfLesson {
        name: lesson.name.clone(),
        title: lesson.title.clone(),
        sha256: sum(lesson.text().as_bytes()),
    };
    let mut results = Results {
        ehlo: 1,
        class: class.settings.name.clone(),
        written: at(class.now()),
        minutes: class.settings.exam.as_ref().map(|exam| exam.minutes),
        lessons: class.settings.lessons.iter().map(|taught| of(&taught.lesson)).collect(),
        results,
        questions,
        files: Vec::new(),
    };
    let absent = class.settings.expected.iter().filter(|name| !anonymous && class.named(name).is_none()).cloned();
    let names: Vec<String> = names.into_iter().chain(absent).collect();
    let rows = rows(class, &names, &results);
    put(to, "results.csv".to_owned(), sheet::results(&results, &rows).as_bytes(), &mut files)?;
    if class.settings.questions > 0 {
        put(to, "questions.csv".to_owned(), questions::sheet(&results).as_bytes(), &mut files)?;
    }
    put(to, "items.csv".to_owned(), items::items(class, &results).as_bytes(), &mut files)?;
    results.files = files;
    let signed: Signed<Results> = sign::sign(&class.settings, results);
    let mut text = serde_json::to_string_pretty(&signed).expect("plain data");
    text.push('\n');
    event::write_whole(&to.join("results.json"), text.as_bytes())?;
    Ok(certificates)
}

/// How many certificates there are, in words, and why there are none.
#[must_use]
pub fn certificates(count: usize) -> String {
    match count {
        0 => "no certificate, since nobody has finished a lesson".to_owned(),
        1 => "with 1 certificate".to_owned(),
        _ => format!("with {count} certificates"),
    }
}

/// By name, and of each student in the order of the course.
fn sort(class: &Class, outcomes: &mut [Outcome]) {
    let place = |lesson: &str| class.settings.lessons.iter().position(|taught| taught.lesson.name == lesson);
    outcomes.sort_by_cached_key(|one| (one.name.to_lowercase(), one.name.clone(), place(&one.lesson)));
}

/// What came of each lesson for each of the names: whoever did not begin one, or never came, has done no step of it, and has no points that
/// would be left out of a mean.
fn rows(class: &Class, names: &[String], results: &Results) -> Vec<Outcome> {
    let mut all = results.results.clone();
    let begun: HashSet<(&str, &str)> = results.results.iter().map(|one| (&*one.name, &*one.lesson)).collect();
    for (name, taught) in names.iter().flat_map(|name| class.settings.lessons.iter().map(move |taught| (name, taught)))
    {
        let lesson = &taught.lesson;
        if !begun.contains(&(name.as_str(), lesson.name.as_str())) {
            all.push(Outcome::not_begun(name, lesson));
        }
    }
    sort(class, &mut all);
    all
}

/// What came of the students.
#[derive(Debug, Default)]
struct Came {
    results: Vec<Outcome>,
    questions: Vec<Answered>,
    /// Who has joined.
    names: Vec<String>,
    /// How many certificates were written.
    certificates: usize,
}

/// What came of each student's lessons, and of the questions, by name; their transcripts and certificates are written.
fn of_students(
    class: &Arc<Class>,
    to: &Path,
    anonymous: bool,
    files: &mut Vec<(String, String)>,
) -> Result<Came, ClassError> {
    let mut came = Came::default();
    let mut stems = HashSet::new();
    for student in class.students() {
        let name = if anonymous { format!("student-{:03}", student.id) } else { student.name.clone() };
        came.names.push(name.clone());
        let answered = questions::answered(class, &student, &name);
        // Two names may differ in what no file's name has.
        let mut stem = file_name(&name);
        while !stems.insert(stem.to_lowercase()) {
            stem = format!("{stem}-{}", student.id);
        }
        let current = student.current();
        // A lesson that was laid before a student and left for another one without a line was not begun.
        let is_one = |work: &Work| work.is_begun() || current.as_ref() == Some(&work.lesson().name);
        let each = student
            .each(|work| is_one(work).then(|| (outcome(class, &name, &student, work), Arc::clone(work.lesson()))));
        for (mut outcome, lesson) in each.into_iter().flatten() {
            outcome.attempts = student.attempt(&outcome.lesson).unwrap_or(outcome.attempt);
            outcome.others = student.beside(&outcome.lesson, outcome.attempt).iter().map(other).collect();
            let documents = copies(class, &student, &mut outcome, (to, &stem), anonymous)?;
            if outcome.finished.is_some() {
                let stem = format!("{stem}-{}", outcome.lesson);
                let written = certificate::files(class, &lesson, (&outcome, answered.as_ref()), &documents);
                came.certificates += usize::from(!written.is_empty());
                for (extension, octets) in written {
                    event::private_folder(&to.join("certificates"))?;
                    put(to, format!("certificates/{stem}.{extension}"), &octets, files)?;
                }
            }
            came.results.push(outcome);
        }
        came.questions.extend(answered);
    }
    sort(class, &mut came.results);
    came.questions.sort_by_cached_key(|one: &Answered| (one.name.to_lowercase(), one.name.clone()));
    Ok(came)
}

/// Where a lesson of the class's own lies among the results.
pub(super) fn own_lesson(name: &str) -> String {
    format!("lessons/{}.toml", file_name(name))
}

/// Writes the lessons that ehlo does not ship: who verifies the results has them from nowhere else.
fn lessons(class: &Class, to: &Path, files: &mut Vec<(String, String)>) -> Result<(), ClassError> {
    let shipped: HashSet<&str> = crate::lesson::course::shipped().map(|(_, text)| text).collect();
    for taught in class.settings.lessons.iter().filter(|taught| !shipped.contains(taught.lesson.text())) {
        for (path, text) in super::own::files(&taught.lesson, Path::new(&own_lesson(&taught.lesson.name)))? {
            event::private_folder(to.join(&path).parent().unwrap_or(to))?;
            put(to, path.display().to_string(), text.as_bytes(), files)?;
        }
    }
    Ok(())
}

/// Writes a file into the folder, and notes its sum.
fn put(to: &Path, name: String, octets: &[u8], files: &mut Vec<(String, String)>) -> Result<(), ClassError> {
    event::write_whole(&to.join(&name), octets)?;
    files.push((name, sum(octets)));
    Ok(())
}

fn outcome(class: &Class, name: &str, student: &Student, work: &Work) -> Outcome {
    let lesson = work.lesson();
    let varies = class.settings.find(&lesson.name).is_some_and(|taught| taught.varies);
    let seed = || hex(&class.settings.seed(&lesson.name, &student.name, work.number));
    Outcome {
        name: name.to_owned(),
        lesson: lesson.name.clone(),
        attempt: work.number,
        attempts: work.number,
        variant: if varies { seed() } else { String::new() },
        done: work.done(),
        steps: lesson.steps.len(),
        started: at(work.opened),
        finished: work.finished().map(at),
        active: work.active.as_secs(),
        ticks: work.ticks.iter().copied().map(at).collect(),
        hints: work.hints.iter().map(hint).collect(),
        mistakes: work.mistakes.iter().map(|one| mistake(lesson, one)).collect(),
        wrong: work.wrong.iter().map(wrong).collect(),
        quiz: work.quiz,
        transcripts: Vec::new(),
        others: Vec::new(),
    }
}

fn other(aside: &Aside) -> Other {
    Other {
        attempt: aside.number,
        started: at(aside.opened),
        done: aside.done,
        hints: aside.hints.iter().map(hint).collect(),
        mistakes: aside.mistakes.iter().map(|one| mistake(&aside.lesson, one)).collect(),
        wrong: aside.wrong.iter().map(wrong).collect(),
    }
}

fn hint((time, step, by): &(Timestamp, usize, bool)) -> (String, usize, bool) {
    (at(*time), step + 1, *by)
}

fn mistake(lesson: &Lesson, (time, step, mistake): &(Timestamp, usize, usize)) -> (String, usize, String) {
    let known = lesson.steps.get(*step).and_then(|step| step.mistakes.get(*mistake));
    (at(*time), step + 1, known.map_or_else(String::new, |known| known.say.clone()))
}

fn wrong((time, step): &(Timestamp, usize)) -> (String, usize) {
    (at(*time), step + 1)
}

/// Copies the transcripts of an outcome, and notes their sums.
fn copies(
    class: &Class,
    student: &Student,
    outcome: &mut Outcome,
    (to, stem): (&Path, &str),
    anonymous: bool,
) -> Result<Vec<Document>, ClassError> {
    let folder = class.folder.join(student.folder());
    let mut documents = Vec::new();
    for (n, path) in transcripts(&folder, &outcome.lesson, outcome.attempt).iter().enumerate() {
        // One that can't be read any more is missing in what is handed out.
        let Ok(mut document) = file::open(path) else { continue };
        if anonymous {
            document = nameless(&document, &outcome.name);
        }
        let mut octets = Vec::new();
        write_document(&document, &mut octets);
        let number = if n == 0 { String::new() } else { format!("-{}", n + 1) };
        let name = format!("transcripts/{stem}-{}{number}.smtp", outcome.lesson);
        put(to, name, &octets, &mut outcome.transcripts)?;
        documents.push(document);
    }
    Ok(documents)
}

/// A transcript without the student's name and address.
fn nameless(document: &Document, name: &str) -> Document {
    let mut header = document.header.clone();
    header.table.remove("title");
    header = crate::conversation::file::Header::of(header.table).with("student", name);
    let mut log = Log::new();
    for (_, entry) in document.log.since(0) {
        let connected = entry.remark().filter(|remark| entry.kind == Kind::Remark && remark.word == "connected");
        match (connected, entry.at) {
            (Some(_), Some(at)) => _ = log.push(at, &Event::Remark(Remark::new("connected"))),
            _ => _ = log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked),
        }
    }
    Document::new(header, log)
}
