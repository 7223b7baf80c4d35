//! Rules that can never hold, that do nothing, or that say what is never said there.

use super::server::{contradictory, unlikely};
use super::{Allowed, Look, Step, nth};
use crate::lab::scenario::{On, Per, PhaseName, Rule, Template, place};
use crate::smtp::Verb;

pub(super) fn look(look: &mut Look<'_>) {
    let own = look.own;
    for (n, rule) in own.rules.iter().enumerate() {
        for (key, what) in never(rule).into_iter().chain(at_odds(rule)) {
            look.soft(&nth("rule", n, key), what);
        }
        if rule.accept_then_bounce.is_some() && !rule.may_bounce() {
            let what = "accept_then_bounce belongs to on = \"RCPT\" or \"end-of-data\"".to_owned();
            look.hard(&nth("rule", n, "accept_then_bounce"), what);
        }
        if let Some(kind) =
            rule.listener.filter(|kind| !look.all().any(|scenario| scenario.listeners.of(*kind).is_some()))
        {
            let what = format!("there is no {0} listener; [listeners] {0} = {{}} opens one", kind.word());
            look.soft(&nth("rule", n, "listener"), what);
        }
        addresses(look, n);
        if let Some(what) = rule.set.as_ref().and_then(|set| unlikely(set.capability.trim_start_matches(['-', '+']))) {
            look.soft(&nth("rule", n, "set"), what);
        }
        said(look, n, rule);
        shadowed(look, n, rule);
    }
}

/// What a rule counts or leaves to chance: a rule with any of these holds at times only.
const AT_TIMES: [&str; 6] = ["nth", "within", "after", "chance", "concurrent", "connection"];
/// What a rule may ask for beside them.
const CONDITIONS: [&str; 21] = [
    "to",
    "from",
    "helo",
    "argument",
    "line",
    "parameter",
    "size",
    "content",
    "tls",
    "authenticated",
    "client",
    "phase",
    "listener",
    "early",
    "step",
    "known",
    "ptr",
    "spf",
    "dkim",
    "dmarc",
    "listed",
];

/// A rule that an earlier one leaves nothing to: that one asks for no more, and ends the search.
fn shadowed(look: &mut Look<'_>, n: usize, rule: &Rule) {
    let tables = look.tree.get("rule").and_then(|rules| rules.get_ref().as_array());
    let table = |n: usize| tables?.get(n)?.get_ref().as_table();
    let Some(own) = table(n) else { return };
    let covers = |m: usize| {
        let (earlier, Some(table)) = (&look.own.rules[m], table(m)) else { return false };
        let same_moment = earlier.on == rule.on || earlier.on == On::Any && matches!(rule.on, On::Verb(_));
        // Who speaks before the greeting meets the rules about just that.
        let beside = rule.early == Some(true) && earlier.early != Some(true);
        let asks = |key: &&&str| table.contains_key(**key);
        let text = |of: &toml::de::DeTable<'_>, key: &str| of.get(key).map(|value| format!("{:?}", value.get_ref()));
        earlier.ends()
            && same_moment
            && !beside
            && !AT_TIMES.iter().any(|key| table.contains_key(*key))
            && CONDITIONS.iter().filter(asks).all(|key| text(table, key) == text(own, key))
    };
    let Some(m) = (0..n).find(|m| covers(*m)) else { return };
    let at = tables.and_then(|rules| rules.get(m)).map_or(0, |rule| rule.span().start);
    let (line, _) = place(look.text, at);
    let what =
        format!("this rule never holds: the one in line {line} asks for no more and comes before it; put this first");
    look.soft(&nth("rule", n, "on"), what);
}

/// A domain where an address is asked for.
fn addresses(look: &mut Look<'_>, n: usize) {
    for key in ["to", "from"] {
        let rules = look.tree.get("rule").and_then(|rules| rules.get_ref().as_array());
        let text = rules.and_then(|rules| rules.get(n)?.get_ref().get(key)?.get_ref().as_str());
        if let Some(text) = text.filter(|text| look.all().any(|scenario| scenario.domain(text).is_some())) {
            let what = format!("{text:?} is a domain, and no address is just that; write \"*@{text}\"");
            look.soft(&nth("rule", n, key), what);
        }
    }
}

/// Conditions that can't hold at the rule's moment.
fn never(rule: &Rule) -> Vec<(&'static str, String)> {
    let on = rule.on;
    let start = matches!(on, On::Connect | On::Greeting | On::Tls);
    let verb = |verbs: &[Verb]| matches!(on, On::Verb(verb) if verbs.contains(&verb));
    let spoken = matches!(on, On::Verb(_) | On::Any);
    let sized = verb(&[Verb::Mail]) || matches!(on, On::Any | On::EndOfData);
    let asked = verb(&[Verb::Rcpt, Verb::Vrfy, Verb::Expn]) || on == On::Any;
    let none = "at this moment there is none yet";
    let mut found = Vec::new();
    let mut add = |key: &'static str, is: bool, why: &str| {
        if is {
            found.push((key, format!("{key} never holds here: {why}")));
        }
    };
    add("to", rule.to.is_some() && (start || verb(&[Verb::Mail])), none);
    add("from", rule.from.is_some() && start, none);
    add("helo", rule.helo.is_some() && start, none);
    add("argument", rule.argument.is_some() && !spoken && on != On::AuthAnswer, "it belongs to a command");
    add("line", rule.line.is_some() && !spoken, "it belongs to a command");
    let parameters = verb(&[Verb::Mail, Verb::Rcpt]) || on == On::Any;
    add("parameter", rule.parameter.is_some() && !parameters, "it belongs to on = \"MAIL\" or \"RCPT\"");
    add("size", rule.size.is_some() && !sized, "it belongs to on = \"MAIL\" or \"end-of-data\"");
    add("content", rule.content.is_some() && on != On::EndOfData, "it belongs to on = \"end-of-data\"");
    add("known", rule.known.is_some() && !asked, "it belongs to on = \"RCPT\", \"VRFY\" or \"EXPN\"");
    add("step", rule.step.is_some() && on != On::AuthAnswer, "it belongs to on = \"auth-answer\"");
    add("authenticated", rule.authenticated == Some(true) && start, "nobody has logged in yet");
    add("tls", rule.tls == Some(false) && on == On::Tls, "the line is in TLS by then");
    let quiet = matches!(on, On::Connect | On::Tls | On::Idle);
    add("early", rule.early == Some(true) && quiet, "it belongs to on = \"greeting\" or a verb");
    let elsewhere = rule.phase.is_some_and(|phase| phase != PhaseName::Connected);
    add("phase", start && elsewhere, "at this moment it is \"connected\"");
    add("chance", rule.chance.is_some_and(|chance| chance.0 <= 0.0), "0.0 is never; 1.0 is always");
    let over = rule.within.zip(rule.after).is_some_and(|(within, after)| after > within);
    add("after", over, "within is over by then");
    let once = on == On::Idle && matches!(rule.per, Per::Session | Per::Transaction);
    let why = "silence comes once in a session and ends it; [server] idle says how long the server waits";
    add("after", once && rule.after.is_some_and(|after| !after.0.is_zero()), why);
    found
}

/// Actions that are none, or that can't go together.
fn at_odds(rule: &Rule) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let does = rule.delay.is_some() || rule.delay_between.is_some() || rule.drip.is_some() || rule.set.is_some();
    let tells = rule.stamp.is_some() || rule.note.is_some();
    if !rule.ends() && !does && !tells {
        found.push(("", "the rule does nothing; give it reply, delay, note, or stop = true".to_owned()));
    }
    let ends: Vec<&'static str> = [("close", rule.close), ("reset", rule.reset), ("silence", rule.silence)]
        .into_iter()
        .filter_map(|(key, is)| is.then_some(key))
        .collect();
    if let [_, second, ..] = ends.as_slice() {
        found.push((second, format!("{} can't be had together; choose one", ends.join(" and "))));
    }
    let speaks = rule.reply.is_some() || !rule.multi.is_empty();
    if speaks && let Some(key) = ends.iter().find(|key| **key != "close") {
        found.push((key, format!("with {key} = true nothing is said; leave out that, or the reply")));
    }
    if rule.obey && rule.raw.is_none() {
        found.push(("obey", "obey goes with raw: what reply says is obeyed anyway".to_owned()));
    }
    let lost = matches!(rule.on, On::Connect | On::Greeting | On::Tls | On::Idle | On::Verb(Verb::Mail));
    if rule.stamp.is_some() && lost {
        found.push(("stamp", "no message is there yet; stamp belongs to on = \"RCPT\" or \"end-of-data\"".to_owned()));
    }
    found
}

/// What a rule says: codes that go together, and that are said there.
fn said(look: &mut Look<'_>, n: usize, rule: &Rule) {
    let reply = rule.reply.as_ref().map(|reply| reply.0.text());
    let place = nth("rule", n, "reply");
    for (m, line) in rule.multi.iter().map(Template::text).enumerate() {
        let place = [Step::Key("rule"), Step::Index(n), Step::Key("multi"), Step::Index(m)];
        let last = m + 1 == rule.multi.len() && reply.is_none();
        if let Some(what) = uneven(line, rule.multi[0].text(), last).or_else(|| contradictory(line)) {
            look.unless(Allowed::CodeMismatch, &place, &what);
        }
    }
    if let Some(what) = reply.and_then(contradictory) {
        look.unless(Allowed::CodeMismatch, &place, &what);
    }
    let place = if reply.is_some() { place } else { nth("rule", n, "multi") };
    let Some(line) = reply.or_else(|| rule.multi.first().map(Template::text)) else { return };
    let Some(code) = line.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit())) else { return };
    if rule.accept_then_bounce.is_some() && !code.starts_with('2') {
        let what = format!("accept_then_bounce takes it first, so what is said begins with 2, and not with {code}");
        look.soft(&place, what);
    }
    if let Some((allowed, what)) = unfit(rule.on, code) {
        look.unless(allowed, &place, &what);
    }
}

/// What is wrong with a line of a reply of several lines (RFC 5321 4.2.1), if anything.
fn uneven(line: &str, first: &str, last: bool) -> Option<String> {
    if line.get(..3) != first.get(..3) {
        return Some("all lines of a reply have the same code".to_owned());
    }
    let wanted = if last { ' ' } else { '-' };
    let what = if last {
        "the last line of a reply has a space behind its code"
    } else {
        "a line that is not the last has a - behind its code"
    };
    (line.chars().nth(3).unwrap_or(' ') != wanted).then(|| format!("{what} (RFC 5321 4.2.1)"))
}

/// Why a code is never said at a moment (RFC 5321 4.3.2), and what allows it.
fn unfit(on: On, code: &str) -> Option<(Allowed, String)> {
    let start = matches!(on, On::Connect | On::Greeting);
    if start && (code.starts_with('3') || code.starts_with('2') && code != "220") {
        let what = format!("{code} greets nobody: a server says 220, or refuses with 4 or 5");
        return Some((Allowed::BadBanner, what));
    }
    let goes_on = matches!(on, On::Verb(Verb::Data | Verb::Auth) | On::AuthAnswer | On::Any);
    if code.starts_with('3') && !goes_on {
        let what = format!("{code} asks for more, and here nothing more comes: 354 belongs to DATA, 334 to AUTH");
        return Some((Allowed::BadReply, what));
    }
    if on == On::Verb(Verb::Data) && code.starts_with('2') {
        let what =
            format!("DATA is answered 354 or refused, not {code}; what is said of the message is on = \"end-of-data\"");
        return Some((Allowed::BadReply, what));
    }
    None
}
