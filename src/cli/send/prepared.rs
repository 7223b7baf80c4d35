//! Everything that is known before anything connects: where to, the message, and the script that carries it there.

use tempfile::TempDir;

use super::Arguments;
use super::announced::Header;
use super::content::{self, Made, Place};
use super::kept::Kept;
use super::survey::Survey;
use super::target::{self, Way};
use crate::conversation::Log;
use crate::conversation::file::{Document, Header as Head, Reader, write_document};
use crate::profile::{Profiles, Protocol, Version};
use crate::script::Offered;
use crate::script::files::Folders;
use crate::script::plan::{Act, Content, Plan, Step, plan};
use crate::script::values::Values;
use crate::smtp::escape;
use crate::transaction::{Body, Leave, Opening, Outline, Point, Xclient};
use crate::world::World;

/// Octets from which on a message does not go through a script.
const LARGE: usize = 1 << 20;

/// What a command line comes to.
pub(super) struct Prepared {
    pub(super) way: Way,
    pub(super) outline: Outline,
    /// `EHLO name` or the like.
    pub(super) greeting: String,
    pub(super) xclient: Xclient,
    /// What MAIL says besides where the server offers it.
    pub(super) offered: Vec<Offered>,
    /// Variables of the environment that the message may hold.
    pub(super) environment: Vec<String>,
    /// Secrets of the environment that stand in it by a name, where it becomes a script.
    kept: Kept,
    /// What goes out first, whatever it says.
    pub(super) raw_header: Option<Vec<u8>>,
    /// Where the message is, if it is too large for memory: gone with this.
    pub(super) folder: Option<TempDir>,
}

/// What is known before the message is read, of which there may be gigabytes.
pub(super) struct Outset {
    pub(super) way: Way,
    names: Names,
    stop: Option<Point>,
    leave: Leave,
    xclient: Xclient,
}

impl Outset {
    /// A whole message is to go out.
    pub(super) fn goes_out(&self) -> bool {
        self.stop.is_none_or(|stop| stop >= Point::Dot)
    }

    pub(super) fn to(&self) -> &[String] {
        &self.names.to
    }
}

/// Who sends to whom, and the name to greet with.
struct Names {
    greeting: String,
    from: String,
    to: Vec<String>,
}

/// Where it stops, and how.
fn end(arguments: &Arguments) -> (Option<Point>, Leave) {
    let envelope = &arguments.envelope;
    let rcpt_only = envelope.rcpt_only.then_some(Point::Rcpt);
    let given = [envelope.quit_after, envelope.drop_after, envelope.drop_after_send];
    let stop = given.into_iter().flatten().chain(rcpt_only).min();
    let leave = match (envelope.drop_after, envelope.drop_after_send) {
        (Some(at), _) if Some(at) == stop => Leave::Drop,
        (_, Some(at)) if Some(at) == stop => Leave::DropAtOnce,
        _ => Leave::Quit,
    };
    (stop, leave)
}

fn names(arguments: &Arguments, way: &Way, world: &World) -> Names {
    let envelope = &arguments.envelope;
    let machine = || world.variable("HOSTNAME").filter(|name| !name.is_empty());
    let name = envelope.helo.clone().or_else(|| way.target.ehlo.clone()).or_else(machine);
    let greeting = name.unwrap_or_else(|| "localhost".to_owned());
    let from = match &envelope.from {
        Some(from) => bare(from).to_owned(),
        None => way.target.from.clone().unwrap_or_else(|| {
            format!("{}@{greeting}", world.variable("LOGNAME").unwrap_or_else(|| "postmaster".to_owned()))
        }),
    };
    let given: Vec<String> = envelope.to().map(|to| bare(to).to_owned()).filter(|to| !to.is_empty()).collect();
    let to = if given.is_empty() { way.target.to.clone() } else { given };
    Names { greeting, from, to }
}

/// Reads a command line.
///
/// # Errors
/// What is missing or no such value; in words with the cure.
pub(super) fn outset(arguments: &Arguments, world: &World) -> Result<Outset, String> {
    let profiles = Profiles::load(&world.directories.config);
    let way = target::way(arguments, &profiles, world)?;
    if arguments.envelope.helo.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err("--helo is empty; give a name to greet with, such as --helo noddy.com, or leave it out".to_owned());
    }
    let names = names(arguments, &way, world);
    let (stop, leave) = end(arguments);
    if names.to.is_empty() && stop.is_none_or(|stop| stop >= Point::Rcpt) {
        return Err("no recipient is given; --to ADDRESS names one".to_owned());
    }
    let xclient = arguments.announced.xclient(&way.target.xclient);
    let told: Vec<String> = xclient.lines().iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let values = [&names.greeting, &names.from].into_iter().chain(&names.to).chain(&told);
    if let Some(wrong) = values.into_iter().find(|value| value.contains(['\r', '\n', '\0'])) {
        return Err(format!("`{}` holds a line end", escape::for_screen(wrong.as_bytes())));
    }
    Ok(Outset { way, names, stop, leave, xclient })
}

/// Reads every file that a command line names. `place` is told where the folder is that a large message needs.
///
/// # Errors
/// What can't be read or sent so; in words with the cure.
pub(super) fn prepared(
    outset: Outset,
    arguments: &Arguments,
    place: &Place,
    world: &World,
) -> Result<Prepared, String> {
    let goes_out = outset.goes_out();
    let Outset { mut way, names: Names { greeting: name, from, to }, stop, leave, xclient } = outset;
    let envelope = &arguments.envelope;
    let as_script = arguments.output.as_script;
    let chunked = envelope.bdat.is_some();
    let kept = if as_script { Kept::of(&arguments.content, chunked, world)? } else { Kept::default() };
    let Made { body, folder } = if goes_out || arguments.output.dump_mail {
        let envelope = content::Envelope { from: &from, to: &to };
        content::made(&arguments.content, &envelope, as_script, place, &kept.world(world))?
    } else {
        Made { body: Body::Lines(Vec::new()), folder: None }
    };
    let verb = match way.target.protocol {
        Protocol::Smtp => "HELO",
        Protocol::Esmtp => "EHLO",
        Protocol::Lmtp => "LHLO",
    };
    let whole = kept.filled(&body);
    let survey = if goes_out { Some(surveyed(&whole, envelope.bdat, folder.is_some())?) } else { None };
    let offered = arguments.parameters.offered(survey.as_ref(), &from, &to, chunked);
    let raw_header = match arguments.announced.header()? {
        Some(Header::Addresses(announcement)) => {
            way.target.announcement = Some(announcement);
            None
        }
        Some(Header::AsIs(octets)) => Some(octets),
        None => None,
    };
    let said = arguments.parameters.said(&to, world)?;
    let outline = Outline {
        from,
        to,
        mail_parameters: said.mail,
        rcpt_parameters: said.rcpt,
        own_parameters: said.own,
        original: said.original,
        body,
        chunk: envelope.bdat,
        pipeline: envelope.pipeline,
        stop,
        leave,
    };
    let environment = arguments.content.allow_env.clone();
    let greeting = format!("{verb} {name}");
    Ok(Prepared { way, outline, greeting, xclient, offered, environment, kept, raw_header, folder })
}

/// Chunks in which a message may go.
const CHUNKS: u64 = 100_000;

/// What the server may be told of the message; `ours`: what it is in may be a file of ours, which nobody else can mend.
fn surveyed(body: &Body, chunk: Option<u64>, ours: bool) -> Result<Survey, String> {
    let survey = Survey::of(body, chunk.is_some())?;
    if let Some(octets) = chunk.filter(|octets| survey.size / octets >= CHUNKS) {
        return Err(format!(
            "--bdat {octets} makes more than {CHUNKS} chunks of a message of {} octets; --bdat {} makes fewer",
            survey.size,
            survey.size / CHUNKS + 1
        ));
    }
    let Body::File { path, .. } = body else { return Ok(survey) };
    // Its octets are counted, so that no line end is made on the way.
    if chunk.is_none() || survey.bare == 0 {
        return Ok(survey);
    }
    let (what, cure) = if ours && path.ends_with(content::STANDARD_INPUT) {
        ("standard input".to_owned(), "`| unix2dos |` before it mends them")
    } else {
        (path.display().to_string(), "unix2dos mends the file")
    };
    Err(format!(
        "{what} has lines that end in LF alone, which BDAT would send as they are; {cure}, and without --bdat each line \
         gets its CR LF on the way"
    ))
}

/// An address without its `<>`.
fn bare(address: &str) -> &str {
    let address = address.trim();
    address.strip_prefix('<').and_then(|inside| inside.strip_suffix('>')).unwrap_or(address)
}

impl Prepared {
    /// The outline as a plan: *make ready*, then the script.
    ///
    /// # Errors
    /// What no script can hold.
    pub(super) fn planned(&self, world: &World) -> Result<Plan, String> {
        // A large message goes into the plan as it is: as lines of a script it would be held several times over.
        let large = match &self.outline.body {
            Body::Lines(text) if text.len() > LARGE && self.outline.chunk.is_none() => Some(text),
            _ => None,
        };
        let document = match large {
            Some(_) => read(&self.outline.script_with(&Body::Lines(b"x".to_vec())))?,
            None => read(&self.outline.script())?,
        };
        let values = Values::new(&[], None, &self.way.target, &self.environment, world);
        let allowed = match &self.outline.body {
            Body::File { path, .. } => path.parent().map(std::path::Path::to_owned).into_iter().collect(),
            _ => Vec::new(),
        };
        let folders = Folders { own: None, allowed };
        let mut plan = plan(&document, "what is to be sent", &values, &folders).map_err(|error| error.to_string())?;
        let place = plan.steps.iter_mut().find_map(|step| match &mut step.act {
            Act::Content(content) => Some(content),
            _ => None,
        });
        if let (Some(text), Some(content)) = (large, place) {
            *content = Content::Octets(crate::smtp::content::stuffed(text).into());
        }
        if self.folder.is_some() {
            name_ours(&mut plan);
        }
        // Where it closes without having read the greeting there is nothing to make ready.
        if self.outline.leave != Leave::DropAtOnce || self.outline.stop != Some(Point::Greeting) {
            plan.steps.insert(0, Step { line: 0, act: Act::Guide });
        }
        Ok(plan)
    }

    /// What goes out besides and no script can say, since it hangs on the server's offer or on the way there.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(header) = &self.raw_header {
            let shown = escape::for_screen(header.trim_ascii_end());
            notes.push(format!("This goes out first, which `ehlo send --proxy` alone can say: {shown}"));
        }
        if let Some(announcement) = &self.way.target.announcement {
            let version = if announcement.version == Version::Two { 2 } else { 1 };
            let ends = [("proxy_source", announcement.source), ("proxy_destination", announcement.destination)];
            let ends = ends.iter().filter_map(|(key, end)| Some(format!(", {key} = \"{}\"", (*end)?)));
            let ends: String = ends.collect();
            notes.push(format!(
                "The header of the PROXY protocol goes out first. A profile says it, in its [network]: proxy_protocol = \
                 {version}{ends}"
            ));
        }
        notes.extend(self.parameters().map(|offered| {
            let Offered { parameter, keyword, without, .. } = offered;
            match without {
                Some(_) => format!(
                    "{parameter} stands in MAIL, since the message needs it; where the server does not offer {keyword}, ehlo \
                     send leaves it out."
                ),
                None => format!("{parameter} goes with MAIL where the server offers {keyword}."),
            }
        }));
        notes
    }

    /// What MAIL says besides where the server offers it: nothing after HELO, by which nothing is offered.
    fn parameters(&self) -> impl Iterator<Item = &Offered> {
        let name = |parameter: &str| parameter.split('=').next().unwrap_or_default().to_ascii_uppercase();
        let is_said = move |offered: &&Offered| {
            let mut said = self.outline.mail_parameters.iter();
            said.any(|said| name(said) == name(&offered.parameter))
        };
        let extended = self.way.target.protocol != Protocol::Smtp;
        self.offered.iter().filter(move |it| extended && !it.parameter.is_empty() && !is_said(it))
    }

    /// What would be sent, as a script for `ehlo run`; and what of it hangs on the server's offer or on the way there, in
    /// words that stand in its comments too.
    ///
    /// # Errors
    /// A message that is too large to stand in one and is in no file of the user's.
    pub(super) fn as_script(&self) -> Result<(Vec<u8>, Vec<String>), String> {
        let Self { way, greeting, xclient, .. } = self;
        if let (Some(_), Body::File { .. }) = (&self.folder, &self.outline.body) {
            return Err("the message is too large to stand in a script, and is in no file whose name could: \
                        --dump-mail > message.eml writes it into one, and --data @message.eml sends that"
                .to_owned());
        }
        let mut header =
            Head::default().with("title", "Written by ehlo send --as-script").with("target", way.target.uri());
        if let Some(profile) = &way.target.profile {
            header = header.with("profile", profile);
        }
        let mut script = Vec::new();
        write_document(&Document::new(header, Log::new()), &mut script);
        let mut notes = self.notes();
        let login = way.login().filter(|_| self.outline.stop.is_none_or(|stop| stop >= Point::Auth));
        notes.extend(login.iter().filter_map(|login| login.hangs_on.clone()));
        let mechanism = login.as_ref().map(|login| login.mechanism.as_str());
        let alone = way.auth.as_ref().is_some_and(|auth| !auth.initial_response);
        let opening = Opening { greeting, tls: way.target.tls, xclient, mechanism, alone, notes: &notes };
        let mut outline = self.outline.clone();
        let needed = self.parameters().filter(|offered| offered.without.is_some());
        outline.mail_parameters.extend(needed.map(|offered| offered.parameter.clone()));
        script.extend(outline.whole_script(&opening));
        let mut told: Vec<String> = opening.comments(outline.stop).into_iter().map(str::to_owned).collect();
        // A secret is read again when the script runs.
        let (script, secrets) = self.kept.named(script);
        told.extend(secrets);
        Ok((script, told))
    }
}

/// Calls the message that is in a file of ours by the file's name alone, in transcripts: the folder is gone with the program.
fn name_ours(plan: &mut Plan) {
    let all = plan.steps.iter_mut().flat_map(|step| match &mut step.act {
        Act::Content(content) => std::slice::from_mut(content).iter_mut().collect(),
        Act::Send(lines) => lines.iter_mut().flat_map(|line| &mut line.payload).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    for content in all {
        if let Content::File(file) = content
            && let Some(name) = file.path.file_name()
        {
            file.name = name.to_string_lossy().into_owned();
        }
    }
}

fn read(script: &[u8]) -> Result<Document, String> {
    let mut reader = Reader::new();
    reader.feed(script).map_err(|error| error.to_string())?;
    reader.finish().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_would_never_end_are_refused() {
        let body = Body::Lines(vec![b'x'; 200_000]);
        let words = surveyed(&body, Some(1), false).expect_err("too many");
        assert!(words.contains("100000 chunks") && words.contains("--bdat 3"), "{words}");
        assert!(surveyed(&body, Some(3), false).is_ok());
    }

    #[test]
    fn what_came_by_standard_input_is_not_called_by_the_file_that_holds_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(content::STANDARD_INPUT);
        std::fs::write(&path, "Subject: x\n\ny\n").expect("written");
        let body = Body::File { path: path.clone(), fields: Vec::new() };
        let told = |ours| surveyed(&body, Some(1000), ours).expect_err("LF alone");
        let words = told(true);
        assert!(words.starts_with("standard input has lines") && words.contains("`| unix2dos |`"), "{words}");
        assert!(!words.contains(&path.display().to_string()), "{words}");
        assert!(told(false).contains(&path.display().to_string()), "a file of the user's may have that name");
    }
}
