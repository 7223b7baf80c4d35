//! What follows the other verbs: names, mechanisms, sizes, or nothing at all.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::Verb;
use super::super::sasl::{self, Proof, typed};
use super::address::{self, Place};
use super::nearest::nearest;
use super::secret::is_like_secret;
use super::{Context, Findings, attribute, shown};

/// Examines a command other than MAIL and RCPT; gives it rebuilt.
pub(super) fn examine(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let verb = context.command.verb;
    let argument = match verb {
        Verb::Helo | Verb::Ehlo | Verb::Lhlo => greeting(context, found),
        Verb::Data | Verb::Rset | Verb::Quit | Verb::Starttls => nothing(context, found),
        Verb::Bdat => chunk(context, found),
        Verb::Auth => auth(context, found),
        Verb::Vrfy | Verb::Expn => question(context, found),
        Verb::Xclient | Verb::Xforward => attribute::examine(context, found),
        _ => {
            ascii(context, found);
            tidy(&context.line[context.argument()])
        }
    };
    let mut out = verb.word().as_bytes().to_vec();
    if !argument.is_empty() {
        out.push(b' ');
        out.extend(argument);
    }
    out
}

/// Tabs as spaces.
fn tidy(text: &[u8]) -> Vec<u8> {
    text.iter().map(|b| if *b == b'\t' { b' ' } else { *b }).collect()
}

/// The words of an argument and where they stand.
fn words(line: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for at in range.clone() {
        match (line[at].is_ascii_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| from..range.end));
    words
}

fn ascii(context: &Context<'_>, found: &mut Findings) {
    if let Some(at) = context.line.iter().position(|b| !b.is_ascii()) {
        let reason = "A command is ASCII, but for the addresses that SMTPUTF8 allows.";
        found.wrong("non-ascii", at..context.line.len(), reason, "RFC 5321 2.4");
    }
}

/// The name after HELO, EHLO or LHLO.
fn greeting(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let line = context.line;
    let verb = context.command.verb.word();
    let words = words(line, context.argument());
    let Some(first) = words.first().cloned() else {
        let reason = format!("{verb} is followed by the name of your own computer, or its address in brackets.");
        found.wrong("missing-domain", context.word(), reason, "RFC 5321 4.1.1.1");
        return Vec::new();
    };
    if let Some(second) = words.get(1) {
        let reason = format!("One name follows {verb}, and nothing after it.");
        found.wrong("extra-argument", second.start..context.argument().end, reason, "RFC 5321 4.1.1.1");
    }
    let mut span = first;
    let text = &line[span.clone()];
    if text.len() > 2 && text.starts_with(b"<") && text.ends_with(b">") {
        let reason = format!("The name stands after {verb} without angle brackets.");
        found.wrong("bad-domain", span.clone(), reason, "RFC 5321 4.1.1.1").mends();
        span = span.start + 1..span.end - 1;
    }
    let mut out = address::domain(line, span, Place::Greeting, found);
    for word in words.into_iter().skip(1) {
        out.push(b' ');
        out.extend_from_slice(&line[word]);
    }
    out
}

/// Verbs that stand alone.
fn nothing(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let argument = context.argument();
    if !argument.is_empty() {
        let verb = context.command.verb;
        let reference = match verb {
            Verb::Data => "RFC 5321 4.1.1.4",
            Verb::Rset => "RFC 5321 4.1.1.5",
            Verb::Quit => "RFC 5321 4.1.1.10",
            _ => "RFC 3207 4",
        };
        let reason = match verb {
            Verb::Data => "DATA stands alone; the message follows once the server has answered 354.".to_owned(),
            verb => format!("{} stands alone; nothing follows it.", verb.word()),
        };
        found.wrong("unexpected-argument", argument, reason, reference).mends();
    }
    Vec::new()
}

/// VRFY and EXPN.
fn question(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let line = context.line;
    let argument = context.argument();
    let (what, reference) = match context.command.verb {
        Verb::Vrfy => ("a user name or an address", "RFC 5321 4.1.1.6"),
        _ => ("the name of a mailing list", "RFC 5321 4.1.1.7"),
    };
    if argument.is_empty() {
        let reason = format!("{} is followed by {what}.", context.command.verb.word());
        found.wrong("missing-argument", context.word(), reason, reference);
        return Vec::new();
    }
    let mut out = tidy(&line[argument.clone()]);
    let marked =
        words(line, argument.clone()).last().is_some_and(|w| line[w.clone()].eq_ignore_ascii_case(b"SMTPUTF8"));
    if !line[argument.clone()].is_ascii() && !marked {
        let offered = context.session.capabilities.has("SMTPUTF8");
        let reason = if offered || !context.offer_known() {
            "Letters outside ASCII need SMTPUTF8 at the end of the line."
        } else {
            "Letters outside ASCII need SMTPUTF8, which the server did not offer."
        };
        let finding = found.wrong("non-ascii", argument, reason, "RFC 6531 3.7.4.2");
        if offered {
            finding.mends();
            out.extend_from_slice(b" SMTPUTF8");
        }
    }
    out
}

/// BDAT (RFC 3030 2).
fn chunk(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let line = context.line;
    let words = words(line, context.argument());
    let is_last = |span: &Range<usize>| line[span.clone()].eq_ignore_ascii_case(b"LAST");
    match words.as_slice() {
        [] => drop(found.wrong("bdat-size", context.word(), "BDAT is followed by the number of octets.", "RFC 3030 2")),
        [size, rest @ ..] => {
            let text = &line[size.clone()];
            let number = std::str::from_utf8(text).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
            match number.map(str::parse::<u64>) {
                Some(Ok(0)) if rest.is_empty() => {
                    let reason = "An empty chunk makes sense only with LAST; some servers refuse it.";
                    found.odd("bdat-empty", size.clone(), reason, "RFC 3030 2");
                }
                Some(Ok(_)) => {}
                Some(Err(_)) if !text.is_empty() => {
                    let reason = "No chunk has so many octets; this is more than 64 bits hold.";
                    found.wrong("bdat-size", size.clone(), reason, "RFC 3030 2");
                }
                _ => {
                    let reason = "The number of octets is written in digits alone.";
                    found.wrong("bdat-size", size.clone(), reason, "RFC 3030 2");
                }
            }
            if let Some(other) = rest.iter().enumerate().find(|(n, word)| *n > 0 || !is_last(word)).map(|(_, w)| w) {
                let reason = "Nothing but LAST may follow the number of octets.";
                found.wrong("bdat-last", other.clone(), reason, "RFC 3030 2");
            }
        }
    }
    let upper = |span: &Range<usize>| if is_last(span) { b"LAST".to_vec() } else { line[span.clone()].to_vec() };
    words.iter().map(upper).collect::<Vec<_>>().join(&b' ')
}

/// Mechanisms that are known beside those that ehlo speaks.
const UNSPOKEN: [&str; 5] = ["DIGEST-MD5", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS", "GSSAPI", "NTLM"];

/// AUTH (RFC 4954 4). A line with an initial response is never mended: the mended line is shown, and it is a secret.
fn auth(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let line = context.line;
    let words = words(line, context.argument());
    let Some(first) = words.first().cloned() else {
        let reason = "AUTH is followed by the name of a mechanism, one of those that EHLO listed.";
        found.wrong("missing-mechanism", context.word(), reason, "RFC 4954 4");
        return Vec::new();
    };
    let typed = String::from_utf8_lossy(&line[first.clone()]).to_ascii_uppercase();
    let name = mechanism(context, &typed, first.clone(), words.len() == 1, found);
    let known = sasl::known(&name);
    if let Some(known) = known.filter(|_| !context.session.tls) {
        let what = if known.proof == Proof::Token { "token" } else { "password" };
        if known.shows_secret {
            let reason = format!("{name} shows the {what} to anyone who can read the line, and it is not encrypted.");
            found.odd("auth-in-clear", first, reason, "RFC 4954 4");
        } else if known.bound {
            let reason = format!("{name} is bound to the TLS connection, and there is none; STARTTLS first.");
            found.wrong("mechanism-without-tls", first, reason, "RFC 5802 6");
        }
    }
    if let Some(initial) = words.get(1) {
        let text = &line[initial.clone()];
        if text != b"=" && STANDARD.decode(text).is_err() {
            let reason = "The response after the mechanism is base64, or = for an empty one; $ has an answer encoded only after 334.";
            found.wrong("not-base64", initial.clone(), no_base64(text, reason), "RFC 4954 4");
        }
        // LOGIN takes the user there by habit.
        let server_first = known.is_some_and(|known| !known.client_first && known.name != "LOGIN");
        if server_first || name == "DIGEST-MD5" {
            let reason = format!("With {name} the server speaks first, so nothing follows the mechanism.");
            found.wrong("extra-argument", initial.clone(), reason, "RFC 4954 4");
        }
    }
    if let Some(third) = words.get(2) {
        let reason = "Nothing follows the response.";
        found.wrong("extra-argument", third.clone(), reason, "RFC 4954 4");
    }
    if words.len() > 1 {
        // Without a mending of its own the line stays as typed; what the caller may mend would show the secret.
        found.list.iter_mut().for_each(|(_, mendable)| *mendable = false);
        return line[context.argument()].to_vec();
    }
    name.into_bytes()
}

/// The mechanism against what was offered; gives its name, mended where it was mistyped.
fn mechanism(context: &Context<'_>, typed: &str, span: Range<usize>, alone: bool, found: &mut Findings) -> String {
    let offered = context.session.capabilities.mechanisms();
    if offered.iter().any(|name| name == typed) {
        return typed.to_owned();
    }
    let names: Vec<&str> = sasl::names().chain(UNSPOKEN).collect();
    let known = names.contains(&typed);
    if is_like_secret(&context.line[span.clone()]) {
        found.wrong("missing-mechanism", span, "The name of the mechanism stands before the response.", "RFC 4954 4");
        return typed.to_owned();
    }
    let near = if known { None } else { nearest(typed, offered.iter().map(String::as_str).chain(names)) };
    if let Some(near) = near {
        let reason = format!("“{}” is no mechanism; {near} is.", shown(typed.as_bytes()));
        let finding = found.wrong("unknown-mechanism", span, reason, "RFC 4954 4");
        if alone {
            finding.mends();
            return near.to_owned();
        }
        return typed.to_owned();
    }
    if !offered.is_empty() {
        let reason = format!("The server offered {}, not {}.", offered.join(" "), shown(typed.as_bytes()));
        found.wrong("mechanism-not-offered", span, reason, "RFC 4954 4");
    } else if !known {
        let reason = format!("“{}” is no mechanism that is known.", shown(typed.as_bytes()));
        found.odd("unknown-mechanism", span, reason, "RFC 4954 4");
    }
    typed.to_owned()
}

/// An answer within AUTH: base64, or `*` to give up (RFC 4954 4). An empty line is an empty response.
pub(super) fn auth_answer(line: &[u8], found: &mut Findings) {
    if line == b"*" || STANDARD.decode(line).is_ok() {
        return;
    }
    let reason = "The server waits for an answer of AUTH: base64, or * alone to give up.";
    found.wrong("not-base64", 0..line.len(), no_base64(line, reason), "RFC 4954 4");
}

/// Why a response will not do, more closely than `reason` where only its ends are wrong. It is not shown decoded.
fn no_base64(text: &[u8], reason: &str) -> String {
    typed::Repaired::of(text).map_or_else(|| reason.to_owned(), |it| it.reason())
}
