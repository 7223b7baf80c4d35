//! Exim, with the TLS library that it was built with. Whatever is accepted is thrown away.

use super::ground::{Ground, Missing, Running, free_port, needs_root, program};
use super::walk::Server;

/// A running Exim.
pub(crate) struct Exim {
    pub(crate) ground: Ground,
    pub(crate) exchanger: Server,
    _process: Running,
}

/// Starts it. Debian's looks for its user while it starts; `lodging` sees to that.
pub(crate) fn start() -> Result<Exim, Missing> {
    needs_root("Exim")?;
    let exim = program("exim4", "exim4-daemon-heavy").or_else(|_| program("exim", "exim4-daemon-heavy"))?;
    let ground = Ground::new();
    let port = free_port();
    ground.folder("spool");
    ground.folder("logs");
    // Exim refuses a configuration that others may write, and reads its key as its own user.
    let configuration = ground.write("exim.conf", CONFIGURATION);
    for secret in ["key.pem", "cert.pem"] {
        super::ground::give(&ground.path(secret), "mail");
    }
    let mut command = ground.lodging(&["Debian-exim"], &[])?;
    command.arg(exim).args(["-bdf", "-oX", &format!("[127.0.0.1]:{port}"), "-oP"]).arg(ground.path("exim.pid"));
    command.arg("-C").arg(configuration);
    let running = ground.run(&mut command, &[port]);
    Ok(Exim { exchanger: Server::at(port), ground, _process: running })
}

const CONFIGURATION: &str = r"
exim_user = mail
exim_group = mail
primary_hostname = mx.target.local
spool_directory = {place}/spool
log_file_path = {place}/logs/exim-%slog.log
domainlist local_domains = target.local
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
acl_smtp_vrfy = accept
tls_advertise_hosts = *
tls_certificate = {place}/cert.pem
tls_privatekey = {place}/key.pem
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
";
