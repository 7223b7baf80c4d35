//! ehlo's own Markdown: the conversation stands in a fence, each line behind its time where there was a clock.

use crate::conversation::file::Document;

use super::clock::Moment;
use super::lines::lines;
use super::swaks;
use super::text::Text;
use super::{Unread, about};

const HEADING: &[u8] = b"## The conversation";

/// Whether it is a page of ehlo's own.
pub(super) fn looks(beginning: &[u8]) -> bool {
    fenced(beginning).is_some_and(|(_, inner)| {
        let bare: Vec<&[u8]> = inner.into_iter().map(|line| timed(line).1).collect();
        swaks::looks(&bare.join(&b'\n'))
    })
}

/// The lines within the fence, and how many stand before them.
fn fenced(octets: &[u8]) -> Option<(usize, Vec<&[u8]>)> {
    let mut all = lines(octets).map(|(_, line)| line).enumerate().skip_while(|(_, line)| *line != HEADING).skip(1);
    let (before, fence) = all.by_ref().find(|(_, line)| !line.is_empty())?;
    let fence =
        fence.strip_suffix(b"text").filter(|fence| fence.len() > 2 && fence.iter().all(|octet| *octet == b'`'))?;
    Some((before + 1, all.map(|(_, line)| line).take_while(|line| *line != fence).collect()))
}

/// The time before a line, microseconds, and the line.
fn timed(line: &[u8]) -> (Option<i64>, &[u8]) {
    let told = || {
        let digits = line.trim_ascii_start();
        let end = digits.iter().position(|octet| *octet == b' ')?;
        let (seconds, millis) =
            std::str::from_utf8(&digits[..end]).ok()?.split_once('.').filter(|(_, ms)| ms.len() == 3)?;
        let micros = seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?;
        Some((micros.checked_add(millis.parse::<i64>().ok()? * 1_000)?, &digits[end + 1..]))
    };
    told().map_or((None, line), |(at, rest)| (Some(at), rest))
}

/// Reads it.
pub(super) fn read(octets: &Text<'_>) -> (Vec<Document>, Unread) {
    let Some((before, inner)) = fenced(octets) else { return Default::default() };
    let about = about::of_page(lines(octets).map(|(_, line)| line).take_while(|line| *line != HEADING));
    let started = about.started();
    let moment = |at: i64| match started {
        Some(started) => Moment::Utc(started.as_microsecond().saturating_add(at)),
        None => Moment::Local(at),
    };
    let (times, texts): (Vec<_>, Vec<_>) =
        inner.into_iter().map(timed).map(|(at, line)| (at.map(moment), line)).unzip();
    let text = texts.join(&b'\n');
    let (mut conversations, read) = swaks::read_as("markdown", &Text::timed(&text, times));
    if let Some(first) = conversations.first_mut() {
        about.into_head(&mut first.header);
    }
    let mut unread = Unread::default();
    unread.behind(before, read);
    (conversations, unread)
}
