//! `openssl s_client`: a report about TLS, once or more, and then a session as on any terminal.

mod dump;

use crate::conversation::event::Remark;
use crate::conversation::file::Document;
use crate::smtp::Phase;

use super::builder::Content;
use super::lines::{is_command, is_reply, lines, text};
use super::sessions::Sessions;
use super::telnet::strip;
use super::text::Text;
use super::{Unread, sides};
use dump::Dump;

/// Lines below that are looked at for the next one that is none of a dump's.
const NEAR: usize = 2000;
/// What -brief says when it has connected.
const BRIEF: &str = "CONNECTION ESTABLISHED";

/// Whether there is a report, or a beginning of one.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let mut depth = false;
    for (_, line) in lines(beginning).take(200) {
        let brief = line == BRIEF.as_bytes() || dump::is_state(&text(line));
        if brief || line.starts_with(b"CONNECTED(") || line.starts_with(b"SSL handshake has read ") {
            return true;
        }
        depth |= line.starts_with(b"depth=");
        if depth && line.starts_with(b"verify ") {
            return true;
        }
    }
    false
}

/// What the report says.
#[derive(Debug, Default)]
struct Report {
    version: Option<String>,
    cipher: Option<String>,
    verify: Option<String>,
    certificates: Vec<String>,
    pem: Option<String>,
    /// It was the full one: without -quiet some letters are commands of `s_client`'s.
    full: bool,
    failed: Option<String>,
    /// An R at the start of a line was taken for a wish to renegotiate, and nothing of the server's has come since.
    renegotiates: bool,
    told: bool,
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("openssl", Content::Shown).timed(octets);
    let all: Vec<_> = lines(octets).collect();
    let width = sides::width(octets);
    let mut report = Report::default();
    let mut dump = Dump::default();
    let mut inside = Inside::Conversation;
    let mut at = 0;
    while let Some((number, raw)) = all.get(at) {
        at += 1;
        found.at(*number);
        let mut line = strip(raw);
        let said = text(&line).into_owned();
        let content = found.has_current() && found.current().in_content();
        if dump.take(&said, content, &mut found) {
            continue;
        }
        let next = |at: usize| {
            let rest = all[at..].iter().map(|(_, next)| *next).take(NEAR);
            rest.filter(|next| !next.is_empty()).find(|next| !dump::looks_like_one(&text(next)))
        };
        if said.starts_with("CONNECTED(") || said == BRIEF && !content {
            begins(&said, &mut found, &mut report, &mut dump);
            inside = if said == BRIEF { Inside::Brief } else { Inside::Report };
            continue;
        }
        if inside.takes(&said, next(at), &mut report) {
            found.passed_over();
            continue;
        }
        if said == "---" && next(at).is_some_and(begins_report) {
            inside = Inside::Report;
            continue;
        }
        if (!content || next(at).is_none()) && tool(&said, &mut found, &mut report) {
            continue;
        }
        let first = at;
        while all.get(at).is_some_and(|(_, next)| sides::goes_on(all[at - 1].1, next, width, &mut found)) {
            line.to_mut().extend_from_slice(&strip(all[at].1));
            at += 1;
        }
        if at > first {
            sides::say_joined(&mut found);
        }
        if let Some(why) = prose(&line, &all[at..], content, &mut found) {
            found.unread_full(*number, &line, why);
        } else if !said.is_empty() || content {
            conversation(*number, &line, next(at), content, &mut found, &mut report, &dump);
        }
    }
    dump.deliver(&mut found);
    if !report.told && (report.version.is_some() || report.failed.is_some()) {
        tell(&mut report, false, &dump, &mut found);
    }
    found.finish()
}

/// Why a line is no part of the conversation, where it is somebody's prose.
fn prose(line: &[u8], below: &[(usize, &[u8])], content: bool, found: &mut Sessions) -> Option<&'static str> {
    if content || is_reply(line) || !found.has_current() || found.current().lines() == 0 {
        return None;
    }
    let below: Vec<&[u8]> = below.iter().map(|(_, next)| *next).take(NEAR).collect();
    let over = sides::is_over(found.current());
    sides::is_prose(line, &below, found.current()).then_some(if over { sides::AFTER } else { sides::PROSE })
}

/// A connection was made: a new conversation, where the last one has had a word spoken in it.
fn begins(said: &str, found: &mut Sessions, report: &mut Report, dump: &mut Dump) {
    let shown = dump.shows_beginning() && said == BRIEF;
    if found.has_current() && found.current().lines() > 0 && !shown {
        found.end();
        *report = Report::default();
        *dump = Dump::default();
    }
    if !shown {
        found.current().remark(Remark::new("connecting").value("unknown"));
    }
}

/// What the lines belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Conversation,
    Report,
    /// The short one of -brief.
    Brief,
}

impl Inside {
    /// Takes a line of a report in; false where it is none.
    fn takes(&mut self, said: &str, next: Option<&[u8]>, report: &mut Report) -> bool {
        match self {
            Self::Conversation => return false,
            // Its two streams in one file tear what it reports: what has the form of a reply is one all the same.
            Self::Report if report.pem.is_none() && (is_reply(said.as_bytes()) || said == "DONE") => return false,
            Self::Report => {
                report.take(said);
                if said == "---" && next.is_some_and(ends_report) {
                    *self = Self::Conversation;
                }
            }
            Self::Brief if is_reply(said.as_bytes()) || is_command(said.as_bytes()) => {
                *self = Self::Conversation;
                return false;
            }
            Self::Brief => report.take(said),
        }
        true
    }
}

fn begins_report(next: &[u8]) -> bool {
    next.starts_with(b"Post-Handshake New Session Ticket") || next.starts_with(b"SSL-Session:")
}

/// Whether the conversation goes on with this line after a `---`.
fn ends_report(next: &[u8]) -> bool {
    is_reply(next) || is_command(next) || next == b"read R BLOCK"
}

/// A line of the conversation, or one that looks like it and went to `s_client`.
fn conversation(
    number: usize,
    line: &[u8],
    next: Option<&[u8]>,
    content: bool,
    found: &mut Sessions,
    report: &mut Report,
    dump: &Dump,
) {
    if !found.has_current() || (found.current().lines() == 0 && !is_reply(line) && !is_command(line)) {
        return found.unread(number, line, "before the conversation");
    }
    report.renegotiates &= !is_reply(line);
    if found.current().phase() == Phase::Closed {
        return found.unread(number, line, "after the end of the connection");
    }
    if !report.told {
        tell(report, line.starts_with(b"220"), dump, found);
        if dump.has_shown(line) {
            return found.current().tool(&[line, b": said before TLS, and again by s_client"].concat());
        }
    }
    let to_tool = report.full && !content && !is_reply(line);
    if to_tool && line.starts_with(b"R") && next == Some(b"RENEGOTIATING") {
        found
            .current()
            .tool(&[line, b": not sent: an R at the start of a line asks s_client for a renegotiation"].concat());
    } else if to_tool && line.starts_with(b"Q") && !next.is_some_and(is_reply) {
        found.current().tool(&[line, b": not sent: a Q at the start of a line ends s_client"].concat());
    } else {
        sides::say(line, found.current());
    }
}

/// Says what the report said, before the first line of the conversation.
fn tell(report: &mut Report, greeted: bool, dump: &Dump, found: &mut Sessions) {
    report.told = true;
    let builder = found.current();
    if greeted {
        builder.remark(Remark::new("connected").value("unknown"));
    } else if report.failed.is_none() && !dump.shows_beginning() {
        builder.inferred("greeting, EHLO and STARTTLS, which s_client spoke and does not show");
    }
    let mut tls = Remark::new("tls");
    for (key, value) in [("version", &report.version), ("cipher", &report.cipher)] {
        if let Some(value) = value {
            tls = tls.with(key, value);
        }
    }
    if let Some(verify) = &report.verify {
        let reason = super::lines::between(verify, "(", ")").unwrap_or(verify);
        tls = match verify.split(' ').next() {
            Some("0") => tls.with("verified", "yes"),
            _ => tls.with("verified", "no").with("reason", reason),
        };
    }
    if let Some(failed) = &report.failed {
        tls = Remark::new("tls").with("failed", "yes").with("reason", failed);
    }
    builder.remark(tls);
    for (n, der) in report.certificates.iter().enumerate() {
        builder.remark(Remark::new("certificate").with("n", n).with("der", der));
    }
}

impl Report {
    /// A line of the report.
    fn take(&mut self, said: &str) {
        if let Some(pem) = &mut self.pem {
            if said.starts_with("-----END") {
                let der = std::mem::take(pem);
                self.pem = None;
                if !self.certificates.contains(&der) && self.certificates.len() < 20 {
                    self.certificates.push(der);
                }
            } else if pem.len() < 64 << 10 {
                pem.push_str(said.trim());
            }
            return;
        }
        let first = |slot: &mut Option<String>, value: &str| {
            slot.get_or_insert_with(|| value.trim().to_owned());
        };
        if said.starts_with("-----BEGIN CERTIFICATE-----") {
            self.pem = Some(String::new());
        } else if let Some(value) = said.trim_start().strip_prefix("Verify return code: ") {
            first(&mut self.verify, value);
        } else if let Some(version) = said.strip_prefix("Protocol version: ") {
            first(&mut self.version, version);
        } else if let Some(cipher) = said.strip_prefix("Ciphersuite: ") {
            first(&mut self.cipher, cipher);
        } else if said == "Verification: OK" {
            first(&mut self.verify, "0 (ok)");
        } else if let Some((version, cipher)) = said.split_once(", Cipher is ") {
            if cipher != "(NONE)" {
                first(&mut self.version, version.rsplit(' ').next().unwrap_or_default());
                first(&mut self.cipher, cipher);
            }
        } else if said.starts_with("SSL handshake has read ") {
            self.full = true;
        } else if said.contains(":error:") {
            first(&mut self.failed, failure(said));
        }
    }
}

/// `40E7…:error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error:…` in its own words.
fn failure(said: &str) -> &str {
    said.split(':').nth(5).filter(|words| !words.is_empty()).unwrap_or(said)
}

/// Lines of `s_client`'s within the conversation.
fn tool(said: &str, found: &mut Sessions, report: &mut Report) -> bool {
    const SAYS: [&str; 6] =
        ["read R BLOCK", "read:errno=", "KEYUPDATE", "RENEGOTIATING", "Can't use SSL_get_servername", "DONE"];
    if said.starts_with("closed") && said.trim() == "closed" || said == "DONE" {
        found.current().closed(if said == "DONE" { "client" } else { "server" });
    } else if SAYS.iter().any(|known| said.starts_with(known)) {
        report.renegotiates |= said == "RENEGOTIATING";
        if said.starts_with("read:errno=") {
            found.current().closed("server");
        } else {
            found.current().tool(said.as_bytes());
        }
    } else if let Some(verify) = said.strip_prefix("verify error:") {
        let words = super::lines::between(verify, "num=", "\n").unwrap_or(verify).replacen(':', " (", 1) + ")";
        report.verify.get_or_insert(words);
    } else if said.starts_with("depth=") || said.starts_with("verify ") {
        found.current();
    } else if let Some(place) = said.strip_prefix("Connecting to ") {
        found.connecting().connecting(place);
    } else if said.contains(":error:")
        && said.split(':').next().is_some_and(|id| id.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        if report.renegotiates {
            let why = "a line that begins with R, such as RCPT, asks s_client for a renegotiation and is not sent";
            found.current().tool(format!("{}: {why}", failure(said)).as_bytes());
        } else if report.told || found.has_current() && found.current().lines() > 0 {
            found.current().error("tls", failure(said).as_bytes());
        } else {
            report.failed = Some(failure(said).to_owned());
        }
    } else {
        return false;
    }
    true
}
