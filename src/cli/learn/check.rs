//! `ehlo learn check [FILE...]`: are a lesson's solution, wrong ways and examples judged as it says?

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::rehearse::{Played, rehearse};
use super::{COMMAND, print, shown};
use crate::cli::{Common, Exit, complain};
use crate::lab::scenario::{Place, Step as On, at, nth};
use crate::lesson::course::{read, shipped};
use crate::lesson::mistakes;
use crate::lesson::rehearsal::{Judged, Part, Rehearsal};
use crate::lesson::{Course, Lesson, LessonError};
use crate::profile::nearest;
use crate::world::World;

/// Runs it: 0 when all is judged as the lessons say, 1 when something is not, 2 for a file that can't be used.
pub(super) fn run(files: &[PathBuf], as_json: bool, common: &Common, world: &World) -> Exit {
    let known: BTreeSet<String> = Course::load(world).lessons.into_iter().map(|lesson| lesson.name).collect();
    let variants = variants(files, world);
    let runtime = match crate::cli::runtime::runtime(Some(2)) {
        Ok(runtime) => runtime,
        Err(error) => return complain(COMMAND, error),
    };
    let mut exit = Exit::Done;
    let mut results = Vec::new();
    for lesson in variants {
        let lesson = match lesson {
            Ok(lesson) => Arc::new(lesson),
            Err(error) => {
                exit = complain(COMMAND, shown(&error));
                continue;
            }
        };
        let mut checked = runtime.block_on(check(&lesson, world));
        checked.lesson.extend(nowhere(&lesson, &known, files));
        if exit == Exit::Done && checked.problems() > 0 {
            exit = Exit::Refused;
        }
        if as_json {
            results.push(checked.json(&lesson));
        } else {
            checked.print(&lesson, common.quiet);
        }
    }
    runtime.shutdown_background();
    if as_json {
        print(&json!({ "ehlo": 1, "lessons": results }).to_string());
    }
    exit
}

/// The lessons that are looked at, in each of their variants, or what is wrong with how one is written.
fn variants(files: &[PathBuf], world: &World) -> Vec<Result<Lesson, String>> {
    let written = |path: &PathBuf| {
        let mistakes = mistakes::of_file(path, world);
        if mistakes.is_empty() { read(path, world).map_err(|error| vec![error]) } else { Err(mistakes) }
    };
    let lessons: Vec<Result<Lesson, Vec<LessonError>>> = if files.is_empty() {
        shipped().map(|(name, text)| Lesson::parse(&name, text).map_err(|error| vec![error])).collect()
    } else {
        files.iter().map(written).collect()
    };
    let all = |lesson: Result<Lesson, Vec<LessonError>>| {
        lesson.and_then(|lesson| lesson.variants(world).map_err(|error| vec![error]))
    };
    let each = |lesson| match all(lesson) {
        Ok(variants) => variants.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(mistakes) => mistakes.iter().map(|error| Err(error.to_string())).collect(),
    };
    lessons.into_iter().flat_map(each).collect()
}

/// The lessons that one comes after and that are none: neither known nor among the files, nor beside them.
fn nowhere(lesson: &Lesson, known: &BTreeSet<String>, files: &[PathBuf]) -> Vec<String> {
    let is_file = |name: &str| {
        let named = |file: &PathBuf| file.file_stem().is_some_and(|stem| stem.to_string_lossy() == name);
        files.iter().any(|file| named(file) || file.with_file_name(format!("{name}.toml")).exists())
    };
    let missing = lesson.after.iter().filter(|name| !known.contains(*name) && !is_file(name));
    let words = |name: &String| {
        let near = nearest(name, known.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        format!("line {}: after = {name:?}: there is no such lesson{near}", line(lesson, &[On::Key("after")]))
    };
    missing.map(words).collect()
}

/// The line of the file in which a value of a lesson stands, from 1.
fn line(lesson: &Lesson, place: &[On]) -> usize {
    let text = lesson.text();
    let tree = toml::de::DeTable::parse(text).map(toml::Spanned::into_inner).unwrap_or_default();
    text.get(..at(&tree, place)).unwrap_or_default().matches('\n').count() + 1
}

/// What came of a lesson.
struct Checked {
    /// Each script with how it was judged and what is wrong with that.
    scripts: Vec<(Part, Judged, Vec<String>)>,
    /// What is wrong with the lesson itself.
    lesson: Vec<String>,
}

async fn check(lesson: &Arc<Lesson>, world: &World) -> Checked {
    let mut checked = Checked { scripts: Vec::new(), lesson: Vec::new() };
    let scenario = lesson.scenario_in(world);
    if let Err(error) = &scenario {
        checked.lesson.push(format!("line {}: {error}", line(lesson, &[On::Key("scenario")])));
    }
    if lesson.solution.is_none() {
        let cure = "its script, a .smtp script that reaches every goal in order, shows that the goals can be reached";
        checked.lesson.push(format!("it has no [solution]; {cure}"));
    }
    for (n, step) in lesson.steps.iter().enumerate() {
        if step.goal.holds(&[]) {
            let cure = "put a `not` or `never` into `all`, beside a goal that ends the danger";
            let line = line(lesson, &nth("step", n, "goal"));
            let what = format!("the goal of step {} holds before anything has happened", n + 1);
            checked.lesson.push(format!("line {line}: {what}; {cure}"));
        }
    }
    if scenario.is_err() {
        // Nothing can be played; said once, with its place.
        return checked;
    }
    let one = |rehearsal: Rehearsal| async move {
        let (judged, problems) = match rehearse(&rehearsal, lesson, world).await {
            Ok(Played { sessions, exchanges, mut problems }) => {
                let judged = rehearsal.judge(lesson, &sessions, exchanges);
                let placed = |(place, what): (Place, String)| format!("line {}: {what}", line(lesson, &place));
                problems.extend(rehearsal.misjudged(lesson, &judged).into_iter().map(placed));
                (judged, problems)
            }
            Err(why) => (Judged::default(), vec![why]),
        };
        (rehearsal.part, judged, problems)
    };
    checked.scripts = futures_util::future::join_all(Rehearsal::all(lesson).into_iter().map(one)).await;
    checked
}

impl Checked {
    fn problems(&self) -> usize {
        self.lesson.len() + self.scripts.iter().map(|(_, _, problems)| problems.len()).sum::<usize>()
    }

    fn print(&self, lesson: &Lesson, quiet: bool) {
        if !quiet || self.problems() > 0 {
            print(&format!("{}  {}{}", lesson.name, shown(&lesson.title), with(lesson)));
        }
        for problem in &self.lesson {
            print(&format!("  WRONG  {}", shown(problem)));
        }
        for (part, judged, problems) in &self.scripts {
            if problems.is_empty() && quiet {
                continue;
            }
            let mark = if problems.is_empty() { "ok   " } else { "WRONG" };
            print(&format!("  {mark}  {part}: {}", words(judged, lesson)));
            for problem in problems {
                print(&format!("         {}", shown(problem)));
            }
        }
    }

    fn json(&self, lesson: &Lesson) -> Value {
        let scripts = self.scripts.iter().map(|(part, judged, problems)| {
            let said: Vec<Value> =
                judged.said.iter().map(|(step, mistake)| json!({ "step": step + 1, "mistake": mistake + 1 })).collect();
            json!({ "script": part.to_string(), "ticked": judged.ticked, "said": said, "problems": problems })
        });
        let variant: serde_json::Map<String, Value> =
            lesson.drawn().pairs().map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({
            "name": lesson.name, "title": lesson.title, "variant": variant, "steps": lesson.steps.len(), "problems": self.lesson,
            "scripts": scripts.collect::<Vec<_>>(),
        })
    }
}

/// What was drawn for it, in words; nothing where nothing varies.
fn with(lesson: &Lesson) -> String {
    if lesson.drawn().is_empty() { String::new() } else { shown(&format!("  ({})", lesson.drawn())) }
}

/// What ticked and what was said.
fn words(judged: &Judged, lesson: &Lesson) -> String {
    let said = judged.said.iter().map(|(step, mistake)| format!(", step {} mistake {} said", step + 1, mistake + 1));
    format!("{} of {} steps tick{}", judged.ticked, lesson.steps.len(), said.collect::<String>())
}
