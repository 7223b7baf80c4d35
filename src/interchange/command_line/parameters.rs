//! The parameters of MAIL and RCPT on a command line.

use std::collections::{HashMap, HashSet};

use super::{Talk, parsed, quoted};
use crate::conversation::Exchange;
use crate::smtp::{Command, Path, Verb, escape, xtext};

/// The parameters of MAIL and RCPT: swaks sends none of them.
pub(super) fn all(talk: &Talk<'_>, transaction: &[Exchange]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for command in transaction.iter().filter_map(|x| parsed(talk, x)) {
        for parameter in command.parameters.iter().filter(|_| matches!(command.verb, Verb::Mail | Verb::Rcpt)) {
            let text = escape::for_screen(command.line[parameter.span.clone()].trim_ascii());
            if seen.insert(text.clone()) {
                all.push(text);
            }
        }
    }
    all
}

/// The parameters of MAIL and RCPT as `ehlo send` takes them, and what of them it can't say: those in which one that was
/// named twice differs, or whose address can't be read.
pub(super) fn own(talk: &Talk<'_>, transaction: &[Exchange], words: &mut Vec<String>) -> Vec<String> {
    let of = |verb: Verb| transaction.iter().filter(move |x| x.verb == verb).filter_map(|x| parsed(talk, x));
    let said = |command: &Command| {
        let text = |span: &std::ops::Range<usize>| escape::for_screen(command.line[span.clone()].trim_ascii());
        command.parameters.iter().map(|parameter| text(&parameter.span)).collect::<Vec<_>>()
    };
    let Some(mail) = of(Verb::Mail).next() else { return Vec::new() };
    words.push("--bare-mail".to_owned());
    let mut rcpt: Vec<(Option<String>, Vec<String>)> =
        of(Verb::Rcpt).map(|command| (command.path.as_ref().map(Path::address), said(&command))).collect();
    let original = |to: &Option<String>| to.as_ref().map(|to| format!("ORCPT={}", xtext::original(to)));
    let is_said = |(to, said): &(Option<String>, Vec<String>)| original(to).is_some_and(|word| said.contains(&word));
    if !rcpt.is_empty() && rcpt.iter().all(is_said) {
        words.push("--orcpt".to_owned());
        for (to, said) in &mut rcpt {
            said.retain(|word| original(to).as_ref() != Some(word));
        }
    }
    let first = rcpt.first().map(|(_, said)| said.clone()).unwrap_or_default();
    let common: Vec<String> = first.into_iter().filter(|word| rcpt.iter().all(|(_, all)| all.contains(word))).collect();
    for (_, said) in &mut rcpt {
        said.retain(|word| !common.contains(word));
    }
    for (option, said) in [("--mail-parameters", said(&mail)), ("--rcpt-parameters", common)] {
        if !said.is_empty() {
            words.extend([option.to_owned(), quoted(&said.join(" "))]);
        }
    }
    each(&rcpt, words)
}

/// What is said of single recipients, among the words of the line; and what of it it can't say. There may be many thousands.
fn each(rcpt: &[(Option<String>, Vec<String>)], words: &mut Vec<String>) -> Vec<String> {
    let mut of: HashMap<&Option<String>, HashSet<&Vec<String>>> = HashMap::new();
    for (to, said) in rcpt {
        of.entry(to).or_default().insert(said);
    }
    let mut left_out = Vec::new();
    let mut done = HashSet::new();
    for (to, said) in rcpt.iter().filter(|(_, said)| !said.is_empty()) {
        if !done.insert((to, said)) {
            continue;
        }
        let own = said.join(" ");
        match to {
            Some(address) if of[to].len() == 1 => {
                words.extend(["--parameters-of".to_owned(), quoted(&format!("{address} {own}"))]);
            }
            Some(address) => left_out.push(format!("{own} of {address}, which was named twice")),
            None => left_out.push(format!("{own} of a recipient whose address can't be read")),
        }
    }
    left_out
}
