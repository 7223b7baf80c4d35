//! The start screen and the editor of profiles: keys in, screen and wishes out.

use super::*;
use crate::lesson::Map;
use crate::profile::Draft;
use crate::tui::message::Message;
use crate::tui::model::Face;
use crate::tui::overlay::ProfileEditor;
use crate::tui::pane::lesson::LessonNews;
use crate::tui::screen::Screen;

fn start() -> Start {
    let profile = |name: &str, address: &str| Profile {
        name: name.to_owned(),
        address: address.to_owned(),
        security: "STARTTLS".to_owned(),
        note: String::new(),
        ..Profile::default()
    };
    let recent = Recent {
        when: "today 14:02".to_owned(),
        target: "mx.noddy.com".to_owned(),
        outcome: "250 queued".to_owned(),
        path: PathBuf::from("a.smtp"),
        ..Recent::default()
    };
    Start {
        profiles: vec![profile("noddy", "mx.noddy.com:25"), profile("labour", "mx.labour.example:25")],
        recent: vec![recent],
        ..Start::default()
    }
}

fn scenario(name: &str, title: &str) -> Scenario {
    Scenario { name: name.to_owned(), title: title.to_owned(), ..Scenario::default() }
}

fn chosen(text: &str) -> Chosen {
    let mut start = start();
    start.paste(text);
    start.chosen().expect("something is always marked")
}

fn target(text: &str) -> Chosen {
    Chosen::Target(text.to_owned())
}

#[test]
fn enter_alone_opens_the_lab() {
    assert_eq!(start().chosen(), Some(target("lab:")));
}

#[test]
fn a_host_is_connected_to_even_if_something_else_has_it_in_its_words() {
    assert_eq!(chosen("mx.noddy.com"), target("mx.noddy.com"));
    assert_eq!(chosen("telnet mx.noddy.com 25"), target("telnet mx.noddy.com 25"));
    assert_eq!(chosen("lab:greylist"), target("lab:greylist"));
    // A profile that was proposed for another port of it begins with its whole name.
    let mut start = start();
    start.profiles[0].name = "mx.noddy.com-2525".to_owned();
    start.profiles[1].name = "mailhub-2525".to_owned();
    start.profiles[1].address = "mailhub:2525".to_owned();
    for host in ["mx.noddy.com", "MX.noddy.com", "mailhub"] {
        start.look_for(host);
        assert_eq!(start.chosen(), Some(target(host)));
    }
    start.look_for("mailh");
    assert_eq!(start.chosen(), Some(target("mailhub-2525")));
    // Who calls a profile so means it, and no other that begins so.
    start.profiles.push(Profile { name: "mx.noddy.com".to_owned(), ..start.profiles[0].clone() });
    start.look_for("mx.noddy.com");
    assert_eq!(start.items()[..3], [Item::Profile(2), Item::Typed, Item::Profile(0)]);
}

#[test]
fn scenarios_of_the_lab_are_found_by_name_and_title() {
    let mut screen = Screen::new(80, 24);
    screen.model.face = Face::Start;
    let all = vec![
        scenario("block-list", "On a block list"),
        scenario("greylisting", "Greylisting"),
        scenario("tarpit", "Slow"),
    ];
    screen.send(Message::Scenarios(all));
    assert!(screen.shown().contains("3 other servers"), "{}", screen.shown());
    screen.keys("grey");
    assert!(screen.shown().contains("1 of 3"), "{}", screen.shown());
    let shown = screen.shown();
    assert!(
        shown.contains("Scenarios of the lab") && shown.contains("lab:greylisting") && !shown.contains("tarpit"),
        "{shown}"
    );
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["connect lab:greylisting"], "no host of that name is looked for: {}", screen.shown());
    screen.model.face = Face::Start;
    screen.keys("<esc>mx.grey.example<enter>");
    assert_eq!(screen.asked(), ["connect mx.grey.example"], "{}", screen.shown());
    screen.model.face = Face::Start;
    screen.keys("<esc>lab:gr");
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["connect lab:greylisting"]);
    let mut screen = Screen::new(80, 24);
    screen.model.face = Face::Start;
    screen.send(Message::Scenarios(vec![scenario("block-list", "On a block list"), scenario("tarpit", "Slow")]));
    screen.keys("lab:");
    assert!(screen.shown().contains("lab:tarpit") && screen.shown().contains("lab:block-list"), "{}", screen.shown());
}

#[test]
fn a_row_leads_to_all_scenarios_with_the_story_of_the_marked_one_and_how_many_follow() {
    let mut screen = screen(80, 24);
    let mut all: Vec<Scenario> = (1..=30).map(|n| scenario(&format!("trouble-{n}"), "Another trouble")).collect();
    all[0].story = "A server that says no.".to_owned();
    all[20].teaches = "lists against spam".to_owned();
    screen.send(Message::Scenarios(all));
    let shown = screen.shown();
    assert!(shown.contains("Scenarios      30 other servers") && !shown.contains("more"), "{shown}");
    screen.asked();
    screen.keys("<down><enter>");
    let shown = screen.shown();
    assert!(shown.contains("Find  lab:") && shown.contains(" ▌  lab:trouble-1 "), "{shown}");
    assert!(shown.contains("▸ A server that says no.") && shown.contains("▼ 1"), "{shown}");
    screen.keys("<esc>spam");
    assert!(screen.shown().contains("lab:trouble-21"), "{}", screen.shown());
    screen.keys("<esc>lab:spam<enter>");
    assert_eq!(screen.asked().last().map(String::as_str), Some("connect lab:trouble-21"), "{}", screen.shown());
}

#[test]
fn the_shipped_scenarios_are_found_by_what_they_show() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios");
    let text = std::fs::read_to_string(dir.join("block-list.toml")).expect("it is shipped");
    let told = text.lines().find_map(|line| line.strip_prefix("teaches = ")).expect("it teaches something");
    let list = Scenario { teaches: told.to_owned(), ..scenario("block-list", "Block list") };
    let start = Start { scenarios: vec![list], ..Start::default() };
    assert_eq!(start.scenarios_like("spam"), [0]);
}

#[test]
fn the_beginning_of_a_profile_is_enough() {
    assert_eq!(chosen("nod"), target("noddy"));
    assert_eq!(chosen("lab"), target("lab:"));
    assert_eq!(chosen("labo"), target("labour"));
    let mut start = start();
    start.paste("example starttls");
    start.step(true);
    assert_eq!(start.marked(), Some(Item::Profile(1)), "every word counts, wherever it stands");
}

#[test]
fn a_recent_conversation_is_reached_by_its_words() {
    let mut start = start();
    start.paste("queued");
    assert_eq!(start.chosen(), Some(Chosen::File(PathBuf::from("a.smtp"))));
}

#[test]
fn a_bare_word_that_is_found_is_no_host_and_any_other_is_one() {
    let mut start = start();
    start.paste("queue");
    assert_eq!(start.items(), [Item::Recent(0), Item::All, Item::Typed]);
    assert_eq!(chosen("mailhost"), target("mailhost"), "nothing is found");
    assert_eq!(chosen("queued.example"), target("queued.example"));
    assert_eq!(chosen("queued:25"), target("queued:25"));
    start.recent[0].target = "queue:2525".to_owned();
    assert_eq!(start.chosen(), Some(target("queue")), "a host that was talked to is one");
    start.recent[0].outcome = "no localhost here".to_owned();
    start.look_for("localhost");
    assert_eq!(start.chosen(), Some(target("localhost")));
    let (name, text) = crate::lesson::course::shipped().next().expect("there are lessons");
    let lesson = Arc::new(Lesson::parse(&name, text).expect("well formed"));
    let found = Findable::of(Standing { lesson, done: Done::default() });
    start.lessons = vec![Findable { text: "of a block".to_owned(), ..found }];
    start.scenarios = vec![scenario("block-list", "Block list")];
    start.recent[0].target = "lab:block-list".to_owned();
    start.look_for("block");
    assert_eq!(start.chosen(), Some(target("lab:block-list")), "a name comes before a text, met before or not");
}

#[test]
fn what_others_have_kept_meanwhile_is_looked_for_as_one_begins_to_type() {
    let mut screen = screen(80, 24);
    let at = |second: i64| jiff::Timestamp::from_second(second).ok();
    screen.model.today = at(100);
    let kept = screen.model.start.recent.clone();
    screen.send(Message::Recent(kept.clone()));
    screen.keys("q");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    screen.model.today = at(110);
    screen.keys("ue");
    assert_eq!(screen.asked(), ["look for conversations"], "once for each list, and no lesson is read for it");
    let newer = Recent { path: PathBuf::from("/state/newer.smtp"), ..kept[0].clone() };
    screen.send(Message::Recent(vec![newer, kept[0].clone()]));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["open /state/noddy.smtp"], "what was marked stays marked");
    screen.keys("<up><enter>");
    assert_eq!(screen.asked(), ["open /state/newer.smtp"]);
}

/// The start screen with these profiles and one conversation.
pub(in crate::tui) fn screen(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new(columns, rows);
    screen.model.face = Face::Start;
    let profile = |name: &str, address: &str, note: &str| Profile {
        name: name.to_owned(),
        address: address.to_owned(),
        security: "STARTTLS".to_owned(),
        note: note.to_owned(),
        ..Profile::default()
    };
    let broken = "/config/profiles/old.toml:4: a password does not belong in a profile in plain text";
    screen.model.start.profiles = vec![
        Profile { own: true, ..profile("noddy", "mx.noddy.com:25", "dude@noddy.com") },
        Profile { own: true, production: true, ..profile("front", "mx.target.local:25", "owned by the network team") },
        profile("gmail-submit", "smtp.gmail.com:587", "needs a password"),
        Profile { own: true, broken: true, ..profile("old", "", broken) },
    ];
    screen.send(Message::Recent(vec![Recent {
        when: "today 14:02".to_owned(),
        target: "noddy".to_owned(),
        outcome: "250 2.0.0 queued".to_owned(),
        recipients: 2,
        profile: Some("noddy".to_owned()),
        ago: "2 hours ago".to_owned(),
        path: PathBuf::from("/state/noddy.smtp"),
        ..Recent::default()
    }]));
    screen
}

pub(in crate::tui) fn editor(draft: Draft, name: &str, was: Option<&str>) -> Message {
    let taken = vec!["noddy".to_owned(), "front".to_owned()];
    Message::Profiles(News::Editor(Box::new(ProfileEditor::new("New profile", name, was, taken, draft))))
}

pub(in crate::tui) const FILE: &str = "# ours\nhost = \"mx.noddy.com\"\n[identity]\nfrom = \"dude@noddy.com\"\n";

#[test]
fn how_what_is_typed_is_read_stands_below_it_before_enter() {
    let mut screen = screen(80, 24);
    screen.keys("telnet mx 25");
    let reading = |text: &str| Message::Profiles(News::Read("telnet mx 25".to_owned(), Ok(text.to_owned())));
    screen.send(reading("mx port 25"));
    assert!(screen.shown().contains("▸ mx port 25"), "{}", screen.shown());
    screen.keys("9");
    assert!(!screen.shown().contains("▸"), "it is of another text");
    screen.send(reading("late"));
    assert!(!screen.shown().contains("late"), "a late answer is of another text");
    let why = Err("`259x` is not a port; 25, 465 and 587 are usual".to_owned());
    screen.keys("x");
    screen.send(Message::Profiles(News::Read("telnet mx 259x".to_owned(), why)));
    assert!(screen.shown().contains("is not a port"), "{}", screen.shown());
}

#[test]
fn what_is_no_target_asks_nothing_about_the_connection_that_is_open() {
    let mut screen = crate::tui::tests::connected(80, 24);
    screen.keys("<ctrl-p>start<enter>");
    screen.keys("no such thing");
    let why = Err("`no such thing` is not a host".to_owned());
    screen.send(Message::Profiles(News::Read("no such thing".to_owned(), why)));
    screen.asked();
    screen.keys("<enter>");
    assert!(!screen.shown().contains("Drop the connection"), "{}", screen.shown());
    // What has become a target since would be connected to, and the open connection be lost.
    assert_eq!(screen.asked(), [""; 0]);
    assert!(screen.shown().contains("is not a host") && screen.model.talk.is_open(), "{}", screen.shown());
}

#[test]
fn a_new_profile_is_filled_in_and_saved_as_text() {
    let mut screen = screen(80, 24);
    screen.keys("<insert>");
    assert_eq!(screen.asked(), ["New(\"\")"]);
    screen.send(editor(Draft::default(), "", None));
    screen.keys("<enter>");
    assert!(screen.shown().contains("Not saved yet: a profile needs a name"), "{}", screen.shown());
    screen.keys("front");
    assert!(screen.shown().contains("another of your profiles has this name"));
    screen.keys("2<tab>mx.target.local<tab>2525<enter>");
    assert_eq!(screen.asked(), ["save front2: host = \"mx.target.local\"\nport = 2525\n"]);
    screen.send(Message::Profiles(News::Failed("The profile could not be saved: no room".to_owned())));
    assert!(screen.shown().contains("no room") && screen.shown().contains("New profile"), "nothing typed is lost");
    let mut all = screen.model.start.profiles.clone();
    all.push(Profile { name: "front2".to_owned(), own: true, ..Profile::default() });
    let saved = News::Saved("front2".to_owned(), PathBuf::from("/config/profiles/front2.toml"), all);
    screen.send(Message::Profiles(saved));
    assert!(screen.shown().contains("front2 is saved in /config/profiles/front2.toml"), "{}", screen.shown());
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["connect front2"]);
}

#[test]
fn what_was_typed_as_a_host_is_in_the_new_profile() {
    let mut screen = screen(80, 24);
    screen.keys("mx.example:2525<ctrl-n>");
    assert_eq!(screen.asked(), ["New(\"mx.example:2525\")"]);
}

#[test]
fn choices_turn_and_wrong_fields_are_said_as_one_types() {
    let mut screen = screen(120, 33);
    screen.send(editor(Draft::of(FILE).expect("TOML"), "noddy", Some("noddy")));
    screen.keys("<tab><tab><tab><tab><space>");
    assert!(screen.shown().contains("‹ SMTP: HELO ›"), "{}", screen.shown());
    screen.keys("<left><left>");
    assert!(screen.shown().contains("‹ LMTP: LHLO ›"), "{}", screen.shown());
    screen.keys("x");
    assert!(screen.shown().contains("Space or the arrows choose"), "{}", screen.shown());
    screen.keys("<shift-tab><shift-tab><shift-tab>7x");
    assert!(screen.shown().contains("a port is a number from 1 to 65535"), "{}", screen.shown());
    screen.keys("<shift-tab>");
    assert!(screen.shown().contains("✗ to mend: port"), "{}", screen.shown());
    screen.keys("<tab><backspace><enter>");
    let text = "save noddy: # ours\nhost = \"mx.noddy.com\"\nport = 7\nprotocol = \"lmtp\"\n[identity]\nfrom = \"dude@noddy.com\"\n";
    assert_eq!(screen.asked(), [text]);
}

#[test]
fn the_form_of_a_profile_has_help_of_its_own() {
    let mut screen = screen(80, 24);
    screen.send(editor(Draft::of(FILE).expect("TOML"), "noddy", Some("noddy")));
    assert!(screen.shown().contains("F1 help"), "{}", screen.shown());
    screen.keys("<f1>");
    assert!(screen.shown().contains("A profile is a server that you come back to"), "{}", screen.shown());
    let page = |screen: &mut Screen| {
        screen.keys("<pagedown>");
        screen.shown().contains("Where the password comes from")
    };
    assert!((0..12).any(|_| page(&mut screen)), "{}", screen.shown());
    screen.keys("<f1>");
    assert!(screen.shown().contains("New profile") && screen.shown().contains("mx.noddy.com"), "{}", screen.shown());
    assert_eq!(screen.asked(), [] as [&str; 0]);
}

#[test]
fn esc_asks_before_changes_are_lost() {
    let mut screen = screen(80, 24);
    screen.send(editor(Draft::of(FILE).expect("TOML"), "noddy", Some("noddy")));
    screen.keys("<esc>");
    assert!(!screen.shown().contains("New profile"), "nothing was changed");
    screen.send(editor(Draft::of(FILE).expect("TOML"), "noddy", Some("noddy")));
    screen.keys("x<esc>");
    assert!(screen.shown().contains("Esc again throws the changes away"), "{}", screen.shown());
    screen.keys("y<esc><esc>");
    assert!(!screen.shown().contains("New profile"));
    let mut begun = Draft::default();
    begun.set("host", "mx.noddy.com");
    screen.send(editor(begun, "noddy", None));
    screen.keys("<esc>");
    assert!(!screen.shown().contains("New profile"), "nobody typed what the form began with");
    assert_eq!(screen.asked(), [] as [&str; 0]);
}

#[test]
fn edit_copy_and_delete_are_of_the_marked_profile() {
    let mut screen = screen(80, 24);
    screen.keys("<f4>");
    assert!(screen.shown().contains("No profile is marked"), "{}", screen.shown());
    screen.keys("<down><f4><ctrl-y>");
    assert_eq!(screen.asked(), ["Edit(\"noddy\")", "Copy(\"noddy\")"]);
    screen.keys("<delete>");
    assert!(screen.shown().contains("Delete your profile noddy?"), "{}", screen.shown());
    screen.keys("<esc>");
    assert_eq!(screen.asked(), [] as [&str; 0]);
    screen.keys("<delete>y");
    assert_eq!(screen.asked(), ["Delete(\"noddy\")"]);
    screen.keys("<down><down><delete>");
    assert!(screen.shown().contains("comes with ehlo and can't be deleted"), "{}", screen.shown());
}

#[test]
fn a_code_that_is_looked_for_is_not_dialled() {
    let mut screen = screen(80, 24);
    screen.keys("250<enter>");
    assert_eq!(screen.asked(), ["open /state/noddy.smtp"], "the conversation that it is in comes first");
    screen.keys("<esc>10.0.0.1<enter>");
    assert_eq!(screen.asked(), ["connect 10.0.0.1"], "an address is one");
}

#[test]
fn what_is_marked_stays_marked_when_the_lesson_comes_late() {
    let mut screen = screen(80, 24);
    screen.model.start.lesson = None;
    screen.keys("<down>");
    let marked = screen.model.start.marked();
    assert!(matches!(marked, Some(Item::Profile(_))), "{marked:?}");
    let (name, text) = crate::lesson::course::shipped().next().expect("there are lessons");
    let lesson = Arc::new(Lesson::parse(&name, text).expect("well formed"));
    screen.model.start.offer(Some((lesson, Done::default())), &[]);
    assert_eq!(screen.model.start.marked(), marked);
}

#[test]
fn lessons_are_found_by_what_they_teach_and_conversations_by_their_recipients() {
    let mut screen = screen(80, 24);
    let lessons = crate::lesson::course::shipped().map(|(name, text)| Lesson::parse(&name, text).expect("well formed"));
    screen.send(Message::Lesson(LessonNews::Map(Map::of(lessons.collect(), None))));
    screen.keys("receipt");
    let shown = screen.shown();
    assert!(shown.contains("Lessons") && shown.contains("Lesson 7"), "{shown}");
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["learn 07-receipt"], "nobody asks the DNS for it");
    screen.keys("<esc>relay");
    assert!(screen.shown().contains("A relay test, read honestly"), "{}", screen.shown());
    let mut recent = screen.model.start.recent.clone();
    recent[0].to = vec!["anotherdude@target.local".to_owned(), "friend@elsewhere.example".to_owned()];
    screen.send(Message::Recent(recent));
    screen.keys("<esc>friend@<down><enter>");
    assert!(screen.shown().contains("to friend@elsewhere.example"), "{}", screen.shown());
    assert_eq!(screen.asked(), ["open /state/noddy.smtp"]);
}

#[test]
fn a_path_that_is_typed_is_opened_first_and_connected_to_below() {
    let mut screen = screen(80, 24);
    screen.keys("./relay.smtp");
    let looked =
        |words: &str| News::LookedAt("./relay.smtp".to_owned(), Some(("./relay.smtp".into(), words.to_owned())));
    screen.send(Message::Profiles(looked("a transcript, to be looked at")));
    let shown = screen.shown();
    assert!(shown.contains(" ▌  ./relay.smtp") && shown.contains("a transcript, to be looked at"), "{shown}");
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["open ./relay.smtp"]);
    screen.keys("<down><enter>");
    assert_eq!(screen.asked(), ["connect ./relay.smtp"]);
    screen.keys("x");
    assert!(!screen.shown().contains("to be looked at"), "it is of another text");
    screen.keys("<esc>mx.example");
    let file = News::LookedAt("mx.example".to_owned(), Some(("mx.example".into(), "a file".to_owned())));
    screen.send(Message::Profiles(file));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["connect mx.example"], "a word that may be a host is one, whatever lies there");
    screen.keys("<esc>s1.txt");
    let file = News::LookedAt("s1.txt".to_owned(), Some(("s1.txt".into(), "read as swaks".to_owned())));
    screen.send(Message::Profiles(file));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["open s1.txt"], "no host is called so");
}

#[test]
fn what_filters_the_conversations_is_looked_for_and_no_host() {
    for text in ["code:5xx", "code:550", "end:una", "since:yesteryear", "-tag:x mx", "\"no such user\""] {
        assert_eq!(chosen(text), Chosen::Library(text.to_owned()), "{text}");
    }
    for text in ["host:25", "mx.noddy.com:587", "smtp://mx:25", "lab:greylist"] {
        assert_eq!(chosen(text), target(text));
    }
    let mut screen = screen(80, 24);
    screen.keys("code:5xx");
    let shown = screen.shown();
    assert!(shown.contains(" ▌  all conversations  search all of them for code:5xx"), "{shown}");
}

#[test]
fn a_line_of_smtp_on_the_start_screen_is_told_where_it_belongs() {
    let mut screen = screen(80, 24);
    screen.keys("HELO noddy.com");
    let wrong = Err("`noddy.com` is not a port; 25, 465 and 587 are usual".to_owned());
    screen.send(Message::Profiles(News::Read("HELO noddy.com".to_owned(), wrong)));
    let shown = screen.shown();
    assert!(shown.contains("HELO is said to a server: connect first") && !shown.contains("not a port"), "{shown}");
}

#[test]
fn a_heading_stands_once() {
    let mut screen = screen(80, 24);
    screen.model.start.profiles[1].note = "noddy's other one".to_owned();
    screen.keys("nod");
    let shown = screen.shown();
    assert_eq!(shown.matches("  Profiles").count(), 1, "{shown}");
    assert!(shown.contains("Connect"), "{shown}");
}
