//! How often one address may try a code, and how many names may come from it: nobody guesses the code, or fills the class.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Wrong codes that are answered at once.
const FREE: u32 = 5;
/// From then on a code is looked at so often.
const EVERY: Duration = Duration::from_secs(1);
/// Whoever would have to wait for longer is sent away.
const LONGEST: Duration = Duration::from_secs(10);
/// After so long nothing is held against an address.
const FORGOTTEN: Duration = Duration::from_mins(10);
/// Addresses that are remembered; all beyond share what is held against them.
const ADDRESSES: usize = 4096;

/// What is known of an address.
#[derive(Debug, Default)]
struct Known {
    wrong: u32,
    /// From when on its next code is looked at, by the world's clock.
    next: Duration,
    names: usize,
    /// Somebody from there has been let in: a network that students share, where one who guesses must hold up nobody else.
    let_in: bool,
}

/// What a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// The class's, or a student's token.
    Right,
    /// Any other, or one that is not known before it is looked at.
    Other,
}

/// All addresses.
#[derive(Debug, Default)]
pub(super) struct Gate {
    places: HashMap<IpAddr, Known>,
    /// When room was last looked for: that goes through all of them, and whoever comes from many addresses at once must
    /// not make it happen for each.
    swept: Option<Duration>,
}

/// Of IPv6 one machine has a whole network.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(long) if !long.is_loopback() => {
            let [a, b, c, d, ..] = long.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

impl Gate {
    fn known(&mut self, address: IpAddr, now: Duration) -> &mut Known {
        let mut key = place(address);
        if !self.places.contains_key(&key) && self.places.len() >= ADDRESSES {
            if self.swept.is_none_or(|swept| now >= swept + EVERY) {
                self.places.retain(|_, known| known.names > 0 || known.let_in || now < known.next + FORGOTTEN);
                self.swept = Some(now);
            }
            if self.places.len() >= ADDRESSES {
                key = Ipv4Addr::UNSPECIFIED.into();
            }
        }
        let known = self.places.entry(key).or_default();
        if known.wrong > 0 && now >= known.next + FORGOTTEN {
            known.wrong = 0;
        }
        known
    }

    /// How long a code from there waits until it is looked at: right or wrong, as long as nobody from there was let in.
    /// After that a right one waits for no wrong ones; a wrong one never waits for less, or whoever guesses would see by
    /// the time which it is.
    ///
    /// # Errors
    /// It is not looked at: so long it would have to wait.
    pub(super) fn patience(&mut self, address: IpAddr, now: Duration, code: Code) -> Result<Duration, Duration> {
        let here = address.to_canonical().is_loopback();
        let known = self.known(address, now);
        if known.wrong < FREE {
            return Ok(Duration::ZERO);
        }
        let wait = known.next.saturating_sub(now);
        if known.let_in || here {
            if code == Code::Right {
                return Ok(EVERY);
            }
            known.next = known.next.max(now + EVERY).min(now + LONGEST) + EVERY;
            return Ok(wait.clamp(EVERY, LONGEST));
        }
        if wait > LONGEST {
            return Err(wait);
        }
        known.next = known.next.max(now) + EVERY;
        Ok(wait)
    }

    /// A code from there was right.
    pub(super) fn right(&mut self, address: IpAddr, now: Duration) {
        self.known(address, now).let_in = true;
    }

    /// A code from there was wrong.
    pub(super) fn wrong(&mut self, address: IpAddr, now: Duration) {
        let known = self.known(address, now);
        known.wrong = known.wrong.saturating_add(1);
        known.next = known.next.max(now + EVERY);
    }

    /// A new name comes from there; false where so many have come already. This machine's own are not counted.
    pub(super) fn takes(&mut self, address: IpAddr, now: Duration, most: usize) -> bool {
        if address.to_canonical().is_loopback() {
            return true;
        }
        let known = self.known(address, now);
        let fits = known.names < most;
        known.names += usize::from(fits);
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_is_slowed_and_then_sent_away_and_others_are_not() {
        let mut gate = Gate::default();
        let (eve, anna): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let now = Duration::from_secs(100);
        for _ in 0..FREE {
            assert_eq!(gate.patience(eve, now, Code::Other), Ok(Duration::ZERO));
            gate.wrong(eve, now);
        }
        let waits: Vec<_> = (0..20).map(|_| gate.patience(eve, now, Code::Other)).collect();
        assert_eq!(waits[..3], [1, 2, 3].map(|seconds| Ok(Duration::from_secs(seconds))));
        assert!(waits[12..].iter().all(Result::is_err), "{waits:?}");
        assert_eq!(gate.patience(anna, now, Code::Right), Ok(Duration::ZERO));
        assert_eq!(
            gate.patience(eve, now + Duration::from_hours(1), Code::Other),
            Ok(Duration::ZERO),
            "nothing is held against it"
        );
    }

    #[test]
    fn who_guesses_holds_up_nobody_else_from_an_address_that_students_share() {
        let mut gate = Gate::default();
        let now = Duration::from_secs(100);
        for (school, joined) in [([192, 0, 2, 1], true), ([192, 0, 2, 2], false), ([127, 0, 0, 1], false)] {
            let (school, here): (IpAddr, _) = (school.into(), school[0] == 127);
            if joined {
                gate.right(school, now);
            }
            for _ in 0..50 {
                gate.wrong(school, now);
                let waits = gate.patience(school, now, Code::Other);
                assert!(!(joined || here) || waits.is_ok_and(|wait| wait <= LONGEST), "{waits:?}");
            }
            let right = gate.patience(school, now, Code::Right);
            assert_eq!(right == Ok(EVERY), joined || here, "{school}: {right:?}");
            assert!(gate.patience(school, now, Code::Other).is_err() || joined || here, "{school}");
            assert_ne!(gate.patience(school, now, Code::Other), Ok(Duration::ZERO), "{school}");
        }
    }

    #[test]
    fn one_network_of_ipv6_is_one_place_and_what_is_remembered_is_bounded() {
        let mut gate = Gate::default();
        let now = Duration::from_secs(1);
        for n in 0..20_000u16 {
            gate.wrong(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, n).into(), now);
            gate.wrong(Ipv6Addr::new(0x2001, 0xdb8, 1, n, 0, 0, 0, 1).into(), now);
        }
        assert!(
            gate.patience(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9).into(), now, Code::Right).expect("a wait")
                > Duration::ZERO
        );
        assert!(gate.places.len() <= ADDRESSES + 1);
    }

    #[test]
    fn from_one_address_come_only_so_many_names() {
        let mut gate = Gate::default();
        let eve: IpAddr = [192, 0, 2, 1].into();
        let took = (0..10).filter(|_| gate.takes(eve, Duration::ZERO, 3)).count();
        assert_eq!(took, 3);
        assert!((0..10).all(|_| gate.takes(Ipv4Addr::LOCALHOST.into(), Duration::ZERO, 3)));
    }
}
