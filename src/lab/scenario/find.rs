//! Where scenarios are: the user's own, the shipped ones, or a file by its path.

use std::path::Path;

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
        return read(Path::new(name));
    }
    let own = world.directories.data.join("scenarios").join(format!("{name}.toml"));
    if own.is_file() {
        return read(&own);
    }
    match assets::text(&format!("scenarios/{name}.toml")) {
        Some(text) => Scenario::parse(name, text),
        None => Err(ScenarioError::Unknown { name: name.to_owned(), known: names(world).join(", ") }),
    }
}

fn read(path: &Path) -> Result<Scenario, ScenarioError> {
    let text = std::fs::read_to_string(path).map_err(|source| ScenarioError::Read { path: path.to_owned(), source })?;
    Scenario::parse(&path.display().to_string(), &text)
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
