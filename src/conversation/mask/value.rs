//! Known secrets found in octets: plain, and in base64 at any alignment.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use crate::smtp::{Secret, Verb};

use super::index::Index;

/// A secret shorter than this counts only as a whole word.
const SHORT: usize = 4;
/// A secret of this length is found in other letters' cases too, as a server may echo it.
const ANY_CASE: usize = 6;
/// A line of a secret of several lines is looked for from this length on: a brace alone says nothing.
const LINE: usize = 4;

/// The secrets that are known.
#[derive(Debug, Default)]
pub(super) struct Values {
    secrets: Vec<Secret>,
    /// The last of them are looked for only as long as they may come back: in how many replies, of each.
    passing: Vec<usize>,
    /// Those that are found even where they stand as a name.
    named: Vec<Secret>,
    /// Which of those that stay may stand in a text.
    index: Index,
    /// Octets of the longest there was.
    longest: usize,
}

/// How a text is to be looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    /// Octets at its start that were looked at before, and are there for what began in them.
    pub(super) known: usize,
    /// It comes from the server: a reply code is none of the secret.
    pub(super) received: bool,
    /// More may follow without a break: a secret may have begun at its end.
    pub(super) open: bool,
    /// Base64 at its end may go on in the next line.
    pub(super) wrapped: bool,
    /// It begins a line: a reply code or a verb may stand there.
    pub(super) first: bool,
    /// What is looked for is a secret even where it stands as a name.
    pub(super) named: bool,
}

impl Values {
    /// What was sent and recorded is looked at line by line, so that of a secret of several lines each is learnt.
    pub(super) fn learn(&mut self, secret: Secret) {
        match lines(&secret) {
            Some(lines) => lines.into_iter().for_each(|line| self.learn_line(line)),
            None => self.learn_line(secret),
        }
    }

    /// The same, for what is a secret even where it stands as a name.
    pub(super) fn learn_name(&mut self, secret: Secret) {
        let lines = lines(&secret).unwrap_or_else(|| vec![Secret::new(secret.expose().trim_ascii().to_vec())]);
        for line in lines.into_iter().filter(|line| !self.named.contains(line)).collect::<Vec<_>>() {
            self.named.push(line);
        }
        self.learn(secret);
    }

    fn learn_line(&mut self, secret: Secret) {
        let trimmed = secret.expose().trim_ascii();
        let secret = if trimmed.len() == secret.expose().len() { secret } else { Secret::new(trimmed.to_vec()) };
        let kept = self.len();
        if !secret.expose().is_empty() && !self.knows(&secret) {
            self.longest = self.longest.max(secret.expose().len());
            self.index.add(kept, &Zeroizing::new(secret.expose().to_ascii_lowercase()));
            self.secrets.insert(kept, secret);
        }
    }

    /// Whether it is one of those that stay.
    fn knows(&self, secret: &Secret) -> bool {
        let small = Zeroizing::new(secret.expose().to_ascii_lowercase());
        self.index.same(&small).iter().any(|at| self.secrets[*at] == *secret)
    }

    /// Those that may stand in a text in small letters, or have begun at its end.
    fn among(&self, small: &[u8], open: bool) -> Vec<&Secret> {
        match self.index.among(small, open) {
            Some(numbers) => {
                numbers.into_iter().map(|at| &self.secrets[at]).chain(&self.secrets[self.len()..]).collect()
            }
            None => self.secrets.iter().collect(),
        }
    }

    /// What may be a secret, or a name: it is looked for up to the reply to it, in which a server may say it once more:
    /// so many replies are due with that.
    pub(super) fn learn_for_a_reply(&mut self, secret: Secret, due: usize) {
        let kept = self.len();
        if secret.expose().len() < SHORT {
            return;
        }
        match self.secrets[kept..].iter().position(|known| *known == secret) {
            Some(at) => self.passing[at] = due,
            None if self.knows(&secret) => {}
            None => {
                self.longest = self.longest.max(secret.expose().len());
                self.secrets.push(secret);
                self.passing.push(due);
            }
        }
    }

    /// A reply has come.
    pub(super) fn replied(&mut self) {
        let kept = self.len();
        let mut gone = self.passing.iter().map(|due| *due <= 1).collect::<Vec<_>>().into_iter();
        let passing = self.secrets.split_off(kept);
        self.secrets.extend(passing.into_iter().filter(|_| !gone.next().unwrap_or(true)));
        self.passing.retain(|due| *due > 1);
        self.passing.iter_mut().for_each(|due| *due -= 1);
    }

    /// How many are looked for from now on, and not in the next reply only.
    pub(super) fn len(&self) -> usize {
        self.secrets.len() - self.passing.len()
    }

    /// Whether there is nothing to look for, not even in the next reply.
    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// How many octets back a secret that ends now may have begun, in base64 too.
    pub(super) fn reach(&self) -> usize {
        if self.secrets.is_empty() { 0 } else { self.longest * 2 + 8 }
    }

    /// Where secrets stand, in no order.
    pub(super) fn find(&self, text: &[u8], look: Look) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.secrets.is_empty() || text.is_empty() {
            return found;
        }
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        for secret in self.among(&lower, look.open) {
            let named = self.named.contains(secret);
            plain(text, &lower, secret.expose(), Look { named, ..look }, &mut found);
        }
        self.encoded(text, look, &mut found);
        if look.first {
            let head = head(text, look);
            found.retain_mut(|range| {
                range.start = range.start.max(head);
                range.start < range.end
            });
        }
        found
    }

    fn encoded(&self, text: &[u8], look: Look, found: &mut Vec<Range<usize>>) {
        let mut at = 0;
        while let Some(start) = text[at..].iter().position(|b| is_base64(*b)).map(|step| at + step) {
            let end = text[start..].iter().position(|b| !is_base64(*b)).map_or(text.len(), |len| start + len);
            at = end;
            let open = (look.open || look.wrapped) && end == text.len();
            if end > look.known {
                self.run(text, start..end, Look { open, ..look }, found);
            }
        }
    }

    /// A run of base64 letters, decoded from each of the four places at which a group may begin.
    fn run(&self, text: &[u8], run: Range<usize>, look: Look, found: &mut Vec<Range<usize>>) {
        let mut decoded = Zeroizing::new(Vec::new());
        for first in run.start..run.end.min(run.start + 4) {
            decode(&text[first..run.end], &mut decoded);
            let mut letters = |octets: Range<usize>| {
                let end = (first + (octets.end * 4).div_ceil(3)).min(run.end);
                let start = first + octets.start * 4 / 3;
                // What was widened already holds all that stands in it.
                let held = found.last().is_some_and(|last| last.start <= start && end <= last.end);
                if end > look.known && !held {
                    found.push(widened(text, start..end));
                }
            };
            let small = Zeroizing::new(decoded.to_ascii_lowercase());
            for known in self.among(&small, look.open) {
                let look = Look { named: self.named.contains(known), ..look };
                let secret = known.expose();
                if secret.len() >= SHORT {
                    let found = memchr::memmem::find_iter(&decoded, secret).map(|start| start..start + secret.len());
                    // The host of a challenge may be called as the password is: `<4711.17@mx.noddy.com>`.
                    for range in
                        found.filter(|range| !(alone(&decoded, range) && is_label(&decoded, range, secret, look)))
                    {
                        letters(range);
                    }
                    if look.open
                        && let Some(len) = begun(&decoded, secret, 3)
                    {
                        letters(decoded.len() - len..decoded.len());
                    }
                }
            }
        }
        let token = widened(text, run.clone());
        let whole = text.get(token.clone()).unwrap_or_default();
        let Ok(whole) = STANDARD.decode(whole).or_else(|_| STANDARD_NO_PAD.decode(whole)).map(Zeroizing::new) else {
            return;
        };
        let last = whole.rsplit(|b| *b == 0).next().unwrap_or_default();
        let mut short = self.index.short().iter().map(|at| self.secrets[*at].expose());
        if short.any(|secret| secret == &**whole || secret == last) {
            found.push(token);
        }
    }
}

/// The lines of a secret that are long enough to be looked for; none where it has one line only, or no such line.
fn lines(secret: &Secret) -> Option<Vec<Secret>> {
    let text = secret.expose().trim_ascii();
    if !text.iter().any(|octet| matches!(octet, b'\n' | b'\r')) {
        return None;
    }
    let lines = text.split(|octet| matches!(octet, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    let lines: Vec<_> = lines.filter(|line| line.len() >= LINE).map(|line| Secret::new(line.to_vec())).collect();
    (!lines.is_empty()).then_some(lines)
}

fn plain(text: &[u8], lower: &[u8], secret: &[u8], look: Look, found: &mut Vec<Range<usize>>) {
    let folded = Zeroizing::new(secret.to_ascii_lowercase());
    let (text_or_lower, needle) = if secret.len() >= ANY_CASE { (lower, &folded[..]) } else { (text, secret) };
    let word = |range: &Range<usize>| alone(text, range);
    for range in occurrences(text_or_lower, needle) {
        let counts = if secret.len() < SHORT { word(&range) } else { true };
        if counts && range.end > look.known && !(word(&range) && is_label(text, &range, secret, look)) {
            found.push(range);
        }
    }
    if look.open
        && secret.len() >= SHORT
        && let Some(len) = begun(text_or_lower, needle, secret.len().div_ceil(2).min(3))
    {
        found.push(text.len() - len..text.len());
    }
}

/// Where a text stands in another, in a time that grows with their lengths alone (Knuth, Morris and Pratt): occurrences may
/// overlap, and of a long response of one repeated letter there are as many as it has octets.
fn occurrences(text: &[u8], needle: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let Some(first) = memchr::memmem::find(text, needle).filter(|_| !needle.is_empty()) else { return out };
    let borders = borders(needle);
    let mut same = 0;
    for (at, octet) in text.iter().enumerate().skip(first) {
        while same > 0 && needle.get(same) != Some(octet) {
            same = borders[same - 1];
        }
        same += usize::from(needle[same] == *octet);
        if same == needle.len() {
            out.push(at + 1 - same..at + 1);
        }
    }
    out
}

/// How many octets at the end of each beginning of a text are its beginning again.
fn borders(text: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; text.len()];
    let mut same = 0;
    for at in 1..text.len() {
        while same > 0 && text[same] != text[at] {
            same = borders[same - 1];
        }
        same += usize::from(text[same] == text[at]);
        borders[at] = same;
    }
    borders
}

/// Whether no letter or digit stands right beside it.
fn alone(text: &[u8], range: &Range<usize>) -> bool {
    let alone = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
    alone(range.start.checked_sub(1).and_then(|at| text.get(at))) && alone(text.get(range.end))
}

/// Whether a plain short word stands as a name: `noddy` in `dude@noddy.com`, in `<noddy@target.local>` or after HELO.
fn is_label(text: &[u8], range: &Range<usize>, secret: &[u8], look: Look) -> bool {
    let simple = secret.len() < 12 && (secret.iter().all(u8::is_ascii_lowercase) || secret.len() < SHORT);
    if !simple || look.named {
        return false;
    }
    let before = &text[..range.start];
    let after = &text[range.end..];
    let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let dotted = (after.first() == Some(&b'.') && letter(after.get(1)))
        || (before.last() == Some(&b'.') && letter(before.len().checked_sub(2).and_then(|at| before.get(at))));
    let greeting =
        look.first && !look.received && matches!(verb(before.trim_ascii()), Verb::Helo | Verb::Ehlo | Verb::Lhlo);
    let mailbox = before.last() == Some(&b'<') && after.first() == Some(&b'@');
    dotted || mailbox || before.last() == Some(&b'@') || greeting
}

/// How many octets at the end of a text begin a secret without being all of it, if at least so many.
fn begun(text: &[u8], secret: &[u8], least: usize) -> Option<usize> {
    let most = (secret.len() - 1).min(text.len());
    (least..=most).rev().find(|len| text.ends_with(&secret[..*len]))
}

/// Octets at the start of a line that no secret takes away: the reply code with its hyphen, or the verb.
fn head(text: &[u8], look: Look) -> usize {
    if look.received {
        let code = text.len() >= 3 && text[..3].iter().all(u8::is_ascii_digit);
        return if code && matches!(text.get(3), None | Some(b' ' | b'-')) { 4.min(text.len()) } else { 0 };
    }
    let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    if verb(word) == Verb::Other { 0 } else { word.len() }
}

fn verb(word: &[u8]) -> Verb {
    std::str::from_utf8(word).map_or(Verb::Other, Verb::from_word)
}

/// Whether an octet is a letter of base64, in either of its alphabets (RFC 4648 4 and 5).
pub(super) fn is_base64(octet: u8) -> bool {
    six_bits(octet).is_some()
}

fn six_bits(octet: u8) -> Option<u32> {
    Some(u32::from(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// The octets that letters of base64 hold, padding or not; bits left over are dropped.
fn decode(letters: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let (mut bits, mut count) = (0u32, 0);
    for six in letters.iter().filter_map(|b| six_bits(*b)) {
        bits = bits << 6 | six;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
}

/// A part of a base64 text widened to all of it: what stands beside a secret gives away its first and last bits, or
/// belongs to the same response.
fn widened(text: &[u8], range: Range<usize>) -> Range<usize> {
    let standard = |b: &u8| is_base64(*b) && !matches!(b, b'-' | b'_');
    let start = range.start - text[..range.start].iter().rev().take_while(|b| standard(b)).count();
    let end = range.end + text[range.end..].iter().take_while(|b| standard(b)).count();
    let padding = text[end..].iter().take_while(|b| **b == b'=').count();
    start..end + padding
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where secrets stand in texts does not depend on how many others are known.
    #[test]
    fn a_secret_is_found_among_many() {
        let secrets = ["abcd", "hunter2", "AGR1ZGUAc2VjcmV0cGFzcw==", "Plugh-77x", "x1"];
        let mut alone = Values::default();
        let mut among = Values::default();
        for secret in secrets {
            alone.learn(Secret::new(secret.as_bytes().to_vec()));
        }
        for n in 0..200 {
            among.learn(Secret::new(format!("{n:03}-other-{n:03}").into_bytes()));
        }
        for secret in secrets {
            among.learn(Secret::new(secret.as_bytes().to_vec()));
        }
        for text in [
            "250 hello hunter2 and HUNTER2, abcd, x1 or xabcdx",
            "335 aHVudGVyMg== UGx1Z2gtNzd4 YWJjZA== eDE=",
            "it ends in AGR1ZGUAc2Vj",
            "and this in hunt",
            "this in ab",
            "and a part in UGx1Z2gt",
            "nothing",
        ] {
            for open in [false, true] {
                let look = Look { open, ..Look::default() };
                let sorted = |values: &Values| {
                    let mut found = values.find(text.as_bytes(), look);
                    found.sort_by_key(|range| (range.start, range.end));
                    found.dedup();
                    found
                };
                assert_eq!(sorted(&among), sorted(&alone), "{text} {open}");
            }
        }
    }

    #[test]
    fn a_text_of_one_secret_over_and_over_takes_a_time_that_grows_with_the_text_alone() {
        let long = "QUJD".repeat(1 << 13);
        for secret in [&long[..long.len() / 2], &long[..200], "AAAA", "ABCABC"] {
            let mut values = Values::default();
            values.learn(Secret::new(secret.as_bytes().to_vec()));
            for text in [&*long, &"QUFB".repeat(1 << 13), &"A".repeat(1 << 15)] {
                let found = values.find(text.as_bytes(), Look::default());
                let end = found.iter().map(|range| range.end).max();
                assert!(found.is_empty() || end == Some(text.len()), "{} in {}", &secret[..4], &text[..4]);
            }
        }
        assert_eq!(occurrences(b"xabababa", b"aba"), [1..4, 3..6, 5..8]);
    }

    #[test]
    fn many_secrets_take_a_time_that_grows_with_the_text_alone() {
        let mut values = Values::default();
        for n in 0..10_000 {
            values.learn(Secret::new(format!("c2VjcmV0-{n:08}-cGFzcw").into_bytes()));
            let text = format!("535 c2VjcmV0-{n:08}-cGFzcw was not it");
            assert_eq!(values.find(text.as_bytes(), Look::default()).len(), 1);
        }
    }
}
