//! The first row: who is at the other end and how the line is protected; right, where the conversation stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::conversation::event::Remark;
use crate::smtp::escape::for_screen;

use super::action::Action;
use super::model::Model;
use super::text::{fit, width};
use super::theme::Role;

/// Draws it.
pub(super) fn draw(model: &Model, buffer: &mut Buffer, area: Rect) {
    let theme = model.theme;
    let (left, right) = if model.at_start() {
        (String::new(), "an SMTP conversation workbench · F1 help".to_owned())
    } else {
        (whom(model), state(model))
    };
    let production = !model.at_start() && !model.is_offline() && model.peer.production;
    let columns = usize::from(area.width);
    let right = fit(&right, columns.saturating_sub(8));
    let mut spans = vec![Span::styled(" ehlo", theme.style(Role::Accent)), Span::raw("  ")];
    if production {
        spans.push(Span::styled("PRODUCTION", theme.style(Role::Bad)));
        spans.push(Span::raw(" · "));
    }
    if !model.at_start() && is_unverified(model) {
        spans.push(Span::styled("NOT VERIFIED", theme.style(Role::Bad)));
        spans.push(Span::raw(" · "));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let left = fit(&left, columns.saturating_sub(used + width(&right) + 2));
    let gap = columns.saturating_sub(used + width(&left) + width(&right) + 1);
    spans.push(Span::raw(left));
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(right, theme.style(Role::Text)));
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Name, address, protection.
fn whom(model: &Model) -> String {
    let talk = &model.talk;
    let mut parts = vec![for_screen(talk.name.as_bytes())];
    if let Some(address) = talk.connected.as_ref().and_then(|remark| remark.bare(0))
        && !talk.name.ends_with(address)
    {
        parts.push(for_screen(address.as_bytes()));
    }
    if talk.connected.is_some() {
        parts.push(protection(model));
    }
    if model.files.several() && model.is_offline() {
        parts.push(format!("file {} of {}", model.files.current + 1, model.files.paths.len()));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Whether nobody vouches for the other side of a connection that is secured, or is about to be: lasts as long as it.
fn is_unverified(model: &Model) -> bool {
    match model.talk.tls.as_ref().filter(|tls| tls.get("failed").is_none()) {
        Some(tls) => tls.get("verified") == Some("no"),
        None => model.peer.unverified && model.talk.is_open(),
    }
}

fn protection(model: &Model) -> String {
    let session = model.panel.session(&model.talk);
    match &model.talk.tls {
        Some(tls) if session.tls && tls.get("failed").is_none() => {
            for_screen(tls.get("version").unwrap_or("TLS").as_bytes())
        }
        _ if session.capabilities.has("STARTTLS") => "clear text (STARTTLS offered)".to_owned(),
        _ => "clear text".to_owned(),
    }
}

/// Where the conversation stands, in words.
fn state(model: &Model) -> String {
    if model.talk.partial {
        return "…".to_owned();
    }
    if model.talk.log.is_empty() { String::new() } else { model.panel.where_line(&model.talk) }
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
    let open = model.talk.is_open();
    if let Some(trouble) = model.panel.trouble() {
        let first = trouble.better.as_ref().map(|better| (1, format!("connects to {}", for_screen(better.as_bytes()))));
        let regardless = trouble.step_that(Action::TlsRegardless).map(|n| (n, "goes on regardless".to_owned()));
        let key = first.or(regardless).map(|(n, words)| format!("Alt-{n} {words}"));
        let always = ["F5 again", "F4 elsewhere"].map(str::to_owned).into_iter().filter(|_| !open);
        return Some(before_keys(&capital(&trouble.short), key.into_iter().chain(always).collect(), columns));
    }
    if open {
        return None;
    }
    let Some(remark) = &model.talk.ended else {
        return model.talk.log.is_empty().then(|| "connecting …".to_owned());
    };
    let keys = ["F5 reconnect", "F4 elsewhere", "Ctrl-Q quit"].map(str::to_owned);
    Some(before_keys(&why(remark), keys.to_vec(), columns))
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

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
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
