//! Which parts of making a connection ready a goal is about: those are a learner's to type, and a session that goes by
//! itself stops before them.

use crate::smtp::{Phase, Session, Verb, sasl};

use super::goal::Goal;

/// A part of making a connection ready, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// HELO, EHLO or LHLO.
    Greeting,
    /// STARTTLS.
    Tls,
    /// AUTH and the answers within it.
    LogIn,
}

impl Part {
    /// The part that a command belongs to.
    #[must_use]
    pub fn of(verb: Verb) -> Option<Self> {
        match verb {
            Verb::Helo | Verb::Ehlo | Verb::Lhlo => Some(Self::Greeting),
            Verb::Starttls => Some(Self::Tls),
            Verb::Auth => Some(Self::LogIn),
            _ => None,
        }
    }

    /// What is said where a session that goes by itself stops before it.
    #[must_use]
    pub fn left_words(self) -> &'static str {
        match self {
            Self::Greeting => "The greeting is left to you: the open step is about it.",
            Self::Tls => "STARTTLS is left to you: the open step is about it.",
            Self::LogIn => "AUTH is left to you: the open step is about it.",
        }
    }

    fn is_done(self, session: &Session) -> bool {
        match self {
            Self::Greeting => {
                let phase = session.phase();
                phase == Phase::Ready || phase == Phase::Auth || phase.in_transaction()
            }
            Self::Tls => session.tls,
            Self::LogIn => session.authenticated.is_some(),
        }
    }
}

impl Goal {
    /// Whether this part is a learner's at this point of the session: it is asked for, and all that is asked for before it
    /// is done on this connection.
    #[must_use]
    pub fn keeps(&self, part: Part, session: &Session) -> bool {
        self.kept().into_iter().find(|kept| *kept == part || !kept.is_done(session)) == Some(part)
    }

    /// The parts that it is about, in its order. Of several ways to reach it what belongs to them all.
    #[must_use]
    pub fn kept(&self) -> Vec<Part> {
        let mut kept = Vec::new();
        for part in self.about() {
            if !kept.contains(&part) {
                kept.push(part);
            }
        }
        kept
    }

    fn about(&self) -> Vec<Part> {
        let of = |word: &Option<String>| {
            let answers = |word: &&String| word.eq_ignore_ascii_case("AUTH-ANSWER");
            let within = word.as_ref().filter(answers).map(|_| Part::LogIn);
            within.or_else(|| Part::of(Verb::from_word(word.as_ref()?))).into_iter().collect()
        };
        match self {
            Self::Greeted(_) | Self::CapabilitySeen(_) => vec![Part::Greeting],
            Self::Tls(_) => vec![Part::Tls],
            // Nobody works out a proof in the head: that is left to the workbench.
            Self::Authenticated(by) => {
                let known = by.mechanism.as_ref().and_then(|name| sasl::known(name));
                if known.is_some_and(|known| !known.shows_secret) { Vec::new() } else { vec![Part::LogIn] }
            }
            Self::Sent(sent) => of(&sent.verb),
            Self::Reply(reply) => of(&reply.verb),
            // Who has logged in is not told to.
            Self::Mail(envelope) => {
                let refused = envelope.reply.as_ref().is_some_and(|reply| reply.0.to_string().starts_with("530"));
                if refused { vec![Part::LogIn] } else { Vec::new() }
            }
            Self::Rcpt(envelope) if envelope.clear => vec![Part::Tls],
            Self::InOrder(goals) | Self::All(goals) => goals.iter().flat_map(Self::about).collect(),
            Self::Any(goals) => {
                let mut ways = goals.iter().map(Self::about);
                let mut common = ways.next().unwrap_or_default();
                for way in ways {
                    common.retain(|part| way.contains(part));
                }
                common
            }
            Self::Same(_, goal) | Self::Within(_, goal) => goal.about(),
            // What must not be there must not be brought about.
            Self::Not(goal) | Self::Never(goal) => match goal.as_ref() {
                Self::Tls(_) | Self::Authenticated(_) | Self::Sent(_) => goal.about(),
                _ => Vec::new(),
            },
            Self::Connected
            | Self::Rcpt(_)
            | Self::RcptCount(_)
            | Self::Data(_)
            | Self::Delivered(_)
            | Self::Phase(_)
            | Self::ClosedBy(_)
            | Self::Pipelined(_)
            | Self::Answer(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{Lesson, course};

    #[test]
    fn the_steps_of_the_lesson_about_a_log_in_keep_what_they_ask_for() {
        let (name, text) = course::shipped().find(|(name, _)| name == "17-auth").expect("it is shipped");
        let lesson = Lesson::parse(&name, text).expect("well formed");
        let kept: Vec<_> = lesson.steps.iter().map(|step| step.goal.kept()).collect();
        let log_in = vec![Part::LogIn];
        assert_eq!(kept, [log_in.clone(), vec![Part::Tls, Part::LogIn], log_in.clone(), log_in, vec![]]);
    }

    #[test]
    fn what_one_of_several_ways_needs_is_not_kept() {
        let goal = |text: &str| toml::from_str::<std::collections::BTreeMap<String, Goal>>(text).expect("a goal");
        let kept = |text: &str| goal(&format!("goal = {text}"))["goal"].kept();
        assert_eq!(kept("{ any = [{ sent = 'RSET' }, { greeted = 'EHLO' }] }"), []);
        assert_eq!(kept("{ any = [{ greeted = 'HELO' }, { greeted = 'EHLO' }] }"), [Part::Greeting]);
        assert_eq!(kept("{ in_order = [{ tls = true }, { rcpt = { clear = true } }] }"), [Part::Tls]);
    }
}
