//! The profiles at hand: the shipped ones, and the user's own, which win by name.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::private;

use super::file::{Profile, ProfileError};

/// Whose a profile is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    Shipped,
    /// The user's own, in this file.
    Own(PathBuf),
}

/// All profiles by name. One that can't be read is an error only when it is asked for.
#[derive(Debug, Default)]
pub struct Profiles {
    by_name: BTreeMap<String, (Origin, Result<Profile, ProfileError>)>,
}

impl Profiles {
    /// The shipped profiles, overlaid by `CONFIG/profiles/*.toml`. A folder that is not there holds none.
    #[must_use]
    pub fn load(config: &Path) -> Self {
        let mut profiles = Self::shipped();
        let Ok(folder) = std::fs::read_dir(folder(config)) else { return profiles };
        for path in folder.flatten().map(|entry| entry.path()) {
            let Some(name) = name_of(&path) else { continue };
            let profile = std::fs::read_to_string(&path)
                .map_err(|source| ProfileError::unreadable(&path, &source))
                .and_then(|text| Profile::parse(&name, &text, &path));
            profiles.by_name.insert(name, (Origin::Own(path), profile));
        }
        profiles
    }

    /// What is compiled in.
    #[must_use]
    pub fn shipped() -> Self {
        let mut by_name = BTreeMap::new();
        for file in crate::assets::PROFILES.files() {
            if let (Some(name), Some(text)) = (name_of(file.path()), file.contents_utf8()) {
                let place = Path::new("profiles").join(file.path());
                by_name.insert(name.clone(), (Origin::Shipped, Profile::parse(&name, text, &place)));
            }
        }
        Self { by_name }
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// There is one, and it can't be read.
    pub fn get(&self, name: &str) -> Result<Option<&Profile>, &ProfileError> {
        self.by_name.get(name).map(|(_, profile)| profile.as_ref()).transpose()
    }

    /// Whose the profile of this name is, if there is one.
    #[must_use]
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.by_name.get(name).map(|(origin, _)| origin)
    }

    /// The text of the profile of this name as it stands in its file.
    ///
    /// # Errors
    /// There is none of this name, or its file can't be read.
    pub fn text(&self, name: &str) -> io::Result<String> {
        match self.origin(name) {
            Some(Origin::Own(path)) => std::fs::read_to_string(path),
            Some(Origin::Shipped) => Ok(shipped_text(name).unwrap_or_default().to_owned()),
            None => Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no profile {name}"))),
        }
    }

    /// All names with their profiles, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Result<&Profile, &ProfileError>)> {
        self.by_name.iter().map(|(name, (_, profile))| (name.as_str(), profile.as_ref()))
    }

    /// A name like this one that is not taken: `noddy-2`.
    #[must_use]
    pub fn free_name(&self, name: &str) -> String {
        let taken = |name: &str| self.by_name.contains_key(name);
        let mut names = (2_u32..).map(|n| format!("{name}-{n}"));
        names.find(|name| !taken(name)).expect("there are more numbers than profiles")
    }
}

/// Where the user's own profiles are.
#[must_use]
pub fn folder(config: &Path) -> PathBuf {
    config.join("profiles")
}

/// The text of a shipped profile.
#[must_use]
pub fn shipped_text(name: &str) -> Option<&'static str> {
    crate::assets::PROFILES.get_file(format!("{name}.toml"))?.contents_utf8()
}

/// Whether a name can be a profile's: it is typed as a TARGET, and is a file's name.
///
/// # Errors
/// Why not, in words.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    const LONGEST: usize = 60;
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() {
        Err("a profile needs a name: it is what you type to connect")
    } else if name == "lab" {
        Err("`lab` is the lab inside ehlo; another name is needed")
    } else if name.len() > LONGEST {
        Err("this name is too long; 60 letters are enough for any")
    } else if name.starts_with(['.', '-']) || !name.chars().all(fits) {
        Err("a name has letters, digits, `-`, `_` and `.`, and begins with a letter or a digit")
    } else {
        Ok(())
    }
}

/// Saves the text of one of the user's own profiles: whole or not at all, readable by the user alone. Gives its file.
///
/// # Errors
/// What the system says, with the path.
pub fn save(config: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let folder = folder(config);
    let path = folder.join(format!("{name}.toml"));
    let saved = private::create_folder(&folder).and_then(|()| replace(&path, text));
    saved.map(|()| path.clone()).map_err(|error| at_path(&path, &error))
}

/// Deletes one of the user's own profiles. A shipped one of the same name is in its place then.
///
/// # Errors
/// What the system says, with the path.
pub fn delete(config: &Path, name: &str) -> io::Result<()> {
    let path = folder(config).join(format!("{name}.toml"));
    std::fs::remove_file(&path).map_err(|error| at_path(&path, &error))
}

fn at_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Puts a file with this text in the place of the one that is there. Where that is a link, what it leads to is replaced.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    private::replace(&path, text.as_bytes())
}

fn name_of(path: &Path) -> Option<String> {
    if path.extension()? != "toml" {
        return None;
    }
    Some(path.file_stem()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_profile_is_well_formed_and_says_what_it_is() {
        let profiles = Profiles::shipped();
        assert!(profiles.get("lab").expect("well formed").is_some());
        for (name, profile) in profiles.iter() {
            let profile = profile.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(profile.note.is_some(), "{name} has no note");
        }
    }

    #[test]
    fn the_users_own_win_and_a_broken_one_hurts_only_itself() {
        let config = tempfile::tempdir().expect("a directory");
        let folder = config.path().join("profiles");
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join("localhost.toml"), "host = \"127.0.0.2\"\nport = 2525\n").expect("written");
        std::fs::write(folder.join("broken.toml"), "hots = \"x\"\n").expect("written");
        let profiles = Profiles::load(config.path());
        let mine = profiles.get("localhost").expect("well formed").expect("there");
        assert_eq!(mine.target.endpoint.to_string(), "127.0.0.2:2525");
        let error = profiles.get("broken").expect_err("unknown key").to_string();
        assert!(error.contains("broken.toml:1") && error.contains("`hots`") && error.contains("`host`"), "{error}");
        assert!(profiles.get("nobody").expect("no error").is_none());
    }

    #[test]
    fn a_profile_is_saved_whole_for_its_owner_alone_and_deleted() {
        let config = tempfile::tempdir().expect("a directory");
        let config = config.path();
        let path = save(config, "noddy", "host = \"a\"\n").expect("saved");
        save(config, "noddy", "host = \"b\"\n").expect("saved again");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "host = \"b\"\n");
        assert_eq!(std::fs::read_dir(folder(config)).expect("there").count(), 1, "nothing else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(Profiles::load(config).origin("noddy"), Some(&Origin::Own(path)));
        assert_eq!(Profiles::load(config).free_name("noddy"), "noddy-2");
        delete(config, "noddy").expect("deleted");
        assert_eq!(Profiles::load(config).origin("noddy"), None);
        assert!(delete(config, "noddy").expect_err("gone").to_string().contains("noddy.toml"));
        assert_eq!(Profiles::load(config).origin("localhost"), Some(&Origin::Shipped));
    }

    #[test]
    fn a_link_stays_a_link_when_its_profile_is_saved() {
        let config = tempfile::tempdir().expect("a directory");
        let real = config.path().join("dotfiles.toml");
        std::fs::write(&real, "host = \"a\"\n").expect("written");
        std::fs::create_dir(folder(config.path())).expect("made");
        #[cfg(unix)]
        {
            let link = folder(config.path()).join("noddy.toml");
            std::os::unix::fs::symlink(&real, &link).expect("linked");
            save(config.path(), "noddy", "host = \"b\"\n").expect("saved");
            assert!(link.symlink_metadata().expect("there").is_symlink());
            assert_eq!(std::fs::read_to_string(&real).expect("there"), "host = \"b\"\n");
        }
    }

    #[test]
    fn a_name_is_one_that_can_be_typed_and_be_a_file() {
        for name in ["noddy", "mx.noddy.com", "a_b-2"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "lab", "a/b", "../x", ".hidden", "-x", "a b", "smtp:x", "a@b", &"x".repeat(61)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
