//! `OpenSMTPD`: an exchanger that takes no relay.

use super::ground::{Ground, Missing, Running, free_port, needs_root, program};
use super::walk::Server;

/// A running `OpenSMTPD`.
pub(crate) struct Opensmtpd {
    pub(crate) ground: Ground,
    pub(crate) exchanger: Server,
    _process: Running,
}

/// Starts it. Its folders and users are compiled in, hence the namespace.
pub(crate) fn start() -> Result<Opensmtpd, Missing> {
    needs_root("OpenSMTPD")?;
    // Postfix has a program of the same name in a folder of its own.
    let smtpctl = program("smtpctl", "opensmtpd")?;
    let smtpd = smtpctl.with_file_name("smtpd");
    let packaged = smtpctl.parent().and_then(std::path::Path::parent).map(|usr| usr.join("libexec"));
    let ground = Ground::new();
    let port = free_port();
    let configuration = ground.write("smtpd.conf", &CONFIGURATION.replace("{port}", &port.to_string()));
    for folder in ["run", "lib/opensmtpd/empty", "spool"] {
        std::fs::create_dir_all(ground.path(folder)).unwrap();
    }
    let mut folders = vec![("run", "/run"), ("lib", "/var/lib"), ("spool", "/var/spool")];
    if let Some(packaged) = packaged.filter(|folder| folder != std::path::Path::new("/usr/libexec")) {
        let copied = std::process::Command::new("cp").arg("-r").arg(packaged).arg(ground.path("libexec")).status();
        assert!(copied.unwrap().success());
        std::fs::create_dir_all("/usr/libexec").unwrap();
        folders.push(("libexec", "/usr/libexec"));
    }
    let mut command = ground.lodging(&["opensmtpd", "opensmtpq"], &folders)?;
    command.arg(smtpd).args(["-dv", "-f"]).arg(configuration);
    let running = ground.run(&mut command, &[port]);
    Ok(Opensmtpd { exchanger: Server::at(port), ground, _process: running })
}

const CONFIGURATION: &str = r#"
pki target cert "{place}/cert.pem"
pki target key "{place}/key.pem"
table people { dude = nobody, anotherdude = nobody, postmaster = nobody }
smtp max-message-size 10M
listen on 127.0.0.1 port {port} hostname mx.target.local tls pki target
action drop mda "/bin/cat >/dev/null" virtual <people>
match from any for domain "target.local" action drop
"#;
