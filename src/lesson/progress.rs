//! What a learner has done: `lessons/progress.toml` in the state directory, versioned and written atomically.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::private;
use crate::world::World;

/// The version of the file's format.
const VERSION: i64 = 1;

/// Why progress is not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgressError {
    /// The file or its folder can't be read or written.
    #[error("what is done in lessons can't be kept in {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{}: {what}; move it away to begin anew", path.display())]
    Format {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What was done of one lesson at best.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Steps that ticked.
    pub steps: usize,
    /// Steps that there are.
    pub of: usize,
    /// When it was finished, quiz included.
    pub finished: Option<String>,
    /// Hints taken on the way.
    pub hints: usize,
    /// Wrong answers given on the way.
    pub wrong: u32,
    /// The try that was left on the way, where there is one.
    pub left: Option<Left>,
    /// Help that was taken in the tries before the present one.
    pub earlier: Helped,
}

/// Help that was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Helped {
    /// Hints taken.
    pub hints: usize,
    /// Wrong answers given.
    pub wrong: u32,
}

impl Helped {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { hints: self.hints.saturating_add(other.hints), wrong: self.wrong.saturating_add(other.wrong) }
    }
}

/// How far a try had come when it was left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Steps that ticked.
    pub steps: usize,
    /// Hints taken.
    pub hints: usize,
    /// Wrong answers given.
    pub wrong: u32,
}

impl Left {
    /// Whether what was reached is of another try than this one: a try never loses anything.
    fn is_given_up_for(&self, reached: &Reached) -> bool {
        reached.steps < self.steps || reached.hints < self.hints || reached.wrong < self.wrong
    }
}

/// How far a try has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// The lesson's name.
    pub lesson: String,
    /// Steps that ticked.
    pub steps: usize,
    /// Steps that there are.
    pub of: usize,
    /// Hints taken.
    pub hints: usize,
    /// Wrong answers given.
    pub wrong: u32,
    /// Whether the quiz is done too.
    pub finished: bool,
}

/// What was done of all lessons. What the file has beyond that is kept.
#[derive(Debug, Clone)]
pub struct Progress {
    path: PathBuf,
    table: Table,
}

impl Progress {
    /// Reads it; nothing is done where there is no file.
    ///
    /// # Errors
    /// A file that can't be read, is not well formed, or is of a newer version.
    pub fn load(world: &World) -> Result<Self, ProgressError> {
        let path = world.directories.state.join("lessons").join("progress.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { path, table: Table::new() });
            }
            Err(source) => return Err(ProgressError::File { path, source }),
        };
        let format = |what: String| ProgressError::Format { path: path.clone(), what };
        let table: Table = text.parse().map_err(|error: toml::de::Error| format(error.message().to_owned()))?;
        match table.get("ehlo").and_then(Value::as_integer) {
            Some(VERSION) => Ok(Self { path, table }),
            Some(other) => Err(format(format!("it is of version {other}, and this ehlo writes version {VERSION}"))),
            None => Err(format("it has no version (ehlo = 1)".to_owned())),
        }
    }

    /// What was done of a lesson.
    #[must_use]
    pub fn of(&self, lesson: &str) -> Done {
        let entry = self.table.get("lesson").and_then(|all| all.get(lesson));
        let best = left_in(entry);
        let finished = entry.and_then(|entry| entry.get("finished")).and_then(Value::as_str).map(str::to_owned);
        let left = match entry.and_then(|entry| entry.get("left")) {
            Some(left) => Some(left_in(Some(left))),
            // Written by an ehlo that kept the best alone.
            None => Some(best).filter(|_| finished.is_none()),
        };
        Done {
            steps: best.steps,
            of: entry.map_or(0, |entry| number(entry, "of")),
            finished,
            hints: best.hints,
            wrong: best.wrong,
            left: left.filter(|left| left.steps > 0),
            earlier: help_in(entry.and_then(Value::as_table), "earlier"),
        }
    }

    /// Notes how far a try has come; `now` is when, for one that is finished. The best is kept: a new try takes nothing
    /// away. Where it stands is kept too, until it is finished, to go on from there. Whether that changed anything.
    pub fn note(&mut self, reached: &Reached, now: jiff::Timestamp) -> bool {
        let stood = self.stood(&reached.lesson);
        let best = self.note_best(reached, now);
        let left = Left { steps: reached.steps, hints: reached.hints, wrong: reached.wrong };
        if !best && !reached.finished && stood == left {
            return false;
        }
        let entry = table_in(table_in(&mut self.table, "lesson"), &reached.lesson);
        let mut earlier = help_in(Some(&*entry), "earlier");
        let before = earlier;
        if stood.is_given_up_for(reached) {
            earlier = earlier.and(Helped { hints: stood.hints, wrong: stood.wrong });
        }
        entry.remove("left");
        if reached.finished {
            // Help that was taken in it is earlier help once the next try begins.
            keep_help(entry, "last", Helped { hints: reached.hints, wrong: reached.wrong });
        } else {
            earlier = earlier.and(help_in(Some(&*entry), "last"));
            entry.remove("last");
            table_in(entry, "left").insert("steps".to_owned(), integer(left.steps));
            keep_help(entry, "left", Helped { hints: left.hints, wrong: left.wrong });
        }
        if earlier != before {
            keep_help(entry, "earlier", earlier);
        }
        true
    }

    /// How far the present try has come; nothing where none has begun.
    fn stood(&self, lesson: &str) -> Left {
        let entry = self.table.get("lesson").and_then(|all| all.get(lesson));
        let kept = entry.and_then(|entry| entry.get("left"));
        kept.map_or_else(|| self.of(lesson).left.unwrap_or_default(), |left| left_in(Some(left)))
    }

    /// Notes a try where it is better than those before it.
    fn note_best(&mut self, reached: &Reached, now: jiff::Timestamp) -> bool {
        let before = self.of(&reached.lesson);
        let finishes = reached.finished && before.finished.is_none();
        if reached.steps <= before.steps && before.of == reached.of && !finishes {
            return false;
        }
        let entry = table_in(table_in(&mut self.table, "lesson"), &reached.lesson);
        entry.insert("steps".to_owned(), integer(reached.steps.max(before.steps).min(reached.of)));
        entry.insert("of".to_owned(), integer(reached.of));
        if before.finished.is_none() {
            entry.insert("hints".to_owned(), integer(reached.hints));
            entry.insert("wrong".to_owned(), Value::Integer(i64::from(reached.wrong)));
            if finishes {
                entry.insert("finished".to_owned(), Value::String(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
            }
        }
        true
    }

    /// Writes it beside the old file and puts it in its place.
    ///
    /// # Errors
    /// The folder or the file can't be written.
    pub fn save(&mut self) -> Result<(), ProgressError> {
        self.table.insert("ehlo".to_owned(), Value::Integer(VERSION));
        let failed = |source| ProgressError::File { path: self.path.clone(), source };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        private::create_folder(folder).map_err(failed)?;
        private::replace(&self.path, self.table.to_string().as_bytes()).map_err(failed)
    }
}

fn integer(n: usize) -> Value {
    Value::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

/// A number that a table has; 0 where it has none that counts something.
fn number<N: TryFrom<i64> + Default>(table: &Value, key: &str) -> N {
    let number = table.get(key).and_then(Value::as_integer).unwrap_or(0);
    N::try_from(number).unwrap_or_default()
}

/// How far a table says that a try had come.
fn left_in(table: Option<&Value>) -> Left {
    table.map_or_else(Left::default, |table| Left {
        steps: number(table, "steps"),
        hints: number(table, "hints"),
        wrong: number(table, "wrong"),
    })
}

/// The help that a table of this name says was taken.
fn help_in(entry: Option<&Table>, key: &str) -> Helped {
    let kept = entry.and_then(|entry| entry.get(key));
    kept.map_or_else(Helped::default, |kept| Helped { hints: number(kept, "hints"), wrong: number(kept, "wrong") })
}

fn keep_help(entry: &mut Table, key: &str, help: Helped) {
    let kept = table_in(entry, key);
    kept.insert("hints".to_owned(), integer(help.hints));
    kept.insert("wrong".to_owned(), Value::Integer(i64::from(help.wrong)));
}

/// The table of this name within another; what stands there and is none gives way.
fn table_in<'a>(table: &'a mut Table, key: &str) -> &'a mut Table {
    let value = table.entry(key.to_owned()).or_insert_with(|| Value::Table(Table::new()));
    if !value.is_table() {
        *value = Value::Table(Table::new());
    }
    value.as_table_mut().expect("made a table above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Directories;

    fn world(folder: &Path) -> World {
        let directories = Directories { config: folder.join("c"), data: folder.join("d"), state: folder.join("s") };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
    }

    fn reached(steps: usize, finished: bool) -> Reached {
        Reached { lesson: "01-t".to_owned(), steps, of: 2, hints: 3, wrong: 1, finished }
    }

    #[test]
    fn what_was_done_is_there_the_next_time_and_never_becomes_less() {
        let folder = tempfile::tempdir().expect("a folder");
        let world = world(folder.path());
        let mut progress = Progress::load(&world).expect("no file is nothing done");
        assert_eq!(progress.of("01-t"), Done::default());
        assert!(progress.note(&reached(1, false), world.now()));
        progress.save().expect("writable");
        let mut again = Progress::load(&world).expect("readable");
        assert_eq!((again.of("01-t").steps, again.of("01-t").of), (1, 2));
        assert_eq!(again.of("01-t").left, Some(Left { steps: 1, hints: 3, wrong: 1 }), "it goes on from there");
        assert!(!again.note(&reached(1, false), world.now()), "nothing is new");
        again.note(&reached(0, false), world.now());
        assert_eq!((again.of("01-t").steps, again.of("01-t").left), (1, None), "a new try takes nothing away");
        again.save().expect("writable");
        assert_eq!(Progress::load(&world).expect("readable").of("01-t").left, None, "begun anew it stays so");
        assert!(again.note(&reached(2, true), world.now()));
        again.save().expect("writable");
        let done = Progress::load(&world).expect("readable").of("01-t");
        assert_eq!(done.left, None, "what is finished begins anew");
        assert_eq!((done.finished.as_deref(), done.hints, done.wrong), (Some("1970-01-01T00:00:00Z"), 3, 1));
        let left: Vec<_> = std::fs::read_dir(folder.path().join("s/lessons")).expect("there").collect();
        assert_eq!(left.len(), 1, "nothing but the file");
    }

    #[test]
    fn help_that_was_taken_is_not_forgotten_by_starting_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let world = world(folder.path());
        let mut progress = Progress::load(&world).expect("no file is nothing done");
        let try_of = |steps, hints, wrong, finished| Reached { hints, wrong, ..reached(steps, finished) };
        let help = |hints, wrong| Helped { hints, wrong };
        for (steps, hints, wrong, finished, earlier) in [
            // A hint is kept though no step has ticked.
            (0, 1, 0, false, help(0, 0)),
            (1, 2, 1, false, help(0, 0)),
            (0, 0, 0, false, help(2, 1)),
            (1, 1, 0, false, help(2, 1)),
            (0, 0, 0, false, help(3, 1)),
            (1, 0, 0, false, help(3, 1)),
            (2, 1, 0, true, help(3, 1)),
            (1, 0, 0, false, help(4, 1)),
        ] {
            progress.note(&try_of(steps, hints, wrong, finished), world.now());
            progress.save().expect("writable");
            progress = Progress::load(&world).expect("readable");
            assert_eq!(progress.of("01-t").earlier, earlier, "{steps} {hints}");
        }
        assert_eq!((progress.of("01-t").hints, progress.of("01-t").wrong), (1, 0), "the try that counts has its own");
    }

    #[test]
    fn what_an_older_ehlo_kept_is_gone_on_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let world = world(folder.path());
        let path = folder.path().join("s/lessons/progress.toml");
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let text = "ehlo = 1\n[lesson.01-t]\nsteps = 2\nof = 2\n[lesson.02-t]\nsteps = 2\nfinished = \"1970\"\n";
        std::fs::write(&path, text).expect("written");
        let progress = Progress::load(&world).expect("readable");
        assert_eq!(progress.of("01-t").left.map(|left| left.steps), Some(2));
        assert_eq!(progress.of("02-t").left, None);
    }

    #[test]
    fn a_file_that_is_not_understood_is_never_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let world = world(folder.path());
        let path = folder.path().join("s/lessons/progress.toml");
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        for (text, words) in [("ehlo = 2\n", "version 2"), ("what\n", "move it away"), ("a = 1\n", "no version")] {
            std::fs::write(&path, text).expect("written");
            let said = Progress::load(&world).expect_err("not understood").to_string();
            assert!(said.contains(words), "{said}");
        }
    }
}
