//! `--record`: a conversation as a script, to be played from now on.

use std::io::Write as _;

use super::{Arguments, COMMAND, complain, save};
use crate::cli::{Common, Exit, input};
use crate::conversation::Kind;
use crate::conversation::file::write_document;
use crate::script::{example, record};

/// Writes the script to standard output, or where `--save` says.
pub(super) fn run(arguments: &Arguments, common: &Common) -> Exit {
    match script(arguments, common) {
        Ok(()) => Exit::Done,
        Err(words) => complain(COMMAND, words),
    }
}

fn script(arguments: &Arguments, common: &Common) -> Result<(), String> {
    let [path] = arguments.scripts.as_slice() else {
        return Err("--record makes a script of one conversation; name one".to_owned());
    };
    if example::name(path).is_some() {
        return Err(format!("{} is a script already: without --record it is played", input::shown(path)));
    }
    let document = input::one(path, None, COMMAND, common)?;
    if !document.log.kinds(0).any(|(_, kind, timed)| timed && kind == Kind::Sent) {
        return Err(format!("{}: nothing was recorded in it that could be played again", input::shown(path)));
    }
    let script = record::script(&document);
    let mut remarks = document.log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark());
    if !common.quiet && remarks.any(|remark| remark.is_unkept()) {
        let name = input::shown(path);
        complain(COMMAND, format_args!("{name}: not all that was sent is in it; a comment of the script says where"));
    }
    let Some(to) = &arguments.save else {
        let mut out = Vec::new();
        write_document(&script, &mut out);
        return match std::io::stdout().lock().write_all(&out) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(format!("standard output can't be written: {error}"))
            }
            _ => Ok(()),
        };
    };
    save::check(to, &arguments.scripts, arguments.force)?;
    save::write(to, &script, arguments.force).map_err(|error| format!("{} can't be written: {error}", to.display()))
}
