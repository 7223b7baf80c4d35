//! The loop: waits for the terminal, the wire and background results, updates, has effects carried out, draws.
//!
//! It draws only what changed, at most every [`FRAME`], and has no ticker: while nothing happens nothing wakes it. Keys
//! are taken before what the wire brings.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::class::attend;
use crate::world::World;

use super::ascii::locale_is_utf8;
use super::asking::{Asking, TOO_SOON, put};
use super::dial::Dialler;
use super::effect::Effect;
use super::message::Message;
use super::model::{Face, Files, Focus, Model};
use super::overlay::{is_leaving, looks_at_more};
use super::signals::{Signal, Signals};
use super::terminal::Tty;
use super::{profiles, read, retry, update};

pub use super::dial::Recorded;
pub use super::launch::{Launch, Left, RunError};
pub use super::terminal::{TerminalError, check};

mod effects;

/// The shortest time from one draw to the next.
const FRAME: Duration = Duration::from_millis(8);

/// How often it is looked how far a long message has gone out.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the workbench until it is left. Call [`check`] before.
///
/// # Errors
/// The terminal refuses, or the only file can't be read.
pub async fn run(launch: Launch, world: World) -> Result<Left, RunError> {
    let joining = launch.class.clone();
    let attendance = match &launch.class {
        Some(joining) => Some(attend::join(joining).await.map_err(RunError::Class)?),
        None => None,
    };
    let signals = Signals::listen()?;
    let (sender, background) = mpsc::unbounded_channel();
    let mut bench = Bench {
        model: Model { mouse: true, kept: Some(world.directories.state.join("transcripts")), ..Model::default() },
        tty: Tty::take(&world)?,
        dialler: Dialler::new(world.clone()),
        world,
        signals,
        sender,
        changed: true,
        asking: Asking::default(),
        drawn: None,
        learning: false,
        offering: false,
        leaving: None,
        unreadable: None,
        warnings: Vec::new(),
        searching: Arc::default(),
        holding: CancellationToken::new(),
    };
    bench.dialler.class = attendance;
    bench.dialler.joining = joining;
    bench.begin(launch).await?;
    let interrupted = bench.live(background).await?;
    bench.holding.cancel();
    bench.dialler.close().await;
    bench.dialler.end_journal();
    if let Some(why) = bench.unreadable.take() {
        return Err(RunError::Unreadable(why));
    }
    let (recorded, warnings) = (std::mem::take(&mut bench.dialler.recorded), bench.warnings);
    Ok(Left { recorded, warnings, interrupted })
}

/// The running workbench.
struct Bench {
    model: Model,
    tty: Tty,
    dialler: Dialler,
    world: World,
    signals: Signals,
    sender: mpsc::UnboundedSender<Message>,
    changed: bool,
    /// Which keys answer a question.
    asking: Asking,
    /// When it was last drawn, by the world's clock.
    drawn: Option<Duration>,
    /// What is known has been asked for.
    learning: bool,
    /// So has what the start screen and windows offer.
    offering: bool,
    /// Set to leave; whether by a signal.
    leaving: Option<bool>,
    /// The only file that was to be looked at, and why it can't be.
    unreadable: Option<String>,
    /// What is wrong in the user's own files; said again on leaving.
    warnings: Vec<String>,
    /// The search through the library that goes on, by its number.
    searching: Arc<AtomicU64>,
    /// Stops what is held with two servers.
    holding: CancellationToken,
}

impl Bench {
    async fn begin(&mut self, launch: Launch) -> io::Result<()> {
        self.model.size = self.tty.size()?;
        let (themes, mut warnings) = read::themes(&self.world, launch.plain);
        self.model.theme = themes.current();
        self.model.themes = themes;
        let refused = self.world.variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.model.colourless = launch.plain && refused;
        self.model.knowledge = std::sync::Arc::new(crate::decode::Knowledge::shipped());
        self.model.knowledge_due = true;
        if !locale_is_utf8(|name| self.world.variable(name)) {
            self.model.keymap.name_in_ascii();
        }
        let keymap = self.world.directories.config.join("keymap.toml");
        if let Ok(text) = std::fs::read_to_string(&keymap) {
            warnings.extend(self.model.keymap.overlay(&text));
        }
        self.model.composer.remember(super::remembered::load(&self.world.directories.state));
        self.model.notice = match &warnings[..] {
            [] => None,
            [one] => Some(one.clone()),
            // A row has no room for them all.
            [first, others @ ..] => Some(format!("{} more, told on leaving · {first}", others.len())),
        };
        self.warnings = warnings;
        self.model.start.profiles = profiles::rows(&self.world);
        self.model.files = Files { paths: launch.files, ..Files::default() };
        let warning = self.model.notice.clone();
        if let Some(path) = self.model.files.paths.first().cloned() {
            self.model.talk.source = super::talk::Source::Opened;
            // It is being read, not empty.
            self.model.talk.partial = true;
            self.model.focus = Focus::Transcript;
            self.effect(Effect::Open(path)).await?;
        } else if let Some(target) = launch.target {
            self.model.face = Face::Start;
            self.effect(Effect::Connect(target)).await?;
        } else if let Some(lesson) = launch.lesson {
            self.model.face = Face::Start;
            self.effect(Effect::Learn(lesson)).await?;
        } else {
            self.model.face = Face::Start;
        }
        if self.model.notice.is_none() {
            self.model.notice = warning;
        }
        self.model.settle();
        // What is read beside the loop would take memory and processor from the first frame.
        if put(&self.model).is_none() {
            self.paint()?;
        }
        read::zone(&self.world, self.sender.clone());
        // A file that is being opened comes first: all this takes all processors for a moment.
        if self.model.files.paths.is_empty() {
            self.look_about().await?;
        }
        Ok(())
    }

    fn paint(&mut self) -> io::Result<()> {
        self.tty.draw(&self.model)?;
        self.drawn = Some(self.world.elapsed());
        self.changed = false;
        Ok(())
    }

    /// Lives until it is left; gives whether a signal ended it.
    async fn live(&mut self, mut background: mpsc::UnboundedReceiver<Message>) -> io::Result<bool> {
        let mut keys = EventStream::new();
        loop {
            if let Some(interrupted) = self.leaving {
                return Ok(interrupted);
            }
            match self.turn(&mut keys, &mut background).await {
                // Told by whoever came first: its hang-up, or the screen that could not be drawn.
                Err(error) if super::terminal::is_gone(&error) => self.leaving = Some(true),
                other => other?,
            }
        }
    }

    /// Draws what is due, then takes the next thing that happens.
    async fn turn(
        &mut self,
        keys: &mut EventStream,
        background: &mut mpsc::UnboundedReceiver<Message>,
    ) -> io::Result<()> {
        self.draw_if_due(keys).await?;
        let wake = self.wake();
        tokio::select! {
            biased;
            signal = self.signals.next() => self.signalled(signal).await?,
            input = keys.next() => match input {
                Some(Ok(input)) => self.input(input, self.world.elapsed()).await?,
                // The terminal is gone.
                Some(Err(_)) | None => self.leaving = Some(true),
            },
            message = self.dialler.next() => self.message(message).await?,
            Some(message) = background.recv() => self.message(message).await?,
            () = tokio::time::sleep(wake.unwrap_or_default()), if wake.is_some() => self.woken().await?,
        }
        Ok(())
    }

    /// How long until something is due without anything happening; nothing where nothing is.
    fn wake(&self) -> Option<Duration> {
        let frame = self.changed.then(|| {
            let next = self.drawn.map_or(Duration::ZERO, |drawn| drawn + FRAME);
            next.saturating_sub(self.world.elapsed())
        });
        // A second is counted while a reply is awaited, or a time that a server named.
        let second = retry::turns_in(&self.model, self.dialler.now());
        let moving = self.model.progress.is_some() || self.dialler.progress().is_some();
        [frame, second, moving.then_some(LOOK)].into_iter().flatten().min()
    }

    async fn woken(&mut self) -> io::Result<()> {
        let progress = self.dialler.progress();
        self.changed |= progress != self.model.progress;
        self.model.progress = progress;
        let now = self.dialler.now();
        if retry::has_turned(&self.model, now) {
            self.message(Message::Tick(now)).await?;
        }
        Ok(())
    }

    /// Whether it is to be drawn now; once it is, it stays so until it was.
    fn is_due(&self) -> bool {
        let now = self.world.elapsed();
        self.changed && self.drawn.is_none_or(|drawn| now.saturating_sub(drawn) >= FRAME)
    }

    async fn draw_if_due(&mut self, keys: &mut EventStream) -> io::Result<()> {
        if self.is_due() {
            self.paint()?;
            if self.asking.is_unread(put(&self.model).as_ref()) {
                self.asked(keys).await?;
            }
        }
        Ok(())
    }

    /// A question has just been painted: what waits now was typed before anybody could read it.
    async fn asked(&mut self, keys: &mut EventStream) -> io::Result<()> {
        let now = self.world.elapsed();
        if let Some(question) = put(&self.model) {
            self.asking.painted(question, now);
        }
        loop {
            // Polled with the waker of the loop: the stream keeps the one that it was asked with.
            let next = std::future::poll_fn(|context| match keys.poll_next_unpin(context) {
                Poll::Ready(input) => Poll::Ready(input),
                Poll::Pending => Poll::Ready(None),
            });
            match next.await {
                Some(Ok(input)) => self.input(input, now).await?,
                Some(Err(_)) | None => return Ok(()),
            }
        }
    }

    /// Gives the terminal back, stops the job, and takes the terminal again when it goes on.
    async fn suspend(&mut self) -> io::Result<()> {
        // What is typed while the terminal is lent is read as its driver reads lines: an Enter of then would be no Enter.
        if !Signals::can_stop() {
            return Ok(());
        }
        Tty::lend();
        self.signals.stop().await;
        self.tty.retake()?;
        let (columns, rows) = self.tty.size()?;
        update::update(&mut self.model, Message::Resize(columns, rows));
        self.changed = true;
        Ok(())
    }

    async fn signalled(&mut self, signal: Signal) -> io::Result<()> {
        match signal {
            Signal::End => self.leaving = Some(true),
            Signal::Stop => self.suspend().await?,
            Signal::Woken => {
                self.tty.retake()?;
                self.model.size = self.tty.size()?;
                self.model.settle();
                self.changed = true;
            }
        }
        Ok(())
    }

    /// What the terminal sends, and when it was pressed.
    async fn input(&mut self, input: Input, now: Duration) -> io::Result<()> {
        let leaves = match &input {
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                Some(is_leaving(*key) || looks_at_more(&self.model, *key))
            }
            Input::Paste(_) => Some(false),
            _ => None,
        };
        if let Some(leaves) = leaves
            && !self.asking.hears(leaves, put(&self.model).as_ref(), now)
        {
            self.model.notice = Some(TOO_SOON.to_owned());
            self.changed = true;
            return Ok(());
        }
        let message = match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => Message::Key(key),
            Input::Mouse(mouse) => Message::Mouse(mouse),
            Input::Paste(text) => Message::Paste(text),
            Input::Resize(columns, rows) => {
                // It may be of the size that was drawn last, and have lost what stood there when it was smaller meanwhile.
                self.tty.clear()?;
                Message::Resize(columns, rows)
            }
            _ => return Ok(()),
        };
        self.message(message).await
    }

    async fn message(&mut self, message: Message) -> io::Result<()> {
        self.changed = true;
        let by_key = matches!(message, Message::Key(_));
        let there = self.learning || matches!(message, Message::Opened { whole: true, .. } | Message::NotOpened(..));
        (self.model.today, self.model.fresh) = (Some(self.world.now()), self.world.random());
        if let Message::NotOpened(path, why) = &message
            && self.model.talk.log.is_empty()
            && self.model.files.paths.len() == 1
        {
            self.unreadable = Some(format!("{}{why}", path.display()));
            self.leaving = Some(false);
        }
        let asked = put(&self.model);
        for effect in update::update(&mut self.model, message) {
            self.effect(effect).await?;
        }
        if there {
            self.look_about().await?;
        }
        let asks = put(&self.model);
        // A key that was heard, and another question, leave behind what was said of one that was not.
        if (by_key || asks != asked) && self.model.notice.as_deref() == Some(TOO_SOON) {
            self.model.notice = None;
        }
        self.asking.note(asks.as_ref(), by_key);
        Ok(())
    }
}
