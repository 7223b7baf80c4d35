//! What the battery is made of: behaviours, the peer's side of the wire, the meetings, the judge.

pub(crate) mod behaviour;
pub(crate) mod bench;
pub(crate) mod judge;
pub(crate) mod table;
pub(crate) mod wire;
