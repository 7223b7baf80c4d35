//! What TLS options hold: versions.

use crate::profile::TlsVersion;

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
