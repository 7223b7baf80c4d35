//! A first word that is no verb of the protocol: mistyped, glued to what follows, or not SMTP at all.

use super::super::verb::{self, VENDORS};
use super::super::{Verb, program};
use super::nearest::nearest;
use super::secret::looks_like_secret;
use super::{Context, Findings, mend, shown};

/// What a program of another kind calls the end of a session and the like.
const MEANT: [(&str, &str); 8] = [
    ("EXIT", "QUIT"),
    ("BYE", "QUIT"),
    ("LOGOUT", "QUIT"),
    ("CLOSE", "QUIT"),
    ("HI", "EHLO"),
    ("RESET", "RSET"),
    ("VERIFY", "VRFY"),
    ("EXPAND", "EXPN"),
];

/// The name of the finding about a command of the program with which people connect by hand.
pub const CLIENT: &str = "client-command";

const METHODS: [&str; 9] = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE"];

/// Whether a word that is no verb was meant as one: as other programs call it, or with a slip, in capitals.
#[must_use]
pub fn is_meant_as_verb(word: &str) -> bool {
    let slip = || word.bytes().all(|b| b.is_ascii_uppercase()) && nearest(word, verb::names()).is_some();
    verb::is_known(word) || MEANT.iter().any(|(typed, _)| typed.eq_ignore_ascii_case(word)) || slip()
}

/// Examines a line whose first word is no verb; gives it rebuilt.
pub(super) fn examine(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let line = context.line;
    let word = context.command.word.as_str();
    let upper = word.to_ascii_uppercase();
    let span = context.word();
    let body = line[span.start..].trim_ascii_end();
    if word == "." {
        let reason = "A lone dot ends the content of a message; none is open. DATA opens it, once it is answered 354.";
        found.wrong("dot-outside-content", span, reason, "RFC 5321 4.1.1.4");
        // Without the blanks beside it, it is as wrong.
        return line.to_vec();
    }
    if looks_like_secret(line) {
        let reason = "This looks like a password in base64, and no AUTH waits for it; it would be sent as a command.";
        found.wrong("secret-as-command", span, reason, "RFC 4954 4");
        // The line is not mended, so that it is not shown once more.
        found.list.iter_mut().for_each(|(_, mendable)| *mendable = false);
        return body.to_vec();
    }
    if METHODS.contains(&upper.as_str()) && (body.ends_with(b"/1.1") || body.ends_with(b"/1.0") || body.contains(&b'/'))
    {
        let reason = "This is a request of HTTP; a mail server speaks SMTP and may close the connection.";
        found.wrong("http-request", span, reason, "RFC 5321 4.1.1");
        return body.to_vec();
    }
    if program::word(word).is_some() && !context.session.capabilities.has(&upper) {
        let reason = format!("{upper} is a word for the program that connects, and no command of SMTP.");
        found.odd(CLIENT, span, reason, "RFC 5321 4.1.1");
        return body.to_vec();
    }
    if let Some(rebuilt) = glued(context, &upper, body, found) {
        return rebuilt;
    }
    if is_header(word) {
        let reason = "This is a header field of a message; the message follows after DATA, once it is answered 354.";
        found.wrong("header-as-command", span, reason, "RFC 5321 4.1.1.4");
        return body.to_vec();
    }
    unknown(context, &upper, body, found)
}

/// A verb without the space after it: `MAILFROM:`, `RCPT:TO`, `AUTH=PLAIN`; or FROM and TO without their verb.
fn glued(context: &Context<'_>, upper: &str, body: &[u8], found: &mut Findings) -> Option<Vec<u8>> {
    let span = context.word();
    let again = |text: Vec<u8>| Some(mend(&text, context.session, context.verbs));
    for (verb, next) in [("MAIL", "FROM"), ("RCPT", "TO")] {
        if let Some(rest) = upper.strip_prefix(verb) {
            let parted = rest.trim_start_matches(['-', '_', ':', '.', '=']);
            if parted.starts_with(next) {
                let reason = format!("A space stands between {verb} and {next}.");
                found.wrong("missing-space", span, reason, "RFC 5321 4.1.1").mends();
                return again([verb.as_bytes(), b" ", &body[upper.len() - parted.len()..]].concat());
            }
        }
        let colon = body.get(next.len()..).map(<[u8]>::trim_ascii_start).and_then(|rest| rest.strip_prefix(b":"));
        if upper.starts_with(next) && colon.is_some_and(|rest| rest.trim_ascii_start().starts_with(b"<")) {
            let reason = format!("{verb} stands before {next}.");
            found.wrong("missing-verb", span, reason, "RFC 5321 4.1.1").mends();
            return again([verb.as_bytes(), b" ", body].concat());
        }
    }
    let at = upper.find([':', '=', ',', ';', '<', '['])?;
    let verb = Verb::from_word(&upper[..at]);
    if verb == Verb::Other {
        return None;
    }
    let reason = format!("A space stands after {}, and nothing else.", verb.word());
    found.wrong("missing-space", span, reason, "RFC 5321 4.1.1").mends();
    let skip = at + usize::from(matches!(body[at], b':' | b'=' | b',' | b';'));
    let rest = body[skip..].trim_ascii_start();
    let space: &[u8] = if rest.is_empty() { b"" } else { b" " };
    again([verb.word().as_bytes(), space, rest].concat())
}

/// Whether a word begins a header field (RFC 5322 2.2): a name of printable ASCII and a colon.
fn is_header(word: &str) -> bool {
    word.split_once(':')
        .is_some_and(|(name, _)| name.len() > 1 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// A word that is nothing known: what was meant, or that nobody knows it.
fn unknown(context: &Context<'_>, upper: &str, body: &[u8], found: &mut Findings) -> Vec<u8> {
    let span = context.word();
    let session = context.session;
    if let Some(entry) = context.verbs.find(upper) {
        let missing = entry.capability.as_deref().filter(|keyword| !session.capabilities.has(keyword));
        if let Some(missing) = missing.filter(|_| context.offer_known()) {
            let reason = format!("The server did not offer {missing}.");
            found.odd("verb-not-offered", span.clone(), reason, "RFC 5321 2.2.1");
        }
        let tidied = tidied(body);
        let argument = String::from_utf8_lossy(&tidied[entry.name.len().min(tidied.len())..]).trim().to_owned();
        if !entry.takes(&argument) {
            let at = if argument.is_empty() { span.clone() } else { context.argument() };
            found.wrong("verb-argument", at, format!("It is written {}.", entry.grammar), entry.reference.clone());
        }
        if !entry.caution.is_empty() {
            found.odd("caution", span, entry.caution.clone(), entry.reference.clone());
        }
        return tidied;
    }
    if session.capabilities.has(upper) {
        return tidied(body);
    }
    if VENDORS.contains(&upper) {
        let reason = format!("{upper} belongs to an extension that the server did not offer.");
        found.odd("verb-not-offered", span, reason, "RFC 5321 2.2.1");
        return tidied(body);
    }
    let meant = MEANT.iter().find(|(typed, _)| *typed == upper).map(|(_, verb)| *verb);
    let known = context.verbs.verbs.iter().filter(|entry| !entry.is_historic()).map(|entry| entry.name.as_str());
    // What stands alone is not meant by a word with more behind it, unless nearly all of it is there.
    let more = body.len() > context.command.word.len();
    let takes_more = |name: &str| context.verbs.find(name).is_none_or(|entry| !entry.fields.is_empty());
    let near = meant.or_else(|| {
        let fitting = session.may_follow(context.verbs).into_iter().filter(|entry| !entry.is_historic());
        let fitting = fitting.map(|entry| entry.name.as_str());
        nearest(upper, fitting.chain(known).filter(|name| !more || upper.len() > 3 || takes_more(name)))
    });
    if let Some(near) = near {
        let typed = shown(context.command.word.as_bytes());
        let reason = format!("{typed} is no command of SMTP; {near} is.");
        found.wrong("unknown-verb", span, reason, "RFC 5321 4.1.1").mends();
        let rest = &body[context.command.word.len().min(body.len())..];
        return mend(&[near.as_bytes(), rest].concat(), session, context.verbs);
    }
    let reason = "No command of this name is known; most servers answer 500 to it.";
    found.odd("unknown-verb", span, reason, "RFC 5321 4.2.4");
    tidied(body)
}

/// The line with one space after its verb and no tab.
fn tidied(body: &[u8]) -> Vec<u8> {
    let end = body.iter().position(u8::is_ascii_whitespace).unwrap_or(body.len());
    let rest = body[end..].trim_ascii_start();
    let space: &[u8] = if rest.is_empty() { b"" } else { b" " };
    [&body[..end], space, rest].concat().into_iter().map(|b| if b == b'\t' { b' ' } else { b }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::lint;
    use crate::smtp::{Session, VerbTable};

    fn mended(line: &str) -> Option<String> {
        let verbs = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
        lint(line.as_bytes(), &Session::new(), &verbs).into_iter().find_map(|lint| lint.mended)
    }

    #[test]
    fn content_is_fetched_from_an_imap_server_alone() {
        let verbs = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
        let found = |line: &str| lint(line.as_bytes(), &Session::new(), &verbs).into_iter().map(|lint| lint.name);
        assert!(found("BURL http://x LAST").any(|name| name == "verb-argument"));
        assert!(found("BURL IMAP://x/y LAST").all(|name| name != "verb-argument"));
    }

    #[test]
    fn no_line_is_mended_into_one_that_is_as_wrong_or_that_was_not_meant() {
        for line in
            [".", ". ", " .", "\t. ", "set localecho", "SET x", "unset crlf", "end", "End.", "sent", "SOM", "turns"]
        {
            assert_eq!(mended(line), None, "{line:?}");
        }
        assert_eq!(mended("RSTE").as_deref(), Some("RSET"));
        assert_eq!(mended("EHOL a.example").as_deref(), Some("EHLO a.example"));
    }
}
