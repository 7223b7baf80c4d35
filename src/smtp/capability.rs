//! What a server offered in its reply to EHLO or LHLO (RFC 5321 4.1.1.1).

use super::Reply;
use super::escape::legible;

/// Keywords that servers are known to offer, of the IANA registry and of their own, in order.
pub const KEYWORDS: [&str; 36] = [
    "8BITMIME",
    "ATRN",
    "AUTH",
    "BINARYMIME",
    "BURL",
    "CHECKPOINT",
    "CHUNKING",
    "CONNEG",
    "CONPERM",
    "DELIVERBY",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "ETRN",
    "EXPN",
    "FUTURERELEASE",
    "HELP",
    "LIMITS",
    "MT-PRIORITY",
    "NO-SOLICITING",
    "PIPECONNECT",
    "PIPELINING",
    "PRDR",
    "REQUIRETLS",
    "RRVS",
    "SIZE",
    "SMTPUTF8",
    "STARTTLS",
    "SUBMITTER",
    "TURN",
    "VERB",
    "VRFY",
    "XCLIENT",
    "XEXCH50",
    "XFORWARD",
    "XRDST",
    "XSHADOW",
];

/// One line of the offer: keyword and parameters as they stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// The keyword as sent; compare without regard to case.
    pub keyword: String,
    /// What follows it, split at spaces.
    pub parameters: Vec<String>,
}

impl Capability {
    /// Whether this is the capability of that keyword. One with its value behind `=`, as Courier has them
    /// (`XVERP=Courier`), goes by what stands before it.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        let before = self.keyword.split('=').next().unwrap_or_default();
        self.keyword.eq_ignore_ascii_case(keyword) || before.eq_ignore_ascii_case(keyword)
    }
}

/// The capabilities of a server, in its own order, doubles kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// The name with which the server answered: the first word of the first line.
    pub server: String,
    /// The keywords.
    pub list: Vec<Capability>,
}

impl Capabilities {
    /// Reads the reply to an EHLO or LHLO. The first line is the server's name and greeting, never a capability.
    ///
    /// `AUTH=LOGIN PLAIN`, the old spelling, is read as AUTH.
    #[must_use]
    pub fn from_reply(reply: &Reply) -> Self {
        let mut lines = reply.lines.iter().map(|line| legible(line.text()));
        let server =
            lines.next().and_then(|line| line.split_whitespace().next().map(str::to_owned)).unwrap_or_default();
        let list = lines
            .filter_map(|line| {
                let line = match line.get(..5) {
                    Some(head) if head.eq_ignore_ascii_case("AUTH=") => format!("AUTH {}", &line[5..]),
                    _ => line,
                };
                let mut words = line.split_whitespace().map(str::to_owned);
                Some(Capability { keyword: words.next()?, parameters: words.collect() })
            })
            .collect();
        Self { server, list }
    }

    /// The first capability of this keyword.
    #[must_use]
    pub fn get(&self, keyword: &str) -> Option<&Capability> {
        self.list.iter().find(|capability| capability.is(keyword))
    }

    /// Whether the keyword was offered.
    #[must_use]
    pub fn has(&self, keyword: &str) -> bool {
        self.get(keyword).is_some()
    }

    /// The largest message that the server says it takes, octets; none where it says nothing or 0 (RFC 1870 3).
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.get("SIZE")?.parameters.first()?.parse().ok().filter(|size| *size > 0)
    }

    /// A number that LIMITS tells, such as `RCPTMAX`, from 1 to 999999; another is ignored (RFC 9422 3).
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<u32> {
        let told = self.get("LIMITS")?.parameters.iter().find_map(|told| {
            let (known, number) = told.split_once('=')?;
            known.eq_ignore_ascii_case(name).then_some(number)
        });
        told?.parse().ok().filter(|number| (1..=999_999).contains(number))
    }

    /// The SASL mechanisms offered, in the server's order, upper case, each once.
    #[must_use]
    pub fn mechanisms(&self) -> Vec<String> {
        let mut all = Vec::new();
        for capability in self.list.iter().filter(|c| c.keyword.eq_ignore_ascii_case("AUTH")) {
            for name in capability.parameters.iter().map(|name| name.to_ascii_uppercase()) {
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
        all
    }
}
