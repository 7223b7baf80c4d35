//! What could not be read of a source, and what was passed over as no part of a conversation: each by its line.

use std::fmt;

/// Lines that were not understood and are listed; the rest are named by their numbers.
const LISTED: usize = 1000;
/// Ranges of numbers that are kept; what lies beyond them is counted.
const KEPT: usize = 200;
/// Ranges of numbers that are said.
const SAID: usize = 20;
/// Lines with the same reason that are said one by one.
const ALONE: usize = 3;

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadLine {
    /// Which, from 1; of a capture, which packet.
    pub line: usize,
    /// The beginning of it, fit to be shown.
    pub text: String,
    /// Why not, and what to do where something can be done.
    pub why: &'static str,
}

/// What could not be read of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// The first of the lines.
    pub lines: Vec<UnreadLine>,
    /// Those beyond them.
    pub more: Numbers,
    /// Lines that are known to be no part of a conversation.
    pub passed_over: Numbers,
    /// Whether the numbers are those of packets.
    pub packets: bool,
    /// What was taken off the text before it could be read, in words.
    pub undone: Vec<&'static str>,
    /// What the source itself leaves open, or lacks, and where.
    pub doubtful: Vec<(Numbers, String)>,
}

/// Numbers of lines: as ranges, where they are not too scattered, and how many there are in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    ranges: Vec<(usize, usize)>,
    count: usize,
}

impl Numbers {
    /// Adds a number; the same once more is none.
    pub(super) fn add(&mut self, number: usize) {
        if self.ranges.last().is_some_and(|(_, last)| *last == number) {
            return;
        }
        self.range(number, number, 1);
    }

    /// Adds all of others.
    pub(super) fn extend(&mut self, others: &Self) {
        let named: usize = others.ranges.iter().map(|(from, to)| to - from + 1).sum();
        for (from, to) in &others.ranges {
            self.range(*from, *to, to - from + 1);
        }
        self.count += others.count.saturating_sub(named);
    }

    /// The same of a part of a file that has so many lines before it.
    fn behind(&self, before: usize) -> Self {
        let ranges = self.ranges.iter().map(|(from, to)| (from + before, to + before)).collect();
        Self { ranges, count: self.count }
    }

    fn range(&mut self, from: usize, to: usize, count: usize) {
        self.count += count;
        let room = self.ranges.len() < KEPT;
        match self.ranges.last_mut() {
            Some((_, last)) if from == *last || from == *last + 1 => *last = to.max(*last),
            _ if room => self.ranges.push((from, to)),
            _ => {}
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Numbers {
    /// `12, 40–44 and 7 more`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.ranges.clone();
        sorted.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::with_capacity(sorted.len());
        for (from, to) in sorted {
            match joined.last_mut() {
                Some((_, last)) if from <= *last + 1 => *last = to.max(*last),
                _ => joined.push((from, to)),
            }
        }
        let mut said = 0;
        for (n, (from, to)) in joined.iter().take(SAID).enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            if from == to {
                write!(f, "{comma}{from}")?;
            } else {
                write!(f, "{comma}{from}\u{2013}{to}")?;
            }
            said += to - from + 1;
        }
        if self.count > said { write!(f, " and {} more", self.count - said) } else { Ok(()) }
    }
}

impl fmt::Display for UnreadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.why)?;
        if self.text.is_empty() { Ok(()) } else { write!(f, ": {}", self.text) }
    }
}

impl Unread {
    /// All of it in words, a line each: many lines with the same reason together.
    pub fn words(&self) -> impl Iterator<Item = String> + '_ {
        let what = if self.packets { "packet" } else { "line" };
        let over = (!self.passed_over.is_empty()).then(|| {
            let (s, are, were) = if self.passed_over.len() == 1 { ("", "is", "was") } else { ("s", "are", "were") };
            let (count, numbers) = (self.passed_over.len(), &self.passed_over);
            format!("{count} {what}{s} that {are} no part of a conversation {were} passed over: {numbers}")
        });
        let doubtful = self.doubtful.iter().map(move |(numbers, words)| {
            let s = if numbers.len() == 1 { "" } else { "s" };
            format!("{what}{s} {numbers}: {words}")
        });
        let more = (!self.more.is_empty()).then(|| format!("{what}s {} could not be read either", self.more));
        let undone = self.undone.iter().map(|words| (*words).to_owned());
        undone.chain(self.reasons(what)).chain(more).chain(doubtful).chain(over)
    }

    fn reasons(&self, what: &str) -> Vec<String> {
        let mut reasons: Vec<(&str, Vec<&UnreadLine>)> = Vec::new();
        for line in &self.lines {
            match reasons.iter_mut().find(|(why, _)| *why == line.why) {
                Some((_, lines)) => lines.push(line),
                None => reasons.push((line.why, vec![line])),
            }
        }
        let mut out = Vec::new();
        for (why, lines) in reasons {
            if lines.len() <= ALONE {
                out.extend(lines.iter().map(|line| format!("{what} {line}")));
                continue;
            }
            let mut numbers = Numbers::default();
            for line in &lines {
                numbers.add(line.line);
            }
            let first = lines[0];
            let text =
                if first.text.is_empty() { String::new() } else { format!(" (line {}: {})", first.line, first.text) };
            out.push(format!("{what}s {numbers}: {why}{text}"));
        }
        out
    }

    /// Whether everything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many lines could not be read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lines.len() + self.more.len()
    }

    /// The numbers are those of every second line: as those of all lines.
    pub(super) fn spread(&mut self) {
        for line in &mut self.lines {
            line.line = line.line * 2 - 1;
        }
        let doubtful = self.doubtful.iter_mut().map(|(numbers, _)| numbers);
        for numbers in [&mut self.more, &mut self.passed_over].into_iter().chain(doubtful) {
            for (from, to) in &mut numbers.ranges {
                (*from, *to) = (*from * 2 - 1, *to * 2 - 1);
            }
        }
    }

    /// Adds what was not read of a part of the file with so many lines before it.
    pub(super) fn behind(&mut self, before: usize, other: Self) {
        for line in other.lines {
            if self.lines.len() < LISTED {
                self.lines.push(UnreadLine { line: line.line + before, ..line });
            } else {
                self.more.add(line.line + before);
            }
        }
        self.more.extend(&other.more.behind(before));
        self.passed_over.extend(&other.passed_over.behind(before));
        let doubtful = other.doubtful.into_iter().map(|(numbers, words)| (numbers.behind(before), words));
        self.doubtful.extend(doubtful);
        for words in other.undone {
            if !self.undone.contains(&words) {
                self.undone.push(words);
            }
        }
    }

    /// Adds all lines of a part of the file with so many lines before it.
    pub(super) fn all_of(&mut self, before: usize, part: &[u8], why: &'static str) {
        for (number, line) in super::lines::lines(part) {
            if !line.trim_ascii().is_empty() {
                self.add(before + number, line, why);
            }
        }
    }

    /// Adds a line; from 1.
    pub(super) fn add(&mut self, line: usize, text: &[u8], why: &'static str) {
        if self.lines.len() < LISTED {
            self.lines.push(UnreadLine { line, text: quoted(text), why });
        } else {
            self.more.add(line);
        }
    }
}

/// A line as it is quoted: short, escaped, and not at all where it may hold a secret.
pub(super) fn quoted(text: &[u8]) -> String {
    const TELLING: [&str; 22] = [
        "pass",
        "pwd",
        "secret",
        "token",
        "auth",
        "bearer",
        "basic ",
        "master-key",
        "psk",
        "credential",
        "login",
        "user",
        " -u",
        "base64",
        "printf",
        "\\0",
        "pw=",
        "key=",
        "<<<",
        " -a",
        "apikey",
        "api_key",
    ];
    let shown = crate::smtp::escape::for_screen(&text[..text.len().min(120)]);
    let low = shown.to_ascii_lowercase();
    let letters = |word: &str| word.len() >= 16;
    let piece = crate::smtp::lint::may_be_piece(text);
    let mut words = shown.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
    let answer = words.any(|word| letters(word) || super::lines::is_base64_answer(word.as_bytes()));
    let in_url = low.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    let telling = TELLING.iter().any(|word| low.contains(word));
    if telling || in_url || answer || piece {
        return "(not shown: it may hold a secret)".to_owned();
    }
    shown.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_named_by_their_ranges() {
        let mut unread = Unread::default();
        for line in [12, 40, 41, 42, 43, 44, 3] {
            unread.add(line, format!("what {line}").as_bytes(), "it is odd");
        }
        (50..60).for_each(|line| unread.passed_over.add(line));
        let words: Vec<String> = unread.words().collect();
        assert_eq!(
            words,
            [
                "lines 3, 12, 40–44: it is odd (line 12: what 12)",
                "10 lines that are no part of a conversation were passed over: 50–59",
            ]
        );
        let mut scattered = Numbers::default();
        (0..500).for_each(|n| scattered.add(n * 2));
        assert_eq!(scattered.len(), 500);
        assert!(scattered.to_string().ends_with("38 and 480 more"), "{scattered}");
    }

    #[test]
    fn what_may_hold_a_secret_is_not_quoted() {
        for line in [
            ">>>   $auth3 = s3cr3tpw",
            "swaks --to a@b -ap hunter2",
            "curl smtp://dude:hunter2@mx/",
            "x 'AGR1ZGUAc2VjcmV0cGFzcw==' y",
            "x: 'AGR1ZGUAc2VjcmV0cGFzcw",
            "Proxy: Basic ZHVkZQ",
            "V0dGxlRHJ1bTQy",
            r"$ printf '\0carol\0Plugh77' | base64",
            "curl -ucarol:Plugh77 smtp://mx",
        ] {
            assert!(quoted(line.as_bytes()).starts_with("(not shown"), "{line}");
        }
        assert_eq!(quoted(b"??? what"), "??? what");
    }
}
