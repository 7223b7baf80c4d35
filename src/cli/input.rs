//! A conversation from a file or standard input, whatever of the known wrote it: transcripts are read, the rest imported.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use crate::conversation::file::{self, Document};
use crate::interchange::import::{self, Imported, LARGEST, Outline};
use crate::library::{self, NameError};
use crate::script::example;
use crate::smtp::escape::for_screen;

use super::Common;

/// Octets of a file that are looked at to tell what it is.
const BEGINNING: u64 = 256 << 10;

/// All conversations of a file, or of standard input for `-`.
///
/// # Errors
/// Words that say place, cause and cure.
pub(super) fn all(path: &Path) -> Result<Imported, String> {
    if path == Path::new("-") {
        if std::io::stdin().is_terminal() {
            return Err("standard input is a terminal; name a file, or send a transcript in".to_owned());
        }
        let mut octets = Vec::new();
        let read = std::io::stdin().take(LARGEST as u64 + 1).read_to_end(&mut octets);
        read.map_err(|error| format!("standard input can't be read: {error}"))?;
        return import::import(&octets).map_err(|error| format!("standard input: {error}"));
    }
    if let Some(document) = example::document(path) {
        return Ok(Imported { source: None, conversations: vec![document?], unread: import::Unread::default() });
    }
    let failed = |error: std::io::Error| format!("{}: {error}", shown(path));
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut octets = Vec::new();
    (&mut file).take(BEGINNING).read_to_end(&mut octets).map_err(failed)?;
    let named = is_named_transcript(path);
    if octets.iter().all(u8::is_ascii_whitespace) && octets.len() < usize::try_from(BEGINNING).unwrap_or(0) {
        return import::import(b"").map_err(|error| format!("{}: {error}", shown(path)));
    }
    if import::is_transcript(&octets) || named {
        // In chunks, however large it is.
        let document = file::open(path).map_err(|error| error.to_string())?;
        let (document, hidden) = import::masked(document);
        let mut unread = import::Unread::default();
        unread.undone.extend((!named && import::only_sends(&octets)).then_some(import::SENDS));
        unread.undone.extend(hidden.then_some(import::HIDDEN));
        return Ok(Imported { source: None, conversations: vec![document], unread });
    }
    file.take(LARGEST as u64 + 1).read_to_end(&mut octets).map_err(failed)?;
    import::import(&octets).map_err(|error| format!("{}: {error}", shown(path)))
}

/// Whether a file is a transcript of ehlo's own, by its name or its beginning.
///
/// # Errors
/// What the system says.
pub(super) fn is_transcript(path: &Path) -> Result<bool, String> {
    if example::name(path).is_some() {
        return Ok(true);
    }
    let failed = |error: std::io::Error| format!("{}: {error}", shown(path));
    let mut octets = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut octets)).map_err(failed)?;
    Ok(is_named_transcript(path) || import::is_transcript(&octets))
}

/// What another program wrote, where a file is of that kind and no transcript: words that say what it is.
pub(super) fn foreign(path: &Path) -> Option<&'static str> {
    let mut octets = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut octets)).ok()?;
    let foreign = !is_named_transcript(path) && !import::is_transcript(&octets);
    foreign.then(|| import::source(&octets)).flatten().map(|source| source.help)
}

/// A name that says that it is a transcript is believed.
fn is_named_transcript(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("smtp"))
}

/// What a word of the command line means: a script that is shipped, a file that is there, or the conversation that was kept
/// under this name, as `ehlo history` takes it.
///
/// # Errors
/// None of these is there, or several conversations have that name.
pub(super) fn kept(path: &Path, state: &Path) -> Result<PathBuf, String> {
    if let Some(name) = example::name(path) {
        return example::text(name).map(|_| path.to_owned());
    }
    let word = path.to_str().filter(|word| *word != "-" && Path::new(word).file_name() == Some(path.as_os_str()));
    let Some(word) = word.filter(|_| !path.exists()) else { return Ok(path.to_owned()) };
    match library::named(state, word) {
        // A file that is not there is not another one that has its name as a part.
        Ok(found) if is_named_transcript(path) && found.file_name() != path.file_name() => Err(missing(word)),
        Err(NameError::None(_)) => Err(missing(word)),
        found => found.map_err(|error| error.to_string()),
    }
}

/// The same for what is played: only by its whole name, since whatever is found goes out to a server.
///
/// # Errors
/// As for [`kept`].
pub(super) fn kept_by_its_name(path: &Path, state: &Path) -> Result<PathBuf, String> {
    let found = kept(path, state)?;
    let word = path.to_str().unwrap_or_default();
    let stem = word.strip_suffix(".smtp").unwrap_or(word);
    if found == path || word == "last" || found.file_stem().is_some_and(|name| name == stem) {
        Ok(found)
    } else {
        Err(missing(&shown(path)))
    }
}

fn missing(word: &str) -> String {
    format!(
        "{}: there is no such file, and no conversation of that name; ehlo history lists them",
        for_screen(word.as_bytes())
    )
}

/// A path as it may be printed.
pub(super) fn shown(path: &Path) -> String {
    for_screen(path.to_string_lossy().as_bytes())
}

/// One conversation of a file: the only one, or the one of this number, from 1. What could not be read is said on
/// standard error.
///
/// # Errors
/// As for [`all`]; and where there are several and none was chosen, or not so many.
pub(super) fn one(path: &Path, session: Option<usize>, command: &str, common: &Common) -> Result<Document, String> {
    one_of(path, |_| session, command, common)
}

/// The same, where how many there are decides which is meant.
///
/// # Errors
/// As for [`one`].
pub(super) fn one_of(
    path: &Path,
    choose: impl Fn(usize) -> Option<usize>,
    command: &str,
    common: &Common,
) -> Result<Document, String> {
    let (mut conversations, n) = chosen(path, choose, command, common)?;
    Ok(conversations.swap_remove(n))
}

/// All conversations of a file, and which of them is meant, from 0.
///
/// # Errors
/// As for [`one`].
pub(super) fn chosen(
    path: &Path,
    choose: impl Fn(usize) -> Option<usize>,
    command: &str,
    common: &Common,
) -> Result<(Vec<Document>, usize), String> {
    let imported = all(path)?;
    say(&imported, path, command, common);
    let count = imported.conversations.len();
    match choose(count) {
        None if count == 1 => Ok((imported.conversations, 0)),
        None => {
            let (path, list) = (shown(path), list(&imported));
            Err(format!("{path}: it holds {count} conversations; --session N takes one of them:\n{}", list.trim_end()))
        }
        Some(n) if (1..=count).contains(&n) => Ok((imported.conversations, n - 1)),
        Some(n) => Err(format!("{}: there is no conversation {n}, it holds {count}", shown(path))),
    }
}

/// Says on standard error what could not be read, by line.
pub(super) fn say(imported: &Imported, path: &Path, command: &str, common: &Common) {
    if common.quiet {
        return;
    }
    let name = if path == Path::new("-") { "standard input".to_owned() } else { shown(path) };
    let warnings = imported.conversations.iter().flat_map(|document| document.warnings.iter().map(ToString::to_string));
    for words in imported.unread.words().chain(warnings) {
        super::complain(command, format_args!("{name}: {words}"));
    }
}

/// The conversations of a file, numbered from 1, a line each.
pub(super) fn list(imported: &Imported) -> String {
    use std::fmt::Write as _;
    let rows = imported.conversations.iter().enumerate();
    rows.fold(String::new(), |mut out, (n, document)| {
        writeln!(out, "{:>4}  {}", n + 1, Outline::of(document)).expect("a string takes it");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_named_where_no_file_is_called_so() {
        let state = tempfile::tempdir().expect("a directory");
        let state = state.path();
        let folder = state.join("transcripts/2026");
        std::fs::create_dir_all(&folder).expect("made");
        let one = folder.join("2026-11-23-140200-mx.target.local.smtp");
        std::fs::write(&one, "+++\nehlo = 1\nstarted = 2026-11-23T14:02:00.000Z\n+++\n").expect("written");
        let whole = "2026-11-23-140200-mx.target.local";
        for word in ["last", whole, "140200"] {
            assert_eq!(kept(Path::new(word), state), Ok(one.clone()), "{word}");
        }
        let played = |word: &str| kept_by_its_name(Path::new(word), state);
        assert_eq!((played("last"), played(whole)), (Ok(one.clone()), Ok(one.clone())));
        assert_eq!(played(&format!("{whole}.smtp")), Ok(one));
        assert!(played("140200").is_err(), "what goes out to a server is named whole");
        for word in ["target.smtp", "nothing"] {
            let error = kept(Path::new(word), state).expect_err(word);
            assert!(error.contains("no such file, and no conversation of that name"), "{error}");
        }
        assert!(kept(Path::new("example:"), state).is_err_and(|words| words.contains("example:classic")));
        for path in ["-", "Cargo.toml", "./last", "../nothing.smtp", "example:classic"] {
            assert_eq!(kept(Path::new(path), state), Ok(path.into()), "a path is a path");
        }
    }

    #[test]
    fn an_empty_transcript_is_no_conversation() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("empty.smtp");
        std::fs::write(&path, "").expect("written");
        let error = all(&path).expect_err("nothing");
        assert!(error.ends_with("empty.smtp: there is nothing in it"), "{error}");
    }
}
