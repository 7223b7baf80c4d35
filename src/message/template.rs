//! A message with `{{name}}` in it.

use super::MessageError;

/// Fills each `{{name}}` of a text: letters, digits, `_`, `-` and `.`; anything else between braces stays as it is.
/// `value` gives what stands for a name. In the head a value must not hold a line end.
///
/// # Errors
/// A name without a value, with its line; a value that would begin another header field.
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, MessageError> {
    let head = text.find("\n\n").or_else(|| text.find("\n\r\n")).unwrap_or(text.len());
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    while let Some((at, end)) = marker(text, rest) {
        let name = text[at + 2..end - 2].trim();
        let line = || text[..at].matches('\n').count() + 1;
        let filled = value(name).ok_or_else(|| MessageError::Unfilled { line: line(), name: name.to_owned() })?;
        if at < head && filled.contains(['\r', '\n', '\0']) {
            return Err(MessageError::LineEnd(format!("{{{{{name}}}}}")));
        }
        out.push_str(&text[rest..at]);
        out.push_str(&filled);
        rest = end;
    }
    out.push_str(&text[rest..]);
    Ok(out)
}

/// The names that stand in a text so.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let (at, end) = marker(text, from)?;
        from = end;
        Some(text[at + 2..end - 2].trim())
    })
}

/// Where the next marker begins and ends, from an octet on.
fn marker(text: &str, mut from: usize) -> Option<(usize, usize)> {
    loop {
        let at = from + text[from..].find("{{")?;
        let end = at + 2 + text[at + 2..].find("}}")?;
        let name = text[at + 2..end].trim();
        if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return Some((at, end + 2));
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, MessageError> {
        fill(text, |name| match name {
            "who" => Some("Noddy".to_owned()),
            "two" => Some("a\nb".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn markers_are_filled_and_other_braces_stay() {
        assert_eq!(
            filled("Dear {{who}} and {{ who }}, {{ {x} {{ a b }}").as_deref(),
            Ok("Dear Noddy and Noddy, {{ {x} {{ a b }}")
        );
        assert_eq!(filled("X: y\n\n{{two}}").as_deref(), Ok("X: y\n\na\nb"), "a body has many lines");
    }

    #[test]
    fn what_can_not_be_filled_is_said() {
        assert_eq!(filled("a\n{{nobody}}"), Err(MessageError::Unfilled { line: 2, name: "nobody".into() }));
        assert_eq!(filled("Subject: {{two}}\n\nx"), Err(MessageError::LineEnd("{{two}}".into())));
        assert_eq!(filled("Subject: {{two}}\r\n\r\nx"), Err(MessageError::LineEnd("{{two}}".into())));
    }
}
