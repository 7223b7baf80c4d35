use super::*;

const FILE: &str = "# the front MX\nhost = \"mx.noddy.com\" # ours\nport = 2525\n\n[identity]\n# who we are\nehlo = \"noddy.com\"\nto = [\"a@b\", \"\\\"c,d\\\"@e\"]\n\n[auth]\nuser = \"dude\"\npassword = { env = \"NODDY\" }\n";

#[test]
fn a_file_is_edited_and_its_comments_stay() {
    let mut draft = Draft::of(FILE).expect("TOML");
    assert_eq!(draft.text(), FILE, "nothing was changed");
    assert_eq!((draft.get("port"), draft.get("identity.to")), ("2525", "a@b, \"c,d\"@e"));
    assert_eq!((draft.get("auth.password"), draft.get(SECRETS[0].1)), ("env", "NODDY"));
    draft.set("host", "mx2.noddy.com");
    draft.set("port", "");
    draft.set("identity.from", "dude@noddy.com");
    draft.set("production", "true");
    draft.set("auth.password", "command");
    draft.set(SECRETS[0].1, "pass show noddy");
    let text = draft.text();
    for part in [
        "# the front MX\nhost = \"mx2.noddy.com\" # ours\n",
        "production = true",
        "# who we are\nehlo",
        "from = \"dude@noddy.com\"",
        "to = [\"a@b\", \"\\\"c,d\\\"@e\"]",
        "password = { command = \"pass show noddy\" }",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("2525"), "{text}");
    assert!(draft.is_changed() && draft.errors().is_empty(), "{:?}", draft.errors());
    draft.set("auth.user", "");
    assert!(!draft.text().contains("auth"), "nobody logs in: {}", draft.text());
}

#[test]
fn a_new_profile_has_what_was_put_in_and_reads_back() {
    let mut draft = Draft::default();
    assert_eq!(draft.errors().len(), 1, "a host is needed");
    for (key, value) in [
        ("host", "mx.noddy.com"),
        ("port", "587"),
        ("production", "true"),
        ("identity.to", "a@b, \"x,y\"@c ,"),
        ("tls.mode", "require"),
        ("tls.verify", "false"),
        ("auth.user", "dude"),
        ("auth.allow_plaintext", "true"),
        ("network.family", "ipv6"),
        ("network.reply_timeout", "30s"),
    ] {
        draft.set(key, value);
    }
    assert_eq!(draft.errors(), []);
    let target = Profile::parse("noddy", &draft.text(), Path::new("noddy.toml")).expect("well formed").target;
    assert_eq!(target.endpoint.to_string(), "mx.noddy.com:587");
    assert_eq!(target.to, ["a@b", "\"x,y\"@c"]);
    assert!(target.production && !target.verify && target.tls == TlsMode::Require);
    assert_eq!(target.reply_timeout, Some(30_000));
    assert!(target.auth.is_some_and(|auth| auth.allow_plaintext && auth.user == "dude"));
    assert_eq!(target.bind, Some("::".parse().expect("an address")));
}

#[test]
fn every_wrong_field_is_named_and_none_hides_another() {
    let mut draft = Draft::default();
    for (key, value) in [
        ("host", "no such host"),
        ("port", "99999"),
        ("auth.user", "u"),
        ("auth.password", "env"),
        ("network.bind", "localhost"),
        ("network.connect_timeout", "soon"),
        ("identity.from", "a\u{7}@b"),
    ] {
        draft.set(key, value);
    }
    let errors = draft.errors();
    let keys: Vec<_> = errors.iter().filter_map(|(key, _)| *key).collect();
    for key in ["host", "port", SECRETS[0].1, "network.bind", "network.connect_timeout", "identity.from"] {
        assert!(keys.contains(&key), "{key}: {errors:?}");
    }
    assert_eq!(keys.len(), 6, "{errors:?}");
}

#[test]
fn a_password_in_plain_text_is_neither_shown_nor_kept() {
    let draft = Draft::of("host = \"a\"\n[auth]\nuser = \"u\"\npassword = \"hunter2\"\n").expect("TOML");
    assert!(FIELDS.iter().all(|field| draft.get(field.key) != "hunter2"));
    assert!(draft.is_changed());
    assert!(draft.text().contains("password = { prompt = true }"), "{}", draft.text());
    assert_eq!(draft.errors(), []);
}

#[test]
fn choices_go_round_and_what_is_written_in_another_way_is_known() {
    let mut draft =
        Draft::of("host = \"a\"\nprotocol = \"esmtp\"\n[auth]\nuser = \"u\"\nmechanism = \"plain\"\n").expect("TOML");
    assert_eq!((draft.get("protocol"), draft.get("auth.mechanism")), ("", "PLAIN"));
    draft.turn("protocol", true);
    assert_eq!(draft.get("protocol"), "smtp");
    draft.turn("protocol", false);
    draft.turn("protocol", false);
    assert_eq!(draft.get("protocol"), "lmtp");
    draft.turn("host", true);
    assert_eq!(draft.get("host"), "a", "a text has nothing to turn");
}

#[test]
fn a_target_that_was_typed_becomes_a_profile() {
    for (text, want) in [
        ("mx.noddy.com:2525", "mx.noddy.com:2525"),
        ("smtps://a", "a:465"),
        ("mx:noddy.com", "mx:noddy.com"),
        ("lmtp+unix:/run/s", "/run/s"),
        ("lmtp://a", "a:24"),
        ("lab:greylist", "lab:greylist"),
    ] {
        let target = Target::read(text, &super::super::Profiles::shipped()).expect(text);
        let draft = Draft::for_target(&target);
        let read = Profile::parse("p", &draft.text(), Path::new("p.toml")).expect(text).target;
        assert_eq!((read.endpoint.to_string().as_str(), read.tls), (want, target.tls), "{text}");
    }
}

#[test]
fn every_mechanism_that_is_spoken_can_be_chosen() {
    let Kind::Choice(choices) = FIELDS[index("auth.mechanism")].kind else { panic!("a choice") };
    for name in crate::smtp::sasl::names() {
        assert!(choices.iter().any(|(value, _)| *value == name), "{name}");
    }
}

#[test]
fn what_is_no_toml_is_said_with_its_line_and_without_its_text() {
    let error = Draft::of("host = \"a\"\npassword = hunter2\n").expect_err("no TOML");
    assert!(error.starts_with("line 2:") && !error.contains("hunter2"), "{error}");
}
