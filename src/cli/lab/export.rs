//! `ehlo lab export CLASS` and `ehlo lab forget CLASS NAME`: what is done with a class that is not being held.

use std::path::PathBuf;
use std::sync::Arc;

use super::{print, say};
use crate::class::settings::{Settings, folder};
use crate::class::{Class, ClassError, export, sign};
use crate::cli::Exit;
use crate::cli::consent::consent;
use crate::smtp::escape::for_screen;
use crate::world::World;

/// Writes a class's results.
pub(super) fn export(name: &str, to: Option<PathBuf>, anonymous: bool, world: &World) -> Exit {
    within(name, world, |class| {
        let to = to.unwrap_or_else(|| export::folder(class));
        let certificates = export::write(class, &to, anonymous)?;
        print(&format!("written {}", to.display()));
        print(&format!("key {}", sign::fingerprint(&class.settings)));
        if certificates == 0 {
            say(&format!("ehlo lab: {}", export::certificates(certificates)));
        }
        if anonymous {
            say(
                "ehlo lab: what students typed stays as it was, since it is what is judged: a name in a message is still \
                 there; look through transcripts and certificates before you give them away",
            );
        }
        Ok(())
    })
}

/// Forgets a student, after a question.
pub(super) fn forget(name: &str, student: &str, yes: bool, world: &World) -> Exit {
    within(name, world, |class| {
        let found = class.named(student);
        let found =
            found.ok_or_else(|| ClassError::Words(format!("nobody in the class {name} is called {student}")))?;
        if !yes {
            let who = for_screen(found.name.as_bytes());
            let gone = format!("{who}'s ticks, transcripts and name in the class {name}");
            let (question, otherwise) =
                (format!("Forget {gone}?"), format!("{gone} would be forgotten; --yes forgets"));
            consent(&question, &otherwise, "nobody was forgotten").map_err(ClassError::Words)?;
        }
        class.forget(&found)?;
        print(&format!("forgotten {}; results that were written before still have the name", found.name));
        Ok(())
    })
}

fn within(name: &str, world: &World, act: impl FnOnce(&Arc<Class>) -> Result<(), ClassError>) -> Exit {
    let done = folder(name, world).and_then(|folder| {
        let settings = Settings::kept(name, &folder, world)?;
        let class = Class::open(folder, settings, world)?;
        act(&class)
    });
    match done {
        Ok(()) => Exit::Done,
        Err(error) => {
            say(&format!("ehlo lab: {error}"));
            Exit::Usage
        }
    }
}
