//! The system's keyring, asked by the tool that comes with it: `secret-tool` of libsecret (of GNOME, KDE and
//! others), `security` on Apple's systems.
//!
//! A library would bring a client of the desktop's bus and its forty crates for one look-up.

use std::process::Command;

/// What all entries of ehlo's are stored under.
const SERVICE: &str = "ehlo";

/// How an entry is looked up.
pub(super) struct Lookup {
    /// The program, with its arguments.
    pub(super) command: Command,
    /// How somebody stores the entry, to be typed into a shell.
    pub(super) store: String,
}

/// The look-up of a host's and a user's secret; none where the system has no tool for it.
pub(super) fn lookup(host: &str, user: &str) -> Option<Lookup> {
    if cfg!(target_os = "windows") {
        return None;
    }
    let words: Vec<String>;
    let (program, store) = if cfg!(target_vendor = "apple") {
        let service = format!("{SERVICE}:{host}");
        let store = format!("security add-generic-password -s {} -a {} -w", quoted(&service), quoted(user));
        words = ["find-generic-password", "-s", &service, "-a", user, "-w"].map(str::to_owned).to_vec();
        ("security", store)
    } else {
        let label = quoted(&format!("{SERVICE}: {user} at {host}"));
        let place = format!("service {SERVICE} host {} user {}", quoted(host), quoted(user));
        words = ["lookup", "service", SERVICE, "host", host, "user", user].map(str::to_owned).to_vec();
        ("secret-tool", format!("secret-tool store --label={label} {place}"))
    };
    let mut command = Command::new(program);
    command.args(words);
    Some(Lookup { command, store })
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(all(test, not(any(target_os = "windows", target_vendor = "apple"))))]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_looked_up_by_host_and_user_and_it_is_said_how_it_is_stored() {
        let found = lookup("mx.noddy.com", "the dude").expect("a tool");
        let arguments: Vec<_> = found.command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments, ["lookup", "service", "ehlo", "host", "mx.noddy.com", "user", "the dude"]);
        let store =
            "secret-tool store --label='ehlo: the dude at mx.noddy.com' service ehlo host mx.noddy.com user 'the dude'";
        assert_eq!(found.store, store);
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
