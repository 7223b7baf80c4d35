//! The way from the task to its owner, bounded by number and by octets: a line may have a mebibyte, and a slow owner must
//! not make memory of it.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use crate::conversation::Timed;
use crate::conversation::event::Event;

/// Events under way at most.
const COUNT: usize = 256;
/// Units of [`UNIT`] octets under way at most; an event that is longer goes alone.
const ROOM: u32 = 1024;
const UNIT: usize = 1024;

/// The owner's end: what happened, in true order; ends after the last `closed`.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Timed>,
    room: Arc<Semaphore>,
}

/// The task's end.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    sender: mpsc::Sender<Timed>,
    room: Arc<Semaphore>,
}

/// Both ends.
pub(super) fn channel() -> (Outlet, Events) {
    let (sender, receiver) = mpsc::channel(COUNT);
    let room = Arc::new(Semaphore::new(ROOM as usize));
    (Outlet { sender, room: Arc::clone(&room) }, Events { receiver, room })
}

/// The room that an event takes.
fn cost(event: &Timed) -> u32 {
    let octets = match &event.event {
        Event::Sent(line) | Event::Content(line) | Event::Received(line) => line.bytes.len(),
        Event::Remark(remark) => remark.values.iter().map(|(_, value)| value.len()).sum(),
    };
    u32::try_from(1 + octets / UNIT).unwrap_or(ROOM).min(ROOM)
}

impl Events {
    /// The next one; none once the connection has ended and all was taken.
    pub async fn recv(&mut self) -> Option<Timed> {
        let event = self.receiver.recv().await?;
        self.room.add_permits(cost(&event) as usize);
        Some(event)
    }

    /// Waits for one, and takes what else is there, `most` at most; gives how many, 0 at the end.
    pub async fn recv_many(&mut self, into: &mut Vec<Timed>, most: usize) -> usize {
        let before = into.len();
        let count = self.receiver.recv_many(into, most).await;
        self.room.add_permits(into[before..].iter().map(|event| cost(event) as usize).sum());
        count
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // Nobody makes room any more: who waits for it is to know.
        self.room.close();
    }
}

impl Outlet {
    /// Gives the owner an event, or gives it back where there is no room.
    pub(super) fn try_send(&self, event: Timed) -> Result<(), Timed> {
        let Ok(room) = self.room.try_acquire_many(cost(&event)) else { return Err(event) };
        let Ok(place) = self.sender.try_reserve() else { return Err(event) };
        room.forget();
        place.send(event);
        Ok(())
    }

    /// Gives the owner an event, however long it takes; whether there still is an owner.
    pub(super) async fn send(&self, event: Timed) -> bool {
        let Ok(room) = self.room.acquire_many(cost(&event)).await else { return false };
        room.forget();
        self.sender.send(event).await.is_ok()
    }

    /// Waits until there is room for this event; whether there still is an owner.
    pub(super) async fn room_for(&self, event: &Timed) -> bool {
        self.room.acquire_many(cost(event)).await.is_ok() && self.sender.reserve().await.is_ok()
    }

    /// Waits until there is no owner any more.
    pub(super) async fn closed(&self) {
        self.sender.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::event::{Line, Micros};

    fn received(octets: usize) -> Timed {
        Timed { at: Micros(0), event: Event::Received(Line { bytes: vec![b'x'; octets], crlf: true, masked: false }) }
    }

    #[tokio::test]
    async fn what_is_under_way_is_bounded_by_octets() {
        let (outlet, mut events) = channel();
        assert!(outlet.try_send(received(600 << 10)).is_ok());
        assert!(outlet.try_send(received(600 << 10)).is_err(), "two of them are more than a mebibyte");
        assert!(outlet.try_send(received(100 << 10)).is_ok());
        let mut taken = Vec::new();
        assert_eq!(events.recv_many(&mut taken, 9).await, 2);
        assert!(outlet.room_for(&received(5 << 20)).await, "the longest goes alone");
        assert!(outlet.try_send(received(5 << 20)).is_ok());
        assert!(outlet.try_send(received(1)).is_err());
        assert!(events.recv().await.is_some());
        assert!((0..COUNT).all(|_| outlet.try_send(received(1)).is_ok()), "small ones are bounded by number");
        assert!(outlet.try_send(received(1)).is_err());
    }

    #[tokio::test]
    async fn who_waits_for_room_is_told_when_the_owner_has_gone() {
        let (outlet, events) = channel();
        assert!(outlet.try_send(received(2 << 20)).is_ok());
        drop(events);
        assert!(!outlet.room_for(&received(1)).await && !outlet.send(received(1)).await);
    }
}
