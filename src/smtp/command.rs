//! Command lines: parsed as far as they can be, printed, never refused (RFC 5321 4.1).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::path::{Word, envelope, skip_space};
use super::{Verb, escape};

pub use super::path::Path;

/// An ESMTP parameter as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The keyword as typed.
    pub keyword: String,
    /// What follows `=`, where there is one.
    pub value: Option<String>,
    /// Where it stands in the line, octets.
    pub span: Range<usize>,
}

impl Parameter {
    /// A parameter that stands in no line yet. A value whose grammar is xtext is to be encoded before
    /// ([`super::xtext::encode`]).
    #[must_use]
    pub fn new(keyword: &str, value: Option<&str>) -> Self {
        Self { keyword: keyword.to_owned(), value: value.map(str::to_owned), span: 0..0 }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.keyword),
            None => f.write_str(&self.keyword),
        }
    }
}

/// A command line, understood as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The octets, without the line end.
    pub line: Vec<u8>,
    /// The verb.
    pub verb: Verb,
    /// The verb as typed.
    pub word: String,
    /// Where the argument stands in the line: after the verb and the spaces that follow it.
    pub argument: Range<usize>,
    /// The path of MAIL or RCPT, where one was found.
    pub path: Option<Path>,
    /// Where the path stands in the line, brackets included.
    pub path_span: Range<usize>,
    /// The ESMTP parameters of MAIL or RCPT, the attributes of XCLIENT or XFORWARD.
    pub parameters: Vec<Parameter>,
}

/// The words from here on, each a name and, behind `=`, its value.
fn attributes(line: &[u8], from: usize) -> Vec<Parameter> {
    let mut found = Vec::new();
    let mut at = from;
    while at < line.len() {
        let end = at + line[at..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
        let text = String::from_utf8_lossy(&line[at..end]);
        let (keyword, value) = match text.split_once('=') {
            Some((keyword, value)) => (keyword.to_owned(), Some(value.to_owned())),
            None => (text.into_owned(), None),
        };
        found.push(Parameter { keyword, value, span: at..end });
        at = skip_space(line, end);
    }
    found
}

impl Command {
    /// Understands a line (without its end); every line gives a command.
    ///
    /// Lenient on purpose: what a lenient server would take is found (a space after the colon, missing brackets), and
    /// [`super::lint`] says what is wrong with it.
    #[must_use]
    pub fn parse(line: &[u8]) -> Self {
        let start = skip_space(line, 0);
        let after = start + line[start..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
        let argument_at = skip_space(line, after);
        let word = String::from_utf8_lossy(&line[start..after]).into_owned();
        let verb = Verb::from_word(&word);
        let mut command = Self {
            line: line.to_vec(),
            verb,
            word,
            argument: argument_at..line.len(),
            path: None,
            path_span: argument_at..argument_at,
            parameters: Vec::new(),
        };
        if matches!(verb, Verb::Mail | Verb::Rcpt) {
            let envelope = envelope(line, argument_at);
            command.path = envelope.path;
            command.path_span = envelope.path_span;
            command.parameters = envelope
                .rest
                .into_iter()
                .filter_map(|word| match word {
                    Word::Parameter(parameter) => Some(parameter),
                    Word::Junk(_) => None,
                })
                .collect();
        }
        if matches!(verb, Verb::Xclient | Verb::Xforward) {
            command.parameters = attributes(line, argument_at);
        }
        command
    }

    /// `MAIL FROM:<path>` and its parameters.
    #[must_use]
    pub fn mail(path: &Path, parameters: &[Parameter]) -> Self {
        Self::with_path("MAIL FROM:", path, parameters)
    }

    /// `RCPT TO:<path>` and its parameters.
    #[must_use]
    pub fn rcpt(path: &Path, parameters: &[Parameter]) -> Self {
        Self::with_path("RCPT TO:", path, parameters)
    }

    fn with_path(start: &str, path: &Path, parameters: &[Parameter]) -> Self {
        let mut line = format!("{start}{path}");
        for parameter in parameters {
            line.push(' ');
            line.push_str(&parameter.to_string());
        }
        Self::printed(&line)
    }

    /// A verb and its argument; nothing follows the verb where the argument is empty.
    #[must_use]
    pub fn simple(verb: Verb, argument: &str) -> Self {
        let space = if argument.is_empty() { "" } else { " " };
        Self::printed(&format!("{}{space}{argument}", verb.word()))
    }

    /// `BDAT size`, with `LAST` where it is the last chunk (RFC 3030 2).
    #[must_use]
    pub fn bdat(size: u64, last: bool) -> Self {
        Self::printed(&format!("BDAT {size}{}", if last { " LAST" } else { "" }))
    }

    /// A line made here. A control character would end or break the line, so none gets in.
    fn printed(line: &str) -> Self {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        Self::parse(line.as_bytes())
    }

    /// The line as it goes on the wire, without its end.
    #[must_use]
    pub fn to_line(&self) -> &[u8] {
        &self.line
    }

    /// The octets after the verb and its spaces.
    #[must_use]
    pub fn argument(&self) -> &[u8] {
        &self.line[self.argument.clone()]
    }

    /// The argument as text, white space at its end left out: the name of HELO, the user of VRFY, the list of EXPN.
    #[must_use]
    pub fn argument_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.argument().trim_ascii())
    }

    /// The first parameter of this keyword, in any case.
    #[must_use]
    pub fn parameter(&self, keyword: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.keyword.eq_ignore_ascii_case(keyword))
    }

    /// The mechanism of an AUTH, upper case (RFC 4954 4).
    #[must_use]
    pub fn mechanism(&self) -> Option<String> {
        let text = (self.verb == Verb::Auth).then(|| self.argument_text())?;
        text.split_ascii_whitespace().next().map(str::to_ascii_uppercase)
    }

    /// The size and LAST mark of a BDAT (RFC 3030 2), where they can be read.
    #[must_use]
    pub fn chunk(&self) -> Option<(u64, bool)> {
        if self.verb != Verb::Bdat {
            return None;
        }
        let text = std::str::from_utf8(self.argument()).ok()?;
        let mut words = text.split_ascii_whitespace();
        let size = words.next().filter(|size| size.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
        match words.next() {
            None => Some((size, false)),
            Some(word) if word.eq_ignore_ascii_case("LAST") && words.next().is_none() => Some((size, true)),
            Some(_) => None,
        }
    }
}

impl fmt::Display for Command {
    /// The line as a person may see it: what is not fit to be shown is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape::for_screen(&self.line))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_is_taken_apart() {
        let command = Command::parse(b"  rcpt\tTO:<user@host> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b x");
        assert_eq!((command.verb, command.word.as_str()), (Verb::Rcpt, "rcpt"));
        assert_eq!(command.path.as_ref().map(Path::address).as_deref(), Some("user@host"));
        let notify = command.parameter("notify").expect("it stands there");
        assert_eq!(&command.line[notify.span.clone()], b"NOTIFY=SUCCESS,FAILURE");
        assert_eq!(command.parameters.iter().map(|p| p.keyword.as_str()).collect::<Vec<_>>(), ["NOTIFY", "ORCPT", "x"]);
    }

    #[test]
    fn arguments_of_other_verbs() {
        assert_eq!(Command::parse(b"HELO  client.example ").argument_text(), "client.example");
        assert_eq!(Command::parse(b"vrfy Fred Smith").argument_text(), "Fred Smith");
        assert_eq!(Command::parse(b"AUTH plain =").mechanism().as_deref(), Some("PLAIN"));
        assert_eq!(Command::parse(b"AUTH").mechanism(), None);
        for (line, want) in [
            ("BDAT 14", Some((14, false))),
            ("bdat 0 last", Some((0, true))),
            ("BDAT +1", None),
            ("BDAT", None),
            ("BDAT 1 LAST x", None),
            ("BDAT 99999999999999999999999", None),
        ] {
            assert_eq!(Command::parse(line.as_bytes()).chunk(), want, "{line}");
        }
    }

    #[test]
    fn a_printed_command_holds_no_line_end() {
        let command = Command::mail(&Path::of("a\r\nRCPT TO:<x>@b"), &[Parameter::new("SIZE", Some("1\n"))]);
        assert!(!command.line.iter().any(u8::is_ascii_control), "{command}");
        assert_eq!(Command::simple(Verb::Noop, "").to_line(), b"NOOP");
        assert_eq!(Command::bdat(14, true).chunk(), Some((14, true)));
    }

    fn a_path() -> impl Strategy<Value = Path> {
        let local = prop_oneof!["[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,20}", r#""([ -!#-\[\]-~]|\\["\\@>]){0,12}""#];
        let domain =
            prop_oneof!["[a-z0-9-]{1,10}(\\.[a-z]{1,5}){0,3}", Just("[192.0.2.1]".into()), Just("[IPv6:::1]".into())];
        prop_oneof![
            Just(Path::null()),
            Just(Path::of("postmaster")),
            (local, domain).prop_map(|(local, domain)| Path { local, domain, bracketed: true })
        ]
    }

    fn some_parameters() -> impl Strategy<Value = Vec<Parameter>> {
        let one = ("[A-Za-z0-9][A-Za-z0-9-]{0,10}", proptest::option::of("[!-<>-~]{1,12}"))
            .prop_map(|(keyword, value)| Parameter::new(&keyword, value.as_deref()));
        proptest::collection::vec(one, 0..4)
    }

    proptest! {
        #[test]
        fn any_octets_are_a_command(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let command = Command::parse(&line);
            prop_assert_eq!(command.to_line(), &line[..]);
            prop_assert!(command.path_span.end <= line.len() && command.argument.end <= line.len());
        }

        #[test]
        fn any_text_after_mail_is_a_command(
            rest in r#"(MAIL|RCPT)( |\t)?(FROM|TO)? ?:? ?[<>@:"\\ a-c=,\[\]é]{0,20}"#
        ) {
            let command = Command::parse(rest.as_bytes());
            for parameter in &command.parameters {
                let there = String::from_utf8_lossy(&command.line[parameter.span.clone()]);
                prop_assert_eq!(there.into_owned(), parameter.to_string());
            }
        }

        #[test]
        fn a_printed_command_parses_back(path in a_path(), parameters in some_parameters(), mail in any::<bool>()) {
            let command =
                if mail { Command::mail(&path, &parameters) } else { Command::rcpt(&path, &parameters) };
            let back = Command::parse(command.to_line());
            prop_assert_eq!(back.verb, if mail { Verb::Mail } else { Verb::Rcpt });
            prop_assert_eq!(back.path.as_ref(), Some(&path));
            let words = |all: &[Parameter]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
            prop_assert_eq!(words(&back.parameters), words(&parameters));
        }
    }
}
