//! Dovecot: its LMTP server, and its logins for Postfix.

use std::process::Command;

use super::ground::{Ground, Missing, Running, free_port, needs_root, needs_user, program};
use super::walk::Server;

/// Dovecot's LMTP, over TCP and a socket.
pub(crate) struct Dovecot {
    pub(crate) ground: Ground,
    pub(crate) lmtp: Server,
    _process: Running,
}

/// Starts its LMTP server.
pub(crate) fn start() -> Result<Dovecot, Missing> {
    needs_root("Dovecot")?;
    needs_user("dovecot")?;
    let dovecot = program("dovecot", "dovecot-core")?;
    if !std::path::Path::new("/usr/lib/dovecot/lmtp").exists() {
        return Err(Missing("no LMTP server of Dovecot (Debian: dovecot-lmtpd)".to_owned()));
    }
    let ground = Ground::new();
    let port = free_port();
    ground.folder("mail");
    ground.write("users", "dude:{PLAIN}pass-word-of-noddy:::::\nanotherdude:{PLAIN}pass-word-of-noddy:::::\n");
    let configuration = ground.write("dovecot.conf", &format!("{COMMON}{}", LMTP.replace("{port}", &port.to_string())));
    let mut command = Command::new(dovecot);
    command.arg("-F").arg("-c").arg(configuration);
    let running = ground.run(&mut command, &[port]);
    Ok(Dovecot { lmtp: Server::at(port), ground, _process: running })
}

/// Starts its logins for a Postfix on this ground, by a socket in the queue's folder.
pub(crate) fn start_logins(ground: &Ground) -> Result<Running, Missing> {
    needs_user("dovecot")?;
    let dovecot = program("dovecot", "dovecot-core, for the logins of Postfix")?;
    ground.write("users", "dude:{PLAIN}pass-word-of-noddy:::::\n");
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
passdb {
  driver = passwd-file
  args = username_format=%n {place}/users
}
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
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_username_format = %n
service auth {
  unix_listener {place}/queue/private/auth {
    mode = 0666
  }
}
";

const LMTP: &str = "\
protocols = lmtp
hostname = mx.target.local
auth_username_format = %Ln
mail_location = maildir:~/Maildir
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {port}
  }
}
protocol lmtp {
  postmaster_address = postmaster@target.local
}
";
