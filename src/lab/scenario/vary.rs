//! `[vary]`: names whose values are drawn from a seed, and `{{NAME}}` in the strings of scenarios and lessons (S21).
//!
//! Filled in where the text stands, so that whatever is found wrong afterwards still has its line.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sha2::Sha256;
use toml::Value;
use toml::de::{DeTable, DeValue};

use super::error::nearest;

/// Keys whose strings are `.smtp` scripts: a name that is not drawn may be one that scripts fill in.
const SCRIPTS: [&str; 2] = ["script", "example"];
/// Names that scripts fill in by themselves (FORMATS section 1).
const TAKEN: [&str; 7] = ["auth", "ehlo", "from", "to", "uuid", "date", "message_id"];

/// The names that are drawn, each with the values that it may have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vary(BTreeMap<String, Vec<Value>>);

impl<'de> Deserialize<'de> for Vary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = BTreeMap::<String, Values>::deserialize(deserializer)?;
        for name in names.keys() {
            if !is_name(name) {
                let cure = "use letters, digits and _, a letter first";
                return Err(D::Error::custom(format!("{name:?} can't be a name of [vary]: {cure}")));
            }
            if TAKEN.contains(&name.as_str()) {
                let cure = "scripts fill it in by themselves; choose another name";
                return Err(D::Error::custom(format!("{name:?} can't be a name of [vary]: {cure}")));
            }
        }
        Ok(Self(names.into_iter().map(|(name, values)| (name, values.0)).collect()))
    }
}

/// The values of one name.
struct Values(Vec<Value>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fit = |value: &Value| match value {
            Value::String(text) => !text.chars().any(char::is_control),
            Value::Integer(_) | Value::Boolean(_) => true,
            _ => false,
        };
        match Value::deserialize(deserializer)? {
            Value::Array(list) if !list.is_empty() && list.iter().all(fit) => Ok(Self(list)),
            _ => Err(D::Error::custom(
                "a name of [vary] has a list of values: texts of one line, whole numbers, true or false",
            )),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Vary {
    /// Whether nothing is drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These names, and those of `below` that are none of these.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        Self(below.0.iter().chain(&self.0).map(|(name, values)| (name.clone(), values.clone())).collect())
    }

    /// A value for each name. The same seed always gives the same; what one name gets does not depend on the others.
    #[must_use]
    pub fn draw(&self, seed: &[u8]) -> Draw {
        let one = |(name, values): (&String, &Vec<Value>)| {
            let mut mac = Hmac::<Sha256>::new_from_slice(seed).expect("HMAC takes keys of any length");
            mac.update(name.as_bytes());
            let number = mac.finalize().into_bytes().iter().take(8).fold(0, |n, octet| n << 8 | u64::from(*octet));
            (name.clone(), pick(values, number))
        };
        Draw(self.0.iter().map(one).collect())
    }

    /// As few draws as have each value at least once; one, empty, where nothing is drawn.
    #[must_use]
    pub fn variants(&self) -> Vec<Draw> {
        let most = self.0.values().map(Vec::len).max().unwrap_or(1);
        let nth = |n| Draw(self.0.iter().map(|(name, values)| (name.clone(), pick(values, n))).collect());
        (0..most as u64).map(nth).collect()
    }
}

fn pick(values: &[Value], number: u64) -> Value {
    let index = number % (values.len().max(1) as u64);
    usize::try_from(index).ok().and_then(|index| values.get(index)).cloned().unwrap_or(Value::Boolean(false))
}

/// What was drawn: the value of each name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draw(BTreeMap<String, Value>);

/// `who = "anna", limit = 3`.
impl Display for Draw {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (n, (name, value)) in self.0.iter().enumerate() {
            write!(f, "{}{name} = {value}", if n > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// Why a text can't be filled: where, in octets from its start, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfillable {
    /// Where it stands.
    pub at: usize,
    /// What is wrong and what would be right.
    pub what: String,
}

impl Draw {
    /// Whether nothing was drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each name with its value in words.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, value)| (name.as_str(), words(value)))
    }

    /// These values, and those of `below` for names that are none of these.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        Self(below.0.iter().chain(&self.0).map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The text of a TOML file with `{{NAME}}` in its strings filled in; lines keep their numbers. A string that is just
    /// that becomes a number, or true or false, where that is the value. What is no TOML comes back as it is.
    ///
    /// # Errors
    /// A name that is not drawn, a value that the string can't hold.
    pub fn fill(&self, text: &str) -> Result<String, Unfillable> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let Ok(document) = DeTable::parse(text) else { return Ok(text.to_owned()) };
        let mut changes = Vec::new();
        for (key, value) in document.get_ref() {
            if key.get_ref() != "vary" {
                self.visit(text, key.get_ref(), value.get_ref(), value.span(), &mut changes)?;
            }
        }
        changes.sort_by_key(|(span, _): &(Range<usize>, String)| span.start);
        let mut out = String::new();
        let mut from = 0;
        for (span, words) in changes {
            out.push_str(text.get(from..span.start).unwrap_or_default());
            out.push_str(&words);
            from = span.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Ok(out)
    }

    fn visit(
        &self,
        text: &str,
        key: &str,
        value: &DeValue<'_>,
        span: Range<usize>,
        changes: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), Unfillable> {
        match value {
            DeValue::String(_) => self.string(text, SCRIPTS.contains(&key), span, changes)?,
            DeValue::Array(list) => {
                for value in list {
                    self.visit(text, key, value.get_ref(), value.span(), changes)?;
                }
            }
            DeValue::Table(table) => {
                for (key, value) in table {
                    self.visit(text, key.get_ref(), value.get_ref(), value.span(), changes)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The markers of one string, which stands at `span` with its quotes.
    fn string(
        &self,
        text: &str,
        script: bool,
        span: Range<usize>,
        changes: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), Unfillable> {
        let raw = text.get(span.clone()).unwrap_or_default();
        let mut from = 0;
        while let Some(open) = raw[from..].find("{{").map(|open| from + open) {
            let at = span.start + open;
            let name = raw[open + 2..].split_once("}}").map(|(name, _)| name).filter(|name| is_name(name.trim()));
            let Some(name) = name else {
                if script {
                    from = open + 2;
                    continue;
                }
                let cure = r#"where the braces themselves are meant write "{\u007b", in double quotes"#;
                return Err(Unfillable {
                    at,
                    what: format!("{{{{ begins a name of [vary], such as {{{{who}}}}; {cure}"),
                });
            };
            let end = open + 2 + name.len() + 2;
            from = end;
            let Some(value) = self.0.get(name.trim()) else {
                if script {
                    continue;
                }
                return Err(Unfillable { at, what: self.unknown(name.trim()) });
            };
            let whole = end + 1 == raw.len() && open == 1;
            if whole && !value.is_str() {
                changes.push((span.clone(), value.to_string()));
                continue;
            }
            let words = quoted(&words(value), raw.starts_with('\''));
            let words = words.map_err(|what| Unfillable { at, what })?;
            changes.push((at..span.start + end, words));
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
        match nearest(name, &known) {
            Some(near) => format!("{{{{{name}}}}} is no name of [vary]; did you mean {{{{{near}}}}}?"),
            None if known.is_empty() => {
                format!("{{{{{name}}}}} has no values; give them: [vary] and below it {name} = [\"one\", \"another\"]")
            }
            None => format!("{{{{{name}}}}} is no name of [vary]; there are: {}", known.join(", ")),
        }
    }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as it stands in a string in double quotes, or in a literal one.
fn quoted(words: &str, literal: bool) -> Result<String, String> {
    match literal {
        true if words.contains('\'') => {
            Err(format!("the value {words:?} can't stand in a string in single quotes; write it in double quotes"))
        }
        true => Ok(words.to_owned()),
        false => Ok(words.replace('\\', r"\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vary(text: &str) -> Vary {
        toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_draw_is_the_same_for_the_same_seed_and_each_name_is_drawn_by_itself() {
        let two = vary("who = [\"anna\", \"bert\", \"cleo\"]\nlimit = [1, 2, 3, 4]");
        let three = vary("who = [\"anna\", \"bert\", \"cleo\"]\nlimit = [1, 2, 3, 4]\nmore = [true, false]");
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0u64..64 {
            let draw = two.draw(&seed.to_be_bytes());
            assert_eq!(draw, two.draw(&seed.to_be_bytes()));
            let other = three.draw(&seed.to_be_bytes());
            assert!(draw.0.iter().all(|(name, value)| other.0.get(name) == Some(value)), "{draw} / {other}");
            seen.insert(draw.to_string());
        }
        assert_eq!(seen.len(), 12, "all that can be is drawn: {seen:?}");
    }

    #[test]
    fn the_variants_have_each_value_and_are_no_more_than_needed() {
        let all = vary("who = [\"anna\", \"bert\", \"cleo\"]\nsure = [true, false]").variants();
        let all: Vec<_> = all.iter().map(ToString::to_string).collect();
        let want = ["sure = true, who = \"anna\"", "sure = false, who = \"bert\"", "sure = true, who = \"cleo\""];
        assert_eq!(all, want);
        assert_eq!(Vary::default().variants(), [Draw::default()]);
    }

    #[test]
    fn each_kind_of_string_is_filled_and_nothing_else_changes() {
        let draw = vary("who = ['an\"na\\']\nn = [7]\n").variants().remove(0);
        let text = "# {{who}}\na = \"<{{who}}> {{ n }}\"\nb = '{{who}}'\nc = \"{{n}}\"\nd = [{ e = '''\n{{n}}\n{{who}}''' }]\n\
                    f = 'x{{n}}'\nscript = '''\n> AUTH PLAIN {{auth}}\n> NOOP {{n}} {{env.HOME}}\n'''\ng = \"{\\u007bn}}\"\n";
        let filled = draw.fill(text).expect("all is known");
        assert_eq!(filled.lines().count(), text.lines().count());
        assert!(filled.starts_with("# {{who}}\n"), "a comment is none of it");
        let table: toml::Table = toml::from_str(&filled).unwrap_or_else(|error| panic!("{filled}: {error}"));
        assert_eq!(table["a"].as_str(), Some("<an\"na\\> 7"));
        assert_eq!(table["b"].as_str(), Some("an\"na\\"));
        assert_eq!(table["c"].as_integer(), Some(7));
        assert_eq!(table["d"][0]["e"].as_str(), Some("7\nan\"na\\"));
        assert_eq!(table["f"].as_str(), Some("x7"));
        assert_eq!(table["script"].as_str(), Some("> AUTH PLAIN {{auth}}\n> NOOP 7 {{env.HOME}}\n"));
        assert_eq!(table["g"].as_str(), Some("{{n}}"));
    }

    #[test]
    fn what_can_not_be_filled_is_said_with_its_place_and_the_cure() {
        let draw = vary("who = [\"o'neill\"]\n").variants().remove(0);
        for (text, at, words) in [
            ("a = 1\nb = \"{{whoo}}\"", 11, "did you mean {{who}}?"),
            ("b = \"{{elsewhere}}\"", 5, "there are: who"),
            ("b = \"{{a b}}\"", 5, "{\\u007b"),
            ("b = '{{who}}'", 5, "double quotes"),
        ] {
            let wrong = draw.fill(text).expect_err(text);
            assert_eq!(wrong.at, at, "{text}");
            assert!(wrong.what.contains(words), "{text}: {}", wrong.what);
        }
        let wrong = Draw::default().fill("b = \"{{who}}\"").expect_err("there is no [vary]");
        assert!(wrong.what.contains("[vary] and below it who = "), "{}", wrong.what);
        for text in
            ["who = []", "who = 3", "who = [1.5]", "who = ['''a\nb''']", "to = ['a']", "1a = ['a']", "a-b = ['a']"]
        {
            assert!(toml::from_str::<Vary>(text).is_err(), "{text}");
        }
    }
}
