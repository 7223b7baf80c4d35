//! A reply that was recorded, against the one that comes now.

use std::collections::BTreeSet;

use crate::conversation::file::Document;
use crate::smtp::{Capabilities, Reply, escape};

use super::masks::{Ends, Masks, hid};

/// How a reply compares to its recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// The same.
    Same,
    /// The same but for what these masks hid, in words.
    Masked(String),
    /// Another text; code, enhanced code and capabilities are the same.
    Drift(String),
    /// Something that counts is different.
    Differs(String),
}

/// Under what the texts of a recording's replies are compared.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// What is not compared.
    pub masks: Masks,
    /// The two ends of the recording.
    pub ends: Ends,
}

impl Texts {
    /// As the head of a file has it, and what was recorded in it.
    ///
    /// # Errors
    /// `[masks]` that are none.
    pub fn of(document: &Document) -> Result<Self, String> {
        Ok(Self { masks: Masks::of_head(&document.header.table)?, ends: Ends::of(&document.log) })
    }
}

/// Compares by code and enhanced status code and, where `offer` says that EHLO or LHLO was answered, by the set of
/// capabilities, and by the text under its masks, which counts where it is to be `exact`. The two ends of the conversation
/// that goes on are asked for only where texts differ.
pub fn compare(
    recorded: &Reply,
    now: &Reply,
    offer: bool,
    (texts, exact): (&Texts, bool),
    ends: impl FnOnce() -> Ends,
) -> Compared {
    if recorded.code() != now.code() {
        return Compared::Differs(format!("the code was {}, now it is {}", shown(recorded.code()), shown(now.code())));
    }
    if recorded.enhanced() != now.enhanced() {
        let (was, is) = (shown(recorded.enhanced()), shown(now.enhanced()));
        return Compared::Differs(format!("the enhanced status code was {was}, now it is {is}"));
    }
    if offer && let Some(words) = offers(recorded, now) {
        return Compared::Differs(words);
    }
    let (was, is) = (text(recorded), text(now));
    if was == is {
        return Compared::Same;
    }
    if let Some(masks) = texts.masks.alike(&was, &is, &texts.ends.clone().and(&ends())) {
        return Compared::Masked(hid(&masks));
    }
    let words = format!(
        "the text was \"{}\", now it is \"{}\"",
        escape::for_screen(was.replace('\n', " ").as_bytes()),
        escape::for_screen(is.replace('\n', " ").as_bytes())
    );
    if exact { Compared::Differs(words) } else { Compared::Drift(words) }
}

fn shown(code: Option<impl std::fmt::Display>) -> String {
    code.map_or_else(|| "missing".to_owned(), |code| code.to_string())
}

fn text(reply: &Reply) -> String {
    reply.lines.iter().map(|line| String::from_utf8_lossy(line.text()).into_owned()).collect::<Vec<_>>().join("\n")
}

/// What one offer has and the other does not. A limit such as that of SIZE is text, not a capability.
fn offers(recorded: &Reply, now: &Reply) -> Option<String> {
    let set = |reply: &Reply| -> BTreeSet<String> {
        let capabilities = Capabilities::from_reply(reply);
        capabilities
            .list
            .iter()
            .flat_map(|c| {
                let keyword = c.keyword.to_ascii_uppercase();
                let listed = if keyword == "SIZE" { &[][..] } else { &c.parameters };
                let each: Vec<_> = listed.iter().map(|p| format!("{keyword} {}", p.to_ascii_uppercase())).collect();
                if each.is_empty() { vec![keyword] } else { each }
            })
            .collect()
    };
    let (was, is) = (set(recorded), set(now));
    let list = |from: &BTreeSet<String>, to: &BTreeSet<String>| {
        let missing: Vec<_> = from.difference(to).map(|c| escape::for_screen(c.as_bytes())).collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    };
    match (list(&was, &is), list(&is, &was)) {
        (None, None) => None,
        (Some(gone), None) => Some(format!("no longer offered: {gone}")),
        (None, Some(new)) => Some(format!("newly offered: {new}")),
        (Some(gone), Some(new)) => Some(format!("no longer offered: {gone}; newly offered: {new}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reply;
    use super::*;

    fn kind(compared: &Compared) -> &'static str {
        match compared {
            Compared::Same => "same",
            Compared::Masked(_) => "masked",
            Compared::Drift(_) => "drift",
            Compared::Differs(_) => "differs",
        }
    }

    #[test]
    fn codes_count_and_texts_drift() {
        for (was, is, offer, loosely, exactly) in [
            ("250 2.0.0 Ok", "250 2.0.0 Ok", false, "same", "same"),
            ("250 2.0.0 Ok", "250 2.0.0 Fine", false, "drift", "differs"),
            ("250 queued as 4F3A", "250 queued as 77C0", false, "masked", "masked"),
            ("250 Ok", "251 Ok", false, "differs", "differs"),
            ("550 5.1.1 no", "550 5.7.1 no", false, "differs", "differs"),
            ("550 5.1.1 no", "550 no", false, "differs", "differs"),
            ("250-a\n250-DSN\n250 SIZE 1", "250-a\n250-SIZE 2\n250 DSN", true, "drift", "differs"),
            ("250-a\n250 DSN", "250-a\n250 STARTTLS", true, "differs", "differs"),
            ("250-a\n250 AUTH PLAIN LOGIN", "250-a\n250 AUTH LOGIN PLAIN", true, "drift", "differs"),
            ("250-a\n250 AUTH PLAIN LOGIN", "250-a\n250 AUTH LOGIN", true, "differs", "differs"),
        ] {
            let (was, is) = (reply(was), reply(is));
            let compared = |exact| kind(&compare(&was, &is, offer, (&Texts::default(), exact), Ends::default));
            assert_eq!((compared(false), compared(true)), (loosely, exactly), "{was:?}");
        }
    }

    #[test]
    fn what_changed_in_the_offer_is_named() {
        let (was, is) = (reply("250-a\n250-DSN\n250 HELP"), reply("250-a\n250-HELP\n250 CHUNKING"));
        let compared = compare(&was, &is, true, (&Texts::default(), false), Ends::default);
        assert_eq!(compared, Compared::Differs("no longer offered: DSN; newly offered: CHUNKING".to_owned()));
    }
}
