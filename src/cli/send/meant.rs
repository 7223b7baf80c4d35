//! What was meant by an option that `ehlo send` does not have: swaks's by `assets/swaks.toml`, those of other programs by
//! `assets/other-options.toml`.

use std::any::TypeId;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde::Deserialize;

use super::{glued, swaks};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    option: Vec<Entry>,
}

/// Words that stand for what an option of ehlo's does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// As they are typed.
    names: Vec<String>,
    /// The header field that is meant.
    field: Option<String>,
    /// What to write instead.
    means: Option<String>,
}

fn table() -> Vec<Entry> {
    let text = crate::assets::text("other-options.toml").expect("it is compiled in");
    toml::from_str::<Table>(text).expect("a test reads it").option
}

/// The names of other programs' options for which this one is meant.
pub(super) fn names_of(option: &str) -> Vec<String> {
    let means = |entry: &Entry| entry.means.as_deref().is_some_and(|means| means.starts_with(option));
    table().into_iter().filter(means).flat_map(|entry| entry.names).collect()
}

/// The error of a command line, with what was meant by an option that `ehlo send` does not have, and without a password.
pub(in crate::cli) fn told(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    if let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg)
        && let Some(shown) = glued::begun(typed, &swaks::table().option, |_| typed.starts_with("--auth-password-"))
        && shown.len() < typed.len()
    {
        error.remove(ContextKind::Suggested);
        error.insert(ContextKind::InvalidArg, ContextValue::String(shown));
        return error;
    }
    if error.kind() != ErrorKind::UnknownArgument || words.get(1).is_none_or(|word| word != "send") {
        return error;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return error };
    // That the word could be a TARGET if it stood behind `--` helps nobody here.
    let Some(tip) = below_nothing(typed, words).or_else(|| tip(typed)) else {
        error.remove(ContextKind::Suggested);
        return error;
    };
    error.remove(ContextKind::SuggestedArg);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// Of a number below nothing: which option does not take it.
fn below_nothing(typed: &str, words: &[OsString]) -> Option<String> {
    let digits = typed.strip_prefix('-').filter(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))?;
    let at = words.iter().position(|word| {
        let word = word.to_str().and_then(|word| word.strip_prefix('-'));
        word.is_some_and(|rest| rest.starts_with(digits))
    })?;
    let option = words.get(at.checked_sub(1)?)?.to_str().filter(|word| takes_number(word))?;
    Some(format!("{option} takes no number below 1"))
}

/// Whether an option takes a number.
fn takes_number(word: &str) -> bool {
    let send = <super::Arguments as clap::Args>::augment_args(clap::Command::new("send"));
    let argument =
        send.get_arguments().find(|it| it.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long)));
    let numbers = [TypeId::of::<u8>(), TypeId::of::<u16>(), TypeId::of::<u64>()];
    argument.is_some_and(|it| numbers.iter().any(|number| it.get_value_parser().type_id() == *number))
}

/// What to write instead of an option, in words.
pub(super) fn tip(typed: &str) -> Option<String> {
    let bare = typed.trim_start_matches('-');
    let is_it = |name: &String| name == typed || (bare.len() > 1 && name.trim_start_matches('-') == bare);
    if let Some(entry) = table().into_iter().find(|entry| entry.names.iter().any(is_it)) {
        return entry.field.map(|field| of_field(&field)).or(entry.means.map(|means| format!("that is {means} here")));
    }
    if let Some(field) = bare.strip_prefix("x-").filter(|rest| !rest.is_empty()) {
        return Some(of_field(&format!("X-{field}")));
    }
    let swaks = swaks::table().option.into_iter().find(|entry| entry.names.iter().any(is_it))?;
    (swaks.verdict == swaks::Held::Absent).then(|| format!("swaks's {typed} is not there: {}", swaks.note))
}

fn of_field(name: &str) -> String {
    format!("a header field is set by `--header \"{name}: …\"`, or as swaks has it by `--h-{name} …`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    fn options() -> Vec<String> {
        let mut whole = crate::cli::Arguments::command();
        // With what every subcommand takes.
        whole.build();
        let send = whole.find_subcommand("send").expect("it is a subcommand");
        let names = |argument: &clap::Arg| {
            let long = argument.get_long_and_visible_aliases().unwrap_or_default();
            let short = argument.get_short_and_visible_aliases().unwrap_or_default();
            let long = long.into_iter().map(|name| format!("--{name}"));
            long.chain(short.into_iter().map(|name| format!("-{name}"))).collect::<Vec<_>>()
        };
        send.get_arguments().flat_map(names).collect()
    }

    #[test]
    fn each_word_leads_to_an_option_that_there_is_and_is_none_itself() {
        let options = options();
        let known = |name: &str| options.iter().any(|option| option == name);
        let mut seen = std::collections::BTreeSet::new();
        for Entry { names, field, means } in table() {
            assert!(field.is_some() != means.is_some(), "{names:?}");
            for name in names {
                assert!(!known(&name) && name.starts_with('-'), "{name} is an option of ehlo's own");
                assert!(seen.insert(name.clone()), "{name} twice");
            }
            let means = means.unwrap_or_default();
            let words =
                means.split([' ', ',', ';', '`', '"']).filter(|word| word.starts_with('-') && !word.contains('…'));
            for word in words {
                assert!(known(word), "{word} is no option of `ehlo send`: {means}");
            }
        }
    }

    #[test]
    fn what_was_meant_is_told_in_place_of_what_helps_nobody() {
        let said = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let error = crate::cli::Arguments::try_parse_from(&words).expect_err(line);
            told(error, &words).to_string()
        };
        for (line, words) in [
            ("ehlo send lab: --reply-to x", "`--header \"Reply-To: …\"`, or as swaks has it by `--h-Reply-To …`"),
            ("ehlo send lab: --x-mailer me", "--header \"X-mailer: …\""),
            ("ehlo send lab: --mail-rcpt a@b", "that is --to ADDRESS here"),
            ("ehlo send lab: --upload-file=mail.eml", "that is --data @FILE here"),
            ("ehlo send lab: -k", "that is --no-tls-verify here"),
            ("ehlo send lab: --user dude:secret", "does not belong on the command line"),
            ("ehlo send lab: --prdr", "swaks's --prdr is not there"),
            ("ehlo send lab: --dump-as-body", "swaks's --dump-as-body is not there"),
            ("ehlo send lab: --bdat -1", "--bdat takes no number below 1"),
            ("ehlo send lab: --heder x", "a similar argument exists: '--header'"),
        ] {
            let said = said(line);
            assert!(said.contains(words), "{line}: {said}");
            assert!(!said.contains("use '-- ") && !said.contains("secret"), "{line}: {said}");
        }
        for option in ["--to", "--helo", "--from", "--auth-user"] {
            let said = said(&format!("ehlo send lab: {option} -1"));
            assert!(!said.contains("number"), "{option}: {said}");
        }
        for line in ["ehlo run x --auth-passwordsecret", "ehlo probe lab: --passwordsecret"] {
            assert!(!said(line).contains("secret"), "{line}: {}", said(line));
        }
        let elsewhere = said("ehlo probe lab: --reply-to x");
        assert!(!elsewhere.contains("--header"), "{elsewhere}");
    }
}
