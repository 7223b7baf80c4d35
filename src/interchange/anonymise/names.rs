//! What stands for whom: the same for the same, of the same shape, and never something that was there.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Local parts that name a duty and no person (RFC 2142).
const DUTIES: [&str; 3] = ["postmaster", "mailer-daemon", "abuse"];
/// Words that are no names though they stand where one may.
const GENERIC: [&str; 4] = ["localhost", "unknown", "localhost.localdomain", "local"];

/// Labels that say what is kept at a name (RFC 8552).
const SERVICES: [&str; 8] = ["_domainkey", "_dmarc", "_spf", "_mta-sts", "_smtp", "_tls", "_report", "_tcp"];

/// All that was found, and what stands for it.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Everything that was there, lower case: nothing of it may stand for something else.
    pub(super) there: HashSet<String>,
    /// Hosts of one label that are known to be hosts.
    pub(super) bare: HashSet<String>,
    domains: HashMap<String, String>,
    labels: HashMap<String, String>,
    locals: HashMap<String, String>,
    marks: HashMap<String, String>,
    files: HashMap<String, String>,
    addresses: HashMap<IpAddr, IpAddr>,
    /// The last number of each kind that stands for one.
    last: Last,
    v4: u32,
    v6: u32,
}

#[derive(Debug, Default)]
struct Last {
    domain: usize,
    label: usize,
    local: usize,
    mark: usize,
}

impl Names {
    /// What stands for a local part: `user1`; a duty stays.
    pub(super) fn local(&mut self, local: &str) -> String {
        let key = local.trim_matches('"').to_lowercase();
        if DUTIES.contains(&key.as_str()) || key.is_empty() {
            return local.to_owned();
        }
        let (there, last) = (&self.there, &mut self.last.local);
        self.locals.entry(key).or_insert_with(|| unused(there, last, |n| format!("user{n}"))).clone()
    }

    /// What stands for a host's name: as many labels, the same domain for the same.
    pub(super) fn host(&mut self, host: &str) -> String {
        let name = host.trim_end_matches('.').to_lowercase();
        if GENERIC.contains(&name.as_str()) || name.is_empty() {
            return host.to_owned();
        }
        let dot = if host.ends_with('.') { "." } else { "" };
        let labels: Vec<&str> = name.split('.').collect();
        if labels.len() == 1 {
            return self.label(&name) + dot;
        }
        let (hosts, base) = labels.split_at(labels.len() - 2);
        let (there, last) = (&self.there, &mut self.last.domain);
        let base = base.join(".");
        let base =
            self.domains.entry(base).or_insert_with(|| unused(there, last, |n| format!("domain{n}.example"))).clone();
        let mut out = String::new();
        for label in hosts {
            // It says what is kept there.
            let new = if SERVICES.contains(label) { (*label).to_owned() } else { self.label(label) };
            out.push_str(&new);
            out.push('.');
        }
        out + &base + dot
    }

    fn label(&mut self, label: &str) -> String {
        let (there, last) = (&self.there, &mut self.last.label);
        self.labels.entry(label.to_owned()).or_insert_with(|| unused(there, last, |n| format!("host{n}"))).clone()
    }

    /// What stands for the first label of a domain where it stands alone.
    pub(super) fn domain_label(&mut self, domain: &str) -> String {
        self.host(domain).split('.').next().unwrap_or_default().to_owned()
    }

    /// What stands for a mark that somebody gave, such as an envelope's.
    pub(super) fn mark(&mut self, mark: &str) -> String {
        let (there, last) = (&self.there, &mut self.last.mark);
        self.marks.entry(mark.to_lowercase()).or_insert_with(|| unused(there, last, |n| format!("mark{n}"))).clone()
    }

    /// What stands for the name of a file: its ending stays.
    pub(super) fn file(&mut self, file: &str) -> String {
        let ending = file.rsplit_once('.').map(|(_, ending)| ending);
        let ending = ending.filter(|it| it.len() < 6 && it.chars().all(|c| c.is_ascii_alphanumeric()));
        let count = self.files.len() + 1;
        let new = || format!("file{count}{}", ending.map(|it| format!(".{it}")).unwrap_or_default());
        self.files.entry(file.to_owned()).or_insert_with(new).clone()
    }

    /// What stands for an IP address: one of those kept for documentation (RFC 5737, RFC 3849).
    pub(super) fn ip(&mut self, ip: IpAddr) -> IpAddr {
        if let Some(known) = self.addresses.get(&ip) {
            return *known;
        }
        let new = loop {
            let next = if ip.is_ipv4() { self.next_v4() } else { self.next_v6() };
            if !self.there.contains(&next.to_string()) {
                break next;
            }
        };
        self.addresses.insert(ip, new);
        new
    }

    /// Documentation has 762 addresses of IPv4; beyond them come those of 198.18.0.0/15, kept for tests (RFC 2544).
    fn next_v4(&mut self) -> IpAddr {
        const BLOCKS: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
        let n = self.v4;
        self.v4 = (self.v4 + 1) % (762 + 131_072);
        let octets = match BLOCKS.get((n / 254) as usize) {
            Some([a, b, c]) => [*a, *b, *c, u8::try_from(n % 254 + 1).unwrap_or(1)],
            None => (0xc612_0000_u32 + (n - 762)).to_be_bytes(),
        };
        IpAddr::V4(Ipv4Addr::from(octets))
    }

    fn next_v6(&mut self) -> IpAddr {
        self.v6 = self.v6.wrapping_add(1);
        let base = 0x2001_0db8_u128 << 96;
        IpAddr::V6(Ipv6Addr::from(base | u128::from(self.v6)))
    }
}

/// The next name that nobody had and that stands for nobody yet.
pub(super) fn unused(there: &HashSet<String>, last: &mut usize, name: impl Fn(usize) -> String) -> String {
    loop {
        *last += 1;
        let next = name(*last);
        if !there.contains(&next) {
            return next;
        }
    }
}
