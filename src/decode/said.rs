//! A reply as it stands within other words, its codes in whatever dress: `550 5.1.1 no`, `550: 5.1.1 no`, `550 [5.1.1] no`,
//! `'550 5.1.1 no'`, `no. (#5.1.1)`.

use super::explain::class_of;
use crate::smtp::{EnhancedCode, ReplyCode};

/// What such words say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) code: Option<ReplyCode>,
    pub(super) enhanced: Option<EnhancedCode>,
    pub(super) text: String,
}

/// Quotation marks, each with the one that ends what it began.
const QUOTES: [(char, char); 6] =
    [('\'', '\''), ('"', '"'), ('`', '`'), ('\u{2018}', '\u{2019}'), ('\u{201c}', '\u{201d}'), ('\u{ab}', '\u{bb}')];

/// Brackets in which some write a code.
const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('<', '>')];

/// Reads `550 5.1.1 text`, `550-5.1.1 text`, `5.1.1 text` or a text alone.
pub(super) fn read(text: &str) -> Said {
    let text = unquoted(text.trim());
    let code = code_at_start(text);
    let rest = if code.is_some() { text[3..].trim_start_matches(['-', ' ', ':']) } else { text };
    let (enhanced, text) = match own_code(rest, code) {
        Some((enhanced, text)) => (Some(enhanced), text),
        None => (None, rest),
    };
    Said { code, enhanced, text: text.to_owned() }
}

/// The reply code at the start of a text: `550`, `550 no`, `550-no`, `550: no`.
fn code_at_start(text: &str) -> Option<ReplyCode> {
    let code = ReplyCode::at_start(text.as_bytes())?;
    let ends = match text.as_bytes().get(3) {
        None | Some(b' ' | b'-') => true,
        // A time or a port has no space there.
        Some(b':') => code.class().is_refusal() && text.as_bytes().get(4).is_none_or(|next| *next == b' '),
        _ => false,
    };
    ends.then_some(code)
}

/// A text without the quotation marks around it.
fn unquoted(text: &str) -> &str {
    let inner = QUOTES.iter().find_map(|(opens, closes)| {
        let inner = text.strip_prefix(*opens)?;
        Some(inner.strip_suffix(*closes).unwrap_or(inner).trim())
    });
    // What is quoted in the middle of a text is none of our business.
    inner.filter(|inner| inner.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text)
}

/// Where the text that a quotation mark began ends, when one stands right before it.
pub(super) fn end_of_quote(before: &str, own: &str) -> Option<usize> {
    let mark = before.trim_end().chars().next_back()?;
    let (_, closes) = QUOTES.iter().find(|(opens, _)| *opens == mark)?;
    // An apostrophe may be a letter's, so the last one ends it.
    if *closes == '\'' { own.rfind(*closes) } else { own.find(*closes) }
}

/// Whether a reply may stand right behind this sign.
pub(super) fn leads(sign: char) -> bool {
    matches!(sign, ':' | '(' | '#' | '>' | '[') || QUOTES.iter().any(|(opens, _)| *opens == sign)
}

/// The enhanced status code that a text has for itself, and what is left of it: at its start, plain or in brackets, or as
/// qmail writes it, `(#5.1.1)`. In brackets it may be of anything, so that it has to be of the reply's class.
pub(super) fn own_code(text: &str, code: Option<ReplyCode>) -> Option<(EnhancedCode, &str)> {
    let behind = || {
        let at = text.find("(#")? + 2;
        let (enhanced, end) = EnhancedCode::at_start(&text.as_bytes()[at..])?;
        (text[at + end..].starts_with(')') && fits(enhanced, code)).then_some((enhanced, text))
    };
    first_code(text, code).or_else(behind)
}

/// The enhanced status code that a text without a reply code has for itself: at its start, or as `(#5.1.1)`.
#[must_use]
pub fn enhanced_in(text: &str) -> Option<EnhancedCode> {
    own_code(text, None).map(|own| own.0)
}

/// The enhanced status code at the start of a text, plain or in brackets, and what is left of it.
fn first_code(text: &str, code: Option<ReplyCode>) -> Option<(EnhancedCode, &str)> {
    let text = text.trim_start_matches([':', ' ']);
    if let Some((enhanced, end)) = EnhancedCode::at_start(text.as_bytes()) {
        return Some((enhanced, text[end..].trim_start()));
    }
    let inside = BRACKETS.iter().find_map(|(opens, closes)| {
        let inner = text.strip_prefix(*opens)?;
        let inner = inner.strip_prefix('#').unwrap_or(inner);
        let (enhanced, end) = EnhancedCode::at_start(inner.as_bytes())?;
        let rest = inner[end..].strip_prefix(*closes)?;
        Some((enhanced, rest.trim_start_matches([':', ' '])))
    });
    let marked = || {
        let inner = text.strip_prefix('#')?;
        EnhancedCode::at_start(inner.as_bytes()).map(|(enhanced, end)| (enhanced, inner[end..].trim_start()))
    };
    inside.or_else(marked).filter(|(enhanced, _)| fits(*enhanced, code))
}

/// Whether a text begins as a reply does.
pub(super) fn is_reply(text: &str) -> bool {
    code_at_start(text).is_some() || first_code(text, None).is_some()
}

fn fits(enhanced: EnhancedCode, code: Option<ReplyCode>) -> bool {
    code.is_none_or(|code| class_of(None, Some(enhanced)) == code.class())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_whatever_dress() {
        for (text, code, enhanced, words) in [
            ("550 5.1.1 no", Some(550), "5.1.1", "no"),
            ("550-5.1.1 no", Some(550), "5.1.1", "no"),
            ("550: 5.1.1 no", Some(550), "5.1.1", "no"),
            ("550 [5.1.1] no", Some(550), "5.1.1", "no"),
            ("550 (5.1.1): no", Some(550), "5.1.1", "no"),
            ("550 <5.1.1> no", Some(550), "5.1.1", "no"),
            ("550 #5.1.1 no", Some(550), "5.1.1", "no"),
            ("550 5.1.1: no", Some(550), "5.1.1", ": no"),
            ("550 no. (#5.1.1)", Some(550), "5.1.1", "no. (#5.1.1)"),
            ("no. (#4.4.3) later", None, "4.4.3", "no. (#4.4.3) later"),
            ("'550 5.1.1 can't'", Some(550), "5.1.1", "can't"),
            ("\"550 5.1.1 no\"", Some(550), "5.1.1", "no"),
            ("\u{201c}550 5.1.1 no\u{201d}", Some(550), "5.1.1", "no"),
            ("550: no", Some(550), "", "no"),
            // Another class in brackets, an address, a time: no code of this reply.
            ("550 [2.1.5] no", Some(550), "", "[2.1.5] no"),
            ("550 [192.0.2.1] no", Some(550), "", "[192.0.2.1] no"),
            ("250:30 no", None, "", "250:30 no"),
            ("'no' said he", None, "", "'no' said he"),
            ("no (#1)", None, "", "no (#1)"),
            ("", None, "", ""),
        ] {
            let said = read(text);
            assert_eq!(said.code.map(ReplyCode::number), code, "{text}");
            assert_eq!(said.enhanced.map(|it| it.to_string()).unwrap_or_default(), enhanced, "{text}");
            assert_eq!(said.text, words, "{text}");
        }
    }
}
