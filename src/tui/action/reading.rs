//! Reading a conversation: finding, marking, copying, saving.

use super::Where::{Everywhere, Panel, Transcript};
use super::{Action, Entry, entry, open, talking, told};
use crate::tui::model::Model;

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::ExchangeBefore,
        "exchange-before",
        "before",
        "Select the exchange before.",
        &[(Transcript, "["), (Everywhere, "alt-up")],
        talking,
    )
    .needed(5),
    entry(
        Action::ExchangeAfter,
        "exchange-after",
        "after",
        "Select the exchange after.",
        &[(Transcript, "]"), (Everywhere, "alt-down")],
        talking,
    )
    .needed(5),
    entry(
        Action::RefusalAfter,
        "refusal-after",
        "next refusal",
        "Select the next reply that refuses.",
        &[(Transcript, "e")],
        talking,
    )
    .needed(5),
    entry(
        Action::RefusalBefore,
        "refusal-before",
        "refusal before",
        "Select the reply before that refuses.",
        &[(Transcript, "E")],
        talking,
    ),
    entry(
        Action::Fold,
        "fold",
        "fold",
        "Show all of a message or a long reply, or only its first lines.",
        &[(Transcript, "space")],
        alone,
    ),
    entry(
        Action::FoldAll,
        "fold-all",
        "fold all",
        "Show all messages and long replies whole, or fold all of them.",
        &[(Transcript, "a")],
        alone,
    ),
    entry(
        Action::Search,
        "search",
        "search",
        "Search the transcript as you type; between slashes it is a regular expression.",
        &[(Transcript, "/")],
        alone,
    )
    .called("find grep look")
    .needed(3),
    entry(
        Action::SearchNext,
        "search-next",
        "next found",
        "Go to the next place found; in two columns to the next difference.",
        &[(Transcript, "n")],
        told,
    ),
    entry(
        Action::SearchBefore,
        "search-before",
        "found before",
        "Go to the place found before; in two columns to the difference before.",
        &[(Transcript, "N")],
        told,
    ),
    entry(
        Action::Filter,
        "filter",
        "filter",
        "Show only some lines: sent, received, refused, 5xx, rcpt, any text, and - before what is not wanted.",
        &[(Transcript, "f")],
        alone,
    )
    .called("hide only")
    .needed(5),
    entry(
        Action::Widen,
        "show-all",
        "show all",
        "Take the filter away, then the search; Esc in the transcript does it too.",
        &[],
        |model| talking(model) && model.transcript.is_narrowed(),
    ),
    entry(
        Action::Bookmark,
        "bookmark",
        "bookmark",
        "Set a bookmark on the selected line, or take it off; it is kept in the file.",
        &[(Transcript, "m")],
        alone,
    ),
    entry(
        Action::NextBookmark,
        "next-bookmark",
        "next bookmark",
        "Go to the next bookmark.",
        &[(Transcript, "'")],
        alone,
    ),
    entry(
        Action::Note,
        "note",
        "note",
        "Note the selected line, or change its note, which goes when emptied; it is kept in the file.",
        &[(Transcript, ";")],
        alone,
    )
    .called("comment remark annotate")
    .needed(4),
    entry(
        Action::Jump,
        "jump",
        "go to",
        "Go to a time, to the next command of a verb, or to a line by its number.",
        &[(Transcript, "t")],
        alone,
    ),
    entry(
        Action::Explain,
        "explain",
        "explain a text",
        "Explain a reply or the words of a bounce or a log that you type or paste; nothing of it goes to the server.",
        &[(Transcript, "X")],
        talking,
    )
    .called("decode paste bounce code meaning log ndr"),
    entry(
        Action::Copy,
        "copy",
        "copy",
        "Copy the line, the exchange, the whole conversation, or a swaks command that does the same.",
        &[(Transcript, "y"), (Panel, "y")],
        told,
    )
    .called("clipboard yank swaks")
    .needed(3),
    entry(
        Action::Timing,
        "timing",
        "timing",
        "See where the time went: a bar for DNS, connecting, TLS and each exchange; s goes from slow to less slow.",
        &[(Transcript, "T"), (Panel, "T")],
        told,
    )
    .called("slow latency duration time bars waterfall"),
    entry(
        Action::Play,
        "play",
        "play",
        "Play the conversation as it happened, from the marked line on; once more pauses it.",
        &[(Transcript, "p")],
        |model| told(model) && model.is_offline() && model.replay.is_none() && !model.talk.partial,
    )
    .called("playback real time pause"),
    entry(Action::Faster, "faster", "faster", "Play twice as fast, or more.", &[(Transcript, "+")], plays).needed(4),
    entry(Action::Slower, "slower", "slower", "Play more slowly.", &[(Transcript, "-")], plays).needed(4),
    entry(Action::EndPlay, "end-play", "show all", "End the playback and show the whole again.", &[], plays),
    entry(
        Action::SaveAs,
        "save-as",
        "save as",
        "Save a copy of the conversation, with notes and bookmarks in their places.",
        &[(Transcript, "w"), (Panel, "w")],
        told,
    )
    .called("log transcript file write store"),
    entry(
        Action::Export,
        "export",
        "export",
        "Write the conversation in another format: Markdown or HTML with what the replies mean, text, JSON, pcapng and others.",
        &[(Transcript, "x"), (Panel, "x")],
        told,
    )
    .called("markdown md text txt html report log")
    .needed(3),
    entry(
        Action::Anonymised,
        "export-anonymised",
        "export without names",
        "Write the conversation with its addresses, hosts and IP addresses replaced, so that it can be shown to others.",
        &[(Transcript, "A"), (Panel, "A")],
        told,
    )
    .called("anonymise anonymize anonymous vendor public post redact")
    .needed(6),
    entry(
        Action::NextFile,
        "next-file",
        "next file",
        "Show the next of the opened files.",
        &[(Transcript, ">"), (Everywhere, "alt-right")],
        several_files,
    )
    .needed(6),
    entry(
        Action::PreviousFile,
        "previous-file",
        "file before",
        "Show the one before of the opened files.",
        &[(Transcript, "<"), (Everywhere, "alt-left")],
        several_files,
    )
    .needed(6),
];

/// Two columns do not show the rows of one conversation.
fn alone(model: &Model) -> bool {
    told(model) && model.replay.is_none()
}

fn plays(model: &Model) -> bool {
    model.playback.is_some()
}

fn several_files(model: &Model) -> bool {
    model.files.several() && !open(model)
}
