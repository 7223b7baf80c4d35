//! Verbs: the ones whose replies change the session, as an enum, and all that is known of any verb, as data.
//!
//! Everything a person sees of a verb (template, fields, help) comes from `assets/verbs.toml` by [`VerbTable::parse`];
//! a verb that changes no state needs nothing but an entry there.

use serde::Deserialize;

use super::shape::Shape;

/// A verb that the session knows by itself; any other is [`Verb::Other`] and changes no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the verbs")]
pub enum Verb {
    Helo,
    Ehlo,
    Lhlo,
    Mail,
    Rcpt,
    Data,
    Bdat,
    Rset,
    Noop,
    Quit,
    Vrfy,
    Expn,
    Help,
    Starttls,
    Auth,
    /// Of Postfix: says who the client is; the session starts over.
    Xclient,
    /// Of Postfix: says who the client was, for the server's log.
    Xforward,
    /// Any other word.
    Other,
}

impl Verb {
    const NAMES: [(Self, &'static str); 17] = [
        (Self::Helo, "HELO"),
        (Self::Ehlo, "EHLO"),
        (Self::Lhlo, "LHLO"),
        (Self::Mail, "MAIL"),
        (Self::Rcpt, "RCPT"),
        (Self::Data, "DATA"),
        (Self::Bdat, "BDAT"),
        (Self::Rset, "RSET"),
        (Self::Noop, "NOOP"),
        (Self::Quit, "QUIT"),
        (Self::Vrfy, "VRFY"),
        (Self::Expn, "EXPN"),
        (Self::Help, "HELP"),
        (Self::Starttls, "STARTTLS"),
        (Self::Auth, "AUTH"),
        (Self::Xclient, "XCLIENT"),
        (Self::Xforward, "XFORWARD"),
    ];

    /// The verb of this word, in any case.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(word)).map_or(Self::Other, |(verb, _)| *verb)
    }

    /// The word, upper case; empty for [`Verb::Other`].
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::NAMES.iter().find(|(verb, _)| *verb == self).map_or("", |(_, name)| name)
    }
}

/// Verbs of extensions that change no state here.
const EXTENSIONS: [&str; 7] = ["ETRN", "ATRN", "TURN", "BURL", "SEND", "SOML", "SAML"];

/// Verbs of vendors, and of extensions that have no entry of their own.
pub const VENDORS: [&str; 6] = ["VERB", "ONEX", "X-EXPS", "X-ANONYMOUSTLS", "XEXCH50", "X-LINK2STATE"];

/// Whether a word is a verb that some server of SMTP knows, in any case.
#[must_use]
pub fn is_known(word: &str) -> bool {
    let others = || EXTENSIONS.iter().chain(&VENDORS).any(|known| known.eq_ignore_ascii_case(word));
    Verb::from_word(word) != Verb::Other || others()
}

/// The verbs that the session knows, and those of extensions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Verb::NAMES.iter().map(|(_, name)| *name).chain(EXTENSIONS)
}

/// What a field of a template holds; decides its editor and its lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum FieldKind {
    Domain,
    ReversePath,
    ForwardPath,
    Text,
    Number,
    Mechanism,
    Base64,
    Word,
    /// One of `choices`.
    Choice,
}

/// A field of a verb's template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name, as `{name}` in the template.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether the line is whole without it.
    #[serde(default)]
    pub optional: bool,
    /// What to put there, in one line.
    pub help: String,
    /// What a [`FieldKind::Choice`] may be.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// An ESMTP parameter of MAIL or RCPT.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterEntry {
    /// The keyword, such as `NOTIFY`.
    pub name: String,
    /// The capability that allows it.
    pub capability: String,
    /// What it asks for, in one line.
    pub help: String,
    /// How its value is written, or nothing where it has none.
    #[serde(default)]
    pub grammar: String,
    /// What its value must be, or nothing where it has none.
    #[serde(default)]
    pub value: Shape,
    /// The RFC and section.
    pub reference: String,
    /// Values to offer.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether several of `choices` may stand there, parted by commas.
    #[serde(default)]
    pub list: bool,
    /// Whether it may stand there without a value although it can have one.
    #[serde(default)]
    pub optional: bool,
    /// Whether its value is xtext ([`super::xtext`]).
    #[serde(default)]
    pub xtext: bool,
    /// The most octets of its value, or 0 where nothing is said.
    #[serde(default)]
    pub longest: usize,
    /// By how many octets it lengthens the 512 that a command line may have (RFC 5321 4.5.3.1.4).
    #[serde(default)]
    pub line: usize,
    /// Examples that are right.
    #[serde(default)]
    pub right: Vec<String>,
    /// Examples that are wrong.
    #[serde(default)]
    pub wrong: Vec<String>,
}

impl ParameterEntry {
    /// Whether it has no value at all.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.value.is_empty()
    }
}

/// Where in a group of pipelined commands a verb may stand (RFC 2920 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pipelining {
    /// At any place.
    Anywhere,
    /// Only as the last: its reply must be seen before anything else is sent.
    #[default]
    Last,
}

/// All that is known of one verb.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerbEntry {
    /// The word, upper case.
    pub name: String,
    /// What it does, in one line.
    pub title: String,
    /// The line with `{field}` where something is filled in: `MAIL FROM:<{from}>`.
    pub template: String,
    /// Its grammar, in short.
    pub grammar: String,
    /// A few sentences for somebody who has not met it.
    pub help: String,
    /// The RFC and section, such as `RFC 5321 4.1.1.2`.
    pub reference: String,
    /// The capability that offers it, where it needs one.
    #[serde(default)]
    pub capability: Option<String>,
    /// The phases in which it is legal, by [`super::Phase::name`].
    pub phases: Vec<String>,
    /// How long to wait for its reply, seconds (RFC 5321 4.5.3.2).
    pub timeout: u64,
    /// Where in a group of pipelined commands it may stand.
    #[serde(default)]
    pub pipeline: Pipelining,
    /// Reply codes that say it is done.
    #[serde(default)]
    pub success: Vec<u16>,
    /// Reply codes that ask for more.
    #[serde(default)]
    pub intermediate: Vec<u16>,
    /// Reply codes by which it is refused.
    #[serde(default)]
    pub failure: Vec<u16>,
    /// What must follow it, where nothing else examines that; nothing where anything may.
    #[serde(default)]
    pub argument: Shape,
    /// Whether it may stand alone, although something may follow.
    #[serde(default)]
    pub bare: bool,
    /// What to know before it is sent, in one sentence; nothing for an ordinary verb.
    #[serde(default)]
    pub caution: String,
    /// RFC 5321 has given it up (appendix F).
    #[serde(default)]
    pub historic: bool,
    /// Lines that are right.
    #[serde(default)]
    pub right: Vec<String>,
    /// Lines that are wrong.
    #[serde(default)]
    pub wrong: Vec<String>,
    /// Its fields, in the order of the template.
    #[serde(default, rename = "field")]
    pub fields: Vec<Field>,
    /// Its ESMTP parameters.
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<ParameterEntry>,
}

/// The verbs known, in the order in which they are offered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct VerbTable {
    /// The entries.
    #[serde(rename = "verb")]
    pub verbs: Vec<VerbEntry>,
}

impl VerbTable {
    /// Reads the text of `assets/verbs.toml`, or of a user's file of the same kind.
    ///
    /// # Errors
    /// What is wrong with the text, with its line.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The entry of this word, in any case.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<&VerbEntry> {
        self.verbs.iter().find(|entry| entry.name.eq_ignore_ascii_case(word))
    }
}

impl VerbEntry {
    /// Whether what follows the verb is as the table has it; always so where the table says nothing.
    #[must_use]
    pub fn takes(&self, argument: &str) -> bool {
        if argument.is_empty() && (self.bare || self.argument.is_empty()) {
            return true;
        }
        if self.argument.is_empty() {
            return !self.bare;
        }
        self.argument.fits(argument)
    }

    /// Whether RFC 5321 has given it up (appendix F): nobody means it by a word that is only like it.
    #[must_use]
    pub fn is_historic(&self) -> bool {
        self.historic
    }

    /// The entry of this parameter, in any case.
    #[must_use]
    pub fn parameter(&self, keyword: &str) -> Option<&ParameterEntry> {
        self.parameters.iter().find(|entry| entry.name.eq_ignore_ascii_case(keyword))
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::super::{Command, Phase};
    use super::*;

    fn table() -> VerbTable {
        VerbTable::parse(crate::assets::text("verbs.toml").expect("it is compiled in")).expect("it parses")
    }

    #[test]
    fn every_verb_of_the_enum_has_an_entry_and_every_entry_a_verb() {
        let table = table();
        for (verb, name) in Verb::NAMES {
            assert_eq!(table.find(name).map(|entry| Verb::from_word(&entry.name)), Some(verb), "{name}");
        }
        let mut names: Vec<_> = table.verbs.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), table.verbs.len(), "a verb stands there twice");
    }

    #[test]
    fn every_field_stands_in_its_template_and_every_place_has_a_field() {
        let place = Regex::new(r"\{([a-z_]+)\}").expect("a pattern");
        for entry in table().verbs {
            let places: Vec<_> = place.captures_iter(&entry.template).map(|found| found[1].to_owned()).collect();
            let fields: Vec<_> = entry.fields.iter().map(|field| field.name.clone()).collect();
            assert_eq!(places, fields, "{}", entry.name);
            for field in &entry.fields {
                assert_eq!(field.kind == FieldKind::Choice, !field.choices.is_empty(), "{} {}", entry.name, field.name);
            }
            let bare = place.replace_all(&entry.template, "x");
            let command = Command::parse(bare.as_bytes());
            assert_eq!(command.word, entry.name, "the template begins with the verb");
        }
    }

    #[test]
    fn every_entry_says_what_it_is() {
        for entry in table().verbs {
            let name = &entry.name;
            assert_eq!(*name, name.to_uppercase());
            assert!(!entry.title.is_empty() && entry.help.len() > 80 && entry.grammar.starts_with(name), "{name}");
            let sources = ["RFC ", "Postfix "];
            assert!(sources.iter().any(|source| entry.reference.starts_with(source)), "{name}");
            assert!((60..=600).contains(&entry.timeout), "{name}");
            assert!(!entry.success.is_empty() && !entry.failure.is_empty(), "{name}");
            assert!(!entry.phases.is_empty(), "{name}");
            for phase in &entry.phases {
                assert!(Phase::ALL.iter().any(|known| known.name() == phase), "{name}: {phase}");
            }
        }
    }

    #[test]
    fn what_follows_a_verb_is_as_its_examples_have_it() {
        for entry in table().verbs {
            assert!(entry.argument.is_well_formed(), "{}", entry.name);
            let told = !entry.argument.is_empty() || entry.bare;
            assert_eq!(told, !entry.right.is_empty() && !entry.wrong.is_empty(), "{}: examples", entry.name);
            let argument = |line: &str| line.strip_prefix(&entry.name).expect("the verb").trim_start().to_owned();
            for line in &entry.right {
                assert!(entry.takes(&argument(line)), "{line}");
            }
            for line in &entry.wrong {
                assert!(!entry.takes(&argument(line)), "{line}");
            }
            assert!(!told || Verb::from_word(&entry.name) == Verb::Other, "{} is examined elsewhere", entry.name);
        }
    }

    #[test]
    fn the_time_outs_are_those_of_the_rfc() {
        let table = table();
        for (verb, seconds) in [("MAIL", 300), ("RCPT", 300), ("DATA", 120), ("EHLO", 300), ("QUIT", 300)] {
            assert_eq!(table.find(verb).map(|entry| entry.timeout), Some(seconds), "{verb}");
        }
    }

    #[test]
    fn every_parameter_has_a_pattern_that_fits_its_examples() {
        for entry in table().verbs {
            for parameter in &entry.parameters {
                let name = &parameter.name;
                let pattern = &parameter.value;
                assert!(pattern.is_well_formed(), "{name}");
                assert!(!parameter.help.is_empty() && !parameter.reference.is_empty(), "{name}");
                assert_eq!(parameter.is_bare(), parameter.grammar.is_empty(), "{name}: grammar and value go together");
                assert!(!parameter.right.is_empty() && !parameter.wrong.is_empty(), "{name}: examples");
                for choice in &parameter.choices {
                    assert!(pattern.fits(choice), "{name}={choice}");
                }
                for right in &parameter.right {
                    let value = right.strip_prefix(name.as_str()).expect("the example begins with the keyword");
                    match value.strip_prefix('=') {
                        Some(value) => assert!(!parameter.is_bare() && pattern.fits(value), "{right}"),
                        None => assert!(parameter.is_bare() || parameter.optional, "{right}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_that_is_no_table_is_refused_with_its_line() {
        let error = VerbTable::parse("[[verb]]\nname = \"X\"\nphase = []\n").expect_err("a key that does not exist");
        assert!(error.to_string().contains("phase"), "{error}");
    }
}
