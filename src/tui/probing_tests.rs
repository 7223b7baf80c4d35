//! Ready-made tests at the screen: the menu, what is asked for, and what the panel shows.

use crate::probe::{Finding, PROBES, Severity};

use super::message::Message;
use super::model::Focus;
use super::pane::panel::Tab;
use super::probing::ProbeNews;
use super::screen::Screen;
use super::tests::refused;

/// A relay test that has found something, of two tests.
pub(super) fn found(columns: u16, rows: u16) -> Screen {
    let mut screen = refused(columns, rows);
    screen.send(Message::Probe(ProbeNews::Begun(2)));
    screen.send(Message::Probe(ProbeNews::Begins { title: "Addresses", nth: 1, of: 2 }));
    let last = screen.model.talk.log.len() - 1;
    let good = Finding::new(Severity::Good, "The postmaster is there").by("RFC 5321 4.5.1");
    let bad = Finding::new(Severity::High, "Accepted at RCPT, not proven relayed: 10 foreign forms")
        .meaning("It takes mail for a domain that is not its own.")
        .cure("Relay only for logins and for your own networks.")
        .by("RFC 5321 3.6.2")
        .shown_by([last - 1, last]);
    screen.send(Message::Probe(ProbeNews::Found(Box::new(Finding { probe: "addresses", ..good }))));
    screen.send(Message::Probe(ProbeNews::Begins { title: "Open relay", nth: 2, of: 2 }));
    screen.send(Message::Probe(ProbeNews::Found(Box::new(Finding { probe: "relay", ..bad }))));
    screen
}

/// The same, once all is done.
pub(super) fn done(columns: u16, rows: u16) -> Screen {
    let mut screen = found(columns, rows);
    screen.send(Message::Probe(ProbeNews::Done {
        summary: "1 high, 1 good".to_owned(),
        left_out: vec![("injection", "there is no STARTTLS here that works".to_owned())],
        problem: None,
    }));
    screen
}

#[test]
fn the_menu_runs_one_or_all() {
    let mut screen = refused(80, 24);
    screen.keys("<esc>P");
    assert!(
        screen.shown().contains("All 14 below, one after the other")
            && screen.shown().contains("Patience")
            && screen.shown().contains("Open relay"),
        "{}",
        screen.shown()
    );
    screen.keys("<down><down><down><down><down><enter>");
    assert_eq!(screen.asked(), [format!("probe {}", PROBES[4].name)]);
    screen.keys("<ctrl-p>probe<enter><enter>");
    let all: Vec<_> = PROBES.iter().map(|probe| probe.name).collect();
    assert_eq!(screen.asked(), [format!("probe {}", all.join(","))]);
}

#[test]
fn findings_stand_in_the_panel_with_their_lines_while_tests_are_run() {
    let mut screen = found(120, 33);
    assert_eq!((screen.model.panel.tab(), screen.model.focus), (Tab::Probe, Focus::Transcript));
    let shown = screen.shown();
    for words in [
        "2 of 2: Open relay",
        "To be mended",
        "high: Accepted at RCPT",
        "<** 554",
        "Relay only for logins",
        "✓  The postmaster",
    ] {
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
    screen.keys("P<enter>");
    assert_eq!(screen.asked(), [] as [&str; 0], "not a second time at once");
    assert!(screen.shown().contains("Tests are being run"), "{}", screen.shown());
    screen.keys("<ctrl-c>");
    assert_eq!(screen.asked(), ["drop"]);
}

#[test]
fn what_was_found_stays_and_is_one_of_the_tabs() {
    let mut screen = done(80, 24);
    assert!(screen.shown().contains("Reply─Session─Offer─TLS─[Probe]"), "{}", screen.shown());
    assert!(screen.shown().contains("Tested: 1 high, 1 good."), "{}", screen.shown());
    screen.keys("<f9>");
    assert_eq!(screen.model.panel.tab(), Tab::Reply);
    screen.keys("<ctrl-p>probe-tab<enter>");
    assert_eq!(screen.model.panel.tab(), Tab::Probe);
}

#[test]
fn a_key_goes_from_finding_to_finding_worst_first_and_the_whole_screen_begins_there() {
    let mut screen = found(80, 24);
    for (severity, title) in [(Severity::Low, "No STARTTLS"), (Severity::Medium, "It knows everybody")] {
        let finding = Finding::new(severity, title).meaning("A sentence or two about it. ".repeat(6));
        screen.send(Message::Probe(ProbeNews::Found(Box::new(Finding { probe: "relay", ..finding }))));
    }
    let done = ProbeNews::Done { summary: "1 high".to_owned(), left_out: Vec::new(), problem: None };
    screen.send(Message::Probe(done));
    assert!(screen.shown().contains("n next finding"), "{}", screen.shown());
    let marked = |screen: &Screen| {
        let shown = screen.shown();
        let row = shown.lines().find(|row| row.contains('▌') && row.contains(": ")).unwrap_or_default().to_owned();
        row.split_once('▌').map(|(_, row)| row.trim_matches(['│', ' ']).to_owned()).unwrap_or_default()
    };
    screen.keys("n");
    assert!(marked(&screen).contains("high: Accepted"), "{}", screen.shown());
    screen.keys("n");
    assert!(marked(&screen).contains("medium: It knows"), "{}", screen.shown());
    assert!(screen.shown().contains("Finding 2 of 3"), "{}", screen.shown());
    screen.keys("<enter>z");
    let shown = screen.shown();
    assert!(shown.contains("▌✗  medium: It knows everybody") && !shown.contains("1 high"), "{shown}");
}
