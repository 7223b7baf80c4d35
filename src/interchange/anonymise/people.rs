//! Names of persons in the head of a message: who they are is told by the fields that have them, and what they are called
//! is replaced wherever it stands.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

/// Fields whose value is a list of mailboxes with the names of those who have them.
const MAILBOXES: [&str; 11] = [
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
];
/// Fields of free text that says what a message is about.
const TOPICS: [&str; 5] = ["subject", "thread-topic", "comments", "keywords", "x-subject"];
/// Words of names that are words of every server as well.
const COMMON: [&str; 31] = [
    "and",
    "customer",
    "daemon",
    "delivery",
    "department",
    "error",
    "for",
    "group",
    "help",
    "list",
    "mail",
    "mailbox",
    "mailer",
    "message",
    "notification",
    "office",
    "postmaster",
    "recipient",
    "report",
    "sales",
    "sender",
    "server",
    "service",
    "subsystem",
    "support",
    "system",
    "team",
    "test",
    "the",
    "unknown",
    "user",
];
/// Names that are remembered.
const REMEMBERED: usize = 1000;

static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{L}[\p{L}\p{M}'’-]{2,}").expect("it is well formed"));

/// Which kind of field a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Field {
    #[default]
    Other,
    Mailboxes,
    Topic,
    /// `Received:` names hosts of one label.
    Way,
}

/// Everybody who was found.
#[derive(Debug, Default)]
pub(super) struct People {
    /// What stands for a whole name, by the name in lower case.
    names: HashMap<String, String>,
    /// What stands for a word of a name.
    words: HashMap<String, String>,
    topics: HashMap<String, String>,
    field: Field,
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
            (Field::Way, value) => return hosts(value),
            (Field::Other, _) => {}
        }
        Vec::new()
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
        if self.names.len() >= REMEMBERED {
            return;
        }
        let key = name.to_lowercase();
        let count = self.names.len();
        let free =
            (count + 1..=count + 1 + there.len()).find(|n| !there.contains(&format!("person{n}"))).unwrap_or(count + 1);
        let person = self.names.entry(key).or_insert_with(|| format!("Person{free}")).clone();
        // What is encoded has no words that stand elsewhere.
        if !name.contains("=?") {
            for word in WORD.find_iter(name).map(|word| word.as_str().to_lowercase()) {
                if !COMMON.contains(&word.as_str()) {
                    self.words.entry(word).or_insert_with(|| person.clone());
                }
            }
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
        } else {
            Field::Other
        };
        (self.field, value)
    }

    /// A line of content with the names and the topic of its field replaced.
    pub(super) fn line(&mut self, line: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(line) else {
            let ascii: Vec<u8> = line.iter().map(|octet| if octet.is_ascii() { *octet } else { b'?' }).collect();
            return if self.turn(&String::from_utf8_lossy(&ascii)).0 == Field::Other {
                line.to_vec()
            } else {
                self.line(&ascii)
            };
        };
        let (field, value) = self.turn(text);
        let before = &text[..text.len() - value.len()];
        match field {
            Field::Topic if value.trim().is_empty() => line.to_vec(),
            Field::Topic => {
                let topic = self.topics.get(&value.trim().to_lowercase()).map_or("(left out)", String::as_str);
                format!("{before} {topic}").into_bytes()
            }
            Field::Mailboxes => {
                let mut out = value.to_owned();
                for name in names(value) {
                    if let Some(person) = self.names.get(&name.to_lowercase()) {
                        out = out.replace(name, person);
                    }
                }
                format!("{before}{out}").into_bytes()
            }
            Field::Way | Field::Other => line.to_vec(),
        }
    }

    /// Whether nobody was found.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.topics.is_empty()
    }

    /// What stands for a text that says what a message is about, where it is one.
    pub(super) fn topic_of(&self, text: &str) -> Option<&str> {
        if self.topics.is_empty() { None } else { self.topics.get(&text.trim().to_lowercase()).map(String::as_str) }
    }

    /// A text with the words of names replaced.
    pub(super) fn replaced(&self, text: &str) -> String {
        let mut last: Option<&str> = None;
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for word in WORD.find_iter(text) {
            let Some(person) = self.words.get(&word.as_str().to_lowercase()) else {
                last = None;
                continue;
            };
            let between = &text[at..word.start()];
            // First name and last name are one person.
            if last != Some(person) || between != " " {
                out.push_str(between);
                out.push_str(person);
            }
            last = Some(person);
            at = word.end();
        }
        out.push_str(&text[at..]);
        out
    }
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

/// Hosts of one label in a `Received:`, behind `from`, `by` and `helo=`, and before an address in brackets.
fn hosts(value: &str) -> Vec<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let label = |word: &str| -> Option<String> {
        let word = word.trim_matches(['(', ')', ';', ',', '[', ']']).to_lowercase();
        let good = word.len() >= 2 && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        (good
            && word.chars().any(char::is_alphabetic)
            && !["unknown", "localhost", "helo", "ehlo"].contains(&word.as_str()))
        .then_some(word)
    };
    let mut out = Vec::new();
    for pair in words.windows(2) {
        if pair[0].eq_ignore_ascii_case("from") || pair[0].eq_ignore_ascii_case("by") || pair[1].starts_with('[') {
            let word = if pair[1].starts_with('[') { pair[0] } else { pair[1] };
            out.extend(label(word));
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
