//! Every mechanism: what one side makes the other side reads; any challenge and any message is read or refused.
#![no_main]

use ehlo::smtp::Secret;
use ehlo::smtp::sasl::{
    Account, Around, Binding, Credentials, MECHANISMS, Premises, Proof, answer, decode, encode, explain, mechanism,
    plain_message, strongest,
};
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
    let authorise_as = words.next();
    let who = Credentials { authorise_as, ..Credentials::new(&user, password.as_str().into()) };
    let around = Around { nonce: "nonce".into(), binding: Binding::EndPoint(input.to_vec()), server: None };
    let account = |_: &str| Some(Account { password: "noddy", token: None });
    let house = Premises {
        name: "mx",
        nonce: "server",
        binding: Some(input),
        bound_offered: true,
        certified: None,
        account: &account,
    };
    for known in MECHANISMS {
        let mut client = mechanism(known.name, &who, &around).expect("it is known");
        let mut server = known.verifier();
        let _ = server.step(None, &house);
        let _ = server.step(client.initial().as_ref().map(Secret::expose), &house);
        let _ = client.respond(input);
        let _ = answer(client.as_mut(), input);
        let _ = server.step(Some(input), &house);
        let _ = client.finish(input);
        for nth in 0..3 {
            let _ = explain::challenge(known.name, nth, input);
            let _ = explain::response(known.name, nth, Some(input));
        }
    }
    let mut plain = mechanism("plain", &who, &around).expect("it is known");
    let message = plain.initial().expect("the client speaks first");
    let read = plain_message(message.expose());
    if [Some(&user), Some(&password), who.authorise_as.as_ref()].into_iter().flatten().any(|word| word.contains('\0')) {
        assert!(read.is_none());
    } else {
        let other = who.authorise_as.as_deref().unwrap_or_default();
        assert_eq!(read, Some([other.as_bytes(), user.as_bytes(), password.as_bytes()]));
    }
    let offered: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let best = strongest(&offered, Proof::Password, true);
    assert!(best.is_none_or(|known| mechanism(known.name, &who, &around).is_ok()));
});
