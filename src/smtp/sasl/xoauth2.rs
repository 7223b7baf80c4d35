//! XOAUTH2 (Google, Microsoft; no RFC): user and token in one message; a refusal is a JSON text in a 334, answered by
//! an empty line before the 535 comes.

use super::token::{Client, Server};
use super::{Credentials, Known, Proof};

pub(super) const KNOWN: Known = Known {
    name: "XOAUTH2",
    proof: Proof::Token,
    shows_secret: true,
    bound: false,
    client_first: true,
    challenges: 0,
    about: "a token in place of the password, as Google and Microsoft began it; readable on the line",
    reference: "https://developers.google.com/gmail/imap/xoauth2-protocol",
    client: |name, who, _| Box::new(Client::new(name, message(&who), b"")),
    server: |_| {
        Box::new(Server::new(user, br#"{"status":"401","schemes":"bearer","scope":"https://mail.target.local/"}"#))
    },
};

fn message(who: &Credentials) -> Vec<u8> {
    let mut message = format!("user={}\x01auth=Bearer ", who.user).into_bytes();
    message.extend_from_slice(who.password.expose());
    message.extend_from_slice(b"\x01\x01");
    message
}

fn user(message: &[u8]) -> Option<String> {
    let user = message.split(|octet| *octet == 1).find_map(|part| part.strip_prefix(b"user="))?;
    Some(String::from_utf8_lossy(user).into_owned())
}
