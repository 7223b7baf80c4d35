//! Replies and their reader: bytes in any split, complete replies out, nothing lost (RFC 5321 4.2).
//!
//! What is wrong with a line is a value beside it ([`Flaw`]), never an error that throws the line away.

use std::fmt;
use std::num::NonZeroU16;

use super::EnhancedCode;
pub use super::line::{LineReader, RawLine};

/// The longest reply line that is kept, octets without its end. The rest is counted and cut.
pub const MAX_LINE: usize = 1 << 20;
/// The most lines that one reply may have; the next begins a new one.
pub const MAX_LINES: usize = 100_000;

/// A reply code: three digits, 000 to 999, as they stood there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplyCode(
    /// One more than the number, so that an `Option` takes no more room: a log may have a million replies.
    NonZeroU16,
);

impl ReplyCode {
    /// The code of this number, if it has at most three digits.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        NonZeroU16::new(number.checked_add(1)?).filter(|_| number <= 999).map(Self)
    }

    /// The code at the start of a line: three digits, and no fourth.
    #[must_use]
    pub fn at_start(line: &[u8]) -> Option<Self> {
        let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        if line.get(3).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        Self::new(digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
    }

    /// The number, 0 to 999.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0.get() - 1
    }

    /// What its first digit says (RFC 5321 4.2.1).
    #[must_use]
    pub fn class(self) -> Class {
        match self.number() / 100 {
            2 => Class::Success,
            3 => Class::Intermediate,
            4 => Class::Transient,
            5 => Class::Permanent,
            _ => Class::Unknown,
        }
    }
}

impl fmt::Debug for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyCode({self})")
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.number())
    }
}

/// What the first digit of a reply code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// 2yz: done.
    Success,
    /// 3yz: accepted so far, more is expected.
    Intermediate,
    /// 4yz: not done, the same may work later.
    Transient,
    /// 5yz: not done, the same will fail again.
    Permanent,
    /// Anything else: no SMTP server may send it.
    Unknown,
}

impl Class {
    /// 4yz or 5yz.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Transient | Self::Permanent)
    }
}

/// How a line ended on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineEnd {
    /// CR LF, as it should be.
    CrLf,
    /// A line feed alone.
    Lf,
    /// No end: the peer stopped here.
    Missing,
}

impl LineEnd {
    /// The octets that it is on the wire.
    #[must_use]
    pub fn octets(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
            Self::Missing => b"",
        }
    }
}

/// What stands between the code and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Separator {
    /// A space: the last line.
    Space,
    /// A hyphen: more lines follow.
    Hyphen,
    /// Nothing: the line is the code alone. Allowed in receiving (RFC 5321 4.2).
    None,
    /// Something else, such as a tab; read as the last line.
    Other,
}

/// Something in a reply that the protocol does not allow, kept as it is and said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// The line does not begin with three digits.
    NoCode,
    /// Four or more digits stand where the code should be.
    TooManyDigits,
    /// The first digit is not 2, 3, 4 or 5 (RFC 5321 4.2.1).
    CodeOutOfRange,
    /// Neither a space nor a hyphen follows the code.
    BadSeparator,
    /// The line ended in a line feed without a carriage return.
    BareLf,
    /// A carriage return stands inside the line.
    BareCr,
    /// The line has octets that no text has: controls or NUL.
    Controls,
    /// The text is not UTF-8.
    NotUtf8,
    /// A line of a multi-line reply has another code than the first.
    CodesDiffer,
    /// The line is longer than the 512 octets of RFC 5321 4.5.3.1.5.
    LongLine,
    /// The line was cut at [`MAX_LINE`].
    Cut,
    /// The reply was ended at [`MAX_LINES`].
    TooManyLines,
    /// The connection ended in the middle of the line or of the reply.
    Unfinished,
    /// The client spoke in the middle of the greeting, and the server answered that instead of going on.
    Overtaken,
}

impl Flaw {
    /// What is wrong, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoCode => "no reply code",
            Self::TooManyDigits => "more than three digits",
            Self::CodeOutOfRange => "a code that no SMTP server may send",
            Self::BadSeparator => "neither space nor hyphen after the code",
            Self::BareLf => "a line feed without a carriage return",
            Self::BareCr => "a carriage return inside the line",
            Self::Controls => "control characters",
            Self::NotUtf8 => "not UTF-8",
            Self::CodesDiffer => "lines of one reply with different codes",
            Self::LongLine => "longer than 512 octets",
            Self::Cut => "cut at 1 MiB",
            Self::TooManyLines => "cut at 100,000 lines",
            Self::Unfinished => "ended in the middle",
            Self::Overtaken => "never ended, because the client spoke before it was complete",
        }
    }
}

/// One line of a reply: the exact bytes and what was understood of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyLine {
    /// The octets without the line end.
    pub raw: Vec<u8>,
    /// The line end.
    pub end: LineEnd,
    /// The code, where three digits stand at the start.
    pub code: Option<ReplyCode>,
    /// What follows the code.
    pub separator: Separator,
    /// Where the text begins in `raw`: 0 where there is no code, 3 or 4.
    text_at: u8,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
    /// Octets beyond [`MAX_LINE`] that were counted and not kept.
    pub cut: u64,
}

impl ReplyLine {
    /// Understands one line. `raw` is without its end.
    #[must_use]
    pub fn parse(raw: Vec<u8>, end: LineEnd) -> Self {
        let digits = raw.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let mut flaws = Vec::new();
        let code = ReplyCode::at_start(&raw);
        let (separator, text_at) = match (code, raw.get(3)) {
            (None, _) => (Separator::Other, 0),
            (Some(_), None) => (Separator::None, 3),
            (Some(_), Some(b' ')) => (Separator::Space, 4),
            (Some(_), Some(b'-')) => (Separator::Hyphen, 4),
            (Some(_), Some(b'\t')) => (Separator::Other, 4),
            (Some(_), Some(_)) => (Separator::Other, 3),
        };
        match code {
            None if digits == 4 => flaws.push(Flaw::TooManyDigits),
            None => flaws.push(Flaw::NoCode),
            Some(code) => {
                if code.class() == Class::Unknown {
                    flaws.push(Flaw::CodeOutOfRange);
                }
                if separator == Separator::Other {
                    flaws.push(Flaw::BadSeparator);
                }
            }
        }
        match end {
            LineEnd::CrLf => {}
            LineEnd::Lf => flaws.push(Flaw::BareLf),
            LineEnd::Missing => flaws.push(Flaw::Unfinished),
        }
        if raw.contains(&b'\r') {
            flaws.push(Flaw::BareCr);
        }
        let text = raw.get(usize::from(text_at)..).unwrap_or_default();
        if text.iter().any(|b| (*b < 0x20 && *b != b'\r' && *b != b'\t') || *b == 0x7f) {
            flaws.push(Flaw::Controls);
        }
        if std::str::from_utf8(&raw).is_err() {
            flaws.push(Flaw::NotUtf8);
        }
        if raw.len() > 510 {
            flaws.push(Flaw::LongLine);
        }
        Self { raw, end, code, separator, text_at, flaws, cut: 0 }
    }

    /// The octets after code and separator; the whole line where there is no code.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.raw.get(usize::from(self.text_at)..).unwrap_or_default()
    }

    /// Whether the line says that more lines of the same reply follow.
    #[must_use]
    pub fn continues(&self) -> bool {
        self.code.is_some() && self.separator == Separator::Hyphen
    }
}

impl From<RawLine> for ReplyLine {
    fn from(line: RawLine) -> Self {
        let mut parsed = Self::parse(line.raw, line.end);
        if line.cut > 0 {
            parsed.cut = line.cut;
            parsed.flaws.push(Flaw::Cut);
        }
        parsed
    }
}

/// A complete reply: one line or more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// Its lines, in order; at least one.
    pub lines: Vec<ReplyLine>,
    /// What is wrong with it as a whole (a single line's flaws are with the line).
    pub flaws: Vec<Flaw>,
}

impl Reply {
    /// The code that counts: the last line's (RFC 5321 4.2.1 wants them all equal), else the last that there is.
    #[must_use]
    pub fn code(&self) -> Option<ReplyCode> {
        self.lines.iter().rev().find_map(|line| line.code)
    }

    /// What the first digit says; unknown without a code.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code().map_or(Class::Unknown, ReplyCode::class)
    }

    /// The enhanced status code: the last line's that has one.
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.lines
            .iter()
            .rev()
            .filter(|line| line.code.is_some())
            .find_map(|line| EnhancedCode::at_start(line.text()))
            .map(|(code, _)| code)
    }

    /// The texts of all lines without codes and enhanced codes, joined by a space; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            let text = line.text();
            let skip = if line.code.is_some() { EnhancedCode::at_start(text).map_or(0, |(_, end)| end) } else { 0 };
            let text = String::from_utf8_lossy(&text[skip..]);
            let text = text.trim();
            if !out.is_empty() && !text.is_empty() {
                out.push(' ');
            }
            out.push_str(text);
        }
        out
    }

    /// Whether `line` may be added to this reply, or a new one begins with it.
    fn takes(&self) -> bool {
        self.lines.last().is_some_and(|last| last.continues() || (last.code.is_none() && self.lines[0].continues()))
    }

    /// Adds a line. Gives true when the reply is complete with it.
    ///
    /// In the middle of a multi-line reply a line without a code belongs to it: broken servers wrap their texts.
    pub fn push(&mut self, line: ReplyLine) -> bool {
        if let (Some(first), Some(code)) = (self.lines.first().and_then(|l| l.code), line.code)
            && first != code
            && !self.flaws.contains(&Flaw::CodesDiffer)
        {
            self.flaws.push(Flaw::CodesDiffer);
        }
        self.lines.push(line);
        if self.takes() && self.lines.len() >= MAX_LINES {
            self.flaws.push(Flaw::TooManyLines);
            return true;
        }
        !self.takes()
    }

    /// Every flaw of the reply and of its lines, each once.
    #[must_use]
    pub fn all_flaws(&self) -> Vec<Flaw> {
        let mut all = self.flaws.clone();
        for flaw in self.lines.iter().flat_map(|line| &line.flaws) {
            if !all.contains(flaw) {
                all.push(*flaw);
            }
        }
        all
    }
}

/// Reads replies from octets in any split.
#[derive(Debug, Default)]
pub struct ReplyReader {
    lines: LineReader,
    current: Reply,
}

impl ReplyReader {
    /// Takes octets in and gives each reply that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Reply> {
        let Self { lines, current } = self;
        let mut complete = Vec::new();
        lines.feed(bytes, |line| {
            if current.push(line.into()) {
                complete.push(std::mem::take(current));
            }
        });
        complete
    }

    /// What has come of a reply that is not complete: its whole lines, and the octets of the one after them.
    #[must_use]
    pub fn unfinished(&self) -> (&Reply, &[u8]) {
        (&self.current, self.lines.pending())
    }

    /// The connection has ended: what is left, a line without its end or a reply without its last line.
    pub fn finish(&mut self) -> Option<Reply> {
        if let Some(line) = self.lines.take_pending() {
            self.current.push(line.into());
        }
        if self.current.lines.is_empty() {
            return None;
        }
        let mut reply = std::mem::take(&mut self.current);
        if !reply.flaws.contains(&Flaw::Unfinished) {
            reply.flaws.push(Flaw::Unfinished);
        }
        Some(reply)
    }
}

#[cfg(test)]
mod tests;
