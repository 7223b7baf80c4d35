//! The import rule: a module uses only the modules above it in the list, and a few are kept apart besides.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::collections::BTreeSet;
use std::path::Path;

/// The modules from the ground up, as `src/lib.rs` and CONTRIBUTING.md have them.
const ORDER: [&str; 19] = [
    "world",
    "private",
    "expression",
    "assets",
    "smtp",
    "message",
    "conversation",
    "decode",
    "interchange",
    "profile",
    "library",
    "client",
    "script",
    "transaction",
    "probe",
    "lab",
    "lesson",
    "class",
    "tui",
];

/// What may use everything: it joins what is apart.
const TOP: &str = "cli";

/// Who must not name what, beyond the order: a place in `src` (a folder, or a file), a text, and why.
const APART: [(&str, &str, &str); 28] = [
    ("client", "crate::decode", "what a reply means is not the connection's matter"),
    ("lab", "crate::client", "the server must not share code with the client that is tried on it"),
    ("lesson", "crate::client", "a lesson looks at the lab's record, not at a connection"),
    ("class", "crate::client", "a class looks at the lab's record, not at a connection"),
    ("class", "ratatui", "a class has no screen"),
    ("smtp", "std::net", "the protocol has no sockets"),
    ("smtp", "tokio", "the protocol has no sockets"),
    ("smtp", "std::time::Instant", "the protocol has no clock"),
    ("smtp", "SystemTime", "the protocol has no clock"),
    ("smtp", "Timestamp::now", "the protocol has no clock: what depends on the time of day is told it"),
    ("smtp", "Zoned::now", "the protocol has no clock: what depends on the time of day is told it"),
    ("smtp", "std::fs", "the protocol has no files"),
    ("smtp", "ratatui", "the protocol has no screen"),
    ("message", "std::net", "a message is octets, not a connection"),
    ("message", "tokio", "a message is octets, not a connection"),
    ("message", "ratatui", "a message has no screen"),
    ("conversation", "std::net::Tcp", "a conversation is a record, not a connection"),
    ("conversation", "tokio", "a conversation is a record, not a connection"),
    ("conversation", "ratatui", "a conversation has no screen"),
    ("decode", "std::net", "decoding has no sockets"),
    ("decode", "tokio", "decoding has no sockets"),
    ("decode", "std::fs", "decoding has no files: texts are passed to pure loaders"),
    ("client", "ratatui", "the connection has no screen"),
    ("tui", "TcpStream", "the workbench has no sockets, only the client's channels"),
    ("tui", "TcpListener", "the workbench has no sockets, only the client's channels"),
    ("tui", "UdpSocket", "the workbench has no sockets, only the client's channels"),
    ("tui", "UnixStream", "the workbench has no sockets, only the client's channels"),
    ("tui", "tokio::net", "the workbench has no sockets, only the client's channels"),
];

/// What only `world` may name: it is the door to them.
const OF_THE_WORLD: [&str; 4] = ["TimeZone::system", "Timestamp::now", "SystemTime::now", "Zoned::now"];

/// What speaks against the text of one file of `src`; `path` is below `src`, with `/`.
fn violations(path: &str, text: &str) -> Vec<String> {
    let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let code = without_comments_and_tests(text);
    let mut found = Vec::new();
    if let Some(place) = ORDER.iter().position(|name| *name == module) {
        for used in used_modules(&code).into_iter().chain(used_by_way_of_the_root(path, &code)) {
            let above = ORDER.iter().position(|name| *name == used).is_some_and(|other| other <= place);
            if !above {
                found.push(format!("src/{path} uses crate::{used}, which is not above {module}"));
            }
        }
    } else if module != TOP && module != "lib" && module != "main" {
        found.push(format!("src/{path}: the module {module} has no place in the order"));
    }
    for (who, what, why) in APART {
        if module == who && names(&code, what) {
            found.push(format!("src/{path} names {what}: {why}"));
        }
    }
    for what in OF_THE_WORLD {
        if module != "world" && names(&code, what) {
            found.push(format!("src/{path} names {what}: time and zone come from the world"));
        }
    }
    found
}

/// The code alone: comments and what follows `#[cfg(test)] mod` are left out (tests may bring their own sockets).
fn without_comments_and_tests(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_tests = line.trim() == "#[cfg(test)]"
            && lines.peek().is_some_and(|next| next.trim_start().trim_start_matches("pub(crate) ").starts_with("mod "));
        if is_tests && line.starts_with('#') {
            if lines.next().is_some_and(|declaration| declaration.trim_end().ends_with(';')) {
                continue;
            }
            // The module ends at the first brace in the first column, as rustfmt has it.
            lines.by_ref().find(|inside| *inside == "}");
            continue;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// The modules of this crate that are named, in `use` groups and in paths.
fn used_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for root in ["crate::", "ehlo::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let after = &code[at + root.len()..];
            if let Some(group) = after.strip_prefix('{') {
                found.extend(first_words(group));
            } else {
                found.extend(word(after));
            }
        }
    }
    found
}

/// The modules that are named by going up to the root: `super::super::tui` in `smtp/verb.rs`.
fn used_by_way_of_the_root(path: &str, code: &str) -> BTreeSet<String> {
    let depth = path.split('/').filter(|part| *part != "mod.rs").count();
    let up = "super::".repeat(depth);
    code.match_indices(&up)
        .filter(|(at, _)| !code[..*at].ends_with("super::"))
        .filter_map(|(at, _)| word(code[at + up.len()..].trim_start_matches("super::")))
        .filter(|word| word != "super" && word != "self")
        .collect()
}

/// The first words of each entry of a `use` group, whose opening brace was read already.
fn first_words(group: &str) -> Vec<String> {
    let (mut depth, mut all, mut entry) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => all.push(std::mem::take(&mut entry)),
            _ if depth == 0 => entry.push(c),
            _ => {}
        }
    }
    all.push(entry);
    all.iter().filter_map(|entry| word(entry.trim())).collect()
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty() && word.starts_with(char::is_lowercase)).then_some(word)
}

/// Whether a path is named, alone or within `use` groups: `std::net` in `use std::{io, net::IpAddr}` too.
fn names(code: &str, path: &str) -> bool {
    let is_border = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let plain = code.match_indices(path).any(|(at, _)| {
        let open_end = path.ends_with("Tcp");
        is_border(code[..at].chars().next_back()) && (open_end || is_border(code[at + path.len()..].chars().next()))
    });
    plain
        || path.split_once("::").is_some_and(|(root, rest)| {
            let first = rest.split("::").next().unwrap_or_default();
            let group = format!("{root}::{{");
            code.match_indices(&group)
                .any(|(at, _)| rest == first && first_words(&code[at + group.len()..]).iter().any(|word| word == first))
        })
}

fn sources(folder: &Path, below: &str, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "tests" {
            continue;
        }
        if path.is_dir() {
            sources(&path, &format!("{below}{name}/"), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            found.push((format!("{below}{name}"), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_module_uses_only_what_is_above_it() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut all);
    assert!(all.len() > 40, "the sources are found");
    let found: Vec<_> = all.iter().flat_map(|(path, text)| violations(path, text)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_violation_is_found() {
    for (path, text, about) in [
        ("smtp/verb.rs", "use crate::decode::Knowledge;\n", "crate::decode"),
        ("smtp/verb.rs", "use crate::{\n    assets,\n    tui::{model, view},\n};\n", "crate::tui"),
        ("decode/mod.rs", "fn f() -> crate::client::Request {}\n", "crate::client"),
        ("client/tls.rs", "use crate::{smtp::Reply, decode};\n", "crate::decode"),
        ("lab/mod.rs", "use crate::client::Request;\n", "the server must not share code"),
        ("tui/run.rs", "use tokio::net::TcpStream;\n", "tokio::net"),
        ("tui/run.rs", "use std::net::TcpStream;\n", "no sockets"),
        ("decode/mod.rs", "use std::{io, net::IpAddr};\n", "std::net"),
        ("smtp/reply.rs", "use std::time::Instant;\n", "no clock"),
        ("decode/mod.rs", "fn f() { std::fs::read(\"x\"); }\n", "no files"),
        ("world.rs", "use crate::smtp::Reply;\n", "crate::smtp"),
        ("smtp/verb.rs", "use super::super::tui::model;\n", "crate::tui"),
        ("smtp/mod.rs", "use super::tui::model;\n", "crate::tui"),
        ("cli/history.rs", "fn f() { jiff::tz::TimeZone::system(); }\n", "from the world"),
        ("gadgets/mod.rs", "", "no place in the order"),
    ] {
        let found = violations(path, text);
        assert!(found.iter().any(|violation| violation.contains(about)), "{path} {text:?}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    for (path, text) in [
        ("tui/run.rs", "use crate::client::{self, Request};\nuse super::model::Model;\n"),
        ("smtp/verb.rs", "// crate::tui has the screen\nuse super::Session;\n"),
        ("smtp/verb.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    use std::net::TcpStream;\n}\n"),
        ("client/mod.rs", "#[cfg(test)]\nmod tests;\nuse std::net::IpAddr;\n"),
        ("smtp/session.rs", "use std::time::Duration;\n"),
        ("tui/dial.rs", "use std::net::SocketAddr;\n"),
        ("conversation/journal.rs", "use std::fs;\nuse std::net::SocketAddr;\n"),
        ("cli/workbench.rs", "use crate::{client, decode, lab, tui};\n"),
    ] {
        assert_eq!(violations(path, text), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn what_stands_after_a_test_module_is_looked_at() {
    let text = "#[cfg(test)]\nmod tests {\n    fn f() {}\n}\nuse crate::tui::model;\n";
    assert_eq!(violations("smtp/verb.rs", text).len(), 1);
}
