//! A transcript in a few words, of a large one from the start and the end of its file alone.

use std::collections::{HashMap, HashSet};
use std::fs::{File, Metadata};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::conversation::dialogue::{Ask, Exchange, Recipient, Verdict};
use crate::conversation::ending::{End, Ending, Extent, ending};
use crate::conversation::file::{Annotations, Document, Header, Reader};
use crate::conversation::{Dialogue, Kind, Log, exam};
use crate::smtp::{Class, EnhancedCode, Phase, ReplyCode, Verb};

/// A file of so many octets is read whole for its summary.
const WHOLE: u64 = 4 << 20;
/// Octets that are read from the start of a larger one.
const LOOKED_AT: u64 = 64 * 1024;
/// Octets that are read from its end.
const END: u64 = 1 << 20;
/// What stands in place of the middle of a file: no reply behind it answers what was asked before.
const GAP: &[u8] = b"0.000000 * warning kind=journal lost=1\n";
/// What became of a conversation where that stands in the middle of a large file, or nowhere.
const UNKNOWN: &str = "not known: the end of the file does not say it, and it is too large to be read for that";

/// Recipients that a summary names.
const NAMED: usize = 50;

/// A transcript in a few words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// Octets.
    pub size: u64,
    /// When the file was last written to, where the system says so.
    pub modified: Option<Timestamp>,
    /// Its title, where it was given one.
    pub title: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// How many notes and bookmarks it has, as far as it was looked at.
    pub notes: usize,
    /// The target as the head has it.
    pub target: Option<String>,
    /// The profile's name.
    pub profile: Option<String>,
    /// When the conversation started.
    pub started: Option<Timestamp>,
    /// What became of it, where anything did.
    pub outcome: Option<Outcome>,
    /// It is being recorded into now, or nobody can tell: how it ended is not known.
    pub live: bool,
    /// It was held in an exam, and its head still says so: what became of it is not explained.
    pub exam: bool,
    /// How many recipients it has, as far as it was looked at; who was tried again counts once.
    pub recipients: usize,
    /// Their forward-paths, the first of them; not escaped for a screen.
    pub to: Vec<String>,
}

/// What became of a conversation: the verdict on its last message, its last refusal, or an end that no reply tells,
/// whichever came later; else its last reply before QUIT. With neither a code nor an end it may be not known, as the text
/// says then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The reply code.
    pub code: Option<ReplyCode>,
    /// The enhanced status code.
    pub enhanced: Option<EnhancedCode>,
    /// The words of the reply without the codes, or of the error; not escaped for a screen.
    pub text: String,
    /// Of a message that was taken: how many of its recipients were refused, where some were, and how many there were.
    pub refused: Option<(usize, usize)>,
    /// How it ended, where no reply tells it; it has no code then.
    pub end: Option<End>,
}

impl Outcome {
    /// The shortest that tells it from others: its code, or how it ended.
    #[must_use]
    pub fn brief(&self) -> String {
        let lost = self.refused.map(|(refused, of)| format!("{refused} of {of} refused · ")).unwrap_or_default();
        match (self.code, self.end) {
            (_, Some(_)) => self.text.split(": ").next().unwrap_or_default().to_owned(),
            (Some(code), None) => format!("{lost}{code}"),
            (None, None) if self.text == UNKNOWN => "not known".to_owned(),
            (None, None) => lost,
        }
    }
}

impl From<Ending> for Outcome {
    fn from(ending: Ending) -> Self {
        Self { text: ending.words, end: Some(ending.end), ..Self::default() }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes = [self.code.map(|code| code.to_string()), self.enhanced.map(|code| code.to_string())];
        let words: Vec<String> = codes.into_iter().flatten().chain([self.text.clone()]).collect();
        if let Some((refused, of)) = self.refused {
            write!(f, "{refused} of {of} refused · ")?;
        }
        f.write_str(&words.join(" "))
    }
}

impl Summary {
    /// The name of its file without `.smtp`.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// When the conversation started; where it does not say so, when its file was last written to.
    #[must_use]
    pub fn when(&self) -> Option<Timestamp> {
        self.started.or(self.modified)
    }

    /// What became of it in short, and its title, where it was given one: the one without the other tells half of it.
    #[must_use]
    pub fn titled(&self) -> Option<String> {
        let title = self.title.as_ref()?;
        let brief = self.outcome.as_ref().map(Outcome::brief).filter(|brief| !brief.is_empty());
        Some(brief.map(|brief| brief + " ").unwrap_or_default() + &format!("“{title}”"))
    }

    /// Whether somebody gave it a title, a tag, a note or a bookmark.
    #[must_use]
    pub fn is_annotated(&self) -> bool {
        self.title.is_some() || !self.tags.is_empty() || self.notes > 0
    }
}

/// A transcript in a few words, of a large one from the start and the end of its file alone. Of a file that can't be read
/// only its place is known.
#[must_use]
pub fn summary(path: &Path) -> Summary {
    let Looked { document, whole, gap, size, modified } = look(path).unwrap_or_default();
    let exam = document.header.exam().is_some();
    let document = if exam { exam::without_answers(&document) } else { document };
    let dialogue = Dialogue::of(&document.log);
    let annotations = Annotations::of(&document);
    let named = dialogue.recipients().iter().map(|it| dialogue.address(&document.log, it));
    let mut known = HashSet::new();
    // Who was tried again counts once.
    let to: Vec<String> = named.filter(|address| known.insert(address.to_lowercase())).collect();
    let text = |key: &str| document.header.text(key).map(str::to_owned);
    let live = goes_on(path, &document.header, &document.log, whole.then_some(size));
    let extent = Extent { torn: gap.is_some(), over: live == Some(false) };
    Summary {
        path: path.to_owned(),
        size,
        modified,
        title: annotations.title,
        tags: annotations.tags,
        notes: annotations.notes.len() + annotations.marks.len(),
        target: text("target"),
        profile: text("profile"),
        started: document.header.started(),
        outcome: became(&dialogue, &document.log, extent, gap),
        live: live == Some(true),
        exam,
        recipients: to.len(),
        to: to.into_iter().take(NAMED).collect(),
    }
}

/// When the conversation of a file was, as its summary has it ([`Summary::when`]), from its head alone.
pub(super) fn when(path: &Path) -> Option<Timestamp> {
    let file = File::open(path).ok()?;
    let modified = modified(&file.metadata().ok()?);
    let mut reader = BufReader::with_capacity(512, file.take(LOOKED_AT));
    let (mut head, mut fences) = (Vec::new(), 0);
    while fences < 2 {
        let begin = head.len();
        // What can't be read is no head.
        if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
            break;
        }
        fences += usize::from(head[begin..].trim_ascii_end().ends_with(b"+++"));
        if fences == 0 {
            break;
        }
    }
    as_far_as_it_goes(&head).0.header.started().or(modified)
}

fn modified(data: &Metadata) -> Option<Timestamp> {
    data.modified().ok().and_then(|at| Timestamp::try_from(at).ok())
}

/// What was read of a file.
#[derive(Default)]
struct Looked {
    /// Its start and its end; of a large one the middle is left out, of a bad one what follows the bad line.
    document: Document,
    /// There was no bad line, and its format is known.
    whole: bool,
    /// The record that stands in place of the middle, where that is left out.
    gap: Option<usize>,
    /// Octets.
    size: u64,
    /// When it was written to.
    modified: Option<Timestamp>,
}

fn look(path: &Path) -> io::Result<Looked> {
    let mut file = File::open(path)?;
    let data = file.metadata()?;
    let size = data.len();
    let mut bytes = Vec::new();
    let mut lines_before = None;
    if size <= WHOLE {
        file.take(WHOLE).read_to_end(&mut bytes)?;
    } else {
        file.by_ref().take(LOOKED_AT).read_to_end(&mut bytes)?;
        bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
        lines_before = Some(memchr::memchr_iter(b'\n', &bytes).count());
        bytes.extend_from_slice(GAP);
        let head = bytes.len();
        file.seek(SeekFrom::Start(size - END))?;
        file.take(END).read_to_end(&mut bytes)?;
        let torn = memchr::memchr(b'\n', &bytes[head..]).map_or(bytes.len(), |end| head + end + 1);
        bytes.drain(head..torn);
    }
    let (document, whole) = as_far_as_it_goes(&bytes);
    let gap = lines_before.map(|lines| (lines + 1).saturating_sub(document.line_of(0)));
    Ok(Looked { document, whole, gap, size, modified: modified(&data) })
}

/// What can be read of a text, and whether that is all of it.
fn as_far_as_it_goes(bytes: &[u8]) -> (Document, bool) {
    let mut reader = Reader::new();
    let read = reader.feed(bytes);
    if read.is_err() {
        return (reader.document().clone(), false);
    }
    if let Ok(document) = reader.finish() {
        let known = !document.read_only;
        return (document, known);
    }
    // Its last line is none.
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
    let mut reader = Reader::new();
    let _ = reader.feed(&bytes[..end]);
    (reader.document().clone(), false)
}

/// What became of a conversation; nothing where nothing was said.
#[must_use]
pub fn outcome(dialogue: &Dialogue, log: &Log) -> Option<Outcome> {
    became(dialogue, log, Extent::default(), None)
}

/// The same of one that was read from a file: where nobody records into it any more, it was left where it stops. `whole`
/// are the octets that were read, where that was all of the file.
#[must_use]
pub fn outcome_in(path: &Path, header: &Header, dialogue: &Dialogue, log: &Log, whole: Option<u64>) -> Option<Outcome> {
    became(dialogue, log, Extent { torn: false, over: goes_on(path, header, log, whole) == Some(false) }, None)
}

/// Whether a conversation is recorded into a file now; nothing where what was read may be a part of one: no ehlo recorded
/// it, it was copied while it went on, or not all could be read. It is locked as long as it goes on, and who looks holds
/// the lock for as short as possible.
fn goes_on(path: &Path, header: &Header, log: &Log, whole: Option<u64>) -> Option<bool> {
    let recorded = header.started().is_some() && header.text("imported").is_none() && header.copied().is_none();
    let size = whole.filter(|_| recorded)?;
    // Whoever let it go since it was read has written its end before.
    let same = || path.metadata().is_ok_and(|data| data.len() == size);
    Some(!(is_closed(log) || is_free(path) && same()))
}

/// Whether the last connection was closed.
fn is_closed(log: &Log) -> bool {
    let words = log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.bytes.split(|b| *b == b' ').next());
    words.filter(|word| matches!(*word, b"connecting" | b"connected" | b"closed")).last() == Some(b"closed")
}

/// Whether nobody records into a file; where the file system knows no locks, nobody can tell.
fn is_free(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock_shared().is_ok())
}

/// What became of it. Where there is a `gap` only what comes after it decides: a later verdict may stand in it.
fn became(dialogue: &Dialogue, log: &Log, extent: Extent, gap: Option<usize>) -> Option<Outcome> {
    let exchanges = dialogue.exchanges();
    let complete = |x: &Exchange| x.complete() && x.code.is_some();
    let decides = |x: &Exchange| complete(x) && (x.is_refusal() || x.ask == Ask::EndOfData);
    // A server that cuts a quiet line (RFC 5321 section 4.5.3.2) takes nothing back of what it said before.
    let takes_leave = |x: &Exchange| {
        x.ask == Ask::Unasked
            && x.code.is_some_and(|code| code.number() == 421)
            && !matches!(x.before(), Phase::Data | Phase::Bdat | Phase::Verdict)
    };
    let verdict = exchanges.iter().rposition(|x| decides(x) && !takes_leave(x));
    let said = verdict.and_then(|x| exchanges[x].reply()).map(|reply| *reply.end());
    let (quiet, ended) = match ending(dialogue, log, extent) {
        Some(ended) if ended.at_rest => (Some(ended), None),
        ended => (None, ended),
    };
    let ended = ended.filter(|ended| said.is_none_or(|said| said < ended.record));
    let last = ended.as_ref().map(|ended| ended.record).or(said);
    if gap.is_some_and(|gap| last.is_none_or(|last| last < gap)) {
        return Some(Outcome { text: UNKNOWN.to_owned(), ..Outcome::default() });
    }
    if let Some(ended) = ended {
        return Some(ended.into());
    }
    let left = || exchanges.iter().rposition(decides);
    if let Some(quiet) = quiet.filter(|_| verdict.is_none() && left().is_none()) {
        return Some(quiet.into());
    }
    let last = || exchanges.iter().rposition(|x| complete(x) && x.verb != Verb::Quit);
    let chosen = verdict.or_else(left).or_else(last).or_else(|| exchanges.iter().rposition(complete))?;
    let chosen = turned_away(exchanges, chosen).unwrap_or(chosen);
    let reply = dialogue.reply(log, chosen)?;
    let refused = lost(dialogue, log, chosen);
    Some(Outcome { code: reply.code(), enhanced: reply.enhanced(), text: reply.text(), refused, end: None })
}

/// The refusal in a greeting's place to which this exchange is the sequel: the server waits for nothing but QUIT then
/// (RFC 5321 section 3.1), and says no more than that.
fn turned_away(exchanges: &[Exchange], chosen: usize) -> Option<usize> {
    let sequel = exchanges[chosen].code.is_some_and(|code| code.number() == 503);
    let greeting = exchanges[..chosen].iter().rposition(|x| x.ask == Ask::Greeting).filter(|_| sequel)?;
    exchanges[greeting].is_refusal().then_some(greeting)
}

/// Of the transaction whose message this exchange took: how many recipients were refused, where some were, and how many
/// there were. Who was tried again counts once.
fn lost(dialogue: &Dialogue, log: &Log, chosen: usize) -> Option<(usize, usize)> {
    let taken = |x: &Exchange| x.code.is_some_and(|code| code.class() == Class::Success);
    dialogue.exchanges().get(chosen).filter(|x| x.ask == Ask::EndOfData && taken(x))?;
    let before = dialogue.recipients().iter().rev().skip_while(|it| it.exchange as usize > chosen);
    let transaction = before.clone().next()?.transaction();
    let own = before.take_while(|it| it.transaction() == transaction);
    let is_lost = |it: &Recipient| matches!(it.verdict(), Verdict::Refused | Verdict::Failed);
    if !own.clone().any(is_lost) {
        return None;
    }
    let mut whom: HashMap<String, bool> = HashMap::new();
    for recipient in own {
        let lost = whom.entry(dialogue.address(log, recipient).to_lowercase()).or_insert(true);
        *lost &= is_lost(recipient);
    }
    let refused = whom.values().filter(|lost| **lost).count();
    (refused > 0).then_some((refused, whom.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::sample;

    #[test]
    fn a_message_that_was_taken_for_some_says_so() {
        let begin =
            "* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<ann@b>\n< 250 ok\n";
        let end = "> DATA\n< 354 go\n| x\n> .\n< 250 2.0.0 Ok: queued\n> QUIT\n< 221 bye";
        let told = |between: &str| {
            let log = sample::log(&format!("{begin}{between}{end}"));
            outcome(&Dialogue::of(&log), &log).map(|it| it.to_string()).unwrap_or_default()
        };
        assert_eq!(told(""), "250 2.0.0 Ok: queued");
        assert_eq!(told("> RCPT TO:<joe@c>\n< 554 5.7.1 no\n"), "1 of 2 refused · 250 2.0.0 Ok: queued");
        let again = "> RCPT TO:<joe@c>\n< 450 4.2.0 later\n> RCPT TO:<Joe@c>\n< 250 ok\n";
        assert_eq!(told(again), "250 2.0.0 Ok: queued", "he has it in the end");
    }

    #[test]
    fn who_was_turned_away_at_the_greeting_was_refused_there() {
        let told = |text: &str| {
            let log = sample::log(text);
            outcome(&Dialogue::of(&log), &log).map(|it| it.to_string()).unwrap_or_default()
        };
        let away = "* connected a\n< 554 5.7.1 blocked using a list\n> EHLO a\n< 503 only QUIT is possible\n";
        assert_eq!(told(&format!("{away}> QUIT\n< 221 bye\n* closed by=server")), "554 5.7.1 blocked using a list");
        let later = "* connected a\n< 220 mx\n> MAIL FROM:<a@b>\n< 503 EHLO first\n* closed by=server";
        assert_eq!(told(&format!("{away}* closed by=server\n{later}")), "503 EHLO first", "of the last connection");
    }

    #[test]
    fn an_end_that_no_reply_tells_is_what_became_of_it() {
        let became = |text: &str| {
            let log = sample::log(text);
            let it = outcome(&Dialogue::of(&log), &log).expect("something became of it");
            (it.code.is_some(), it.end.map(End::name), it.to_string(), it.brief())
        };
        let begun = "* connecting a\n* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n> MAIL FROM:<a@b>\n< 250 ok\n\
            > RCPT TO:<x@b>\n< 550 no\n> RCPT TO:<c@d>\n< 250 2.1.5 ok\n";
        let cut = "cut, no reply to DATA".to_owned();
        let told = (false, Some("cut"), cut.clone(), cut);
        assert_eq!(became(&format!("{begun}> DATA\n* closed by=network")), told, "later than the refusal");
        let closed = "* closed by=server\n";
        assert_eq!(became(&format!("{begun}{closed}")).2, "550 no", "at rest: nothing is taken back");
        let taken = "> DATA\n< 354 go\n| x\n> .\n< 250 queued\n";
        assert_eq!(became(&format!("{begun}> DATA\n{closed}{begun}{taken}{closed}")).2, "1 of 2 refused · 250 queued");
        let later = became(&format!("{begun}{taken}> MAIL FROM:<a@b>\n{closed}")).2;
        assert_eq!(later, "cut, no reply to MAIL");
        let told = became(&format!("{begun}> DATA\n< 354 go\n| x\n< 421 4.3.0 shutting down\n{closed}"));
        assert_eq!(told.2, "421 4.3.0 shutting down", "no quiet line");
        let error = "* error kind=tls \"the server's certificate has expired\"\n* closed by=client";
        let (code, end, words, brief) = became(&format!("{begun}> STARTTLS\n< 220 go\n{error}"));
        assert_eq!((code, end), (false, Some("tls")));
        assert_eq!(
            (words.as_str(), brief.as_str()),
            ("TLS not trusted: the certificate has expired", "TLS not trusted")
        );
    }

    #[test]
    fn a_conversation_whose_ehlo_was_killed_was_left_and_one_that_goes_on_was_not() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        let text = sample::KILLED;
        std::fs::write(&path, text).expect("written");
        let told = || summary(&path).outcome.map(|it| (it.end.map(End::name), it.to_string()));
        assert_eq!(told(), Some((Some("unanswered"), "left, no reply to NOOP".to_owned())));
        let recorder = File::open(&path).expect("open");
        recorder.try_lock().expect("free");
        assert_eq!(told(), Some((None, "250 mx".to_owned())), "another ehlo holds it");
        drop(recorder);
        std::fs::write(&path, text.replace("started = 2026-11-23T14:02:00.000Z", "clock = \"none\"")).expect("written");
        assert_eq!(told(), Some((None, "250 mx".to_owned())), "an import may be a part of a conversation");
        for (part, why) in [
            (text.replace("+++\n0.0", "imported = \"pcapng\"\n+++\n0.0"), "an import with a clock"),
            (text.replace("+++\n0.0", "copied = 2026-11-23T14:05:00.000Z\n+++\n0.0"), "a copy of what went on"),
            (format!("{text}no line at all\n0.0 < 250 ok\n0.0 * closed by=client\n"), "a bad line"),
            (format!("{text}no line at all"), "a bad last line"),
            (text.replace("ehlo = 1", "ehlo = 2"), "a newer format"),
        ] {
            std::fs::write(&path, part).expect("written");
            assert_eq!(told(), Some((None, "250 mx".to_owned())), "{why} may hide how it went on");
        }
        std::fs::write(&path, format!("{text}0.1 < 25")).expect("written");
        assert_eq!(told().and_then(|it| it.0), Some("unanswered"), "killed while it wrote");
        let document = crate::conversation::file::read(text.as_bytes()).expect("a file");
        let (dialogue, log) = (Dialogue::of(&document.log), &document.log);
        let in_file = |whole| outcome_in(&path, &document.header, &dialogue, log, whole).and_then(|it| it.end);
        let size = path.metadata().expect("there").len();
        assert_eq!(in_file(Some(size)), Some(End::Unanswered));
        assert_eq!(
            (in_file(Some(text.len() as u64)), in_file(None)),
            (None, None),
            "it has grown, or was not read whole"
        );
    }

    #[test]
    fn what_decided_is_found_wherever_it_stands_or_is_called_not_known() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        let begun =
            "+++\nehlo = 1\n+++\n0.0 * connecting a\n0.0 * connected a\n0.0 < 220 mx\n0.0 > EHLO a\n0.0 < 250 mx\n";
        let quiet = |octets: usize| "1.0 > NOOP\n1.0 < 250 2.0.0 Ok\n".repeat(octets / 31);
        let refused = "2.0 > MAIL FROM:<a@b>\n2.0 < 250 ok\n2.0 > RCPT TO:<c@d>\n2.0 < 554 5.7.1 no\n";
        let end = "3.0 > QUIT\n3.0 < 221 bye\n3.0 * closed by=server\n";
        let told = |before: usize, behind: usize| {
            let text = [begun, &quiet(before), refused, &quiet(behind), end].concat();
            std::fs::write(&path, text).expect("written");
            let outcome = summary(&path).outcome.expect("something became of it");
            (outcome.code.is_some(), outcome.end, outcome.brief())
        };
        let known = (true, None, "554".to_owned());
        assert_eq!(told(1 << 20, 1 << 20), known, "read whole");
        assert_eq!(told(5 << 20, 1 << 19), known, "in what is read of its end");
        assert_eq!(told(1 << 20, 4 << 20), (false, None, "not known".to_owned()));
    }

    #[test]
    fn who_is_tried_again_is_one_recipient() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        let again = "0.0 > RCPT TO:<Ann@b>\n0.0 < 450 later\n0.0 > RCPT TO:<ann@b>\n0.0 < 250 ok\n";
        let text = format!(
            "+++\nehlo = 1\n+++\n0.0 > MAIL FROM:<a@b>\n0.0 < 250 ok\n{again}0.0 > RCPT TO:<joe@c>\n0.0 < 250 ok\n"
        );
        std::fs::write(&path, text).expect("written");
        let summary = summary(&path);
        assert_eq!((summary.recipients, summary.to), (2, vec!["Ann@b".to_owned(), "joe@c".to_owned()]));
    }

    #[test]
    fn a_quiet_line_that_was_cut_hides_nothing_of_what_was_decided_before() {
        let told = |text: &str| {
            let log = sample::log(text);
            outcome(&Dialogue::of(&log), &log).map(|it| it.to_string()).unwrap_or_default()
        };
        let begun = "* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n";
        let cut = "< 421 4.4.2 timeout exceeded\n* closed by=server";
        let refused = "> MAIL FROM:<a@b>\n< 550 5.7.1 no\n";
        assert_eq!(told(&format!("{begun}{refused}{cut}")), "550 5.7.1 no");
        assert_eq!(told(&format!("{begun}{cut}")), "421 4.4.2 timeout exceeded");
        let asked = "> MAIL FROM:<a@b>\n< 421 4.3.2 going down\n* closed by=server";
        assert_eq!(told(&format!("{begun}{refused}> RSET\n< 250 ok\n{asked}")), "421 4.3.2 going down");
    }
}
