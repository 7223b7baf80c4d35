//! `[[account]]`: who can log in, and by what.

use serde::Deserialize;

use super::value;
use crate::smtp::sasl;

/// `[[account]]`. Its password is public on purpose.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// The token for XOAUTH2 and OAUTHBEARER; the password does for it where there is none.
    #[serde(default)]
    pub token: Option<String>,
    /// By which mechanisms.
    #[serde(default = "Mechanism::all")]
    pub mechanisms: Vec<Mechanism>,
}

impl Account {
    /// The token that logs this user in.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or(&self.password)
    }
}

/// A SASL mechanism that the lab speaks: any that is known.
#[derive(Debug, Clone, Copy)]
pub struct Mechanism(pub &'static sasl::Known);

impl Mechanism {
    /// Those of an account that names none.
    fn all() -> Vec<Self> {
        ["PLAIN", "LOGIN"].into_iter().filter_map(sasl::known).map(Self).collect()
    }

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.0.name
    }
}

impl PartialEq for Mechanism {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}
impl Eq for Mechanism {}

impl<'de> Deserialize<'de> for Mechanism {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = sasl::known(&word).map(Self);
        known.ok_or_else(|| value::not_one_of(&word, &sasl::names().collect::<Vec<_>>()))
    }
}
