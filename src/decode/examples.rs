//! Whether the examples in a user's own files are decoded by the entries that they stand with: what a pattern does not reach,
//! and where two of them overlap, shows here, as it does for ours in a test.

use super::book::{Book, Origin, line_of};
use super::entry::{ReplyEntry, Several};
use super::normal::beginning;
use super::{Asked, Context, KnowledgeError, normalise};
use crate::smtp::{LineEnd, Reply, ReplyLine};

/// What is wrong with the examples of the user's own entries, each with its line and the cure. `files` are names and texts.
pub(super) fn told(book: &Book, files: &[(&str, &str, Origin)]) -> Vec<KnowledgeError> {
    let mut errors = Vec::new();
    for entry in book.replies().iter().filter(|entry| entry.own && decides_by_words(entry)) {
        for example in &entry.examples {
            let Some(message) = problem(entry, example, book, files) else { continue };
            let text = files.iter().find(|(name, ..)| *name == entry.file).map_or("", |(_, text, _)| text);
            let line = line_of(text, entry.pattern.span().start);
            errors.push(KnowledgeError { file: entry.file.clone(), line, message });
        }
    }
    errors
}

/// Whether nothing but the reply and the command decides; the rest can't be known of an example.
fn decides_by_words(entry: &ReplyEntry) -> bool {
    entry.phase.is_none() && entry.tls.is_none() && entry.authenticated.is_none() && entry.capability.is_none()
}

fn problem(entry: &ReplyEntry, example: &str, book: &Book, files: &[(&str, &str, Origin)]) -> Option<String> {
    let mut reply = Reply::default();
    for line in example.lines() {
        reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
    }
    let verb = entry.verb.as_ref().and_then(|verbs: &Several<String>| Asked::from_name(verbs.iter().next()?));
    let context = Context { asked: verb, ..Context::default() };
    let whole = reply.text();
    let text = normalise(beginning(&whole));
    let found = book.matching(&text, |other| other.holds(reply.code(), reply.enhanced(), &context)).next();
    match found {
        Some(other) if std::ptr::eq(other, entry) => None,
        Some(other) if other.own => {
            let text = files.iter().find(|(name, ..)| *name == other.file).map_or("", |(_, text, _)| text);
            let line = line_of(text, other.pattern.span().start);
            Some(format!(
                "the example {example:?} is taken by the entry before it, {}:{line}: put this one first, or narrow that \
                 pattern",
                other.file
            ))
        }
        _ => Some(format!(
            "the example {example:?} is not recognised by this entry: the pattern is tried on the text after code and \
             enhanced code, in small letters and with addresses written _@_; mend the pattern, its conditions or the \
             example"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Knowledge;

    #[test]
    fn what_does_not_reach_its_example_or_overlaps_is_told_with_its_line_and_the_cure() {
        let entry = |pattern: &str, example: &str| {
            format!("[[reply]]\nmatch = '{pattern}'\ncategory = 'policy'\nexamples = ['{example}']\n")
        };
        let told = |text: &str| {
            let (_, errors) = Knowledge::with_replies([("mine.toml", text)]);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(told(&entry("ask joan", "550 Ask Joan")), [] as [&str; 0]);
        let missed = told(&entry("ask joan", "550 Ask Jane"));
        assert!(missed.len() == 1 && missed[0].starts_with("mine.toml:2: ") && missed[0].contains("mend the pattern"));
        let overlap = told(&(entry("joan", "550 joan") + &entry("ask joan", "550 Ask Joan")));
        assert!(overlap.len() == 1 && overlap[0].starts_with("mine.toml:6: "), "{overlap:?}");
        assert!(overlap[0].contains("mine.toml:2: put this one first"), "{overlap:?}");
    }
}
