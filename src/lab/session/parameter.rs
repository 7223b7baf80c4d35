//! The parameters of MAIL and RCPT, checked (RFC 1870, 6152, 3030, 6531, 3461, 4954).

use super::Session;
use super::path::{Parameter, xtext};
use crate::smtp::Verb;

/// What the parameters of MAIL ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::lab) struct MailParameters {
    pub(in crate::lab) size: Option<u64>,
    pub(in crate::lab) binary: bool,
    pub(in crate::lab) utf8: bool,
    /// RET=HDRS.
    pub(in crate::lab) headers_only: bool,
    pub(in crate::lab) envid: Option<String>,
}

/// When a report about a recipient is wanted (RFC 3461 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) struct Notify {
    pub(in crate::lab) success: bool,
    pub(in crate::lab) failure: bool,
}

/// What the parameters of RCPT ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::lab) struct RcptParameters {
    pub(in crate::lab) notify: Option<Notify>,
    /// Address type and decoded address.
    pub(in crate::lab) orcpt: Option<(String, String)>,
}

/// A keyword twice, or one that is no keyword at all.
fn malformed(list: &[Parameter]) -> Option<String> {
    for (n, parameter) in list.iter().enumerate() {
        let keyword = &parameter.keyword;
        let right = keyword.starts_with(|c: char| c.is_ascii_alphanumeric())
            && keyword.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !right {
            return Some(format!("501 5.5.4 Bad parameter syntax: {}", parameter.text));
        }
        if list[..n].iter().any(|earlier| earlier.keyword == *keyword) {
            return Some(format!("501 5.5.4 Parameter given twice: {keyword}"));
        }
    }
    None
}

fn unsupported(parameter: &Parameter) -> String {
    format!("555 5.5.4 Unsupported option: {}", parameter.text)
}

impl Session {
    /// A parameter of a client that greeted with HELO: nothing was offered to it, so nothing may be asked for
    /// (RFC 5321 2.2.1, 4.1.1.11).
    fn unoffered(&self, list: &[Parameter]) -> Option<String> {
        let plain = self.greeted.as_ref().is_some_and(|(verb, _)| *verb == Verb::Helo);
        list.first().filter(|_| plain).map(unsupported)
    }

    pub(super) fn mail_parameters(&self, list: &[Parameter]) -> Result<MailParameters, String> {
        if let Some(refusal) = malformed(list).or_else(|| self.unoffered(list)) {
            return Err(refusal);
        }
        let mut out = MailParameters::default();
        for parameter in list {
            let value = parameter.value.as_deref().unwrap_or_default();
            match parameter.keyword.as_str() {
                "SIZE" if self.supports("SIZE") => {
                    let digits = (1..=20).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
                    if !digits {
                        return Err("501 5.5.4 Bad message size syntax".to_owned());
                    }
                    out.size = Some(value.parse().unwrap_or(u64::MAX));
                }
                "BODY" => match value.to_ascii_uppercase().as_str() {
                    "7BIT" | "8BITMIME" if self.supports("8BITMIME") => {}
                    "BINARYMIME" if self.supports("BINARYMIME") => out.binary = true,
                    _ => return Err(unsupported(parameter)),
                },
                "SMTPUTF8" if self.supports("SMTPUTF8") && parameter.value.is_none() => out.utf8 = true,
                "SMTPUTF8" if self.supports("SMTPUTF8") => {
                    return Err("501 5.5.4 Syntax: SMTPUTF8 takes no value".to_owned());
                }
                "RET" if self.supports("DSN") => match value.to_ascii_uppercase().as_str() {
                    "FULL" => {}
                    "HDRS" => out.headers_only = true,
                    _ => return Err("501 5.5.4 Bad RET parameter syntax".to_owned()),
                },
                "ENVID" if self.supports("DSN") => {
                    let decoded = xtext(value).filter(|text| text.iter().all(|b| (32..=126).contains(b)));
                    let Some(decoded) = decoded.filter(|_| value.len() <= 100) else {
                        return Err("501 5.5.4 Bad ENVID parameter syntax".to_owned());
                    };
                    out.envid = Some(String::from_utf8_lossy(&decoded).into_owned());
                }
                "AUTH" if self.auth_exists() => {
                    if value != "<>" && xtext(value).is_none() {
                        return Err("501 5.5.4 Bad AUTH parameter syntax".to_owned());
                    }
                }
                _ => return Err(unsupported(parameter)),
            }
        }
        Ok(out)
    }

    pub(super) fn rcpt_parameters(&self, list: &[Parameter]) -> Result<RcptParameters, String> {
        if let Some(refusal) = malformed(list).or_else(|| self.unoffered(list)) {
            return Err(refusal);
        }
        let dsn = self.supports("DSN");
        let mut out = RcptParameters::default();
        for parameter in list {
            let value = parameter.value.as_deref().unwrap_or_default();
            match parameter.keyword.as_str() {
                "NOTIFY" if dsn => {
                    let notify = notify(value);
                    out.notify = Some(notify.ok_or_else(|| "501 5.5.4 Error: Bad NOTIFY parameter syntax".to_owned())?);
                }
                "ORCPT" if dsn => {
                    let orcpt = orcpt(value);
                    out.orcpt = Some(orcpt.ok_or_else(|| "501 5.5.4 Error: Bad ORCPT parameter syntax".to_owned())?);
                }
                _ => return Err(unsupported(parameter)),
            }
        }
        Ok(out)
    }
}

fn notify(value: &str) -> Option<Notify> {
    let value = value.to_ascii_uppercase();
    if value == "NEVER" {
        return Some(Notify { success: false, failure: false });
    }
    let words: Vec<&str> = value.split(',').collect();
    let known = words.iter().all(|word| ["SUCCESS", "FAILURE", "DELAY"].contains(word));
    let twice = words.iter().enumerate().any(|(n, word)| words[..n].contains(word));
    (known && !twice).then(|| Notify { success: words.contains(&"SUCCESS"), failure: words.contains(&"FAILURE") })
}

fn orcpt(value: &str) -> Option<(String, String)> {
    let (kind, address) = value.split_once(';').filter(|_| value.len() <= 500)?;
    let atom = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    // The utf-8 type may hold UTF-8 as it is (RFC 6533 3).
    let decoded = if kind.eq_ignore_ascii_case("utf-8") && !address.is_empty() {
        address.to_owned()
    } else {
        String::from_utf8(xtext(address)?).ok()?
    };
    (atom && !decoded.chars().any(char::is_control)).then(|| (kind.to_owned(), decoded))
}
