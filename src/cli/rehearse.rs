//! Plays a script against a lab in this process, through the client that everybody uses: a lesson's solution, a
//! scenario's check.

use tokio_util::sync::CancellationToken;

use crate::conversation::event::Timed;
use crate::conversation::file;
use crate::lab::{Lab, ListenerKind};
use crate::profile::{Profiles, Protocol, Target, TlsMode, ask_nobody};
use crate::script::files::Folders;
use crate::script::values::Values;
use crate::script::{HoldsBack, Outcome, Report, Settings, Verdict, Watch, plan};
use crate::world::World;

/// How long a reply that need not come may take here: in what is rehearsed it does come, and a loaded machine is slow.
const SLOWEST: std::time::Duration = std::time::Duration::from_secs(5);

/// How long any other reply may take: the lab is in this process and its clock is fast, so that one which has not come by
/// then never will.
const OVERDUE: std::time::Duration = std::time::Duration::from_secs(20);

/// Nobody looks on.
struct Unwatched;

impl Watch for Unwatched {
    fn happened(&mut self, _: &Timed, _: bool) {}
    fn outcome(&mut self, _: &Outcome) {}
}

/// Where a script is played.
pub(super) struct Stage<'a> {
    /// The lab.
    pub(super) lab: &'a Lab,
    /// With which of its listeners.
    pub(super) listener: ListenerKind,
    /// Whether TLS comes first.
    pub(super) implicit: bool,
}

impl Stage<'_> {
    /// Plays a script, or says why it can't be played. `name` is for the messages.
    pub(super) async fn play(&self, name: &str, script: &str, world: &World) -> Result<Report, String> {
        let target = self.target()?;
        let document = file::read(script.as_bytes()).map_err(|error| format!("{name}: {error}"))?;
        let values = Values::new(&[], None, &target, &[], world);
        let plan = plan(&document, name, &values, &Folders::default()).map_err(|error| error.to_string())?;
        let credentials = match (&target.auth, plan.needs_credentials) {
            (Some(auth), Some(_)) => {
                let password = auth.password.fetch(&auth.user, world, ask_nobody).map_err(|error| error.to_string())?;
                Some(auth.credentials(password))
            }
            _ => None,
        };
        let roots = vec![self.lab.ca.clone()];
        let mut options = crate::script::options(&target, roots).map_err(|error| error.to_string())?;
        options.reply_timeout = Some(OVERDUE);
        let settings = Settings {
            options,
            journal: None,
            world: world.clone(),
            started: world.elapsed(),
            fail_fast: false,
            holds_back: HoldsBack::Failed,
            rcpt_only: false,
            unseen: false,
            exact: false,
            hand_over: true,
            credentials,
            clear_text_password: true,
            guide: None,
            pipeline_if_offered: false,
            on_its_way: SLOWEST,
            obeys_limits: false,
            offered: Vec::new(),
            stop: CancellationToken::new(),
        };
        Ok(crate::script::run(&plan, settings, &mut Unwatched).await)
    }

    fn target(&self) -> Result<Target, String> {
        let mut target = Target::read("lab:", &Profiles::shipped()).map_err(|error| error.to_string())?;
        let address = self.lab.address(self.listener);
        let address = address.ok_or_else(|| format!("the scenario has no {} listener", self.listener.word()))?;
        // What a bad certificate leads to is for the script to say.
        target.verify = false;
        if self.implicit {
            target.tls = TlsMode::Implicit;
        }
        if self.listener == ListenerKind::Lmtp {
            target.protocol = Protocol::Lmtp;
        }
        target.lab_listens(address);
        Ok(target)
    }
}

/// What a script expected and did not get: the line of the script, from 1, where there is one, and the words. What was
/// skipped for a failure before it is no news.
pub(super) fn problems(report: &Report) -> Vec<(Option<usize>, String)> {
    let of = |verdict: Verdict| report.outcomes.iter().filter(move |outcome| outcome.verdict == verdict);
    let fails = of(Verdict::Failed).next().is_some();
    let failed = of(if fails { Verdict::Failed } else { Verdict::Skipped });
    let mut problems: Vec<_> =
        failed.map(|outcome| (Some(outcome.line), format!("{}: {}", outcome.step, outcome.words))).collect();
    problems.extend(report.words.clone().map(|words| (None, words)));
    problems
}
