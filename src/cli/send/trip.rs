//! A message on its way: one connection, and another for each lot of recipients that the server's LIMITS leave over.

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::run::{ask, prepare};
use super::prepared::Prepared;
use super::screen::Screen;
use super::target::Way;
use super::{Arguments, COMMAND, Sent, options};
use crate::client::Options;
use crate::conversation::file::{Header, Side};
use crate::profile::{Auth, Endpoint};
use crate::script::plan::Plan;
use crate::script::{Cause, HoldsBack, Report, Settings};
use crate::smtp::Secret;
use crate::smtp::sasl::{self, Around};
use crate::transaction::{self, Leave, Ready};
use crate::world::World;

/// Everything that is settled before the first connection.
pub(super) struct Trip {
    prepared: Prepared,
    /// The message may be handed over wherever it leads.
    hand_over: bool,
    options: Options,
    login: Option<(Secret, Auth)>,
    uri: String,
    /// The script of the first connection.
    plan: Option<Plan>,
    /// When the first connection was made ([`World::elapsed`]).
    started: Duration,
}

impl Trip {
    /// Settles it: the password, the lab, what the profile keeps locked.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn new(
        mut prepared: Prepared,
        plan: Plan,
        hand_over: bool,
        arguments: &Arguments,
        world: &World,
        labs: &mut prepare::Labs,
        screen: &mut Screen,
    ) -> Result<Self, String> {
        let Way { target, auth, remark, .. } = &mut prepared.way;
        let password = auth.as_ref().map(|auth| auth.password.fetch(&auth.user, world, ask::password)).transpose();
        let login = password.map_err(|error| error.to_string())?.zip(auth.take()).map(|(password, mut auth)| {
            auth.allow_plaintext |= matches!(target.endpoint, Endpoint::Lab(_));
            (password, auth)
        });
        let uri = target.uri();
        screen.say(&crate::smtp::escape::for_screen(target.reading.as_bytes()));
        if let Some(words) = remark {
            screen.say(words);
        }
        let roots = labs.stand_in(target, world).await?;
        target.unlock(world).map_err(|error| error.to_string())?;
        let mut options = options(target, roots, arguments)?;
        options.route.raw_header = prepared.raw_header.take();
        Ok(Self { prepared, plan: Some(plan), hand_over, options, login, uri, started: world.elapsed() })
    }

    /// Makes the trip, once for all recipients or, where the server's LIMITS leave some over, again for those.
    ///
    /// # Errors
    /// What no script can hold.
    pub(super) async fn transact(
        mut self,
        world: &World,
        screen: &mut Screen,
        stop: &CancellationToken,
    ) -> Result<Sent, String> {
        let header = self.header(world);
        let (mut report, transcript) = self.once(&header, world, screen, stop).await?;
        let mut kept = vec![transcript];
        let mut ended = report.cause;
        // Each connection takes one recipient at least, since a limit is 1 or more; one on which nobody was named leaves
        // nobody over either, and is the last. It holds one mail transaction, so that MAILMAX is kept whatever it is.
        while !report.left.is_empty() && matches!(ended, None | Some(Cause::Refused | Cause::Failed)) {
            screen.say(&left(report.left.len()));
            self.prepared.outline.to = std::mem::take(&mut report.left);
            let (next, transcript) = self.once(&header, world, screen, stop).await?;
            kept.push(transcript);
            ended = next.cause;
            report.add(next);
        }
        let mut unsent = std::mem::take(&mut report.unnamed);
        unsent.append(&mut report.left);
        let Prepared { way, outline, xclient, .. } = self.prepared;
        let announces = xclient.required;
        Ok(Sent {
            report,
            unsent,
            header,
            transcripts: kept.iter().filter_map(|kept| kept.as_ref().ok().cloned()).collect(),
            unrecorded: kept.into_iter().filter_map(Result::err).collect(),
            target: way.target,
            uri: self.uri,
            from: outline.from,
            announces,
        })
    }

    fn header(&self, world: &World) -> Header {
        let header = Header::recording(&self.uri, world.now(), Side::Client);
        match &self.prepared.way.target.profile {
            Some(profile) => header.with("profile", profile),
            None => header,
        }
    }

    /// One connection.
    async fn once(
        &mut self,
        header: &Header,
        world: &World,
        screen: &mut Screen,
        stop: &CancellationToken,
    ) -> Result<(Report, Result<PathBuf, String>), String> {
        let plan = match self.plan.take() {
            Some(plan) => plan,
            None => self.prepared.planned(world)?,
        };
        let Prepared { way, outline, greeting, xclient, offered, .. } = &self.prepared;
        let server = match &way.target.endpoint {
            Endpoint::Tcp { host, port } => Some((host.clone(), *port)),
            _ => None,
        };
        let around = Around { nonce: sasl::nonce(world.random()), server, ..Around::default() };
        let login = self.login.as_ref().map(|(password, auth)| transaction::Login::new(auth, password.clone(), around));
        let ready = transaction::Plan {
            greeting: greeting.clone().into_bytes(),
            tls: way.target.tls,
            xclient: xclient.clone(),
            login,
            then: Vec::new(),
        };
        let guide = Ready::new(ready, outline.stop)
            .with_login(way.mechanisms.clone(), way.lenient)
            .closing_unanswered(outline.leave == Leave::DropAtOnce);
        let kept = prepare::journal_of(COMMAND, &way.target, header, world);
        let transcript = kept.as_ref().map(|(_, path)| path.clone()).map_err(Clone::clone);
        let journal = kept.ok().map(|(journal, _)| journal);
        let spent = world.elapsed().saturating_sub(self.started);
        let settings = Settings {
            options: Options { spent, ..self.options.clone() },
            journal,
            world: world.clone(),
            started: self.started,
            fail_fast: true,
            holds_back: HoldsBack::Failed,
            rcpt_only: false,
            unseen: true,
            exact: false,
            hand_over: self.hand_over,
            credentials: None,
            clear_text_password: false,
            guide: Some(Box::new(guide)),
            pipeline_if_offered: true,
            on_its_way: crate::script::ON_ITS_WAY,
            obeys_limits: true,
            offered: offered.clone(),
            stop: stop.clone(),
        };
        Ok((crate::script::run(&plan, settings, screen).await, transcript))
    }
}

/// What is said of recipients that are left over.
fn left(n: usize) -> String {
    let s = if n == 1 { " is" } else { "s are" };
    format!("{n} recipient{s} left for another mail transaction, as the server's LIMITS have it")
}
