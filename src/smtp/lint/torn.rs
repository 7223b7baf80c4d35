//! Parameters that a space has torn apart, joined.

use std::ops::Range;

use super::super::path::Word;
use super::super::verb::ParameterEntry;
use super::parameter::Item;
use super::{Context, Findings};

/// The words, those joined that a space has torn apart: `NOTIFY= SUCCESS, FAILURE`.
pub(super) fn items(context: &Context<'_>, words: &[Word], found: &mut Findings) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut text = String::new();
    for word in words {
        let span = match word {
            Word::Parameter(parameter) => parameter.span.clone(),
            Word::Junk(span) => span.clone(),
        };
        let next = String::from_utf8_lossy(&context.line[span.clone()]).into_owned();
        let last = items.last_mut().filter(|last| last.keyword.starts_with(|c: char| c.is_ascii_alphanumeric()));
        let joint = last.as_deref().and_then(|last| joint(context, last, &text, &next));
        if let (Some(last), Some(joint)) = (last, joint) {
            let joined = format!("{text}{joint}{next}");
            let whole = last.span.start..span.end;
            let reason = match joint {
                "=" => "Between a parameter and its value an equals sign stands, and no space.",
                _ => "No space stands within a parameter.",
            };
            found.wrong("space-in-parameter", whole.clone(), reason, "RFC 5321 4.1.2").mends();
            *last = Item::of(&joined, whole);
            text = joined;
            continue;
        }
        let bare = next.trim_end_matches([',', ';']);
        if bare.len() < next.len() && !bare.is_empty() && !bare.contains('@') && !words_follow_comma(words, &span) {
            let reason = "Parameters are parted by a space and nothing else.";
            // From the end: the text may be longer than its octets, where they are not UTF-8.
            let stray = next.len() - bare.len();
            found.wrong("stray-text", span.end - stray..span.end, reason, "RFC 5321 4.1.2").mends();
            items.push(Item::of(bare, span));
        } else {
            items.push(Item::of(&next, span));
        }
        text = next;
    }
    items
}

/// What joins a word to the parameter before it, where both are one.
fn joint(context: &Context<'_>, last: &Item, text: &str, next: &str) -> Option<&'static str> {
    if list_goes_on(context, last, next) {
        return Some(",");
    }
    if belongs_together(text, next) {
        return Some("");
    }
    is_value_of(context, last, next).then_some("=")
}

/// Whether a word is the value that the parameter before it lacks: `SIZE 1000`.
fn is_value_of(context: &Context<'_>, last: &Item, next: &str) -> bool {
    let mut entries = context.verbs.verbs.iter().filter_map(|verb| verb.parameter(&last.keyword));
    let known = |word: &str| context.verbs.verbs.iter().any(|verb| verb.parameter(word).is_some());
    let lacks = |entry: &ParameterEntry| !entry.is_bare() && !entry.optional && entry.value.fits(next);
    last.value.is_none() && !next.contains(['=', '@', '<']) && !known(next) && entries.any(lacks)
}

fn belongs_together(before: &str, next: &str) -> bool {
    let is_parameter = next.find('=').is_some_and(|at| at > 0);
    (next.starts_with('=') && !before.contains('='))
        || (!is_parameter && before.ends_with('='))
        || (!is_parameter && before.contains('=') && (before.ends_with(',') || next.starts_with(',')))
}

/// Whether a word is one more of the list that the parameter before it holds: `NOTIFY=SUCCESS FAILURE`.
fn list_goes_on(context: &Context<'_>, last: &Item, next: &str) -> bool {
    let entries = context.verbs.verbs.iter().filter_map(|verb| verb.parameter(&last.keyword));
    let is_choice =
        |word: &str| entries.clone().any(|e| e.list && e.choices.iter().any(|c| c.eq_ignore_ascii_case(word)));
    let value = last.value.as_deref().unwrap_or_default();
    !value.is_empty() && !value.ends_with(',') && next.split(',').all(is_choice)
}

/// Whether the word after this one is the rest of a list, so that the comma belongs there.
fn words_follow_comma(words: &[Word], span: &Range<usize>) -> bool {
    words.iter().any(|word| match word {
        Word::Parameter(p) => p.span.start > span.end && p.value.is_none(),
        Word::Junk(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use crate::smtp::lint::lint;
    use crate::smtp::{Session, VerbTable};

    #[test]
    fn a_value_that_a_space_parts_from_its_parameter_is_joined_to_it() {
        let table = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
        for (line, mended) in [
            ("MAIL FROM:<a@b> SIZE 1000", Some("MAIL FROM:<a@b> SIZE=1000")),
            ("MAIL FROM:<a@b> BODY 8BITMIME", Some("MAIL FROM:<a@b> BODY=8BITMIME")),
            ("MAIL FROM:<a@b> SIZE BODY=7BIT", None),
            ("MAIL FROM:<a@b> SIZE many", None),
        ] {
            let lints = lint(line.as_bytes(), &Session::default(), &table);
            let found = lints.iter().find_map(|lint| lint.mended.as_deref());
            assert_eq!(found, mended, "{line}: {lints:?}");
        }
    }
}
