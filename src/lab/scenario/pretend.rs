//! `[[pretend]]`: what the DNS and the checks of a sender are played to say (S19). The lab resolves and verifies nothing.

use std::net::IpAddr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::rule::{Glob, Rule};
use super::sense::{Place, nth};
use super::value::{Network, not_one_of};

/// Results of SPF (RFC 7208 2.6).
const SPF: [&str; 7] = ["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"];
/// Results of DKIM (RFC 8601 2.7.1).
const DKIM: [&str; 7] = ["none", "pass", "fail", "policy", "neutral", "temperror", "permerror"];
/// Results of DMARC (RFC 7489 11.2).
const DMARC: [&str; 5] = ["none", "pass", "fail", "temperror", "permerror"];

/// A result, one of those above.
type Word = &'static str;

/// What is played of those whom all given conditions meet; for each fact the first table that tells it wins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretend {
    /// From where the client comes.
    pub client: Option<Network>,
    /// The name that it greeted with.
    pub helo: Option<Glob>,
    /// The reverse-path.
    pub from: Option<Glob>,
    /// The address in the message's `From:`; nothing of it is known before the message has come.
    pub header_from: Option<Glob>,
    /// The name that its address leads to; `none` where it has none.
    pub ptr: Option<Name>,
    /// What SPF says of it.
    #[serde(default, deserialize_with = "spf")]
    pub spf: Option<Word>,
    /// What DKIM says of it.
    #[serde(default, deserialize_with = "dkim")]
    pub dkim: Option<Word>,
    /// What DMARC says of it.
    #[serde(default, deserialize_with = "dmarc")]
    pub dmarc: Option<Word>,
    /// The block list that it is on; `none` for none.
    pub listed: Option<Name>,
}

/// A name of the DNS, or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
            return Err(D::Error::custom(format!("{text:?} is no host name; write one, or \"none\"")));
        }
        Ok(Self(text))
    }
}

fn word<'de, D: Deserializer<'de>>(deserializer: D, known: &[&'static str]) -> Result<Option<&'static str>, D::Error> {
    let word = String::deserialize(deserializer)?;
    known.iter().find(|result| **result == word).copied().map(Some).ok_or_else(|| not_one_of(&word, known))
}

fn spf<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'static str>, D::Error> {
    word(deserializer, &SPF)
}

fn dkim<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'static str>, D::Error> {
    word(deserializer, &DKIM)
}

fn dmarc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'static str>, D::Error> {
    word(deserializer, &DMARC)
}

/// Who is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// From where the client comes.
    pub client: IpAddr,
    /// The name that it greeted with.
    pub helo: Option<&'a str>,
    /// The reverse-path.
    pub from: Option<&'a str>,
    /// The address in the message's `From:`.
    pub header_from: Option<&'a str>,
}

/// What is played of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Played {
    /// The name that its address leads to, or `none`; nothing where that was not played.
    pub ptr: Option<String>,
    /// What SPF says; `none` where that was not played.
    pub spf: Option<&'static str>,
    /// The same of DKIM.
    pub dkim: Option<&'static str>,
    /// The same of DMARC.
    pub dmarc: Option<&'static str>,
    /// The block list, or `none`.
    pub listed: Option<String>,
}

/// The names of the facts, as they stand in `[[pretend]]`, in rules and in the braces of replies.
pub(super) const FACTS: [&str; 5] = ["ptr", "spf", "dkim", "dmarc", "listed"];

impl Played {
    /// What these tables play of somebody.
    #[must_use]
    pub fn of(tables: &[Pretend], looked: &Looked<'_>) -> Self {
        let meets = |glob: &Option<Glob>, text: Option<&str>| {
            glob.as_ref().is_none_or(|glob| text.is_some_and(|text| glob.matches(text)))
        };
        let mut played = Self::default();
        let about = tables.iter().filter(|table| {
            table.client.is_none_or(|network| network.holds(looked.client))
                && meets(&table.helo, looked.helo)
                && meets(&table.from, looked.from)
                && meets(&table.header_from, looked.header_from)
        });
        for table in about {
            played.ptr = played.ptr.or_else(|| table.ptr.clone().map(|name| name.0));
            played.spf = played.spf.or(table.spf);
            played.dkim = played.dkim.or(table.dkim);
            played.dmarc = played.dmarc.or(table.dmarc);
            played.listed = played.listed.or_else(|| table.listed.clone().map(|name| name.0));
        }
        played
    }

    /// A fact by its name: what nobody plays is `unknown` for a name in the DNS, and `none` else. None for another name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        Some(match name {
            "ptr" => self.ptr.as_deref().unwrap_or("unknown"),
            "spf" => self.spf.unwrap_or("none"),
            "dkim" => self.dkim.unwrap_or("none"),
            "dmarc" => self.dmarc.unwrap_or("none"),
            "listed" => self.listed.as_deref().unwrap_or("none"),
            _ => return None,
        })
    }
}

/// What is wrong with the tables, or with the rules that ask for what they tell, and where.
pub(super) fn senseless(tables: &[Pretend], rules: &[Rule]) -> Option<(Place, String)> {
    let tells = |table: &Pretend| {
        [table.ptr.is_some(), table.spf.is_some(), table.dkim.is_some(), table.dmarc.is_some(), table.listed.is_some()]
    };
    if let Some(n) = tables.iter().position(|table| !tells(table).contains(&true)) {
        let what = format!("[[pretend]] {} tells nothing; give it {}", n + 1, FACTS.join(", "));
        return Some((nth("pretend", n, ""), what));
    }
    for (at, fact) in FACTS.iter().enumerate() {
        let asked = rules.iter().position(|rule| rule.plays()[at].is_some());
        if let Some(n) = asked.filter(|_| !tables.iter().any(|table| tells(table)[at])) {
            let what = format!("a [[rule]] asks for {fact}, and no [[pretend]] tells any; add one with {fact} = ...");
            return Some((nth("rule", n, fact), what));
        }
        // A misspelt result would never be met.
        let known: &[&str] = match *fact {
            "spf" => &SPF,
            "dkim" => &DKIM,
            "dmarc" => &DMARC,
            _ => continue,
        };
        let met = |glob: &Glob| known.iter().any(|word| glob.matches(word));
        if let Some(n) = rules.iter().position(|rule| rule.plays()[at].is_some_and(|glob| !met(glob))) {
            let known = known.join(", ");
            let what = format!("a [[rule]] asks for a result of {fact} that there is not; there are: {known}");
            return Some((nth("rule", n, fact), what));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::scenario::Scenario;

    fn scenario(text: &str) -> Result<Scenario, String> {
        let text = format!("ehlo = 1\ntitle = \"T\"\n[capabilities]\nadvertise = []\n{text}");
        Scenario::parse("t.toml", &text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_table_that_tells_a_fact_of_somebody_wins() {
        let tables = scenario(
            "[[pretend]]\nfrom = \"*@bank.example\"\nheader_from = \"*@bank.example\"\ndmarc = \"pass\"\n\
             [[pretend]]\nheader_from = \"*@bank.example\"\ndmarc = \"fail\"\n\
             [[pretend]]\nclient = \"127.0.0.0/8\"\nhelo = \"listed.example\"\nptr = \"none\"\nlisted = \"lists.example\"\n\
             [[pretend]]\nptr = \"host.example\"\nspf = \"softfail\"\n",
        )
        .expect("well formed")
        .pretends;
        let played = |helo, from, header_from| {
            let client = IpAddr::from([127, 0, 0, 1]);
            let played = Played::of(&tables, &Looked { client, helo, from, header_from });
            FACTS.map(|fact| played.fact(fact).expect("a fact").to_owned()).join(" ")
        };
        assert_eq!(played(None, None, None), "host.example softfail none none none");
        assert_eq!(played(Some("listed.example"), None, None), "none softfail none none lists.example");
        assert_eq!(played(None, None, Some("a@bank.example")), "host.example softfail none fail none");
        let both = played(None, Some("a@bank.example"), Some("b@bank.example"));
        assert_eq!(both, "host.example softfail none pass none");
        assert_eq!(Played::default().fact("ptr"), Some("unknown"));
        assert_eq!(Played::default().fact("helo"), None);
    }

    #[test]
    fn what_can_not_be_meant_is_said() {
        for (text, words) in [
            ("[[pretend]]\nspf = \"fial\"\n", "t.toml:6:7: \"fial\" is not known here; did you mean \"fail\"?"),
            ("[[pretend]]\nhelo = \"a\"\n", "[[pretend]] 1 tells nothing"),
            ("[[pretend]]\nptr = \"a b\"\n", "no host name"),
            ("[[pretend]]\npointer = \"a\"\n", "t.toml:6:1: the key \"pointer\" is not known here"),
            ("[[rule]]\non = \"MAIL\"\nspf = \"fail\"\nreply = \"550 no\"\n", "no [[pretend]] tells any"),
            (
                "[[pretend]]\nspf = \"fail\"\n[[rule]]\non = \"MAIL\"\nspf = \"fial\"\nreply = \"550 no\"\n",
                "a result of spf that there is not",
            ),
        ] {
            let said = scenario(text).expect_err(text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
