//! Versions of programs, which only look like addresses of IPv4. In doubt it is an address.

use std::net::Ipv4Addr;

use super::common::{is_common, is_program};
use super::find::v4;

/// How far before a version stands what says that it is one, octets.
const NEAR: usize = 128;

/// Fields of a message that say which program made it; `X-Virus-Version:` and such do too.
const FIELDS: [&str; 8] = [
    "x-mailer",
    "user-agent",
    "x-newsreader",
    "x-mimeole",
    "x-generator",
    "x-virus-scanned",
    "x-scanned-by",
    "x-antivirus",
];

/// Words before an address, in such a field too.
const BEFORE_ADDRESS: [&str; 12] =
    ["from", "at", "by", "on", "host", "ip", "client", "for", "via", "to", "server", "address"];

/// Whether the numbers of an address of IPv4 may be those of a version: all but one are small.
pub(super) fn is_small(ip: Ipv4Addr) -> bool {
    let large = ip.octets().iter().filter(|octet| **octet >= 64).count();
    ip.octets()[0] < 64 && large < 2
}

/// Whether what looks like an address of IPv4 at this place is a version: behind the name of a program or a word for it,
/// behind another version, where a greeting says what the server is, or in a field that names the program.
pub(super) fn is_version(bytes: &[u8], start: usize) -> bool {
    let first = start.saturating_sub(NEAR);
    let blank = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b'(' | b'"');
    let from = match bytes[first..start].iter().rposition(blank) {
        Some(at) => first + at + 1,
        None if first == 0 => 0,
        // Nothing that long is a version; to look further would take time, and the stack, without end.
        None => return false,
    };
    let run = &bytes[from..start];
    let field = field(bytes);
    if !run.is_empty() {
        // `Sendmail/8.17.1.9`, `v8.17.1.9`, `8.17.1.9/8.17.1.9`, `Engine:8.17.1.9`.
        let mut parts = run.split(|octet| matches!(octet, b'/' | b'-' | b'_'));
        let first = parts.next().unwrap_or_default();
        let again = from > 0 && v4(first).is_some() && first.len() < run.len() && is_version(bytes, from);
        let of_field = run[0].is_ascii_alphabetic() && run.ends_with(if run.contains(&b'/') { b"/" } else { b":" });
        return again || named(first) || parts.any(named) || field.is_some() && of_field;
    }
    // In brackets of its own it is an address.
    if from > 0 && bytes[from - 1] == b'(' {
        return false;
    }
    let mut words =
        bytes[first..start].split(u8::is_ascii_whitespace).rev().filter(|word| !matches!(*word, b"" | b"\""));
    let words: [&[u8]; 3] = std::array::from_fn(|_| words.next().unwrap_or_default());
    let protocol = |word: &[u8]| [&b"ESMTP"[..], b"SMTP", b"LMTP"].contains(&word);
    let greets =
        |n: usize| protocol(words[n]) && words.get(n + 1).is_none_or(|before| !before.eq_ignore_ascii_case(b"with"));
    let program = words[0].first().is_some_and(u8::is_ascii_uppercase)
        && !is_common(&String::from_utf8_lossy(words[0]).to_lowercase());
    named(words[0])
        || greets(0)
        || greets(1) && program
        || field.is_some_and(|length| is_product(words[0], start, length))
}

/// How long the name of the field is that a line begins with, where that field says which program it is about.
fn field(line: &[u8]) -> Option<usize> {
    let length = memchr::memchr(b':', line.get(..NEAR).unwrap_or(line))?;
    let name = String::from_utf8_lossy(&line[..length]).to_lowercase();
    (FIELDS.contains(&name.as_str()) || name.starts_with("x-") && name.ends_with("-version")).then_some(length)
}

/// Whether a word that such a field has before an address at this place is the name of a program, and not the field's.
fn is_product(word: &[u8], start: usize, field: usize) -> bool {
    let word = word.strip_prefix(b"(").unwrap_or(word);
    let low = String::from_utf8_lossy(word).to_lowercase();
    let behind = start > field + 2 + word.len();
    behind && low.starts_with(char::is_alphabetic) && !BEFORE_ADDRESS.contains(&low.trim_end_matches(':'))
}

/// Whether a word says that a version follows.
fn named(word: &[u8]) -> bool {
    const WORDS: [&str; 11] =
        ["version", "ver", "ver.", "vers", "vers.", "v", "v.", "release", "build", "revision", "patch"];
    let word = String::from_utf8_lossy(word.trim_ascii()).to_lowercase();
    let word = word.trim_matches([':', ',', ';', '(', '=', '"']);
    WORDS.contains(&word) || is_program(word)
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    #[test]
    fn addresses_without_a_blank_between_them_are_read_at_once() {
        let line = "1.1.1.1/".repeat(100_000);
        assert!(!is_version(line.as_bytes(), line.len() - 8));
        assert!(!told(&format!("0.1 < 250 {line}\n")).contains("1.1.1.1/"));
    }

    #[test]
    fn an_address_behind_a_program_is_no_version() {
        let out = told(
            "0.0 * connected 20.1.2.3:25\n0.1 < 554 5.7.1 SMTP 203.0.113.77 refuses Exim 198.51.100.44 as Exim 20.1.2.3\n",
        );
        let expected = "0.100000 < 554 5.7.1 SMTP 192.0.2.2 refuses Exim 192.0.2.3 as Exim 192.0.2.1\n";
        assert!(out.ends_with(expected), "{out}");
    }

    #[test]
    fn a_version_is_no_address() {
        for (line, version) in [
            ("mx ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-1 ready", true),
            ("mx ESMTP 8.17.1.9", true),
            ("mx ESMTP Whatever 8.17.1.9 ready", true),
            ("X-Mailer: PlumMail 8.17.1.9", true),
            ("User-Agent: PlumWeb/8.17.1.9 (Zap 8.17.1.9)", true),
            ("X-Plum-Virus-Version: engine=Hydra:8.17.1.9", true),
            ("X-Mailer: The Plum! (v8.17.1.9) Professional", true),
            ("build 8.17.1.9, V. 8.17.1.9 version \"8.17.1.9\"", true),
            ("X-Mailer: 8.17.1.9", false),
            ("X-Mailer: webmail from 8.17.1.9", false),
            ("X-Mailer: Zap [8.17.1.9]", false),
            ("X-Plum: PlumMail 8.17.1.9", false),
            ("Postfix/8.17.1.9", true),
            ("Version: 8.17.1.9 ready", true),
            ("from x by mx with ESMTP 8.17.1.9", false),
            ("mx ESMTP, you are [8.17.1.9]", false),
            ("mx ESMTP Hello 8.17.1.9", false),
            ("Postfix (8.17.1.9)", false),
            ("listed: 8.17.1.9/32", false),
        ] {
            let places = memchr::memmem::find_iter(line.as_bytes(), b"8.17.1.9");
            assert!(places.into_iter().all(|at| is_version(line.as_bytes(), at) == version), "{line}");
        }
        let out = told("0.1 < 220 dovecot.target.local ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-1 with Dovecot\n");
        assert!(out.contains(" ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-1 with Dovecot"), "{out}");
        assert!(!out.contains("dovecot.target"), "{out}");
    }

    #[test]
    fn a_version_stays_and_an_address_in_its_place_does_not() {
        let head = "0.0 * connected 20.1.2.3:25\n0.1 > DATA\n0.2 < 354 go\n0.3 ";
        for (line, expected) in [
            ("< 220 mx Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready", None),
            ("< 220 mx ESMTP Postfix 3.7.11.1", None),
            ("< 220 mx ESMTP Sendmail 8.15.2.1; ready", None),
            ("< 220 mx ESMTP Sendmail 8.14.4/8.14.4", None),
            ("< 250 Exim 4.96.0.1 #2", None),
            ("| X-Mailer: PlumMail 1.2.3.4", None),
            ("| X-Virus-Scanned: clamav-milter 0.103.8.1 at us", None),
            ("< 250 Exim 20.1.2.3", Some("< 250 Exim 192.0.2.1")),
            ("< 250 version 203.0.113.77", Some("< 250 version 192.0.2.2")),
            ("| X-Mailer: PlumMail 20.1.2.3", Some("| X-Mailer: PlumMail 192.0.2.1")),
            ("| X-Mailer: PlumMail 203.0.113.77", Some("| X-Mailer: PlumMail 192.0.2.2")),
            ("| X-Plum: PlumMail 1.2.3.4", Some("| X-Plum: PlumMail 192.0.2.2")),
        ] {
            let out = told(&format!("{head}{line}\n"));
            let expected = expected.unwrap_or(line).replace("220 mx", "220 host1");
            assert_eq!(out.lines().last(), Some(format!("0.300000 {expected}").as_str()), "{line}");
        }
    }
}
