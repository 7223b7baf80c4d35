//! Message content of a plan: lines and files after DATA, and the octets of chunks.

use std::path::Path;

use crate::conversation::file::script::ChunkSize;
use crate::smtp::{Command, content};

use super::super::ScriptError;
use super::super::item::Item;
use super::super::values::Piece;
use super::{Act, Block, Builder, Sending, Step, ends_message, plain};

impl Builder<'_> {
    pub(super) fn content_line(&mut self, item: &Item, pieces: &[Piece], crlf: bool) -> Result<(), ScriptError> {
        let Some(mut bytes) = plain(pieces) else {
            return Err(self.error(item.record, 2, "found {{auth}} in message content, where it is never filled"));
        };
        if self.data && bytes == b"." && crlf {
            return Err(self.error(
                item.record,
                2,
                "found a lone dot as content, which would end the message; write > . to end it, or | .. for a line with a dot",
            ));
        }
        if crlf {
            bytes.extend_from_slice(b"\r\n");
        }
        self.content(item, bytes)
    }

    /// Message content after DATA, or octets after BDAT.
    pub(super) fn content(&mut self, item: &Item, bytes: Vec<u8>) -> Result<(), ScriptError> {
        if self.data && self.block.is_some() {
            return Err(self.error(item.record, 0, "found message content within a pipelined block, expected * end before it: the server must answer DATA first"));
        }
        if self.data {
            let line = self.line(item);
            if ends_message(&bytes) {
                self.plan.hands_over.get_or_insert(line);
            }
            if let Some(Step { act: Act::Content(content), .. }) = self.plan.steps.last_mut() {
                content.extend(bytes);
            } else {
                self.push(item, Act::Content(bytes));
            }
            return Ok(());
        }
        match self.open_chunk() {
            Some((sending, _)) => {
                sending.payload.get_or_insert_default().extend(bytes);
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
        let have = sending.payload.as_ref().map_or(0, Vec::len) as u64;
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

    pub(super) fn file(&self, item: &Item, path: &Path, offset: usize) -> Result<Vec<u8>, ScriptError> {
        self.folders.read(path).map_err(|words| self.error(item.record, offset, words))
    }

    pub(super) fn chunk(
        &mut self,
        item: &Item,
        size: ChunkSize,
        path: &Path,
        offset: usize,
    ) -> Result<(), ScriptError> {
        let bytes = self.file(item, path, offset)?;
        let from = self.read.get(path).copied().unwrap_or(0).min(bytes.len());
        let left = &bytes[from..];
        let (octets, last) = match size {
            ChunkSize::Last => (left.len(), true),
            ChunkSize::Octets(n) => {
                let Some(n) = usize::try_from(n).ok().filter(|n| *n <= left.len()) else {
                    let (path, left) = (path.display(), left.len());
                    let words = format!("found {n} octets, but {path} has {left} left; expected at most that, or LAST");
                    return Err(self.error(item.record, offset, words));
                };
                (n, false)
            }
        };
        let line = format!("BDAT {octets}{}", if last { " LAST" } else { "" });
        let payload = left[..octets].to_vec();
        self.send(item, vec![Piece::Octets(line.into_bytes())], true)?;
        if last {
            self.read.remove(path);
        } else {
            self.read.insert(path.to_owned(), from + octets);
        }
        if let Some((sending, _)) = self.open_chunk() {
            sending.payload = Some(payload);
        }
        Ok(())
    }
}

/// A file as message content: CR LF at each line's end and, after DATA, dots stuffed.
pub(super) fn as_content(file: &[u8], stuffed: bool) -> Vec<u8> {
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
