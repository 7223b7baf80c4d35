//! XCLIENT on the way to mail: what it says, in which lines, and what it means that a server does not take it (Postfix,
//! `XCLIENT_README`).

use std::collections::VecDeque;

use crate::smtp::{Session, xtext};

/// Octets of a command line without its end (RFC 5321 4.5.3.1.4).
const LINE: usize = 510;

/// What one XCLIENT says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// Attributes with their values, not encoded; in more than one line where they have no room in one.
    Attributes(Vec<(String, String)>),
    /// Everything after the verb, as it is.
    AsIs(String),
}

/// What is to be told by XCLIENT. Without anything else it is told where it is offered, as far as the server takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Xclient {
    /// What is said, each in a line of its own.
    pub sayings: VecDeque<Saying>,
    /// Attributes are said although the server does not name them.
    pub unasked: bool,
    /// It is said before STARTTLS.
    pub before_tls: bool,
    /// No mail where the server does not offer it, or one of the attributes.
    pub required: bool,
    /// It goes on although the server refuses it.
    pub forgiving: bool,
    /// Attributes that the server does not take.
    pub untold: Vec<String>,
}

impl From<Vec<(String, String)>> for Xclient {
    /// Attributes as a profile has them.
    fn from(attributes: Vec<(String, String)>) -> Self {
        let sayings = if attributes.is_empty() { Vec::new() } else { vec![Saying::Attributes(attributes)] };
        Self { sayings: sayings.into(), ..Self::default() }
    }
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// This line is next.
    Line(Vec<u8>),
    /// Nothing can be told, or nothing is left.
    Nothing,
    /// No mail; why, in words.
    Never(String),
}

impl Xclient {
    /// Whether something is left to be told.
    #[must_use]
    pub fn is_left(&self) -> bool {
        !self.sayings.is_empty()
    }

    /// The next line, as the server's offer has it.
    pub(super) fn next(&mut self, session: &Session) -> Told {
        if self.sayings.is_empty() {
            return Told::Nothing;
        }
        let Some(offered) = session.capabilities.get("XCLIENT") else {
            let never = || Told::Never("The server does not offer XCLIENT.".to_owned());
            return if self.required { never() } else { Told::Nothing };
        };
        let taken = |name: &str| self.unasked || offered.parameters.iter().any(|word| word.eq_ignore_ascii_case(name));
        let named = self.sayings.iter().filter_map(|saying| match saying {
            Saying::Attributes(attributes) => Some(attributes),
            Saying::AsIs(_) => None,
        });
        let untaken: Vec<_> = named.flatten().map(|(name, _)| name).filter(|name| !taken(name)).cloned().collect();
        if self.required && !untaken.is_empty() {
            return Told::Never(format!("The server takes no {} from XCLIENT.", untaken.join(", ")));
        }
        for saying in &mut self.sayings {
            if let Saying::Attributes(attributes) = saying {
                attributes.retain(|(name, _)| !untaken.contains(name));
            }
        }
        self.untold.extend(untaken);
        self.line().map_or(Told::Nothing, Told::Line)
    }

    /// The next line of what is left.
    fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut line = b"XCLIENT".to_vec();
            match self.sayings.front_mut()? {
                Saying::AsIs(text) => {
                    line.extend_from_slice(b" ");
                    line.extend_from_slice(text.as_bytes());
                    self.sayings.pop_front();
                    return Some(line);
                }
                Saying::Attributes(attributes) => {
                    let fits = |line: &mut Vec<u8>, (name, value): &(String, String)| {
                        let word = format!(" {name}={}", xtext::encode(value.as_bytes()));
                        let room = line == b"XCLIENT" || line.len() + word.len() <= LINE;
                        if room {
                            line.extend_from_slice(word.as_bytes());
                        }
                        room
                    };
                    let said = attributes.iter().take_while(|attribute| fits(&mut line, attribute)).count();
                    attributes.drain(..said);
                    if attributes.is_empty() {
                        self.sayings.pop_front();
                    }
                    if line != b"XCLIENT" {
                        return Some(line);
                    }
                }
            }
        }
    }

    /// The lines of all of it, for a script: as if the server took everything.
    #[must_use]
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let mut all = self.clone();
        std::iter::from_fn(|| all.line()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sayings_are_divided_and_others_stay_apart() {
        let told = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let long = "x".repeat(300);
        let xclient = Xclient {
            sayings: VecDeque::from([
                Saying::Attributes(vec![told("NAME", &long), told("HELO", &long), told("LOGIN", "a b")]),
                Saying::AsIs("FOO=bar NAME=".to_owned()),
                Saying::Attributes(vec![told("PORT", "4711")]),
            ]),
            ..Xclient::default()
        };
        let lines: Vec<_> = xclient.lines().into_iter().map(|line| String::from_utf8(line).expect("ASCII")).collect();
        assert_eq!(
            lines,
            [
                format!("XCLIENT NAME={long}"),
                format!("XCLIENT HELO={long} LOGIN=a+20b"),
                "XCLIENT FOO=bar NAME=".to_owned(),
                "XCLIENT PORT=4711".to_owned(),
            ]
        );
    }
}
