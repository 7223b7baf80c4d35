//! The profiles at hand: the shipped ones, and the user's own, which win by name.

use std::collections::BTreeMap;
use std::path::Path;

use super::file::{Profile, ProfileError};

/// All profiles by name. One that can't be read is an error only when it is asked for.
#[derive(Debug, Default)]
pub struct Profiles {
    by_name: BTreeMap<String, Result<Profile, ProfileError>>,
}

impl Profiles {
    /// The shipped profiles, overlaid by `CONFIG/profiles/*.toml`. A folder that is not there holds none.
    #[must_use]
    pub fn load(config: &Path) -> Self {
        let mut profiles = Self::shipped();
        let Ok(folder) = std::fs::read_dir(config.join("profiles")) else { return profiles };
        for path in folder.flatten().map(|entry| entry.path()) {
            let Some(name) = name_of(&path) else { continue };
            let profile = std::fs::read_to_string(&path)
                .map_err(|source| ProfileError::unreadable(&path, &source))
                .and_then(|text| Profile::parse(&name, &text, &path));
            profiles.by_name.insert(name, profile);
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
                by_name.insert(name.clone(), Profile::parse(&name, text, &place));
            }
        }
        Self { by_name }
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// There is one, and it can't be read.
    pub fn get(&self, name: &str) -> Result<Option<&Profile>, &ProfileError> {
        self.by_name.get(name).map(Result::as_ref).transpose()
    }

    /// All names with their profiles, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Result<&Profile, &ProfileError>)> {
        self.by_name.iter().map(|(name, profile)| (name.as_str(), profile.as_ref()))
    }
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
}
