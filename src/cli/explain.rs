//! `ehlo explain CODE [TEXT...]`: decode a reply, a bounce, or a mail log; or look a code, a verb or a term up.

mod bounce;
mod input;
mod list;
mod log;
mod offer;
mod output;
mod subject;
mod work;

use std::io::{IsTerminal, Read, Write};

use serde_json::{Value, json};

use self::subject::{Subject, subjects};
use self::work::Work;
use super::{Colour, Common, Exit};
use crate::decode::{Asked, Context, Does, Explanation, Knowledge, Layer, Spoke, Step, explain, explain_reply};
use crate::smtp::{Class, EnhancedCode, Reply, Verb, escape};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The reply, such as 550 5.1.1 User unknown, or its words alone; several words are joined by a space; - reads standard
    /// input; a bounce message (a file whose name ends in .eml, or on standard input) is taken apart; with --log, the log's
    /// file; with --list, what to look up
    #[arg(required_unless_present_any = ["list", "log"], value_name = "CODE [TEXT]")]
    pub reply: Vec<String>,
    /// What the reply answers: a verb, or connect, end-of-data, auth-answer, unasked
    #[arg(long, value_name = "VERB", value_parser = asked)]
    pub verb: Option<Asked>,
    /// Read a mail log (Postfix, Exim, Sendmail, Exchange) from the file that is named, or else on standard input, and
    /// count its refusals by their cause
    #[arg(long, conflicts_with_all = ["list", "verb"])]
    pub log: bool,
    /// List codes, verbs, extensions and terms: all, or those that the words name
    #[arg(long, conflicts_with = "verb")]
    pub list: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

fn asked(name: &str) -> Result<Asked, String> {
    // What the verbs of extensions are answered is explained as after any other command.
    let other = crate::smtp::verb::is_known(name).then_some(Asked::Verb(Verb::Other));
    Asked::from_name(name)
        .or(other)
        .ok_or_else(|| "should be a verb such as RCPT, or connect, end-of-data, auth-answer, unasked".to_owned())
}

/// Said of words that came without any code.
const WITHOUT_CODE: &str = "No code was given: with one that begins with 4 it is for now, with 5 for good.";

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let style = Style::of(common.color, world);
    // Every page of an enhanced code is named so, whatever its class.
    if arguments.list || is_page(&arguments.reply) {
        let found = list::found(&knowledge(common, world), &arguments.reply);
        if found.is_empty() {
            return complain("nothing of that name is known; without words, --list shows all there is");
        }
        return shown(arguments.json.then(|| list::to_json(&found)), || list::to_text(&found, style));
    }
    if arguments.log {
        return explain_log(arguments, style, &knowledge(common, world));
    }
    if arguments.reply == ["-"] {
        let input = input::opened(std::io::stdin().lock(), "ehlo explain -");
        return input
            .and_then(|input| as_it_comes(input, arguments, style, (common, world)))
            .unwrap_or_else(unreadable);
    }
    match given(&arguments.reply) {
        Ok(text) => {
            let mut work = Work::new(arguments, style);
            work.explain(&text, &knowledge(common, world));
            work.end()
        }
        Err(error) => unreadable(error),
    }
}

/// Whether what is given is the name of a page rather than a code: `X.7.1`.
fn is_page(words: &[String]) -> bool {
    let [word] = words else { return false };
    let rest = word.strip_prefix(['X', 'x']).filter(|rest| rest.starts_with('.'));
    rest.is_some_and(|rest| EnhancedCode::parse(&format!("5{rest}")).is_some())
}

#[expect(clippy::needless_pass_by_value, reason = "as a closure's argument comes")]
fn unreadable(error: std::io::Error) -> Exit {
    complain(&format!("the input can't be read: {error}"))
}

/// Explains what standard input has, part by part.
fn as_it_comes(
    mut input: input::Input<'_>,
    arguments: &Arguments,
    style: Style,
    (common, world): (&Common, &World),
) -> std::io::Result<Exit> {
    let mut work = Work::new(arguments, style);
    let mut known = None;
    let mut first = true;
    while let Some(text) = input::next(&mut input, first)? {
        first = false;
        if !work.explain(&text, known.get_or_insert_with(|| knowledge(common, world))) {
            break;
        }
    }
    Ok(work.end())
}

/// What is to be explained, with what it answers; and the lines that are no reply, which are told.
fn told_apart(
    text: &str,
    arguments: &Arguments,
    knowledge: &Knowledge,
) -> (Vec<(Subject, Option<Asked>)>, Vec<String>) {
    let (mut subjects, mut others) = subjects(text);
    if subjects.is_empty() {
        // Where no code is at all, words are explained by themselves: a sentence alone, and of several lines what is known.
        let alone = others.len() == 1;
        let known =
            others.extract_if(.., |line| (alone && is_sentence(line)) || is_known(line, arguments.verb, knowledge));
        subjects.extend(known.map(|line| (Subject::Words(line), None)));
    }
    (subjects, others)
}

/// Whether a line is of words, and not a code mistyped or a name.
fn is_sentence(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|first| !first.starts_with(|c: char| c.is_ascii_digit())) && words.nth(1).is_some()
}

/// Whether the words of a line, which has no code, are those of a refusal that is recognised.
fn is_known(line: &str, asked: Option<Asked>, knowledge: &Knowledge) -> bool {
    let explanation = explain(None, None, line, &Context { asked, ..Context::default() }, knowledge);
    explanation.layers.iter().any(|layer| layer.decides && layer.by == Spoke::Text)
}

/// What is meant where a file is named in place of a reply.
fn instead(words: &[String]) -> String {
    match words {
        [path] if std::path::Path::new(path).is_file() => {
            let path = for_shell(path);
            format!("; it is a file: ehlo explain --log {path} reads a mail log, ehlo explain - < {path} replies")
        }
        _ => String::new(),
    }
}

/// A path as a shell takes it for one word, without what a terminal would obey.
fn for_shell(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./+,@%=:-".contains(c);
    let shown = escape::for_screen(path.as_bytes());
    // A name that begins with a hyphen would be an option.
    let shown = if shown.starts_with('-') { format!("./{shown}") } else { shown };
    if shown.chars().all(plain) { shown } else { format!("'{}'", shown.replace('\'', r"'\''")) }
}

/// A mail log: the file that is named, or standard input.
fn explain_log(arguments: &Arguments, style: Style, knowledge: &Knowledge) -> Exit {
    let read = |octets: Box<dyn Read>| log::Summary::read(input::opened(octets, "ehlo explain --log")?, knowledge);
    let (name, summary) = match &arguments.reply[..] {
        [path] if path != "-" => (path.as_str(), std::fs::File::open(path).and_then(|file| read(Box::new(file)))),
        [] | [_] => ("standard input", read(Box::new(std::io::stdin().lock()))),
        _ => {
            return complain(
                "--log takes one file; several go through a pipe, as in: cat mail.log* | ehlo explain --log",
            );
        }
    };
    let name = escape::for_screen(name.as_bytes());
    match summary {
        Ok(summary) => {
            let unread = summary.is_unread();
            match shown(arguments.json.then(|| summary.to_json()), || summary.to_text(style)) {
                Exit::Done if unread => complain(&format!(
                    "{name} has no line of a mail log that ehlo reads: it knows those of Postfix, Exim, Sendmail and Exchange"
                )),
                exit => exit,
            }
        }
        Err(error) => complain(&format!("{name} can't be read: {error}")),
    }
}

/// Prints a result for programs, or else for people.
fn shown(json: Option<Value>, text: impl FnOnce() -> String) -> Exit {
    print(&json.map_or_else(|| super::fold::out(&text()), |json| super::document(&json)))
}

fn print(out: &str) -> Exit {
    match std::io::stdout().lock().write_all(out.as_bytes()) {
        Ok(()) => Exit::Done,
        // Who reads us may have seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => complain(&format!("the result can't be written: {error}")),
    }
}

fn complain(words: &str) -> Exit {
    super::complain("ehlo explain", words)
}

fn given(words: &[String]) -> std::io::Result<String> {
    if let [path] = words
        && std::path::Path::new(path).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("eml"))
    {
        return Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned());
    }
    Ok(words.join(" "))
}

/// Our data, overlaid by the user's files of replies. What is wrong in those is told, and does not stop us.
fn knowledge(common: &Common, world: &World) -> Knowledge {
    let mut files = Vec::new();
    let directory = world.directories.data.join("replies");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "toml")) {
        match std::fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => files.push((path.display().to_string(), text)),
            Ok(Err(error)) => {
                let lines =
                    error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|octet| **octet == b'\n');
                warn(common, &format!("{}:{}: this is not UTF-8", path.display(), lines.count() + 1));
            }
            Err(error) => warn(common, &format!("{}: {error}", path.display())),
        }
    }
    let (knowledge, errors) = Knowledge::with_replies(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    for error in errors {
        warn(common, &error.to_string());
    }
    knowledge
}

fn warn(common: &Common, words: &str) {
    if !common.quiet {
        complain(words);
    }
}

/// Whether a reply reads like a greeting: a 220 that names the protocol, unlike that to STARTTLS.
fn is_greeting(reply: &Reply) -> bool {
    let protocol = |text: String| text.contains("SMTP") || text.contains("LMTP");
    reply.code().is_some_and(|code| code.number() == 220) && protocol(reply.text().to_ascii_uppercase())
}

fn explained(subject: &Subject, context: &Context, knowledge: &Knowledge) -> Explanation {
    let mut context = context.clone();
    if let Some(offer) = subject.offer(&context, knowledge) {
        context.asked.get_or_insert(Asked::Verb(Verb::Ehlo));
        context.capabilities = Some(offer.list.iter().map(|it| it.keyword.to_ascii_uppercase()).collect());
        context.mechanisms = offer.mechanisms();
    }
    if matches!(subject, Subject::Reply(reply) if is_greeting(reply)) {
        context.asked.get_or_insert(Asked::Connect);
    }
    let context = &context;
    match subject {
        Subject::Reply(reply) => explain_reply(reply, context, knowledge),
        Subject::Enhanced(code, text) => explain(None, Some(*code), text, context, knowledge),
        Subject::Words(text) => {
            let mut explanation = explain(None, None, text, context, knowledge);
            if explanation.enhanced.is_none() {
                explanation.notes.push(WITHOUT_CODE.to_owned());
            }
            explanation
        }
    }
}

/// The explanation with the offer, where the reply is one.
fn with_offer(subject: &Subject, mut value: Value, context: &Context, knowledge: &Knowledge) -> Value {
    if let (Some(offer), Some(object)) = (subject.offer(context, knowledge), value.as_object_mut()) {
        object.insert("offer".to_owned(), offer::to_json(&offer, knowledge));
    }
    value
}

fn to_json(explanation: &Explanation) -> Value {
    let class = match explanation.class {
        Class::Success => "success",
        Class::Intermediate => "intermediate",
        Class::Transient => "transient",
        Class::Permanent => "permanent",
        Class::Unknown => "unknown",
    };
    json!({
        "code": explanation.code.map(crate::smtp::ReplyCode::number),
        "class": class,
        "enhanced": explanation.enhanced.map(|code| code.to_string()),
        "title": explanation.title,
        "meaning": explanation.meaning,
        "category": explanation.category,
        "retry": explanation.retry,
        "software": explanation.software,
        "evidence": explanation.evidence,
        "causes": explanation.causes,
        "next": explanation.next.iter().filter_map(crate::interchange::step_to_json).collect::<Vec<_>>(),
        "advice": crate::interchange::advice(explanation),
        "references": explanation.references,
        "notes": explanation.notes,
        "layers": explanation.layers.iter().map(crate::interchange::layer_to_json).collect::<Vec<_>>(),
    })
}

/// How the parts of the text look.
#[derive(Debug, Clone, Copy)]
struct Style {
    colour: bool,
}

impl Style {
    /// No colour at all.
    #[cfg(test)]
    fn plain() -> Self {
        Self { colour: false }
    }

    fn of(when: Colour, world: &World) -> Self {
        let colour = match when {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                world.variable("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
            }
        };
        Self { colour }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn headline(self, class: Class, text: &str) -> String {
        let colour = match class {
            Class::Success | Class::Intermediate => "1;32",
            Class::Transient => "1;33",
            Class::Permanent | Class::Unknown => "1;31",
        };
        self.paint(colour, text)
    }
}

fn to_text(subject: &Subject, e: &Explanation, style: Style) -> String {
    let mut lines = Vec::new();
    match subject {
        Subject::Reply(reply) => {
            lines.extend(reply.lines.iter().map(|line| style.dim(&escape::for_screen(&line.raw))));
        }
        Subject::Enhanced(code, text) => {
            lines.push(style.dim(&escape::for_screen(format!("{code} {text}").trim_end().as_bytes())));
        }
        Subject::Words(text) => lines.push(style.dim(&escape::for_screen(text.as_bytes()))),
    }
    to_text_of(lines, e, style)
}

/// An explanation below lines that say what is explained.
fn to_text_of(mut lines: Vec<String>, e: &Explanation, style: Style) -> String {
    lines.push(style.headline(e.class, &e.title));
    lines.push(e.meaning.clone());
    lines.push(String::new());
    lines.extend(e.digits.iter().map(|(digits, words)| format!("  {} {words}", style.strong(&format!("{digits:<8}")))));
    let retry = match e.retry {
        Some(true) => ", try again later",
        Some(false) => ", trying again does not help",
        None => "",
    };
    lines.push(format!("  {} {}{retry}", style.strong("category"), e.category));
    if let Some(software) = &e.software {
        let by = e.evidence.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
        lines.push(format!("  {} {software}{by}", style.strong("probably")));
    }
    if e.layers.len() > 1 || e.layers.iter().any(|layer| layer.own) {
        lines.push(String::new());
        lines.push(style.strong("Read from, most specific first"));
        lines.extend(e.layers.iter().map(|layer| layer_to_text(layer, style)));
    }
    section(&mut lines, style, "Why, most likely first", e.causes.iter().map(ToString::to_string));
    section(&mut lines, style, "Try next", e.next.iter().map(|step| step_to_text(step, style)));
    if !e.notes.is_empty() {
        lines.push(String::new());
        lines.extend(e.notes.iter().map(|note| format!("{} {note}", style.strong("Note:"))));
    }
    if !e.references.is_empty() {
        lines.push(String::new());
        lines.push(style.dim(&e.references.join(" · ")));
    }
    lines.join("\n") + "\n"
}

/// A layer in a line: what it goes by, what it says, and whether the rest goes by it.
fn layer_to_text(layer: &Layer, style: Style) -> String {
    let by = match layer.by {
        Spoke::Text if layer.own => format!("your texts ({})", layer.source),
        Spoke::Text => format!("the text ({})", layer.source),
        Spoke::Words => format!("the weight of its words ({})", layer.on),
        Spoke::Enhanced | Spoke::Code => layer.on.clone(),
    };
    let mark = if layer.decides { ">" } else { " " };
    format!("  {mark} {}: {} {}", by, layer.says, style.dim(&format!("({})", layer.category)))
}

fn section(lines: &mut Vec<String>, style: Style, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(style.strong(title));
    lines.extend(items.iter().enumerate().map(|(n, item)| format!("{:>3} {item}", n + 1)));
}

fn step_to_text(step: &Step, style: Style) -> String {
    let how = match &step.does {
        Does::Command(line) => escape::for_screen(line.as_bytes()),
        Does::Action(name, None) => name.clone(),
        Does::Action(name, Some(argument)) => format!("{name} {}", escape::for_screen(argument.as_bytes())),
        Does::Advice => return step.text.clone(),
    };
    format!("{}: {}", step.text, style.strong(&how))
}

#[cfg(test)]
mod tests {
    use super::for_shell;

    #[test]
    fn a_path_in_a_command_to_copy_is_one_word_of_a_shell() {
        for (path, want) in [
            ("mail.log", "mail.log"),
            ("my log", "'my log'"),
            ("it's; rm", r"'it'\''s; rm'"),
            ("-x", "./-x"),
            ("a\u{1b}[2J", r"'a\e[2J'"),
        ] {
            assert_eq!(for_shell(path), want, "{path:?}");
        }
    }
}
