//! When a goal holds.
//!
//! A goal is looked for in the facts from a place on; what is given back is the place after the fact that made it true,
//! so that the next one of an `in_order` begins there.

use std::collections::BTreeMap;

use crate::conversation::Micros;
use crate::smtp::Reply as Answer;

use super::fact::{Asked, Fact, Message, What};
use super::goal::{Data, Delivered, Envelope, Goal, RcptCount, Reply, Scope, Sent, Side, Tls};
use super::value::Expected;

impl Goal {
    /// Whether the goal holds for what has happened.
    #[must_use]
    pub fn holds(&self, facts: &[Fact]) -> bool {
        self.reached(facts, 0).is_some()
    }

    /// The place after the first fact from `from` on with which the goal holds. `not` and `never` look at all facts.
    #[must_use]
    pub fn reached(&self, facts: &[Fact], from: usize) -> Option<usize> {
        match self {
            Self::Connected => asked(facts, from, |asked| asked.verb == "CONNECT" && asked.succeeded()),
            Self::Greeted(verb) => asked(facts, from, |asked| asked.verb == *verb && asked.succeeded()),
            Self::Sent(sent) => asked(facts, from, |asked| sent.is(asked)),
            Self::Reply(reply) => asked(facts, from, |asked| reply.is(asked)),
            Self::Mail(keys) => asked(facts, from, |asked| asked.verb == "MAIL" && keys.is(asked)),
            Self::Rcpt(keys) => first(facts, from, |fact| {
                matches!(&fact.what, What::Asked(asked) if asked.verb == "RCPT" && keys.is(asked)
                    && keys.stands(facts, fact, (fact.session, asked.transaction)))
            }),
            Self::RcptCount(keys) => keys.count(facts, from).0,
            Self::Data(data) => first(facts, from, |fact| {
                matches!(&fact.what, What::Asked(asked) if data.is(asked)
                    && data.travels(facts, (fact.session, asked.transaction))
                    && data.hides(asked, facts, (fact.session, asked.transaction))
                    && data.came(facts, asked, (fact.session, asked.transaction)))
            }),
            Self::Delivered(keys) => keys.count(facts, from).0,
            Self::CapabilitySeen(name) => {
                asked(facts, from, |asked| asked.capabilities.as_ref().is_some_and(|all| all.has(name)))
            }
            Self::Tls(keys) => first(facts, from, |fact| keys.is(&fact.what)),
            Self::Authenticated(keys) => asked(facts, from, |asked| {
                asked.login.as_ref().is_some_and(|(mechanism, user)| {
                    keys.mechanism.as_ref().is_none_or(|want| want.eq_ignore_ascii_case(mechanism))
                        && keys.user.as_ref().is_none_or(|want| user.as_ref() == Some(want))
                })
            }),
            Self::Phase(phase) => {
                let now = facts.last().filter(|_| facts.len() > from)?;
                (now.phase == *phase).then_some(facts.len())
            }
            Self::ClosedBy(side) => first(facts, from, |fact| closes(&fact.what, *side)),
            Self::Pipelined(min) => first(facts, from, |fact| matches!(fact.what, What::Pipelined(n) if n >= *min)),
            Self::Answer(wanted) => {
                let last = facts.iter().rposition(|fact| matches!(fact.what, What::Answer(_)))?;
                let What::Answer(finding) = &facts[last].what else { return None };
                (last >= from && wanted.is_in(finding)).then_some(last + 1)
            }
            Self::Same(scope, goal) => scope.reached(goal, facts, from),
            Self::InOrder(goals) => goals.iter().try_fold(from, |from, goal| goal.reached(facts, from)),
            Self::All(goals) => goals.iter().try_fold(from, |last, goal| Some(goal.reached(facts, from)?.max(last))),
            Self::Any(goals) => goals.iter().filter_map(|goal| goal.reached(facts, from)).min(),
            Self::Not(goal) | Self::Never(goal) => goal.reached(facts, 0).is_none().then_some(from),
            Self::Within(time, goal) => {
                let began = facts.get(from.saturating_sub(usize::from(from > 0)))?.at;
                let limit = began.0.saturating_add(Micros::from(*time).0);
                goal.reached(facts, from).filter(|end| *end == 0 || facts[end - 1].at.0 <= limit)
            }
        }
    }

    /// How far a goal that counts has come, of what happened from a place on: how many of how many. Nothing where there
    /// is nothing to count.
    #[must_use]
    pub fn count(&self, facts: &[Fact], from: usize) -> Option<(usize, usize)> {
        let (have, of) = match self {
            Self::RcptCount(keys) => (keys.count(facts, from).1, keys.min),
            Self::Delivered(keys) => (keys.count(facts, from).1, keys.count),
            Self::All(goals) => (goals.iter().filter(|goal| goal.reached(facts, from).is_some()).count(), goals.len()),
            Self::InOrder(goals) => {
                let mut from = Some(from);
                let done = goals.iter().take_while(|goal| {
                    from = from.and_then(|from| goal.reached(facts, from));
                    from.is_some()
                });
                (done.count(), goals.len())
            }
            Self::Same(scope, goal) => {
                let parts = scope.parts(facts, from).into_iter().filter_map(|(facts, _)| goal.count(&facts, 0));
                return parts.max().or_else(|| goal.count(&[], 0));
            }
            _ => return None,
        };
        (of > 1).then_some((have.min(of), of))
    }
}

impl Goal {
    /// Whether all that is still open of it is a line before its turn (503): what would come in its turn leads away.
    #[must_use]
    pub fn wants_one_too_early(&self, facts: &[Fact], mut from: usize) -> bool {
        match self {
            Self::Reply(reply) => reply.code.as_ref().is_some_and(|code| code.0.to_string().starts_with("503")),
            Self::Any(goals) => goals.iter().any(|goal| goal.wants_one_too_early(facts, from)),
            Self::InOrder(goals) => {
                for goal in goals {
                    match goal.reached(facts, from) {
                        Some(end) => from = end,
                        None => return goal.wants_one_too_early(facts, from),
                    }
                }
                false
            }
            Self::Same(scope, goal) => {
                let newest = scope.parts(facts, from).pop();
                newest.is_some_and(|(facts, _)| goal.wants_one_too_early(&facts, 0))
            }
            _ => false,
        }
    }
}

impl Scope {
    /// The facts from a place on by connection or mail transaction, each with its place among all.
    fn parts(self, facts: &[Fact], from: usize) -> Vec<(Vec<Fact>, Vec<usize>)> {
        let mut parts: BTreeMap<(u64, u32), (Vec<Fact>, Vec<usize>)> = BTreeMap::new();
        // What is no exchange belongs to the transaction of the one before it.
        let mut transactions: BTreeMap<u64, u32> = BTreeMap::new();
        for (index, fact) in facts.iter().enumerate() {
            if let What::Asked(asked) = &fact.what {
                transactions.insert(fact.session, asked.transaction);
            }
            let transaction = match self {
                Self::Connection => 0,
                Self::Transaction => transactions.get(&fact.session).copied().unwrap_or(0),
            };
            if index >= from {
                let part = parts.entry((fact.session, transaction)).or_default();
                part.0.push(fact.clone());
                part.1.push(index);
            }
        }
        parts.into_values().collect()
    }

    fn reached(self, goal: &Goal, facts: &[Fact], from: usize) -> Option<usize> {
        let ends = self.parts(facts, from).into_iter().filter_map(|(part, places)| {
            let end = goal.reached(&part, 0)?;
            Some(end.checked_sub(1).map_or(from, |last| places[last] + 1))
        });
        ends.min()
    }
}

fn first(facts: &[Fact], from: usize, holds: impl Fn(&Fact) -> bool) -> Option<usize> {
    let found = facts.get(from..)?.iter().position(holds)?;
    Some(from + found + 1)
}

fn asked(facts: &[Fact], from: usize, holds: impl Fn(&Asked) -> bool) -> Option<usize> {
    first(facts, from, |fact| matches!(&fact.what, What::Asked(asked) if holds(asked)))
}

fn closes(what: &What, side: Side) -> bool {
    match what {
        What::Closed(by) => *by == side,
        What::Asked(asked) => match side {
            Side::Client => asked.verb == "QUIT" && asked.succeeded(),
            Side::Server => asked.reply.as_ref().and_then(Answer::code).is_some_and(|code| code.number() == 421),
        },
        _ => false,
    }
}

impl Expected {
    fn is(&self, reply: Option<&Answer>) -> bool {
        reply.is_some_and(|reply| self.0.check(reply).is_ok())
    }
}

/// Whether an expectation, where there is one, is met.
fn met(expected: Option<&Expected>, asked: &Asked) -> bool {
    expected.is_none_or(|expected| expected.is(asked.reply.as_ref()))
}

fn of_verb(verb: Option<&String>, asked: &Asked) -> bool {
    verb.is_none_or(|verb| *verb == asked.verb)
}

impl Sent {
    fn is(&self, asked: &Asked) -> bool {
        // Nobody sends a connection, nor what is said unasked.
        let nothing = asked.verb.is_empty() || asked.verb == "CONNECT" && self.verb.is_none();
        !nothing
            && of_verb(self.verb.as_ref(), asked)
            && self.argument.as_ref().is_none_or(|expression| expression.found_in(&asked.argument))
            && met(self.reply.as_ref(), asked)
    }
}

impl Reply {
    fn is(&self, asked: &Asked) -> bool {
        let Some(reply) = &asked.reply else { return false };
        of_verb(self.verb.as_ref(), asked)
            && met(self.code.as_ref(), asked)
            && self.enhanced.as_ref().is_none_or(|glob| reply.enhanced().is_some_and(|e| glob.matches(&e.to_string())))
            && self.text.as_ref().is_none_or(|text| {
                text.found_in(&reply.text())
                    || reply.lines.iter().any(|line| text.found_in(&String::from_utf8_lossy(line.text())))
            })
    }
}

impl Envelope {
    fn is(&self, asked: &Asked) -> bool {
        let address = asked.path.as_ref().map(crate::smtp::Path::address);
        let has_parameter = |name: &String| {
            let found = asked.parameters.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(name));
            found.is_some_and(|(_, value)| {
                let has = |want: &String| value.split(',').any(|word| word.eq_ignore_ascii_case(want));
                self.includes.iter().all(has)
            })
        };
        self.address.as_ref().is_none_or(|glob| address.is_some_and(|address| glob.matches(&address)))
            && self.parameter.as_ref().is_none_or(has_parameter)
            && met(self.reply.as_ref(), asked)
    }
}

/// What was accepted of a verb in a mail transaction, by its session and number.
fn accepted<'a>(facts: &'a [Fact], verb: &'a str, transaction: (u64, u32)) -> impl Iterator<Item = &'a Asked> {
    facts.iter().filter_map(move |fact| match &fact.what {
        What::Asked(asked) if (fact.session, asked.transaction) == transaction => {
            (asked.verb == verb && asked.succeeded()).then_some(&**asked)
        }
        _ => None,
    })
}

/// Whether the path of a command is one that is meant.
fn names(glob: &super::value::Glob, asked: &Asked) -> bool {
    asked.path.as_ref().is_some_and(|path| glob.matches(&path.address()))
}

impl Envelope {
    /// Whether all around the command, which this fact is, in its mail transaction is as it is meant.
    fn stands(&self, facts: &[Fact], this: &Fact, transaction: (u64, u32)) -> bool {
        let mut before = facts.iter().take_while(|fact| !std::ptr::eq(*fact, this));
        let secured = |fact: &Fact| fact.session == this.session && matches!(fact.what, What::Tls { .. });
        (!self.alone || self.names_all(facts, transaction))
            && self.from.as_ref().is_none_or(|from| accepted(facts, "MAIL", transaction).any(|mail| names(from, mail)))
            && (!self.clear || !before.any(secured))
    }

    /// Whether every forward-path of a mail transaction, by its session and number, is one that this describes.
    fn names_all(&self, facts: &[Fact], transaction: (u64, u32)) -> bool {
        let named = |address: String| self.address.as_ref().is_none_or(|glob| glob.matches(&address));
        facts.iter().all(|fact| match &fact.what {
            What::Asked(asked) if asked.verb == "RCPT" && (fact.session, asked.transaction) == transaction => {
                asked.path.as_ref().is_none_or(|path| named(path.address()))
            }
            _ => true,
        })
    }
}

impl RcptCount {
    /// Where the number was reached in one transaction, and how many there are of the last one: none once it is over.
    fn count(&self, facts: &[Fact], from: usize) -> (Option<usize>, usize) {
        let mut current = None;
        let mut count = 0;
        let mut named: Vec<String> = Vec::new();
        for (index, fact) in facts.iter().enumerate().skip(from) {
            let What::Asked(asked) = &fact.what else {
                // Who is gone has nobody named any more.
                if matches!(fact.what, What::Closed(_)) && current.is_some_and(|(session, _)| session == fact.session) {
                    (current, count) = (None, 0);
                }
                continue;
            };
            let transaction = Some((fact.session, asked.transaction));
            if current != transaction {
                (current, count) = (transaction, 0);
                named.clear();
            }
            if asked.message.is_some() {
                count = 0;
            }
            if asked.verb != "RCPT" || !self.reply.is(asked.reply.as_ref()) {
                continue;
            }
            if self.different {
                let address = asked.path.as_ref().map(|path| path.address().to_lowercase()).unwrap_or_default();
                if named.contains(&address) {
                    continue;
                }
                named.push(address);
            }
            count += 1;
            if count >= self.min {
                return (Some(index + 1), count);
            }
        }
        ((self.min == 0).then_some(from), count)
    }
}

impl Delivered {
    /// Where the number was reached, and how many there are.
    fn count(&self, facts: &[Fact], from: usize) -> (Option<usize>, usize) {
        let mut found: BTreeMap<u64, usize> = BTreeMap::new();
        for (index, fact) in facts.iter().enumerate().skip(from) {
            if matches!(&fact.what, What::Delivered(to) if self.to.matches(to)) {
                let count = found.entry(if self.one_connection { fact.session } else { 0 }).or_default();
                *count += 1;
                if *count >= self.count {
                    return (Some(index + 1), *count);
                }
            }
        }
        ((self.count == 0).then_some(from), found.into_values().max().unwrap_or(0))
    }
}

impl Data {
    fn is(&self, asked: &Asked) -> bool {
        asked.message.as_ref().is_some_and(|message| self.describes(message)) && met(self.reply.as_ref(), asked)
    }

    /// Whether the envelope of a mail transaction, by its session and number, is the one that is meant.
    fn travels(&self, facts: &[Fact], transaction: (u64, u32)) -> bool {
        let accepted = |verb| accepted(facts, verb, transaction);
        let mail = self.from.is_none() && self.mail.is_none()
            || accepted("MAIL").any(|asked| {
                self.from.as_ref().is_none_or(|glob| names(glob, asked))
                    && self.mail.as_ref().is_none_or(|expression| expression.found_in(&asked.argument))
            });
        mail && self.to.iter().all(|glob| accepted("RCPT").any(|asked| names(glob, asked)))
    }

    /// Whether it came in as many chunks as are meant, and was declared as it is meant.
    fn came(&self, facts: &[Fact], asked: &Asked, transaction: (u64, u32)) -> bool {
        let octets = asked.message.as_ref().map_or(0, |message| message.octets);
        let covers = |mail: &Asked| {
            let size = mail.parameters.iter().find(|(keyword, _)| keyword == "SIZE");
            size.and_then(|(_, value)| value.parse::<u64>().ok()).is_some_and(|size| size >= octets)
        };
        self.chunks.is_none_or(|chunks| accepted(facts, "BDAT", transaction).count() == chunks)
            && self.declared.is_none_or(|want| accepted(facts, "MAIL", transaction).any(covers) == want)
    }

    /// Whether enough of the accepted forward-paths of a mail transaction are named in no field for recipients.
    fn hides(&self, asked: &Asked, facts: &[Fact], transaction: (u64, u32)) -> bool {
        let (Some(least), Some(message)) = (self.blind, &asked.message) else { return self.blind.is_none() };
        let shown: Vec<String> = ["To", "Cc", "Bcc"].iter().flat_map(|name| message.field(name)).collect();
        let shown = shown.join(", ").to_lowercase();
        let is_shown = |address: &str| {
            let part = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
            shown.match_indices(address).any(|(at, _)| !shown[..at].ends_with(part))
        };
        let mut hidden: Vec<String> = facts
            .iter()
            .filter_map(|fact| match &fact.what {
                What::Asked(asked) if (fact.session, asked.transaction) == transaction => (asked.verb == "RCPT"
                    && asked.succeeded())
                .then(|| asked.path.as_ref().map(crate::smtp::Path::address))?,
                _ => None,
            })
            .map(|address| address.to_lowercase())
            .filter(|address| !is_shown(address))
            .collect();
        hidden.sort_unstable();
        hidden.dedup();
        hidden.len() >= least.min
    }

    fn describes(&self, message: &Message) -> bool {
        let has_field = |(name, expression): (&String, &super::value::Expression)| {
            message.field(name).iter().any(|value| expression.begins(value))
        };
        self.header.iter().all(has_field)
            && self.body.as_ref().is_none_or(|expression| expression.found_in(&message.parts().1))
            && self.lines.is_none_or(|least| message.lines.len() >= least.min)
            && self.dot_stuffed.is_none_or(|want| message.dot_stuffed == want)
            && self.bare_lf.is_none_or(|want| message.bare_lf == want)
            && self.bare_end.is_none_or(|want| message.bare_end == want)
    }
}

impl Tls {
    fn is(&self, what: &What) -> bool {
        let What::Tls { version, verified } = what else { return false };
        self.min.is_none_or(|min| version.is_some_and(|version| version >= min))
            && self.verified.is_none_or(|want| *verified == Some(want))
    }
}
