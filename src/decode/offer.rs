//! What a server offers in its reply to EHLO, capability by capability, and what is missing that one would expect.

use super::Knowledge;
use crate::smtp::capability::Capability;
use crate::smtp::{Capabilities, Reply};

/// What most servers offer, and what is missed where it is not there.
pub const EXPECTED: [(&str, &str); 6] = [
    ("PIPELINING", "Each command waits for its reply."),
    ("SIZE", "The largest message is not known; one that is too large is refused after it was sent."),
    ("8BITMIME", "Content with octets above 127 should be encoded (quoted-printable, base64)."),
    ("ENHANCEDSTATUSCODES", "Replies may lack codes such as 5.7.1, which say the reason."),
    ("DSN", "Delivery reports can't be asked for; leave out NOTIFY, ORCPT, RET and ENVID."),
    ("SMTPUTF8", "Addresses must be ASCII."),
];

/// Something that is worth knowing of an offer: what it is about, and a sentence or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// `no STARTTLS`, `AUTH in clear text`.
    pub about: String,
    /// What that means.
    pub words: String,
}

/// What is known of the line on which an offer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    /// Whether it was encrypted; unknown where only the reply is given.
    pub tls: Option<bool>,
    /// Whether somebody had logged in.
    pub authenticated: bool,
    /// The port that was dialled.
    pub port: Option<u16>,
}

/// A sentence on a capability, and one on its parameters where they say something.
#[must_use]
pub fn meaning(capability: &Capability, knowledge: &Knowledge) -> String {
    let first = match knowledge.capability(&capability.keyword) {
        Some(entry) if entry.software.is_empty() => entry.meaning.clone(),
        Some(entry) => format!("{} ({})", entry.meaning, entry.software),
        None if capability.keyword.get(..1).is_some_and(|x| x.eq_ignore_ascii_case("x")) => {
            "A private extension; what it does is for its makers to say.".to_owned()
        }
        None => "Not a registered keyword; what it does is for its makers to say.".to_owned(),
    };
    match parameters(capability, knowledge) {
        Some(second) => format!("{first} {second}"),
        None => first,
    }
}

fn parameters(capability: &Capability, knowledge: &Knowledge) -> Option<String> {
    let given = &capability.parameters;
    match capability.keyword.to_ascii_uppercase().as_str() {
        "SIZE" => match given.first().map(|size| size.parse::<u64>()) {
            None | Some(Ok(0)) => Some("No limit is told.".to_owned()),
            Some(Ok(size)) => Some(format!("At most {}.", octets(size))),
            Some(Err(_)) => Some("The limit is not a number that fits.".to_owned()),
        },
        "AUTH" if given.is_empty() => Some("No mechanism is named.".to_owned()),
        "AUTH" => Some(format!("By {}.", given.join(", "))),
        "LIMITS" if !given.is_empty() => Some(limits(given)),
        _ if given.is_empty() => None,
        // Where parameters are known of, those given are named; elsewhere they would only be said twice.
        _ => {
            let known = knowledge.capability(&capability.keyword).is_some_and(|entry| !entry.parameters.is_empty());
            known.then(|| format!("Here: {}.", given.join(" ")))
        }
    }
}

/// What LIMITS tells (RFC 9422 4).
fn limits(given: &[String]) -> String {
    let said = given.iter().map(|limit| match limit.split_once('=') {
        Some((name, number)) if name.eq_ignore_ascii_case("MAILMAX") => format!("{number} transactions a session"),
        Some((name, number)) if name.eq_ignore_ascii_case("RCPTMAX") => format!("{number} recipients a transaction"),
        Some((name, number)) if name.eq_ignore_ascii_case("RCPTDOMAINMAX") => {
            format!("recipients of {number} domains a session")
        }
        _ => limit.clone(),
    });
    format!("At most {}.", said.collect::<Vec<_>>().join(", "))
}

/// A size as people say it.
#[must_use]
pub fn octets(size: u64) -> String {
    let units = [(1u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| size >= *unit) {
        Some((unit, name)) => {
            let tenths = (u128::from(size) * 10 + u128::from(*unit) / 2) / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{size} octets"),
    }
}

/// What is not as one would expect it; without alarm.
#[must_use]
pub fn remarks(offer: &Capabilities, line: Line) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut say = |about: &str, words: String| remarks.push(Remark { about: about.to_owned(), words });
    let starttls = offer.has("STARTTLS");
    if line.tls == Some(true) && starttls {
        let words =
            "It is offered although the line is secured, which a server must not (RFC 3207 4.2). No need to act.";
        say("STARTTLS", words.to_owned());
    }
    if line.tls != Some(true) && !starttls {
        let words = match line.tls {
            None => "If the line is not encrypted already, as on port 465 or after STARTTLS, it stays in clear text.",
            _ => {
                "The line stays in clear text. If this server offers it elsewhere, something on the way may have taken \
                 it out."
            }
        };
        say("no STARTTLS", words.to_owned());
    }
    // An offer of STARTTLS shows that the line is in clear text.
    let clear = !line.tls.unwrap_or(!starttls);
    let open = ["PLAIN", "LOGIN"].iter().filter(|name| offer.mechanisms().iter().any(|m| m == *name));
    let open: Vec<&str> = open.copied().collect();
    if clear && !open.is_empty() {
        let then = if starttls { "Send STARTTLS first." } else { "Better not log in on this line." };
        let words = format!(
            "{} on a line in clear text shows the password to whoever is on the way. {then}",
            open.join(" and ")
        );
        say("AUTH in clear text", words);
    }
    if !offer.has("AUTH") && matches!(line.port, Some(587 | 465)) && !line.authenticated {
        let then = if line.tls == Some(true) { "" } else { " Most offer it only after STARTTLS." };
        say("no AUTH", format!("On a port for submission one would expect a log-in.{then}"));
    }
    if clear && offer.has("REQUIRETLS") {
        let words =
            "It counts on an encrypted line only, where it has to be offered again (RFC 8689 2). Send STARTTLS first.";
        say("REQUIRETLS in clear text", words.to_owned());
    }
    if offer.has("BINARYMIME") && !offer.has("CHUNKING") {
        let words = "BODY=BINARYMIME goes with BDAT alone, and that is CHUNKING, which is not offered (RFC 3030 3): use base64.";
        say("BINARYMIME without CHUNKING", words.to_owned());
    }
    for keyword in doubled(offer) {
        let words = format!(
            "The lines of {keyword} differ, and which of them holds is not told: {}.",
            lines_of(offer, keyword)
        );
        say(&format!("{keyword} twice"), words);
    }
    if offer.list.iter().any(|it| is_masked(&it.keyword)) {
        let words = "Something on the way, mostly a Cisco firewall that inspects SMTP, has put X in place of extensions that the \
                     server offers, such as STARTTLS. Only its owner can switch that off.";
        say("masked keywords", words.to_owned());
    }
    remarks
}

/// Keywords with several lines that do not say the same.
fn doubled(offer: &Capabilities) -> Vec<&str> {
    let list = offer.list.iter().enumerate();
    let second = list.filter(|(at, it)| {
        let same = |other: &&Capability| other.keyword.eq_ignore_ascii_case(&it.keyword);
        let before: Vec<_> = offer.list[..*at].iter().filter(same).collect();
        before.len() == 1 && before[0].parameters != it.parameters
    });
    second.map(|(_, it)| it.keyword.as_str()).collect()
}

/// The lines of a keyword, as they stand in the offer.
fn lines_of(offer: &Capabilities, keyword: &str) -> String {
    let lines = offer.list.iter().filter(|it| it.keyword.eq_ignore_ascii_case(keyword));
    let line = |it: &Capability| [std::slice::from_ref(&it.keyword), &it.parameters].concat().join(" ");
    lines.map(line).collect::<Vec<_>>().join(", ")
}

/// Whether a firewall wrote X over a keyword, but for its last letter.
fn is_masked(keyword: &str) -> bool {
    keyword.len() > 4 && keyword.bytes().rev().skip(1).all(|octet| octet == b'X')
}

/// What the second offer has that the first had not (`+AUTH PLAIN`), and the other way round (`-STARTTLS`).
#[must_use]
pub fn changes(before: &Capabilities, now: &Capabilities) -> Vec<String> {
    let lines = |offer: &Capabilities| -> Vec<String> {
        let line = |it: &Capability| [vec![it.keyword.clone()], it.parameters.clone()].concat().join(" ");
        offer.list.iter().map(line).collect()
    };
    let (old, new) = (lines(before), lines(now));
    let more = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+{line}"));
    let less = old.iter().filter(|line| !new.contains(line)).map(|line| format!("-{line}"));
    more.chain(less).collect()
}

/// The keywords of [`EXPECTED`] that are not offered, and what that means.
#[must_use]
pub fn lacks(offer: &Capabilities) -> Vec<Remark> {
    let missing = EXPECTED.iter().filter(|(keyword, _)| !offer.has(keyword));
    missing.map(|(keyword, words)| Remark { about: format!("no {keyword}"), words: (*words).to_owned() }).collect()
}

/// The offer in a reply of which nobody says what it answers: a success of several lines that reads like one.
#[must_use]
pub fn recognised(reply: &Reply, knowledge: &Knowledge) -> Option<Capabilities> {
    if reply.code()?.number() != 250 || reply.lines.len() < 2 {
        return None;
    }
    let offer = Capabilities::from_reply(reply);
    let like = |capability: &&Capability| {
        let keyword = capability.keyword.split('=').next().unwrap_or_default();
        !keyword.is_empty() && keyword.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let known = offer.list.iter().filter(|it| knowledge.capability(&it.keyword).is_some()).count();
    (offer.list.iter().all(|it| like(&it)) && known * 2 >= offer.list.len()).then_some(offer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{LineEnd, ReplyLine};

    fn reply(lines: &[&str]) -> Reply {
        let mut reply = Reply::default();
        for line in lines {
            reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
        }
        reply
    }

    #[test]
    fn an_offer_is_known_from_other_replies() {
        let knowledge = Knowledge::shipped();
        let offer = |lines: &[&str]| recognised(&reply(lines), &knowledge);
        assert!(offer(&["250-mx.target.local Hello", "250-SIZE 1000", "250 STARTTLS"]).is_some());
        assert!(offer(&["250-mx", "250-XFOO", "250 PIPELINING"]).is_some());
        assert_eq!(offer(&["250 mx"]), None);
        assert_eq!(offer(&["250-2.1.5 first recipient is fine", "250 2.0.0 queued as X"]), None);
    }

    #[test]
    fn what_is_missing_depends_on_the_line() {
        let offer = |text: &str| Capabilities {
            server: "mx".to_owned(),
            list: text
                .split(',')
                .map(|line| {
                    let mut words = line.split(' ').map(str::to_owned);
                    Capability { keyword: words.next().unwrap_or_default(), parameters: words.collect() }
                })
                .collect(),
        };
        let about = |text: &str, line: Line| {
            remarks(&offer(text), line).into_iter().map(|remark| remark.about).collect::<Vec<_>>()
        };
        let line = |tls| Line { tls, ..Line::default() };
        assert_eq!(about("AUTH PLAIN,STARTTLS", line(None)), ["AUTH in clear text"]);
        assert_eq!(about("AUTH PLAIN", line(None)), ["no STARTTLS"]);
        assert_eq!(about("AUTH PLAIN", line(Some(false))), ["no STARTTLS", "AUTH in clear text"]);
        assert_eq!(about("AUTH PLAIN", line(Some(true))), [] as [&str; 0]);
        assert_eq!(about("STARTTLS,REQUIRETLS", line(Some(false))), ["REQUIRETLS in clear text"]);
        assert_eq!(about("REQUIRETLS", line(Some(true))), [] as [&str; 0]);
        assert_eq!(about("STARTTLS,BINARYMIME", line(None)), ["BINARYMIME without CHUNKING"]);
        assert_eq!(about("STARTTLS,BINARYMIME,CHUNKING", line(None)), [] as [&str; 0]);
        assert_eq!(about("SIZE 1000,STARTTLS,size 2000", line(None)), ["size twice"]);
        assert_eq!(about("SIZE 1000,STARTTLS,SIZE 1000", line(None)), [] as [&str; 0]);
        assert_eq!(about("STARTTLS,XXXXXXXA", line(None)), ["masked keywords"]);
        assert_eq!(about("STARTTLS,XXX", line(None)), [] as [&str; 0]);
        assert_eq!(about("STARTTLS", Line { port: Some(587), ..line(Some(false)) }), ["no AUTH"]);
        assert_eq!(lacks(&offer("SIZE,DSN,PIPELINING,8BITMIME,SMTPUTF8"))[0].about, "no ENHANCEDSTATUSCODES");
        let said = meaning(&offer("LIMITS RCPTMAX=20 MAILMAX=5").list[0], &Knowledge::shipped());
        assert!(said.contains("20 recipients a transaction, 5 transactions a session"), "{said}");
    }
}
