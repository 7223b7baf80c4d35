//! What can be read of a file is written and read again as the same, whatever the chunks it comes in.
#![no_main]

use ehlo::conversation::file::{Document, Reader, read, write_document};
use libfuzzer_sys::fuzz_target;

fn written(document: &Document) -> Vec<u8> {
    let mut out = Vec::new();
    write_document(document, &mut out);
    out
}

fn in_chunks(bytes: &[u8], size: usize) -> Option<Document> {
    let mut reader = Reader::new();
    for chunk in bytes.chunks(size) {
        reader.feed(chunk).ok()?;
    }
    reader.finish().ok()
}

// The first octet says how long the chunks are.
fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else { return };
    let whole = read(bytes).ok();
    let chunked = in_chunks(bytes, usize::from(*size).max(1));
    assert_eq!(whole.as_ref().map(written), chunked.as_ref().map(written));
    let Some(document) = whole.filter(|document| !document.read_only) else { return };
    let text = written(&document);
    let again = match read(&text) {
        Ok(again) => again,
        Err(error) => panic!("what was written is not read: {error}"),
    };
    assert_eq!(document.log.len(), again.log.len());
    for ((_, a), (_, b)) in document.log.since(0).zip(again.log.since(0)) {
        assert_eq!((a.at, a.kind, a.bytes, a.crlf), (b.at, b.kind, b.bytes, b.crlf));
    }
    assert_eq!(written(&again), text);
});
