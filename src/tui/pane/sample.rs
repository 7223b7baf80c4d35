//! Conversations on the screen, for tests, written as a file has them.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(crate) use crate::conversation::sample::event;
use crate::conversation::{Micros, Timed};
use crate::tui::talk::Talk;

/// A live conversation of such lines, a millisecond apart; `@SECONDS` before a line sets its time.
pub(crate) fn talk(text: &str) -> Talk {
    let mut talk = Talk::default();
    add(&mut talk, text);
    talk
}

/// Further lines of a conversation, from the time of its last.
pub(crate) fn add(talk: &mut Talk, text: &str) {
    let mut at = talk.log.len().checked_sub(1).and_then(|n| talk.log.get(n)?.at).map_or(0, |at| at.0 + 1000);
    let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
    let events: Vec<_> = lines
        .map(|line| {
            let line = match line.strip_prefix('@').and_then(|line| line.split_once(' ')) {
                Some((seconds, line)) => {
                    let seconds: f64 = seconds.parse().expect("a time");
                    at = std::time::Duration::from_secs_f64(seconds).as_micros().try_into().expect("a short sample");
                    line
                }
                None => line,
            };
            let event = event(line);
            at += 1000;
            Timed { at: Micros(at - 1000), event }
        })
        .collect();
    talk.take(events);
}

/// Lines made from numbers.
pub(crate) fn each(numbers: impl Iterator<Item = usize>, line: impl FnMut(usize) -> String) -> String {
    numbers.map(line).collect::<Vec<_>>().concat()
}

/// What a pane draws into so many columns and rows, as text.
pub(crate) fn screen(columns: u16, rows: u16, draw: impl FnOnce(Rect, &mut Buffer)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test backend takes any size");
    terminal.draw(|frame| draw(frame.area(), frame.buffer_mut())).expect("a test backend draws");
    terminal.backend().to_string()
}

/// The classic conversation, up to a refused relay.
pub(crate) const REFUSED: &str = "
    @0 * connecting 127.0.0.1:40025
    * connected 127.0.0.1:40025 from 127.0.0.1:53212
    @0.004 < 220 mx.target.local ESMTP ehlo lab
    @3.120 > EHLO noddy.com
    @3.122 < 250-mx.target.local
    < 250-PIPELINING
    < 250-SIZE 10485760
    < 250-STARTTLS
    < 250 DSN
    @7.310 > MAIL FROM:<dude@noddy.com>
    @7.311 < 250 2.1.0 Ok
    @11.870 > RCPT TO:<anotherdude@target.local>
    @11.872 < 250 2.1.5 Ok
    @15.020 > RCPT TO:<friend@elsewhere.example>
    @15.023 < 554 5.7.1 <friend@elsewhere.example>: Relay access denied";
