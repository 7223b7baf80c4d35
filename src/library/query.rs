//! What is looked for among the transcripts, as one line: words that stand in the conversation, and `host:`, `code:`,
//! `tag:` and the like for what is known of it.

use std::fs::File;
use std::io::{self, Read as _};

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use regex::bytes::{Regex, RegexBuilder};

use crate::conversation::ending::End;
use crate::expression::problem;
use crate::profile::size;
use crate::smtp::escape::for_screen;

use super::{Outcome, Summary};

/// Octets of a compiled expression that are accepted.
const PATTERN: usize = 1 << 20;
/// Octets that are read at once.
const CHUNK: usize = 256 * 1024;
/// Octets of a line that are waited for; a longer one is searched in pieces (the format's lines are at most 1 MiB).
const LINE: usize = 4 << 20;
/// Characters of a line that was found which are given, and how many of them may stand before what was looked for.
const SHOWN: usize = 200;
const BEFORE: usize = 40;

/// Why a text can't be looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Between the slashes stands no expression.
    #[error("`{0}` is no regular expression: {1}")]
    Expression(String, String),
    /// After `since:` or `until:` stands no time.
    #[error("`{0}` is no time; write it like 7d, today, 12h, yesterday, 3 months, 2026-11-23 or 2026-11-23T14:00")]
    Time(String),
    /// After `larger:` or `smaller:` stands no size.
    #[error("`{0}` is no size; write it like 500kB, 10MB or 5MiB")]
    Size(String),
    /// After `code:` stands nothing that a code begins with.
    #[error("`{0}` is no code; write it like 550, 5xx, 5.7.1 or none")]
    Code(String),
    /// After `end:` stands none of the ways in which a conversation ends without a reply.
    #[error("`{0}` is no end; there are {ends}, and none", ends = End::ALL.map(End::name).join(", "))]
    End(String),
    /// What stands before the colon is none of the keys, and what stands behind it looks like a value.
    #[error("`{0}:` is no filter; there are {keys}: · as text to look for it stands in quotes", keys = KEYS.join(": "))]
    Key(String),
}

/// What may stand before a colon.
const KEYS: [&str; 13] =
    ["host", "profile", "code", "end", "title", "tag", "to", "since", "after", "until", "before", "larger", "smaller"];
/// What must hold of a transcript.
#[derive(Debug, Clone)]
enum Condition {
    Host(String),
    Profile(String),
    /// The beginning of a code, `5xx`, `5.7`; `none` where there was no reply.
    Code(String),
    /// The beginning of the name of an end; `none` where a reply tells it.
    End(String),
    Title(String),
    Tag(String),
    To(String),
    Since(Timestamp),
    Until(Timestamp),
    Larger(u64),
    Smaller(u64),
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    conditions: Vec<(bool, Condition)>,
    texts: Vec<(bool, Regex)>,
}

/// Where a text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The line of the file, from 1.
    pub line: usize,
    /// What stands there, without its time, or the part about what was found; safe for a screen.
    pub text: String,
}

/// What came of looking into a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// Not all that is looked for is there.
    Absent,
    /// It is, in what is known of the transcript.
    Known,
    /// It is, and this is the first line that holds some of it.
    At(Found),
}

impl Query {
    /// Reads a line: each word, `"words between quotes"` and `/regular expression/` must stand in the conversation
    /// (without a capital letter both cases are found), and each `key:value` must hold; a `-` before it means that it
    /// must not. Keys are host, profile, code, end, title, tag, to, since (after), until (before), larger, smaller.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn read(line: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, QueryError> {
        Self::of(words(line).iter().map(String::as_str), now, zone)
    }

    /// The same of words that are parted already; what is in one of them is one phrase.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn of<'a>(
        words: impl IntoIterator<Item = &'a str>,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Self, QueryError> {
        let mut query = Self::default();
        for word in words {
            let (wanted, word) = match word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                Some(rest) => (false, rest),
                None => (true, word),
            };
            match word.split_once(':').and_then(|(key, value)| condition(key, value, now, zone).transpose()) {
                Some(condition) => query.conditions.push((wanted, condition?)),
                None => query.texts.push((wanted, pattern(word)?)),
            }
        }
        Ok(query)
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.texts.is_empty()
    }

    /// Whether the files must be looked into.
    #[must_use]
    pub fn reads(&self) -> bool {
        !self.texts.is_empty()
    }

    /// Whether what is known of a transcript is as wanted, whatever stands in it.
    #[must_use]
    pub fn admits(&self, summary: &Summary) -> bool {
        self.conditions.iter().all(|(wanted, condition)| condition.holds(summary) == *wanted)
    }

    /// Whether all that is looked for stands in a transcript or in what is known of it, and where.
    ///
    /// # Errors
    /// What the system says of the file.
    pub fn look_into(&self, summary: &Summary) -> io::Result<Sought> {
        if !self.admits(summary) {
            return Ok(Sought::Absent);
        }
        let known = known(summary);
        let in_known = |regex: &Regex| known.iter().any(|text| regex.is_match(text.as_bytes()));
        if self.texts.iter().any(|(wanted, regex)| !wanted && in_known(regex)) {
            return Ok(Sought::Absent);
        }
        let open: Vec<bool> = self.texts.iter().map(|(wanted, regex)| !wanted || !in_known(regex)).collect();
        if self.texts.is_empty() {
            return Ok(Sought::Known);
        }
        let octets = usize::try_from(summary.size).unwrap_or(CHUNK);
        Search { query: self, open, first: None, lines: 0 }.run(File::open(&summary.path)?, octets)
    }
}

/// One file that is looked into.
struct Search<'a> {
    query: &'a Query,
    /// Which texts were not found yet.
    open: Vec<bool>,
    first: Option<Found>,
    /// Lines before the chunk.
    lines: usize,
}

impl Search<'_> {
    /// Looks through a file of about so many octets.
    fn run(mut self, mut file: File, octets: usize) -> io::Result<Sought> {
        let mut bytes = Vec::with_capacity((octets + 1).min(CHUNK));
        loop {
            let kept = bytes.len();
            let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut bytes)?;
            let whole = match memchr::memrchr(b'\n', &bytes) {
                _ if read == 0 || bytes.len() > LINE => bytes.len(),
                Some(end) => end + 1,
                None => 0,
            };
            if !self.piece(&bytes[..whole]) {
                return Ok(Sought::Absent);
            }
            // Once all is found, and the first place is known, the rest can say nothing new.
            let all = self.query.texts.iter().zip(&self.open).all(|((wanted, _), open)| *wanted && !open);
            if read == 0 || (all && self.first.is_some()) {
                break;
            }
            debug_assert!(whole > 0 || bytes.len() > kept);
            self.lines += memchr::memchr_iter(b'\n', &bytes[..whole]).count();
            bytes.drain(..whole);
        }
        let found = self.query.texts.iter().zip(&self.open).all(|((wanted, _), open)| *wanted != *open);
        Ok(if found { self.first.map_or(Sought::Known, Sought::At) } else { Sought::Absent })
    }

    /// Looks into whole lines; false where something stands there that must not.
    fn piece(&mut self, bytes: &[u8]) -> bool {
        let mut first: Option<usize> = None;
        for ((wanted, regex), open) in self.query.texts.iter().zip(&mut self.open) {
            if !*open && self.first.is_some() {
                continue;
            }
            let Some(at) = regex.find_iter(bytes).map(|found| found.start()).find(|at| is_for_people(bytes, *at))
            else {
                continue;
            };
            if !wanted {
                return false;
            }
            *open = false;
            first = Some(first.map_or(at, |first| first.min(at)));
        }
        if let Some(at) = first.filter(|_| self.first.is_none()) {
            let line = self.lines + memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
            self.first = Some(Found { line, text: excerpt(bytes, at) });
        }
        true
    }
}

/// The line about a place, without its end.
fn line_about(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
    start..end
}

/// Certificates in base64 are for programs: what stands in them by chance is not what is looked for.
fn is_for_people(bytes: &[u8], at: usize) -> bool {
    let line = &bytes[line_about(bytes, at)];
    line.get(..40).is_none_or(|head| memchr::memmem::find(head, b" * certificate ").is_none())
}

/// What is shown of a line.
fn excerpt(bytes: &[u8], at: usize) -> String {
    let range = line_about(bytes, at);
    let line = &bytes[range.clone()];
    let time = line.iter().position(|b| !b.is_ascii_digit() && *b != b'.').filter(|end| *end > 0 && line[*end] == b' ');
    let from = range.start + time.map_or(0, |end| end + 1);
    let text = |octets: &[u8]| for_screen(octets.strip_suffix(b"\r").unwrap_or(octets));
    let before = text(&bytes[from.min(at)..at]);
    let skipped = before.chars().count().saturating_sub(BEFORE);
    // Enough of the rest, however long the line is.
    let after = text(&bytes[at..range.end.min(at + 4 * SHOWN)]);
    let shown = before.chars().skip(if skipped > BEFORE { skipped } else { 0 }).chain(after.chars()).take(SHOWN);
    let shown: String = shown.collect();
    if skipped > BEFORE { format!("…{shown}") } else { shown }
}

/// What of a summary is searched as if it stood in the conversation.
fn known(summary: &Summary) -> Vec<&str> {
    let outcome = summary.outcome.as_ref().map(|outcome| outcome.text.as_str());
    let single = [summary.title.as_deref(), summary.target.as_deref(), summary.profile.as_deref(), outcome];
    single.into_iter().flatten().chain(summary.tags.iter().map(String::as_str)).collect()
}

impl Condition {
    fn holds(&self, summary: &Summary) -> bool {
        let has = |text: Option<&str>, part: &str| text.is_some_and(|text| text.to_lowercase().contains(part));
        match self {
            Self::Host(part) => has(summary.target.as_deref(), part),
            Self::Profile(part) => has(summary.profile.as_deref(), part),
            Self::Title(part) => has(summary.title.as_deref(), part),
            Self::Tag(tag) => summary.tags.iter().any(|own| own.to_lowercase() == *tag),
            Self::To(part) => summary.to.iter().any(|to| has(Some(to), part)),
            Self::Code(code) => is_code(summary.outcome.as_ref(), code),
            Self::End(part) => is_end(summary.outcome.as_ref(), part),
            Self::Since(at) => summary.when().is_some_and(|when| when >= *at),
            Self::Until(at) => summary.when().is_some_and(|when| when < *at),
            Self::Larger(octets) => summary.size > *octets,
            Self::Smaller(octets) => summary.size < *octets,
        }
    }
}

fn is_code(outcome: Option<&Outcome>, code: &str) -> bool {
    let own = outcome.and_then(|outcome| outcome.code).map(|code| code.to_string());
    if code == "none" {
        return own.is_none();
    }
    let enhanced = outcome.and_then(|outcome| outcome.enhanced).map(|code| code.to_string());
    let begin = code.trim_end_matches('x');
    let own = if code.contains('.') { enhanced } else { own };
    own.is_some_and(|own| own.starts_with(begin))
}

fn is_end(outcome: Option<&Outcome>, part: &str) -> bool {
    outcome.and_then(|outcome| outcome.end).map_or("none", End::name).starts_with(part)
}

/// A key and its value; none where the key is none.
fn condition(key: &str, value: &str, now: Timestamp, zone: &TimeZone) -> Result<Option<Condition>, QueryError> {
    let value = value.trim_matches('"');
    let part = || value.to_lowercase();
    let octets = || size::parse(value).ok_or_else(|| QueryError::Size(value.to_owned()));
    Ok(Some(match key {
        "host" => Condition::Host(part()),
        "profile" => Condition::Profile(part()),
        "code" if is_beginning_of_code(&part()) => Condition::Code(part()),
        "end" if End::ALL.map(End::name).iter().chain([&"none"]).any(|name| name.starts_with(&part())) => {
            Condition::End(part())
        }
        "end" => return Err(QueryError::End(value.to_owned())),
        "code" => return Err(QueryError::Code(value.to_owned())),
        "title" => Condition::Title(part()),
        "tag" => Condition::Tag(part()),
        "to" => Condition::To(part()),
        "since" => Condition::Since(time(value, now, zone)?.0),
        "until" => Condition::Until(time(value, now, zone)?.1),
        // These leave out the day that they name.
        "after" => Condition::Since(time(value, now, zone)?.1),
        "before" => Condition::Until(time(value, now, zone)?.0),
        "larger" => Condition::Larger(octets()?),
        "smaller" => Condition::Smaller(octets()?),
        _ if is_like_key(key, value) => return Err(QueryError::Key(key.to_owned())),
        _ => return Ok(None),
    }))
}

/// Whether a text is one to look for rather than a host: one of its words is between quotes, or a key of [`Query`] with
/// more than a port behind it.
#[must_use]
pub fn is_sought(text: &str) -> bool {
    words(text).iter().any(|word| {
        let word = word.strip_prefix('-').unwrap_or(word);
        let port = |value: &str| value.len() > 1 && value.bytes().all(|b| b.is_ascii_digit());
        let keyed = |(key, value): (&str, &str)| KEYS.contains(&key) && (key == "code" || !port(value));
        word.starts_with('"') || word.split_once(':').is_some_and(keyed)
    })
}

/// Whether a code may begin so: `5`, `55`, `5xx`, `5.7`, `5.7.1`, `none`.
fn is_beginning_of_code(text: &str) -> bool {
    let digits = |part: &str| part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    if text.contains('.') {
        let mut parts = text.split('.');
        return matches!(parts.next(), Some("2" | "4" | "5")) && parts.clone().count() <= 2 && parts.all(digits);
    }
    let reply = text.len() <= 3 && text.trim_end_matches('x').bytes().all(|b| b.is_ascii_digit());
    reply || "none".starts_with(text)
}

/// Whether what stands around a colon is meant as a key and a value: no `host:25`, `smtp://host` or `FROM:<a@b>`.
fn is_like_key(key: &str, value: &str) -> bool {
    let named = key.len() > 1 && key.chars().all(|c| c.is_ascii_lowercase());
    let number = value.chars().all(|c| c.is_ascii_digit());
    named && !number && !value.starts_with(['/', '<'])
}

/// The time so long before now, or at which a day or a moment begins.
///
/// # Errors
/// The text is no time.
pub fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, QueryError> {
    time(text, now, zone).map(|(from, _)| from)
}

/// The beginning and the end of what a text says: a day has both, a moment is both.
fn time(text: &str, now: Timestamp, zone: &TimeZone) -> Result<(Timestamp, Timestamp), QueryError> {
    let bad = || QueryError::Time(text.to_owned());
    let now = now.to_zoned_datetime(zone.clone());
    let day = match text {
        "today" => Some(now.date()),
        "yesterday" => Some(now.date().yesterday().map_err(|_| bad())?),
        _ => text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10),
    };
    if let Some(day) = day {
        let begin =
            |day: jiff::civil::Date| day.to_zoned_datetime(zone.clone()).map(|at| at.timestamp()).map_err(|_| bad());
        return Ok((begin(day)?, begin(day.tomorrow().map_err(|_| bad())?)?));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok((at, at));
    }
    if let Ok(at) = text.parse::<jiff::civil::DateTime>() {
        let at = at.to_zoned_datetime(zone.clone()).map_err(|_| bad())?.timestamp();
        return Ok((at, at));
    }
    let span: Span = text.parse().map_err(|_| bad())?;
    let at = now.checked_sub(span.abs()).map_err(|_| bad())?.timestamp();
    Ok((at, at))
}

/// An expression for a word, a quoted phrase or what stands between slashes.
fn pattern(word: &str) -> Result<Regex, QueryError> {
    let inner = word.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|inner| !inner.is_empty());
    // A backslash of the conversation is two in its file.
    let literal = || regex::escape(&word.trim_matches('"').replace('\\', "\\\\"));
    let expression = inner.map_or_else(literal, str::to_owned);
    let either_case = !word.chars().any(char::is_uppercase);
    let mut builder = RegexBuilder::new(&expression);
    builder.case_insensitive(either_case).multi_line(true).size_limit(PATTERN);
    builder.build().map_err(|error| QueryError::Expression(word.to_owned(), problem(&error)))
}

/// Words as they stand between spaces; a pair of quotes holds one together, wherever in it they stand, and so does a pair
/// of slashes at its beginning.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let begin = usize::from(rest.starts_with('-'));
        let slashes = rest[begin..].strip_prefix('/').and_then(|inner| inner.find('/')).map(|at| begin + at + 2);
        let end = slashes.unwrap_or_else(|| {
            let mut within = false;
            let space = |(_, c): &(usize, char)| {
                within ^= *c == '"';
                c.is_whitespace() && !within
            };
            rest.char_indices().find(space).map_or(rest.len(), |(at, _)| at)
        });
        let word = &rest[..end];
        if word.chars().any(|c| !matches!(c, '"' | '-')) {
            words.push(word.to_owned());
        }
        rest = rest[end..].trim_start();
    }
    words
}

#[cfg(test)]
mod tests;
