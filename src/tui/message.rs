//! What can happen to the workbench, as one enum.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use crate::conversation::event::Timed;
use crate::conversation::file::Header;
use crate::conversation::{Log, Micros};
use crate::decode::{Knowledge, Reported};
use crate::interchange::Format;

use super::effect::OfGone;
use super::errand::Access;
use super::model::Peer;
use super::overlay::Letter;
use super::pane::lesson::LessonNews;
use super::paths::Paths;
use super::probing::ProbeNews;
use super::replay::{Compared, Rehearsed, ReplayOf};
use super::secret::Fetched;
use super::start::{News, Recent, Scenario};
use super::talk::Talk;

/// One thing that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size now: columns, rows.
    Resize(u16, u16),
    /// Things happened on the wire, in order.
    Wire(Vec<Timed>),
    /// The connection's task has ended, with what it did not say itself, if it left the conversation open.
    Gone(Vec<Timed>),
    /// Time went by while something on the screen counts it; only sent then. By the conversation's own clock.
    Tick(Micros),
    /// A TARGET was read and its connection is being made. A new conversation, unless it is the same peer `again`.
    Began {
        /// Who is at the other end.
        peer: Box<Peer>,
        /// Where it is recorded, if it is.
        path: Option<PathBuf>,
        /// The head that its file begins with, or would.
        head: Option<Box<Header>>,
        /// Whether the conversation goes on where it was cut.
        again: bool,
    },
    /// A target was found that somebody else wrote down (a file's head): it is shown, and Enter connects to it.
    Confirm(String),
    /// A TARGET could not be read, or what it needs could not be started; why, and what would help.
    NotBegun(String),
    /// A line could not be handed to the connection; it goes back to the composer.
    NotSent(String),
    /// A file is being read, and this much of it is there; `whole` once all is.
    Opened {
        /// Where it is.
        path: PathBuf,
        /// The conversation in it.
        talk: Box<Talk>,
        /// Whether that is all.
        whole: bool,
    },
    /// A file could not be read; why, as it follows the path: `:12:3: …`, `: no such file`.
    NotOpened(PathBuf, String),
    /// Search and filter are to look at one more piece.
    Sift,
    /// A note or a bookmark stands at the end of the opened file.
    Annotated {
        /// The file.
        path: PathBuf,
        /// What was appended.
        events: Vec<Timed>,
    },
    /// The opened file has become another one: it was saved over, or somebody else has, and then nothing was `kept`.
    Changed {
        /// The file.
        path: PathBuf,
        /// Whether what was asked for is done.
        kept: bool,
    },
    /// A file is no longer where it was opened or recorded, and this was wanted of it.
    FileGone(PathBuf, OfGone),
    /// Recipients of a bounce were explained: what each comes to.
    Explained(Vec<(Reported, String)>),
    /// A text was copied; the sequence for the terminal, and what is to be said of it.
    Copied {
        /// None where the text is too long for a terminal.
        sequence: Option<String>,
        /// Where it went.
        words: String,
    },
    /// A file that was to be written is there already.
    Exists {
        /// Where, as it was typed.
        to: PathBuf,
        /// The format that was to be written.
        format: Option<&'static Format>,
        /// Without names and addresses.
        anonymise: bool,
    },
    /// A conversation that is kept, or that is being recorded, has the name of a file that was to be written.
    Taken {
        /// Its file.
        by: PathBuf,
        /// It is being recorded now.
        live: bool,
        /// A name that is free.
        to: PathBuf,
        /// The format that was to be written.
        format: Option<&'static Format>,
        /// Without names and addresses.
        anonymise: bool,
    },
    /// The conversations that are on disk, newest first.
    Recent(Vec<Recent>),
    /// The scenarios of the lab are known.
    Scenarios(Vec<Scenario>),
    /// The mail that the lab has received, oldest first.
    Mail(Vec<Letter>),
    /// Mail has come since the list was made.
    MailCame,
    /// What the lab has seen of this connection, if it has a record of it; and whether somebody has just asked for it.
    ServerSide(Option<Box<Log>>, bool),
    /// The file that was opened holds so many conversations, of which the first is shown.
    Several(PathBuf, usize),
    /// What came of something that was wanted of the transcripts on disk.
    Library(super::library::News),
    /// What came of something that was wanted of the profiles on disk.
    Profiles(News),
    /// All that is known, with the user's own replies, and what is wrong in those.
    Knowledge(Arc<Knowledge>, Vec<String>),
    /// The time zone in which times are told.
    Zone(jiff::tz::TimeZone),
    /// What came of asking for the password.
    Secret(Fetched),
    /// A lesson begins, or its lab has seen something.
    Lesson(LessonNews),
    /// What ready-made tests do and find.
    Probe(ProbeNews),
    /// A replay is ready to be connected.
    Rehearsed(Box<Rehearsed>),
    /// A replay needs the password of this user, whom only a person can ask.
    ReplayAsks {
        /// Which, and how.
        of: ReplayOf,
        /// Who logs in.
        user: String,
    },
    /// A replay reads these variables of the environment, which somebody has to allow.
    ReplayReads(ReplayOf, Vec<String>),
    /// The same conversation was held with two servers, and is in these files; or why not.
    Both(Result<[PathBuf; 2], String>),
    /// Two files were compared.
    Compared(Box<Compared>),
    /// The time is up that a replay waited for.
    Waited(u64),
    /// The time is up that what plays waited for, by the number of the wait.
    PlayOn(u64),
    /// What the target says about TLS and login.
    Access(Box<Access>),
    /// A file for the message editor; or why it can't be read.
    Inserted(Result<String, String>),
    /// How a path that was typed may go on.
    Paths(Paths),
    /// A file to be attached to the message in the editor: its name, and what it holds.
    Attached(String, Vec<u8>),
    /// It can't be attached; why.
    NotAttached(String),
    /// Something to be said, once.
    Notice(String),
}
