//! The handshake through tokio-native-tls, with what can be said of it as remarks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::conversation::certificate::{Certificate, TlsFault};
use crate::conversation::event::Remark;
use crate::profile::TlsVersion;
use crate::smtp::escape;

use super::dial::Failure;
use super::handshake::{Facts, alert_words, cipher_name, version_name};
use super::inspect::{self, Found};
use super::stream::{Io, Tap};
use super::{Identity, TlsOptions};

/// What came of a handshake, with the remarks to record before anything else.
pub(super) struct Outcome {
    pub(super) remarks: Vec<Remark>,
    pub(super) result: Result<Box<dyn Io>, Failure>,
    /// It failed because the certificate was not trusted: a closer look would tell more.
    pub(super) untrusted: bool,
    /// What the server said instead of a handshake.
    pub(super) clear_text: Option<Vec<u8>>,
}

impl Outcome {
    fn failed(remarks: Vec<Remark>, words: String) -> Self {
        Self { remarks, result: Err(Failure::new("tls", words)), untrusted: false, clear_text: None }
    }

    fn done(remarks: Vec<Remark>, stream: Box<dyn Io>) -> Self {
        Self { remarks, result: Ok(stream), untrusted: false, clear_text: None }
    }
}

/// Shakes hands. `host` is the name that was dialled, `now` the time by which certificates are judged.
pub(super) async fn handshake(stream: Box<dyn Io>, host: &str, options: &TlsOptions, now: Timestamp) -> Outcome {
    let name = options.name.as_deref().unwrap_or(host);
    match options.verify {
        true if inspect::asks_for_old(options) => judged(stream, name, options, now).await,
        true => verifying(stream, name, options).await,
        false => regardless(stream, name, options, now).await,
    }
}

/// The library verifies; what it does not trust ends the connection.
async fn verifying(stream: Box<dyn Io>, name: &str, options: &TlsOptions) -> Outcome {
    let connector = match connector(options) {
        Ok(connector) => connector,
        Err(words) => return Outcome::failed(Vec::new(), words),
    };
    let (tap, tapped) = Tap::new(stream);
    let result = tokio_native_tls::TlsConnector::from(connector).connect(name, tap).await;
    let facts = Facts::of(&tapped.finish().received);
    match result {
        Ok(stream) => {
            let leaf = stream.get_ref().peer_certificate().ok().flatten().and_then(|cert| cert.to_der().ok());
            let wrong = leaf.as_deref().and_then(|leaf| another_name(leaf, options.verify_name.as_deref()?));
            let chain = if facts.chain.is_empty() { leaf.into_iter().collect() } else { facts.chain.clone() };
            let verified = if wrong.is_some() {
                about(&facts).with("failed", "yes")
            } else {
                about(&facts).with("verified", "yes")
            };
            let mut remarks = vec![verified];
            remarks.extend(certificates(&chain));
            match wrong {
                None => Outcome::done(remarks, Box::new(stream)),
                Some(words) => Outcome { untrusted: true, ..Outcome::failed(remarks, words) },
            }
        }
        Err(error) => {
            let mut remarks = Vec::new();
            if facts.version.is_some() {
                remarks.push(about(&facts).with("failed", "yes"));
            }
            remarks.extend(certificates(&facts.chain));
            let untrusted = error.to_string().contains("certificate verify failed");
            let failed = Outcome::failed(remarks, words(&error.to_string(), &facts, name, options));
            Outcome { untrusted, clear_text: facts.clear_text, ..failed }
        }
    }
}

/// Only versions are wanted that the library would not speak by the system's rules: what speaks against the certificate is
/// looked at once the handshake is done, before anything is said.
async fn judged(stream: Box<dyn Io>, name: &str, options: &TlsOptions, now: Timestamp) -> Outcome {
    let (tap, tapped) = Tap::new(stream);
    let result = inspect::handshake(tap, name, options, now).await;
    let facts = Facts::of(&tapped.finish().received);
    match result {
        Ok((stream, found)) if found.complete && found.faults.is_empty() => {
            Outcome::done(verdict(about(&facts), &found), Box::new(stream))
        }
        Ok((_, found)) => {
            let mut remarks = vec![about(&facts).with("failed", "yes")];
            remarks.extend(certificates(&found.chain));
            let reasons: Vec<String> = found.faults.iter().map(TlsFault::words).collect();
            let reasons = if reasons.is_empty() { "it can't be read".to_owned() } else { reasons.join("; ") };
            let words = format!("the server's certificate can't be trusted: {reasons}");
            Outcome { untrusted: true, ..Outcome::failed(remarks, words) }
        }
        Err(error) => broken(&error, facts, name, options),
    }
}

/// Verification is off: the handshake goes through, and what speaks against the certificate is said.
async fn regardless(stream: Box<dyn Io>, name: &str, options: &TlsOptions, now: Timestamp) -> Outcome {
    let (tap, tapped) = Tap::new(stream);
    let result = inspect::handshake(tap, name, options, now).await;
    let facts = Facts::of(&tapped.finish().received);
    match result {
        Ok((stream, found)) => {
            let remarks = verdict(about(&facts), &found);
            Outcome::done(remarks, Box::new(stream))
        }
        Err(error) => broken(&error, facts, name, options),
    }
}

/// It did not come to its end.
fn broken(error: &str, facts: Facts, name: &str, options: &TlsOptions) -> Outcome {
    let remarks = facts.version.map(|_| about(&facts).with("failed", "yes")).into_iter().collect();
    let failed = Outcome::failed(remarks, words(error, &facts, name, options));
    Outcome { clear_text: facts.clear_text, ..failed }
}

/// The remarks on a handshake that nothing stood in the way of.
fn verdict(tls: Remark, found: &Found) -> Vec<Remark> {
    let reasons: Vec<String> = found.faults.iter().map(TlsFault::words).collect();
    let tls = if reasons.is_empty() {
        tls.with("verified", "yes")
    } else {
        tls.with("verified", "no").with("reason", reasons.join("; "))
    };
    let mut remarks = vec![tls];
    remarks.extend(certificates(&found.chain));
    remarks
}

/// What is wrong where a certificate is not for the name that is meant.
fn another_name(leaf: &[u8], wanted: &str) -> Option<String> {
    let Some(leaf) = Certificate::parse(leaf) else {
        return Some("the server's certificate can't be read".to_owned());
    };
    let fault = TlsFault::WrongName { wanted: wanted.to_owned(), has: leaf.names.clone() };
    (!leaf.covers(wanted)).then(|| format!("the server's certificate is not the one that is meant: {}", fault.words()))
}

fn connector(options: &TlsOptions) -> Result<native_tls::TlsConnector, String> {
    let mut builder = native_tls::TlsConnector::builder();
    for pem in &options.roots {
        let certificate = native_tls::Certificate::from_pem(pem.as_bytes())
            .map_err(|error| format!("a certificate authority that was given can't be read: {error}"))?;
        builder.add_root_certificate(certificate);
    }
    let (least, most) = options.versions;
    if least.is_some() {
        builder.min_protocol_version(least.map(protocol));
    }
    if most.is_some() {
        builder.max_protocol_version(most.map(protocol));
    }
    let own = match &options.identity {
        None => None,
        Some(Identity::Pem { chain, key }) => Some(native_tls::Identity::from_pkcs8(chain.as_bytes(), key.expose())),
        Some(Identity::Pkcs12 { file, password }) => {
            let password = String::from_utf8_lossy(password.expose());
            Some(native_tls::Identity::from_pkcs12(file, &password))
        }
    };
    if let Some(own) = own {
        builder.identity(own.map_err(|error| format!("the certificate to show can't be used: {error}"))?);
    }
    if options.verify_name.is_some() {
        // Looked at once the handshake is done, under the name that is meant.
        builder.danger_accept_invalid_hostnames(true);
    }
    builder.build().map_err(|error| format!("TLS can't be set up: {}", reason(&error.to_string())))
}

fn protocol(version: TlsVersion) -> native_tls::Protocol {
    match version {
        TlsVersion::V10 => native_tls::Protocol::Tlsv10,
        TlsVersion::V11 => native_tls::Protocol::Tlsv11,
        TlsVersion::V12 => native_tls::Protocol::Tlsv12,
        TlsVersion::V13 => native_tls::Protocol::Tlsv13,
    }
}

fn about(facts: &Facts) -> Remark {
    let mut tls = Remark::new("tls");
    if let Some(version) = facts.version {
        tls = tls.with("version", version_name(version));
    }
    if let Some(cipher) = facts.cipher {
        tls = tls.with("cipher", cipher_name(cipher));
    }
    tls
}

fn certificates(chain: &[Vec<u8>]) -> impl Iterator<Item = Remark> {
    let remark =
        |(n, der): (usize, &Vec<u8>)| Remark::new("certificate").with("n", n).with("der", STANDARD.encode(der));
    chain.iter().enumerate().map(remark)
}

/// The alert that the library names; in TLS 1.3 it comes encrypted, and passes unseen.
fn alert_in(text: &str) -> Option<u8> {
    let (_, number) = text.split_once("SSL alert number ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Which versions are spoken is said there.
const VERSIONS: &str = "min_version and max_version in the profile's [tls] say which are";

/// What to do where the server wants a certificate and was shown none.
const SHOW_ONE: &str = "client_cert and client_key in the profile's [tls] show one";

/// An alert of the server's, with what would help.
fn of_alert(alert: u8, options: &TlsOptions) -> String {
    let words = alert_words(alert);
    let shown = options.identity.is_some();
    match alert {
        42..=46 | 48 if shown => {
            format!("it did not take the certificate that was shown to it: {words} (alert {alert})")
        }
        116 => format!("{words} (alert {alert}); {SHOW_ONE}"),
        40 | 70 => match offered(options.versions) {
            Some(offered) if alert == 70 => format!("{words} (alert {alert}): {offered}"),
            // The cipher suites are common ground too.
            Some(offered) if narrowed(options.versions) => {
                format!("{words} (alert {alert}); it is most likely the version: {offered}")
            }
            _ => format!("{words} (alert {alert})"),
        },
        _ => format!("{words} (alert {alert})"),
    }
}

/// Which versions were offered, where not all were, and what to do about it.
fn offered((least, most): (Option<TlsVersion>, Option<TlsVersion>)) -> Option<String> {
    use TlsVersion::{V10, V13};
    let (what, wanted) = match (least, most.filter(|most| *most != V13)) {
        (None, None) => return None,
        (_, Some(V10)) => (format!("{} alone was", name_of(V10)), "a later"),
        (Some(V13), _) => (format!("{} alone was", name_of(V13)), "an earlier"),
        (Some(least), Some(most)) if least == most => (format!("{} alone was", name_of(most)), "another"),
        (Some(least), Some(most)) => (format!("{} to {} were", name_of(least), name_of(most)), "another"),
        (None, Some(most)) => (format!("nothing later than {} was", name_of(most)), "a later"),
        (Some(least), None) => (format!("nothing earlier than {} was", name_of(least)), "an earlier"),
    };
    Some(format!("{what} offered, and the server wants {wanted} one; {VERSIONS} offered"))
}

fn name_of(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::V10 => "TLS 1.0",
        TlsVersion::V11 => "TLS 1.1",
        TlsVersion::V12 => "TLS 1.2",
        TlsVersion::V13 => "TLS 1.3",
    }
}

/// Whether a version that servers of today speak was not offered.
fn narrowed((least, most): (Option<TlsVersion>, Option<TlsVersion>)) -> bool {
    least == Some(TlsVersion::V13) || most.is_some_and(|most| most != TlsVersion::V13)
}

/// What an error means that came once the handshake was done: in TLS 1.3 only then does the server say that it does not
/// take the client's certificate. None where it is no alert of the server's.
pub(super) fn refused_later(error: &str, options: &TlsOptions) -> Option<String> {
    let alert = alert_in(error)?;
    Some(format!("the server ended the TLS session: {}", of_alert(alert, options)))
}

/// Why a handshake failed, in words, from what the library says and from what was seen to pass.
fn words(text: &str, facts: &Facts, name: &str, options: &TlsOptions) -> String {
    if let Some(clear) = &facts.clear_text {
        let shown = escape::for_screen(clear.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_end());
        return format!("the server does not speak TLS here; it answered in clear text: {shown}");
    }
    if let Some(alert) = facts.alert.or_else(|| alert_in(text)) {
        // Up to TLS 1.2 there is no alert for it: servers say failure, bad certificate or another one of those. Where a
        // certificate was asked for, version and cipher had been agreed on.
        if facts.asks_certificate && options.identity.is_none() && matches!(alert, 40..=49 | 116) {
            return format!(
                "the server ended the TLS handshake: it wants a certificate of the client, and was shown none (alert \
                 {alert}); {SHOW_ONE}"
            );
        }
        return format!("the server ended the TLS handshake: {}", of_alert(alert, options));
    }
    let has = |what: &str| text.contains(what);
    if has("certificate has expired") {
        "the server's certificate has expired".to_owned()
    } else if has("not yet valid") {
        "the server's certificate is not valid yet".to_owned()
    } else if has("self-signed certificate in certificate chain") || has("unable to get local issuer") {
        "the server's certificate comes from an authority that this machine does not trust".to_owned()
    } else if has("self-signed certificate") || has("self signed") {
        "the server's certificate is self-signed; nobody vouches for it".to_owned()
    } else if has("hostname mismatch") || has("IP address mismatch") {
        format!("the server's certificate is not for the name {name}")
    } else if has("certificate purpose") {
        format!("the server's certificate can't be trusted: {}", inspect::NO_SERVERS)
    } else if has("key too weak") || has("key too small") {
        "the server's certificate has a key that is too short to be trusted".to_owned()
    } else if has("unsupported protocol") || has("unsupported version") || has("wrong ssl version") {
        let spoken = facts.version.map(|version| format!("the server chose {}", version_name(version)));
        format!(
            "{}, which is not allowed here; {}",
            spoken.as_deref().unwrap_or("the server chose a version of TLS"),
            VERSIONS
        )
    } else if has("no protocols available") {
        format!(
            "this machine's TLS library does none of the versions that are allowed: the oldest are off here; {VERSIONS}"
        )
    } else if has("unexpected EOF") || has("reset by peer") || has("handshake process was interrupted") {
        let asked = facts.asks_certificate && options.identity.is_none();
        let why = if asked {
            format!("; it had asked for a certificate of the client, and was shown none: {SHOW_ONE}")
        } else {
            String::new()
        };
        format!("the server closed the connection in the middle of the TLS handshake{why}")
    } else if has("excessive message size") {
        "the server's certificates are larger than a handshake may be; nobody needs so many".to_owned()
    } else if has("packet length too long") || has("wrong version number") || has("bad record type") {
        "the server does not speak TLS here: what it sent is no TLS record".to_owned()
    } else {
        format!("the TLS handshake failed: {}", reason(text))
    }
}

/// The words of an error of OpenSSL's, which gives them between numbers and places of its own:
/// `error:0A000126:SSL routines::unexpected eof while reading:../ssl/record/rec_layer_s3.c:650:`.
fn reason(text: &str) -> &str {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        ["error", _, _, _, reason, ..] if !reason.is_empty() => reason,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_of_versions_is_said_in_words() {
        use TlsVersion::{V10, V11, V12, V13};
        let said = |alert, versions| of_alert(alert, &TlsOptions { versions, ..TlsOptions::default() });
        for (alert, versions, words) in [
            (40, (Some(V10), Some(V10)), "TLS 1.0 alone was offered, and the server wants a later one; "),
            (40, (Some(V10), Some(V11)), "TLS 1.0 to TLS 1.1 were offered"),
            (40, (None, Some(V12)), "nothing later than TLS 1.2 was offered"),
            (70, (Some(V13), None), "TLS 1.3 alone was offered, and the server wants an earlier one; "),
            (70, (Some(V12), None), "nothing earlier than TLS 1.2 was offered"),
            (70, (Some(V12), Some(V12)), "(alert 70): TLS 1.2 alone was offered"),
        ] {
            let said = said(alert, versions);
            assert!(said.contains(words) && said.ends_with("say which are offered"), "{said}");
        }
        for versions in [(None, None), (Some(V12), None), (Some(V12), Some(V13))] {
            assert_eq!(said(40, versions), "it found no common ground (handshake failure) (alert 40)");
        }
    }

    #[test]
    fn an_error_of_the_library_is_said_without_its_numbers() {
        let said = |text: &str| words(text, &Facts::default(), "mx", &TlsOptions::default());
        assert_eq!(
            said("error:0A000098:SSL routines:read_state_machine:excessive message size:../ssl/statem/statem.c:609:"),
            "the server's certificates are larger than a handshake may be; nobody needs so many"
        );
        assert_eq!(
            said("error:0A0000C6:SSL routines::no shared cipher:../ssl/x.c:1:"),
            "the TLS handshake failed: no shared cipher"
        );
        assert_eq!(said("something else"), "the TLS handshake failed: something else");
    }

    #[test]
    fn an_alert_is_said_in_words_even_where_it_came_encrypted() {
        let text = "error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error:../ssl/rec_layer_s3.c:1601:\
                    SSL alert number 80";
        let said = words(text, &Facts::default(), "mx.target.local", &TlsOptions::default());
        assert_eq!(said, "the server ended the TLS handshake: it had an internal error (alert 80)");
        assert_eq!(alert_in("SSL alert number many"), None);
    }

    #[test]
    fn a_server_that_was_shown_no_certificate_says_so_below_1_3_too() {
        let asked = |alert| Facts { asks_certificate: true, alert, ..Facts::default() };
        let said = |text: &str, facts: &Facts| words(text, facts, "mx", &TlsOptions::default());
        for alert in [40, 42] {
            let said = said("x", &asked(Some(alert)));
            assert!(said.contains("wants a certificate of the client") && said.ends_with(SHOW_ONE), "{said}");
        }
        assert!(said("unexpected EOF", &asked(None)).contains(SHOW_ONE));
        assert!(!said("x", &Facts { alert: Some(40), ..Facts::default() }).contains("certificate"));
        assert!(!said("x", &asked(Some(80))).contains(SHOW_ONE));
    }
}
