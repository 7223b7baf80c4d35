//! What each digit of a code says.

use crate::smtp::{EnhancedCode, ReplyCode};

use super::Book;
use super::entry::EnhancedEntry;
use super::explain::small;

/// Whether an enhanced code only says of a success that all is well: the registry words its detail as the reason of a refusal,
/// and there is none.
pub(super) fn is_done(code: EnhancedCode, entry: &EnhancedEntry) -> bool {
    code.class == 2 && entry.category != "ok" && (entry.vague || !entry.classes.contains(&2))
}

/// What such a code says.
pub(super) fn done(code: EnhancedCode, book: &Book) -> String {
    match (code.subject, book.digit(&format!("x.{}.x", code.subject))) {
        (0, _) | (_, None) => "done, with nothing more to say".to_owned(),
        (_, Some(subject)) => format!("{subject}: as it should be"),
    }
}

/// What each digit of the codes says, as pairs of the digits as shown and their words.
pub(super) fn of(
    book: &Book,
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
    entry: Option<&EnhancedEntry>,
) -> Vec<(String, String)> {
    let mut digits = Vec::new();
    if let Some(code) = code {
        let text = code.to_string();
        let unknown = "no class: SMTP has 2, 3, 4 and 5";
        digits.push((text[..1].to_owned(), book.digit(&text[..1]).unwrap_or(unknown).to_owned()));
        let second = format!("x{}x", &text[1..2]);
        if let Some(words) = book.digit(&second) {
            digits.push((second, words.to_owned()));
        }
    }
    if let Some(enhanced) = enhanced {
        let subject = book.digit(&format!("x.{}.x", enhanced.subject)).unwrap_or("a subject that is not registered");
        let words = match entry {
            Some(entry) if is_done(enhanced, entry) => done(enhanced, book),
            Some(entry) => format!("{subject}: {}", small(&entry.title)),
            None => format!("{subject}: a detail that is not registered"),
        };
        digits.push((enhanced.to_string(), words));
    }
    digits
}
