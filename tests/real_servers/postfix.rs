//! Postfix: an exchanger, submission with logins by Dovecot, TLS from the first byte, and postscreen before it.

use std::process::Command;

use super::ground::{Ground, Missing, Running, free_port, give, needs_root, needs_user, program};
use super::{dovecot, walk::Server};

/// The ports of one Postfix.
pub(crate) struct Postfix {
    // Ended before its directory goes.
    _processes: Vec<Running>,
    pub(crate) ground: Ground,
    pub(crate) exchanger: Server,
    pub(crate) submission: Server,
    pub(crate) implicit: Server,
    pub(crate) screened: Server,
}

/// Starts it. Whatever is accepted is thrown away.
pub(crate) fn start() -> Result<Postfix, Missing> {
    needs_root("Postfix")?;
    needs_user("postfix")?;
    let postfix = program("postfix", "postfix")?;
    let daemons = program("smtpd", "postfix").and(postfix_daemons())?;
    let ground = Ground::new();
    let [exchanger, submission, implicit, screened] = std::array::from_fn(|_| free_port());
    ground.folder("queue/private");
    let logins = dovecot::start_logins(&ground)?;
    give(&ground.folder("data"), "postfix");
    ground.write("conf/main.cf", &MAIN.replace("{daemons}", &daemons));
    ground.write(
        "conf/master.cf",
        &MASTER
            .replace("{exchanger}", &exchanger.to_string())
            .replace("{submission}", &submission.to_string())
            .replace("{implicit}", &implicit.to_string())
            .replace("{screened}", &screened.to_string()),
    );
    let told = |order: &str| {
        let mut command = Command::new(&postfix);
        command.arg("-c").arg(ground.path("conf")).arg(order);
        command
    };
    let running = ground.run(&mut told("start-fg"), &[exchanger, submission, implicit]).stopped_by(told("abort"));
    Ok(Postfix {
        exchanger: Server::at(exchanger),
        submission: Server::at(submission),
        implicit: Server::at(implicit),
        screened: Server::at(screened),
        ground,
        _processes: vec![running, logins],
    })
}

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
127.0.0.1:{screened} inet n - n - 1 postscreen
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
