//! Dovecot: its LMTP server, and its logins for Postfix.

use std::process::Command;

use base64::Engine as _;

use super::desk::Server;
use super::ground::{Ground, Missing, Running, free_port, needs_root, needs_user, program};

/// Dovecot's LMTP, over TCP and a socket.
pub(crate) struct Dovecot {
    pub(crate) ground: Ground,
    pub(crate) lmtp: Server,
    /// It takes from a PROXY header for whom a connection is.
    pub(crate) proxied: Server,
    _process: Running,
}

/// What signs the tokens that are believed, and the text by which it does.
pub(crate) const ISSUER: &[u8] = b"secret-of-the-issuer-0123456789ab";

/// Starts its LMTP server.
pub(crate) fn start() -> Result<Dovecot, Missing> {
    needs_root("Dovecot")?;
    needs_user("dovecot")?;
    let dovecot = program("dovecot", "dovecot-core")?;
    if !std::path::Path::new("/usr/lib/dovecot/lmtp").exists() {
        return Err(Missing("no LMTP server of Dovecot (Debian: dovecot-lmtpd)".to_owned()));
    }
    let ground = Ground::new();
    let (port, proxied) = (free_port(), free_port());
    ground.folder("mail");
    ground.write("users", "dude:{PLAIN}pass-word-of-noddy:::::\nanotherdude:{PLAIN}pass-word-of-noddy:::::\n");
    let lmtp = LMTP.replace("{port}", &port.to_string()).replace("{proxied}", &proxied.to_string());
    let configuration = ground.write("dovecot.conf", &format!("{COMMON}{lmtp}"));
    let mut command = Command::new(dovecot);
    command.arg("-F").arg("-c").arg(configuration);
    let running = ground.run(&mut command, &[port]);
    Ok(Dovecot { lmtp: Server::at(port), proxied: Server::at(proxied), ground, _process: running })
}

/// Starts its logins for a Postfix on this ground, by a socket in the queue's folder.
pub(crate) fn start_logins(ground: &Ground) -> Result<Running, Missing> {
    needs_user("dovecot")?;
    let dovecot = program("dovecot", "dovecot-core, for the logins of Postfix")?;
    ground.write("users", "dude:{PLAIN}pass-word-of-noddy:::::\n");
    ground.write("oauth2.conf", OAUTH2);
    // Where it looks for the key of a token that names none.
    ground.write("keys/default/HS256/default", &base64::engine::general_purpose::STANDARD.encode(ISSUER));
    let configuration = ground.write("logins/dovecot.conf", &format!("{COMMON}{LOGINS}"));
    let mut command = Command::new(dovecot);
    command.arg("-F").arg("-c").arg(configuration);
    let running = ground.run(&mut command, &[]);
    let socket = ground.path("queue/private/auth");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !socket.exists() {
        assert!(std::time::Instant::now() < until, "Dovecot's logins do not start:\n{}", ground.logs());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Ok(running)
}

const COMMON: &str = "\
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/dovecot.log
userdb {
  driver = static
  args = uid=nobody gid=nogroup home={place}/mail/%n
}
ssl = yes
ssl_cert = <{place}/cert.pem
ssl_key = <{place}/key.pem
";

const LOGINS: &str = "\
protocols =
auth_mechanisms = plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer anonymous
auth_username_format = %n
auth_failure_delay = 0
passdb {
  driver = passwd-file
  mechanisms = plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 anonymous
  args = username_format=%n {place}/users
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {place}/oauth2.conf
}
service auth {
  unix_listener {place}/queue/private/auth {
    mode = 0666
  }
}
";

const OAUTH2: &str = "\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={place}/keys/
username_attribute = sub
username_format = %n
";

const LMTP: &str = "\
protocols = lmtp
passdb {
  driver = passwd-file
  args = username_format=%n {place}/users
}
hostname = mx.target.local
auth_username_format = %Ln
mail_location = maildir:~/Maildir
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {port}
  }
  inet_listener lmtp_proxied {
    address = 127.0.0.1
    port = {proxied}
    haproxy = yes
  }
  unix_listener {place}/lmtp.sock {
    mode = 0666
  }
}
haproxy_trusted_networks = 127.0.0.0/8
protocol lmtp {
  postmaster_address = postmaster@target.local
}
";
