//! The start screen: the lab in front, profiles, recent conversations, and a line into which any TARGET can be typed.
//!
//! State and choice are here, drawing is in [`view`].

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use crate::lesson::Lesson;
use crate::lesson::map::Standing;
use crate::lesson::progress::Done;
use crate::library::is_sought;

use super::paths::Paths;

mod kept;
mod profiles;
#[cfg(test)]
pub(super) mod tests;
mod typed;
mod view;

pub use profiles::{News, TrustBy, Wish};
pub(super) use profiles::{act, ask_reading, take};
pub(super) use view::{draw, item_at};

use typed::{is_bare, is_code, is_file_name};

/// A saved profile, as a row shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Its name: what is connected to.
    pub name: String,
    /// Where it leads.
    pub address: String,
    /// What is said of TLS and login.
    pub security: String,
    /// Its note, or whose identity it has.
    pub note: String,
    /// Whether it is marked as production.
    pub production: bool,
    /// Whether it is the user's own; the others come with ehlo.
    pub own: bool,
    /// Whether it can't be read; the note says why.
    pub broken: bool,
    /// When it was last used, as one speaks of it; empty where that is not known.
    pub used: String,
}

impl Profile {
    /// What it is found by.
    fn words(&self) -> [&str; 5] {
        let production = if self.production { "production" } else { "" };
        [&self.name, &self.address, &self.security, &self.note, production]
    }
}

/// A conversation that is on disk, as a row shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent {
    /// When: `today 14:02`.
    pub when: String,
    /// With whom.
    pub target: String,
    /// How it ended: `250 queued`.
    pub outcome: String,
    /// Recipients named in it.
    pub recipients: usize,
    /// The first of them, by their addresses.
    pub to: Vec<String>,
    /// The profile that was used.
    pub profile: Option<String>,
    /// How long ago: `2 days ago`.
    pub ago: String,
    /// Where it is.
    pub path: PathBuf,
}

/// A lesson that can be found, and the words it is found by.
#[derive(Debug, Clone)]
struct Findable {
    standing: Standing,
    title: String,
    text: String,
}

impl Findable {
    fn of(standing: Standing) -> Self {
        let lesson = &standing.lesson;
        let title = format!("lesson {} {}", lesson.name, lesson.title).to_lowercase();
        let steps = lesson.steps.iter().map(|step| step.text.as_str());
        let texts = steps.chain(lesson.hook.as_deref()).chain(lesson.learnt.as_deref()).chain([lesson.intro.as_str()]);
        let text = texts.collect::<Vec<_>>().join(" ").to_lowercase();
        Self { standing, title, text }
    }
}

/// A scenario of the lab, as one looks for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scenario {
    /// What stands after `lab:`.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What a person meets.
    pub story: String,
    /// What it teaches.
    pub teaches: String,
}

impl Scenario {
    /// Whether it is found by its name and title, or else by what it shows.
    fn is_found(&self, text: &str) -> Option<Within> {
        let title = format!("lab scenario {} {}", self.name, self.title);
        let all = format!("{title} {} {}", self.story, self.teaches);
        let has = |words: &str| text.split_whitespace().all(|word| words.to_lowercase().contains(word));
        match (has(&title), has(&all)) {
            (true, _) => Some(Within::Title),
            (_, true) => Some(Within::Text),
            _ => None,
        }
    }
}

/// Where what was typed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Title,
    Text,
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// The lab.
    Lab,
    /// All scenarios of the lab.
    Scenarios,
    /// The lesson that comes next.
    Lesson,
    /// What was typed, as a TARGET.
    Typed,
    /// The n-th profile.
    Profile(usize),
    /// The n-th recent conversation.
    Recent(usize),
    /// The n-th of all lessons.
    Found(usize),
    /// The n-th scenario of the lab.
    Scenario(usize),
    /// The file whose path was typed.
    File,
    /// All conversations that were kept.
    All,
}

/// What opening a row asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Connect to this TARGET.
    Target(String),
    /// Open this transcript, or what another program wrote.
    File(PathBuf),
    /// Look through all conversations for this.
    Library(String),
    /// Look for this on the start screen.
    Find(&'static str),
    /// Hold this lesson.
    Lesson(Arc<Lesson>),
}

/// The start screen's state.
#[derive(Debug, Clone, Default)]
pub struct Start {
    find: Input,
    marked: usize,
    /// Saved hosts.
    pub profiles: Vec<Profile>,
    /// Conversations on disk, newest first.
    pub recent: Vec<Recent>,
    /// When these were listed.
    listed: Option<jiff::Timestamp>,
    /// The text whose reading was asked for last.
    asked: String,
    /// How it is read, in words, or why it is no TARGET.
    reading: Option<Result<String, String>>,
    /// The text that was looked at as a path last, and the file that is there with what it is, in words.
    looked: String,
    file: Option<(PathBuf, String)>,
    /// The lesson that comes next, and what was done of it.
    pub lesson: Option<(Arc<Lesson>, Done)>,
    /// All lessons.
    lessons: Vec<Findable>,
    /// The scenarios of the lab.
    pub scenarios: Vec<Scenario>,
}

/// What a scenario's name stands behind.
const LAB: &str = "lab:";

/// Scenarios that are listed beside other things; after `lab:` all that fit are.
const SCENARIOS: usize = 8;

impl Start {
    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.find.value()
    }

    /// The rows that match what was typed, in order.
    ///
    /// What is typed as a host is never taken for something else: it stands first, but for a profile of just that name. A
    /// bare word for which something is found is no host at first sight.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let text = self.text().trim().to_lowercase();
        let has = |words: &[&str]| {
            let all = words.join("\n").to_lowercase();
            text.split_whitespace().all(|word| all.contains(word))
        };
        let profiles = self.profiles.iter().enumerate();
        if text.is_empty() {
            return self.all_items();
        }
        let begins = |name: &str| name.to_lowercase().starts_with(&text);
        let mut items = Vec::new();
        // What is written as a path is one, and so is a file's name; any other word may be a host as well.
        let file = self.file.as_ref().map(|_| Item::File);
        let is_path = is_file_name(&text);
        items.extend(file.filter(|_| is_path));
        let sought = is_sought(&text);
        items.extend(sought.then_some(Item::All));
        items.extend(self.called(begins));
        let own: Vec<Item> = profiles.clone().filter(|(_, p)| begins(&p.name)).map(|(n, _)| Item::Profile(n)).collect();
        // What is looked for is no host at first sight.
        let last = is_code(&text) || sought;
        let typed = (!last).then_some(Item::Typed);
        let bare = is_bare(&text) && !self.is_host(&text);
        let others = profiles.filter(|(_, p)| !begins(&p.name) && has(&p.words())).map(|(n, _)| Item::Profile(n));
        let lessons = self.found(&text).into_iter().map(Item::Found);
        let scenarios = self.scenarios_like(&text).into_iter().map(Item::Scenario);
        let (learns, meets) = self.is_no_host(&text);
        // All profiles stand together.
        if !own.is_empty() {
            let (named, own): (Vec<_>, Vec<_>) = own.into_iter().partition(|item| self.is_named(*item, &text));
            let host = typed.filter(|_| !bare);
            items.extend(named.into_iter().chain(host).chain(own).chain(others).chain(typed.filter(|_| bare)));
        } else if meets {
            items.extend(scenarios.clone().chain(lessons.clone()).chain(typed).chain(others));
        } else if learns {
            items.extend(lessons.clone().chain(scenarios.clone()).chain(typed).chain(others));
        } else {
            items.extend(typed.into_iter().chain(others));
        }
        items.extend(file.filter(|_| !is_path));
        for found in lessons.chain(scenarios) {
            if !items.contains(&found) {
                items.push(found);
            }
        }
        let recent = self.recent.iter().enumerate();
        let recent = recent.filter(|(_, r)| has(&[&r.target, &r.outcome, &r.when]) || r.to.iter().any(|to| has(&[to])));
        items.extend(recent.map(|(n, _)| Item::Recent(n)));
        items.extend((!sought).then_some(Item::All));
        items.extend(last.then_some(Item::Typed));
        let found = |item: &Item| !matches!(item, Item::Typed | Item::All | Item::File);
        if bare && items.iter().any(found) {
            items.sort_by_key(|item| *item == Item::Typed);
        }
        items
    }

    /// The rows of ehlo's own that are called so.
    fn called(&self, begins: impl Fn(&str) -> bool) -> impl Iterator<Item = Item> {
        let lab = begins("lab");
        let scenarios = !self.scenarios.is_empty() && (lab || begins("scenarios"));
        let next = self.lesson.is_some() && ["lessons", "first lesson", "learn"].into_iter().any(begins);
        let rows = [(lab, Item::Lab), (scenarios, Item::Scenarios), (next, Item::Lesson)];
        rows.into_iter().filter_map(|(is, row)| is.then_some(row))
    }

    /// Whether a row is the profile of this name, and none whose name merely begins with it.
    fn is_named(&self, item: Item, name: &str) -> bool {
        matches!(item, Item::Profile(n) if self.profiles[n].name.to_lowercase() == name)
    }

    /// Whether a text is the name of a host that is listed, in a profile or a conversation.
    fn is_host(&self, text: &str) -> bool {
        let is = |place: &str| {
            let place = place.rsplit("//").next().unwrap_or(place);
            place.split(':').next().is_some_and(|host| host.eq_ignore_ascii_case(text))
        };
        text == "localhost"
            || self.profiles.iter().any(|it| is(&it.address))
            || self.recent.iter().any(|it| is(&it.target))
    }

    /// The rows where nothing was typed.
    fn all_items(&self) -> Vec<Item> {
        let mut items = vec![Item::Lab];
        items.extend(self.lesson.as_ref().map(|_| Item::Lesson));
        items.extend((!self.scenarios.is_empty()).then_some(Item::Scenarios));
        items.extend((0..self.profiles.len()).map(Item::Profile));
        items.extend((0..self.recent.len()).map(Item::Recent));
        items.extend((!self.recent.is_empty()).then_some(Item::All));
        items
    }

    /// Whether a text is a bare word that begins one of a lesson's title, and whether it begins one of a scenario's name:
    /// as a host it would be asked for in the DNS. Not a host that was talked to before; and what stands after `lab:` is
    /// no host as long as it is not the whole of a scenario's name.
    fn is_no_host(&self, text: &str) -> (bool, bool) {
        let begins = |words: &str| words.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(text));
        if let Some(name) = text.strip_prefix(LAB) {
            return (false, self.scenarios.iter().all(|it| it.name != name.trim()));
        }
        let bare = text.chars().count() >= 3 && text.chars().all(char::is_alphabetic);
        if !bare || self.is_host(text) {
            return (false, false);
        }
        let titled = |it: &Findable| begins(&it.standing.lesson.title.to_lowercase());
        (self.lessons.iter().any(titled), self.scenarios.iter().any(|it| begins(&it.name)))
    }

    /// The lessons that have every word in their titles, then those that have it in what they teach, where these are few:
    /// what is in many of them, such as a letter or the address of a mailbox, is what none of them is about.
    fn found(&self, text: &str) -> Vec<usize> {
        const LEAST: usize = 3;
        const FEW: usize = 4;
        if text.chars().count() < LEAST || is_code(text) {
            return Vec::new();
        }
        let within = |words: &str| text.split_whitespace().all(|word| words.contains(word));
        let lessons = self.lessons.iter().enumerate();
        let titled = lessons.clone().filter(|(_, it)| within(&it.title));
        let told: Vec<_> = lessons.filter(|(_, it)| !within(&it.title) && within(&it.text)).collect();
        let told = if told.len() > FEW { Vec::new() } else { told };
        titled.chain(told).map(|(n, _)| n).collect()
    }

    /// The scenarios that have every word in their names or titles, then those that have it in what they show; after
    /// `lab:` first those whose names have what follows, and as many as there are.
    fn scenarios_like(&self, text: &str) -> Vec<usize> {
        let (text, most) = match text.strip_prefix(LAB) {
            Some(name) => (name.trim(), usize::MAX),
            None if text.chars().count() < 3 || is_code(text) => return Vec::new(),
            None => (text, SCENARIOS),
        };
        let found = |within: Within| {
            let all = self.scenarios.iter().enumerate();
            all.filter(move |(_, it)| it.is_found(text) == Some(within)).map(|(n, _)| n)
        };
        let mut found: Vec<usize> = found(Within::Title).chain(found(Within::Text)).collect();
        if most == usize::MAX {
            found.sort_by_key(|n| !self.scenarios[*n].name.contains(text));
        }
        found.truncate(most);
        found
    }

    /// The recipient of a conversation by which it was found.
    fn addressed<'a>(&self, recent: &'a Recent) -> Option<&'a str> {
        let text = self.text().trim().to_lowercase();
        let found = |to: &&String| text.split_whitespace().all(|word| to.to_lowercase().contains(word));
        recent.to.iter().find(found).filter(|_| !text.is_empty()).map(String::as_str)
    }

    /// The row that Enter opens.
    #[must_use]
    pub fn marked(&self) -> Option<Item> {
        let items = self.items();
        items.get(self.marked.min(items.len().saturating_sub(1))).copied()
    }

    /// Marks the row before or after.
    pub fn step(&mut self, forward: bool) {
        let last = self.items().len().saturating_sub(1);
        let now = self.marked.min(last);
        self.marked = if forward { (now + 1).min(last) } else { now.saturating_sub(1) };
    }

    /// Marks a row.
    pub fn mark(&mut self, item: Item) {
        if let Some(n) = self.items().iter().position(|i| *i == item) {
            self.marked = n;
        }
    }

    /// Takes in which lesson comes next, and which there are. Rows may be new: what is marked stays marked.
    pub(super) fn offer(&mut self, lesson: Option<(Arc<Lesson>, Done)>, all: &[Standing]) {
        let marked = self.marked();
        self.lesson = lesson;
        self.lessons = all.iter().cloned().map(Findable::of).collect();
        if let Some(item) = marked {
            self.mark(item);
        }
    }

    /// Takes in which scenarios the lab has. What is marked stays marked.
    pub(super) fn know(&mut self, scenarios: Vec<Scenario>) {
        let marked = self.marked();
        self.scenarios = scenarios;
        if let Some(item) = marked {
            self.mark(item);
        }
    }

    /// Marks the profile of this name.
    fn mark_profile(&mut self, name: &str) {
        if let Some(n) = self.profiles.iter().position(|profile| profile.name == name) {
            self.mark(Item::Profile(n));
        }
    }

    /// Notes with each profile when it was last used, as far as the recent conversations tell.
    pub fn note_use(&mut self) {
        for profile in &mut self.profiles {
            let last = self.recent.iter().find(|recent| recent.profile.as_deref() == Some(&profile.name));
            profile.used = last.map(|recent| recent.ago.clone()).unwrap_or_default();
        }
    }

    /// A key that no action took: it goes to what is typed. False where it means nothing.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let changed = self.find.handle_event(&crossterm::event::Event::Key(key));
        if changed.is_some_and(|change| change.value) {
            self.marked = 0;
        }
        changed.is_some()
    }

    /// Goes on with the path that was typed, where it is still the same; false where it is not.
    pub(super) fn complete(&mut self, paths: &Paths) -> bool {
        let same = self.text() == paths.typed;
        if same && !paths.found.is_empty() {
            self.look_for(paths.text());
        }
        same
    }

    /// Pasted text: its first line goes to what is typed.
    pub fn paste(&mut self, text: &str) {
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| crate::smtp::escape::is_plain(*c)) {
            self.find.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.marked = 0;
    }

    /// Looks for this in place of what was typed.
    pub(super) fn look_for(&mut self, text: &str) {
        self.find = Input::new(text.to_owned());
        self.marked = 0;
    }

    /// Forgets what was typed; false where there is nothing.
    pub fn clear(&mut self) -> bool {
        let had = !self.text().is_empty();
        self.find.reset();
        self.marked = 0;
        had
    }

    /// Why this text is no TARGET, where it was read already.
    #[must_use]
    pub fn wrong(&self, text: &str) -> Option<&str> {
        let why = self.reading.as_ref().filter(|_| self.asked == text)?.as_ref().err()?;
        Some(why)
    }

    /// What Enter opens.
    #[must_use]
    pub fn chosen(&self) -> Option<Chosen> {
        Some(match self.marked()? {
            Item::Lab => Chosen::Target(LAB.to_owned()),
            Item::Scenarios => Chosen::Find(LAB),
            Item::Lesson => Chosen::Lesson(Arc::clone(&self.lesson.as_ref()?.0)),
            Item::Found(n) => Chosen::Lesson(Arc::clone(&self.lessons.get(n)?.standing.lesson)),
            Item::Scenario(n) => Chosen::Target(format!("{LAB}{}", self.scenarios.get(n)?.name)),
            Item::Typed => Chosen::Target(self.text().trim().to_owned()),
            Item::Profile(n) => Chosen::Target(self.profiles.get(n)?.name.clone()),
            Item::Recent(n) => Chosen::File(self.recent.get(n)?.path.clone()),
            Item::File => Chosen::File(self.file.as_ref()?.0.clone()),
            Item::All => Chosen::Library(self.text().trim().to_owned()),
        })
    }
}
