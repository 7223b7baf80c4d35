//! A workbench for tests: keys go in as text, wire events as lines of a transcript, and the screen comes out.

use std::sync::{Arc, LazyLock};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::effect::{Added, Effect, Whole};
use super::given::titles;
use super::keymap::Key;
use super::library;
use super::message::Message;
use super::model::Model;
use super::overlay::MailWish;
use super::replay::{ReplayOf, Way};
use super::start::Wish;
use super::update::update;
use super::view::view;
use crate::client::Request;
use crate::conversation::{Micros, Timed, sample};
use crate::decode::Knowledge;

/// Read once for all tests.
static KNOWLEDGE: LazyLock<Arc<Knowledge>> = LazyLock::new(|| Arc::new(Knowledge::shipped()));

/// A model with a screen of its own and the effects that it asked for.
pub(crate) struct Screen {
    pub(crate) model: Model,
    effects: Vec<Effect>,
    /// Lines to be kept for runs to come.
    pub(crate) remembered: Vec<String>,
    at: u64,
}

impl Screen {
    /// A workbench of this size, connected to nothing.
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let mut screen = Self { model: Model::default(), effects: Vec::new(), remembered: Vec::new(), at: 0 };
        screen.model.knowledge = Arc::clone(&KNOWLEDGE);
        screen.send(Message::Resize(columns, rows));
        screen
    }

    /// A message of any kind.
    pub(crate) fn send(&mut self, message: Message) {
        self.effects.extend(update(&mut self.model, message));
        // What is looked for in pieces is found before the next key.
        while let Some(at) = self.effects.iter().position(|effect| matches!(effect, Effect::Sift)) {
            self.effects.remove(at);
            self.effects.extend(update(&mut self.model, Message::Sift));
        }
        let others = |effect: &mut Effect| matches!(effect, Effect::ExplainOthers(_));
        let others: Vec<_> = self.effects.extract_if(.., others).collect();
        for effect in others {
            let Effect::ExplainOthers(due) = effect else { continue };
            let titles = titles(due, &self.model.knowledge);
            self.effects.extend(update(&mut self.model, Message::Explained(titles)));
        }
    }

    /// Keys: characters, and names in angle brackets: `EHLO a<enter><ctrl-p>`; `<lt>` is `<` itself.
    pub(crate) fn keys(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|r| r.split_once('>')).and_then(|(name, after)| {
                let key = if name == "lt" { Key::parse("<") } else { Key::parse(name).filter(|_| name.len() > 1) };
                Some((key?, after))
            });
            let (key, after) = named.unwrap_or_else(|| {
                let key = if c == ' ' { Key::parse("space") } else { Key::parse(&c.to_string()) };
                (key.expect("every character is a key"), &rest[c.len_utf8()..])
            });
            self.send(Message::Key(key.event()));
            rest = after;
        }
    }

    /// What happens on the wire, a line each: `> NOOP`, `| text`, `< 250 ok`, `* connected 127.0.0.1:25`. Ten
    /// milliseconds pass before each.
    pub(crate) fn wire(&mut self, text: &str) {
        let mut events = Vec::new();
        for event in sample::events(text) {
            self.at += 10_000;
            events.push(Timed { at: Micros(self.at), event });
        }
        self.send(Message::Wire(events));
    }

    /// The effects asked for since the last call, shortly: `send NOOP`, `connect lab:`, `quit`; without the readings of
    /// a target while it is typed.
    pub(crate) fn asked(&mut self) -> Vec<String> {
        let mut asked = Vec::new();
        for effect in self.effects.drain(..).filter(|effect| !is_reading(effect)) {
            match effect {
                Effect::Remember(line) => self.remembered.push(line),
                other => asked.push(words(&other)),
            }
        }
        asked
    }

    /// Keys whose lines reach a peer that repeats them onto the wire: what was sent becomes a sent event.
    pub(crate) fn say(&mut self, text: &str, replies: &str) {
        // A line without other keys is put there at once: typing it takes a test's time and shows nothing.
        match text.strip_suffix("<enter>").map(|line| line.replace("<lt>", "\u{1}")) {
            Some(line) if !line.is_empty() && !line.contains('<') => {
                self.model.composer.set_line(&line.replace('\u{1}', "<"));
                self.model.settle();
                self.keys("<enter>");
            }
            _ => self.keys(text),
        }
        let asked = self.asked();
        let sent: Vec<String> =
            asked.iter().filter_map(|a| a.strip_prefix("send ")).map(|l| format!("> {l}")).collect();
        self.wire(&sent.join("\n"));
        self.wire(replies);
    }

    /// The cells of the screen.
    pub(crate) fn drawn(&self) -> Buffer {
        let (columns, rows) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test backend never fails");
        terminal.draw(|frame| view(&self.model, frame)).expect("a test backend never fails");
        terminal.backend().buffer().clone()
    }

    /// The screen as text.
    pub(crate) fn shown(&self) -> String {
        let buffer = self.drawn();
        (0..buffer.area.height).map(|y| row(&buffer, y)).collect::<Vec<_>>().join("\n")
    }
}

/// A row as text, a wide character once.
pub(crate) fn row(buffer: &Buffer, y: u16) -> String {
    let mut line = String::new();
    let mut skip = 0;
    for x in 0..buffer.area.width {
        let symbol = buffer[(x, y)].symbol();
        if skip == 0 {
            line.push_str(symbol);
            skip = super::text::width(symbol).saturating_sub(1);
        } else {
            skip -= 1;
        }
    }
    line.trim_end().to_owned()
}

/// What is wanted of the library.
fn kept(wish: &library::Wish) -> String {
    match wish {
        library::Wish::List => "list".to_owned(),
        library::Wish::Find { text, .. } => format!("find {text}"),
        library::Wish::Preview(path, line) => format!("preview {} {line:?}", path.display()),
        library::Wish::Annotate(path, remarks) => {
            let remarks: Vec<_> = remarks.iter().map(ToString::to_string).collect();
            format!("annotate {}: {}", path.display(), remarks.join(", "))
        }
        library::Wish::Prune(text) => format!("prune {text}"),
        library::Wish::Missing(rows) => format!("missing of {}", rows.len()),
        library::Wish::Remove(paths) => format!("remove {}", paths.len()),
    }
}

fn is_reading(effect: &Effect) -> bool {
    matches!(effect, Effect::Profiles(Wish::Read(_) | Wish::LookAt(_)))
}

fn replayed(of: &ReplayOf, password: bool) -> String {
    let ReplayOf { path, target, way, environment } = of;
    let way = if *way == Way::Steps { String::new() } else { format!(" {}", way.words()) };
    let read = environment.iter().fold(String::new(), |read, name| read + " reading " + name);
    let with = if password { " with a password" } else { "" };
    format!("replay {} {target}{way}{read}{with}", path.display())
}

fn words(effect: &Effect) -> String {
    match effect {
        Effect::Send(Request::Line(line, _)) => format!("send {}", String::from_utf8_lossy(line)),
        Effect::Send(Request::Pipeline(lines)) => format!("pipeline {}", lines.len()),
        Effect::Send(Request::Content(content)) => format!("content {}", content.len()),
        Effect::Send(Request::RawContent(octets)) => format!("as typed {}", String::from_utf8_lossy(octets).trim_end()),
        Effect::Send(Request::GiveUp) => "give up".to_owned(),
        Effect::Send(other) => format!("{other:?}"),
        Effect::Connect(target) => format!("connect {target}"),
        Effect::Regardless => "regardless".to_owned(),
        Effect::Reconnect => "reconnect".to_owned(),
        Effect::Drop => "drop".to_owned(),
        Effect::Open(path) => format!("open {}", path.display()),
        Effect::Remark(remark) => format!("remark {remark}"),
        Effect::Annotate(path, Added { events, .. }) => {
            let remarks: Vec<_> = events.iter().map(|event| format!("{:?}", event.event)).collect();
            format!("annotate {} {}", path.display(), remarks.join(" "))
        }
        Effect::Sift | Effect::ExplainOthers(_) => "carried out by `send`".to_owned(),
        Effect::Copy { text, .. } => format!("copy {text}"),
        Effect::CopyWhole(Whole::Gone(_)) => "copy what is shown".to_owned(),
        Effect::CopyWhole(_) => "copy the whole".to_owned(),
        Effect::Terminal(sequence) => format!("terminal {sequence:?}"),
        Effect::Write { whole, to, format, anonymise, over, .. } => {
            let (name, over) = (format.map_or("smtp", |f| f.name), if *over { " over" } else { "" });
            let shown = if matches!(whole, Whole::Gone(_)) { " what is shown" } else { "" };
            format!("write{shown} {} as {name}{}{over}", to.display(), if *anonymise { " without names" } else { "" })
        }
        Effect::Attend(given) => format!("attend {}", given.name),
        Effect::ToClass(up) => format!("to class {up:?}"),
        Effect::Learn(lesson) => format!("learn {}", lesson.name),
        Effect::LearnAnew(lesson) => format!("learn {} anew", lesson.name),
        Effect::Probe(names) => format!("probe {}", names.join(",")),
        Effect::LookForLessons => "look for lessons".to_owned(),
        Effect::Keep(reached) => format!("keep {} of {}", reached.steps, reached.of),
        Effect::Replay { of, password } => replayed(of, password.is_some()),
        Effect::Both(path, [left, right]) => format!("both {} {left} {right}", path.display()),
        Effect::Compare(left, right) => format!("compare {} {}", left.display(), right.display()),
        Effect::Wait(time, _) => format!("wait {time:?}"),
        Effect::PlayOn(time, _) => format!("play on in {time:?}"),
        Effect::LookForConversations => "look for conversations".to_owned(),
        Effect::LookForRecent => "look for recent".to_owned(),
        Effect::Profiles(Wish::Save { name, was: None, text }) => format!("save {name}: {text}"),
        Effect::AskSecret => "ask secret".to_owned(),
        Effect::Profiles(wish) => format!("{wish:?}"),
        Effect::Library(wish) => kept(wish),
        Effect::Mouse(on) => format!("mouse {on}"),
        Effect::LookAtMail => "look at mail".to_owned(),
        Effect::Mail(MailWish::Delete(number)) => format!("delete mail {number}"),
        Effect::Mail(MailWish::Export(name, octets)) => format!("export {name}, {} octets", octets.len()),
        Effect::ServerView(address) => format!("server view {}", address.as_deref().unwrap_or("no longer")),
        Effect::Redraw => "redraw".to_owned(),
        Effect::Suspend => "suspend".to_owned(),
        Effect::LookUpAccess => "look up access".to_owned(),
        Effect::Remember(line) => format!("remember {line}"),
        Effect::ReadMessage(path) => format!("read {}", path.display()),
        Effect::CompletePath(typed) => format!("complete {typed}"),
        Effect::ReadAttachment(path) => format!("attach {}", path.display()),
        Effect::Mask(_) => "mask".to_owned(),
        Effect::Quit => "quit".to_owned(),
    }
}
