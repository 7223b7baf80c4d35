//! What was handed in, judged again: is the signature whole, are the files those that were signed, and do the transcripts
//! show what the results say?

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use serde_json::Value;

use super::ClassError;
use super::export::{Outcome, Results, own_lesson, sum};
use super::sign::Signed;
use super::student::in_time;
use crate::conversation::Micros;
use crate::conversation::file;
use crate::lab::regular;
use crate::lab::regular::in_words;
use crate::lesson::{Attempt, Course, Lesson};
use crate::world::World;

/// Octets of a file of results, or of a transcript, at most.
const MOST: u64 = 64 << 20;
/// Things that are named of what is not signed, at most.
const NAMED: usize = 20;

/// What came of judging one lesson of one student again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The name.
    pub name: String,
    /// The lesson.
    pub lesson: String,
    /// Steps that the results say.
    pub said: usize,
    /// Steps that the transcripts show.
    pub shown: usize,
    /// What is wrong; nothing where all agrees.
    pub problems: Vec<String>,
}

/// What came of all.
#[derive(Debug)]
pub struct Verdict {
    /// The results.
    pub signed: Signed<Results>,
    /// Each lesson of each student.
    pub verified: Vec<Verified>,
    /// Files beside the transcripts that are as they were signed.
    pub whole: usize,
    /// What is wrong with the files beside the transcripts.
    pub problems: Vec<String>,
    /// What stands in the file, or lies beside it, and no signature covers: nobody vouches for it.
    pub unsigned: Vec<String>,
}

impl Verdict {
    /// Whether the signature holds and nothing is wrong.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let each = self.verified.iter().all(|one| one.problems.is_empty());
        self.signed.holds() && each && self.problems.is_empty() && self.unsigned.is_empty()
    }
}

/// Reads results, and judges each transcript that they name again. Files are looked for beside `path`.
///
/// # Errors
/// A file that can't be read or is none of these.
pub fn verify(path: &Path, world: &World) -> Result<Verdict, ClassError> {
    let octets = regular::read(path, MOST).map_err(ClassError::file(path))?;
    let wrong = |error: serde_json::Error| {
        let words = if error.is_eof() {
            "it is empty or cut short, so that nothing of it can be verified".to_owned()
        } else {
            format!("no results of a class: {error}; it is results.json that is verified")
        };
        ClassError::Words(format!("{}: {words}", path.display()))
    };
    let value: Value = serde_json::from_slice(&octets).map_err(wrong)?;
    let lacks = |member: &str| value.get("results").is_some() && value.get(member).is_none();
    if lacks("signature") || lacks("key") {
        let words = format!("{}: its signature is missing: nobody vouches for what stands in it", path.display());
        return Err(ClassError::Words(words));
    }
    let signed: Signed<Results> = serde_json::from_value(value.clone()).map_err(wrong)?;
    if signed.what.ehlo != 1 {
        let words = format!(
            "{}: this is version {} of the format; this ehlo reads version 1",
            path.display(),
            signed.what.ehlo
        );
        return Err(ClassError::Words(words));
    }
    let beside = path.parent().unwrap_or(Path::new("."));
    let verified = signed.what.results.iter().map(|outcome| again(outcome, &signed.what, beside, world)).collect();
    let mut problems = Vec::new();
    for (name, expected) in &signed.what.files {
        match beside_it(beside, name) {
            Ok(octets) if sum(&octets) == *expected => {}
            Ok(_) => problems.push(format!("{name} is not the file that was signed")),
            Err(why) => problems.push(why),
        }
    }
    let whole = signed.what.files.len() - problems.len();
    let mut unsigned = Vec::new();
    let known = serde_json::to_value(&signed).unwrap_or_default();
    members(&value, &known, "", &mut unsigned);
    unsigned.extend(strangers(&signed.what, beside));
    unsigned.truncate(NAMED);
    Ok(Verdict { signed, verified, whole, problems, unsigned })
}

/// Members of the file that are none of the format's: no signature covers them.
fn members(found: &Value, known: &Value, place: &str, out: &mut Vec<String>) {
    match (found, known) {
        (Value::Object(found), Value::Object(known)) => {
            for (name, value) in found {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                match known.get(name) {
                    Some(known) => members(value, known, &place, out),
                    // What is nothing is left out where it is written.
                    None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
                    None => out.push(format!("the member {place}")),
                }
            }
        }
        (Value::Array(found), Value::Array(known)) => {
            for (n, (found, known)) in found.iter().zip(known).enumerate() {
                members(found, known, &format!("{place}[{n}]"), out);
            }
        }
        _ => {}
    }
}

/// Files in an export, and in its folders, that the results do not name.
fn strangers(results: &Results, beside: &Path) -> Vec<String> {
    let transcripts = results.results.iter().flat_map(|outcome| &outcome.transcripts);
    let named: BTreeSet<&str> = transcripts.chain(&results.files).map(|(name, _)| name.as_str()).collect();
    let mut found = Vec::new();
    // Sheets were signed by no ehlo before this one.
    let all = std::fs::read_dir(beside).ok().filter(|_| !results.files.is_empty());
    for entry in all.into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = ["results.json", "transcripts", "certificates", "lessons"].contains(&name.as_str());
        if !known && !named.contains(name.as_str()) {
            let what = if entry.path().is_dir() { "folder" } else { "file" };
            found.push(format!("the {what} {name}"));
        }
    }
    for folder in ["transcripts", "certificates", "lessons"] {
        let entries = std::fs::read_dir(beside.join(folder)).into_iter().flatten().flatten();
        for entry in entries {
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            // Certificates were signed by no ehlo before this one.
            let counts = folder == "transcripts" || !results.files.is_empty();
            if counts && !named.contains(name.as_str()) {
                found.push(format!("the file {name}"));
            }
        }
    }
    found.sort();
    found
}

/// Reads a file that the results name.
fn beside_it(beside: &Path, name: &str) -> Result<Vec<u8>, String> {
    let path = Path::new(name);
    // A file elsewhere is nobody's.
    if path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{name} is not below the results"));
    }
    regular::read(&beside.join(path), MOST).map_err(|error| {
        let lies = error.kind() == io::ErrorKind::NotFound;
        let cure = if lies { "; it must lie beside results.json as it was written" } else { "" };
        format!("{name}: {}{cure}", in_words(&error))
    })
}

fn again(outcome: &Outcome, results: &Results, beside: &Path, world: &World) -> Verified {
    let mut verified = Verified {
        name: outcome.name.clone(),
        lesson: outcome.lesson.clone(),
        said: outcome.done,
        shown: 0,
        problems: Vec::new(),
    };
    match judge(outcome, results, beside, world, &mut verified.problems) {
        Ok(shown) => {
            verified.shown = shown;
            if shown != outcome.done {
                verified.problems.push(format!("the transcripts show {shown} steps, the results say {}", outcome.done));
            }
        }
        Err(why) => verified.problems.push(why),
    }
    verified
}

/// Judges the transcripts; gives how many steps they show.
fn judge(
    outcome: &Outcome,
    results: &Results,
    beside: &Path,
    world: &World,
    problems: &mut Vec<String>,
) -> Result<usize, String> {
    let lesson = varied(taught(outcome, results, beside, world)?, &outcome.variant, world)?;
    let mut sessions = Vec::new();
    let mut first = None;
    for (n, (name, expected)) in (1u64..).zip(&outcome.transcripts) {
        let octets = beside_it(beside, name)?;
        if sum(&octets) != *expected {
            problems.push(format!("{name} is not the transcript that was signed"));
        }
        let document = file::read(&octets).map_err(|error| format!("{name}: {error}"))?;
        let started = document.header.started().unwrap_or_default();
        let first = *first.get_or_insert(started);
        let after = started.as_microsecond().saturating_sub(first.as_microsecond());
        sessions.push((n, Micros(u64::try_from(after).unwrap_or(0)), in_time(document.log)));
    }
    let mut attempt = Attempt::new(Arc::new(lesson));
    attempt.rejudge(&sessions);
    Ok(attempt.ticked())
}

/// The lesson as it was taught: one that this ehlo knows, or the one that lies with the results.
fn taught(outcome: &Outcome, results: &Results, beside: &Path, world: &World) -> Result<Lesson, String> {
    let taught = results.lessons.iter().find(|taught| taught.name == outcome.lesson);
    let same = |text: &[u8]| taught.is_some_and(|taught| taught.sha256 == sum(text));
    let known = Course::load(world).find(&outcome.lesson, world).map_err(|error| error.to_string());
    if let Some(known) = known.as_ref().ok().filter(|known| same(known.text().as_bytes())) {
        return Ok(known.clone());
    }
    let there = own_lesson(&outcome.lesson);
    if let Ok(own) = beside_it(beside, &there) {
        if !same(&own) {
            return Err(format!("{} is not the lesson that was taught", own_lesson(&outcome.lesson)));
        }
        let text = String::from_utf8(own).map_err(|_| "the lesson beside the results is not UTF-8".to_owned())?;
        // By its path, since its scenario may lie beside it.
        let path = beside.join(there).display().to_string();
        return Lesson::parse_in(&path, &text, world).map_err(|error| error.to_string());
    }
    let known = known?;
    Err(format!(
        "the lesson {} is another version here than the one that was taught; verify with the ehlo that held the class",
        known.name
    ))
}

fn varied(lesson: Lesson, variant: &str, world: &World) -> Result<Lesson, String> {
    if variant.is_empty() {
        return Ok(lesson);
    }
    let octet = |at: usize| variant.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let seed: Option<Vec<u8>> = (0..variant.len()).step_by(2).map(octet).collect();
    let seed = seed.ok_or("the variant is not hexadecimal")?;
    lesson.varied(&seed, world).map_err(|error| error.to_string())
}
