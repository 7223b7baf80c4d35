//! What is wrong with a scenario, where, and what would mend it.

use std::path::PathBuf;

use super::Draw;
use crate::lab::regular::in_words;

/// Why a scenario can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// There is none of this name.
    #[error("there is no scenario {name}; {cure}")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest one, or where the list is.
        cure: String,
    },
    /// Its file can't be read.
    #[error("can't read {}: {}", path.display(), in_words(source))]
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
    /// What it builds on is not to be had.
    #[error("{name}: {what}")]
    Unbuilt {
        /// The scenario or its file.
        name: String,
        /// Why not.
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
    /// There is none of this name among those that there are.
    pub(super) fn unknown(name: &str, known: &[String]) -> Self {
        let cure = match nearest(name, &known.iter().map(String::as_str).collect::<Vec<_>>()) {
            Some(near) => format!("did you mean {near}? `ehlo lab list` shows all"),
            None => "`ehlo lab list` shows those that there are".to_owned(),
        };
        Self::Unknown { name: name.to_owned(), cure }
    }

    pub(super) fn from_toml(name: &str, text: &str, error: &toml::de::Error) -> Self {
        Self::at(name, text, error.span().map_or(0, |span| span.start), explain(error.message(), cure))
    }

    /// The same, with what was drawn: other values may be right.
    #[must_use]
    pub fn with(self, draw: &Draw) -> Self {
        match self {
            Self::Text { name, line, column, what } => {
                Self::Text { name, line, column, what: format!("{what} (with {draw})") }
            }
            Self::Unbuilt { name, what } => Self::Unbuilt { name, what: format!("{what} (with {draw})") },
            Self::Senseless { name, what } => Self::Senseless { name, what: format!("{what} (with {draw})") },
            other => other,
        }
    }

    /// Something at a place of the text, octets from its start.
    pub(super) fn at(name: &str, text: &str, at: usize, what: String) -> Self {
        let (line, column) = place(text, at);
        Self::Text { name: name.to_owned(), line, column, what }
    }
}

/// Line and column (in characters) of a place of a text, octets from its start; both from 1.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// What mends a scenario in which a key is missing.
pub(super) fn cure(key: &str) -> &'static str {
    match key {
        "ehlo" => "; begin the file with ehlo = 1",
        "capabilities" | "server" | "listeners" | "domain" => {
            "; extends = \"classroom\" takes what is not said here from that scenario"
        }
        _ => "",
    }
}

/// The reader's message in plainer words: an unknown key gets the nearest known one, and one that is missing what mends that.
pub(crate) fn explain(message: &str, cure: fn(&str) -> &'static str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((key, known)) if message.starts_with("unknown field") => match nearest(key, known) {
            Some(near) => format!("the key {key:?} is not known here; did you mean {near:?}?"),
            None => format!("the key {key:?} is not known here; known are: {}", known.join(", ")),
        },
        Some((word, known)) if message.starts_with("unknown variant") => {
            format!("found {word:?}, expected one of: {}", known.join(", "))
        }
        Some((key, _)) if message.starts_with("missing field") => format!("the key {key:?} is missing{}", cure(key)),
        _ => plainly(message).unwrap_or_else(|| message.lines().collect::<Vec<_>>().join("; ")),
    }
}

/// What the reader says of how something is written, for somebody who does not program; none where it is plain enough.
fn plainly(message: &str) -> Option<String> {
    if let Some((found, wanted)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        let is = match found.split_whitespace().next()? {
            "string" => "a text",
            "integer" | "floating" => "a number",
            "boolean" => "true or false",
            "map" => "a table",
            "sequence" => "a list",
            _ => found,
        };
        let is_number =
            wanted.strip_prefix(['u', 'i', 'f']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let wants = match wanted {
            "a string" | "string" => "a text, in quotes: \"…\"",
            "a boolean" => "true or false, without quotes",
            "usize" => "a number, without quotes",
            _ if is_number => "a number, without quotes",
            _ if wanted.contains("sequence") => "a list: [\"…\", \"…\"], or a section in double brackets: [[…]]",
            _ if wanted.starts_with("struct") || wanted.contains("map") => {
                "a table: { … }, or a section in brackets: […]"
            }
            _ => wanted,
        };
        return Some(format!("here stands {is}; it should be {wants}"));
    }
    let first = message.lines().next().unwrap_or_default();
    let cure = match first {
        "duplicate key" => "where there are several of a kind, each begins with double brackets, such as [[step]]",
        _ if first.starts_with("key with no value") => "a line is a name, = and a value, such as title = \"…\"",
        _ if first.starts_with("string values must be quoted") || first.starts_with("missing opening quote") => {
            return Some("a text stands in straight quotes, such as title = \"…\"".to_owned());
        }
        _ => return None,
    };
    Some(format!("{first}; {cure}"))
}

/// The known word that is most like this one, if any is like it at all.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    crate::smtp::nearest(word, known.iter().copied(), |letters, own| 1 + letters.min(own) / 3)
}

#[cfg(test)]
mod tests {
    use crate::lab::scenario::Scenario;

    #[test]
    fn who_does_not_program_is_told_what_to_write() {
        for (text, place, words) in [
            ("title = Mine", "1:9", "straight quotes"),
            ("title = “Mine”", "1:9", "straight quotes"),
            ("title = Mine\"", "1:9", "straight quotes"),
            ("Lesson one", "1:8", "a line is a name, = and a value"),
            ("title = \"Mine\"", "1:1", "begin the file with ehlo = 1"),
            ("ehlo = \"1\"\ntitle = \"Mine\"", "1:8", "here stands a text; it should be a number, without quotes"),
            ("ehlo = 1\ntitle = 5", "2:9", "here stands a number; it should be a text, in quotes"),
            ("ehlo = 1\ntitle = \"M\"\n[server]\nname = \"a\"", "1:1", "extends = \"classroom\""),
            ("ehlo = 1\ntitle = \"M\"\nextends = \"classroom\"\n[rule]\non = \"MAIL\"", "4:", "double brackets: [[…]]"),
            ("ehlo = 1\ntitle = \"M\"\nextends = \"classroom\"\n[[rule]\non = \"MAIL\"", "4:", ""),
            ("ehlo = 1\ntitle = \"M\"\nextends = \"clasroom\"", "", "ehlo lab list"),
            (
                "ehlo = 1\ntitle = \"M\"\nextends = \"classroom\"\n[[rule]]\non = \"MAIL\"\nreply = \"950 no\"",
                "6:",
                "950 is no reply code: the first digit of one is 2, 3, 4 or 5",
            ),
            ("ehlo = 1\ntitle = \"M\"\nextends = \"classroom\"\n[relay]\nrefuse = \"154 no\"", "5:", "raw = '154"),
        ] {
            let said = Scenario::parse("mine.toml", text).expect_err(text).to_string();
            assert!(said.starts_with(&format!("mine.toml:{place}")), "{text}: {said}");
            assert!(said.contains(words) && !said.contains("struct") && !said.contains("u32"), "{text}: {said}");
        }
    }
}
