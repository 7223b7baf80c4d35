//! What the tabs Session, Offer and TLS show, and what went wrong, at the inner sizes of 80x24 and of 120x33.

use base64::Engine as _;
use insta::assert_snapshot;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SerialNumber, date_time_ymd};

use super::*;
use crate::tui::pane::sample::{self, REFUSED, add, talk};

const SMALL: Size = Size { width: 32, height: 16 };
const LARGE: Size = Size { width: 56, height: 17 };

fn today() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

/// A tab on all the rows that it takes.
fn whole(talk: &Talk, tab: Tab, width: u16, marked: Option<usize>) -> String {
    let mut panel = Panel::default();
    panel.open(tab);
    let knowledge = Knowledge::shipped();
    let scene = Scene {
        knowledge: &knowledge,
        keymap: Keymap::shipped(),
        marked,
        today: Some(today()),
        zone: None,
        probing: None,
        exam: false,
        placed: false,
        given: 0,
    };
    panel.arrange(talk, scene, Size::new(width, 500));
    let rows = panel.count();
    sample::screen(width, rows, |area, buffer| {
        panel.draw(Keymap::shipped(), Theme::sixteen(), (false, false), area, buffer);
    })
}

#[test]
fn what_is_offered_in_octets_that_are_no_utf_8_is_shown_as_in_the_transcript() {
    let odd = r"* connected a
        < 220 mx
        > EHLO a
        < 250-mx
        < 250-FOO\x9b2J\xff a\xfe
        < 250 \x07BAR";
    let shown = whole(&talk(odd), Tab::Offer, 56, None);
    assert!(shown.contains(r"FOO\x9b2J\xff a\xfe") && shown.contains(r"\x07BAR"), "{shown}");
}

#[test]
fn an_exam_says_that_a_certificate_is_not_trusted_and_not_why() {
    let (talk, knowledge) = (untrusted(), Knowledge::shipped());
    for tab in [Tab::Reply, Tab::Tls] {
        let mut panel = Panel::default();
        panel.open(tab);
        let scene = scene(&knowledge, true);
        panel.arrange(&talk, scene, Size::new(56, 500));
        let shown = sample::screen(56, panel.count(), |area, buffer| {
            panel.draw(Keymap::shipped(), Theme::sixteen(), (false, false), area, buffer);
        });
        for said in ["expired on", "It is for", "not known here", "over for", "owner"] {
            assert!(!shown.contains(said), "{said}: {shown}");
        }
        assert!(shown.contains("Go on regardless"), "{shown}");
    }
}

fn scene(knowledge: &Knowledge, exam: bool) -> Scene<'_> {
    Scene {
        knowledge,
        keymap: Keymap::shipped(),
        marked: None,
        today: Some(today()),
        zone: None,
        probing: None,
        exam,
        placed: false,
        given: 0,
    }
}

/// A tab in the rows that the panel has.
fn shown(talk: &Talk, tab: Tab, size: Size) -> String {
    let mut panel = Panel::default();
    panel.open(tab);
    let knowledge = Knowledge::shipped();
    panel.arrange(talk, scene(&knowledge, false), size);
    sample::screen(size.width, size.height, |area, buffer| {
        panel.draw(Keymap::shipped(), Theme::sixteen(), (false, false), area, buffer);
    })
}

/// Two certificates as remarks: of the server, and of its authority.
fn chain(names: &[&str], until: (i32, u8, u8)) -> String {
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "Example CA");
    authority.not_before = date_time_ymd(2026, 1, 1);
    authority.not_after = date_time_ymd(2036, 1, 1);
    authority.serial_number = Some(SerialNumber::from(7u64));
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut leaf = CertificateParams::new(names.clone()).expect("parameters");
    leaf.distinguished_name.push(DnType::CommonName, names[0].clone());
    leaf.not_before = date_time_ymd(2026, 1, 1);
    leaf.not_after = date_time_ymd(until.0, until.1, until.2);
    leaf.serial_number = Some(SerialNumber::from(0x1234u64));
    let leaf = leaf.signed_by(&KeyPair::generate().expect("a key"), &authority).expect("a certificate");
    let remark = |n: usize, der: &[u8]| {
        let der = base64::engine::general_purpose::STANDARD.encode(der);
        format!("* certificate n={n} der={der}\n")
    };
    remark(0, leaf.der()) + &remark(1, authority.der())
}

/// Fingerprints differ each time.
fn without_fingerprints(shown: &str) -> String {
    let mut out = String::new();
    for row in shown.lines() {
        let fingerprint =
            |c: char| c == ':' || c == ' ' || c == '"' || c.is_ascii_hexdigit() && !c.is_ascii_lowercase();
        let pairs = row.contains("SHA-256   ") || row.contains(':') && row.chars().all(fingerprint);
        let hide = |c: char| if pairs && c.is_ascii_hexdigit() && !c.is_ascii_lowercase() { '#' } else { c };
        let (label, rest) = row.split_at(row.find("SHA-256").map_or(0, |at| at + "SHA-256".len()));
        out.extend(label.chars().chain(rest.chars().map(hide)).chain(['\n']));
    }
    out
}

const SECURED: &str = "
    @0 * connecting 127.0.0.1:587
    @0.002 * connected 127.0.0.1:587 from 127.0.0.1:53212
    @0.004 < 220 mx.target.local ESMTP
    @3.120 > EHLO noddy.com
    @3.122 < 250-mx.target.local
    < 250-SIZE 1000
    < 250-VRFY
    < 250-AUTH CRAM-MD5
    < 250 STARTTLS
    @4 > STARTTLS
    @4.010 < 220 go
    @4.030 * tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes
";

const AGAIN: &str = "
    @5 > EHLO noddy.com
    @5.001 < 250-mx.target.local
    < 250-SIZE 10485760
    < 250-8BITMIME
    < 250-X-ODD a b
    < 250 AUTH PLAIN LOGIN";

fn secured() -> Talk {
    talk(&format!("{SECURED}{}{AGAIN}", chain(&["mx.target.local", "*.target.local"], (2026, 12, 1))))
}

/// A handshake that failed, and the closer look that followed.
fn untrusted() -> Talk {
    let start = SECURED.split("@4.030").next().expect("a beginning");
    talk(&format!(
        "{start}@4.030 * tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 failed=yes
        * error kind=tls \"the server's certificate has expired\"
        * closed by=client
        * inspecting mx.target.local
        * connecting 127.0.0.1:587
        * connected 127.0.0.1:587 from 127.0.0.1:53214
        < 220 mx.target.local ESMTP
        * auto
        > EHLO noddy.com
        < 250-mx.target.local
        < 250 STARTTLS
        * auto
        > STARTTLS
        < 220 go
        * tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=no \
          reason=\"it expired on 2026-03-01 00:00 UTC; it is not for mx.target.local: it is for mail.other.example; \
          its issuer is not known here: CN=Example CA\"
        {}* closed by=client",
        chain(&["mail.other.example"], (2026, 3, 1)),
    ))
}

#[test]
fn causes_and_steps_begin_with_a_capital_letter_unless_with_a_name() {
    let shown = whole(&untrusted(), Tab::Reply, 56, None);
    let entries: Vec<_> = shown.lines().filter_map(|row| row.trim_start_matches(['"', ' ']).split_once(' ')).collect();
    let entries: Vec<_> = entries.into_iter().filter(|(number, _)| number.parse::<u8>().is_ok()).collect();
    assert!(entries.len() > 5, "{shown}");
    for (_, words) in entries {
        assert!(words.starts_with(char::is_uppercase), "{words}: {shown}");
    }
}

#[test]
fn the_session() {
    let refused = talk(REFUSED);
    assert_snapshot!("session_80x24", whole(&refused, Tab::Session, SMALL.width, None));
    assert_snapshot!("session_120x33", whole(&refused, Tab::Session, LARGE.width, None));
}

#[test]
fn the_session_counts_what_was_taken_and_what_is_left_of_a_chunk() {
    let mut talk = talk(
        "* connecting 127.0.0.1:24\n* connected 127.0.0.1:24\n< 220 mx\n> LHLO a\n< 250-mx\n< 250 CHUNKING\n\
         > MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 2.1.5 ok\n> RCPT TO:<e@f>\n< 250 2.1.5 ok\n\
         > BDAT 40\n| 123456",
    );
    let during = whole(&talk, Tab::Session, 56, None);
    assert!(during.contains("32 octets of this chunk are still to be sent"), "{during}");
    assert!(during.contains("LMTP") && during.contains("2 of 2 accepted"), "{during}");
    add(
        &mut talk,
        "> RSET\n< 250 ok\n> MAIL FROM:<>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go\n> .\n< 452 4.2.2 full",
    );
    let after = whole(&talk, Tab::Session, 56, None);
    assert!(after.contains("✗ c@d") && after.contains("not taken 452 4.2.2"), "{after}");
}

#[test]
fn the_offer() {
    let talk = secured();
    assert_snapshot!("offer_80x24", whole(&talk, Tab::Offer, SMALL.width, None));
    assert_snapshot!("offer_120x33", whole(&talk, Tab::Offer, LARGE.width, None));
    // As of the first EHLO: nothing to compare with, and in clear text.
    let first = whole(&talk, Tab::Offer, 56, Some(4));
    assert!(first.contains("in clear text") && first.contains("VRFY") && !first.contains("new"), "{first}");
    // Just after the handshake: what was offered is forgotten.
    let between = whole(&talk, Tab::Offer, 56, Some(11));
    assert!(between.contains("Send EHLO again"), "{between}");
}

#[test]
fn what_speaks_lmtp_is_greeted_by_lhlo_again() {
    let talk = talk(
        "* connecting 127.0.0.1:24 protocol=lmtp\n* connected 127.0.0.1:24\n< 220 mx\n> LHLO a\n< 250-mx\n\
         < 250 STARTTLS\n> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes\n",
    );
    let clear = whole(&talk, Tab::Tls, 100, Some(5));
    assert!(clear.contains("after it, LHLO again"), "{clear}");
    let offer = whole(&talk, Tab::Offer, 80, None);
    assert!(offer.contains("Send LHLO again"), "{offer}");
    assert_eq!(super::place::phase_words(&talk.dialogue.state().session), "encrypted, LHLO again");
}

#[test]
fn the_offer_says_what_to_do_and_what_to_beware_of() {
    let mut talk = talk("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx");
    assert!(whole(&talk, Tab::Offer, 56, None).contains("EHLO, with your host's name"));
    add(&mut talk, "> HELO a\n< 250 mx");
    assert!(whole(&talk, Tab::Offer, 56, None).contains("HELO asks for no offer"));
    add(&mut talk, "> EHLO a\n< 250-mx\n< 250-SIZE 0\n< 250 AUTH=LOGIN");
    let offer = whole(&talk, Tab::Offer, 56, None);
    for words in ["No limit is", "no STARTTLS", "AUTH in clear text", "Better not log in on"] {
        assert!(offer.contains(words), "{words}: {offer}");
    }
    add(&mut talk, "> EHLO a\n< 250-mx\n< 250-SIZE 0\n< 250 AUTH LOGIN");
    assert!(whole(&talk, Tab::Offer, 56, None).contains("The same as in the EHLO before."));
    assert!(whole(&Talk::default(), Tab::Offer, 56, None).contains("Nothing is offered yet."));
}

#[test]
fn a_verified_certificate() {
    let talk = secured();
    assert_snapshot!("tls_80x24", without_fingerprints(&whole(&talk, Tab::Tls, SMALL.width, None)));
    assert_snapshot!("tls_120x33", without_fingerprints(&whole(&talk, Tab::Tls, LARGE.width, None)));
    let before = whole(&talk, Tab::Tls, 56, Some(4));
    assert!(before.contains("Clear text") && before.contains("offers STARTTLS"), "{before}");
}

#[test]
fn a_certificate_that_is_not_trusted() {
    let talk = untrusted();
    assert_snapshot!("untrusted_80x24", shown(&talk, Tab::Reply, SMALL));
    assert_snapshot!("untrusted_120x33", shown(&talk, Tab::Reply, LARGE));
    assert_snapshot!("untrusted_tls_80x24", without_fingerprints(&whole(&talk, Tab::Tls, SMALL.width, None)));
    assert_snapshot!("untrusted_tls_120x33", without_fingerprints(&whole(&talk, Tab::Tls, LARGE.width, None)));
    // Marked further up, the reply to EHLO is what it is about.
    let marked = whole(&talk, Tab::Tls, 56, Some(4));
    assert!(marked.contains("Clear text") && !marked.contains("expired"), "{marked}");
    // Where it stands is the connection that failed, not the closer look.
    assert!(whole(&talk, Tab::Session, 56, None).contains("127.0.0.1:53212"));
}

#[test]
fn a_verdict_out_of_order_is_no_reason_to_fall_over() {
    let talk = talk(
        "* connecting a:24\n* connected a:24\n< 220 mx\n> LHLO a\n< 250 mx\n> MAIL FROM:<>\n< 250 ok\n> RCPT TO:<a@b>\n\
         < 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go\n> .\n> MAIL FROM:<>\n> RCPT TO:<e@f>\n< 250 a\n< 250 b\n\
         < 250 ok\n< 250 ok\n> QUIT\n< 221 bye",
    );
    for marked in 0..talk.log.len() {
        for tab in Tab::ALL {
            assert!(!whole(&talk, tab, 56, Some(marked)).is_empty());
        }
    }
}

#[test]
fn each_kind_of_trouble_says_what_happened_why_and_what_to_press() {
    let dialled = "* connecting 127.0.0.1:25\n";
    for (lines, words) in [
        ("* error kind=refused \"127.0.0.1:25: connection refused\"\n* closed by=network", "127.0.0.1:587"),
        ("* error kind=name \"the name mx.exmaple can't be resolved\"\n* closed by=network", "misspelt"),
        ("* error kind=time-out \"127.0.0.1:25: no answer within 30 s\"\n* closed by=network", "firewall"),
        ("* error kind=network \"no route\"\n* closed by=network", "No way leads there"),
        ("* connected 127.0.0.1:25\n* closed by=server", "smtps://127.0.0.1:25"),
        (
            "* connected 127.0.0.1:25\n* error kind=tls \"it answered in clear text\" try=smtp://127.0.0.1:25\n\
             * closed by=client",
            "connect smtp://127.0.0.1:25",
        ),
        ("* connected 127.0.0.1:25\n* error kind=tls \"handshake failure (alert 40)\"\n* closed by=client", "cipher"),
        (
            "* connected 127.0.0.1:25\n* warning kind=mode \"it speaks TLS\" try=smtps://127.0.0.1:25\n< \\x15\\x03",
            "connect smtps://127.0.0.1:25",
        ),
        ("* connected 127.0.0.1:25\n* warning kind=mode \"it speaks IMAP\"\n< * OK IMAP4rev1", "no mail server"),
        (
            "* connected 127.0.0.1:25\n* warning kind=silence \"no greeting\" try=smtps://127.0.0.1:25",
            "connect smtps://127.0.0.1:25",
        ),
    ] {
        let talk = talk(&format!("{dialled}{lines}"));
        let text = shown(&talk, Tab::Reply, Size::new(56, 22));
        assert!(text.contains(words) && text.contains("Why") && text.contains("Try next"), "{lines}\n{text}");
    }
    let late = talk(&format!(
        "{dialled}* connected 127.0.0.1:25\n* warning kind=silence \"no greeting\" try=smtps://127.0.0.1:25\n< 220 mx"
    ));
    assert!(!shown(&late, Tab::Reply, LARGE).contains("says nothing"), "a greeting ends the silence");
    let gone = talk(&format!(
        "{dialled}* connected 127.0.0.1:25\n* warning kind=silence \"no greeting\" try=smtps://127.0.0.1:25\n\
         > EHLO a\n* closed by=server"
    ));
    let text = shown(&gone, Tab::Reply, Size::new(56, 22));
    assert!(
        text.contains("closed before it said anything") && text.contains("1 Try TLS from the first byte"),
        "{text}"
    );
    // A file of a connection that never stood says so wherever one is in it.
    let refused = talk(&format!("{dialled}* error kind=refused \"refused\"\n* closed by=network"));
    assert!(whole(&refused, Tab::Reply, 56, Some(0)).contains("nothing listens there"));
    // The other tabs do not pretend that there is a line.
    let text = shown(&refused, Tab::Tls, LARGE);
    assert!(text.contains("nothing listens there") && !text.contains("Clear text"), "{text}");
}

#[test]
fn what_nobody_waits_for_any_more_says_so_with_the_next_step_until_it_comes() {
    let asked = "* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx\n> EHLO a\n< 250 mx\n> MAIL FROM:<>\n";
    for (given_up, words) in [
        ("* gave-up reason=time-out awaiting=MAIL after=1s", "No reply to MAIL in time"),
        ("* gave-up", "you stopped waiting"),
    ] {
        let mut talk = talk(&format!("{asked}{given_up}"));
        let text = shown(&talk, Tab::Reply, Size::new(56, 22));
        assert!(text.contains(words) && text.contains("Try next") && text.contains("reconnect"), "{text}");
        add(&mut talk, "< 250 late");
        let text = shown(&talk, Tab::Reply, LARGE);
        assert!(!text.contains(words), "a late reply ends it: {text}");
    }
    let closed = talk(&format!("{asked}* gave-up reason=time-out awaiting=MAIL after=1s\n* closed by=server"));
    assert!(!shown(&closed, Tab::Reply, LARGE).contains("in time"), "the end is what counts then");
}

#[test]
fn a_greeting_that_nobody_waits_for_any_more_is_no_line_that_was_sent() {
    let dialled = "* connecting 127.0.0.1:465\n* connected 127.0.0.1:465\n\
                   * warning kind=silence \"no greeting for 6 s\" try=smtps://127.0.0.1:465\n* gave-up";
    let text = shown(&talk(dialled), Tab::Reply, Size::new(56, 22));
    assert!(text.contains("No greeting: you stopped waiting") && text.contains("No line was sent"), "{text}");
    assert!(text.contains("1 Connect in the way that fits better"), "what the line below names is the first: {text}");
}

#[test]
fn reading_that_has_stopped_offers_to_read_on() {
    let mut talk = talk(
        "* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx\n> EHLO a\n< 250-mx\n\
         * warning kind=flood \"the server sent 25165824 octets in 1 line without a pause; reading has stopped\"",
    );
    let text = shown(&talk, Tab::Reply, Size::new(56, 22));
    assert!(text.contains("Reading has stopped") && text.contains("read-on"), "{text}");
    talk.flooded = false;
    assert!(!shown(&talk, Tab::Reply, LARGE).contains("Reading has stopped"), "it goes on");
}

#[test]
fn every_tab_can_be_drawn_at_any_size_and_shows_octets_of_the_peer_escaped() {
    let hostile = "* connecting a:1\n* connected a:1\n< 220 \\e[2J\n> EHLO \\e[2J\n< 250-\\e]0;x\\x07\n\
        < 250-\\e[2J \\u{202e}\n< 250 SIZE \\e[1m\n> MAIL FROM:<\\e[2J@b>\n< 250 ok\n> RCPT TO:<\\e[2J@\\u{202e}>\n< 250 ok\n\
        * tls version=\"\\u001b[2J\" cipher=\"\\u001b\" verified=no reason=\"\\u001b[2J\"\n* certificate n=0 der=AAAA";
    for text in [hostile.to_owned(), REFUSED.to_owned(), String::new()] {
        let talk = talk(&text);
        for tab in Tab::ALL {
            for (width, height) in [(1, 1), (3, 2), (8, 30), (56, 1), (32, 16), (76, 40)] {
                let shown = shown(&talk, tab, Size::new(width, height));
                assert!(shown.chars().all(|c| c == '\n' || crate::smtp::escape::is_plain(c)), "{shown:?}");
            }
        }
    }
}
