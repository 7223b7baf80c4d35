//! Postfix: an exchanger, submission with logins by Dovecot and by Cyrus SASL, TLS from the first byte, postscreen before
//! it, and both behind a proxy.

use std::process::Command;

use super::ground::{Ground, Missing, Running, free_port, give, needs_root, needs_user, program};
use super::{cyrus, desk::Server, dovecot};

/// The ports of one Postfix.
pub(crate) struct Postfix {
    // Ended before its directory goes.
    _processes: Vec<Running>,
    pub(crate) ground: Ground,
    pub(crate) exchanger: Server,
    pub(crate) submission: Server,
    /// The same with Cyrus SASL.
    pub(crate) cyrus: Server,
    pub(crate) implicit: Server,
    pub(crate) screened: Server,
    /// It takes from a PROXY header for whom a connection is.
    pub(crate) proxied: Server,
    /// The same, by postscreen.
    pub(crate) screened_proxied: Server,
}

/// Whom nothing is taken from, however they are known: by address, or by XCLIENT's name.
pub(crate) const BANNED: [&str; 3] = ["192.0.2.66", "127.0.0.66", "host66.example"];

/// Starts it. Whatever is accepted is thrown away.
pub(crate) fn start() -> Result<Postfix, Missing> {
    needs_root("Postfix")?;
    needs_user("postfix")?;
    let postfix = program("postfix", "postfix")?;
    let daemons = program("smtpd", "postfix").and(postfix_daemons())?;
    let ground = Ground::new();
    let ports: [u16; PORTS.len()] = std::array::from_fn(|_| free_port());
    ground.folder("queue/private");
    let logins = dovecot::start_logins(&ground)?;
    give(&ground.folder("data"), "postfix");
    ground.write("conf/main.cf", &MAIN.replace("{daemons}", &daemons));
    let master =
        PORTS.iter().zip(ports).fold(MASTER.to_owned(), |text, (name, port)| text.replace(name, &port.to_string()));
    ground.write("conf/master.cf", &master);
    cyrus::prepare(&ground, HOST)?;
    let told = |order: &str| {
        let mut command = Command::new(&postfix);
        command.arg("-c").arg(ground.path("conf")).arg(order);
        command
    };
    // Whoever knocks at postscreen counts as one who has been there.
    let running = ground.run(&mut told("start-fg"), &ports[..4]).stopped_by(told("abort"));
    let [exchanger, submission, cyrus, implicit, screened, proxied, screened_proxied] = ports.map(Server::at);
    Ok(Postfix {
        exchanger,
        submission,
        cyrus,
        implicit,
        screened,
        proxied,
        screened_proxied,
        ground,
        _processes: vec![running, logins],
    })
}

impl Postfix {
    /// Its program that speaks SMTP on standard input and output, as a command of the shell.
    pub(crate) fn command(&self) -> String {
        format!("/usr/sbin/sendmail -C '{}' -bs", self.ground.path("conf").display())
    }
}

const HOST: &str = "mx.target.local";

/// Its listeners, as they stand in master.cf.
const PORTS: [&str; 7] =
    ["{exchanger}", "{submission}", "{cyrus}", "{implicit}", "{screened}", "{proxied}", "{screened_proxied}"];

/// Where the daemons are.
fn postfix_daemons() -> Result<String, Missing> {
    let cleanup = program("trivial-rewrite", "postfix")?;
    Ok(cleanup.parent().unwrap().to_str().unwrap().to_owned())
}

const MAIN: &str = "\
compatibility_level = 3.6
queue_directory = {place}/queue
data_directory = {place}/data
daemon_directory = {daemons}
maillog_file = /dev/stdout
myhostname = mx.target.local
mydestination = target.local
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps = inline:{ {dude = x}, {anotherdude = x}, {postmaster = x} }
local_transport = discard:
default_transport = discard:
alias_maps =
alias_database =
smtpd_timeout = 6s
smtpd_tls_cert_file = {place}/cert.pem
smtpd_tls_key_file = {place}/key.pem
smtpd_tls_security_level = may
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_security_options =
smtpd_error_sleep_time = 0
smtpd_client_restrictions = check_client_access inline:{ {192.0.2.66 = REJECT}, {127.0.0.66 = REJECT}, {host66.example = REJECT} }
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_authorized_xforward_hosts = 127.0.0.0/8
message_size_limit = 100000
broken_sasl_auth_clients = no
postscreen_greet_wait = 2s
postscreen_greet_banner = mx.target.local ESMTP wait a moment
postscreen_access_list =
postscreen_greet_action = enforce
postscreen_cache_map =
";

const MASTER: &str = "\
127.0.0.1:{exchanger} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=encrypt
127.0.0.1:{implicit} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
127.0.0.1:{cyrus} inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=cyrus -o smtpd_sasl_path=smtpd
127.0.0.1:{screened} inet n - n - 1 postscreen
127.0.0.1:{proxied} inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy
127.0.0.1:{screened_proxied} inet n - n - 1 postscreen -o postscreen_upstream_proxy_protocol=haproxy
smtpd pass - - n - - smtpd
tlsproxy unix - - n - 0 tlsproxy
dnsblog unix - - n - 0 dnsblog
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
showq unix n - n - - showq
";
