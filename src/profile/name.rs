//! The name of a host that TLS asks for and verifies.

use std::net::IpAddr;

/// Whether this can be a host's name or address.
///
/// `place` is what it was given by, for the words.
///
/// # Errors
/// It can't; in words with the cure.
pub(crate) fn host_name(place: &str, name: &str) -> Result<(), String> {
    // RFC 1035 2.3.4; an underscore is no letter of a host name, and yet in some.
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(fits);
    if name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label)) {
        return Ok(());
    }
    Err(format!(
        "`{}` is no host name; {place} takes one such as mx.noddy.com, one with other letters in its xn-- form",
        crate::smtp::escape::for_screen(name.as_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::host_name;

    #[test]
    fn a_name_to_ask_for_is_one() {
        for name in ["mx.noddy.com", "localhost", "192.0.2.1", "::1", "a_b.noddy.com", "xn--bcher-kva.example"] {
            assert_eq!(host_name("--tls-sni", name), Ok(()), "{name}");
        }
        for name in ["", "bad name!", "a..b", "mx.noddy.com.", "bücher.example", &"a".repeat(64)] {
            let words = host_name("--tls-sni", name).expect_err(name);
            assert!(words.contains("no host name; --tls-sni takes one such as"), "{words}");
        }
    }
}
