//! Time, randomness, environment and directories, as one value made by `cli` and passed down.
//!
//! Nothing else in the library reads a clock, an environment variable or a random byte by itself, so that a test can
//! decide all of them. What must not live here: files, sockets, anything of the protocol.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

/// Where ehlo keeps what it reads and writes (the XDG directories, each with `ehlo` at the end).
#[derive(Debug, Clone)]
pub struct Directories {
    /// Profiles, `keymap.toml`, `config.toml`.
    pub config: PathBuf,
    /// The user's own replies, scenarios, lessons, themes, samples.
    pub data: PathBuf,
    /// Transcripts, history, lab certificates.
    pub state: PathBuf,
}

/// Answers of the DNS that a test brings along; what is real is asked by `client`.
pub trait Names: Send + Sync {
    /// The mail exchangers of a domain with their preferences, as the records have them: `.` is the null MX. Empty
    /// where the domain has none.
    ///
    /// # Errors
    /// Why nothing is known, in words.
    fn exchangers(&self, domain: &str) -> Result<Vec<(u16, String)>, String>;

    /// The addresses of a host; empty where it has none.
    ///
    /// # Errors
    /// Why nothing is known, in words.
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String>;

    /// What a host's name is an alias of (its CNAME record), where it is one.
    fn alias(&self, host: &str) -> Option<String>;
}

type Source<T> = Arc<dyn Fn() -> T + Send + Sync>;
type Filler = Arc<dyn Fn(&mut [u8]) + Send + Sync>;
type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Octets that are asked of the system at once: a call for each queue id would take longer than to make it.
const POOL: usize = 512;

/// The system's randomness; each octet is given out once, and forgotten then.
fn pooled() -> Filler {
    // How many octets are left, and they.
    let pool = Mutex::new((0, Zeroizing::new([0; POOL])));
    let system = |bytes: &mut [u8]| getrandom::fill(bytes).expect("the system gives random bytes");
    Arc::new(move |bytes| {
        if bytes.len() > POOL / 8 {
            return system(bytes);
        }
        // Where the system gives none the pool is as empty as before.
        let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, octets) = &mut *pool;
        if *left < bytes.len() {
            *left = 0;
            system(octets.as_mut_slice());
            *left = POOL;
        }
        let rest = *left - bytes.len();
        bytes.copy_from_slice(&octets[rest..*left]);
        octets[rest..*left].fill(0);
        *left = rest;
    })
}

/// The time, the random source, the environment and the directories of one run.
#[derive(Clone)]
pub struct World {
    /// Where files are.
    pub directories: Directories,
    now: Source<Timestamp>,
    zone: Source<TimeZone>,
    elapsed: Source<Duration>,
    fill: Filler,
    variable: Lookup,
    names: Option<Arc<dyn Names>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("directories", &self.directories).finish_non_exhaustive()
    }
}

impl World {
    /// The real world: system clock, system randomness, process environment.
    #[must_use]
    pub fn real(directories: Directories) -> Self {
        let start = Instant::now();
        Self {
            directories,
            now: Arc::new(Timestamp::now),
            zone: Arc::new(TimeZone::system),
            elapsed: Arc::new(move || start.elapsed()),
            fill: pooled(),
            variable: Arc::new(|name| std::env::var(name).ok()),
            names: None,
        }
    }

    /// A world for tests: the clock stands at `now` in UTC, random bytes come from a counter that starts at `seed`, and the
    /// environment is empty.
    #[must_use]
    pub fn fixed(directories: Directories, now: Timestamp, seed: u64) -> Self {
        let counter = std::sync::atomic::AtomicU64::new(seed);
        Self {
            directories,
            now: Arc::new(move || now),
            zone: Arc::new(|| TimeZone::UTC),
            elapsed: Arc::new(|| Duration::ZERO),
            fill: Arc::new(move |bytes| {
                for chunk in bytes.chunks_mut(8) {
                    // SplitMix64, so that neighbouring seeds do not look alike.
                    let mut z = counter.fetch_add(0x9e37_79b9_7f4a_7c15, std::sync::atomic::Ordering::Relaxed);
                    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                    let block = (z ^ (z >> 31)).to_le_bytes();
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }),
            variable: Arc::new(|_| None),
            names: None,
        }
    }

    /// The same world with this environment lookup.
    #[must_use]
    pub fn with_variables(mut self, variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.variable = Arc::new(variable);
        self
    }

    /// The same world with these clocks: the wall clock, which may be set back at any moment, and the monotonic one.
    #[must_use]
    pub fn with_clocks(
        mut self,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        elapsed: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        self.now = Arc::new(now);
        self.elapsed = Arc::new(elapsed);
        self
    }

    /// The same world with these answers in place of the DNS.
    #[must_use]
    pub fn with_names(mut self, names: impl Names + 'static) -> Self {
        self.names = Some(Arc::new(names));
        self
    }

    /// The answers that stand in for the DNS, where there are any.
    #[must_use]
    pub fn names(&self) -> Option<Arc<dyn Names>> {
        self.names.clone()
    }

    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The time zone in which times are told.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        (self.zone)()
    }

    /// A monotonic clock: the time since this world was made.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        (self.elapsed)()
    }

    /// `N` random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }

    /// An environment variable, if it is set and is UTF-8.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_random_octets_are_given_out_twice_and_none_are_left_out() {
        let nowhere = PathBuf::new();
        let world = World::real(Directories { config: nowhere.clone(), data: nowhere.clone(), state: nowhere });
        let drawn: Vec<[u8; 24]> = (0..200).map(|_| world.random()).collect();
        let parts: HashSet<&[u8]> = drawn.iter().flat_map(|octets| octets.chunks(8)).collect();
        assert_eq!(parts.len(), 600, "three parts of each");
        assert!(!parts.contains(&[0; 8][..]));
        let long: [u8; 2 * POOL] = world.random();
        assert!(long.chunks(8).all(|part| part != [0; 8]));
    }
}
