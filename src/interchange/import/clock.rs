//! The time that stands before a line, in the forms that logs and terminals give it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::builder::Builder;
use super::lines::{DayClock, time_of_day};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * SECOND;

/// When a line was written, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Since 1970.
    Utc(i64),
    /// Of a clock that only goes on: its beginning is not known.
    Local(i64),
    /// Since the beginning of a year that is not said, taken for a leap year.
    OfYear(i64),
    /// Since midnight.
    OfDay(i64),
}

/// Makes one clock of the moments of a file: after New Year and after midnight it goes on.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    day: DayClock,
    last: i64,
    years: i64,
}

impl Clocks {
    /// Sets a conversation's clock.
    pub(super) fn set(&mut self, moment: Moment, builder: &mut Builder) {
        match moment {
            Moment::Utc(at) => builder.clock_utc(at),
            Moment::Local(at) => builder.clock(at),
            Moment::OfYear(at) => builder.clock(self.of_year(at)),
            Moment::OfDay(at) => builder.clock(self.day.at(at)),
        }
    }

    fn of_year(&mut self, at: i64) -> i64 {
        if at + 183 * DAY < self.last {
            self.years += 1;
        }
        self.last = at;
        self.years * 366 * DAY + at
    }
}

/// The time at the beginning of a text, in brackets or not, and what follows it and its blank.
pub(super) fn moment(text: &[u8]) -> Option<(Moment, &[u8])> {
    let (close, inner) = match text {
        [b'[', rest @ ..] => (Some(b']'), rest.trim_ascii_start()),
        [b'(', rest @ ..] => (Some(b')'), rest),
        _ => (None, text),
    };
    let (moment, rest) = bare(inner, close.is_some())?;
    let rest = match close {
        Some(close) => rest.strip_prefix(&[close])?,
        None => rest,
    };
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    match rest {
        [b' ' | b'\t', rest @ ..] => Some((moment, rest)),
        [] => Some((moment, rest)),
        _ => None,
    }
}

fn bare(text: &[u8], bracketed: bool) -> Option<(Moment, &[u8])> {
    if let Some((at, rest)) = time_of_day(text) {
        return Some((Moment::OfDay(at), rest));
    }
    dated(text).or_else(|| of_syslog(text)).or_else(|| counted(text, bracketed))
}

/// `2026-11-24T22:18:57.123456+01:00`, `2026-11-24 22:18:57 UTC`, `2026/11/24 22:18:57`, with a day of the week before it
/// or not.
fn dated(text: &[u8]) -> Option<(Moment, &[u8])> {
    const DAYS: [&[u8]; 7] = [b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
    let text = DAYS.iter().find_map(|day| text.strip_prefix(*day)).unwrap_or(text);
    let number = |from: usize, digits: usize| -> Option<i16> {
        let digits = text.get(from..from + digits)?;
        digits.iter().try_fold(0_i16, |sum, octet| octet.is_ascii_digit().then(|| sum * 10 + i16::from(octet - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let joined = (text.get(4), text.get(7), text.get(10));
    if !matches!(joined, (Some(b'-'), Some(b'-'), Some(b'T' | b' ')) | (Some(b'/'), Some(b'/'), Some(b' '))) {
        return None;
    }
    let (of_day, rest) = time_of_day(text.get(11..)?)?;
    let midnight = DateTime::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?, 0, 0, 0, 0).ok()?;
    let at = TimeZone::UTC.to_timestamp(midnight).ok()?.as_microsecond() + of_day;
    Some(match zone(rest) {
        Some((offset, rest)) => (Moment::Utc(at - offset), rest),
        None => (Moment::Local(at), rest),
    })
}

/// An offset from UTC, microseconds, and what follows it.
fn zone(rest: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, rest) = match rest {
        [b'Z', rest @ ..] | [b' ', b'U', b'T', b'C', rest @ ..] => return Some((0, rest)),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let digits: Vec<i64> = rest.iter().take(5).filter(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0')).collect();
    let colon = rest.get(2) == Some(&b':');
    let [a, b, c, d, ..] = digits[..] else { return None };
    let offset = ((a * 10 + b) * 60 + c * 10 + d) * 60 * SECOND;
    Some((sign * offset, rest.get(4 + usize::from(colon)..)?))
}

/// `Nov 24 22:18:57`, with a fraction or not.
fn of_syslog(text: &[u8]) -> Option<(Moment, &[u8])> {
    const MONTHS: [(&[u8], i64); 12] = [
        (b"Jan ", 31),
        (b"Feb ", 29),
        (b"Mar ", 31),
        (b"Apr ", 30),
        (b"May ", 31),
        (b"Jun ", 30),
        (b"Jul ", 31),
        (b"Aug ", 31),
        (b"Sep ", 30),
        (b"Oct ", 31),
        (b"Nov ", 30),
        (b"Dec ", 31),
    ];
    let month = MONTHS.iter().position(|(name, _)| text.starts_with(name))?;
    let before: i64 = MONTHS[..month].iter().map(|(_, days)| days).sum();
    let day: i64 = std::str::from_utf8(text.get(4..6)?).ok()?.trim_start().parse().ok()?;
    if !(1..=MONTHS[month].1).contains(&day) || text.get(6) != Some(&b' ') {
        return None;
    }
    let (of_day, rest) = time_of_day(&text[7..])?;
    Some((Moment::OfYear((before + day - 1) * DAY + of_day), rest))
}

/// `1795950632.123456`, seconds since 1970; within brackets also a system's since it was started.
fn counted(text: &[u8], bracketed: bool) -> Option<(Moment, &[u8])> {
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let point = text.get(digits) == Some(&b'.');
    let fraction = text.get(digits + 1..)?.iter().take_while(|octet| octet.is_ascii_digit()).count();
    if !point || fraction < 3 || !(digits == 10 || bracketed && (1..10).contains(&digits)) {
        return None;
    }
    let end = digits + 1 + fraction;
    let seconds: i64 = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    let micros = text[digits + 1..end]
        .iter()
        .take(6)
        .fold((0, 100_000), |(sum, unit), octet| (sum + i64::from(octet - b'0') * unit, unit / 10));
    let at = seconds * SECOND + micros.0;
    Some((if digits == 10 { Moment::Utc(at) } else { Moment::Local(at) }, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, expected: Moment) {
        let (moment, rest) = moment(text.as_bytes()).unwrap_or_else(|| panic!("{text}: no time"));
        assert_eq!((moment, rest), (expected, b"x".as_slice()), "{text}");
    }

    #[test]
    fn a_time_is_read_in_the_forms_that_logs_have() {
        let evening = (20 * 3600 + 18 * 60 + 22) * SECOND;
        let utc = 1_795_551_502 * SECOND;
        for text in ["20:18:22 x", "[20:18:22] x", "20:18:22: x", "(20:18:22)\tx"] {
            is(text, Moment::OfDay(evening));
        }
        for text in [
            "2026-11-24T20:18:22Z x",
            "2026-11-24T21:18:22+01:00 x",
            "2026-11-24T19:18:22-0100 x",
            "Tue 2026-11-24 20:18:22 UTC x",
            "[2026-11-24 20:18:22Z] x",
            "1795551502.000 x",
        ] {
            is(text, Moment::Utc(utc));
        }
        is("2026/11/24 20:18:22,5 x", Moment::Local(utc + SECOND / 2));
        is("Jan  2 20:18:22.25 x", Moment::OfYear(DAY + evening + SECOND / 4));
        is("[   12.500000] x", Moment::Local(12 * SECOND + SECOND / 2));
        for text in ["250 ok", "2026-11-24", "20:18:22x", "12.500000 x", "EHLO x", ""] {
            assert_eq!(moment(text.as_bytes()), None, "{text}");
        }
    }
}
