//! Header fields of a message that is there: found, set, added. A value never holds a line end of its own.

use super::MessageError;

/// A header field as it is given: `Name: value`.
///
/// # Errors
/// No colon, or a name or value that can't be one.
pub fn field(text: &str) -> Result<(String, String), MessageError> {
    let (name, value) = text.split_once(':').ok_or_else(|| MessageError::Field(text.to_owned()))?;
    let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
    check(&name, &value)?;
    Ok((name, value))
}

/// Whether a field may be written: its name printable ASCII without a colon (RFC 5322 2.2), its value without line ends
/// and NUL, so that nothing can be injected by a value.
///
/// # Errors
/// What is wrong with it.
pub fn check(name: &str, value: &str) -> Result<(), MessageError> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic() && b != b':') {
        return Err(MessageError::FieldName(crate::smtp::escape::for_screen(name.as_bytes())));
    }
    if value.contains(['\r', '\n', '\0']) {
        return Err(MessageError::LineEnd(name.to_owned()));
    }
    Ok(())
}

/// Whether a line begins a header field (RFC 5322 2.2): a name of printable ASCII and a colon.
#[must_use]
pub fn is_field(line: &[u8]) -> bool {
    let name = line.split(|b| *b == b':').next().unwrap_or_default();
    !name.is_empty() && name.len() < line.len() && name.iter().all(u8::is_ascii_graphic)
}

/// Of the lines of a message (without their ends) the first within its header that is no field, nor goes on from one:
/// the empty line is missing that has to part header and text (RFC 5322 2.1). Nothing where it is there, and where the
/// message does not begin with a field at all.
pub fn unparted<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    if !is_field(lines.next()?) {
        return None;
    }
    let goes_on = |line: &[u8]| is_field(line) || line.starts_with(b" ") || line.starts_with(b"\t");
    lines.find(|line| line.is_empty() || !goes_on(line)).filter(|line| !line.is_empty())
}

/// Of the lines of a header (without their ends) the name that stands twice in its line: `Subject: Subject: hello`, as who
/// types behind a field that is there already.
pub fn doubled<'a>(lines: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    lines.take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':').filter(|_| is_field(line.as_bytes()))?;
        let (again, _) = value.split_once(':')?;
        again.trim().eq_ignore_ascii_case(name).then_some(name)
    })
}

/// Octets of a line of a message without its end (RFC 5322 2.1.1).
pub const LONGEST: usize = 998;

/// Of the lines of a message (without their ends) the first within its header that has more octets than a line may.
pub fn overlong<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    lines.take_while(|line| !line.is_empty()).find(|line| line.len() > LONGEST)
}

/// What the line begins with by which mailboxes divide messages; it is none of the message (RFC 4155).
pub const FROM_LINE: &[u8; 5] = b"From ";

/// Takes the line away by which mailboxes divide messages, where a message begins with it.
pub fn strip_from_line(message: &mut Vec<u8>) {
    if message.starts_with(FROM_LINE) {
        let end = memchr::memchr(b'\n', message).map_or(message.len(), |at| at + 1);
        message.drain(..end);
    }
}

/// The head of a message and the rest: the rest begins with the empty line, or is empty.
#[must_use]
pub fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < message.len() {
        let end = memchr::memchr(b'\n', &message[at..]).map_or(message.len(), |n| at + n + 1);
        let line = &message[at..end];
        if line == b"\n" || line == b"\r\n" {
            break;
        }
        at = end;
    }
    message.split_at(at)
}

/// The fields of a head, each with its continuation lines and line ends.
pub(super) fn fields(head: &[u8]) -> Vec<&[u8]> {
    let mut all: Vec<&[u8]> = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while at < head.len() {
        let end = memchr::memchr(b'\n', &head[at..]).map_or(head.len(), |n| at + n + 1);
        if at > from && !matches!(head[at], b' ' | b'\t') {
            all.push(&head[from..at]);
            from = at;
        }
        at = end;
    }
    if from < head.len() {
        all.push(&head[from..]);
    }
    all
}

pub(super) fn is(field: &[u8], name: &str) -> bool {
    memchr::memchr(b':', field).is_some_and(|at| field[..at].trim_ascii_end().eq_ignore_ascii_case(name.as_bytes()))
}

/// The value of the first field of this name, unfolded.
#[must_use]
pub fn get(message: &[u8], name: &str) -> Option<String> {
    let (head, _) = split(message);
    let field = fields(head).into_iter().find(|field| is(field, name))?;
    let value = String::from_utf8_lossy(&field[name.len()..]).into_owned();
    let value = value.trim_start().strip_prefix(':')?.replace("\r\n", "").replace('\n', "");
    Some(value.trim().to_owned())
}

/// The field as it is written, encoded and folded where it must be.
pub(super) fn written(name: &str, value: &str, addresses: bool) -> Vec<u8> {
    use mail_builder::headers::Header as _;
    use mail_builder::headers::{HeaderType, raw::Raw, text::Text};
    let value = if addresses {
        super::address::field(value)
    } else if value.is_ascii() {
        HeaderType::Raw(Raw::new(value))
    } else {
        HeaderType::Text(Text::new(value))
    };
    let mut out = format!("{name}: ").into_bytes();
    let column = out.len();
    value.write_header(&mut out, column);
    out
}

/// Whether the values of this field are addresses.
#[must_use]
pub fn holds_addresses(name: &str) -> bool {
    ["From", "To", "Cc", "Bcc", "Sender", "Reply-To"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Sets a field: the first of this name takes the value, more of them go; at the end of the head where there is none.
///
/// # Errors
/// A name or value that can't be one.
pub fn set(message: &mut Vec<u8>, name: &str, value: &str) -> Result<(), MessageError> {
    put(message, name, value, false)
}

/// Sets the first field of this name and leaves more of them as they are; at the end of the head where there is none.
///
/// # Errors
/// A name or value that can't be one.
pub fn set_first(message: &mut Vec<u8>, name: &str, value: &str) -> Result<(), MessageError> {
    put(message, name, value, true)
}

fn put(message: &mut Vec<u8>, name: &str, value: &str, others: bool) -> Result<(), MessageError> {
    check(name, value)?;
    let new = written(name, value, holds_addresses(name));
    let (head, rest) = split(message);
    let mut out = Vec::with_capacity(message.len() + new.len());
    let mut done = false;
    for field in fields(head) {
        if !is(field, name) {
            out.extend_from_slice(field);
        } else if !std::mem::replace(&mut done, true) {
            out.extend_from_slice(&new);
        } else if others {
            out.extend_from_slice(field);
        }
    }
    if !done {
        end_line(&mut out);
        out.extend_from_slice(&new);
    }
    out.extend_from_slice(if rest.is_empty() { b"\r\n" } else { rest });
    *message = out;
    Ok(())
}

/// Takes the first field of this name out.
pub fn remove_first(message: &mut Vec<u8>, name: &str) {
    let (head, rest) = split(message);
    let mut all = fields(head);
    if let Some(at) = all.iter().position(|field| is(field, name)) {
        all.remove(at);
    }
    all.push(rest);
    *message = all.concat();
}

/// Adds a field at the end of the head.
///
/// # Errors
/// A name or value that can't be one.
pub fn add(message: &mut Vec<u8>, name: &str, value: &str) -> Result<(), MessageError> {
    check(name, value)?;
    let new = written(name, value, holds_addresses(name));
    let (head, rest) = split(message);
    let mut out = head.to_vec();
    end_line(&mut out);
    out.extend_from_slice(&new);
    out.extend_from_slice(if rest.is_empty() { b"\r\n" } else { rest });
    *message = out;
    Ok(())
}

fn end_line(out: &mut Vec<u8>) {
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
}

/// A message with CR LF at the end of each line.
#[must_use]
pub fn with_crlf(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    for line in crate::smtp::content::lines(message) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(change: impl FnOnce(&mut Vec<u8>), message: &str) -> String {
        let mut message = message.as_bytes().to_vec();
        change(&mut message);
        String::from_utf8(message).expect("UTF-8")
    }

    #[test]
    fn a_field_is_set_in_its_place_and_added_at_the_end() {
        let message = "From: a\r\nSubject: one\r\n two\r\nsubject: three\r\n\r\nSubject: body\r\n";
        let set = after(|m| set(m, "Subject", "new").expect("set"), message);
        assert_eq!(set, "From: a\r\nSubject: new\r\n\r\nSubject: body\r\n");
        let added = after(|m| add(m, "X-Test", "1").expect("added"), message);
        assert!(added.contains("subject: three\r\nX-Test: 1\r\n\r\nSubject: body"), "{added}");
        assert_eq!(get(message.as_bytes(), "SUBJECT").as_deref(), Some("one two"));
        assert_eq!(get(message.as_bytes(), "To"), None);
        let removed = after(|m| remove_first(m, "Subject"), message);
        assert_eq!(removed, "From: a\r\nsubject: three\r\n\r\nSubject: body\r\n");
        let first = after(|m| set_first(m, "Subject", "new").expect("set"), message);
        assert_eq!(first, "From: a\r\nSubject: new\r\nsubject: three\r\n\r\nSubject: body\r\n");
        assert_eq!(
            after(|m| add(m, "A", "b").expect("added"), "no head ends here"),
            "no head ends here\r\nA: b\r\n\r\n"
        );
    }

    #[test]
    fn what_is_no_field_is_said() {
        for (text, want) in [
            ("X-Test", "Name: value"),
            ("X Test: 1", "no name"),
            (": 1", "no name"),
            ("X: a\r\nBcc: b", "line end"),
            ("X: a\nb", "line end"),
        ] {
            let words = field(text).expect_err(text).to_string();
            assert!(words.contains(want), "{text}: {words}");
        }
    }

    proptest! {
        /// However a value looks, it makes no further field and ends no head.
        #[test]
        fn nothing_is_injected_by_a_value(value in "\\PC{0,60}([\r\n\t ]{0,2}\\PC{0,40}){0,3}") {
            let mut message = b"From: a\r\n\r\nbody\r\n".to_vec();
            let added = add(&mut message, "X-Test", &value).and_then(|()| set(&mut message, "Subject", &value));
            if added.is_ok() {
                let (head, rest) = split(&message);
                prop_assert_eq!(rest, b"\r\nbody\r\n");
                prop_assert_eq!(fields(head).len(), 3, "{:?}", String::from_utf8_lossy(head));
                prop_assert!(!String::from_utf8_lossy(head).replace("\r\n", "").contains(['\r', '\n']));
            } else {
                prop_assert!(value.contains(['\r', '\n', '\0']));
            }
        }

        /// Folding puts line ends in, and taking them out again gives the value back.
        #[test]
        fn folding_is_undone_by_unfolding(words in proptest::collection::vec("[!-~]{1,30}", 1..30)) {
            let value = words.join(" ");
            let mut message = b"\r\n".to_vec();
            add(&mut message, "X-Test", &value).expect("a value");
            prop_assert_eq!(get(&message, "X-Test"), Some(value));
            let longest = message.split(|b| *b == b'\n').map(<[u8]>::len).max().unwrap_or(0);
            prop_assert!(longest <= 79, "RFC 5322 2.1.1: {longest}");
        }
    }
}
