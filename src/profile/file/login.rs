//! `[auth]`: who logs in, by what, and where the secret comes from.

use serde::Deserialize;
use toml::Spanned;

use super::super::{Auth, Endpoint, SecretSource, Target, nearest};
use super::{ProfileError, Source};
use crate::smtp::escape::for_screen;
use crate::smtp::sasl::{self, Proof};

/// The table as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthTable {
    user: String,
    mechanism: Option<Spanned<String>>,
    #[serde(default)]
    allow_plaintext: bool,
    password: Option<Spanned<toml::Value>>,
    token: Option<Spanned<toml::Value>>,
    authorise_as: Option<Spanned<String>>,
    initial_response: Option<bool>,
}

pub(super) fn auth_of(source: &Source<'_>, auth: &AuthTable, target: &Target) -> Result<Auth, ProfileError> {
    let mechanism = mechanism(source, auth.mechanism.as_ref())?;
    let proof = proof(source, auth, &mechanism, target)?;
    if let Some(whom) = auth.authorise_as.as_ref().filter(|whom| whom.get_ref().contains(char::is_control)) {
        return Err(source.error(whom.span().start, "a control character has no place in a name"));
    }
    let password = match auth.password.as_ref().or(auth.token.as_ref()) {
        Some(given) => {
            let what = if auth.token.is_some() { "token" } else { "password" };
            let owner = (target.endpoint.host(), auth.user.clone());
            secret_source(source, given, what, owner)?
        }
        None => match (&target.endpoint, &target.auth) {
            _ if matches!(proof, Proof::Certificate | Proof::Nothing) => SecretSource::Nothing,
            (Endpoint::Lab(_), Some(known)) if known.user == auth.user => known.password.clone(),
            _ => SecretSource::Prompt,
        },
    };
    Ok(Auth {
        user: auth.user.clone(),
        mechanism,
        allow_plaintext: auth.allow_plaintext,
        password,
        proof,
        authorise_as: auth.authorise_as.as_ref().map(|whom| whom.get_ref().clone()),
        initial_response: auth.initial_response.unwrap_or(true),
    })
}

/// What the secret is: as the mechanism wants it; where that is to be found out, as the file names it.
fn proof(source: &Source<'_>, auth: &AuthTable, mechanism: &str, target: &Target) -> Result<Proof, ProfileError> {
    if let (Some(_), Some(token)) = (&auth.password, &auth.token) {
        return Err(source.error(token.span().start, "`password` and `token` can't both be given; keep one"));
    }
    let Some(known) = sasl::known(mechanism) else {
        return Ok(match (&auth.password, &auth.token) {
            (_, Some(_)) => Proof::Token,
            (None, None) if target.client_cert.is_some() => Proof::Certificate,
            _ => Proof::Password,
        });
    };
    let name = known.name;
    match (known.proof, &auth.password, &auth.token) {
        (Proof::Password, _, Some(token)) => Err(source.error(
            token.span().start,
            format!("{name} takes a password: write `password` in place of `token`, or take XOAUTH2 or OAUTHBEARER"),
        )),
        (Proof::Certificate | Proof::Nothing, Some(given), _)
        | (Proof::Certificate | Proof::Nothing, _, Some(given)) => {
            let instead =
                if known.proof == Proof::Nothing { "nothing" } else { "`client_cert` and `client_key` in [tls]" };
            Err(source.error(given.span().start, format!("{name} takes no secret; it wants {instead}")))
        }
        (Proof::Certificate, ..) if target.client_cert.is_none() => {
            let at = auth.mechanism.as_ref().map_or(0, |mechanism| mechanism.span().start);
            Err(source.error(at, format!("{name} wants a certificate: `client_cert` and `client_key` in [tls]")))
        }
        (proof, ..) => Ok(proof),
    }
}

/// `auto`, or one that is spoken here.
fn mechanism(source: &Source<'_>, given: Option<&Spanned<String>>) -> Result<String, ProfileError> {
    let Some(given) = given else { return Ok("auto".to_owned()) };
    let known = ["auto"].into_iter().chain(sasl::names()).find(|name| name.eq_ignore_ascii_case(given.get_ref()));
    known.map(str::to_owned).ok_or_else(|| {
        let shown = for_screen(given.get_ref().as_bytes());
        let names = sasl::names().collect::<Vec<_>>().join(", ");
        source.error(given.span().start, format!("`{shown}` is not a mechanism that ehlo speaks; auto, {names} are"))
    })
}

/// Where a secret comes from, of the key of this name; in the keyring it stands under this host and user.
pub(super) fn secret_source(
    source: &Source<'_>,
    given: &Spanned<toml::Value>,
    what: &str,
    (host, user): (String, String),
) -> Result<SecretSource, ProfileError> {
    const KINDS: [&str; 4] = ["env", "command", "keyring", "prompt"];
    let error = |words: String| source.error(given.span().start, words);
    let expected = "expected one of { env = \"NAME\" }, { command = \"...\" }, { keyring = true }, { prompt = true }";
    let table = given.get_ref().as_table().filter(|table| table.len() == 1);
    let Some((key, value)) = table.and_then(|table| table.iter().next()) else {
        return Err(error(format!("`{what}` names one source; {expected}")));
    };
    match (key.as_str(), value) {
        ("env", toml::Value::String(name)) if !name.is_empty() => Ok(SecretSource::Environment(name.clone())),
        ("command", toml::Value::String(command)) if !command.trim().is_empty() => {
            Ok(SecretSource::Command(command.clone()))
        }
        ("prompt", toml::Value::Boolean(true)) => Ok(SecretSource::Prompt),
        ("keyring", toml::Value::Boolean(true)) => Ok(SecretSource::Keyring { host, user }),
        ("env", toml::Value::String(_)) => {
            Err(error(format!("the name of the variable that holds the {what} is missing")))
        }
        ("command", toml::Value::String(_)) => {
            Err(error(format!("the command whose first line is the {what} is missing")))
        }
        (known, _) if KINDS.contains(&known) => Err(error(format!("`{known}` has another kind of value; {expected}"))),
        (unknown, _) => Err(error(match nearest(unknown, KINDS) {
            Some(known) => format!("`{unknown}` is not a source of a {what}; `{known}` is the nearest that is"),
            None => format!("`{unknown}` is not a source of a {what}; {expected}"),
        })),
    }
}
