//! Questions to the person at the terminal; never where standard input is none.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

use crate::profile::{SecretError, ask_nobody};
use crate::smtp::Secret;
use crate::smtp::escape::for_lines;

/// Whether there is somebody to ask.
pub(in crate::cli) fn somebody() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// A question to be answered by y; anything else is no.
pub(in crate::cli) fn confirm(question: &str) -> bool {
    let _ = write!(std::io::stderr(), "{} [y/N] ", for_lines(question));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Asks for a password without showing it.
pub(in crate::cli) fn password(user: &str) -> Result<Secret, SecretError> {
    if !somebody() {
        return ask_nobody(user);
    }
    let _ = write!(std::io::stderr(), "Password of {}: ", for_lines(user));
    if crossterm::terminal::enable_raw_mode().is_err() {
        return ask_nobody(user);
    }
    let typed = read_hidden();
    let _ = crossterm::terminal::disable_raw_mode();
    let _ = writeln!(std::io::stderr());
    typed.filter(|secret| !secret.expose().is_empty()).ok_or(SecretError::NotGiven)
}

fn read_hidden() -> Option<Secret> {
    let mut typed = zeroize::Zeroizing::new(String::new());
    loop {
        let Event::Key(key) = crossterm::event::read().ok()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Enter => return Some(Secret::from(typed.as_str())),
            KeyCode::Esc => return None,
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => return None,
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => typed.clear(),
            KeyCode::Char(c) => typed.push(c),
            KeyCode::Backspace => {
                typed.pop();
            }
            _ => {}
        }
    }
}
