//! Tests of the fold: what pairs with what, and the verdict of each recipient.

use proptest::prelude::*;

use super::*;
use crate::conversation::sample::log;
use crate::conversation::{Event, Line, Micros, Remark};
use crate::smtp::{Phase, ReplyCode};

const CLASSIC: &str = "
    * connecting 127.0.0.1:25
    * connected 127.0.0.1:25
    < 220 mx
    > EHLO a
    < 250-mx
    < 250 SIZE 1000
    > MAIL FROM:<a@b>
    < 250 2.1.0 ok
    > RCPT TO:<c@d>
    < 250 2.1.5 ok
    > RCPT TO:<e@f>
    < 554 5.7.1 Relay access denied
    > DATA
    < 354 go
    | Subject: x
    | 
    > .
    < 250 2.0.0 queued
    > QUIT
    < 221 bye
    * closed by=server";

#[test]
fn replies_pair_with_what_they_answer() {
    let log = log(CLASSIC);
    let dialogue = Dialogue::of(&log);
    let got: Vec<_> = dialogue
        .exchanges()
        .iter()
        .map(|x| (x.ask, x.verb.word(), x.code.map(ReplyCode::number), x.after().name()))
        .collect();
    assert_eq!(
        got,
        [
            (Ask::Greeting, "", Some(220), "greeted"),
            (Ask::Command, "EHLO", Some(250), "ready"),
            (Ask::Command, "MAIL", Some(250), "mail"),
            (Ask::Command, "RCPT", Some(250), "rcpt"),
            (Ask::Command, "RCPT", Some(554), "rcpt"),
            (Ask::Command, "DATA", Some(354), "data"),
            (Ask::EndOfData, "DATA", Some(250), "ready"),
            (Ask::Command, "QUIT", Some(221), "quit"),
        ]
    );
    assert_eq!(dialogue.state().phase(), Phase::Closed);
    assert_eq!(dialogue.reply(&log, 1).expect("a reply").lines.len(), 2);
    assert_eq!(dialogue.exchanges()[1].latency(&log), Some(Micros(2000)));
    assert_eq!(dialogue.exchange_at(5), Some(1));
    assert_eq!(dialogue.exchange_at(14), Some(5));
}

#[test]
fn the_state_at_a_record_is_the_fold_up_to_it() {
    let log = log(CLASSIC);
    let dialogue = Dialogue::of(&log);
    // There and back, and again: what was asked for before changes nothing.
    let records = (0..log.len()).chain((0..log.len()).rev()).chain([9, 3, 9, 4, 12, 3]);
    for record in records {
        let mut part = Log::new();
        for (_, entry) in log.since(0).take(record + 1) {
            part.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
        }
        assert_eq!(dialogue.state_at(&log, record).session, Dialogue::of(&part).state().session, "record {record}");
    }
}

/// A state that holds the beginning of a long reply would be kept once more every few thousand lines of it.
#[test]
fn no_state_is_kept_in_the_middle_of_a_reply() {
    let noops = "> NOOP\n< 250 ok\n".repeat(CHECKPOINT);
    let lines = "< 214-and so on\n".repeat(3 * CHECKPOINT);
    let log = log(&format!("< 220 mx\n> EHLO a\n< 250 mx\n{noops}> HELP\n{lines}< 214 end\n{noops}> QUIT\n< 221 bye"));
    let dialogue = Dialogue::of(&log);
    assert!(dialogue.checkpoints.iter().all(|(_, state)| state.reply_lines() == 0));
    assert_eq!(dialogue.checkpoints.len(), 3 + 3, "each {CHECKPOINT} records of the rest");
    let within = 3 + 2 * CHECKPOINT;
    for (record, waiting) in [(within, 0), (within + 10, 10), (within + 2 * CHECKPOINT, 2 * CHECKPOINT)] {
        assert_eq!(dialogue.state_at(&log, record).reply_lines(), waiting, "record {record}");
    }
    let after = dialogue.state_at(&log, within + 3 * CHECKPOINT + 5);
    assert_eq!((after.reply_lines(), after.phase()), (0, Phase::Ready));
}

#[test]
fn each_recipient_has_its_verdict() {
    let log = log(CLASSIC);
    let dialogue = Dialogue::of(&log);
    let got: Vec<_> = dialogue.envelope().iter().map(|r| (dialogue.address(&log, r), r.verdict())).collect();
    assert_eq!(got, [("c@d".to_owned(), Verdict::Delivered), ("e@f".to_owned(), Verdict::Refused)]);
}

#[test]
fn pairing_starts_anew_where_records_are_missing() {
    let loss = "* warning kind=journal lost=58 \"records could not be written here\"";
    let log = log(&format!(
        "* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> HELP\n< 214-one\n{loss}\n> NOOP\n< 250 ok\n> MAIL FROM:<>\n\
         {loss}\n< 214 the end of help\n> HELP\n< 500 no\n> QUIT\n< 221 bye"
    ));
    let dialogue = Dialogue::of(&log);
    let got: Vec<_> = dialogue.exchanges()[2..]
        .iter()
        .map(|x| (x.verb.word(), x.code.map(ReplyCode::number), x.reply().map(|reply| *reply.end())))
        .collect();
    let want = [
        ("HELP", None, Some(5)),
        ("NOOP", Some(250), Some(8)),
        ("MAIL", None, None),
        ("", Some(214), Some(11)),
        ("HELP", Some(500), Some(13)),
        ("QUIT", Some(221), Some(15)),
    ];
    assert_eq!(got, want);
    assert!(!dialogue.state_at(&log, 10).is_waiting() && !dialogue.state_at(&log, 10).awaits_mail());
    assert_eq!(
        (dialogue.exchange_at(8), dialogue.exchange_at(11), dialogue.exchange_at(13)),
        (Some(3), Some(5), Some(6))
    );
    let reply = dialogue.reply(&log, 2).expect("its beginning");
    assert!(reply.flaws.contains(&Flaw::Unfinished), "{reply:?}");
}

#[test]
fn content_or_a_log_in_of_which_records_are_missing_is_over_once_a_command_follows() {
    let loss = "* warning kind=journal lost=9 \"records could not be written here\"";
    let begun = "* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n";
    let data = "> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go\n| one\n";
    for (before, after, want) in [
        (data, "> .\n< 250 taken", ("DATA", Some(250), Phase::Ready)),
        (data, "| two\n> .\n< 250 taken", ("DATA", Some(250), Phase::Ready)),
        (data, "> QUIT\n< 221 bye", ("QUIT", Some(221), Phase::Quit)),
        ("> AUTH PLAIN\n< 334\n", "> NOOP\n< 250 ok", ("NOOP", Some(250), Phase::Ready)),
        ("> AUTH PLAIN\n< 334\n", "> {{auth}}\n< 235 ok", ("AUTH", Some(235), Phase::Ready)),
    ] {
        let log = log(&format!("{begun}{before}{loss}\n{after}"));
        let dialogue = Dialogue::of(&log);
        let last = dialogue.exchanges().last().expect("exchanges");
        let got = (last.verb.word(), last.code.map(ReplyCode::number), dialogue.state().phase());
        assert_eq!(got, want, "{after}");
    }
}

#[test]
fn a_late_reply_belongs_to_the_command_that_was_given_up() {
    let log = log("* connected a\n< 220 mx\n> NOOP\n* gave-up\n> HELP\n< 250 late\n< 214 help\n< 421 bye");
    let dialogue = Dialogue::of(&log);
    let got: Vec<_> =
        dialogue.exchanges()[1..].iter().map(|x| (x.ask, x.code.map(ReplyCode::number), x.gave_up())).collect();
    assert_eq!(
        got,
        [(Ask::Command, Some(250), true), (Ask::Command, Some(214), false), (Ask::Unasked, Some(421), false)]
    );
}

#[test]
fn lmtp_has_a_verdict_for_each_recipient() {
    let dialogue = Dialogue::of(&log(
        "* connected a\n< 220 mx\n> LHLO a\n< 250 mx\n> MAIL FROM:<>\n< 250 ok\n> RCPT TO:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> DATA\n< 354 go\n> .\n< 250 2.0.0 a\n< 452 4.2.2 full",
    ));
    let got: Vec<_> = dialogue.envelope().iter().map(|r| (r.verdict(), r.code().map(ReplyCode::number))).collect();
    assert_eq!(got, [(Verdict::Delivered, Some(250)), (Verdict::Failed, Some(452))]);
    assert_eq!(dialogue.state().phase(), Phase::Ready);
}

#[test]
fn each_verdict_of_lmtp_goes_to_its_recipient_whatever_the_ones_before() {
    let begin = "* connected a\n< 220 mx\n> LHLO a\n< 250 mx\n> MAIL FROM:<>\n< 250 ok\n> RCPT TO:<a@b>\n< 250 ok\n\
        > RCPT TO:<no@b>\n< 550 5.1.1 none\n> RCPT TO:<c@d>\n< 250 ok\n> RCPT TO:<e@f>\n< 250 ok\n";
    let verdicts = "< 452 4.2.2 full\n< 250 2.1.5 c\n< 550 5.7.1 no\n> NOOP\n< 250 ok";
    for end in ["> DATA\n< 354 go\n> .\n", "> BDAT 3 LAST\n| x\n"] {
        let dialogue = Dialogue::of(&log(&format!("{begin}{end}{verdicts}")));
        let got: Vec<_> = dialogue.envelope().iter().map(|r| (r.verdict(), r.code().map(ReplyCode::number))).collect();
        let expected = [
            (Verdict::Failed, Some(452)),
            (Verdict::Refused, Some(550)),
            (Verdict::Delivered, Some(250)),
            (Verdict::Failed, Some(550)),
        ];
        assert_eq!(got, expected, "{end}");
        let last = dialogue.exchanges().last().expect("NOOP");
        assert_eq!((last.verb, last.code.map(ReplyCode::number)), (Verb::Noop, Some(250)), "{end}");
    }
}

#[test]
fn a_reply_that_began_before_our_line_does_not_answer_it() {
    let mut log = log("* connected a\n< 220 mx");
    log.push(Micros(0), &Event::Received(Line::raw("2")));
    log.push(Micros(0), &Event::Sent(Line::new("EHLO a")));
    log.push(Micros(0), &Event::Received(Line::new("50 early")));
    log.push(Micros(0), &Event::Received(Line::new("250 mx")));
    let dialogue = Dialogue::of(&log);
    let got: Vec<_> = dialogue.exchanges().iter().map(|x| (x.ask, x.verb, x.complete())).collect();
    let unasked = (Ask::Unasked, Verb::Other, true);
    assert_eq!(got, [(Ask::Greeting, Verb::Other, true), unasked, (Ask::Command, Verb::Ehlo, true)]);
    assert_eq!(dialogue.state().phase(), Phase::Ready);
}

#[test]
fn a_cut_ends_the_reply_that_it_cuts() {
    let dialogue = Dialogue::of(&log(
        "* connected a\n< 220 mx\n> HELP\n< 214-a\n< 214-b\n* cut direction=in bytes=100 sha256=00\n> NOOP\n< 250 ok",
    ));
    let codes: Vec<_> = dialogue.exchanges().iter().map(|x| x.code.map(ReplyCode::number)).collect();
    assert_eq!(codes, [Some(220), Some(214), Some(250)]);
}

#[test]
fn a_greeting_that_was_cut_here_did_not_break_off() {
    let letters = "x".repeat(crate::smtp::reply::MAX_LINE);
    for begun in ["220 ", "220-"] {
        let conversation = log(&format!(
            "* connected a\n< {begun}{letters}\\c\n* cut direction=in bytes=9 sha256=00\n> EHLO a\n< 250 mx"
        ));
        let dialogue = Dialogue::of(&conversation);
        let greeting = dialogue.reply(&conversation, 0).expect("as far as it was kept");
        let flaws: Vec<Flaw> = greeting.all_flaws().into_iter().collect();
        assert!(flaws.contains(&Flaw::Cut), "{flaws:?}");
        assert!(!flaws.contains(&Flaw::Overtaken) && !flaws.contains(&Flaw::Unfinished), "{flaws:?}");
    }
}

#[test]
fn answers_sent_before_their_challenge_end_the_exchange() {
    let dialogue = Dialogue::of(&log(
        "* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250 AUTH LOGIN\n> AUTH LOGIN\n> {{auth}}\n> {{auth}}\n> NOOP\n< 334 VXNlcg==\n< 334 UGFzcw==\n< 235 ok\n< 250 ok",
    ));
    let asks: Vec<_> = dialogue.exchanges()[2..].iter().map(|x| x.ask).collect();
    assert_eq!(asks, [Ask::Command, Ask::AuthAnswer, Ask::AuthAnswer, Ask::Command]);
    assert_eq!(dialogue.state().phase(), Phase::Ready);
    assert!(dialogue.state().session.authenticated.is_some());
}

#[test]
fn a_line_in_pieces_is_one() {
    let mut log = Log::new();
    log.push(Micros(0), &Event::Remark(Remark::new("connected")));
    log.push(Micros(0), &Event::Received(Line::raw("22")));
    log.push(Micros(0), &Event::Sent(Line::new("EHLO early")));
    log.push(Micros(0), &Event::Received(Line::new("0 mx")));
    log.push(Micros(0), &Event::Received(Line::raw("250 mx\n")));
    let dialogue = Dialogue::of(&log);
    let codes: Vec<_> = dialogue.exchanges().iter().map(|x| x.code.map(ReplyCode::number)).collect();
    assert_eq!(codes, [Some(220), Some(250)]);
}

#[test]
fn a_greeting_that_the_client_did_not_wait_for_gives_way_to_the_next_reply() {
    let conversation =
        log("* connected a\n< 220-mx wait a moment\n> EHLO a\n< 250-mx\n< 250 SIZE\n> MAIL FROM:<a@b>\n< 250 ok");
    let dialogue = Dialogue::of(&conversation);
    let codes: Vec<_> = dialogue.exchanges().iter().map(|x| (x.ask, x.code.map(ReplyCode::number))).collect();
    assert_eq!(codes, [(Ask::Greeting, Some(220)), (Ask::Command, Some(250)), (Ask::Command, Some(250))]);
    assert!(dialogue.exchanges().iter().all(Exchange::complete));
    let greeting = dialogue.reply(&conversation, 0).expect("as far as it came");
    assert_eq!((greeting.lines.len(), &greeting.flaws[..]), (1, &[Flaw::Overtaken][..]));
    assert_eq!(dialogue.reply(&conversation, 1).expect("a reply").lines.len(), 2);
    assert!(dialogue.state().session.capabilities.has("SIZE"));
    // One that goes on after all, though the client has spoken, is one reply.
    let log = log("* connected a\n< 220-mx\n> EHLO a\n< 220 mx\n< 250 mx");
    let codes: Vec<_> = Dialogue::of(&log).exchanges().iter().map(|x| x.code.map(ReplyCode::number)).collect();
    assert_eq!(codes, [Some(220), Some(250)]);
}

#[test]
fn a_transaction_after_starttls_has_its_own_recipients_alone() {
    let log = log(
        "* connected a\n< 220 mx\n> EHLO a\n< 250 STARTTLS\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 550 no\n\
         > RSET\n< 250 ok\n> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes\n> EHLO a\n< 250 mx\n\
         > MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<e@f>\n< 250 ok",
    );
    let dialogue = Dialogue::of(&log);
    let addresses: Vec<_> = dialogue.envelope().iter().map(|r| dialogue.address(&log, r)).collect();
    assert_eq!(addresses, ["e@f"]);
    assert_eq!(dialogue.state().session.transactions, 2);
}

#[test]
fn what_was_dialled_as_lmtp_has_verdicts_for_each_recipient_without_lhlo() {
    let log = log(
        "* connecting a protocol=lmtp\n* connected a\n< 220 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> RCPT TO:<e@f>\n\
         < 250 ok\n> DATA\n< 354 go\n| x\n> .\n< 250 ok\n< 452 full\n> NOOP\n< 250 ok",
    );
    let dialogue = Dialogue::of(&log);
    let verdicts: Vec<_> = dialogue.recipients().iter().map(Recipient::verdict).collect();
    assert_eq!(verdicts, [Verdict::Delivered, Verdict::Failed]);
    assert_eq!(dialogue.exchanges().last().map(|x| x.verb), Some(Verb::Noop));
    assert_eq!(dialogue.state().session.verdicts, Some((1, 2)));
}

#[test]
fn a_server_that_does_not_know_bdat_keeps_its_transaction() {
    let log = log(
        "* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok\n> BDAT 7 LAST\n\
         < 500 what?",
    );
    let dialogue = Dialogue::of(&log);
    assert_eq!((dialogue.state().phase(), dialogue.state().session.accepted), (Phase::Rcpt, 1));
    assert_eq!(dialogue.recipients()[0].verdict(), Verdict::Accepted);
}

#[test]
fn a_chunk_that_lmtp_does_not_take_has_one_reply_however_many_recipients_there_are() {
    let begin = "* connected a\n< 220 mx\n> LHLO a\n< 250 mx\n> MAIL FROM:<>\n< 250 ok\n> RCPT TO:<a@b>\n< 250 ok\n\
        > RCPT TO:<c@d>\n< 250 ok\n> BDAT 3 LAST\n| x\n";
    for (reply, phase) in [("500 what", Phase::Rcpt), ("502 no", Phase::Rcpt), ("503 not now", Phase::Ready)] {
        let dialogue = Dialogue::of(&log(&format!("{begin}< {reply}\n> NOOP\n< 250 ok")));
        let last = dialogue.exchanges().last().expect("NOOP");
        assert_eq!((last.verb, last.code.map(ReplyCode::number)), (Verb::Noop, Some(250)), "{reply}");
        assert_eq!((dialogue.state().phase(), dialogue.state().pending().len()), (phase, 0), "{reply}");
    }
    // A server that takes it says so for each.
    let dialogue = Dialogue::of(&log(&format!("{begin}< 250 ok")));
    assert_eq!(dialogue.state().pending().len(), 1);
}

proptest! {
    /// A log folded at once, record by record, and in parts between gives the same: also where a pair of records is
    /// folded in one step.
    #[test]
    fn the_fold_does_not_depend_on_how_much_comes_at_once(
        lines in prop::collection::vec(prop::sample::select(MOMENTS), 0..40),
        parts in prop::collection::vec(1..5_usize, 1..40),
    ) {
        let log = log(&lines.join("\n"));
        let whole = Dialogue::of(&log);
        let (mut growing, mut grown) = (Dialogue::new(), Log::new());
        let mut left = parts.iter().cycle();
        let mut until = 0;
        for (index, entry) in log.since(0) {
            grown.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
            if index >= until {
                growing.extend(&grown);
                until = index + left.next().copied().unwrap_or(1);
            }
        }
        growing.extend(&grown);
        let mut single = Dialogue::new();
        for (index, entry) in log.since(0) {
            single.record(index, &entry);
        }
        let mut beside = Beside::begin(log.len()).expect("a thread");
        let mut grown = Log::new();
        for ((_, entry), more) in log.since(0).zip(parts.iter().cycle()) {
            grown.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
            if *more == 1 {
                beside.go_on(&grown);
            }
        }
        let beside = beside.finish(&grown);
        for other in [&growing, &single, &beside] {
            prop_assert_eq!(whole.exchanges(), other.exchanges());
            prop_assert_eq!(whole.recipients(), other.recipients());
            prop_assert_eq!(format!("{:?}", whole.state()), format!("{:?}", other.state()));
        }
    }
}

/// What may happen in a conversation, in any order.
const MOMENTS: &[&str] = &[
    "* connecting 127.0.0.1:25",
    "* connected 127.0.0.1:25",
    "* gave-up",
    "* closed by=server",
    "< 220 mx",
    "> EHLO a",
    "< 250-mx",
    "< 250 LIMITS RCPTDOMAINMAX=2",
    "> LHLO a",
    "> MAIL FROM:<a@b>",
    "< 250 2.1.0 ok",
    "> RCPT TO:<c@d>",
    "> rcpt to:<c@e>",
    "> RCPT TO:<c@d>\n< 250 2.1.5 ok",
    "> RCPT TO:<c@d>\n< 250 2.1.5 ok",
    "> RCPT TO:<c@d>\n< 250",
    "> RCPT TO:<c@d>\n< 550 5.1.1 no",
    "> RCPT TO:<c@d>\n< 421 4.3.2 closing",
    "> RCPT TO:<c@d>\n< 999 what",
    "> RCPT TO:<c@d>\n< 2500 what",
    "> RCPTTO:<c@d>\n< 500 what",
    "> RCPT TO:<c@d>\n> RCPT TO:<e@f>\n< 250 1\n< 550 2",
    "< 550-5.1.1 no",
    "> DATA",
    "< 354 go",
    "| Subject: x",
    "> .",
    "< 250 2.0.0 queued",
    "> BDAT 3 LAST",
    "> RSET",
    "> AUTH LOGIN",
    "< 334 VXNlcm5hbWU6",
    "> dXNlcg==",
    "> STARTTLS",
    "< ",
];

#[test]
fn a_reply_that_broke_off_decides_nothing() {
    const BEGUN: &str = "* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>";
    let closed = |text: &str| Dialogue::of(&log(&format!("{text}\n* closed by=server")));
    let half = closed(&format!("{BEGUN}\n< 250-half"));
    let (last, whom) = (half.exchanges().last().expect("RCPT"), &half.envelope()[0]);
    assert_eq!((last.code, last.complete(), whom.verdict(), whom.code()), (None, false, Verdict::Pending, None));
    assert_eq!((half.state().session.accepted, half.state().session.refused), (0, 0));
    // Nor does the beginning of a refusal.
    assert_eq!(closed(&format!("{BEGUN}\n< 550-half")).envelope()[0].verdict(), Verdict::Pending);
    let dot = closed(&format!("{BEGUN}\n< 250 ok\n> DATA\n< 354 go\n| x\n> .\n< 250-half"));
    assert_eq!(dot.envelope()[0].verdict(), Verdict::Accepted, "nobody knows whether the message was taken");
    assert_eq!((dot.state().session.delivered, dot.state().session.verdicts), (0, None));
    let greeted = closed("* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250-SIZE 1000");
    assert_eq!(greeted.state().session.greeted_by, None);
    assert!(!greeted.state().session.capabilities.has("SIZE"));
}
