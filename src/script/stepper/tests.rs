use super::*;
use crate::conversation::event::{Event, Line, Micros, Remark};
use crate::conversation::file::read;
use crate::profile::{Profiles, Target};
use crate::script::files::Folders;
use crate::script::plan::plan;
use crate::script::values::Values;
use crate::smtp::session::Sent;

const RELAY: &str = "\
0.0 * connected 127.0.0.1:25
0.0 < 220 mx ESMTP
0.1 > EHLO noddy.com
0.1 < 250-mx
0.1 < 250 SIZE 100
0.2 > MAIL FROM:<dude@noddy.com>
0.2 < 250 2.1.0 Ok
0.3 > RCPT TO:<a@b.example>
0.3 < 250 2.1.5 Ok
0.4 > DATA
0.4 < 354 go ahead
0.5 | Subject: x
0.5 |
0.5 | Hello.
0.5 > .
0.6 < 250 2.0.0 queued as 4F3A
0.7 > QUIT
0.7 < 221 2.0.0 Bye
";

/// A replay at work: what the stepper orders happens in the log, and the server says what the test has it say.
struct Play {
    stepper: Stepper,
    log: Log,
    dialogue: Dialogue,
    /// What was ordered that is no line.
    orders: Vec<String>,
}

impl Play {
    fn of(script: &str) -> Self {
        Self::with(script, |_| {})
    }

    fn with(script: &str, change: impl FnOnce(&mut Setup)) -> Self {
        let document = read(script.as_bytes()).expect("a file");
        let target = Target::read("127.0.0.1:25", &Profiles::shipped()).expect("a target");
        let world = crate::script::tests::world();
        let world = world.with_variables(|name| (name == "A_TOKEN").then(|| "hunter2".to_owned()));
        let allowed: Vec<_> = script.contains("{{env.").then(|| "A_TOKEN".to_owned()).into_iter().collect();
        let values = Values::new(&[], None, &target, &allowed, &world);
        let planned = plan(&document, "relay.smtp", &values, &Folders::default()).expect("a plan");
        let mut setup = Setup {
            credentials: Err("nobody logs in".to_owned()),
            clear_text_password: false,
            production: false,
            host: "mx.example".to_owned(),
            now: Timestamp::UNIX_EPOCH,
            world: world.clone(),
        };
        change(&mut setup);
        let mut begun = Self {
            stepper: Stepper::new(planned, setup),
            log: Log::new(),
            dialogue: Dialogue::new(),
            orders: Vec::new(),
        };
        let orders = begun.stepper.begin(&begun.log, &begun.dialogue);
        begun.orders.extend(orders.iter().map(|order| format!("{order:?}")));
        begun
    }

    fn happen(&mut self, event: &Event) {
        self.log.push(Micros(0), event);
        self.dialogue.extend(&self.log);
        self.stepper.observe(&self.log, &self.dialogue);
    }

    /// What the server does: `* connected 127.0.0.1:25`, `< 220 mx`.
    fn says(&mut self, text: &str) -> &mut Self {
        for line in text.lines() {
            let (sigil, rest) = line.split_at(2);
            let event =
                if sigil == "* " { Event::Remark(Remark::parse(rest)) } else { Event::Received(Line::new(rest)) };
            self.happen(&event);
        }
        self
    }

    fn sends(&mut self, line: &[u8]) {
        let event = match self.dialogue.state().session.classify(line) {
            Sent::Content => Event::Content(Line::new(line)),
            _ => Event::Sent(Line::new(line)),
        };
        self.happen(&event);
    }

    /// Plays the next step as it stands, or a line typed instead.
    fn typed(&mut self, line: Option<&str>) -> Result<(), Stop> {
        let typed = line.map_or_else(|| self.stands(), str::to_owned);
        for order in self.stepper.send(&typed, &self.log, &self.dialogue)? {
            match order {
                Order::Ask(Request::Line(line, _)) => self.sends(&line),
                Order::Ask(Request::Pipeline(lines)) => lines.iter().for_each(|line| self.sends(line)),
                Order::Ask(Request::RawContent(bytes)) => {
                    for line in crate::smtp::content::lines(&bytes) {
                        self.happen(&Event::Content(Line::new(line)));
                    }
                }
                other => self.orders.push(format!("{other:?}")),
            }
        }
        Ok(())
    }

    fn stands(&self) -> String {
        match self.stepper.next() {
            Next::Line(line, _) => line,
            _ => String::new(),
        }
    }

    fn goes(&mut self, says: &str) -> &mut Self {
        self.typed(None).expect("it goes out");
        self.says(says)
    }

    /// Mark and first line of each row that is not to come.
    fn marks(&self) -> Vec<String> {
        let played = self.stepper.rows().iter().filter(|row| row.mark != Mark::Due);
        played
            .map(|row| format!("{}{}", row.mark.glyph(), row.left.first().or(row.right.first()).expect("a line")))
            .collect()
    }

    fn mark(&self, line: &str) -> Mark {
        let row = self.stepper.rows().iter().find(|row| row.left.iter().chain(&row.right).any(|l| l.contains(line)));
        row.unwrap_or_else(|| panic!("{line} is in no row")).mark
    }
}

fn until_rcpt(play: &mut Play) {
    play.says("* connected 127.0.0.1:25\n< 220 mx ESMTP");
    play.goes("< 250-mx\n< 250 SIZE 100").goes("< 250 2.1.0 Ok");
}

#[test]
fn a_recording_is_played_line_by_line_and_differences_are_marked() {
    let mut play = Play::of(RELAY);
    assert_eq!(play.stands(), "EHLO noddy.com");
    assert_eq!(play.stepper.progress(), (0, 7));
    until_rcpt(&mut play);
    assert_eq!(play.stepper.progress(), (2, 7));
    assert_eq!(play.stands(), "RCPT TO:<a@b.example>");
    play.goes("< 250 2.1.5 Recipient fine").goes("< 354 go ahead");
    assert_eq!(play.stepper.next(), Next::Content { lines: 3, octets: 22 });
    play.goes("");
    assert_eq!(play.stands(), ".");
    play.goes("< 550 5.7.1 no").goes("< 221 2.0.0 Bye\n* closed by=server");
    assert_eq!(play.stepper.next(), Next::Done);
    assert_eq!(play.mark("< 250 2.1.5"), Mark::Drift);
    assert_eq!(play.mark("< 550"), Mark::Differs);
    assert_eq!(play.stepper.tally(), (1, 1));
    assert!(play.stepper.rows().iter().any(|row| row.words == "the code was 250, now it is 550"));
}

#[test]
fn after_a_difference_no_message_goes_out_unless_somebody_says_so() {
    let mut play = Play::of(RELAY);
    until_rcpt(&mut play);
    play.goes("< 550 5.1.1 unknown");
    assert_eq!(play.typed(None), Err(Stop::Held));
    assert_eq!(play.stands(), "DATA", "nothing has changed");
    let dialogue = play.dialogue.clone();
    play.stepper.allow(&Stop::Held, &dialogue);
    play.goes("< 554 no valid recipients");
    assert_eq!(play.stands(), "QUIT", "what the server does not expect any more is passed over");
    assert_eq!(play.mark("| Subject: x"), Mark::Skipped);
    assert_eq!(play.mark("< 250 2.0.0"), Mark::Skipped);
}

#[test]
fn a_host_that_is_not_on_this_machine_is_asked_for_with_its_recipients() {
    let mut play = Play::of(RELAY);
    play.says("* connected 192.0.2.1:25\n< 220 mx ESMTP");
    play.goes("< 250-mx\n< 250 SIZE 100").goes("< 250 2.1.0 Ok").goes("< 250 2.1.5 Ok");
    let stop = Stop::HandOver { host: "mx.example".to_owned(), recipients: vec!["a@b.example".to_owned()] };
    assert_eq!(play.typed(None), Err(stop.clone()));
    let dialogue = play.dialogue.clone();
    play.stepper.allow(&stop, &dialogue);
    assert_eq!(play.typed(None), Ok(()));

    let mut play = Play::with(RELAY, |setup| setup.production = true);
    until_rcpt(&mut play);
    play.goes("< 250 2.1.5 Ok");
    assert!(matches!(play.typed(None), Err(Stop::HandOver { .. })), "production is asked for everywhere");
}

#[test]
fn a_line_can_be_edited_or_skipped() {
    let mut play = Play::of(RELAY);
    play.says("* connected 127.0.0.1:25\n< 220 mx ESMTP");
    play.typed(Some("HELO noddy.com")).expect("it goes out");
    play.says("< 250 mx");
    assert_eq!(play.mark("EHLO noddy.com"), Mark::Differs);
    assert_eq!(play.mark("< 250-mx"), Mark::Differs, "the offer is gone");
    let dialogue = play.dialogue.clone();
    play.stepper.skip(&dialogue);
    assert_eq!(play.stands(), "RCPT TO:<a@b.example>");
    play.goes("< 503 5.5.1 MAIL first");
    assert_eq!(play.mark("MAIL FROM"), Mark::Skipped);
    assert_eq!(play.mark("< 250 2.1.0"), Mark::Skipped, "its reply is not waited for");
    assert_eq!(play.mark("< 503"), Mark::Differs);
}

#[test]
fn what_others_send_stands_alone_and_shifts_nothing() {
    let mut play = Play::of(RELAY);
    play.says("* connected 127.0.0.1:25\n< 220 mx ESMTP");
    play.sends(b"NOOP");
    play.says("< 250 Ok");
    play.goes("< 250-mx\n< 250 SIZE 100");
    assert_eq!(play.mark("> NOOP"), Mark::Alone);
    assert_eq!(play.mark("EHLO noddy.com"), Mark::Same);
    assert_eq!(play.mark("< 250-mx"), Mark::Same);
    assert_eq!(play.marks()[..2], [" < 220 mx ESMTP", "+> NOOP"]);
}

#[test]
fn expectations_of_scripts_are_checked() {
    let mut play = Play::of(
        "< 220\n> EHLO a\n< 250\n? capability SIZE\n? size >= 1MB\n> NOOP\n< 250 ?\n> RSET\n> QUIT\n< 221\n? closed\n",
    );
    play.says("* connected 127.0.0.1:25\n< 220 mx").goes("< 250-mx\n< 250 SIZE 100");
    assert_eq!(play.mark("? capability SIZE"), Mark::Same);
    assert_eq!(play.mark("? size"), Mark::Differs);
    play.goes("< 250 Ok").goes("< 451 later");
    assert_eq!(play.mark("< 250 ?"), Mark::Same);
    assert_eq!(play.mark("< 451"), Mark::Differs, "refused, and nothing was expected");
    play.goes("< 221 bye");
    assert_eq!(play.mark("? closed"), Mark::Due);
    play.says("* closed by=server");
    assert_eq!(play.mark("? closed"), Mark::Same);
}

#[test]
fn an_optional_reply_that_does_not_come_holds_nothing_up() {
    let mut play = Play::of("< 220\n< 421 ?\n> QUIT\n");
    play.says("* connected 127.0.0.1:25\n< 220 mx");
    assert!(matches!(play.stepper.ready(&play.dialogue), Ready::After(_)));
    play.goes("< 221 bye");
    assert_eq!(play.mark("< 421 ?"), Mark::Same);
}

#[test]
fn masked_lines_are_answered_from_the_credentials_or_say_what_is_missing() {
    let script = "0.0 < 220 mx\n0.1 > AUTH LOGIN\n0.1 < 334 VXNlcm5hbWU6\n0.2 > {{auth}}\n0.2 < 334 UGFzc3dvcmQ6\n\
                  0.3 > {{auth}}\n0.3 < 235 ok\n";
    let mut play = Play::of(script);
    play.says("* connected 127.0.0.1:25\n< 220 mx").goes("< 334 VXNlcm5hbWU6");
    assert_eq!(play.stands(), "{{auth}}");
    assert_eq!(play.typed(None), Err(Stop::Missing("nobody logs in".to_owned())));

    let credentials = Credentials::new("dude", "noddy".into());
    let mut play = Play::with(script, |setup| setup.credentials = Ok(credentials.clone()));
    play.says("* connected 127.0.0.1:25\n< 220 mx").goes("< 334 VXNlcm5hbWU6");
    assert!(
        matches!(play.typed(None), Err(Stop::Missing(words)) if words.contains("allow_plaintext")),
        "no password goes out in clear text unasked, not even on loopback"
    );

    let mut play = Play::with(script, |setup| {
        (setup.credentials, setup.clear_text_password) = (Ok(credentials), true);
    });
    play.says("* connected 127.0.0.1:25\n< 220 mx").goes("< 334 VXNlcm5hbWU6");
    play.goes("< 334 UGFzc3dvcmQ6").goes("< 235 ok");
    let last = play.log.since(0).filter(|(_, entry)| entry.kind == crate::conversation::Kind::Sent).last();
    assert_eq!(last.map(|(_, entry)| entry.bytes), Some(&b"bm9kZHk="[..]));
    assert_eq!(play.orders.len(), 1, "the secret is looked for from then on");
    assert!(play.stepper.rows().iter().all(|row| row.right.iter().all(|line| !line.contains("bm9kZHk"))));
    assert_eq!(play.stepper.tally(), (0, 0));
}

#[test]
fn a_secret_is_taught_before_the_first_order_of_each_connection_whatever_comes_first() {
    let mut play = Play::of("> DATA\n< 354\n| {{env.A_TOKEN}}\n> .\n");
    play.says("* connected 127.0.0.1:25\n< 220 mx");
    // DATA is typed by hand, and its line is passed over.
    play.stepper.skip(&play.dialogue);
    play.sends(b"DATA");
    play.says("< 354 go");
    play.typed(None).expect("content");
    assert_eq!(play.orders, ["Ask(LearnName(Secret(…)))", "Ask(Hide([0..7]))"]);
    assert!(play.stepper.rows().iter().any(|row| row.right == ["| {{env.A_TOKEN}}"]), "{:?}", play.stepper.rows());
    let mut play = Play::of("* reconnect\n* sleep 1s\n> NOOP {{env.A_TOKEN}}\n");
    play.says("* connected 127.0.0.1:25\n< 220 mx");
    play.typed(None).expect("another connection");
    let learnt = ["Ask(LearnName(Secret(…)))"];
    let before_the_greeting = play.stepper.reconnected(&play.log);
    assert_eq!(before_the_greeting.iter().map(|order| format!("{order:?}")).collect::<Vec<_>>(), learnt);
    play.typed(None).expect("a wait");
    assert_eq!(play.orders, [learnt[0], "Reconnect", "Wait(1s)"]);
}

#[test]
fn a_connection_that_ends_is_said_and_everything_can_start_over() {
    let mut play = Play::of(RELAY);
    play.says("* connected 127.0.0.1:25\n< 220 mx ESMTP");
    play.goes("* closed by=server");
    assert_eq!(play.mark("< 250-mx"), Mark::Differs);
    assert_eq!(play.typed(None), Err(Stop::Closed));
    let (log, dialogue) = (play.log.clone(), play.dialogue.clone());
    play.stepper.begin(&log, &dialogue);
    assert!(play.marks().is_empty());
    play.says("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx ESMTP");
    assert_eq!(play.marks(), [" < 220 mx ESMTP"]);
    assert_eq!(play.stands(), "EHLO noddy.com");
}
