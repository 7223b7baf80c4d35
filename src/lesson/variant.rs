//! What is drawn for a lesson, and the scenario that goes with it (S21): a lesson may use the names of its scenario's
//! `[vary]`, and have more of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::course::LessonError;
use super::file::Lesson;
use crate::lab::scenario::{self, Draw, Scenario, ScenarioError, Server, Source, Vary};
use crate::world::World;

/// How long the lab of a lesson waits for a command.
const READING: Duration = Duration::from_hours(1);

/// Where a lesson is from.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    /// Its name or path, as it was given.
    name: Arc<str>,
    text: Arc<str>,
    drawn: Draw,
}

/// Finds a lesson's scenario.
type Sources<'a> = &'a dyn Fn(&str) -> Result<Source, ScenarioError>;

/// What of a lesson is needed before it can be read whole.
#[derive(Debug, Deserialize)]
struct Head {
    scenario: Option<toml::Value>,
    #[serde(default)]
    vary: Vary,
}

/// The name of a lesson's scenario; a file that lies beside the lesson's own is found there, wherever one stands.
fn beside(lesson: &str, scenario: &str) -> String {
    file_beside(lesson, scenario).map_or_else(|| scenario.to_owned(), |path| path.display().to_string())
}

fn file_beside(lesson: &str, scenario: &str) -> Option<PathBuf> {
    let is_toml = |path: &Path| path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("toml"));
    let (lesson, file) = (Path::new(lesson), Path::new(scenario));
    let there = lesson.parent().filter(|_| is_toml(lesson) && is_toml(file) && file.is_relative());
    there.map(|folder| folder.join(file)).filter(|path| path.exists())
}

impl Head {
    fn read(name: &str, text: &str) -> Result<Self, LessonError> {
        toml::from_str(text).map_err(|error| LessonError::from_toml(name, text, &error))
    }

    /// Whether something may vary in the lesson itself.
    fn varies(&self, text: &str) -> bool {
        !self.vary.is_empty() || text.contains("{{")
    }

    /// All that varies in a lesson, with its scenario.
    fn source(&self, sources: Sources<'_>) -> Result<(Vary, Source), LessonError> {
        let source = sources(self.scenario.as_ref().and_then(toml::Value::as_str).unwrap_or("default"))?;
        Ok((self.vary.over(source.vary()), source))
    }
}

impl Lesson {
    /// Reads a lesson; where something varies in it that is drawn from the seed of its scenario, which is a shipped one.
    /// `name` is its name, or its path where it is a file of the user's.
    ///
    /// # Errors
    /// What is not well formed, not known or does not go together, with its line.
    pub fn parse(name: &str, text: &str) -> Result<Self, LessonError> {
        Self::parse_from(name, text, &scenario::shipped)
    }

    /// Reads a lesson whose scenario may also be one of the user's own; see [`Lesson::parse`].
    ///
    /// # Errors
    /// What is not well formed, not known or does not go together, with its line.
    pub fn parse_in(name: &str, text: &str, world: &World) -> Result<Self, LessonError> {
        Self::parse_from(name, text, &|scenario| scenario::source(&beside(name, scenario), world))
    }

    fn parse_from(name: &str, text: &str, sources: Sources<'_>) -> Result<Self, LessonError> {
        let head = Head::read(name, text)?;
        // Most lessons are the same for everybody: their scenario is not looked at before it is needed.
        if !head.varies(text) {
            return Self::filled(name, text, Draw::default());
        }
        let (vary, source) = head.source(sources)?;
        Self::filled(name, text, vary.draw(&source.seed()))
    }

    fn filled(name: &str, text: &str, drawn: Draw) -> Result<Self, LessonError> {
        let filled = drawn.fill(text).map_err(|wrong| LessonError::at(name, text, wrong.at, wrong.what))?;
        let mut lesson = Self::parse_filled(name, &filled)?;
        lesson.origin = Origin { name: name.into(), text: text.into(), drawn };
        Ok(lesson)
    }

    /// The same lesson, drawn from another seed: the same for the same seed. Its scenario is [`Lesson::scenario_in`].
    ///
    /// # Errors
    /// A scenario that can't be used; what does not go together with these values.
    pub fn varied(&self, seed: &[u8], world: &World) -> Result<Self, LessonError> {
        let Origin { name, text, .. } = &self.origin;
        let (vary, _) = Head::read(name, text)?.source(&|scenario| scenario::source(&beside(name, scenario), world))?;
        Self::filled(name, text, vary.draw(seed))
    }

    /// As few of its variants as have each value at least once; one where nothing varies.
    ///
    /// # Errors
    /// A scenario that can't be used; what does not go together with some of the values.
    pub fn variants(&self, world: &World) -> Result<Vec<Self>, LessonError> {
        let Origin { name, text, .. } = &self.origin;
        Self::draws(name, text, world)?.into_iter().map(|draw| Self::filled(name, text, draw)).collect()
    }

    /// What may be drawn for a lesson's text, as few draws as have each value at least once.
    pub(super) fn draws(name: &str, text: &str, world: &World) -> Result<Vec<Draw>, LessonError> {
        let head = Head::read(name, text)?;
        match head.source(&|scenario| scenario::source(&beside(name, scenario), world)) {
            // Without its scenario it can't be held, which is said then; as a lesson it is whole.
            Err(LessonError::Scenario(_)) if !head.varies(text) => Ok(vec![Draw::default()]),
            found => Ok(found?.0.variants()),
        }
    }

    /// What is wrong with the scenario that a lesson's text names, as far as it names one.
    pub(super) fn scenario_fault(name: &str, text: &str, world: &World) -> Option<ScenarioError> {
        let found = Head::read(name, text).ok()?.source(&|scenario| scenario::source(&beside(name, scenario), world));
        match found {
            Err(LessonError::Scenario(error)) => Some(error),
            _ => None,
        }
    }

    /// What was drawn for it.
    #[must_use]
    pub fn drawn(&self) -> &Draw {
        &self.origin.drawn
    }

    /// The text of its file, before anything was filled in.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.origin.text
    }

    /// The file of its scenario, where that lies beside the lesson's own.
    #[must_use]
    pub fn scenario_beside(&self) -> Option<PathBuf> {
        file_beside(&self.origin.name, &self.scenario)
    }

    /// The scenario that it runs against, with what was drawn for it.
    ///
    /// # Errors
    /// One that is not there, can't be read or is not well formed.
    pub fn scenario_in(&self, world: &World) -> Result<Scenario, ScenarioError> {
        let name = beside(&self.origin.name, &self.scenario);
        let mut scenario = scenario::source(&name, world)?.drawn(self.drawn())?;
        // Who reads says nothing for a while. A scenario that sets a time of its own means it.
        if scenario.server.idle.0 == Server::default().idle.0 {
            scenario.server.idle.0 = READING;
        }
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Directories;

    const LESSON: &str = "ehlo = 1\ntitle = \"Write to {{who}}\"\nintro = \"To `{{who}}@target.local`.\"\n\
        [vary]\nwho = [\"anotherdude\", \"postmaster\"]\n[[step]]\ntext = \"Do.\"\n\
        goal = { rcpt = { to = \"{{who}}@target.local\", reply = \"2xx\" } }\n\
        [solution]\nscript = '''\n> RCPT TO:<{{who}}@target.local>\n'''\n";

    #[test]
    fn a_lesson_is_filled_in_everywhere_and_drawn_by_a_seed() {
        let directory = tempfile::tempdir().expect("a directory");
        let world = World::real(Directories {
            config: directory.path().join("config"),
            data: directory.path().join("data"),
            state: directory.path().join("state"),
        });
        let lesson = Lesson::parse_in("x.toml", LESSON, &world).expect("well formed");
        let mut titles = std::collections::BTreeSet::new();
        for seed in 0u8..16 {
            let one = lesson.varied(&[seed], &world).expect("well formed");
            let again = one.varied(&[seed], &world).expect("well formed");
            assert_eq!((&one.title, one.drawn()), (&again.title, again.drawn()));
            assert!(one.scenario_in(&world).is_ok());
            let script = one.solution.expect("there").script;
            let who = one.title.trim_start_matches("Write to ");
            assert_eq!(script, format!("> RCPT TO:<{who}@target.local>\n"));
            titles.insert(one.title);
        }
        assert_eq!(titles.len(), 2);
        let all: Vec<_> = lesson.variants(&world).expect("well formed").into_iter().map(|one| one.title).collect();
        assert_eq!(all, ["Write to anotherdude", "Write to postmaster"]);
        let unknown = Lesson::parse("x.toml", &LESSON.replace("`{{who}}", "`{{whom}}")).expect_err("no such name");
        assert!(unknown.to_string().starts_with("x.toml:3:"), "{unknown}");
    }
}
