//! What checks look at, gathered from the conversation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::conversation::dialogue::Verdict;
use crate::conversation::{Dialogue, Kind, Log};
use crate::smtp::Phase;

use super::check::{Facts, TlsFacts};

/// The conversation as far as the reply of the exchange that was looked at `last`. `closed` says that the connection is
/// known to be closed, `now` is for the days that a certificate has left.
pub(super) fn facts(log: &Log, dialogue: &Dialogue, last: Option<usize>, closed: bool, now: jiff::Timestamp) -> Facts {
    // Replies have come that nobody has looked at.
    let ahead = last.is_some_and(|last| last + 1 < dialogue.exchanges().len());
    let last = last.and_then(|x| Some((x, dialogue.exchanges().get(x)?)));
    // With replies on their way (pipelining) the state is the one as of this reply.
    let fold = match last.and_then(|(_, exchange)| exchange.reply()) {
        Some(reply) if dialogue.state().pending().next().is_some() || ahead => dialogue.state_at(log, *reply.end()),
        _ => dialogue.state().clone(),
    };
    let session = fold.session;
    let accepted = if session.phase().in_transaction() {
        u64::from(session.accepted)
    } else {
        // What RSET, a greeting or STARTTLS has dropped is no transaction any more; one that the end of the connection
        // has cut off still is the last.
        let dropped = matches!(session.phase(), Phase::Greeted | Phase::Ready);
        let taken = |verdict| match verdict {
            Verdict::Delivered | Verdict::Failed => true,
            Verdict::Accepted => !dropped,
            Verdict::Pending | Verdict::Refused => false,
        };
        dialogue.envelope().iter().filter(|recipient| taken(recipient.verdict())).count() as u64
    };
    Facts {
        accepted,
        closed: closed || dialogue.state().phase() == Phase::Closed,
        latency: last.and_then(|(_, exchange)| exchange.latency(log)),
        text: last.and_then(|(x, _)| dialogue.reply(log, x)).map(|reply| {
            let lines = reply.lines.iter().map(|line| String::from_utf8_lossy(line.text()).into_owned());
            lines.collect::<Vec<_>>().join("\n")
        }),
        tls: session.tls.then(|| tls(log, now)),
        session,
    }
}

/// What the log shows of the handshake that was made last.
fn tls(log: &Log, now: jiff::Timestamp) -> TlsFacts {
    let mut facts = TlsFacts::default();
    for (_, entry) in log.since(0) {
        if entry.kind != Kind::Remark {
            continue;
        }
        let Some(remark) = entry.remark() else { continue };
        match remark.word.as_str() {
            "tls" if remark.get("failed").is_none() => {
                facts = TlsFacts {
                    version: remark.get("version").unwrap_or_default().to_owned(),
                    verified: remark.get("verified") == Some("yes"),
                    ..TlsFacts::default()
                };
            }
            "certificate" if remark.get("n") == Some("0") => {
                if let Some(der) = remark.get("der").and_then(|der| STANDARD.decode(der).ok()) {
                    certificate(&der, now, &mut facts);
                }
            }
            _ => {}
        }
    }
    facts
}

fn certificate(der: &[u8], now: jiff::Timestamp, facts: &mut TlsFacts) {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return };
    facts.days = Some((certificate.validity().not_after.timestamp() - now.as_second()).div_euclid(24 * 60 * 60));
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return };
    facts.names = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(octets) => match octets.len() {
                4 => <[u8; 4]>::try_from(*octets).ok().map(|o| std::net::Ipv4Addr::from(o).to_string()),
                _ => <[u8; 16]>::try_from(*octets).ok().map(|o| std::net::Ipv6Addr::from(o).to_string()),
            },
            _ => None,
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::sample;

    /// What `? accepted` finds after this conversation.
    fn accepted(lines: &[&str]) -> u64 {
        let begun = ["* connected a", "< 220 mx", "> EHLO a", "< 250 mx"];
        let log = sample::log(&[&begun, lines].concat().join("\n"));
        let dialogue = Dialogue::of(&log);
        let last = dialogue.exchanges().len() - 1;
        facts(&log, &dialogue, Some(last), false, jiff::Timestamp::UNIX_EPOCH).accepted
    }

    #[test]
    fn a_dropped_transaction_has_no_recipients() {
        let mail = ["> MAIL FROM:<a@b>", "< 250 ok", "> RCPT TO:<c@d>", "< 250 ok", "> RCPT TO:<e@f>", "< 550 no"];
        let and = |more: &[&str]| accepted(&[&mail, more].concat());
        assert_eq!(and(&[]), 1, "the open one");
        assert_eq!(and(&["> RSET", "< 250 ok"]), 0);
        assert_eq!(and(&["> EHLO a", "< 250 mx"]), 0, "a greeting drops it too (RFC 5321 4.1.4)");
        assert_eq!(and(&["> DATA", "< 354 go", "| .", "< 250 queued", "> RSET", "< 250 ok"]), 1, "it was handed over");
        assert_eq!(and(&["> DATA", "< 354 go", "| .", "< 451 later"]), 1, "accepted, whatever came of the message");
        assert_eq!(and(&["* closed by=server"]), 1, "cut off");
    }
}
