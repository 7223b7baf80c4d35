//! Conversations in other formats: one file a format, registered in [`FORMATS`].
//!
//! An exporter is a function from a document and the knowledge to octets. Not here: sockets, screens, files.

use crate::conversation::file::{Document, write_document};
use crate::decode::Knowledge;

mod markdown;
mod text;

/// A format that conversations can be written in.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name, for `--as`.
    pub name: &'static str,
    /// The endings of file names that mean it, without the dot.
    pub extensions: &'static [&'static str],
    /// What it is, in a few words.
    pub help: &'static str,
    /// Writes it.
    pub export: fn(&Document, &Knowledge) -> Vec<u8>,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format { name: "smtp", extensions: &["smtp"], help: "ehlo's own transcript, normalised", export: own },
    Format {
        name: "md",
        extensions: &["md", "markdown"],
        help: "Markdown with the decode in a table",
        export: markdown::export,
    },
    Format {
        name: "txt",
        extensions: &["txt", "text"],
        help: "plain text, as one would paste it",
        export: text::export,
    },
];

/// The format of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name.eq_ignore_ascii_case(name))
}

/// The format that a file name's ending means.
#[must_use]
pub fn by_extension(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

fn own(document: &Document, _: &Knowledge) -> Vec<u8> {
    let mut out = Vec::new();
    write_document(document, &mut out);
    // What was recorded is clean; comments and events of somebody else's file may hold anything.
    let clean = |line: &[u8]| crate::smtp::escape::for_screen(line).into_bytes();
    out.split(|octet| *octet == b'\n').map(clean).collect::<Vec<_>>().join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_normalised_file_acts_on_a_terminal() {
        let file = b"# c \x1b]0;x\x07\n0.100000 * note \"\x1b[2J\"\n0.200000 < 220 a\\\\b\n";
        let document = crate::conversation::file::read(file).expect("a transcript");
        let out = String::from_utf8(own(&document, &Knowledge::default())).expect("text");
        assert!(!out.contains('\u{1b}') && !out.contains('\u{7}'), "{out:?}");
        assert!(out.contains("0.200000 < 220 a\\\\b\n"), "{out}");
    }

    #[test]
    fn every_format_has_a_name_an_ending_and_words_of_its_own() {
        for format in FORMATS {
            assert_eq!(by_name(format.name).map(|f| f.name), Some(format.name));
            assert!(!format.extensions.is_empty() && !format.help.is_empty());
            for extension in format.extensions {
                assert_eq!(by_extension(extension).map(|f| f.name), Some(format.name), "{extension} means two formats");
            }
        }
    }
}
