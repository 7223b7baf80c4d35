//! How long a server says that one is to wait before the next try, where its words tell it.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::normal::{beginning, normalise};

/// Words that ask to come again, before the time that they name: a time elsewhere is the span of a limit or a date.
static TIMES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:again|retry|wait|come back|gr[ae]ylist\w*|delay\w*|defer\w*|erneut|warten|réessay\w*|reessay\w*|intent\w*|riprova\w*)",
        r"[^0-9.;]{0,40}?\b(?:in|for|after|wait|another|least|about|nach|für|dans|dentro de|en|tra|fra)[ :=]*",
        r"(?:(\d{1,2}:\d\d(?::\d\d)?)\b|(\d{1,5}) ?(s|secs?|seconds?|sekunden?|secondes?|segundos?|secondi|m|mins?|minutes?|minuten?|minutos?|minuti|h|hrs?|hours?|stunden?|heures?|horas?|ore)\b)",
    ))
    .expect("it is well formed")
});

/// How long a server asks to wait before the next try, by the text of its reply; none where it names no time.
#[must_use]
pub fn asked_to_wait(text: &str) -> Option<Duration> {
    seconds(&normalise(beginning(text))).map(Duration::from_secs)
}

/// The time in words, such as `60 seconds`, of a [normalised](super::normalise) text; none where it names none.
pub(super) fn told(normal: &str) -> Option<String> {
    let (number, unit) = match seconds(normal)? {
        s if s % 3600 == 0 => (s / 3600, "hour"),
        s if s % 60 == 0 && s > 60 => (s / 60, "minute"),
        s if s > 600 => (s.div_ceil(60), "minute"),
        s => (s, "second"),
    };
    Some(format!("{number} {unit}{}", if number == 1 { "" } else { "s" }))
}

/// The time that a normalised text names, one second at least.
fn seconds(normal: &str) -> Option<u64> {
    let found = TIMES.captures(normal)?;
    let seconds: u64 = match (found.get(1), found.get(2), found.get(3)) {
        (Some(clock), ..) => {
            clock.as_str().split(':').try_fold(0_u64, |sum, part| Some(sum * 60 + part.parse::<u64>().ok()?))?
        }
        (_, Some(number), Some(unit)) => {
            let unit = match unit.as_str().chars().next()? {
                'm' => 60,
                'h' | 'o' => 3600,
                _ if unit.as_str().starts_with("st") => 3600,
                _ => 1,
            };
            number.as_str().parse::<u64>().ok()? * unit
        }
        _ => return None,
    };
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_server_names_is_told() {
        for (text, wait) in [
            ("_@_: recipient address rejected: greylisted, please try again in 56 seconds", Some("56 seconds")),
            ("greylisted for 5 minutes", Some("5 minutes")),
            ("greylisting in action, please come back in 00:04:59", Some("299 seconds")),
            ("try again in about 300s", Some("5 minutes")),
            ("temporarily deferred, retry after 3600 sec", Some("1 hour")),
            ("bitte versuchen sie es erneut in 15 minuten", Some("15 minutes")),
            ("you sent 100 messages in 60 minutes, try again later", None),
            ("try again later", None),
            ("greylisted. see http://example.com/for/300s", None),
            ("try again in 0 seconds", None),
        ] {
            assert_eq!(told(text).as_deref(), wait, "{text}");
        }
    }

    #[test]
    fn the_same_time_is_known_as_a_time() {
        let asked = |text: &str| asked_to_wait(text).map(|time| time.as_secs());
        assert_eq!(asked("<a@b>: Recipient address rejected: Greylisted for 300 seconds"), Some(300));
        assert_eq!(asked("Please try again in 5 minutes"), Some(300));
        assert_eq!(asked("mailbox full"), None);
    }
}
