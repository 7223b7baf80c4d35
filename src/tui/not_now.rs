//! Why an action can't be done now, and what can be done instead.

use super::action::Action;
use super::model::{Focus, Model};
use super::{learn, library, reading, replay};

/// Why nothing is sent after a transaction was cut off.
const INTERRUPTED: &str = "No connection: {back} connects and goes back to where you were, {reconnect} connects again, \
                           {connect} elsewhere. The line is kept.";

/// Whether an action is about the rows of one conversation, which two columns do not show.
fn is_of_one(action: Action) -> bool {
    use Action as A;
    matches!(action, A::Search | A::Filter | A::Bookmark | A::NextBookmark | A::Note | A::Jump | A::Fold | A::FoldAll)
}

/// The key that closes the columns from where one is, and where it does.
pub(super) fn closing(model: &Model) -> &'static str {
    match (replay::closes(model), model.focus) {
        (true, Focus::Transcript) => "{composer}",
        (true, _) => "{composer} in the transcript",
        (false, Focus::Transcript) => "{end-replay}",
        (false, _) => "{end-replay} in the transcript",
    }
}

/// Why an action can't be done now.
pub(super) fn not_now(model: &Model, action: Action) -> Option<String> {
    let told = |words: &str| Some(model.keymap.told_at(model.place(), words));
    if let Some(words) = library::not_now(model, action).or_else(|| learn::not_now(model, action)) {
        return told(words);
    }
    let words = match action {
        Action::EditProfile | Action::CopyProfile | Action::DeleteProfile if model.at_start() => {
            "No profile is marked: Up and Down mark one, or type its name. {new-profile} makes a new one.".to_owned()
        }
        Action::NewProfile | Action::EditProfile | Action::CopyProfile | Action::DeleteProfile => {
            "Profiles are on the start screen; {palette} and “start” lead there.".to_owned()
        }
        Action::Replay | Action::ReplayAll | Action::ReplayPaced | Action::Compare | Action::Both
            if model.at_start() =>
        {
            "Open a conversation first; Enter opens what is marked.".to_owned()
        }
        Action::Replay | Action::ReplayAll | Action::ReplayPaced | Action::Compare | Action::Both => {
            "This conversation is in no file.".to_owned()
        }
        Action::StepByStep if replay::is_playing(model) => "Each line waits for {send} already.".to_owned(),
        Action::Skip | Action::EndReplay | Action::StepByStep => {
            "Nothing is being replayed; {replay} in the transcript begins.".to_owned()
        }
        _ if model.replay.is_some() && !model.at_start() && is_of_one(action) => {
            format!("That is for one conversation alone: {} closes the columns.", closing(model))
        }
        Action::DifferenceAfter | Action::DifferenceBefore => {
            "Nothing is compared; {compare} in the transcript begins.".to_owned()
        }
        Action::FindingAfter | Action::FindingBefore => {
            "Findings are those of ready-made tests: {probe} in the transcript runs some.".to_owned()
        }
        Action::Step(n) => format!("There is no next step {n} here."),
        Action::Reconnect => "There is nothing to connect to again; {connect} connects.".to_owned(),
        Action::Send | Action::Mend | Action::Ready if model.is_offline() => {
            "This is a file; {connect} connects to a server.".to_owned()
        }
        Action::Retry => "Nothing that was said here is put off for a time that the server named.".to_owned(),
        Action::Send if model.interrupted.is_some() => INTERRUPTED.to_owned(),
        Action::Send => "No connection: {reconnect} connects again, {connect} elsewhere. The line is kept.".to_owned(),
        Action::Ready if model.talk.is_open() => {
            "Making ready is for between mail transactions: end this one first, or RSET drops it.".to_owned()
        }
        Action::Ready => "No connection: {reconnect} connects again, {connect} elsewhere.".to_owned(),
        Action::Back if model.talk.is_open() => nothing_back(model).to_owned(),
        Action::Back => "No mail transaction was cut off here; {reconnect} connects again.".to_owned(),
        Action::Mend if model.focus == Focus::Composer => "Nothing to mend in this line.".to_owned(),
        Action::Mend => "Mending is for the line in the composer; {next-pane} goes there.".to_owned(),
        Action::Answer(_) => return None,
        _ if model.at_start() => {
            format!("“{}” needs a conversation; Enter opens what is marked.", action.entry().short)
        }
        _ => reading::not_now(model, action),
    };
    told(&words)
}

/// Why nothing of what was cut off can be brought back on the connection that is open.
fn nothing_back(model: &Model) -> &'static str {
    let mut remarks = model.talk.log.since(0).filter_map(|(_, entry)| entry.remark());
    if remarks.any(|remark| remark.word == "closed") {
        return "Nothing was accepted before the cut that could be brought back: begin the mail transaction anew.";
    }
    "There is no cut to go back from: this connection is open, and its server has not said that it closes."
}
