//! The message: from the command line, a file, a template, a sample, or standard input.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use self::inputs::{Inputs, unreadable};
pub(super) use self::inputs::{Place, STANDARD_INPUT, read};
use self::tokens::Tokens;
use super::arguments::Content;
use super::parts::Part;
use crate::message::reencode::reencode;
use crate::message::{Draft, Encoding, Stamp, attach, dkim, header, samples, template};
use crate::script::values::{self, ENVIRONMENT, uuid};
use crate::transaction::Body;
use crate::world::World;

mod inputs;
mod tokens;

#[cfg(test)]
mod tests;

/// A file larger than this goes out as it is, read on the way; what is attached stays in its file.
const LARGE: u64 = 1 << 20;

/// Octets that are read into memory at most, for a text or what a script is to hold.
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

/// The message, and the folder that holds it where it is too large for memory: gone with this.
pub(super) struct Made {
    pub(super) body: Body,
    pub(super) folder: Option<TempDir>,
}

/// Makes the message, signed where it is to be. `in_memory`: it is to be held, as far as it may be. `place` is told where the
/// folder is as soon as there is one.
///
/// # Errors
/// A file that can't be read, a field or type that is none; in words with the cure.
pub(super) fn made(
    content: &Content,
    envelope: &Envelope<'_>,
    in_memory: bool,
    place: &Place,
    world: &World,
) -> Result<Made, String> {
    let mut inputs = Inputs::new(if in_memory { HELD } else { LARGE }, Arc::clone(place));
    let unsigned = unsigned(content, envelope, world, &mut inputs)?;
    let body = signed(inputs.whole(unsigned)?, content, world)?;
    Ok(Made { body, folder: inputs.into_folder() })
}

fn signed(body: Body, content: &Content, world: &World) -> Result<Body, String> {
    let (Some(path), Some(domain), Some(selector)) = (&content.dkim_key, &content.dkim_domain, &content.dkim_selector)
    else {
        return Ok(body);
    };
    let pem = std::fs::read(path).map(zeroize::Zeroizing::new).map_err(|error| unreadable(path, &error))?;
    let signer = dkim::Signer::new(&pem, domain, selector).map_err(|error| error.to_string())?;
    match body {
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

fn unsigned(content: &Content, envelope: &Envelope<'_>, world: &World, inputs: &mut Inputs) -> Result<Body, String> {
    fits(content)?;
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
        return furnished(message, content, inputs, world).map(Body::Lines);
    }
    if let Some(path) = &content.template {
        let message = filled(path, content, envelope, &tokens, world)?;
        return furnished(message, content, inputs, world).map(Body::Lines);
    }
    let data = if content.from_standard_input { Some("-") } else { content.data.as_deref() };
    let Some(data) = data else {
        return composed(content, envelope, (&tokens, world), inputs).map(Body::Lines);
    };
    if let Some((path, what)) = inputs.large_message(data)? {
        as_it_is(content, &format!("{what} and"))?;
        let whole = path.canonicalize().map_err(|error| unreadable(&path, &error))?;
        if whole.to_str().is_none_or(|name| name.chars().any(char::is_control) || name.trim() != name) {
            return Err(format!("{} has a name that no script can hold; rename it", path.display()));
        }
        if !(content.no_strip_from || content.no_data_fixup) && begins_with_from_line(&whole)? {
            return Err(format!(
                "{what} and goes out as it is, and with it its first line, by which mailboxes divide messages (From ...); \
                 `tail -n +2` takes it away, --no-strip-from sends it all the same"
            ));
        }
        return Ok(Body::File { path: whole, fields: Vec::new() });
    }
    let octets = inputs.given(data, !content.no_data_fixup)?;
    if content.no_data_fixup {
        return Ok(Body::Lines(octets));
    }
    let body = content.body.as_deref().map(|body| inputs.given(body, true)).transpose()?;
    let message = fixed(octets, body.as_deref(), content, &tokens)?;
    furnished(message, content, inputs, world).map(Body::Lines)
}

/// Whether the message can hold all that is given for it.
///
/// # Errors
/// The option that it can't, with the cure.
fn fits(content: &Content) -> Result<(), String> {
    let parts = content.parts.0.iter().map(|part| part.content.as_str());
    let texts = [&content.data, &content.body, &content.html].into_iter().flatten().map(String::as_str);
    let whole = usize::from(content.from_standard_input && content.data.as_deref() != Some("-"));
    if whole + parts.chain(texts).filter(|given| *given == "-").count() > 1 {
        return Err("standard input can be read once only: one - among --data, --body, --html, --attach and \
                    --attach-body; a file, @FILE, can be given twice"
            .to_owned());
    }
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
fn furnished(message: Vec<u8>, content: &Content, inputs: &mut Inputs, world: &World) -> Result<Vec<u8>, String> {
    let mut message = match content.encoding {
        Encoding::Auto => message,
        encoding => reencode(&message, encoding).map_err(|error| error.to_string())?,
    };
    let first = message.split(|octet| *octet == b'\n').next().unwrap_or_default().trim_ascii_end();
    if !content.parts.0.is_empty() && !first.is_empty() && !header::is_field(first) {
        return Err(
            "the message has no header, so that nothing can be attached to it; give its text by --body".to_owned()
        );
    }
    for part in &content.parts.0 {
        if part.body {
            return Err("the message is given whole and has its text; leave out --attach-body".to_owned());
        }
        let attached = attach::attach(&message, &inputs.attachment(part, world)?);
        message = attached.map_err(|error| error.to_string())?;
    }
    Ok(message)
}

/// Whether a file begins with the line by which mailboxes divide messages.
fn begins_with_from_line(path: &Path) -> Result<bool, String> {
    let mut first = [0; 5];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.map_err(|error| unreadable(path, &error))?;
    Ok(first == *header::FROM_LINE)
}

fn text_of(octets: Vec<u8>, what: &str) -> Result<String, String> {
    String::from_utf8(octets).map_err(|_| format!("{what} is not UTF-8; --attach takes any octets"))
}

/// A message made of the command line's parts.
fn composed(
    content: &Content,
    envelope: &Envelope<'_>,
    (tokens, world): (&Tokens, &World),
    inputs: &mut Inputs,
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
        draft.text = Some(text_of(tokens.fill(inputs.given(body, true)?), "--body")?);
    }
    if let Some(html) = &content.html {
        draft.html = Some(text_of(tokens.fill(inputs.given(html, true)?), "--html")?);
    }
    for part in &content.parts.0 {
        put(&mut draft, part, (tokens, world), inputs)?;
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

fn put(draft: &mut Draft, part: &Part, (tokens, world): (&Tokens, &World), inputs: &mut Inputs) -> Result<(), String> {
    if part.body {
        let octets = tokens.fill(inputs.given(&part.content, true)?);
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
    draft.attachments.push(inputs.attachment(part, world)?);
    Ok(())
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
    let named = template::names(&text).filter_map(|name| name.strip_prefix(ENVIRONMENT));
    for variable in named {
        let why = if !content.allow_env.iter().any(|allowed| allowed == variable) {
            format!("reads the environment; if you trust the template, --allow-env {variable} allows it")
        } else if world.variable(variable).is_none() {
            format!("has no value: the environment variable {variable} is not set")
        } else {
            continue;
        };
        return Err(format!("{}: {} {why}", path.display(), values::marker(variable)));
    }
    let value = |name: &str| {
        let own = content.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let environment = || world.variable(name.strip_prefix(ENVIRONMENT)?);
        environment().or(own).or_else(|| match name {
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
