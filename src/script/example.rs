//! The scripts that are shipped, to be run and to be written like: `assets/scripts/NAME.smtp`, named `example:NAME`.

use std::path::Path;

use crate::assets::ASSETS;
use crate::conversation::file::{Document, read};

/// With what the word for one begins.
pub const PREFIX: &str = "example:";

/// Their names and texts, in order.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = ASSETS.get_dir("scripts").into_iter().flat_map(include_dir::Dir::files);
    files.filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)))
}

/// The name after `example:`, where a word is one for a shipped script.
#[must_use]
pub fn name(word: &Path) -> Option<&str> {
    word.to_str()?.strip_prefix(PREFIX)
}

/// The text of one.
///
/// # Errors
/// There is none of that name: which there are.
pub fn text(name: &str) -> Result<&'static str, String> {
    let found = all().find(|(known, _)| *known == name);
    found.map(|(_, text)| text).ok_or_else(|| {
        let names: Vec<String> = all().map(|(name, _)| format!("{PREFIX}{name}")).collect();
        format!("no script of that name is shipped; there are {}", names.join(", "))
    })
}

/// One, read, where a word is one for a shipped script.
///
/// # Errors
/// As for [`text`].
#[must_use]
pub fn document(word: &Path) -> Option<Result<Document, String>> {
    let read = |text: &str| read(text.as_bytes()).map_err(|error| error.in_file(word).to_string());
    name(word).map(|name| text(name).and_then(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_script_that_says_what_it_is_about() {
        assert!(all().count() >= 7);
        for (name, text) in all() {
            let word = format!("{PREFIX}{name}");
            let document =
                super::document(word.as_ref()).expect("one").unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                !text.is_empty() && document.is_script() && document.warnings.is_empty(),
                "{name}: {:?}",
                document.warnings
            );
            assert!(document.header.text("title").is_some_and(|title| !title.is_empty()), "{name}");
            assert_eq!(document.header.text("target"), None, "{name}: whoever runs it says where");
        }
        assert!(super::document("classic".as_ref()).is_none(), "a file of that name is another one");
        assert!(super::text("classical").expect_err("none").contains("example:classic, "));
    }
}
