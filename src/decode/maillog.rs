//! Lines of the logs that mail servers write: the refusal in a line, where there is one.
//!
//! Postfix, Exim, Sendmail, and the protocol logs of Exchange. A line that tells of no refusal gives nothing.

mod exchange;
mod exim;
mod postfix;
mod sendmail;

use crate::smtp::{Class, EnhancedCode, ReplyCode};

use super::explain::class_of;
use super::said::Said;
use super::{Asked, Context, Explanation, Knowledge, explain};

/// A refusal that a log tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reply code, where the line has one.
    pub code: Option<ReplyCode>,
    /// The enhanced status code, where the line has one.
    pub enhanced: Option<EnhancedCode>,
    /// The words.
    pub text: String,
    /// What was refused, where the line says so.
    pub asked: Option<Asked>,
    /// Whether it is for now or for good.
    pub class: Class,
    /// Recipients that it is about: one, where the line does not say more.
    pub recipients: u64,
}

/// Words with which a server says that it did not try, since an earlier try failed; what that met may follow a colon.
const PUT_OFF: [&str; 2] = ["delivery temporarily suspended", "retry time not reached"];

impl Refusal {
    /// One of these words, for now or for good as its codes have it, or else as the line does; none where it is no refusal.
    fn new(said: Said, asked: Option<Asked>, otherwise: Option<Class>) -> Option<Self> {
        let class = match class_of(said.code, said.enhanced) {
            Class::Unknown => otherwise?,
            class => class,
        };
        let Said { code, enhanced, text } = said;
        class.is_refusal().then_some(Self { code, enhanced, text, asked, class, recipients: 1 })
    }

    /// What an earlier try met, where the server waits since then and did not try again.
    #[must_use]
    pub fn earlier(&self) -> Option<&str> {
        PUT_OFF.iter().find_map(|words| self.text.strip_prefix(words)?.strip_prefix(": "))
    }

    /// A refusal after which the server will try again, whatever the code: it has the message in its queue.
    fn deferred(self) -> Self {
        Self { class: Class::Transient, ..self }
    }

    /// What it means. Where the log has no code, one of its class helps to judge the words, and is not told.
    #[must_use]
    pub fn explained(&self, knowledge: &Knowledge) -> Explanation {
        let context = Context { asked: self.asked, ..Context::default() };
        let assumed = || ReplyCode::new(if self.class == Class::Transient { 451 } else { 550 });
        let code = self.code.or_else(|| if self.enhanced.is_none() { assumed() } else { None });
        let explanation = explain(code, self.enhanced, self.earlier().unwrap_or(&self.text), &context, knowledge);
        Explanation { code: self.code, ..explanation }
    }
}

/// The refusal that a line of a log tells of.
#[must_use]
pub fn refusal(line: &str) -> Option<Refusal> {
    Lines::default().refusal(line)
}

/// The lines of a log, one after the other: Exchange writes each line of a reply in one of its own.
#[derive(Debug, Default)]
pub struct Lines {
    open: exchange::Open,
}

impl Lines {
    /// The refusal that ends with the next line.
    pub fn refusal(&mut self, line: &str) -> Option<Refusal> {
        let line = line.trim_end();
        if let Some(row) = exchange::Row::of(line) {
            return self.open.refusal(&row);
        }
        postfix::refusal(line).or_else(|| sendmail::refusal(line)).or_else(|| exim::refusal(line))
    }
}

/// What stands in the lines of each server, refusal or not.
const SIGNS: [&str; 7] = ["postfix", "sendmail[", "sm-mta[", "exim", "dovecot", "#Fields: date-time", "#Log-type: "];

/// Whether a line is one of a mail log that is known, whatever it tells.
#[must_use]
pub fn is_of_a_log(line: &str) -> bool {
    SIGNS.iter().any(|sign| line.contains(sign)) || exchange::Row::of(line).is_some() || exim::is_line(line)
}

/// The first recipient whom a line of a log names.
#[must_use]
pub fn recipient(line: &str) -> Option<String> {
    let row = exchange::Row::of(line);
    let own = row.as_ref().and_then(exchange::Row::recipient).map(str::to_owned);
    let within = |before: &str| Some(line.split_once(before)?.1.split_once('>')?.0.to_owned());
    let found = own
        .or_else(|| within(" to=<"))
        .or_else(|| within(" arg1=<"))
        .or_else(|| exim::recipient(line).map(str::to_owned))
        .or_else(|| within(" rejected RCPT <"))
        .or_else(|| sendmail::recipient(line).map(str::to_owned));
    found.filter(|address| address.contains('@') && address.len() <= 254)
}

/// What was asked, by the words that a server has for it.
fn asked(words: &str) -> Option<Asked> {
    let word = words.trim().trim_end_matches(':');
    match word.to_ascii_uppercase().as_str() {
        "END-OF-MESSAGE" | "END OF DATA" | "END-OF-DATA" => Some(Asked::EndOfData),
        "CONNECT" => Some(Asked::Connect),
        upper => Asked::from_name(upper.split(' ').next()?),
    }
}

#[cfg(test)]
mod tests;
