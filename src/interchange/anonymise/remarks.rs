//! Remarks of a transcript, whose words and keys say what their values are.

use crate::conversation::event::Remark;

use super::common::is_common;
use super::{Anonymiser, is_label};

/// Keys whose value is somebody's name.
const LOGINS: [&str; 4] = ["user", "authzid", "login", "mailbox"];
/// Keys whose value is a host's.
const HOSTS: [&str; 4] = ["host", "helo", "sni", "realm"];
/// Words behind which stands the place of a server.
const PLACES: [&str; 5] = ["resolving", "resolved", "connecting", "connected", "inspecting"];

/// The host of one label in a place, before its port. The lab is nobody's.
pub(super) fn label(place: &str) -> Option<&str> {
    let host = place.split(':').next().unwrap_or_default();
    (host.len() >= 2 && is_label(host) && !["unknown", "localhost", "lab"].contains(&host)).then_some(host)
}

impl Anonymiser {
    /// The hops of a message name hosts, and its fields are words of the tool's.
    pub(super) fn note_remark(&mut self, remark: &Remark) {
        if remark.word == "hop" {
            let label = |host: &&str| host.len() >= 2 && is_label(host);
            let hosts = ["from", "by"].iter().filter_map(|key| remark.get(key)).filter(label).map(str::to_lowercase);
            let hosts: Vec<String> = hosts.filter(|host| host != "localhost" && host != "unknown").collect();
            self.note_hosts(hosts);
        } else if remark.word == "tool"
            && let Some(words) = remark.bare(0)
        {
            let hosts = self.people.note(words.as_bytes(), &self.names.there);
            self.note_hosts(hosts);
        }
        for words in remark.values.iter().filter(|(key, _)| key.is_none()).map(|(_, words)| words) {
            self.note_logins(words);
        }
        for user in LOGINS.iter().filter_map(|key| remark.get(key)).filter(|user| !user.contains('@')) {
            self.note_local(&user.to_lowercase());
        }
        let place = remark.bare(0).filter(|_| PLACES.contains(&remark.word.as_str())).and_then(label);
        let named = HOSTS.iter().filter_map(|key| remark.get(key)).filter_map(label);
        let hosts: Vec<String> = place.into_iter().chain(named).map(str::to_lowercase).collect();
        self.note_hosts(hosts.into_iter().filter(|host| !is_common(host)));
    }

    pub(super) fn remark(&mut self, mut remark: Remark) -> Remark {
        if remark.word == "certificate" {
            let n = remark.get("n").unwrap_or("0").to_owned();
            return Remark::new("certificate").with("n", n).with("removed", "anonymised");
        }
        let mut places = PLACES.contains(&remark.word.as_str());
        for (key, value) in &mut remark.values {
            // The first of its values is one.
            let is_place = std::mem::take(&mut places);
            let new = match key.as_deref() {
                None if remark.word == "tool" => self.field(value.as_bytes()),
                Some(key) if LOGINS.contains(&key) && !value.contains('@') => self.names.local(value).into_bytes(),
                // Which side it was: `closed by=server`.
                Some("by") if remark.word != "hop" => continue,
                Some("from" | "by") if is_label(value) => self.names.host(value).into_bytes(),
                Some(key) if HOSTS.contains(&key) && is_label(value) => self.names.host(value).into_bytes(),
                None if is_place && label(value).is_some() => {
                    let (host, port) = value.split_at(label(value).map_or(0, str::len));
                    (self.names.host(host) + port).into_bytes()
                }
                // Words of somebody's own, as those of the head that are left out; and sums, which would tell what was
                // taken out.
                Some("tags" | "profile" | "sha256") => b"anonymised".to_vec(),
                _ => self.replaced(value.as_bytes()),
            };
            *value = String::from_utf8_lossy(&new).into_owned();
        }
        remark
    }
}
