//! How a plan is run.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::guide::Guide;
use super::Offered;
use crate::client::{Options, SharedJournal};
use crate::smtp::sasl::Credentials;
use crate::world::World;

/// How long an optional reply, or a close that is about to come, may be on its way where nobody says otherwise.
pub const ON_ITS_WAY: Duration = Duration::from_millis(200);

/// After what a run sends no DATA, no BDAT and no final dot, until RSET or the next MAIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HoldsBack {
    /// After each expectation that failed.
    #[default]
    Failed,
    /// After a reply of another class than was expected, or a check of what protects the line. Of two servers one may say the
    /// same in another way, and the conversation is still the same one.
    OtherClass,
    /// Never.
    Nothing,
}

/// How a plan is run.
pub struct Settings {
    /// Where to connect.
    pub options: Options,
    /// Where it is recorded.
    pub journal: Option<SharedJournal>,
    /// Time, randomness, environment.
    pub world: World,
    /// When the recording began ([`World::elapsed`]).
    pub started: Duration,
    /// Ends at the first failed expectation.
    pub fail_fast: bool,
    /// After what no mail goes out.
    pub holds_back: HoldsBack,
    /// Stops before DATA and BDAT.
    pub rcpt_only: bool,
    /// Nobody has seen the script: its lines are told by what they say, without their numbers.
    pub unseen: bool,
    /// A recorded reply is to come with its text too.
    pub exact: bool,
    /// A message may be handed over to a host that is not on loopback.
    pub hand_over: bool,
    /// Who logs in.
    pub credentials: Option<Credentials>,
    /// The password may go out in clear text: the profile allows it, or it is a lab's.
    pub clear_text_password: bool,
    /// Says what is sent at [`Act::Guide`](crate::script::plan::Act::Guide).
    pub guide: Option<Box<dyn Guide>>,
    /// Blocks go out in one write only where the server offers PIPELINING; otherwise line by line.
    pub pipeline_if_offered: bool,
    /// How long an optional reply may be on its way.
    pub on_its_way: Duration,
    /// A recipient beyond what the server's LIMITS allow is not named, but left for another mail transaction
    /// ([`Report::left`](crate::script::Report::left)).
    pub obeys_limits: bool,
    /// What goes with MAIL where the server offers it.
    pub offered: Vec<Offered>,
    /// Stops the run at any moment.
    pub stop: CancellationToken,
}
