//! The writer: records as lines, byte-exact the inverse of the reader.

use std::io::Write as _;

use super::Document;
use crate::conversation::event::{Event, Line, Micros};
use crate::conversation::log::{Entry, Kind};
use crate::smtp::escape;

/// Appends one record of a recording, with its line end, to `out`.
pub fn write_record(at: Micros, event: &Event, out: &mut Vec<u8>) {
    let (kind, line) = match event {
        Event::Sent(line) => (Kind::Sent, line),
        Event::Content(line) => (Kind::Content, line),
        Event::Received(line) => (Kind::Received, line),
        Event::Remark(remark) => {
            begin(at, b'*', out);
            rest(remark.to_string().as_bytes(), true, out);
            return;
        }
    };
    let Line { bytes, crlf, masked } = line;
    write_entry(&Entry { kind, at: Some(at), bytes, crlf: *crlf, masked: *masked }, out);
}

/// Appends one record of a log, with its line end, to `out`.
pub fn write_entry(entry: &Entry<'_>, out: &mut Vec<u8>) {
    let sigil = match entry.kind {
        Kind::Sent => b'>',
        Kind::Content => b'|',
        Kind::Received => b'<',
        Kind::Remark => b'*',
        Kind::Script | Kind::Comment => {
            out.extend_from_slice(entry.bytes);
            out.push(b'\n');
            return;
        }
    };
    begin(entry.at.unwrap_or_default(), sigil, out);
    if entry.masked || entry.kind == Kind::Remark {
        rest(entry.bytes, entry.crlf, out);
        return;
    }
    if !entry.bytes.is_empty() {
        out.push(b' ');
        escape::to_file(entry.bytes, out);
    }
    end(entry.bytes.is_empty(), entry.crlf, out);
}

/// Appends a whole file: its head, then each record.
pub fn write_document(document: &Document, out: &mut Vec<u8>) {
    document.header.write(out);
    for (_, entry) in document.log.since(0) {
        write_entry(&entry, out);
    }
}

fn begin(at: Micros, sigil: u8, out: &mut Vec<u8>) {
    write!(out, "{at} ").expect("a vector takes it");
    out.push(sigil);
}

/// A text that is in the file's form already.
fn rest(text: &[u8], crlf: bool, out: &mut Vec<u8>) {
    if !text.is_empty() {
        out.push(b' ');
        out.extend_from_slice(text);
    }
    end(text.is_empty(), crlf, out);
}

/// Ends a line; `\\c` stands for a CR LF that was not there, and keeps its space where it stands alone.
fn end(empty: bool, crlf: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(match (crlf, empty) {
        (true, _) => b"\n",
        (false, true) => b" \\c\n",
        (false, false) => b"\\c\n",
    });
}
