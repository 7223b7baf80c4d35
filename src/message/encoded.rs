//! Encoded words (RFC 2047) read back, for whoever edits a field.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The value of a field with its encoded words read; one that is not UTF-8 or is broken stays as it is.
#[must_use]
pub fn decoded(value: &str) -> String {
    read(value, |text| text)
}

/// The same for addresses: a name that holds what divides addresses, such as a comma, stands in quotes (RFC 5322 3.2.4).
#[must_use]
pub fn decoded_addresses(value: &str) -> String {
    read(value, |text| {
        if !text.contains(['(', ')', '<', '>', '[', ']', ':', ';', '@', '\\', ',', '"']) {
            return text;
        }
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    })
}

/// What a text with encoded words says in whatever charset, to be looked for elsewhere; as it stands where none is known.
#[must_use]
pub fn spoken(value: &str) -> String {
    let head = format!("Subject: {}\r\n\r\n", value.replace(['\r', '\n'], " "));
    let parsed = mail_parser::MessageParser::default().parse_headers(head.as_bytes());
    let said = parsed.and_then(|message| message.subject().map(str::to_owned));
    said.unwrap_or_else(|| value.to_owned())
}

/// Reads encoded words; `shown` is what stands for a run of them.
fn read(value: &str, shown: impl Fn(String) -> String) -> String {
    let (mut out, mut rest, mut run) = (String::new(), value, None::<String>);
    let end = |run: &mut Option<String>| run.take().map(&shown).unwrap_or_default();
    while let Some(at) = rest.find("=?") {
        let (before, begun) = rest.split_at(at);
        let word = word(begun);
        // Space between two encoded words is none of the text (RFC 2047 6.2).
        if word.is_none() || run.is_none() || !before.trim().is_empty() {
            out.push_str(&end(&mut run));
            out.push_str(before);
        }
        let Some((text, octets)) = word else {
            out.push_str("=?");
            rest = &begun[2..];
            continue;
        };
        run.get_or_insert_default().push_str(&text);
        rest = &begun[octets..];
    }
    out.push_str(&end(&mut run));
    out.push_str(rest);
    out
}

/// The encoded word at the beginning of a text, read, and how many octets it takes.
fn word(text: &str) -> Option<(String, usize)> {
    let mut parts = text.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let end = rest.find("?=")?;
    let octets = match encoding {
        "B" | "b" => STANDARD.decode(&rest[..end]).ok()?,
        "Q" | "q" => quoted(&rest.as_bytes()[..end])?,
        _ => return None,
    };
    let known = ["utf-8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset));
    let text = String::from_utf8(octets).ok().filter(|text| known && !text.contains(char::is_control))?;
    Some((text, "=?".len() + charset.len() + 1 + encoding.len() + 1 + end + "?=".len()))
}

/// The octets of the Q encoding (RFC 2047 4.2).
fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(octet) = text.get(at) {
        match octet {
            b'_' => out.push(b' '),
            b'=' => {
                let pair = std::str::from_utf8(text.get(at + 1..at + 3)?).ok()?;
                out.push(u8::from_str_radix(pair, 16).ok()?);
                at += 2;
            }
            b' ' => return None,
            other => out.push(*other),
        }
        at += 1;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_in_other_charsets_too() {
        for text in [
            "=?UTF-8?Q?Zo=C3=AB_=C5=81ukasz?=",
            "=?utf-8?B?Wm/DqyDFgXVrYXN6?=",
            "=?ISO-8859-2?Q?Zo=EB_=A3ukasz?=",
            "=?UTF-8?Q?Zo=C3=AB?=\r\n =?UTF-8?Q?_=C5=81ukasz?=",
        ] {
            assert_eq!(spoken(text), "Zo\u{eb} \u{141}ukasz", "{text}");
        }
        assert_eq!(spoken("=?KOI8-R?B?4s/SydM=?="), "\u{411}\u{43e}\u{440}\u{438}\u{441}");
        assert_eq!(spoken("Jane Doe"), "Jane Doe");
    }

    #[test]
    fn encoded_words_are_read_back() {
        for (value, want) in [
            ("=?utf-8?B?R3LDvMOfZQ==?=", "Gr\u{fc}\u{df}e"),
            ("=?UTF-8?Q?a_b=3Dc?= <a@b>", "a b=c <a@b>"),
            ("=?utf-8?B?YQ==?= =?utf-8?B?Yg==?= c", "ab c"),
            ("=?latin1?Q?=FC?= =?", "=?latin1?Q?=FC?= =?"),
            ("=?utf-8?Q?=0D?= plain", "=?utf-8?Q?=0D?= plain"),
            ("=?utf-8?Q?=F?=", "=?utf-8?Q?=F?="),
            ("", ""),
        ] {
            assert_eq!(decoded(value), want);
        }
    }

    #[test]
    fn a_name_that_would_divide_addresses_is_quoted() {
        for (value, want) in [
            ("=?utf-8?Q?B=C3=BCro=2C_?= =?utf-8?Q?Empfang?= <b@c>, d@e", "\"B\u{fc}ro, Empfang\" <b@c>, d@e"),
            ("=?utf-8?Q?J=C3=BCrgen?= <b@c>", "J\u{fc}rgen <b@c>"),
            ("=?utf-8?Q?=22=5C=FC?= <b@c>", "=?utf-8?Q?=22=5C=FC?= <b@c>"),
            ("=?utf-8?Q?a=22=5C?= <b@c>", "\"a\\\"\\\\\" <b@c>"),
        ] {
            assert_eq!(decoded_addresses(value), want);
        }
    }
}
