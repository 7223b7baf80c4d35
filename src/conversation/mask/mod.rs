//! Masking: secrets are taken out before an event is made (FORMATS section 1, Secrets).
//!
//! - **By phase**: what AUTH carries, whatever the mechanism: the initial response, and each answer, also those that are
//!   sent before their 334 has come, or after it was refused: until the next command, whatever could be one. The
//!   mechanism and a cancelling `*` stay; a challenge is no secret. An AUTH that was mistyped is one all the same.
//! - **By value**: octets of either direction that hold a known secret, plain or in base64 at any alignment. A secret
//!   of fewer than four octets counts only as a whole word. What a person types in AUTH is decoded and learnt, so that a
//!   reply that echoes it is masked too.
//! - **By name**: the value of an attribute of XCLIENT or XFORWARD whose name calls it a secret. LOGIN is a name and stays.
//! - **By place**: what was filled into a line and is known to be a secret, whatever it looks like.
//! - **By look**: a line that is nothing but what looks like base64 of a credential, and what stands behind a command by
//!   which other protocols log in. Any other line that looks like a secret is the lint's business: it is said and left
//!   out of the history, and recorded as it is.
//!
//! Not masked: reply codes, verbs, and a plain word that stands as a label of a domain (somebody whose password is
//! `noddy` still writes from `noddy.com`).

mod index;
mod place;
mod stray;
mod told;
mod unfinished;
mod value;

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use crate::smtp::escape;
use crate::smtp::secret::MARKER as AUTH;
use crate::smtp::session::Sent;
use crate::smtp::{Command, Phase, Secret, Session, Verb, secrecy, verb, xtext};

use super::event::{Line, Remark};
use super::log::{Entry, Kind};
use place::Places;
use stray::Expected;
pub(crate) use stray::is_login;
use unfinished::Unfinished;
use value::{Look, Values};

/// Knows the secrets of one conversation and takes them out of what is recorded.
///
/// It has to be told everything that is sent and received, in order: it remembers unfinished lines and an AUTH that is
/// open.
#[derive(Debug, Default)]
pub struct Mask {
    values: Values,
    places: Places,
    sent: Unfinished,
    received: Unfinished,
    auth: Option<Exchange>,
    /// The AUTH that was refused, where no command has followed: what is typed next may still be meant as an answer.
    refused: Option<Exchange>,
    /// An AUTH was sent, and none has succeeded since.
    tried: bool,
    /// Lines sent to which no reply has come yet.
    due: usize,
}

/// An AUTH that is going on.
#[derive(Debug)]
struct Exchange {
    mechanism: String,
    /// Responses sent so far.
    responses: u32,
}

impl Mask {
    /// A secret to look for from now on, plain and in base64.
    pub fn learn(&mut self, secret: Secret) {
        self.values.learn(secret);
    }

    /// The same, for what is a secret even where it stands as a name, such as that of a mailbox.
    pub fn learn_name(&mut self, secret: Secret) {
        self.values.learn_name(secret);
    }

    /// Places that are secret in what is sent next, in octets of the wire from there on.
    pub fn hide(&mut self, places: Vec<Range<usize>>) {
        self.places = Places::new(places);
    }

    /// How many secrets it looks for.
    #[must_use]
    pub fn known(&self) -> usize {
        self.values.len()
    }

    /// What is about to be sent at this point of the session, as it may be recorded: a line, a part of one, or content.
    #[must_use]
    pub fn sent(&mut self, session: &Session, bytes: &[u8], crlf: bool) -> Line {
        if crlf && self.is_plain_content(session, bytes) {
            self.sent.tail.clear();
            return line(bytes, crlf, Vec::new());
        }
        if crlf && self.is_plain_command(session, bytes) {
            self.sent.tail.clear();
            self.due += 1;
            return line(bytes, crlf, Vec::new());
        }
        let mut masked = self.places.take(bytes.len(), bytes.len() + if crlf { 2 } else { 0 });
        let mut start = 0;
        for part in parts(bytes) {
            let ended = crlf || part.ends_with(b"\n");
            self.sent_part(session, part, ended, start, &mut masked);
            start += part.len();
        }
        line(bytes, crlf, masked)
    }

    /// Whether this is a whole line of content, and no secret is known that could stand in it: most of what is sent.
    fn is_plain_content(&self, session: &Session, bytes: &[u8]) -> bool {
        (session.phase() == Phase::Data || session.chunk_left > 0)
            && self.knows_nothing()
            && memchr::memchr(b'\n', bytes).is_none()
            && session.classify(bytes) == Sent::Content
    }

    /// Whether whole lines of content that none of them ends could be recorded as they are, here and now; they count as
    /// sent then.
    pub(crate) fn lets_content_be(&mut self, session: &Session) -> bool {
        let lets = session.phase() == Phase::Data && self.knows_nothing();
        if lets {
            self.sent.tail.clear();
        }
        lets
    }

    /// Whether this is the whole of a command that carries no secret by phase, and no secret is known: most of the
    /// commands that are sent.
    fn is_plain_command(&self, session: &Session, bytes: &[u8]) -> bool {
        let begins = |head: &[u8]| bytes.get(..head.len()).is_some_and(|word| word.eq_ignore_ascii_case(head));
        let beginnings = [b"MAIL FROM:".as_slice(), b"RCPT TO:", b"EHLO ", b"HELO ", b"LHLO "];
        let alone = [b"DATA".as_slice(), b"QUIT", b"RSET", b"NOOP"];
        (alone.contains(&bytes) || beginnings.into_iter().any(begins))
            && !matches!(session.phase(), Phase::Data | Phase::Auth)
            && session.chunk_left == 0
            && self.auth.is_none()
            && self.refused.is_none()
            && self.knows_nothing()
            && memchr::memchr(b'\n', bytes).is_none()
    }

    /// Whether no secret is known that could stand in the next line, and nothing of one is open.
    fn knows_nothing(&self) -> bool {
        self.values.is_empty()
            && self.places.is_empty()
            && self.sent.line.is_empty()
            && !self.sent.secret
            && !self.sent.headless
    }

    /// What was received, as it may be recorded: a line or a part of one.
    #[must_use]
    pub fn received(&mut self, bytes: &[u8], crlf: bool) -> Line {
        let ended = crlf || bytes.ends_with(b"\n");
        let first = self.received.line.is_empty();
        let tail = &mut self.received.tail;
        let before = tail.len();
        let look = Look { known: before, received: true, open: !ended, first, ..Look::default() };
        tail.extend_from_slice(bytes);
        let masked = shifted(self.values.find(tail, look), before);
        let code = self.received.push(bytes).to_vec();
        let is_reply = |line: &&[u8]| line.len() > 3 && line[..3].iter().all(u8::is_ascii_digit);
        let anew = self.received.breaks.iter().rev().filter_map(|at| code.get(*at..)).find(is_reply);
        let code = anew.unwrap_or(&code);
        if ended && matches!(code.get(..4), Some([b'2' | b'4' | b'5', _, _, b' '])) && !code.starts_with(b"250") {
            // What is refused next are the answers, which may be more than one.
            match self.auth.take() {
                Some(_) if code.starts_with(b"235") => (self.refused, self.tried) = (None, false),
                Some(exchange) => self.refused = Some(exchange),
                None => {}
            }
        }
        // Whoever asks for an answer gets one, whether an AUTH was seen or not: a file may lack it.
        if ended && self.auth.is_none() && code.starts_with(b"334") {
            let named = code.get(4..).is_some_and(|text| text.trim_ascii().eq_ignore_ascii_case(b"UGFzc3dvcmQ6"));
            self.auth = Some(Exchange { mechanism: "LOGIN".to_owned(), responses: u32::from(named) });
        }
        if ended && matches!(code.get(..4), Some([_, _, _, b' '])) {
            self.due = self.due.saturating_sub(1);
            self.values.replied();
        }
        self.received.end(ended, false, self.values.reach());
        line(bytes, crlf, masked)
    }

    /// Something is missing behind what was sent and received so far: what comes next may go on in a line that has no end
    /// yet, or begin another.
    pub fn broken(&mut self) {
        self.sent.broken();
        self.received.broken();
    }

    /// The same where octets of the client's are known to be missing: what comes next may be the end of a line, and of a
    /// secret, of which nothing else was seen.
    pub fn headless(&mut self) {
        self.broken();
        self.sent.headless = self.sent.line.is_empty();
    }

    /// A remark, as it may be recorded: its values are searched for secrets.
    #[must_use]
    pub fn remark(&self, mut remark: Remark) -> Remark {
        for (_, text) in &mut remark.values {
            let found = self.values.find(text.as_bytes(), Look::default());
            for range in merged(found).into_iter().rev() {
                if text.is_char_boundary(range.start) && text.is_char_boundary(range.end) {
                    text.replace_range(range, "{{auth}}");
                } else {
                    "{{auth}}".clone_into(text);
                    break;
                }
            }
        }
        remark
    }

    /// A line of which all from an octet on is a secret, though the session does not say so: as it may be recorded. Its
    /// words are learnt.
    #[must_use]
    pub fn hidden(&mut self, bytes: &[u8], from: usize, crlf: bool) -> Line {
        let end = without_end(bytes).len();
        let from = from.min(end);
        self.learn_words(&bytes[from..end]);
        let mut masked = self.values.find(&bytes[..from], Look { first: true, ..Look::default() });
        masked.push(from..end);
        line(bytes, crlf, masked)
    }

    /// What was recorded before a secret was known, as it may be recorded now; none where nothing of it has to go.
    #[must_use]
    pub fn again(&self, entry: &Entry<'_>) -> Option<Line> {
        let look =
            Look { received: entry.kind == Kind::Received, first: entry.kind != Kind::Content, ..Look::default() };
        let found = merged(self.values.find(entry.bytes, look));
        if found.is_empty() {
            return None;
        }
        if !entry.masked {
            return Some(line(entry.bytes, entry.crlf, found));
        }
        // The file's text already: what is left of a secret in it goes, and its escapes stay.
        let mut text = entry.bytes.to_vec();
        for range in found.into_iter().rev() {
            text.splice(range, AUTH.iter().copied());
        }
        Some(Line { bytes: text, crlf: entry.crlf, masked: true })
    }

    /// A part of what is sent that holds no line end but at its own. Adds what is secret to `masked`, by its place from
    /// `start` on.
    fn sent_part(&mut self, session: &Session, part: &[u8], ended: bool, start: usize, masked: &mut Vec<Range<usize>>) {
        let text = without_end(part);
        let before = self.sent.line.len();
        let whole = Zeroizing::new(self.sent.push(text).to_vec());
        let begins = self.begins(session, &whole);
        let whole = &whole[begins..];
        let kind = session.classify(whole);
        let content = kind == Sent::Content;
        if before == 0 && !content {
            self.sent.tail.clear();
        }
        let by_phase = self.by_phase(session, whole, &kind);
        self.due += usize::from(ended && !content);
        if ended && let Sent::Command(command) = &kind {
            self.opened(whole, command);
        }
        if ended && let Some(from) = by_phase {
            self.response(&whole[from..]);
        }
        let from = if self.sent.secret { Some(0) } else { by_phase.map(|from| (begins + from).saturating_sub(before)) };
        if let Some(from) = from {
            self.sent.secret = true;
            if from < text.len() || before == 0 {
                masked.push(start + from..start + text.len());
            }
        }
        for value in by_name(&kind) {
            if ended {
                self.learn_value(&whole[value.clone()]);
            }
            let (from, to) =
                ((begins + value.start).saturating_sub(before), (begins + value.end).saturating_sub(before));
            if from < to {
                masked.push(start + from..start + to);
            }
        }
        let first = before == 0 && !content;
        let tail = &mut self.sent.tail;
        let carried = tail.len();
        let look = Look { known: carried, open: !ended, wrapped: content, first, ..Look::default() };
        tail.extend_from_slice(text);
        let found = shifted(self.values.find(tail, look), carried);
        masked.extend(found.into_iter().map(|r| r.start + start..r.end + start));
        self.sent.end(ended, content, self.values.reach());
    }

    /// Where a line of the client's begins to be secret by phase.
    fn by_phase(&self, session: &Session, line: &[u8], kind: &Sent) -> Option<usize> {
        match kind {
            Sent::Content | Sent::EndOfData => None,
            Sent::AuthAnswer => answer(line),
            // What the server offers is a command of its own.
            Sent::Command(command) if session.capabilities.has(&command.word) && !stray::logs_in(&command.word) => {
                initial_response(line)
            }
            Sent::Command(command) => self.command(line, command),
        }
    }

    /// Where in what has no end yet the line begins that comes now: behind a gap that is a command, or what is secret by
    /// phase. What may be the rest of a secret stays one.
    fn begins(&mut self, session: &Session, whole: &[u8]) -> usize {
        for at in self.sent.breaks.iter().rev().copied() {
            let Some(line) = whole.get(at..).filter(|line| !line.is_empty()) else { continue };
            let kind = session.classify(line);
            let Sent::Command(command) = &kind else { continue };
            let is_known = verb::is_known(&command.word) && (!self.sent.secret || line.contains(&b' '));
            if is_known || !self.sent.secret && self.by_phase(session, line, &kind).is_some() {
                self.sent.secret &= !is_known;
                return at;
            }
        }
        0
    }

    /// Where what a command carries begins to be secret by phase.
    fn command(&self, line: &[u8], command: &Command) -> Option<usize> {
        if command.verb == Verb::Other {
            // Answers may be sent before the 334 has come, and are typed on when the server has ended the exchange.
            let expected = match (self.auth.is_some() || self.refused.is_some(), self.tried) {
                (true, _) => Expected::Next,
                (false, true) => Expected::Once,
                (false, false) => Expected::No,
            };
            let rest = || (self.sent.headless && stray::may_be_rest(line)).then_some(0);
            return initial_response(line).or_else(|| stray::begins(line, &command.word, expected)).or_else(rest);
        }
        initial_response(line)
    }

    /// A command was sent: it opens an AUTH, or ends one.
    fn opened(&mut self, line: &[u8], command: &Command) {
        let mistyped = || stray::mistyped(line, &command.word).map(|(mechanism, _)| mechanism.as_bytes());
        if let Some(mechanism) = auth_command(line).map(|(mechanism, _)| mechanism).or_else(mistyped) {
            let mechanism = String::from_utf8_lossy(mechanism).to_ascii_uppercase();
            self.auth = Some(Exchange { mechanism, responses: 0 });
            self.tried = true;
        } else if verb::is_known(&command.word) {
            self.auth = None;
            self.refused = None;
        }
    }

    /// A response of a mechanism was sent: learns what is secret in it, for echoes.
    fn response(&mut self, response: &[u8]) {
        let response = response.trim_ascii();
        let refused = self.auth.is_none();
        let exchange = self.auth.as_mut().or(self.refused.as_mut());
        let by_login = exchange.as_ref().is_some_and(|exchange| exchange.mechanism == "LOGIN");
        let is_name = exchange.is_some_and(|exchange| {
            exchange.responses += 1;
            match exchange.mechanism.as_str() {
                // Who was refused begins again with the name.
                "LOGIN" if refused => exchange.responses % 2 == 1,
                "LOGIN" => exchange.responses == 1,
                "EXTERNAL" | "ANONYMOUS" => true,
                _ => false,
            }
        });
        // A server that takes it for a command may say it once more as it stands.
        let typed = response.strip_prefix(b"$").unwrap_or(response);
        if refused && (is_name || typed.len() < 6 || is_common(typed)) {
            self.values.learn_for_a_reply(Secret::new(typed.to_vec()), self.due.max(1));
        } else if refused {
            self.values.learn(Secret::new(typed.to_vec()));
        }
        if is_name && by_login {
            self.named(response);
        }
        if is_name || response.is_empty() || response == b"=" {
            return;
        }
        self.learn_answer(response);
        if typed.contains(&b' ') {
            self.learn_typed(typed);
        }
    }

    /// The value of an attribute, as it is written and as it is meant.
    fn learn_value(&mut self, value: &[u8]) {
        for value in [value.to_vec(), xtext::decode(value).unwrap_or_default()] {
            if !is_common(&value) {
                self.values.learn(Secret::new(value));
            }
        }
    }

    /// What was typed as a response and is none, since it holds a blank: a user's name and a password, a passphrase, or a
    /// command that was no answer. Whatever it is, the server may say it once more.
    fn learn_typed(&mut self, typed: &[u8]) {
        let due = self.due.max(1);
        let words = typed.split(|octet| *octet == b' ').map(<[u8]>::to_vec);
        for said in words.chain([typed.to_vec()]) {
            self.values.learn_for_a_reply(Secret::new(said), due);
        }
        let first = typed.split(|octet| *octet == b' ').next().unwrap_or_default();
        if !std::str::from_utf8(first).is_ok_and(verb::is_known) {
            self.values.learn(Secret::new(typed.to_vec()));
            self.learn_words(typed);
        }
    }

    /// Learns what is secret in words of which the last is the password, where it is none of base64.
    fn learn_words(&mut self, words: &[u8]) {
        let words: Vec<_> = words.split(|octet| *octet == b' ').filter(|word| !word.is_empty()).collect();
        for word in &words {
            self.learn_answer(word);
        }
        if let Some(last) = words.last().filter(|last| last.len() >= 6 && !is_common(last)) {
            self.values.learn(Secret::new(last.to_vec()));
        }
    }

    /// A user's name was sent. It is no secret, and a word that others have too; but whoever has typed the password in its
    /// place finds it masked in the reply to it, and everywhere once it is sent as the password.
    fn named(&mut self, response: &[u8]) {
        let decoded = STANDARD.decode(response).or_else(|_| STANDARD_NO_PAD.decode(response)).unwrap_or_default();
        for typed in [response.to_vec(), decoded] {
            self.values.learn_for_a_reply(Secret::new(typed), self.due.max(1));
        }
    }

    /// Learns what is secret in a response, for echoes.
    fn learn_answer(&mut self, response: &[u8]) {
        let decoded = STANDARD.decode(response).or_else(|_| STANDARD_NO_PAD.decode(response)).map(Zeroizing::new);
        if response.len() >= 8 && !response.contains(&b' ') {
            self.values.learn(Secret::new(response.to_vec()));
        }
        let Ok(decoded) = decoded else { return };
        let password = match memchr::memmem::find(&decoded, b"Bearer ") {
            Some(at) => decoded[at + 7..].split(|b| *b == 1).next().unwrap_or_default(),
            None => decoded.rsplit(|b| *b == 0).next().unwrap_or_default(),
        };
        if !is_common(password) {
            self.values.learn(Secret::new(password.to_vec()));
        }
    }
}

/// Whether what was typed as a password could as well be any word of a reply, or no text at all: to look for it
/// everywhere would hide what servers say, and give it away by the hole that it leaves.
fn is_common(password: &[u8]) -> bool {
    let word = password.len() < 6 && password.iter().all(u8::is_ascii_lowercase);
    // The octet 1 by which OAUTHBEARER lets a refusal come (RFC 7628 3.2.3).
    word || password == [1] || std::str::from_utf8(password).is_err()
}

/// Where the values stand that a command's attributes call secrets.
fn by_name(kind: &Sent) -> Vec<Range<usize>> {
    let Sent::Command(command) = kind else { return Vec::new() };
    if !matches!(command.verb, Verb::Xclient | Verb::Xforward) {
        return Vec::new();
    }
    let secret = command.parameters.iter().filter(|it| secrecy::is_secret(&it.keyword));
    secret.filter(|it| it.value.is_some()).map(|it| it.span.start + it.keyword.len() + 1..it.span.end).collect()
}

/// Lines within what is sent at once, each with its end; one empty part where there is nothing.
fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let empty = bytes.is_empty().then_some(bytes);
    empty.into_iter().chain(bytes.split_inclusive(|b| *b == b'\n'))
}

fn without_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Where an answer within AUTH begins to be secret; one that cancels is not.
fn answer(line: &[u8]) -> Option<usize> {
    (line.trim_ascii() != b"*").then_some(0)
}

/// The mechanism of an AUTH command, and where it ends in the line.
fn auth_command(line: &[u8]) -> Option<(&[u8], usize)> {
    let indent = line.len() - line.trim_ascii_start().len();
    let rest = line.get(indent..)?;
    // X-EXPS is AUTH between Exchange servers.
    let named = |verb: &[u8]| rest.get(..verb.len()).is_some_and(|word| word.eq_ignore_ascii_case(verb));
    let verb = [b"AUTH".as_slice(), b"X-EXPS"].into_iter().find(|verb| named(verb))?;
    let after = &rest[verb.len()..];
    if after.first().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let gap = after.iter().take_while(|b| !b.is_ascii_alphanumeric()).count();
    let word = after[gap..].split(u8::is_ascii_whitespace).next().unwrap_or_default();
    Some((word, indent + verb.len() + gap + word.len()))
}

/// Where the initial response of an AUTH command begins. What stands in the mechanism's place and looks like none is
/// taken for a response (RFC 4422 3.1: a name has up to 20 letters, digits, hyphens and underscores).
pub(crate) fn initial_response(line: &[u8]) -> Option<usize> {
    let (word, end) = auth_command(line)?;
    let good = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let mixed = word.iter().any(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_lowercase);
    if word.len() > 20 || !word.iter().all(good) || (mixed && word.len() > 8) {
        return Some(end - word.len());
    }
    let gap = line[end..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    (end + gap < line.len()).then_some(end + gap)
}

/// Ranges of a text that began with something carried over, as ranges of what came now.
fn shifted(ranges: Vec<Range<usize>>, carried: usize) -> Vec<Range<usize>> {
    let ranges = ranges.into_iter().filter(|r| r.end > carried);
    ranges.map(|r| r.start.saturating_sub(carried)..r.end - carried).collect()
}

/// In order, those that touch joined.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// The record of octets of which these ranges are secret.
fn line(bytes: &[u8], crlf: bool, masked: Vec<Range<usize>>) -> Line {
    if masked.is_empty() {
        return Line { bytes: bytes.to_vec(), crlf, masked: false };
    }
    let mut text = Vec::new();
    let mut at = 0;
    for range in merged(masked) {
        // What the marker's brace does to a space or a brace before it, this brace does.
        escape::to_file(&[&bytes[at..range.start], b"{"].concat(), &mut text);
        text.pop();
        text.extend_from_slice(AUTH);
        at = range.end;
    }
    escape::to_file(&bytes[at..], &mut text);
    Line { bytes: text, crlf, masked: true }
}

#[cfg(test)]
mod tests;
