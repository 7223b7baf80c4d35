//! The figures that the workbench is designed for: `cargo bench --bench figures`. Large samples are made in memory.
//! What somebody at a terminal sees of them is measured by `clock`.
//!
//! | goal | bench |
//! |---|---|
//! | 1,000,000 records open in under 0.3 s, 1.4 times the file's octets | `large::open`, which fails where the memory is more |
//! | a key is painted within 4 ms whatever the length | `screen::key_to_frame` |
//! | the first frame within 15 ms of the start | `screen::first_frame` |

#[path = "clock/sample.rs"]
mod sample;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use sample::transcript;

fn main() {
    divan::main();
}

/// Records of a sample.
const SIZES: [usize; 2] = [10_000, 1_000_000];

/// What a reply costs.
mod reply {
    use ehlo::decode::{Context, Knowledge, explain_reply};
    use ehlo::smtp::{Reply, ReplyReader};

    use super::{Bencher, BytesCount, black_box};

    const EHLO: &[u8] = b"250-mx.target.local\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-STARTTLS\r\n\
        250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n";
    const REFUSED: &[u8] = b"554 5.7.1 <friend@elsewhere.example>: Relay access denied\r\n";

    fn one(bytes: &[u8]) -> Reply {
        ReplyReader::default().feed(bytes).pop().expect("the sample is a whole reply")
    }

    /// Octets off the wire, in pieces as a socket gives them.
    #[divan::bench]
    fn parse(bencher: Bencher<'_, '_>) {
        let stream = [EHLO, REFUSED, b"250 2.1.5 Ok\r\n"].concat().repeat(5_000);
        bencher.counter(BytesCount::of_slice(&stream)).bench_local(|| {
            let mut reader = ReplyReader::default();
            stream.chunks(16 * 1024).map(|piece| reader.feed(black_box(piece)).len()).sum::<usize>()
        });
    }

    /// A refusal that one of the known wordings fits.
    #[divan::bench]
    fn decode(bencher: Bencher<'_, '_>) {
        let knowledge = Knowledge::shipped();
        let (reply, context) = (one(REFUSED), Context::default());
        // What is compiled when it is first needed does not count.
        black_box(explain_reply(&reply, &context, &knowledge));
        bencher.bench_local(|| explain_reply(black_box(&reply), &context, &knowledge));
    }
}

/// What a large file costs.
mod large {
    use ehlo::conversation::Dialogue;
    use ehlo::conversation::file;

    use super::{Bencher, BytesCount, SIZES, black_box, transcript};

    #[divan::bench(args = SIZES, max_time = 5)]
    fn open(bencher: Bencher<'_, '_>, records: usize) {
        let bytes = transcript(records);
        let memory = file::read(&bytes).expect("the sample is well formed").log.memory();
        assert!(memory * 10 <= bytes.len() * 14, "{memory} octets of memory for {} in the file", bytes.len());
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| file::read(black_box(&bytes)));
    }

    #[divan::bench(args = SIZES, max_time = 5)]
    fn fold(bencher: Bencher<'_, '_>, records: usize) {
        let log = file::read(&transcript(records)).expect("the sample is well formed").log;
        bencher.bench_local(|| Dialogue::of(black_box(&log)));
    }
}

/// What a key costs until the screen is painted.
mod screen {
    use std::path::PathBuf;
    use std::sync::Arc;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use ehlo::conversation::file;
    use ehlo::decode::Knowledge;
    use ehlo::tui::message::Message;
    use ehlo::tui::model::{Face, Model};
    use ehlo::tui::talk::Talk;
    use ehlo::tui::update::update;
    use ehlo::tui::view::view;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::{Bencher, SIZES, transcript};

    const SIZE: (u16, u16) = (120, 33);

    fn terminal() -> Terminal<TestBackend> {
        Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a test backend never fails")
    }

    /// From nothing to the start screen, with all that is known.
    #[divan::bench]
    fn first_frame() -> usize {
        let mut model = Model { knowledge: Arc::new(Knowledge::shipped()), face: Face::Start, ..Model::default() };
        update(&mut model, Message::Resize(SIZE.0, SIZE.1));
        let mut terminal = terminal();
        terminal.draw(|frame| view(&model, frame)).expect("a test backend never fails").count
    }

    /// Keys that scroll, select and decode, at the end and at the beginning, one after the other.
    #[divan::bench(args = SIZES, max_time = 5)]
    fn key_to_frame(bencher: Bencher<'_, '_>, records: usize) {
        let log = file::read(&transcript(records)).expect("the sample is well formed").log;
        let path = PathBuf::from("sample.smtp");
        let talk = Box::new(Talk::opened("sample.smtp".to_owned(), path.clone(), log));
        let mut model = Model { knowledge: Arc::new(Knowledge::shipped()), ..Model::default() };
        update(&mut model, Message::Resize(SIZE.0, SIZE.1));
        update(&mut model, Message::Opened { path, talk, whole: true });
        let mut terminal = terminal();
        let mut keys = "G[[kkkg]]jjjG\u{15}\u{15}g\u{4}\u{4}".chars().cycle();
        bencher.bench_local(|| {
            let key = match keys.next().expect("it goes round") {
                control @ '\u{1}'..='\u{1a}' => {
                    let letter = char::from(u8::try_from(control).expect("ASCII") + b'a' - 1);
                    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
                }
                letter => KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE),
            };
            update(&mut model, Message::Key(key));
            terminal.draw(|frame| view(&model, frame)).expect("a test backend never fails").count
        });
    }
}

/// What the start costs, item by item.
mod start {
    use ehlo::decode::Knowledge;
    use ehlo::profile::Profiles;
    use ehlo::tui::keymap::Keymap;
    use ehlo::tui::theme::Themes;

    /// What replies, verbs, capabilities and terms mean; patterns are compiled when they are first needed.
    #[divan::bench]
    fn knowledge() -> Knowledge {
        Knowledge::shipped()
    }

    #[divan::bench]
    fn profiles() -> Profiles {
        Profiles::shipped()
    }

    #[divan::bench]
    fn keymap() -> Keymap {
        Keymap::default()
    }

    #[divan::bench]
    fn themes() -> Themes {
        Themes::default()
    }
}

/// What the machine itself can do, to read the others by.
mod baseline {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::widgets::Block;

    use super::{Bencher, BytesCount, SIZES, black_box, transcript};

    /// A bare screen: a frame around nothing.
    #[divan::bench]
    fn bare_frame() -> usize {
        let mut terminal = Terminal::new(TestBackend::new(120, 33)).expect("a test backend never fails");
        let drawn = terminal.draw(|frame| frame.render_widget(Block::bordered(), frame.area()));
        drawn.expect("a test backend never fails").count
    }

    /// The octets of a transcript copied, line by line.
    #[divan::bench(args = SIZES, max_time = 2)]
    fn copy_lines(bencher: Bencher<'_, '_>, records: usize) {
        let bytes = transcript(records);
        bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
            let mut copy = Vec::with_capacity(bytes.len());
            for line in black_box(&bytes).split_inclusive(|byte| *byte == b'\n') {
                copy.extend_from_slice(line);
            }
            copy
        });
    }
}
