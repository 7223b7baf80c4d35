//! Which commands a goal asks for: what is offered to a learner may not lead past the open step.

use crate::smtp::Verb;

use super::goal::{Goal, Side};
use super::value::{Expected, Glob};

impl Goal {
    /// Whether a verb leads past what is asked for: on to the message, or to the end.
    #[must_use]
    pub fn is_left_by(&self, verb: Verb) -> bool {
        let asked = self.verbs();
        matches!(verb, Verb::Data | Verb::Quit) && !asked.is_empty() && !asked.contains(&verb)
    }

    /// The verbs by which it can be reached, in their order; none where it is not a matter of commands.
    #[must_use]
    pub fn verbs(&self) -> Vec<Verb> {
        let of = |word: &Option<String>| word.iter().map(|word| Verb::from_word(word)).collect();
        match self {
            Self::Greeted(word) => vec![Verb::from_word(word)],
            Self::Sent(sent) => of(&sent.verb),
            Self::Reply(reply) => of(&reply.verb),
            Self::Mail(_) => vec![Verb::Mail],
            Self::Rcpt(_) | Self::RcptCount(_) => vec![Verb::Rcpt],
            Self::Data(_) | Self::Delivered(_) => vec![Verb::Mail, Verb::Rcpt, Verb::Data],
            Self::CapabilitySeen(_) => vec![Verb::Ehlo],
            Self::Tls(_) => vec![Verb::Starttls],
            Self::Authenticated(_) => vec![Verb::Auth],
            Self::ClosedBy(Side::Client) => vec![Verb::Quit],
            Self::InOrder(goals) | Self::All(goals) | Self::Any(goals) => goals.iter().flat_map(Self::verbs).collect(),
            Self::Same(_, goal) | Self::Within(_, goal) => goal.verbs(),
            Self::Connected
            | Self::ClosedBy(Side::Server)
            | Self::Phase(_)
            | Self::Pipelined(_)
            | Self::Answer(_)
            | Self::Not(_)
            | Self::Never(_) => Vec::new(),
        }
    }

    /// Whether it asks for a refusal and names no verb: which line brings it is for the learner to find, and any that is
    /// offered leads away.
    #[must_use]
    pub fn is_yours_to_find(&self) -> bool {
        match self {
            Self::Reply(reply) => {
                let refuses = |code: &Expected| code.0.to_string().starts_with(['4', '5']);
                reply.verb.is_none() && reply.code.as_ref().is_some_and(refuses)
            }
            Self::InOrder(goals) | Self::All(goals) | Self::Any(goals) => goals.iter().all(Self::is_yours_to_find),
            Self::Same(_, goal) | Self::Within(_, goal) => goal.is_yours_to_find(),
            _ => false,
        }
    }

    /// Whether it asks for what was found, and for no line any more.
    #[must_use]
    pub fn is_to_be_told(&self) -> bool {
        match self {
            Self::Answer(_) => true,
            Self::All(goals) => {
                let told = |goal: &Self| goal.is_to_be_told() || matches!(goal, Self::Not(_) | Self::Never(_));
                goals.iter().any(Self::is_to_be_told) && goals.iter().all(told)
            }
            Self::Any(goals) => goals.iter().all(Self::is_to_be_told),
            Self::Same(_, goal) | Self::Within(_, goal) => goal.is_to_be_told(),
            _ => false,
        }
    }

    /// Whether it is about mail that has arrived, whenever that was.
    #[must_use]
    pub fn counts_mail(&self) -> bool {
        match self {
            Self::Delivered(_) => true,
            Self::InOrder(goals) | Self::All(goals) | Self::Any(goals) => goals.iter().any(Self::counts_mail),
            Self::Same(_, goal) | Self::Within(_, goal) | Self::Not(goal) | Self::Never(goal) => goal.counts_mail(),
            _ => false,
        }
    }

    /// The words of these verbs, each once.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        let mut words = Vec::new();
        for verb in self.verbs() {
            if !words.contains(&verb.word()) {
                words.push(verb.word());
            }
        }
        words
    }

    /// The mechanism by which it asks to log in; of several the last, which is open when the others are done.
    #[must_use]
    pub fn mechanism(&self) -> Option<&str> {
        match self {
            Self::Authenticated(by) => by.mechanism.as_deref(),
            Self::InOrder(goals) | Self::All(goals) | Self::Any(goals) => goals.iter().rev().find_map(Self::mechanism),
            Self::Same(_, goal) | Self::Within(_, goal) => goal.mechanism(),
            _ => None,
        }
    }

    /// The recipients that it asks for, where it names them.
    #[must_use]
    pub fn recipients(&self) -> Vec<&Glob> {
        match self {
            Self::Rcpt(envelope) => envelope.address.iter().collect(),
            Self::InOrder(goals) | Self::All(goals) | Self::Any(goals) => {
                goals.iter().flat_map(Self::recipients).collect()
            }
            Self::Same(_, goal) | Self::Within(_, goal) => goal.recipients(),
            _ => Vec::new(),
        }
    }

    /// The senders that it asks for, where it names them.
    #[must_use]
    pub fn senders(&self) -> Vec<&Glob> {
        match self {
            Self::Mail(envelope) => envelope.address.iter().collect(),
            Self::Rcpt(envelope) => envelope.from.iter().collect(),
            Self::Data(data) => data.from.iter().collect(),
            Self::InOrder(goals) | Self::All(goals) | Self::Any(goals) => {
                goals.iter().flat_map(Self::senders).collect()
            }
            Self::Same(_, goal) | Self::Within(_, goal) => goal.senders(),
            _ => Vec::new(),
        }
    }
}
