//! Where scenarios are: the user's own, the shipped ones, or a file by its path.

use std::path::{Path, PathBuf};

use super::{Scenario, ScenarioError};
use crate::assets;
use crate::world::World;

/// Finds a scenario: an existing file by its path (a `/` or `.toml` says that one is meant), the user's own by name,
/// a shipped one by name. The empty name is `default`.
///
/// # Errors
/// One that is not there, can't be read or is not well formed.
pub fn find(name: &str, world: &World) -> Result<Scenario, ScenarioError> {
    let name = if name.is_empty() { "default" } else { name };
    if name.contains(std::path::MAIN_SEPARATOR) || Path::new(name).extension().is_some_and(|e| e == "toml") {
        return read(Path::new(name), world);
    }
    let own = own(name, world);
    if own.is_file() {
        return read(&own, world);
    }
    match shipped(name) {
        Some(text) => Scenario::parse(name, &text),
        None => Err(ScenarioError::Unknown { name: name.to_owned(), known: names(world).join(", ") }),
    }
}

/// Reads a scenario from a file. It may build on the user's own ones and on shipped ones.
///
/// # Errors
/// One that can't be read or is not well formed.
pub fn read(path: &Path, world: &World) -> Result<Scenario, ScenarioError> {
    let text = std::fs::read_to_string(path).map_err(|source| ScenarioError::Read { path: path.to_owned(), source })?;
    // One of the user's that has a shipped one's name may build on that one.
    let below = |name: &str| {
        let own = Some(own(name, world)).filter(|own| own != path);
        own.and_then(|own| std::fs::read_to_string(own).ok()).or_else(|| shipped(name))
    };
    Scenario::parse_with(&path.display().to_string(), &text, &below)
}

fn own(name: &str, world: &World) -> PathBuf {
    world.directories.data.join("scenarios").join(format!("{name}.toml"))
}

/// The text of a shipped scenario.
pub(super) fn shipped(name: &str) -> Option<String> {
    assets::text(&format!("scenarios/{name}.toml")).map(str::to_owned)
}

/// The names of all scenarios, the user's own included, in order.
#[must_use]
pub fn names(world: &World) -> Vec<String> {
    let stem = |path: &Path| {
        (path.extension()? == "toml").then(|| Some(path.file_stem()?.to_string_lossy().into_owned())).flatten()
    };
    let shipped = assets::ASSETS.get_dir("scenarios").into_iter().flat_map(include_dir::Dir::files);
    let mut names: Vec<String> = shipped.filter_map(|file| stem(file.path())).collect();
    if let Ok(own) = std::fs::read_dir(world.directories.data.join("scenarios")) {
        names.extend(own.flatten().filter_map(|entry| stem(&entry.path())));
    }
    names.sort();
    names.dedup();
    names
}
