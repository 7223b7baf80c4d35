//! The message: from the command line, a file, a template, a sample, or standard input.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use self::tokens::Tokens;
use super::arguments::Content;
use super::parts::Part;
use crate::message::reencode::reencode;
use crate::message::{Attachment, Draft, Encoding, Stamp, attach, dkim, header, samples, template};
use crate::script::values::uuid;
use crate::transaction::Body;
use crate::world::World;

mod tokens;

#[cfg(test)]
mod tests;

/// A file larger than this goes out as it is, read on the way.
const LARGE: u64 = 1 << 20;

/// Octets that are read into memory at most.
const HELD: u64 = 64 << 20;

/// What the message says of itself where nothing else is given.
const TEXT: &str = "This is a test of mail delivery by ehlo.\n";

/// What stands in a message by itself.
pub(super) struct Envelope<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a [String],
}

impl Envelope<'_> {
    /// What the From field says; of the null reverse-path what swaks writes.
    fn author(&self) -> &str {
        if self.from.is_empty() { "<>" } else { self.from }
    }
}

/// Makes the message, signed where it is to be.
///
/// # Errors
/// A file that can't be read, a field or type that is none; in words with the cure.
pub(super) fn body(content: &Content, envelope: &Envelope<'_>, world: &World) -> Result<Body, String> {
    let (Some(path), Some(domain), Some(selector)) = (&content.dkim_key, &content.dkim_domain, &content.dkim_selector)
    else {
        return unsigned(content, envelope, world);
    };
    let pem = std::fs::read(path).map(zeroize::Zeroizing::new).map_err(|error| unreadable(path, &error))?;
    let signer = dkim::Signer::new(&pem, domain, selector).map_err(|error| error.to_string())?;
    match unsigned(content, envelope, world)? {
        Body::Lines(text) => {
            let message = header::with_crlf(&text);
            let field = signer.sign(&message, world.now().as_second()).map_err(|error| error.to_string())?;
            Ok(Body::Lines([field, message].concat()))
        }
        Body::AsIs(_) => Err("a message with line feeds alone can't be signed; leave out --dkim-key".to_owned()),
        Body::File { path, .. } => {
            // Read once more than it goes out, since its signature stands before it.
            let file = std::fs::File::open(&path);
            let field = file.and_then(|mut file| signer.sign_read(&mut file, world.now().as_second()));
            let fields = field.map_err(|error| unreadable(&path, &error))?.map_err(|error| error.to_string())?;
            Ok(Body::File { path, fields })
        }
    }
}

fn unsigned(content: &Content, envelope: &Envelope<'_>, world: &World) -> Result<Body, String> {
    fits(content)?;
    let mut standard_input = StandardInput::default();
    let Envelope { from, to } = envelope;
    let tokens = Tokens::of(envelope, Stamp::fresh(from, world));
    if let Some(name) = &content.sample {
        let first = to.first().map_or("", String::as_str);
        let Some(sample) = samples::sample(name, from, first, &tokens.stamp) else {
            let known: Vec<_> =
                samples::samples("", "", &Stamp::default()).into_iter().map(|sample| sample.name).collect();
            return Err(format!("`{name}` is no sample; one of {}", known.join(", ")));
        };
        if sample.raw {
            return Ok(Body::AsIs(sample.octets));
        }
        let message = fields(sample.octets, content, added(content, &tokens)?, &tokens)?;
        return furnished(message, content, &mut standard_input).map(Body::Lines);
    }
    if let Some(path) = &content.template {
        let message = filled(path, content, envelope, &tokens, world)?;
        return furnished(message, content, &mut standard_input).map(Body::Lines);
    }
    let data = if content.from_standard_input { Some("-") } else { content.data.as_deref() };
    let Some(data) = data else {
        return composed(content, envelope, (&tokens, world), &mut standard_input).map(Body::Lines);
    };
    if let Some(path) = large_file(data) {
        as_it_is(content, &format!("{} has more than 1 MiB and", path.display()))?;
        let whole = path.canonicalize().map_err(|error| unreadable(&path, &error))?;
        if whole.to_str().is_none_or(|name| name.chars().any(char::is_control) || name.trim() != name) {
            return Err(format!("{} has a name that no script can hold; rename it", path.display()));
        }
        if !(content.no_strip_from || content.no_data_fixup) && begins_with_from_line(&whole)? {
            return Err(format!(
                "{} has more than 1 MiB and goes out as it is, and with it its first line, by which mailboxes divide \
                 messages (From ...); `tail -n +2` takes it away, --no-strip-from sends it all the same",
                path.display()
            ));
        }
        return Ok(Body::File { path: whole, fields: Vec::new() });
    }
    let octets = given(data, &mut standard_input, !content.no_data_fixup)?;
    if content.no_data_fixup {
        return Ok(Body::Lines(octets));
    }
    let body = content.body.as_deref().map(|body| given(body, &mut standard_input, true)).transpose()?;
    let message = fixed(octets, body.as_deref(), content, &tokens)?;
    furnished(message, content, &mut standard_input).map(Body::Lines)
}

/// Whether the message can hold all that is given for it.
///
/// # Errors
/// The option that it can't, with the cure.
fn fits(content: &Content) -> Result<(), String> {
    let is_raw = |name: &String| samples::sample(name, "", "", &Stamp::default()).is_some_and(|it| it.raw);
    if content.no_data_fixup {
        return as_it_is(content, "with --no-data-fixup the message");
    }
    if let Some(name) = content.sample.as_ref().filter(|name| is_raw(name)) {
        return as_it_is(content, &format!("the sample {name}"));
    }
    let whole = content.sample.is_some() || content.template.is_some();
    if whole && content.body.is_some() {
        return Err("--sample and --template have a text of their own; leave out --body (a template takes a text by \
                    {{text}} and --var text=...)"
            .to_owned());
    }
    Ok(())
}

/// Whether nothing is to be put into a message that goes out as it is.
fn as_it_is(content: &Content, what: &str) -> Result<(), String> {
    let given = [
        ("--header", !content.header.is_empty()),
        ("--add-header", !content.add_header.is_empty()),
        ("--body", content.body.is_some()),
        ("--attach and --attach-body", !content.parts.0.is_empty()),
        ("--encoding", content.encoding != Encoding::Auto),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(format!("{what} goes out as it is, so that nothing can be put into it; leave out {option}"))
        }
        None => Ok(()),
    }
}

/// A message that was given whole, in the encoding that is asked for and with what is attached.
fn furnished(message: Vec<u8>, content: &Content, standard_input: &mut StandardInput) -> Result<Vec<u8>, String> {
    let mut message = match content.encoding {
        Encoding::Auto => message,
        encoding => reencode(&message, encoding).map_err(|error| error.to_string())?,
    };
    for part in &content.parts.0 {
        if part.body {
            return Err("the message is given whole and has its text; leave out --attach-body".to_owned());
        }
        let attached = attach::attach(&message, &attachment(part, standard_input)?);
        message = attached.map_err(|error| error.to_string())?;
    }
    Ok(message)
}

/// Standard input, read once and used as often as it is named.
#[derive(Default)]
struct StandardInput(Option<Vec<u8>>);

impl StandardInput {
    fn read(&mut self) -> Result<Vec<u8>, String> {
        if self.0.is_none() {
            self.0 = Some(held(std::io::stdin().lock(), "standard input", HELD)?);
        }
        Ok(self.0.clone().unwrap_or_default())
    }
}

/// Reads all of it, up to a limit.
fn held(from: impl std::io::Read, what: &str, limit: u64) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    from.take(limit + 1).read_to_end(&mut octets).map_err(|error| format!("{what} can't be read: {error}"))?;
    if octets.len() as u64 > limit {
        return Err(too_much(what, limit));
    }
    Ok(octets)
}

fn too_much(what: &str, limit: u64) -> String {
    format!(
        "{what} gives more than {} MiB, which would be held in memory; put the whole message into a file: --data @FILE \
         sends one of any size",
        limit >> 20
    )
}

/// Reads a file, up to the limit.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    if file.metadata().is_ok_and(|about| about.len() > HELD) {
        return Err(too_much(&path.display().to_string(), HELD));
    }
    held(file, &path.display().to_string(), HELD)
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{} can't be read: {error}", path.display())
}

/// The file that a value names, `@@` being a text that begins with an at sign.
fn file(value: &str) -> Option<&Path> {
    value.strip_prefix('@').filter(|rest| !rest.starts_with('@')).map(Path::new)
}

/// Whether a file begins with the line by which mailboxes divide messages.
fn begins_with_from_line(path: &Path) -> Result<bool, String> {
    let mut first = [0; 5];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.map_err(|error| unreadable(path, &error))?;
    Ok(first == *header::FROM_LINE)
}

fn large_file(value: &str) -> Option<PathBuf> {
    let path = file(value)?;
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > LARGE).then(|| path.to_owned())
}

/// The octets that a value stands for; in a text of the command line `\n` is a line end where `breaks`.
fn given(value: &str, standard_input: &mut StandardInput, breaks: bool) -> Result<Vec<u8>, String> {
    if value == "-" {
        return standard_input.read();
    }
    if let Some(path) = file(value) {
        return read(path);
    }
    let text = if value.starts_with("@@") { &value[1..] } else { value };
    Ok(if breaks {
        text.replace("\\n", "\n").replace("%NEWLINE%", "\n").into_bytes()
    } else {
        text.as_bytes().to_vec()
    })
}

fn text_of(octets: Vec<u8>, what: &str) -> Result<String, String> {
    String::from_utf8(octets).map_err(|_| format!("{what} is not UTF-8; --attach takes any octets"))
}

/// A message made of the command line's parts.
fn composed(
    content: &Content,
    envelope: &Envelope<'_>,
    (tokens, world): (&Tokens, &World),
    standard_input: &mut StandardInput,
) -> Result<Vec<u8>, String> {
    let Stamp { date, id } = tokens.stamp.clone();
    let mut draft = Draft {
        from: envelope.author().to_owned(),
        to: envelope.to.join(", "),
        subject: format!("test {date}"),
        date: Some(date),
        message_id: Some(id),
        encoding: content.encoding,
        headers: vec![("X-Mailer".to_owned(), format!("ehlo {}", env!("CARGO_PKG_VERSION")))],
        ..Draft::default()
    };
    if let Some(body) = &content.body {
        draft.text = Some(text_of(tokens.fill(given(body, standard_input, true)?), "--body")?);
    }
    if let Some(html) = &content.html {
        draft.html = Some(text_of(tokens.fill(given(html, standard_input, true)?), "--html")?);
    }
    for part in &content.parts.0 {
        put(&mut draft, part, tokens, standard_input)?;
    }
    if draft.text.is_none() && draft.html.is_none() {
        draft.text = Some(TEXT.to_owned());
    }
    for (name, value) in divided(&content.header, tokens)? {
        draft.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        draft.headers.push((name, value));
    }
    let mut message = draft.compose(world).map_err(|error| error.to_string())?;
    for (name, value) in added(content, tokens)? {
        header::add(&mut message, &name, &value).map_err(|error| error.to_string())?;
    }
    Ok(message)
}

fn put(draft: &mut Draft, part: &Part, tokens: &Tokens, standard_input: &mut StandardInput) -> Result<(), String> {
    if part.body {
        let octets = tokens.fill(given(&part.content, standard_input, true)?);
        let place = match part.media_type.as_deref().unwrap_or("text/plain") {
            "text/plain" => &mut draft.text,
            "text/html" => &mut draft.html,
            other => {
                return Err(format!(
                    "--attach-body takes text/plain and text/html, not {other}; --attach takes any type"
                ));
            }
        };
        if place.is_some() {
            return Err("there are two texts of one type; --body and --attach-body make one of each".to_owned());
        }
        *place = Some(text_of(octets, "--attach-body")?);
        return Ok(());
    }
    draft.attachments.push(attachment(part, standard_input)?);
    Ok(())
}

fn attachment(part: &Part, standard_input: &mut StandardInput) -> Result<Attachment, String> {
    let octets = given(&part.content, standard_input, false)?;
    let of_file = || file(&part.content)?.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = part.name.clone().or_else(of_file).filter(|name| !name.is_empty());
    Ok(Attachment { name, media_type: part.media_type.clone().unwrap_or_default(), octets })
}

/// The fields that are added.
fn added(content: &Content, tokens: &Tokens) -> Result<Vec<(String, String)>, String> {
    divided(&content.add_header, tokens)
}

/// Fields as they are given, with what tokens stand for; `\n` divides several.
fn divided(given: &[String], tokens: &Tokens) -> Result<Vec<(String, String)>, String> {
    let lines = given.iter().flat_map(|text| text.split("\\n")).flat_map(|text| text.split("%NEWLINE%"));
    let all = lines.filter(|text| !text.trim().is_empty());
    all.map(|text| header::field(&tokens.fill_text(text)).map_err(|error| error.to_string())).collect()
}

/// Sets what the command line has for the head of a message, and adds `more` to it.
fn fields(
    mut message: Vec<u8>,
    content: &Content,
    more: Vec<(String, String)>,
    tokens: &Tokens,
) -> Result<Vec<u8>, String> {
    for (name, value) in divided(&content.header, tokens)? {
        header::set(&mut message, &name, &value).map_err(|error| error.to_string())?;
    }
    for (name, value) in more {
        header::add(&mut message, &name, &value).map_err(|error| error.to_string())?;
    }
    Ok(message)
}

fn filled(
    path: &Path,
    content: &Content,
    envelope: &Envelope<'_>,
    tokens: &Tokens,
    world: &World,
) -> Result<Vec<u8>, String> {
    let mut octets = read(path)?;
    if !content.no_strip_from {
        header::strip_from_line(&mut octets);
    }
    let text = text_of(octets, &path.display().to_string())?;
    let (stamp, uuid) = (&tokens.stamp, uuid(world.random()));
    let value = |name: &str| {
        let own = content.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        own.or_else(|| match name {
            "from" => Some(envelope.author().to_owned()),
            "to" => Some(envelope.to.join(", ")),
            "date" => Some(stamp.date.clone()),
            "message_id" => Some(stamp.id.clone()),
            "uuid" => Some(uuid.clone()),
            _ => None,
        })
    };
    let text = template::fill(&text, value).map_err(|error| format!("{}: {error}", path.display()))?;
    fields(text.into_bytes(), content, added(content, tokens)?, tokens)
}

/// What swaks does to `--data`: tokens, the From_ line of a mailbox, a last dot, added fields.
fn fixed(octets: Vec<u8>, body: Option<&[u8]>, content: &Content, tokens: &Tokens) -> Result<Vec<u8>, String> {
    let mut message = octets;
    if !content.no_strip_from {
        header::strip_from_line(&mut message);
    }
    for ending in [&b"\n.\r\n"[..], b"\n.\n", b"\n."] {
        if message.ends_with(ending) {
            message.truncate(message.len() - ending.len() + 1);
            break;
        }
    }
    // In the text it stands for nothing, as with swaks.
    let mut more = added(content, tokens)?;
    if let Some(at) = memchr::memmem::find(header::split(&message).0, tokens::NEW_FIELDS) {
        put_fields(&mut message, at, std::mem::take(&mut more));
    }
    // Before the other tokens, which may stand in it.
    message = samples::replaced(&message, b"%BODY%", body.unwrap_or(TEXT.as_bytes()));
    fields(tokens.fill(message), content, more, tokens)
}

/// Puts fields in place of the token for them.
fn put_fields(message: &mut Vec<u8>, at: usize, all: Vec<(String, String)>) {
    let end = at + tokens::NEW_FIELDS.len();
    // Each field has a line end of its own, as swaks has it: in its own template the one after the token makes the empty
    // line. Where an empty line stands there already, it is enough.
    let empty_line = [&b"\n\n"[..], b"\n\r\n", b"\r\n\r\n"].iter().any(|line| message[end..].starts_with(line));
    let mut new_fields = String::new();
    for (name, value) in all {
        new_fields = format!("{new_fields}{name}: {value}\n");
    }
    let new_fields = new_fields.strip_suffix('\n').filter(|_| empty_line).unwrap_or(&new_fields);
    message.splice(at..end, new_fields.bytes());
}
