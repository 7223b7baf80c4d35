//! What `ehlo send` takes: swaks's common options by the same names, and ehlo's own.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ValueParser;

use super::parts::Parts;
use crate::message::Encoding;
use crate::profile::duration;
use crate::transaction::Point;

/// Where to.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Where to")]
pub(super) struct Place {
    /// Where to connect: lab:, a host or host:port, a profile, mx:DOMAIN, a script that names it, …; without it the mail exchangers of the last recipient's domain
    #[arg(value_name = "TARGET")]
    pub(super) target: Option<String>,
    /// The same as TARGET; HOST/PORT too
    #[arg(long, short, value_name = "HOST[:PORT]", conflicts_with_all = ["target", "socket"])]
    pub(super) server: Option<String>,
    /// The port, instead of what the target has; mail exchangers are reached at port 25 alone
    #[arg(long, short, value_name = "PORT", allow_negative_numbers = true, value_parser = port)]
    pub(super) port: Option<u16>,
    /// A Unix socket, LMTP unless --protocol says otherwise
    #[arg(long, value_name = "PATH", conflicts_with_all = ["target", "port"])]
    pub(super) socket: Option<PathBuf>,
    /// A command that speaks SMTP on its standard input and output
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["target", "server", "socket", "port"])]
    pub(super) pipe: Option<String>,
    /// The mail exchangers of this domain; what says where to connect goes before it
    #[arg(long, value_name = "DOMAIN", conflicts_with = "target")]
    pub(super) copy_routing: Option<String>,
    /// Connect from this address
    #[arg(long, visible_alias = "li", value_name = "ADDRESS")]
    pub(super) local_interface: Option<IpAddr>,
    /// IPv4 only
    #[arg(short = '4', conflicts_with = "v6")]
    pub(super) v4: bool,
    /// IPv6 only
    #[arg(short = '6')]
    pub(super) v6: bool,
    /// SMTP, ESMTP or LMTP; with S for TLS and A for a login as swaks has them (ESMTPSA, SSMTP, …)
    #[arg(long, value_name = "PROTOCOL")]
    pub(super) protocol: Option<String>,
    /// Take what the server offers now as usual: what it offered before and does not any more is told no more
    #[arg(long)]
    pub(super) accept_offer: bool,
    /// For one connection attempt, such as 30s
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time)]
    pub(super) connect_timeout: Option<Duration>,
    /// For each reply, such as 5m or 30 (seconds), instead of RFC 5321's own times; 0 waits for ever
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = time)]
    pub(super) timeout: Option<Duration>,
    /// For all of it, such as 2m: every connection that the recipients need together
    #[arg(long, value_name = "TIME", value_parser = crate::cli::run::time)]
    pub(super) total_timeout: Option<Duration>,
}

/// Envelope and how far.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Envelope")]
pub(super) struct Envelope {
    /// Recipients, divided by commas or one each time
    #[arg(long, short, value_name = "ADDRESS")]
    to: Vec<Divided>,
    /// The sender; <> is the null reverse-path
    #[arg(long, short, value_name = "ADDRESS")]
    pub(super) from: Option<String>,
    /// The name to greet with
    #[arg(long, visible_aliases = ["ehlo", "lhlo"], value_name = "NAME")]
    pub(super) helo: Option<String>,
    /// QUIT after this: GREETING, FIRST-EHLO, TLS, EHLO, XCLIENT, AUTH, MAIL or RCPT
    #[arg(long, visible_alias = "quit", value_name = "POINT", value_parser = quit_point)]
    pub(super) quit_after: Option<Point>,
    /// Close without QUIT after this: one of those, DATA or DOT
    #[arg(long, visible_alias = "da", value_name = "POINT", value_parser = point, conflicts_with = "quit_after")]
    pub(super) drop_after: Option<Point>,
    /// Close without QUIT once this has gone out, without waiting for the reply
    #[arg(long, visible_alias = "das", value_name = "POINT", value_parser = point, conflicts_with_all = ["quit_after", "drop_after"])]
    pub(super) drop_after_send: Option<Point>,
    /// Stop before DATA and BDAT: no message is handed over
    #[arg(long)]
    pub(super) rcpt_only: bool,
    /// MAIL and RCPT in one write where the server offers PIPELINING
    #[arg(long)]
    pub(super) pipeline: bool,
    /// Send the message by BDAT in chunks of so many octets (1 MiB without a number), instead of DATA
    #[arg(long, value_name = "OCTETS", num_args = 0..=1, default_missing_value = "1048576", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) bdat: Option<u64>,
    /// Hand the message over even to a host outside loopback or to a profile marked production
    #[arg(long)]
    pub(super) yes_really_send: bool,
}

/// TLS.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
#[expect(clippy::struct_field_names, reason = "they are the options' names")]
pub(super) struct Tls {
    /// STARTTLS, or no mail
    #[arg(long, group = "tls_mode")]
    pub(super) tls: bool,
    /// STARTTLS where it is offered (the default)
    #[arg(long, visible_alias = "tlso", group = "tls_mode")]
    pub(super) tls_optional: bool,
    /// STARTTLS where it is offered (the default)
    #[arg(long, visible_alias = "tlsos", group = "tls_mode")]
    pub(super) tls_optional_strict: bool,
    /// TLS from the first byte, port 465 unless another is given
    #[arg(long, visible_alias = "tlsc", group = "tls_mode")]
    pub(super) tls_on_connect: bool,
    /// No TLS, even where it is offered
    #[arg(long, group = "tls_mode")]
    pub(super) no_tls: bool,
    /// Versions, such as `tlsv1_2,tlsv1_3` or `no_tlsv1`
    #[arg(long, visible_alias = "tlsp", value_name = "VERSIONS")]
    pub(super) tls_protocol: Option<String>,
    /// Go on only where the certificate can be verified (the default)
    #[arg(long, conflicts_with = "no_tls_verify")]
    pub(super) tls_verify: bool,
    /// Go on although the certificate can't be verified
    #[arg(long)]
    pub(super) no_tls_verify: bool,
    /// Certificate authorities, PEM, trusted beside the system's
    #[arg(long, value_name = "FILE")]
    pub(super) tls_ca_path: Option<PathBuf>,
    /// A certificate to show: PEM, or PKCS#12, which holds the key too
    #[arg(long, value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Its key, PEM; without it the key is in the certificate's file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(super) tls_key: Option<PathBuf>,
    /// What opens the key or the PKCS#12 file is in this environment variable
    #[arg(long, value_name = "NAME", requires = "tls_cert")]
    pub(super) tls_key_password_env: Option<String>,
    /// Write the server's certificate there, PEM; - is standard output, with --json within it
    #[arg(long, value_name = "FILE")]
    pub(super) tls_get_peer_cert: Option<PathBuf>,
    /// The name to ask for and to verify
    #[arg(long, value_name = "NAME")]
    pub(super) tls_sni: Option<String>,
}

/// The login.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Login")]
#[expect(clippy::option_option, reason = "an option whose value may be left out")]
pub(super) struct Login {
    /// Log in, or no mail: with the first of these mechanisms that is offered, the strongest without a list
    #[arg(long, short, value_name = "MECHANISM", num_args = 0..=1, group = "login")]
    pub(super) auth: Option<Option<String>>,
    /// Log in where it works, and go on without
    #[arg(long, visible_alias = "ao", value_name = "MECHANISM", num_args = 0..=1, group = "login")]
    pub(super) auth_optional: Option<Option<String>>,
    /// Log in where one of the mechanisms is offered, any login without a list, or no mail
    #[arg(long, visible_alias = "aos", value_name = "MECHANISM", num_args = 0..=1, group = "login")]
    pub(super) auth_optional_strict: Option<Option<String>>,
    /// Who logs in, instead of the profile's user
    #[arg(long, visible_alias = "au", value_name = "USER")]
    pub(super) auth_user: Option<String>,
    /// Ask for the password; it never stands on the command line
    #[arg(long, visible_alias = "ap", num_args = 0..=1, value_name = "NOT HERE", group = "password")]
    pub(super) auth_password: Option<Option<String>>,
    /// The password is in this environment variable
    #[arg(long, value_name = "NAME", group = "password")]
    pub(super) auth_password_env: Option<String>,
    /// The password is the first line that this command prints
    #[arg(long, value_name = "COMMAND", group = "password")]
    pub(super) auth_password_command: Option<String>,
    /// The password is the first line of this file
    #[arg(long, value_name = "FILE", group = "password")]
    pub(super) auth_password_file: Option<PathBuf>,
    /// For whom to act, where that is not the user: the authorization identity of PLAIN, SCRAM, EXTERNAL and OAUTHBEARER
    #[arg(long, value_name = "IDENTITY")]
    pub(super) auth_as: Option<String>,
    /// Say AUTH without an initial response: the first answer follows its 334
    #[arg(long)]
    pub(super) auth_no_initial_response: bool,
    /// Let a mechanism that shows the password go over a line that is not encrypted
    #[arg(long)]
    pub(super) auth_allow_plaintext: bool,
}

/// The message.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Message")]
pub(super) struct Content {
    /// The whole message: @FILE, - for standard input, or the text with \n for line ends
    #[arg(long, short, value_name = "MESSAGE", allow_hyphen_values = true, group = "whole")]
    pub(super) data: Option<String>,
    /// The whole message from standard input
    #[arg(short = 'g', group = "whole")]
    pub(super) from_standard_input: bool,
    /// A message file, with {{NAME}} filled from --var
    #[arg(long, value_name = "FILE", group = "whole")]
    pub(super) template: Option<PathBuf>,
    /// One of the samples: plain, html-alternative, utf8-headers, long-lines, leading-dots, 8bit, gtube, eicar, bare-lf
    #[arg(long, value_name = "NAME", group = "whole")]
    pub(super) sample: Option<String>,
    /// What stands for {{NAME}} in a template
    #[arg(long = "var", value_name = "NAME=VALUE", requires = "template", value_parser = variable)]
    pub(super) variables: Vec<(String, String)>,
    /// Fill {{env.NAME}} in a template from this environment variable; what its name calls a secret (…PASSWORD, …TOKEN, …KEY)
    /// is masked wherever it is sent
    #[arg(long, value_name = "NAME", requires = "template")]
    pub(super) allow_env: Vec<String>,
    /// The text: @FILE, - for standard input, or the text itself with \n for line ends
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) body: Option<String>,
    /// The same as HTML
    #[arg(long, value_name = "HTML", allow_hyphen_values = true, conflicts_with = "whole")]
    pub(super) html: Option<String>,
    /// Sets header fields, replacing those of this name; \n divides several; --h-NAME VALUE and --subject TEXT do too
    #[arg(long, value_name = "NAME: VALUE", allow_hyphen_values = true)]
    pub(super) header: Vec<String>,
    /// Adds header fields; \n divides several
    #[arg(long, visible_alias = "ah", value_name = "NAME: VALUE", allow_hyphen_values = true)]
    pub(super) add_header: Vec<String>,
    #[command(flatten)]
    pub(super) parts: Parts,
    /// How text and HTML are written: auto, 8bit or base64
    #[arg(long, value_name = "ENCODING", value_parser = encoding(), default_value = "auto")]
    pub(super) encoding: Encoding,
    /// Sign the message by DKIM with this private key: PEM, RSA or Ed25519
    #[arg(long, value_name = "FILE", requires_all = ["dkim_domain", "dkim_selector"])]
    pub(super) dkim_key: Option<PathBuf>,
    /// The domain that signs (d=)
    #[arg(long, value_name = "DOMAIN", requires = "dkim_key")]
    pub(super) dkim_domain: Option<String>,
    /// The selector under which its key stands in DNS (s=)
    #[arg(long, value_name = "NAME", requires = "dkim_key")]
    pub(super) dkim_selector: Option<String>,
    /// Send --data as it is: no tokens, no added fields, no From_ line or last dot taken away
    #[arg(long, visible_alias = "ndf")]
    pub(super) no_data_fixup: bool,
    /// Keep a From_ line at the beginning of --data
    #[arg(long, visible_alias = "nsf")]
    pub(super) no_strip_from: bool,
}

/// What is said.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
#[expect(clippy::struct_field_names, reason = "they are the options' names")]
pub(super) struct Output {
    /// Say how many lines the message has instead of showing them
    #[arg(long, short = 'n')]
    pub(super) suppress_data: bool,
    /// Show how long each reply took
    #[arg(long, visible_alias = "stl")]
    pub(super) show_time_lapse: bool,
    /// Do not show what the server says
    #[arg(long, visible_alias = "hr")]
    pub(super) hide_receive: bool,
    /// Do not show what is sent
    #[arg(long, visible_alias = "hs")]
    pub(super) hide_send: bool,
    /// Do not show ehlo's own remarks
    #[arg(long, visible_alias = "hi")]
    pub(super) hide_informational: bool,
    /// Show nothing
    #[arg(long, visible_alias = "ha")]
    pub(super) hide_all: bool,
    /// No marks before ehlo's own remarks
    #[arg(long, visible_alias = "nih")]
    pub(super) no_info_hints: bool,
    /// No marks before what is sent
    #[arg(long, visible_alias = "nsh")]
    pub(super) no_send_hints: bool,
    /// No marks before what the server says
    #[arg(long, visible_alias = "nrh")]
    pub(super) no_receive_hints: bool,
    /// No marks before what is sent and what the server says
    #[arg(long, visible_alias = "nth")]
    pub(super) no_hints: bool,
    /// 1: show everything, but only where something went wrong; 2: errors only; 3: nothing
    #[arg(long, short = 'S', value_name = "1|2|3", num_args = 0..=1, default_missing_value = "1", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(super) silent: Option<u8>,
    /// Standard output and standard error go into this file
    #[arg(long, visible_alias = "output-file", value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Standard output goes into this file; &STDERR is standard error
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub(super) output_file_stdout: Option<PathBuf>,
    /// Standard error goes into this file; &STDOUT is standard output
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub(super) output_file_stderr: Option<PathBuf>,
    /// Print the message that would be sent, and send nothing
    #[arg(long, conflicts_with_all = ["as_script", "save", "json"])]
    pub(super) dump_mail: bool,
    /// Print a script for `ehlo run` of what would be sent, and send nothing
    #[arg(long, conflicts_with_all = ["save", "json"])]
    pub(super) as_script: bool,
    /// Also save the conversation in this file, which must not exist
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    /// Let --save write over a file that exists
    #[arg(long, requires = "save")]
    pub(super) force: bool,
    /// Print the result as JSON instead of the conversation
    #[arg(long)]
    pub(super) json: bool,
    /// End with swaks's exit codes (21 greeting, 23 MAIL, 24 no recipient, 26 the message, 28 login, 29 TLS, …)
    #[arg(long)]
    pub(super) swaks_exit_codes: bool,
    /// Say of each of swaks's options whether it is the same here, and end
    #[arg(long)]
    pub(super) help_swaks: bool,
}

impl Output {
    /// Whether something goes to a server.
    pub(super) fn goes_out(&self) -> bool {
        !(self.dump_mail || self.as_script)
    }
}

fn port(text: &str) -> Result<u16, String> {
    let named = match text.to_ascii_lowercase().as_str() {
        "smtp" => Some(25),
        "smtps" | "submissions" => Some(465),
        "submission" => Some(587),
        "lmtp" => Some(24),
        _ => text.parse().ok().filter(|port| *port != 0),
    };
    named.ok_or_else(|| "a port is 1 to 65535, or smtp, smtps, submission or lmtp".to_owned())
}

/// A time; digits alone are seconds, and none at all is a day, which is for ever here.
fn time(text: &str) -> Result<Duration, String> {
    let time = if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        Duration::from_secs(text.parse().map_err(|_| format!("`{text}` is too long"))?)
    } else if matches!(text, "0s" | "0ms" | "0m" | "0h") {
        Duration::ZERO
    } else {
        duration::parse(text).map_err(|bad| bad.to_string())?
    };
    Ok(if time.is_zero() { Duration::from_hours(24) } else { time })
}

fn point(text: &str) -> Result<Point, String> {
    Point::parse(text)
        .ok_or_else(|| "one of GREETING, FIRST-EHLO, TLS, EHLO, XCLIENT, AUTH, MAIL, RCPT, DATA and DOT".to_owned())
}

impl Envelope {
    /// The recipients that the command line names, in its order.
    pub(super) fn to(&self) -> impl Iterator<Item = &str> {
        self.to.iter().flat_map(|divided| &divided.0).map(String::as_str)
    }
}

/// Addresses that one value names, divided by commas outside of quotes (RFC 5321 4.1.2, Quoted-string).
#[derive(Debug, Clone)]
struct Divided(Vec<String>);

impl From<&str> for Divided {
    fn from(text: &str) -> Self {
        Self(crate::smtp::divided(text).into_iter().map(str::to_owned).collect())
    }
}

/// After DATA no QUIT can be said.
fn quit_point(text: &str) -> Result<Point, String> {
    match Point::parse(text) {
        Some(point) if point <= Point::Rcpt => Ok(point),
        Some(_) => Err("after DATA no QUIT can be said; --drop-after closes the connection".to_owned()),
        None => Err("one of GREETING, FIRST-EHLO, TLS, EHLO, XCLIENT, AUTH, MAIL and RCPT".to_owned()),
    }
}

fn encoding() -> ValueParser {
    ValueParser::new(|text: &str| Encoding::parse(text).ok_or("auto, 8bit or base64"))
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quit_is_said_where_it_can_be() {
        assert_eq!(quit_point("rcpt"), Ok(Point::Rcpt));
        assert!(quit_point("DOT").is_err_and(|words| words.contains("--drop-after")));
        assert!(quit_point("nonsense").is_err_and(|words| !words.contains("DATA")));
    }

    #[test]
    fn no_time_is_for_ever_however_it_is_written() {
        assert_eq!(time("0"), time("0s"));
        assert_eq!(time("0ms"), Ok(Duration::from_hours(24)));
        assert_eq!((time("30"), time("5m")), (Ok(Duration::from_secs(30)), Ok(Duration::from_mins(5))));
    }
}
