//! Message content on its way: lines, dot-stuffing (RFC 5321 4.5.2) and the lone dot.

/// Puts a dot before a line that begins with one. `line` is without its end.
#[must_use]
pub fn stuff(line: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if line.first() == Some(&b'.') {
        let mut out = Vec::with_capacity(line.len() + 1);
        out.push(b'.');
        out.extend_from_slice(line);
        out.into()
    } else {
        line.into()
    }
}

/// Takes the stuffed dot off a line that was received; the lone dot must have been looked for before.
#[must_use]
pub fn unstuff(line: &[u8]) -> &[u8] {
    line.strip_prefix(b".").unwrap_or(line)
}

/// The lines of a text, whatever its line ends: CR LF, LF or none at the end.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").or_else(|| (!text.is_empty()).then_some(text));
    text.into_iter().flat_map(|text| text.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)))
}

/// A text as it goes out after DATA: each line with its CR LF, dots stuffed.
#[must_use]
pub fn stuffed(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 16 + 2);
    for line in lines(text) {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_whatever_their_ends() {
        for (text, want) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\r\n", vec!["a"]),
            ("a\n\nb", vec!["a", "", "b"]),
            ("\n", vec![""]),
            ("a\r\n\r\n", vec!["a", ""]),
            ("a\r\r\n", vec!["a\r"]),
            ("\r\n", vec![""]),
        ] {
            let got: Vec<_> = lines(text.as_bytes()).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
            assert_eq!(got, want, "{text:?}");
        }
    }

    #[test]
    fn a_text_goes_out_line_by_line() {
        assert_eq!(stuffed(b"a\n.\n\r\n..b"), b"a\r\n..\r\n\r\n...b\r\n");
        assert_eq!(stuffed(b""), b"");
    }

    #[test]
    fn a_leading_dot_is_stuffed_and_comes_back() {
        for line in [&b"."[..], b"..", b".a", b"a.", b""] {
            assert_eq!(unstuff(&stuff(line)), line);
        }
        assert_eq!(&*stuff(b"."), b"..");
    }
}
