//! Where scenarios are: the user's own, the shipped ones, or a file by its path.

use std::path::{Path, PathBuf};

use super::error::cure;
use super::mistakes::syntax;
use super::source::{Source, Text};
use super::{Scenario, ScenarioError};
use crate::assets;
use crate::conversation::file;
use crate::lab::recorded::{self, Manner};
use crate::lab::regular;
use crate::world::World;

/// Octets of a scenario's file at most.
const MOST: u64 = 4 << 20;

/// Finds a scenario: an existing file by its path (a `/` or `.toml` says that one is meant; `.smtp` is a recording, whose
/// server is played), the user's own by name, a shipped one by name. The empty name is `default`. What varies in it is drawn from its own seed.
///
/// # Errors
/// One that is not there, can't be read or is not well formed.
pub fn find(name: &str, world: &World) -> Result<Scenario, ScenarioError> {
    source(name, world)?.scenario()
}

/// Finds a scenario as [`find`] does, before anything is drawn.
///
/// # Errors
/// One that is not there, can't be read or is no TOML.
pub fn source(name: &str, world: &World) -> Result<Source, ScenarioError> {
    let name = if name.is_empty() { "default" } else { name };
    let path = Path::new(name);
    if path.extension().is_some_and(|e| e == "smtp") {
        return recording(path);
    }
    if is_no_scenario(path) {
        let why = "a lab is made of a scenario (.toml) or of a recording (.smtp); `ehlo convert FILE FILE.smtp` makes one of \
                   what another program wrote";
        return Err(ScenarioError::Recording { path: path.to_owned(), why: why.to_owned() });
    }
    if name.contains(std::path::MAIN_SEPARATOR) || path.extension().is_some_and(|e| e == "toml") {
        return read(path, world);
    }
    let own = own(name, world);
    if own.is_file() {
        return read(&own, world);
    }
    match shipped_text(name) {
        Some(found) => Source::new(name, &found.text, &shipped_text),
        None => Err(ScenarioError::unknown(name, &names(world))),
    }
}

/// Whether a path is that of a file which is there and is named as something else than a scenario.
fn is_no_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension != "toml" && extension != "smtp") && path.is_file()
}

/// Whether there is a scenario of this name; one that is meant as a file is not looked at.
///
/// # Errors
/// There is none, with the names that there are, those like it first.
pub fn check_name(name: &str, world: &World) -> Result<(), ScenarioError> {
    let is_file = name.contains(std::path::MAIN_SEPARATOR) || Path::new(name).extension().is_some();
    let known = name.is_empty() || is_file || own(name, world).is_file() || shipped_text(name).is_some();
    if known { Ok(()) } else { Err(ScenarioError::unknown(name, &names(world))) }
}

/// Reads a scenario from a file. It may build on the user's own ones and on shipped ones.
///
/// # Errors
/// One that can't be read or is no TOML.
pub fn read(path: &Path, world: &World) -> Result<Source, ScenarioError> {
    let text = regular::text(path, MOST).map_err(|source| ScenarioError::Read { path: path.to_owned(), source })?;
    // One of the user's that has a shipped one's name may build on that one.
    let below = |name: &str| {
        let own = Some(own(name, world)).filter(|own| own != path);
        let text = own.and_then(|own| Some(Text { text: regular::text(&own, MOST).ok()?, path: Some(own) }));
        text.or_else(|| shipped_text(name))
    };
    Ok(Source::new(&path.display().to_string(), &text, &below)?.of_file(path))
}

/// All that is wrong with a scenario's file, in the order of its lines, with each of the values that vary in it: also what
/// is only unlikely, such as codes that contradict each other (S18). Empty where nothing is.
#[must_use]
pub fn mistakes(path: &Path, world: &World) -> Vec<ScenarioError> {
    let name = path.display().to_string();
    let source = match read(path, world) {
        Ok(source) => source,
        Err(error) => {
            let text = regular::text(path, MOST).unwrap_or_default();
            let broken = syntax(&text, cure).into_iter();
            let broken: Vec<_> = broken.map(|one| ScenarioError::at(&name, &text, one.at, one.what)).collect();
            return if broken.is_empty() { vec![error] } else { broken };
        }
    };
    let mut told = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for draw in source.vary().variants() {
        for error in source.mistakes(&draw) {
            if told.insert(error.to_string()) {
                found.push(if draw.is_empty() { error } else { error.with(&draw) });
            }
        }
    }
    found
}

/// The scenario that a recorded conversation makes.
fn recording(path: &Path) -> Result<Source, ScenarioError> {
    let failed = |why: String| ScenarioError::Recording { path: path.to_owned(), why };
    regular::check(path).map_err(|error| failed(error.to_string()))?;
    let document = file::open(path).map_err(|error| failed(error.to_string()))?;
    let text = recorded::scenario(&document, Manner::default()).map_err(|error| failed(error.to_string()))?;
    Ok(Source::new(&path.display().to_string(), &text, &shipped_text)?.of_file(path))
}

fn own(name: &str, world: &World) -> PathBuf {
    world.directories.data.join("scenarios").join(format!("{name}.toml"))
}

/// Finds a shipped scenario, before anything is drawn.
///
/// # Errors
/// A name that none of them has.
pub fn shipped(name: &str) -> Result<Source, ScenarioError> {
    let unknown = || ScenarioError::unknown(name, &shipped_names().collect::<Vec<_>>());
    let found = shipped_text(name).ok_or_else(unknown)?;
    Source::new(name, &found.text, &shipped_text)
}

/// The text of a shipped scenario.
pub(super) fn shipped_text(name: &str) -> Option<Text> {
    Some(Text { text: assets::text(&format!("scenarios/{name}.toml"))?.to_owned(), path: None })
}

/// The names of all scenarios, the user's own included, in order.
#[must_use]
pub fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> = shipped_names().collect();
    if let Ok(own) = std::fs::read_dir(world.directories.data.join("scenarios")) {
        names.extend(own.flatten().filter_map(|entry| stem(&entry.path())));
    }
    names.sort();
    names.dedup();
    names
}

fn shipped_names() -> impl Iterator<Item = String> {
    let files = assets::ASSETS.get_dir("scenarios").into_iter().flat_map(include_dir::Dir::files);
    files.filter_map(|file| stem(file.path()))
}

/// The name of a scenario's file.
fn stem(path: &Path) -> Option<String> {
    if path.extension()? == "toml" { Some(path.file_stem()?.to_string_lossy().into_owned()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Directories;

    #[test]
    fn a_file_of_another_program_is_no_scenario_and_what_makes_one_of_it_is_said() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("swaks.txt");
        std::fs::write(&file, "=== Trying\n").expect("written");
        let nowhere = || PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        let world = World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1);
        let error = find(file.to_str().expect("UTF-8"), &world).expect_err("it is none").to_string();
        assert!(error.contains("ehlo convert") && error.contains(".smtp"), "{error}");
    }
}
