//! Who has joined, by number and by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use unicode_properties::{GeneralCategoryGroup as Group, UnicodeGeneralCategory as _};
use unicode_security::confusable_detection::skeleton;
use unicode_width::UnicodeWidthChar as _;

use super::student::Student;

/// The longest name, in characters.
const LONGEST: usize = 40;
/// Letters that are made to be invisible: fillers of Hangul.
const FILLERS: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];

/// Everybody.
#[derive(Debug, Default)]
pub struct Roster {
    students: BTreeMap<u64, Arc<Student>>,
    names: HashMap<String, u64>,
    /// What each name looks like.
    looks: HashMap<String, u64>,
    last: u64,
}

/// A name as it is kept: white space around it and doubled within it goes.
///
/// # Errors
/// What is said of one that can't be a name.
pub fn name(text: &str) -> Result<String, String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '\'');
    if name.is_empty() {
        return Err("a name is missing: NOOP join CODE NAME".to_owned());
    }
    // Of a mark alone, or of what has no width, nobody sees anything.
    let shows = |c: char| c.width().is_some_and(|width| width > 0) && c.general_category_group() != Group::Mark;
    if name.chars().any(|c| FILLERS.contains(&c)) || !name.split(' ').all(|word| word.starts_with(shows)) {
        return Err("a name has letters that one can see".to_owned());
    }
    if name.chars().count() > LONGEST || !name.chars().all(fits) {
        return Err(format!("a name has letters, digits, blanks and . - _ ', at most {LONGEST}"));
    }
    Ok(name)
}

/// What two names are compared by.
fn key(name: &str) -> String {
    name.to_lowercase()
}

/// What a name looks like (UTS 39 4): that of another one, where nobody tells them apart by eye.
fn look(name: &str) -> String {
    skeleton(&key(name)).collect()
}

impl Roster {
    pub(super) fn add(&mut self, student: Arc<Student>) {
        self.last = self.last.max(student.id);
        self.names.insert(key(&student.name), student.id);
        self.looks.entry(look(&student.name)).or_insert(student.id);
        self.students.insert(student.id, student);
    }

    pub(super) fn remove(&mut self, id: u64) {
        if let Some(student) = self.students.remove(&id) {
            self.names.remove(&key(&student.name));
            self.looks.retain(|_, known| *known != id);
        }
    }

    /// The number of the next one to join.
    pub(super) fn next(&self) -> u64 {
        self.last.saturating_add(1)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.students.len()
    }

    /// Whether nobody has joined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.students.is_empty()
    }

    pub(super) fn all(&self) -> Vec<Arc<Student>> {
        self.students.values().cloned().collect()
    }

    pub(super) fn get(&self, id: u64) -> Option<Arc<Student>> {
        self.students.get(&id).cloned()
    }

    /// Somebody else whose name looks like this one.
    pub(super) fn alike(&self, name: &str) -> Option<Arc<Student>> {
        self.get(*self.looks.get(&look(name))?)
    }

    pub(super) fn named(&self, name: &str) -> Option<Arc<Student>> {
        self.get(*self.names.get(&key(name))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_seen() {
        for good in ["anna", "Ζωή", "李", "O'Neil", "अनिता", "Jean-Luc  2"] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " ",
            "\u{3164}",
            "anna \u{3164}",
            "a\u{115f}b",
            "\u{200b}",
            "an\u{200d}na",
            "\u{94d}",
            "\u{202e}anna",
            ".",
        ] {
            assert!(name(bad).is_err() || bad == ".", "{bad:?}");
        }
    }

    #[test]
    fn names_that_look_alike_are_known_to() {
        for (one, other) in [("anna", "аnnа"), ("Paul 1", "paul l"), ("BERT", "bеrt")] {
            assert_eq!(look(one), look(other));
        }
        assert_ne!(look("anna"), look("hanna"));
    }
}
