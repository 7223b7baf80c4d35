//! What of a conversation is recorded when secrets go over the wire.

use super::*;
use crate::conversation::Fold;
use crate::conversation::event::Remark;

mod phase;
mod value;

/// The text as a file has it, without the `\c`.
fn file_text(line: &Line) -> Vec<u8> {
    if line.masked {
        return line.bytes.clone();
    }
    let mut out = Vec::new();
    escape::to_file(&line.bytes, &mut out);
    out
}

/// Plays lines such as `> NOOP` and `< 250 ok` (`\c` at the end: no CR LF) and gives what is recorded of them.
fn recorded(mask: &mut Mask, lines: &[&str]) -> Vec<String> {
    let mut fold = Fold::new();
    fold.remark(&Remark::new("connected"), 0);
    fold.received(b"220 mx", true);
    let record = |text: &&str| {
        let (sigil, rest) = text.split_at(2);
        let (rest, crlf) = rest.strip_suffix("\\c").map_or((rest, true), |rest| (rest, false));
        let line = if sigil == "> " {
            let line = mask.sent(&fold.session, rest.as_bytes(), crlf);
            if crlf {
                fold.sent(rest.as_bytes(), 0);
            }
            line
        } else {
            let line = mask.received(rest.as_bytes(), crlf);
            fold.received(rest.as_bytes(), crlf);
            line
        };
        assert_eq!(line.crlf, crlf);
        let text = String::from_utf8(file_text(&line)).expect("the file's text is UTF-8");
        assert_eq!(line.masked, text.contains("{{auth}}"), "{text}");
        format!("{sigil}{text}")
    };
    lines.iter().map(record).collect()
}

fn check(mask: &mut Mask, steps: &[(&str, &str)]) {
    let lines: Vec<_> = steps.iter().map(|(line, _)| *line).collect();
    let want: Vec<_> = steps.iter().map(|(line, want)| if want.is_empty() { *line } else { *want }).collect();
    assert_eq!(recorded(mask, &lines), want);
}

fn knowing(secret: &str) -> Mask {
    let mut mask = Mask::default();
    mask.learn(secret.into());
    mask
}
