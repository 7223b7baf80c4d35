//! xtext: how a value of an ESMTP parameter carries what its grammar forbids (RFC 3461 4).

/// Where a text is not xtext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XtextError {
    /// An octet that must be written as `+HH` stands as it is.
    #[error("octet {offset} must be written as + and two digits of its hexadecimal code")]
    Bare {
        /// Octets from the start.
        offset: usize,
    },
    /// A plus sign is not followed by two upper-case hexadecimal digits.
    #[error("the plus sign at octet {offset} is not followed by two upper-case hexadecimal digits")]
    BadHex {
        /// Octets from the start.
        offset: usize,
    },
}

impl XtextError {
    /// Where it is, octets from the start of the text.
    #[must_use]
    pub fn offset(self) -> usize {
        match self {
            Self::Bare { offset } | Self::BadHex { offset } => offset,
        }
    }
}

/// Writes octets as xtext: graphic ASCII as it is, everything else, `+` and `=` as `+HH`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_graphic() && !matches!(byte, b'+' | b'=') {
            out.push(char::from(*byte));
        } else {
            out.push('+');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    out
}

/// The value of ORCPT for an address as it was given first (RFC 3461 4.2); one beyond ASCII has the form of RFC 6533 3.
#[must_use]
pub fn original(address: &str) -> String {
    if address.is_ascii() {
        return format!("rfc822;{}", encode(address.as_bytes()));
    }
    let encoded = |c: char| u8::try_from(c).ok().filter(u8::is_ascii).map_or_else(|| c.to_string(), |b| encode(&[b]));
    format!("utf-8;{}", address.chars().map(encoded).collect::<String>())
}

/// Reads xtext back.
///
/// # Errors
/// The first octet that xtext does not allow.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, XtextError> {
    let mut out = Vec::with_capacity(text.len());
    let mut offset = 0;
    while let Some(byte) = text.get(offset) {
        match byte {
            b'+' => {
                let pair = digit(text, offset + 1).zip(digit(text, offset + 2));
                let (high, low) = pair.ok_or(XtextError::BadHex { offset })?;
                out.push(high << 4 | low);
                offset += 2;
            }
            b'=' => return Err(XtextError::Bare { offset }),
            byte if byte.is_ascii_graphic() => out.push(*byte),
            _ => return Err(XtextError::Bare { offset }),
        }
        offset += 1;
    }
    Ok(out)
}

fn digit(text: &[u8], at: usize) -> Option<u8> {
    text.get(at).copied().and_then(upper_hex)
}

fn upper_hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_rfc_4954() {
        assert_eq!(encode(b"e=mc2@example.com"), "e+3Dmc2@example.com");
        assert_eq!(decode(b"e+3Dmc2@example.com").expect("xtext"), b"e=mc2@example.com");
    }

    #[test]
    fn what_is_not_xtext_is_placed() {
        for (text, want) in [
            (&b"a=b"[..], XtextError::Bare { offset: 1 }),
            (b"a b", XtextError::Bare { offset: 1 }),
            (b"ab\xff", XtextError::Bare { offset: 2 }),
            (b"+2b", XtextError::BadHex { offset: 0 }),
            (b"ab+2", XtextError::BadHex { offset: 2 }),
            (b"+", XtextError::BadHex { offset: 0 }),
        ] {
            assert_eq!(decode(text), Err(want));
        }
    }

    proptest! {
        #[test]
        fn octets_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Ok(bytes));
        }

        #[test]
        fn any_text_is_read_or_placed(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            match decode(&text) {
                Ok(bytes) => prop_assert!(bytes.len() <= text.len()),
                Err(error) => prop_assert!(error.offset() < text.len()),
            }
        }
    }
}
