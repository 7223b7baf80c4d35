//! Exim, with the TLS library that it was built with. Whatever is accepted is thrown away.

use std::process::Command;

use super::desk::Server;
use super::ground::{Ground, Missing, Running, free_port, needs_root, program};

/// A running Exim.
pub(crate) struct Exim {
    pub(crate) ground: Ground,
    pub(crate) exchanger: Server,
    /// It takes from a PROXY header for whom a connection is.
    pub(crate) proxied: Server,
    /// The program that speaks SMTP on standard input and output, as a command of the shell.
    pub(crate) command: String,
    _process: Running,
}

/// Starts it. Debian's looks for its user while it starts; `lodging` sees to that.
pub(crate) fn start() -> Result<Exim, Missing> {
    needs_root("Exim")?;
    let exim = program("exim4", "exim4-daemon-heavy").or_else(|_| program("exim", "exim4-daemon-heavy"))?;
    let ground = Ground::new();
    let (port, proxied) = (free_port(), free_port());
    ground.folder("spool");
    ground.folder("logs");
    // Exim refuses a configuration that others may write, and reads its key as its own user.
    let configuration = ground.write("exim.conf", &CONFIGURATION.replace("{proxied}", &proxied.to_string()));
    for secret in ["key.pem", "cert.pem"] {
        super::ground::give(&ground.path(secret), "mail");
    }
    let mut piped = ground.lodging(&["Debian-exim"], &[])?;
    piped.arg(&exim).arg("-C").arg(&configuration).arg("-bs");
    let mut command = ground.lodging(&["Debian-exim"], &[])?;
    command.arg(exim).arg("-bdf").arg("-oX").arg(format!("<; [127.0.0.1]:{port} ; [127.0.0.1]:{proxied}"));
    command.arg("-oP").arg(ground.path("exim.pid")).arg("-C").arg(configuration);
    let running = ground.run(&mut command, &[port]);
    let (exchanger, proxied) = (Server::at(port), Server::at(proxied));
    Ok(Exim { exchanger, proxied, command: in_words(&piped), ground, _process: running })
}

/// A command as the shell takes it.
fn in_words(command: &Command) -> String {
    let all = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = all.map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', "'\\''")));
    quoted.collect::<Vec<_>>().join(" ")
}

const CONFIGURATION: &str = r"
exim_user = mail
exim_group = mail
primary_hostname = mx.target.local
spool_directory = {place}/spool
log_file_path = {place}/logs/exim-%slog.log
domainlist local_domains = target.local
hosts_proxy = <; ${if eq{$received_port}{{proxied}}{127.0.0.1}}
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
acl_smtp_vrfy = accept
tls_advertise_hosts = *
tls_certificate = {place}/cert.pem
tls_privatekey = {place}/key.pem
tls_verify_certificates = {place}/ca.pem
tls_try_verify_hosts = *
message_size_limit = 100000
smtputf8_advertise_hosts = *
auth_advertise_hosts = *
dsn_advertise_hosts = *
smtp_receive_timeout = 6s
host_lookup =
rfc1413_hosts =
disable_ipv6 = true
keep_environment =
tls_require_ciphers =

begin acl
check_rcpt:
  deny message = $sender_host_address is banned
       condition = ${if eq{$sender_host_address}{192.0.2.66}}
  accept authenticated = *
  require message = relay not permitted
          domains = +local_domains
  require verify = recipient
  accept

begin routers
local:
  driver = redirect
  domains = +local_domains
  local_parts = dude : anotherdude : postmaster
  data = :blackhole:

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_advertise_condition = ${if def:tls_in_cipher}
  server_condition = ${if and{{eq{$auth2}{dude}}{eq{$auth3}{pass-word-of-noddy}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_advertise_condition = ${if def:tls_in_cipher}
  server_condition = ${if and{{eq{$auth1}{dude}}{eq{$auth2}{pass-word-of-noddy}}}}
  server_set_id = $auth1

external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = $tls_in_certificate_verified
  server_param2 = ${certextract {subject,CN}{$tls_in_peercert}}
  server_condition = ${if or{{eq{$auth1}{}}{eq{$auth1}{$auth2}}}}
  server_set_id = $auth2
";
