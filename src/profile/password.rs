//! Fetching a secret from where it is.

use std::process::{Command, Stdio};

use super::SecretSource;
use crate::smtp::Secret;
use crate::world::World;

/// Why a secret is not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The variable is not set.
    #[error(
        "the password comes from the environment variable {0}, which is not set; set it, or change `password` in the profile"
    )]
    NotSet(String),
    /// The command failed. What it printed is not repeated: it may hold the secret.
    #[error("the password comes from the command `{command}`, which failed ({how}); run it by hand to see why")]
    Command {
        /// The command.
        command: String,
        /// How it failed.
        how: String,
    },
    /// Nobody can be asked.
    #[error(
        "the password would be asked for, but standard input is not a terminal; use `password = {{ env = \"NAME\" }}` or `{{ command = \"...\" }}` in the profile"
    )]
    NobodyToAsk,
    /// The question was not answered.
    #[error("no password was given")]
    NotGiven,
}

/// An `ask` for where there is nobody to ask.
///
/// # Errors
/// Always [`SecretError::NobodyToAsk`].
pub fn ask_nobody(_user: &str) -> Result<Secret, SecretError> {
    Err(SecretError::NobodyToAsk)
}

impl SecretSource {
    /// Fetches the secret. `ask` is called, with the user's name, where a person must be asked.
    ///
    /// # Errors
    /// A variable that is not set, a command that fails or prints nothing, a question that is not answered.
    pub fn fetch(
        &self,
        user: &str,
        world: &World,
        ask: impl FnOnce(&str) -> Result<Secret, SecretError>,
    ) -> Result<Secret, SecretError> {
        match self {
            Self::Known(secret) => Ok(secret.clone()),
            Self::Environment(name) => world
                .variable(name)
                .map(|value| Secret::from(value.as_str()))
                .ok_or_else(|| SecretError::NotSet(name.clone())),
            Self::Command(command) => first_line_of(command),
            Self::Prompt => ask(user),
        }
    }
}

/// The first line that a shell command prints; what it says on standard error goes where ehlo's own does.
fn first_line_of(command: &str) -> Result<Secret, SecretError> {
    let failed = |how: String| SecretError::Command { command: command.to_owned(), how };
    let mut output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let bytes = zeroize::Zeroizing::new(std::mem::take(&mut output.stdout));
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(failed("it printed nothing".to_owned()));
    }
    Ok(Secret::new(line.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Directories;

    fn world() -> World {
        let nowhere = || std::path::PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
            .with_variables(|name| (name == "PASSWORD").then(|| "noddy".to_owned()))
    }

    #[test]
    fn a_secret_is_fetched_from_its_source() {
        let get = |source: SecretSource| source.fetch("dude", &world(), ask_nobody).map(|s| s.expose().to_vec());
        assert_eq!(get(SecretSource::Environment("PASSWORD".into())).expect("set"), b"noddy");
        assert_eq!(get(SecretSource::Command("printf 'one\\ntwo\\n'".into())).expect("printed"), b"one");
        assert!(matches!(get(SecretSource::Environment("OTHER".into())), Err(SecretError::NotSet(_))));
        assert!(matches!(get(SecretSource::Command("echo secret; exit 3".into())), Err(SecretError::Command { .. })));
        assert!(matches!(get(SecretSource::Prompt), Err(SecretError::NobodyToAsk)));
    }
}
