//! The remarks of ehlo's own plain text and Markdown, read from the words in which they are said there; and whether words
//! would be read as what they are meant for, which whoever writes them asks.

use crate::conversation::event::{LOSS, Remark};

use crate::conversation::words::{INFERRED, said};
use crate::interchange::text::{ESCAPED, SUM};

use super::about;
use super::lines::lines;

/// Whether it is ehlo's own plain text, which has the same marks and says of the connection what the screen says.
pub(super) fn looks(beginning: &[u8]) -> bool {
    const OWN: [&[u8]; 5] = [b"=== connecting to ", b"=== connected to ", b"=== closed by the ", b" -| ", b" ~| "];
    lines(beginning).take(400).any(|(_, line)| OWN.iter().any(|own| line.starts_with(own)) || infers(line))
}

/// Whether lines that have the marks say all of a conversation, as an export does: both sides are there with the
/// connection, or it is said of what is missing that it is.
pub(super) fn tell_all(texts: &[&[u8]], both: bool) -> bool {
    let connects = |line: &&[u8]| line.starts_with(b"=== connecting to ") || line.starts_with(b"=== connected to ");
    both && texts.iter().any(connects) || texts.iter().any(|line| infers(line))
}

fn infers(line: &[u8]) -> bool {
    line.strip_prefix(b"=== ").is_some_and(|said| said.starts_with(INFERRED.as_bytes()))
}

/// `[11 lines of the message]`: what `ehlo send` shows of it then.
pub(in crate::interchange) fn is_count(line: &[u8]) -> bool {
    let Some(inner) = line.strip_prefix(b"[").and_then(|line| line.strip_suffix(b"]")) else { return false };
    let digits = inner.iter().take_while(|octet| octet.is_ascii_digit()).count();
    digits > 0 && matches!(&inner[digits..], b" lines of the message" | b" line of the message")
}

/// Remarks on which the session depends.
const SESSION: [&str; 9] = ["connecting", "connected", "tls", "cut", "content", "closed", "lost", "unseen", "gave-up"];

/// Whether words are read as the remark that they are written for, or as nothing but somebody's words.
pub(in crate::interchange) fn says(words: &str, meant: &Remark) -> bool {
    match remark(words) {
        Some(read) => {
            let sums = [&read, meant].map(|remark| remark.get("sha256"));
            read.word == meant.word && said(&read).words == said(meant).words && sums[0] == sums[1]
        }
        None => !SESSION.contains(&meant.word.as_str()) && words != ESCAPED && about::of_row(words).is_none(),
    }
}

/// Whether the rows that a plain text begins with are read as what they tell.
pub(in crate::interchange) fn is_head(rows: &[String], title: Option<&str>, target: Option<&str>) -> bool {
    let lines: Vec<&[u8]> = rows.iter().map(String::as_bytes).chain([b"".as_slice()]).collect();
    rows.is_empty() || about::of_text(&lines).is_some_and(|(about, _)| about.names() == (title, target))
}

/// A remark in ehlo's own plain text.
pub(super) fn remark(said: &str) -> Option<Remark> {
    const WORDS: [&str; 22] = [
        "resolved",
        "connecting",
        "connected",
        "proxy",
        "tls",
        "inspecting",
        "injected",
        "auth",
        "pipelined",
        "auto",
        "gave-up",
        "lost",
        "unseen",
        "idle",
        "cut",
        "content",
        "closed",
        "error",
        "warning",
        "inferred",
        "tool",
        "delivered",
    ];
    if let Some(note) = said.strip_prefix("note: ") {
        return Some(Remark::new("note").value(note));
    }
    if let Some(remark) = summed(said) {
        return Some(remark);
    }
    if let Some(remark) = in_words(said) {
        return Some(remark);
    }
    let remark = Remark::parse(said);
    WORDS.contains(&remark.word.as_str()).then_some(remark)
}

/// One of octets that are not kept but as their sum, which stands behind it.
fn summed(said: &str) -> Option<Remark> {
    let (said, sum) = said.rsplit_once(SUM).filter(|(_, sum)| sum.bytes().all(|octet| octet.is_ascii_hexdigit()))?;
    let remark = in_words(said).filter(|remark| remark.word == "cut" || remark.word == "content")?;
    // What was summed was seen.
    let mut values: Vec<_> = remark.values.into_iter().filter(|(key, _)| key.as_deref() != Some("shown")).collect();
    let behind = values.iter().position(|(key, _)| key.as_deref() == Some("bytes")).map_or(0, |at| at + 1);
    values.insert(behind, (Some("sha256".to_owned()), sum.to_owned()));
    Some(Remark { word: remark.word, values })
}

/// The remarks that the session depends on, as [`crate::conversation::words`] says them.
fn in_words(said: &str) -> Option<Remark> {
    if let Some(lost) = said.strip_suffix(LOSS).map(str::trim_end).filter(|lost| lost.parse::<u64>().is_ok()) {
        return Some(Remark::loss(lost));
    }
    let place = |word: &str, rest: &str| Remark::new(word).value(rest.split(' ').next().unwrap_or_default());
    if let Some(rest) = said.strip_prefix("connecting to ") {
        return Some(place("connecting", rest));
    }
    if let Some(rest) = said.strip_prefix("connected to ") {
        return Some(place("connected", rest));
    }
    if let Some(missing) = missing(said).or_else(|| given_up(said)) {
        return Some(missing);
    }
    if let Some(why) = said.strip_prefix("the TLS handshake failed") {
        let failed = Remark::new("tls").with("failed", "yes");
        let reason = why.strip_prefix(": ");
        return Some(reason.map_or(failed.clone(), |reason| failed.with("reason", reason)));
    }
    if said == "TLS" || said.starts_with("TLS, ") || said.starts_with("TLS 1.") {
        return Some(secured(said));
    }
    if let Some((count, rest)) = said.split_once(" bytes of ") {
        let bytes = |remark: Remark| if count == "some" { remark } else { remark.with("bytes", count) };
        let counted = count == "some" || count.bytes().all(|octet| octet.is_ascii_digit());
        let file = rest
            .strip_prefix("content")
            .and_then(|rest| if rest.is_empty() { Some(None) } else { rest.strip_prefix(", from ").map(Some) });
        let counts = match (rest, file) {
            _ if !counted => None,
            (_, Some(Some(file))) => Some(bytes(Remark::new("content")).with("file", file)),
            (_, Some(None)) => Some(bytes(Remark::new("content")).with("shown", "no")),
            ("what was sent are not kept here", _) => Some(bytes(Remark::new("cut").with("direction", "out"))),
            ("what came are not kept here", _) => Some(bytes(Remark::new("cut").with("direction", "in"))),
            _ => None,
        };
        if counts.is_some() {
            return counts;
        }
    }
    let (first, reason) = said.split_once(": ").map_or((said, None), |(first, reason)| (first, Some(reason)));
    let by = match first {
        "closed by the server" => "server",
        "closed by the client" => "client",
        "the connection is gone" => "network",
        _ => return None,
    };
    let closed = Remark::new("closed").with("by", by);
    Some(reason.map_or(closed.clone(), |reason| closed.with("reason", reason)))
}

/// How the line was encrypted: the version, the cipher, what became of the certificate, each where it is known.
fn secured(said: &str) -> Remark {
    let (said, verdict) = match said.split_once(", certificate ") {
        Some((said, verdict)) => (said, Some(verdict)),
        None => (said, None),
    };
    let mut parts = said.split(", ");
    let mut tls = Remark::new("tls");
    if let Some(number) = parts.next().and_then(|version| version.strip_prefix("TLS ")) {
        tls = tls.with("version", format!("TLSv{number}"));
    }
    if let Some(cipher) = parts.next() {
        tls = tls.with("cipher", cipher);
    }
    let Some(verdict) = verdict else { return tls };
    let (verdict, reason) = verdict.split_once(": ").map_or((verdict, None), |(first, reason)| (first, Some(reason)));
    let tls = match verdict {
        "verified" => tls.with("verified", "yes"),
        "not verified" => tls.with("verified", "no"),
        _ => return tls,
    };
    reason.map_or(tls.clone(), |reason| tls.with("reason", reason))
}

/// What an import says of lines that are not in its source.
fn missing(said: &str) -> Option<Remark> {
    if let Some(words) = said.strip_prefix(INFERRED) {
        return Some(Remark::new("inferred").value(words));
    }
    if let Some(replies) = said.strip_prefix("replies that are missing here: ") {
        return Some(Remark::new("lost").with("replies", replies));
    }
    match said {
        "a line that is not in the file; its reply does not tell which" => return Some(Remark::new("unseen")),
        "a dot that is not in the file, by the reply to it" => return Some(Remark::new("unseen").value(".")),
        _ => {}
    }
    let verb = said.strip_suffix(", which is not in the file, by the reply to it")?;
    Some(Remark::new("unseen").value(verb))
}

/// That nobody waits for a reply any more, for what and why.
fn given_up(said: &str) -> Option<Remark> {
    let gave_up = Remark::new("gave-up");
    let awaiting = |remark: Remark, rest: &str| match rest.strip_prefix(" for ") {
        Some(what) => remark.with("awaiting", what),
        None => remark,
    };
    if let Some(rest) = said.strip_prefix("no reply in time: stopped waiting") {
        return Some(awaiting(gave_up.with("reason", "time-out"), rest));
    }
    if let Some(rest) = said.strip_prefix("you stopped waiting") {
        return Some(awaiting(gave_up, rest.strip_suffix("; a late reply still counts")?));
    }
    let (rest, reason) = said.strip_prefix("stopped waiting")?.split_once(": ")?;
    Some(awaiting(gave_up.with("reason", reason), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::words;

    #[test]
    fn what_the_session_depends_on_is_read_from_its_words() {
        for text in [
            "connecting 127.0.0.1:25",
            "connected unknown",
            "tls",
            "tls version=TLSv1.3",
            "tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes",
            "tls verified=no reason=\"self-signed certificate\"",
            "tls failed=yes",
            "tls failed=yes reason=\"unexpected eof\"",
            "content shown=no",
            "content bytes=12 shown=no",
            "content bytes=12 file=a.eml",
            "cut direction=out bytes=9",
            "cut direction=in bytes=9",
            "lost replies=2",
            "unseen",
            "unseen .",
            "unseen MAIL",
            "gave-up",
            "gave-up awaiting=MAIL",
            "gave-up reason=time-out awaiting=MAIL",
            "inferred \"a connection: the source begins with its greeting\"",
            "closed by=server",
            "closed by=network reason=reset",
        ] {
            let told = words::said(&Remark::parse(text)).words;
            let read = remark(&told).map(|remark| remark.to_string());
            assert_eq!(read.as_deref(), Some(text), "{told}");
        }
    }
}
