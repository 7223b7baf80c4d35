//! What is written in other letters: as octets of percent-encoding, quoted-printable or xtext, and whatever of it, or of
//! base64, is written so again. It is read until nothing of it changes; what takes more steps than anybody would write is
//! left out, as everything is that can't be searched.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Anonymiser;
use super::tokens::{after_key, blanked, is_text};

/// How often something may be written in other letters, one way within the other.
const LAYERS: usize = 24;
/// Octets that may be read so for one of the line's, and for a short one.
const FOR_EACH: usize = 8;
const AT_LEAST: usize = 64 << 10;

/// What says that two hexadecimal digits behind it are an octet (RFC 3986 2.1, RFC 2045 6.7, RFC 3461 4).
const MARKS: [u8; 3] = [b'%', b'=', b'+'];

/// A word with such an octet.
static CODED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"[^\s<>"',;()]*?[%=+][0-9A-Fa-f]{2}[^\s<>"',;()]*"#).expect("it is well formed"));

/// How much of a line may still be read that is written in other letters.
#[derive(Debug, Default)]
pub(super) struct Patience {
    layer: usize,
    octets: usize,
}

impl Patience {
    /// For a line of so many octets.
    pub(super) fn of_line(octets: usize) -> Self {
        Self { layer: 0, octets: octets.saturating_mul(FOR_EACH).max(AT_LEAST) }
    }

    /// Goes one layer deeper, for so many octets, where that may be.
    fn deepen(&mut self, octets: usize) -> bool {
        let enough = self.layer < LAYERS && octets <= self.octets;
        if enough {
            self.layer += 1;
            self.octets -= octets;
        }
        enough
    }
}

/// A word as it is read, where it is written in other letters, and what marks them.
struct Read {
    place: Range<usize>,
    mark: u8,
    text: Vec<u8>,
}

fn words(bytes: &[u8]) -> impl Iterator<Item = Read> + '_ {
    // The parts of a URL are looked at one by one.
    let found = CODED.find_iter(bytes).filter(|word| memchr::memmem::find(word.as_bytes(), b"://").is_none());
    found.filter_map(|word| {
        let key = std::str::from_utf8(word.as_bytes()).map_or(0, |text| after_key(text).0.len());
        let (mark, text) = unescaped(&word.as_bytes()[key..])?;
        Some(Read { place: word.start() + key..word.end(), mark, text })
    })
}

/// The text that a word stands for, and its first mark. An octet that makes no text of it only looks like one: then each
/// mark is tried alone.
fn unescaped(word: &[u8]) -> Option<(u8, Vec<u8>)> {
    let by = |marks: &[u8]| {
        let (mut text, mut first) = (Vec::with_capacity(word.len()), None);
        let mut at = 0;
        while at < word.len() {
            if let Some(octet) = octet(&word[at..]).filter(|_| marks.contains(&word[at])) {
                first = first.or(Some(word[at]));
                text.push(octet);
                at += 3;
            } else {
                text.push(word[at]);
                at += 1;
            }
        }
        first.filter(|_| is_text(&text)).map(|mark| (mark, text))
    };
    by(&MARKS).or_else(|| MARKS.iter().find_map(|mark| by(&[*mark])))
}

/// The octet at the beginning of a text. But for URLs its digits are capital ones, so that fewer words look like it.
fn octet(text: &[u8]) -> Option<u8> {
    let [mark, high, low, ..] = text else { return None };
    let digit = |octet: u8| match octet {
        b'a'..=b'f' if *mark != b'%' => None,
        _ => char::from(octet).to_digit(16),
    };
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// A text in the letters of the word that it takes the place of.
fn escaped(text: &[u8], mark: u8, word: &[u8]) -> Vec<u8> {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet != mark && word.contains(&octet);
    text.iter().fold(Vec::with_capacity(text.len()), |mut out, octet| {
        if plain(*octet) {
            out.push(*octet);
        } else {
            out.extend_from_slice(format!("{}{octet:02X}", char::from(mark)).as_bytes());
        }
        out
    })
}

impl Anonymiser {
    /// Looks for names in what is written in other letters.
    pub(super) fn note_coded(&mut self, bytes: &[u8]) {
        for word in words(bytes) {
            self.note_inner(&word.text);
        }
    }

    /// Looks at a text that something stands for.
    pub(super) fn note_inner(&mut self, text: &[u8]) {
        if self.patience.deepen(text.len()) {
            self.note_within(text);
            self.patience.layer -= 1;
        }
    }

    /// What stands for words that are written in other letters, in these letters.
    pub(super) fn coded(&mut self, bytes: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut out = Vec::new();
        for word in words(bytes) {
            let new = self.inner(&word.text);
            if new != word.text {
                let new = escaped(&new, word.mark, &bytes[word.place.clone()]);
                out.push((word.place, new));
            }
        }
        out
    }

    /// A text that something stands for, with all that is found in it replaced.
    pub(super) fn inner(&mut self, text: &[u8]) -> Vec<u8> {
        if !self.patience.deepen(text.len()) {
            return blanked(text);
        }
        let new = self.replaced(text);
        self.patience.layer -= 1;
        new
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::tests::text;
    use crate::conversation::file::read;
    use crate::interchange::anonymise::anonymise;

    const NAME: &str = "zoe.fenwick@plumtree.example";

    fn told(line: &str) -> String {
        let records = format!("+++\nehlo = 1\n+++\n0.1 > MAIL FROM:<{NAME}>\n0.2 < 250 {line}\n");
        let out = text(&anonymise(&read(records.as_bytes()).expect("a transcript")));
        out.lines().last().and_then(|line| line.split_once("< 250 ")).expect("a reply").1.to_owned()
    }

    fn by(mark: char) -> impl Fn(&str) -> String {
        move |text| text.bytes().fold(String::new(), |out, octet| format!("{out}{mark}{octet:02X}"))
    }

    /// What a text stands for, however often it is written in other letters.
    fn plain(text: &str) -> String {
        let mut now = text.as_bytes().to_vec();
        loop {
            let decoded = STANDARD.decode(&now).ok().filter(|inner| inner.is_ascii() && now.len() > 4);
            match super::unescaped(&now).map(|(_, text)| text).or(decoded) {
                Some(inner) => now = inner,
                None => return String::from_utf8(now).expect("text"),
            }
        }
    }

    #[test]
    fn a_name_is_found_however_it_is_written_and_however_often() {
        let base64 = |text: &str| STANDARD.encode(text);
        let html = |text: &str| text.replace('&', "&amp;").replace('@', "&#64;");
        let (percent, quoted, xtext) = (by('%'), by('='), by('+'));
        for ways in [
            &[&percent as &dyn Fn(&str) -> String][..],
            &[&percent, &percent],
            &[&quoted, &quoted],
            &[&xtext, &xtext],
            &[&base64, &base64, &base64, &base64, &base64, &base64, &base64],
            &[&base64, &percent, &base64, &xtext, &quoted],
            &[&percent, &base64, &base64, &percent, &base64],
        ] {
            let coded = ways.iter().fold(NAME.to_owned(), |text, way| way(&text));
            assert_eq!(plain(&told(&coded)), "user1@domain1.example", "{coded}");
        }
        let often = (0..9).fold(NAME.to_owned(), |text, _| html(&text));
        assert!(!told(&often).contains("fenwick"), "{often}");
        let ats = told("zoe.fenwick%252525252540plumtree.example");
        assert_eq!(ats, "user1%252525252540domain1.example");
    }

    #[test]
    fn what_is_written_so_more_often_than_anybody_would_is_left_out() {
        let deep = format!("zoe.fenwick%{}40plumtree.example", "25".repeat(2000));
        assert!(!told(&deep).contains("plumtree"), "{}", told(&deep));
        let long = format!("{NAME} {}", "%2541=3D41+2B41".repeat(20_000));
        assert!(told(&long).starts_with("user1@domain1.example "));
    }

    #[test]
    fn what_only_looks_like_octets_stays() {
        for kept in ["SIZE=1000 BODY=8BITMIME", "a+45b", "50%25", "/a%20b?c=%7E", "ok=41 +AA"] {
            assert_eq!(told(kept), kept);
        }
        assert!(told("smtp.mailfrom=AC%2Ezoe%40plumtree.example").starts_with("smtp.mailfrom="));
    }
}
