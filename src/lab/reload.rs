//! A scenario whose file changes while its lab runs: new connections meet the new one.
//!
//! The files are looked at each second. That needs no crate and no thread, and sees what watchers of the system miss: a
//! file that an editor replaces, one on another machine, one that is a link.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::scenario::{self, Scenario, ScenarioError, Source};
use crate::world::World;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A file as it was: when it was changed, and its size. None where it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// The files of a scenario that is being played.
#[derive(Debug)]
pub struct Reload {
    name: String,
    world: World,
    files: Vec<Watched>,
}

/// A file that is watched.
#[derive(Debug)]
struct Watched {
    path: PathBuf,
    /// As it was when it was there the last time.
    stamp: Stamp,
    /// How often in a row it was looked for and was not there.
    missed: u32,
}

/// After so many looks a file that is not there is taken for gone: by then an editor has put another in its place.
const GONE: u32 = 3;

impl Reload {
    /// Finds a scenario as [`scenario::find`] does, and remembers from which files it was read.
    ///
    /// # Errors
    /// One that is not there, can't be read or is not well formed.
    pub fn of(name: &str, world: &World) -> Result<(Scenario, Self), ScenarioError> {
        let source = scenario::source(name, world)?;
        let reload = Self { name: name.to_owned(), world: world.clone(), files: stamped(&source) };
        Ok((source.scenario()?, reload))
    }

    /// Looks at the files; where one has changed, reads the scenario anew. One that is gone at the moment has not
    /// changed: an editor may be about to put another in its place. One that stays away is told of, once.
    pub fn look(&mut self) -> Option<Result<Scenario, ScenarioError>> {
        let (mut changed, mut gone) = (false, None);
        for file in &mut self.files {
            let now = stamp(&file.path);
            file.missed = if now.is_some() { 0 } else { file.missed.saturating_add(1) };
            if file.missed == GONE {
                gone = Some(file.path.clone());
            }
            if now.is_some() && now != file.stamp {
                file.stamp = now;
                changed = true;
            }
        }
        if let Some(path) = gone.filter(|_| !changed) {
            return Some(Err(ScenarioError::Read { path, source: std::io::ErrorKind::NotFound.into() }));
        }
        if !changed {
            return None;
        }
        let source = match scenario::source(&self.name, &self.world) {
            Ok(source) => source,
            Err(error) => return Some(Err(error)),
        };
        // It may build on others now.
        for file in stamped(&source) {
            if self.files.iter().all(|known| known.path != file.path) {
                self.files.push(file);
            }
        }
        Some(source.scenario())
    }

    /// Waits until a file has changed. Nothing is lost where the wait is given up.
    ///
    /// # Errors
    /// What is wrong with the scenario that is there now.
    pub async fn changed(&mut self) -> Result<Scenario, ScenarioError> {
        if self.files.is_empty() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(EVERY).await;
            if let Some(scenario) = self.look() {
                return scenario;
            }
        }
    }
}

fn stamped(source: &Source) -> Vec<Watched> {
    source.files().map(|path| Watched { path: path.to_owned(), stamp: stamp(path), missed: 0 }).collect()
}

fn stamp(path: &std::path::Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
