//! Each word of a goal on logs as the lab writes them, and what ticks and is said when.

use std::sync::Arc;

use super::fact::Watcher;
use super::{Attempt, Goal, Happening, Lesson, file};
use crate::conversation::{Log, Micros, sample};

/// Adds such lines to a log, a second apart.
fn add(log: &mut Log, text: &str) {
    sample::add(log, text, Micros(1_000_000));
}

fn watched(sessions: &[&str]) -> Watcher {
    let mut watcher = Watcher::default();
    for (number, text) in (1..).zip(sessions) {
        let mut log = Log::new();
        add(&mut log, text);
        watcher.observe(number, Micros(number * 1_000_000_000), &log);
    }
    watcher
}

fn goal(text: &str) -> Goal {
    let table = format!("goal = {text}");
    let mut table: std::collections::BTreeMap<String, Goal> =
        toml::from_str(&table).unwrap_or_else(|error| panic!("{text}: {error}"));
    table.remove("goal").expect("there")
}

const TALK: &str = "
    * connected 127.0.0.1:25 from 127.0.0.1:4000
    < 220 mx
    > EHLO noddy.com
    < 250-mx
    < 250 SIZE 1000
    > MAIL FROM:<dude@noddy.com> RET=HDRS
    < 250 2.1.0 ok
    > RCPT TO:<a@target.local> NOTIFY=SUCCESS,FAILURE
    < 250 2.1.5 ok
    > RCPT TO:<b@elsewhere.example>
    < 554 5.7.1 relaying denied
    > RCPT TO:<c@target.local>
    < 250 2.1.5 ok
    > DATA
    < 354 go ahead
    | Subject: a
    |  folded line
    | X-Empty:
    |
    | ..dots
    | end
    > .
    * delivered to=a@target.local from=<dude@noddy.com> bytes=20
    * delivered to=c@target.local from=<dude@noddy.com> bytes=20
    < 250 2.0.0 queued as 7
    > QUIT
    < 221 2.0.0 bye
    * closed by=server
";

const LOGIN: &str = "
    * connected 127.0.0.1:25
    < 220 mx
    * pipelined n=3
    > EHLO a
    < 250 mx
    > STARTTLS
    < 220 go
    * tls version=TLSv1.2 cipher=X
    > EHLO a
    < 250 AUTH PLAIN
    > AUTH LOGIN
    < 334 VXNlcm5hbWU6
    > ZHVkZQ==
    < 334 UGFzc3dvcmQ6
    > bm9kZHk=
    * auth mechanism=LOGIN user=dude
    < 235 2.7.0 ok
    > MAIL FROM:<>
    < 250 ok
    > RCPT TO:<a@b>
    < 250 ok
    > BDAT 4
    | one\\n\\c
    < 250 ok
    > BDAT 6 LAST
    | two.
    < 250 ok
    * answer \"the  mailbox is full\"
    < 421 4.4.2 idle
    * closed by=server
";

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_word_holds_when_its_table_says() {
    for (talk, text, want) in [
        (TALK, "{ connected = true }", true),
        (TALK, "{ greeted = 'EHLO' }", true),
        (TALK, "{ rcpt = { from = 'dude@*', reply = '554' } }", true),
        (TALK, "{ rcpt = { from = 'mary@*', reply = '554' } }", false),
        (TALK, "{ rcpt = { clear = true } }", true),
        (LOGIN, "{ rcpt = { clear = true } }", false),
        (LOGIN, "{ data = { chunks = 2 } }", true),
        (LOGIN, "{ data = { chunks = 1 } }", false),
        (TALK, "{ data = { declared = true } }", false),
        (TALK.replace("RET=HDRS", "SIZE=50").as_str(), "{ data = { declared = true } }", true),
        (TALK.replace("RET=HDRS", "SIZE=49").as_str(), "{ data = { declared = false } }", true),
        (TALK, "{ data = { bare_end = false } }", true),
        (TALK.replace("| end\n", "| end\\n\\c\n").as_str(), "{ data = { bare_end = true } }", true),
        (TALK.replace("> .\n", "> .\\n\\c\n").as_str(), "{ data = { bare_end = true } }", true),
        (TALK, "{ greeted = 'HELO' }", false),
        (TALK, "{ sent = 'quit' }", true),
        (TALK, "{ sent = 'NOOP' }", false),
        (TALK, "{ sent = { verb = 'RCPT', argument = 'elsewhere', reply = '5xx 5.7.*' } }", true),
        (TALK, "{ sent = { verb = 'RCPT', argument = 'elsewhere', reply = '2xx' } }", false),
        (TALK, "{ sent = { argument = 'HDRS' } }", true),
        (TALK, "{ sent = { verb = 'connect', reply = '220' } }", true),
        (TALK, "{ sent = { verb = 'end-of-data', reply = '250' } }", true),
        (TALK, "{ reply = '354' }", true),
        (TALK, "{ reply = '4xx' }", false),
        (TALK, "{ reply = { verb = 'connect', code = '220' } }", true),
        (TALK, "{ reply = { verb = 'end-of-data', text = 'queued as \\d' } }", true),
        (TALK, "{ reply = { enhanced = '5.7.*' } }", true),
        (TALK, "{ reply = { verb = 'MAIL', enhanced = '5.7.*' } }", false),
        (TALK, "{ mail = { from = '*@noddy.com', parameter = 'ret' } }", true),
        (TALK, "{ mail = { from = '' } }", false),
        (LOGIN, "{ mail = { from = '' } }", true),
        (TALK, "{ rcpt = { to = 'a@target.local', parameter = 'NOTIFY', includes = ['failure', 'SUCCESS'] } }", true),
        (TALK, "{ rcpt = { to = 'a@target.local', parameter = 'NOTIFY', includes = ['DELAY'] } }", false),
        (TALK, "{ rcpt = { to = 'c@target.local', parameter = 'NOTIFY' } }", false),
        (TALK, "{ rcpt = { to = 'b@*', reply = '2xx' } }", false),
        (TALK, "{ rcpt_count = { min = 2 } }", true),
        (TALK, "{ rcpt_count = { min = 3 } }", false),
        (TALK, "{ rcpt_count = { min = 3, reply = 'xxx' } }", true),
        (TALK, "{ data = { header = { subject = 'a folded' }, body = '(?m)^\\.dots$' } }", true),
        (TALK, "{ data = { header = { Subject = 'folded' } } }", false),
        (TALK, "{ data = { header = { X-Empty = '$' } } }", true),
        (TALK, "{ data = { header = { To = '' } } }", false),
        (TALK, "{ data = { body = 'Subject' } }", false),
        (TALK, "{ data = { lines = { min = 6 }, dot_stuffed = true, bare_lf = false, reply = '250' } }", true),
        (TALK, "{ data = { lines = { min = 7 } } }", false),
        (TALK, "{ data = { reply = '5xx' } }", false),
        (LOGIN, "{ data = { body = '^one\\ntwo\\.$', bare_lf = true, dot_stuffed = false } }", true),
        (TALK, "{ delivered = { } }", true),
        (TALK, "{ delivered = { to = '*@target.local', count = 2 } }", true),
        (TALK, "{ delivered = { to = 'a@*', count = 2 } }", false),
        (TALK, "{ capability_seen = 'size' }", true),
        (TALK, "{ capability_seen = 'DSN' }", false),
        (TALK, "{ tls = true }", false),
        (LOGIN, "{ tls = true }", true),
        (LOGIN, "{ tls = { min = '1.2' } }", true),
        (LOGIN, "{ tls = { min = '1.3' } }", false),
        (LOGIN, "{ tls = { verified = true } }", false),
        (TALK, "{ authenticated = true }", false),
        (LOGIN, "{ authenticated = true }", true),
        (LOGIN, "{ authenticated = { mechanism = 'login', user = 'dude' } }", true),
        (LOGIN, "{ authenticated = { user = 'anotherdude' } }", false),
        (LOGIN, "{ sent = { verb = 'auth-answer', reply = '235' } }", true),
        (TALK, "{ phase = 'closed' }", true),
        (TALK, "{ phase = 'rcpt' }", false),
        (TALK, "{ closed_by = 'client' }", true),
        (TALK, "{ closed_by = 'server' }", false),
        (LOGIN, "{ closed_by = 'server' }", true),
        (LOGIN, "{ pipelined = { min = 3 } }", true),
        (LOGIN, "{ pipelined = { min = 4 } }", false),
        (LOGIN, "{ answer = '(?i)full$' }", true),
        (LOGIN, "{ answer = 'empty' }", false),
        (TALK, "{ in_order = [{ sent = 'MAIL' }, { sent = 'RCPT' }, { sent = 'QUIT' }] }", true),
        (TALK, "{ in_order = [{ sent = 'QUIT' }, { sent = 'MAIL' }] }", false),
        (TALK, "{ in_order = [{ sent = 'DATA' }, { sent = 'DATA' }] }", false),
        (TALK, "{ in_order = [{ sent = 'RCPT' }, { sent = 'RCPT' }, { sent = 'RCPT' }] }", true),
        (TALK, "{ all = [{ sent = 'QUIT' }, { not = { sent = 'RSET' } }] }", true),
        (TALK, "{ all = [{ sent = 'QUIT' }, { never = { sent = 'DATA' } }] }", false),
        (TALK, "{ any = [{ sent = 'RSET' }, { sent = 'DATA' }] }", true),
        (TALK, "{ sent = 'QUIT', tls = true }", false),
        (TALK, "{ within = { time = '2s', goal = { sent = 'QUIT' } } }", false),
        (TALK, "{ within = { time = '1m', goal = { sent = 'QUIT' } } }", true),
        (TALK, "{ in_order = [{ sent = 'DATA' }, { within = { time = '9s', goal = { delivered = {} } } }] }", true),
    ] {
        assert_eq!(goal(text).holds(watched(&[talk]).facts()), want, "{text}");
    }
}

#[test]
fn recipients_are_counted_within_one_transaction_and_mail_over_all_connections() {
    let once = "
        * connected a
        < 220 mx
        > HELO a
        < 250 mx
        > MAIL FROM:<a@b>
        < 250 ok
        > RCPT TO:<c@d>
        < 250 ok
        * delivered to=c@d
        > RSET
        < 250 ok
        > MAIL FROM:<a@b>
        < 250 ok
        > RCPT TO:<c@d>
        < 250 ok
    ";
    let twice = watched(&[once, once]);
    assert!(!goal("{ rcpt_count = { min = 2 } }").holds(twice.facts()));
    assert!(goal("{ delivered = { to = 'c@d', count = 2 } }").holds(twice.facts()));
    assert!(goal("{ in_order = [{ sent = 'RSET' }, { connected = true }, { sent = 'RSET' }] }").holds(twice.facts()));
    assert_eq!(goal("{ rcpt_count = { min = 3 } }").count(twice.facts(), 0), Some((1, 3)));
    assert_eq!(goal("{ delivered = { count = 5 } }").count(twice.facts(), 0), Some((2, 5)));
    assert_eq!(goal("{ all = [{ sent = 'RSET' }, { sent = 'QUIT' }] }").count(twice.facts(), 0), Some((1, 2)));
    assert_eq!(goal("{ in_order = [{ sent = 'RSET' }, { sent = 'QUIT' }] }").count(twice.facts(), 0), Some((1, 2)));
    assert_eq!(goal("{ sent = 'QUIT' }").count(twice.facts(), 0), None);
}

#[test]
fn what_has_to_be_in_one_transaction_or_connection_is_not_found_across_two() {
    let parted = "
        * connected a
        < 220 mx
        > HELO a
        < 250 mx
        > MAIL FROM:<a@b>
        < 250 ok
        > RCPT TO:<full@d>
        < 450 full
        > RSET
        < 250 ok
        > MAIL FROM:<a@b>
        < 250 ok
        > RCPT TO:<nobody@d>
        < 550 no
        > RCPT TO:<Nobody@d>
        < 550 no
        > QUIT
        < 221 bye
    ";
    let facts = watched(&[parted, parted]);
    for (text, want) in [
        ("{ all = [{ reply = { verb = 'RCPT', code = '4xx' } }, { reply = { verb = 'RCPT', code = '5xx' } }] }", true),
        ("{ same_transaction = { all = [{ reply = '450' }, { reply = '550' }] } }", false),
        ("{ same_transaction = { in_order = [{ sent = 'MAIL' }, { reply = '550' }] } }", true),
        ("{ same_connection = { in_order = [{ reply = '450' }, { reply = '550' }] } }", true),
        ("{ in_order = [{ sent = 'QUIT' }, { sent = 'RSET' }] }", true),
        ("{ same_connection = { in_order = [{ sent = 'QUIT' }, { sent = 'RSET' }] } }", false),
        (
            "{ in_order = [{ sent = 'QUIT' }, { same_connection = { all = [{ sent = 'RSET' }, { sent = 'QUIT' }] } }] }",
            true,
        ),
        ("{ rcpt_count = { min = 2, reply = '5xx' } }", true),
        ("{ rcpt_count = { min = 2, reply = '5xx', different = true } }", false),
        ("{ rcpt_count = { min = 1, reply = '5xx', different = true } }", true),
    ] {
        assert_eq!(goal(text).holds(facts.facts()), want, "{text}");
    }
    let counts = goal("{ same_connection = { in_order = [{ sent = 'RSET' }, { sent = 'NOOP' }] } }");
    assert_eq!(counts.count(facts.facts(), 0), Some((1, 2)));
}

#[test]
fn a_recipient_whom_no_header_names_is_a_blind_one() {
    let talk = |head: &str| {
        let text = format!(
            "* connected a\n< 220 mx\n> HELO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<dude@d.example>\n< 250 ok\n\
             > RCPT TO:<colleague@d.example>\n< 250 ok\n> DATA\n< 354 go\n{head}| \n| Hello.\n> .\n< 250 ok"
        );
        watched(&[&text])
    };
    for (head, hidden) in [
        ("| Subject: x\n", 2),
        ("| To: <dude@d.example>\n", 1),
        ("| Cc: Colleague@D.example\n", 1),
        ("| To: anotherdude@d.example\n", 2),
        ("| To: dude@d.example\n| Bcc: colleague@d.example\n", 0),
        ("| To: dude@d.example, colleague@d.example\n", 0),
    ] {
        let facts = talk(head);
        for min in 1..=2 {
            let goal = goal(&format!("{{ data = {{ blind = {{ min = {min} }}, reply = '2xx' }} }}"));
            assert_eq!(goal.holds(facts.facts()), hidden >= min, "{head} {min}");
        }
    }
}

#[test]
fn a_command_that_was_never_answered_was_sent_all_the_same() {
    let cut = watched(&["* connected a\n< 220 mx\n> NOOP\n* closed by=client"]);
    assert!(goal("{ sent = 'NOOP' }").holds(cut.facts()));
    assert!(!goal("{ sent = { verb = 'NOOP', reply = '2xx' } }").holds(cut.facts()));
    assert!(goal("{ closed_by = 'client' }").holds(cut.facts()));
}

#[test]
fn what_a_goal_is_about_is_named_once() {
    let twice = goal("{ in_order = [{ mail = {} }, { rcpt = {} }, { mail = {} }, { rcpt = {} }] }");
    assert_eq!(twice.words(), ["MAIL", "RCPT"]);
}

const LESSON: &str = r#"
ehlo = 1
title = "t"
intro = "i"
[[step]]
text = "greet"
goal = { greeted = "HELO" }
hints = ["look", "HELO"]
[[step.mistake]]
when = { sent = { verb = "HELO", argument = '^$' } }
say = "a name"
[[step]]
text = "do nothing"
goal = { all = [{ sent = "NOOP" }, { never = { sent = "DATA" } }] }
[[step.mistake]]
when = { sent = "RSET" }
say = "not that"
[[step]]
text = "say what you saw"
goal = { answer = "(?i)nothing" }
hints = ["It does nothing."]
tries = 2
"#;

fn attempt() -> Attempt {
    Attempt::new(Arc::new(Lesson::parse("01-t", LESSON).expect("well formed")))
}

/// An attempt and the log of its session, which grows.
struct Learner {
    attempt: Attempt,
    log: Log,
    session: u64,
}

impl Learner {
    fn new() -> Self {
        let mut learner = Self { attempt: attempt(), log: Log::new(), session: 1 };
        learner.hears("* connected a\n< 220 mx");
        learner
    }

    fn hears(&mut self, text: &str) -> Vec<Happening> {
        add(&mut self.log, text);
        self.attempt.observe(self.session, Micros(0), &self.log)
    }
}

const MISTAKEN: Happening = Happening::Mistaken { step: 0, mistake: 0 };

#[test]
fn a_mistake_is_said_when_it_is_made_and_again_when_it_is_made_anew() {
    let mut learner = Learner::new();
    assert_eq!(learner.hears("> HELO"), [], "not before the reply");
    assert_eq!(learner.hears("< 501 a name"), [MISTAKEN]);
    assert_eq!(learner.hears("> NOOP\n< 250 ok"), [], "once");
    assert_eq!(learner.hears("> HELO\n< 501 a name"), [MISTAKEN]);
    assert_eq!(learner.hears("> RSET\n< 250 ok"), [], "a mistake of another step");
}

#[test]
fn steps_tick_in_order_and_several_at_once_and_stay() {
    let mut learner = Learner::new();
    assert_eq!(learner.hears("> NOOP\n< 250 ok\n> RSET\n< 250 ok"), [], "the first step is open");
    assert_eq!(learner.attempt.open(), Some(0));
    let ticked = learner.hears("> HELO a\n< 250 mx");
    assert_eq!(ticked, [Happening::Ticked(0), Happening::Ticked(1)], "what was done early counts");
    learner.hears("> DATA\n< 503 no\n* closed by=client");
    assert_eq!((learner.attempt.ticked(), learner.attempt.is_spoilt()), (2, false), "a tick stays");
}

#[test]
fn a_step_that_follows_another_does_not_tick_by_what_was_done_before_that() {
    let (_, text) = super::course::shipped().find(|(name, _)| name == "01-classic").expect("shipped");
    let lesson = Arc::new(Lesson::parse("01-classic", text).expect("well formed"));
    let mut learner = Learner { attempt: Attempt::new(lesson), log: Log::new(), session: 1 };
    let mail = "* connected a\n< 220 mx\n> HELO noddy.com\n< 250 mx\n> MAIL FROM:<dude@noddy.com>\n< 250 ok\n\
                > RCPT TO:<a@target.local>\n< 250 ok";
    let content = "> DATA\n< 354 go\n| Subject: a\n|\n| b\n> .\n< 250 ok";
    learner.hears(mail);
    assert_eq!((learner.attempt.ticked(), learner.attempt.count()), (2, Some((1, 2))));
    learner.hears(content);
    assert_eq!((learner.attempt.ahead(), learner.attempt.count()), (None, Some((0, 2))), "its message has gone");
    learner.hears("> QUIT\n< 221 bye\n* closed by=server");
    let mut learner = Learner { log: Log::new(), session: 2, ..learner };
    learner.hears(mail);
    assert_eq!(learner.attempt.count(), Some((1, 2)));
    learner.hears("> RCPT TO:<b@target.local>\n< 250 ok");
    assert_eq!((learner.attempt.ticked(), learner.attempt.count()), (3, None), "DATA is still to come");
    learner.hears(content);
    assert_eq!((learner.attempt.ticked(), learner.attempt.count()), (5, None));
    assert_eq!(learner.hears("> QUIT\n< 221 bye"), [Happening::Ticked(5)]);
}

#[test]
fn a_step_that_follows_one_reached_early_does_not_tick_by_what_was_before_them_all() {
    let (_, text) = super::course::shipped().find(|(name, _)| name == "01-classic").expect("shipped");
    let lesson = Arc::new(Lesson::parse("01-classic", text).expect("well formed"));
    let mut learner = Learner { attempt: Attempt::new(lesson), log: Log::new(), session: 1 };
    learner.hears(
        "* connected a\n< 220 mx\n> HELO noddy.com\n< 250 mx\n> MAIL FROM:<x@other.example>\n< 250 ok\n\
         > RCPT TO:<a@target.local>\n< 250 ok\n> RCPT TO:<b@target.local>\n< 250 ok\n\
         > DATA\n< 354 go\n| Subject: a\n|\n| b\n> .\n< 250 ok",
    );
    assert_eq!(learner.attempt.ticked(), 1, "the sender is another");
    learner.hears("> MAIL FROM:<dude@noddy.com>\n< 250 ok");
    assert_eq!(learner.attempt.ticked(), 3, "no message of this sender's has gone");
}

#[test]
fn a_control_may_come_before_what_it_is_compared_with() {
    let (_, text) = super::course::shipped().find(|(name, _)| name == "24-case-one").expect("shipped");
    let lesson = Arc::new(Lesson::parse("24-case-one", text).expect("well formed"));
    let mut learner = Learner { attempt: Attempt::new(lesson), log: Log::new(), session: 1 };
    let of = |name: &str, reply: &str| {
        format!(
            "> MAIL FROM:<{name}@noddy.com>\n< 250 ok\n> RCPT TO:<anotherdude@target.local>\n< {reply} so\n> RSET\n< 250 ok\n"
        )
    };
    learner.hears(&format!("* connected a\n< 220 mx\n> EHLO noddy.com\n< 250 mx\n{}", of("mary", "250")));
    assert_eq!(learner.attempt.ticked(), 0);
    learner.hears(&of("dude", "550"));
    assert_eq!(learner.attempt.ticked(), 2);
}

#[test]
fn what_was_a_mistake_before_its_step_is_said_only_when_it_is_made_anew() {
    let mut learner = Learner::new();
    learner.hears("> RSET\n< 250 ok");
    assert_eq!(learner.hears("> HELO a\n< 250 mx"), [Happening::Ticked(0)]);
    assert_eq!(learner.hears("> VRFY a\n< 252 maybe"), []);
    assert_eq!(learner.hears("> RSET\n< 250 ok"), [Happening::Mistaken { step: 1, mistake: 0 }]);
}

#[test]
fn what_must_never_happen_asks_for_a_new_start() {
    let mut learner = Learner::new();
    assert_eq!(learner.hears("> HELO a\n< 250 mx\n> DATA\n< 503 no"), [Happening::Ticked(0), Happening::Spoilt(1)]);
    assert!(learner.attempt.is_spoilt());
    assert_eq!(learner.attempt.spoilt_by().as_deref(), Some("DATA was said"));
    assert_eq!(learner.hears("> NOOP\n< 250 ok"), [], "it can't tick any more");
}

#[test]
fn what_must_never_be_may_be_among_the_rest_of_what_one_dot_delivers() {
    let lesson = "ehlo = 1\ntitle = \"t\"\nintro = \"i\"\n[[step]]\ntext = \"s\"\ngoal = { all = [{ delivered = { to = \"b@c\" } }, \
        { never = { delivered = { to = \"a@c\", count = 2 } } }] }";
    let lesson = Arc::new(Lesson::parse("mine", lesson).expect("well formed"));
    let begin = || Learner { attempt: Attempt::new(Arc::clone(&lesson)), log: Log::new(), session: 1 };
    let data = "* connected a\n< 220 mx\n> DATA\n< 354 go\n| a\n> .\n* delivered to=a@c\n* delivered to=b@c";
    let mut learner = begin();
    assert_eq!(learner.hears(data), [], "the dot is not answered");
    assert_eq!(learner.hears("< 250 ok"), [Happening::Ticked(0)]);
    let mut learner = begin();
    assert_eq!(learner.hears(&format!("{data}\n* delivered to=a@c\n< 250 ok")), [Happening::Spoilt(0)]);
    assert_eq!(learner.attempt.spoilt_by().as_deref(), Some("2 messages have reached a@c"));
}

#[test]
fn findings_and_hints_are_counted() {
    let mut learner = Learner::new();
    assert_eq!(learner.attempt.hint(), Some("look"));
    assert_eq!(learner.attempt.hint(), Some("HELO"));
    assert_eq!(learner.attempt.hint(), None, "there are no more");
    learner.hears("> HELO a\n< 250 mx\n> NOOP\n< 250 ok");
    assert!(learner.attempt.hints().is_empty(), "another step has its own");
    assert_eq!(learner.attempt.answer("a lot"), [Happening::WrongAnswer(2)]);
    assert_eq!(learner.attempt.tries_left(), Some(1));
    let by_telnet = learner.hears("> NOOP answer Nothing at all\n< 250 ok");
    assert_eq!(by_telnet, [Happening::Ticked(2)]);
    assert_eq!((learner.attempt.open(), learner.attempt.hints_taken(), learner.attempt.wrong_answers()), (None, 2, 1));
}

#[test]
fn every_shipped_lesson_is_well_formed_and_has_what_a_lesson_needs() {
    let names: Vec<String> = super::course::shipped().map(|(name, _)| name).collect();
    for (name, text) in super::course::shipped() {
        let lesson = Lesson::parse(&name, text).unwrap_or_else(|error| panic!("{error}"));
        assert!(lesson.number().is_some(), "{name} begins with its number");
        assert!(lesson.after.iter().all(|before| names.contains(before)), "{name} comes after lessons that exist");
        assert!(lesson.solution.is_some() && lesson.wrong_ways.len() >= 2, "{name} can be checked");
        assert!(lesson.steps.iter().all(|step| step.hints.len() == 3), "{name} has three hints a step");
        assert!(!lesson.questions.is_empty() && lesson.learnt.is_some() && lesson.minutes.is_some(), "{name}");
        let mut reasons = lesson.questions.iter().map(|quiz| &quiz.why);
        assert!(reasons.all(|why| matches!(why, file::Why::Each(_))), "{name} gives a reason for each answer");
        let scenario = format!("scenarios/{}.toml", lesson.scenario);
        assert!(crate::assets::text(&scenario).is_some(), "{name}: {scenario}");
    }
    assert!(names.contains(&"01-classic".to_owned()));
}
