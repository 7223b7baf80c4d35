//! Other ways of writing who and where: `DOMAIN\user`, `\\host\share`, a path of UUCP,
//! letters of HTML's, the pieces of a file's name.

use std::ops::Range;
use std::sync::LazyLock;

use mail_parser::decoders::html::html_to_text;
use regex::bytes::{Captures, Regex};

use super::Anonymiser;
use super::common::is_common;
use super::tokens::blanked;

pub(super) fn regex(text: &str) -> Regex {
    Regex::new(text).expect("it is well formed")
}

/// `DOMAIN\user`, with one backslash.
static LOGIN: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?:^|[^\w\\:/.-])(?P<domain>[A-Za-z][\w.-]{1,62})\\(?P<user>[A-Za-z][\w.-]{1,63})"));

/// `\\host`, where a share of it is named.
static SHARE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[^\w\\])\\\\(?P<host>[A-Za-z][\w-]{1,62})\\"));

/// `gw!uucp!user`.
static PATH: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:[A-Za-z0-9][\w.-]*!)+[A-Za-z0-9][\w.+-]*"));

/// A word with a letter that HTML writes by its name or number.
static ENTITY: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"[^\s<>"']*&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31}\d{0,2});[^\s<>"']*"#));

/// A piece of a file's name, or one that is encoded (RFC 2231 3, 4).
static PIECE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i-u:\b)(?i:file)?(?i:name)\*(?:\d+\*?)?=("[^"]*"|[^";\s]+)"#));

/// What stands for something, and where that stands.
pub(super) type Found = Vec<(Range<usize>, Vec<u8>)>;

/// The text of a part.
fn part(found: &Captures<'_>, name: &str) -> Option<(Range<usize>, String)> {
    found.name(name).map(|it| (it.range(), String::from_utf8_lossy(it.as_bytes()).into_owned()))
}

/// The places of UUCP's paths in a text. One bang alone is one of a sentence, but for a path in angle brackets.
fn paths(bytes: &[u8]) -> Vec<Range<usize>> {
    let sure = |path: &Range<usize>| {
        let before = path.start.checked_sub(1).map(|at| bytes[at]);
        let opens = before.is_none_or(|octet| b"<\"(".contains(&octet) || octet.is_ascii_whitespace());
        let ends = bytes.get(path.end).is_none_or(|octet| b">\"),;:".contains(octet) || octet.is_ascii_whitespace());
        let bangs = memchr::memchr_iter(b'!', &bytes[path.clone()]).count();
        opens && ends && (bangs > 1 || before == Some(b'<'))
    };
    PATH.find_iter(bytes).map(|found| found.range()).filter(sure).collect()
}

impl Anonymiser {
    /// Looks for names that are written so.
    pub(super) fn note_forms(&mut self, bytes: &[u8]) {
        for found in LOGIN.captures_iter(bytes) {
            if let (Some((_, domain)), Some((_, user))) = (part(&found, "domain"), part(&found, "user"))
                && self.is_login(&domain)
                && !is_common(&user.to_lowercase())
            {
                self.note_local(&user.to_lowercase());
            }
        }
        for place in paths(bytes) {
            let path = String::from_utf8_lossy(&bytes[place]).to_lowercase();
            if let Some((hosts, user)) = path.rsplit_once('!') {
                self.note_hosts(hosts.split('!').map(str::to_owned));
                self.note_local(user);
            }
        }
        let shares = SHARE.captures_iter(bytes).filter_map(|found| Some(part(&found, "host")?.1.to_lowercase()));
        let shares: Vec<String> = shares.filter(|host| !is_common(host)).collect();
        self.note_hosts(shares);
    }

    /// Whether a word before a backslash is the name of a domain of Windows: in capitals, or known.
    fn is_login(&self, domain: &str) -> bool {
        let low = domain.to_lowercase();
        let capitals = domain.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
        capitals || self.names.bare.contains(&low) || self.domains.contains_key(&low)
    }

    /// What stands for all of them but the numbers.
    pub(super) fn forms(&mut self, bytes: &[u8]) -> Found {
        let mut out = self.logins(bytes);
        for place in paths(bytes) {
            let path = String::from_utf8_lossy(&bytes[place.clone()]).into_owned();
            let Some((hosts, user)) = path.rsplit_once('!') else { continue };
            let hosts: Vec<String> = hosts.split('!').map(|host| self.names.host(host)).collect();
            out.push((place, format!("{}!{}", hosts.join("!"), self.names.local(user)).into_bytes()));
        }
        out.extend(self.entities(bytes));
        let pieces = PIECE.captures_iter(bytes).filter_map(|found| found.get(1));
        out.extend(pieces.map(|it| {
            let inner = it.as_bytes().strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
            let quote: &[u8] = if inner.is_some() { b"\"" } else { b"" };
            (it.range(), [quote, &blanked(inner.unwrap_or(it.as_bytes())), quote].concat())
        }));
        out
    }

    fn logins(&mut self, bytes: &[u8]) -> Found {
        let mut out = Vec::new();
        for found in LOGIN.captures_iter(bytes) {
            let (Some((place, domain)), Some((of_user, user))) = (part(&found, "domain"), part(&found, "user")) else {
                continue;
            };
            // Another backslash behind it makes a path of it.
            if !self.is_login(&domain) || bytes.get(of_user.end) == Some(&b'\\') {
                continue;
            }
            let low = domain.to_lowercase();
            let new = self.word(&low).unwrap_or_else(|| self.names.host(&low));
            out.push((place, new.into_bytes()));
            if !is_common(&user.to_lowercase()) {
                out.push((of_user, self.names.local(&user).into_bytes()));
            }
        }
        for found in SHARE.captures_iter(bytes) {
            if let Some((place, host)) = part(&found, "host")
                && !is_common(&host.to_lowercase())
            {
                out.push((place, self.names.host(&host).into_bytes()));
            }
        }
        out
    }

    /// Words of HTML that stand for somebody once their letters are read.
    fn entities(&mut self, bytes: &[u8]) -> Found {
        let mut out = Vec::new();
        for found in ENTITY.find_iter(bytes) {
            let Ok(text) = std::str::from_utf8(found.as_bytes()) else { continue };
            // What was written so twice is found in what was read.
            let read = html_to_text(text);
            if read == text {
                continue;
            }
            let new = self.inner(read.as_bytes());
            if new != read.as_bytes() {
                let new = String::from_utf8_lossy(&new).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                out.push((found.range(), new.into_bytes()));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{text, told};
    use crate::conversation::file::read;
    use crate::interchange::anonymise::anonymise;

    #[test]
    fn letters_of_html_nested_in_each_other_are_read_to_a_depth() {
        let line = format!("0.1 < 250 zoe@fenwick.test &{};\n", "amp;".repeat(100_000));
        assert!(told(&line).contains("user1@domain1.example"));
    }

    #[test]
    fn each_of_two_paths_of_uucp_is_replaced() {
        let out = told("0.1 < 250 gw!uucp!grzegorz gw!uucp!zdenka ok\n");
        assert!(out.ends_with("\n0.100000 < 250 host1!host2!user1 host1!host2!user2 ok\n"), "{out}");
    }

    #[test]
    fn names_and_addresses_are_replaced_however_they_are_written() {
        let out = told(
            "0.1 * connected 203.0.113.77:25 from 198.51.100.44:4000\n0.2 < 220 mx7.plumtree.example ESMTP\n\
             0.3 > MAIL FROM:<zoe@fenwick.test>\n0.4 < 250 <gw!uucp!grzegorz> is 0xCB00714D, 3405803853, cb00714d, 12345678\n\
             0.5 > DATA\n0.6 < 354 go\n0.7 | From: =?UTF-8?Q?Zo=C3=AB_=C3=85ngstr=C3=B6m?= <zoe@fenwick.test>\n\
             0.7 | DKIM-Signature: v=1; a=rsa-sha256; d=fenwick.test;\n0.7 |  s=sel2026; bh=abc; b=def\n\
             0.7 | Authentication-Results: mx7.plumtree.example; dkim=pass header.d=fenwick.test header.s=key4711\n\
             0.7 | X: PLUMTREE\\\\jkowalczyk, \\\\\\\\spike\\\\share, /o=Org/cn=Recipients/cn=mbrown, Great!Thanks and that's!\n\
             0.7 | Content-Disposition: attachment; filename*0=\"kowal\"; filename*1=\"czyk.doc\"\n0.7 |\n\
             0.7 | <p>Zo&euml; &Aring;ngstr&ouml;m, <a href=\"mailto:zoe&#64;fenwick.test\">d&eacute;j&agrave; vu</a>\n0.8 > .\n",
        );
        let gone = [
            "gw!",
            "uucp",
            "grzegorz",
            "CB00714D",
            "cb00714d",
            "3405803853",
            "sel2026",
            "key4711",
            "plumtree",
            "PLUMTREE",
        ];
        let more = ["jkowalczyk", "spike", "mbrown", "kowal", "czyk", "Zo&euml", "ngstr", "zoe", "fenwick"];
        for gone in gone.into_iter().chain(more) {
            assert!(!out.contains(gone), "{gone}: {out}");
        }
        for kept in [
            "0xc0000201, 3221225985, c0000201, 12345678",
            "Great!Thanks",
            "/cn=Recipients/cn=",
            "d&eacute;j&agrave; vu",
        ] {
            assert!(out.contains(kept), "{kept}: {out}");
        }
        assert!(out.contains("filename*0=\"AAAAA\"") && out.contains("|  s=host"), "{out}");
        insta::assert_snapshot!(out);
    }

    #[test]
    fn a_name_of_somebody_is_no_name_of_a_value_either() {
        let script = "+++\nehlo = 1\n[vars]\nkowalczyk_addr = \"jolanta.kowalczyk@plumtree.example\"\nnumber = \"7\"\n+++\n\
                      > RCPT TO:<{{kowalczyk_addr}}>\n> NOOP {{number}} {{env.KOWALCZYK}}\n";
        let out = text(&anonymise(&read(script.as_bytes()).expect("a script")));
        assert!(!out.contains("kowalczyk") && out.contains("{{number}} {{env."), "{out}");
        let key =
            out.lines().find_map(|line| line.strip_suffix("@domain1.example\"")?.split_once(" = ")).expect("a value").0;
        assert!(out.contains(&format!("> RCPT TO:<{{{{{key}}}}}>")), "{out}");
    }
}
