//! What values of the command line stand for: texts, files, standard input. What is too large for memory stays in a file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;

use super::super::parts::Part;
use super::{HELD, LARGE};
use crate::message::spool::{self, Large};
use crate::message::{Attachment, header};
use crate::private;
use crate::transaction::Body;
use crate::world::World;

/// The name under which a message is written that no memory should hold.
const MESSAGE: &str = "message.eml";

/// The name under which standard input is written where it is more than memory should hold.
pub(in crate::cli::send) const STANDARD_INPUT: &str = "standard-input";

/// The folder of ours, once there is one: for whoever ends the program meanwhile.
pub(in crate::cli::send) type Place = Arc<OnceLock<PathBuf>>;

/// What is read for a message, and where that stays which is too large to be held.
pub(super) struct Inputs {
    /// Octets from which on what is attached stays in its file.
    room: u64,
    standard_input: StandardInput,
    /// What is attached from files, in order.
    large: Vec<Large>,
    /// Where files of ours are: gone with this.
    folder: Option<TempDir>,
    place: Place,
}

/// Standard input, read once and used as often as it is named.
enum StandardInput {
    Unread,
    Held(Vec<u8>),
    /// It is in this file, and has so many octets.
    Kept(PathBuf, u64),
}

impl Inputs {
    pub(super) fn new(room: u64, place: Place) -> Self {
        Self { room, standard_input: StandardInput::Unread, large: Vec::new(), folder: None, place }
    }

    /// The octets that a value stands for; in a text of the command line `\n` is a line end where `breaks`.
    pub(super) fn given(&mut self, value: &str, breaks: bool) -> Result<Vec<u8>, String> {
        if value == "-" {
            return match self.read_standard_input()? {
                StandardInput::Kept(path, size) if *size <= HELD => read(path),
                StandardInput::Kept(..) => Err(too_much("standard input")),
                StandardInput::Held(octets) => Ok(octets.clone()),
                StandardInput::Unread => Ok(Vec::new()),
            };
        }
        if let Some(path) = file(value) {
            return read(path);
        }
        let text = if value.starts_with("@@") { &value[1..] } else { value };
        Ok(if breaks {
            text.replace("\\n", "\n").replace("%NEWLINE%", "\n").into_bytes()
        } else {
            text.as_bytes().to_vec()
        })
    }

    /// The file of a message that is too large to have anything put into it, and what is too large.
    pub(super) fn large_message(&mut self, value: &str) -> Result<Option<(PathBuf, String)>, String> {
        if value == "-" {
            return Ok(match self.read_standard_input()? {
                StandardInput::Kept(path, size) if *size > HELD => {
                    Some((path.clone(), format!("standard input has more than {} MiB", HELD >> 20)))
                }
                _ => None,
            });
        }
        let large = file(value).filter(|path| is_larger(path, LARGE));
        Ok(large.map(|path| (path.to_owned(), format!("{} has more than {} MiB", path.display(), LARGE >> 20))))
    }

    /// What is attached; a large file stays where it is until the message is whole.
    pub(super) fn attachment(&mut self, part: &Part, world: &World) -> Result<Attachment, String> {
        let of_file = || file(&part.content)?.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = part.name.clone().or_else(of_file).filter(|name| !name.is_empty());
        let media_type = part.media_type.clone().unwrap_or_default();
        let path = match self.attached(&part.content)? {
            Attached::Octets(octets) => return Ok(Attachment { name, media_type, octets, written: None }),
            Attached::File(path) => path,
        };
        let large = Large::attachment(path.clone(), name, media_type, world);
        let (attachment, large) = large.map_err(|error| unreadable(&path, &error))?;
        self.large.push(large);
        Ok(attachment)
    }

    fn attached(&mut self, value: &str) -> Result<Attached, String> {
        if value == "-" {
            return Ok(match self.read_standard_input()? {
                StandardInput::Kept(path, _) => Attached::File(path.clone()),
                StandardInput::Held(octets) => Attached::Octets(octets.clone()),
                StandardInput::Unread => Attached::Octets(Vec::new()),
            });
        }
        let Some(path) = file(value) else { return self.given(value, false).map(Attached::Octets) };
        let about = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if about.is_file() && about.len() > self.room {
            return Ok(Attached::File(path.to_owned()));
        }
        // What is no file, such as a pipe, does not say how much there is in it.
        let name = format!("attached-{}", self.large.len());
        let from = File::open(path).map_err(|error| unreadable(path, &error))?;
        self.taken(from, &path.display().to_string(), &name)
    }

    /// Reads all of it: into memory, or where it is too much for that, into a file of ours of this name.
    fn taken(&mut self, mut from: impl Read, what: &str, name: &str) -> Result<Attached, String> {
        let mut octets = Vec::new();
        let read = from.by_ref().take(self.room + 1).read_to_end(&mut octets);
        read.map_err(|error| format!("{what} can't be read: {error}"))?;
        if octets.len() as u64 <= self.room {
            return Ok(Attached::Octets(octets));
        }
        let path = self.folder()?.join(name);
        let kept = private::file().write(true).create_new(true).open(&path).and_then(|mut file| {
            file.write_all(&octets)?;
            io::copy(&mut from, &mut file)
        });
        kept.map_err(|error| format!("{what} can't be kept in {}: {error}", path.display()))?;
        Ok(Attached::File(path))
    }

    /// The message whole: what stayed in files is written with it into one.
    pub(super) fn whole(&mut self, body: Body) -> Result<Body, String> {
        let Body::Lines(message) = &body else { return Ok(body) };
        if self.large.is_empty() {
            return Ok(body);
        }
        let path = self.folder()?.join(MESSAGE);
        let written = private::file().write(true).create_new(true).open(&path).and_then(|file| {
            let mut out = BufWriter::new(file);
            spool::write(&header::with_crlf(message), &self.large, &mut out)?;
            out.flush()
        });
        written.map_err(|error| format!("the message can't be written to {}: {error}", path.display()))?;
        Ok(Body::File { path, fields: Vec::new() })
    }

    /// The folder in which files of ours are, if there are some.
    pub(super) fn into_folder(self) -> Option<TempDir> {
        self.folder
    }

    fn folder(&mut self) -> Result<PathBuf, String> {
        if self.folder.is_none() {
            let mut builder = tempfile::Builder::new();
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let made = builder.prefix("ehlo-").tempdir();
            self.folder = Some(made.map_err(|error| {
                format!("what is too large for memory needs a folder: {error}; TMPDIR=... says where one can be made")
            })?);
        }
        let path = self.folder.as_ref().map_or_else(|| Path::new("."), TempDir::path);
        let path = path.canonicalize().map_err(|error| unreadable(path, &error))?;
        Ok(self.place.get_or_init(|| path).clone())
    }

    fn read_standard_input(&mut self) -> Result<&StandardInput, String> {
        if matches!(self.standard_input, StandardInput::Unread) {
            self.standard_input = match self.taken(io::stdin().lock(), "standard input", STANDARD_INPUT)? {
                Attached::Octets(octets) => StandardInput::Held(octets),
                Attached::File(path) => {
                    let size = std::fs::metadata(&path).map_err(|error| unreadable(&path, &error))?.len();
                    StandardInput::Kept(path, size)
                }
            };
        }
        Ok(&self.standard_input)
    }
}

/// What is attached: in memory, or in a file until the message is whole.
enum Attached {
    Octets(Vec<u8>),
    File(PathBuf),
}

/// Reads a file, up to what may be held.
pub(in crate::cli::send) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut octets = Vec::new();
    // A pipe does not say how much there is in it.
    file.take(HELD + 1).read_to_end(&mut octets).map_err(|error| unreadable(path, &error))?;
    if octets.len() as u64 > HELD {
        return Err(too_much(&path.display().to_string()));
    }
    Ok(octets)
}

fn too_much(what: &str) -> String {
    format!(
        "{what} gives more than {} MiB of text, which would be held in memory; --attach takes any size, and so does \
         --data for a whole message",
        HELD >> 20
    )
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{} can't be read: {error}", path.display())
}

/// The file that a value names, `@@` being a text that begins with an at sign.
fn file(value: &str) -> Option<&Path> {
    value.strip_prefix('@').filter(|rest| !rest.starts_with('@')).map(Path::new)
}

fn is_larger(path: &Path, octets: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > octets)
}
