//! The scripts that are shipped, to be run and to be written like: `assets/scripts/NAME.smtp`, named `example:NAME`.

use std::path::Path;

use crate::assets::ASSETS;

/// With what the word for one begins.
const PREFIX: &str = "example:";

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::Reader;

    #[test]
    fn each_is_a_script_that_says_what_it_is_about() {
        assert!(all().count() >= 7);
        for (name, text) in all() {
            let mut reader = Reader::new();
            reader.feed(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let document = reader.finish().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(document.is_script() && document.warnings.is_empty(), "{name}: {:?}", document.warnings);
            assert!(document.header.text("title").is_some_and(|title| !title.is_empty()), "{name}");
            assert_eq!(document.header.text("target"), None, "{name}: whoever runs it says where");
        }
        assert!(super::text("classical").expect_err("none").contains("example:classic, "));
    }
}
