//! The tab TLS: version, cipher, what speaks against the certificate, and the whole chain.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::conversation::certificate::{Certificate, TlsFault, faults as own_faults};
use crate::conversation::event::Remark;
use crate::conversation::words::capital;
use crate::tui::talk::{Source, Talk};
use crate::tui::theme::Role;

use super::Scene;
use super::moment::Moment;
use super::place::greeting_verb;
use super::trouble::Trouble;
use super::writer::{Row, Writer};
use crate::conversation::connections::{Connection, remark};

/// The certificates that a connection showed, leaf first; none for one that can't be read.
pub(super) fn chain(talk: &Talk, connection: &Connection) -> Vec<Option<Certificate>> {
    let der = |record: &usize| {
        let remark = remark(&talk.log, Some(*record))?;
        STANDARD.decode(remark.get("der")?).ok()
    };
    connection.certificates.iter().map(|record| Certificate::parse(&der(record)?)).collect()
}

/// The name that the certificate was to be for.
pub(super) fn asked_for(talk: &Talk, look: Option<&Connection>) -> Option<String> {
    remark(&talk.log, look.map(|look| look.from)).filter(|r| r.word == "inspecting")?.bare(0).map(str::to_owned)
}

/// What speaks against the certificate, each in words: from the closer look, or else from the handshake itself.
pub(super) fn faults(talk: &Talk, connection: &Connection, look: Option<&Connection>) -> Vec<String> {
    let reasons = |of: &Connection| {
        let tls = remark(&talk.log, of.tls).filter(|tls| tls.get("verified") == Some("no"))?;
        Some(tls.get("reason")?.split("; ").map(str::to_owned).collect::<Vec<_>>())
    };
    look.and_then(reasons).or_else(|| reasons(connection)).unwrap_or_default()
}

/// The version as people write it.
fn version(tls: &Remark) -> String {
    tls.get("version").unwrap_or("TLS").replacen("TLSv", "TLS ", 1)
}

/// The tab, at a width. `today` is the time by which days are counted.
pub(super) fn rows(
    talk: &Talk,
    of: Option<(&Connection, Option<&Connection>)>,
    moment: Moment<'_>,
    trouble: Option<&Trouble>,
    scene: Scene<'_>,
    width: u16,
) -> Vec<Row> {
    // How long it is valid is told by its dates, and in an exam by nothing else.
    let (today, keymap) = (scene.today.filter(|_| !scene.exam), scene.keymap);
    let mut out = Writer::new(width);
    let record = moment.record(talk);
    let Some((connection, look)) = of else {
        out.paragraph(0, Role::Text, "No connection yet.");
        let words = "{connect} connects. When the line is secured, its certificate is shown here.";
        out.paragraph(0, Role::Dim, &keymap.told(words));
        return out.finish();
    };
    let look = look.filter(|_| connection.trouble.is_some_and(|trouble| trouble <= record));
    let tls = remark(&talk.log, connection.tls.filter(|tls| *tls <= record));
    let faults = faults(talk, connection, look);
    match (&tls, look, trouble) {
        (None, None, Some(trouble)) => out.paragraph(0, Role::Bad, &trouble.title),
        (None, None, None) if scene.exam => out.paragraph(0, Role::Warning, "Clear text."),
        (None, None, None) => clear_text(&mut out, moment),
        _ => handshake(&mut out, talk, tls.as_ref(), look, !faults.is_empty()),
    }
    if let Some(record) = connection.injected.filter(|at| *at <= record) {
        injected(&mut out, remark(&talk.log, Some(record)));
    }
    let secured = connection.tls.is_some_and(|tls| tls <= record) || look.is_some();
    if secured && !scene.exam {
        against(&mut out, &faults, look.or(Some(connection)), talk, today);
    }
    if let Some(trouble) = trouble {
        out.blank();
        let live = talk.source == Source::Live;
        super::reply::troubled(&mut out, trouble, keymap, (faults.is_empty(), live));
    }
    let shown = look.filter(|look| !look.certificates.is_empty()).unwrap_or(connection);
    if secured {
        certificates(&mut out, &chain(talk, shown), today);
    }
    out.finish()
}

fn clear_text(out: &mut Writer, moment: Moment<'_>) {
    let session = moment.session;
    out.paragraph(0, Role::Warning, "Clear text: whoever is on the way can read it.");
    out.blank();
    let verb = greeting_verb(session);
    let words = if session.capabilities.has("STARTTLS") {
        format!("The server offers STARTTLS. Send STARTTLS to secure the line; after it, {verb} again.")
    } else if session.greeted_by.is_none() {
        format!("Whether the server can secure the line is in its offer: say {verb}, then see the tab Offer.")
    } else if session.greeted_by == Some(crate::smtp::Verb::Helo) {
        "HELO asks for no offer. Say EHLO: if the server offers STARTTLS, that secures the line.".to_owned()
    } else {
        "The server does not offer STARTTLS here. It may do so on port 587, or speak TLS from the first byte on 465 \
         (smtps://)."
            .to_owned()
    };
    out.paragraph(0, Role::Text, &words);
}

/// How the handshake went; `distrusted`: something speaks against the certificate.
fn handshake(out: &mut Writer, talk: &Talk, tls: Option<&Remark>, look: Option<&Connection>, distrusted: bool) {
    let closer = remark(&talk.log, look.and_then(|look| look.tls));
    let failed = look.is_some() || tls.is_some_and(|tls| tls.get("failed").is_some());
    let best = closer.as_ref().or(tls);
    if failed && distrusted {
        out.paragraph(0, Role::Bad, "Not secured: the certificate is not trusted.");
    } else if failed {
        out.paragraph(0, Role::Bad, "Not secured: the handshake failed.");
    } else if tls.is_some_and(|tls| tls.get("verified") == Some("no")) {
        out.paragraph(0, Role::Bad, "Encrypted, but NOT VERIFIED: it may be anybody.");
    } else if tls.is_some_and(|tls| tls.get("verified") == Some("yes")) {
        out.paragraph(0, Role::Good, "Encrypted, and the certificate is verified.");
    } else {
        out.paragraph(0, Role::Text, "Encrypted.");
    }
    if let Some(best) = best {
        out.field("version", Role::Text, &version(best));
        out.field("cipher", Role::Text, best.get("cipher").unwrap_or("not known"));
    }
    if let Some(name) = asked_for(talk, look) {
        out.field("asked for", Role::Text, &name);
    }
}

fn injected(out: &mut Writer, remark: Option<Remark>) {
    let Some(remark) = remark else { return };
    out.blank();
    let bytes = remark.get("bytes").unwrap_or("some");
    let words = format!(
        "{bytes} bytes came in clear text behind the reply to STARTTLS. They were thrown away: somebody in between may \
         have put them there (RFC 3207 6)."
    );
    out.paragraph(0, Role::Bad, &words);
}

/// Every fault in words, and that they come from a closer look.
fn against(out: &mut Writer, faults: &[String], shown: Option<&Connection>, talk: &Talk, today: Option<Timestamp>) {
    let tls = shown.and_then(|shown| remark(&talk.log, shown.tls));
    let unverified = tls.as_ref().is_some_and(|tls| tls.get("verified") == Some("no"));
    let mut all = faults.to_vec();
    if all.is_empty() && unverified {
        // The one who recorded it said no reason: the dates at least speak for themselves.
        let leaf = shown.and_then(|shown| chain(talk, shown).into_iter().next().flatten());
        let own = leaf.zip(today).map(|(leaf, today)| own_faults(&leaf, leaf.names.first().map_or("", |n| n), today));
        all.extend(own.unwrap_or_default().iter().map(TlsFault::words));
    }
    if all.is_empty() {
        return;
    }
    out.heading("Why it is not trusted");
    for fault in &all {
        out.labelled("✗", Role::Bad, 2, Role::Text, &capital(fault));
    }
    if shown.is_some_and(|shown| shown.inspects) {
        out.paragraph(0, Role::Dim, "Seen by a second connection that only looked; nothing was sent under it.");
    }
}

fn certificates(out: &mut Writer, chain: &[Option<Certificate>], today: Option<Timestamp>) {
    if chain.is_empty() {
        out.heading("Certificate");
        out.paragraph(0, Role::Dim, "None is recorded.");
    }
    for (n, certificate) in chain.iter().enumerate() {
        let whose = match n {
            0 => "Certificate of the server".to_owned(),
            _ => format!("Certificate {} of {}", n + 1, chain.len()),
        };
        out.heading(&whose);
        match certificate {
            Some(certificate) => one(out, certificate, n == 0, today),
            None => out.paragraph(0, Role::Warning, "It can't be read as X.509."),
        }
    }
}

fn one(out: &mut Writer, certificate: &Certificate, leaf: bool, today: Option<Timestamp>) {
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    out.field("subject", Role::Text, &or(&certificate.subject, "none"));
    if leaf {
        out.field("names", Role::Text, &or(&certificate.names.join(", "), "none"));
    }
    let issuer = if certificate.self_issued { "itself".to_owned() } else { or(&certificate.issuer, "none") };
    out.field("issuer", Role::Text, &issuer);
    let date = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let begun = today.is_none_or(|today| today >= certificate.not_before);
    let from = date(certificate.not_before);
    let (role, from) = if begun { (Role::Text, from) } else { (Role::Bad, format!("{from}: not yet")) };
    out.field("from", role, &from);
    let (role, left) = left(certificate, today);
    out.field("until", role, &format!("{}{left}", date(certificate.not_after)));
    out.field("key", Role::Text, &certificate.key);
    out.field("signature", Role::Text, &certificate.signature);
    out.field("serial", Role::Dim, &certificate.serial);
    // As many pairs as a row takes, so that none is broken.
    let pairs: Vec<&str> = certificate.fingerprint.split(':').collect();
    let rows: Vec<String> = pairs.chunks((out.field_room() / 3).max(1).into()).map(|row| row.join(":")).collect();
    out.field("SHA-256", Role::Dim, &rows.join(": "));
}

/// The days that are left, in words.
fn left(certificate: &Certificate, today: Option<Timestamp>) -> (Role, String) {
    let Some(today) = today else { return (Role::Text, String::new()) };
    let days = certificate.days_left(today);
    let count = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    match days {
        -1 => (Role::Bad, ", over since less than a day".to_owned()),
        ..-1 => (Role::Bad, format!(", over for {}", count(-days - 1))),
        0 => (Role::Warning, ", ends within a day".to_owned()),
        1..=14 => (Role::Warning, format!(", {} left", count(days))),
        _ => (Role::Text, format!(", {} left", count(days))),
    }
}
