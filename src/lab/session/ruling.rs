//! What the scenario's rules make of a moment of the session.

use std::sync::Arc;

use super::content::Incoming;
use super::envelope::Transaction;
use super::path::{self, Address};
use super::{Action, Pace, Session, State, succeeds};
use crate::lab::rules::{Facts, Hit, Moment};
use crate::lab::scenario::{Looked, On, PhaseName, Played, Rule, Template};
use crate::lab::site::{Target, lock};
use crate::smtp::Verb;

/// What becomes of the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    /// The ordinary course.
    Ordinary,
    /// These lines instead of the ordinary reply.
    Reply(Vec<String>),
    /// It is over: the rule has done all there was to do.
    Done,
}

impl Session {
    /// Asks the rules about a command that has come.
    pub(super) fn rule_command(&mut self, verb: Verb, argument: &str, line: &str) -> Ruling {
        if self.site.scenario.rules.is_empty() {
            return Ruling::Ordinary;
        }
        let mut moment = self.moment();
        moment.verb = Some(verb);
        moment.argument = argument;
        moment.line = line;
        match verb {
            Verb::Mail => {
                let read = read(argument, "FROM");
                moment.from = read.as_ref().map(|(from, _)| from.to_string());
                moment.parameters = read.map(|(_, list)| list).unwrap_or_default();
                moment.size = moment.parameters.iter().find_map(|text| {
                    text.get(..5).filter(|head| head.eq_ignore_ascii_case("SIZE="))?;
                    text[5..].parse().ok()
                });
            }
            Verb::Rcpt => {
                let read = read(argument, "TO");
                moment.known = read.as_ref().map(|(to, _)| self.is_known(to));
                moment.to = read.iter().map(|(to, _)| to.to_string()).collect();
                moment.parameters = read.map(|(_, list)| list).unwrap_or_default();
            }
            Verb::Vrfy | Verb::Expn => {
                let to = path::address(argument.trim_matches(['<', '>']));
                moment.known = to.as_ref().map(|to| self.is_known(to));
                moment.to = to.iter().map(ToString::to_string).collect();
            }
            Verb::Helo | Verb::Ehlo | Verb::Lhlo => {
                moment.helo = argument.split_whitespace().next().map(str::to_owned);
            }
            _ => {}
        }
        self.rule(On::Verb(verb), &moment)
    }

    /// Asks the rules about complete content; `to` are the recipients that it is for.
    pub(super) fn rule_content(&mut self, incoming: &Incoming, to: Vec<String>, transaction: &Transaction) -> Ruling {
        let moment = Moment {
            content: Some(&incoming.bytes),
            size: Some(incoming.size),
            to,
            from: Some(transaction.from.to_string()),
            queue_id: Some(transaction.queue_id.clone()),
            ..self.moment()
        };
        self.rule(On::EndOfData, &moment)
    }

    /// Asks the rules about what the client has answered within a login.
    pub(super) fn rule_answer(&mut self) -> Ruling {
        self.login.1 += 1;
        let (mechanism, step) = self.login.clone();
        let moment = Moment { argument: &mechanism, step: Some(step), ..self.moment() };
        self.rule(On::AuthAnswer, &moment)
    }

    /// Asks the rules about a moment without a command.
    pub(super) fn rule_moment(&mut self, on: On) -> Ruling {
        let moment = self.moment();
        self.rule(on, &moment)
    }

    /// Whether a rule is about clients that speak before the greeting.
    pub(in crate::lab) fn minds_early(&self) -> bool {
        self.site.scenario.rules.iter().any(|rule| rule.on == On::Greeting && rule.early == Some(true))
    }

    /// Whether the next piece of input had come before the reply to the one before was written.
    pub(in crate::lab) fn comes_early(&mut self, early: bool) {
        self.early = early;
    }

    /// The client spoke before the greeting was said: what is to be done in its place, if anything.
    pub(in crate::lab) fn spoke_early(&mut self) -> Option<Vec<Action>> {
        self.early = true;
        let ruling = self.rule_moment(On::Greeting);
        self.early = false;
        match ruling {
            Ruling::Ordinary => return None,
            Ruling::Reply(lines) => {
                self.turned_away = !succeeds(&lines);
                self.say_all(lines);
            }
            Ruling::Done => {}
        }
        Some(self.take())
    }

    fn moment(&self) -> Moment<'static> {
        let transaction = self.transaction.as_ref();
        Moment {
            helo: self.greeted.as_ref().map(|(_, name)| name.clone()),
            from: transaction.map(|t| t.from.to_string()),
            to: transaction.map(|t| t.recipients.iter().map(|r| r.path.clone()).collect()).unwrap_or_default(),
            ..Moment::default()
        }
    }

    fn is_known(&self, address: &Address) -> bool {
        matches!(self.site.target(address), Target::Mailbox(..) | Target::Postmaster(_))
    }

    fn rule(&mut self, on: On, moment: &Moment<'_>) -> Ruling {
        let site = Arc::clone(&self.site);
        let played;
        let moment = if site.scenario.pretends.is_empty() {
            moment
        } else {
            played = Moment { played: self.played(moment), ..moment.clone() };
            &played
        };
        let facts = Facts {
            tls: self.tls.is_some(),
            authenticated: self.authenticated.is_some(),
            client: self.client.address.ip(),
            phase: self.phase(),
            listener: self.client.listener,
            session: self.client.number,
            visit: self.visit,
            transaction: self.transactions,
            early: self.early,
            open: site.open(self.client.address.ip()),
        };
        let now = site.world.elapsed() * site.scenario.server.clock.0;
        let hits = lock(&site.counters).hits(&site.scenario.rules, on, moment, &facts, now);
        let mut ruling = Ruling::Ordinary;
        for hit in hits {
            let Some(rule) = site.scenario.rules.get(hit.index) else { continue };
            ruling = self.act(rule, hit, moment);
        }
        ruling
    }

    /// What is played of whoever is there at a moment (S19).
    fn played(&self, moment: &Moment<'_>) -> Played {
        let tables = &self.site.scenario.pretends;
        if tables.is_empty() {
            return Played::default();
        }
        let author = moment.content.and_then(author);
        Played::of(
            tables,
            &Looked {
                client: self.client.address.ip(),
                helo: moment.helo.as_deref(),
                from: moment.from.as_deref(),
                header_from: author.as_deref(),
            },
        )
    }

    /// A fact of what is played now, outside any rule; none for a name that is no such fact.
    pub(super) fn played_now(&self, fact: &str) -> Option<String> {
        self.played(&self.moment()).fact(fact).map(str::to_owned)
    }

    fn phase(&self) -> PhaseName {
        match (&self.state, &self.transaction) {
            (State::Closed, _) => PhaseName::Closed,
            (State::Auth(_) | State::Answer, _) => PhaseName::Auth,
            (State::Content(_), _) => PhaseName::Content,
            _ if self.chunks.is_some() => PhaseName::Data,
            (_, Some(t)) if t.recipients.is_empty() => PhaseName::Mail,
            (_, Some(_)) => PhaseName::Rcpt,
            _ if self.greeted.is_some() => PhaseName::Greeted,
            _ => PhaseName::Connected,
        }
    }

    /// What a rule asks of the line: to wait, to be slow.
    fn pace(&mut self, rule: &Rule) {
        if let Some(delay) = rule.delay {
            let wait = self.real(delay.0);
            self.out.push(Action::Wait(wait));
        }
        if let Some(drip) = rule.drip {
            let every = self.real(drip.every.0);
            self.out.push(Action::Pace(Pace::Octets(drip.octets, every)));
        } else if let Some(gap) = rule.delay_between {
            let gap = self.real(gap.0);
            self.out.push(Action::Pace(Pace::Lines(gap)));
        }
    }

    fn act(&mut self, rule: &Rule, hit: Hit, moment: &Moment<'_>) -> Ruling {
        let to = moment.to.last().cloned().unwrap_or_default();
        let fill = |name: &str| match name {
            "nth" => hit.nth.to_string(),
            "remaining" => format!("{} seconds", hit.remaining.as_secs()),
            "helo" => moment.helo.clone().unwrap_or_default(),
            "from" => moment.from.clone().unwrap_or_default(),
            // At a moment that is about something of a size it is that; elsewhere it is the limit.
            "size" if moment.size.is_some() => moment.size.unwrap_or_default().to_string(),
            "queue_id" if moment.queue_id.is_some() => moment.queue_id.clone().unwrap_or_default(),
            "verb" => match moment.verb {
                Some(Verb::Other) => "an unknown verb".to_owned(),
                verb => verb.map_or("", Verb::word).to_owned(),
            },
            name => match moment.played.fact(name) {
                Some(fact) => fact.to_owned(),
                None => self.variable(name, &to),
            },
        };
        let mut lines: Vec<String> = rule.multi.iter().map(|line| line.fill(&fill)).collect();
        lines.extend(rule.reply.iter().map(|reply| reply.0.fill(&fill)));
        let stamp = rule.stamp.as_ref().map(|stamp| match rule.on {
            // Each copy has its own recipient.
            On::EndOfData => stamp.text().split("{rcpt}").map(|piece| Template::free(piece).fill(&fill)).collect(),
            _ => vec![stamp.fill(&fill)],
        });
        let note = rule.note.as_ref().map(|note| note.fill(&fill));
        self.stamps.extend(stamp);
        if let Some(note) = note {
            self.note(note);
        }
        if let Some(set) = &rule.set {
            self.changes.push(set.capability.clone());
        }
        self.pace(rule);
        match &rule.raw {
            Some(raw) if rule.obey => {
                lines.extend(String::from_utf8_lossy(&raw.0).lines().map(str::to_owned));
                self.verbatim = Some(raw.0.clone());
            }
            Some(raw) => self.out.push(Action::Raw(raw.0.clone())),
            None => {}
        }
        self.settle(rule, lines)
    }

    /// What becomes of the moment after all that a rule does beside its answer.
    fn settle(&mut self, rule: &Rule, mut lines: Vec<String>) -> Ruling {
        if rule.reset {
            self.end_transaction();
            self.state = State::Closed;
            self.out.push(Action::Reset);
            return Ruling::Done;
        }
        if rule.close {
            if !lines.is_empty() {
                self.say_all(lines);
            }
            self.close();
            return Ruling::Done;
        }
        if let Some(status) = rule.accept_then_bounce {
            self.bounce = Some(status.0);
            if rule.on == On::EndOfData && lines.is_empty() {
                return Ruling::Ordinary;
            }
            if lines.is_empty() {
                lines.push(self.worded("250 2.1.5 Ok".to_owned()));
            }
        }
        match lines.is_empty() {
            false => Ruling::Reply(lines),
            true if rule.answers() => Ruling::Done,
            true => Ruling::Ordinary,
        }
    }
}

/// Address and parameters of MAIL or RCPT, as leniently as they can be read: rules see what was meant.
fn read(argument: &str, keyword: &str) -> Option<(Address, Vec<String>)> {
    let (address, list) = path::parse(argument, keyword, crate::lab::scenario::Paths::Lenient).ok()?;
    Some((address, list.into_iter().map(|parameter| parameter.text).collect()))
}

/// The address of whoever a message says that it is from.
fn author(content: &[u8]) -> Option<String> {
    let value = crate::message::header::get(content, "From")?;
    let address = match value.rsplit_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => value.split(['(', ' ', ',']).find(|word| word.contains('@')).unwrap_or_default(),
    };
    Some(address.trim().to_owned())
}
