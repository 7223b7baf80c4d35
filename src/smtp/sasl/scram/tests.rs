//! The examples of the RFCs, and what must not be believed.

use super::super::{Around, Binding, Credentials, Mechanism, SaslError, decode, encode, mechanism};

const SHA_1_NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";
const SHA_256_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SHA_256_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const SHA_256_LAST: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn begun(name: &str, nonce: &str) -> Box<dyn Mechanism> {
    let around = Around { nonce: nonce.to_owned(), ..Around::default() };
    let mut scram = mechanism(name, &Credentials::new("user", "pencil".into()), &around).unwrap();
    let first = scram.initial().expect("the client speaks first");
    assert_eq!(first.expose(), format!("n,,n=user,r={nonce}").as_bytes());
    scram
}

fn says(scram: &mut dyn Mechanism, challenge: &str) -> Result<String, SaslError> {
    scram.respond(challenge.as_bytes()).map(|answer| String::from_utf8(answer.expose().to_vec()).unwrap())
}

#[test]
fn the_example_of_rfc_5802_as_it_goes_over_the_wire() {
    let around = Around { nonce: SHA_1_NONCE.to_owned(), ..Around::default() };
    let mut scram = mechanism("scram-sha-1", &Credentials::new("user", "pencil".into()), &around).unwrap();
    let first = encode(&scram.initial().unwrap());
    assert_eq!(first.expose(), b"biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM");
    let challenge = "cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==";
    let proof = encode(&scram.respond(&decode(challenge.as_bytes()).unwrap()).unwrap());
    assert_eq!(
        String::from_utf8_lossy(proof.expose()),
        "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ=="
    );
    let last = decode(b"dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9").unwrap();
    assert!(scram.respond(&last).unwrap().expose().is_empty());
    assert_eq!(scram.finish(b"2.7.0 ok"), Ok(()));
}

#[test]
fn the_example_of_rfc_7677() {
    let mut scram = begun("SCRAM-SHA-256", SHA_256_NONCE);
    let proof = says(scram.as_mut(), SHA_256_FIRST).unwrap();
    let expected =
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    assert_eq!(proof, expected);
    assert_eq!(says(scram.as_mut(), SHA_256_LAST).unwrap(), "");
    assert!(scram.finish(b"").is_ok());
}

#[test]
fn a_server_that_does_not_prove_itself_is_not_believed() {
    let proven = |challenge: Option<&str>, text: &str| {
        let mut scram = begun("SCRAM-SHA-256", SHA_256_NONCE);
        says(scram.as_mut(), SHA_256_FIRST).unwrap();
        let checked = challenge.map_or(Ok(String::new()), |challenge| says(scram.as_mut(), challenge));
        checked.and_then(|_| scram.finish(text.as_bytes()))
    };
    assert_eq!(proven(Some(SHA_256_LAST), "ok"), Ok(()));
    assert_eq!(proven(None, &format!("2.7.0 {SHA_256_LAST}")), Ok(()), "in the text of the 235");
    let coded = encode(&SHA_256_LAST.into());
    assert_eq!(proven(None, &String::from_utf8_lossy(coded.expose())), Ok(()));
    let unproven = Err(SaslError::Unproven("SCRAM-SHA-256"));
    assert_eq!(proven(None, "2.7.0 welcome"), unproven);
    assert_eq!(proven(Some("v=AAAA"), "ok"), unproven);
    assert_eq!(proven(Some("hello"), "ok"), unproven);
    let mut early = begun("SCRAM-SHA-256", SHA_256_NONCE);
    assert_eq!(early.finish(b"2.7.0 come in"), unproven);
}

#[test]
fn a_first_message_that_can_not_be_right_is_not_answered() {
    for (challenge, said) in [
        ("r=somebodyelse,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "nonce"),
        ("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "nonce adds nothing"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=!,i=4096", "salt"),
        ("r=rOprNGfwEbeRWgbNEkqOx,i=4096", "salt s= is missing"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=1", "less than 4096"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4000000000", "more than"),
        ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=many", "no number"),
        ("m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4096", "extension"),
        ("", "missing"),
    ] {
        let error = says(begun("SCRAM-SHA-256", SHA_256_NONCE).as_mut(), challenge).expect_err(challenge);
        assert!(error.to_string().contains(said), "{challenge}: {error}");
    }
}

#[test]
fn an_error_of_the_server_is_answered_by_an_empty_line_and_said() {
    let mut scram = begun("SCRAM-SHA-256", SHA_256_NONCE);
    says(scram.as_mut(), SHA_256_FIRST).unwrap();
    assert_eq!(says(scram.as_mut(), "e=invalid-proof").unwrap(), "");
    assert!(scram.complaint().unwrap().contains("password is wrong"));
    assert!(scram.respond(b"e=again").is_err());
}

#[test]
fn names_are_escaped_and_the_header_says_what_is_bound() {
    let mut who = Credentials::new("a=b,c", "x".into());
    who.authorise_as = Some("boss".to_owned());
    let first = |name: &str, binding: Binding| {
        let around = Around { nonce: "N".to_owned(), binding, ..Around::default() };
        let mut scram = mechanism(name, &who, &around).unwrap();
        String::from_utf8(scram.initial().unwrap().expose().to_vec()).unwrap()
    };
    let end_point = || Binding::EndPoint(vec![1; 32]);
    assert_eq!(first("SCRAM-SHA-1", Binding::None), "n,a=boss,n=a=3Db=2Cc,r=N");
    assert_eq!(first("SCRAM-SHA-1", Binding::Unoffered), "y,a=boss,n=a=3Db=2Cc,r=N");
    assert_eq!(first("SCRAM-SHA-1", end_point()), "n,a=boss,n=a=3Db=2Cc,r=N", "PLUS is offered and was not chosen");
    assert_eq!(first("SCRAM-SHA-1-PLUS", end_point()), "p=tls-server-end-point,a=boss,n=a=3Db=2Cc,r=N");
    assert!(mechanism("SCRAM-SHA-1-PLUS", &who, &Around::default()).is_err(), "without TLS");
}
