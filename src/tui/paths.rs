//! Paths that are typed, gone on with by Tab as far as the names on the disk agree.

use std::path::Path;

use tokio::sync::mpsc::UnboundedSender;

use crate::script::example;
use crate::smtp::escape::is_plain;
use crate::world::World;

use super::message::Message;
use super::model::{Face, Model};
use super::overlay::Overlay;

/// Names that are looked at, and those that are named.
const MOST: usize = 2_000;
const NAMED: usize = 6;

/// What a path that was typed could become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// What was typed.
    pub typed: String,
    /// The same, gone on with to each name that begins so, in order; a folder ends with a slash.
    pub found: Vec<String>,
}

impl Paths {
    /// What was typed, gone on with as far as all that was found agree.
    #[must_use]
    pub fn text(&self) -> &str {
        let Some((first, others)) = self.found.split_first() else { return &self.typed };
        let agrees = |at: &usize| others.iter().all(|other| other.get(..*at) == first.get(..*at));
        let ends = first.char_indices().map(|(at, c)| at + c.len_utf8());
        first.get(..ends.take_while(agrees).last().unwrap_or(0)).unwrap_or(&self.typed)
    }

    /// What there is to choose from, or that there is nothing; no words where it is settled.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let name = |path: &String| {
            let at = path.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1);
            path[at..].to_owned()
        };
        match &self.found[..] {
            [] => Some("no file's path begins so; Tab completes paths alone".to_owned()),
            [_] => None,
            all => {
                let mut words = all.iter().take(NAMED).map(name).collect::<Vec<_>>().join("  ");
                if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
                    words = format!("{words}  and {more} more");
                }
                Some(words)
            }
        }
    }
}

/// Looks beside the loop for what begins as it was typed.
pub(super) fn look(typed: String, world: &World, sender: UnboundedSender<Message>) {
    let home = world.variable("HOME");
    let world = world.clone();
    tokio::task::spawn_blocking(move || {
        let after = |prefix: &str| typed.strip_prefix(prefix).filter(|name| !name.contains('/'));
        let found = match (after("lab:"), after(example::PREFIX)) {
            (None, Some(begun)) => {
                let names = example::all().map(|(name, _)| name).filter(|name| name.starts_with(begun));
                names.map(|name| format!("{}{name}", example::PREFIX)).collect()
            }
            (Some(begun), _) => {
                let names = crate::lab::scenario::names(&world).into_iter();
                names.filter(|name| name.starts_with(begun)).map(|name| format!("lab:{name}")).collect()
            }
            (None, None) => found(&typed, home.as_deref()),
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Paths(Paths { typed, found }));
    });
}

/// The paths that begin so. A name that can't be typed is left out, a hidden one where no dot was typed.
fn found(typed: &str, home: Option<&str>) -> Vec<String> {
    let typed = match (typed.strip_prefix("~/"), home) {
        // The home directory is put there, since not everything that takes a path knows the sign for it.
        (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
        _ => typed.to_owned(),
    };
    let (folder, begun) = typed.rsplit_once('/').map_or(("", typed.as_str()), |(folder, begun)| {
        let folder = &typed[..=folder.len()];
        (folder, begun)
    });
    let place = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let entries = std::fs::read_dir(place).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let fits = name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
        if !fits || !name.chars().all(is_plain) {
            return None;
        }
        let slash = if entry.path().is_dir() { "/" } else { "" };
        Some(format!("{folder}{name}{slash}"))
    });
    let mut found: Vec<String> = names.take(MOST).collect();
    found.sort();
    found
}

/// Puts what was found onto the line that it was asked for, unless that has changed meanwhile.
pub(super) fn take(model: &mut Model, paths: &Paths) {
    let words = paths.words();
    let taken = match &mut model.overlay {
        Some(Overlay::Prompt(prompt)) => {
            if prompt.complete(paths) {
                prompt.said = words;
            }
            return;
        }
        Some(Overlay::Other(it)) => it.complete(paths),
        Some(Overlay::Editor(it)) => it.complete(paths),
        Some(Overlay::Target(it)) => it.complete(paths),
        None if model.face == Face::Start => model.start.complete(paths),
        _ => false,
    };
    if taken {
        model.notice = words;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_on_as_far_as_the_names_agree() {
        let folder = tempfile::tempdir().expect("a directory");
        for name in ["relay-1.smtp", "relay-2.smtp", "notes.md", ".hidden"] {
            std::fs::write(folder.path().join(name), "x").expect("written");
        }
        std::fs::create_dir(folder.path().join("sub")).expect("made");
        let root = folder.path().to_str().expect("UTF-8");
        let paths = |typed: &str| {
            let typed = typed.to_owned();
            Paths { found: found(&typed, Some(root)), typed }
        };
        let text = |typed: &str| paths(&format!("{root}/{typed}")).text().replace(&format!("{root}/"), "");
        assert_eq!(text("re"), "relay-");
        assert_eq!(text("relay-1"), "relay-1.smtp");
        assert_eq!(text("s"), "sub/");
        assert_eq!(text("x"), "x");
        assert_eq!(paths("~/n").text(), format!("{root}/notes.md"));
        assert_eq!(paths(&format!("{root}/r")).words().as_deref(), Some("relay-1.smtp  relay-2.smtp"));
        assert_eq!(
            paths(&format!("{root}/x")).words().as_deref(),
            Some("no file's path begins so; Tab completes paths alone")
        );
        assert_eq!(paths(&format!("{root}/n")).words(), None);
        assert!(!paths(&format!("{root}/")).found.iter().any(|path| path.contains("hidden")));
        assert_eq!(text(".h"), ".hidden");
    }
}
