//! ehlo's own remarks in words: the same on the screen and in what is exported. And how words become a sentence.

use super::Remark;
use super::event::Recording;

/// A remark as people are told it.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// The words; not escaped for a screen.
    pub words: String,
    /// Whether they warn.
    pub warns: bool,
}

/// The text with a capital letter at its beginning, unless it begins with a name (`mx.target.local`, `dude@noddy.com`)
/// that is written as it is.
#[must_use]
pub fn capital(text: &str) -> String {
    let first = text.split([' ', ',', ':', ';']).next().unwrap_or_default();
    let is_word = first.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '-'));
    let mut letters = text.chars();
    match letters.next() {
        Some(letter) if is_word => letter.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// What stands before something that an import inferred.
pub const INFERRED: &str = "not in the source, inferred: ";

/// The remark in words. One that is not known is shown as it stands in the file.
#[must_use]
pub fn said(remark: &Remark) -> Said {
    let bare = |n| remark.bare(n).unwrap_or_default();
    let words = match remark.word.as_str() {
        "resolved" => format!("{} is at {}", bare(0), bare_from(remark, 1, ", ")),
        "connecting" => format!("connecting to {}{}", bare(0), via(remark)),
        "connected" => format!("connected to {}{}", bare(0), via(remark)),
        "proxy" => proxy(remark),
        "keep-alive" => match remark.get("every") {
            Some("never") => "no NOOP is sent by itself".to_owned(),
            every => format!("NOOP is sent by itself after {} of silence", every.unwrap_or("some time")),
        },
        "tls" => return tls(remark),
        "certificate" => certificate(remark),
        "inspecting" => with_values("looking at the certificate, without trusting it", remark),
        "injected" => return warning(injected(remark)),
        "auth" => auth(remark),
        "pipelined" => format!("the next {} lines went out at once", remark.get("n").unwrap_or(bare(0))),
        "auto" if bare(0) == "keep-alive" => "ehlo keeps the connection alive".to_owned(),
        "auto" => with_values("ehlo sends the next line itself", remark),
        "gave-up" => gave_up(remark),
        "lost" => format!("replies that are missing here: {}", remark.get("replies").unwrap_or("some")),
        "held" => format!("{} was not sent: {}", bare(0), bare_from(remark, 1, " ")),
        "idle" => match bare(0) {
            "" => with_values("nothing happens", remark),
            words => words.to_owned(),
        },
        "moved" | "offer" if !bare(0).is_empty() => bare(0).to_owned(),
        "cut" => return warning(cut(remark)),
        "content" => content(remark),
        "closed" => closed(remark),
        "warning" if remark.is_loss() => {
            return warning(format!("{} {}", remark.get("lost").unwrap_or_default(), bare_from(remark, 0, " ")));
        }
        "warning" if remark.recording() == Some(Recording::GoesOn) => {
            return warning(format!("{} {}", remark.get("missing").unwrap_or_default(), bare_from(remark, 0, " ")));
        }
        "error" | "warning" => return warning(spoken(remark)),
        "note" => note(remark),
        "mark" => bookmark(remark),
        "inferred" => format!("{INFERRED}{}", bare_from(remark, 0, " ")),
        "unseen" => match bare(0) {
            "" => "a line that is not in the file; its reply does not tell which".to_owned(),
            "." => "a dot that is not in the file, by the reply to it".to_owned(),
            verb => format!("{verb}, which is not in the file, by the reply to it"),
        },
        "tool" => bare_from(remark, 0, " "),
        "answer" => format!("answered: {}", bare_from(remark, 0, " ")),
        "delivered" => with_values("delivered", remark),
        "hop" => hop(remark),
        "dsn" => return report(remark),
        _ => remark.to_string(),
    };
    Said { words, warns: false }
}

/// What is said of a recording that can't go on. It is about ehlo's own file and no part of the conversation, in the middle
/// of which it would stand.
#[must_use]
pub fn of_journal(remark: &Remark) -> Option<String> {
    let is = remark.word == "warning" && remark.get("kind") == Some("journal");
    is.then(|| said(remark).words)
}

fn note(remark: &Remark) -> String {
    match (remark.get("at"), remark.get("off")) {
        (Some(at), None) => format!("note on line {at}: {}", bare_from(remark, 0, " ")),
        (None, None) => format!("note: {}", bare_from(remark, 0, " ")),
        (Some(at), Some(_)) => format!("note taken off line {at}"),
        (None, Some(_)) => "note taken off".to_owned(),
    }
}

fn bookmark(remark: &Remark) -> String {
    match (remark.get("at"), remark.get("off")) {
        (Some(at), None) => format!("bookmark on line {at}"),
        (Some(at), Some(_)) => format!("bookmark taken off line {at}"),
        (None, _) => with_values("bookmark", remark),
    }
}

fn via(remark: &Remark) -> String {
    remark.get("via").map(|proxy| format!(" through {proxy}")).unwrap_or_default()
}

/// What a proxy was asked and answered, or what the header of the PROXY protocol said.
fn proxy(remark: &Remark) -> String {
    if remark.get("header") == Some("raw") {
        return format!("PROXY header as it was given, {} octets", remark.get("octets").unwrap_or("some"));
    }
    if let Some(version) = remark.get("header") {
        let from = remark.get("source").unwrap_or("unknown");
        let to = remark.get("destination").map(|to| format!(" to {to}")).unwrap_or_default();
        return format!("PROXY header, version {version}: from {from}{to}");
    }
    let Some(asked) = remark.get("asked") else {
        return format!("through the proxy {}", bare_from(remark, 0, " "));
    };
    let user = remark.get("user").map(|user| format!(" as {user}")).unwrap_or_default();
    let answered = remark.get("answered").unwrap_or("it did not");
    format!("the proxy was asked{user}: {asked}: {answered}")
}

fn warning(words: String) -> Said {
    Said { words, warns: true }
}

fn bare_from(remark: &Remark, from: usize, between: &str) -> String {
    let bare: Vec<_> = remark.values.iter().filter(|(key, _)| key.is_none()).map(|(_, value)| value.as_str()).collect();
    bare.get(from..).unwrap_or_default().join(between)
}

/// The words, then everything that the remark carries: nothing it says is left out.
fn with_values(words: &str, remark: &Remark) -> String {
    let values: Vec<_> = remark
        .values
        .iter()
        .map(|(key, value)| key.as_ref().map_or_else(|| value.clone(), |key| format!("{key} {value}")))
        .collect();
    if values.is_empty() { words.to_owned() } else { format!("{words}: {}", values.join(", ")) }
}

/// What an error or a warning says, and the target that would fit; its kind is for programs.
fn spoken(remark: &Remark) -> String {
    let words = bare_from(remark, 0, " ");
    let reason = remark.get("reason").or_else(|| remark.get("text"));
    let words = match (words.is_empty(), reason) {
        (true, Some(reason)) => reason.to_owned(),
        (true, None) => return with_values(&remark.word, remark),
        (false, Some(reason)) => format!("{words}: {reason}"),
        (false, None) => words,
    };
    match remark.get("try") {
        Some(target) => format!("{words}; {target} may fit"),
        None => words,
    }
}

fn tls(remark: &Remark) -> Said {
    let reason = remark.get("reason").map(|reason| format!(": {reason}")).unwrap_or_default();
    if let Some(failed) = remark.get("failed") {
        let words = if matches!(failed, "yes" | "true") { String::new() } else { format!(": {failed}") };
        return warning(format!("the TLS handshake failed{words}{reason}"));
    }
    let mut words = remark.get("version").unwrap_or("TLS").replacen("TLSv", "TLS ", 1);
    if let Some(cipher) = remark.get("cipher") {
        words = format!("{words}, {cipher}");
    }
    match remark.get("verified") {
        Some("yes") => Said { words: format!("{words}, certificate verified{reason}"), warns: false },
        Some("no") => warning(format!("{words}, certificate not verified{reason}")),
        Some(other) => Said { words: format!("{words}, certificate verified: {other}{reason}"), warns: false },
        None => Said { words: format!("{words}{reason}"), warns: false },
    }
}

/// One short line for a certificate: whose, until when; the octets stay in the file.
fn certificate(remark: &Remark) -> String {
    use base64::Engine as _;
    let n = remark.get("n").and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    let place = if n == 0 { "certificate".to_owned() } else { format!("certificate {} of the chain", n + 1) };
    let Some(der) = remark.get("der").and_then(|der| base64::engine::general_purpose::STANDARD.decode(der).ok()) else {
        return format!("{place}, unreadable");
    };
    match x509_parser::parse_x509_certificate(&der) {
        Ok((_, certificate)) => {
            let subject = match certificate.subject().to_string() {
                subject if subject.is_empty() => alternative(&certificate).unwrap_or_else(|| "no subject".to_owned()),
                subject => subject,
            };
            format!("{place}: {subject}, {} bytes", der.len())
        }
        Err(_) => format!("{place}, {} bytes, not readable as X.509", der.len()),
    }
}

fn alternative(certificate: &x509_parser::certificate::X509Certificate<'_>) -> Option<String> {
    let names = certificate.subject_alternative_name().ok()??;
    names.value.general_names.iter().find_map(|name| match name {
        x509_parser::extensions::GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    })
}

fn injected(remark: &Remark) -> String {
    let bytes = remark.get("bytes").map_or_else(|| "something".to_owned(), |n| format!("{n} bytes"));
    let shown = remark.get("text").map(|text| format!(": {text}")).unwrap_or_default();
    format!("{bytes} came in clear text after the reply to STARTTLS and were thrown away{shown}")
}

fn auth(remark: &Remark) -> String {
    let mechanism = remark.get("mechanism").map(|m| format!(" with {m}")).unwrap_or_default();
    let user = remark.get("user").map(|user| format!(" as {user}")).unwrap_or_default();
    format!("logging in{mechanism}{user}")
}

fn gave_up(remark: &Remark) -> String {
    let awaited = remark.get("awaiting").map(|what| format!(" for {what}")).unwrap_or_default();
    match remark.get("reason") {
        Some("time-out") => format!("no reply in time: stopped waiting{awaited}"),
        Some(reason) => format!("stopped waiting{awaited}: {reason}"),
        None => format!("you stopped waiting{awaited}; a late reply still counts"),
    }
}

fn cut(remark: &Remark) -> String {
    let bytes = remark.get("bytes").unwrap_or("some");
    let direction = match remark.get("direction") {
        Some("out") => " of what was sent",
        Some("in") => " of what came",
        _ => "",
    };
    format!("{bytes} bytes{direction} are not kept here")
}

fn content(remark: &Remark) -> String {
    let file = remark.get("file").map(|file| format!(", from {file}")).unwrap_or_default();
    format!("{} bytes of content{file}", remark.get("bytes").unwrap_or("some"))
}

/// Whether a connection stands or stood, by its remarks as they come.
#[must_use]
pub fn reached(before: bool, remark: &Remark) -> bool {
    match remark.word.as_str() {
        "connecting" => false,
        "connected" => true,
        _ => before,
    }
}

/// What a remark says where it is known whether there was a connection: one that was never made is not gone.
#[must_use]
pub fn said_of(reached: bool, remark: &Remark) -> Said {
    let said = said(remark);
    if !reached && remark.word == "closed" && remark.get("by") == Some("network") && remark.get("reason").is_none() {
        return Said { words: NEVER_BEGUN.to_owned(), ..said };
    }
    said
}

/// What is said in place of an end where nothing had begun.
pub const NEVER_BEGUN: &str = "there was no connection";

fn closed(remark: &Remark) -> String {
    let by = match remark.get("by") {
        Some("server") => "closed by the server".to_owned(),
        Some("client") => "closed by you".to_owned(),
        Some("network") => "the connection is gone".to_owned(),
        Some(by) => format!("closed by {by}"),
        None => "closed".to_owned(),
    };
    remark.get("reason").map(|reason| format!("{by}: {reason}")).unwrap_or(by)
}

/// A step of a message's way, as its Received line tells it (RFC 5321 4.4).
fn hop(remark: &Remark) -> String {
    let said = |before: &str, key: &str| remark.get(key).map(|value| format!("{before}{value}")).unwrap_or_default();
    let from = match (remark.get("from"), remark.get("peer")) {
        (Some(from), Some(peer)) => format!(" from {from} ({peer})"),
        (Some(one), None) | (None, Some(one)) => format!(" from {one}"),
        (None, None) => " handed in".to_owned(),
    };
    let after = match remark.get("delay").and_then(|delay| delay.strip_suffix('s')).map(|delay| (delay, delay.parse()))
    {
        Some((_, Ok(0_i64))) => ", at once".to_owned(),
        Some((_, Ok(late @ 1..))) => format!(", after {late} s"),
        Some((_, Ok(early))) => format!(", {} s before the one ahead of it: a clock is wrong", early.unsigned_abs()),
        Some((other, Err(_))) => format!(", after {other}"),
        None => String::new(),
    };
    let how = [said(", ", "with"), said(", ", "tls"), said(", via ", "via"), after];
    let more = [said(", id ", "id"), said(", for ", "for")];
    format!("hop {}:{from}{}{}{}", remark.get("n").unwrap_or("?"), said(" to ", "by"), how.concat(), more.concat())
}

/// What a delivery report says of one recipient (RFC 3464 2.3).
fn report(remark: &Remark) -> Said {
    let action = remark.get("action").unwrap_or("reported");
    let status = remark.get("status").map(|status| format!(", status {status}")).unwrap_or_default();
    let by = remark.get("remote").map_or_else(|| "it was said".to_owned(), |remote| format!("{remote} said"));
    let diagnosis = remark.get("diagnostic").map(|text| format!("; {by}: {text}")).unwrap_or_default();
    let words = format!("{}: {action}{status}{diagnosis}", remark.get("recipient").unwrap_or("a recipient"));
    Said { words, warns: matches!(action, "failed" | "delayed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_as_it_is() {
        for (text, shown) in [
            ("it is self-signed: nobody vouches for it", "It is self-signed: nobody vouches for it"),
            ("the server's own TLS", "The server's own TLS"),
            ("elsewhere.example is not this server's domain", "elsewhere.example is not this server's domain"),
            ("dude@noddy.com is not known", "dude@noddy.com is not known"),
            ("échec", "Échec"),
            ("", ""),
        ] {
            assert_eq!(capital(text), shown);
        }
    }

    #[test]
    fn remarks_are_said_in_words() {
        for (text, words, warns) in [
            (
                "hop n=2 from=a.example by=b.example with=ESMTPS id=4ZK1 for=<dude@b.example> tls=TLSv1.3 delay=3s",
                "hop 2: from a.example to b.example, ESMTPS, TLSv1.3, after 3 s, id 4ZK1, for <dude@b.example>",
                false,
            ),
            ("hop n=1 by=a.example delay=0s", "hop 1: handed in to a.example, at once", false),
            (
                "hop n=3 from=b.example peer=\"c [192.0.2.1]\" delay=-5s",
                "hop 3: from b.example (c [192.0.2.1]), 5 s before the one ahead of it: a clock is wrong",
                false,
            ),
            (
                "dsn recipient=full@a.example action=failed status=5.2.2 remote=mx.a.example diagnostic=\"smtp; 552 full\"",
                "full@a.example: failed, status 5.2.2; mx.a.example said: smtp; 552 full",
                true,
            ),
            ("connected 127.0.0.1:25 from 127.0.0.1:40312", "connected to 127.0.0.1:25", false),
            ("closed by=server", "closed by the server", false),
            ("connecting a:25 via=socks5://p:1080", "connecting to a:25 through socks5://p:1080", false),
            (
                "proxy kind=http asked=\"CONNECT a:25\" user=dude answered=\"HTTP/1.1 200 OK\"",
                "the proxy was asked as dude: CONNECT a:25: HTTP/1.1 200 OK",
                false,
            ),
            (
                "proxy header=1 source=192.0.2.1:7 destination=127.0.0.1:25",
                "PROXY header, version 1: from 192.0.2.1:7 to 127.0.0.1:25",
                false,
            ),
            ("auto keep-alive", "ehlo keeps the connection alive", false),
            ("keep-alive every=60s", "NOOP is sent by itself after 60s of silence", false),
            ("idle limit=300s \"this server cuts the line\"", "this server cuts the line", false),
            ("tls version=TLSv1.3 cipher=X verified=yes", "TLS 1.3, X, certificate verified", false),
            (
                "tls version=TLSv1.2 verified=no reason=\"self-signed certificate\"",
                "TLS 1.2, certificate not verified: self-signed certificate",
                true,
            ),
            ("tls failed=\"unknown authority\"", "the TLS handshake failed: unknown authority", true),
            ("certificate n=1 der=AAAA", "certificate 2 of the chain, 3 bytes, not readable as X.509", false),
            ("error kind=refused \"connection refused\"", "connection refused", true),
            (
                "error kind=tls \"no TLS here\" try=smtp://127.0.0.1:25",
                "no TLS here; smtp://127.0.0.1:25 may fit",
                true,
            ),
            (
                "warning kind=journal lost=2 \"records could not be written here\"",
                "2 records could not be written here",
                true,
            ),
            ("cut direction=in bytes=90 sha256=ab", "90 bytes of what came are not kept here", true),
            ("something new=1", "something new=1", false),
        ] {
            assert_eq!(said(&Remark::parse(text)), Said { words: words.to_owned(), warns }, "{text}");
        }
    }

    #[test]
    fn what_was_never_there_is_not_gone() {
        let mut reached = false;
        let mut told = |text: &str| {
            let remark = Remark::parse(text);
            reached = super::reached(reached, &remark);
            said_of(reached, &remark).words
        };
        assert_eq!(told("closed by=network"), NEVER_BEGUN);
        told("connecting 127.0.0.1:25");
        told("connected 127.0.0.1:25");
        assert_eq!(told("closed by=network"), "the connection is gone");
        told("connecting 127.0.0.1:26");
        assert_eq!(told("closed by=network"), NEVER_BEGUN);
        assert_eq!(told("closed by=server"), "closed by the server");
    }

    #[test]
    fn a_certificate_is_one_short_line_with_its_subject() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::new(vec!["mx.target.local".to_owned()]).expect("parameters");
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "mx.target.local");
        let made = parameters.self_signed(&key).expect("a certificate");
        let der = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(made.der())
        };
        let words = said(&Remark::new("certificate").with("n", 0).with("der", der)).words;
        assert_eq!(words, format!("certificate: CN=mx.target.local, {} bytes", made.der().len()));
    }
}
