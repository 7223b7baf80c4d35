//! Durations as people write them: `500ms`, `30s`, `5m`, `2h`.

use std::time::Duration;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write it like 500ms, 30s, 5m or 2h")]
pub struct BadDuration(pub String);

/// Reads a number with one of the units `ms`, `s`, `m`, `h`; `1.5s` is read too.
///
/// # Errors
/// No unit, another unit, no number, or more than a duration can hold.
pub fn parse(text: &str) -> Result<Duration, BadDuration> {
    let bad = || BadDuration(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
    let number: f64 = trimmed[..digits].parse().map_err(|_| bad())?;
    let seconds = match trimmed[digits..].trim_start() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(bad()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
}

/// A duration in a few characters: `3 ms`, `2.5 s`, `5 min`; from a second on rounded to tenths of it, from a minute on to
/// seconds.
#[must_use]
pub fn words(duration: Duration) -> String {
    let ms = duration.as_millis();
    let (tenths, seconds) = ((ms + 50) / 100, (ms + 500) / 1000);
    match tenths {
        _ if ms < 1000 => format!("{ms} ms"),
        0..600 if tenths.is_multiple_of(10) => format!("{} s", tenths / 10),
        0..600 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        for (text, want) in [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2 h", 7_200_000), ("1.5s", 1500)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(want)), "{text}");
        }
        for text in ["", "5", "s", "5 days", "-1s", "1.2.3s", "1e400h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_said_shortly() {
        for (ms, want) in [(3, "3 ms"), (2500, "2.5 s"), (30_000, "30 s"), (300_000, "5 min"), (90_000, "90 s")] {
            assert_eq!(words(Duration::from_millis(ms)), want);
        }
        // Rounded, they are no other than what is exact.
        for (ms, want) in [
            (3030, "3 s"),
            (3050, "3.1 s"),
            (59_970, "1 min"),
            (119_970, "2 min"),
            (90_400, "90 s"),
            (3_600_720, "3601 s"),
            (3_600_200, "60 min"),
        ] {
            assert_eq!(words(Duration::from_millis(ms)), want);
        }
    }
}
