//! The forms in which a server may be asked to pass mail on to somewhere else.

use super::super::Subject;

/// What a form ends in, and so what its acceptance can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The foreign domain stands last: only a relay takes it.
    Foreign,
    /// The server's own domain stands last: a catch-all may take it for a mailbox.
    Own,
    /// The server's own address stands last.
    Literal,
    /// No domain at all.
    Bare,
}

/// One form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    /// What it is called.
    pub(super) name: &'static str,
    /// The MAIL line.
    pub(super) mail: String,
    /// The RCPT line.
    pub(super) rcpt: String,
    pub(super) shape: Shape,
    /// Its MAIL line is its own, and shows what it is about.
    pub(super) by_sender: bool,
}

/// The form that says nothing but a foreign recipient.
pub(super) const PLAIN: &str = "the plain foreign address";
/// The one whose domain is an address.
pub(super) const LITERAL: &str = "the foreign address as a literal";

/// `{u}` and `{d}` are the foreign local part and domain, `{h}` is the server's own domain, `{i}` its address in brackets.
const RECIPIENTS: &[(&str, &str, Shape)] = &[
    (PLAIN, "<{u}@{d}>", Shape::Foreign),
    ("without angle brackets", "{u}@{d}", Shape::Foreign),
    ("a space before it", " <{u}@{d}>", Shape::Foreign),
    ("a dot after the domain", "<{u}@{d}.>", Shape::Foreign),
    (LITERAL, "<{u}@[192.0.2.1]>", Shape::Foreign),
    ("source route by the domain", "<@{h}:{u}@{d}>", Shape::Foreign),
    ("source route by the address", "<@{i}:{u}@{d}>", Shape::Foreign),
    ("source route by a stranger", "<@{d},@{h}:{u}@{d}>", Shape::Foreign),
    ("its own domain in a comment", "<{u}@{d}(@{h})>", Shape::Foreign),
    ("two domains, the foreign one last", "<{u}@{h}@{d}>", Shape::Foreign),
    ("percent hack", "<{u}%{d}@{h}>", Shape::Own),
    ("percent hack twice", "<{u}%{d}%{h}@{h}>", Shape::Own),
    ("quoted address", "<\"{u}@{d}\"@{h}>", Shape::Own),
    ("quoted percent hack", "<\"{u}%{d}\"@{h}>", Shape::Own),
    ("two domains, its own last", "<{u}@{d}@{h}>", Shape::Own),
    ("bang path", "<{d}!{u}@{h}>", Shape::Own),
    ("percent hack at the address", "<{u}%{d}@{i}>", Shape::Literal),
    ("quoted address at the address", "<\"{u}@{d}\"@{i}>", Shape::Literal),
    ("two domains, the address last", "<{u}@{d}@{i}>", Shape::Literal),
    ("bang path at the address", "<{d}!{u}@{i}>", Shape::Literal),
    ("percent hack alone", "<{u}%{d}>", Shape::Bare),
    ("quoted address alone", "<\"{u}@{d}\">", Shape::Bare),
    ("bang path alone", "<{d}!{u}>", Shape::Bare),
    ("bang path by the domain", "<{h}!{d}!{u}>", Shape::Bare),
];

/// Senders beside the usual one, for the plain foreign address.
const SENDERS: &[(&str, &str)] = &[
    ("from the null path", "<>"),
    ("from its own postmaster", "<postmaster@{h}>"),
    ("from the same domain as the recipient", "<{u}-2@{d}>"),
    ("from a name without a domain", "<postmaster>"),
    ("from its own address", "<postmaster@{i}>"),
    ("from localhost", "<root@localhost>"),
];

/// Recipients that tell what an acceptance is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Controls {
    /// Somebody whom the server knows.
    pub(super) known: Form,
    /// Nobody, in each shape.
    pub(super) nobody: Vec<Form>,
    /// Nobody of the domain that is taken to be foreign.
    pub(super) stranger: Option<Form>,
}

/// All forms for this server; those with its address only where it has one.
pub(super) fn forms(subject: &Subject<'_>) -> Vec<Form> {
    let filled = Filled::of(subject);
    let usual = subject.mail("");
    let mut all: Vec<Form> = Vec::new();
    for (name, rcpt, shape) in RECIPIENTS {
        all.extend(filled.form(name, &usual, rcpt, *shape));
    }
    for (name, sender) in SENDERS {
        if let Some(sender) = filled.fill(sender) {
            let form = filled.form(name, &format!("MAIL FROM:{sender}"), "<{u}@{d}>", Shape::Foreign);
            all.extend(form.map(|form| Form { by_sender: true, ..form }));
        }
    }
    all
}

/// The controls for this server.
pub(super) fn controls(subject: &Subject<'_>) -> Controls {
    let filled = Filled::of(subject);
    let usual = subject.mail("");
    let form = |name, rcpt: &str, shape| filled.form(name, &usual, rcpt, shape);
    let known = Form {
        name: "somebody whom it should know",
        mail: usual.clone(),
        rcpt: format!("RCPT TO:<{}>", subject.known()),
        shape: Shape::Own,
        by_sender: false,
    };
    let nobody = [
        form("nobody of its own domain", "<{n}@{h}>", Shape::Own),
        form("nobody at its address", "<{n}@{i}>", Shape::Literal),
        form("nobody without a domain", "<{n}>", Shape::Bare),
        form("a domain that cannot exist", "<{n}@{n}.invalid>", Shape::Foreign),
    ];
    let stranger = form("nobody of the foreign domain", "<{n}@{d}>", Shape::Foreign);
    Controls { known, nobody: nobody.into_iter().flatten().collect(), stranger }
}

struct Filled {
    user: String,
    domain: String,
    here: String,
    literal: Option<String>,
    nobody: String,
}

impl Filled {
    fn of(subject: &Subject<'_>) -> Self {
        let foreign = &subject.aims.foreign;
        let (user, domain) = foreign.rsplit_once('@').unwrap_or(("ehlo-probe", foreign));
        Self {
            user: user.to_owned(),
            domain: domain.to_owned(),
            here: subject.here(),
            literal: subject.literal(),
            nobody: subject.aims.nobody.clone(),
        }
    }

    fn fill(&self, text: &str) -> Option<String> {
        if text.contains("{i}") && self.literal.is_none() {
            return None;
        }
        let literal = self.literal.as_deref().unwrap_or_default();
        let values =
            [("{u}", &*self.user), ("{d}", &self.domain), ("{h}", &self.here), ("{i}", literal), ("{n}", &self.nobody)];
        Some(values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value)))
    }

    fn form(&self, name: &'static str, mail: &str, rcpt: &str, shape: Shape) -> Option<Form> {
        let rcpt = format!("RCPT TO:{}", self.fill(rcpt)?);
        Some(Form { name, mail: mail.to_owned(), rcpt, shape, by_sender: false })
    }
}
