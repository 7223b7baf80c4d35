//! Results signed with the class's key (Ed25519, RFC 8032), and judged again from their transcripts.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::ClassError;
use super::export::{Outcome, Results, sum};
use super::settings::Settings;
use super::student::in_time;
use crate::conversation::Micros;
use crate::conversation::file;
use crate::lesson::{Attempt, Course, Lesson};
use crate::world::World;

/// Something with its signature. What is signed is its JSON on one line with keys in the order of the alphabet, without
/// `key` and `signature`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<T> {
    /// What.
    #[serde(flatten)]
    pub what: T,
    /// The public key, base64.
    pub key: String,
    /// The signature, base64.
    pub signature: String,
}

fn octets<T: Serialize>(what: &T) -> Vec<u8> {
    // A value of serde_json keeps its keys in the order of the alphabet.
    serde_json::to_value(what).and_then(|value| serde_json::to_vec(&value)).expect("plain data")
}

fn pair(settings: &Settings) -> Ed25519KeyPair {
    let mut mac = Hmac::<Sha256>::new_from_slice(&settings.secret).expect("any length is a key");
    mac.update(b"signatures");
    let seed: [u8; 32] = mac.finalize().into_bytes().into();
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 octets are a seed")
}

/// Signs with the class's key.
#[must_use]
pub fn sign<T: Serialize>(settings: &Settings, what: T) -> Signed<T> {
    let pair = pair(settings);
    let signature = STANDARD.encode(pair.sign(&octets(&what)));
    Signed { what, key: STANDARD.encode(pair.public_key()), signature }
}

/// What a class's key is known by, to be compared by eye.
#[must_use]
pub fn fingerprint(settings: &Settings) -> String {
    words_of(pair(settings).public_key().as_ref())
}

fn words_of(key: &[u8]) -> String {
    let sum = sum(key);
    sum.as_bytes()[..24].chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect::<Vec<_>>().join(" ")
}

impl<T: Serialize> Signed<T> {
    /// Whether the signature is that of the key which stands beside it.
    #[must_use]
    pub fn holds(&self) -> bool {
        let (Ok(key), Ok(signature)) = (STANDARD.decode(&self.key), STANDARD.decode(&self.signature)) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, key).verify(&octets(&self.what), &signature).is_ok()
    }

    /// What the key is known by.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        words_of(&STANDARD.decode(&self.key).unwrap_or_default())
    }
}

/// What came of judging again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The name.
    pub name: String,
    /// The lesson.
    pub lesson: String,
    /// Steps that the results say.
    pub said: usize,
    /// Steps that the transcripts show.
    pub shown: usize,
    /// What is wrong; nothing where all agrees.
    pub problems: Vec<String>,
}

/// Reads results, and judges each transcript that they name again. Files are looked for beside `path`.
///
/// # Errors
/// A file that can't be read or is none of these.
pub fn verify(path: &Path, world: &World) -> Result<(Signed<Results>, Vec<Verified>), ClassError> {
    let octets = bounded(path).map_err(ClassError::file(path))?;
    let wrong = |error: serde_json::Error| ClassError::Words(format!("{}: {error}", path.display()));
    let signed: Signed<Results> = serde_json::from_slice(&octets).map_err(wrong)?;
    if signed.what.ehlo != 1 {
        let words = format!(
            "{}: this is version {} of the format; this ehlo reads version 1",
            path.display(),
            signed.what.ehlo
        );
        return Err(ClassError::Words(words));
    }
    let beside = path.parent().unwrap_or(Path::new("."));
    let verified = signed.what.results.iter().map(|outcome| again(outcome, &signed.what, beside, world)).collect();
    Ok((signed, verified))
}

/// Octets of a file of results, or of a transcript, at most.
const MOST: u64 = 64 << 20;

/// Reads a file that somebody handed in: a regular one, and not without end.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let refused = |words: &str| io::Error::new(io::ErrorKind::InvalidData, words.to_owned());
    // Looked at before it is opened: the opening of a pipe waits for who writes.
    if !std::fs::metadata(path)?.is_file() {
        return Err(refused("it is not a regular file"));
    }
    let mut octets = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > MOST {
        return Err(refused("it is larger than 64 MiB, which nothing that a class writes is"));
    }
    Ok(octets)
}

fn again(outcome: &Outcome, results: &Results, beside: &Path, world: &World) -> Verified {
    let mut verified = Verified {
        name: outcome.name.clone(),
        lesson: outcome.lesson.clone(),
        said: outcome.done,
        shown: 0,
        problems: Vec::new(),
    };
    match judge(outcome, results, beside, world, &mut verified.problems) {
        Ok(shown) => {
            verified.shown = shown;
            if shown != outcome.done {
                verified.problems.push(format!("the transcripts show {shown} steps, the results say {}", outcome.done));
            }
        }
        Err(why) => verified.problems.push(why),
    }
    verified
}

/// Judges the transcripts; gives how many steps they show.
fn judge(
    outcome: &Outcome,
    results: &Results,
    beside: &Path,
    world: &World,
    problems: &mut Vec<String>,
) -> Result<usize, String> {
    let lesson = Course::load(world).find(&outcome.lesson, world).map_err(|error| error.to_string())?;
    let taught = results.lessons.iter().find(|taught| taught.name == lesson.name);
    if taught.is_none_or(|taught| taught.sha256 != sum(lesson.text().as_bytes())) {
        return Err(format!("the lesson {} is another version here than the one that was taught", lesson.name));
    }
    let lesson = varied(lesson, &outcome.variant, world)?;
    let mut sessions = Vec::new();
    let mut first = None;
    for (n, (name, expected)) in (1u64..).zip(&outcome.transcripts) {
        let path = Path::new(name);
        // A file elsewhere is nobody's transcript.
        if path.is_absolute() || path.components().any(|part| part == std::path::Component::ParentDir) {
            return Err(format!("{name} is not below the results"));
        }
        let octets = bounded(&beside.join(path)).map_err(|error| format!("{name}: {error}"))?;
        if sum(&octets) != *expected {
            problems.push(format!("{name} is not the transcript that was signed"));
        }
        let document = file::read(&octets).map_err(|error| format!("{name}: {error}"))?;
        let started = document.header.started().unwrap_or_default();
        let first = *first.get_or_insert(started);
        let after = started.as_microsecond().saturating_sub(first.as_microsecond());
        sessions.push((n, Micros(u64::try_from(after).unwrap_or(0)), in_time(document.log)));
    }
    let mut attempt = Attempt::new(Arc::new(lesson));
    attempt.rejudge(&sessions);
    Ok(attempt.ticked())
}

fn varied(lesson: Lesson, variant: &str, world: &World) -> Result<Lesson, String> {
    if variant.is_empty() {
        return Ok(lesson);
    }
    let octet = |at: usize| variant.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let seed: Option<Vec<u8>> = (0..variant.len()).step_by(2).map(octet).collect();
    let seed = seed.ok_or("the variant is not hexadecimal")?;
    lesson.varied(&seed, world).map_err(|error| error.to_string())
}
