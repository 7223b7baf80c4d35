//! What is beyond a limit and not kept: counted and summed, so that it is said and can be compared (FORMATS section 1,
//! Limits).

use sha2::{Digest as _, Sha256};

use super::event::Remark;

/// Octets that are not kept.
#[derive(Debug, Clone, Default)]
pub struct Beyond {
    octets: u64,
    sum: Sha256,
}

impl Beyond {
    /// These are not kept either.
    pub fn add(&mut self, octets: &[u8]) {
        self.octets += octets.len() as u64;
        self.sum.update(octets);
    }

    /// How many there were, and their SHA-256.
    #[must_use]
    pub fn summed(self) -> (u64, String) {
        (self.octets, hexadecimal(&self.sum.finalize()))
    }

    /// What is said of them: `out` is what the client sent, `in` what the server did.
    #[must_use]
    pub fn cut(self, direction: &str) -> Remark {
        let (octets, sum) = self.summed();
        cut(direction, octets, sum)
    }
}

/// What is said of so many octets with this sum, which are not kept.
#[must_use]
pub fn cut(direction: &str, octets: u64, sum: String) -> Remark {
    Remark::new("cut").with("direction", direction).with("bytes", octets).with("sha256", sum)
}

/// Octets in hexadecimal, lower case.
#[must_use]
pub fn hexadecimal(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut out, octet| {
        write!(out, "{octet:02x}").expect("a string takes it");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_counted_and_summed_in_any_split() {
        let mut beyond = Beyond::default();
        for part in [&b"a"[..], b"", b"bc"] {
            beyond.add(part);
        }
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(beyond.cut("out").to_string(), format!("cut direction=out bytes=3 sha256={sum}"));
    }
}
