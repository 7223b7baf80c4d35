//! A student's own ehlo in a class: the line to the class, and a door on this machine that leads into the student's world.
//!
//! The door ([`Attendance::door`]) is a listener on loopback: whatever connects to it, the workbench or another client, is
//! shown into the student's world as if it had connected there.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::lab::mailbox::Message;
use crate::lab::regular::in_words;
use crate::lesson::Happening;

mod outline;

pub use outline::Outline;

/// The longest line that a class says: a lesson's text, mostly.
const LINE: u64 = 1 << 20;
/// How long a class may take to answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Which class, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// `HOST:PORT`.
    pub server: String,
    /// The code on the wall.
    pub code: String,
    /// The student's name.
    pub name: String,
}

/// What the class says, a line of JSON each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    /// Who is who; the first thing said.
    Hello(Hello),
    /// The lessons of the class, in its order, and how far each has come.
    Course(Vec<Outline>),
    /// A lesson begins, or goes on from where it was.
    Lesson(Box<Given>),
    /// What was judged.
    Happened(Vec<Told>),
    /// A hint.
    Hint(String),
    /// What the instructor says.
    Notice(String),
    /// Everybody is to look up, or to go on.
    Paused(bool),
    /// The exam is over.
    TimeOver,
    /// So many seconds are left of the exam.
    Left(u64),
    /// A question about a reply, which has no answer yet.
    Question(Box<Posed>),
    /// What is to be said of the answer to one; the next one comes when it is asked for.
    Verdict(Judged),
    /// There is no further question; what came of them.
    NoQuestion(String),
    /// A message that lies in a mailbox of the student's world, without its octets: these follow.
    Letter(Box<Posted>),
    /// Octets of the last letter, in base64.
    Piece(String),
    /// That was all the mail.
    Mailbox,
}

/// Who is who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of what is said: 1.
    pub ehlo: u32,
    /// The class.
    pub class: String,
    /// The student's name, as the class has it.
    pub name: String,
    /// What the student's conversations are known by.
    pub token: String,
    /// The certificate of the class's authority, PEM.
    pub ca: String,
    /// The lessons of the class, by name.
    pub lessons: Vec<String>,
    /// Whether it is an exam.
    pub exam: bool,
    /// Seconds until the exam is over.
    pub left: Option<u64>,
    /// Questions about replies that are asked.
    #[serde(default)]
    pub questions: usize,
    /// Whether what was right in them is shown once the exam is over.
    #[serde(default)]
    pub answers: bool,
}

/// A message as it lies in a mailbox, but for its octets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its number, by which it is deleted.
    pub number: u64,
    /// Whose mailbox.
    pub mailbox: String,
    /// The reverse-path; empty for `<>`.
    pub from: String,
    /// The forward-path.
    pub to: String,
    /// Parameters of MAIL and of RCPT, as typed, each after a blank.
    pub parameters: [String; 2],
    /// How the client greeted.
    pub helo: String,
    /// From where it came, and who had logged in and by what TLS, in words.
    pub client: String,
    /// When it was taken.
    pub time: String,
    /// The queue id that the client was told.
    pub queue_id: String,
    /// How many of its octets the server added.
    pub added: usize,
}

impl Posted {
    /// What is known of a message of a lab's.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let envelope = &message.envelope;
        let with = |parameters: &[String]| parameters.iter().flat_map(|p| [" ", p.as_str()]).collect::<String>();
        let mut client = format!("from {}", envelope.client);
        if let Some(tls) = &envelope.tls {
            let _ = write!(client, ", {tls}");
        }
        if let Some(user) = &envelope.authenticated {
            let _ = write!(client, ", logged in as {user}");
        }
        Self {
            number: message.number,
            mailbox: message.mailbox.clone(),
            from: envelope.from.clone(),
            to: message.rcpt.clone(),
            parameters: [with(&envelope.parameters), with(&message.parameters)],
            helo: envelope.helo.clone(),
            client,
            time: format!("{:.0}", envelope.time),
            queue_id: envelope.queue_id.clone(),
            added: message.head.len(),
        }
    }
}

/// A question about a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posed {
    /// Its number, from 0.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// The reply, with its code, on one line.
    pub reply: String,
    /// What the sender may do.
    pub answers: Vec<String>,
    /// The answer that is given, from 0: in an exam it can be changed until the next question is asked.
    #[serde(default)]
    pub chosen: Option<usize>,
}

/// What is to be said of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Whether it is right.
    pub right: bool,
    /// Why.
    pub why: String,
}

/// A lesson as a student gets it: without its solution, and without what decides whether a goal is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its text, as a lesson's file has it.
    pub text: String,
    /// Steps that are done.
    pub ticked: usize,
    /// Hints of the open step that were taken.
    pub hints: usize,
    /// Hints of the steps before it that were taken.
    #[serde(default)]
    pub helped: usize,
    /// Wrong answers so far, those to its questions included.
    #[serde(default)]
    pub wrong: u32,
    /// The listener of the lab that it is about.
    pub listener: String,
    /// Why it is given now, where the student did not ask for it.
    #[serde(default)]
    pub why: String,
    /// Its questions were answered.
    #[serde(default)]
    pub answered: bool,
    /// Something happened that must not: only a fresh start helps.
    #[serde(default)]
    pub spoilt: bool,
}

/// Something that was judged, steps and mistakes from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "as in Happening")]
pub enum Told {
    Ticked(usize),
    Mistaken(usize, usize),
    Spoilt(usize),
    WrongAnswer(usize),
}

impl From<&Happening> for Told {
    fn from(happening: &Happening) -> Self {
        match *happening {
            Happening::Ticked(step) => Self::Ticked(step),
            Happening::Mistaken { step, mistake } => Self::Mistaken(step, mistake),
            Happening::Spoilt(step) => Self::Spoilt(step),
            Happening::WrongAnswer(step) => Self::WrongAnswer(step),
        }
    }
}

impl From<Told> for Happening {
    fn from(told: Told) -> Self {
        match told {
            Told::Ticked(step) => Self::Ticked(step),
            Told::Mistaken(step, mistake) => Self::Mistaken { step, mistake },
            Told::Spoilt(step) => Self::Spoilt(step),
            Told::WrongAnswer(step) => Self::WrongAnswer(step),
        }
    }
}

/// What a student's ehlo says, a line of JSON each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Up {
    /// What was found.
    Answer(String),
    /// The next hint, please.
    Hint,
    /// Another lesson, please.
    Lesson(String),
    /// The same lesson from its beginning, please.
    Reset,
    /// The quiz is done, with so many wrong answers.
    Quiz(u32),
    /// The next question that has no answer, please.
    Question,
    /// The answer to the question of this number: which one, from 0.
    Choose(usize, usize),
    /// The mail of the present lesson's world, please.
    Mail,
    /// The message of this number is to be deleted; then the mail that is left, please.
    Delete(u64),
}

/// A student's place in a class. Dropping it leaves.
#[derive(Debug)]
pub struct Attendance {
    /// Who is who.
    pub hello: Hello,
    /// Where this machine's door is.
    pub door: SocketAddr,
    /// Its news; the end of them is the end of the class.
    pub news: mpsc::UnboundedReceiver<Down>,
    says: mpsc::UnboundedSender<Up>,
    listener: watch::Sender<String>,
    _stop: DropGuard,
}

/// Joins a class.
///
/// # Errors
/// Why not, in words.
pub async fn join(joining: &Joining) -> Result<Attendance, String> {
    tokio::time::timeout(PATIENCE, try_join(joining))
        .await
        .unwrap_or_else(|_| Err(format!("{} does not answer", joining.server)))
}

async fn try_join(joining: &Joining) -> Result<Attendance, String> {
    let Joining { server, code, name } = joining;
    let failed = |error: std::io::Error| format!("can't join at {server}: {}", in_words(&error));
    let (reader, writer) = knock(server, &format!("companion {code} {name}")).await?;
    let (mut reader, mut writer) = (reader, writer);
    let first = line(&mut reader).await.map_err(failed)?;
    let Ok(Down::Hello(hello)) = serde_json::from_str(&first) else {
        return Err(format!("{server} is no class of ehlo's, or of another version"));
    };
    if hello.ehlo != 1 {
        return Err(format!("{server} speaks version {} of ehlo's class; this ehlo speaks version 1", hello.ehlo));
    }
    let stop = CancellationToken::new();
    let (tell, news) = mpsc::unbounded_channel();
    let (says, mut said) = mpsc::unbounded_channel::<Up>();
    let stopped = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stopped.cancelled() => return,
                up = said.recv() => {
                    let Some(up) = up else { return };
                    let mut line = serde_json::to_string(&up).expect("plain data");
                    line.push('\n');
                    if writer.write_all(line.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        }
    });
    let stopped = stop.clone();
    tokio::spawn(async move {
        loop {
            let next = tokio::select! {
                () = stopped.cancelled() => return,
                next = line(&mut reader) => next,
            };
            let Ok(text) = next else { return };
            // What a newer class says beyond this version means nothing here.
            if let Ok(down) = serde_json::from_str::<Down>(&text)
                && tell.send(down).is_err()
            {
                return;
            }
        }
    });
    let listener = watch::Sender::new("smtp".to_owned());
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let door = bound.local_addr().map_err(failed)?;
    let token: Arc<str> = hello.token.as_str().into();
    tokio::spawn(open_door(bound, server.clone(), token, listener.subscribe(), stop.clone()));
    Ok(Attendance { hello, door, news, says, listener, _stop: stop.drop_guard() })
}

impl Attendance {
    /// Says something to the class.
    pub fn say(&self, up: Up) {
        // The class is over; its end comes by the news.
        let _ = self.says.send(up);
    }

    /// Which listener of the lab the door leads to from now on.
    pub fn lead_to(&self, listener: &str) {
        self.listener.send_replace(listener.to_owned());
    }
}

/// Connects to the class, waits for its banner, asks by NOOP, and waits for a 2yz reply.
async fn knock(
    server: &str,
    what: &str,
) -> Result<(BufReader<OwnedReadHalf>, tokio::net::tcp::OwnedWriteHalf), String> {
    let failed = |error: std::io::Error| format!("can't join at {server}: {}", in_words(&error));
    let stream = TcpStream::connect(server).await.map_err(failed)?;
    // Only slower where it can't be said.
    let _ = stream.set_nodelay(true);
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let banner = reply(&mut reader).await.map_err(failed)?;
    if !banner.starts_with("220") {
        return Err(format!("{server} says: {banner}"));
    }
    writer.write_all(format!("NOOP {what}\r\n").as_bytes()).await.map_err(failed)?;
    let answer = reply(&mut reader).await.map_err(failed)?;
    if answer.starts_with("250") { Ok((reader, writer)) } else { Err(format!("{server} says: {answer}")) }
}

/// A reply, its lines joined; the code stands before it.
async fn reply(reader: &mut BufReader<OwnedReadHalf>) -> std::io::Result<String> {
    let mut all = String::new();
    loop {
        let line = line(reader).await?;
        let text = line.get(4..).unwrap_or_default();
        if all.is_empty() {
            all.push_str(line.get(..3).unwrap_or_default());
        }
        all.push(' ');
        all.push_str(text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim_start());
        if line.as_bytes().get(3) != Some(&b'-') || all.len() > 10_000 {
            return Ok(all);
        }
    }
}

/// A line without its end.
async fn line(reader: &mut BufReader<OwnedReadHalf>) -> std::io::Result<String> {
    use tokio::io::AsyncReadExt as _;
    let mut octets = Vec::new();
    let count = reader.take(LINE).read_until(b'\n', &mut octets).await?;
    if count == 0 || octets.last() != Some(&b'\n') {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&octets).trim_end().to_owned())
}

/// Shows each connection into the student's world.
async fn open_door(
    bound: TcpListener,
    server: String,
    token: Arc<str>,
    listener: watch::Receiver<String>,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = bound.accept() => accepted,
        };
        // Out of file descriptors, mostly; the next one may have more luck.
        let Ok((mut inside, _)) = accepted else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (server, what) = (server.clone(), format!("attend {token} {}", &*listener.borrow()));
        let stop = stop.clone();
        tokio::spawn(async move {
            let through = async {
                // Only slower where it can't be said.
                let _ = inside.set_nodelay(true);
                match knock(&server, &what).await {
                    Ok((mut reader, writer)) => {
                        let begun = reader.buffer().to_vec();
                        if inside.write_all(&begun).await.is_err() {
                            return;
                        }
                        reader.consume(begun.len());
                        let Ok(mut outside) = reader.into_inner().reunite(writer) else { return };
                        // However it ends, both sides are dropped then.
                        let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                    }
                    Err(why) => {
                        let _ = inside.write_all(format!("421 4.4.1 {why}\r\n").as_bytes()).await;
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = through => {}
            }
        });
    }
}
