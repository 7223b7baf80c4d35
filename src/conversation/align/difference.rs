//! How two exchanges that stand beside each other differ, and what of them was not compared.

use crate::conversation::event::Micros;
use crate::smtp::secret::MASK;
use crate::smtp::{Capabilities, EnhancedCode, Reply};

use super::side::{ContentLine, Handshake, Side};

/// Says whether two texts of replies are the same but for noise: what hid it, nothing where they differ all the same.
pub type Alike<'a> = &'a dyn Fn(&str, &str) -> Option<Vec<&'static str>>;

/// What was found of two exchanges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How they differ.
    pub differences: Vec<Difference>,
    /// What hid that the texts of the replies are not the same.
    pub masked: Vec<&'static str>,
    /// What was not compared of what was sent: secrets, and what each sending of a message makes anew.
    pub passed_over: Vec<&'static str>,
}

/// One way in which two exchanges differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The lines sent.
    Command(String, String),
    /// The reply codes.
    Code(String, String),
    /// The enhanced status codes.
    Enhanced(String, String),
    /// A capability that only the left was offered, with its parameters.
    OfferedLeft(String),
    /// A capability that only the right was offered.
    OfferedRight(String),
    /// The same capability with other parameters.
    Offer(String, String),
    /// Whether the line was encrypted.
    Tls(bool, bool),
    /// What a handshake came to: the version, whether the certificate was verified and why not.
    Handshake(String, String),
    /// Only the cipher of a handshake.
    Cipher(String, String),
    /// The message: the first line that is another, with its number.
    Content(String, String),
    /// Only the texts.
    Text(String, String),
    /// Only the first line of the reply to EHLO, in which the server names and greets.
    Hello(String, String),
    /// How long the reply took: one took much longer.
    Time(Micros, Micros),
}

impl Difference {
    /// Whether it is one of wording, cipher or time alone: drift, not a failure.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        matches!(self, Self::Text(..) | Self::Hello(..) | Self::Cipher(..) | Self::Time(..))
    }

    /// What it is about, one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Command(..) => "command",
            Self::Code(..) => "code",
            Self::Enhanced(..) => "enhanced",
            Self::OfferedLeft(_) | Self::OfferedRight(_) | Self::Offer(..) => "capability",
            Self::Tls(..) | Self::Handshake(..) => "tls",
            Self::Cipher(..) => "cipher",
            Self::Content(..) => "message",
            Self::Text(..) | Self::Hello(..) => "text",
            Self::Time(..) => "time",
        }
    }
}

impl Side {
    /// How two exchanges that stand beside each other differ: what was sent octet by octet, the texts of replies as `alike`
    /// has it.
    #[must_use]
    pub fn differences(&self, other: &Self, alike: Alike<'_>) -> Found {
        let mut found = Found::default();
        if self.line != other.line {
            found.differences.push(Difference::Command(self.line.clone(), other.line.clone()));
        } else if self.line.contains(MASK) {
            found.passed_over.push(MASK);
        }
        if self.tls != other.tls {
            found.differences.push(Difference::Tls(self.tls, other.tls));
        }
        if let (Some(a), Some(b)) = (&self.handshake, &other.handshake) {
            a.differences(b, &mut found.differences);
        }
        found.contents(&self.content, &other.content);
        found.replies(self, other, alike);
        if let (Some(a), Some(b)) = (self.took, other.took)
            && is_much_longer(a, b)
        {
            found.differences.push(Difference::Time(a, b));
        }
        found
    }
}

/// Whether one of two times is of another kind: twice the other and half a second more. Less is what any two runs differ by.
fn is_much_longer(a: Micros, b: Micros) -> bool {
    let (less, more) = (a.0.min(b.0), a.0.max(b.0));
    more >= less.saturating_mul(2) && more - less >= 500_000
}

impl Handshake {
    fn differences(&self, other: &Self, all: &mut Vec<Difference>) {
        let both = |of: fn(&Self) -> &Option<String>| of(self).clone().zip(of(other).clone()).filter(|(a, b)| a != b);
        for (left, right) in [both(|it| &it.version), both(|it| &it.verified)].into_iter().flatten() {
            all.push(Difference::Handshake(left, right));
        }
        all.extend(both(|it| &it.cipher).map(|(left, right)| Difference::Cipher(left, right)));
    }
}

impl Found {
    /// The first line that two messages do not have alike, with its number, and what was passed over before.
    fn contents(&mut self, a: &[ContentLine], b: &[ContentLine]) {
        for n in 0..a.len().max(b.len()) {
            match (a.get(n), b.get(n)) {
                (Some(x), Some(y)) if x.compared() == y.compared() => {
                    let anew = x.anew.as_ref().filter(|_| x.text != y.text).map(|anew| anew.what);
                    if let Some(what) = anew.filter(|what| !self.passed_over.contains(what)) {
                        self.passed_over.push(what);
                    }
                }
                (x, y) => {
                    let line = |line: Option<&ContentLine>| match line {
                        Some(line) => format!("line {}: {}", n + 1, line.text),
                        None => format!("no line {}", n + 1),
                    };
                    self.differences.push(Difference::Content(line(x), line(y)));
                    return;
                }
            }
        }
    }

    fn replies(&mut self, a: &Side, b: &Side, alike: Alike<'_>) {
        let (Some(x), Some(y)) = (&a.reply, &b.reply) else {
            let words =
                |reply: &Option<Reply>| if reply.is_some() { code(reply.as_ref()) } else { "no reply".to_owned() };
            if a.reply.is_some() != b.reply.is_some() {
                self.differences.push(Difference::Code(words(&a.reply), words(&b.reply)));
            }
            return;
        };
        if x.code() != y.code() {
            self.differences.push(Difference::Code(code(Some(x)), code(Some(y))));
        }
        let enhanced = |reply: &Reply| reply.enhanced().map_or_else(|| "none".to_owned(), |code| code.to_string());
        if x.enhanced() != y.enhanced() {
            self.differences.push(Difference::Enhanced(enhanced(x), enhanced(y)));
        }
        if matches!(a.kind.as_str(), "EHLO" | "LHLO") {
            let hello = |reply: &Reply| text_of(&reply.lines[..reply.lines.len().min(1)]);
            self.texts(hello(x), hello(y), alike, Difference::Hello);
            let found = self.differences.len();
            capabilities(x, y, &mut self.differences);
            // What means the same in other letters, with other blanks or in another order is another wording.
            let offer = |reply: &Reply| text_of(reply.lines.get(1..).unwrap_or_default());
            if self.differences.len() == found {
                self.texts(offer(x), offer(y), alike, Difference::Text);
            }
        } else if x.code().is_some_and(|code| code.number() == 334) && x.code() == y.code() {
            if text(x) != text(y) {
                self.masked.push(CHALLENGES);
            }
        } else {
            self.texts(text(x), text(y), alike, Difference::Text);
        }
    }

    fn texts(&mut self, a: String, b: String, alike: Alike<'_>, of: fn(String, String) -> Difference) {
        match alike(&a, &b) {
            Some(masks) => {
                let new: Vec<_> = masks.into_iter().filter(|mask| !self.masked.contains(mask)).collect();
                self.masked.extend(new);
            }
            None => self.differences.push(of(a, b)),
        }
    }
}

/// A challenge of AUTH is another one each time.
const CHALLENGES: &str = "challenges";

/// The texts of all lines as a file has them, so that other octets are another text.
fn text(reply: &Reply) -> String {
    text_of(&reply.lines)
}

fn text_of(lines: &[crate::smtp::ReplyLine]) -> String {
    let of = |line: &crate::smtp::ReplyLine| {
        let after = if line.code.is_some() { EnhancedCode::at_start(line.text()).map_or(0, |(_, end)| end) } else { 0 };
        crate::smtp::escape::for_file(&line.text()[after..]).trim_start().to_owned()
    };
    lines.iter().map(of).collect::<Vec<_>>().join(" ")
}

fn code(reply: Option<&Reply>) -> String {
    reply.and_then(Reply::code).map_or_else(|| "no code".to_owned(), |code| code.to_string())
}

fn capabilities(x: &Reply, y: &Reply, all: &mut Vec<Difference>) {
    let list = |reply: &Reply| -> Vec<String> {
        let offered = Capabilities::from_reply(reply).list.into_iter();
        offered.map(|c| [vec![c.keyword.to_ascii_uppercase()], c.parameters].concat().join(" ")).collect()
    };
    let (x, y) = (list(x), list(y));
    let keyword = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let alone = |line: &&String, others: &[String]| !others.contains(line);
    let (left, mut right): (Vec<_>, Vec<_>) =
        (x.iter().filter(|c| alone(c, &y)).collect(), y.iter().filter(|c| alone(c, &x)).collect());
    for line in left {
        match right.iter().position(|other| keyword(other) == keyword(line)) {
            Some(at) => all.push(Difference::Offer(line.clone(), right.remove(at).clone())),
            None => all.push(Difference::OfferedLeft(line.clone())),
        }
    }
    all.extend(right.into_iter().cloned().map(Difference::OfferedRight));
}
