//! Lines of a text file, and the small pieces of grammar that several sources share.

/// The lines of a file with their numbers, from 1; CR before the line end, however many, is not part of a line.
pub(super) fn lines(octets: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let octets = octets.strip_suffix(b"\n").unwrap_or(octets);
    let empty = octets.is_empty();
    octets
        .split(|octet| *octet == b'\n')
        .map(without_cr)
        .enumerate()
        .map(|(n, line)| (n + 1, line))
        .skip(usize::from(empty))
}

/// A line without the CR that end it.
pub(super) fn without_cr(mut line: &[u8]) -> &[u8] {
    while let [above @ .., b'\r'] = line {
        line = above;
    }
    line
}

/// Whether a line has the form of a reply's: three digits, then a hyphen, a space or nothing.
pub(super) fn is_reply(line: &[u8]) -> bool {
    let code = line.get(..3).is_some_and(|code| matches!(code[0], b'1'..=b'5') && code.iter().all(u8::is_ascii_digit));
    code && matches!(line.get(3), None | Some(b' ' | b'-'))
}

/// Whether a line begins with a verb that the protocol knows, or that servers know besides.
pub(super) fn is_command(line: &[u8]) -> bool {
    let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let Ok(word) = std::str::from_utf8(word) else { return false };
    crate::smtp::verb::is_known(word)
}

/// Whether a line calls a program that is used to speak with a server, as a shell is told.
pub(super) fn is_call(line: &[u8]) -> bool {
    const PROGRAMS: [&str; 20] = [
        "curl", "swaks", "openssl", "telnet", "nc", "ncat", "msmtp", "sendmail", "exim", "exim4", "python", "python3",
        "perl", "ehlo", "printf", "echo", "base64", "sudo", "ssh", "export",
    ];
    let line = text(line);
    let Some((program, rest)) = line.trim_start().split_once(' ') else { return false };
    let name = program.rsplit('/').next().unwrap_or_default();
    !rest.trim().is_empty() && PROGRAMS.contains(&name)
}

/// Whether a line has the form of a header field that messages have.
pub(super) fn is_header_field(line: &[u8]) -> bool {
    const FIELDS: [&[u8]; 20] = [
        b"from",
        b"to",
        b"cc",
        b"subject",
        b"date",
        b"message-id",
        b"mime-version",
        b"received",
        b"reply-to",
        b"sender",
        b"return-path",
        b"user-agent",
        b"dkim-signature",
        b"references",
        b"in-reply-to",
        b"content-type",
        b"content-transfer-encoding",
        b"delivered-to",
        b"list-unsubscribe",
        b"content-disposition",
    ];
    let Some(colon) = line.iter().position(|octet| *octet == b':') else { return false };
    let name = line[..colon].to_ascii_lowercase();
    let known = FIELDS.contains(&name.as_slice()) || name.starts_with(b"x-");
    known && matches!(line.get(colon + 1), None | Some(b' '))
}

/// Whether a word looks like an answer within AUTH: base64 that is no word of a language.
pub(super) fn is_base64_answer(word: &[u8]) -> bool {
    use base64::Engine as _;
    let some = |is: fn(&u8) -> bool| word.iter().any(is);
    let mixed =
        some(u8::is_ascii_lowercase) && (word[1..].iter().any(u8::is_ascii_uppercase) || some(u8::is_ascii_digit));
    word.len() >= 8
        && word.len().is_multiple_of(4)
        && (mixed || word.ends_with(b"="))
        && base64::engine::general_purpose::STANDARD.decode(word).is_ok()
}

/// A time of day, `HH:MM:SS` with an optional fraction, at the beginning of a text: microseconds, and what follows it.
pub(super) fn time_of_day(text: &[u8]) -> Option<(i64, &[u8])> {
    let number = |from: usize| -> Option<i64> {
        let digits = text.get(from..from + 2).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        Some(i64::from(digits[0] - b'0') * 10 + i64::from(digits[1] - b'0'))
    };
    let (hours, minutes, seconds) = (number(0)?, number(3)?, number(6)?);
    if text.get(2) != Some(&b':') || text.get(5) != Some(&b':') || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let mut micros = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000;
    let mut rest = &text[8..];
    if let [b'.' | b',', tail @ ..] = rest {
        let digits = tail.iter().take_while(|octet| octet.is_ascii_digit()).count();
        let mut unit = 100_000;
        for digit in &tail[..digits] {
            micros += i64::from(digit - b'0') * unit;
            unit /= 10;
        }
        rest = &tail[digits..];
    }
    Some((micros, rest))
}

/// A clock that shows the time of day alone, and goes on after midnight.
#[derive(Debug, Default)]
pub(super) struct DayClock {
    last: i64,
    days: i64,
}

impl DayClock {
    const DAY: i64 = 24 * 3600 * 1_000_000;

    /// The time of day as one that only grows at midnight, microseconds.
    pub(super) fn at(&mut self, of_day: i64) -> i64 {
        if of_day + Self::DAY / 2 < self.last {
            self.days += 1;
        }
        self.last = of_day;
        self.days * Self::DAY + of_day
    }
}

/// What stands between two texts, where both are there.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after).map_or(rest, |(inside, _)| inside))
}

/// Octets as text, what is not UTF-8 replaced: for words of a tool's, never for the wire.
pub(super) fn text(octets: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(octets)
}

/// `127.0.0.1:25`, or `[2001:db8::1]:25`.
pub(super) fn address(host: &str, port: &str) -> String {
    let host = host.trim_matches(['[', ']']);
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let all: Vec<_> = lines(b"\xef\xbb\xbfa\r\n\nb\r\r\n").collect();
        assert_eq!(all, [(1, b"a".as_slice()), (2, b""), (3, b"b")]);
        assert_eq!(lines(b"").count(), 0);
    }

    #[test]
    fn a_clock_goes_on_after_midnight() {
        let mut clock = DayClock::default();
        let (late, _) = time_of_day(b"23:59:59.5 x").expect("a time");
        let (early, rest) = time_of_day(b"00:00:01,25 x").expect("a time");
        assert_eq!(clock.at(early.max(late)), 86_399_500_000);
        assert_eq!((clock.at(early), rest), (86_401_250_000, b" x".as_slice()));
        assert_eq!(time_of_day(b"25:00:00"), None);
    }
}
