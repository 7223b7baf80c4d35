//! The mark of production goes with the place, however a target was named.

use crate::conversation::file::Header;

use super::{Endpoint, Profile, Profiles, Target};

impl Target {
    /// The same, marked as production where it is the place of a profile that is; or where the file that is to be played,
    /// which has this head, goes where it went by such a profile.
    #[must_use]
    pub fn marked(mut self, profiles: &Profiles, head: Option<&Header>) -> Self {
        let by_place = |profile: &Profile| self.endpoint.is_same_place(&profile.target.endpoint);
        let own = profiles.iter().filter_map(|(_, profile)| profile.ok());
        self.production |= own.filter(|profile| profile.target.production).any(by_place);
        let Some(head) = head else { return self };
        let named = head.text("profile").and_then(|name| profiles.get(name).ok().flatten());
        let Some(profile) = named.filter(|profile| profile.target.production) else { return self };
        // Without a place of its own it went where the profile leads.
        let went = head.text("target").map(|text| Self::read(text, &Profiles::default()));
        self.production |= match went {
            Some(Ok(went)) => went.endpoint.is_same_place(&self.endpoint),
            _ => self.from_file.is_some() || by_place(profile),
        };
        self
    }
}

impl Endpoint {
    /// Whether two ways to say it lead to one place, as far as the names tell.
    fn is_same_place(&self, other: &Self) -> bool {
        let name = |host: &str| match host.trim_end_matches('.').to_ascii_lowercase() {
            local if local == "localhost" => "127.0.0.1".to_owned(),
            name => name,
        };
        match (self, other) {
            (Self::Tcp { host, port }, Self::Tcp { host: there, port: at }) => port == at && name(host) == name(there),
            (Self::Mx(domain), Self::Mx(other)) => name(domain) == name(other),
            (one, other) => one == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::read;

    #[test]
    fn the_place_of_a_production_profile_is_marked_however_it_is_named() {
        let config = tempfile::tempdir().expect("a directory");
        let folder = config.path().join("profiles");
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join("prod.toml"), "host = \"127.0.0.1\"\nport = 2525\nproduction = true\n")
            .expect("written");
        let profiles = Profiles::load(config.path());
        for (text, marked) in [
            ("prod", true),
            ("127.0.0.1:2525", true),
            ("smtp://localhost:2525", true),
            ("127.0.0.1:2526", false),
            ("mx:noddy.com", false),
        ] {
            assert_eq!(Target::read(text, &profiles).expect(text).production, marked, "{text}");
        }
        // The profile has moved since; the recording still knows whose place it was.
        let head = "+++\nehlo = 1\ntarget = \"smtp://127.0.0.1:9\"\nprofile = \"prod\"\n+++\n";
        let head = read(head.as_bytes()).expect("a file").header;
        for (text, marked) in [("127.0.0.1:9", true), ("127.0.0.1:8", false)] {
            let target = Target::read(text, &profiles).expect(text).marked(&profiles, Some(&head));
            assert_eq!(target.production, marked, "{text}");
        }
    }
}
