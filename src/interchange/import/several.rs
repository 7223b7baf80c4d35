//! Sessions of different programs in one file: where one has ended and another's beginning follows, the file is parted.

use super::lines::lines;

/// What is said of it.
pub(super) const SAID: &str = "it holds sessions of several programs, each read as its own";
/// Lines above a beginning within which the session before has to have ended.
const NEAR: usize = 12;
/// The same of Exim, which goes on about other things for long.
const FAR: usize = 400;

/// What curl says in a trace, behind the time where one is asked for.
const TRACED: &[u8] = b"== Info:";

/// What a session begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    Swaks,
    Telnet,
    OpenSsl,
    Curl,
    CurlTrace,
    Smtplib,
    Exim,
    Msmtp,
    Sendmail,
    Postfix,
    Exchange,
}

/// What a line begins, seen with the two below it.
fn begins(line: &[u8], below: &[&[u8]]) -> Option<Begins> {
    let near = |what: &[u8]| below.iter().any(|line| line.starts_with(what));
    if line.starts_with(b"=== Trying ") || line.starts_with(b"*** Error connecting ") {
        return Some(Begins::Swaks);
    }
    if line.starts_with(b"Trying ") && (near(b"Escape character is") || near(b"telnet: ")) {
        return Some(Begins::Telnet);
    }
    if line.starts_with(b"CONNECTED(") || line.starts_with(b"Connecting to ") && near(b"CONNECTED(") {
        return Some(Begins::OpenSsl);
    }
    if line.starts_with(b"*   Trying ") || line.starts_with(b"* Trying ") {
        return Some(Begins::Curl);
    }
    let trace = memchr::memmem::find(&line[..line.len().min(40)], b"== Info:   Trying ");
    if trace.is_some_and(|at| at < 20) {
        return Some(Begins::CurlTrace);
    }
    if line.starts_with(b"connect: to (") {
        return Some(Begins::Smtplib);
    }
    if line.starts_with(b"using account ") || line.starts_with(b"loaded system configuration file") {
        return Some(Begins::Msmtp);
    }
    let has = |what: &[u8]| memchr::memmem::find(line, what).is_some();
    if has(b"... Connecting to ") && line.ends_with(b"...") {
        return Some(Begins::Sendmail);
    }
    let debugs = |line: &&[u8]| {
        [b"smtp_stream_setup".as_slice(), b"match_host"].iter().any(|word| memchr::memmem::find(line, word).is_some())
    };
    if has(b" postfix/") && has(b"]: ") && below.iter().any(debugs) {
        return Some(Begins::Postfix);
    }
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.starts_with(b"#Software: Microsoft Exchange") {
        return Some(Begins::Exchange);
    }
    let delivers = line == b"LOG: MAIN" || line.starts_with(b"--------> ") && line.ends_with(b" <--------");
    let exim = delivers
        || line.starts_with(b"Exim version ")
        || line.starts_with(b"Connecting to ") && line.contains(&b'[') && line.ends_with(b"connected");
    exim.then_some(Begins::Exim)
}

/// Whether a line shows that a session is over.
fn ends(line: &[u8]) -> bool {
    const ENDS: [&[u8]; 11] = [
        b"=== Connection closed",
        b"*** ",
        b"Connection closed",
        b"closed",
        b"DONE",
        b"read:errno=",
        b"* Closing connection",
        b"* shutting down",
        b"  SMTP(close)>>",
        b"221 ",
        b"telnet: ",
    ];
    if let Some(at) = memchr::memmem::find(&line[..line.len().min(40)], TRACED) {
        const LAST: [&[u8]; 3] = [b"Connection #", b"Closing connection", b"shutting down"];
        let said = line[at + TRACED.len()..].trim_ascii_start();
        return LAST.iter().any(|end| said.starts_with(end));
    }
    let said_bye = memchr::memmem::find(&line[..line.len().min(24)], b"221 ").is_some();
    ENDS.iter().any(|end| line.starts_with(end)) || said_bye || line.starts_with(b"* Connection #")
}

/// The parts of a file, each with the number of lines before it; one where it holds sessions of one program.
pub(super) fn parts(octets: &[u8]) -> Vec<(usize, &[u8])> {
    let all: Vec<(usize, &[u8])> = lines(octets).filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
    let mut kind = None;
    let mut cuts = Vec::new();
    for (n, (number, line)) in all.iter().enumerate() {
        let below: Vec<&[u8]> = all[n + 1..].iter().take(2).map(|(_, line)| *line).collect();
        let Some(begun) = begins(line, &below) else { continue };
        let over = || match kind {
            // Each of its lines shows whose it is.
            Some(Begins::Postfix | Begins::Exchange) => true,
            Some(Begins::Exim) => all[n.saturating_sub(FAR)..n].iter().any(|(_, line)| ends(line)),
            _ => all[n.saturating_sub(NEAR)..n].iter().any(|(_, line)| ends(line)),
        };
        match kind {
            Some(before) if before == begun => {}
            Some(_) if !over() => continue,
            Some(_) => cuts.push(number - 1),
            None => {}
        }
        kind = Some(begun);
    }
    if cuts.is_empty() { vec![(0, octets)] } else { cut(octets, &cuts) }
}

fn cut<'a>(octets: &'a [u8], cuts: &[usize]) -> Vec<(usize, &'a [u8])> {
    let mut out = Vec::new();
    let (mut start, mut before, mut place) = (0, 0, 0);
    for (n, line) in octets.split_inclusive(|octet| *octet == b'\n').enumerate() {
        if cuts.contains(&n) {
            out.push((before, &octets[start..place]));
            (start, before) = (place, n);
        }
        place += line.len();
    }
    out.push((before, &octets[start..]));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_parted_where_another_programs_session_begins() {
        let telnet = "Trying ::1...\nConnected to h.\nEscape character is '^]'.\n220 mx\nQUIT\n221 bye\nConnection closed by foreign host.\n";
        let swaks = "$ swaks\n=== Trying h:25...\n=== Connected to h.\n<-  220 mx\n -> QUIT\n<-  221 bye\n=== Connection closed with remote host.\n";
        let both = format!("{telnet}{swaks}");
        let parts = parts(both.as_bytes());
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[1].0, 8);
        assert!(parts[1].1.starts_with(b"=== Trying"), "{:?}", String::from_utf8_lossy(parts[1].1));
        assert_eq!(super::parts(format!("{swaks}{swaks}").as_bytes()).len(), 1);
        let exim = "LOG: MAIN\n  <= a@b\nConnecting to h [::1]:25 ...  connected\n  SMTP<< 220 mx\n  SMTP>> QUIT\n\
            \x20 SMTP<< 221 bye\n  SMTP(close)>>\nLOG: MAIN\n  Completed\n";
        let trace = "22:19:22.723218 == Info:   Trying ::1:25...\n22:19:22.724100 <= Recv header, 8 bytes (0x8)\n\
            0000: 220 mx\n22:19:22.725945 <= Recv header, 8 bytes (0x8)\n0000: 250 ok\n\
            22:19:22.725963 == Info: Connection #0 to host mx left intact\n";
        let msmtp = "using account specified on command line\nhost = h\n<-- 220 mx\n--> QUIT\n<-- 221 bye\n";
        let sendmail = "a... Connecting to [::1] port 25 via relay...\n220 mx\n>>> QUIT\n221 bye\n";
        let postfix = "Nov 24 22:18:57 h postfix/smtpd[6]: connect from x[::1]\nNov 24 22:18:57 h postfix/smtpd[6]: \
            smtp_stream_setup: maxtime=300\nNov 24 22:18:57 h postfix/smtpd[6]: disconnect from x[::1]\n";
        let exchange = "#Software: Microsoft Exchange Server\n#Version: 15\n2026-11-24T20:00:02.118Z,a,b,0,,,+,,\n";
        let all = [telnet, swaks, trace, exim, msmtp, sendmail, postfix, exchange];
        for (a, first) in all.iter().enumerate() {
            for (b, second) in all.iter().enumerate() {
                let both = format!("{first}{second}");
                assert_eq!(super::parts(both.as_bytes()).len(), 1 + usize::from(a != b), "{both}");
            }
        }
        let quoting = "220 mx\nDATA\n354 go\n=== Trying h:25...\nTrying h...\n.\n250 ok\n";
        assert_eq!(super::parts(quoting.as_bytes()).len(), 1);
    }
}
