//! A lesson as its TOML file has it (FORMATS section 4), read strictly: a key that is not known is an error with its
//! line and the nearest known one.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::course::LessonError;
use super::goal::Goal;
use super::sense::sense;
use super::variant::Origin;
use crate::lab::ListenerKind;
use crate::lab::scenario::{Vary, at};

/// A lesson.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The file's name without `.toml`: `01-classic`.
    #[serde(skip)]
    pub name: String,
    /// The text that it was read from, and what was drawn for it.
    #[serde(skip)]
    pub(super) origin: Origin,
    /// The format's version: 1.
    #[serde(deserialize_with = "format_version")]
    pub ehlo: u32,
    /// What it is called.
    pub title: String,
    /// How much it takes for granted, from 1.
    #[serde(default = "one")]
    pub level: u8,
    /// The lessons that come before it, by name.
    #[serde(default)]
    pub after: Vec<String>,
    /// The lab's scenario.
    #[serde(default = "default_scenario")]
    pub scenario: String,
    /// Names whose values are drawn, beside those of the scenario; they are filled in already.
    #[serde(default)]
    pub vary: Vary,
    /// The listener that it is about.
    #[serde(default)]
    pub listener: ListenerKind,
    /// What stands before the first step: plain text with `code`.
    #[serde(deserialize_with = "running")]
    pub intro: String,
    /// How much the composer helps.
    #[serde(default)]
    pub composer: Help,
    /// Why anybody would want to know it.
    #[serde(default, deserialize_with = "some_running")]
    pub hook: Option<String>,
    /// Whom it is for.
    #[serde(default, rename = "for")]
    pub readers: Vec<String>,
    /// What is known afterwards.
    #[serde(default, deserialize_with = "some_running")]
    pub learnt: Option<String>,
    /// Where to read on.
    #[serde(default)]
    pub read: Vec<String>,
    /// How long it takes.
    pub minutes: Option<u32>,
    /// What is to be done, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What is asked at the end.
    #[serde(default, rename = "quiz")]
    pub questions: Vec<Question>,
    /// A way through all of it.
    pub solution: Option<Solution>,
    /// Ways that don't get through.
    #[serde(default, rename = "wrong")]
    pub wrong_ways: Vec<WrongWay>,
}

/// A lesson is known by its name.
impl PartialEq for Lesson {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Lesson {}

/// How much the composer helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Help {
    /// With everything.
    #[default]
    Templates,
    /// Not at all: the typing is the matter.
    Raw,
    /// As the learner wants.
    Free,
}

/// One step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is to be done.
    #[serde(deserialize_with = "running")]
    pub text: String,
    /// When it is done.
    pub goal: Goal,
    /// Where to look, by what means, the line itself.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Whether only what happens after the step before it is done counts.
    #[serde(default)]
    pub follows: bool,
    /// Where it wants something else than the ordinary next line: the lines, or verbs alone, of which the composer offers
    /// the first that may come; of none of them, nothing.
    pub offers: Option<Vec<String>>,
    /// How many wrong findings are let pass before the step says so.
    pub tries: Option<u32>,
    /// What is known to go wrong.
    #[serde(default, rename = "mistake")]
    pub mistakes: Vec<Mistake>,
}

impl Step {
    /// Whether it is done by typing a finding.
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        fn wants(goal: &Goal) -> bool {
            match goal {
                Goal::Answer(_) => true,
                Goal::InOrder(goals) | Goal::All(goals) | Goal::Any(goals) => goals.iter().any(wants),
                Goal::Within(_, goal) | Goal::Same(_, goal) => wants(goal),
                _ => false,
            }
        }
        wants(&self.goal)
    }
}

/// A known mistake.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    /// When it is made.
    pub when: Goal,
    /// What is said.
    #[serde(deserialize_with = "running")]
    pub say: String,
    /// A script that makes it.
    pub example: Option<String>,
}

/// A question of the quiz.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What is asked.
    #[serde(deserialize_with = "running")]
    pub ask: String,
    /// What may be answered.
    pub answers: Vec<String>,
    /// Which of them is right, from 0.
    pub right: usize,
    /// Why, for all answers or one each.
    pub why: Why,
    /// After so many wrong answers the right one is told.
    pub tries: Option<u32>,
}

/// What is said of an answer.
#[derive(Debug, Clone)]
pub enum Why {
    /// The same whatever was answered.
    All(String),
    /// One for each answer, in the order of the file.
    Each(Vec<String>),
}

impl Why {
    /// What is said of this answer.
    #[must_use]
    pub fn of(&self, answer: usize) -> &str {
        match self {
            Self::All(text) => text,
            Self::Each(texts) => texts.get(answer).map_or("", String::as_str),
        }
    }
}

impl<'de> Deserialize<'de> for Why {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self::All(joined(&text))),
            toml::Value::Array(list) => {
                let text = |value: &toml::Value| value.as_str().map(joined);
                let texts: Option<Vec<String>> = list.iter().map(text).collect();
                texts.map(Self::Each).ok_or_else(|| D::Error::custom("`why` is a text, or a list of texts"))
            }
            _ => Err(D::Error::custom("`why` is a text, or a list of texts")),
        }
    }
}

/// `[solution]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solution {
    /// A `.smtp` script that reaches every goal in order.
    pub script: String,
}

/// `[[wrong]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongWay {
    /// A `.smtp` script.
    pub script: String,
    /// How many steps it ticks.
    pub reaches: usize,
    /// Which mistake is said: `step 3 mistake 1`, both from 1; without it none is.
    #[serde(default, deserialize_with = "feedback")]
    pub feedback: Option<(usize, usize)>,
}

fn one() -> u8 {
    1
}

fn default_scenario() -> String {
    "default".to_owned()
}

fn format_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(1),
        other => Err(D::Error::custom(format!("this is version {other} of the format; this ehlo reads version 1"))),
    }
}

/// Text of several lines as one: an empty line keeps its meaning.
fn joined(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn running<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = joined(&String::deserialize(deserializer)?);
    if text.is_empty() { Err(D::Error::custom("the text is empty")) } else { Ok(text) }
}

fn some_running<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    running(deserializer).map(Some)
}

fn feedback<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(usize, usize)>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let numbers = match words.as_slice() {
        ["step", step, "mistake", mistake] => step.parse().ok().zip(mistake.parse().ok()),
        _ => None,
    };
    numbers.map(Some).ok_or_else(|| D::Error::custom(format!("found {text:?}, expected such as \"step 2 mistake 1\"")))
}

impl Lesson {
    /// Reads a lesson in which all is filled in. `name` is its name, or its path where it is a file of the user's.
    pub(super) fn parse_filled(name: &str, text: &str) -> Result<Self, LessonError> {
        let mut lesson: Self = toml::from_str(text).map_err(|error| LessonError::from_toml(name, text, &error))?;
        let stem = std::path::Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
        lesson.name = stem.into_owned();
        for step in &mut lesson.steps {
            step.goal.is_asked(&step.text, false);
            step.mistakes.iter_mut().for_each(|mistake| mistake.when.is_asked(&step.text, true));
        }
        let Some((place, what)) = sense(&lesson).into_iter().next() else { return Ok(lesson) };
        let tree = toml::de::DeTable::parse(text).map(toml::Spanned::into_inner).unwrap_or_default();
        Err(LessonError::at(name, text, at(&tree, &place), what))
    }

    /// Its number, if its name begins with one.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.name.split('-').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
ehlo = 1
title = "Small"
intro = "Say `NOOP`."

[[step]]
text = "Say it."
goal = { sent = "NOOP" }

[[quiz]]
ask = "What did it do?"
answers = ["Nothing", "Something"]
right = 0
why = "It never does."
"#;

    fn problem(text: &str) -> String {
        Lesson::parse("lesson.toml", text).expect_err("not well formed").to_string()
    }

    #[test]
    fn a_small_lesson_is_read() {
        let lesson = Lesson::parse("07-small", SMALL).expect("well formed");
        assert_eq!((lesson.number(), lesson.steps.len(), lesson.questions.len()), (Some(7), 1, 1));
        assert_eq!((lesson.listener, lesson.composer), (ListenerKind::Smtp, Help::Templates));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_the_nearest_key() {
        for (from, to, line, words) in [
            ("title =", "tilte =", 3, "did you mean \"title\""),
            ("goal = { sent", "goal = { snet", 8, "did you mean \"sent\""),
            ("goal = { sent = \"NOOP\" }", "goal = { sent = { vreb = \"NOOP\" } }", 8, "did you mean \"verb\""),
            ("goal = { sent = \"NOOP\" }", "goal = { sent = { argument = '(' } }", 8, "regular expression"),
            ("goal = { sent = \"NOOP\" }", "goal = { reply = \"two\" }", 8, "expected"),
            ("sent = \"NOOP\"", "sent = \"NOPO\"", 8, "did you mean \"NOOP\""),
            ("sent = \"NOOP\"", "sent = \"STARTLS\"", 8, "did you mean \"STARTTLS\""),
            ("sent = \"NOOP\"", "sent = \"MAIL FROM\"", 8, "{ verb = \"MAIL\", argument = '(?i)^FROM' }"),
            ("sent = \"NOOP\"", "never = { sent = { verb = \"RSTE\" } }", 8, "did you mean \"RSET\""),
            ("goal = { sent = \"NOOP\" }", "goal = { tls = false }", 8, "put the goal into `not`"),
            ("goal = { sent = \"NOOP\" }", "goal = { }", 8, "a goal has no word"),
            ("goal = { sent = \"NOOP\" }", "goal = { greeted = \"HALO\" }", 8, "\"EHLO\""),
            ("ehlo = 1", "ehlo = 2", 2, "version 1"),
            ("right = 0", "right = 2", 13, "counts from 0"),
            ("[\"Nothing\", \"Something\"]", "[\"Nothing\"]", 12, "two answers or more"),
            ("ehlo = 1", "ehlo = 1\nminutes = 0", 3, "`minutes` is 0"),
            ("ehlo = 1", "ehlo = 1\nlevel = 99", 3, "goes from 1 to 9"),
            ("text = \"Say it.\"", "text = \"Say it.\"\nhints = [\"a\", \"\"]", 8, "hints is empty"),
            ("why = \"It never does.\"", "why = [\"a\"]", 14, "1 texts for 2 answers"),
            ("text = \"Say it.\"", "text = \"Say it.\"\ntries = 3", 8, "`answer`"),
            ("text = \"Say it.\"", "text = \"Say it.\"\noffers = [\"NOOP\", \"RSTE\"]", 8, "\"RSTE\""),
        ] {
            let said = problem(&SMALL.replacen(from, to, 1));
            assert!(said.starts_with(&format!("lesson.toml:{line}:")), "{to}: {said}");
            assert!(said.contains(words), "{to}: {said}");
        }
    }
}
