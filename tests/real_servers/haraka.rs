//! Haraka, from npm.

use std::process::Command;

use super::desk::Server;
use super::ground::{Ground, Missing, Running, free_port, program};

/// A running Haraka.
pub(crate) struct Haraka {
    pub(crate) ground: Ground,
    pub(crate) exchanger: Server,
    _process: Running,
}

/// Starts it with a plugin that knows two people; messages are thrown away.
pub(crate) fn start() -> Result<Haraka, Missing> {
    start_with("")
}

/// The same; it takes from a PROXY header for whom a connection is.
pub(crate) fn start_proxied() -> Result<Haraka, Missing> {
    start_with("hosts[]=127.0.0.1\n")
}

fn start_with(haproxy: &str) -> Result<Haraka, Missing> {
    program("node", "nodejs")?;
    let haraka = program("haraka", "npm install Haraka")?;
    let ground = Ground::new();
    let port = free_port();
    ground.write("config/smtp.ini", &format!("listen=127.0.0.1:{port}\ninactivity_timeout=6\n"));
    ground.write("config/connection.ini", &CONNECTION.replace("[haproxy]\n", &format!("[haproxy]\n{haproxy}")));
    ground.write("config/me", "mx.target.local\n");
    ground.write("config/host_list", "target.local\n");
    ground.write("config/plugins", "tls\nauth/flat_file\npeople\nqueue/discard\n");
    ground.write("config/tls.ini", "key=key.pem\ncert=cert.pem\n");
    ground
        .write("config/auth_flat_file.ini", "[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\n[users]\ndude=pass-word-of-noddy\n");
    ground.write("config/log.ini", "[main]\nlevel=notice\n");
    ground.write("plugins/people.js", PEOPLE);
    ground.write("package.json", "{ \"name\": \"ground\", \"version\": \"1.0.0\" }\n");
    for file in ["key.pem", "cert.pem"] {
        std::fs::copy(ground.path(file), ground.path("config").join(file)).unwrap();
    }
    let mut command = Command::new(haraka);
    command.arg("-c").arg(ground.place()).env("YES_REALLY_DO_DISCARD", "1");
    let running = ground.run(&mut command, &[port]);
    Ok(Haraka { exchanger: Server::at(port), ground, _process: running })
}

const PEOPLE: &str = r"
exports.hook_rcpt = function (next, connection, params) {
    const address = params[0];
    if (connection.remote.ip === '192.0.2.66') return next(DENY, '192.0.2.66 is banned');
    if (address.host !== 'target.local') return next();
    if (['dude', 'anotherdude', 'postmaster'].includes(address.user)) return next(OK);
    next(DENY, 'no such user');
};
";

const CONNECTION: &str = "\
[main]
[haproxy]
[headers]
add_received=true
max_lines=1000
max_received=100
[max]
bytes=100000
mime_parts=1000
line_length=512
data_line_length=992
[message]
helo=Haraka is at your service.
close=closing connection. Have a jolly good day.
[uuid]
banner_chars=6
";
