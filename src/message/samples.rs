//! Messages that show something: files of `assets/messages/`, and those that no file may hold, since a virus scanner or
//! git would not leave them as they are.

use super::Stamp;
use crate::assets::ASSETS;

/// A message to send as it is, with the addresses filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its name, such as `long-lines`.
    pub name: String,
    /// Its octets. Line ends are LF, unless it is `raw`.
    pub octets: Vec<u8>,
    /// It goes on the wire as it is: its line ends are what it is about.
    pub raw: bool,
}

/// All samples for these addresses, `plain` first, then by name; each with this Date and Message-ID.
#[must_use]
pub fn samples(from: &str, to: &str, stamp: &Stamp) -> Vec<Sample> {
    let files = ASSETS.get_dir("messages").into_iter().flat_map(include_dir::Dir::files);
    let mut all: Vec<Sample> = files
        .filter_map(|file| {
            let name = file.path().file_stem()?.to_string_lossy().into_owned();
            Some(Sample { name, octets: file.contents_utf8()?.as_bytes().to_vec(), raw: false })
        })
        .chain(made())
        .collect();
    for sample in &mut all {
        for (name, value) in [("{from}", from), ("{to}", to), ("{date}", &*stamp.date), ("{message_id}", &*stamp.id)] {
            sample.octets = replaced(&sample.octets, name.as_bytes(), value.as_bytes());
        }
    }
    all.sort_by_key(|sample| (sample.name != "plain", sample.name.clone()));
    all
}

/// The sample of this name.
#[must_use]
pub fn sample(name: &str, from: &str, to: &str, stamp: &Stamp) -> Option<Sample> {
    samples(from, to, stamp).into_iter().find(|sample| sample.name.eq_ignore_ascii_case(name))
}

fn made() -> [Sample; 3] {
    let message = |subject: &str, text: &str| {
        let fields = "Date: {date}\nMessage-ID: {message_id}\n";
        format!("From: <{{from}}>\nTo: <{{to}}>\nSubject: {subject}\n{fields}\n{text}\n")
    };
    let gtube = message(
        "A test of the spam filter",
        &format!(
            "The next line is the GTUBE pattern: a filter that knows it calls this message\nspam, whatever else it holds.\n\n{}",
            gtube()
        ),
    );
    let eicar = message(
        "A test of the virus scanner",
        &format!("The next line is the EICAR test file: harmless, and every scanner reports it.\n\n{}", eicar()),
    );
    [
        Sample { name: "gtube".to_owned(), octets: gtube.into_bytes(), raw: false },
        Sample { name: "eicar".to_owned(), octets: eicar.into_bytes(), raw: false },
        Sample { name: "bare-lf".to_owned(), octets: bare_lf(), raw: true },
    ]
}

/// The Generic Test for Unsolicited Bulk Email, put together here so that no file holds it.
#[must_use]
pub fn gtube() -> String {
    ["XJS*C4JDBQADN1", ".NSBN3*2IDNEN*", "GTUBE-STANDARD-ANTI-UBE", "-TEST-EMAIL*C.34X"].concat()
}

/// The EICAR anti-malware test file, likewise.
#[must_use]
pub fn eicar() -> String {
    [r"X5O!P%@AP[4\PZX54(P^)", "7CC)7}$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

/// What SMTP smuggling is tried with: a dot between line ends of which one is no CR LF. A server that takes `LF . CR LF`
/// for the end of the message answers what follows as commands; these are NOOPs, which harm nobody.
fn bare_lf() -> Vec<u8> {
    let head = "From: <{from}>\r\nTo: <{to}>\r\nSubject: Line feeds alone\r\nDate: {date}\r\n\
                Message-ID: {message_id}\r\n\r\n";
    let text = "A bare line feed follows this.\nThen a dot after one.\n.\r\nNOOP smuggled\r\nThe end.\r\n";
    [head, text].concat().into_bytes()
}

/// Octets with each occurrence of something replaced.
#[must_use]
pub fn replaced(octets: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = 0;
    for at in memchr::memmem::find_iter(octets, what) {
        out.extend_from_slice(&octets[rest..at]);
        out.extend_from_slice(with);
        rest = at + what.len();
    }
    out.extend_from_slice(&octets[rest..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp() -> Stamp {
        Stamp { date: "Thu, 01 Jan 1970 00:00:00 +0000".to_owned(), id: "<1@b>".to_owned() }
    }

    #[test]
    fn the_samples_are_messages() {
        let all = samples("a@b", "c@d", &stamp());
        let names: Vec<_> = all.iter().map(|sample| sample.name.as_str()).collect();
        for name in [
            "plain",
            "html-alternative",
            "utf8-headers",
            "long-lines",
            "leading-dots",
            "8bit",
            "gtube",
            "eicar",
            "bare-lf",
        ] {
            assert!(names.contains(&name), "{name} of {names:?}");
        }
        assert_eq!(names[0], "plain");
        for sample in &all {
            let text = std::str::from_utf8(&sample.octets).expect("UTF-8").replace("\r\n", "\n");
            assert!(
                text.starts_with("From: ") && text.contains("\nTo: <c@d>\nSubject: ") && text.contains("\n\n"),
                "{}",
                sample.name
            );
            assert!(text.contains("<a@b>") && text.ends_with('\n'), "{}", sample.name);
            assert!(text.contains("\nDate: Thu, 01 Jan 1970 00:00:00 +0000\nMessage-ID: <1@b>\n"), "{}", sample.name);
            assert_eq!(sample.raw, sample.octets.contains(&b'\r'), "{}", sample.name);
        }
    }

    #[test]
    fn each_sample_is_what_it_says() {
        let of = |name| sample(name, "a@b", "c@d", &stamp()).expect(name).octets;
        assert!(of("8bit").iter().any(|b| *b > 127) && of("long-lines").split(|b| *b == b'\n').any(|l| l.len() > 998));
        assert!(memchr::memmem::find(&of("leading-dots"), b"\n.\n").is_some());
        assert!(memchr::memmem::find(&of("bare-lf"), b"\n.\r\n").is_some());
        assert_eq!((gtube().len(), eicar().len()), (68, 68));
        let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/messages");
        for file in std::fs::read_dir(repository).expect("there").flatten() {
            let text = std::fs::read(file.path()).expect("read");
            assert!(memchr::memmem::find(&text, gtube().as_bytes()).is_none(), "{:?}", file.path());
        }
    }
}
