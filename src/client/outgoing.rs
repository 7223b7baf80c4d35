//! Octets that wait to be written: lines together, blocks of a file each as it came. Nothing is moved to make room, and
//! several pieces go out in one write.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// Pieces of one write at most.
const PIECES: usize = 16;
/// Octets of lines that are put into one piece.
const PIECE: usize = 64 * 1024;

/// Octets that are written, and summed beside that where they are a block of a file, which is filled again once both are
/// done.
pub(super) type Shared = Arc<Vec<u8>>;

/// What waits to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pieces: VecDeque<Shared>,
    /// Octets of the first piece that went out already.
    gone: usize,
    octets: usize,
    /// Lines may be added to the last piece: it is no block of a file.
    open: bool,
}

impl Outgoing {
    pub(super) fn is_empty(&self) -> bool {
        self.octets == 0
    }

    /// How many octets wait.
    pub(super) fn len(&self) -> usize {
        self.octets
    }

    /// Adds octets, which are copied.
    pub(super) fn extend_from_slice(&mut self, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        self.octets += octets.len();
        match self.pieces.back_mut().filter(|_| self.open).and_then(Arc::get_mut) {
            Some(last) if last.len() < PIECE => last.extend_from_slice(octets),
            _ => self.pieces.push_back(Arc::new(octets.to_vec())),
        }
        self.open = true;
    }

    /// Adds a block as it is.
    pub(super) fn push(&mut self, block: Shared) {
        if block.is_empty() {
            return;
        }
        self.octets += block.len();
        self.pieces.push_back(block);
        self.open = false;
    }

    /// Writes some of it; gives how many octets went out. Nothing has gone where this is not waited for to its end.
    pub(super) async fn write(&self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let mut gone = self.gone;
        let mut filled = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(&piece[std::mem::take(&mut gone)..]);
            filled += 1;
        }
        writer.write_vectored(&slices[..filled]).await
    }

    /// So many octets went out; `spent` gets each piece that is done with.
    pub(super) fn advance(&mut self, octets: usize, mut spent: impl FnMut(Shared)) {
        self.octets = self.octets.saturating_sub(octets);
        self.gone += octets;
        while let Some(first) = self.pieces.front()
            && first.len() <= self.gone
        {
            self.gone -= first.len();
            self.pieces.pop_front().into_iter().for_each(&mut spent);
        }
        if self.pieces.is_empty() {
            self.gone = 0;
        }
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However it is put in and taken out, the octets are the same, in order.
        #[test]
        fn octets_keep_their_order(steps in proptest::collection::vec((0_usize..200, any::<bool>(), 0_usize..300), 0..60)) {
            let (mut outgoing, mut all, mut written) = (Outgoing::default(), Vec::new(), Vec::new());
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            for (n, (length, block, room)) in steps.into_iter().enumerate() {
                let octets = vec![u8::try_from(n).expect("few"); length];
                all.extend_from_slice(&octets);
                if block { outgoing.push(Arc::new(octets)) } else { outgoing.extend_from_slice(&octets) }
                let mut space = vec![0; room];
                let mut writer = std::io::Cursor::new(&mut space[..]);
                let went = if outgoing.is_empty() { 0 } else {
                    runtime.block_on(outgoing.write(&mut writer)).expect("written")
                };
                written.extend_from_slice(&space[..went]);
                outgoing.advance(went, drop);
                prop_assert_eq!(outgoing.len(), all.len() - written.len());
            }
            prop_assert_eq!(&all[..written.len()], &written[..]);
        }
    }
}
