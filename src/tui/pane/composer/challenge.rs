//! What an open 334 asks for: decoded, and what to type.

use crate::conversation::dialogue::Ask;
use crate::smtp::escape::for_screen;
use crate::smtp::lint::Severity;
use crate::smtp::sasl::typed::{self, Repaired};
use crate::smtp::{Lint, Phase, Verb, sasl};
use crate::tui::keymap::verbatim;
use crate::tui::talk::Talk;

/// What the answer is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// The name of the user.
    User,
    /// The password.
    Password,
    /// User and password in one, as PLAIN has it (RFC 4616).
    Plain,
    /// User and token in one, as XOAUTH2 and OAUTHBEARER have it.
    Token,
    /// A line with nothing in it, or nothing that matters, after which the server goes on.
    Formality,
    /// What only a calculation can give.
    Sum,
    /// Something else.
    Other,
}

/// Octets of a challenge that are looked at: it is asked for at every key, and a server may send very many.
const LOOKED_AT: usize = 1024;

/// A challenge within AUTH (RFC 4954 4) that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The mechanism as it was named, in capitals.
    pub mechanism: String,
    /// The text of the 334, decoded and fit for a screen; as it came where it is no base64.
    pub text: String,
    /// What the answer is to be.
    pub wants: Wants,
    /// How many answers were given before, an initial response included.
    pub given: usize,
    /// Whose answer the target knows: a key gives it.
    pub known: Option<String>,
}

impl Challenge {
    /// The challenge that is open now, if one is; `user` is who logs in as the target says.
    #[must_use]
    pub fn of(talk: &Talk, user: Option<&str>) -> Option<Self> {
        let state = talk.dialogue.state();
        if !talk.is_open() || state.phase() != Phase::Auth {
            return None;
        }
        let exchanges = talk.dialogue.exchanges();
        let begun = exchanges.iter().rposition(|x| x.verb == Verb::Auth && x.ask == Ask::Command)?;
        let entry = talk.log.get(exchanges[begun].command()?)?;
        let line = String::from_utf8_lossy(entry.bytes).into_owned();
        let mut words = line.split_whitespace().skip(1);
        let mechanism = for_screen(words.next().unwrap_or_default().to_ascii_uppercase().as_bytes());
        let given = exchanges.len() - 1 - begun + usize::from(words.next().is_some());
        let reply = talk.dialogue.reply(&talk.log, exchanges.len() - 1)?;
        // A screen shows no more of it; whole groups of base64, so that the beginning can be decoded.
        let raw = reply.lines.last()?.text();
        let raw = raw[..raw.len().min(LOOKED_AT)].to_vec();
        let text = for_screen(&sasl::decode(&raw).unwrap_or(raw));
        let wants = wants(&mechanism, &text, given);
        let speaks = sasl::known(&mechanism).is_some();
        Some(Self { mechanism, text, wants, given, known: user.filter(|_| speaks).map(for_screen_of) })
    }

    /// What the second row says while nothing is typed, longest first.
    pub(super) fn sentences(&self) -> Vec<String> {
        let how = match self.wants {
            Wants::User => "type $ and the user name",
            Wants::Password => "type $ and the password",
            Wants::Plain => r"type $\0user\0password",
            Wants::Token if self.mechanism == "OAUTHBEARER" => r"type $n,a=USER,\1auth=Bearer TOKEN\1\1",
            Wants::Token => r"type $user=USER\1auth=Bearer TOKEN\1\1",
            Wants::Formality if self.mechanism == "OAUTHBEARER" => "AQ== lets the refusal come",
            Wants::Formality => "an empty line (Enter twice) goes on",
            Wants::Sum => "the answer is to be calculated; its base64 goes here",
            Wants::Other => "type $ and the answer, or its base64",
        };
        let asked = match (self.wants, self.text.trim().is_empty()) {
            (Wants::Plain, _) => "PLAIN wants one answer".to_owned(),
            (Wants::Token, true) => format!("{} wants one message", self.mechanism),
            (Wants::Formality, _) => "The server has said what it had to".to_owned(),
            (_, true) => "The server waits for an answer".to_owned(),
            (_, false) => format!("The server asks “{}”", verbatim(self.text.trim())),
        };
        let known = self.known.as_deref().map(verbatim);
        let key = known.map(|user| format!(" · {{ready}} answers as {user}")).unwrap_or_default();
        let briefly = key.split(" as ").next().unwrap_or_default();
        vec![
            format!("{asked}: {how}; it goes out as base64{key} · a lone * gives up"),
            format!("{asked}: {how}{key} · a lone * gives up"),
            format!("{asked}: {how}{key}"),
            format!("{asked}: {how}{briefly}"),
            format!("{how}{briefly}"),
            how.to_owned(),
        ]
    }

    /// Says why an answer that is no base64 will not do, and what sends what was meant.
    pub(super) fn no_base64(&self, line: &str, finding: &mut Lint) {
        if let Some(repaired) = Repaired::of(line.as_bytes()) {
            (finding.reason, finding.mended) = (repaired.reason_with_text(), Some(repaired.whole));
            return;
        }
        // Behind $ it would be encoded twice.
        if self.wants == Wants::Plain && typed::is_broken(line.as_bytes()) {
            "This is no base64: letters of it are missing or mistyped.".clone_into(&mut finding.reason);
            return;
        }
        let reason = match self.wants {
            Wants::Plain => r"This is no base64; PLAIN is $\0user\0password.",
            _ => "This is no base64; $ before it has ehlo encode it.",
        };
        // What was meant as text can be sent as what the server wants.
        (finding.reason, finding.mended) = (reason.to_owned(), self.encoded(line));
    }

    /// The line that sends a text that was typed without its `$`; nothing where not enough is known for it.
    pub(super) fn encoded(&self, text: &str) -> Option<String> {
        match (self.wants, &self.known) {
            (Wants::Plain, _) if text.split("\\0").count() == 3 => Some(format!("${text}")),
            (Wants::Plain, Some(user)) => Some(format!("$\\0{user}\\0{text}")),
            (Wants::Plain, None) | (Wants::Token | Wants::Formality | Wants::Sum, _) => None,
            _ => Some(format!("${text}")),
        }
    }

    /// A name or a password that happens to be base64, but of nothing that could be either: it was meant as typed.
    pub(super) fn as_typed(&self, line: &str) -> Option<Lint> {
        if self.wants == Wants::Plain
            && typed::text_of(line.as_bytes()).is_some_and(|text| text.matches('\0').count() != 2)
        {
            return Some(Lint {
                name: "plain-parts",
                severity: Severity::Odd,
                span: 0..line.len(),
                reason: r"This base64 has not the three parts of PLAIN; $\0user\0password is encoded so that it has."
                    .to_owned(),
                reference: "RFC 4616 2".into(),
                mended: None,
            });
        }
        let asked = matches!(self.wants, Wants::User | Wants::Password);
        if !asked
            || line.is_empty()
            || line.starts_with('$')
            || line == "*"
            || typed::text_of(line.as_bytes()).is_some()
        {
            return None;
        }
        Some(Lint {
            name: "base64-of-no-text",
            severity: Severity::Odd,
            span: 0..line.len(),
            reason: "As base64 this is no text; $ sends these letters.".to_owned(),
            reference: "RFC 4954 4".into(),
            mended: self.encoded(line),
        })
    }

    /// What is odd about a text that is to be encoded, longest first.
    pub(super) fn odd(&self, text: &str) -> Option<Vec<String>> {
        match self.wants {
            Wants::Plain if !text.is_empty() && text.split("\\0").count() != 3 => Some(vec![
                r"PLAIN has a \0 before the user and one before the password: $\0user\0password".to_owned(),
                r"PLAIN is $\0user\0password".to_owned(),
            ]),
            Wants::Sum if !text.is_empty() && !self.is_sum(text) => Some(self.readable()),
            _ => None,
        }
    }

    /// Whether a text can be what was calculated: the user and 32 digits of CRAM-MD5 (RFC 2195 2), a message of SCRAM (RFC
    /// 5802 7).
    fn is_sum(&self, text: &str) -> bool {
        if self.mechanism != "CRAM-MD5" {
            return ["n,", "y,", "p=", "c="].iter().any(|begins| text.starts_with(begins));
        }
        let digits = text.rsplit_once(' ').map(|(_, digits)| digits).unwrap_or_default();
        digits.len() == 32 && digits.bytes().all(|octet| octet.is_ascii_hexdigit())
    }

    /// A password would go out as it is, where a sum made with it is asked for.
    fn readable(&self) -> Vec<String> {
        let name = verbatim(&self.mechanism);
        let asks = format!("{name} asks for an HMAC, not for the password");
        let key = if self.known.is_some() { " · {ready} calculates it" } else { "" };
        vec![
            format!("{asks}: base64 hides nothing, and who reads the line would have it{key} · a lone * gives up"),
            format!("{asks}: in base64 anybody can read it{key}"),
            format!("an HMAC is asked for, not the password{key}"),
            "an HMAC is asked for, not the password".to_owned(),
        ]
    }
}

/// Mends the response behind AUTH where only its ends are wrong. The line stands there in the open already: no other
/// lint of it is mended, since those are shown elsewhere too.
pub(super) fn repair(line: &str, finding: &mut Lint) {
    let span = finding.span.clone();
    let repaired = line.get(span.clone()).and_then(|response| Repaired::of(response.as_bytes()));
    finding.mended = repaired.map(|it| [&line[..span.start], &it.whole, &line[span.end..]].concat());
}

fn for_screen_of(text: &str) -> String {
    for_screen(text.as_bytes())
}

fn wants(mechanism: &str, text: &str, given: usize) -> Wants {
    let asked = text.trim().to_ascii_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| asked.starts_with(word));
    match mechanism {
        "PLAIN" => Wants::Plain,
        "XOAUTH2" | "OAUTHBEARER" if given == 0 => Wants::Token,
        "XOAUTH2" | "OAUTHBEARER" => Wants::Formality,
        "CRAM-MD5" => Wants::Sum,
        _ if mechanism.starts_with("SCRAM-") && text.starts_with(['v', 'e']) => Wants::Formality,
        _ if mechanism.starts_with("SCRAM-") => Wants::Sum,
        _ if begins(&["user", "login"]) => Wants::User,
        _ if begins(&["pass"]) => Wants::Password,
        "LOGIN" if given == 0 => Wants::User,
        "LOGIN" if given == 1 => Wants::Password,
        _ => Wants::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::pane::sample::talk;

    fn asked(text: &str) -> Challenge {
        let start = "* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 AUTH PLAIN LOGIN CRAM-MD5\n";
        Challenge::of(&talk(&format!("{start}{text}")), Some("dude")).expect("a challenge is open")
    }

    #[test]
    fn base64_for_plain_that_lacks_a_part_is_told() {
        let plain = asked("> AUTH PLAIN\n< 334 ");
        assert_eq!(plain.as_typed("ZHVkZQ==").map(|lint| lint.name), Some("plain-parts"));
        assert_eq!(plain.as_typed("AGR1ZGUAbm9kZHk=").map(|lint| lint.name), None);
        let mut broken = plain.as_typed("ZHVkZQ==").expect("a finding to write over");
        plain.no_base64("AGR1ZGUAbm9kZH=", &mut broken);
        assert!(broken.reason.contains("letters of it are missing") && broken.mended.is_none(), "{broken:?}");
    }

    #[test]
    fn it_says_what_is_asked_for_and_what_to_type() {
        let login = asked("> AUTH LOGIN\n< 334 VXNlcm5hbWU6");
        assert_eq!((login.wants, login.text.as_str(), login.given), (Wants::User, "Username:", 0));
        assert!(login.sentences()[2].starts_with("The server asks “Username:”: type $ and the user name"));
        let password = asked("> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> {{auth}}\n< 334 UGFzc3dvcmQ6");
        assert_eq!((password.wants, password.given), (Wants::Password, 1));
        let initial = asked("> AUTH login {{auth}}\n< 334 YmxhYmxh");
        assert_eq!((initial.wants, initial.given), (Wants::Password, 1), "the text does not say, the count does");
        let quoting = asked("> AUTH LOGIN\n< 334 e3F1aXR9");
        let said = crate::tui::keymap::Keymap::default().told(&quoting.sentences()[0]);
        assert!(said.starts_with("The server asks “{quit}”") && said.contains(" answers as dude"), "{said}");
        let plain = asked("> AUTH PLAIN\n< 334 ");
        assert_eq!((plain.wants, plain.known.as_deref()), (Wants::Plain, Some("dude")));
        assert!(plain.odd("dude").is_some() && plain.odd(r"\0dude\0x").is_none());
        let cram = asked("> AUTH CRAM-MD5\n< 334 PDEyQGE+");
        assert_eq!((cram.wants, cram.text.as_str(), cram.known.as_deref()), (Wants::Sum, "<12@a>", Some("dude")));
        assert!(cram.odd("dude noddy").is_some_and(|words| words[0].contains("not for the password")));
        assert_eq!(cram.odd("dude b913a602c7eda7a495b4e6e7334d3890"), None);
        let token = asked("> AUTH XOAUTH2\n< 334 ");
        assert!(token.wants == Wants::Token && token.sentences()[0].contains(r"\1auth=Bearer"), "{token:?}");
        let refused = asked("> AUTH XOAUTH2 {{auth}}\n< 334 eyJzdGF0dXMiOiI0MDAifQ==");
        assert!(refused.wants == Wants::Formality && refused.sentences()[0].contains("an empty line"), "{refused:?}");
        let other = asked("> AUTH NTLM\n< 334 PDEyQGE+");
        assert_eq!((other.wants, other.text.as_str(), other.known), (Wants::Other, "<12@a>", None));
    }

    #[test]
    fn of_a_very_long_one_the_beginning_is_decoded() {
        let long = asked(&format!("> AUTH CRAM-MD5\n< 334 {}", "YWJj".repeat(200_000)));
        assert_eq!(long.text, "abc".repeat(LOOKED_AT / 4));
    }
}
