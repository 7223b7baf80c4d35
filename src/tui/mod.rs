//! The workbench: model, update, view.
//!
//! [`model::Model`] is plain data; [`update::update`] takes a [`message::Message`] and gives [`effect::Effect`]s;
//! [`view::view`] draws; [`run`] alone carries out effects. Not here: sockets; only the client's channels, and those
//! only in [`run`].

pub mod action;
pub mod effect;
pub mod message;
pub mod model;
pub mod pane;
pub mod run;
pub mod talk;
pub mod theme;
pub mod update;
pub mod view;
