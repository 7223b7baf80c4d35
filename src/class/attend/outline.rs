//! A lesson of the class as the list of a student's ehlo has it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::lesson::Lesson;
use crate::lesson::map::Standing;
use crate::lesson::progress::{Done, Helped};

/// Steps of a lesson that a list takes in.
const MOST_STEPS: usize = 1000;

/// A lesson of the class, as a list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What it is about.
    pub about: String,
    /// How long it takes.
    pub minutes: Option<u32>,
    /// Steps that it has.
    pub steps: usize,
    /// How many of them are done.
    pub done: usize,
    /// Help that was taken before it was started over.
    #[serde(default)]
    pub earlier: Helped,
}

impl Outline {
    /// The lesson as the map of all has it: its steps are blank, and it is judged by nobody. None where a newer class
    /// says what this version can't read.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        if self.steps > MOST_STEPS {
            return None;
        }
        let text = |text: &str| toml::Value::String(text.to_owned());
        let goal = toml::Table::from_iter([("connected".to_owned(), toml::Value::Boolean(true))]);
        let step = toml::Table::from_iter([("text".to_owned(), text("-")), ("goal".to_owned(), goal.into())]);
        let steps = vec![toml::Value::Table(step); self.steps];
        let mut table = toml::Table::from_iter([
            ("ehlo".to_owned(), toml::Value::Integer(1)),
            ("title".to_owned(), text(&self.title)),
            ("intro".to_owned(), text(&self.about)),
            ("step".to_owned(), steps.into()),
        ]);
        if let Some(minutes) = self.minutes {
            table.insert("minutes".to_owned(), toml::Value::Integer(minutes.into()));
        }
        let lesson = Arc::new(Lesson::parse(&self.name, &table.to_string()).ok()?);
        let finished = (self.done >= self.steps).then(String::new);
        Some(Standing {
            lesson,
            done: Done { steps: self.done, of: self.steps, finished, earlier: self.earlier, ..Done::default() },
        })
    }
}
