//! Conversations in other formats: one file a format, registered in [`FORMATS`]; what other programs wrote is read in
//! [`import`], one file a source, registered in [`import::SOURCES`].
//!
//! An exporter is a function from a document and the knowledge to octets, an importer one from octets to documents and
//! what could not be read. Not here: sockets, screens, files.

use crate::conversation::exam;
use crate::conversation::file::{Document, folded, write_document};
use crate::decode::Knowledge;

pub mod anonymise;
mod asciicast;
mod clear_tls;
pub mod command_line;
mod html;
pub mod import;
mod json;
mod markdown;
pub mod page;
mod pcapng;
mod scripted;
mod text;

use scripted::Script;

pub(crate) use json::{advice, layer as layer_to_json, step as step_to_json};

/// What stands in the place of explanations where none are given.
const UNEXPLAINED: &str = "What the replies mean is left out: this was held in an exam, in which nothing is explained.";

/// A format that conversations can be written in.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name, for `--as`.
    pub name: &'static str,
    /// The endings of file names that mean it, without the dot.
    pub extensions: &'static [&'static str],
    /// What it is, in a few words.
    pub help: &'static str,
    /// Whether it is octets and not text.
    pub binary: bool,
    /// Writes it.
    pub export: fn(&Document, &Knowledge) -> Vec<u8>,
    /// Writes it and says what it leaves out of a conversation, where that is not plain from what it is.
    pub partly: Option<fn(&Document) -> Told>,
    /// What it has of a script.
    script: Script,
}

/// What was written, and what was left out.
#[derive(Debug, Default)]
pub struct Told {
    /// What was written.
    pub octets: Vec<u8>,
    /// What of the conversation is not in it, in words.
    pub left_out: Vec<String>,
}

impl Format {
    /// Whether it is the transcript, which all of a conversation can be read from again.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.name == "smtp"
    }

    /// Writes a conversation. Of one that was held in an exam nothing is explained, nor what ehlo has found out about a
    /// failure; only its own format keeps that, and the head that says so.
    #[must_use]
    pub fn write(&self, document: &Document, knowledge: &Knowledge) -> Vec<u8> {
        self.told(document, knowledge).octets
    }

    /// The same, and what it leaves out.
    #[must_use]
    pub fn told(&self, document: &Document, knowledge: &Knowledge) -> Told {
        let marked = document.header.exam().is_some();
        if !marked && !knowledge.is_silent() {
            return self.exported(document, knowledge);
        }
        let own = self.is_own();
        let mut document = if own { document.clone() } else { exam::without_answers(document) };
        if !marked {
            document.header.set_exam("");
        }
        self.exported(&document, &knowledge.silenced())
    }

    fn exported(&self, document: &Document, knowledge: &Knowledge) -> Told {
        match self.partly {
            Some(partly) => partly(document),
            None => {
                Told { octets: (self.export)(document, knowledge), left_out: scripted::lost(document, self.script) }
            }
        }
    }
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format {
        name: "smtp",
        extensions: &["smtp"],
        help: "ehlo's own transcript, normalised",
        binary: false,
        export: own,
        partly: None,
        script: Script::Whole,
    },
    Format {
        name: "md",
        extensions: &["md", "markdown"],
        help: "Markdown with the decode in a table",
        binary: false,
        export: markdown::export,
        partly: None,
        script: Script::Text,
    },
    Format {
        name: "html",
        extensions: &["html", "htm"],
        help: "one page that stands alone, with the decode",
        binary: false,
        export: html::export,
        partly: None,
        script: Script::Page,
    },
    Format {
        name: "txt",
        extensions: &["txt", "text"],
        help: "plain text, as one would paste it",
        binary: false,
        export: text::export,
        partly: None,
        script: Script::Text,
    },
    Format {
        name: "json",
        extensions: &["json"],
        help: "JSON with the decode; can be read back",
        binary: false,
        export: json::export,
        partly: None,
        script: Script::Whole,
    },
    Format {
        name: "cast",
        extensions: &["cast"],
        help: "asciicast v2, for asciinema",
        binary: false,
        export: asciicast::export,
        partly: None,
        script: Script::Page,
    },
    Format {
        name: "pcapng",
        extensions: &["pcapng"],
        help: "packets that Wireshark opens as SMTP",
        binary: true,
        export: pcapng::export,
        partly: None,
        script: Script::Head,
    },
    Format {
        name: "swaks",
        extensions: &["swaks"],
        help: "a swaks command line that does the same",
        binary: false,
        export: command_line::swaks,
        partly: Some(command_line::swaks_partly),
        script: Script::Nothing,
    },
    Format {
        name: "send",
        extensions: &["send"],
        help: "an ehlo send command line that does the same",
        binary: false,
        export: command_line::send,
        partly: Some(command_line::send_partly),
        script: Script::Nothing,
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
    write_document(&folded(document), &mut out);
    // What was recorded is clean; comments and events of somebody else's file may hold anything.
    let clean = |line: &[u8]| crate::smtp::escape::for_screen(line).into_bytes();
    out.split(|octet| *octet == b'\n').map(clean).collect::<Vec<_>>().join(&b'\n')
}

#[cfg(test)]
mod tests;
