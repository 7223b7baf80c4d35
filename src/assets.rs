//! The data compiled in: `assets/` and `profiles/` as they are in the repository.
//!
//! Here is only where the bytes are; what they mean is read by the module that owns each kind.

use include_dir::{Dir, include_dir};

/// `assets/`: verbs, replies, scenarios, lessons, themes, messages.
pub static ASSETS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets");

/// `profiles/`: the shipped profiles.
pub static PROFILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

/// The text of a file under `assets/`, by its path there.
#[must_use]
pub fn text(path: &str) -> Option<&'static str> {
    ASSETS.get_file(path)?.contents_utf8()
}
