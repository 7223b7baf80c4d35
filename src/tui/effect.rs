//! What the workbench wants done outside itself: data, carried out by `run` alone.

use std::path::PathBuf;
use std::sync::Arc;

use crate::class::attend::{Given, Up};
use crate::client::Request;
use crate::conversation::event::{Micros, Remark, Timed};
use crate::conversation::file::Document;
use crate::conversation::log::{Entry, Kind};
use crate::decode::{Knowledge, Reported};
use crate::interchange::Format;
use crate::lesson::Lesson;
use crate::lesson::progress::Reached;
use crate::smtp::Secret;

/// The whole of a conversation, for what is done with it beside the loop.
#[derive(Debug)]
pub enum Whole {
    /// It is in this file.
    File(PathBuf),
    /// It is in none.
    Log(Box<Shown>),
    /// It was in one that is gone: what is on the screen.
    Gone(Box<Shown>),
}

/// A conversation as far as it is on the screen.
#[derive(Debug, Default)]
pub struct Shown {
    /// Its head and what was said.
    pub document: Document,
    /// Whether it goes on, so that its last command was not left without a reply.
    pub goes_on: bool,
}

/// What is said about an opened file.
#[derive(Debug)]
pub struct Added {
    /// Remarks.
    pub events: Vec<Timed>,
    /// The records that they name, by their numbers: the file may have become another one.
    pub lines: Vec<(usize, Record)>,
}

/// A record, to be known again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(Kind, Option<Micros>, Vec<u8>);

impl Record {
    /// As it is in a log.
    #[must_use]
    pub fn of(entry: &Entry<'_>) -> Self {
        Self(entry.kind, entry.at, entry.bytes.to_vec())
    }
}

/// What was wanted of a file that is gone.
#[derive(Debug)]
pub enum OfGone {
    /// To be written to another one.
    Write {
        /// Where, as it was typed.
        to: PathBuf,
        /// In which format; none for a transcript.
        format: Option<&'static Format>,
        /// Whether names and addresses in it are replaced.
        anonymise: bool,
        /// Whether an existing file is written over.
        over: bool,
    },
    /// To be copied as text.
    Copy,
    /// To take a note or a bookmark.
    Note(Vec<Timed>),
    /// To be read anew: for a replay, or beside another one.
    Read,
}

use super::overlay::MailWish;
use super::replay::ReplayOf;
use super::start::Wish;

/// One thing to be done.
#[derive(Debug)]
pub enum Effect {
    /// Connect to what was typed as a TARGET.
    Connect(String),
    /// Connect to the same target again.
    Reconnect,
    /// Connect to the same target again, and take its certificate whatever it is, for this connection only.
    Regardless,
    /// Ask something of the connection.
    Send(Request),
    /// Mask this from now on, in every conversation.
    Mask(Secret),
    /// Close the connection without QUIT.
    Drop,
    /// Open a transcript.
    Open(PathBuf),
    /// Record a remark in the live conversation: a note, a bookmark.
    Remark(Remark),
    /// Say something about an opened file, at its end.
    Annotate(PathBuf, Added),
    /// Have search and filter look at one more piece of the conversation.
    Sift,
    /// Explain these recipients of a bounce that was given.
    ExplainOthers(Vec<Reported>),
    /// Copy a text.
    Copy {
        /// The text.
        text: String,
        /// What it could not hold of what it stands for, in words.
        left_out: Option<String>,
    },
    /// Copy a whole conversation as text.
    CopyWhole(Whole),
    /// Send a sequence to the terminal as it is: text for its clipboard.
    Terminal(String),
    /// Write a conversation to a file.
    Write {
        /// The conversation.
        whole: Whole,
        /// Where.
        to: PathBuf,
        /// In which format; none for a transcript with notes in their places.
        format: Option<&'static Format>,
        /// Whether names and addresses in it are replaced.
        anonymise: bool,
        /// Whether an existing file is written over.
        over: bool,
        /// For what a format says of the replies.
        knowledge: Arc<Knowledge>,
    },
    /// Start a lesson: a lab of its own, and a connection to it.
    Learn(Arc<Lesson>),
    /// Start a lesson anew, whatever was done of it.
    LearnAnew(Arc<Lesson>),
    /// Begin what a class gives: a conversation in the student's world there.
    Attend(Box<Given>),
    /// Say something to the class.
    ToClass(Up),
    /// Run these probes against the same target, in a new conversation.
    Probe(Vec<&'static str>),
    /// Keep what was done of a lesson.
    Keep(Reached),
    /// Read a transcript and make a replay of it against this target.
    Replay {
        /// Which, and how.
        of: ReplayOf,
        /// The password, where somebody was asked for it.
        password: Option<Secret>,
    },
    /// Hold the conversation of a file with two targets.
    Both(PathBuf, [String; 2]),
    /// Compare two transcripts.
    Compare(PathBuf, PathBuf),
    /// Say when so much time has passed.
    Wait(std::time::Duration, u64),
    /// The same for what plays, with the number of the wait.
    PlayOn(std::time::Duration, u64),
    /// Look for all lessons, and what was done of them.
    LookForLessons,
    /// Look for the conversations that are on disk.
    LookForConversations,
    /// The same, and for the lesson to offer.
    LookForRecent,
    /// The password of whoever logs in here, as the profile says; a [`Message::Secret`](super::message::Message::Secret)
    /// comes back.
    AskSecret,
    /// Something of the profiles on disk.
    Profiles(Wish),
    /// Something of the transcripts on disk.
    Library(super::library::Wish),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Draw every cell anew.
    Redraw,
    /// Go back to the shell until it says otherwise.
    Suspend,
    /// Look at what the lab has received.
    LookAtMail,
    /// Something of the lab's mail.
    Mail(MailWish),
    /// Watch what the lab has seen of the connection from this address; none: no longer.
    ServerView(Option<String>),
    /// Find out what the target says about TLS and login.
    LookUpAccess,
    /// Keep a line that was sent for runs to come.
    Remember(String),
    /// Read a file into the message editor.
    ReadMessage(PathBuf),
    /// Look on the disk how a path that was typed may go on.
    CompletePath(String),
    /// Read a file to be attached to the message in the editor.
    ReadAttachment(PathBuf),
    /// Leave.
    Quit,
}
