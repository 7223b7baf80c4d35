//! Reading a conversation: keys in, screen and effects out.

use std::path::PathBuf;

use insta::assert_snapshot;

use crate::conversation::event::{Event, Remark, Timed};
use crate::conversation::{Kind, Log, Micros};
use crate::tui::effect::Whole;
use crate::tui::keymap::Keymap;
use crate::tui::message::Message;
use crate::tui::model::Peer;
use crate::tui::pane::sample;
use crate::tui::screen::Screen;
use crate::tui::talk::Talk;
use crate::tui::theme::Theme;

mod gone;
mod left;
mod reasons;

const RELAY: &str = "* connecting 127.0.0.1:2525\n* connected 127.0.0.1:2525 from a\n< 220 mx.target.local ESMTP\n\
    > EHLO noddy.com\n< 250-mx.target.local\n< 250 SIZE 10485760\n> MAIL FROM:<dude@noddy.com>\n< 250 2.1.0 Ok\n\
    > RCPT TO:<anotherdude@target.local>\n< 250 2.1.5 Ok\n> RCPT TO:<friend@elsewhere.example>\n\
    < 554 5.7.1 <friend@elsewhere.example>: Relay access denied\n> DATA\n< 354 go\n| Subject: hello\n|\n| Hello.\n> .\n\
    < 250 2.0.0 Ok: queued as 4YW33q8qk4Y\n> QUIT\n< 221 2.0.0 Bye\n* closed by=server";

fn opened(text: &str, columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows);
    let log: Log = sample::talk(text).log;
    let path = PathBuf::from("relay.smtp");
    let talk = Talk::opened("relay.smtp".to_owned(), path.clone(), log);
    screen.send(Message::Opened { path, talk: Box::new(talk), whole: true });
    screen.asked();
    screen
}

fn live() -> Screen {
    let mut screen = Screen::new(100, 30);
    let peer = Peer { name: "lab".to_owned(), ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    screen.wire(RELAY.split_once("> DATA").expect("it has one").0);
    screen.keys("<esc>");
    screen.asked();
    screen
}

fn marked(screen: &Screen) -> String {
    let record = screen.model.transcript.marked().expect("something is marked");
    let entry = screen.model.talk.log.get(record).expect("it is there");
    String::from_utf8_lossy(entry.bytes).into_owned()
}

#[test]
fn a_search_goes_along_with_what_is_typed_and_n_goes_on() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("/elsew");
    assert_eq!(marked(&screen), "RCPT TO:<friend@elsewhere.example>");
    assert!(screen.shown().contains("/elsew · 1 of 2"), "{}", screen.shown());
    screen.keys("<enter>n");
    assert!(marked(&screen).starts_with("554"));
    screen.keys("n");
    assert!(marked(&screen).starts_with("RCPT"), "in a ring");
    assert!(screen.shown().contains("From the beginning again"));
    screen.keys("N");
    assert!(marked(&screen).starts_with("554"));
    screen.keys("<esc>");
    assert!(!screen.shown().contains("elsew ·"), "Esc ends it");
}

#[test]
fn a_search_that_is_left_goes_back_to_where_it_began() {
    let mut screen = opened(RELAY, 120, 33);
    let before = marked(&screen);
    screen.keys("/queued");
    assert_ne!(marked(&screen), before);
    screen.keys("<esc>");
    assert_eq!(marked(&screen), before);
}

#[test]
fn expressions_stand_between_slashes_and_a_capital_minds_the_case() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("//^2[25]0/<enter>");
    assert!(screen.shown().contains("1 of 6"), "{}", screen.shown());
    screen.keys("/ok<enter>");
    assert!(screen.shown().contains(" of 3"), "{}", screen.shown());
    screen.keys("/OK<enter>");
    assert!(screen.shown().contains("none found"), "{}", screen.shown());
    screen.keys("//(/<enter>");
    assert!(screen.shown().contains("no regular expression"), "{}", screen.shown());
}

#[test]
fn a_long_conversation_is_searched_in_pieces_between_which_keys_are_heard() {
    let mut log = Log::new();
    for n in 0..100_000 {
        log.push_octets(Kind::Sent, Some(Micros(n)), format!("NOOP {n}").as_bytes(), true, false);
        log.push_octets(Kind::Received, Some(Micros(n)), b"250 ok", true, false);
    }
    let mut talk = Talk::default();
    talk.dialogue.extend(&log);
    talk.log = log;
    let mut pane = crate::tui::pane::transcript::Transcript::default();
    pane.arrange(&talk, ratatui::layout::Size::new(60, 20));
    pane.search("noop 99999", 0, &talk).expect("a text");
    assert!(pane.is_sifting(&talk) && pane.marked().is_none(), "not all of it was looked at for one key");
    let mut pieces = 0;
    while pane.is_sifting(&talk) {
        pane.sift(&talk);
        pieces += 1;
    }
    assert!(pieces > 5);
    assert_eq!(pane.marked(), Some(199_998));
    pane.filter("xyzzy", &talk).expect("a text");
    let shown = |pane: &crate::tui::pane::transcript::Transcript| {
        let area = ratatui::layout::Rect::new(0, 0, 60, 20);
        let mut buffer = ratatui::buffer::Buffer::empty(area);
        pane.draw(&talk, &Keymap::default(), Theme::default(), true, area, &mut buffer);
        buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
    };
    assert!(shown(&pane).contains("Looking for lines that fit…"), "{}", shown(&pane));
    while pane.is_sifting(&talk) {
        pane.sift(&talk);
    }
    assert!(shown(&pane).contains("No line fits the filter."), "{}", shown(&pane));
}

#[test]
fn a_filter_shows_what_fits_alone_and_says_so() {
    for (columns, rows) in [(80, 24), (120, 33), (200, 50)] {
        let mut screen = opened(RELAY, columns, rows);
        screen.keys("frefused");
        assert_snapshot!(format!("filter_typed_{columns}x{rows}"), screen.shown());
        screen.keys("<enter>");
        assert!(screen.shown().contains("filter: refused · 2 of 22"), "{}", screen.shown());
        assert!(!screen.shown().contains("EHLO noddy"), "{}", screen.shown());
        screen.keys("<esc>");
        assert!(!screen.shown().contains("filter:"), "Esc shows all");
    }
}

#[test]
fn a_filter_follows_a_conversation_that_goes_on() {
    let mut screen = live();
    screen.keys("frefused<enter>G");
    screen.wire("> RCPT TO:<x@elsewhere.example>");
    assert!(!screen.shown().contains("-> RCPT TO:<x@"), "nothing is refused yet");
    screen.wire("< 550 5.1.1 no such user");
    assert!(screen.shown().contains("-> RCPT TO:<x@") && screen.shown().contains("4 of"), "{}", screen.shown());
}

#[test]
fn a_filter_that_nothing_fits_says_how_to_leave_it() {
    let mut screen = opened(RELAY, 80, 24);
    screen.keys("fxyzzy<enter>");
    assert!(screen.shown().contains("No line fits the filter. Esc shows all."), "{}", screen.shown());
    screen.keys("jkGg[]eE <esc>");
    assert!(screen.shown().contains("EHLO"), "{}", screen.shown());
}

#[test]
fn a_note_and_a_bookmark_of_a_file_are_appended_to_it_and_shown() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("e;ask the owner<enter>m");
    let asked = screen.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].starts_with("annotate relay.smtp") && asked[0].contains("ask the owner"), "{asked:?}");
    for text in ["note at=11 \"ask the owner\"", "mark at=11"] {
        let events = vec![Timed { at: Micros(99), event: Event::Remark(Remark::parse(text)) }];
        screen.send(Message::Annotated { path: PathBuf::from("relay.smtp"), events });
    }
    screen.keys("gz");
    screen.asked();
    assert_snapshot!("noted_120x33", screen.shown());
    screen.keys("'");
    assert_eq!(marked(&screen), "RCPT TO:<friend@elsewhere.example>");
    screen.keys("m");
    assert!(screen.asked()[0].contains("off"), "the same key takes it off");
}

#[test]
fn a_note_on_a_live_conversation_goes_through_the_journal() {
    let mut screen = live();
    screen.keys("e;later<enter>");
    assert_eq!(screen.asked(), ["remark note at=11 later"]);
    screen.wire("* note at=11 later");
    assert!(screen.shown().contains("✎  later"), "{}", screen.shown());
}

#[test]
fn a_note_that_is_there_is_changed_and_emptied_it_goes() {
    let mut screen = live();
    screen.keys("e;later<enter>");
    screen.asked();
    screen.wire("* note at=11 later");
    screen.keys(";<enter>");
    assert_eq!(screen.asked(), [] as [&str; 0], "as it was it stays");
    screen.keys("; on<enter>");
    assert_eq!(screen.asked(), ["remark note at=11 off=yes later", "remark note at=11 \"later on\""]);
    screen.wire("* note at=11 off=yes later");
    screen.wire("* note at=11 \"later on\"");
    assert!(screen.shown().contains("✎  later on") && screen.shown().matches('✎').count() == 1, "{}", screen.shown());
    screen.keys(";<ctrl-u><enter>");
    assert_eq!(screen.asked(), ["remark note at=11 off=yes \"later on\""]);
    screen.wire("* note at=11 off=yes \"later on\"");
    assert!(!screen.shown().contains('✎'), "{}", screen.shown());
}

#[test]
fn what_is_said_while_nothing_is_recorded_says_so_and_the_title_too() {
    let mut screen = live();
    screen.wire("* warning kind=journal \"this conversation is not being recorded: no space left\"");
    assert!(screen.shown().contains("NOT RECORDED"), "{}", screen.shown());
    screen.keys("em");
    assert!(screen.shown().contains("on the screen only"), "{}", screen.shown());
    assert!(matches!(super::whole(&screen.model), Whole::Log(_)));
    screen.wire("* warning kind=journal missing=3 \"records could not be written\"");
    assert!(!screen.shown().contains("NOT RECORDED"), "{}", screen.shown());
    assert!(matches!(super::whole(&screen.model), Whole::Log(_)), "what is missing is on the screen alone");
}

#[test]
fn a_file_that_has_become_another_one_is_read_anew_and_the_line_stays() {
    let mut screen = opened(RELAY, 120, 33);
    let path = PathBuf::from("relay.smtp");
    screen.keys("e");
    let before = marked(&screen);
    screen.send(Message::Changed { path: path.clone(), kept: false });
    assert_eq!(screen.asked(), ["open relay.smtp"]);
    assert!(screen.shown().contains("has changed since it was opened"), "{}", screen.shown());
    // Saved anew by another workbench: a bookmark stands behind the first line.
    let (first, rest) = RELAY.split_once('\n').expect("lines");
    let text = format!("{first}\n* mark\n{rest}");
    let talk = Box::new(Talk::opened("relay.smtp".to_owned(), path.clone(), sample::talk(&text).log));
    screen.send(Message::Opened { path, talk, whole: true });
    assert_eq!(marked(&screen), before);
    assert!(!screen.model.talk.stale);
}

#[test]
fn a_bookmark_after_a_note_is_of_the_line_that_was_noted() {
    let mut screen = live();
    let last = screen.model.talk.log.len();
    screen.keys(";later<enter>");
    assert_eq!(screen.asked(), [format!("remark note at={last} later")], "the view follows the end");
    screen.wire(&format!("* note at={last} later"));
    screen.keys("m");
    assert_eq!(screen.asked(), [format!("remark mark at={last}")]);
}

#[test]
fn a_file_of_a_newer_format_is_not_written_to() {
    let mut screen = opened(RELAY, 120, 33);
    screen.model.talk.read_only = true;
    screen.keys("m");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    assert!(screen.shown().contains("newer format"), "{}", screen.shown());
}

#[test]
fn what_is_copied_is_chosen_from_a_menu() {
    let mut screen = opened(RELAY, 80, 24);
    screen.keys("ey");
    assert_snapshot!("copy_menu_80x24", screen.shown());
    screen.keys("l");
    assert_eq!(screen.asked(), ["copy RCPT TO:<friend@elsewhere.example>"]);
    screen.keys("ye");
    assert!(screen.asked()[0].contains("<** 554 5.7.1"));
    screen.keys("yc");
    assert_eq!(screen.asked(), ["copy the whole"]);
    screen.keys("ys");
    assert!(screen.asked()[0].starts_with("copy swaks --server 127.0.0.1 --port 2525 --helo noddy.com"));
    screen.send(Message::Copied { sequence: Some("x".to_owned()), words: "Copied; also in /s/copied.txt".to_owned() });
    assert_eq!(screen.asked(), ["terminal \"x\""]);
    assert!(screen.shown().contains("also in /s/copied.txt"));
}

#[test]
fn a_file_is_written_over_only_by_a_second_enter() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("w<enter>");
    assert_eq!(screen.asked(), ["write relay-2.smtp as smtp"]);
    screen.send(Message::Exists { to: PathBuf::from("relay-2.smtp"), format: None, anonymise: false });
    assert!(screen.shown().contains("Enter writes over it"), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["write relay-2.smtp as smtp over"]);
    screen.send(Message::Exists { to: PathBuf::from("relay-2.smtp"), format: None, anonymise: false });
    screen.keys("<backspace>p<enter>");
    assert_eq!(screen.asked(), ["write relay-2.smtp as smtp"], "another name asks again");
}

#[test]
fn what_is_kept_under_that_name_is_named_and_another_name_offered() {
    for (live, why) in [(false, "is kept"), (true, "is being")] {
        let mut screen = opened(RELAY, 80, 24);
        let by = PathBuf::from("/home/dude/.local/state/ehlo/transcripts/2026/2026-11-30-085057-lab.smtp");
        let to = by.with_file_name("2026-11-30-085057-lab-2.smtp");
        screen.send(Message::Taken { by, live, to, format: None, anonymise: false });
        let shown = screen.shown();
        let words = shown.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("2026-11-30-085057-lab.smtp {why}")), "{shown}");
        assert!(words.contains("name is free") && shown.contains("085057-lab-2.smtp"), "{shown}");
        screen.keys("<enter>");
        assert!(screen.asked()[0].ends_with("2026-11-30-085057-lab-2.smtp as smtp"));
    }
}

#[test]
fn a_copy_of_an_import_is_kept_among_the_conversations() {
    let mut screen = opened(RELAY, 80, 24);
    screen.model.talk.imported = Some(Box::default());
    screen.model.kept = Some("/s/transcripts".into());
    screen.model.today = Some("2026-11-24T12:00:00Z".parse().expect("a time"));
    screen.keys("w<enter>");
    assert_eq!(screen.asked(), ["write /s/transcripts/2026/relay.smtp as smtp"]);
    screen.model.talk.path = Some("/tmp/swaks.log#2".into());
    screen.keys("w<enter>");
    assert_eq!(screen.asked(), ["write /s/transcripts/2026/swaks-2.smtp as smtp"]);
}

#[test]
fn an_export_has_its_format_by_its_ending() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("x<enter>");
    assert_eq!(screen.asked(), ["write relay.md as md"]);
    screen.keys("x<ctrl-u>a.doc<enter>");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    assert!(screen.shown().contains("none that means a format"), "{}", screen.shown());
}

#[test]
fn zoom_shows_one_pane_without_a_frame_and_leaves_the_mouse_to_the_terminal() {
    let mut screen = opened(RELAY, 80, 24);
    screen.keys("z");
    assert_eq!(screen.asked(), ["mouse false"]);
    assert!(!screen.shown().contains(['│', '┌']), "{}", screen.shown());
    screen.keys("z");
    assert!(screen.shown().contains('┌'));
}

#[test]
fn one_goes_to_a_time_a_verb_or_a_line() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("tdata<enter>");
    assert_eq!(marked(&screen), "DATA");
    screen.keys("t0.004<enter>");
    assert_eq!(marked(&screen), "250-mx.target.local");
    screen.keys("t#3<enter>");
    assert!(marked(&screen).starts_with("220"));
    screen.keys("tnowhere<enter>");
    assert!(screen.shown().contains("no `nowhere`"), "{}", screen.shown());
    // What was of no use is gone, so that the next is typed at once.
    screen.keys("#3<enter>");
    assert!(marked(&screen).starts_with("220"));
    screen.keys("t99:00<enter>");
    assert!(screen.shown().contains("nothing after 99:00: it ends at"), "{}", screen.shown());
    screen.keys("<esc>");
}

#[test]
fn a_long_reply_is_folded_and_all_is_unfolded_at_once() {
    let lines = sample::each(0..20, |n| format!("< 250-X{n}\n"));
    let mut screen = opened(&format!("* connected a\n< 220 mx\n> EHLO a\n{lines}< 250 LAST"), 120, 45);
    assert!(!screen.shown().contains("250-X15"), "{}", screen.shown());
    screen.keys("a");
    assert!(screen.shown().contains("250-X15") && screen.shown().contains("250 LAST"), "{}", screen.shown());
    screen.keys("a/x15<enter>");
    assert!(screen.shown().contains("250-X15"), "what was found is unfolded: {}", screen.shown());
}

#[test]
fn the_title_says_how_things_stood_at_the_selected_line() {
    let title = |screen: &Screen| screen.shown().lines().next().unwrap_or_default().to_owned();
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("e");
    assert!(title(&screen).ends_with("RCPT · 1 of 2 accepted"), "{}", title(&screen));
    screen.keys("G");
    assert!(title(&screen).ends_with("closed"), "{}", title(&screen));
    let mut screen = live();
    screen.wire("> RSET\n< 250 ok\n> STARTTLS\n< 220 go\n* tls version=TLSv1.3 verified=yes");
    assert!(title(&screen).contains("TLS 1.3"), "{}", title(&screen));
    screen.keys("e");
    assert!(
        title(&screen).contains("clear text") && title(&screen).contains("at this line: RCPT"),
        "{}",
        title(&screen)
    );
}

#[test]
fn help_explains_the_words_on_the_screen_and_the_glossary_the_others() {
    let mut screen = opened(RELAY, 120, 45);
    screen.keys("e<f1>");
    assert!(screen.shown().contains("▼"), "the keys come first, and more below: {}", screen.shown());
    screen.keys("<end>");
    assert!(screen.shown().contains("Words on this screen"), "{}", screen.shown());
    screen.keys("<esc><ctrl-p>glossary<enter>greyl");
    assert_snapshot!("glossary_120x45", screen.shown());
}

#[test]
fn themes_change_the_look_and_not_the_words() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("e");
    let before = screen.shown();
    screen.model.theme = Theme::mono();
    assert_eq!(screen.shown(), before);
    screen.keys("<ctrl-p>theme<enter>");
    assert!(screen.shown().contains("Theme dark"), "after the last one comes the first: {}", screen.shown());
}

#[test]
fn a_file_that_is_broken_further_down_says_so_for_good_and_is_not_written_to() {
    let mut screen = opened(RELAY, 80, 24);
    screen.model.talk.broken = Some(20);
    screen.keys("j");
    assert!(screen.shown().contains("broken at line 20"), "{}", screen.shown());
    for key in [";", "m"] {
        screen.keys(key);
        assert!(screen.shown().contains("is not written to"), "{}", screen.shown());
        assert_eq!(screen.asked(), Vec::<String>::new());
    }
}

#[test]
fn a_script_and_an_empty_file_are_told_from_a_connection() {
    let mut screen = Screen::new(120, 33);
    let mut open = |text: &str| {
        let log = crate::conversation::file::read(text.as_bytes()).expect("a script").log;
        let path = PathBuf::from("mine.smtp");
        let talk = Talk::opened("mine.smtp".to_owned(), path.clone(), log);
        screen.send(Message::Opened { path, talk: Box::new(talk), whole: true });
        screen.asked();
        screen.shown()
    };
    let script = open("> EHLO noddy.com\n< 250\n> QUIT\n");
    assert!(script.contains(" a script") && !script.contains("connecting"), "{script}");
    assert!(script.contains("plays it against a server") && script.contains("r replay"), "{script}");
    let empty = open("");
    assert!(empty.contains("The file is empty.") && !empty.contains("server's turn"), "{empty}");
}

#[test]
fn the_refusals_go_round_and_the_screen_says_when() {
    let mut screen = opened(RELAY, 120, 33);
    screen.keys("ee");
    assert!(screen.shown().contains("There is no other refusal in this conversation."), "{}", screen.shown());
    let mut screen = opened(&format!("{RELAY}\n> NOOP\n< 421 no"), 120, 33);
    screen.keys("ee");
    assert!(!screen.shown().contains("again."), "{}", screen.shown());
    screen.keys("e");
    assert!(screen.shown().contains("From the beginning again."), "{}", screen.shown());
    screen.keys("E");
    assert!(screen.shown().contains("From the end again."), "{}", screen.shown());
}

#[test]
fn the_last_row_says_the_keys_that_hold_now() {
    let mut screen = opened(RELAY, 80, 24);
    let last = |screen: &Screen| screen.shown().lines().last().unwrap_or_default().to_owned();
    assert!(last(&screen).contains("e next refusal") && !last(&screen).contains("reconnect"), "{}", last(&screen));
    screen.keys("f");
    assert!(last(&screen).contains("Enter go on · Esc back"), "{}", last(&screen));
    screen.keys("refused<enter>");
    assert!(last(&screen).contains("Esc show all"), "{}", last(&screen));
    screen.keys("<esc><enter>");
    assert!(last(&screen).contains("Esc to transcript"), "{}", last(&screen));
}

#[test]
fn an_opened_file_tells_when_it_was_recorded() {
    let mut screen = opened(RELAY, 120, 33);
    screen.model.talk.started = Some("2026-11-18T12:00:00Z".parse().expect("a time"));
    screen.keys("<f9>");
    assert!(screen.shown().contains("recorded  ") && screen.shown().contains(" 2026-11-1"), "{}", screen.shown());
}

#[test]
fn esc_leads_from_a_conversation_of_the_list_back_to_it() {
    let mut screen = opened("< 220 mx\n> NOOP\n< 250 ok\n", 80, 24);
    assert!(screen.shown().contains("Esc start screen"), "{}", screen.shown());
    screen.keys("<esc>");
    assert!(screen.model.at_start());
    let mut screen = opened("< 220 mx\n> NOOP\n< 250 ok\n", 80, 24);
    screen.model.files.paths = vec![std::path::PathBuf::from("named-on-the-command-line.smtp")];
    screen.keys("<esc>");
    assert!(!screen.model.at_start(), "nothing was left for it");
}

#[test]
fn a_filter_that_is_lifted_gives_the_view_back_as_it_was() {
    let follows = |screen: &mut Screen| {
        screen.wire(&"> NOOP\n< 250 ok\n".repeat(40));
        screen.wire("> NOOP last\n< 250 the last");
        screen.shown().contains("250 the last")
    };
    let mut screen = live();
    screen.wire(&"> NOOP\n< 250 ok\n".repeat(40));
    screen.keys("fsent<enter><pageup>");
    screen.keys("<esc>");
    assert!(follows(&mut screen), "it followed before: {}", screen.shown());
    // A line that was marked meanwhile stays in sight, and a view that was held stays held.
    let mut screen = live();
    screen.wire(&"> NOOP\n< 250 ok\n".repeat(40));
    screen.keys("frefused<enter>k<esc>");
    assert!(marked(&screen).starts_with("554"));
    assert!(!follows(&mut screen), "{}", screen.shown());
}

#[test]
fn tab_goes_on_with_a_path() {
    let mut screen = opened(RELAY, 80, 24);
    screen.keys("x<ctrl-u>/tmp/re<tab>");
    assert_eq!(screen.asked(), ["complete /tmp/re"]);
    let paths = |typed: &str, found: &[&str]| {
        let found = found.iter().map(|it| (*it).to_owned()).collect();
        Message::Paths(crate::tui::paths::Paths { typed: typed.to_owned(), found })
    };
    screen.send(paths("/tmp/re", &["/tmp/relay-1.md", "/tmp/relay-2.md"]));
    assert!(screen.shown().contains("/tmp/relay-"), "{}", screen.shown());
    assert!(screen.shown().contains("relay-1.md  relay-2.md"), "{}", screen.shown());
    screen.keys("9.md");
    screen.send(paths("/tmp/relay-", &["/tmp/relay-1.md"]));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["write /tmp/relay-9.md as md"], "what came late is of another text");
    // The other side of a comparison, and the start screen.
    screen.keys("d/tmp/a<tab>");
    assert_eq!(screen.asked(), ["look for recent", "complete /tmp/a"]);
    screen.send(paths("/tmp/a", &["/tmp/a.smtp"]));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["compare relay.smtp /tmp/a.smtp"]);
}

#[test]
fn the_title_of_a_file_says_with_whom_it_was_and_how_it_ended() {
    let mut screen = opened(RELAY, 120, 33);
    screen.model.talk.target = Some("smtp://mx.target.local:2525".to_owned());
    let title = |screen: &Screen| screen.shown().lines().next().unwrap_or_default().to_owned();
    let first = title(&screen);
    assert!(first.contains("mx.target.local:2525") && first.contains("250 2.0.0 Ok: queued as"), "{first}");
    screen.keys("]");
    assert!(title(&screen).contains("EHLO done"), "{}", title(&screen));
}

#[test]
fn a_search_finds_a_note_where_it_is_shown_and_not_where_it_was_kept() {
    let noted =
        format!("{RELAY}\n* note at=5 \"greylist test\"\n* set title=\"Is it greylisted?\"\n* set tag=greylist");
    let mut screen = opened(&noted, 120, 33);
    let about = String::from_utf8_lossy(screen.model.talk.log.get(4).expect("a line").bytes).into_owned();
    screen.keys("/greylist<enter>");
    assert_eq!(marked(&screen), about);
    assert!(screen.shown().contains("/greylist · 1 of 1"), "{}", screen.shown());
    screen.keys("<esc>fgreylist<enter>");
    assert!(screen.shown().contains("filter: greylist · 1 of "), "{}", screen.shown());
    // What is written while it is searched for is found as well.
    let mut screen = live();
    screen.keys("/odd one<enter>");
    assert!(screen.shown().contains("none found"), "{}", screen.shown());
    screen.wire("* note at=2 \"an odd one\"");
    assert!(screen.shown().contains("1 found"), "{}", screen.shown());
}
