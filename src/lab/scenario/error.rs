//! What is wrong with a scenario, where, and what would mend it.

use std::path::PathBuf;

use super::Draw;

/// Why a scenario can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// There is none of this name.
    #[error("there is no scenario {name}; there are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// Its file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is a recorded conversation of which no server can be made.
    #[error("{}: {why}", path.display())]
    Recording {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It is not well formed, or holds something that is not known.
    #[error("{name}:{line}:{column}: {what}")]
    Text {
        /// The scenario or its file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong and what would be right.
        what: String,
    },
    /// Its values don't go together.
    #[error("{name}: {what}")]
    Senseless {
        /// The scenario or its file.
        name: String,
        /// What does not go together.
        what: String,
    },
}

impl ScenarioError {
    pub(super) fn from_toml(name: &str, text: &str, error: &toml::de::Error) -> Self {
        Self::at(name, text, error.span().map_or(0, |span| span.start), explain(error.message()))
    }

    /// The same, with what was drawn: other values may be right.
    #[must_use]
    pub fn with(self, draw: &Draw) -> Self {
        match self {
            Self::Text { name, line, column, what } => {
                Self::Text { name, line, column, what: format!("{what} (with {draw})") }
            }
            Self::Senseless { name, what } => Self::Senseless { name, what: format!("{what} (with {draw})") },
            other => other,
        }
    }

    /// Something at a place of the text, octets from its start.
    pub(super) fn at(name: &str, text: &str, at: usize, what: String) -> Self {
        let before = text.get(..at.min(text.len())).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self::Text { name: name.to_owned(), line, column, what }
    }
}

/// The reader's message in plainer words: an unknown key gets the nearest known one.
pub(super) fn explain(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((key, known)) if message.starts_with("unknown field") => match nearest(key, known) {
            Some(near) => format!("the key {key:?} is not known here; did you mean {near:?}?"),
            None => format!("the key {key:?} is not known here; known are: {}", known.join(", ")),
        },
        Some((key, _)) if message.starts_with("missing field") => format!("the key {key:?} is missing"),
        _ => message.lines().collect::<Vec<_>>().join("; "),
    }
}

/// The known word that is most like this one, if any is like it at all.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(far, candidate)| *far <= 1 + candidate.chars().count().min(word.chars().count()) / 3)
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be changed, put in or taken out to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
