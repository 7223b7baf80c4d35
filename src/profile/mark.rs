//! The mark of production goes with the place, however a target was named.

use std::net::{IpAddr, Ipv4Addr};

use crate::conversation::file::Header;
use crate::smtp::escape::for_screen;

use super::{Endpoint, Profile, Profiles, Target};

impl Target {
    /// The same, marked as production where it is the place of a profile that is; or where the file that is to be played,
    /// which has this head, goes where it went by such a profile.
    #[must_use]
    pub fn marked(mut self, profiles: &Profiles, head: Option<&Header>) -> Self {
        let endpoint = self.endpoint.clone();
        let by_place = |profile: &Profile| endpoint.is_same_place(&profile.target.endpoint);
        let own = profiles.iter().filter_map(|(name, profile)| Some((name, profile.ok()?)));
        let marks = own.filter(|(_, profile)| profile.target.production).find(|(_, profile)| by_place(profile));
        let marks = marks.map(|(name, _)| name.to_owned());
        self.mark(marks);
        let Some(head) = head else { return self };
        let named = head.text("profile").and_then(|name| profiles.get(name).ok().flatten());
        let Some(profile) = named.filter(|profile| profile.target.production) else { return self };
        // Without a place of its own it went where the profile leads.
        let went = head.text("target").map(|text| Self::read(text, &Profiles::default()));
        let is_there = match went {
            Some(Ok(went)) => went.endpoint.is_same_place(&self.endpoint),
            _ => self.from_file.is_some() || by_place(profile),
        };
        let marks = is_there.then(|| head.text("profile").unwrap_or_default().to_owned());
        self.mark(marks);
        self
    }

    /// Marks it as this profile is marked; not again where it is.
    fn mark(&mut self, by: Option<String>) {
        if by.is_some() && !self.production {
            (self.production, self.marked_by) = (true, by);
        }
    }

    /// Who has marked it as production, in words.
    #[must_use]
    pub fn whose_mark(&self) -> String {
        let by = self.marked_by.as_ref().map(|name| format!(" by the profile {}", for_screen(name.as_bytes())));
        format!("marked production{}", by.unwrap_or_default())
    }
}

impl Endpoint {
    /// Whether two ways to say it lead to one place, as far as the names tell.
    fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp { host, port }, Self::Tcp { host: there, port: at }) => {
                port == at && place(host) == place(there)
            }
            (Self::Mx(domain), Self::Mx(other)) => place(domain) == place(other),
            (one, other) => one == other,
        }
    }
}

/// A host in one of the ways to write it: every address of this machine's own loopback is one.
fn place(host: &str) -> String {
    let host = host.trim_end_matches('.');
    match host.parse().ok().or_else(|| numbers(host).map(IpAddr::V4)).map(|address: IpAddr| address.to_canonical()) {
        Some(address) if address.is_loopback() => "localhost".to_owned(),
        Some(address) => address.to_string(),
        None => {
            let name = idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_ascii_lowercase());
            if name.ends_with(".localhost") { "localhost".to_owned() } else { name }
        }
    }
}

/// An IPv4 address as the system reads it too: fewer than four numbers, of which the last fills the rest, each in decimal,
/// octal or hexadecimal (POSIX, `inet_addr`).
fn numbers(host: &str) -> Option<Ipv4Addr> {
    let number = |text: &str| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    };
    let numbers: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last().filter(|(_, first)| first.len() < 4)?;
    let room = u32::MAX.checked_shr(8 * u32::try_from(first.len()).ok()?)?;
    let begun = first
        .iter()
        .zip([24, 16, 8])
        .try_fold(0, |all, (part, shift)| u8::try_from(*part).ok().map(|part| all | u32::from(part) << shift))?;
    (*last <= room).then(|| Ipv4Addr::from(begun | last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::read;

    #[test]
    fn one_place_has_many_spellings() {
        for (one, other, same) in [
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.513", true),
            ("192.0.2.1", "0300.0.0x2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8::1", "2001:0DB8:0:0::1", true),
            ("M\u{fc}ller.example", "xn--mller-kva.example.", true),
            ("mx.example", "mx.example.net", false),
            ("1.2.3.4.5", "1.2.3.4", false),
            ("256.1", "0.0.0.1", false),
        ] {
            assert_eq!(place(one) == place(other), same, "{one} {other}");
        }
    }

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
            ("smtp://LocalHost.:2525", true),
            ("[::1]:2525", true),
            ("[::ffff:127.0.0.1]:2525", true),
            ("127.1:2525", true),
            ("smtp://0x7f000001:2525", true),
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
            assert_eq!(target.whose_mark().ends_with(" by the profile prod"), marked, "{text}");
        }
    }
}
