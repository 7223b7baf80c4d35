//! Terms of the glossary in a text, so that each can lead to its page.

use std::ops::Range;

use super::Term;

/// Where terms of the glossary stand in a text, from left to right; of two that overlap the longer one.
#[must_use]
pub fn terms_at(text: &str, glossary: &'static [Term]) -> Vec<Range<usize>> {
    let names = || glossary.iter().flat_map(|term| std::iter::once(&term.term).chain(&term.also));
    let mut found: Vec<Range<usize>> =
        names().filter_map(|name| name_in(text, name).map(|at| at..at + name.len())).collect();
    found.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let mut end = 0;
    found.retain(|place| {
        let alone = place.start >= end && text.is_char_boundary(place.start) && text.is_char_boundary(place.end);
        if alone {
            end = place.end;
        }
        alone
    });
    found
}

/// The terms of the glossary that a text has in it, in the order in which it has them.
#[must_use]
pub fn terms_in(text: &str, glossary: &'static [Term]) -> Vec<&'static Term> {
    let mut found: Vec<(usize, &Term)> = glossary
        .iter()
        .filter_map(|term| {
            let names = std::iter::once(&term.term).chain(&term.also);
            Some((names.filter_map(|name| name_in(text, name)).min()?, term))
        })
        .collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, term)| term).collect()
}

/// Where a name stands in a text as a word of its own, in one or several numbers.
fn name_in(text: &str, name: &str) -> Option<usize> {
    let shouted = name.chars().all(|c| !c.is_lowercase());
    // An abbreviation is meant only where it is written as one.
    let (text, name) =
        if shouted { (text.to_owned(), name.to_owned()) } else { (text.to_ascii_lowercase(), name.to_lowercase()) };
    text.match_indices(&name).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let mut after = text[at + name.len()..].chars();
        let next = match after.next() {
            // The plural is the same term.
            Some('s') => after.next(),
            other => other,
        };
        [before, next].iter().all(|c| c.is_none_or(|c| !c.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Knowledge;
    use super::*;

    #[test]
    fn terms_are_found_as_whole_words_in_any_number() {
        let glossary = Knowledge::shipped().glossary();
        let names = |text: &str| terms_in(text, glossary).into_iter().map(|t| t.term.as_str()).collect::<Vec<_>>();
        assert_eq!(names("Two block lists and an SPF record"), ["block list", "SPF"]);
        assert_eq!(names("relayed"), [] as [&str; 0]);
        assert!(names("Refused for good: relaying is not allowed").contains(&"relay"));
    }

    #[test]
    fn the_glossary_speaks_of_what_a_newcomer_meets_and_refers_to_itself_alone() {
        let knowledge = Knowledge::shipped();
        let all = knowledge.glossary();
        assert!(all.len() >= 60, "{} terms", all.len());
        for term in all {
            assert!(term.text.len() > 30 && term.text.len() < 400, "{}", term.term);
            for see in &term.see {
                assert!(knowledge.term(see).is_some_and(|other| other.term == *see), "{} sees {see}", term.term);
            }
        }
        let mut names: Vec<_> =
            all.iter().flat_map(|t| std::iter::once(&t.term).chain(&t.also)).map(|n| n.to_lowercase()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands for two terms");
    }
}
