use super::super::wire::Wire;
use super::super::{Command, Phase, Session, Verb, VerbTable};

const EHLO: &str =
    "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-PIPELINING\nS: 250-CHUNKING\nS: 250-STARTTLS\nS: 250 AUTH PLAIN LOGIN";

fn after_ehlo(script: &str) {
    Wire::play(EHLO).go_on(script);
}

#[test]
fn the_phases_of_a_transaction() {
    Wire::play(
        "= phase greeting
         S: 220 mx
         = phase greeted
         C: HELO a
         S: 250 mx
         = phase ready
         C: MAIL FROM:<a@b>
         = phase ready
         S: 250 ok
         = phase mail
         = from <a@b>
         C: RCPT TO:<c@d>
         S: 250 ok
         C: RCPT TO:<e@f>
         S: 550 no
         = phase rcpt
         = accepted 1
         = refused 1
         C: DATA
         = phase rcpt
         S: 354 go
         = phase data
         C: QUIT
         C: ..
         = phase data
         C: .
         = phase verdict
         S: 250 ok
         = phase ready
         = delivered 1
         = from -
         C: QUIT
         S: 221 bye
         = phase quit
         ? NOOP :: odd QUIT was accepted
         * closed
         = phase closed
         ? NOOP :: wrong There is no connection",
    );
}

#[test]
fn who_is_greeted_back_is_not_turned_away_whatever_came_before() {
    for (script, away) in [
        ("S: what is this", true),
        ("S: what is this\nC: EHLO a\nS: 250 mx", false),
        ("S: 554 no\nC: EHLO a\nS: 503 no", true),
        ("S: 220 mx\nC: EHLO a\nS: 250 mx\nC: NOOP\nS: 421 over\nC: EHLO a\nS: 250 mx", true),
    ] {
        assert_eq!(Wire::play(script).session.turned_away, away, "{script}");
    }
}

#[test]
fn a_greeting_of_several_lines_is_one() {
    Wire::play(
        "S: 220-mx\n? EHLO a :: odd The server has not greeted\nS: 220 ready\n= phase greeted\n? EHLO a :: fine",
    );
}

#[test]
fn a_server_that_turns_away_wants_quit_alone() {
    for greeting in ["554 no service", "421 busy", "521 never"] {
        Wire::play(&format!("S: {greeting}\n? EHLO a :: odd The server turned\n? QUIT :: fine"));
    }
    after_ehlo("S: 421 closing\n? NOOP :: odd The server turned\n? QUIT :: fine\n= phase ready");
}

#[test]
fn a_refused_command_changes_nothing() {
    after_ehlo(
        "C: MAIL FROM:<a@b>
         S: 452 later
         = phase ready
         = transactions 0
         C: MAIL FROM:<a@b>
         S: 250 ok
         C: MAIL FROM:<c@d>
         S: 503 nested
         = from <a@b>
         = phase mail
         C: DATA
         S: 503 no recipients
         = phase mail
         C: EHLO a
         S: 500 what
         = phase mail",
    );
}

#[test]
fn rset_and_a_second_ehlo_drop_the_transaction_and_keep_the_session() {
    after_ehlo(
        "C: AUTH PLAIN x
         S: 235 ok
         C: MAIL FROM:<a@b>
         S: 250 ok
         C: RCPT TO:<c@d>
         S: 250 ok
         ? EHLO a :: odd A new greeting drops
         C: RSET
         S: 250 ok
         = phase ready
         = accepted 0
         = login PLAIN
         C: MAIL FROM:<a@b>
         S: 250 ok
         C: EHLO a
         S: 250-mx
         S: 250 SIZE 100
         = phase ready
         = offers SIZE
         = login PLAIN
         = from -",
    );
}

#[test]
fn starttls_forgets_everything() {
    after_ehlo(
        "? STARTTLS :: fine
         C: STARTTLS
         ? EHLO a :: wrong Nothing may be sent
         S: 220 go
         = phase handshake
         ? EHLO a :: wrong The TLS handshake
         * tls
         = phase greeted
         = tls yes
         = offers 
         ? MAIL FROM:<a@b> :: wrong HELO or EHLO
         ? STARTTLS :: wrong The line is encrypted
         C: EHLO a
         S: 250-mx
         S: 250 AUTH PLAIN
         = tls yes
         = offers AUTH",
    );
    // What was taken before it is taken still.
    after_ehlo(
        "C: MAIL FROM:<a@b>
         S: 250 ok
         C: RCPT TO:<c@d>
         S: 250 ok
         C: DATA
         S: 354 go
         C: .
         S: 250 ok
         C: STARTTLS
         S: 220 go
         * tls
         = delivered 1
         = transactions 1",
    );
    after_ehlo("C: STARTTLS\nS: 454 not now\n= phase ready\n= tls no\n? MAIL FROM:<> :: fine");
}

#[test]
fn implicit_tls_comes_before_the_greeting() {
    Wire::play("* tls\n= phase greeting\n= tls yes\nS: 220 mx\n= phase greeted\n? STARTTLS :: wrong The line is");
}

#[test]
fn auth_goes_back_to_where_it_began() {
    after_ehlo(
        "C: AUTH LOGIN
         S: 334 VXNlcm5hbWU6
         = phase auth
         C: QUIT
         S: 334 UGFzc3dvcmQ6
         = phase auth
         C: bm9kZHk=
         S: 235 ok
         = phase ready
         = login LOGIN
         ? AUTH PLAIN x :: wrong You are logged in",
    );
    after_ehlo("C: AUTH PLAIN x\nS: 535 no\n= phase ready\n= login -\n? AUTH PLAIN :: fine");
    after_ehlo("C: AUTH PLAIN\nS: 334 \nC: *\nS: 501 given up\n= phase ready\n= login -");
    Wire::play("S: 220 mx\nC: HELO a\nS: 250 mx\n? AUTH PLAIN :: wrong AUTH needs EHLO");
    Wire::play("S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 STARTTLS\n? AUTH PLAIN :: odd The server offers no AUTH here");
}

#[test]
fn what_does_not_fit_is_said_with_its_reason() {
    Wire::play(
        "S: 220 mx
         ? MAIL FROM:<> :: wrong HELO or EHLO
         ? STARTTLS :: odd EHLO comes first
         ? RSET :: fine
         ? VRFY a :: fine
         ? HELP :: fine
         ? FOO :: fine",
    );
    after_ehlo(
        "? RCPT TO:<a@b> :: wrong MAIL must come
         ? DATA :: wrong MAIL and RCPT
         ? BDAT 1 LAST :: wrong MAIL and RCPT
         ? BURL imap://x/y LAST :: wrong MAIL and RCPT
         ? LHLO a :: odd LHLO is
         C: MAIL FROM:<a@b>
         S: 250 ok
         ? MAIL FROM:<a@b> :: wrong A mail transaction is open
         ? DATA :: wrong No recipient
         ? BDAT 1 :: wrong No recipient
         ? BURL imap://x/y LAST :: wrong No recipient
         ? AUTH PLAIN :: wrong AUTH is not allowed
         ? STARTTLS :: odd STARTTLS drops
         C: RCPT TO:<c@d>
         S: 550 no
         ? DATA :: wrong No recipient
         C: RCPT TO:<e@f>
         S: 250 ok
         ? DATA :: fine
         ? BDAT 1 :: fine
         ? BURL imap://x/y LAST :: fine
         ? NOOP :: fine",
    );
}

#[test]
fn chunks_take_their_octets_as_content() {
    after_ehlo(
        "C: MAIL FROM:<a@b>
         S: 250 ok
         C: RCPT TO:<c@d>
         S: 250 ok
         C: BDAT 6
         = phase bdat
         C: QUIT
         S: 250 ok
         = phase bdat
         ? DATA :: wrong BDAT and DATA
         ? RCPT TO:<x@y> :: wrong The content has begun
         ? RSET :: fine
         C: BDAT 0 LAST
         S: 250 ok
         = phase ready
         = delivered 1",
    );
    Wire::play("S: 220 mx\nC: HELO a\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok")
        .go_on("? BDAT 4 :: wrong The server did not offer\nC: BDAT 4\nS: 502 what\nC: NOOP\nS: 250 ok\n= awaited 0");
}

#[test]
fn binary_content_goes_by_chunks_alone() {
    after_ehlo(
        "C: MAIL FROM:<a@b> BODY=binarymime
         S: 250 ok
         C: RCPT TO:<c@d>
         S: 250 ok
         ? DATA :: wrong MAIL said BODY=BINARYMIME
         ? BDAT 1 LAST :: fine",
    );
}

#[test]
fn a_pipelined_group_is_judged_as_a_whole() {
    after_ehlo(
        "C: MAIL FROM:<a@b>
         ? RCPT TO:<c@d> :: fine
         C: RCPT TO:<c@d>
         ? DATA :: fine
         ? MAIL FROM:<a@b> :: wrong A mail transaction
         C: DATA
         ? NOOP :: odd The reply to DATA
         S: 250 ok
         S: 250 ok
         S: 354 go
         = phase data
         = awaited 0",
    );
    Wire::play("S: 220 mx\nC: HELO a\n? MAIL FROM:<> :: odd The reply to HELO\nS: 250 mx\nC: MAIL FROM:<>")
        .go_on("? RCPT TO:<a@b> :: odd A reply is still due\nS: 250 ok\n? RCPT TO:<a@b> :: fine");
}

#[test]
fn a_group_that_fails_takes_its_foresight_with_it() {
    after_ehlo(
        "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nS: 550 no\nS: 503 first MAIL\n? RCPT TO:<x@y> :: wrong MAIL must",
    );
}

#[test]
fn lmtp_has_a_verdict_for_each_accepted_recipient() {
    Wire::play(
        "S: 220 mx LMTP
         C: LHLO a
         S: 250 mx
         ? EHLO a :: wrong This is LMTP
         C: MAIL FROM:<a@b>
         S: 250 ok
         C: RCPT TO:<c@d>
         S: 250 ok
         C: RCPT TO:<e@f>
         S: 550 no
         C: RCPT TO:<g@h>
         S: 250 ok
         C: DATA
         S: 354 go
         C: .
         S: 250 ok
         = phase verdict
         = awaited 1
         S: 452 full
         = phase ready
         = delivered 1",
    );
}

#[test]
fn a_new_connection_starts_over() {
    after_ehlo("* closed\n* connecting\n= phase connecting\n* connected\nS: 220 mx\n= phase greeted\n= offers ");
}

/// The table of verbs and the session tell the same story: a verb is listed for a phase where nothing is wrong with it.
#[test]
fn the_table_and_the_session_agree() {
    let table = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
    let mail = format!("{EHLO}\nC: MAIL FROM:<a@b>\nS: 250 ok");
    let rcpt = format!("{mail}\nC: RCPT TO:<c@d>\nS: 250 ok");
    let bdat = format!("{rcpt}\nC: BDAT 0\nS: 250 ok");
    for script in ["S: 220 mx", EHLO, &mail, &rcpt, &bdat] {
        let session = Wire::play(script).session;
        let phase = session.phase().name();
        for entry in &table.verbs {
            let verb = Verb::from_word(&entry.name);
            // What is only odd here (STARTTLS in a transaction, LHLO after EHLO) is not offered, or offered elsewhere.
            // What the session does not know, only the table says.
            if matches!(verb, Verb::Starttls | Verb::Lhlo | Verb::Other) {
                continue;
            }
            let command = Command::parse(format!("{} x", entry.name).as_bytes());
            let wrong = session.objection(&command).is_some_and(|o| o.severity == crate::smtp::lint::Severity::Wrong);
            let listed = entry.phases.iter().any(|name| name == phase);
            assert_eq!(listed, !wrong, "{} in phase {phase}", entry.name);
        }
    }
}

#[test]
fn what_may_follow_is_what_was_offered() {
    let table = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
    let names = |session: &Session| session.may_follow(&table).iter().map(|e| e.name.clone()).collect::<Vec<_>>();
    let ready = names(&Wire::play(EHLO).session);
    assert!(ready.iter().any(|name| name == "STARTTLS") && ready.iter().any(|name| name == "AUTH"), "{ready:?}");
    assert!(!ready.iter().any(|name| name == "RCPT" || name == "LHLO"), "{ready:?}");
    let helo = names(&Wire::play("S: 220 mx\nC: HELO a\nS: 250 mx").session);
    assert!(!helo.iter().any(|name| name == "STARTTLS" || name == "AUTH" || name == "BDAT"), "{helo:?}");
    let lmtp = names(&Wire::play("S: 220 mx\nC: LHLO a\nS: 250 mx").session);
    assert!(lmtp.iter().any(|name| name == "LHLO") && !lmtp.iter().any(|name| name == "EHLO"), "{lmtp:?}");
    assert!(names(&Wire::play("").session).is_empty());
}

#[test]
fn phases_have_names_that_lead_back() {
    for phase in Phase::ALL {
        assert_eq!(Phase::from_name(phase.name()), Some(phase));
    }
    assert_eq!(Phase::from_name("content"), Some(Phase::Data));
    assert_eq!(Phase::from_name("nowhere"), None);
}

#[test]
fn etrn_waits_for_the_end_of_a_transaction() {
    let objection = |steps: &str| Wire::play(steps).session.objection(&Command::parse(b"ETRN client.example"));
    assert_eq!(objection(EHLO), None);
    let open = objection(&format!("{EHLO}\nC: MAIL FROM:<a@b>\nS: 250 ok"));
    assert!(open.is_some_and(|objection| objection.reason.contains("ETRN has to wait")));
}

#[test]
fn after_xclient_the_session_is_back_at_its_greeting() {
    let offer = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-AUTH PLAIN\nS: 250 XCLIENT ADDR";
    let ready = Wire::play(offer).session;
    let command = |line: &str| Command::parse(line.as_bytes());
    assert_eq!(ready.objection(&command("XCLIENT ADDR=192.0.2.1")), None);
    assert!(ready.objection(&command("XFORWARD ADDR=192.0.2.1")).is_some_and(|o| o.reason.contains("did not offer")));
    let after = Wire::play(&format!("{offer}\nC: XCLIENT ADDR=192.0.2.1\nS: 220 mx")).session;
    assert_eq!((after.phase(), after.greeted_by), (Phase::Greeted, None));
    assert!(!after.capabilities.has("AUTH"));
    let refused = Wire::play(&format!("{offer}\nC: XCLIENT ADDR=x\nS: 501 no")).session;
    assert_eq!(refused.phase(), Phase::Ready);
}
