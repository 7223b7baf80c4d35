//! aiosmtpd: the development server of many Python programs, as SMTP and as LMTP.

use std::process::{Command, Stdio};

use super::desk::Server;
use super::ground::{Ground, Missing, Running, free_port};

/// Running ones.
pub(crate) struct Aiosmtpd {
    pub(crate) ground: Ground,
    pub(crate) smtp: Server,
    pub(crate) lmtp: Server,
    /// It takes from a PROXY header for whom a connection is.
    pub(crate) proxied: Server,
    _process: Running,
}

/// Starts it with a handler that knows two people and refuses relaying.
pub(crate) fn start() -> Result<Aiosmtpd, Missing> {
    let has_it = |python: &&str| {
        let mut command = Command::new(python);
        command.args(["-c", "import aiosmtpd.controller"]).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let python = ["/usr/bin/python3", "python3"].into_iter().find(has_it);
    let python = python.ok_or_else(|| Missing("no python3 with aiosmtpd (Debian: python3-aiosmtpd)".to_owned()))?;
    let ground = Ground::new();
    let [smtp, lmtp, proxied] = std::array::from_fn(|_| free_port());
    let program = ground.write("server.py", PROGRAM);
    let mut command = Command::new(python);
    command.arg(program).args([smtp, lmtp, proxied].map(|port| port.to_string())).arg(ground.place());
    let running = ground.run(&mut command, &[smtp, lmtp, proxied]);
    let [smtp, lmtp, proxied] = [smtp, lmtp, proxied].map(Server::at);
    Ok(Aiosmtpd { smtp, lmtp, proxied, ground, _process: running })
}

const PROGRAM: &str = r#"
import asyncio, ssl, sys
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

class Handler:
    async def handle_PROXY(self, server, session, envelope, proxy_data):
        session.banned = str(proxy_data.src_addr) == "192.0.2.66"
        return True

    async def handle_RCPT(self, server, session, envelope, address, options):
        if getattr(session, "banned", False):
            return "554 5.7.1 192.0.2.66 is banned"
        if not address.endswith("@target.local"):
            return "550 5.7.1 relaying denied"
        if address.split("@")[0] not in ("dude", "anotherdude", "postmaster"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if isinstance(server, LMTP):
            return "\r\n".join("250 2.0.0 kept for " + to for to in envelope.rcpt_tos)
        return "250 Message accepted for delivery"

def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"dude", b"pass-word-of-noddy")
    return AuthResult(success=right, handled=False)

async def main(smtp, lmtp, proxied, place):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(place + "/cert.pem", place + "/key.pem")
    loop = asyncio.get_running_loop()
    handler = Handler()
    await loop.create_server(
        lambda: SMTP(handler, hostname="mx.target.local", tls_context=tls, authenticator=authenticate, timeout=6,
                     data_size_limit=100000, enable_SMTPUTF8=True),
        "127.0.0.1", int(smtp))
    await loop.create_server(
        lambda: SMTP(handler, hostname="mx.target.local", proxy_protocol_timeout=5), "127.0.0.1", int(proxied))
    await loop.create_server(lambda: LMTP(handler, hostname="mx.target.local", timeout=60), "127.0.0.1", int(lmtp))
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"#;
