//! What a reply means here, why, and what to do next.
//!
//! A pure function of the reply, of the conversation so far, and of [`Knowledge`], which is data read from `assets/`.
//! Not here: sockets, files, screens.

use crate::conversation::{Dialogue, Log};
use crate::smtp::{Class, EnhancedCode, ReplyCode, Verb, VerbTable};

/// All that is known, as a value: shipped data overlaid by the user's own.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The verbs and their parameters.
    pub verbs: VerbTable,
}

impl Knowledge {
    /// What is compiled in.
    #[must_use]
    pub fn shipped() -> Self {
        Self::default()
    }
}

/// What is known of the moment in which a reply came. Everything may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// What was asked: a verb, or one of `connect`, `end-of-data`, `auth-answer`.
    pub asked: Option<Asked>,
    /// Whether the line was encrypted.
    pub tls: Option<bool>,
    /// Whether the client had logged in.
    pub authenticated: Option<bool>,
    /// The keywords offered by the server, upper case; none where no EHLO was seen.
    pub capabilities: Option<Vec<String>>,
    /// The forward-path in question.
    pub rcpt: Option<String>,
    /// The reverse-path in question.
    pub from: Option<String>,
    /// Recipients accepted in the open transaction.
    pub accepted: u32,
    /// The name in the greeting or in the reply to EHLO.
    pub server: Option<String>,
}

/// What a reply answers, as far as decoding is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// The connection: the reply is the greeting.
    Connect,
    /// A command of this verb.
    Verb(Verb),
    /// The lone dot, or the last chunk.
    EndOfData,
    /// An answer within AUTH.
    AuthAnswer,
    /// Nothing: the server spoke unasked.
    Nothing,
}

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
    /// One of FORMATS section 6's list.
    pub category: String,
    /// Whether to try again: yes later, no, or not a question here.
    pub retry: Option<bool>,
    /// The server or provider that was recognised.
    pub software: Option<String>,
    /// Likely causes, most likely first.
    pub causes: Vec<String>,
    /// What to do next, best first.
    pub next: Vec<Step>,
    /// RFCs and sections, such as `RFC 5321 3.6.2`.
    pub references: Vec<String>,
    /// What each digit says: pairs of the digits as shown (`5`, `x5x`, `5.7.1`) and their words.
    pub digits: Vec<(String, String)>,
    /// Anything worth knowing beside that: a flaw of the reply, a contradiction between its codes.
    pub notes: Vec<String>,
}

/// Explains a reply by its code, enhanced code and text alone.
#[must_use]
pub fn explain(
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
    _text: &str,
    _context: &Context,
    _knowledge: &Knowledge,
) -> Explanation {
    Explanation {
        code,
        class: Class::Unknown,
        enhanced,
        title: String::new(),
        meaning: String::new(),
        category: "unknown".to_owned(),
        retry: None,
        software: None,
        causes: Vec::new(),
        next: Vec::new(),
        references: Vec::new(),
        digits: Vec::new(),
        notes: Vec::new(),
    }
}

/// Explains the reply of an exchange with all that its conversation shows; none as long as no reply has come.
#[must_use]
pub fn explain_exchange(
    _exchange: usize,
    _dialogue: &Dialogue,
    _log: &Log,
    _knowledge: &Knowledge,
) -> Option<Explanation> {
    None
}
