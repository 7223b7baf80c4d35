//! The profiles on disk, as the start screen needs them: its rows, the editor's text, saving and deleting.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::interchange::import;
use crate::lab::scenario;
use crate::profile::{self, Draft, Endpoint, Origin, Profiles, Target, TlsMode, check_name};
use crate::script::example;
use crate::smtp::escape::for_screen;
use crate::world::World;

use super::overlay::ProfileEditor;
use super::start::{News, Profile, TrustBy, Wish};

/// The saved profiles, as rows of the start screen. One that can't be read says so in its row.
pub(super) fn rows(world: &World) -> Vec<Profile> {
    let profiles = Profiles::load(&world.directories.config);
    let rows = profiles.iter().filter(|(name, _)| *name != "lab").map(|(name, profile)| {
        let own = matches!(profiles.origin(name), Some(Origin::Own(_)));
        match profile {
            Ok(profile) => row(name, own, profile),
            Err(error) => Profile {
                name: name.to_owned(),
                note: for_screen(error.to_string().as_bytes()),
                own,
                broken: true,
                ..Profile::default()
            },
        }
    });
    rows.collect()
}

fn row(name: &str, own: bool, profile: &profile::Profile) -> Profile {
    let target = &profile.target;
    let security = match target.tls {
        TlsMode::None => "clear text",
        TlsMode::Starttls => "STARTTLS",
        TlsMode::Require => "TLS required",
        TlsMode::Implicit => "TLS",
    };
    let asks = matches!(&target.auth, Some(auth) if matches!(auth.password, profile::SecretSource::Prompt));
    let other = if asks { Some("needs a password".to_owned()) } else { target.from.clone() };
    let note = profile.note.clone().or(other).unwrap_or_default();
    Profile {
        name: name.to_owned(),
        address: for_screen(target.endpoint.to_string().as_bytes()),
        security: security.to_owned(),
        note: for_screen(note.as_bytes()),
        production: target.production,
        own,
        ..Profile::default()
    }
}

/// Does what is wanted.
pub(super) fn carry_out(wish: Wish, world: &World) -> News {
    let config = &world.directories.config;
    match wish {
        Wish::Read(text) => {
            let reading = reading(&text, world);
            News::Read(text, reading)
        }
        Wish::LookAt(text) => {
            let file = file_at(&text, world);
            News::LookedAt(text, file)
        }
        Wish::New(text) => {
            let profiles = Profiles::load(config);
            let draft = Target::read(&text, &profiles).map_or_else(|_| Draft::default(), |t| Draft::for_target(&t));
            editor("New profile", "", None, &profiles, draft)
        }
        Wish::Trust { profile, target, by } => trust(profile.as_deref(), &target, &by, &Profiles::load(config)),
        Wish::Edit(name) => edit(&name, &Profiles::load(config)),
        Wish::Copy(name) => copy(&name, &Profiles::load(config)),
        Wish::Save { name, was, text } => save(config, &name, was.as_deref(), &text, world),
        Wish::Delete(name) => match profile::delete(config, &name) {
            Ok(()) => News::Deleted(name, rows(world)),
            Err(error) => News::Failed(format!("The profile could not be deleted: {error}")),
        },
    }
}

/// How a target is read, in words, or why it is none.
fn reading(text: &str, world: &World) -> Result<String, String> {
    let target = Target::read(text, &Profiles::load(&world.directories.config)).map_err(|error| error.to_string())?;
    if let Endpoint::Lab(name) = &target.endpoint {
        scenario::check_name(name, world).map_err(|error| error.to_string())?;
    }
    Ok(if target.production { format!("{} · PRODUCTION", target.reading) } else { target.reading })
}

/// The file that a path means, and what it is, in words.
fn file_at(text: &str, world: &World) -> Option<(PathBuf, String)> {
    const BEGINNING: u64 = 64 << 10;
    if let Some(document) = example::document(Path::new(text)) {
        let title = document.ok()?.header.text("title").map(|title| format!(": {title}")).unwrap_or_default();
        return Some((text.into(), format!("a script of ehlo's own{title}")));
    }
    let path = super::keep::expanded(Path::new(text), world);
    if !path.is_file() {
        return None;
    }
    let mut octets = Vec::new();
    let read = std::fs::File::open(&path).and_then(|file| file.take(BEGINNING).read_to_end(&mut octets));
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("smtp"));
    let what = match import::source(&octets) {
        _ if read.is_err() => "a file that can't be read".to_owned(),
        _ if named || import::is_transcript(&octets) => "a transcript, to be looked at".to_owned(),
        Some(source) => format!("read as {}", source.help),
        None => "a file".to_owned(),
    };
    Some((path, what))
}

fn edit(name: &str, profiles: &Profiles) -> News {
    let draft = match draft(name, profiles) {
        Ok(draft) => draft,
        Err(news) => return news,
    };
    match profiles.origin(name) {
        Some(Origin::Own(_)) => editor(&format!("Profile {name}"), name, Some(name), profiles, draft),
        _ => editor(&format!("Your own {name}, in place of the one that comes with ehlo"), name, None, profiles, draft),
    }
}

/// The editor at what makes a profile trust a certificate, or a new one for a target that has none.
fn trust(profile: Option<&str>, target: &str, by: &TrustBy, profiles: &Profiles) -> News {
    let news = if let Some(name) = profile {
        edit(name, profiles)
    } else {
        let draft = Target::read(target, profiles).map_or_else(|_| Draft::default(), |t| Draft::for_target(&t));
        // Who types the host alone does not mean this port of it.
        let name = [draft.get("host"), draft.get("port")].join("-");
        let name = name.trim_end_matches('-');
        let free = check_name(name).is_ok() && profiles.iter().all(|(known, _)| known != name);
        editor("New profile", if free { name } else { "" }, None, profiles, draft)
    };
    match news {
        News::Editor(mut editor) => {
            editor.begin_at(match by {
                TrustBy::Authority => "tls.ca",
                TrustBy::Name(_) => "tls.verify_name",
            });
            editor.say(match by {
                TrustBy::Authority => {
                    "Put the PEM file of the authority here, if you know it and trust it.".to_owned()
                }
                TrustBy::Name(names) => format!(
                    "The certificate is for {}. Put the name here that it has to be for, if you know this server by it.",
                    some_of(names)
                ),
            });
            News::Editor(editor)
        }
        other => other,
    }
}

/// The first of some names.
fn some_of(names: &[String]) -> String {
    const FEW: usize = 3;
    let few = names.iter().take(FEW).map(|name| for_screen(name.as_bytes())).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "no name".to_owned(),
        count if count > FEW => format!("{few} and {} more", count - FEW),
        _ => few,
    }
}

fn copy(name: &str, profiles: &Profiles) -> News {
    match draft(name, profiles) {
        Ok(draft) => editor(&format!("A copy of {name}"), &profiles.free_name(name), None, profiles, draft),
        Err(news) => news,
    }
}

fn draft(name: &str, profiles: &Profiles) -> Result<Draft, News> {
    let text = profiles.text(name).map_err(|error| News::Failed(format!("{name} can't be read: {error}")))?;
    Draft::of(&text).map_err(|words| News::Failed(format!("{name}.toml, {words}")))
}

fn editor(title: &str, name: &str, was: Option<&str>, profiles: &Profiles, draft: Draft) -> News {
    let own = profiles.iter().filter(|(name, _)| matches!(profiles.origin(name), Some(Origin::Own(_))));
    let taken = own.map(|(name, _)| name.to_owned()).collect();
    News::Editor(Box::new(ProfileEditor::new(title, name, was, taken, draft)))
}

fn save(config: &Path, name: &str, was: Option<&str>, text: &str, world: &World) -> News {
    if let Err(words) = check_name(name) {
        return News::Failed(words.to_owned());
    }
    let place = config.join("profiles").join(format!("{name}.toml"));
    let leans_on = profile::Profile::parse(name, text, &place).map(|it| it.target.unreadable()).unwrap_or_default();
    if let Some(why) = leans_on.first() {
        return News::Failed(format!("Not saved yet, nothing could connect with it: {why}"));
    }
    let saved = profile::save(config, name, text);
    let path = match saved {
        Ok(path) => path,
        Err(error) => return News::Failed(format!("The profile could not be saved: {error}")),
    };
    if let Some(was) = was
        && let Err(error) = profile::delete(config, was)
    {
        return News::Failed(format!("Saved as {name}; but the one of the old name is still there: {error}"));
    }
    News::Saved(name.to_owned(), path, rows(world))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Directories;

    fn world(config: &Path) -> World {
        let directory = || config.to_owned();
        let directories = Directories { config: directory(), data: directory(), state: directory() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
    }

    #[test]
    fn a_script_that_is_shipped_is_opened_by_its_name() {
        let config = tempfile::tempdir().expect("a directory");
        let looked = |text: &str| match carry_out(Wish::LookAt(text.to_owned()), &world(config.path())) {
            News::LookedAt(_, file) => file,
            other => panic!("{other:?}"),
        };
        let (path, words) = looked("example:classic").expect("it is there");
        assert_eq!(path, Path::new("example:classic"));
        assert!(words.starts_with("a script of ehlo's own: "), "{words}");
        assert_eq!(looked("example:classical"), None);
        let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
        let document = example::document(&path).expect("one");
        crate::tui::imported::shipped(&path, document, &sender).expect("it opens");
        let Ok(crate::tui::message::Message::Opened { talk, whole: true, .. }) = told.try_recv() else {
            panic!("it opens")
        };
        assert!(talk.imported.is_some() && !talk.log.is_empty(), "nothing is written to it");
        assert!(!crate::tui::keep::is_gone(&path), "no file is missing");
    }

    #[test]
    fn what_is_typed_is_read_and_said_in_words() {
        let config = tempfile::tempdir().expect("a directory");
        let read = |text: &str| match carry_out(Wish::Read(text.to_owned()), &world(config.path())) {
            News::Read(of, reading) if of == text => reading,
            other => panic!("{other:?}"),
        };
        assert_eq!(read("telnet mx.noddy.com 2525").as_deref(), Ok("mx.noddy.com port 2525"));
        assert!(read("gmail-submit").expect("a profile").contains("PRODUCTION"));
        assert!(read("mx.noddy.com:no").expect_err("no port").contains("not a port"));
    }

    #[test]
    fn a_profile_is_saved_renamed_and_deleted() {
        let config = tempfile::tempdir().expect("a directory");
        let world = world(config.path());
        let save = |name: &str, was: Option<&str>| Wish::Save {
            name: name.to_owned(),
            was: was.map(str::to_owned),
            text: "host = \"a\"\n[auth]\nuser = \"u\"\n".to_owned(),
        };
        let News::Saved(_, path, all) = carry_out(save("noddy", None), &world) else { panic!("saved") };
        assert!(path.is_file());
        let noddy = all.iter().find(|profile| profile.name == "noddy").expect("listed");
        assert!(noddy.own && noddy.note == "needs a password", "{noddy:?}");
        let News::Saved(_, _, all) = carry_out(save("noddy2", Some("noddy")), &world) else { panic!("saved") };
        assert!(all.iter().all(|profile| profile.name != "noddy"), "the old name is gone");
        let News::Deleted(_, all) = carry_out(Wish::Delete("noddy2".to_owned()), &world) else { panic!("deleted") };
        assert!(all.iter().all(|profile| !profile.own));
        assert!(matches!(carry_out(Wish::Delete("noddy2".to_owned()), &world), News::Failed(_)));
        assert!(matches!(carry_out(save("../x", None), &world), News::Failed(_)));
    }

    #[test]
    fn a_profile_that_leans_on_a_file_that_is_not_there_stays_in_its_form() {
        let config = tempfile::tempdir().expect("a directory");
        let world = world(config.path());
        let save = |file: &str| {
            let text = format!("host = \"a\"\n[tls]\nca = \"{file}\"\n");
            carry_out(Wish::Save { name: "noddy".to_owned(), was: None, text }, &world)
        };
        let News::Failed(why) = save("/nowhere/ca.pem") else { panic!("saved") };
        assert!(why.contains("tls.ca: /nowhere/ca.pem: No such file"), "{why}");
        let there = config.path().join("ca.pem");
        std::fs::write(&there, "").expect("written");
        assert!(matches!(save(&there.display().to_string()), News::Saved(..)));
    }

    #[test]
    fn trusting_a_certificate_begins_at_the_field_that_does_it() {
        let config = tempfile::tempdir().expect("a directory");
        let world = world(config.path());
        for (profile, target) in [(None, "mx.noddy.com:2525"), (Some("gmail-submit"), "gmail-submit")] {
            for (by, typed, written) in [
                (TrustBy::Authority, "/etc/ca.pem", "ca = \"/etc/ca.pem\""),
                (TrustBy::Name(vec!["a.example".to_owned()]), "a.example", "verify_name = \"a.example\""),
            ] {
                let names = matches!(by, TrustBy::Name(_));
                let wish = Wish::Trust { profile: profile.map(str::to_owned), target: target.to_owned(), by };
                let News::Editor(editor) = carry_out(wish, &world) else { panic!("an editor") };
                let mut screen = crate::tui::screen::Screen::new(80, 24);
                screen.send(crate::tui::message::Message::Profiles(News::Editor(editor)));
                assert_eq!(screen.shown().contains("is for a.example"), names, "{}", screen.shown());
                screen.keys(&format!("{typed}<enter>"));
                let saved = screen.asked().join("");
                assert!(saved.contains(written), "{target}: {saved} {}", screen.shown());
                // By its host alone nobody means this port.
                assert_eq!(saved.contains("mx.noddy.com-2525"), profile.is_none(), "{saved}");
            }
        }
    }

    #[test]
    fn a_profile_with_a_password_in_plain_text_says_so_in_its_row_and_can_be_mended() {
        let config = tempfile::tempdir().expect("a directory");
        let world = world(config.path());
        let text = "host = \"a\"\n[auth]\nuser = \"u\"\npassword = \"hunter2\"\n";
        let News::Saved(_, _, all) = carry_out(Wish::Save { name: "bad".into(), was: None, text: text.into() }, &world)
        else {
            panic!("saved")
        };
        let bad = all.iter().find(|profile| profile.name == "bad").expect("listed");
        assert!(bad.broken && bad.note.contains("bad.toml:4") && bad.note.contains("env ="), "{bad:?}");
        let News::Editor(editor) = carry_out(Wish::Edit("bad".to_owned()), &world) else { panic!("an editor") };
        assert!(!format!("{editor:?}").contains("hunter2"), "it is not carried along");
    }
}
