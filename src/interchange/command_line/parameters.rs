//! The parameters of MAIL and RCPT on a command line.

use super::{Talk, parsed, quoted};
use crate::conversation::Exchange;
use crate::smtp::{Verb, escape, xtext};

/// The parameters of MAIL and RCPT: swaks sends none of them.
pub(super) fn all(talk: &Talk<'_>, transaction: &[Exchange]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for command in transaction.iter().filter_map(|x| parsed(talk, x)) {
        for parameter in command.parameters.iter().filter(|_| matches!(command.verb, Verb::Mail | Verb::Rcpt)) {
            let text = escape::for_screen(command.line[parameter.span.clone()].trim_ascii());
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

/// The parameters of MAIL and RCPT as `ehlo send` takes them, and what of them it can't say: those in which one recipient
/// differs from another.
pub(super) fn own(talk: &Talk<'_>, transaction: &[Exchange], words: &mut Vec<String>) -> Vec<String> {
    let of = |verb: Verb| {
        let commands = transaction.iter().filter(move |x| x.verb == verb).filter_map(|x| parsed(talk, x));
        commands.map(|command| {
            let text = |span: &std::ops::Range<usize>| escape::for_screen(command.line[span.clone()].trim_ascii());
            command.parameters.iter().map(|parameter| text(&parameter.span)).collect::<Vec<_>>()
        })
    };
    let Some(mail) = of(Verb::Mail).next() else { return Vec::new() };
    words.push("--bare-mail".to_owned());
    let mut rcpt: Vec<Vec<String>> = of(Verb::Rcpt).collect();
    let to = transaction.iter().filter(|x| x.verb == Verb::Rcpt).filter_map(|x| parsed(talk, x)?.path);
    let own: Vec<String> = to.map(|to| format!("ORCPT={}", xtext::original(&to.address()))).collect();
    if !own.is_empty() && own.len() == rcpt.len() && own.iter().zip(&rcpt).all(|(own, said)| said.contains(own)) {
        words.push("--orcpt".to_owned());
        rcpt.iter_mut().zip(&own).for_each(|(said, own)| said.retain(|word| word != own));
    }
    let first = rcpt.first().cloned().unwrap_or_default();
    let (common, other): (Vec<_>, Vec<_>) =
        first.into_iter().partition(|word| rcpt.iter().all(|all| all.contains(word)));
    for (option, said) in [("--mail-parameters", mail), ("--rcpt-parameters", common.clone())] {
        if !said.is_empty() {
            words.extend([option.to_owned(), quoted(&said.join(" "))]);
        }
    }
    let mut left_out: Vec<String> = other;
    for word in rcpt.into_iter().flatten().filter(|word| !common.contains(word)) {
        if !left_out.contains(&word) {
            left_out.push(word);
        }
    }
    left_out
}
