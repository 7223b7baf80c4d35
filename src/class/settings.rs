//! What a class is: its name, its code, its keys, its lessons; `class.toml` in its folder (mode 0600).

mod exam;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::own::{self, Own};
use super::{ClassError, event};
use crate::conversation::Remark;
use crate::conversation::mask::Mask;
use crate::lesson::Lesson;
use crate::smtp::Secret;
use crate::world::World;
pub use exam::{Exam, Turn};

/// Students that a class may have.
const MOST: usize = 1000;
/// Names that may come from one address, where nobody says otherwise.
const PER_ADDRESS: usize = 100;
/// Connections that the lobby, and all who have joined, may hold.
const CONNECTIONS: usize = 12_000;
/// Octets of content that all together may hold before it is accepted.
const IN_FLIGHT: u64 = 128 << 20;
/// Octets of mail and of sessions' records that the worlds of all together keep in memory.
const KEPT: u64 = 256 << 20;
/// Minutes that an exam may last.
pub const EXAM: std::ops::RangeInclusive<u32> = 1..=600;
/// Letters of codes: none that is taken for another one when it is read aloud or from a wall.
const LETTERS: &[u8; 29] = b"ACDEFHJKMNPQRTUVWXY3467892BGL";

/// A lesson as it is taught.
#[derive(Debug, Clone)]
pub struct Taught {
    /// The lesson, as everybody has it where nothing varies.
    pub lesson: Arc<Lesson>,
    /// Whether it is drawn for each student.
    pub varies: bool,
}

/// What a class is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is changed of it since it was held before, in words.
    pub changes: Vec<String>,
    /// Its name.
    pub name: String,
    /// What students join with.
    pub code: String,
    /// What variants are drawn with; never shown.
    pub(super) secret: [u8; 32],
    /// The lessons, in order; at least one.
    pub lessons: Vec<Taught>,
    /// Names that are expected.
    pub expected: Vec<String>,
    /// The exam that it is.
    pub exam: Option<Exam>,
    /// Questions about replies, drawn for each student.
    pub questions: usize,
    /// Whoever comes from where exactly one student has joined is that student.
    pub by_address: bool,
    /// Where it was held the last time.
    pub listen: Option<SocketAddr>,
    /// Students that there may be.
    pub most: usize,
    /// Names that may come from one address, this machine's own apart.
    pub per_address: usize,
    /// Connections that the lobby, and all who have joined, may hold.
    pub connections: usize,
    /// Octets of content that all together may hold before it is accepted.
    pub in_flight: u64,
    /// Octets of mail and of sessions' records that the worlds of all together keep in memory.
    pub kept: u64,
}

/// `class.toml`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    ehlo: u32,
    code: String,
    secret: String,
    lessons: Vec<String>,
    #[serde(default)]
    expected: Vec<String>,
    #[serde(default)]
    questions: usize,
    #[serde(default)]
    by_address: bool,
    #[serde(default, skip_serializing_if = "Own::is_empty")]
    own: Own,
    /// Where it was held the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    exam: Option<Exam>,
}

impl Kept {
    /// A class that begins, with no lesson yet.
    fn new(world: &World) -> Self {
        Self {
            ehlo: 1,
            code: code(world),
            secret: hex(&world.random::<32>()),
            lessons: Vec::new(),
            own: Own::new(),
            expected: Vec::new(),
            questions: 0,
            by_address: false,
            listen: None,
            exam: None,
        }
    }

    /// Takes in the lessons that are wished, beside those that there are: what was reached in these is part of the results.
    /// Gives what is to be said of it.
    fn teach(&mut self, wish: &Wish, folder: &Path, world: &World) -> Result<Vec<String>, ClassError> {
        let mut changes = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for word in self.lessons.iter().chain(&wish.lessons) {
            let name = own::take(word, &names, &mut self.own, (folder, world))?;
            // By number and by name it is the same.
            if !names.contains(&name) {
                names.push(name);
            }
        }
        self.lessons = names;
        for name in self.own.keys() {
            own::look(name, &self.own, wish.anew, (folder, world), &mut changes)?;
        }
        Ok(changes)
    }

    fn write(&self, path: &Path) -> Result<(), ClassError> {
        let text = toml::to_string(self).map_err(|error| ClassError::Words(error.to_string()))?;
        event::write_whole(path, text.as_bytes())
    }

    /// Has each student asked so many questions; gives what is changed of a class that is `known`, in words.
    fn ask(&mut self, questions: Option<usize>, known: bool) -> Option<String> {
        let before = self.questions;
        self.questions = questions.unwrap_or(before);
        let changed = known && before != self.questions;
        changed.then(|| format!("questions about replies for each student: {} (before: {before})", self.questions))
    }
}

/// What a new class is made of, or what is changed of one that there is.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Names of lessons, numbers or files, beside those of the last time.
    pub lessons: Vec<String>,
    /// Names that are expected, where they are given.
    pub expected: Option<Vec<String>>,
    /// The exam, where it is one.
    pub exam: Option<Exam>,
    /// Minutes more in the exam, by name, beside those that others have; 0 takes them back.
    pub extra: BTreeMap<String, u32>,
    /// What was right in the exam is shown, too.
    pub show_answers: bool,
    /// What it is turned into, where it was held before as something else.
    pub turn: Option<Turn>,
    /// Lessons of one's own whose files have changed are taken anew.
    pub anew: bool,
    /// Questions for each student, where that is said.
    pub questions: Option<usize>,
    /// Whether students are told apart by address too.
    pub by_address: bool,
}

/// Where a class is kept.
///
/// # Errors
/// A name that can't be one.
pub fn folder(name: &str, world: &World) -> Result<PathBuf, ClassError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 60 || !name.chars().all(plain) || name.starts_with('.') {
        let words = format!("{name:?} can't be a class's name: letters, digits, - _ and ., at most 60, such as monday");
        return Err(ClassError::Words(words));
    }
    Ok(world.directories.state.join("classes").join(name))
}

impl Settings {
    /// Takes up a class where there is one in the folder, with what is wished changed; makes one where there is none.
    ///
    /// # Errors
    /// A file that can't be read or written, a lesson that is not there, no lesson at all.
    pub fn take(name: &str, folder: &Path, wish: &Wish, world: &World) -> Result<Self, ClassError> {
        let new = !folder.exists();
        let taken = Self::take_up(name, folder, wish, world);
        if new && taken.is_err() {
            // What could not be begun leaves nothing behind.
            let _ = std::fs::remove_dir_all(folder);
        }
        taken
    }

    fn take_up(name: &str, folder: &Path, wish: &Wish, world: &World) -> Result<Self, ClassError> {
        let path = folder.join("class.toml");
        let mut known = true;
        let mut kept = match std::fs::read_to_string(&path) {
            Ok(text) => read(&path, &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                known = false;
                Kept::new(world)
            }
            Err(error) => return Err(ClassError::file(&path)(error)),
        };
        event::private_folder(folder)?;
        // Who can't hold the class changes nothing of it.
        let _held = event::open(&folder.join("events.jsonl"), name)?;
        let mut changes = kept.teach(wish, folder, world)?;
        if let Some(expected) = &wish.expected {
            kept.expected.clone_from(expected);
        }
        changes.extend(kept.examine(name, wish, known, world.now())?);
        changes.extend(kept.ask(wish.questions, known));
        kept.by_address |= wish.by_address;
        let settings = Self { changes, ..Self::of(name, &kept, folder, world)? };
        kept.write(&path)?;
        Ok(settings)
    }

    /// Keeps where the class is held, for whoever holds it.
    pub(super) fn keep_listen(folder: &Path, address: SocketAddr) -> Result<(), ClassError> {
        let path = folder.join("class.toml");
        let text = std::fs::read_to_string(&path).map_err(ClassError::file(&path))?;
        let kept = Kept { listen: Some(address), ..read(&path, &text)? };
        kept.write(&path)
    }

    /// What a class is that was held before.
    ///
    /// # Errors
    /// None that is kept there, a file that can't be read, a lesson that is no longer there.
    pub fn kept(name: &str, folder: &Path, world: &World) -> Result<Self, ClassError> {
        let path = folder.join("class.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                ClassError::Words(format!("there is no class {name}: no {}", path.display()))
            }
            _ => ClassError::file(&path)(error),
        })?;
        Self::of(name, &read(&path, &text)?, folder, world)
    }

    fn of(name: &str, kept: &Kept, folder: &Path, world: &World) -> Result<Self, ClassError> {
        let mut lessons = Vec::new();
        for word in &kept.lessons {
            let lesson = own::lesson(word, &kept.own, folder, world)?;
            // By number and by name it is the same.
            if lessons.iter().any(|known: &Taught| known.lesson.name == lesson.name) {
                continue;
            }
            let varies = lesson.variants(world)?.len() > 1;
            lessons.push(Taught { lesson: Arc::new(lesson), varies });
        }
        if lessons.is_empty() {
            let words = "a new class needs lessons: --lessons 01,02; `ehlo learn` lists them";
            return Err(ClassError::Words(words.to_owned()));
        }
        Ok(Self {
            changes: Vec::new(),
            name: name.to_owned(),
            code: kept.code.clone(),
            secret: unhex(&kept.secret)
                .ok_or_else(|| ClassError::Words("class.toml: secret is not whole".to_owned()))?,
            lessons,
            expected: once(&kept.expected),
            exam: kept.exam.clone(),
            questions: kept.questions,
            by_address: kept.by_address,
            listen: kept.listen,
            most: MOST,
            per_address: PER_ADDRESS,
            connections: CONNECTIONS,
            in_flight: IN_FLIGHT,
            kept: KEPT,
        })
    }

    /// A lesson of the class by its name, its number, or what its name goes on with after the number.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<&Taught> {
        let number = word.parse::<u32>().ok();
        let is = |taught: &&Taught| {
            let lesson = &taught.lesson;
            lesson.name == word
                || number.is_some() && lesson.number() == number
                || lesson.name.split_once('-').is_some_and(|(_, rest)| rest == word)
        };
        self.lessons.iter().find(is)
    }

    /// Which lessons there are, in words.
    #[must_use]
    pub fn there_are(&self) -> String {
        let names: Vec<&str> = self.lessons.iter().map(|taught| taught.lesson.name.as_str()).collect();
        format!("the lessons of this class are {}", names.join(", "))
    }

    /// The lesson as it is drawn for one student and attempt; none where nothing varies.
    pub(super) fn varied(
        &self,
        taught: &Taught,
        student: &str,
        attempt: u32,
        world: &World,
    ) -> Result<Option<Lesson>, String> {
        if !taught.varies {
            return Ok(None);
        }
        let seed = self.seed(&taught.lesson.name, student, attempt);
        taught.lesson.varied(&seed, world).map(Some).map_err(|error| error.to_string())
    }

    /// What stands in no record of a student's: a code that is said where it is no word of the class's joins others.
    pub(super) fn hidden(&self) -> Vec<Secret> {
        // In base64 letters of another case are others.
        [self.code.to_uppercase(), self.code.to_lowercase()].map(|code| Secret::new(code.into_bytes())).into()
    }

    /// Something that was typed, without the code.
    pub(super) fn without_code(&self, text: &str) -> String {
        let mut mask = Mask::default();
        self.hidden().into_iter().for_each(|secret| mask.learn(secret));
        mask.remark(Remark::new("answer").value(text)).bare(0).unwrap_or_default().to_owned()
    }

    /// What is drawn from, for one student, lesson and attempt: nobody who does not have the class's secret can know it.
    #[must_use]
    pub fn seed(&self, lesson: &str, student: &str, attempt: u32) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("any length is a key");
        for part in [student.to_lowercase().as_bytes(), lesson.as_bytes(), &attempt.to_be_bytes()] {
            mac.update(&u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Each name once, however often and in whatever case it stands there.
fn once(names: &[String]) -> Vec<String> {
    let mut known = HashSet::new();
    names.iter().filter(|name| known.insert(name.to_lowercase())).cloned().collect()
}

fn read(path: &Path, text: &str) -> Result<Kept, ClassError> {
    let wrong = |words: String| ClassError::Words(format!("{}: {words}", path.display()));
    let kept: Kept = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if let Some(words) = kept.exam.as_ref().and_then(Exam::misfit) {
        return Err(wrong(format!("[exam]: {words}")));
    }
    match kept.ehlo {
        1 => Ok(kept),
        other => Err(wrong(format!("this is version {other} of the format; this ehlo reads version 1"))),
    }
}

/// Where a lesson of one's own lies that has a name and no path.
pub(super) fn own_file(name: &str, world: &World) -> PathBuf {
    world.directories.data.join("lessons").join(format!("{name}.toml"))
}

/// A code of six letters.
fn code(world: &World) -> String {
    world.random::<6>().iter().map(|octet| char::from(LETTERS[usize::from(*octet) % LETTERS.len()])).collect()
}

/// Octets as hexadecimal digits.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut out, octet| {
        let _ = write!(out, "{octet:02x}");
        out
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (at, octet) in out.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_lessons_are_added_and_none_is_there_twice() {
        let at = tempfile::tempdir().expect("a folder");
        let place = |name: &str| at.path().join(name);
        let world = World::real(crate::world::Directories { config: place("c"), data: place("d"), state: place("s") });
        let folder = folder("monday", &world).expect("a name");
        let mut names = Vec::new();
        for words in [&["01"][..], &["02", "01-classic"], &[]] {
            let lessons = words.iter().map(|word| (*word).to_owned()).collect();
            let settings = Settings::take("monday", &folder, &Wish { lessons, ..Wish::default() }, &world);
            let settings = settings.expect("nobody holds it");
            names = settings.lessons.iter().map(|taught| taught.lesson.name.clone()).collect();
        }
        assert_eq!(names, ["01-classic", "02-rset-noop"]);
    }

    #[test]
    fn a_class_becomes_an_exam_or_a_class_again_by_an_explicit_word_alone() {
        let at = tempfile::tempdir().expect("a folder");
        let place = |name: &str| at.path().join(name);
        let world = World::real(crate::world::Directories { config: place("c"), data: place("d"), state: place("s") });
        let folder = folder("monday", &world).expect("a name");
        let take = |minutes: Option<u32>, turn| {
            let exam = minutes.map(|minutes| Exam { minutes, ..Exam::default() });
            let wish = Wish { lessons: vec!["01".to_owned()], exam, turn, ..Wish::default() };
            Settings::take("monday", &folder, &wish, &world).map_err(|error| error.to_string())
        };
        assert!(take(Some(0), None).expect_err("no time at all").contains("1 to 600 minutes"));
        assert_eq!(take(None, None).expect("a class").exam, None);
        let said = take(Some(40), None).expect_err("it is a class");
        assert!(said.contains("no exam; nothing was changed") && said.contains("--turn exam"), "{said}");
        assert_eq!(take(None, None).expect("as it was").exam, None);
        let turned = take(Some(40), Some(Turn::Exam)).expect("by the word");
        assert!(turned.exam.is_some() && turned.changes[0].contains("40 minutes from the moment of joining"));
        let longer = take(Some(90), None).expect("another limit");
        assert_eq!(longer.changes.len(), 1, "it is told: {:?}", longer.changes);
        assert!(longer.changes[0].contains("90 minutes") && longer.changes[0].contains("before: 40"));
        assert!(take(None, None).expect("it stays one").exam.is_some_and(|exam| exam.minutes == 90));
        let back = take(None, Some(Turn::Class)).expect("by the word");
        assert!(back.exam.is_none() && back.changes[0].contains("no exam any more"), "{:?}", back.changes);
    }

    #[test]
    fn what_is_given_to_one_more_takes_nothing_from_the_others() {
        let at = tempfile::tempdir().expect("a folder");
        let place = |name: &str| at.path().join(name);
        let world = World::real(crate::world::Directories { config: place("c"), data: place("d"), state: place("s") });
        let folder = folder("monday", &world).expect("a name");
        let take = |minutes: Option<u32>, extra: &[(&str, u32)], show_answers| {
            let exam = minutes.map(|minutes| Exam { minutes, ..Exam::default() });
            let extra = extra.iter().map(|(name, more)| ((*name).to_owned(), *more)).collect();
            let wish = Wish { lessons: vec!["01".to_owned()], exam, extra, show_answers, ..Wish::default() };
            Settings::take("monday", &folder, &wish, &world).map_err(|error| error.to_string())
        };
        let said = take(None, &[("anna", 15)], false).expect_err("no exam");
        assert!(said.contains("add --exam --minutes N"), "{said}");
        let first = take(Some(30), &[("anna", 15), ("bob", 5)], true).expect("an exam").exam.expect("one");
        let later = take(Some(40), &[("carl", 10)], false).expect("it goes on");
        assert!(later.changes[0].contains("anna 15 more, bob 5 more, carl 10 more"), "{:?}", later.changes);
        let alone = take(None, &[("ANNA", 20), ("bob", 0)], false).expect("without its minutes").exam.expect("one");
        let extra: Vec<_> = alone.extra.iter().map(|(name, more)| (name.as_str(), *more)).collect();
        assert_eq!((alone.minutes, extra), (40, vec![("ANNA", 20), ("carl", 10)]));
        assert!(first.show_answers && alone.show_answers, "it stays");
        assert_eq!(take(None, &[], false).expect("as it was").exam, Some(alone));
    }

    #[test]
    fn what_changes_of_a_class_is_said_and_where_it_was_held_is_kept() {
        let at = tempfile::tempdir().expect("a folder");
        let place = |name: &str| at.path().join(name);
        let world = World::real(crate::world::Directories { config: place("c"), data: place("d"), state: place("s") });
        let folder = folder("monday", &world).expect("a name");
        let take = |questions| {
            let expected = Some(["anna", "ben", "Anna"].map(str::to_owned).to_vec());
            let wish = Wish { lessons: vec!["01".to_owned()], questions, expected, ..Wish::default() };
            Settings::take("monday", &folder, &wish, &world).expect("nobody holds it")
        };
        let first = take(Some(3));
        assert_eq!((first.changes.len(), first.listen), (0, None));
        assert_eq!(first.expected, ["anna", "ben"], "whoever stands there twice is one");
        let address = "127.0.0.1:29250".parse().expect("an address");
        Settings::keep_listen(&folder, address).expect("it is there");
        let fewer = take(Some(1));
        assert_eq!(fewer.changes, ["questions about replies for each student: 1 (before: 3)"]);
        assert_eq!(fewer.listen, Some(address));
        assert_eq!((take(None).changes.len(), take(Some(1)).changes.len()), (0, 0));
    }
}
