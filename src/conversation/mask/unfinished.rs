//! A line that has no end yet.

use zeroize::Zeroizing;

use super::value;

/// Octets of an unfinished line that are kept to see what the line is.
const KEPT: usize = 16 * 1024;
/// Places in it where another line may have begun; the last ones are known.
const BREAKS: usize = 16;

/// What is remembered of one direction from one piece to the next.
#[derive(Default)]
pub(super) struct Unfinished {
    /// The line that has no end yet, as far as it came.
    pub(super) line: Zeroizing<Vec<u8>>,
    /// Where in it another line may have begun, since something between is missing.
    pub(super) breaks: Vec<usize>,
    /// What a secret that straddles may have begun in.
    pub(super) tail: Zeroizing<Vec<u8>>,
    /// The rest of the line belongs to a secret.
    pub(super) secret: bool,
    /// The beginning of what comes next may be missing.
    pub(super) headless: bool,
}

impl std::fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unfinished({} octets)", self.line.len())
    }
}

impl Unfinished {
    /// Adds to the line; gives as much of it as is kept.
    pub(super) fn push(&mut self, bytes: &[u8]) -> &[u8] {
        let room = KEPT.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        &self.line
    }

    /// What comes next may begin a line of its own.
    pub(super) fn broken(&mut self) {
        // There has to be room for it.
        self.line.truncate(KEPT / 2);
        let at = self.line.len();
        if at > 0 && self.breaks.last() != Some(&at) {
            if self.breaks.len() == BREAKS {
                self.breaks.remove(0);
            }
            self.breaks.push(at);
        }
    }

    /// After a piece: a line that has ended is forgotten; of the tail only what a secret may have begun in is kept, which
    /// in content may be base64 that goes on in the next line.
    pub(super) fn end(&mut self, ended: bool, content: bool, reach: usize) {
        let mut keep = reach.min(self.tail.len());
        if ended {
            self.line.clear();
            self.breaks.clear();
            self.secret = false;
            self.headless = false;
            let run = self.tail.iter().rev().take_while(|b| value::is_base64(**b)).count();
            keep = if content { keep.min(run) } else { 0 };
        }
        let surplus = self.tail.len() - keep;
        self.tail.drain(..surplus);
    }
}
