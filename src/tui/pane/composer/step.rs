//! What the open step of a lesson wants at this point of a session, where it is about TLS or a log-in.

use crate::lesson::Goal;
use crate::smtp::{Command, Phase, Verb};

use super::Surroundings;

/// The command that the step asks for first, of those by which a line is secured and a user logs in, as far as it is not
/// done on this connection and the server offers it.
pub(super) fn first(around: &Surroundings<'_>) -> Option<Verb> {
    let session = around.session;
    let asked = around.step.filter(|_| session.phase() == Phase::Ready && !session.turned_away)?.verbs();
    let open = |verb: &Verb| match verb {
        Verb::Starttls => !session.tls,
        Verb::Auth => session.authenticated.is_none(),
        Verb::Mail | Verb::Rcpt | Verb::Data => true,
        _ => false,
    };
    let offers = |verb: Verb| session.capabilities.has(verb.word()).then_some(verb);
    match asked.into_iter().find(open)? {
        Verb::Starttls => offers(Verb::Starttls),
        // Most servers offer a log-in only under TLS.
        Verb::Auth => offers(Verb::Auth).or_else(|| offers(Verb::Starttls).filter(|_| !session.tls)),
        _ => None,
    }
}

/// Whether the step wants another log-in than the one that was done: a session takes no second one.
pub(super) fn wants_anew(around: &Surroundings<'_>) -> bool {
    let session = around.session;
    let logs_in = |goal: &Goal| {
        let asked = goal.verbs();
        asked.contains(&Verb::Auth) && !asked.iter().any(|verb| matches!(verb, Verb::Mail | Verb::Rcpt | Verb::Data))
    };
    session.phase() == Phase::Ready && session.authenticated.is_some() && around.step.is_some_and(logs_in)
}

/// What the second row says between mail transactions where the step leads on to something else than MAIL: what stands in
/// grey is named, or the way to a new connection.
pub(super) fn words(ghost: &str, around: &Surroundings<'_>) -> Option<(&'static str, &'static str)> {
    around.step?;
    if wants_anew(around) {
        return Some((
            "The step wants another log-in, and a session takes one: {reconnect} connects anew",
            "One log-in a session: {reconnect} connects anew",
        ));
    }
    let verb = Verb::from_word(ghost.split(' ').next().unwrap_or_default());
    match verb {
        Verb::Starttls => Some(("The step wants the line encrypted first: STARTTLS", "Encrypt the line: STARTTLS")),
        Verb::Auth => Some(("The step wants a log-in: AUTH", "Log in: AUTH")),
        Verb::Ehlo => Some(("The step wants a greeting: EHLO", "Greet with EHLO")),
        Verb::Helo => Some(("The step wants a greeting: HELO", "Greet with HELO")),
        Verb::Quit if around.session.verdicts.is_none() => Some(("The step wants the end: QUIT", "The end: QUIT")),
        _ => None,
    }
}

/// Whether the session stands where the step, and no greeting or end, decides what comes next.
fn is_its_turn(around: &Surroundings<'_>) -> bool {
    let session = around.session;
    matches!(session.phase(), Phase::Ready | Phase::Mail | Phase::Rcpt) && !session.turned_away
}

/// What the step has offered in place of the ordinary next line, where it says so.
pub(super) fn offers<'a>(around: &Surroundings<'a>) -> Option<&'a [String]> {
    around.offers.filter(|_| is_its_turn(around))
}

/// The first of these lines that may come now.
pub(super) fn offered<'a>(offers: &'a [String], around: &Surroundings<'_>) -> Option<&'a str> {
    let session = around.session;
    let may_come = |line: &&str| {
        let command = Command::parse(line.as_bytes());
        // RSET may always come, and leads somewhere only where there is a transaction to drop.
        let idle = command.verb == Verb::Rset && !session.phase().in_transaction();
        !idle && session.objection(&command).is_none()
    };
    offers.iter().map(String::as_str).find(may_come)
}

/// What the second row says where the step wants something else than the ordinary next line, and this or nothing is
/// offered.
pub(super) fn other_words(ghost: &str, around: &Surroundings<'_>) -> Option<(&'static str, &'static str)> {
    offers(around)?;
    match ghost {
        "" => Some((
            "The step wants another line than the one that mostly comes next · {hint} hint",
            "Not the line that mostly comes next · {hint} hint",
        )),
        "RSET" => Some(("The step begins anew: RSET drops this transaction", "Begin anew: RSET")),
        _ => None,
    }
}

/// Whether the step asks for a refusal that the learner is to bring about, or for what was found: no line is offered then.
pub(super) fn is_for_the_learner(around: &Surroundings<'_>) -> bool {
    own_words(around).is_some()
}

/// What the second row says where no line can be offered, since which one does it is the learner's to find, or none does.
pub(super) fn own_words(around: &Surroundings<'_>) -> Option<(&'static str, &'static str)> {
    let step = around.step.filter(|_| is_its_turn(around))?;
    if step.is_to_be_told() {
        return Some((
            "The step asks what you have found: {finding} and your answer, which the server never sees",
            "The step asks what you have found: {finding}",
        ));
    }
    (around.too_early || step.is_yours_to_find()).then_some((
        "The step asks for a refusal: find the line that brings it · {hint} hint",
        "Find the line that brings the refusal",
    ))
}
