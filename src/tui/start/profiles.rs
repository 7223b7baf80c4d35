//! The profiles on the start screen: what is wanted of those on disk, and what comes back.

use std::path::PathBuf;

use crate::tui::action::Action;
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::{Overlay, ProfileEditor, Question, Target};

use super::{Chosen, Item, Profile};

/// What is wanted of the profiles on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// How this would be read as a TARGET.
    Read(String),
    /// Which file is at this path, if any.
    LookAt(String),
    /// The editor on a new profile, for what was typed as a TARGET where anything was.
    New(String),
    /// The editor on this profile.
    Edit(String),
    /// The editor on a copy of this profile.
    Copy(String),
    /// The editor where a profile says what makes it trust a certificate.
    Trust {
        /// The profile, where there is one; else a new one for the target.
        profile: Option<String>,
        /// The target as typed.
        target: String,
        /// Where in it.
        by: TrustBy,
    },
    /// Save a profile.
    Save {
        /// Its name.
        name: String,
        /// The name it had, where it has another one now.
        was: Option<String>,
        /// Its text.
        text: String,
    },
    /// Delete this profile.
    Delete(String),
}

/// By what a profile trusts a certificate that was not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustBy {
    /// By the authority that has issued it.
    Authority,
    /// By another name than the host's; those that it is for.
    Name(Vec<String>),
}

/// What comes back.
#[derive(Debug)]
pub enum News {
    /// How a text is read as a TARGET, in words, or why it is none.
    Read(String, Result<String, String>),
    /// The file that a text is the path of, and what it is, in words.
    LookedAt(String, Option<(PathBuf, String)>),
    /// The editor.
    Editor(Box<ProfileEditor>),
    /// A profile was saved here; these are all.
    Saved(String, PathBuf, Vec<Profile>),
    /// A profile was deleted; these are all.
    Deleted(String, Vec<Profile>),
    /// It could not be done; why.
    Failed(String),
}

/// Does an action on profiles.
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let marked = match model.start.marked() {
        Some(Item::Profile(n)) => model.start.profiles.get(n).cloned(),
        _ => None,
    };
    let wish = match (action, marked) {
        (Action::NewProfile, _) if !model.at_start() => {
            let of_file = model.talk.target.clone().filter(|_| model.is_offline());
            Wish::New(of_file.unwrap_or_else(|| model.peer.name.clone()))
        }
        (Action::NewProfile, _) => {
            let typed = model.start.marked() == Some(Item::Typed);
            Wish::New(if typed { model.start.text().trim().to_owned() } else { String::new() })
        }
        (Action::EditProfile, Some(profile)) => Wish::Edit(profile.name),
        (Action::CopyProfile, Some(profile)) => Wish::Copy(profile.name),
        (Action::DeleteProfile, Some(profile)) if profile.own => {
            model.overlay = Some(Overlay::Question(Question::DeleteProfile(profile.name)));
            return Vec::new();
        }
        (Action::DeleteProfile, Some(profile)) => {
            let name = profile.name;
            model.notice = Some(format!(
                "{name} comes with ehlo and can't be deleted; {} makes it your own to change.",
                model.keymap.key(Action::EditProfile)
            ));
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    vec![Effect::Profiles(wish)]
}

/// Takes in what comes back.
pub(in crate::tui) fn take(model: &mut Model, news: News) {
    match news {
        News::Read(text, reading) => {
            if let Some(Overlay::Target(target)) = &mut model.overlay {
                target.read(&text, reading);
            } else if model.start.asked == text {
                model.start.reading = Some(reading);
            }
        }
        News::LookedAt(text, file) if model.start.looked == text => model.start.file = file,
        News::LookedAt(..) => {}
        News::Editor(editor) => model.overlay = Some(Overlay::Profile(editor)),
        News::Saved(name, path, profiles) => {
            model.overlay = None;
            model.start.clear();
            list(model, profiles);
            model.start.mark_profile(&name);
            let path = crate::smtp::escape::for_screen(path.to_string_lossy().as_bytes());
            let goes_on = if model.talk.is_open() && !model.at_start() { "" } else { " Enter connects." };
            model.notice = Some(format!("{name} is saved in {path}.{goes_on}"));
            if !model.at_start() && !goes_on.is_empty() {
                model.overlay = Some(Overlay::Target(Target::with(&name)));
            }
        }
        News::Deleted(name, profiles) => {
            list(model, profiles);
            let back = model.start.profiles.iter().any(|profile| profile.name == name);
            let words = if back { "the one that comes with ehlo is back" } else { "it is gone" };
            model.notice = Some(format!("Your profile {name} is deleted; {words}."));
        }
        News::Failed(why) => match &mut model.overlay {
            Some(Overlay::Profile(editor)) => editor.say(why),
            _ => model.notice = Some(why),
        },
    }
}

fn list(model: &mut Model, profiles: Vec<Profile>) {
    model.start.profiles = profiles;
    model.start.note_use();
}

/// Asks how what Enter would connect to is read, where that has changed.
pub(in crate::tui) fn ask_reading(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let typed = model.start.text().trim().to_owned();
    if typed != model.start.looked {
        model.start.looked.clone_from(&typed);
        model.start.file = None;
        effects.extend(model.start.has_aged(model.today).then_some(Effect::LookForConversations));
        effects.extend((!typed.is_empty()).then_some(Effect::Profiles(Wish::LookAt(typed))));
    }
    let text = match model.start.chosen() {
        Some(Chosen::Target(target)) if !model.start.text().trim().is_empty() => target,
        _ => String::new(),
    };
    if text != model.start.asked {
        model.start.asked.clone_from(&text);
        model.start.reading = None;
        effects.extend((!text.is_empty()).then_some(Effect::Profiles(Wish::Read(text))));
    }
    effects
}
