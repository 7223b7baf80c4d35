//! Where a session stands after a reply, as far as the command and the code tell it where nothing else is known.

use crate::smtp::{Class, Phase, ReplyCode, Verb};

use super::{Asked, Context};

/// Between commands, whatever came before.
const BETWEEN: &[Phase] = &[Phase::Greeted, Phase::Ready, Phase::Mail, Phase::Rcpt];

/// What the words of a command out of order are about, the verbs that they answer (any where there are none), and where the
/// session stands then; the first that fits holds. The texts are [normalised](super::normalise).
const TOLD: [(&[&str], &[Verb], &[Phase]); 5] = [
    (&["authenticated", "logged"], &[Verb::Auth], &[Phase::Ready, Phase::Mail, Phase::Rcpt]),
    (&["nested", "already"], &[Verb::Mail], &[Phase::Mail, Phase::Rcpt]),
    (&["helo", "ehlo", "hello", "lhlo", "introduce"], &[], &[Phase::Greeted]),
    (&["rcpt", "recipient", "recipients"], &[Verb::Data, Verb::Bdat], &[Phase::Mail]),
    (&["mail", "sender", "transaction"], &[Verb::Rcpt, Verb::Data, Verb::Bdat], &[Phase::Ready]),
];

/// Puts into a context of which no state is known what the reply leaves open; `out_of_order` is the [normalised](
/// super::normalise) text of one to a command that came out of order.
pub(super) fn settle(context: &mut Context, code: Option<ReplyCode>, out_of_order: Option<&str>) {
    if context.after.is_some() {
        return;
    }
    match out_of_order.and_then(|text| told(context.asked, text)).or_else(|| phases(context.asked, code)) {
        Some([phase]) => context.after = Some(*phase),
        open => context.open = open,
    }
    // Words without a code are those of a refusal.
    let greeted = code.is_some_and(|code| code.class() == Class::Success);
    context.turned_away |= context.asked == Some(Asked::Connect) && !greeted;
}

fn told(asked: Option<Asked>, text: &str) -> Option<&'static [Phase]> {
    let Some(Asked::Verb(verb)) = asked.filter(|asked| !asked.greets()) else { return None };
    let fits = |verbs: &[Verb]| verbs.is_empty() || verbs.contains(&verb);
    let said = |wanted: &&str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == *wanted);
    let about = |words: &[&str]| words.iter().any(said);
    TOLD.iter().find(|(words, verbs, _)| fits(verbs) && about(words)).map(|(.., phases)| *phases)
}

/// The phases in which the next command may be said; none where even that is not known.
fn phases(asked: Option<Asked>, code: Option<ReplyCode>) -> Option<&'static [Phase]> {
    let class = code.map_or(Class::Permanent, ReplyCode::class);
    Some(match (asked, code.map_or(0, ReplyCode::number)) {
        (Some(Asked::Connect), 221 | 421) => &[Phase::Closed],
        // In place of a greeting 521 waits for QUIT, as 554 does (RFC 7504 3, RFC 5321 3.1).
        (Some(Asked::Connect), _) => &[Phase::Greeted],
        // The server hangs up (RFC 5321 3.8).
        (_, 221 | 421 | 521) | (Some(Asked::Verb(Verb::Quit)), _) => &[Phase::Closed],
        (None | Some(Asked::AuthAnswer | Asked::Verb(Verb::Auth)), 334) => &[Phase::Auth],
        (None, 354) => &[Phase::Data],
        (None, _) => return None,
        (Some(Asked::EndOfData), _) => &[Phase::Ready],
        // Something else has to come first, and the words say what.
        (Some(Asked::Verb(Verb::Rcpt)), 503) => &[Phase::Greeted, Phase::Ready],
        (Some(Asked::Verb(Verb::Data | Verb::Bdat)), 503) => {
            &[Phase::Greeted, Phase::Ready, Phase::Mail, Phase::Rcpt, Phase::Bdat]
        }
        (Some(_), 503) | (Some(Asked::Nothing), _) => BETWEEN,
        (Some(Asked::AuthAnswer), _) => &[Phase::Ready],
        (Some(Asked::Verb(verb)), _) => after(verb, class),
    })
}

fn after(verb: Verb, class: Class) -> &'static [Phase] {
    let done = class == Class::Success;
    match verb {
        Verb::Ehlo | Verb::Helo | Verb::Lhlo if !done => &[Phase::Greeted],
        Verb::Starttls | Verb::Xclient if done => &[Phase::Greeted],
        Verb::Mail if done => &[Phase::Mail],
        Verb::Rcpt if done => &[Phase::Rcpt],
        Verb::Data if class == Class::Intermediate => &[Phase::Data],
        Verb::Rcpt | Verb::Data => &[Phase::Mail, Phase::Rcpt],
        Verb::Bdat if done => &[Phase::Bdat],
        Verb::Bdat => &[Phase::Rcpt, Phase::Bdat],
        Verb::Rset if !done => BETWEEN,
        Verb::Noop | Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Other => BETWEEN,
        _ => &[Phase::Ready],
    }
}
