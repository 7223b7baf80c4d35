//! swaks's options by the same names: the table, its short forms, what is said of its exit codes.

use std::ffi::OsString;
use std::fmt::Write as _;

use serde::Deserialize;

use super::{glued, meant};
use crate::smtp::nearest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub(super) option: Vec<Entry>,
    exit: Vec<ExitCode>,
}

/// What becomes of one of swaks's exit codes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExitCode {
    code: u8,
    /// What it says.
    means: String,
    /// In what it differs, or why there is none; empty where it is the same.
    #[serde(default)]
    note: String,
}

/// What becomes of one of swaks's options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Its names; the first is ehlo's where it has the option.
    pub(super) names: Vec<String>,
    pub(super) verdict: Held,
    #[serde(default)]
    pub(super) note: String,
    /// A value that it takes, for the test that tries each.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests' own"))]
    pub(super) example: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum Held {
    Same,
    Differs,
    Absent,
}

/// The table of `assets/swaks.toml`.
pub(super) fn table() -> Table {
    let text = crate::assets::text("swaks.toml").expect("it is compiled in");
    toml::from_str(text).expect("a test reads it")
}

/// The table as `--help-swaks` prints it.
pub(super) fn help() -> String {
    let Table { option, exit } = table();
    let mut out = "\
swaks's options in `ehlo send`

Without any option for it ehlo uses STARTTLS where it is offered and verifies the certificate; swaks does neither
(--no-tls, --no-tls-verify). With MAIL go SIZE, BODY and SMTPUTF8 where they are offered (--bare-mail leaves them out).
An option of one value that is given twice is a mistake; swaks takes the last. A value has a space before it: a word with
one dash is the whole name of an option, or flags of one letter each (swaks takes those one by one).
Lines of the message are marked -| and ~|. A message leaves the machine only with --yes-really-send.
"
    .to_owned();
    for (held, title) in [
        (Held::Same, "The same"),
        (Held::Differs, "By the same name, with a difference"),
        (Held::Absent, "Not there, and why"),
    ] {
        let _ = write!(out, "\n{title}\n");
        for entry in option.iter().filter(|entry| entry.verdict == held) {
            let _ = writeln!(out, "  {}", entry.names.join(", "));
            if !entry.note.is_empty() {
                let _ = writeln!(out, "      {}", entry.note);
            }
        }
    }
    out.push_str("\nExit status: ehlo's own; --swaks-exit-codes gives swaks's numbers\n");
    for ExitCode { code, means, note } in exit {
        let _ = writeln!(out, "  {code:>2}  {means}");
        if !note.is_empty() {
            let _ = writeln!(out, "      {note}");
        }
    }
    out
}

/// Words of a command line that swaks understands, as clap does: `-tlsc`, `--h-Subject x`.
///
/// # Errors
/// An option of swaks's that ehlo lacks: clap would read `-dab` as `-d ab`, and another message would go out.
pub(in crate::cli) fn normalised(words: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let Table { option, .. } = table();
    let command = <super::Arguments as clap::Args>::augment_args(clap::Command::new("send"));
    let mut command = <crate::cli::Common as clap::Args>::augment_args(command);
    // With -h.
    command.build();
    let mut out = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            out.push(word);
            out.extend(words);
            break;
        }
        let field = ["--h-", "-h-", "--header-", "-header-"].iter().find_map(|prefix| text.strip_prefix(prefix));
        // What other mailers call so, and everybody tries.
        let subject = text.strip_prefix("--subject").filter(|rest| rest.is_empty() || rest.starts_with('='));
        let subject = subject.map(|rest| format!("Subject{rest}"));
        if let Some(field) = field.or(subject.as_deref()) {
            let (name, value) = match field.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (field, words.next().map(|value| value.to_string_lossy().into_owned())),
            };
            let name = name.trim_end_matches(':');
            out.push("--header".into());
            out.push(format!("{name}: {}", value.unwrap_or_default()).into());
        } else {
            refuse_password(text, words.peek(), &option, &command)?;
            let word = if let Some(name) = known(text, &option, &command)? {
                OsString::from(name)
            } else {
                whole(text, &option, &command)?;
                word
            };
            if word == "--show-time-lapse" && words.peek().is_some_and(|next| next == "i") {
                return Err(
                    "swaks's i after --show-time-lapse is not there: the time is always in milliseconds; leave i out"
                        .to_owned(),
                );
            }
            let value = word.to_str().is_some_and(|word| wants_value(&command, word)).then(|| words.next()).flatten();
            out.push(word);
            // A value is nobody's name, whatever it looks like.
            out.extend(value);
        }
    }
    Ok(out)
}

/// # Errors
/// A password is glued to a word, or follows it.
fn refuse_password(
    word: &str,
    next: Option<&OsString>,
    table: &[Entry],
    command: &clap::Command,
) -> Result<(), String> {
    let bare = |name: &String| name.trim_start_matches('-').to_owned();
    let known = |name: &str| {
        let listed = table.iter().any(|entry| entry.names.iter().any(|it| bare(it) == name));
        listed || command.get_arguments().any(|it| is_called(it, name)) || meant::tip(&format!("--{name}")).is_some()
    };
    if let Some(shown) = glued::begun(word, table, known) {
        return Err(format!("{shown} is no option; {}", glued::CURE));
    }
    let asks = glued::asks(word, table) && next.is_some_and(|next| !next.to_string_lossy().starts_with('-'));
    if asks { Err(glued::CURE.to_owned()) } else { Ok(()) }
}

/// An option by the name that clap knows, where it has another one here; none where it stays as it is.
///
/// # Errors
/// swaks has it and ehlo does not; in words with what does the same.
fn known(word: &str, table: &[Entry], command: &clap::Command) -> Result<Option<String>, String> {
    let bare = word.trim_start_matches('-');
    let dashes = word.len() - bare.len();
    // Single letters are clap's; swaks takes one dash or two for any name.
    if bare.len() < 2 || !(1..=2).contains(&dashes) {
        return Ok(None);
    }
    let (bare, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
    let here = |name: &str| value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}"));
    let named = |wanted: &str| {
        let has = |name: &String| name.len() > 2 && name.trim_start_matches('-') == wanted;
        table.iter().find(|entry| entry.names.iter().any(has))
    };
    let own = || command.get_arguments().any(|argument| is_called(argument, bare));
    match named(bare) {
        Some(entry) if entry.verdict == Held::Absent => Err(lacking(word, entry)),
        Some(entry) => Ok(Some(here(&entry.names[0]))),
        None if own() => Ok((dashes == 1).then(|| here(&format!("--{bare}")))),
        None if bare.strip_prefix("no-").is_some_and(|taken_back| named(taken_back).is_some()) => {
            let entry = named("no-NAME").filter(|entry| entry.verdict == Held::Absent);
            entry.map_or(Ok(None), |entry| Err(lacking(word, entry)))
        }
        None => Ok(None),
    }
}

/// Whether a word with one dash is an option as it stands, or flags of one letter each. clap would read a name that is
/// mistyped as a letter with its value: `-tolist` as `--to list`.
///
/// # Errors
/// It is none; in words with what may have been meant.
fn whole(word: &str, table: &[Entry], command: &clap::Command) -> Result<(), String> {
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')).unwrap_or_default();
    let mut rest = letters.chars();
    let takes_value = |letter: char| {
        let argument = command.get_arguments().find(|argument| argument.get_short() == Some(letter));
        argument.map(|argument| argument.get_action().takes_values())
    };
    let Some(first) = rest.next().filter(|_| letters.chars().nth(1).is_some()) else { return Ok(()) };
    let valued = takes_value(first) == Some(true);
    if (valued && rest.as_str().starts_with('=')) || letters.chars().all(|letter| takes_value(letter) == Some(false)) {
        return Ok(());
    }
    let name = letters.split('=').next().unwrap_or(letters);
    let shown = |text: &str| crate::smtp::escape::for_screen(text.as_bytes());
    let cure = match (meant::tip(&format!("-{name}")), like(name, table, command), valued) {
        (Some(tip), ..) => tip,
        (None, Some(name), true) => format!("did you mean {name}? A value has a space before it"),
        (None, Some(name), false) => format!("did you mean {name}?"),
        (None, None, true) => format!("write a space before the value: -{first} {}", shown(&name[first.len_utf8()..])),
        (None, None, false) => "--help names them".to_owned(),
    };
    // What follows an equals sign may be a secret, and what is said here may go into a log.
    let rest = if name.len() < letters.len() { "=…" } else { "" };
    Err(format!("-{}{rest} is no option; {cure}", shown(name)))
}

/// The option whose name is most like this, or what it begins with.
fn like(name: &str, table: &[Entry], command: &clap::Command) -> Option<String> {
    let swaks = table.iter().filter(|entry| entry.verdict != Held::Absent).flat_map(|entry| entry.names.clone());
    let own = command.get_arguments().filter_map(clap::Arg::get_long_and_visible_aliases).flatten();
    let all: Vec<String> = swaks.chain(own.map(|name| format!("--{name}"))).filter(|name| name.len() > 3).collect();
    let bare = || all.iter().map(|name| name.trim_start_matches('-'));
    let begins = || bare().filter(|known| name.starts_with(known)).max_by_key(|known| known.len());
    let found = nearest(name, bare(), |typed, own| typed.min(own) / 3).or_else(begins)?;
    all.iter().find(|name| name.trim_start_matches('-') == found).cloned()
}

/// What is said of an option that only swaks has.
fn lacking(word: &str, Entry { names, note, .. }: &Entry) -> String {
    let word = word.split('=').next().unwrap_or(word);
    let long = match names[0].as_str() {
        "--no-NAME" => String::new(),
        long if long == word => String::new(),
        long => format!(" ({long})"),
    };
    format!("swaks's {word}{long} is not there: {note}; --help-swaks has all of its options")
}

/// Whether this is an argument's long name.
fn is_called(argument: &clap::Arg, long: &str) -> bool {
    argument.get_long() == Some(long) || argument.get_all_aliases().unwrap_or_default().contains(&long)
}

/// Whether the next word is this option's value, whatever it looks like.
fn wants_value(command: &clap::Command, word: &str) -> bool {
    let is_it = |argument: &&clap::Arg| match word.strip_prefix("--") {
        Some(long) => is_called(argument, long),
        None => word
            .strip_prefix('-')
            .is_some_and(|short| argument.get_short().is_some_and(|known| short.strip_prefix(known) == Some(""))),
    };
    let argument = command.get_arguments().find(is_it);
    argument.is_some_and(|argument| {
        let least = argument.get_num_args().map_or(1, |range| range.min_values());
        argument.get_action().takes_values() && least > 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn command() -> clap::Command {
        let mut whole = crate::cli::Arguments::command();
        // With what every subcommand takes.
        whole.build();
        whole.find_subcommand("send").expect("it is a subcommand").clone()
    }

    #[test]
    fn the_table_says_what_is_true() {
        let command = command();
        let names: Vec<String> = command
            .get_arguments()
            .flat_map(|argument| {
                let long =
                    argument.get_long_and_visible_aliases().unwrap_or_default().into_iter().map(|l| format!("--{l}"));
                let short = argument.get_short_and_visible_aliases().unwrap_or_default();
                long.chain(short.into_iter().map(|s| format!("-{s}"))).collect::<Vec<_>>()
            })
            .collect();
        let Table { option, .. } = table();
        let mut seen = std::collections::BTreeSet::new();
        for entry in &option {
            let first = &entry.names[0];
            assert!(entry.names.iter().all(|name| seen.insert(name)), "{first} twice");
            let there = names.contains(first);
            assert_eq!(there, entry.verdict != Held::Absent, "{first} is {:?}", entry.verdict);
            assert_eq!(
                entry.note.is_empty(),
                entry.verdict == Held::Same,
                "{first}: a difference is said, and only that"
            );
        }
        let held = option.iter().filter(|entry| entry.verdict != Held::Absent).count();
        assert!(held >= 60, "{held} of swaks's options");
    }

    /// What swaks itself has: all names of an option without dashes, and whether a value follows.
    fn of_swaks() -> Vec<(Vec<&'static str>, bool)> {
        let lines = include_str!("../../../tests/support/swaks-options.tsv").lines();
        let rows = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
        rows.map(|(names, value)| (names.split(' ').collect(), value == "value")).collect()
    }

    fn bare(name: &str) -> &str {
        name.trim_start_matches('-')
    }

    #[test]
    fn the_table_has_every_option_of_swaks_and_no_other() {
        let Table { option, .. } = table();
        let named: Vec<&str> = option.iter().flat_map(|entry| &entry.names).map(|name| bare(name)).collect();
        let known = of_swaks();
        for name in known.iter().flat_map(|(names, _)| names) {
            assert!(named.contains(name), "swaks has {name}, and the table says nothing of it");
        }
        for name in named.iter().filter(|name| !matches!(**name, "h-NAME" | "no-NAME")) {
            assert!(known.iter().any(|(names, _)| names.contains(name)), "swaks has no {name}");
        }
    }

    /// Each name that the table says is there, is; and takes a value where swaks's does.
    #[test]
    fn what_the_table_has_is_understood() {
        use clap::error::ErrorKind;
        let known = of_swaks();
        for entry in table().option.iter().filter(|entry| entry.verdict != Held::Absent) {
            for name in &entry.names {
                let swaks_row = known.iter().find(|(names, _)| names.contains(&bare(name)));
                let Some((_, takes_value)) = swaks_row else { continue };
                // Single letters that are ehlo's own are said to be.
                if name.len() == 2 && entry.note.contains(&format!("{name} is ")) {
                    continue;
                }
                // A password is refused before clap reads it.
                let value = (*takes_value && entry.names[0] != "--auth-password")
                    .then(|| entry.example.clone().unwrap_or_else(|| "x".to_owned()));
                let mut words = vec![OsString::from("send"), OsString::from(name)];
                words.extend(value.map(OsString::from));
                let tried = command().try_get_matches_from(normalised(words.clone()).expect("it is there"));
                let Err(error) = tried else { continue };
                let lacks_others = matches!(
                    error.kind(),
                    ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict | ErrorKind::DisplayHelp
                );
                assert!(lacks_others, "{words:?}: {error}");
            }
        }
    }

    #[test]
    fn short_forms_are_those_of_swaks() {
        for (line, want) in [
            ("-tlsc -au dude", "--tls-on-connect --auth-user dude"),
            ("--tlsc --da=RCPT", "--tls-on-connect --drop-after=RCPT"),
            ("-t a@b -s mx --body -", "-t a@b -s mx --body -"),
            ("--hide-all -stl", "--hide-all --show-time-lapse"),
            ("--json -nv", "--json -nv"),
            ("-t=a@b -verbose -f -fann", "-t=a@b --verbose -f -fann"),
            ("-dkim-key=x -json", "--dkim-key=x --json"),
            ("--body -ah -tlsc", "--body -ah --tls-on-connect"),
            ("-d -ah --silent -tlsc", "-d -ah --silent --tls-on-connect"),
            ("-tlsc -- -tlsc --h-X y", "--tls-on-connect -- -tlsc --h-X y"),
        ] {
            assert_eq!(normalised(words(line, ' ')), Ok(words(want, ' ')), "{line}");
        }
        let field = normalised(vec!["--h-Subject:".into(), "a b".into(), "--header-X=1".into()]);
        assert_eq!(field, Ok(words("--header|Subject: a b|--header|X: 1", '|')));
        let subject = normalised(vec!["--subject".into(), "a b".into(), "--subject=c".into()]);
        assert_eq!(subject, Ok(words("--header|Subject: a b|--header|Subject: c", '|')));
    }

    /// clap would read the first as `-d ab`, and send another message.
    #[test]
    fn what_only_swaks_has_is_refused_by_what_is_said_of_it() {
        for (line, wants) in [
            ("-dab", "swaks's -dab (--dump-as-body) is not there: --as-script shows"),
            ("-dabsp", "passwords are always hidden"),
            ("--dump", "swaks's --dump is not there: "),
            ("--prdr", "LMTP"),
            ("-raw", "--show-raw-text"),
            ("-lp 99", "the system picks the port"),
            ("--tls-cipher=x", "swaks's --tls-cipher is not there: the platform's"),
            ("-am x", "registered names"),
            ("--auth-map x", "registered names"),
            ("-apt", "--auth-plaintext"),
            ("-ahp", "always hidden"),
            ("-pp", "never shown"),
            ("--proxy-protocol x", "--proxy-command"),
            ("--no-header", "nothing to take back"),
            ("-stl i", "leave i out"),
        ] {
            let words = normalised(words(line, ' ')).expect_err(line);
            assert!(words.contains(wants), "{line}: {words}");
        }
        for there in ["--no-tls", "-no-tls-verify", "--no-such-thing", "--body -dab"] {
            assert!(normalised(words(there, ' ')).is_ok(), "{there}");
        }
    }

    /// clap would read each as a letter and its value: another recipient, another sender, another server.
    #[test]
    fn a_word_with_one_dash_that_is_no_option_is_refused() {
        for (line, want) in [
            ("-tolist", "-tolist is no option; did you mean --to? A value has a space before it"),
            ("-stli", "-stli is no option; did you mean -stl?"),
            ("-frog", "-frog is no option; did you mean --from?"),
            ("-fann@x", "-fann@x is no option; write a space before the value: -f ann@x"),
            ("-p25", "write a space before the value: -p 25"),
            ("-reply-to x", "-reply-to is no option; a header field is set by"),
            ("-authuser=x", "-authuser=… is no option; did you mean --auth-user?"),
            ("-xyz", "-xyz is no option; --help names them"),
            ("-ng -nt", "-nt is no option; "),
        ] {
            let words = normalised(words(line, ' ')).expect_err(line);
            assert!(words.contains(want), "{line}: {words}");
        }
    }

    #[test]
    fn a_password_on_the_command_line_is_refused_and_never_repeated() {
        for (line, shown) in [
            ("-apsecret", "-ap… is no option; "),
            ("--apsecret", "--ap… is no option; "),
            ("-APsecret", "-AP… is no option; "),
            ("-auth-passwordsecret", "-auth-password… is no option; "),
            ("--auth-passwordsecret", "--auth-password… is no option; "),
            ("--Auth-Password=secret", "--Auth-Password… is no option; "),
            ("--auth-password=secret", "--auth-password… is no option; "),
            ("-ap=secret", "-ap… is no option; "),
            ("--auth-password secret", ""),
            ("-ap secret --port abc", ""),
            ("--auth-password-envsecret", "--auth-password… is no option; "),
            ("--auth-pass-secret", "--auth-pass… is no option; "),
            ("--passwordsecret", "--password… is no option; "),
            ("-passsecret", "-pass… is no option; "),
        ] {
            let words = normalised(words(line, ' ')).expect_err(line);
            assert!(!words.contains("secret"), "{line}: {words}");
            assert!(
                words.starts_with(&format!("{shown}a password does not belong on the command line")),
                "{line}: {words}"
            );
        }
        for (line, wants) in [
            ("-pass=secret", "-pass=… is no option; that is --auth-password, which asks for it"),
            ("-auth-pass=secret", "-auth-pass=… is no option; that is --auth-password"),
            ("-tolist=secret", "-tolist=… is no option; "),
        ] {
            let words = normalised(words(line, ' ')).expect_err(line);
            assert!(words.contains(wants) && !words.contains("secret"), "{line}: {words}");
        }
        for line in
            ["-ap", "--auth-password -au dude", "--auth-password-env=NODDY", "-apt", "--body -apsecret", "--pass x"]
        {
            let said = normalised(words(line, ' ')).err().unwrap_or_default();
            assert!(!said.contains("does not belong"), "{line}: {said}");
        }
    }

    fn words(line: &str, between: char) -> Vec<OsString> {
        line.split(between).map(OsString::from).collect()
    }

    /// What swaks's manual has under EXIT CODES.
    const EXIT_CODES: [u8; 22] = [0, 1, 2, 3, 4, 5, 6, 10, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 34, 35];

    #[test]
    fn the_table_has_every_exit_code_of_swaks() {
        let codes: Vec<u8> = table().exit.iter().map(|exit| exit.code).collect();
        assert_eq!(codes, [&EXIT_CODES[..], &[36]].concat());
        let help = help();
        assert!(help.contains("\n  25  ") && help.contains("\n   6  "), "{help}");
    }

    #[test]
    fn the_help_names_every_option() {
        let help = help();
        assert!(help.contains("A value has a space before it"), "{help}");
        for entry in table().option {
            assert!(help.contains(&entry.names.join(", ")), "{:?}", entry.names);
        }
    }
}
