//! The text of a message written in another transfer encoding (RFC 2045 6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::draft::{Encoding, encoded_part};
use super::{MessageError, header};

/// Writes the text of a message of one part in this encoding, whichever it had. Gives it with CR LF everywhere.
///
/// # Errors
/// A message of several parts, or one that holds no text in UTF-8.
pub fn reencode(message: &[u8], encoding: Encoding) -> Result<Vec<u8>, MessageError> {
    let message = header::with_crlf(message);
    let (head, rest) = header::split(&message);
    let media_type = header::get(&message, "Content-Type").unwrap_or_default().to_ascii_lowercase();
    let media_type = match media_type.split(';').next().unwrap_or_default().trim() {
        "" | "text/plain" => "text/plain",
        "text/html" => "text/html",
        other => return Err(MessageError::NotText(other.to_owned())),
    };
    let body = rest.strip_prefix(b"\r\n").unwrap_or(rest);
    let written = header::get(&message, "Content-Transfer-Encoding").unwrap_or_default().to_ascii_lowercase();
    let octets = match written.as_str() {
        "base64" => {
            let digits: Vec<u8> = body.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
            STANDARD.decode(digits).map_err(|_| MessageError::NotText(written.clone()))?
        }
        "quoted-printable" => unquoted(body).ok_or_else(|| MessageError::NotText(written.clone()))?,
        _ => body.to_vec(),
    };
    let text = String::from_utf8(octets).map_err(|_| MessageError::NotText("not UTF-8".to_owned()))?;
    let mut out = Vec::with_capacity(message.len());
    for field in header::fields(head) {
        let replaced = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
        if !replaced.iter().any(|name| header::is(field, name)) {
            out.extend_from_slice(field);
        }
    }
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    encoded_part(encoding, media_type, &text).write_part(&mut out);
    Ok(out)
}

/// The octets of quoted-printable (RFC 2045 6.7).
fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if *octet != b'=' {
            out.push(*octet);
        } else if let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        } else {
            let pair = std::str::from_utf8(rest.get(..2)?).ok()?;
            out.push(u8::from_str_radix(pair, 16).ok()?);
            rest = &rest[2..];
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_from_one_encoding_to_another_and_back() {
        let plain = "From: a@b\nSubject: x\n\nGr\u{fc}\u{df}e = \u{e9}\nand more\n";
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).expect("UTF-8");
        let eight = reencode(plain.as_bytes(), Encoding::EightBit).expect("text");
        assert!(text(&eight).ends_with("Transfer-Encoding: 8bit\r\n\r\nGr\u{fc}\u{df}e = \u{e9}\r\nand more\r\n"));
        for encoding in [Encoding::Base64, Encoding::Auto] {
            let coded = reencode(&eight, encoding).expect("text");
            assert!(
                coded.is_ascii() && text(&coded).starts_with("From: a@b\r\nSubject: x\r\nMIME-Version"),
                "{encoding:?}"
            );
            let back = reencode(&coded, Encoding::EightBit).expect("text");
            assert_eq!(text(&back), text(&eight), "{encoding:?}");
        }
    }

    #[test]
    fn what_is_no_text_of_one_part_is_said() {
        let of = |head: &str, body: &[u8]| reencode(&[head.as_bytes(), b"\n\n", body].concat(), Encoding::Base64);
        for (head, body) in [
            ("Content-Type: multipart/mixed; boundary=x", &b"--x"[..]),
            ("Content-Transfer-Encoding: base64", b"!!"),
            ("Content-Transfer-Encoding: quoted-printable", b"=F"),
            ("Subject: x", b"\xff"),
        ] {
            assert!(matches!(of(head, body), Err(MessageError::NotText(_))), "{head}");
        }
    }
}
