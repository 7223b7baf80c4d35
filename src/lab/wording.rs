//! The words of other servers (`imitates`): tables of `assets/wording/`, by which an ordinary line is said otherwise.
//!
//! What a scenario says in its own words (a rule, a text that is not the ordinary one) is never changed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::scenario::{Fill, Imitates, Template};
use crate::assets;

/// How one kind of server says things.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wording {
    /// Who is imitated; nobody in particular where it is not said.
    #[serde(default)]
    pub(super) software: String,
    /// Whether it has enhanced status codes.
    #[serde(default = "yes")]
    enhanced: bool,
    /// The first line of the reply to HELO and EHLO, without its code.
    pub(super) hello: Option<String>,
    #[serde(default, rename = "line")]
    lines: Vec<Line>,
}

/// One line, said otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "for")]
    ordinary: String,
    say: String,
}

fn yes() -> bool {
    true
}

/// The table of a kind of server; none for the one whose words are the ordinary ones.
pub(super) fn wording(of: Imitates) -> Option<&'static Wording> {
    static TABLES: LazyLock<BTreeMap<&'static str, Wording>> = LazyLock::new(|| {
        let read = |kind: &Imitates| {
            let text = assets::text(&format!("wording/{}.toml", kind.word()))?;
            Some((kind.word(), toml::from_str(text).ok()?))
        };
        Imitates::ALL.iter().filter_map(read).collect()
    });
    TABLES.get(of.word())
}

impl Wording {
    /// How it says an ordinary line; `fill` gives what the variables of replies stand for.
    pub(super) fn say(&self, ordinary: &str, fill: Fill<'_>) -> String {
        let said = self.lines.iter().find_map(|line| {
            let holes = holes(&line.ordinary, ordinary)?;
            let hole = |name: &str| {
                let found = holes.iter().find(|(known, _)| *known == name);
                found.map_or_else(|| fill(name), |(_, text)| (*text).to_owned())
            };
            Some(Template::free(&line.say).fill(&hole))
        });
        match said {
            Some(said) => said,
            None if self.enhanced => ordinary.to_owned(),
            None => super::session::without_enhanced(ordinary),
        }
    }
}

/// What the names in braces of a pattern stand for in a line; none where the line is another one.
fn holes<'a>(pattern: &'a str, line: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let (first, mut pattern) = pattern.split_once('{').map_or((pattern, None), |(first, rest)| (first, Some(rest)));
    let mut rest = line.strip_prefix(first)?;
    let mut holes = Vec::new();
    while let Some(open) = pattern {
        let (name, after) = open.split_once('}')?;
        let (literal, next) = after.split_once('{').map_or((after, None), |(literal, next)| (literal, Some(next)));
        let end = if literal.is_empty() { rest.len() } else { rest.find(literal)? };
        holes.push((name, &rest[..end]));
        rest = &rest[end + literal.len()..];
        pattern = next;
    }
    rest.is_empty().then_some(holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_its_words_and_gives_what_stands_in_its_holes() {
        let known = holes("550 <{a}>: no {b}", "550 <x@y>: no such user").expect("the same line");
        assert_eq!(known, [("a", "x@y"), ("b", "such user")]);
        assert_eq!(holes("250 Ok", "250 Ok"), Some(Vec::new()));
        assert_eq!(holes("250 Ok", "250 Ok: queued"), None);
        assert_eq!(holes("250 {a} Ok", "250 Ok"), None);
    }

    #[test]
    fn every_table_is_well_formed_and_says_lines_with_a_code() {
        for kind in Imitates::ALL {
            let path = format!("wording/{}.toml", kind.word());
            let Some(text) = assets::text(&path) else {
                assert_eq!(*kind, Imitates::Postfix, "{path}: only the ordinary words have no table");
                continue;
            };
            let table: Wording = toml::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
            for line in &table.lines {
                for text in [&line.ordinary, &line.say] {
                    assert!(text.len() > 4 && text[..3].bytes().all(|b| b.is_ascii_digit()), "{path}: {text}");
                }
            }
            let asked =
                table.say("550 5.1.1 <a@b.example>: Recipient address rejected: User unknown", &|_| String::new());
            assert!(asked.starts_with("550 ") && !asked.contains('{'), "{path}: {asked}");
        }
    }
}
