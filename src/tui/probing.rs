//! Ready-made tests in the workbench: chosen from a menu, seen in the transcript, found in the panel.

use crate::probe::{Finding, Severity};

use super::action::Action;
use super::effect::Effect;
use super::model::{Focus, Model};
use super::pane::panel::Tab;

/// What probes do and find.
#[derive(Debug)]
pub enum ProbeNews {
    /// So many begin.
    Begun(usize),
    /// One begins: the `nth` of so many, from 1.
    Begins {
        /// What it is called.
        title: &'static str,
        /// Which one, from 1.
        nth: usize,
        /// Of how many.
        of: usize,
    },
    /// One has found this. Its evidence is in the transcript.
    Found(Box<Finding>),
    /// All are done.
    Done {
        /// What they found, counted.
        summary: String,
        /// Those that were left out, by name, and why.
        left_out: Vec<(&'static str, String)>,
        /// Why they were not all run, in words.
        problem: Option<String>,
    },
}

/// Probes that are run, or were.
#[derive(Debug, Default)]
pub struct Probing {
    /// What is at work, in words; nothing once all are done.
    pub at: Option<String>,
    /// What was found so far.
    pub findings: Vec<Finding>,
    /// What was left out, and why.
    pub left_out: Vec<(&'static str, String)>,
    /// In the end: what was found, counted, and why not all were run.
    pub end: Option<(String, Option<String>)>,
}

impl Probing {
    /// Whether some are still at work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// A number that changes with whatever there is to show.
    #[must_use]
    pub fn progress(&self) -> usize {
        let at = self.at.as_ref().map_or(0, String::len);
        self.findings.len() * 1000 + at * 2 + usize::from(self.end.is_some())
    }
}

/// Runs these; whatever connection is open is closed first, as the menu says.
pub(super) fn begin(model: &mut Model, names: Vec<&'static str>) -> Vec<Effect> {
    if model.probing.as_ref().is_some_and(Probing::is_running) {
        model.notice = Some(model.keymap.told("Tests are being run; {stop} stops them."));
        return Vec::new();
    }
    vec![Effect::Probe(names)]
}

/// What a key means while findings are shown and nothing is searched for: from finding to finding.
pub(super) fn meant(model: &Model, action: Action) -> Action {
    let shown = model.panel.tab() == Tab::Probe && model.probing.is_some() && !model.transcript.is_narrowed();
    match action {
        Action::SearchNext if shown && model.replay.is_none() => Action::FindingAfter,
        Action::SearchBefore if shown && model.replay.is_none() => Action::FindingBefore,
        other => other,
    }
}

/// Goes to the next finding, or the one before, and says which it is.
pub(super) fn step(model: &mut Model, forward: bool) {
    // What is gone to is in the panel, and so are the keys that go on from there.
    model.focus = Focus::Panel;
    model.notice = Some(match model.panel.step_finding(forward) {
        Some((n, count)) => format!("Finding {n} of {count}, the worst first."),
        None => "There is no finding to go to.".to_owned(),
    });
}

/// Takes in what they do and find.
pub(super) fn news(model: &mut Model, news: ProbeNews) {
    if let ProbeNews::Begun(_) = &news {
        model.probing = Some(Probing { at: Some("greeting the server".to_owned()), ..Probing::default() });
        model.panel.open(Tab::Probe);
        model.focus = Focus::Transcript;
        return;
    }
    let Some(probing) = &mut model.probing else { return };
    match news {
        ProbeNews::Begun(_) => {}
        ProbeNews::Begins { title, nth, of } => probing.at = Some(format!("{nth} of {of}: {title}")),
        ProbeNews::Found(finding) => probing.findings.push(*finding),
        ProbeNews::Done { summary, left_out, problem } => {
            probing.at = None;
            probing.left_out = left_out;
            let faults = probing.findings.iter().any(|finding| finding.severity >= Severity::Medium);
            let told = problem
                .clone()
                .map_or_else(|| format!("Tested: {summary}."), |words| format!("Not all was tested: {words}."));
            let then = if faults { " What is to be mended stands first in the panel." } else { "" };
            probing.end = Some((summary, problem));
            model.notice = Some(model.keymap.told(&format!("{told}{then} {{reconnect}} connects again.")));
            model.panel.open(Tab::Probe);
        }
    }
}
