//! What TLS options hold: the name to ask for, and versions.

use std::net::IpAddr;

use crate::profile::TlsVersion;

/// Whether this can be a host's name or address.
///
/// # Errors
/// It can't; in words with the cure.
pub(super) fn host_name(option: &str, name: &str) -> Result<(), String> {
    // RFC 1035 2.3.4; an underscore is no letter of a host name, and yet in some.
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(fits);
    if name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label)) {
        return Ok(());
    }
    Err(format!(
        "`{}` is no host name; {option} takes one such as mx.noddy.com, one with other letters in its xn-- form",
        crate::smtp::escape::for_screen(name.as_bytes())
    ))
}

/// A list of versions, or of those that are not allowed, as the oldest and the newest of a range.
pub(super) fn versions(text: &str) -> Result<(Option<TlsVersion>, Option<TlsVersion>), String> {
    const NAMES: [(&str, TlsVersion); 4] = [
        ("tlsv1", TlsVersion::V10),
        ("tlsv1_1", TlsVersion::V11),
        ("tlsv1_2", TlsVersion::V12),
        ("tlsv1_3", TlsVersion::V13),
    ];
    let wrong = || format!("`{text}` is no list of versions; such as tlsv1_2,tlsv1_3 or no_tlsv1,no_tlsv1_1");
    let (mut allowed, mut excluded) = ([false; 4], false);
    for (n, word) in text.split(',').map(str::trim).enumerate() {
        let (no, name) = word.strip_prefix("no_").map_or((false, word), |name| (true, name));
        if n == 0 && no {
            (allowed, excluded) = ([true; 4], true);
        }
        if no != excluded {
            return Err(format!("`{text}` names versions and excludes some; it can do one or the other"));
        }
        // They are not to be had any more, so that excluding them is done already.
        if no && matches!(name, "sslv2" | "sslv3") {
            continue;
        }
        let at = NAMES.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)).ok_or_else(wrong)?;
        allowed[at] = !no;
    }
    let (Some(first), Some(last)) = (allowed.iter().position(|a| *a), allowed.iter().rposition(|a| *a)) else {
        return Err(format!("`{text}` leaves no version; name one at least, such as tlsv1_3"));
    };
    if allowed[first..=last].contains(&false) {
        return Err(format!("`{text}` leaves a gap between versions; name a range without one"));
    }
    Ok(((first > 0).then_some(NAMES[first].1), (last < 3).then_some(NAMES[last].1)))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn versions_are_a_range() {
        use TlsVersion::{V11, V12, V13};
        assert_eq!(versions("tlsv1_2,tlsv1_3"), Ok((Some(V12), None)));
        assert_eq!(versions("tlsv1_2"), Ok((Some(V12), Some(V12))));
        assert_eq!(versions("no_sslv3,no_tlsv1"), Ok((Some(V11), None)));
        assert_eq!(versions("tlsv1_3"), Ok((Some(V13), None)));
        for (text, want) in [
            ("tlsv1,tlsv1_2", "gap"),
            ("tlsv1_2,no_tlsv1_2", "one or the other"),
            ("ssl", "no list"),
            ("no_tlsv1,no_tlsv1_1,no_tlsv1_2,no_tlsv1_3", "leaves no version"),
        ] {
            assert!(versions(text).expect_err(text).contains(want), "{text}");
        }
    }
}
