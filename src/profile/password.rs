//! Fetching a secret from where it is.

use std::io::Read as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::SecretSource;
use super::keyring::{self, Lookup};
use crate::smtp::Secret;
use crate::world::World;

/// How long a command may take: somebody may have to type a passphrase for it.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked whether a command that said enough has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Where what a command says on standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Complaints {
    /// Where ehlo's own go.
    Shown,
    /// Nowhere: a screen must not be written over.
    Dropped,
}

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
    /// The keyring does not have it, or does not answer. What it printed is not repeated.
    #[error("the password comes from the system's keyring, which does not give it ({how}); `{store}` puts it there")]
    Keyring {
        /// What went wrong.
        how: String,
        /// How it is stored.
        store: String,
    },
    /// There is no keyring that could be asked.
    #[error("ehlo can't ask this system's keyring; use `password = {{ command = \"...\" }}` in the profile")]
    NoKeyring,
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
            Self::Command(command) => first_line_of(command, Complaints::Shown, PATIENCE),
            Self::Keyring { host, user } => from_keyring(host, user),
            Self::Prompt => ask(user),
            Self::Nothing => Ok(Secret::new(Vec::new())),
        }
    }

    /// Fetches the secret without asking anybody and without a word on the terminal; none where a person must be asked.
    /// A command may take a minute: not for the thread that draws.
    ///
    /// # Errors
    /// A variable that is not set, a command that fails, prints nothing or takes too long.
    pub fn fetch_silently(&self, world: &World) -> Result<Option<Secret>, SecretError> {
        match self {
            Self::Prompt => Ok(None),
            Self::Command(command) => first_line_of(command, Complaints::Dropped, PATIENCE).map(Some),
            other => other.fetch("", world, ask_nobody).map(Some),
        }
    }
}

/// The first line that a shell command prints, once it has ended well; the command is ended where it takes too long.
fn first_line_of(command: &str, complaints: Complaints, limit: Duration) -> Result<Secret, SecretError> {
    let failed = |how: String| SecretError::Command { command: command.to_owned(), how };
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    first_line(shell, complaints, limit).map_err(failed)
}

/// What the system's keyring has for a user at a host.
fn from_keyring(host: &str, user: &str) -> Result<Secret, SecretError> {
    let Lookup { command, store } = keyring::lookup(host, user).ok_or(SecretError::NoKeyring)?;
    first_line(command, Complaints::Dropped, PATIENCE).map_err(|how| SecretError::Keyring { how, store })
}

/// The first line that a program prints, or why there is none.
fn first_line(mut program: Command, complaints: Complaints, limit: Duration) -> Result<Secret, String> {
    let mut child = program
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(if complaints == Complaints::Shown { Stdio::inherit() } else { Stdio::null() })
        .spawn()
        .map_err(|error| format!("{}: {error}", program.get_program().display()))?;
    let waited = printed(&mut child, limit);
    if waited.is_err() {
        // It may have ended by itself just now.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (status, bytes) = waited?;
    if !status.success() {
        return Err(status.to_string());
    }
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err("it printed nothing".to_owned());
    }
    Ok(Secret::new(line.to_vec()))
}

/// How a command ended, and what it printed until then.
fn printed(child: &mut Child, limit: Duration) -> Result<(ExitStatus, zeroize::Zeroizing<Vec<u8>>), String> {
    let too_long = || format!("it took longer than {}", super::duration::words(limit));
    let deadline = Instant::now() + limit;
    let mut out = child.stdout.take().expect("its output is a pipe");
    let (sender, receiver) = std::sync::mpsc::channel();
    // Something that the command left behind may hold the pipe open for ever: nobody waits for this thread.
    std::thread::spawn(move || {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        let read = out.read_to_end(&mut bytes).map(|_| bytes);
        // The one who asked may have given up.
        let _ = sender.send(read);
    });
    let read = receiver.recv_timeout(limit).map_err(|_| too_long())?;
    let bytes = read.map_err(|error| error.to_string())?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((status, bytes)),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Ok(None) => return Err(too_long()),
            Err(error) => return Err(error.to_string()),
        }
    }
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

    #[test]
    fn a_command_that_takes_too_long_is_ended_and_said() {
        let began = Instant::now();
        let error = first_line_of("sleep 30", Complaints::Dropped, Duration::from_millis(50)).expect_err("too long");
        assert!(error.to_string().contains("longer than 50 ms"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(20), "it was not waited for");
    }

    #[test]
    fn silently_means_that_a_person_is_left_to_be_asked() {
        let get = |source: SecretSource| source.fetch_silently(&world());
        assert!(get(SecretSource::Prompt).expect("no error").is_none());
        let secret = get(SecretSource::Command("printf 'one\n'; echo loud >&2".into())).expect("printed");
        assert_eq!(secret.expect("a secret").expose(), b"one");
    }
}
