//! A password that somebody wrote on the command line, glued to the option or behind it: it is refused before anything else
//! is read, and what is said of it never repeats it, since that may go into a log.

use super::meant;
use super::swaks::Entry;

/// The option for it, as ehlo and swaks have it.
const OPTION: &str = "--auth-password";

/// What a user is told who has a password at hand.
pub(super) const CURE: &str = "a password does not belong on the command line, where others see it and the shell keeps it; \
    --auth-password-env NAME, --auth-password-file FILE or --auth-password-command COMMAND say where it is, --auth-password \
    (-ap) alone asks for it";

/// All names of the option.
fn own(table: &[Entry]) -> &[String] {
    table.iter().find(|entry| entry.names[0] == OPTION).map_or(&[], |entry| &entry.names)
}

/// What may be said of a word that begins with a name of the option, whatever follows: `-ap…`. None where the whole word is
/// `known`, an option by itself.
pub(super) fn begun(word: &str, table: &[Entry], known: impl Fn(&str) -> bool) -> Option<String> {
    let bare = word.trim_start_matches('-');
    let dashes = word.len() - bare.len();
    if !(1..=2).contains(&dashes) {
        return None;
    }
    let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
    let own = own(table);
    let is_own = own.iter().any(|own| own.trim_start_matches('-') == name);
    if is_own && value.is_none_or(str::is_empty) || !is_own && known(name) {
        return None;
    }
    let others = meant::names_of(OPTION);
    let names = own.iter().chain(&others).map(|name| name.trim_start_matches('-'));
    let begins = |own: &&str| bare.get(..own.len()).is_some_and(|head| head.eq_ignore_ascii_case(own));
    let longest = names.filter(begins).max_by_key(|name| name.len())?;
    Some(format!("{}…", &word[..dashes + longest.len()]))
}

/// Whether a word is the option by itself, behind which a password may stand.
pub(super) fn asks(word: &str, table: &[Entry]) -> bool {
    let own = own(table);
    let bare = word.trim_start_matches('-');
    bare.len() < word.len() && own.iter().any(|own| own.trim_start_matches('-') == bare)
}
