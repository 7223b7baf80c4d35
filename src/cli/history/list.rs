//! The list: what is asked for, how it is sorted and shown.

use std::cmp::Reverse;
use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{COMMAND, complain};
use crate::cli::{Common, fold, input};
use crate::conversation::ending::End;
use crate::library::{self, Found, Query, Sought, Summary};
use crate::profile::size;
use crate::smtp::escape::for_screen;
use crate::world::World;

/// Columns of whom it was with, and of what became of it.
const WITH: usize = 26;
const OUTCOME: usize = 40;

/// What is to be listed, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Listing {
    /// What is looked for
    words: Vec<String>,
    /// Those without this: a word, or key:value as above; several times for several
    #[arg(long, value_name = "WORD")]
    without: Vec<String>,
    /// Those from this time on: 2026-11-23, today, yesterday, 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Those up to this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Those with this in their target
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Those by this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Those that ended so: 550, 5xx, 5.7.1; none for those without a reply
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Those that ended without a reply: cut, unanswered, abandoned, tls, silence, failed; none for the others
    #[arg(long, value_name = "END")]
    end: Option<String>,
    /// Those with this recipient; of very many, the first and last are known
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// Those with this in their title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Those with this tag; several times for several tags
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Those larger than this: 10MB
    #[arg(long, value_name = "SIZE")]
    larger: Option<String>,
    /// Those smaller than this
    #[arg(long, value_name = "SIZE")]
    smaller: Option<String>,
    /// By what to sort
    #[arg(long, value_name = "KEY", value_enum, default_value_t)]
    sort: Sort,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print the paths alone, for other programs
    #[arg(long, conflicts_with = "json")]
    paths: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// The newest first
    #[default]
    Time,
    /// By target
    Host,
    /// By profile
    Profile,
    /// By the code that it ended with
    Code,
    /// By title
    Title,
    /// By its first tag
    Tag,
    /// The largest first
    Size,
}

type Row = (Summary, Option<Found>);

/// Lists.
pub(super) fn run(listing: &Listing, common: &Common, world: &World) -> Result<String, String> {
    let zone = world.zone();
    let words = listing.query();
    let query = Query::of(words.iter().map(String::as_str), world.now(), &zone).map_err(|error| error.to_string())?;
    let mut rows = look(&query, listing, world);
    if listing.sort != Sort::Time {
        sort(&mut rows, listing.sort);
    }
    if listing.reverse {
        rows.reverse();
    }
    rows.truncate(listing.limit.unwrap_or(usize::MAX));
    if rows.is_empty() && !common.quiet && !listing.json {
        let folder = world.directories.state.join("transcripts");
        let words = if query.is_empty() {
            format!("no transcript yet in {}; each conversation is kept there", folder.display())
        } else {
            "nothing was found; without words all are listed".to_owned()
        };
        complain(COMMAND, words);
    }
    Ok(if listing.json {
        crate::cli::document(&json!({ "ehlo": 1, "transcripts": rows.iter().map(to_json).collect::<Vec<_>>() }))
    } else if listing.paths {
        let paths: Vec<_> = rows.iter().map(|(summary, _)| summary.path.display().to_string() + "\n").collect();
        paths.concat()
    } else {
        fold::out(&to_text(&rows, &zone))
    })
}

impl Listing {
    /// All that is looked for, as words of a query.
    fn query(&self) -> Vec<String> {
        let keyed = [
            ("since", &self.since),
            ("until", &self.until),
            ("host", &self.host),
            ("profile", &self.profile),
            ("code", &self.code),
            ("end", &self.end),
            ("to", &self.to),
            ("title", &self.title),
            ("larger", &self.larger),
            ("smaller", &self.smaller),
        ];
        let keyed = keyed.into_iter().filter_map(|(key, value)| Some(format!("{key}:{}", value.as_ref()?)));
        let tags = self.tag.iter().map(|tag| format!("tag:{tag}"));
        let words = self.words.iter().filter(|word| !word.trim().is_empty()).cloned();
        words.chain(keyed).chain(tags).chain(self.without.iter().map(|word| format!("-{word}"))).collect()
    }

    /// After how many that were found no more are looked for.
    fn enough(&self) -> usize {
        let newest_first = self.sort == Sort::Time && !self.reverse;
        self.limit.filter(|_| newest_first).unwrap_or(usize::MAX)
    }
}

/// What was found, newest first. When each was is known once all are, and only then which are the first.
fn look(query: &Query, listing: &Listing, world: &World) -> Vec<Row> {
    if query.is_empty() && listing.enough() <= library::FEW {
        let newest = library::recent(&world.directories.state, listing.enough()).into_iter();
        return newest.map(|summary| (summary, None)).collect();
    }
    let mut index = library::Index::new(&world.directories.state);
    let mut all: Vec<Summary> = library::files(&world.directories.state).map(|path| index.summary(&path)).collect();
    index.keep();
    all.sort_by_key(|summary| Reverse(summary.when()));
    let rows = all.into_iter().filter_map(|summary| match query.look_into(&summary) {
        Ok(Sought::Absent) => None,
        Ok(Sought::Known) => Some((summary, None)),
        Ok(Sought::At(found)) => Some((summary, Some(found))),
        Err(error) => {
            complain(COMMAND, format_args!("{}: {error}", input::shown(&summary.path)));
            None
        }
    });
    rows.take(listing.enough()).collect()
}

fn sort(rows: &mut [Row], by: Sort) {
    let lower = |text: Option<&String>| text.map(|text| text.to_lowercase());
    // What has none comes last.
    let text = |text: Option<String>| (text.is_none(), text);
    match by {
        Sort::Time => {}
        Sort::Host => rows.sort_by_cached_key(|(row, _)| text(lower(row.target.as_ref()))),
        Sort::Profile => rows.sort_by_cached_key(|(row, _)| text(lower(row.profile.as_ref()))),
        Sort::Title => rows.sort_by_cached_key(|(row, _)| text(lower(row.title.as_ref()))),
        Sort::Tag => rows.sort_by_cached_key(|(row, _)| text(lower(row.tags.first()))),
        Sort::Code => rows.sort_by_cached_key(|(row, _)| text(code(row))),
        Sort::Size => rows.sort_by_key(|(row, _)| Reverse(row.size)),
    }
}

fn code(summary: &Summary) -> Option<String> {
    Some(summary.outcome.as_ref()?.code?.to_string())
}

fn to_text(rows: &[Row], zone: &TimeZone) -> String {
    let mut out = String::new();
    for (summary, found) in rows {
        writeln!(out, "{}", line(summary, zone)).expect("a string takes it");
        if let Some(found) = found {
            writeln!(out, "    {}: {}", found.line, found.text).expect("a string takes it");
        }
    }
    out
}

/// A transcript in one line: when, with whom, what became of it, size, name, title and tags.
pub(super) fn line(summary: &Summary, zone: &TimeZone) -> String {
    let when = summary.when().map(|at| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
    let target = summary.target.as_deref().map(|target| target.trim_start_matches("smtp://"));
    let with = summary.profile.as_deref().or(target).unwrap_or_default();
    let outcome = summary.outcome.as_ref().map(ToString::to_string);
    let outcome = outcome.unwrap_or_else(|| "nothing was said".to_owned());
    let mut line = format!(
        "{when:<16}  {:<WITH$}  {:<OUTCOME$}  {:>7}  {}",
        cut(with, WITH),
        cut(&outcome, OUTCOME),
        size::words(summary.size),
        for_screen(summary.name().as_bytes())
    );
    if let Some(title) = &summary.title {
        write!(line, "  \"{}\"", for_screen(title.as_bytes())).expect("a string takes it");
    }
    for tag in &summary.tags {
        write!(line, "  #{}", for_screen(tag.as_bytes())).expect("a string takes it");
    }
    line
}

/// The first characters of a text, safe for a screen.
fn cut(text: &str, most: usize) -> String {
    let text = for_screen(text.as_bytes());
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

fn to_json((summary, found): &Row) -> Value {
    let outcome = summary.outcome.as_ref().map(|outcome| {
        json!({
            "code": outcome.code.map(crate::smtp::ReplyCode::number),
            "enhanced": outcome.enhanced.map(|code| code.to_string()),
            "text": for_screen(outcome.text.as_bytes()),
            "refused": outcome.refused.map(|(refused, _)| refused),
            "end": outcome.end.map(End::name),
        })
    });
    json!({
        "path": summary.path.display().to_string(),
        "name": summary.name(),
        "started": summary.started.map(|at| at.to_string()),
        "target": summary.target,
        "profile": summary.profile,
        "title": summary.title,
        "tags": summary.tags,
        "notes": summary.notes,
        "outcome": outcome,
        "recipients": summary.recipients,
        "to": summary.to,
        "size": summary.size,
        "found": found.as_ref().map(|found| json!({ "line": found.line, "text": found.text })),
    })
}
