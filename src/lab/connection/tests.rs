//! What a connection takes.

use super::*;
use crate::lab::desk::{Arena, Backdrop};
use crate::lab::limits::{Limits, Room};
use crate::lab::scenario;
use crate::world::{Directories, World};

#[tokio::test]
async fn a_connection_that_waits_holds_no_buffers() {
    let at = tempfile::tempdir().expect("a folder");
    let place = |name: &str| at.path().join(name);
    let world = World::real(Directories { config: place("c"), data: place("d"), state: place("s") });
    let backdrop = Backdrop::new(scenario::find("default", &world).expect("shipped"), &world).expect("certificates");
    let arena = Arena::new(&backdrop, Limits::STUDENT, &Arc::new(Room::of(1 << 20)), Vec::new(), &world);
    let listener = crate::lab::bind(([127, 0, 0, 1], 0).into()).expect("loopback");
    let address = listener.local_addr().expect("bound");
    let stream = TcpStream::connect(address).await.expect("it listens");
    let served = serve(stream, address, arena.door(ListenerKind::Smtp).expect("it has one"), None);
    let (task, connection) = (size_of_val(&served), size_of::<Connection>());
    assert!(task + connection < READ / 2, "{task} octets in a task, {connection} beside it");
}
