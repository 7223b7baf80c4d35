//! Names and addresses that somebody has made harmless, so that nobody follows them: `203[.]0[.]113[.]77`,
//! `zoe (at) plumtree dot example`, `2001[:]db8[:]7`; and those of a regular expression, `203\.0\.113\.77`. They are read as
//! what they stand for, and what stands for them is written in the same way.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Anonymiser;
use super::forms::{Found, regex};

/// What stands for a dot, an at sign or a colon.
const MARK: &str = r"(?i:[\[({](?:\.|@|::?)[\])}]| ?[\[({](?:dot|at|punkt)[\])}] ?|\\+\.)";

/// A word with such a mark, or one that is spelled.
static DEFANGED: LazyLock<Regex> = LazyLock::new(|| {
    let word = r"[\w%+~=&?/:.@-]+";
    let spelled = r"(?i:(?:\w[\w.+-]* at )?\w[\w-]*(?: dot \w[\w-]*)+)";
    regex(&format!(r"{word}(?:{MARK}+{word})+|{spelled}|\d{{1,3}}(?: \. \d{{1,3}}){{3}}"))
});

static MARKS: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"{MARK}|(?i: at | dot )| \. ")));

/// The places of such words in a text.
fn places(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    DEFANGED.find_iter(bytes).map(|found| {
        // What ends the sentence is no part of it.
        let length = found.as_bytes().iter().rposition(|octet| !b".:?".contains(octet)).map_or(0, |last| last + 1);
        found.start()..found.start() + length
    })
}

/// The word as it is read, and what stands in it for each sign.
fn read(word: &[u8]) -> (Vec<u8>, Vec<(u8, Vec<u8>)>) {
    let mut marks: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut out = Vec::with_capacity(word.len());
    let mut at = 0;
    for mark in MARKS.find_iter(word) {
        out.extend_from_slice(&word[at..mark.start()]);
        at = mark.end();
        let text = mark.as_bytes().to_ascii_lowercase();
        let colons = memchr::memchr_iter(b':', &text).count();
        let sign = match &text {
            text if text.contains(&b'@') || memchr::memmem::find(text, b"at").is_some() => b'@',
            _ if colons > 0 => b':',
            _ => b'.',
        };
        out.extend(std::iter::repeat_n(sign, colons.max(1)));
        if colons < 2 && marks.iter().all(|(known, _)| *known != sign) {
            marks.push((sign, mark.as_bytes().to_vec()));
        }
    }
    out.extend_from_slice(&word[at..]);
    (out, marks)
}

/// A text with the marks in the places of their signs.
fn written(text: &[u8], marks: &[(u8, Vec<u8>)]) -> Vec<u8> {
    text.iter().fold(Vec::with_capacity(text.len()), |mut out, octet| {
        match marks.iter().find(|(sign, _)| sign == octet) {
            Some((_, mark)) => out.extend_from_slice(mark),
            None => out.push(*octet),
        }
        out
    })
}

impl Anonymiser {
    /// Looks for names that are written so.
    pub(super) fn note_defanged(&mut self, bytes: &[u8]) {
        for place in places(bytes) {
            self.note_inner(&read(&bytes[place]).0);
        }
    }

    /// What stands for them, written so.
    pub(super) fn defanged(&mut self, bytes: &[u8]) -> Found {
        let mut out = Vec::new();
        for place in places(bytes) {
            let (text, marks) = read(&bytes[place.clone()]);
            let new = self.inner(&text);
            if new != text {
                out.push((place, written(&new, &marks)));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;

    #[test]
    fn what_was_made_harmless_is_replaced_as_what_it_stands_for() {
        let head = "0.1 * connected 203.0.113.77:25\n0.2 < 220 mx7.plumtree.example ESMTP\n\
                    0.3 > MAIL FROM:<zoe@plumtree.example>\n0.4 < 250 ";
        for (text, expected) in [
            ("203[.]0[.]113[.]77 is listed", "192[.]0[.]2[.]1 is listed"),
            ("203.0.113[.]77, 203(.)0(.)113(.)77", "192[.]0[.]2[.]1, 192(.)0(.)2(.)1"),
            ("203{.}0{.}113{.}77.", "192{.}0{.}2{.}1."),
            ("198[dot]51[dot]100[dot]9", "192[dot]0[dot]2[dot]2"),
            ("203 dot 0 dot 113 dot 77", "192 dot 0 dot 2 dot 1"),
            ("203 . 0 . 113 . 77", "192 . 0 . 2 . 1"),
            ("hxxp://203[.]0[.]113[.]77:8080/a", "hxxp://192[.]0[.]2[.]1:8080/a"),
            (
                "hxxps://mx7[.]plumtree[.]example/ip=203[.]0[.]113[.]77",
                "hxxps://host1[.]domain1[.]example/ip=192[.]0[.]2[.]1",
            ),
            ("hxxps://mx7.plumtree.example/", "hxxps://host1.domain1.example/"),
            ("2001[:]db8[:]77[:][:]25", "2001[:]db8[:][:]1"),
            ("[2001:db8[:]77::25] 2001[:]db8[:]77[::]25", "[2001[:]db8[:][:]1] 2001[:]db8[:][:]1"),
            ("zoe[@]plumtree[.]example", "user1[@]domain1[.]example"),
            ("zoe (at) plumtree (dot) example", "user1 (at) domain1 (dot) example"),
            ("ask zoe AT plumtree DOT example now", "ask user1 AT domain1 DOT example now"),
            ("look at the dots (.) and [.] here", "look at the dots (.) and [.] here"),
        ] {
            let out = told(&format!("{head}{text}\n"));
            assert_eq!(out.lines().last(), Some(format!("0.400000 < 250 {expected}").as_str()), "{text}");
        }
    }

    #[test]
    fn the_pattern_of_a_script_still_means_the_same() {
        let script = "+++\nehlo = 1\ntarget = \"smtp://mx7.plumtree.example:25\"\n+++\n> EHLO desk7.fenwick.test\n\
                      < 250 /mx7\\.plumtree\\.example .* 203\\.0\\.113\\.77 \\d+/\n";
        let out = super::super::tests::text(&super::super::anonymise(
            &crate::conversation::file::read(script.as_bytes()).expect("a script"),
        ));
        assert!(out.contains("< 250 /host2\\.domain2\\.example .* 192\\.0\\.2\\.1 \\d+/\n"), "{out}");
    }
}
