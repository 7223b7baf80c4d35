//! What was explained, written as soon as it is: for people one below the other, for programs as one document of JSON.

use std::io::Write as _;

use serde_json::Value;

use super::Exit;
use crate::smtp::escape;

/// The result, as far as it is written.
#[derive(Debug)]
pub(super) struct Output {
    json: bool,
    any: bool,
    exit: Exit,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json, any: false, exit: Exit::Done }
    }

    /// Whether somebody still reads.
    pub(super) fn add(&mut self, json: impl FnOnce() -> Value, text: impl FnOnce() -> String) -> bool {
        let before = match (self.json, self.any) {
            (true, false) => "{\n  \"ehlo\": 1,\n  \"replies\": [\n    ",
            (true, true) => ",\n    ",
            (false, false) => "",
            (false, true) => "\n",
        };
        let own = if self.json {
            escape::for_json(&format!("{:#}", json()).replace('\n', "\n    "))
        } else {
            crate::cli::fold::out(&text())
        };
        self.any = true;
        self.write(&format!("{before}{own}"))
    }

    /// Ends it: done, or what went wrong.
    pub(super) fn end(mut self) -> Exit {
        if self.json {
            let end = if self.any { "\n  ]\n}\n" } else { "{\n  \"ehlo\": 1,\n  \"replies\": []\n}\n" };
            self.write(end);
        }
        self.exit
    }

    fn write(&mut self, words: &str) -> bool {
        let mut out = std::io::stdout().lock();
        match out.write_all(words.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => true,
            // Who reads us may have seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => false,
            Err(error) => {
                self.exit = super::complain(&format!("the result can't be written: {error}"));
                false
            }
        }
    }
}
