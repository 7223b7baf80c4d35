//! What each overlay says of itself on F1: what it is for, and its keys.

use super::Overlay;

/// What help says of an overlay.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    /// Its name.
    pub(super) heading: &'static str,
    /// What it is for.
    pub(super) words: &'static [&'static str],
    /// Its keys, and what they do; an action in braces stands for its key.
    pub(super) keys: &'static [(&'static str, &'static str)],
}

const CLOSE: (&str, &str) = ("Esc", "closes it");

impl Overlay {
    /// What help says of it; nothing where it is help, or has its own.
    pub(super) fn about(&self) -> Option<&'static About> {
        Some(match self {
            Self::Help(_) | Self::Profile(_) | Self::Question(_) => return None,
            Self::Editor(it) if it.is_form() => &MESSAGE_FORM,
            Self::Editor(_) => &MESSAGE,
            Self::Form(_) => &FORM,
            Self::Menu(_) => &VERBS,
            Self::Palette(_) => &PALETTE,
            Self::Target(_) => &TARGET,
            Self::Other(_) => &OTHER,
            Self::Paste(_) => &PASTE,
            Self::Recall(_) => &RECALL,
            Self::Mail(_) => &MAIL,
            Self::Secret(_) => &SECRET,
            Self::Prompt(_) => &PROMPT,
            Self::Copy(_) => &COPY,
            Self::Reference(_) => &REFERENCE,
            Self::Lessons(_) => &LESSONS,
            Self::Probes(_) => &PROBES,
            Self::Timing(_) => &TIMING,
            Self::Asked(_) => &ASKED,
        })
    }
}

const MESSAGE: About = About {
    heading: "In the message editor",
    words: &[
        "A message is one text: header fields such as Subject, an empty line, and what is to be read. Nothing is sent from \
         here: Ctrl-D puts it on the composer, and there Enter sends it with the dot that ends it.",
        "A line that begins with a dot gets a second one on its way (RFC 5321 4.5.2); write it as it is meant.",
    ],
    keys: &[
        ("Ctrl-D", "done: offered in the composer once 354 has come"),
        ("Esc", "keeps the text, and leaves; {message} goes on with it"),
        ("{templates}", "samples, and files to insert"),
        ("{next-pane}", "the header fields, attachments and encoding as a form"),
        ("Tab", "a tab in the text"),
        ("PgUp  PgDn", "a page up and down; Ctrl-Home and Ctrl-End to the first and last line"),
        ("Ctrl-K", "cuts the rest of the line"),
        ("Ctrl-A  Ctrl-E", "start and end of the line"),
    ],
};

const MESSAGE_FORM: About = About {
    heading: "In the form of the message",
    words: &["What is typed into a field stands in the text beside it at once; an empty field is left out of it."],
    keys: &[
        ("Tab  Shift-Tab", "next and previous field"),
        ("Enter", "next field; in Header, Encoding, HTML and Attach file does what the row below says"),
        ("{next-pane}  Esc", "back to the text"),
        ("Ctrl-D", "done: offered in the composer once 354 has come"),
    ],
};

const FORM: About = About {
    heading: "In the form of a line",
    words: &[
        "The line in its first row is the one that goes back to the composer; each field fills a part of it. Parameters \
         that the server has not offered are marked; it will probably refuse them.",
    ],
    keys: &[
        ("Tab  Shift-Tab", "next and previous field"),
        ("Space", "sets or clears a box, turns a choice"),
        ("Left  Right", "the boxes of a field"),
        ("Enter  Esc", "back to the composer with the line; nothing is sent"),
        ("Ctrl-C", "back, with the line as it was"),
    ],
};

const VERBS: About = About {
    heading: "Among the verbs",
    words: &[
        "The commands of SMTP: those that may follow now stand first. What is taken stands on the composer, unsent.",
    ],
    keys: &[
        ("letters", "show the verbs that begin so"),
        ("Enter  Tab", "takes the marked one as a template"),
        ("{templates}", "takes it as a form"),
        CLOSE,
    ],
};

const PALETTE: About = About {
    heading: "Among all actions",
    words: &["Everything that can be done, by any of its words; its key stands beside it."],
    keys: &[("letters", "look for it"), ("Up  Down", "mark"), ("Enter", "does it"), CLOSE],
};

const TARGET: About = About {
    heading: "Where to connect",
    words: &[
        "A host (mx.example, mx.example:587), a profile, lab: or lab:SCENARIO, mx:DOMAIN for the mail exchanger of a \
         domain, smtps://HOST for TLS from the first byte, or a line such as telnet HOST 25. The row below says how it is \
         read before Enter connects.",
    ],
    keys: &[
        ("Tab", "completes the path of a file, or the name of a scenario after lab:"),
        ("Enter", "connects"),
        ("Esc", "stays"),
    ],
};

const OTHER: About = About {
    heading: "The other side",
    words: &["A target to play the conversation against, or the file of another conversation to compare it with."],
    keys: &[
        ("Up  Down", "conversations that were kept, where a file is asked for"),
        ("Tab", "completes the path of a file"),
        ("Enter", "begins"),
        ("Esc", "stays"),
    ],
};

const PASTE: About = About {
    heading: "What was pasted",
    words: &["A paste of several lines is never sent by itself: the digits say how it is to be used."],
    keys: &[("1…3", "uses it so"), ("Enter", "as 1"), ("Esc", "forgets it; your line stays")],
};

const RECALL: About = About {
    heading: "Among the lines sent before",
    words: &["Lines that hold what is typed, the newest first. The one that is taken stands on the composer, unsent."],
    keys: &[("Up  Down", "mark"), ("{history}", "the next older one"), ("Enter", "takes it"), CLOSE],
};

const MAIL: About = About {
    heading: "In the mail that the lab received",
    words: &["What the server inside ehlo took, as a mail program would have it: its text, its source, its envelope."],
    keys: &[
        ("Enter", "reads the marked message"),
        ("Tab", "the next view of it"),
        ("Up  Down", "mark, or scroll"),
        ("x", "writes it to a file in the working directory"),
        ("d", "deletes it (asks)"),
        ("Esc  q", "back to the list, from there closes it"),
    ],
};

const SECRET: About = About {
    heading: "Where a secret is asked for",
    words: &["It is neither shown nor kept, and masked wherever it is sent; the transcript never holds it."],
    keys: &[("Enter", "goes on with it"), ("Ctrl-U", "empties the line"), ("Esc", "not now")],
};

const PROMPT: About = About {
    heading: "In the line at the foot",
    words: &["The row below it says what it takes."],
    keys: &[("Tab", "completes the path of a file, where one is asked for"), ("Enter", "goes on"), ("Esc", "back")],
};

const COPY: About = About {
    heading: "What is to be copied",
    words: &[
        "By the terminal's clipboard (OSC 52) where it has one, and to a file, since many terminals leave it out without a \
         word.",
    ],
    keys: &[("letters", "copy that"), CLOSE],
};

const REFERENCE: About = About {
    heading: "In the reference",
    words: &["Verbs, reply codes, enhanced status codes, capabilities and terms, each with its RFC."],
    keys: &[
        ("letters", "look for it"),
        ("Enter", "opens it, or follows the marked link"),
        ("Tab", "the next link"),
        ("Backspace", "back"),
        CLOSE,
    ],
};

const LESSONS: About = About {
    heading: "Among the lessons",
    words: &["Each is held with the lab inside ehlo; what was done of it is kept."],
    keys: &[
        ("letters", "show those that have these words"),
        ("Up  Down", "mark"),
        ("Enter", "begins or goes on"),
        CLOSE,
    ],
};

const PROBES: About = About {
    heading: "Among the ready-made tests",
    words: &[
        "Each holds some short conversations with the server of this target, and says what they show. No mail is \
              handed over.",
    ],
    keys: &[("Up  Down", "mark"), ("Enter", "runs it"), CLOSE],
};

const TIMING: About = About {
    heading: "Where the time went",
    words: &[
        "A bar for each exchange: how long the server took, and how long nothing was said. What got no reply has one for as \
         long as it was waited for; of very many exchanges the slowest are listed.",
    ],
    keys: &[("Up  Down", "mark"), ("Enter", "shows it in the transcript"), CLOSE],
};

const ASKED: About = About {
    heading: "A question of the class",
    words: &[
        "A reply, and what its sender may do next. One answer is right, and the first one given counts.",
        "In an exam an answer can be changed until you go on to the next question, that to the last one until the time is over.",
    ],
    keys: &[
        ("letters", "give that answer"),
        ("Enter", "the next question, once this one is answered"),
        ("Esc", "later"),
    ],
};
