//! What the server's LIMITS leave for another mail transaction (RFC 9422), where a run obeys them.

use std::collections::BTreeSet;

use crate::smtp::{Command, Verb};

use super::super::filled::Filled;
use super::super::plan::Sending;
use super::Runner;

/// The recipients that were named on this connection.
#[derive(Default)]
pub(super) struct Named {
    recipients: u32,
    domains: BTreeSet<String>,
}

impl Named {
    /// Whether a recipient still fits; it is counted where it does.
    fn takes(&mut self, address: &str, most: Option<u32>, most_domains: Option<u32>) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
        let new = domain.as_ref().is_some_and(|domain| !self.domains.contains(domain));
        let domains = u32::try_from(self.domains.len()).unwrap_or(u32::MAX).saturating_add(u32::from(new));
        if most.is_some_and(|most| self.recipients >= most) || most_domains.is_some_and(|most| domains > most) {
            return false;
        }
        self.recipients += 1;
        self.domains.extend(domain);
        true
    }
}

impl Runner<'_> {
    /// Whether this RCPT has to wait for another mail transaction; the report then names its forward-path.
    pub(super) fn is_left_over(&mut self, line: &[u8]) -> bool {
        if !self.settings.obeys_limits {
            return false;
        }
        let capabilities = &self.wire.dialogue.state().session.capabilities;
        let (most, domains) = (capabilities.limit("RCPTMAX"), capabilities.limit("RCPTDOMAINMAX"));
        let Some(path) = Command::parse(line).path else { return false };
        if self.named.takes(&path.address(), most, domains) {
            return false;
        }
        self.report.left.push(path.address());
        true
    }

    /// Notes the recipient of a RCPT that is not sent.
    pub(super) fn unnamed(&mut self, sending: &Sending) {
        if sending.verb != Verb::Rcpt {
            return;
        }
        let line = Filled::of(&sending.pieces).shown();
        self.report.unnamed.extend(Command::parse(&line).path.map(|path| path.address()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_fit_as_long_as_no_limit_is_reached() {
        let mut named = Named::default();
        assert!(named.takes("a@one", Some(3), Some(1)));
        assert!(!named.takes("b@two", Some(3), Some(1)));
        assert!(named.takes("b@ONE", Some(3), Some(1)));
        assert!(named.takes("postmaster", Some(3), Some(1)));
        assert!(!named.takes("c@one", Some(3), Some(1)));
        assert!(named.takes("c@one", None, None));
    }
}
