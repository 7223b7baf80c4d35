//! A plan played by a person: which line is next, what was recorded for it, how the reply of now differs.
//!
//! No I/O: what happens is seen in the log ([`Stepper::observe`]), what is to be done is given back as [`Order`]s.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::client::Request;
use crate::conversation::{Dialogue, Log};
use crate::smtp::sasl::Credentials;
use crate::smtp::{Command, Phase, Verb, content};
use crate::world::World;

use super::beside::{Beside, Mark};
use super::login::{Login, around};
use super::masks::Ends;
use super::orders::requests;
use super::plan::{Act, Ask, Plan, Sending};
use super::ties::Ties;
use super::values::Piece;

mod judge;
mod rows;
#[cfg(test)]
mod tests;

/// What a replay needs to know beside its plan.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Who logs in, or why nobody can, in words.
    pub credentials: Result<Credentials, String>,
    /// The password may go out in clear text: the profile allows it, or it is a lab's.
    pub clear_text_password: bool,
    /// The target is marked as production: handing a message over is asked for wherever it leads.
    pub production: bool,
    /// The target, for questions.
    pub host: String,
    /// The time, for the days that a certificate has left.
    pub now: Timestamp,
    /// Randomness, for logins.
    pub world: World,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A line, as it may be shown and edited, and how many more go out in the same write.
    Line(String, usize),
    /// Message content.
    Content {
        /// Its lines; 0 where they are still in their file.
        lines: usize,
        /// Its octets; 0 where they are not known.
        octets: u64,
    },
    /// A wait.
    Sleep(Duration),
    /// A new connection.
    Reconnect,
    /// A close without QUIT.
    Drop,
    /// Nothing: everything was sent.
    Done,
}

/// What is to be done outside.
#[derive(Debug)]
pub enum Order {
    /// This is asked of the connection.
    Ask(Request),
    /// Close, where it is open, and connect again; [`Stepper::reconnected`] then.
    Reconnect,
    /// Close without QUIT.
    Drop,
    /// Go on after this time.
    Wait(Duration),
}

/// Why the next line does not go out as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The connection is closed.
    Closed,
    /// What AUTH carries is not to be had; why.
    Missing(String),
    /// A reply was not as expected, and this would hand over a message that is checked by half only.
    Held,
    /// A message would really be handed over.
    HandOver {
        /// To whom.
        host: String,
        /// For whom: the forward-paths that the server accepted.
        recipients: Vec<String>,
    },
}

/// Whether the next step may follow now, when all is played at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// It may.
    Now,
    /// Something may still be on its way: so long, then [`Stepper::expire`].
    After(Duration),
    /// Something is awaited.
    No,
}

/// A plan, and how far it has been played.
#[derive(Debug)]
pub struct Stepper {
    plan: Plan,
    setup: Setup,
    /// The pauses before its steps, by their lines of the file.
    pauses: BTreeMap<usize, Duration>,
    rows: Vec<Beside>,
    /// The first row of each step.
    row_of: Vec<usize>,
    /// The row after which a reply to each thing asked is shown, where nothing was expected of it.
    place: Vec<Option<usize>>,
    /// How many expectations of each thing asked have not been judged.
    expected: Vec<usize>,
    skipped: Vec<bool>,
    ties: Ties,
    login: Login,
    learned: bool,
    /// The client knows what must not be recorded besides.
    taught: bool,
    /// The step that is played next.
    at: usize,
    /// Steps before it that wait for what they look at, oldest first.
    pending: VecDeque<usize>,
    /// What was sent and has not been looked at to its end.
    open: Vec<Ask>,
    /// The exchange that was looked at last.
    last: Option<usize>,
    /// The two ends of the conversation, as far as they were looked for.
    ends: Ends,
    /// Mail is held back after a failed expectation.
    held: bool,
    /// The mail transaction for which handing over was allowed.
    allowed: Option<u32>,
    /// The last line had no end.
    half: bool,
    quit: bool,
    /// Records of the log that were looked at.
    seen: usize,
    loopback: bool,
    down: bool,
    dialling: bool,
}

impl Stepper {
    /// A plan, before anything is sent. [`Self::begin`] when its connection is being made.
    #[must_use]
    pub fn new(mut plan: Plan, setup: Setup) -> Self {
        // Whoever plays it line by line decides how early a line goes out.
        plan.steps.retain(|step| !matches!(step.act, Act::Early));
        let mut stepper = Self {
            pauses: BTreeMap::new(),
            rows: Vec::new(),
            row_of: Vec::new(),
            place: Vec::new(),
            expected: Vec::new(),
            skipped: Vec::new(),
            ties: Ties::default(),
            login: Login::default(),
            learned: false,
            taught: false,
            at: 0,
            pending: VecDeque::new(),
            open: Vec::new(),
            last: None,
            ends: Ends::default(),
            held: false,
            allowed: None,
            half: false,
            quit: false,
            seen: 0,
            loopback: false,
            down: false,
            dialling: true,
            plan,
            setup,
        };
        stepper.begin(&Log::new(), &Dialogue::new());
        // Nobody was told anything.
        (stepper.dialling, stepper.taught) = (true, false);
        stepper
    }

    /// The same with the pauses of whoever sent it then ([`Plan::pauses`]).
    #[must_use]
    pub fn with_pauses(self, pauses: BTreeMap<usize, Duration>) -> Self {
        Self { pauses, ..self }
    }

    /// Whether anything says when its lines went out.
    #[must_use]
    pub fn has_pauses(&self) -> bool {
        !self.pauses.is_empty()
    }

    /// How long was waited before the next step when it was recorded.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        self.pauses.get(&self.plan.steps.get(self.at)?.line).copied()
    }

    /// A connection is being made, and all is played from the start; what the log holds already is not looked at.
    /// Gives what the client is to be told before the greeting comes.
    pub fn begin(&mut self, log: &Log, dialogue: &Dialogue) -> Vec<Order> {
        (self.rows, self.row_of) = rows::of(&self.plan);
        self.place = vec![None; self.plan.asks];
        self.skipped = vec![false; self.plan.asks];
        self.expected = vec![0; self.plan.asks];
        for step in &self.plan.steps {
            if let Act::Expect(ask, _) = &step.act {
                self.expected[*ask] += 1;
            }
        }
        self.ties = Ties::new(self.plan.asks, dialogue.exchanges().len());
        self.ties.connect(0);
        (self.login, self.learned, self.taught) = (Login::default(), false, false);
        (self.at, self.open, self.last) = (0, vec![0], None);
        self.pending.clear();
        (self.held, self.allowed, self.half, self.quit) = (false, None, false, false);
        (self.seen, self.loopback, self.down, self.dialling) = (log.len(), false, false, false);
        self.gather();
        self.teach()
    }

    /// The new connection that [`Order::Reconnect`] asked for is being made. Gives what the client is to be told before the
    /// greeting comes.
    pub fn reconnected(&mut self, log: &Log) -> Vec<Order> {
        (self.seen, self.loopback, self.down, self.dialling) = (log.len(), false, false, false);
        self.teach()
    }

    /// The rows, recorded beside now.
    #[must_use]
    pub fn rows(&self) -> &[Beside] {
        &self.rows
    }

    /// The row that comes next; the number of rows where nothing does.
    #[must_use]
    pub fn row(&self) -> usize {
        let at = self.pending.front().copied().unwrap_or(self.at);
        self.row_of.get(at).copied().unwrap_or(self.rows.len())
    }

    /// How many lines and messages were sent or skipped, and how many there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let count = |steps: &[super::plan::Step]| -> usize {
            let each = |step: &super::plan::Step| match &step.act {
                Act::Send(lines) => lines.len(),
                Act::Content(_) => 1,
                _ => 0,
            };
            steps.iter().map(each).sum()
        };
        (count(&self.plan.steps[..self.at]), count(&self.plan.steps))
    }

    /// Whether handing over is asked for because the target or the recording is marked as production.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.setup.production
    }

    /// How many rows differ, and how many by their text alone.
    #[must_use]
    pub fn tally(&self) -> (usize, usize) {
        let count = |mark| self.rows.iter().filter(|row| row.mark == mark).count();
        (count(Mark::Differs), count(Mark::Drift))
    }

    /// What comes next.
    #[must_use]
    pub fn next(&self) -> Next {
        match self.plan.steps.get(self.at).map(|step| &step.act) {
            Some(Act::Send(lines)) => {
                Next::Line(lines.first().map(Sending::shown).unwrap_or_default(), lines.len().saturating_sub(1))
            }
            Some(Act::Content(content)) => Next::Content {
                lines: content.octets().map_or(0, |octets| content::lines(octets).count()),
                octets: content.size().unwrap_or(0),
            },
            Some(Act::Sleep(time)) => Next::Sleep(*time),
            Some(Act::Reconnect(_)) => Next::Reconnect,
            Some(Act::Drop | Act::DropAtOnce) => Next::Drop,
            Some(Act::Expect(..) | Act::Check(..) | Act::Guide | Act::Early) | None => Next::Done,
        }
    }

    /// Allows what [`Self::send`] stopped at.
    pub fn allow(&mut self, stop: &Stop, dialogue: &Dialogue) {
        match stop {
            Stop::Held => self.held = false,
            Stop::HandOver { .. } => self.allowed = Some(dialogue.state().session.transactions),
            Stop::Closed | Stop::Missing(_) => {}
        }
    }

    /// Plays the next step; a line as it was `typed`, which is as [`Self::next`] has it unless it was edited.
    ///
    /// # Errors
    /// Why it does not go out; nothing has changed then.
    pub fn send(&mut self, typed: &str, log: &Log, dialogue: &Dialogue) -> Result<Vec<Order>, Stop> {
        self.expire(log, dialogue);
        let at = self.at;
        let Some(step) = self.plan.steps.get(at) else { return Ok(Vec::new()) };
        let orders = match step.act.clone() {
            Act::Send(lines) => return self.lines(at, &lines, typed, log, dialogue),
            Act::Content(content) => {
                if self.down {
                    return Err(Stop::Closed);
                }
                if self.held {
                    return Err(Stop::Held);
                }
                let content = content.requests().into_iter().map(Order::Ask);
                self.teach().into_iter().chain(content).collect()
            }
            Act::Sleep(time) => self.teach().into_iter().chain([Order::Wait(time)]).collect(),
            Act::Drop | Act::DropAtOnce => {
                self.quit = true;
                vec![Order::Drop]
            }
            Act::Reconnect(ask) => {
                self.ties.connect(ask);
                self.open.push(ask);
                (self.login, self.learned, self.taught, self.allowed) = (Login::default(), false, false, None);
                (self.held, self.quit, self.half, self.dialling) = (false, false, false, true);
                vec![Order::Reconnect]
            }
            Act::Expect(..) | Act::Check(..) | Act::Guide | Act::Early => Vec::new(),
        };
        let row = &mut self.rows[self.row_of[at]];
        row.right = row.left.clone();
        row.mark = Mark::Same;
        self.advance();
        Ok(orders)
    }

    fn lines(
        &mut self,
        at: usize,
        lines: &[Sending],
        typed: &str,
        log: &Log,
        dialogue: &Dialogue,
    ) -> Result<Vec<Order>, Stop> {
        let phase = dialogue.state().phase();
        if self.down || phase == Phase::Closed {
            return Err(Stop::Closed);
        }
        let mut lines = lines.to_vec();
        let edited = lines.first().is_some_and(|line| line.shown() != typed);
        if edited && let Some(first) = lines.first_mut() {
            edit(first, typed, phase);
            // What is cut off before it may be the beginning of anything.
            first.begins |= self.half;
        }
        for line in &lines {
            self.may_go(line, log, dialogue)?;
        }
        let mut filled = Vec::new();
        let secure = dialogue.state().session.tls || self.setup.clear_text_password;
        let last = self.last.and_then(|exchange| dialogue.reply(log, exchange));
        let mut orders = self.teach();
        for line in &lines {
            if line.needs_credentials() {
                let credentials = self.setup.credentials.as_ref().map_err(|words| Stop::Missing(words.clone()))?;
                if !self.learned {
                    orders.push(Order::Ask(Request::Learn(credentials.password.clone())));
                    self.learned = true;
                }
            }
            let credentials = self.setup.credentials.as_ref().ok();
            let around = || around(&self.setup.world, log, &dialogue.state().session, None);
            let octets = self.login.fill(line, credentials, around, secure, last.as_ref()).map_err(Stop::Missing)?;
            filled.push((line, octets));
        }
        let (asked, due) = requests(filled, phase == Phase::Data);
        for (ask, line) in due {
            self.ties.await_reply(ask, (!self.half).then_some(line));
            self.open.push(ask);
        }
        self.half = lines.last().is_some_and(|line| line.ending != crate::client::Ending::CrLf);
        for (n, line) in lines.iter().enumerate() {
            let row = self.row_of[at] + n;
            let differs = edited && n == 0;
            self.rows[row].right = vec![format!("> {}", line.shown())];
            self.rows[row].mark = if differs { Mark::Differs } else { Mark::Same };
            self.rows[row].words = if differs { "another line was sent".to_owned() } else { String::new() };
            self.place[line.ask] = Some(row);
            self.quit |= line.verb == Verb::Quit;
            self.held &= !matches!(line.verb, Verb::Rset | Verb::Mail);
        }
        orders.extend(asked.into_iter().map(Order::Ask));
        self.advance();
        Ok(orders)
    }

    /// What must not be recorded is known to the client before anything else is asked of a connection.
    fn teach(&mut self) -> Vec<Order> {
        if self.down || self.dialling || std::mem::replace(&mut self.taught, true) {
            return Vec::new();
        }
        self.plan.secrets.iter().cloned().map(|secret| Order::Ask(Request::LearnName(secret))).collect()
    }

    /// Whether a line may go out now.
    fn may_go(&self, line: &Sending, log: &Log, dialogue: &Dialogue) -> Result<(), Stop> {
        let begins = line.begins;
        if self.held && (begins || line.ends) {
            return Err(Stop::Held);
        }
        let local = self.loopback && !self.setup.production;
        if begins && !local && self.allowed != Some(dialogue.state().session.transactions) {
            let accepted =
                dialogue.envelope().iter().filter(|r| r.verdict() == crate::conversation::dialogue::Verdict::Accepted);
            let recipients = accepted.map(|recipient| dialogue.address(log, recipient)).collect();
            return Err(Stop::HandOver { host: self.setup.host.clone(), recipients });
        }
        Ok(())
    }

    /// Passes over the next step, or over an expectation that waits for what nothing asked for.
    pub fn skip(&mut self, dialogue: &Dialogue) {
        if !dialogue.state().is_waiting()
            && let Some(step) = self.pending.pop_front()
        {
            self.judged_as(step, Mark::Skipped, "skipped");
            return;
        }
        self.pass_over("skipped");
    }

    fn pass_over(&mut self, why: &str) {
        let Some(step) = self.plan.steps.get(self.at) else { return };
        let count = match &step.act {
            Act::Send(lines) => {
                for line in lines {
                    self.skipped[line.ask] = true;
                }
                lines.len()
            }
            _ => 1,
        };
        for row in &mut self.rows[self.row_of[self.at]..][..count] {
            (row.mark, row.words) = (Mark::Skipped, why.to_owned());
        }
        self.advance();
    }

    fn advance(&mut self) {
        self.at += 1;
        self.gather();
    }

    /// Expectations up to the next thing that is done wait for what they look at.
    fn gather(&mut self) {
        while let Some(Act::Expect(..) | Act::Check(..)) = self.plan.steps.get(self.at).map(|step| &step.act) {
            self.pending.push_back(self.at);
            self.at += 1;
        }
    }
}

/// Makes another line of one, as it was typed.
fn edit(line: &mut Sending, typed: &str, phase: Phase) {
    let command = Command::parse(typed.as_bytes());
    let mut known: Vec<Piece> =
        line.pieces.iter().filter(|piece| !matches!(piece, Piece::Octets(_))).cloned().collect();
    known.push(Piece::Auth);
    let mut pieces = Vec::new();
    let mut rest = typed;
    while !rest.is_empty() {
        let next = known.iter().filter_map(|piece| Some((rest.find(&piece.shown())?, piece))).min_by_key(|(at, _)| *at);
        let (before, after) = next.map_or((rest, ""), |(at, piece)| (&rest[..at], &rest[at + piece.shown().len()..]));
        pieces.extend((!before.is_empty()).then(|| Piece::Octets(before.as_bytes().to_vec())));
        pieces.extend(next.map(|(_, piece)| piece.clone()));
        rest = after;
    }
    let answers = phase == Phase::Auth;
    line.verb = if answers || phase == Phase::Data { Verb::Other } else { command.verb };
    let argument = String::from_utf8_lossy(command.argument()).into_owned();
    let mechanism = argument.split_whitespace().next().map(str::to_ascii_uppercase);
    line.mechanism = mechanism.filter(|_| line.verb == Verb::Auth);
    line.dot = phase == Phase::Data && typed == ".";
    line.begins = phase != Phase::Data && super::plan::begins(typed.as_bytes());
    line.ends = line.dot;
    line.answer = answers;
    if line.verb != Verb::Bdat {
        line.payload.clear();
    }
    line.pieces = pieces;
}
