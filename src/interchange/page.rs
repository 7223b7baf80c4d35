//! A page of HTML that stands alone: no script, nothing fetched. What all such pages share is here: how they begin, their
//! ground, and text that is no markup. What stands on one is its writer's.

use crate::smtp::escape;

/// Colours, sizes and what else looks alike on every page.
const GROUND: &str = include_str!("ground.css");

/// A page as far as its heading, with a style of its own beside the common one.
#[must_use]
pub fn begin(title: &str, style: &str) -> String {
    let title = text(title.as_bytes());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{GROUND}{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    )
}

/// Octets as text of a page: fit to be shown, and never markup.
#[must_use]
pub fn text(octets: &[u8]) -> String {
    let shown = escape::for_screen(octets);
    let mut out = String::with_capacity(shown.len());
    for c in shown.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
