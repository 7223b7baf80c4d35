//! Words of decode data that patterns share: `[words]` of a file gives alternatives a name, and a pattern says `{name}`.
//!
//! So "the mailbox, in twenty languages" is written once, and what is said of it is combined with it in many patterns.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The words of all files: a name, and a regular expression for what it stands for.
pub(super) type Words = BTreeMap<String, String>;

/// A pattern with each `{name}` replaced by what it stands for, as one group; an error where there is no such name.
/// Repetitions such as `{0,40}` are left alone.
pub(super) fn fill<'a>(pattern: &'a str, words: &Words) -> Result<Cow<'a, str>, String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, name, after)) = next(rest) {
        let word = words.get(name).ok_or_else(|| {
            format!("the pattern names {{{name}}}, and no file has {name} in its [words]: add it there, or write \\{{")
        })?;
        out.push_str(before);
        out.push_str("(?:");
        out.push_str(word);
        out.push(')');
        rest = after;
    }
    if out.is_empty() && rest.len() == pattern.len() {
        return Ok(Cow::Borrowed(pattern));
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// What stands before the first name in braces, the name, and what follows.
fn next(pattern: &str) -> Option<(&str, &str, &str)> {
    pattern.match_indices('{').find_map(|(at, _)| {
        let inside = &pattern[at + 1..];
        let end = inside.find('}')?;
        let name = &inside[..end];
        // `\p{L}` and `\x{41}` are the regular expression's own.
        let escaped = pattern[..at].ends_with('\\') || at >= 2 && pattern.as_bytes()[at - 2] == b'\\';
        let named = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-');
        (named && !escaped).then(|| (&pattern[..at], name, &inside[end + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces_stand_for_their_words() {
        let words = Words::from([("user".to_owned(), "konto|compte".to_owned())]);
        for (pattern, want) in [
            ("{user}.{0,40}full", Ok("(?:konto|compte).{0,40}full")),
            ("a{2}b", Ok("a{2}b")),
            ("{user}{user}", Ok("(?:konto|compte)(?:konto|compte)")),
            (r"\p{greek}\{user}", Ok(r"\p{greek}\{user}")),
            ("{", Ok("{")),
            ("", Ok("")),
        ] {
            assert_eq!(fill(pattern, &words).as_deref(), want.as_ref().map(|w: &&str| *w).map_err(|e: &String| e));
        }
        let error = fill("{users}", &words).expect_err("no such word");
        assert!(error.contains("{users}") && error.contains("[words]"), "{error}");
    }
}
