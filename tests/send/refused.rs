//! What is refused, on the command line or by the server, and what is said of it.

use super::{ACCEPTS, Desk, after_ehlo};

const TO: [&str; 4] = ["--to", "c@d", "--timeout", "2s"];
const ENVELOPE: &str = "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 yes\n";
const GIVES_UP: &str = "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n";

fn json(ran: &super::Ran) -> serde_json::Value {
    serde_json::from_str(&ran.out).expect("JSON and nothing else")
}

/// clap alone would read `-dab` as `-d ab`: another message.
#[test]
fn an_option_that_only_swaks_has_sends_nothing() {
    let desk = Desk::new();
    for (option, words) in [("-dab", "--dump-as-body"), ("-pp", "--protect-prompt"), ("--dump", "--dump-mail")] {
        let ran = desk.send(&["lab:", "--to", "anotherdude@target.local", option]);
        ran.expect(2, &["ehlo send: swaks's", words, "--help-swaks"]).lacks(&["220", "clap"]);
    }
    desk.send(&["lab:", "-dab", "--swaks-exit-codes"]).expect(1, &["--as-script"]);
}

/// clap alone would read `-tolist` as `--to list`, and send to one more.
#[test]
fn a_letter_with_its_value_behind_it_sends_nothing() {
    let desk = Desk::new();
    let to = ["lab:", "--to", "anotherdude@target.local"];
    for (option, words) in [("-tolist", "did you mean --to?"), ("-stli", "did you mean -stl?"), ("-fann@x", "-f ann@x")]
    {
        let ran = desk.send(&[&to[..], &[option]].concat());
        ran.expect(2, &["ehlo send: ", option, words]).lacks(&["220"]);
    }
    desk.send(&[&to[..], &["--helo", "a", "--helo", "b"]].concat()).expect(2, &["multiple times"]);
}

#[test]
fn a_recipient_of_a_message_that_was_refused_is_not_accepted() {
    let desk = Desk::new();
    let data = format!("{ENVELOPE}C: DATA\nS: 554 no\n{GIVES_UP}");
    let (ran, _) = desk.against(&after_ehlo(" mx", &data), &TO);
    ran.expect(1, &["=== failed    c@d  554 no", "ehlo send: the server refused DATA: 554 no"]);
    let (ran, _) = desk.against(&after_ehlo(" mx", &data), &[&TO[..], &["--json"]].concat());
    let said = json(ran.expect(1, &[]));
    let recipient = &said["recipients"][0];
    assert_eq!((recipient["verdict"].as_str(), recipient["code"].as_u64()), (Some("failed"), Some(554)), "{said}");
    assert_eq!(said["problem"], "the server refused DATA: 554 no");
    let (ran, _) = desk.against(&after_ehlo(" mx", &format!("{ENVELOPE}C: DATA\n")), &TO);
    ran.expect(3, &["=== failed    c@d  the message did not go out whole", "before the reply to DATA came"]);
}

#[test]
fn a_greeting_that_refuses_is_told_with_its_words() {
    let desk = Desk::new();
    let script = "S: 554 5.7.1 blocked using lists.example\nC: QUIT\nS: 221 bye\n";
    let (ran, _) = desk.against(script, &TO);
    ran.expect(1, &["ehlo send: the server refused this connection: 554 5.7.1 blocked using lists.example"]);
}

#[test]
fn what_the_server_does_not_offer_goes_out_and_is_said() {
    let desk = Desk::new();
    let more = ["--mail-parameters", "HOLDFOR=10 MT-PRIORITY=3"];
    let accepts = ACCEPTS.replace("FROM:<a@b>", "FROM:<a@b> HOLDFOR=10 MT-PRIORITY=3");
    let (ran, _) = desk.against(&after_ehlo(" mx", &accepts), &[&TO[..], &more].concat());
    ran.expect(
        0,
        &["HOLDFOR needs FUTURERELEASE, which the server did not offer; it is sent all the same", "MT-PRIORITY needs"],
    );
    let ran = desk.send(&["lab:", "--to", "anotherdude@target.local", "--bdat", "--json"]);
    assert_eq!(json(&ran)["warnings"], serde_json::json!([]), "the lab offers it: {ran:?}");
    let chunk = format!("{ENVELOPE}C: BDAT *\nBYTES\nS: 500 what\nHOLD\n");
    let peer = super::Peer::play(&after_ehlo(" mx", &chunk));
    let target = peer.target();
    let ran = desk.send(&["-s", &target, "-f", "a@b", "--helo", "me", "-t", "c@d", "--bdat", "--timeout", "1s"]);
    assert!(ran.out.contains("BDAT needs CHUNKING, which the server did not offer"), "{ran:?}");
}

#[test]
fn what_breaks_the_protocol_does_not_pass_without_a_word() {
    let desk = Desk::new();
    let (ran, _) = desk.against(&after_ehlo(" mx", "C: MAIL FROM:<a@b>\nS: 354 go\n"), &TO);
    ran.expect(7, &["the server broke the protocol: 354 go"]);
    let differ = ACCEPTS.replacen("S: 250 ok", "S: 250-ok\nS: 251 ok", 1);
    let (ran, _) = desk.against(&after_ehlo(" mx", &differ), &TO);
    ran.expect(0, &["warning: a reply to MAIL breaks the protocol: lines of one reply with different codes"]);
    let early = ACCEPTS.replace("S: 354 go\n", "S! 354 go\\r\\n250 too early\\r\\n\n");
    let (ran, _) = desk.against(&after_ehlo(" mx", &early), &[&TO[..], &["--json"]].concat());
    let said = json(&ran);
    assert!(
        said["warnings"][0]["words"].as_str().is_some_and(|it| it.contains("nothing asked for this reply")),
        "{said}"
    );
}

#[test]
fn a_server_that_hangs_up_at_starttls_gave_no_tls() {
    let desk = Desk::new();
    let offer = "-mx\nS: 250 STARTTLS";
    let (ran, _) = desk.against(&after_ehlo(offer, "C: STARTTLS\n"), &[&TO[..], &["--tls"]].concat());
    ran.expect(4, &["before the reply to STARTTLS came"]).lacks(&["before the greeting"]);
    let (ran, _) = desk.against("HOLD\n", &["--to", "c@d", "--timeout", "1s"]);
    ran.expect(6, &["the greeting did not come in time", "smtps://127.0.0.1:"]);
}

#[test]
fn what_speaks_against_a_certificate_is_said_with_dates_and_names() {
    let desk = Desk::new();
    let with = |target: &str| desk.send(&[target, "--to", "anotherdude@target.local", "--tls"]);
    with("lab:cert-expired").expect(4, &["certificate is not trusted: it expired on 20", "--no-tls-verify"]);
    with("lab:cert-wrong-name").expect(4, &["it is not for 127.0.0.1: it is for ", "--tls-sni NAME"]);
    let kept = desk.path("kept.smtp");
    let kept_at = kept.to_str().expect("UTF-8");
    desk.send(&["lab:cert-expired", "--quit-after", "TLS", "--tls", "--save", kept_at]).expect(4, &[]);
    let kept = std::fs::read_to_string(&kept).expect("kept");
    assert!(kept.contains("* certificate n=0"), "the closer look is kept: {kept}");
}

#[test]
fn what_was_injected_after_starttls_is_a_warning_for_programs_too() {
    let desk = Desk::new();
    let to = ["lab:starttls-injection", "--to", "anotherdude@target.local"];
    desk.send(&to)
        .expect(0, &[" bytes came in clear text", "ehlo send: warning: ", "in clear text after the reply to STARTTLS"]);
    let said = json(&desk.send(&[&to[..], &["--json"]].concat()));
    assert_eq!(said["warnings"][0]["kind"], "injected", "{said}");
}

#[test]
fn the_family_and_the_address_to_connect_from_go_together() {
    let desk = Desk::new();
    let from =
        |family: &str| desk.against(&after_ehlo(" mx", ACCEPTS), &[&TO[..], &["--li", "127.0.0.1", family]].concat());
    from("-4").0.expect(0, &["from 127.0.0.1:"]);
    desk.send(&["lab:", "--to", "c@d", "-6", "--li", "127.0.0.1"]).expect(2, &["not of the family of -6"]);
}

#[test]
fn a_domain_beyond_ascii_has_a_form_that_needs_no_smtputf8() {
    let desk = Desk::new();
    let accepts = ACCEPTS.replace("c@d", "*");
    let (ran, _) = desk.against(&after_ehlo(" mx", &accepts), &["--to", "a@b\u{fc}cher.example", "--timeout", "2s"]);
    ran.expect(0, &["a@xn--bcher-kva.example is the same address"]);
}

#[test]
fn an_offer_that_is_missed_is_told_until_it_is_taken() {
    let desk = Desk::new();
    let offers = |offer: &str| format!("{}---\n", after_ehlo(offer, "C: QUIT\nS: 221 bye\n"));
    let script = [offers("-mx\nS: 250 AUTH PLAIN EXTERNAL"), offers(" mx").repeat(3)].concat();
    let peer = super::Peer::play(script.trim_end_matches("---\n"));
    let target = peer.target();
    let again = |more: &[&str]| desk.send(&[&["-s", &target, "--helo", "me", "--quit-after", "EHLO"], more].concat());
    again(&[]).expect(0, &[]).lacks(&["warning"]);
    let missed = again(&[]);
    missed.expect(0, &["AUTH is not offered any more, and was on", "--accept-offer"]).lacks(&["EXTERNAL"]);
    again(&["--accept-offer"]).expect(0, &["AUTH is not offered any more"]);
    again(&[]).expect(0, &[]).lacks(&["warning"]);
    peer.heard();
}

#[cfg(target_os = "linux")]
#[test]
fn a_certificate_may_be_pkcs12_and_its_key_must_be_its_own() {
    let desk = Desk::new();
    let made = || {
        let key = rcgen::KeyPair::generate().expect("a key");
        let cert =
            rcgen::CertificateParams::new(vec!["dude".to_owned()]).expect("a name").self_signed(&key).expect("signed");
        (cert.pem(), key.serialize_pem())
    };
    let (cert, key) = made();
    let pkey = openssl::pkey::PKey::private_key_from_pem(key.as_bytes()).expect("a key");
    let own = openssl::x509::X509::from_pem(cert.as_bytes()).expect("a certificate");
    let both = openssl::pkcs12::Pkcs12::builder().name("dude").pkey(&pkey).cert(&own).build2("pass-word-of-noddy");
    let file = desk.write("me.p12", both.and_then(|both| both.to_der()).expect("DER"));
    let to = ["lab:", "--quit-after", "EHLO", "--tls", "--tls-cert", &file];
    desk.send(&[&to[..], &["--tls-key-password-env", "NODDY_PASSWORD"]].concat()).expect(0, &[]).lacks(&["pass-word"]);
    desk.send(&to).expect(2, &["does not open", "--tls-key-password-env"]).lacks(&["client_password"]);
    let (cert, other) = (desk.write("cert.pem", cert), desk.write("other.pem", made().1));
    let ran = desk.send(&["lab:", "--quit-after", "EHLO", "--tls", "--tls-cert", &cert, "--tls-key", &other]);
    ran.expect(2, &["the key is not that of this certificate"]).lacks(&["x509"]);
}

#[test]
fn a_long_refusal_is_told_whole_once_and_where_the_conversation_is() {
    let desk = Desk::new();
    let reply = "550 5.1.1 <c@d>: Recipient address rejected: User unknown in virtual mailbox table";
    let script = after_ehlo(" mx", &format!("C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: {reply}\n{GIVES_UP}"));
    let with = |more: &[&str]| desk.against(&script, &[&TO[..], more].concat()).0;
    let times = |ran: &super::Ran| format!("{}{}", ran.out, ran.err).matches(reply).count();
    let ran = with(&[]);
    ran.expect(
        1,
        &[
            "=== refused   c@d  550 5.1.1: there is no such mailbox\n",
            "ehlo send: the server refused every recipient, and the last of them: 550 5.1.1: there is no such mailbox\n",
        ],
    );
    assert_eq!(times(&ran), 1, "{ran:?}");
    let told: Vec<_> =
        ran.err.lines().filter_map(|line| line.strip_prefix("ehlo send: the conversation is in ")).collect();
    assert!(matches!(told[..], [path] if std::fs::read_to_string(path).expect("kept").contains(reply)), "{ran:?}");
    let quiet = with(&["-q"]);
    quiet.expect(1, &[&format!("=== refused   c@d  {reply}")]).lacks(&["the conversation is in"]);
    assert_eq!(times(&quiet), 1, "{quiet:?}");
    let whole = with(&["--json"]);
    assert_eq!(json(&whole)["recipients"][0]["reply"], reply);
    whole.expect(1, &[&format!("the last of them: {reply}\n")]).lacks(&["the conversation is in"]);
    let hidden = with(&["-hr"]);
    assert_eq!(times(&hidden), 1, "{hidden:?}");
}
