//! Message content of a plan: lines and files after DATA, and the octets of chunks.

use std::io::{self, Read as _};
use std::path::Path;

use crate::client::{FileContent, Request};
use crate::conversation::file::script::ChunkSize;
use crate::smtp::{Command, content};

use super::super::ScriptError;
use super::super::files::Found;
use super::super::filled::Filled;
use super::super::item::Item;
use super::super::values::Piece;
use super::{Act, Block, Builder, Sending, Step, ends_message, plain};

/// Octets of a file that are read into the plan; a larger one is read as it goes out.
const READ_AHEAD: u64 = 1 << 20;

/// Message content as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Octets of the wire.
    Octets(Filled),
    /// A file that is read as it goes out.
    File(FileContent),
}

impl Content {
    /// What the client is asked for, in order.
    #[must_use]
    pub fn requests(self) -> Vec<Request> {
        match self {
            Self::Octets(filled) => {
                let hide = Some(filled.places()).filter(|places| !places.is_empty()).map(Request::Hide);
                hide.into_iter().chain([Request::RawContent(filled.into_octets())]).collect()
            }
            Self::File(file) => vec![Request::File(file)],
        }
    }

    /// The octets; none where they are still in their file.
    #[must_use]
    pub fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Octets(filled) => Some(filled.octets()),
            Self::File(_) => None,
        }
    }

    /// How many octets it has, where that is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::Octets(filled) => Some(filled.octets().len() as u64),
            Self::File(file) => file.octets,
        }
    }

    /// Puts it behind what is there.
    fn append(self, all: &mut Vec<Self>) {
        match (all.last_mut(), self) {
            (Some(Self::Octets(before)), Self::Octets(filled)) => before.append(filled),
            (_, more) => all.push(more),
        }
    }
}

impl Builder<'_> {
    pub(super) fn content_line(&mut self, item: &Item, pieces: &[Piece], crlf: bool) -> Result<(), ScriptError> {
        if pieces.contains(&Piece::Auth) {
            return Err(self.error(item.record, 2, "found {{auth}} in message content, where it is never filled"));
        }
        let mut line = Filled::of(pieces);
        if self.data && line.octets() == b"." && crlf {
            return Err(self.error(
                item.record,
                2,
                "found a lone dot as content, which would end the message; write > . to end it, or | .. for a line with a dot",
            ));
        }
        if crlf {
            line.push(b"\r\n");
        }
        self.content(item, Content::Octets(line))
    }

    /// Message content after DATA, or octets after BDAT.
    pub(super) fn content(&mut self, item: &Item, content: Content) -> Result<(), ScriptError> {
        if self.data && self.block.is_some() {
            return Err(self.error(item.record, 0, "found message content within a pipelined block, expected * end before it: the server must answer DATA first"));
        }
        if self.data {
            let line = self.line(item);
            let ends = match &content {
                Content::Octets(filled) => ends_message(filled.octets()),
                Content::File(file) => file.as_is && holds_lone_dot(&file.path).unwrap_or(true),
            };
            if ends {
                self.plan.hands_over.get_or_insert(line);
            }
            match (self.plan.steps.last_mut(), content) {
                (Some(Step { act: Act::Content(Content::Octets(before)), .. }), Content::Octets(more)) => {
                    before.append(more);
                }
                (_, content) => self.push(item, Act::Content(content)),
            }
            return Ok(());
        }
        match self.open_chunk() {
            Some((sending, _)) => {
                content.append(&mut sending.payload);
                Ok(())
            }
            None => Err(self.error(item.record, 0, "found message content, expected > DATA or > BDAT n before it")),
        }
    }

    /// The BDAT that was sent last, with its size, if nothing but its octets came after it.
    fn open_chunk(&mut self) -> Option<(&mut Sending, u64)> {
        let lines = match &mut self.block {
            Some(Block { lines, later, .. }) if later.is_empty() => lines,
            Some(_) => return None,
            None => match self.plan.steps.last_mut() {
                Some(Step { act: Act::Send(lines), .. }) => lines,
                _ => return None,
            },
        };
        let sending = lines.last_mut()?;
        let (size, _) = Command::parse(&plain(&sending.pieces)?).chunk()?;
        Some((sending, size))
    }

    /// A chunk must have the octets that it announces, or the next line would be taken for them.
    pub(super) fn whole_chunks(&mut self) -> Result<(), ScriptError> {
        let Some((sending, size)) = self.open_chunk() else { return Ok(()) };
        let have: u64 = sending.payload.iter().filter_map(Content::size).sum();
        if have == size {
            return Ok(());
        }
        let line = sending.line;
        let words = format!(
            "found BDAT {size} with {have} octets after it, expected as many as it says (each | line counts with its CR LF)"
        );
        let mut error = self.error(0, 0, words);
        (error.line, error.column) = (line, 1);
        Err(error)
    }

    fn find(&self, item: &Item, path: &Path, offset: usize) -> Result<Found, ScriptError> {
        self.folders.find(path).map_err(|words| self.error(item.record, offset, words))
    }

    fn read(&self, item: &Item, path: &Path, offset: usize) -> Result<Vec<u8>, ScriptError> {
        self.folders.read(path).map_err(|words| self.error(item.record, offset, words))
    }

    /// `|@ FILE`, `|@raw FILE`.
    pub(super) fn content_file(
        &mut self,
        item: &Item,
        path: &Path,
        offset: usize,
        as_is: bool,
    ) -> Result<Content, ScriptError> {
        let found = self.find(item, path, offset)?;
        // After BDAT each octet counts, so that it must be known how many a file comes to.
        if found.size.is_none_or(|size| size <= READ_AHEAD) || (!self.data && !as_is) {
            let bytes = self.read(item, path, offset)?;
            let bytes = if as_is { bytes } else { as_content(&bytes, self.data) };
            return Ok(Content::Octets(bytes.into()));
        }
        let octets = found.size.filter(|_| as_is);
        Ok(Content::File(FileContent { path: found.path, name: path.display().to_string(), from: 0, octets, as_is }))
    }

    /// `>> N FILE`, `>> LAST FILE`.
    pub(super) fn chunk(
        &mut self,
        item: &Item,
        size: ChunkSize,
        path: &Path,
        offset: usize,
    ) -> Result<(), ScriptError> {
        let found = self.find(item, path, offset)?;
        let bytes = match found.size {
            Some(size) if size > READ_AHEAD => None,
            _ => Some(self.read(item, path, offset)?),
        };
        let whole = bytes.as_ref().map_or(found.size.unwrap_or_default(), |bytes| bytes.len() as u64);
        let from = self.read.get(path).copied().unwrap_or(0).min(whole);
        let left = whole - from;
        let (octets, last) = match size {
            ChunkSize::Last => (left, true),
            ChunkSize::Octets(n) if n <= left => (n, false),
            ChunkSize::Octets(n) => {
                let path = path.display();
                let words = format!("found {n} octets, but {path} has {left} left; expected at most that, or LAST");
                return Err(self.error(item.record, offset, words));
            }
        };
        let payload = match bytes {
            Some(bytes) => {
                let part = usize::try_from(from).ok().zip(usize::try_from(from + octets).ok());
                let part = part.and_then(|(from, to)| bytes.get(from..to)).unwrap_or_default();
                Content::Octets(part.to_vec().into())
            }
            None => Content::File(FileContent {
                path: found.path,
                name: path.display().to_string(),
                from,
                octets: Some(octets),
                as_is: true,
            }),
        };
        let line = format!("BDAT {octets}{}", if last { " LAST" } else { "" });
        self.send(item, vec![Piece::Octets(line.into_bytes())], true)?;
        if last {
            self.read.remove(path);
        } else {
            self.read.insert(path.to_owned(), from + octets);
        }
        if let Some((sending, _)) = self.open_chunk() {
            sending.payload = vec![payload];
        }
        Ok(())
    }
}

/// Whether a file holds a dot alone on a line, with either line end, as [`ends_message`] has it of octets.
fn holds_lone_dot(path: &Path) -> io::Result<bool> {
    #[derive(PartialEq)]
    enum At {
        Begin,
        Dot,
        Return,
        Within,
    }
    let mut file = std::fs::File::open(path)?;
    let mut block = vec![0; 64 * 1024];
    let mut at = At::Begin;
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(matches!(at, At::Dot | At::Return));
        }
        for octet in &block[..read] {
            at = match (octet, at) {
                (b'\n', At::Dot | At::Return) => return Ok(true),
                (b'\n', _) => At::Begin,
                (b'.', At::Begin) => At::Dot,
                (b'\r', At::Dot) => At::Return,
                _ => At::Within,
            };
        }
    }
}

/// A file as message content: CR LF at each line's end and, after DATA, dots stuffed.
fn as_content(file: &[u8], stuffed: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(file.len() + file.len() / 32);
    for line in content::lines(file) {
        if stuffed {
            out.extend_from_slice(&content::stuff(line));
        } else {
            out.extend_from_slice(line);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}
