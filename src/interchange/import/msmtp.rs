//! msmtp -d: its settings, then `<-- ` received and `--> ` sent.

use crate::conversation::event::Remark;
use crate::conversation::file::Document;

use super::Unread;
use super::builder::Content;
use super::lines::{lines, text};
use super::sessions::Sessions;
use super::text::Text;

/// Whether there are both marks, or the settings.
pub(super) fn looks(beginning: &[u8]) -> bool {
    let marked = |line: &[u8]| line.starts_with(b"<-- ") || line.starts_with(b"--> ");
    lines(beginning).take(1000).filter(|(_, line)| marked(line)).nth(1).is_some()
}

/// What the settings say of the connection.
#[derive(Debug, Default)]
struct Settings {
    host: String,
    port: String,
    lmtp: bool,
    /// The line of the TLS block that is read, from 0.
    tls_line: Option<usize>,
}

/// Reads all of it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let mut found = Sessions::new("msmtp", Content::Shown).timed(octets);
    let mut settings = Settings::default();
    for (number, line) in lines(octets) {
        found.at(number);
        if let Some(reply) = line.strip_prefix(b"<-- ") {
            settings.tls_line = None;
            if reply.starts_with(b"220") {
                found.greeted();
            }
            connected(&settings, &mut found);
            found.current().server(reply);
        } else if let Some(sent) = line.strip_prefix(b"-->") {
            settings.tls_line = None;
            connected(&settings, &mut found);
            found.current().client(sent.strip_prefix(b" ").unwrap_or(sent));
        } else {
            other(number, line, &mut settings, &mut found);
        }
    }
    found.finish()
}

/// msmtp does not say when it has connected; what is said first shows that it has.
fn connected(settings: &Settings, found: &mut Sessions) {
    if found.has_current() && found.current().lines() > 0 || found.has_current() && settings.host.is_empty() {
        return;
    }
    let builder = found.current();
    let address = match settings.host.as_str() {
        "" => "unknown".to_owned(),
        host => super::lines::address(host, &settings.port),
    };
    if builder.phase() == crate::smtp::Phase::Connecting {
        let mut connecting = Remark::new("connecting").value(&address);
        if settings.lmtp {
            connecting = connecting.with("protocol", "lmtp");
        }
        if address != "unknown" {
            builder.set("target", &address);
        }
        builder.remark(connecting);
        builder.remark(Remark::new("connected").value(address));
    }
}

fn other(number: usize, line: &[u8], settings: &mut Settings, found: &mut Sessions) {
    let said = text(line);
    let trimmed = said.trim();
    if let Some(at) = settings.tls_line
        && said.starts_with(' ')
    {
        if at == 0 {
            connected(settings, found);
            found.current().remark(tls(trimmed));
        } else {
            found.current().tool(line);
        }
        settings.tls_line = Some(at + 1);
    } else if trimmed.is_empty() {
    } else if said.starts_with("TLS session parameters") {
        settings.tls_line = Some(0);
    } else if said.starts_with("TLS certificate information") || said.starts_with("TLS ") {
        settings.tls_line = Some(1);
        found.current().tool(line);
    } else if let Some((key, value)) = said.split_once(" = ").filter(|(key, _)| is_key(key)) {
        match key.trim() {
            "host" => value.clone_into(&mut settings.host),
            "port" => value.clone_into(&mut settings.port),
            "protocol" => settings.lmtp = value == "lmtp",
            _ => {}
        }
    } else if said.starts_with("msmtp: ") {
        found.current().error("msmtp", line);
    } else if ["using ", "loaded ", "reading ", "ignoring ", "falling back "]
        .iter()
        .any(|known| said.starts_with(known))
    {
        found.passed_over();
    } else {
        found.unread(number, line, "not one of msmtp's <--, -->, nor a setting");
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b' ' | b'-'))
}

/// `(TLS1.3)-(ECDHE-SECP256R1)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM)`, or `TLS1.3 …`.
fn tls(parameters: &str) -> Remark {
    let version = parameters.trim_start_matches('(').split([')', ' ']).next().unwrap_or_default();
    Remark::new("tls").with("version", version.replacen("TLS1", "TLSv1", 1)).with("cipher", parameters)
}
