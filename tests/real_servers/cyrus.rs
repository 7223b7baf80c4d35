//! Cyrus SASL as what is behind Postfix's logins: its library in Postfix's own process, with a sasldb in the ground.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::desk::PASSWORD;
use super::ground::{Ground, Missing, give, program};

/// Where Postfix looks for what its library is told: below its configuration (a rule of Debian's Postfix).
const FOLDER: &str = "conf/sasl";

/// Prepares it for a Postfix on this ground whose host name this is; dude is known to it.
pub(crate) fn prepare(ground: &Ground, host: &str) -> Result<(), Missing> {
    let saslpasswd = program("saslpasswd2", "sasl2-bin")?;
    ground.write(&format!("{FOLDER}/smtpd.conf"), CONFIGURATION);
    let database = ground.path(&format!("{FOLDER}/sasldb2"));
    let mut command = Command::new(saslpasswd);
    command.args(["-p", "-c", "-u", host, "-f"]).arg(&database).arg("dude").stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
    give(&database, "postfix");
    Ok(())
}

const CONFIGURATION: &str = "\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {place}/conf/sasl/sasldb2
mech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512 ANONYMOUS NTLM
";
