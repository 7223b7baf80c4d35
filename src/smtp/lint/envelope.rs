//! MAIL and RCPT: what stands around the path (RFC 5321 4.1.1.2, 4.1.1.3).

use std::ops::Range;

use super::super::Verb;
use super::super::path::{self, Envelope, Word, skip_space};
use super::address::{self, Role};
use super::{Context, Findings, parameter, shown};

/// Examines a MAIL or RCPT; gives it rebuilt.
pub(super) fn examine(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let line = context.line;
    let envelope = path::envelope(line, context.command.argument.start);
    let role = role(context, &envelope);
    let mut out = match role {
        Role::Reverse => b"MAIL FROM:".to_vec(),
        Role::Forward => b"RCPT TO:".to_vec(),
    };
    keyword(context, &envelope, role, found);
    let mut words = envelope.rest.clone();
    if let Some(torn) = torn(context, &envelope) {
        let reason = "A space stands within the address, or a name before it without the brackets after it.";
        found.wrong("space-in-address", torn.clone(), reason, "RFC 5321 4.1.2");
        out.extend(line[torn.start..].trim_ascii_end().iter().map(|b| if *b == b'\t' { b' ' } else { *b }));
        return out;
    }
    if envelope.path.is_none() {
        missing_path(context, &envelope, found);
    } else {
        out.push(b'<');
        let inner = brackets(context, &envelope, found);
        out.extend(address::mailbox(context, inner, role, found));
        out.push(b'>');
        words = rest(context, &envelope, role, found);
    }
    let carries = |word: &Word| matches!(word, Word::Parameter(p) if p.keyword.eq_ignore_ascii_case("SMTPUTF8"));
    let has_utf8 = envelope.rest.iter().any(carries);
    // What goes with the quotes of a printed text needs no parameter.
    let printed = found.list.iter().any(|(lint, _)| lint.name == "wrong-brackets") && out.is_ascii();
    let utf8_wanted = !printed && non_ascii(context, &envelope, role, has_utf8, found);
    let parameters = parameter::examine(context, &words, role, found);
    let at_end = !is_unfinished(&parameters);
    if utf8_wanted && !at_end {
        out.extend_from_slice(b" SMTPUTF8");
    }
    out.extend_from_slice(&parameters);
    if utf8_wanted && at_end {
        out.extend_from_slice(b" SMTPUTF8");
    }
    if found.list.iter().any(|(lint, _)| lint.name == "several-addresses") {
        // One line can't be mended into the several that were meant.
        found.list.iter_mut().for_each(|(_, mendable)| *mendable = false);
    }
    out
}

/// Whether a word after this text would be taken for the rest of it.
fn is_unfinished(text: &[u8]) -> bool {
    matches!(text.last(), Some(b'=' | b','))
}

/// An address without brackets that a space has torn apart, or a name before it: `Joe user@host`.
fn torn(context: &Context<'_>, envelope: &Envelope) -> Option<Range<usize>> {
    let path = envelope.path.as_ref().filter(|path| !path.bracketed && path.domain.is_empty())?;
    let span = envelope.path_span.clone();
    let has_sign = |text: &[u8]| text.contains(&b'@');
    if path.local.is_empty() || has_sign(&context.line[span.clone()]) {
        return None;
    }
    envelope.rest.iter().find_map(|word| {
        let (Word::Parameter(super::super::Parameter { span: word, .. }) | Word::Junk(word)) = word;
        let text = &context.line[word.clone()];
        (has_sign(text) && !text.contains(&b'=')).then_some(span.start..word.end)
    })
}

/// Which of the two commands was meant: `MAIL TO:` where only RCPT can follow is a RCPT, and the other way round.
fn role(context: &Context<'_>, envelope: &Envelope) -> Role {
    let keyword = &context.line[envelope.keyword.clone()];
    let open = context.session.phase().in_transaction();
    match context.command.verb {
        Verb::Mail if keyword.eq_ignore_ascii_case(b"TO") && open => Role::Forward,
        Verb::Mail => Role::Reverse,
        _ if keyword.eq_ignore_ascii_case(b"FROM") && context.session.greeted_by.is_some() && !open => Role::Reverse,
        _ => Role::Forward,
    }
}

fn reference(role: Role) -> &'static str {
    match role {
        Role::Reverse => "RFC 5321 4.1.1.2",
        Role::Forward => "RFC 5321 4.1.1.3",
    }
}

/// FROM or TO, and the colon.
fn keyword(context: &Context<'_>, envelope: &Envelope, role: Role, found: &mut Findings) {
    let line = context.line;
    let wanted = if context.command.verb == Verb::Mail { "FROM" } else { "TO" };
    let verb = context.command.verb.word();
    let span = envelope.keyword.clone();
    let argument = context.argument();
    if argument.is_empty() {
        return;
    }
    if span.is_empty() {
        let at = envelope.colon.unwrap_or(argument.start);
        let reason = format!("{wanted}: stands between {verb} and the path.");
        found.wrong("missing-keyword", at..(at + 1).min(line.len()), reason, reference(role)).mends();
    } else if !line[span.clone()].eq_ignore_ascii_case(wanted.as_bytes()) {
        let typed = shown(&line[span.clone()]).to_uppercase();
        let reason = match typed.as_str() {
            "FROM" => "FROM belongs to MAIL, which names the sender; RCPT has TO.".to_owned(),
            "TO" => "TO belongs to RCPT, which names a recipient; MAIL has FROM.".to_owned(),
            _ => format!("{wanted} stands after {verb}, not {typed}."),
        };
        found.wrong("wrong-keyword", span.clone(), reason, reference(role)).mends();
    }
    match envelope.colon {
        None if span.is_empty() => {}
        None => {
            let reason = format!("A colon stands right after {wanted}.");
            found.wrong("missing-colon", span.clone(), reason, reference(role)).mends();
        }
        Some(colon) => {
            if line[colon] != b':' {
                let reason = format!("A colon stands right after {wanted}, not {}.", shown(&line[colon..=colon]));
                found.wrong("missing-colon", colon..colon + 1, reason, reference(role)).mends();
            }
            around_colon(line, envelope, colon, wanted, role, found);
        }
    }
}

/// RFC 5321 3.3: no space on either side of the colon.
fn around_colon(line: &[u8], envelope: &Envelope, colon: usize, wanted: &str, role: Role, found: &mut Findings) {
    if !envelope.keyword.is_empty() && envelope.keyword.end < colon {
        let reason = format!("No space stands between {wanted} and the colon.");
        found.wrong("space-before-colon", envelope.keyword.end..colon, reason, reference(role)).mends();
    }
    let next = skip_space(line, colon + 1);
    if next > colon + 1 && next < line.len() {
        let reason = "No space stands after the colon; some servers bear it, others refuse the line.";
        found.wrong("space-after-colon", colon + 1..next, reason, "RFC 5321 3.3").mends();
    }
}

fn missing_path(context: &Context<'_>, envelope: &Envelope, found: &mut Findings) {
    let at = envelope.path_span.start.min(context.line.len());
    let (reason, reference) = match context.command.verb {
        Verb::Mail => ("The sender is missing: MAIL FROM:<user@host>, or <> for none.", "RFC 5321 4.1.1.2"),
        _ => ("The recipient is missing: RCPT TO:<user@host>.", "RFC 5321 4.1.1.3"),
    };
    let span = if at == context.line.len() { context.word() } else { at..context.line.len() };
    found.wrong("missing-path", span, reason, reference);
}

/// The angle brackets and what stands before them; gives what is between them.
fn brackets(context: &Context<'_>, envelope: &Envelope, found: &mut Findings) -> Range<usize> {
    let line = context.line;
    let span = envelope.path_span.clone();
    let start = skip_space(line, envelope.colon.map_or(envelope.keyword.end, |colon| colon + 1));
    if start < span.start {
        let reason = "Only the address stands here; a name beside it belongs into the message's own header.";
        found.wrong("display-name", start..span.start, reason, "RFC 5321 4.1.2").mends();
    }
    let text = &line[span.clone()];
    let opened = text.iter().take_while(|b| **b == b'<').count();
    let closed = text[opened..].iter().rev().take_while(|b| **b == b'>').count();
    match (opened, closed) {
        (1, 1) => {}
        (0, 0) => {
            let reason = "The address stands in angle brackets: <user@host>.";
            found.wrong("missing-brackets", span.clone(), reason, "RFC 5321 4.1.2").mends();
        }
        (0, _) | (_, 0) => {
            let reason = "One of the two angle brackets is missing.";
            found.wrong("missing-brackets", span.clone(), reason, "RFC 5321 4.1.2").mends();
        }
        _ => {
            let reason = "One pair of angle brackets stands around an address.";
            found.wrong("doubled-brackets", span.clone(), reason, "RFC 5321 4.1.2").mends();
        }
    }
    span.start + opened..(span.end - closed).max(span.start + opened)
}

/// What follows the path: gives the words that are parameters, or may be.
fn rest(context: &Context<'_>, envelope: &Envelope, role: Role, found: &mut Findings) -> Vec<Word> {
    let line = context.line;
    let mut words = Vec::new();
    for word in &envelope.rest {
        let span = match word {
            Word::Parameter(parameter) => parameter.span.clone(),
            Word::Junk(span) => span.clone(),
        };
        let text = &line[span.clone()];
        let is_value = text.contains(&b'=');
        let glued = span.start == envelope.path_span.end;
        if (text.contains(&b'@') || text.contains(&b'<')) && !is_value {
            address::several_addresses(span, role, found);
        } else if glued && matches!(word, Word::Parameter(_)) {
            let reason = "A space has to stand between the path and the first parameter.";
            found.wrong("missing-space", span.start..span.start + 1, reason, "RFC 5321 4.1.1.11").mends();
        } else if text.iter().all(|b| matches!(b, b',' | b';')) {
            let followed_by_address = line[span.end..].contains(&b'@') && !line[span.end..].contains(&b'=');
            if !followed_by_address {
                let reason = "Parameters are parted by a space and nothing else.";
                found.wrong("stray-text", span, reason, "RFC 5321 4.1.2").mends();
                continue;
            }
        } else if glued && matches!(word, Word::Junk(_)) && text.iter().all(u8::is_ascii_punctuation) && text != b">" {
            let reason = "Nothing stands right behind the path but a space and parameters.";
            found.wrong("stray-text", span, reason, "RFC 5321 4.1.1.11").mends();
            continue;
        } else if text == b">" {
            let reason = "One pair of angle brackets stands around an address.";
            found.wrong("doubled-brackets", span, reason, "RFC 5321 4.1.2").mends();
            continue;
        }
        words.push(word.clone());
    }
    words
}

/// RFC 6531 3.4: what is not ASCII needs SMTPUTF8 on MAIL. Gives whether the parameter is to be added.
fn non_ascii(context: &Context<'_>, envelope: &Envelope, role: Role, has: bool, found: &mut Findings) -> bool {
    let line = context.line;
    let Some(first) = line.iter().position(|b| !b.is_ascii()) else { return false };
    let span = if envelope.path_span.contains(&first) { envelope.path_span.clone() } else { first..line.len() };
    if std::str::from_utf8(line).is_err() {
        found.wrong("not-utf8", span, "The line is neither ASCII nor UTF-8.", "RFC 6531 3.3");
        return false;
    }
    let session = context.session;
    match role {
        Role::Reverse if has => false,
        Role::Forward if session.smtputf8() => false,
        _ if context.offer_known() && !session.capabilities.has("SMTPUTF8") => {
            let reason = "Letters outside ASCII need SMTPUTF8, which the server did not offer.";
            found.wrong("non-ascii", span, reason, "RFC 6531 3.4");
            false
        }
        Role::Reverse => {
            let reason = "Letters outside ASCII in an address need the parameter SMTPUTF8.";
            let finding = found.wrong("non-ascii", span, reason, "RFC 6531 3.4");
            // A parameter put in must not be taken for a piece of what is unfinished on both sides of it.
            let after = &line[envelope.path_span.end.max(context.command.argument.start)..];
            let stuck = is_unfinished(after.trim_ascii_end()) && after.trim_ascii_start().starts_with(b"=");
            if !stuck {
                finding.mends();
            }
            !stuck
        }
        Role::Forward => {
            let reason = "Letters outside ASCII need SMTPUTF8 on the MAIL that began this transaction.";
            found.wrong("non-ascii", span, reason, "RFC 6531 3.4");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lint;
    use crate::smtp::{Session, VerbTable};

    #[test]
    fn what_a_printed_article_adds_is_taken_off() {
        let table = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
        for (line, want) in [
            ("MAIL FROM:\u{201c}dude@noddy.com\u{201d}", "MAIL FROM:<dude@noddy.com>"),
            ("MAIL FROM:<\u{2018}dude@noddy.com\u{2019}>", "MAIL FROM:<dude@noddy.com>"),
            ("MAIL FROM:<dude@noddy.com>.", "MAIL FROM:<dude@noddy.com>"),
        ] {
            let found = lint(line.as_bytes(), &Session::new(), &table);
            assert!(found.iter().any(|it| it.mended.as_deref() == Some(want)), "{line}: {found:#?}");
        }
    }
}
