//! What is known of the moment in which a reply came.

use crate::smtp::{Phase, Verb};

/// What the greeting of the lab says that it is.
const LAB: &str = "ehlo lab";

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

impl Asked {
    /// Its name in the decode data: a verb, or `connect`, `end-of-data`, `auth-answer`, `unasked`, `other`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Verb(Verb::Other) => "other",
            Self::Verb(verb) => verb.word(),
            Self::EndOfData => "end-of-data",
            Self::AuthAnswer => "auth-answer",
            Self::Nothing => "unasked",
        }
    }

    /// Whether it is a greeting of the client.
    pub(super) fn greets(self) -> bool {
        matches!(self, Self::Verb(Verb::Ehlo | Verb::Helo | Verb::Lhlo))
    }

    /// What this name stands for, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let fixed = [Self::Connect, Self::EndOfData, Self::AuthAnswer, Self::Nothing, Self::Verb(Verb::Other)];
        fixed.into_iter().find(|asked| asked.name().eq_ignore_ascii_case(name)).or_else(|| {
            let verb = Verb::from_word(name);
            (verb != Verb::Other).then_some(Self::Verb(verb))
        })
    }

    /// Whether the decode data means this by a name; AUTH stands for an answer within it too.
    #[must_use]
    pub fn is_named(self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name) || self == Self::AuthAnswer && name.eq_ignore_ascii_case("AUTH")
    }
}

/// What is known of the moment in which a reply came. Everything may be unknown, and nothing is assumed then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// What was asked.
    pub asked: Option<Asked>,
    /// The phase before the reply.
    pub before: Option<Phase>,
    /// The phase after it: decides what can be done next.
    pub after: Option<Phase>,
    /// Where that is not known: those that the command and the code leave open.
    pub open: Option<&'static [Phase]>,
    /// Whether the server wants no more than QUIT.
    pub turned_away: bool,
    /// Whether the line was encrypted.
    pub tls: Option<bool>,
    /// Whether the client had logged in.
    pub authenticated: Option<bool>,
    /// The keywords offered by the server, upper case; none where no EHLO was answered.
    pub capabilities: Option<Vec<String>>,
    /// The mechanisms offered for AUTH, upper case.
    pub mechanisms: Vec<String>,
    /// The mechanism that the client chose, upper case.
    pub mechanism: Option<String>,
    /// The largest message that the server takes, octets.
    pub size_limit: Option<u64>,
    /// Octets of content that were sent.
    pub content_octets: Option<u64>,
    /// The forward-path in question.
    pub rcpt: Option<String>,
    /// The reverse-path in question.
    pub from: Option<String>,
    /// The name that the client gave with HELO, EHLO or LHLO.
    pub client: Option<String>,
    /// Recipients accepted in the open transaction.
    pub accepted: Option<u32>,
    /// The name in the greeting or in the reply to EHLO.
    pub server: Option<String>,
    /// The text of the greeting.
    pub banner: Option<String>,
    /// Whether the protocol is LMTP.
    pub lmtp: bool,
    /// The size that MAIL announced, octets.
    pub declared_size: Option<u64>,
    /// How long nothing was said before the reply, or before the command that it answers.
    pub idle: Option<std::time::Duration>,
    /// Whether the connection was made to the MX of a domain, by name.
    pub at_its_mx: bool,
    /// Whether this server refused to relay to another domain on this connection.
    pub refuses_relay: bool,
    /// Whether the server was greeted by HELO, so that nothing of what it would offer is known.
    pub helo: bool,
    /// Whether the answer within AUTH was the `*` that gives up.
    pub gave_up: bool,
    /// Why the command does not fit the state of the session, where it does not.
    pub objection: Option<String>,
}

impl Context {
    /// Whether the server offered this keyword; none where it is not known.
    #[must_use]
    pub fn offers(&self, keyword: &str) -> Option<bool> {
        let capabilities = self.capabilities.as_ref()?;
        Some(capabilities.iter().any(|it| it.eq_ignore_ascii_case(keyword)))
    }

    /// Whether the session may stand in one of these phases after the reply; where nothing is known it may.
    pub(super) fn may_be_in(&self, phases: &[Phase]) -> bool {
        match (self.after, self.open) {
            (Some(phase), _) => phases.contains(&phase),
            (None, Some(open)) => open.iter().any(|phase| phases.contains(phase)),
            (None, None) => true,
        }
    }

    /// Whether the session stands within a mail transaction after the reply.
    pub(super) fn in_transaction(&self) -> bool {
        let within = |phase: &Phase| matches!(phase, Phase::Mail | Phase::Rcpt);
        self.after.as_ref().map_or_else(|| self.open.is_some_and(|open| open.iter().all(within)), within)
    }

    /// Whether the server is the lab, by its greeting.
    #[must_use]
    pub fn is_in_lab(&self) -> bool {
        self.banner.as_deref().is_some_and(|banner| banner.contains(LAB))
    }

    /// Whether nothing more can be said on this connection.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.after, Some(Phase::Quit | Phase::Closed))
    }
}
