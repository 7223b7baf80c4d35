//! A login that is written into a script, before anything is offered.

use super::Lenient;
use super::target::Way;
use crate::profile::{Endpoint, TlsMode};
use crate::smtp::sasl;

/// A login as a script has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) mechanism: String,
    /// What of it the server decides, in words.
    pub(super) hangs_on: Option<String>,
}

impl Way {
    /// How a script logs in, which is written before anything is offered: by a mechanism that is allowed there.
    pub(super) fn login(&self) -> Option<Written> {
        let auth = self.auth.as_ref()?;
        let encrypted = matches!(self.target.tls, TlsMode::Require | TlsMode::Implicit);
        let clear = encrypted || auth.allow_plaintext || matches!(self.target.endpoint, Endpoint::Lab(_));
        let is_allowed = |name: &str| clear || sasl::known(name).is_none_or(|known| !known.shows_secret);
        let several = self.mechanisms.iter().filter(|name| is_allowed(name)).chain(&self.mechanisms).next();
        let (mechanism, chosen) = match several {
            Some(only) if self.mechanisms.len() == 1 => (only.clone(), None),
            Some(first) => {
                (first.clone(), Some(format!("takes the first of {} that is offered", self.mechanisms.join(", "))))
            }
            None if !auth.mechanism.eq_ignore_ascii_case("auto") => (auth.mechanism.clone(), None),
            None => {
                // Under TLS nearly every server has PLAIN; without, what shows no password.
                let usual = if clear { ["PLAIN", "XOAUTH2"] } else { ["SCRAM-SHA-256", "OAUTHBEARER"] };
                let usual = sasl::strongest(&usual.map(str::to_owned), auth.proof, false);
                let name = usual.map_or("PLAIN", |known| known.name).to_owned();
                (name, Some("takes the strongest that is offered".to_owned()))
            }
        };
        let lenient = match self.lenient {
            Lenient::Never => None,
            Lenient::WhereNotOffered => Some("goes on without a login where none is offered".to_owned()),
            Lenient::Always => Some("goes on without a login where none comes about".to_owned()),
        };
        let hangs: Vec<String> = chosen.into_iter().chain(lenient).collect();
        let hangs_on = (!hangs.is_empty()).then(|| {
            format!("The login is by {mechanism} here; ehlo send {}. --auth MECHANISM fixes it.", hangs.join(", and "))
        });
        Some(Written { mechanism, hangs_on })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Auth, SecretSource, Target};

    #[test]
    fn a_script_logs_in_as_it_may_where_nothing_is_known_of_the_offer() {
        let written = |tls: TlsMode, mechanisms: &[&str], own: &str, lenient| {
            let auth = Auth { mechanism: own.to_owned(), ..Auth::new("dude", SecretSource::Prompt) };
            let target = Target { tls, ..Target::new("mx", Endpoint::Tcp { host: "mx".into(), port: 25 }) };
            let mechanisms = mechanisms.iter().map(|name| (*name).to_owned()).collect();
            let way = Way { target, auth: Some(auth), mechanisms, lenient, remark: None };
            let Written { mechanism, hangs_on } = way.login().expect("somebody logs in");
            (mechanism, hangs_on.unwrap_or_default())
        };
        let of = |tls, mechanisms, own| written(tls, mechanisms, own, Lenient::Never);
        let (name, words) = of(TlsMode::None, &[], "auto");
        assert!(name == "SCRAM-SHA-256" && words.contains("the strongest that is offered"), "{name}: {words}");
        assert_eq!(of(TlsMode::Starttls, &[], "auto").0, "SCRAM-SHA-256", "it may go on in clear text");
        assert_eq!(of(TlsMode::Require, &[], "auto").0, "PLAIN");
        assert_eq!(of(TlsMode::None, &[], "LOGIN"), ("LOGIN".to_owned(), String::new()));
        assert_eq!(of(TlsMode::None, &["LOGIN"], "auto"), ("LOGIN".to_owned(), String::new()));
        let (name, words) = of(TlsMode::None, &["LOGIN", "CRAM-MD5"], "auto");
        assert!(name == "CRAM-MD5" && words.contains("the first of LOGIN, CRAM-MD5"), "{name}: {words}");
        assert!(written(TlsMode::Require, &["PLAIN"], "auto", Lenient::Always).1.contains("goes on without a login"));
    }
}
