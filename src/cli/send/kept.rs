//! Secrets of the environment in a message that becomes a script: it names them, and `ehlo run` reads them again.

use std::borrow::Cow;

use super::arguments::Content;
use super::content::read;
use crate::message::{Encoding, samples, template};
use crate::script::values::{ENVIRONMENT, marker, uuid};
use crate::smtp::secrecy::holds_secret;
use crate::transaction::Body;
use crate::world::World;

/// The secrets that a template holds, and what stands in their places while the message is made.
#[derive(Default)]
pub(super) struct Kept(Vec<Place>);

struct Place {
    variable: String,
    value: String,
    /// Letters and digits that stand nowhere else.
    stands: String,
}

impl Kept {
    /// What the template of this message holds.
    ///
    /// # Errors
    /// A secret that no line of a script can name as it goes out; in words with the cure.
    pub(super) fn of(content: &Content, chunked: bool, world: &World) -> Result<Self, String> {
        let Some(path) = &content.template else { return Ok(Self::default()) };
        // A pipe can be read once only: it may hold all that is allowed.
        let text = if path.is_file() { read(path)? } else { Vec::new() };
        let text = String::from_utf8_lossy(&text);
        let named: Vec<_> = template::names(&text).filter_map(|name| name.strip_prefix(ENVIRONMENT)).collect();
        let mut kept = Self::default();
        let unique = uuid(world.random());
        for variable in &content.allow_env {
            let held = !path.is_file() || named.contains(&variable.as_str());
            let Some(value) = world.variable(variable).filter(|value| held && holds_secret(variable, value)) else {
                continue;
            };
            if let Some(why) = hindrance(content, chunked, &value) {
                return Err(format!("{} is a secret, which a script only names: {why}", marker(variable)));
            }
            let stands = format!("kept{}in{}here", unique.replace('-', ""), kept.0.len());
            kept.0.push(Place { variable: variable.clone(), value, stands });
        }
        Ok(kept)
    }

    /// The world in which each of them is what stands in its place.
    pub(super) fn world(&self, world: &World) -> World {
        let places: Vec<_> = self.0.iter().map(|it| (it.variable.clone(), it.stands.clone())).collect();
        let around = world.clone();
        world.clone().with_variables(move |name| {
            let place = places.iter().find(|(variable, _)| variable == name);
            place.map(|(_, stands)| stands.clone()).or_else(|| around.variable(name))
        })
    }

    /// A message as it goes out.
    pub(super) fn filled<'a>(&self, body: &'a Body) -> Cow<'a, Body> {
        let fill = |text: Vec<u8>, it: &Place| samples::replaced(&text, it.stands.as_bytes(), it.value.as_bytes());
        match body {
            Body::Lines(text) if !self.0.is_empty() => Cow::Owned(Body::Lines(self.0.iter().fold(text.clone(), fill))),
            _ => Cow::Borrowed(body),
        }
    }

    /// A script with the names of the secrets in their places, and what is to be said of each.
    pub(super) fn named(&self, mut script: Vec<u8>) -> (Vec<u8>, Vec<String>) {
        let mut told = Vec::new();
        for Place { variable, stands, .. } in &self.0 {
            if memchr::memmem::find(&script, stands.as_bytes()).is_some() {
                script = samples::replaced(&script, stands.as_bytes(), marker(variable).as_bytes());
                told.push(format!("{} is filled by ehlo run --allow-env {variable}", marker(variable)));
            }
        }
        (script, told)
    }
}

/// Why its name can't stand for this value where the message goes out.
fn hindrance(content: &Content, chunked: bool, value: &str) -> Option<&'static str> {
    if value.contains(['\r', '\n']) {
        return Some("its value has several lines, and a line of a script holds one; leave out --as-script");
    }
    if content.encoding == Encoding::Base64 {
        return Some("in base64 its name can't stand in its place; leave out --encoding base64 or --as-script");
    }
    if content.dkim_key.is_some() {
        return Some("a signature would be of the message with the secret in it; leave out --dkim-key or --as-script");
    }
    if chunked {
        return Some("--bdat counts the octets of the message with it; leave out --bdat or --as-script");
    }
    value.starts_with('.').then_some("its value begins with a dot, which would not be doubled; leave out --as-script")
}
