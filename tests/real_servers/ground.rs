//! What a real server stands on: a directory of its own, free ports, a certificate, and a process that ends with the
//! test. Nothing of the system's own configuration is read or written.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a server can't be had here, in words.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) String);

/// A server's own directory.
pub(crate) struct Ground {
    dir: tempfile::TempDir,
}

impl Ground {
    /// An empty one, with `cert.pem`, `key.pem` and `ca.pem` in it, and `dude.pem` with `dude-key.pem` for a client to
    /// show. Servers change to users of their own, so others may read it.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let ground = Self { dir };
        ground.certify();
        ground
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where it is, as text for a configuration.
    pub(crate) fn place(&self) -> String {
        self.dir.path().to_str().unwrap().to_owned()
    }

    /// Writes a file, and the folders above it. `{place}` in it stands for the directory.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text.replace("{place}", &self.place())).unwrap();
        path
    }

    /// Makes a folder that everybody may write in.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        path
    }

    fn certify(&self) {
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "CA of this test");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec!["127.0.0.1".to_owned(), "mx.target.local".to_owned()]).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "mx.target.local");
        let leaf = leaf.signed_by(&key, &authority).unwrap();
        self.write("ca.pem", &authority.pem());
        self.write("cert.pem", &format!("{}{}", leaf.pem(), authority.pem()));
        let key = self.write("key.pem", &key.serialize_pem());
        std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut client = CertificateParams::new(Vec::<String>::new()).unwrap();
        client.distinguished_name.push(DnType::CommonName, "dude");
        client.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        self.write("dude.pem", &client.signed_by(&key, &authority).unwrap().pem());
        self.write("dude-key.pem", &key.serialize_pem());
    }

    /// A command in a mount namespace of its own, in which these users exist and these folders of the ground stand in
    /// the place of the system's: what a server has compiled in need not exist on the machine.
    pub(crate) fn lodging(&self, users: &[&str], folders: &[(&str, &str)]) -> Result<Command, Missing> {
        let mut script = String::new();
        let mut passwd = std::fs::read_to_string("/etc/passwd").unwrap();
        let mut group = std::fs::read_to_string("/etc/group").unwrap();
        for (number, user) in (990..).zip(users) {
            if !passwd.lines().any(|line| line.starts_with(&format!("{user}:"))) {
                writeln!(passwd, "{user}:x:{number}:{number}::/:/usr/sbin/nologin").unwrap();
            }
            if !group.lines().any(|line| line.starts_with(&format!("{user}:"))) {
                writeln!(group, "{user}:x:{number}:").unwrap();
            }
        }
        for (name, text) in [("passwd", passwd), ("group", group)] {
            let path = self.write(name, &text);
            writeln!(script, "mount --bind '{}' /etc/{name} &&", path.display()).unwrap();
        }
        for (from, to) in folders {
            writeln!(script, "mount --bind '{}' '{to}' &&", self.path(from).display()).unwrap();
        }
        let mut command = Command::new(program("unshare", "util-linux")?);
        if !command.args(["--mount", "true"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            return Err(Missing("no mount namespace of its own is to be had here (run as root)".to_owned()));
        }
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &format!("{script} exec \"$@\""), "sh"]);
        Ok(command)
    }

    /// Starts a server and waits until it listens on all of these ports.
    pub(crate) fn run(&self, command: &mut Command, ports: &[u16]) -> Running {
        let log = self.path("output.log");
        let output = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).process_group(0);
        let mut running = Running { child: command.spawn().unwrap(), stop: None };
        let until = Instant::now() + PATIENCE;
        for port in ports {
            while TcpStream::connect(("127.0.0.1", *port)).is_err() {
                let ended = running.child.try_wait().unwrap();
                assert!(
                    ended.is_none() && Instant::now() < until,
                    "{command:?} does not listen on {port} ({ended:?}):\n{}",
                    self.logs()
                );
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        running
    }

    /// What the server has logged, for a test that fails.
    pub(crate) fn logs(&self) -> String {
        logged(self.dir.path())
    }
}

/// Everything in the `.log` files of a ground and of its `logs` folder.
pub(crate) fn logged(place: &Path) -> String {
    let folders = [place.to_owned(), place.join("logs")];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flat_map(Iterator::flatten);
    let logs = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|ending| ending == "log"));
    logs.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()).collect()
}

/// A server's process and those that it started. They end with this.
pub(crate) struct Running {
    child: Child,
    /// What ends a server that leaves its process group.
    stop: Option<Command>,
}

impl Running {
    /// The same, ended by a command of the server's own.
    pub(crate) fn stopped_by(mut self, stop: Command) -> Self {
        self.stop = Some(stop);
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = &mut self.stop {
            let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let _ = killpg(group, Signal::SIGTERM);
        let until = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    // Free is what nobody listens on yet: the system may give the same twice before its server has begun.
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// The folders that `EHLO_SERVERS` names, separated by colons.
pub(crate) fn unpacked() -> Vec<PathBuf> {
    std::env::var_os("EHLO_SERVERS").map(|all| std::env::split_paths(&all).collect()).unwrap_or_default()
}

/// Finds a program in `EHLO_SERVERS` (unpacked packages), on PATH and where servers are; `package` is what has it.
pub(crate) fn program(name: &str, package: &str) -> Result<PathBuf, Missing> {
    let unpacked = unpacked().into_iter().flat_map(|root| {
        ["", "usr/sbin", "usr/bin", "sbin", "bin", "node_modules/.bin"].map(|folder| root.join(folder))
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/lib/postfix/sbin", "/usr/libexec/postfix"];
    unpacked
        .chain(std::env::split_paths(&path))
        .chain(usual.map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Missing(format!("no `{name}` (Debian: {package}) on PATH, in the sbin folders or in EHLO_SERVERS"))
        })
}

/// Says why a server that is there can't be run.
pub(crate) fn needs_root(what: &str) -> Result<(), Missing> {
    if rustix::process::geteuid().is_root() { Ok(()) } else { Err(Missing(format!("{what} is started by root"))) }
}

/// Whether a user is known to the system.
pub(crate) fn needs_user(name: &str) -> Result<(), Missing> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let known = passwd.lines().any(|line| line.starts_with(&format!("{name}:")));
    if known { Ok(()) } else { Err(Missing(format!("there is no user `{name}`"))) }
}

/// Gives a folder to a user.
pub(crate) fn give(path: &Path, user: &str) {
    let status = Command::new("chown").args(["-R", user]).arg(path).status().unwrap();
    assert!(status.success(), "chown {user} {}", path.display());
}
