//! LIMITS: how many transactions and recipients the server says it takes (RFC 9422).

use super::super::Verb;
use super::{Context, Findings};

/// Examines a MAIL or RCPT against what the server offered.
pub(super) fn examine(context: &Context<'_>, found: &mut Findings) {
    let session = context.session;
    let limit = |name| session.capabilities.limit(name);
    let span = context.word();
    match context.command.verb {
        Verb::Mail => {
            if let Some(most) = limit("MAILMAX").filter(|most| session.mails >= *most) {
                let reason = format!("The server takes {} a session; connect again.", count(most, "mail transaction"));
                found.odd("over-limit", span, reason, "RFC 9422 4.1");
            }
        }
        Verb::Rcpt => {
            if let Some(most) = limit("RCPTMAX").filter(|most| session.accepted + session.refused >= *most) {
                let reason = format!(
                    "The server takes {} a transaction; send the message, and begin another for the rest.",
                    count(most, "recipient")
                );
                found.odd("over-limit", span, reason, "RFC 9422 4.2");
                return;
            }
            let domains = || context.command.path.as_ref().map_or(0, |path| session.domains_with(path));
            if let Some(most) = limit("RCPTDOMAINMAX").filter(|most| domains() > *most as usize) {
                let reason = format!(
                    "The server takes recipients of {} a session; connect again for another.",
                    count(most, "domain")
                );
                found.odd("over-limit", span, reason, "RFC 9422 4.3");
            }
        }
        _ => {}
    }
}

fn count(n: u32, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use crate::smtp::VerbTable;
    use crate::smtp::lint::lint;
    use crate::smtp::wire::Wire;

    #[test]
    fn the_domains_of_a_session_are_counted_once_each() {
        let table = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
        let begun = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 LIMITS RCPTDOMAINMAX=2\nC: MAIL FROM:<a@b>\nS: 250 ok\n";
        let two = format!("{begun}C: RCPT TO:<c@one>\nS: 250 ok\nC: RCPT TO:<d@two>\nS: 550 no\n");
        let later = format!("{two}C: RSET\nS: 250 ok\nC: MAIL FROM:<a@b>\nS: 250 ok\n");
        for (conversation, line, found) in [
            (&two, "RCPT TO:<e@ONE>", 0),
            (&two, "RCPT TO:<e@three>", 1),
            (&two, "RCPT TO:<postmaster>", 0),
            (&later, "RCPT TO:<e@three>", 1),
            (&later, "RCPT TO:<e@two>", 0),
        ] {
            let session = Wire::play(conversation.trim_end()).session;
            let over = lint(line.as_bytes(), &session, &table).iter().filter(|lint| lint.name == "over-limit").count();
            assert_eq!(over, found, "{line}");
        }
    }

    #[test]
    fn limits_that_the_server_tells_are_kept_in_mind() {
        let table = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
        let offer = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 LIMITS MAILMAX=1 RCPTMAX=2\n";
        let one = format!("{offer}C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n");
        let two = format!("{one}C: RCPT TO:<e@d>\nS: 550 no\n");
        let again = format!("{two}C: RSET\nS: 250 ok\n");
        for (conversation, line, want) in [
            (&one, "RCPT TO:<e@d>", vec![]),
            (&two, "RCPT TO:<e@d>", vec!["over-limit"]),
            (&again, "MAIL FROM:<a@b>", vec!["over-limit"]),
        ] {
            let session = Wire::play(conversation.trim_end()).session;
            assert_eq!(
                lint(line.as_bytes(), &session, &table).iter().map(|lint| lint.name).collect::<Vec<_>>(),
                want,
                "{line}"
            );
        }
    }
}
