//! Lessons of one's own in a class: each is copied into the class's folder when it is taken into the class, with the
//! scenario that lies beside it, so that the class goes on however its original is moved or edited.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::event::{self, What};
use super::export::own_lesson;
use super::{ClassError, settings};
use crate::lab::regular;
use crate::lesson::course::{read, shipped};
use crate::lesson::{Course, Lesson};
use crate::world::World;

/// Octets of a lesson, or of its scenario.
const LARGEST: u64 = 1 << 20;

/// Where each lesson of one's own came from, by the lesson's name; empty for one of which no file is known.
pub(super) type Own = BTreeMap<String, PathBuf>;

/// Whether this is a lesson as ehlo ships it.
fn is_shipped(lesson: &Lesson) -> bool {
    shipped().any(|(name, text)| name == lesson.name && text == lesson.text())
}

/// A lesson of the class: the copy of one's own, or the one that ehlo ships, or else whatever the word means.
pub(super) fn lesson(wanted: &str, own: &Own, folder: &Path, world: &World) -> Result<Lesson, ClassError> {
    if own.contains_key(wanted) {
        let mut copy = read(&folder.join(own_lesson(wanted)), world)?;
        wanted.clone_into(&mut copy.name);
        return Ok(copy);
    }
    match shipped().find(|(name, _)| name == wanted) {
        Some((name, text)) => Ok(Lesson::parse_in(&name, text, world)?),
        None => Ok(Course::load(world).find(wanted, world)?),
    }
}

/// Takes a lesson into the class that a word means, beside those that are `taught` in it; gives its name.
///
/// # Errors
/// A lesson that is not there, one that would take the place of another, a scenario that can't be copied.
pub(super) fn take(
    wanted: &str,
    taught: &[String],
    own: &mut Own,
    (folder, world): (&Path, &World),
) -> Result<String, ClassError> {
    let known = stem(wanted);
    if own.contains_key(&known) && (known == wanted || !Path::new(wanted).exists()) {
        return Ok(known);
    }
    let lesson = Course::load(world).find(wanted, world)?;
    let name = lesson.name.clone();
    if is_shipped(&lesson) {
        return Ok(name);
    }
    let from = if is_path(wanted) { PathBuf::from(wanted) } else { settings::own_file(&name, world) };
    if let Some(before) = own.get_mut(&name) {
        *before = from;
        return Ok(name);
    }
    if taught.contains(&name) {
        let from = from.display();
        let words = format!("{from}: {name} is in the class already, as ehlo ships it; give the file another name");
        return Err(ClassError::Words(words));
    }
    copy(&lesson, folder)?;
    own.insert(name.clone(), from);
    Ok(name)
}

/// Looks whether the original of a lesson has changed; says so, or takes it `anew`. One that is not there any more is not
/// missed.
pub(super) fn look(
    name: &str,
    own: &Own,
    anew: bool,
    (folder, world): (&Path, &World),
    changes: &mut Vec<String>,
) -> Result<(), ClassError> {
    let Some(from) = own.get(name).filter(|from| !from.as_os_str().is_empty()) else { return Ok(()) };
    let kept = read(&folder.join(own_lesson(name)), world)?;
    let same = match regular::text(from, LARGEST) {
        Ok(text) => text == kept.text() && scenario(&kept) == read(from, world).ok().and_then(|it| scenario(&it)),
        Err(_) => true,
    };
    let from = from.display();
    if same {
        return Ok(());
    }
    if !anew {
        changes.push(format!(
            "{from} has changed since the class took it: {name} stays as it was taken; --turn lessons takes it anew, as \
             long as nobody has begun it"
        ));
        return Ok(());
    }
    if begun(name, folder)? {
        return Err(ClassError::Words(format!(
            "{name} stays as it was taken, for somebody has begun it and was judged by it; {from} can be taught by another \
             file name, or in another class"
        )));
    }
    copy(&read(Path::new(&own[name]), world)?, folder)?;
    changes.push(format!("{name} is taken anew from {from}"));
    Ok(())
}

/// Whether somebody has begun a lesson.
fn begun(name: &str, folder: &Path) -> Result<bool, ClassError> {
    let path = folder.join("events.jsonl");
    if !path.exists() {
        return Ok(false);
    }
    let began = |what: &What| matches!(what, What::Began { lesson, .. } if lesson == name);
    Ok(event::read(&path)?.iter().any(|event| began(&event.what)))
}

/// The text of the scenario that lies beside a lesson.
fn scenario(lesson: &Lesson) -> Option<String> {
    regular::text(&lesson.scenario_beside()?, LARGEST).ok()
}

/// Copies a lesson into the class's folder, and the scenario that lies beside it.
fn copy(lesson: &Lesson, folder: &Path) -> Result<(), ClassError> {
    let to = folder.join(own_lesson(&lesson.name));
    for (path, text) in files(lesson, &to)? {
        event::private_folder(path.parent().unwrap_or(folder))?;
        event::write_whole(&path, text.as_bytes())?;
    }
    Ok(())
}

/// A lesson that is to lie at `to`, with the scenario that lies beside it: each file's path and text.
pub(super) fn files(lesson: &Lesson, to: &Path) -> Result<Vec<(PathBuf, String)>, ClassError> {
    let mut files = vec![(to.to_owned(), lesson.text().to_owned())];
    if let Some(beside) = lesson.scenario_beside() {
        let relative = Path::new(&lesson.scenario);
        if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            let words = format!(
                "{}: its scenario {} is copied into the class with it, and so has to lie beside it or below",
                lesson.name, lesson.scenario
            );
            return Err(ClassError::Words(words));
        }
        let text = regular::text(&beside, LARGEST).map_err(ClassError::file(&beside))?;
        files.push((to.with_file_name(relative), text));
    } else if is_path(&lesson.scenario) && Path::new(&lesson.scenario).is_relative() {
        let words = format!("{}: its scenario {} does not lie beside it", lesson.name, lesson.scenario);
        return Err(ClassError::Words(words));
    }
    Ok(files)
}

fn is_path(wanted: &str) -> bool {
    wanted.contains(std::path::MAIN_SEPARATOR) || Path::new(wanted).extension().is_some_and(|kind| kind == "toml")
}

/// The name of the lesson in a file, or the word itself.
fn stem(wanted: &str) -> String {
    let stem = Path::new(wanted).file_stem().filter(|_| is_path(wanted));
    stem.map_or_else(|| wanted.to_owned(), |stem| stem.to_string_lossy().into_owned())
}
