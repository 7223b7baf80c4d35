//! All that is known, as a value: shipped data overlaid by the user's own. Pure loaders: text in, values or errors out.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::book::{Book, Origin};
use super::examples;
use crate::assets;
use crate::smtp::Reply;
use crate::smtp::VerbTable;
use crate::smtp::reply::{LineEnd, ReplyLine};

/// Something wrong in a file of decode data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct KnowledgeError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what is expected.
    pub message: String,
}

/// What a server offers by a keyword of its reply to EHLO.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilityEntry {
    /// The keyword, upper case.
    pub keyword: String,
    /// What it allows, in one sentence.
    pub meaning: String,
    /// How its parameters are written; empty where it has none.
    #[serde(default)]
    pub parameters: String,
    /// Whose it is, where it is not a registered one.
    #[serde(default)]
    pub software: String,
    /// What it means when it is not there; empty where that is normal.
    #[serde(default)]
    pub absence: String,
    /// Something to beware of; may be empty.
    #[serde(default)]
    pub note: String,
    /// RFCs and sections.
    #[serde(default)]
    pub reference: Vec<String>,
}

/// A term of the glossary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The term.
    pub term: String,
    /// Other words for it.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it means, in a few sentences.
    pub text: String,
    /// Terms beside it.
    #[serde(default)]
    pub see: Vec<String>,
    /// RFCs and sections.
    #[serde(default)]
    pub reference: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Capabilities {
    #[serde(rename = "capability")]
    all: Vec<CapabilityEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Glossary {
    #[serde(rename = "term")]
    all: Vec<Term>,
}

/// Our own tables of replies. Nothing of them is read before a reply is explained.
static SHIPPED: LazyLock<Book> = LazyLock::new(|| Book::read(shipped_files()).0);
static CAPABILITIES: LazyLock<Vec<CapabilityEntry>> = LazyLock::new(|| {
    let text = assets::text("capabilities.toml").unwrap_or_default();
    toml::from_str::<Capabilities>(text).map(|table| table.all).unwrap_or_default()
});
static GLOSSARY: LazyLock<Vec<Term>> = LazyLock::new(|| {
    let text = assets::text("glossary.toml").unwrap_or_default();
    toml::from_str::<Glossary>(text).map(|table| table.all).unwrap_or_default()
});

/// Names and texts of the shipped tables of replies.
pub(super) fn shipped_files() -> impl Iterator<Item = (&'static str, &'static str, Origin)> {
    let files = assets::ASSETS.get_dir("replies").into_iter().flat_map(include_dir::Dir::files);
    files.filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?, Origin::Shipped)))
}

/// All that is known, as a value: shipped data overlaid by the user's own.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The verbs and their parameters.
    pub verbs: VerbTable,
    /// The tables of replies, where the user has own ones; else ours, read when they are first needed.
    own: Option<Arc<Book>>,
    /// Nothing of it is said.
    silent: bool,
}

impl Knowledge {
    /// The same, but no reply is explained by it: for an exam.
    #[must_use]
    pub fn silenced(&self) -> Self {
        Self { silent: true, ..self.clone() }
    }

    /// Whether no reply is explained by it.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// What is compiled in. Cheap: only the verbs are read at once.
    #[must_use]
    pub fn shipped() -> Self {
        Self { verbs: shipped_verbs(), own: None, silent: false }
    }

    /// What is compiled in, overlaid by the user's files of replies (`replies/NAME.toml`): name and text of each.
    ///
    /// What is wrong in them is told; the rest of them holds.
    #[must_use]
    pub fn with_replies<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Self, Vec<KnowledgeError>) {
        let own: Vec<_> = files.into_iter().map(|(name, text)| (name, text, Origin::Own)).collect();
        if own.is_empty() {
            return (Self::shipped(), Vec::new());
        }
        let shipped =
            shipped_files().map(|(name, text, origin)| -> (&'a str, &'a str, Origin) { (name, text, origin) });
        let (book, mut errors) = Book::read(shipped.chain(own.iter().copied()));
        errors.extend(examples::told(&book, &own));
        (Self { verbs: shipped_verbs(), own: Some(Arc::new(book)), silent: false }, errors)
    }

    /// The tables of replies.
    #[must_use]
    pub fn book(&self) -> &Book {
        self.own.as_deref().unwrap_or_else(|| &SHIPPED)
    }

    /// Does beforehand what the first explanation would do: reads the tables and makes their patterns ready, which takes
    /// some tens of milliseconds. To be called beside whatever must not wait.
    pub fn prepare(&self) {
        let line = ReplyLine::parse(b"220 mx.example ESMTP".to_vec(), LineEnd::CrLf);
        let greeting = Reply { lines: vec![line], flaws: Vec::new() };
        // Only the making counts.
        let _ = super::explain_reply(&greeting, &super::Context::default(), self);
        LazyLock::force(&CAPABILITIES);
        LazyLock::force(&GLOSSARY);
        super::evidence::shipped();
    }

    /// All capabilities known.
    #[must_use]
    pub fn capabilities(&self) -> &'static [CapabilityEntry] {
        &CAPABILITIES
    }

    /// What a keyword of the reply to EHLO offers, in any case.
    #[must_use]
    pub fn capability(&self, keyword: &str) -> Option<&'static CapabilityEntry> {
        CAPABILITIES.iter().find(|entry| entry.keyword.eq_ignore_ascii_case(keyword))
    }

    /// All terms of the glossary.
    #[must_use]
    pub fn glossary(&self) -> &'static [Term] {
        &GLOSSARY
    }

    /// The term of this word or of another word for it, in any case.
    #[must_use]
    pub fn term(&self, word: &str) -> Option<&'static Term> {
        GLOSSARY
            .iter()
            .find(|term| term.term.eq_ignore_ascii_case(word) || term.also.iter().any(|a| a.eq_ignore_ascii_case(word)))
    }
}

fn shipped_verbs() -> VerbTable {
    assets::text("verbs.toml").and_then(|text| VerbTable::parse(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_have_no_errors() {
        let (_, errors) = Book::read(shipped_files());
        assert_eq!(errors, []);
        let text = assets::text("capabilities.toml").expect("shipped");
        toml::from_str::<Capabilities>(text).expect("capabilities.toml");
        let text = assets::text("glossary.toml").expect("shipped");
        toml::from_str::<Glossary>(text).expect("glossary.toml");
    }

    #[test]
    fn what_is_wrong_in_a_users_file_is_told_with_its_line() {
        let entry = |line: &str| format!("\n[[reply]]\n{line}\nexamples = ['550 x']\n");
        for (text, line, word) in [
            ("[[reply]\n".to_owned(), 1, ""),
            (entry("match = '('\ncategory = 'spam'"), 3, "regular expression"),
            (entry("match = 'x'\ncategory = 'spammy'"), 3, "categories are"),
            (entry("match = 'x'\ncategory = 'spam'\nnext = [{ text = 'x' }]"), 3, "command"),
            (entry("match = 'x'\ncategory = 'spam'\nnext = [{ text = 'x', action = 'fly' }]"), 3, "fly"),
            (entry("match = 'x'\ncategory = 'spam'\nmeening = 'x'"), 5, "meening"),
        ] {
            let (_, errors) = Knowledge::with_replies([("mine.toml", text.as_str())]);
            assert_eq!(errors.len(), 1, "{text}: {errors:?}");
            assert_eq!((errors[0].file.as_str(), errors[0].line), ("mine.toml", line), "{text}: {errors:?}");
            assert!(errors[0].message.contains(word), "{text}: {errors:?}");
        }
    }
}
