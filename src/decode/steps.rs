//! Next steps: which of those proposed fit this moment, with their gaps filled.

use crate::smtp::sasl::{Proof, speakable};
use crate::smtp::{Class, Phase, Verb};

use super::entry::StepEntry;
use super::explain::small;
use super::{Asked, Context, Does, Step};

/// A greeting by another name than the one that was refused.
const OTHER_NAME: &str = "EHLO {another}";

/// The proposed steps that fit, filled, each once; and where none is left, what the phase asks for.
pub(super) fn fitting(proposed: &[&StepEntry], context: &Context, class: Class) -> Vec<Step> {
    let refused = context.asked.filter(|_| class == Class::Permanent);
    let mut steps: Vec<Step> = Vec::new();
    for entry in proposed {
        let step = entry.command.as_ref().map_or_else(|| action(entry, context), |line| command(entry, line, context));
        if let Some(step) = step
            && !same_again(&step, entry.command.as_deref(), refused)
            && !steps.iter().any(|known| known.does == step.does)
        {
            steps.push(step);
        }
    }
    go_on(&mut steps, context);
    if !steps.iter().any(|step| matches!(step.does, Does::Command(_))) {
        // What was refused for good is refused again; but there are other recipients.
        let again =
            |step: &Step| refused.is_some_and(|asked| asked != RCPT && verb_of(step).map(Asked::Verb) == Some(asked));
        for step in of_phase(context, class) {
            if !again(&step) && !steps.iter().any(|known| known.does == step.does) {
                steps.push(step);
            }
        }
        if steps.is_empty() && may(Verb::Quit, context) {
            let line = |text: &str, line: &str| Step { text: text.to_owned(), does: Does::Command(line.to_owned()) };
            let greeting = if context.lmtp { Verb::Lhlo } else { Verb::Ehlo };
            steps.extend(
                context.asked.filter(|asked| asked.greets()).map(|_| line("Greet it by another name", greeting.word())),
            );
            steps.push(last(class, context));
        }
    }
    if class == Class::Success {
        steps.sort_by_key(|step| step.does == Does::Advice);
    }
    if context.is_in_lab() {
        // Nobody outside of the lab answers for its domains.
        steps.sort_by_key(|step| matches!(&step.does, Does::Action(name, Some(_)) if name == "connect"));
    }
    steps
}

fn reconnect(class: Class) -> Step {
    let text = if class == Class::Transient { "Connect again after a while" } else { "Connect again" };
    Step { text: text.to_owned(), does: Does::Action("reconnect".to_owned(), None) }
}

/// What is left to do where no step of the tables fits: nobody is left without one.
pub(super) fn last(class: Class, context: &Context) -> Step {
    if context.is_over() {
        return reconnect(class);
    }
    let text = if class == Class::Transient { "End the session, and try later" } else { "End the session" };
    Step { text: text.to_owned(), does: Does::Command(Verb::Quit.word().to_owned()) }
}

const RCPT: Asked = Asked::Verb(Verb::Rcpt);

fn verb_of(step: &Step) -> Option<Verb> {
    let Does::Command(line) = &step.does else { return None };
    Some(Verb::from_word(line.split(' ').next().unwrap_or_default()))
}

/// Whether a step says once more what was refused for good, word for word.
fn same_again(step: &Step, template: Option<&str>, refused: Option<Asked>) -> bool {
    let Some(verb) = verb_of(step).filter(|verb| refused == Some(Asked::Verb(*verb))) else { return false };
    match verb {
        Verb::Ehlo | Verb::Helo | Verb::Lhlo => template.is_some_and(|template| template.contains("{client}")),
        Verb::Data | Verb::Starttls => true,
        _ => false,
    }
}

/// DATA after a refused recipient: it goes on with those accepted, where there are some, and is the last thing to try where
/// that is not known.
fn go_on(steps: &mut Vec<Step>, context: &Context) {
    if !matches!(context.asked, None | Some(RCPT)) {
        return;
    }
    let data = Does::Command(Verb::Data.word().to_owned());
    let at = steps.iter().position(|step| step.does == data);
    match (at, context.accepted) {
        (Some(at), None) => {
            let step = steps.remove(at);
            steps.push(Step { text: "Go on, if another recipient was accepted".to_owned(), ..step });
        }
        (None, Some(accepted)) if accepted > 0 && !steps.is_empty() && may(Verb::Data, context) => {
            let drops = steps.iter().position(|step| step.does == Does::Command(Verb::Rset.word().to_owned()));
            let text = if accepted == 1 { "Go on with the accepted recipient" } else { "Go on with those accepted" };
            steps.insert(drops.unwrap_or(steps.len()), Step { text: text.to_owned(), does: data });
        }
        _ => {}
    }
}

fn action(entry: &StepEntry, context: &Context) -> Option<Step> {
    let name = entry.action.as_deref()?;
    let fits = match name {
        "message" => context.may_be_in(&[Phase::Data]),
        "ready" => {
            let closed = context.is_over() || context.turned_away;
            !closed && context.may_be_in(&[Phase::Greeted, Phase::Ready]) && may_log_in(context)
        }
        _ => true,
    };
    let argument = match &entry.argument {
        Some(argument) => Some(fill(argument, context).ok()?),
        None => None,
    };
    fits.then(|| Step { text: entry.text.clone(), does: Does::Action(name.to_owned(), argument) })
}

fn command(entry: &StepEntry, line: &str, context: &Context) -> Option<Step> {
    let line = match fill(line, context) {
        Ok(line) => line,
        // A line whose last part is a gap is left for the composer to go on with.
        Err(begun) if begun.ends_with(['<', ' ']) => begun,
        Err(_) => return None,
    };
    let line = line.trim_end_matches(['<', ' ']).to_owned();
    let asked = Verb::from_word(line.split(' ').next().unwrap_or_default());
    if asked == Verb::Auth && !context.helo && may_now_or_after_rset(asked, context) {
        return log_in(&entry.text, line, context);
    }
    said(&entry.text, line, entry.command.as_deref(), context)
}

/// A line as it can be said now: itself, or what has to be said before it.
fn said(text: &str, line: String, template: Option<&str>, context: &Context) -> Option<Step> {
    let asked = Verb::from_word(line.split(' ').next().unwrap_or_default());
    let step = |text: &str, line: String| Some(Step { text: text.to_owned(), does: Does::Command(line) });
    if template == Some(OTHER_NAME) && context.in_transaction() && !context.turned_away {
        // EHLO may come at any time, and does what RSET does (RFC 5321 4.1.4).
        return step(&format!("{text} (that drops this transaction)"), line);
    }
    if matches!(asked, Verb::Auth | Verb::Starttls) && context.helo && may_now_or_after_rset(asked, context) {
        let drops = if context.in_transaction() { " (that drops this transaction)" } else { "" };
        let line = fill("EHLO {client}", context).unwrap_or_else(|begun| begun).trim_end().to_owned();
        return step(&format!("Greet it anew with EHLO{drops}, then {}", small(text)), line);
    }
    if matches!(asked, Verb::Auth | Verb::Starttls) && wants_reset(asked, context) {
        let then = if text.contains(", then ") { "" } else { "then " };
        return step(&format!("Drop this transaction, {then}{}", small(text)), "RSET".to_owned());
    }
    if line.ends_with(" SMTPUTF8") && context.offers("SMTPUTF8") == Some(false) {
        return None;
    }
    if asked == Verb::Mail && remembers_size(context) {
        return step("Let the server forget the size that was announced, then begin again", "RSET".to_owned());
    }
    let fits = match asked {
        Verb::Other => context.may_be_in(&[Phase::Auth]),
        Verb::Ehlo if context.lmtp => {
            return may(Verb::Lhlo, context).then(|| line.replacen("EHLO", "LHLO", 1)).and_then(|l| step(text, l));
        }
        verb => may(verb, context),
    };
    if fits { step(text, line) } else { None }
}

/// A log-in as it may be said on this line: no password, and no token, goes over a line that anybody can read (RFC 4954 4,
/// RFC 8314 4.1). Where there is no other way, the step says so.
pub(super) fn log_in(text: &str, line: String, context: &Context) -> Option<Step> {
    if context.tls != Some(false) {
        return said(text, auth_line(line, context), None, context);
    }
    if context.offers("STARTTLS") == Some(true) {
        let text = format!("Secure the line first, then {}", small(text));
        return said(&text, Verb::Starttls.word().to_owned(), None, context);
    }
    let Some(mechanism) = safe_in_clear(context) else {
        let text = "Don't log in on this line: the server offers no STARTTLS, and the password could be read";
        return Some(Step { text: text.to_owned(), does: Does::Advice });
    };
    said(text, format!("{} {mechanism}", Verb::Auth.word()), None, context)
}

/// The mechanism for a line that is not encrypted: no password is read from it, the one chosen before if it is one of these.
fn safe_in_clear(context: &Context) -> Option<&str> {
    let mut safe =
        speakable(&context.mechanisms).filter(|it| it.proof == Proof::Password && !it.shows_secret && !it.bound);
    let before = |name: &str| context.mechanism.as_deref() == Some(name);
    let strongest = safe.next()?.name;
    Some(safe.map(|it| it.name).find(|name| before(name)).unwrap_or(strongest))
}

/// Whether somebody can log in on this connection without a password that can be read; where nothing is known, perhaps.
fn may_log_in(context: &Context) -> bool {
    let hidden = context.tls != Some(false) || context.offers("STARTTLS") != Some(false);
    hidden || context.capabilities.is_none() || safe_in_clear(context).is_some()
}

/// AUTH alone, or with a mechanism that is offered: the one that was chosen before, but for those that want the password as
/// the server must have kept it, and so may fail for reasons of their own.
fn auth_line(line: String, context: &Context) -> String {
    const PASSWORDS: [&str; 2] = ["PLAIN", "LOGIN"];
    if line != "AUTH" {
        return line;
    }
    let offered = |name: &&str| context.mechanisms.iter().any(|m| m == name);
    let before = context.mechanism.as_deref().filter(|name| !name.ends_with("-MD5"));
    let chosen = before.into_iter().chain(PASSWORDS).find(offered);
    chosen
        .or_else(|| context.mechanisms.first().map(String::as_str))
        .map_or(line, |mechanism| format!("AUTH {mechanism}"))
}

/// Whether a MAIL was refused that announced a size: Postfix keeps the size until RSET, and refuses a smaller one for it.
fn remembers_size(context: &Context) -> bool {
    context.asked == Some(Asked::Verb(Verb::Mail))
        && context.declared_size.is_some()
        && context.after == Some(Phase::Ready)
}

/// Whether AUTH or STARTTLS would be right, if need be after EHLO, which says whether they are offered, or after RSET.
fn may_now_or_after_rset(verb: Verb, context: &Context) -> bool {
    may(verb, context) || wants_reset(verb, context)
}

/// Whether AUTH or STARTTLS would be right if no transaction stood in its way.
fn wants_reset(verb: Verb, context: &Context) -> bool {
    context.in_transaction() && may(verb, &Context { after: Some(Phase::Ready), ..context.clone() })
}

/// Whether a verb makes sense after the reply; where nothing is known it does.
fn may(verb: Verb, context: &Context) -> bool {
    let within = |phases: &[Phase]| context.may_be_in(phases);
    if context.is_over() || context.turned_away && verb != Verb::Quit {
        return false;
    }
    match verb {
        Verb::Helo | Verb::Ehlo | Verb::Lhlo => within(&[Phase::Greeted, Phase::Ready]),
        Verb::Mail => within(&[Phase::Ready]),
        Verb::Rcpt => within(&[Phase::Mail, Phase::Rcpt]),
        Verb::Data => within(&[Phase::Rcpt]) && context.accepted != Some(0),
        Verb::Bdat => {
            within(&[Phase::Rcpt, Phase::Bdat])
                && context.accepted != Some(0)
                && context.offers("CHUNKING") != Some(false)
        }
        Verb::Rset => within(&[Phase::Mail, Phase::Rcpt, Phase::Bdat]),
        Verb::Starttls => {
            within(&[Phase::Greeted, Phase::Ready])
                && context.tls != Some(true)
                && context.offers("STARTTLS") != Some(false)
        }
        Verb::Auth => {
            within(&[Phase::Ready]) && context.authenticated != Some(true) && context.offers("AUTH") != Some(false)
        }
        Verb::Xclient | Verb::Xforward => within(&[Phase::Ready]) && context.offers(verb.word()) != Some(false),
        Verb::Quit | Verb::Noop | Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Other => {
            within(&[Phase::Greeted, Phase::Ready, Phase::Mail, Phase::Rcpt, Phase::Bdat])
        }
    }
}

/// What the phase itself asks for.
fn of_phase(context: &Context, class: Class) -> Vec<Step> {
    let line = |text: &str, template: &str| {
        let line = fill(template, context).unwrap_or_else(|begun| begun);
        let line = line.trim_end_matches(['<', ' ']).to_owned();
        Step { text: text.to_owned(), does: Does::Command(line) }
    };
    let Some(phase) = context.after else { return Vec::new() };
    if context.is_over() {
        return vec![reconnect(class)];
    }
    if context.turned_away {
        // In the middle of a message QUIT would be a line of it.
        let command = !matches!(phase, Phase::Data | Phase::Auth);
        return command.then(|| line("End the session", "QUIT")).into_iter().collect();
    }
    let greeting = if context.lmtp { "LHLO {client}" } else { "EHLO {client}" };
    match phase {
        Phase::Greeted => vec![line("Greet the server", greeting)],
        Phase::Ready => vec![line("Begin a mail transaction", "MAIL FROM:<{from}>"), line("End the session", "QUIT")],
        Phase::Mail => vec![line("Name a recipient", "RCPT TO:<"), line("Drop this transaction", "RSET")],
        Phase::Rcpt => vec![line("Go on to the message", "DATA"), line("Name another recipient", "RCPT TO:<")],
        Phase::Bdat => vec![line("End the message", "BDAT 0 LAST"), line("Drop this transaction", "RSET")],
        Phase::Data => {
            vec![Step { text: "Write the message".to_owned(), does: Does::Action("message".to_owned(), None) }]
        }
        Phase::Auth => vec![line("Give up logging in", "*")],
        _ => Vec::new(),
    }
}

/// A template with its gaps filled; where one can't be, what stands before it.
fn fill(template: &str, context: &Context) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else { break };
        out.push_str(&rest[..open]);
        let domain = |address: &Option<String>| {
            address.as_deref().and_then(|a| a.rsplit_once('@')).map(|(_, domain)| domain.to_owned())
        };
        let value = match &rest[open + 1..open + close] {
            "rcpt" => context.rcpt.clone(),
            "rcpt.domain" => domain(&context.rcpt),
            "from" => context.from.clone(),
            "from.domain" => domain(&context.from),
            "client" => context.client.clone(),
            "server" => context.server.clone(),
            _ => None,
        };
        match value.filter(|value| !value.is_empty()) {
            Some(value) => out.push_str(&value),
            None => return Err(out),
        }
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    Ok(out)
}
