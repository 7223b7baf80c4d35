//! The workbench: model, update, view.
//!
//! [`model::Model`] is plain data; [`update::update`] takes a [`message::Message`] and gives [`effect::Effect`]s;
//! [`view::view`] draws; [`run`] alone carries out effects. Not here: sockets; only the client's channels, and those
//! only in [`run`].
//!
//! | where | what |
//! |---|---|
//! | [`action`], [`keymap`] | the table of everything that can be done, and the keys that do it |
//! | `wire` | what comes of what the wire brings |
//! | `act`, `not_now`, `learn`, `mouse` | the handler of each action; why one can't be done now; lessons; what is pointed at |
//! | `enter`, `pasted`, `pipelining` | Enter; a paste that goes out line by line; several lines in one write |
//! | [`attending`] | the class that a student is in: what it says, what an exam allows, its questions |
//! | [`talk`] | the conversation on the screen: its log, its folds, the explanations made so far |
//! | [`layout`], `title`, `footer`, [`text`], [`theme`] | where things stand and how they look |
//! | [`pane`], [`start`], [`overlay`] | the panes, the start screen, what lies over them |
//! | [`run`], `launch`, `terminal`, `signals` | the loop, and the terminal that is always given back |
//! | [`library`] | the conversations that were kept |
//! | `opening`, `imported` | what comes of a file that is opened, also one that another program wrote |
//! | [`editor`] | the message editor |
//! | [`errand`] | *make ready* and *bring me back here*, a line at a time |
//! | `serverside` | what the lab has seen of the conversation, beside the client's own view |
//! | [`secret`] | the password for logging in: fetched, or asked for |
//! | `reading`, `copying` | what one does with a conversation while reading it; what is copied of it |
//! | `asking` | which keys answer a question |
//! | `presenter`, `ascii` | for those who look on: one pane enlarged, keys shown; for terminals without UTF-8 |
//! | [`retry`] | what a server has put off, and when it makes sense again |
//! | [`regardless`] | going on although a certificate was not trusted |
//! | [`probing`] | ready-made tests, as they are run and what they find |
//! | [`wall`] | the instructor's wall of a class |
//! | [`replay`] | a recording played again line by line, two files compared |
//! | [`playback`] | an opened conversation as it happened, at its pace or faster |
//! | `dial`, `hall`, `read`, `keep`, `paths`, `profiles`, `remembered` | what it reaches: the connection with its lab and journal, a lesson's lab, the disk |

mod act;
pub mod action;
mod ascii;
mod asking;
pub mod attending;
#[cfg(test)]
mod compose_tests;
mod copying;
mod dial;
pub mod editor;
pub mod effect;
#[cfg(test)]
mod ended_tests;
mod enter;
pub mod errand;
mod exposed;
mod footer;
#[cfg(test)]
mod gallery;
mod given;
mod hall;
#[cfg(test)]
mod hour_tests;
mod imported;
mod keep;
pub mod keymap;
mod launch;
pub mod layout;
mod learn;
pub mod library;
pub mod message;
#[cfg(test)]
mod message_tests;
pub mod model;
mod mouse;
#[cfg(test)]
mod mouse_tests;
#[cfg(test)]
mod night_tests;
mod not_now;
mod opening;
pub mod overlay;
pub mod pane;
#[cfg(test)]
mod panel_tests;
mod pasted;
mod paths;
mod pipelining;
pub mod playback;
mod presenter;
pub mod probing;
#[cfg(test)]
mod probing_tests;
mod profiles;
mod read;
mod reading;
pub mod regardless;
mod remembered;
pub mod replay;
pub mod retry;
pub mod run;
#[cfg(test)]
mod screen;
pub mod secret;
mod serverside;
mod signals;
pub mod start;
pub mod talk;
mod terminal;
#[cfg(test)]
mod tests;
pub mod text;
pub mod theme;
mod title;
pub mod update;
pub mod view;
pub mod wall;
mod wire;

pub use imported::numbered;
