//! The fields of a profile, in the order of the form.

/// What can be put into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// Several texts, between commas.
    List,
    /// One of these: how it is written, and what it means. An empty one stands for the key not being there.
    Choice(&'static [(&'static str, &'static str)]),
}

/// One key of the format.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Where it stands: `port`, `tls.mode`. What a secret comes from has a field of its own, `auth.password of`.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// What can be put in.
    pub kind: Kind,
}

/// The keys of secrets, each with the pseudo-key of the variable or command that it comes from.
pub(super) const SECRETS: [(&str, &str); 4] = [
    ("auth.password", "auth.password of"),
    ("auth.token", "auth.token of"),
    ("tls.client_password", "tls.client_password of"),
    ("network.proxy_password", "network.proxy_password of"),
];

const NO_YES: Kind = Kind::Choice(&[("", "no"), ("true", "yes")]);
const YES_NO: Kind = Kind::Choice(&[("", "yes"), ("false", "no")]);

const VERSION: Kind = Kind::Choice(&[
    ("", "as the library has it"),
    ("1.0", "TLS 1.0"),
    ("1.1", "TLS 1.1"),
    ("1.2", "TLS 1.2"),
    ("1.3", "TLS 1.3"),
]);

const fn field(key: &'static str, label: &'static str, kind: Kind, help: &'static str) -> Field {
    Field { key, label, help, kind }
}

/// Every field, in the order of the form; a new table begins where the part before the dot changes.
pub const FIELDS: &[Field] = &[
    field(
        "host",
        "host",
        Kind::Text,
        "The server's name or address, or lab; or a domain whose mail exchangers are meant.",
    ),
    field("port", "port", Kind::Number, "25 where nothing is said, 465 with TLS from the first byte, 24 for LMTP."),
    field("mx", "by MX", NO_YES, "Whether the host is a domain, and its mail exchangers are connected to."),
    field("unix", "Unix socket", Kind::Text, "The path of a socket, instead of host and port."),
    field(
        "protocol",
        "protocol",
        Kind::Choice(&[("", "ESMTP: EHLO first"), ("smtp", "SMTP: HELO"), ("lmtp", "LMTP: LHLO")]),
        "What is spoken.",
    ),
    field("note", "note", Kind::Text, "Whatever you want to see beside its name."),
    field(
        "production",
        "production",
        NO_YES,
        "Whether real mail goes there: marked on the screen, and asked before a message is handed over.",
    ),
    field("identity.ehlo", "greet as", Kind::Text, "The name that EHLO says."),
    field("identity.from", "from", Kind::Text, "The reverse-path that MAIL offers."),
    field("identity.to", "to", Kind::List, "The forward-paths that RCPT offers, with commas between them."),
    field(
        "tls.mode",
        "mode",
        Kind::Choice(&[
            ("", "as usual for the port"),
            ("starttls", "STARTTLS where offered"),
            ("require", "STARTTLS, or no mail"),
            ("implicit", "TLS from the first byte"),
            ("none", "no TLS"),
        ]),
        "When the line is secured.",
    ),
    field("tls.verify", "verify", YES_NO, "Whether a certificate that can't be verified ends the connection."),
    field("tls.ca", "authority", Kind::Text, "A PEM file of further certificate authorities."),
    field("tls.sni", "server name", Kind::Text, "The name to ask for and to verify, where it is not the host."),
    field("tls.verify_name", "verify as", Kind::Text, "The name to verify, where it is not the one that is asked for."),
    field("tls.min_version", "at least", VERSION, "The oldest version of TLS that is taken."),
    field("tls.max_version", "at most", VERSION, "The newest version of TLS that is offered."),
    field(
        "tls.client_cert",
        "certificate",
        Kind::Text,
        "The file of a certificate to show to a server that asks: PEM, or PKCS#12 with its key.",
    ),
    field("tls.client_key", "its key", Kind::Text, "The PEM file of that certificate's key, where it is another file."),
    field(
        "tls.client_password",
        "key opened by",
        Kind::Choice(&[("", "nothing"), ("env", "a variable"), ("command", "a command"), ("keyring", "the keyring")]),
        "Where that comes from which opens an encrypted key or a PKCS#12 file.",
    ),
    field(SECRETS[2].1, "key: which", Kind::Text, "The variable's name, or the command whose first line it is."),
    field("auth.user", "user", Kind::Text, "Who logs in; without one nobody does."),
    field(
        "auth.mechanism",
        "mechanism",
        Kind::Choice(&[
            ("", "the strongest offered"),
            ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS"),
            ("SCRAM-SHA-256", "SCRAM-SHA-256"),
            ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS"),
            ("SCRAM-SHA-1", "SCRAM-SHA-1"),
            ("CRAM-MD5", "CRAM-MD5"),
            ("OAUTHBEARER", "OAUTHBEARER: a token"),
            ("XOAUTH2", "XOAUTH2: a token"),
            ("EXTERNAL", "EXTERNAL: the certificate"),
            ("PLAIN", "PLAIN"),
            ("LOGIN", "LOGIN"),
            ("ANONYMOUS", "ANONYMOUS"),
        ]),
        "How to log in.",
    ),
    field(
        "auth.allow_plaintext",
        "in clear text",
        NO_YES,
        "Whether the password may go over a line that is not secured: anybody on the way can read it.",
    ),
    field(
        "auth.password",
        "password from",
        Kind::Choice(&[
            ("", "a question"),
            ("env", "a variable"),
            ("command", "a command"),
            ("keyring", "the keyring"),
        ]),
        "Where the password comes from. It never stands in the file.",
    ),
    field(
        SECRETS[0].1,
        "password: which",
        Kind::Text,
        "The variable's name, or the command whose first line is the password.",
    ),
    field(
        "auth.token",
        "token from",
        Kind::Choice(&[
            ("", "nowhere: a password"),
            ("env", "a variable"),
            ("command", "a command"),
            ("keyring", "the keyring"),
        ]),
        "Where a token comes from, for XOAUTH2 and OAUTHBEARER, in place of a password.",
    ),
    field(
        SECRETS[1].1,
        "token: which",
        Kind::Text,
        "The variable's name, or the command whose first line is the token.",
    ),
    field("auth.authorise_as", "acting for", Kind::Text, "Whom to act for, where that is not the user."),
    field(
        "auth.initial_response",
        "at once",
        YES_NO,
        "Whether the first response goes along with AUTH, or waits for the server's 334.",
    ),
    field(
        "network.family",
        "addresses",
        Kind::Choice(&[("", "any"), ("ipv4", "IPv4 only"), ("ipv6", "IPv6 only")]),
        "Which addresses of the host are tried.",
    ),
    field("network.bind", "from address", Kind::Text, "The address of this machine to connect from."),
    field("network.pipe", "command", Kind::Text, "A command whose input and output are the server, instead of a host."),
    field(
        "network.proxy",
        "proxy",
        Kind::Text,
        "socks5://[user@]host:1080, socks5h:// (it resolves names), http://host:3128.",
    ),
    field(
        "network.proxy_password",
        "its password",
        Kind::Choice(&[
            ("", "from nowhere"),
            ("env", "from a variable"),
            ("command", "from a command"),
            ("keyring", "from the keyring"),
        ]),
        "Where the password of the proxy's user comes from. It never stands in the file.",
    ),
    field(
        SECRETS[3].1,
        "proxy: which",
        Kind::Text,
        "The variable's name, or the command whose first line is the password.",
    ),
    field(
        "network.proxy_protocol",
        "PROXY header",
        Kind::Choice(&[("", "none"), ("1", "version 1, a line"), ("2", "version 2, octets")]),
        "The header that says to a server behind a proxy for whom the connection is.",
    ),
    field(
        "network.proxy_source",
        "it says from",
        Kind::Text,
        "Whose connection the header says it is: address[:port].",
    ),
    field("network.proxy_destination", "it says to", Kind::Text, "Where the header says it leads: address[:port]."),
    field("network.connect_timeout", "connect within", Kind::Text, "How long one attempt may take: 500ms, 30s, 5m."),
    field(
        "network.reply_timeout",
        "reply within",
        Kind::Text,
        "How long each reply may take, instead of RFC 5321's times.",
    ),
    field("network.total_timeout", "all within", Kind::Text, "How long the whole conversation may take: 30s, 5m, 2h."),
    field(
        "network.keep_alive",
        "keep alive",
        Kind::Text,
        "After how much silence NOOP is sent while you think: 60s, 5m.",
    ),
    field(
        "xclient.addr",
        "address",
        Kind::Text,
        "The address that the server is to take yours for, where it offers XCLIENT.",
    ),
    field("xclient.name", "host name", Kind::Text, "The host name that it is to take yours for."),
    field(
        "xclient.reverse_name",
        "reverse name",
        Kind::Text,
        "The name that the address is to lead to, where that is not the host name: one that does not lead back.",
    ),
    field("xclient.helo", "HELO name", Kind::Text, "The name that it is to take for the one in your EHLO."),
    field(
        "xclient.proto",
        "protocol",
        Kind::Choice(&[("", "as it is"), ("SMTP", "SMTP"), ("ESMTP", "ESMTP")]),
        "The protocol that it is to take yours for.",
    ),
    field("xclient.login", "user", Kind::Text, "The user that it is to take for logged in."),
    field("xclient.port", "port", Kind::Text, "The client's port that it is to take yours for."),
    field("xclient.destaddr", "its address", Kind::Text, "The address of its own that you are said to have reached."),
    field("xclient.destport", "its port", Kind::Text, "The port of its own that you are said to have reached."),
];
