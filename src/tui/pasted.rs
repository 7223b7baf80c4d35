//! A paste that goes out line by line: what of it stands on the composer, and what is still to come.

use std::collections::VecDeque;

use crate::smtp::{Command, Phase, Verb};

use super::model::Model;
use super::pane::composer::Composer;

/// The lines of a paste.
#[derive(Debug, Clone, Default)]
pub struct Pasted {
    /// Those that are still to come onto the composer.
    lines: VecDeque<String>,
    /// What stands on the composer of it, as it was put there; nothing once somebody has cleared that.
    shown: Option<String>,
    /// What comes next is message content: it waits for 354.
    content: bool,
}

impl Pasted {
    /// How many lines are still to come.
    #[must_use]
    pub fn left(&self) -> usize {
        self.lines.len()
    }

    /// Whether this is the line that the paste has put there.
    #[must_use]
    pub fn shows(&self, line: &str) -> bool {
        self.shown.as_deref() == Some(line)
    }

    /// Whether lines are left, and none of them stands on the composer.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.shown.is_none() && !self.lines.is_empty()
    }

    /// Whether what is left can't go out before 354 has come.
    #[must_use]
    pub fn is_held(&self, phase: Phase) -> bool {
        self.waits() && self.content && phase != Phase::Data
    }

    /// A next step put another line onto the composer: what is left waits.
    pub(super) fn step_aside(&mut self) {
        self.shown = None;
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A paste begins; it takes the place of what was left of another one. `content`: it is the message after a DATA.
pub(super) fn begin(model: &mut Model, lines: Vec<String>, content: bool) {
    model.pasted = Pasted { lines: lines.into(), shown: None, content };
    next(model);
}

/// Puts the next line there, where it can go out.
fn next(model: &mut Model) {
    model.pasted.shown = None;
    if model.pasted.is_held(phase(model)) {
        return;
    }
    if let Some(line) = model.pasted.lines.pop_front() {
        model.composer.set_line(&line);
        model.compose(Composer::arrange);
        model.pasted.shown = Some(line);
    }
}

fn phase(model: &Model) -> Phase {
    model.talk.dialogue.state().phase()
}

/// A line was sent: the next one follows where it was a line of the paste. A line of one's own leaves it waiting.
pub(super) fn sent(model: &mut Model, line: &str) {
    if model.pasted.shown.take().is_none() {
        return;
    }
    let open = phase(model) == Phase::Data;
    if !open && Command::parse(line.as_bytes()).verb == Verb::Data {
        model.pasted.content = true;
    } else if line == "." {
        model.pasted.content = false;
    }
    next(model);
}

/// Enter on an empty line while lines are left: the next one comes, or why it does not is said.
pub(super) fn enter(model: &mut Model) {
    if model.pasted.is_held(phase(model)) {
        model.notice = Some(model.keymap.told(held(model.pasted.left()).get(1).map_or("", String::as_str)));
    } else {
        next(model);
    }
}

/// The server has spoken; it was in this phase `before`. After 354 the message comes onto the composer.
pub(super) fn came(model: &mut Model, before: Phase) {
    let opened = before != Phase::Data && phase(model) == Phase::Data;
    if opened && model.pasted.content && model.pasted.waits() && model.composer.line().is_empty() {
        next(model);
    }
}

/// A key was typed: who clears the line does not want it.
pub(super) fn typed(model: &mut Model) {
    if model.composer.line().is_empty() && !model.pasted.shows("") {
        model.pasted.shown = None;
    }
}

/// Forgets what is left; false where nothing is.
pub(super) fn forget(model: &mut Model) -> bool {
    let left = model.pasted.left();
    if left == 0 {
        return false;
    }
    model.pasted.clear();
    let are = if left == 1 { "line of the paste is" } else { "lines of the paste are" };
    model.notice = Some(format!("{left} {are} forgotten; nothing of that was sent."));
    true
}

/// What is said of the paste beside this line, longest first; nothing where the line is none of it.
#[must_use]
pub(super) fn sentences(pasted: &Pasted, line: &str, phase: Phase) -> Option<Vec<String>> {
    if line.is_empty() && pasted.is_held(phase) {
        return Some(held(pasted.left()));
    }
    if line.is_empty() && pasted.waits() {
        let left = counted(pasted.left());
        return Some(vec![
            format!("{left} of the paste left: {{send}} puts the next one here · Esc forgets what is left"),
            format!("{left} of the paste left: {{send}} puts the next one here · Esc forgets"),
            format!("{left} left: {{send}} puts the next one here · Esc forgets"),
        ]);
    }
    if !pasted.shows(line) {
        return None;
    }
    let what = if line.is_empty() { "an empty line of the paste" } else { "this line of the paste" };
    Some(match pasted.left() {
        0 => vec![format!("{{send}} sends {what}, its last one"), "The last line of the paste".to_owned()],
        left => {
            let (follow, them) = if left == 1 { ("more follows", "it") } else { ("more follow", "them") };
            vec![
                format!("{{send}} sends {what}; {left} {follow} · Esc forgets {them}"),
                format!("{{send}} sends it; {left} {follow} · Esc forgets {them}"),
            ]
        }
    })
}

fn held(left: usize) -> Vec<String> {
    let (left, them) = (counted(left), if left == 1 { "it" } else { "them" });
    vec![
        format!("Held back until DATA is answered 354: {left} of the message · Esc forgets {them}"),
        format!("Held back until 354 comes: {left} of the message · Esc forgets {them}"),
        format!("Until 354 held back: {left} · Esc forgets {them}"),
    ]
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}

#[cfg(test)]
mod tests {
    use crate::tui::message::Message;
    use crate::tui::screen::Screen;
    use crate::tui::tests::{connected, in_data, refused};

    fn pasted(mut screen: Screen, text: &str, way: &str) -> Screen {
        screen.send(Message::Paste(text.to_owned()));
        screen.keys(way);
        screen
    }

    #[test]
    fn a_new_paste_takes_the_place_of_what_was_left_of_another() {
        let mut screen = pasted(refused(80, 24), "RSET\nNOOP\nVRFY a\n", "1");
        assert!(screen.shown().contains("2 more follow · Esc forgets them"), "{}", screen.shown());
        screen = pasted(screen, "HELP\nQUIT\n", "1");
        assert_eq!(screen.model.composer.line(), "HELP", "the line of the old one is gone as well");
        assert!(screen.shown().contains("1 more follows · Esc forgets it"), "{}", screen.shown());
        let mut screen = pasted(refused(80, 24), "RSET\nNOOP\nVRFY a\n", "1");
        screen.keys("<ctrl-u>");
        screen = pasted(screen, "HELP\nNOOP\n", "2");
        assert_eq!((screen.model.composer.line(), screen.model.pasted.left()), ("", 0));
    }

    #[test]
    fn esc_or_ctrl_c_forgets_what_is_left_and_the_line_stays() {
        for key in ["<esc>", "<ctrl-c>"] {
            let mut screen = pasted(refused(80, 24), "RSET\nNOOP\nVRFY a\n", "1");
            screen.keys(key);
            assert!(screen.shown().contains("2 lines of the paste are forgotten"), "{}", screen.shown());
            assert_eq!(screen.model.composer.line(), "RSET");
            screen.say("<enter>", "< 250 ok");
            assert_eq!(screen.model.composer.line(), "");
        }
    }

    #[test]
    fn a_line_of_ones_own_leaves_the_paste_waiting() {
        let mut screen = pasted(refused(80, 24), "RSET\nNOOP\nVRFY a\n", "1");
        screen.keys("<ctrl-u>");
        assert!(screen.shown().contains("2 lines of the paste left"), "{}", screen.shown());
        screen.keys("HELP");
        screen.say("<enter>", "< 214 ok");
        assert_eq!(screen.model.composer.line(), "");
        screen.keys("<enter>");
        assert_eq!(screen.model.composer.line(), "NOOP");
        assert!(screen.asked().is_empty(), "it is only put there");
    }

    #[test]
    fn what_is_wrong_with_a_pasted_line_is_said_and_mended() {
        let screen = pasted(refused(80, 24), "RCPT TO :bob@target.local\nNOOP\nQUIT\n", "1");
        let shown = screen.shown();
        assert!(
            shown.contains("▸ RCPT TO:<bob@target.local>") && shown.contains("2 more pasted, Esc forgets"),
            "{shown}"
        );
    }

    #[test]
    fn an_empty_line_of_a_paste_is_said_to_be_one_and_sent_by_one_enter() {
        let mut screen = pasted(in_data(80, 24), "Subject: x\n\nbody\n", "1");
        screen.say("<enter>", "");
        assert_eq!(screen.model.composer.ghost(), "");
        assert!(screen.shown().contains("an empty line of the paste; 1 more follows"), "{}", screen.shown());
        let mut screen = pasted(connected(80, 24), "\nNOOP\n", "1");
        assert_eq!(screen.model.composer.ghost(), "", "nothing in grey looks like the line");
        screen.keys("<enter>");
        assert_eq!(screen.asked(), ["send "]);
    }

    #[test]
    fn the_message_of_a_paste_waits_for_354() {
        for (way, sent) in [("2", "pipeline 2"), ("1<enter><enter>", "send DATA")] {
            let mut screen = pasted(refused(80, 24), "NOOP\nDATA\nSubject: x\n\n.\nQUIT\n", way);
            assert_eq!(screen.asked().last().map(String::as_str), Some(sent));
            assert_eq!(screen.model.composer.line(), "");
            screen.wire("> NOOP\n> DATA\n< 250 ok\n< 503 5.5.1 Error: need RCPT command");
            assert!(screen.shown().contains("Held back until 354 comes: 4 lines of the message"), "{}", screen.shown());
            screen.keys("<enter>");
            assert!(screen.asked().is_empty(), "no line of it goes out as a command");
            screen.wire("> RCPT TO:<a@b.example>\n< 250 ok\n> DATA\n< 354 go");
            assert_eq!(screen.model.composer.line(), "Subject: x");
            screen.keys("<enter><enter><enter>");
            assert_eq!(screen.asked(), ["send Subject: x", "send ", "send ."]);
            assert_eq!(screen.model.composer.line(), "QUIT");
        }
    }
}
