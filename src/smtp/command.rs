//! Command lines: parsed as far as they can be, printed, never refused (RFC 5321 4.1).

use std::ops::Range;

use super::Verb;

/// A path: what stands in the angle brackets of MAIL FROM and RCPT TO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The local part as it stood, quotes kept; empty with an empty domain for the null reverse-path `<>`.
    pub local: String,
    /// The domain or address literal as it stood; empty for `<>` and `<postmaster>`.
    pub domain: String,
    /// Whether angle brackets stood around it.
    pub bracketed: bool,
}

impl Path {
    /// `local@domain`, or the empty string for the null path.
    #[must_use]
    pub fn address(&self) -> String {
        if self.domain.is_empty() { self.local.clone() } else { format!("{}@{}", self.local, self.domain) }
    }
}

/// An ESMTP parameter as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The keyword as typed.
    pub keyword: String,
    /// What follows `=`, where there is one.
    pub value: Option<String>,
    /// Where it stands in the line, octets.
    pub span: Range<usize>,
}

/// A command line, understood as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The octets, without the line end.
    pub line: Vec<u8>,
    /// The verb.
    pub verb: Verb,
    /// The verb as typed.
    pub word: String,
    /// Where the argument stands in the line: after the verb and the spaces that follow it.
    pub argument: Range<usize>,
    /// The path of MAIL or RCPT, where one was found.
    pub path: Option<Path>,
    /// Where the path stands in the line, brackets included.
    pub path_span: Range<usize>,
    /// The ESMTP parameters of MAIL or RCPT.
    pub parameters: Vec<Parameter>,
}

impl Command {
    /// Understands a line (without its end); every line gives a command.
    ///
    /// Lenient on purpose: what a lenient server would take is found (a space after the colon, missing brackets), and
    /// [`super::lint`] says what is wrong with it.
    #[must_use]
    pub fn parse(line: &[u8]) -> Self {
        let start = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let word_len = line[start..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
        let after = start + word_len;
        let argument_at = after + line[after..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let word = String::from_utf8_lossy(&line[start..after]).into_owned();
        let verb = Verb::from_word(&word);
        Self {
            line: line.to_vec(),
            verb,
            word,
            argument: argument_at..line.len(),
            path: None,
            path_span: argument_at..argument_at,
            parameters: Vec::new(),
        }
    }

    /// The octets after the verb and its spaces.
    #[must_use]
    pub fn argument(&self) -> &[u8] {
        &self.line[self.argument.clone()]
    }

    /// The first parameter of this keyword, in any case.
    #[must_use]
    pub fn parameter(&self, keyword: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.keyword.eq_ignore_ascii_case(keyword))
    }

    /// The size and LAST mark of a BDAT (RFC 3030 2), where they can be read.
    #[must_use]
    pub fn chunk(&self) -> Option<(u64, bool)> {
        if self.verb != Verb::Bdat {
            return None;
        }
        let text = std::str::from_utf8(self.argument()).ok()?;
        let mut words = text.split_ascii_whitespace();
        let size = words.next()?.parse().ok()?;
        match words.next() {
            None => Some((size, false)),
            Some(word) if word.eq_ignore_ascii_case("LAST") && words.next().is_none() => Some((size, true)),
            Some(_) => None,
        }
    }
}
