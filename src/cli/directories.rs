//! Where files are: the XDG directories, or what stands in their place.

use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, Xdg};

use super::Common;
use crate::world::Directories;

/// Folders for temporary files that are tried before giving up.
const TRIES: u32 = 100;

/// The directories that the command line, the environment or the list of users names.
pub(super) fn of(common: &Common) -> Directories {
    let (config, state) = (common.config.clone(), common.state.clone());
    let in_home = Xdg::new().ok().map(|xdg| Directories {
        config: xdg.config_dir().join("ehlo"),
        data: xdg.data_dir().join("ehlo"),
        state: xdg.state_dir().unwrap_or_else(|| xdg.data_dir()).join("ehlo"),
    });
    let found = in_home.unwrap_or_else(|| {
        let place = private(&std::env::temp_dir());
        Directories { config: place.join("config"), data: place.join("data"), state: place.join("state") }
    });
    Directories { config: config.unwrap_or(found.config), state: state.unwrap_or(found.state), ..found }
}

/// A folder of nobody's but ours below one that everybody may write to, for somebody without a home. One that is there
/// already is somebody's trap, or ours of another run: neither is used.
fn private(temporary: &Path) -> PathBuf {
    let builder = crate::private::folder();
    let process = std::process::id();
    let names = (0..TRIES).map(|n| temporary.join(format!("ehlo-{process}-{n}")));
    // Where none can be made nothing can be written either, which is said when something is to be.
    let made = names.into_iter().find(|place| builder.create(place).is_ok());
    made.unwrap_or_else(|| temporary.join("ehlo-none").join("none"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_that_is_there_already_is_not_used() {
        let temporary = tempfile::tempdir().expect("a directory");
        let trap = temporary.path().join(format!("ehlo-{}-0", std::process::id()));
        std::fs::create_dir(&trap).expect("made");
        let place = private(temporary.path());
        assert_ne!(place, trap);
        let mode = std::fs::metadata(&place).expect("made").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
