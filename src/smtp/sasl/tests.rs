//! The examples of the RFCs and of vendors, and each mechanism against its own server.

use super::*;

const TOKEN: &str = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";

fn made(name: &str, who: &Credentials) -> Box<dyn Mechanism> {
    mechanism(name, who, &Around { nonce: "nonce".to_owned(), ..Around::default() }).expect("known")
}

fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

#[test]
fn plain_and_its_examples() {
    let mut plain = made("plain", &Credentials::new("tim", "tanstaaftanstaaf".into()));
    assert_eq!(plain.initial().expect("client first").expose(), b"\0tim\0tanstaaftanstaaf");
    assert!(plain.respond(b"").is_err());
    let kurt = Credentials { authorise_as: Some("Ursel".into()), ..Credentials::new("Kurt", "xipj3plmq".into()) };
    let (_, line, _) = Exchange::begin(made("PLAIN", &kurt), true);
    assert_eq!(line, b"AUTH PLAIN VXJzZWwAS3VydAB4aXBqM3BsbXE=");
    let test = Credentials { authorise_as: Some("test".into()), ..Credentials::new("test", "1234".into()) };
    assert_eq!(text(&encode(&made("PLAIN", &test).initial().unwrap())), "dGVzdAB0ZXN0ADEyMzQ=");
}

#[test]
fn login_gives_the_user_then_the_password_then_nothing() {
    let mut login = made("LOGIN", &Credentials::new("dude", "noddy".into()));
    assert!(login.initial().is_none());
    assert_eq!(answer(login.as_mut(), b"what?").expect("the text does not count").expose(), b"dude");
    assert_eq!(login.respond(b"Password:").expect("password").expose(), b"noddy");
    assert!(login.respond(b"Again:").is_err());
}

#[test]
fn a_login_of_which_nothing_was_asked_is_none() {
    for name in ["LOGIN", "CRAM-MD5"] {
        let mut early = made(name, &Credentials::new("dude", "noddy".into()));
        assert!(matches!(early.finish(b"2.7.0 ok"), Err(SaslError::Unasked(_))), "{name}");
    }
    let mut half = made("LOGIN", &Credentials::new("dude", "noddy".into()));
    assert!(half.respond(b"Username:").is_ok() && half.finish(b"ok").is_err(), "the password was not asked for");
}

#[test]
fn the_example_of_rfc_2195() {
    let mut cram = made("CRAM-MD5", &Credentials::new("tim", "tanstaaftanstaaf".into()));
    assert!(cram.initial().is_none(), "the server speaks first");
    let challenge = b"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
    let answered = answer(cram.as_mut(), challenge).expect("an answer");
    assert_eq!(text(&answered), "tim b913a602c7eda7a495b4e6e7334d3890");
    assert_eq!(text(&encode(&answered)), "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw");
    let fresh = || made("CRAM-MD5", &Credentials::new("tim", "x".into()));
    assert_eq!(answer(fresh().as_mut(), b"not base64!"), Err(SaslError::NotBase64("CRAM-MD5")));
    assert!(answer(fresh().as_mut(), b"").is_err(), "an empty text has the same sum each time");
}

#[test]
fn the_example_of_google() {
    let who = Credentials { proof: Proof::Token, ..Credentials::new("someuser@example.com", TOKEN.into()) };
    let (mut exchange, line, secret) = Exchange::begin(made("XOAUTH2", &who), true);
    assert_eq!(
        String::from_utf8_lossy(&line),
        "AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG\
         1semRHRXVZMjl0Q2cBAQ=="
    );
    assert!(secret.is_some());
    let refusal =
        b"eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0K";
    assert_eq!(exchange.answer(refusal).expect("an empty line").expose(), b"");
    let said = exchange.complaint().expect("a reason");
    assert!(
        said.contains("not valid here") && said.contains("401") && said.contains("https://mail.google.com/"),
        "{said}"
    );
    assert!(exchange.answer(b"").is_err());
}

#[test]
fn the_example_of_rfc_7628() {
    let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
    let who = Credentials { proof: Proof::Token, ..Credentials::new("user@example.com", token.into()) };
    let around = Around { server: Some(("server.example.com".to_owned(), 587)), ..Around::default() };
    let mut bearer = mechanism("OAUTHBEARER", &who, &around).unwrap();
    assert_eq!(
        text(&encode(&bearer.initial().unwrap())),
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52Y\
         jNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    );
    let refusal = br#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known"}"#;
    assert_eq!(text(&encode(&bearer.respond(refusal).unwrap())), "AQ==");
    let said = bearer.complaint().unwrap();
    assert!(said.contains("example_scope") && said.contains("https://example.com/.well-known"), "{said}");
    assert!(bearer.respond(b"more").is_err());
}

#[test]
fn external_and_anonymous_say_little() {
    let (_, line, _) = Exchange::begin(made("EXTERNAL", &Credentials::new("dude", "".into())), true);
    assert_eq!(line, b"AUTH EXTERNAL =", "an empty initial response is a lone equals sign");
    let (_, line, _) = Exchange::begin(made("ANONYMOUS", &Credentials::new("sirhc", "".into())), true);
    assert_eq!(line, b"AUTH ANONYMOUS c2lyaGM=");
}

#[test]
fn a_challenge_that_repeats_the_secret_is_hidden_and_a_refused_token_still_gets_its_refusal() {
    let who = Credentials::new("dude", "t0ken".into());
    let (mut exchange, ..) = Exchange::begin(made("XOAUTH2", &who), true);
    assert_eq!(exchange.answer(b"{{auth}}").expect("an empty line, so that the 535 comes").expose(), b"");
    assert!(exchange.complaint().is_some_and(|words| words.contains("hidden")), "{:?}", exchange.complaint());
    let (mut exchange, ..) = Exchange::begin(made("CRAM-MD5", &who), true);
    assert!(matches!(exchange.answer(b"{{auth}}"), Err(SaslError::Hidden("CRAM-MD5"))));
}

#[test]
fn a_response_that_does_not_fit_into_the_command_waits_for_its_334() {
    let who = Credentials::new("dude", Secret::new(vec![b'x'; 600]));
    let (mut exchange, line, secret) = Exchange::begin(made("XOAUTH2", &who), true);
    assert_eq!((line.as_slice(), secret), (&b"AUTH XOAUTH2"[..], None));
    assert!(text(&exchange.answer(b"ok then").expect("its text is not read")).starts_with("user=dude"));
    let fits = (1..600).filter(|length| {
        let who = Credentials::new("dude", Secret::new(vec![b'x'; *length]));
        let (_, line, secret) = Exchange::begin(made("PLAIN", &who), true);
        assert!(line.len() + 2 <= 512);
        secret.is_some()
    });
    assert!(fits.count() > 360, "as much as has room goes along");
    let (mut unsent, line, _) = Exchange::begin(made("PLAIN", &Credentials::new("a", "b".into())), false);
    assert_eq!(line, b"AUTH PLAIN");
    assert_eq!(unsent.answer(b"").unwrap().expose(), b"\0a\0b");
}

#[test]
fn the_strongest_is_chosen_for_what_there_is() {
    let offer = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let best = |names: &str, proof, bindable| strongest(&offer(names), proof, bindable).map(|known| known.name);
    let all = "LOGIN PLAIN XOAUTH2 CRAM-MD5 SCRAM-SHA-1 scram-sha-256 SCRAM-SHA-256-PLUS EXTERNAL NTLM";
    assert_eq!(best(all, Proof::Password, true), Some("SCRAM-SHA-256-PLUS"));
    assert_eq!(best(all, Proof::Password, false), Some("SCRAM-SHA-256"));
    assert_eq!(best(all, Proof::Token, true), Some("XOAUTH2"));
    assert_eq!(best(all, Proof::Certificate, true), Some("EXTERNAL"));
    assert_eq!(best("LOGIN PLAIN", Proof::Password, true), Some("PLAIN"));
    assert_eq!(best("NTLM GSSAPI ANONYMOUS", Proof::Password, true), None);
}

/// A client and a server of one mechanism talk until the server has a verdict.
fn meet(name: &str, who: &Credentials, with_initial: bool, binding: Option<&[u8]>) -> Turn {
    let known = known(name).unwrap();
    let account = |user: &str| {
        let there = user == "dude" || user == "anonymous";
        there.then_some(Account { password: "noddy", token: Some("token") })
    };
    let house = Premises {
        name: "mx",
        nonce: "server",
        binding,
        bound_offered: false,
        certified: (who.proof == Proof::Certificate).then_some("dude"),
        account: &account,
    };
    let binding = if known.bound { Binding::EndPoint(b"certificate".to_vec()) } else { Binding::None };
    let around = Around { nonce: "client".to_owned(), binding, server: None };
    let mut client = mechanism(name, who, &around).unwrap();
    let mut server = known.verifier();
    let initial = if with_initial { client.initial() } else { None };
    let mut turn = server.step(initial.as_ref().map(Secret::expose), &house);
    for _ in 0..5 {
        let Turn::Challenge(challenge) = &turn else { break };
        let Ok(response) = client.respond(challenge) else { panic!("{name} gives up at {challenge:?}") };
        turn = server.step(Some(response.expose()), &house);
    }
    if matches!(turn, Turn::Accept(_)) {
        assert_eq!(client.finish(b"2.7.0 ok"), Ok(()), "{name}");
    }
    turn
}

#[test]
fn each_client_logs_in_to_its_server_and_a_wrong_secret_does_not() {
    for known in MECHANISMS {
        let right = if known.proof == Proof::Token { "token" } else { "noddy" };
        let who =
            |user: &str, secret: &str| Credentials { proof: known.proof, ..Credentials::new(user, secret.into()) };
        for with_initial in [true, false] {
            let name = if known.proof == Proof::Nothing { "anonymous" } else { "dude" };
            let turn = meet(known.name, &who("dude", right), with_initial, Some(b"certificate"));
            assert_eq!(turn, Turn::Accept(name.to_owned()), "{}", known.name);
        }
        let refused = Turn::Refuse(Refusal::Wrong);
        if matches!(known.proof, Proof::Password | Proof::Token) {
            assert_eq!(meet(known.name, &who("dude", "wrong"), true, Some(b"certificate")), refused, "{}", known.name);
            assert_eq!(meet(known.name, &who("nobody", right), true, Some(b"certificate")), refused, "{}", known.name);
        }
        if known.bound {
            assert_eq!(meet(known.name, &who("dude", right), true, Some(b"another")), refused, "{}", known.name);
        }
    }
}

#[test]
fn nobody_acts_for_somebody_else_but_everybody_for_themselves() {
    for name in ["PLAIN", "SCRAM-SHA-256"] {
        let acting =
            |whom: &str| Credentials { authorise_as: Some(whom.into()), ..Credentials::new("dude", "noddy".into()) };
        assert_eq!(meet(name, &acting("boss"), true, None), Turn::Refuse(Refusal::Wrong), "{name}");
        assert_eq!(meet(name, &acting("dude"), true, None), Turn::Accept("dude".into()), "{name}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_that_a_server_says_makes_a_client_panic(
        challenges in proptest::collection::vec("[ -~]{0,40}|r=nonce.{0,9},s=QUJD,i=4096|v=.{0,9}|e=.{0,9}", 1..5),
    ) {
        for known in MECHANISMS {
            let around = Around { nonce: "nonce".into(), binding: Binding::EndPoint(vec![1]), server: None };
            let mut client = mechanism(known.name, &Credentials::new("dude", "noddy".into()), &around).unwrap();
            let _ = client.initial();
            for challenge in &challenges {
                let _ = client.respond(challenge.as_bytes());
                let _ = answer(client.as_mut(), challenge.as_bytes());
            }
            let _ = client.finish(challenges[0].as_bytes());
        }
    }
}
