//! The words of which a goal is built (FORMATS section 4; `judge` says when each holds).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::smtp::{Phase, nearest, verb};

use super::finding::Wanted;
use super::value::{Expected, Expression, FromWord, Glob, Table, only_true, time, word_or_table};

/// Something that a conversation may reach.
#[derive(Debug, Clone)]
pub enum Goal {
    /// A banner of 2yz came.
    Connected,
    /// This greeting was answered 2yz.
    Greeted(String),
    /// A command was sent.
    Sent(Sent),
    /// A reply came.
    Reply(Reply),
    /// MAIL with this reverse-path.
    Mail(Envelope),
    /// RCPT with this forward-path.
    Rcpt(Envelope),
    /// So many RCPT of one mail transaction.
    RcptCount(RcptCount),
    /// A finished message.
    Data(Box<Data>),
    /// Messages that lie in mailboxes.
    Delivered(Delivered),
    /// A capability that was offered, upper case.
    CapabilitySeen(String),
    /// A handshake was done.
    Tls(Tls),
    /// The client logged in.
    Authenticated(Authenticated),
    /// Where the session stands.
    Phase(Phase),
    /// Who ended a connection.
    ClosedBy(Side),
    /// So many commands in one write.
    Pipelined(usize),
    /// What was typed as a finding last.
    Answer(Box<Wanted>),
    /// The goal holds for what happened in one connection, or in one mail transaction.
    Same(Scope, Box<Goal>),
    /// Each after the event that made the one before true.
    InOrder(Vec<Goal>),
    /// All of them.
    All(Vec<Goal>),
    /// One of them.
    Any(Vec<Goal>),
    /// Not so far.
    Not(Box<Goal>),
    /// Not so far, and once it was the lesson has to be started over.
    Never(Box<Goal>),
    /// The goal holds no later than this after the connection, or after the goal before it in `in_order`.
    Within(Duration, Box<Goal>),
}

/// Within what a goal has to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `same_connection`.
    Connection,
    /// `same_transaction`: RSET, a greeting and MAIL begin another.
    Transaction,
}

/// `sent`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The verb; any without one.
    #[serde(default, deserialize_with = "verb")]
    pub verb: Option<String>,
    /// On what follows the verb.
    pub argument: Option<Expression>,
    /// How it was answered.
    pub reply: Option<Expected>,
}

/// `reply`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// To which verb; any without one.
    #[serde(default, deserialize_with = "verb")]
    pub verb: Option<String>,
    /// The code.
    pub code: Option<Expected>,
    /// The enhanced status code.
    pub enhanced: Option<Glob>,
    /// On its text.
    pub text: Option<Expression>,
}

/// `mail` and `rcpt`.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// The path's address; the empty one is the null path.
    pub address: Option<Glob>,
    /// A parameter that stands there.
    pub parameter: Option<String>,
    /// What its list, parted by commas, has.
    pub includes: Vec<String>,
    /// How it was answered.
    pub reply: Option<Expected>,
    /// Nobody else was named in its mail transaction.
    pub alone: bool,
    /// The reverse-path that was accepted in its mail transaction, of `rcpt`; the empty one is the null path.
    pub from: Option<Glob>,
    /// It was not said under TLS.
    pub clear: bool,
}

/// `rcpt_count`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RcptCount {
    /// At least so many.
    pub min: usize,
    /// Answered so.
    #[serde(default = "Expected::success")]
    pub reply: Expected,
    /// Each mailbox counts once.
    #[serde(default)]
    pub different: bool,
}

/// `data`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Header fields by name; the expression begins where the value does.
    pub header: BTreeMap<String, Expression>,
    /// On the body after unstuffing, with `\n` for every line end.
    pub body: Option<Expression>,
    /// Its length.
    pub lines: Option<Least>,
    /// Whether a line began with a dot that was doubled.
    pub dot_stuffed: Option<bool>,
    /// Whether a line ended in a line feed alone.
    pub bare_lf: Option<bool>,
    /// Whether a line feed alone stood on either side of the dot that ended it.
    pub bare_end: Option<bool>,
    /// In so many chunks (BDAT).
    pub chunks: Option<usize>,
    /// Whether MAIL declared at least as many octets as came (SIZE, RFC 1870).
    pub declared: Option<bool>,
    /// How the end of it was answered.
    pub reply: Option<Expected>,
    /// The reverse-path of its mail transaction; the empty one is the null path.
    pub from: Option<Glob>,
    /// Forward-paths that were accepted in its mail transaction, each of them.
    pub to: Vec<Glob>,
    /// On what follows MAIL of its mail transaction.
    pub mail: Option<Expression>,
    /// So many of its accepted forward-paths are named in no To, Cc or Bcc.
    pub blind: Option<Least>,
}

/// `{ min = N }`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Least {
    /// At least so many.
    pub min: usize,
}

/// `delivered`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivered {
    /// Into which mailboxes.
    pub to: Glob,
    /// At least so many messages.
    pub count: usize,
    /// All of them over one connection.
    pub one_connection: bool,
}

impl Default for Delivered {
    fn default() -> Self {
        Self { to: Glob::new("*"), count: 1, one_connection: false }
    }
}

/// `tls`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// At least this version, as `1.2`.
    #[serde(deserialize_with = "version")]
    pub min: Option<(u8, u8)>,
    /// Whether the client accepted the certificate; only the client's own record says so.
    pub verified: Option<bool>,
}

/// `authenticated`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authenticated {
    /// By this mechanism, in any case.
    pub mechanism: Option<String>,
    /// As this user.
    pub user: Option<String>,
}

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// QUIT, or an end by the client.
    Client,
    /// 421, or an end by the server.
    Server,
}

impl Goal {
    /// What must never happen if the goal is to be reached.
    pub(super) fn nevers(&self) -> Vec<&Goal> {
        match self {
            Self::Never(goal) => vec![goal],
            Self::InOrder(goals) | Self::All(goals) => goals.iter().flat_map(Self::nevers).collect(),
            Self::Within(_, goal) | Self::Same(_, goal) => goal.nevers(),
            _ => Vec::new(),
        }
    }

    /// Tells its answers which question they answer; `firm` as [`Wanted::is_asked`] has it.
    pub(super) fn is_asked(&mut self, question: &str, firm: bool) {
        match self {
            Self::Answer(wanted) => wanted.is_asked(question, firm),
            Self::InOrder(goals) | Self::All(goals) | Self::Any(goals) => {
                for goal in goals {
                    goal.is_asked(question, firm);
                }
            }
            Self::Within(_, goal) | Self::Same(_, goal) => goal.is_asked(question, firm),
            // What an answer must not have it has only where it is meant.
            Self::Not(goal) | Self::Never(goal) => goal.is_asked(question, true),
            _ => {}
        }
    }
}

macro_rules! tables {
    ($($kind:ty),*) => {$(
        impl<'de> Table<'de> for $kind {
            fn table<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }
        }
    )*};
}
tables!(Sent, Reply, Tls, Authenticated);

impl FromWord for Sent {
    const EXPECTED: &'static str = "a verb, or a table with verb, argument and reply";
    fn from_word(word: &str) -> Result<Self, String> {
        Ok(Self { verb: Some(of_command(word)?), ..Self::default() })
    }
}

impl FromWord for Reply {
    const EXPECTED: &'static str = "a reply code, or a table with verb, code, enhanced and text";
    fn from_word(word: &str) -> Result<Self, String> {
        let code = crate::script::pattern::Pattern::parse(word).map_err(|misfit| misfit.words())?;
        Ok(Self { code: Some(Expected(code)), ..Self::default() })
    }
}

impl FromWord for Tls {
    const EXPECTED: &'static str = "true, or a table with min and verified";
    fn from_word(word: &str) -> Result<Self, String> {
        Err(format!("found {word:?}, expected {}", Self::EXPECTED))
    }
    fn from_true() -> Option<Self> {
        Some(Self::default())
    }
}

impl FromWord for Authenticated {
    const EXPECTED: &'static str = "true, or a table with mechanism and user";
    fn from_word(word: &str) -> Result<Self, String> {
        Err(format!("found {word:?}, expected {}", Self::EXPECTED))
    }
    fn from_true() -> Option<Self> {
        Some(Self::default())
    }
}

fn verb<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    of_command(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

/// A verb, as facts have it. One that no server knows may be meant: only what looks like a slip in a known one is refused,
/// since it would never be sent.
fn of_command(word: &str) -> Result<String, String> {
    let word = word.to_ascii_uppercase();
    if let Some((verb, rest)) = word.trim().split_once(char::is_whitespace) {
        let cure = format!("{{ verb = {verb:?}, argument = '(?i)^{}' }}", regex::escape(rest.trim_start()));
        return Err(format!("{word:?} is more than a verb; what follows that is the argument: {cure}"));
    }
    // A short word that lacks a letter, or has one more, may be what a learner is expected to say.
    let slip = |letters: usize, known: usize| letters > 3 && letters == known || letters.min(known) > 5;
    let meant = || nearest(&word, verb::names(), |letters, known| usize::from(slip(letters, known)));
    match meant() {
        Some(known) if !verb::is_known(&word) => Err(format!("{word:?} is no command; did you mean {known:?}?")),
        _ => Ok(word),
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(u8, u8)>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parts = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    parts.map(Some).ok_or_else(|| D::Error::custom(format!("{text:?} is no version of TLS; write it as \"1.2\"")))
}

/// A goal as the file has it: one word or more; with more all must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    #[serde(default, deserialize_with = "connected")]
    connected: Option<Goal>,
    #[serde(default, deserialize_with = "greeted")]
    greeted: Option<Goal>,
    #[serde(default, deserialize_with = "sent")]
    sent: Option<Goal>,
    #[serde(default, deserialize_with = "reply")]
    reply: Option<Goal>,
    mail: Option<MailKeys>,
    rcpt: Option<RcptKeys>,
    rcpt_count: Option<RcptCount>,
    data: Option<Box<Data>>,
    delivered: Option<Delivered>,
    capability_seen: Option<String>,
    #[serde(default, deserialize_with = "tls")]
    tls: Option<Goal>,
    #[serde(default, deserialize_with = "authenticated")]
    authenticated: Option<Goal>,
    #[serde(default, deserialize_with = "phase")]
    phase: Option<Goal>,
    closed_by: Option<Side>,
    pipelined: Option<Least>,
    answer: Option<Box<Wanted>>,
    same_connection: Option<Box<Goal>>,
    same_transaction: Option<Box<Goal>>,
    in_order: Option<Vec<Goal>>,
    all: Option<Vec<Goal>>,
    any: Option<Vec<Goal>>,
    not: Option<Box<Goal>>,
    never: Option<Box<Goal>>,
    within: Option<WithinKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailKeys {
    from: Option<Glob>,
    parameter: Option<String>,
    #[serde(default)]
    includes: Vec<String>,
    reply: Option<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RcptKeys {
    to: Option<Glob>,
    parameter: Option<String>,
    #[serde(default)]
    includes: Vec<String>,
    reply: Option<Expected>,
    #[serde(default)]
    alone: bool,
    from: Option<Glob>,
    #[serde(default)]
    clear: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithinKeys {
    #[serde(deserialize_with = "time")]
    time: Duration,
    goal: Box<Goal>,
}

impl<'de> Deserialize<'de> for Goal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Words::deserialize(deserializer)?;
        let mut goals = words.goals();
        if goals
            .iter()
            .any(|goal| matches!(goal, Self::InOrder(list) | Self::All(list) | Self::Any(list) if list.is_empty()))
        {
            return Err(D::Error::custom("a list of goals is empty"));
        }
        match goals.len() {
            0 => Err(D::Error::custom("a goal has no word; write one such as { sent = \"QUIT\" }")),
            1 => Ok(goals.remove(0)),
            _ => Ok(Self::All(goals)),
        }
    }
}

impl Words {
    fn goals(self) -> Vec<Goal> {
        let mail = self.mail.map(|MailKeys { from, parameter, includes, reply }| {
            Goal::Mail(Envelope { address: from, parameter, includes, reply, ..Envelope::default() })
        });
        let rcpt = self.rcpt.map(|RcptKeys { to, parameter, includes, reply, alone, from, clear }| {
            Goal::Rcpt(Envelope { address: to, parameter, includes, reply, alone, from, clear })
        });
        [
            self.connected,
            self.greeted,
            self.sent,
            self.reply,
            mail,
            rcpt,
            self.rcpt_count.map(Goal::RcptCount),
            self.data.map(Goal::Data),
            self.delivered.map(Goal::Delivered),
            self.capability_seen.map(|name| Goal::CapabilitySeen(name.to_ascii_uppercase())),
            self.tls,
            self.authenticated,
            self.phase,
            self.closed_by.map(Goal::ClosedBy),
            self.pipelined.map(|least| Goal::Pipelined(least.min)),
            self.answer.map(Goal::Answer),
            self.same_connection.map(|goal| Goal::Same(Scope::Connection, goal)),
            self.same_transaction.map(|goal| Goal::Same(Scope::Transaction, goal)),
            self.in_order.map(Goal::InOrder),
            self.all.map(Goal::All),
            self.any.map(Goal::Any),
            self.not.map(Goal::Not),
            self.never.map(Goal::Never),
            self.within.map(|WithinKeys { time, goal }| Goal::Within(time, goal)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn connected<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Goal>, D::Error> {
    only_true(deserializer).map(|()| Some(Goal::Connected))
}

fn greeted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Goal>, D::Error> {
    let verb = String::deserialize(deserializer)?.to_ascii_uppercase();
    match verb.as_str() {
        "HELO" | "EHLO" | "LHLO" => Ok(Some(Goal::Greeted(verb))),
        _ => Err(D::Error::custom(format!("found {verb:?}, expected \"HELO\", \"EHLO\" or \"LHLO\""))),
    }
}

fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Goal>, D::Error> {
    word_or_table(deserializer).map(|sent| Some(Goal::Sent(sent)))
}

fn reply<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Goal>, D::Error> {
    word_or_table(deserializer).map(|reply| Some(Goal::Reply(reply)))
}

fn tls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Goal>, D::Error> {
    word_or_table(deserializer).map(|tls| Some(Goal::Tls(tls)))
}

fn authenticated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Goal>, D::Error> {
    word_or_table(deserializer).map(|keys| Some(Goal::Authenticated(keys)))
}

fn phase<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Goal>, D::Error> {
    let name = String::deserialize(deserializer)?;
    Phase::from_name(&name).map(|phase| Some(Goal::Phase(phase))).ok_or_else(|| {
        let known = Phase::ALL.map(Phase::name).join(", ");
        D::Error::custom(format!("{name:?} is no phase; there are: {known}"))
    })
}
