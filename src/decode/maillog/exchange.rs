//! Rows of Exchange's logs: those of its protocol, and those of message tracking.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::smtp::Class;

use super::Refusal;
use crate::decode::said::{Said, read};

/// A row, field by field.
pub(super) struct Row<'a> {
    fields: Vec<Cow<'a, str>>,
}

/// Replies of which a line has come and not the last, by their session; so many of them, and so much of one.
#[derive(Debug, Default)]
pub(super) struct Open {
    sessions: HashMap<String, Said>,
}

/// Sessions that may be in a reply at the same time.
const SESSIONS: usize = 1000;
/// Octets of one reply that are kept.
const KEPT: usize = 8 << 10;

/// Remarks of the sending server that tell of a failure, without a reply.
const FAILURES: [&str; 3] = ["Failed to connect", "TLS negotiation failed", "Connection to remote host failed"];

impl<'a> Row<'a> {
    /// A line as a row; none where it does not begin with the time of one.
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let time = line.split(',').next()?;
        let timed = time.len() >= 20 && time.as_bytes()[10] == b'T' && time.ends_with('Z') && time.len() < line.len();
        timed.then(|| Self { fields: fields(line) })
    }

    fn get(&self, n: usize) -> &str {
        self.fields.get(n).map_or("", Cow::as_ref)
    }

    /// Where a tracking log says what became of a message.
    fn failure(&self) -> Option<usize> {
        self.fields.iter().position(|field| matches!(field.as_ref(), "FAIL" | "DEFER"))
    }

    /// The addresses of a row of message tracking.
    fn recipients(&self) -> Option<&str> {
        let from = self.failure()?;
        self.fields[from..].iter().map(Cow::as_ref).find(|field| field.contains('@') && !field.starts_with('<'))
    }

    /// The first of them.
    pub(super) fn recipient(&self) -> Option<&str> {
        self.recipients()?.split(';').next()
    }
}

impl Open {
    /// The refusal that ends with a row.
    pub(super) fn refusal(&mut self, row: &Row<'_>) -> Option<Refusal> {
        match row.get(6) {
            // The event of a reply is `<` in the log of sending and `>` in that of receiving.
            "<" | ">" => self.replied(row.get(2), row.get(7)),
            "*" => {
                let words = [row.get(8), row.get(7)]
                    .into_iter()
                    .find(|words| FAILURES.iter().any(|failure| words.starts_with(failure)))?;
                let said = Said { code: None, enhanced: None, text: words.to_owned() };
                Refusal::new(said, None, Some(Class::Transient))
            }
            _ => tracked(row),
        }
    }

    fn replied(&mut self, session: &str, line: &str) -> Option<Refusal> {
        let mut said = read(line);
        if !said.code?.class().is_refusal() {
            return None;
        }
        let before = self.sessions.remove(session).filter(|before| before.code == said.code);
        if let Some(before) = before {
            let room = KEPT.saturating_sub(before.text.len());
            let own = &said.text[..said.text.floor_char_boundary(room)];
            said = Said { text: format!("{} {own}", before.text), enhanced: before.enhanced.or(said.enhanced), ..said };
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Refusal::new(said, None, None);
        }
        if self.sessions.len() >= SESSIONS {
            self.sessions.clear();
        }
        self.sessions.insert(session.to_owned(), said);
        None
    }
}

/// What was said last stands as `LED=550 5.1.1 …`, or as the status of the recipient.
fn tracked(row: &Row<'_>) -> Option<Refusal> {
    row.failure()?;
    let refuses = |words: &&str| read(words).code.is_some_and(|code| code.class().is_refusal());
    let fields = || row.fields.iter().map(Cow::as_ref);
    let last =
        fields().find_map(|field| field.split_once("LED=")).map(|(_, rest)| rest.split('}').next().unwrap_or(rest));
    let said = last
        .filter(refuses)
        .or_else(|| fields().find(refuses))
        .or_else(|| fields().flat_map(|field| field.split(';')).find(refuses))?;
    let found = Refusal::new(read(said), None, None)?;
    let recipients = row.recipients().map_or(1, |all| all.split(';').filter(|one| !one.is_empty()).count());
    Some(Refusal { recipients: u64::try_from(recipients.max(1)).unwrap_or(1), ..found })
}

/// The fields of a row, without their quotation marks; one that is doubled stands for itself (RFC 4180 2).
fn fields(line: &str) -> Vec<Cow<'_, str>> {
    let mut all = Vec::with_capacity(16);
    let mut rest = line;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let Some((field, behind)) = rest.split_once(',') else {
                all.push(Cow::Borrowed(rest));
                return all;
            };
            all.push(Cow::Borrowed(field));
            rest = behind;
            continue;
        };
        let mut end = 0;
        while let Some(at) = quoted[end..].find('"') {
            end += at;
            if !quoted[end + 1..].starts_with('"') {
                break;
            }
            end += 2;
        }
        let closed = quoted[end..].starts_with('"');
        let field = if closed { &quoted[..end] } else { quoted };
        all.push(if field.contains("\"\"") { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) });
        let Some((_, behind)) = quoted.get(end + 1..).filter(|_| closed).and_then(|behind| behind.split_once(','))
        else {
            return all;
        };
        rest = behind;
    }
}
