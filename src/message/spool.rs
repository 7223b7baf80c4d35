//! A message with parts that are too large for memory: a mark stands for each until the message is written somewhere.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::draft::{Attachment, is_message};
use crate::world::World;

/// Octets of a file that make a line of base64 (76 characters: RFC 2045 6.8).
const OF_A_LINE: usize = 57;
/// Octets of a file that are read at once: whole lines of base64.
const BLOCK: usize = OF_A_LINE * 1024;

/// A file that is a part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Large {
    mark: String,
    path: PathBuf,
    /// It is a message, of which each line ends in CR LF; anything else goes by base64.
    lines: bool,
}

impl Large {
    /// A file that is to be attached, of this type (none for octets), and the attachment that stands for it.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn attachment(
        path: PathBuf,
        name: Option<String>,
        media_type: String,
        world: &World,
    ) -> io::Result<(Attachment, Self)> {
        let lines = is_message(&media_type);
        let transfer = match lines {
            // Of a message nothing else may be said (RFC 2046 5.2.1).
            true if is_ascii(&path)? => "7bit",
            true => "8bit",
            false => "base64",
        };
        // Nobody who wrote the message can know it.
        let mark = format!("{:032x}", u128::from_be_bytes(world.random()));
        let octets = mark.clone().into_bytes();
        Ok((Attachment { name, media_type, octets, written: Some(transfer) }, Self { mark, path, lines }))
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let file = File::open(&self.path)?;
        if self.lines { with_crlf(file, out) } else { base64(file, out) }
    }
}

/// Writes a message of which each mark is replaced by what its file holds.
///
/// # Errors
/// A file that can't be read, or what can't be written.
pub fn write(message: &[u8], parts: &[Large], out: &mut impl Write) -> io::Result<()> {
    let mut rest = message;
    // Attached one after the other, they stand in their order.
    for part in parts {
        let at =
            memchr::memmem::find(rest, part.mark.as_bytes()).ok_or_else(|| io::Error::other("a part is missing"))?;
        out.write_all(&rest[..at])?;
        part.write(out)?;
        rest = &rest[at + part.mark.len()..];
    }
    out.write_all(rest)
}

fn is_ascii(path: &PathBuf) -> io::Result<bool> {
    let mut file = BufReader::with_capacity(BLOCK, File::open(path)?);
    loop {
        let block = file.fill_buf()?;
        if block.is_empty() || !block.is_ascii() {
            return Ok(block.is_empty());
        }
        let read = block.len();
        file.consume(read);
    }
}

/// Lines of base64 with CR LF between them; none behind the last.
fn base64(mut file: File, out: &mut impl Write) -> io::Result<()> {
    let (mut block, mut lines) = (vec![0; BLOCK], Vec::with_capacity(BLOCK / OF_A_LINE * 78));
    let mut coded = [0; OF_A_LINE.div_ceil(3) * 4];
    let mut first = true;
    loop {
        let read = full(&mut file, &mut block)?;
        lines.clear();
        for line in block[..read].chunks(OF_A_LINE) {
            let length = STANDARD.encode_slice(line, &mut coded).map_err(io::Error::other)?;
            if !std::mem::take(&mut first) {
                lines.extend_from_slice(b"\r\n");
            }
            lines.extend_from_slice(&coded[..length]);
        }
        out.write_all(&lines)?;
        if read < block.len() {
            return Ok(());
        }
    }
}

/// Reads until the block is full or the file ends.
fn full(file: &mut File, block: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < block.len() {
        match file.read(&mut block[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// A file with CR LF at the end of each line; none behind the last.
fn with_crlf(mut file: File, out: &mut impl Write) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    let mut before = 0;
    // The end of a line is written once it is known that another follows.
    let mut ends = false;
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        let mut written = Vec::with_capacity(read + read / 32);
        for octet in &block[..read] {
            if std::mem::take(&mut ends) {
                written.extend_from_slice(b"\r\n");
            }
            match (before, *octet) {
                (_, b'\n') => ends = true,
                (b'\r', b'\r') => written.push(b'\r'),
                (b'\r', octet) => written.extend_from_slice(&[b'\r', octet]),
                (_, b'\r') => {}
                (_, octet) => written.push(octet),
            }
            before = *octet;
        }
        out.write_all(&written)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{attach, header};
    use crate::world::Directories;
    use proptest::prelude::*;

    fn world() -> World {
        let nowhere = || PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
    }

    fn spooled(message: &[u8], files: &[(&str, &[u8])]) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let world = world();
        let (mut message, mut parts) = (message.to_vec(), Vec::new());
        for (number, (media_type, octets)) in files.iter().enumerate() {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, octets).expect("written");
            let (attachment, part) =
                Large::attachment(path, Some("a".into()), (*media_type).to_owned(), &world).expect("read");
            message = attach::attach(&message, &attachment).expect("attached");
            parts.push(part);
        }
        let mut out = Vec::new();
        write(&message, &parts, &mut out).expect("written");
        out
    }

    fn held(message: &[u8], files: &[(&str, &[u8])]) -> Vec<u8> {
        files.iter().fold(message.to_vec(), |message, (media_type, octets)| {
            let media_type = (*media_type).to_owned();
            let file = Attachment { name: Some("a".into()), media_type, octets: octets.to_vec(), written: None };
            attach::attach(&message, &file).expect("attached")
        })
    }

    /// The lines of a message, without boundaries, which are made of what it holds; and its fields in an order of their own.
    fn parts(message: &[u8]) -> (Vec<String>, Vec<String>) {
        let text = String::from_utf8_lossy(message);
        let lines = text.split("\r\n").filter(|line| !line.is_empty() && !line.contains("=_")).map(str::to_owned);
        let (mut fields, rest): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("Content-"));
        fields.sort();
        (fields, rest)
    }

    #[test]
    fn it_is_the_message_that_would_have_been_held() {
        let long = vec![b'x'; BLOCK + 1];
        let cases: [&[(&str, &[u8])]; 5] = [
            &[("", b"octets")],
            &[("application/pdf", &long), ("image/png", b"\x00\xff"), ("", b"")],
            &[("message/rfc822", b"From: a\nTo: b\r\n\r\nHello.\n.\n")],
            &[("message/rfc822", "Subject: ü\n\nx".as_bytes()), ("application/zip", &long[..BLOCK])],
            &[("MESSAGE/rfc822; x=y", b"A: b\r\n\r\nc\r\n")],
        ];
        for files in cases {
            let (spooled, held) = (spooled(b"From: a\n\nHello.\n", files), held(b"From: a\n\nHello.\n", files));
            assert_eq!(parts(&spooled), parts(&held));
        }
    }

    proptest! {
        #[test]
        fn lines_end_as_those_of_a_message_in_memory(octets in "[a\r\n]{0,12}") {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("x");
            std::fs::write(&path, &octets).expect("written");
            let mut out = Vec::new();
            with_crlf(File::open(&path).expect("there"), &mut out).expect("read");
            let whole = header::with_crlf(octets.as_bytes());
            prop_assert_eq!(&out, whole.strip_suffix(b"\r\n").unwrap_or(&whole));
        }
    }
}
