//! A profile is read or refused in words that hold no password of it, and its form gives back what it was given.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use ehlo::profile::{Draft, Profile};
use libfuzzer_sys::fuzz_target;

#[path = "../shipped/mod.rs"]
mod shipped;

const SECRET: &str = "pl4nted-s3cret";

/// Every key that there is, and what people get wrong.
static LINES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let text = "host = \"mx.target.local\"
host = \"lab:default\"
port = 25
port = 99999
mx = true
unix = \"/run/lmtp.sock\"
protocol = \"esmtp\"
protocol = \"lmtp\"
note = \"front\"
production = true
[identity]
ehlo = \"noddy.com\"
from = \"dude@noddy.com\"
to = [\"a@target.local\", \"b@target.local\"]
[tls]
mode = \"starttls\"
mode = \"implicit\"
verify = false
ca = \"ca.pem\"
sni = \"mx\"
min_version = \"1.2\"
max_version = \"1.3\"
client_cert = \"c.pem\"
client_key = \"k.pem\"
[auth]
user = \"dude\"
mechanism = \"auto\"
mechanism = \"LOGIN\"
allow_plaintext = true
password = { env = \"NODDY_PASSWORD\" }
password = { command = \"pass show noddy\" }
password = { prompt = true }
password = { value = \"x\" }
[network]
family = \"ipv4\"
bind = \"127.0.0.1\"
connect_timeout = \"30s\"
reply_timeout = \"5m\"
proxy = \"socks5://127.0.0.1:1080\"
[xclient]
name = \"x\"
hosst = \"mx\"
auth.user = \"dude\"
auth = { user = \"dude\" }
# a remark";
    text.lines().collect()
});

// An odd first octet plants a password in plain text at the end.
fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    let mut text = shipped::text(rest, &LINES);
    if text.contains(SECRET) {
        return;
    }
    if first % 2 == 1 {
        text.push_str(["password = \"", "[auth]\npassword = \""][usize::from(first / 2 % 2)]);
        text.push_str(SECRET);
        text.push_str("\"\n");
    }
    let lines = text.lines().count();
    match Profile::parse("p", &text, Path::new("p.toml")) {
        Ok(profile) => {
            let _ = (profile.target.uri(), profile.target.is_loopback(), profile.target.endpoint.to_string());
        }
        Err(error) => {
            let words = error.to_string();
            assert!(!words.contains(SECRET), "{words}");
            assert!(error.line <= lines + 1, "{words}");
        }
    }
    let Ok(draft) = Draft::of(&text) else { return };
    let written = draft.text();
    let again = Draft::of(&written).expect("what the form writes is TOML");
    assert_eq!(again.text(), written);
    for (_, words) in if first & 8 == 8 { draft.errors() } else { Vec::new() } {
        assert!(!words.contains(SECRET), "{words}");
    }
});
