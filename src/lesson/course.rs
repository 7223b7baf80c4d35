//! Which lessons there are: the shipped ones and the user's own, in order; one is found by number, name or path.

use std::path::{Path, PathBuf};

use crate::assets;
use crate::lab::regular;
use crate::lab::scenario::{ScenarioError, explain, place};
use crate::profile::nearest;
use crate::world::World;

use super::file::Lesson;

/// Why a lesson can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LessonError {
    /// There is none of this name.
    #[error("there is no lesson {name}; {cure}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest one, or where the list is.
        cure: String,
    },
    /// Its file can't be read.
    #[error("can't read {}: {}", path.display(), regular::in_words(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not well formed, holds something that is not known, or its values don't go together.
    #[error("{name}:{line}:{column}: {what}")]
    Text {
        /// The lesson or its file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong and what would be right.
        what: String,
    },
    /// Its scenario, from which its facts are drawn.
    #[error("its scenario: {0}")]
    Scenario(#[from] ScenarioError),
}

impl LessonError {
    pub(super) fn from_toml(name: &str, text: &str, error: &toml::de::Error) -> Self {
        Self::at(name, text, error.span().map_or(0, |span| span.start), explain(error.message(), cure))
    }

    /// The line that it is about, from 1; 0 where it is about none.
    pub(super) fn line(&self) -> usize {
        if let Self::Text { line, .. } = self { *line } else { 0 }
    }

    /// Something at a place of the text, octets from its start.
    pub(super) fn at(name: &str, text: &str, at: usize, what: String) -> Self {
        let (line, column) = place(text, at);
        Self::Text { name: name.to_owned(), line, column, what }
    }
}

/// What mends a lesson in which a key is missing.
pub(super) fn cure(key: &str) -> &'static str {
    match key {
        "ehlo" => "; begin the file with ehlo = 1",
        "intro" => "; intro = \"…\" says who one is and what there is",
        "step" => "; a lesson has at least one [[step]], with text and goal",
        "goal" => "; goal = { … } says when the step is done, such as { sent = \"NOOP\" }",
        _ => "",
    }
}

/// All lessons, in order.
#[derive(Debug, Default)]
pub struct Course {
    /// Those that are well formed, by name.
    pub lessons: Vec<Lesson>,
    /// What is wrong with others of the user's.
    pub problems: Vec<LessonError>,
}

impl Course {
    /// The shipped lessons and the user's own, which win by name.
    #[must_use]
    pub fn load(world: &World) -> Self {
        let mut course = Self::default();
        let mut take = |lesson: Result<Lesson, LessonError>| match lesson {
            Ok(lesson) => {
                course.lessons.retain(|known: &Lesson| known.name != lesson.name);
                course.lessons.push(lesson);
            }
            Err(problem) => course.problems.push(problem),
        };
        shipped().for_each(|(name, text)| take(Lesson::parse_in(&name, text, world)));
        let own = std::fs::read_dir(own_folder(world)).into_iter().flatten().flatten();
        let mut own: Vec<PathBuf> = own.map(|entry| entry.path()).filter(|path| is_toml(path)).collect();
        own.sort();
        for path in &own {
            take(read(path, world));
        }
        course.lessons.sort_by(|a, b| a.name.cmp(&b.name));
        course
    }

    /// The lesson that a word means: a file's path, a number, a name or the beginning of one.
    ///
    /// # Errors
    /// One that is not there or is not well formed.
    pub fn find(mut self, wanted: &str, world: &World) -> Result<Lesson, LessonError> {
        if wanted.contains(std::path::MAIN_SEPARATOR) || is_toml(Path::new(wanted)) {
            return read(Path::new(wanted), world);
        }
        let number = wanted.parse::<u32>().ok();
        let exact = |lesson: &Lesson| lesson.name == wanted || number.is_some() && lesson.number() == number;
        let after_number = |lesson: &Lesson| lesson.name.split_once('-').is_some_and(|(_, rest)| rest == wanted);
        let found = (self.lessons.iter().position(exact))
            .or_else(|| self.lessons.iter().position(after_number))
            .or_else(|| self.lessons.iter().position(|l| !wanted.is_empty() && l.name.starts_with(wanted)));
        match found {
            Some(at) => Ok(self.lessons.swap_remove(at)),
            None => Err(self.unknown(wanted)),
        }
    }

    fn unknown(&self, word: &str) -> LessonError {
        let near = nearest(word, self.lessons.iter().map(|lesson| lesson.name.as_str()));
        let cure = match near {
            Some(near) => format!("did you mean {near}?"),
            None => "`ehlo learn` lists all that there are".to_owned(),
        };
        LessonError::Unknown { name: word.to_owned(), cure }
    }
}

/// Names and texts of the shipped lessons.
pub fn shipped() -> impl Iterator<Item = (String, &'static str)> {
    let files = assets::ASSETS.get_dir("lessons").into_iter().flat_map(include_dir::Dir::files);
    files
        .filter(|file| is_toml(file.path()))
        .filter_map(|file| Some((file.path().file_stem()?.to_string_lossy().into_owned(), file.contents_utf8()?)))
}

fn own_folder(world: &World) -> PathBuf {
    world.directories.data.join("lessons")
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

/// Reads a lesson from a file.
///
/// # Errors
/// A file that can't be read or is not well formed.
pub fn read(path: &Path, world: &World) -> Result<Lesson, LessonError> {
    Lesson::parse_in(&path.display().to_string(), &text(path)?, world)
}

/// The text of a lesson's file.
pub(super) fn text(path: &Path) -> Result<String, LessonError> {
    regular::text(path, 1 << 20).map_err(|source| LessonError::Read { path: path.to_owned(), source })
}
