//! What each step of an exchange says, in words: challenges opened, answers described with what is secret in them hidden.

use super::super::escape::for_screen;
use super::scram::{self, LEAST_ROUNDS, attribute};
use super::token::TokenError;
use super::{decode, known, plain_message};

/// What stands for a secret.
const HIDDEN: &str = "••••";

/// A challenge, opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Its text, decoded and fit for a screen; as it came where it is no base64.
    pub text: String,
    /// What it says, a sentence each.
    pub says: Vec<String>,
    /// What the answer is to be, as the rest of a sentence; empty where that is not known.
    pub answer: String,
}

/// Opens a challenge of a mechanism (in capitals), after so many responses; `text` is what follows the 334.
#[must_use]
pub fn challenge(mechanism: &str, given: usize, text: &[u8]) -> Opened {
    let decoded = decode(text);
    let shown = for_screen(decoded.as_deref().unwrap_or(text.trim_ascii()));
    let mut opened = Opened { text: shown, answer: answer(mechanism, given).to_owned(), ..Opened::default() };
    let Some(octets) = decoded else {
        opened.says.push("The text is no base64, and shown as it came; a challenge has to be (RFC 4954 4).".to_owned());
        return opened;
    };
    if octets.is_empty() {
        let first = given == 0 && known(mechanism).is_some_and(|known| known.client_first);
        let words = if first { "The challenge is empty: the client speaks first." } else { "The challenge is empty." };
        opened.says.push(words.to_owned());
        return opened;
    }
    match (mechanism, given) {
        ("CRAM-MD5", 0) => opened.says.push(
            "The challenge is a text that is new each time, mostly a number, the time and the server's name."
                .to_owned(),
        ),
        ("XOAUTH2" | "OAUTHBEARER", 1..) => {
            opened.says.push(format!("The token is refused: {}.", TokenError::read(&octets).words()));
        }
        ("DIGEST-MD5", 0) => {
            opened.says.push("DIGEST-MD5 is historic (RFC 6331), and ehlo does not speak it.".to_owned());
        }
        ("NTLM", _) => opened.says.push("It is a message of Windows's NTLM, which ehlo does not speak.".to_owned()),
        ("GSSAPI", _) => opened.says.push("It is a token of Kerberos, which ehlo does not speak.".to_owned()),
        (name, 1..) if name.starts_with("SCRAM-") => scram_challenge(&String::from_utf8_lossy(&octets), &mut opened),
        _ => {}
    }
    opened
}

fn scram_challenge(message: &str, opened: &mut Opened) {
    let says = &mut opened.says;
    if let Some(error) = attribute(message, 'e') {
        says.push(format!("e= The server refuses: {}.", scram::error_words(error)));
        "an empty line, after which the refusal comes".clone_into(&mut opened.answer);
        return;
    }
    if attribute(message, 'v').is_some() {
        says.push(
            "v= The server's signature: only who knows the password can make it. The client checks it.".to_owned(),
        );
        "an empty line".clone_into(&mut opened.answer);
        return;
    }
    if attribute(message, 'r').is_some() {
        says.push("r= The client's nonce with the server's after it: this login can't be played again.".to_owned());
    }
    if let Some(salt) = attribute(message, 's') {
        let octets = decode(salt.as_bytes()).map(|salt| format!(" ({} octets)", salt.len())).unwrap_or_default();
        says.push(format!("s= The salt that this user's password was stored with{octets}."));
    }
    if let Some(rounds) = attribute(message, 'i') {
        let few = rounds.parse().is_ok_and(|rounds: u32| rounds < LEAST_ROUNDS);
        let judged = if few { format!("; less than {LEAST_ROUNDS} are too few") } else { String::new() };
        says.push(format!("i= {} rounds of hashing make guessing slow{judged}.", for_screen(rounds.as_bytes())));
    }
}

/// What the answer to the challenge after so many responses is.
fn answer(mechanism: &str, given: usize) -> &'static str {
    match (mechanism, given) {
        ("PLAIN", 0) => "user and password in one message",
        ("LOGIN" | "ANONYMOUS", 0) => message(mechanism, 0),
        ("LOGIN", 1) => "the password",
        ("XOAUTH2", 1) => "an empty line, after which the 535 comes",
        ("OAUTHBEARER", 1) => "AQ== (one octet 1), after which the 535 comes",
        ("CRAM-MD5", 0) => "the user name, a space, and HMAC-MD5 of this text under the password",
        (_, nth) => message(mechanism, nth),
    }
}

/// What the nth response of a mechanism holds, from 0; empty where that is not known.
fn message(mechanism: &str, nth: usize) -> &'static str {
    match (mechanism, nth) {
        ("PLAIN", 0) => "whom to act for, the user and the password",
        ("LOGIN", 0) => "the user name",
        ("LOGIN", 1) => "the password",
        ("CRAM-MD5", 0) => "the user name and HMAC-MD5 of the challenge",
        ("XOAUTH2" | "OAUTHBEARER", 0) => "the user and the token",
        ("XOAUTH2" | "OAUTHBEARER", 1) => "an empty line, which lets the refusal come",
        ("EXTERNAL", 0) => "whom to act for; nothing where that is the certificate's owner",
        ("ANONYMOUS", 0) => "a trace for the server's log",
        (name, 0) if name.starts_with("SCRAM-") => "the user and the client's nonce",
        (name, 1) if name.starts_with("SCRAM-") => "the proof that the client knows the password",
        (name, 2) if name.starts_with("SCRAM-") => "an empty line, for the server's signature is right",
        _ => "",
    }
}

/// What the nth response of a mechanism (in capitals) holds, from 0, in words with what is secret hidden; `base64` is the
/// response where it is not masked. None where it is not known.
#[must_use]
pub fn response(mechanism: &str, nth: usize, base64: Option<&[u8]>) -> Option<String> {
    let what = Some(message(mechanism, nth)).filter(|what| !what.is_empty())?;
    let parts = base64.filter(|text| text != b"=").and_then(decode).and_then(|octets| parts(mechanism, nth, &octets));
    Some(match parts {
        Some(parts) => format!("{what}: {}", parts.join(", ")),
        None => what.to_owned(),
    })
}

/// The parts of a response.
fn parts(mechanism: &str, nth: usize, octets: &[u8]) -> Option<Vec<String>> {
    let hidden = |name: &str| format!("{name} {HIDDEN}");
    match (mechanism, nth) {
        ("PLAIN", 0) => {
            let [whom, user, _] = plain_message(octets)?;
            let acting = (!whom.is_empty()).then(|| format!("for {}", for_screen(whom)));
            Some(acting.into_iter().chain([format!("user {}", for_screen(user)), hidden("password")]).collect())
        }
        ("LOGIN" | "ANONYMOUS" | "EXTERNAL", 0) if !octets.is_empty() => Some(vec![for_screen(octets)]),
        ("LOGIN", 1) => Some(vec![HIDDEN.to_owned()]),
        ("CRAM-MD5", 0) => {
            let space = octets.iter().rposition(|octet| *octet == b' ')?;
            Some(vec![format!("user {}", for_screen(&octets[..space])), hidden("sum")])
        }
        ("XOAUTH2", 0) => {
            let user = octets.split(|octet| *octet == 1).find_map(|part| part.strip_prefix(b"user="))?;
            Some(vec![format!("user {}", for_screen(user)), hidden("token")])
        }
        ("OAUTHBEARER", 0) => {
            let text = String::from_utf8_lossy(octets);
            let user = text.split('\x01').next()?.split(',').find_map(|part| part.strip_prefix("a="))?;
            Some(vec![format!("user {}", for_screen(scram::plain_name(user).as_bytes())), hidden("token")])
        }
        (name, 0) if name.starts_with("SCRAM-") => {
            let text = String::from_utf8_lossy(octets);
            let flag = match text.split(',').next()? {
                "n" => "no channel binding",
                "y" => "channel binding would be possible here",
                _ => "bound to the TLS connection",
            };
            let user = attribute(&text, 'n').map(scram::plain_name)?;
            Some(vec![format!("user {}", for_screen(user.as_bytes())), flag.to_owned()])
        }
        (name, 1) if name.starts_with("SCRAM-") => Some(vec![hidden("proof")]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Secret, encode};
    use super::*;

    fn coded(text: &str) -> Vec<u8> {
        encode(&Secret::from(text)).expose().to_vec()
    }

    #[test]
    fn challenges_are_opened_and_said_in_words() {
        let said = |mechanism: &str, given: usize, text: &str| {
            let opened = challenge(mechanism, given, &coded(text));
            format!("{} | {} | {}", opened.text, opened.says.join(" "), opened.answer)
        };
        let cram = said("CRAM-MD5", 0, "<1896.697170952@postoffice>");
        assert!(cram.starts_with("<1896.697170952@postoffice> | ") && cram.contains("HMAC-MD5 of this text"), "{cram}");
        let first = said("SCRAM-SHA-256", 1, "r=abcXYZ,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        for part in ["r= ", "s= ", "(16 octets)", "i= 4096 rounds", "the proof"] {
            assert!(first.contains(part), "{part}: {first}");
        }
        assert!(said("SCRAM-SHA-1", 1, "r=a,s=QQ==,i=10").contains("too few"));
        assert!(said("SCRAM-SHA-1", 2, "v=QQ==").contains("signature"));
        assert!(said("SCRAM-SHA-1", 2, "e=invalid-proof").contains("password is wrong"));
        let refused = said("XOAUTH2", 1, r#"{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}"#);
        assert!(refused.contains("not valid here") && refused.contains("an empty line"), "{refused}");
        assert!(said("OAUTHBEARER", 1, r#"{"status":"insufficient_scope"}"#).contains("AQ=="));
        assert!(challenge("NTLM", 0, b"ntlm supported").says[0].contains("no base64"));
        assert!(challenge("PLAIN", 0, b"").says[0].contains("client speaks first"));
    }

    #[test]
    fn answers_are_described_and_their_secrets_hidden() {
        let said = |mechanism: &str, nth: usize, text: &str| response(mechanism, nth, Some(&coded(text))).unwrap();
        for (mechanism, nth, text, has) in [
            ("PLAIN", 0, "boss\0dude\0noddy", "for boss, user dude, password ••••"),
            ("LOGIN", 0, "dude", "the user name: dude"),
            ("LOGIN", 1, "noddy", "the password: ••••"),
            ("CRAM-MD5", 0, "two words noddy", "user two words, sum ••••"),
            ("XOAUTH2", 0, "user=dude\x01auth=Bearer noddy\x01\x01", "user dude, token ••••"),
            ("OAUTHBEARER", 0, "n,a=dude,\x01auth=Bearer noddy\x01\x01", "user dude, token ••••"),
            ("SCRAM-SHA-1", 0, "n,,n=dude,r=x", "user dude, no channel binding"),
            ("SCRAM-SHA-1", 1, "c=biws,r=x,p=noddy", "proof ••••"),
        ] {
            let said = said(mechanism, nth, text);
            assert!(said.contains(has) && !said.contains("noddy"), "{mechanism}: {said}");
        }
        assert_eq!(response("PLAIN", 0, None).as_deref(), Some("whom to act for, the user and the password"));
        assert_eq!(
            response("SCRAM-SHA-1", 2, None).as_deref(),
            Some("an empty line, for the server's signature is right")
        );
        assert_eq!(response("NTLM", 0, None), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(
            mechanism in "PLAIN|LOGIN|CRAM-MD5|SCRAM-SHA-1|XOAUTH2|OAUTHBEARER|NTLM|X",
            nth in 0..4usize,
            octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60),
        ) {
            let coded = encode(&Secret::new(octets.clone())).expose().to_vec();
            for text in [octets.as_slice(), coded.as_slice()] {
                let _ = challenge(&mechanism, nth, text);
                let _ = response(&mechanism, nth, Some(text));
            }
        }
    }
}
