//! A message whose parts are written plainly again, as they were before base64 or quoted-printable took them: a report may be
//! in either (RFC 6533 3), and a bounce that is attached is in base64 wherever its way needed it.
//!
//! Line by line and forgiving: a bounce is often a piece of one, cut and pasted, which no reader of messages would take.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Messages within messages that are opened.
const DEEP: usize = 4;

/// Base64 as people send it on: its padding may be gone, and its last bits may be anything.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Base64,
    QuotedPrintable,
}

/// What the head of a part says of its body.
#[derive(Debug, Default)]
struct Head {
    encoding: Option<Encoding>,
    charset: Option<String>,
    /// A message begins in the body, and with it another head.
    message: bool,
}

impl Head {
    fn take(&mut self, line: &str) {
        let small = line.to_ascii_lowercase();
        if let Some(value) = small.strip_prefix("content-transfer-encoding:") {
            self.encoding = match value.trim() {
                "base64" => Some(Encoding::Base64),
                "quoted-printable" => Some(Encoding::QuotedPrintable),
                _ => None,
            };
        }
        if let Some(value) = small.strip_prefix("content-type:") {
            let kind = value.trim_start();
            self.message = ["message/rfc822", "message/global", "text/rfc822-headers"]
                .iter()
                .any(|name| kind.strip_prefix(name).is_some_and(|rest| !rest.starts_with('-')));
        }
        if let Some((_, value)) = small.split_once("charset=") {
            let value = value.trim_start_matches('"');
            self.charset = value.split(['"', ';', ' ']).next().map(str::to_owned);
        }
    }
}

/// The text of a message with every part of it written plainly.
pub(super) fn unwrapped(text: &str) -> Cow<'_, str> {
    opened(text, DEEP).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// None where nothing is encoded.
fn opened(text: &str, deep: usize) -> Option<String> {
    let name = "content-transfer-encoding:";
    let encoded = text.lines().any(|line| line.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name)));
    if !encoded || deep == 0 {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut head, mut in_head) = (Head::default(), true);
    let mut body = String::new();
    let mut wrapped = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        if is_boundary(bare) {
            if let Some(encoding) = wrapped.take() {
                out.push_str(&plain(&std::mem::take(&mut body), encoding, &head, deep));
            }
            (head, in_head) = (Head::default(), true);
            out.push_str(line);
        } else if wrapped.is_some() {
            body.push_str(line);
        } else {
            if in_head && bare.is_empty() {
                in_head = head.message;
                wrapped = head.encoding.filter(|_| !in_head);
                if in_head {
                    head = Head::default();
                }
            } else if in_head {
                head.take(bare);
            }
            out.push_str(line);
        }
    }
    if let Some(encoding) = wrapped {
        out.push_str(&plain(&body, encoding, &head, deep));
    }
    Some(out)
}

/// Whether a line parts one part from the next. What begins a signature does not.
fn is_boundary(line: &str) -> bool {
    line.starts_with("--") && !matches!(line, "--" | "-- " | "--=20")
}

/// A body as it was; nothing of one that was no text.
fn plain(body: &str, encoding: Encoding, head: &Head, deep: usize) -> String {
    let octets = match encoding {
        Encoding::Base64 => {
            let mut dense: Vec<u8> = body.bytes().filter(|octet| !octet.is_ascii_whitespace()).collect();
            // What is cut short ends in the middle of a group.
            dense.truncate(dense.len() - usize::from(dense.len() % 4 == 1));
            BASE64.decode(dense).unwrap_or_default()
        }
        Encoding::QuotedPrintable => mail_parser::decoders::quoted_printable::quoted_printable_decode(body.as_bytes())
            .unwrap_or_else(|| body.as_bytes().to_vec()),
    };
    let mut text = match String::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => {
            let octets = error.into_bytes();
            let charset = head.charset.as_deref().unwrap_or("iso-8859-1");
            match mail_parser::decoders::charsets::map::charset_decoder(charset.as_bytes()) {
                Some(decode) if !octets.contains(&0) => decode(&octets),
                _ => return String::new(),
            }
        }
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    opened(&text, deep - 1).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_plainly_again() {
        for (text, want) in [
            ("550 no", "550 no"),
            ("Content-Transfer-Encoding: base64\n\nNTUwIG5v\n", "Content-Transfer-Encoding: base64\n\n550 no\n"),
            // Without its padding, cut in the middle, and with what is no base64.
            (
                "content-transfer-encoding: BASE64\r\n\r\nNTUwIG5vIQ",
                "content-transfer-encoding: BASE64\r\n\r\n550 no!\n",
            ),
            ("Content-Transfer-Encoding: base64\n\nNTUwI", "Content-Transfer-Encoding: base64\n\n550\n"),
            (
                "--b\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nf=FCr =\nalle\n-- \nx\n--b--\n",
                "--b\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nfür alle\n--\nx\n--b--\n",
            ),
            (
                "Content-Type: message/rfc822\n\nContent-Transfer-Encoding: base64\n\nNTUwIG5v\n",
                "Content-Type: message/rfc822\n\nContent-Transfer-Encoding: base64\n\n550 no\n",
            ),
        ] {
            assert_eq!(unwrapped(text), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_trouble(encoding in "base64|quoted-printable", body in "[A-Za-z0-9=+/\\n-]{0,80}|\\PC{0,60}") {
            let _ = unwrapped(&format!("Content-Transfer-Encoding: {encoding}\n\n{body}"));
        }
    }
}
