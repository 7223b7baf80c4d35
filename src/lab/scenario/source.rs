//! A scenario's text with all that it builds on, before anything is drawn: one text gives a scenario for each seed.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::cure;
use super::extends::{self, DEEPEST};
use super::mistakes::{self, Manner, Mistake, Without};
use super::sense::{Step, at, sense};
use super::{Draw, Scenario, ScenarioError, Server, ServerCertificate, Vary};

/// How a scenario's text is read where it may be wrong.
const MANNER: Manner = Manner {
    stands_in: |key| match key {
        "ehlo" => Some("1"),
        "title" => Some("\"-\""),
        "capabilities" => Some("{}"),
        _ => None,
    },
    cure,
};

/// The text of a scenario, and from where it is where that is a file.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) path: Option<PathBuf>,
}

/// Finds a scenario by its name.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<Text>;

/// A scenario's text with all that it builds on.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: String,
    /// What it builds on, nearest first.
    below: Vec<(String, Text)>,
    vary: Vary,
    seed: u64,
    path: Option<PathBuf>,
}

/// What of a scenario is needed before it can be read whole.
#[derive(Debug, Deserialize)]
struct Head {
    extends: Option<toml::Value>,
    #[serde(default)]
    vary: Vary,
    server: Option<toml::Value>,
}

impl Source {
    /// Reads what a scenario builds on, and what varies in it.
    ///
    /// # Errors
    /// A text that is no TOML, or has no proper `[vary]`.
    pub(super) fn new(name: &str, text: &str, lookup: Lookup<'_>) -> Result<Self, ScenarioError> {
        let head = |name: &str, text: &str| {
            toml::from_str::<Head>(text).map_err(|error| ScenarioError::from_toml(name, text, &error))
        };
        let seed = |head: &Head| u64::try_from(head.server.as_ref()?.get("seed")?.as_integer()?).ok();
        let first = head(name, text)?;
        let mut source = Self {
            name: name.to_owned(),
            text: text.to_owned(),
            below: Vec::new(),
            vary: first.vary.clone(),
            seed: 0,
            path: None,
        };
        let mut own_seed = seed(&first);
        let mut next = first.extends;
        // One that is not there, and a circle, are complained of where the texts are joined.
        while let Some(parent) = next.as_ref().and_then(toml::Value::as_str)
            && source.below.len() < DEEPEST
            && let Some(found) = lookup(parent)
        {
            let parent = parent.to_owned();
            let head = head(&parent, &found.text)?;
            source.vary = source.vary.over(&head.vary);
            own_seed = own_seed.or_else(|| seed(&head));
            source.below.push((parent, found));
            next = head.extends;
        }
        source.seed = own_seed.unwrap_or(Server::default().seed);
        Ok(source)
    }

    pub(super) fn of_file(self, path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    /// What varies in it.
    #[must_use]
    pub fn vary(&self) -> &Vary {
        &self.vary
    }

    /// The seed from which is drawn where nobody gives another.
    #[must_use]
    pub fn seed(&self) -> [u8; 8] {
        self.seed.to_be_bytes()
    }

    /// The files that it was read from: its own and those of the user's that it builds on.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.path.iter().chain(self.below.iter().filter_map(|(_, text)| text.path.as_ref())).map(PathBuf::as_path)
    }

    /// The scenario, drawn from its own seed.
    ///
    /// # Errors
    /// What is wrong, with its line, and what would be right.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        self.drawn(&Draw::default())
    }

    /// The scenario, drawn from a seed: the same for the same seed.
    ///
    /// # Errors
    /// What is wrong, with its line, and what would be right.
    pub fn varied(&self, seed: &[u8]) -> Result<Scenario, ScenarioError> {
        self.drawn(&self.vary.draw(seed))
    }

    /// The scenario with these values; names that are not among them are drawn from its own seed.
    ///
    /// # Errors
    /// What is wrong, with its line, and what would be right.
    pub fn drawn(&self, draw: &Draw) -> Result<Scenario, ScenarioError> {
        self.read(draw).map_err(|error| {
            // The reader goes by the alphabet: what stands first in the text is told first, and with its line.
            let first = self.all(draw).into_iter().find(|mistake| mistake.hard);
            first.map_or(error, |mistake| self.placed(mistake))
        })
    }

    /// All that is wrong with the text itself, drawn like this, in the order of its lines; what is only unlikely, too.
    #[must_use]
    pub fn mistakes(&self, draw: &Draw) -> Vec<ScenarioError> {
        let mistakes: Vec<_> = self.all(draw).into_iter().map(|mistake| self.placed(mistake)).collect();
        match self.read(draw) {
            // It is in what this one builds on.
            Err(error) if mistakes.is_empty() => vec![error],
            _ => mistakes,
        }
    }

    fn placed(&self, mistake: Mistake) -> ScenarioError {
        ScenarioError::at(&self.name, &self.text, mistake.at, mistake.what)
    }

    /// The folder from which files are named.
    fn beside(&self) -> &Path {
        Path::new(&self.name).parent().unwrap_or(Path::new(""))
    }

    fn all(&self, draw: &Draw) -> Vec<Mistake> {
        let draw = draw.over(&self.vary.draw(&self.seed()));
        let (filled, mut unfilled) = mistakes::filled(&draw, &self.text);
        let mut found = Vec::new();
        let base = self.base(&draw);
        let Without { value: own, tree, mistakes: wrong, maimed } = mistakes::read::<Scenario>(&filled, MANNER);
        let builds = tree.contains_key("extends");
        found.extend(
            wrong
                .into_iter()
                .filter(|mistake| !(builds && mistake.at == 0 && mistake.missing.as_deref() == Some("capabilities"))),
        );
        if builds && base.is_none() {
            found.extend(self.unbuilt(at(&tree, &[Step::Key("extends")])));
        }
        if let Some(mut own) = own {
            own.checks.iter_mut().for_each(|check| check.locate(&filled));
            let odd = sense(&own, base.as_ref(), (&tree, &filled), self.beside());
            // What could not be read would have made something of it.
            found.extend(odd.into_iter().filter(|one| !(maimed.contains(&one.at) && one.hollow)));
        }
        // A value that was filled in has moved what stands behind it, but not its line.
        mistakes::put_back(&mut found, &filled, &self.text);
        found.append(&mut unfilled);
        found.sort_by_key(Mistake::order);
        found.dedup();
        found
    }

    /// What is wrong with `extends`, which stands there.
    fn unbuilt(&self, at: usize) -> Option<Mistake> {
        let error = self.read(&Draw::default()).err()?;
        match error {
            ScenarioError::Unbuilt { what, .. } => Some(Mistake::hard(at, what)),
            _ => None,
        }
    }

    /// What it builds on, as a scenario.
    fn base(&self, draw: &Draw) -> Option<Scenario> {
        let (name, _) = self.below.first()?;
        let below = self.below.iter().filter_map(|(name, found)| Some((name.as_str(), draw.fill(&found.text).ok()?)));
        let below: Vec<(&str, String)> = below.collect();
        let lookup = |name: &str| below.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone());
        extends::read(name, &lookup(name)?, &lookup).ok()
    }

    fn read(&self, draw: &Draw) -> Result<Scenario, ScenarioError> {
        let draw = draw.over(&self.vary.draw(&self.seed()));
        let fill = |name: &str, text: &str| {
            draw.fill(text).map_err(|wrong| ScenarioError::at(name, text, wrong.at, wrong.what))
        };
        let text = fill(&self.name, &self.text)?;
        let below = self.below.iter().map(|(name, found)| Ok((name.as_str(), fill(name, &found.text)?)));
        let below: Vec<(&str, String)> = below.collect::<Result<_, ScenarioError>>()?;
        let lookup = |name: &str| below.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone());
        let mut scenario = extends::read(&self.name, &text, &lookup)?;
        scenario.checks.iter_mut().for_each(|check| check.locate(&text));
        if let ServerCertificate::File(path) = &mut scenario.tls.certificate {
            *path = self.beside().join(&*path);
        }
        scenario.check(&self.name)?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "ehlo = 1\ntitle = \"Base\"\n[vary]\nhost = [\"a.example\", \"b.example\"]\nbox = [\"x\"]\n\
                        [server]\nname = \"mx.{{host}}\"\nseed = 3\n[capabilities]\nadvertise = [\"SIZE {{size}}\"]\n";

    fn child(text: &str) -> Result<Source, ScenarioError> {
        let text = format!("ehlo = 1\ntitle = \"Child of {{{{box}}}}\"\nextends = \"base\"\n{text}");
        let base =
            |name: &str| (name == "base").then(|| Text { text: BASE.to_owned(), path: Some("base.toml".into()) });
        Source::new("child.toml", &text, &base)
    }

    #[test]
    fn a_scenario_is_drawn_with_what_it_builds_on_and_may_say_other_values() {
        let source = child("[vary]\nsize = [100, 200]\nbox = [\"y\"]\n").expect("well formed");
        let own = source.scenario().expect("well formed");
        assert_eq!(own.title, "Child of y");
        assert_eq!(source.seed(), 3u64.to_be_bytes(), "the seed is taken over too");
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0u8..32 {
            let one = source.varied(&[seed]).expect("well formed");
            let again = source.varied(&[seed]).expect("well formed");
            assert_eq!((&one.server.name, one.capabilities.size()), (&again.server.name, again.capabilities.size()));
            seen.insert((one.server.name, one.capabilities.size().expect("a size")));
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        assert_eq!(source.files().collect::<Vec<_>>(), [Path::new("base.toml")]);
    }

    #[test]
    fn what_it_builds_on_gives_what_is_missing_and_nothing_of_what_is_misspelt() {
        let base = |_: &str| Some(Text { text: BASE.to_owned(), path: None });
        let told = |text: &str| {
            let source = Source::new("child.toml", text, &base).expect("it is TOML");
            source.all(&Draw::default()).into_iter().map(|mistake| mistake.what).collect::<Vec<_>>().join("; ")
        };
        let rest = "ehlo = 1\ntitle = \"t\"\nextends = \"base\"\n[vary]\nsize = [1]\n";
        assert_eq!(told(rest), "", "the capabilities are those of the base");
        let misspelt = told(&format!("capabilites = {{ advertise = [] }}\n{rest}"));
        assert!(misspelt.contains("did you mean \"capabilities\"?"), "{misspelt}");
        // What could not be read would have made something of its table.
        for (table, empty) in
            [("[[rule]]\non = \"RCPT\"", "does nothing"), ("[[pretend]]\nhelo = \"a\"", "tells nothing")]
        {
            let wrong = told(&format!("{rest}{table}\nspf = 5\nreply = 5\n"));
            assert!(!wrong.is_empty() && !wrong.contains(empty), "{wrong}");
            assert!(told(&format!("{rest}{table}\n")).contains(empty), "{table}");
        }
        let baseless = Source::new("child.toml", rest, &|_: &str| None).expect("it is TOML");
        let told = baseless.all(&Draw::default());
        assert!(told.iter().any(|one| one.what.contains("there is no such scenario") && one.at > 0), "{told:?}");
    }

    #[test]
    fn a_name_that_is_nowhere_drawn_has_the_line_of_its_own_text() {
        let said = |text: &str| match child(text).and_then(|source| source.scenario()) {
            Ok(_) => panic!("{text}: it can't be read"),
            Err(error) => error.to_string(),
        };
        let nowhere = said("");
        assert!(nowhere.starts_with("base:10:"), "{nowhere}");
        let misspelt = said("[vary]\nsize = [1]\n[server]\nbanner = \"{{hots}} ESMTP\"\n");
        assert!(misspelt.starts_with("child.toml:7:") && misspelt.contains("did you mean {{host}}?"), "{misspelt}");
        let empty = said("[vary]\nsize = []\n");
        assert!(empty.starts_with("child.toml:5:") && empty.contains("a list of values"), "{empty}");
    }
}
