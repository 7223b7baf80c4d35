//! What a reply means here, or an end that no reply tells; why, and what to do next.
//!
//! A pure function of the reply, of the conversation so far, and of [`Knowledge`], which is data read from `assets/`.
//! Layers speak from the most specific to the most general: a recognised text, the enhanced status code, the reply code
//! at this verb, the digits. Not here: sockets, files, screens.

mod advice;
mod answers;
mod auth;
mod book;
mod category;
mod cause;
mod context;
mod digits;
mod ended;
mod entry;
mod evidence;
mod examples;
mod exchange;
mod explain;
pub mod finding;
mod fitting;
mod head;
mod knowledge;
mod layers;
mod line;
mod literals;
mod maillog;
mod missed;
mod normal;
mod notes;
pub mod offer;
mod outside;
mod quoted;
pub mod reference;
mod references;
mod report;
mod said;
mod sender;
mod sieve;
mod slip;
mod standing;
mod steps;
mod terms;
mod told;
mod unwrapped;
mod wait;
mod words;

#[cfg(test)]
mod advised;
#[cfg(test)]
mod doable;
#[cfg(test)]
mod moments;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod thin;

pub use advice::{Listing, listing};
pub use book::Book;
pub use cause::Cause;
pub use context::{Asked, Context};
pub use ended::{Account, explain_ending};
pub use entry::{
    AtEntry, CategoryEntry, CodeEntry, DigitEntry, EnhancedEntry, ReplyEntry, Several, SoftwareEntry, StepEntry,
};
pub use exchange::{explain_exchange, gives_up};
pub use explain::{explain, explain_reply, untimed};
pub use knowledge::{CapabilityEntry, Knowledge, KnowledgeError, Term};
pub use line::MENDED;
pub use maillog::{Lines, Refusal, is_of_a_log, recipient, refusal};
pub use normal::normalise;
pub use quoted::{Quoted, explain_text, leads_on, quoted};
pub use report::{Reported, explain_bounce, explain_reported, reported, reported_in};
pub use said::enhanced_in;
pub use terms::{terms_at, terms_in};
pub use wait::asked_to_wait;

use crate::smtp::{Class, EnhancedCode, ReplyCode};

/// The actions that a next step may name; each must be an entry of the workbench's action table.
pub const ACTIONS: &[&str] = &["connect", "reconnect", "ready", "message"];

/// The categories (FORMATS section 6).
pub const CATEGORIES: &[&str] = &[
    "ok",
    "intermediate",
    "information",
    "mailbox-unknown",
    "mailbox-disabled",
    "mailbox-full",
    "mailbox-moved",
    "mailbox-ambiguous",
    "domain-unknown",
    "relay-denied",
    "sender-rejected",
    "auth-required",
    "auth-failed",
    "tls-required",
    "tls-failed",
    "too-large",
    "content-rejected",
    "spam",
    "malware",
    "reputation",
    "rate-limited",
    "too-many-connections",
    "greylisted",
    "reverse-dns",
    "sender-authentication",
    "policy",
    "too-many-recipients",
    "syntax",
    "bad-sequence",
    "not-implemented",
    "noncompliant",
    "service-unavailable",
    "storage",
    "server-error",
    "routing",
    "network",
    "expired",
    "unknown",
];

/// Something that can be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it does, in words.
    pub text: String,
    /// How.
    pub does: Does,
}

/// How a next step is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// A wire line for the composer.
    Command(String),
    /// An entry of the action table, with its argument; never sent to a server.
    Action(String, Option<String>),
    /// Something outside ehlo: advice alone.
    Advice,
}

/// What a reply means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The code, where there is one.
    pub code: Option<ReplyCode>,
    /// What its first digit says.
    pub class: Class,
    /// The enhanced status code.
    pub enhanced: Option<EnhancedCode>,
    /// A headline.
    pub title: String,
    /// What happened, in a sentence or two.
    pub meaning: String,
    /// One of [`CATEGORIES`].
    pub category: String,
    /// Whether to try again: yes later, no, or not a question here.
    pub retry: Option<bool>,
    /// The server or provider that was recognised.
    pub software: Option<String>,
    /// By what it was recognised, in a few words.
    pub evidence: Option<String>,
    /// Likely causes, most likely first.
    pub causes: Vec<Cause>,
    /// What to do next, best first.
    pub next: Vec<Step>,
    /// RFCs and sections, such as `RFC 5321 3.6.2`.
    pub references: Vec<String>,
    /// What each digit says: pairs of the digits as shown (`5`, `x5x`, `5.7.1`) and their words.
    pub digits: Vec<(String, String)>,
    /// Anything worth knowing beside that: a flaw of the reply, a contradiction between its codes.
    pub notes: Vec<String>,
    /// The layers that had something to say, most specific first.
    pub layers: Vec<Layer>,
}

impl Explanation {
    /// The headline without how long the refusal holds, which the code says too.
    #[must_use]
    pub fn cause(&self) -> &str {
        self.title.strip_prefix(explain::refused(self.class)).unwrap_or(&self.title)
    }
}

/// What a layer goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spoke {
    /// A recognised text.
    Text,
    /// Words that were weighed together.
    Words,
    /// The enhanced status code.
    Enhanced,
    /// The reply code, after this command where that is known.
    Code,
}

impl Spoke {
    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Words => "words",
            Self::Enhanced => "enhanced",
            Self::Code => "code",
        }
    }
}

/// What one layer says of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What it goes by.
    pub by: Spoke,
    /// On what it spoke: the server or provider whose text it is (may be empty), the words, the enhanced status code, or
    /// the reply code with the command that it answers.
    pub on: String,
    /// What it says, as a headline.
    pub says: String,
    /// The category that it would give.
    pub category: String,
    /// Where it is written: the name of the file of texts, or whose meaning of an enhanced code it is; may be empty.
    pub source: String,
    /// Whether that is the user's own file.
    pub own: bool,
    /// Whether the explanation goes by it.
    pub decides: bool,
}
