//! Verbs: the ones whose replies change the session, as an enum, and all that is known of any verb, as data.
//!
//! Everything a person sees of a verb (template, fields, help) comes from `assets/verbs.toml` by [`VerbTable::parse`];
//! a verb that changes no state needs nothing but an entry there.

use serde::Deserialize;

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
    /// Any other word.
    Other,
}

impl Verb {
    const NAMES: [(Self, &'static str); 15] = [
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
    /// What its value must match (anchored, any case), or nothing where it has none.
    #[serde(default)]
    pub value: String,
    /// The RFC and section.
    pub reference: String,
    /// Values to offer.
    #[serde(default)]
    pub choices: Vec<String>,
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
