//! What is written in other letters: as octets of percent-encoding, quoted-printable or xtext, and whatever of it, or of
//! base64, is written so again. It is read until nothing of it changes; what takes more steps than anybody would write is
//! left out, as everything is that can't be searched.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::Anonymiser;
use super::find::v6;
use super::tokens::{after_key, blanked, is_text, shortened};

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

/// What is an address or a URL as it stands, though something of it may look like an octet: `<dude+2024@noddy.com>`.
pub(super) fn standing(bytes: &[u8], found: &[Captures<'_>]) -> Vec<Range<usize>> {
    let stands = |one: &&Captures<'_>| {
        let part = |name| one.name(name).map(|it| &bytes[it.range()]);
        match (part("local"), part("at")) {
            (Some(_), Some(b"@")) => true,
            // Its at sign is an octet. Where one within its local part is a blank it only looks like an octet there:
            // `dude+2024+40noddy.com`. A URL may have a blank before an address.
            (Some(local), Some(at)) if at[0] != b'%' => by(local, at[0]).is_some_and(|text| holds_blank(&text)),
            _ => one.name("url").is_some(),
        }
    };
    // `ip=203.0.113.5`, where the value only looks as if it began with an octet.
    let valued = |place: &Range<usize>| place.start > 0 && bytes[place.start - 1] == b'=';
    let addresses = found.iter().filter(|one| one.name("v4").is_some()).filter_map(|one| Some(one.get(0)?.range()));
    let addresses = addresses.chain(v6(bytes).into_iter().map(|(place, _)| place)).filter(valued);
    let stand = found.iter().filter(stands).filter_map(|one| Some(one.get(0)?.range()));
    let mut all: Vec<Range<usize>> = stand.chain(addresses).collect();
    all.sort_by_key(|place| place.start);
    all.dedup_by(|next, before| next.start < before.end);
    all
}

/// Whether a text that is not in quotation marks holds a blank.
fn holds_blank(text: &[u8]) -> bool {
    !text.starts_with(b"\"") && text.iter().any(u8::is_ascii_whitespace)
}

/// A local part as it is read, where it looks as if it were written in other letters.
pub(super) fn read_local(local: &str) -> Option<String> {
    let (_, text) = unescaped(local.as_bytes()).filter(|(_, text)| !holds_blank(text))?;
    Some(String::from_utf8(text).ok()?.to_lowercase())
}

/// The words between the parts that stand as they are.
fn words<'a>(bytes: &'a [u8], standing: &'a [Range<usize>]) -> impl Iterator<Item = (Range<usize>, &'a [u8])> {
    let starts = std::iter::once(0).chain(standing.iter().map(|place| place.end));
    let ends = standing.iter().map(|place| place.start).chain(std::iter::once(bytes.len()));
    starts.zip(ends).flat_map(move |(start, end)| {
        CODED.find_iter(&bytes[start..end]).map(move |word| {
            let key = std::str::from_utf8(word.as_bytes()).map_or(0, |text| after_key(text).0.len());
            let place = start + word.start() + key..start + word.end();
            (place.clone(), &bytes[place])
        })
    })
}

/// The text that a word stands for, and what marks its octets. One mark is read at a time, first the one that an at sign is
/// written by: what stands behind another may only look like an octet.
fn unescaped(word: &[u8]) -> Option<(u8, Vec<u8>)> {
    let at_sign = |mark: &u8| memchr::memmem::find(word, &[*mark, b'4', b'0']).is_some();
    let (first, then): (Vec<u8>, Vec<u8>) = MARKS.iter().partition(|mark| at_sign(mark));
    first.into_iter().chain(then).find_map(|mark| by(word, mark).map(|text| (mark, text)))
}

/// The text that a word stands for by one mark. An octet that makes no text of it only looks like one.
fn by(word: &[u8], mark: u8) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(word.len());
    let mut at = 0;
    while at < word.len() {
        let octet = if word[at] == mark { octet(&word[at..]) } else { None };
        text.push(octet.unwrap_or(word[at]));
        at += if octet.is_some() { 3 } else { 1 };
    }
    (text.len() < word.len() && is_text(&text)).then_some(text)
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
    let mut there = [false; 256];
    for octet in word {
        there[usize::from(*octet)] = true;
    }
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet != mark && there[usize::from(octet)];
    text.iter().fold(Vec::with_capacity(text.len()), |mut out, octet| {
        if plain(*octet) {
            out.push(*octet);
        } else {
            let digit = |half: u8| b"0123456789ABCDEF"[usize::from(half)];
            out.extend([mark, digit(*octet >> 4), digit(*octet & 15)]);
        }
        out
    })
}

impl Anonymiser {
    /// Looks for names in what is written in other letters.
    pub(super) fn note_coded(&mut self, bytes: &[u8], standing: &[Range<usize>]) {
        for (_, text) in words(bytes, standing).filter_map(|(_, word)| unescaped(word)) {
            self.note_inner(&text);
        }
    }

    /// Looks at a text that something stands for.
    pub(super) fn note_inner(&mut self, text: &[u8]) {
        if self.patience.deepen(text.len()) {
            self.note_within(&shortened(text));
            self.patience.layer -= 1;
        }
    }

    /// What stands for words that are written in other letters, in these letters.
    pub(super) fn coded(&mut self, bytes: &[u8], standing: &[Range<usize>]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut out = Vec::new();
        for (place, word) in words(bytes, standing) {
            let end = word.iter().rposition(|octet| !b".:".contains(octet)).map_or(0, |last| last + 1);
            let name = String::from_utf8_lossy(&word[..end]).to_lowercase();
            if self.alone.contains(&name) {
                // A local part, which only looks so.
                out.push((place.start..place.start + end, self.names.local(&name).into_bytes()));
                continue;
            }
            let Some((mark, text)) = unescaped(word) else { continue };
            let new = self.inner(&text);
            if new != text {
                out.push((place, escaped(&new, mark, word)));
            }
        }
        out
    }

    /// A text that something stands for, with all that is found in it replaced.
    pub(super) fn inner(&mut self, text: &[u8]) -> Vec<u8> {
        if !self.patience.deepen(text.len()) {
            return blanked(text);
        }
        let new = self.replaced(&shortened(text));
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
    fn an_address_whose_local_part_only_looks_like_octets_is_one() {
        let (percent, quoted, xtext) = (by('%'), by('='), by('+'));
        let base64 = |text: &str| STANDARD.encode(text);
        for local in ["jd7+2024", "mark+2024", "kx9=20", "kx9%20", "x=41+42", "jd7+20zoe", "AC%2E7", "7+0D0A"] {
            let address = format!("{local}@plumtree.example");
            assert_eq!(told(&format!("<{address}>")), "<user2@domain1.example>", "{address}");
            assert_eq!(told(&format!("{address}, ok")), "user2@domain1.example, ok", "{address}");
            let known = told(&format!("<{address}>: no {local}, {local}."));
            assert_eq!(known, "<user2@domain1.example>: no user2, user2.", "{address}");
            let ways: [&dyn Fn(&str) -> String; 4] = [&percent, &quoted, &xtext, &base64];
            for way in ways {
                assert_eq!(plain(&told(&way(&address))), "user2@domain1.example", "{address}");
                for other in ways {
                    assert_eq!(plain(&told(&other(&way(&address)))), "user2@domain1.example", "{address}");
                }
            }
        }
        // What writes the octets right, or the at sign alone, and the same by the same.
        for coded in ["jd7+2B2024@", "jd7+2B2024+40", "jd7%2B2024%40", "jd7+2024%40", "jd7+2024=40", "jd7+2024+40"] {
            let told = told(&format!("<jd7+2024@plumtree.example> rfc822;{coded}plumtree.example"));
            let at = coded.trim_start_matches("jd7").trim_start_matches("+2B2024").trim_start_matches("%2B2024");
            let at = at.trim_start_matches("+2024");
            assert_eq!(told, format!("<user2@domain1.example> rfc822;user2{at}domain1.example"), "{coded}");
        }
        let url = "https://mx.plumtree.example/u,jd7+2024%40plumtree.example?e=jd7+2024@plumtree.example";
        assert_eq!(told(url), "https://host1.domain1.example/u,user2%40domain1.example?e=user2@domain1.example");
    }

    #[test]
    fn an_address_with_a_plus_is_one_in_every_place() {
        let talk = "+++\nehlo = 1\ntitle = \"to jd7+2024@plumtree.example\"\n+++\n\
            0.1 > MAIL FROM:<jd7+2024@plumtree.example> AUTH=jd7+2B2024@plumtree.example\n\
            0.2 > RCPT TO:<kx9=20@plumtree.example> ORCPT=rfc822;kx9+3D20@plumtree.example\n\
            0.3 > DATA\n0.4 < 354 go\n0.5 | From: jd7+2024@plumtree.example\n0.5 | Delivered-To: kx9=20@plumtree.example\n\
            0.5 | Received: for <jd7+2024@plumtree.example>; Mon, 1 Jan 2026 10:00:00 +0000\n0.6 > .\n";
        let out = text(&anonymise(&read(talk.as_bytes()).expect("a transcript")));
        for gone in ["jd7", "kx9", "2024", "plumtree"] {
            assert!(!out.contains(gone) || gone == "2024" && !out.contains("+2024"), "{gone}: {out}");
        }
        for there in [
            "title = \"to user1@domain1.example\"",
            "> MAIL FROM:<user1@domain1.example> AUTH=user1@domain1.example\n",
            "> RCPT TO:<user2@domain1.example> ORCPT=rfc822;user2@domain1.example\n",
            "| From: user1@domain1.example\n",
            "| Delivered-To: user2@domain1.example\n",
        ] {
            assert!(out.contains(there), "{there}: {out}");
        }
    }

    #[test]
    fn what_only_looks_like_octets_stays() {
        for kept in ["SIZE=1000 BODY=8BITMIME", "a+45b", "50%25", "/a%20b?c=%7E", "ok=41 +AA"] {
            assert_eq!(told(kept), kept);
        }
        assert!(told("smtp.mailfrom=AC%2Ezoe%40plumtree.example").starts_with("smtp.mailfrom="));
    }
}
