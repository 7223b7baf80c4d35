//! PLAIN and LOGIN: what one side makes the other side reads; any challenge and any message is read or refused.
#![no_main]

use ehlo::smtp::Secret;
use ehlo::smtp::sasl::{Credentials, decode, encode, mechanism, plain_message, strongest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some(challenge) = decode(input) {
        assert_eq!(decode(encode(&Secret::new(challenge.clone())).expose()), Some(challenge));
    }
    if let Some(parts) = plain_message(input) {
        assert_eq!(parts.join(&0), input);
    }
    let text = String::from_utf8_lossy(input);
    let mut words = text.split('\n').map(str::to_owned);
    let (user, password) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let who = Credentials { user: user.clone(), password: password.as_str().into(), authorise_as: words.next() };
    let mut plain = mechanism("plain", &who).expect("it is known");
    let message = plain.initial().expect("the client speaks first");
    let read = plain_message(message.expose());
    if [Some(&user), Some(&password), who.authorise_as.as_ref()].into_iter().flatten().any(|word| word.contains('\0')) {
        assert!(read.is_none());
    } else {
        let other = who.authorise_as.as_deref().unwrap_or_default();
        assert_eq!(read, Some([other.as_bytes(), user.as_bytes(), password.as_bytes()]));
    }
    assert!(plain.respond(input).is_err());
    let mut login = mechanism("LOGIN", &who).expect("it is known");
    assert!(login.initial().is_none());
    assert_eq!(login.respond(input).expect("user").expose(), user.as_bytes());
    assert_eq!(login.respond(input).expect("password").expose(), password.as_bytes());
    assert!(login.respond(input).is_err());
    let offered: Vec<String> = text.split(' ').map(str::to_owned).collect();
    assert!(strongest(&offered).is_none_or(|name| mechanism(name, &who).is_ok()));
});
