//! What other programs put before each line of a log: grep its file's name, docker and kubectl the container's, cat a number.

use super::clock::{Moment, moment};
use super::lines::lines;

/// Where a line goes on behind what was put before it; none where nothing was.
type Way<'a> = &'a dyn Fn(&[u8]) -> Option<usize>;

/// The text without it, where each line has it.
pub(super) fn without(octets: &[u8]) -> Option<Vec<u8>> {
    let by_file = file_of(octets);
    let ways: [Way<'_>; 5] = [&composed, &kubernetes, &numbered, &counted, &|line| {
        by_file.as_deref().and_then(|file| found(line, file)).or_else(|| found_at_a_time(line))
    }];
    ways.iter().find_map(|way| taken_off(octets, *way))
}

/// A text whose lines had something before them, and the times that stood there.
#[derive(Debug)]
pub(super) struct Untimed {
    /// The text without.
    pub(super) text: Vec<u8>,
    /// When each of its lines was written.
    pub(super) times: Vec<Option<Moment>>,
}

/// The text without the time before each line, where each has one.
pub(super) fn untimed(octets: &[u8]) -> Option<Untimed> {
    let text = taken_off(octets, &|line| moment(line).map(|(_, rest)| line.len() - rest.len()))?;
    Some(Untimed { text, times: lines(octets).map(|(_, line)| moment(line).map(|(at, _)| at)).collect() })
}

/// The text without what a log has before each line, be it syslog's, a journal's or a logger's: a time, and words that
/// are the same before all of them, or end in the same mark.
pub(super) fn unheaded(octets: &[u8]) -> Vec<Untimed> {
    let parted: Vec<_> = lines(octets).map(|(_, line)| of_log(line)).collect();
    let full = || parted.iter().map(|(_, rest)| *rest).filter(|rest| !rest.trim_ascii().is_empty());
    if full().nth(2).is_none() {
        return Vec::new();
    }
    let without = |from: &dyn Fn(&[u8]) -> usize| {
        let mut text = Vec::with_capacity(octets.len());
        for (_, rest) in &parted {
            text.extend_from_slice(&rest[from(rest).min(rest.len())..]);
            text.push(b'\n');
        }
        Untimed { text, times: parted.iter().map(|(at, _)| *at).collect() }
    };
    let mut out = Vec::new();
    let common = common_head(full());
    if common > 0 {
        out.push(without(&|rest| if rest.is_empty() { 0 } else { common }));
    }
    if parted.iter().any(|(at, _)| at.is_some()) {
        for mark in [b"]: ".as_slice(), b" - ", b"] ", b"> "] {
            let end = |rest: &[u8]| {
                let head = &rest[..rest.len().min(HEAD)];
                let bare = mark.trim_ascii_end();
                let at = memchr::memmem::find(head, mark).map(|at| at + mark.len());
                at.or_else(|| rest.ends_with(bare).then_some(rest.len()))
            };
            if full().all(|rest| end(rest).is_some()) {
                out.push(without(&|rest| end(rest).unwrap_or(0)));
            }
        }
    }
    out
}

/// Octets of what a log has before a line.
const HEAD: usize = 120;

/// The time at the beginning of a line, behind syslog's priority where it has one (RFC 5424 6.2), and the rest. A line of
/// the journal's own is none.
fn of_log(line: &[u8]) -> (Option<Moment>, &[u8]) {
    if line.starts_with(b"-- ") {
        return (None, b"");
    }
    let digits = line.strip_prefix(b"<").map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let rest = match line.get(digits + 1..) {
        Some([b'>', b'1', b' ', rest @ ..]) if digits > 0 => rest,
        Some([b'>', rest @ ..]) if digits > 0 => rest,
        _ => line,
    };
    moment(rest).map_or((None, rest), |(at, rest)| (Some(at), rest))
}

/// How many octets all lines begin with alike, up to a blank; a line may end before it.
fn common_head<'a>(mut all: impl Iterator<Item = &'a [u8]>) -> usize {
    let Some(first) = all.next() else { return 0 };
    let mut head = &first[..first.len().min(HEAD)];
    for rest in all {
        if rest != head.trim_ascii_end() {
            let same = head.iter().zip(rest).take_while(|(a, b)| a == b).count();
            head = &head[..same];
        }
    }
    head.iter().rposition(|octet| matches!(octet, b' ' | b'\t')).map_or(0, |at| at + 1)
}

/// Each line without what this way finds before it; none where a line has nothing. grep's `--` between lines are no lines.
fn taken_off(octets: &[u8], way: Way<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(octets.len());
    let mut some = 0;
    for (_, line) in lines(octets) {
        if !line.trim_ascii().is_empty() && line != b"--" {
            out.extend_from_slice(&line[way(line)?..]);
            some += 1;
        }
        out.push(b'\n');
    }
    (some > 1).then_some(out)
}

/// `mail-1  | `.
fn composed(line: &[u8]) -> Option<usize> {
    let name = line.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')).count();
    let blanks = line[name..].iter().take_while(|octet| **octet == b' ').count();
    let bar = name + blanks;
    let named = name > 0 && blanks > 0 && line.get(bar) == Some(&b'|');
    named.then(|| bar + 1 + usize::from(line.get(bar + 1) == Some(&b' ')))
}

/// `[pod/mail-0/postfix] `.
fn kubernetes(line: &[u8]) -> Option<usize> {
    let rest = line.strip_prefix(b"[pod/")?;
    let end = rest.iter().position(|octet| *octet == b']')?;
    (rest.get(end + 1) == Some(&b' ')).then_some(5 + end + 2)
}

/// `12:` or `12-` of grep -n, before a time.
fn numbered(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let parted = digits > 0 && matches!(line.get(digits), Some(b':' | b'-'));
    (parted && moment(line).is_none() && moment(&line[digits + 1..]).is_some()).then_some(digits + 1)
}

/// A number and a tab, of cat -n and nl.
fn counted(line: &[u8]) -> Option<usize> {
    let blanks = line.iter().take_while(|octet| **octet == b' ').count();
    let digits = line[blanks..].iter().take_while(|octet| octet.is_ascii_digit()).count();
    (digits > 0 && line.get(blanks + digits) == Some(&b'\t')).then_some(blanks + digits + 1)
}

/// The name of a file that all lines begin with.
fn file_of(octets: &[u8]) -> Option<Vec<u8>> {
    let all = || lines(octets).map(|(_, line)| line).filter(|line| !line.is_empty() && *line != b"--");
    let first = all().next()?;
    let path = first.iter().take(300).take_while(|octet| !octet.is_ascii_whitespace()).count();
    let ends = (1..path).filter(|end| matches!(first[*end], b':' | b'-'));
    let is_path = |file: &[u8]| file.iter().any(|octet| matches!(octet, b'.' | b'/')) && !file.contains(&b',');
    let mut known = ends.map(|end| &first[..end]).filter(|file| is_path(file));
    known.find(|file| all().all(|line| found(line, file).is_some())).map(<[u8]>::to_vec)
}

/// Where a line goes on behind this file's name, and behind the line's number where one follows.
fn found(line: &[u8], file: &[u8]) -> Option<usize> {
    let rest = line.strip_prefix(file)?;
    let mark = *rest.first().filter(|mark| matches!(mark, b':' | b'-'))?;
    let at = file.len() + 1;
    if moment(&rest[1..]).is_some() {
        return Some(at);
    }
    let digits = rest[1..].iter().take_while(|octet| octet.is_ascii_digit()).count();
    let number = digits > 0 && rest.get(1 + digits) == Some(&mark);
    Some(if number { at + digits + 1 } else { at })
}

/// The same of a line of some file: it goes on with a time.
fn found_at_a_time(line: &[u8]) -> Option<usize> {
    let path = line.iter().take(300).take_while(|octet| !octet.is_ascii_whitespace()).count();
    let mut ends = (1..path).filter(|end| matches!(line[*end], b':' | b'-'));
    let is_path = |file: &[u8]| file.iter().any(|octet| matches!(octet, b'.' | b'/'));
    ends.find(|end| is_path(&line[..*end]) && moment(&line[end + 1..]).is_some()).map(|end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_each_line_is_taken_off() {
        let log = "Nov 24 22:18:57 mx postfix/smtpd[7]: < h[1.2.3.4]: NOOP\nNov 24 22:18:58 mx postfix/smtpd[7]: > h[1.2.3.4]: 250 ok\n";
        let before = |put: &dyn Fn(usize) -> String| -> String {
            log.lines().enumerate().map(|(n, line)| put(n) + line + "\n").collect()
        };
        let same = |n: usize, texts: [&str; 2]| texts[n].to_owned();
        for text in [
            before(&|_| "mail-1  | ".to_owned()),
            before(&|_| "[pod/mail-0/postfix] ".to_owned()),
            before(&|n| same(n, ["/var/log/mail.log:", "/var/log/mail.log-"])),
            before(&|n| same(n, ["mail.log-12-", "mail.log:13:"])),
            before(&|n| same(n, ["mail.log:", "mail.log.1:"])),
            before(&|n| same(n, ["12-", "13:"])),
            before(&|n| format!("{:>6}\t", n + 1)),
        ] {
            assert_eq!(
                without(text.as_bytes()).map(|out| String::from_utf8(out).expect("text")),
                Some(log.to_owned()),
                "{text}"
            );
        }
        assert_eq!(without(b"a.log:x\n--\na.log:y\n").as_deref(), Some(b"x\n\ny\n".as_slice()));
    }

    #[test]
    fn what_is_part_of_the_lines_stays() {
        for text in [
            "220-mx\n220 mx\n",
            "22:18:57 220 mx\n22:18:58 QUIT\n",
            "2026-11-24T22:18:57Z 220\n2026-11-24T22:18:57Z QUIT\n",
            "S: 220 mx\nC: QUIT\n",
            "Nov 24 22:18:57 mx postfix/smtpd[7]: x\nNov 24 22:18:57 mx postfix/smtpd[7]: y\n",
            "=== Trying mx.a.b:25...\n<-  220 mx\n",
        ] {
            assert_eq!(without(text.as_bytes()), None, "{text}");
        }
    }
}
