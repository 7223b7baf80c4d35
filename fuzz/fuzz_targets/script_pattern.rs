//! Patterns, checks and templates of scripts: read or refused with a place in the text, and then matched with anything.
#![no_main]

use ehlo::conversation::file::{ScriptLine, Template};
use ehlo::script::check::Check;
use ehlo::script::pattern::Pattern;
use ehlo::smtp::ReplyReader;
use libfuzzer_sys::fuzz_target;

// The first line is a pattern, the rest is what a server says.
fuzz_target!(|input: &[u8]| {
    let at = input.iter().position(|octet| *octet == b'\n').unwrap_or(input.len());
    let (line, said) = input.split_at(at);
    let text = String::from_utf8_lossy(line);
    match Pattern::parse(&text) {
        Ok(pattern) => {
            let mut reader = ReplyReader::default();
            let mut replies = reader.feed(said.get(1..).unwrap_or_default());
            replies.extend(reader.finish());
            for reply in replies {
                let verdict = pattern.check(&reply);
                assert!(verdict.is_ok() || !pattern.takes_anything());
            }
        }
        Err(misfit) => assert!(misfit.offset <= text.len()),
    }
    if let Err(misfit) = Check::parse(&text) {
        assert!(misfit.offset <= text.len());
    }
    if let Ok(template) = Template::parse(line, 0) {
        let names = template.names().count();
        assert_eq!(template.fill(|_| Some(Vec::new())).is_some(), true);
        assert_eq!(template.fill(|_| None).is_none(), names > 0);
    }
    let _ = ScriptLine::parse(line);
});
