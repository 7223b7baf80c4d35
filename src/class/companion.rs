//! The class's side of the line to a student's own ehlo.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::broadcast::error::RecvError;

use super::Class;
use super::attend::{Down, Given, Hello, Judged, Outline, Posed, Posted, Told, Up};
use super::deed::Hinted;
use super::pool::Question;
use super::settings::Taught;
use super::student::{Companion, News, Student, Work};
use crate::lesson::{Happening, Lesson};

/// The longest line that a student's ehlo says.
const LINE: u64 = 16 << 10;
/// Octets of a letter in one line.
const PIECE: usize = 48 << 10;
/// Never matches: what decides about a goal stays with the class.
const NEVER: &str = "a^";

/// Goes on with a connection as a companion, until it or the class ends.
pub(super) fn attend(
    class: Arc<Class>,
    (companion, second): (Companion, Option<String>),
    stream: TcpStream,
    rest: Vec<u8>,
) {
    tokio::spawn(async move {
        class.stir();
        // The line is cut: there is nobody left to be told why.
        let _ = converse(&class, (companion, second), stream, rest).await;
        class.stir();
    });
}

async fn converse(
    class: &Arc<Class>,
    (mut companion, second): (Companion, Option<String>),
    stream: TcpStream,
    rest: Vec<u8>,
) -> std::io::Result<()> {
    let student = &Arc::clone(&companion.student);
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(std::io::Cursor::new(rest).chain(reader));
    welcome(class, student, second, &mut writer).await?;
    let mut over = false;
    let mut line = Vec::new();
    loop {
        if !over && class.is_over(student, class.now()) {
            over = true;
            say(&mut writer, &Down::TimeOver).await?;
            class.stir();
        }
        let minute = class.next_minute(student);
        tokio::select! {
            read = async { (&mut reader).take(LINE).read_until(b'\n', &mut line).await } => {
                if read? == 0 || line.last() != Some(&b'\n') {
                    return Ok(());
                }
                // What a newer ehlo says beyond this version means nothing here.
                if let Ok(up) = serde_json::from_slice::<Up>(&line) {
                    for answer in take(class, student, up) {
                        say(&mut writer, &answer).await?;
                    }
                }
                line.clear();
            }
            next = companion.news.recv() => {
                let down = match next {
                    Ok(News::Leave) | Err(RecvError::Closed) => return Ok(()),
                    // Who missed something is told all anew.
                    Err(RecvError::Lagged(_)) => {
                        let paused = Down::Paused(*class.paused.borrow());
                        say(&mut writer, &paused).await?;
                        given(class, student, "")
                    }
                    Ok(news) => told(class, student, news),
                };
                let goes_on = down == Down::Paused(false);
                let done = || student.with_current(|work| work.attempt.open().is_none()) == Some(true);
                let moves = matches!(down, Down::Lesson(_)) || matches!(down, Down::Happened(_)) && done();
                say(&mut writer, &down).await?;
                if moves {
                    say(&mut writer, &course(class, student)).await?;
                }
                if let Some(left) = class.left(student).filter(|_| goes_on) {
                    say(&mut writer, &Down::Left(left.as_secs())).await?;
                }
            }
            () = tokio::time::sleep(minute.unwrap_or_default()), if minute.is_some() => {
                let left = class.left(student).unwrap_or_default();
                say(&mut writer, &Down::Left(left.as_secs())).await?;
            }
        }
    }
}

/// What is said first. `second`: what is said where somebody was here by this name already.
async fn welcome(
    class: &Class,
    student: &Student,
    second: Option<String>,
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> std::io::Result<()> {
    say(writer, &Down::Hello(hello(class, student))).await?;
    say(writer, &course(class, student)).await?;
    say(writer, &given(class, student, "")).await?;
    if *class.paused.borrow() {
        say(writer, &Down::Paused(true)).await?;
    }
    for news in class.forward(student) {
        say(writer, &told(class, student, news)).await?;
    }
    match second {
        Some(words) => say(writer, &Down::Notice(words)).await,
        None => Ok(()),
    }
}

/// News as they go over the line.
fn told(class: &Class, student: &Student, news: News) -> Down {
    match news {
        News::Lesson(why) => given(class, student, why),
        News::Happened(happened) => {
            // In an exam nothing is said of mistakes, and which one it is would be something.
            let exam = class.settings.exam.is_some();
            let told = happened.iter().filter(|one| !exam || !matches!(one, Happening::Mistaken { .. }));
            Down::Happened(told.map(Told::from).collect())
        }
        News::Hint(hint) => Down::Hint(hint),
        News::Notice(text) | News::Twice(text) => Down::Notice(text),
        News::Paused(on) => Down::Paused(on),
        News::Leave => Down::Notice("You are no longer of this class.".to_owned()),
    }
}

async fn say(writer: &mut (impl tokio::io::AsyncWrite + Unpin), down: &Down) -> std::io::Result<()> {
    let mut line = serde_json::to_string(down).map_err(std::io::Error::other)?;
    line.push('\n');
    // Whoever does not read is gone.
    let written = tokio::time::timeout(Duration::from_secs(30), writer.write_all(line.as_bytes())).await;
    written.map_err(|_| std::io::ErrorKind::TimedOut)?
}

/// Does what the student's ehlo asks for; what is answered.
fn take(class: &Arc<Class>, student: &Arc<Student>, up: Up) -> Vec<Down> {
    match up {
        Up::Mail => mail(student, None),
        Up::Delete(number) => mail(student, Some(number)),
        Up::Question => asked(class, student),
        other => answered(class, student, other).into_iter().collect(),
    }
}

/// The mail of the present lesson's world, without the message that is to go.
fn mail(student: &Student, without: Option<u64>) -> Vec<Down> {
    let messages = student.with_current(|work| {
        let arena = work.arena()?;
        if let Some(number) = without {
            arena.delete(number);
        }
        Some(arena.messages())
    });
    let mut all = Vec::new();
    for message in messages.flatten().unwrap_or_default() {
        all.push(Down::Letter(Box::new(Posted::of(&message))));
        all.extend(message.raw().chunks(PIECE).map(|octets| Down::Piece(STANDARD.encode(octets))));
    }
    all.push(Down::Mailbox);
    all
}

/// Does what can be answered with one thing at most: why it can't be done, mostly.
fn answered(class: &Arc<Class>, student: &Arc<Student>, up: Up) -> Option<Down> {
    match up {
        Up::Mail | Up::Delete(_) | Up::Question => {}
        Up::Answer(text) => class.answer(student, &text.chars().take(1000).collect::<String>()),
        Up::Hint => {
            if class.hint(student, false) == Hinted::None {
                let why = if class.settings.exam.is_some() {
                    "There are no hints in an exam."
                } else {
                    "There is no further hint."
                };
                return Some(Down::Notice(why.to_owned()));
            }
        }
        Up::Lesson(name) if student.current().as_deref() == Some(name.as_str()) => {
            return Some(given(class, student, ""));
        }
        Up::Lesson(name) => return class.begin(student, &name).err().map(Down::Notice),
        Up::Reset => return class.reset(student).err().map(|why| Down::Notice(sentence(&why))),
        Up::Quiz(wrong) => class.quiz(student, wrong),
        Up::Choose(number, choice) => {
            return Some(match class.choose(student, Some(number), choice) {
                Some((_, question)) if class.settings.exam.is_none() => {
                    Down::Verdict(Judged { right: choice == question.right, why: question.whys[choice].clone() })
                }
                Some((number, question)) => {
                    let of = class.settings.questions;
                    Down::Question(Box::new(pose(question, number, of, Some(choice))))
                }
                None => posed(class, student),
            });
        }
    }
    None
}

/// With a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The question that is asked next; once an exam is over, the next one of those that may be looked at again.
fn asked(class: &Class, student: &Student) -> Vec<Down> {
    if class.is_over(student, class.now())
        && let Ok(asked) = class.look_again(student)
    {
        return again(student, asked);
    }
    // Whoever goes on leaves the answer as it is; what is shown may be answered by NOOP too.
    let (answered, _) = student.answered();
    student.with(|state| state.asked = (answered < class.settings.questions).then_some(answered));
    vec![posed(class, student)]
}

/// The next question of an exam that is over, with what was right; after the last one what came of all.
fn again(student: &Student, asked: Vec<(Question, Option<usize>)>) -> Vec<Down> {
    let number = student.with(|state| {
        state.seen += 1;
        state.seen - 1
    });
    let of = asked.len();
    let Some((question, given)) = asked.into_iter().nth(number) else {
        student.with(|state| state.seen = 0);
        let right = student.answered().1;
        return vec![Down::NoQuestion(format!("The time is over: {right} of {of} questions were answered rightly."))];
    };
    let judged = Judged { right: given == Some(question.right), why: question.looked_at(given) };
    vec![Down::Question(Box::new(pose(question, number, of, given))), Down::Verdict(judged)]
}

/// The question that is open, or what came of all of them; in an exam, where all are answered, the last one again.
fn posed(class: &Class, student: &Student) -> Down {
    let questions = class.questions(student);
    let (answered, right) = student.answered();
    let of = questions.len();
    if class.is_over(student, class.now()) {
        let why = class.look_again(student).err().map_or_else(String::new, |why| format!(" {why}"));
        return Down::NoQuestion(format!("The time is over: {answered} of {of} questions are answered.{why}"));
    }
    match questions.into_iter().nth(answered) {
        Some(question) => Down::Question(Box::new(pose(question, answered, of, None))),
        // The answer to the last one is theirs to change until the time is over, as it is by NOOP.
        None if class.settings.exam.is_some() => last(class, student),
        None => Down::NoQuestion(format!("All {of} questions are answered, {right} of them rightly.")),
    }
}

/// The last question of an exam whose questions all have an answer, with the one that was given.
fn last(class: &Class, student: &Student) -> Down {
    let questions = class.questions(student);
    let of = questions.len();
    let Some((number, question)) = questions.into_iter().enumerate().next_back() else {
        return Down::NoQuestion("No questions are asked in this exam.".to_owned());
    };
    let chosen = student.with(|state| state.chosen.get(&number).map(|(choice, _)| *choice));
    Down::Question(Box::new(pose(question, number, of, chosen)))
}

fn pose(Question { reply, answers, .. }: Question, number: usize, of: usize, chosen: Option<usize>) -> Posed {
    Posed { number, of, reply, answers, chosen }
}

fn hello(class: &Class, student: &Student) -> Hello {
    let any = class.backdrops.values().next();
    Hello {
        ehlo: 1,
        class: class.settings.name.clone(),
        name: student.name.clone(),
        token: student.token.clone(),
        ca: any.map_or_else(String::new, |backdrop| backdrop.ca.to_string()),
        lessons: class.settings.lessons.iter().map(|taught| taught.lesson.name.clone()).collect(),
        exam: class.settings.exam.is_some(),
        left: class.left(student).map(|left| left.as_secs()),
        questions: class.settings.questions,
        answers: class.settings.exam.as_ref().is_some_and(|exam| exam.show_answers),
    }
}

/// The lessons of the class, and how far each has come.
fn course(class: &Class, student: &Student) -> Down {
    let of = |taught: &Taught| {
        let lesson = &taught.lesson;
        let done = student.reached(&lesson.name).unwrap_or(0);
        Outline {
            name: lesson.name.clone(),
            title: lesson.title.clone(),
            about: lesson.hook.clone().unwrap_or_else(|| lesson.intro.clone()),
            minutes: lesson.minutes,
            steps: lesson.steps.len(),
            done,
            earlier: student.helped_before(&lesson.name),
        }
    };
    Down::Course(class.settings.lessons.iter().map(of).collect())
}

/// The student's present lesson, as they get it.
fn given(class: &Class, student: &Student, why: &str) -> Down {
    let exam = class.settings.exam.is_some();
    let listener = class.listener(student).word();
    let given = student.with_current(|work: &Work| Given {
        name: work.lesson().name.clone(),
        text: without_answers(work.lesson(), exam),
        ticked: work.attempt.ticked(),
        hints: work.attempt.hints().len(),
        helped: work.hints.len().saturating_sub(work.attempt.hints().len()),
        wrong: u32::try_from(work.wrong.len()).unwrap_or(u32::MAX).saturating_add(work.quiz.unwrap_or(0)),
        listener: listener.to_owned(),
        why: why.to_owned(),
        answered: work.quiz.is_some(),
        spoilt: work.attempt.is_spoilt(),
    });
    given.map_or_else(|| Down::Notice("No lesson has begun.".to_owned()), |given| Down::Lesson(Box::new(given)))
}

/// A lesson's text without its solution and its goals; in an exam also without hints, mistakes and quiz.
fn without_answers(lesson: &Lesson, exam: bool) -> String {
    let filled = lesson.drawn().fill(lesson.text()).ok();
    let Some(mut table) = filled.and_then(|text| text.parse::<toml::Table>().ok()) else { return String::new() };
    for key in ["solution", "wrong", "vary"] {
        table.remove(key);
    }
    if exam {
        table.remove("quiz");
    }
    let steps = table.get_mut("step").and_then(toml::Value::as_array_mut);
    for (step, known) in steps.into_iter().flatten().zip(&lesson.steps) {
        let Some(step) = step.as_table_mut() else { continue };
        let never = |word: &str| -> toml::Value {
            let text = toml::Value::String(NEVER.to_owned());
            let value =
                if word == "answer" { text } else { toml::Table::from_iter([("argument".to_owned(), text)]).into() };
            toml::Table::from_iter([(word.to_owned(), value)]).into()
        };
        step.insert("goal".to_owned(), never(if known.wants_answer() { "answer" } else { "sent" }));
        if exam {
            step.remove("hints");
            step.remove("mistake");
        }
        let mistakes = step.get_mut("mistake").and_then(toml::Value::as_array_mut);
        for mistake in mistakes.into_iter().flatten().filter_map(toml::Value::as_table_mut) {
            mistake.remove("example");
            mistake.insert("when".to_owned(), never("sent"));
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_student_gets_of_a_lesson_is_one_and_gives_nothing_away() {
        for (name, text) in crate::lesson::course::shipped() {
            let lesson = Lesson::parse(&name, text).expect("well formed");
            for exam in [false, true] {
                let given = without_answers(&lesson, exam);
                let got = Lesson::parse(&name, &given).unwrap_or_else(|error| panic!("{name}: {error}\n{given}"));
                assert_eq!(got.steps.len(), lesson.steps.len(), "{name}");
                let wants = |lesson: &Lesson| {
                    lesson.steps.iter().map(crate::lesson::file::Step::wants_answer).collect::<Vec<_>>()
                };
                assert_eq!(wants(&got), wants(&lesson), "{name}");
                assert!(got.solution.is_none() && got.wrong_ways.is_empty(), "{name}");
                assert_eq!(got.steps.iter().all(|step| step.hints.is_empty()), exam, "{name}");
            }
        }
    }
}
