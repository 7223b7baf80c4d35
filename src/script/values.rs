//! What stands for `{{name}}` in a line that is sent: `--var`, the head's `[vars]`, the profile, and the built-ins.

use toml::{Table, Value};

use crate::conversation::file::Document;
use crate::conversation::file::script::{Part, ScriptLine, Template};
use crate::profile::Target;
use crate::smtp::secret::MASK;
use crate::smtp::{Secret, escape};
use crate::world::World;

use crate::smtp::secrecy::holds_secret;

/// A part of a line that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Octets.
    Octets(Vec<u8>),
    /// A secret of the environment: sent, and shown by its name.
    Hidden {
        /// The variable.
        name: String,
        /// What it holds.
        octets: Vec<u8>,
    },
    /// What AUTH carries at this place, made when it is sent.
    Auth,
}

impl Piece {
    /// Its octets, where they are known before it is sent.
    #[must_use]
    pub fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Octets(octets) | Self::Hidden { octets, .. } => Some(octets),
            Self::Auth => None,
        }
    }

    /// As it may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Octets(octets) => escape::for_screen(octets),
            Self::Hidden { name, .. } => marker(name),
            Self::Auth => MASK.to_owned(),
        }
    }
}

/// What stands in a script for a variable of the environment.
#[must_use]
pub fn marker(variable: &str) -> String {
    format!("{{{{{ENVIRONMENT}{variable}}}}}")
}

/// With what the name of such a value begins.
pub const ENVIRONMENT: &str = "env.";

/// Names of the variables of the environment that a script reads, each once.
#[must_use]
pub fn variables(document: &Document) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (_, line) in document.script() {
        let Ok(ScriptLine::Send(template) | ScriptLine::Content(template)) = line else { continue };
        for name in template.names().filter_map(|name| name.strip_prefix(ENVIRONMENT)) {
            if !all.iter().any(|known| known == name) {
                all.push(name.to_owned());
            }
        }
    }
    all
}

/// All that may be filled in. Each built-in has one value for a whole run.
pub struct Values<'a> {
    given: &'a [(String, String)],
    head: Option<&'a Table>,
    target: &'a Target,
    environment: &'a [String],
    world: &'a World,
    made: Made,
}

/// What is made anew for each run: `{{uuid}}`, `{{date}}` and what is made of them. One that is held with two servers has
/// the same with both.
#[derive(Debug, Clone)]
pub struct Made {
    uuid: String,
    date: String,
}

impl Made {
    /// Made now.
    #[must_use]
    pub fn now(world: &World) -> Self {
        let date = world.now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        Self { uuid: uuid(world.random()), date }
    }
}

/// A marker that can't be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// Where it stands: octets from the start of the line.
    pub offset: usize,
    /// Why, and what mends it.
    pub words: String,
}

impl<'a> Values<'a> {
    /// `given` are `--var`s, `head` the script's `[vars]`, `environment` the names that `--allow-env` allows.
    #[must_use]
    pub fn new(
        given: &'a [(String, String)],
        head: Option<&'a Table>,
        target: &'a Target,
        environment: &'a [String],
        world: &'a World,
    ) -> Self {
        Self { given, head, target, environment, world, made: Made::now(world) }
    }

    /// The same with what was made already.
    #[must_use]
    pub fn with(self, made: &Made) -> Self {
        Self { made: made.clone(), ..self }
    }

    /// The recipients that `{{to}}` stands for, in order.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        let given: Vec<_> = self.given.iter().filter(|(name, _)| name == "to").map(|(_, to)| to.clone()).collect();
        if !given.is_empty() {
            return given;
        }
        match self.head.and_then(|head| head.get("to")) {
            Some(Value::Array(list)) => list.iter().filter_map(text).collect(),
            Some(one) => text(one).into_iter().collect(),
            None => self.target.to.clone(),
        }
    }

    /// The secrets of the environment that may be read.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let all = self.environment.iter().filter_map(|name| Some((name, self.world.variable(name)?)));
        all.filter(|(name, value)| holds_secret(name, value)).map(|(_, value)| Secret::from(value.as_str())).collect()
    }

    /// The lines that a template stands for: one, or one for each recipient where it holds `{{to}}`.
    ///
    /// # Errors
    /// A marker without a value.
    pub fn fill(&self, template: &Template) -> Result<Vec<Vec<Piece>>, Unfilled> {
        if !template.names().any(|name| name == "to") {
            return Ok(vec![self.one(template, None)?]);
        }
        let recipients = self.recipients();
        if recipients.is_empty() {
            // The marker's own error says what is missing.
            return Ok(vec![self.one(template, None)?]);
        }
        recipients.iter().map(|to| self.one(template, Some(to))).collect()
    }

    fn one(&self, template: &Template, to: Option<&str>) -> Result<Vec<Piece>, Unfilled> {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in &template.parts {
            let octets = match part {
                Part::Octets(octets) => octets.clone(),
                Part::Marker(name) if name.text == "auth" => {
                    pieces.push(Piece::Auth);
                    continue;
                }
                Part::Marker(name) => {
                    let before = match pieces.last() {
                        Some(Piece::Octets(octets)) => octets.as_slice(),
                        _ => b"",
                    };
                    let value = self.value(&name.text, to, before);
                    let value = value.map_err(|words| Unfilled { offset: name.offset, words })?;
                    let variable =
                        name.text.strip_prefix(ENVIRONMENT).filter(|variable| holds_secret(variable, &value));
                    if let Some(variable) = variable {
                        pieces.push(Piece::Hidden { name: variable.to_owned(), octets: value.into_bytes() });
                        continue;
                    }
                    value.into_bytes()
                }
            };
            match pieces.last_mut() {
                Some(Piece::Octets(before)) => before.extend(octets),
                _ => pieces.push(Piece::Octets(octets)),
            }
        }
        Ok(pieces)
    }

    fn value(&self, name: &str, to: Option<&str>, before: &[u8]) -> Result<String, String> {
        let Some(value) = self.look_up(name, to, before)? else {
            return Err(format!(
                "{{{{{name}}}}} has no value; give one in the head's [vars], or by `ehlo run --var {name}=...`"
            ));
        };
        if value.contains(['\r', '\n']) {
            return Err(format!(
                "the value of {{{{{name}}}}} holds a line end; a line that is sent has one at its end only"
            ));
        }
        Ok(value)
    }

    fn look_up(&self, name: &str, to: Option<&str>, before: &[u8]) -> Result<Option<String>, String> {
        if let Some(variable) = name.strip_prefix(ENVIRONMENT) {
            if !self.environment.iter().any(|allowed| allowed == variable) {
                return Err(format!(
                    "{{{{{name}}}}} reads the environment; if you trust the script, `ehlo run --allow-env {variable}` allows it"
                ));
            }
            let value = self.world.variable(variable);
            return value.map(Some).ok_or_else(|| format!("the environment variable {variable} is not set"));
        }
        if name == "to" {
            return Ok(to.map(str::to_owned));
        }
        if let Some((_, value)) = self.given.iter().rev().find(|(given, _)| given == name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = self.head.and_then(|head| head.get(name)).and_then(text) {
            return Ok(Some(value));
        }
        Ok(match name {
            "ehlo" => self.target.ehlo.clone(),
            "from" => self.target.from.clone(),
            "uuid" => Some(self.made.uuid.clone()),
            "date" => Some(self.made.date.clone()),
            "message_id" => {
                let id = format!("{}@{}", self.made.uuid, self.target.ehlo.as_deref().unwrap_or("ehlo.invalid"));
                // The angle brackets belong to it (RFC 5322 3.6.4), unless the script has them already.
                Some(if before.last() == Some(&b'<') { id } else { format!("<{id}>") })
            }
            _ => None,
        })
    }
}

/// A value of the head's `[vars]` as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => Some(value.to_string()),
        Value::Array(_) | Value::Table(_) => None,
    }
}

/// A random UUID (RFC 9562 5.4).
#[must_use]
pub fn uuid(mut random: [u8; 16]) -> String {
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(random);
    let hex = format!("{number:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::super::tests::world;
    use super::*;
    use crate::profile::Profiles;

    fn filled(line: &str, given: &[(&str, &str)], head: &str) -> Result<Vec<String>, String> {
        let given: Vec<_> = given.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let head: Table = head.parse().expect("TOML");
        let target = Target::read("lab:", &Profiles::shipped()).expect("a target");
        let world =
            world().with_variables(|name| ["X", "Y", "X_TOKEN"].contains(&name).then(|| "from outside".to_owned()));
        let allowed = ["X".to_owned(), "Z".to_owned(), "X_TOKEN".to_owned()];
        let values = Values::new(&given, Some(&head), &target, &allowed, &world);
        let template = Template::parse(line.as_bytes(), 2).expect("a line");
        let lines = values.fill(&template).map_err(|unfilled| unfilled.words)?;
        let text = |piece: &Piece| match piece {
            Piece::Octets(octets) => String::from_utf8_lossy(octets).into_owned(),
            Piece::Hidden { octets, .. } => format!("({})", String::from_utf8_lossy(octets)),
            Piece::Auth => "(auth)".to_owned(),
        };
        Ok(lines.iter().map(|pieces| pieces.iter().map(text).collect()).collect())
    }

    #[test]
    fn markers_are_filled_in_their_order() {
        for (line, given, head, want) in [
            ("EHLO {{ehlo}}", &[][..], "", "EHLO noddy.com"),
            ("EHLO {{ehlo}}", &[], "ehlo = \"head\"", "EHLO head"),
            ("EHLO {{ehlo}}", &[("ehlo", "var")], "ehlo = \"head\"", "EHLO var"),
            ("X {{n}}", &[], "n = 5", "X 5"),
            ("X {{env.X}}", &[], "", "X from outside"),
            ("X {{env.X_TOKEN}}!", &[], "", "X (from outside)!"),
            ("AUTH PLAIN {{auth}}", &[], "", "AUTH PLAIN (auth)"),
            ("Date: {{date}}", &[], "", "Date: Thu, 01 Jan 1970 00:00:00 +0000"),
        ] {
            assert_eq!(filled(line, given, head), Ok(vec![want.to_owned()]), "{line}");
        }
        let ids = filled("{{message_id}} <{{message_id}}>", &[], "").expect("built in").remove(0);
        let (first, second) = ids.split_once(' ').expect("two");
        assert_eq!(first, second);
        assert!(first.starts_with('<') && first.ends_with("@noddy.com>"), "{first}");
    }

    #[test]
    fn a_secret_is_shown_by_its_name() {
        let hidden = Piece::Hidden { name: "API_TOKEN".to_owned(), octets: b"x".to_vec() };
        assert_eq!((hidden.shown().as_str(), hidden.octets()), ("{{env.API_TOKEN}}", Some(&b"x"[..])));
        let script = "> A {{env.B}} {{env.C}}\n| {{env.B}} {{to}}\n< 250\n";
        let document = crate::conversation::file::read(script.as_bytes()).expect("a script");
        assert_eq!(variables(&document), ["B", "C"]);
    }

    #[test]
    fn a_line_with_to_is_sent_once_for_each_recipient() {
        let rcpt = "RCPT TO:<{{to}}>";
        assert_eq!(filled(rcpt, &[], ""), Ok(vec!["RCPT TO:<anotherdude@target.local>".to_owned()]));
        assert_eq!(filled(rcpt, &[], "to = [\"a\", \"b\"]").expect("filled").len(), 2);
        assert_eq!(filled(rcpt, &[("to", "a@b"), ("to", "c@d")], "to = \"x\"").expect("filled")[1], "RCPT TO:<c@d>");
    }

    #[test]
    fn what_has_no_value_or_must_not_be_read_is_said() {
        for (line, given, want) in [
            ("{{nobody}}", &[][..], "--var nobody="),
            ("{{env.Y}}", &[], "--allow-env Y"),
            ("{{env.Z}}", &[], "not set"),
            ("{{x}}", &[("x", "a\r\nQUIT")], "line end"),
        ] {
            let words = filled(line, given, "").expect_err(line);
            assert!(words.contains(want), "{line}: {words}");
        }
    }
}
