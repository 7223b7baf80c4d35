//! Sizes as people write them: `500 B`, `10MB`, `5MiB`.

/// Reads a number of octets: `10485760`, `10MB` (powers of 1000), `10MiB` (powers of 1024); none where it is none.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit: u64 = match text[digits..].trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "k" => 1000,
        "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(unit)
}

/// A number of octets in a few characters: `512 B`, `2.1 kB`, `75 MB`.
#[must_use]
pub fn words(octets: u64) -> String {
    let (unit, name) = match octets {
        0..1_000 => return format!("{octets} B"),
        1_000..999_500 => (1_000, "kB"),
        999_500..999_500_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = (u128::from(octets) * 10 + unit / 2) / unit;
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!("{} {name}", (u128::from(octets) + unit / 2) / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_said() {
        for (text, want) in [("10MB", Some(10_000_000)), ("5 MiB", Some(5 << 20)), ("7", Some(7)), ("MB", None)] {
            assert_eq!(parse(text), want, "{text}");
        }
        for text in ["-1", "1 XB", "99999999999999999999", "99999999999GB"] {
            assert_eq!(parse(text), None, "{text}");
        }
        for (octets, want) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_960, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (75_000_000, "75 MB"),
            (3_200_000_000, "3.2 GB"),
        ] {
            assert_eq!(words(octets), want);
        }
    }
}
