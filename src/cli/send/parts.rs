//! `--attach`, `--attach-body`, `--attach-type`, `--attach-name`: what they mean hangs on their order.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

/// A part of the message, its content still as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// `@FILE`, `-`, or the text itself.
    pub(super) content: String,
    /// Its media type, where one was given.
    pub(super) media_type: Option<String>,
    /// Its name: none was given, or an empty one for no name at all.
    pub(super) name: Option<String>,
    /// It is a body, not attached.
    pub(super) body: bool,
}

/// The parts in the order in which they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts(pub(super) Vec<Part>);

const IDS: [(&str, &str, &str); 4] = [
    ("attach", "CONTENT", "Attaches @FILE, - for standard input, or the text itself"),
    ("attach-body", "CONTENT", "A text of its own type instead of --body: text/plain and text/html are alternatives"),
    ("attach-type", "TYPE", "The media type of what is attached after it, such as application/pdf"),
    ("attach-name", "NAME", "The name of what is attached next; empty for none"),
];

impl Parts {
    /// Reads them.
    ///
    /// # Errors
    /// A type or a name after which nothing is attached.
    fn of(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given: Vec<(usize, &str, String)> = Vec::new();
        for (id, ..) in IDS {
            let indices = matches.indices_of(id).into_iter().flatten();
            let values = matches.get_many::<String>(id).into_iter().flatten();
            given.extend(indices.zip(values).map(|(at, value)| (at, id, value.clone())));
        }
        given.sort_by_key(|(at, ..)| *at);
        let (mut media_type, mut name) = (None, None);
        let mut parts = Vec::new();
        let mut unused = None;
        for (_, id, value) in given {
            match id {
                "attach-type" => (media_type, unused) = (Some(value), Some(id)),
                "attach-name" => (name, unused) = (Some(value), Some(id)),
                _ => {
                    unused = None;
                    let body = id == "attach-body";
                    let part = Part { content: value, media_type: media_type.clone(), name: name.take(), body };
                    if body {
                        media_type = None;
                    }
                    parts.push(part);
                }
            }
        }
        match unused {
            Some(id) => Err(Error::raw(
                ErrorKind::MissingRequiredArgument,
                format!("--{id} is about what is attached after it, and nothing is; --attach goes behind it"),
            )),
            None => Ok(Self(parts)),
        }
    }
}

impl FromArgMatches for Parts {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::of(matches)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::of(matches)?;
        Ok(())
    }
}

impl Args for Parts {
    fn augment_args(command: Command) -> Command {
        command.args(IDS.map(|(id, value, help)| {
            let argument = Arg::new(id).long(id).value_name(value).help(help).action(ArgAction::Append);
            if id == "attach-name" {
                argument.num_args(0..=1).default_missing_value("")
            } else {
                argument.allow_hyphen_values(true)
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn their_order_says_what_they_mean() {
        let line = [
            "x",
            "--attach-type",
            "text/html",
            "--attach-body",
            "<p>",
            "--attach",
            "@a.bin",
            "--attach-type",
            "application/pdf",
            "--attach-name",
            "b.pdf",
            "--attach",
            "-",
            "--attach",
            "c",
        ];
        let matches = Parts::augment_args(Command::new("x")).try_get_matches_from(line).expect("understood");
        let Parts(parts) = Parts::of(&matches).expect("each is used");
        let seen: Vec<_> =
            parts.iter().map(|p| (p.content.as_str(), p.media_type.as_deref(), p.name.as_deref(), p.body)).collect();
        assert_eq!(
            seen,
            [
                ("<p>", Some("text/html"), None, true),
                ("@a.bin", None, None, false),
                ("-", Some("application/pdf"), Some("b.pdf"), false),
                ("c", Some("application/pdf"), None, false),
            ]
        );
    }

    #[test]
    fn what_nothing_is_attached_after_is_refused() {
        for (line, option) in [
            ("x --attach a --attach-type image/png", "--attach-type"),
            ("x --attach-name foo", "--attach-name"),
            ("x --attach-body a --attach-name", "--attach-name"),
        ] {
            let matches = Parts::augment_args(Command::new("x")).try_get_matches_from(line.split(' ')).expect(line);
            let error = Parts::of(&matches).expect_err(line).to_string();
            assert!(error.contains(&format!("{option} is about what is attached after it")), "{error}");
        }
    }
}
