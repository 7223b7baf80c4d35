//! OAUTHBEARER (RFC 7628): user and token in one message; a refusal is a JSON text in a 334, answered by one octet 1
//! (`AQ==`) before the 535 comes.

use super::token::{Client, Server};
use super::{Around, Credentials, Known, Proof};

pub(super) const KNOWN: Known = Known {
    name: "OAUTHBEARER",
    proof: Proof::Token,
    shows_secret: true,
    bound: false,
    client_first: true,
    challenges: 0,
    about: "a token in place of the password (OAuth 2.0); readable on the line",
    reference: "RFC 7628",
    client: |name, who, around| Box::new(Client::new(name, message(&who, around), b"\x01")),
    server: |_| Box::new(Server::new(user, br#"{"status":"invalid_token","scope":"https://mail.target.local/"}"#)),
};

fn message(who: &Credentials, around: Around) -> Vec<u8> {
    let for_whom = who.authorise_as.as_deref().unwrap_or(&who.user);
    let mut message = format!("n,a={},\x01", super::scram::name(for_whom)).into_bytes();
    if let Some((host, port)) = around.server {
        message.extend_from_slice(format!("host={host}\x01port={port}\x01").as_bytes());
    }
    message.extend_from_slice(b"auth=Bearer ");
    message.extend_from_slice(who.password.expose());
    message.extend_from_slice(b"\x01\x01");
    message
}

fn user(message: &[u8]) -> Option<String> {
    let header = message.split(|octet| *octet == 1).next().unwrap_or_default();
    let header = String::from_utf8_lossy(header).into_owned();
    header.split(',').find_map(|part| part.strip_prefix("a=")).map(super::scram::plain_name)
}
