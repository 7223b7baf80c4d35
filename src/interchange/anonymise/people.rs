//! Names of persons in the head of a message: who they are is told by the fields that have them, and what they are called
//! is replaced wherever it stands.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::common::is_common;
use super::is_label;
use super::names::unused;
use crate::message::encoded::spoken;

/// Fields whose value is a list of mailboxes with the names of those who have them.
const MAILBOXES: [&str; 20] = [
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "resent-from",
    "resent-to",
    "resent-cc",
    "disposition-notification-to",
    "x-original-from",
    "errors-to",
    "return-receipt-to",
    "mail-followup-to",
    "mail-reply-to",
    "apparently-to",
    "resent-sender",
    "list-owner",
    "organization",
    "organisation",
];
/// Fields whose value is what somebody logs in by, or the mailbox of somebody, by itself.
const LOGINS: [&str; 14] = [
    "delivered-to",
    "x-original-to",
    "x-envelope-to",
    "x-envelope-from",
    "x-actual-recipient",
    "x-auth-id",
    "x-auth-sender",
    "x-auth-user",
    "x-authuser",
    "x-authenticated-sender",
    "x-authenticated-user",
    "x-sasl-user",
    "x-sender-id",
    "x-sender",
];
/// Fields in which a host says what it has found.
const VERDICTS: [&str; 3] = ["authentication-results", "arc-authentication-results", "received-spf"];
/// Fields of free text that says what a message is about.
const TOPICS: [&str; 5] = ["subject", "thread-topic", "comments", "keywords", "x-subject"];
/// Names that are remembered.
const REMEMBERED: usize = 1000;
/// What stands for those beyond.
const LEFT_OUT: &str = "(left out)";

static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{L}[\p{L}\p{M}-]*\p{L}").expect("it is well formed"));

/// Fields of signatures (RFC 6376 3.5, RFC 8617 4.1), whose keys are found by a selector that somebody has named.
const SIGNATURES: [&str; 3] = ["dkim-signature", "arc-message-signature", "arc-seal"];

static SELECTOR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|[;:\s])(header\.)?s\s*=\s*([A-Za-z0-9][\w.-]*)").expect("it is well formed"));

/// The host of one label that a verdict is of (RFC 8601 2.2, RFC 7208 9.1), or that it is about.
static JUDGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:i=\d+;\s*)?([\w-]+)\s*;|^\s*\w+\s*\(([\w-]+):|iprev=\S+\s+\(([\w-]+)\)")
        .expect("it is well formed")
});

/// Which kind of field a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Field {
    #[default]
    Other,
    Mailboxes,
    Topic,
    /// `Received:` names hosts of one label.
    Way,
    /// A signature names the selector of its key.
    Signature,
    Login,
    Verdict,
}

/// Everybody who was found.
#[derive(Debug, Default)]
pub(super) struct People {
    /// What stands for a whole name, by the name in lower case.
    names: HashMap<String, String>,
    /// What stands for a word of a name that is a word of nothing else.
    words: HashMap<String, String>,
    /// All words of what somebody is called, by what stands for it.
    whole: HashMap<String, HashSet<String>>,
    topics: HashMap<String, String>,
    /// The last number that stands for a person.
    last: usize,
    field: Field,
}

/// What somebody is called: what is encoded in one field may stand in clear in another, or in the text.
fn said(name: &str) -> String {
    if name.contains("=?") { spoken(name) } else { name.to_owned() }
}

impl People {
    /// Looks at a line of content; gives hosts of one label that it names.
    pub(super) fn note(&mut self, line: &[u8], there: &HashSet<String>) -> Vec<String> {
        let text = String::from_utf8_lossy(line);
        match self.turn(&text) {
            (Field::Mailboxes, value) => {
                for name in names(value) {
                    self.add(name, there);
                }
            }
            (Field::Topic, value) => self.topic(value),
            (Field::Way, value) => {
                return hosts(value).into_iter().map(|place| value[place].to_lowercase()).collect();
            }
            (Field::Verdict, value) => return judges(value).into_iter().map(|at| value[at].to_lowercase()).collect(),
            (Field::Signature | Field::Other | Field::Login, _) => {}
        }
        // What a key is found by may be told elsewhere.
        let selectors = self.selectors_in(&text).into_iter().map(|at| text[at].to_lowercase());
        selectors.filter(|selector| selector.len() > 3 && !is_common(selector)).collect()
    }

    /// What somebody logs in by, or is called in a mailbox, where the last line looked at is one that says it.
    pub(super) fn login_in(&self, text: &str) -> Option<Range<usize>> {
        let value = text.find(':').map(|at| at + 1).filter(|_| self.field == Field::Login)?;
        let word =
            text[value..].rsplit([' ', ';', ':']).next().filter(|word| !word.is_empty() && !word.contains('@'))?;
        let at = word.as_ptr() as usize - text.as_ptr() as usize;
        Some(at..at + word.len())
    }

    /// Remembers whom a reply to VRFY or EXPN has found, by the names before their addresses.
    pub(super) fn note_called(&mut self, text: &str, there: &HashSet<String>) {
        for name in names(text).into_iter().filter(|_| text.contains('<')) {
            self.add(name, there);
        }
    }

    /// What stands for them, and where.
    pub(super) fn called(&self, text: &str) -> Vec<(Range<usize>, String)> {
        if text.contains('<') { self.named(text, text) } else { Vec::new() }
    }

    /// The names in a list of mailboxes, a part of a text, with what stands for each.
    fn named(&self, text: &str, list: &str) -> Vec<(Range<usize>, String)> {
        let new = |name: &str| self.names.get(&said(name).to_lowercase()).map_or(LEFT_OUT, String::as_str).to_owned();
        names(list).into_iter().map(|name| (place(text, name), new(name))).collect()
    }

    /// Looks at a line of content that is replaced elsewhere.
    pub(super) fn turn_to(&mut self, line: &[u8]) {
        self.turn(&String::from_utf8_lossy(line));
    }

    /// A text that says what a message is about, as it stands in a head.
    pub(super) fn topic(&mut self, text: &str) {
        let count = self.topics.len() + 1;
        let text = text.trim();
        if !text.is_empty() && count <= REMEMBERED {
            self.topics.entry(text.to_lowercase()).or_insert_with(|| format!("subject {count}"));
        }
    }

    fn add(&mut self, name: &str, there: &HashSet<String>) {
        let said = said(name);
        let key = said.to_lowercase();
        if self.names.len() >= REMEMBERED && !self.names.contains_key(&key) {
            return;
        }
        let last = &mut self.last;
        let new = || {
            unused(there, last, |n| format!("person{n}"));
            format!("Person{last}")
        };
        let person = self.names.entry(key).or_insert_with(new).clone();
        for word in WORD.find_iter(&said).map(|word| word.as_str().to_lowercase()) {
            if !is_common(&word) {
                self.words.entry(word.clone()).or_insert_with(|| person.clone());
            }
            self.whole.entry(person.clone()).or_default().insert(word);
        }
    }

    /// Which field a line begins or goes on with, and its value.
    fn turn<'a>(&mut self, line: &'a str) -> (Field, &'a str) {
        if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
            return (self.field, line);
        }
        let Some((name, value)) = line.split_once(':') else {
            self.field = Field::Other;
            return (Field::Other, line);
        };
        let name = name.trim().to_lowercase();
        self.field = if MAILBOXES.contains(&name.as_str()) {
            Field::Mailboxes
        } else if TOPICS.contains(&name.as_str()) {
            Field::Topic
        } else if name == "received" || name == "x-received" {
            Field::Way
        } else if SIGNATURES.contains(&name.as_str()) {
            Field::Signature
        } else if LOGINS.contains(&name.as_str()) {
            Field::Login
        } else if VERDICTS.contains(&name.as_str()) {
            Field::Verdict
        } else {
            Field::Other
        };
        (self.field, value)
    }

    /// The names and the topic in the field that a line of content belongs to, with what stands for each. The line is UTF-8.
    pub(super) fn in_place(&mut self, text: &str) -> Vec<(Range<usize>, String)> {
        let (field, value) = self.turn(text);
        let from = text.len() - value.len();
        match field {
            Field::Topic if !value.trim().is_empty() => {
                let topic = self.topics.get(&value.trim().to_lowercase()).map_or(LEFT_OUT, String::as_str);
                vec![(from..text.len(), format!(" {topic}"))]
            }
            Field::Mailboxes => self.named(text, value),
            _ => Vec::new(),
        }
    }

    /// The hosts of one label that a line of a `Received:` names; the field is the one of the last line looked at.
    pub(super) fn hosts_in(&self, text: &str) -> Vec<Range<usize>> {
        if !matches!(self.field, Field::Way | Field::Verdict) {
            return Vec::new();
        }
        let found = if self.field == Field::Way { hosts } else { judges };
        let from = if text.starts_with([' ', '\t']) { 0 } else { text.find(':').map_or(0, |at| at + 1) };
        found(&text[from..]).into_iter().map(|place| place.start + from..place.end + from).collect()
    }

    /// The selectors that a line of a signature names; the field is the one of the last line looked at.
    pub(super) fn selectors_in(&self, text: &str) -> Vec<Range<usize>> {
        // Whoever has verified one says so by that name (RFC 8601 2.7.1), wherever that is told.
        let found = SELECTOR.captures_iter(text);
        let found = found.filter(|found| self.field == Field::Signature || found.get(1).is_some());
        found.filter_map(|found| Some(found.get(2)?.range())).collect()
    }

    /// Who is meant by this word, where it means somebody.
    pub(super) fn of(&self, word: &str) -> Option<&str> {
        self.words.get(word).map(String::as_str)
    }

    /// All words that mean somebody.
    pub(super) fn words(&self) -> impl Iterator<Item = &String> {
        self.words.keys()
    }

    /// Whether a word is one of those that this person is called, be it a common word.
    pub(super) fn is_of(&self, person: &str, word: &str) -> bool {
        self.whole.get(person).is_some_and(|words| words.contains(word))
    }

    /// What stands for a text that says what a message is about, where it is one.
    pub(super) fn topic_of(&self, text: &str) -> Option<&str> {
        if self.topics.is_empty() { None } else { self.topics.get(&text.trim().to_lowercase()).map(String::as_str) }
    }
}

/// Where a part of a text stands in it.
fn place(text: &str, part: &str) -> Range<usize> {
    let at = part.as_ptr() as usize - text.as_ptr() as usize;
    at..at + part.len()
}

/// Hosts of one label in a verdict.
fn judges(value: &str) -> Vec<Range<usize>> {
    let label = |found: regex::Captures<'_>| Some(found.iter().skip(1).flatten().next()?.range());
    let known =
        |place: &Range<usize>| is_label(&value[place.clone()]) && !is_common(&value[place.clone()].to_lowercase());
    JUDGE.captures_iter(value).filter_map(label).filter(known).collect()
}

/// The names in a list of mailboxes: `"Doe, John" <j@x>`, `John Doe <j@x>`, `j@x (John Doe)`.
fn names(value: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut quoted) = (0, false);
    let mut parts = Vec::new();
    for (at, c) in value.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' | ';' if !quoted => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    for part in parts {
        let name = match (part.find('<'), part.find('(')) {
            (Some(at), _) => &part[..at],
            (None, Some(at)) => part[at + 1..].split(')').next().unwrap_or_default(),
            // A name whose address stands in the next line.
            (None, None) => part,
        };
        let name = name.trim().trim_matches('"').trim();
        if !name.is_empty() && !name.contains('@') && name.chars().any(char::is_alphabetic) {
            out.push(name);
        }
    }
    out
}

/// Hosts of one label in a `Received:`, by their places: behind `from`, `by`, `helo=` and `HELO `, and before an address in
/// brackets.
pub(super) fn hosts(value: &str) -> Vec<Range<usize>> {
    const CLAUSES: [&str; 8] = ["from", "by", "with", "for", "via", "id", "helo", "ehlo"];
    let label = |word: &str| -> Option<Range<usize>> {
        let word = word.trim_matches(['(', ')', ';', ',', '[', ']']);
        let good = word.len() >= 2 && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        // qmail has `invoked by uid 89` and `invoked from network`.
        let named =
            !["unknown", "localhost", "uid", "userid", "network", "local"].contains(&word.to_lowercase().as_str());
        (good && word.chars().any(char::is_alphabetic) && named).then(|| place(value, word))
    };
    let is_clause = |word: &str| CLAUSES.contains(&word.trim_matches(['(', ')']).to_lowercase().as_str());
    let words: Vec<&str> = value.split_whitespace().collect();
    let mut out = Vec::new();
    let mut is_host = false;
    for pair in words.windows(2) {
        // A host may be called `by`.
        if std::mem::take(&mut is_host) {
            continue;
        }
        let named = ["from", "by"].contains(&pair[0].to_lowercase().as_str())
            || ["(helo", "(ehlo"].contains(&pair[0].to_lowercase().as_str());
        if named && !pair[1].starts_with(['[', '(']) {
            is_host = true;
            out.extend(label(pair[1]));
        } else if pair[1].starts_with('[') && !is_clause(pair[0]) {
            out.extend(label(pair[0]));
        }
    }
    for word in words {
        if let Some((key, host)) = word.trim_start_matches('(').split_once('=')
            && ["helo", "ehlo"].contains(&key.to_lowercase().as_str())
        {
            out.extend(label(host));
        }
    }
    out
}
