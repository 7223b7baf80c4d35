//! The first row: who is at the other end and how the line is protected; right, where the conversation stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::conversation::event::Remark;
use crate::conversation::words::capital;
use crate::profile::duration;
use crate::smtp::escape::for_screen;

use super::action::Action;
use super::attending::InClass;
use super::model::Model;
use super::probing::Probing;
use super::text::{fit, width};
use super::theme::Role;

/// Draws it.
pub(super) fn draw(model: &Model, buffer: &mut Buffer, area: Rect) {
    let theme = model.theme;
    let (left, right) = if model.at_library() {
        (vec!["conversations that were kept".to_owned()], model.keymap.told("{help} help"))
    } else if model.at_start() {
        (vec![String::new()], model.keymap.told("an SMTP conversation workbench · {help} help"))
    } else {
        (whom(model), state(model))
    };
    let production = !model.at_start() && !model.is_offline() && model.peer.production;
    let columns = usize::from(area.width);
    // With whom a file was is to be read beside what became of it.
    let most = if model.is_offline() && !model.at_start() { columns / 2 } else { columns.saturating_sub(8) };
    let right = fit(&right, most);
    let mut spans = vec![Span::styled(" ehlo", theme.style(Role::Accent)), Span::raw("  ")];
    if production {
        spans.push(Span::styled("PRODUCTION", theme.style(Role::Bad)));
        spans.push(Span::raw(" · "));
    }
    if !model.at_start() && is_unverified(model) {
        spans.push(Span::styled("NOT VERIFIED", theme.style(Role::Bad)));
        spans.push(Span::raw(" · "));
    }
    if !model.at_start() && model.talk.is_unrecorded() {
        spans.push(Span::styled("NOT RECORDED", theme.style(Role::Bad)));
        spans.push(Span::raw(" · "));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let room = columns.saturating_sub(used + width(&right) + 3);
    let left =
        left.iter().find(|left| width(left) <= room).or(left.last()).map_or_else(String::new, |it| fit(it, room));
    let gap = columns.saturating_sub(used + width(&left) + width(&right) + 1);
    spans.push(Span::raw(left));
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(right, theme.style(Role::Text)));
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Name, address, protection, longest first; the protection is what is said last of all.
fn whom(model: &Model) -> Vec<String> {
    let talk = &model.talk;
    let name = for_screen(talk.name.as_bytes());
    let address = talk.connected.as_ref().and_then(|remark| remark.bare(0));
    // What lies in a file is known by the host that it was with.
    let host = talk.target.as_deref().filter(|_| model.is_offline()).map(|it| it.trim_start_matches("smtp://"));
    let address = host.or(address);
    // In a class it is a door of this machine's, which means nothing to anybody.
    let address = address.filter(|_| model.class.is_none() || !model.peer.lab || model.is_offline());
    let address = address.filter(|address| !talk.name.ends_with(address)).map(|address| for_screen(address.as_bytes()));
    let (long, short) = if talk.connected.is_some() { protection(model) } else { (String::new(), String::new()) };
    let file = (model.files.several() && model.is_offline())
        .then(|| format!("file {} of {}", model.files.current + 1, model.files.paths.len()));
    let parts = |address: Option<&String>, protection: &String| {
        // Which of several files it is has room before the rest.
        let parts = [file.as_ref(), Some(&name), address, Some(protection)];
        let parts: Vec<&str> =
            parts.into_iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    };
    vec![parts(address.as_ref(), &long), parts(address.as_ref(), &short), parts(None, &short)]
}

/// Whether nobody vouches for the other side of a connection that is secured, or is about to be: lasts as long as it. Of a
/// file it is said of the moment whose protection is told beside it.
fn is_unverified(model: &Model) -> bool {
    if model.is_offline() {
        return handshake(model).is_some_and(|tls| tls.get("verified") == Some("no"));
    }
    match model.talk.tls.as_ref().filter(|tls| tls.get("failed").is_none()) {
        Some(tls) => tls.get("verified") == Some("no"),
        None => model.peer.unverified && model.talk.is_open(),
    }
}

/// Whether the title tells how a file ended, and not where it stood at a line: at the first one, where nothing was done yet.
fn tells_the_end(model: &Model) -> bool {
    model.is_offline() && model.transcript.marked() == Some(0) && !model.talk.outcome.is_empty()
}

/// The handshake that protects what is shown.
fn handshake(model: &Model) -> Option<Remark> {
    let tls = model.panel.session(&model.talk).tls;
    model.panel.protection(&model.talk).filter(|_| tls)
}

/// How the line is protected as of what is shown, with what is offered and without.
fn protection(model: &Model) -> (String, String) {
    let session = model.panel.session(&model.talk);
    match handshake(model) {
        Some(tls) => {
            let version = for_screen(tls.get("version").unwrap_or("TLS").replacen("TLSv", "TLS ", 1).as_bytes());
            (version.clone(), version)
        }
        _ if session.capabilities.has("STARTTLS") => {
            ("clear text (STARTTLS offered)".to_owned(), "clear text".to_owned())
        }
        // Under TLS from the first byte there was no clear text: nothing was secured, and nothing said.
        _ if model.talk.name.starts_with("smtps://")
            || model.talk.target.as_ref().is_some_and(|it| it.starts_with("smtps://")) =>
        {
            ("not secured".to_owned(), "not secured".to_owned())
        }
        _ => ("clear text".to_owned(), "clear text".to_owned()),
    }
}

/// Where the conversation stands, in words.
fn state(model: &Model) -> String {
    if model.talk.partial {
        return "…".to_owned();
    }
    if model.talk.is_script() {
        return "a script".to_owned();
    }
    if model.talk.is_way() {
        return if model.talk.report(None).is_some() { "a bounce and its way" } else { "the way of a message" }
            .to_owned();
    }
    // At its beginning how it ended is told, as the end; further on, where it stood at that line.
    if tells_the_end(model) {
        return format!("end: {}", for_screen(model.talk.outcome.as_bytes()));
    }
    if model.talk.log.is_empty() {
        return String::new();
    }
    let stands = model.panel.where_line(&model.talk);
    let idle = model.talk.idle.map(|limit| format!("idle limit {}", duration::words(limit)));
    let class = model.class.as_ref().filter(|_| !model.is_offline()).and_then(InClass::words);
    let alive = model.talk.keep_alive.as_ref().map(|every| format!("NOOP every {}", for_screen(every.as_bytes())));
    let watched = model.is_offline() || model.talk.is_open();
    let more: Vec<String> =
        class.clone().into_iter().chain([alive, idle].into_iter().flatten().filter(|_| watched)).collect();
    // Where there is little room the first of them says enough.
    let fits = |words: &String| width(words) <= usize::from(model.size.0) / 2;
    let with = |n: usize| std::iter::once(&stands).chain(&more[..n]).cloned().collect::<Vec<_>>().join(" · ");
    let alone = class.unwrap_or_else(|| stands.clone());
    (1..=more.len()).rev().map(with).find(fits).unwrap_or(alone)
}

/// What went wrong or how a live connection ended, and the keys that go on, in so many columns; nothing while it is
/// open and all is well.
pub(super) fn ended(model: &Model, columns: usize) -> Option<String> {
    if model.is_offline() {
        return None;
    }
    if model.talk.is_inspecting() {
        return Some("The certificate is not trusted; looking closer at it …".to_owned());
    }
    // The tests go from one connection to the next by themselves.
    if model.probing.as_ref().is_some_and(Probing::is_running) {
        return Some(model.keymap.told("The tests go on by themselves · {stop} stops them"));
    }
    let open = model.talk.is_open();
    // In a replay the same key does the same, and is called what the footer calls it.
    let (again, reconnect) = if super::replay::is_playing(model) {
        ("{reconnect} start over", "{reconnect} start over")
    } else {
        ("{reconnect} again", "{reconnect} reconnect")
    };
    // With a line begun, what there is to say of that line comes first.
    if let Some(trouble) = model.panel.trouble().filter(|_| !open || model.composer.line().is_empty()) {
        let first = trouble.better.as_ref().map(|better| (1, format!("connects to {}", for_screen(better.as_bytes()))));
        let regardless = trouble.step_that(Action::TlsRegardless).map(|n| (n, "goes on regardless".to_owned()));
        let read_on = trouble.step_that(Action::ReadOn).map(|n| (n, "reads on".to_owned()));
        let key = first.or(regardless).or(read_on).map(|(n, words)| {
            let step = u8::try_from(n).unwrap_or(1);
            format!("{} {words}", model.keymap.key(Action::Step(step)))
        });
        let says_more = !open || key.is_none();
        let back = model.interrupted.as_ref().map(|_| "{back} back to where you were");
        let always = back.into_iter().chain([again, "{connect} elsewhere"]);
        let always = always.map(|words| model.keymap.told(words)).filter(|_| says_more);
        return Some(before_keys(&capital(&trouble.short), key.into_iter().chain(always).collect(), columns));
    }
    if open {
        return None;
    }
    let Some(remark) = &model.talk.ended else {
        return model.talk.log.is_empty().then(|| "connecting …".to_owned());
    };
    let back = model.interrupted.as_ref().map(|_| "{back} back to where you were");
    let keys = back.into_iter().chain([reconnect, "{connect} elsewhere", "{quit} quit"]);
    Some(before_keys(&why(remark), keys.map(|words| model.keymap.told(words)).collect(), columns))
}

/// Words and the keys that go on; where not all fits, the first key and what there is room for.
fn before_keys(words: &str, mut keys: Vec<String>, columns: usize) -> String {
    let between = width(" · ");
    let taken = |keys: &[String]| keys.iter().map(|key| between + width(key)).sum::<usize>();
    while keys.len() > 1 && width(words) + taken(&keys) > columns {
        keys.pop();
    }
    let room = columns.saturating_sub(taken(&keys)).max(columns / 4);
    std::iter::once(fit(words, room)).chain(keys).collect::<Vec<_>>().join(" · ")
}

/// A remark that ended a connection, in words.
fn why(remark: &Remark) -> String {
    if remark.word == "error" {
        let text = remark.values.iter().filter(|(key, _)| key.is_none()).map(|(_, value)| value.as_str());
        let text = text.collect::<Vec<_>>().join(" ");
        let text = if text.is_empty() { remark.to_string() } else { text };
        return for_screen(text.as_bytes());
    }
    match remark.get("by") {
        Some("server") => "The server closed the connection".to_owned(),
        Some("client") => "The connection is closed".to_owned(),
        _ => "The connection is gone".to_owned(),
    }
}
