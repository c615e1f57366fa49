//! What a run would send, before it sends anything: [`cost`] of a case, [`render`] for `--plan`.
//!
//! Bounds, not forecasts: the least is what a case needs if every answer comes as soon as its scenario allows, the most is where its limits end
//! it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use pushproof_polling::{Cadence, First, Policy};
use pushproof_runner::dispatch::Planned;
use pushproof_runner::target::Target;
use pushproof_scenario::{Act, Action, ActorKind, Body, Poll, Program, Step, Trigger, WaitLength};

/// Most polls that are counted one by one.
const POLLS_MAX: u32 = 100_000;

/// From the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Bounds<T> {
    pub(crate) least: T,
    pub(crate) most: T,
}

/// What a case costs the endpoint and whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Cost {
    /// Requests of the scenario itself; users and phones come on top.
    pub(crate) requests: Bounds<u64>,
    /// What phones do: each an exchange with the tenant or a hook.
    pub(crate) acts: u64,
    /// Requests that may make a phone ring, by the dialect's word: what `limits.pushes` counts.
    pub(crate) pushes: u64,
    /// Users made or leased.
    pub(crate) users: u64,
    /// Waits and gaps between polls.
    pub(crate) time: Bounds<Duration>,
}

impl Cost {
    fn plus(self, other: Self) -> Self {
        Self {
            requests: Bounds {
                least: self.requests.least + other.requests.least,
                most: self.requests.most.saturating_add(other.requests.most),
            },
            acts: self.acts + other.acts,
            pushes: self.pushes + other.pushes,
            users: self.users + other.users,
            time: Bounds {
                least: self.time.least.saturating_add(other.time.least),
                most: self.time.most.saturating_add(other.time.most),
            },
        }
    }

    fn times(self, n: u32) -> Self {
        (0..n).fold(Self::default(), |sum, _| sum.plus(self))
    }
}

/// The cost of one case; `lifetime` knows how long things live at the target.
pub(crate) fn cost(program: &Program, lifetime: &dyn Fn(&str) -> Duration) -> Cost {
    let people = program
        .actors
        .iter()
        .filter(|actor| matches!(actor.kind, ActorKind::User { .. }));
    let waits = program.waits(lifetime);
    let start = Cost {
        users: people.count() as u64,
        pushes: program.pushes().into(),
        time: Bounds {
            least: waits,
            most: waits,
        },
        ..Cost::default()
    };
    program.steps.iter().map(of_step).fold(start, Cost::plus)
}

/// The cost of a step, its waits on purpose left aside.
fn of_step(step: &Step) -> Cost {
    match &step.action {
        Action::Poll(poll) => of_poll(poll),
        Action::Device { .. } | Action::Set { .. } => Cost {
            acts: 1,
            ..Cost::default()
        },
        Action::Call { .. } => Cost {
            requests: Bounds { least: 1, most: 1 },
            ..Cost::default()
        },
        Action::AtOnce(race) => {
            let requests = race.times.into();
            let requests = Bounds {
                least: requests,
                most: requests,
            };
            Cost {
                requests,
                ..Cost::default()
            }
        }
        Action::Wait { .. } => Cost::default(),
    }
}

fn of_poll(poll: &Poll) -> Cost {
    let least = u32::try_from(poll.pattern.least())
        .unwrap_or(POLLS_MAX)
        .max(1);
    let room = poll
        .pattern
        .most()
        .and_then(|most| u32::try_from(most).ok())
        .unwrap_or(POLLS_MAX);
    let limit = poll
        .policy
        .polls_max
        .unwrap_or(POLLS_MAX)
        .min(room)
        .max(least);
    let most = (least..limit)
        .find(|&polls| gaps(&poll.policy, polls + 1) > poll.policy.deadline)
        .unwrap_or(limit);
    let time = Bounds {
        least: gaps(&poll.policy, least),
        most: poll.policy.deadline,
    };
    let time = Bounds {
        most: time.most.max(time.least),
        ..time
    };
    Cost {
        requests: Bounds {
            least: least.into(),
            most: most.into(),
        },
        acts: poll.meanwhile.len() as u64,
        time,
        ..Cost::default()
    }
}

/// The first poll that outlives what it polls for by the lifetimes that a target declares: the name, what the poll needs, and what there is.
///
/// A step that waits for the end of something on purpose is about just that, and so is what comes after it.
pub(crate) fn outlived(
    program: &Program,
    declared: &BTreeMap<String, Duration>,
) -> Option<(String, Duration, Duration)> {
    let steps = program.steps.iter().enumerate();
    steps
        .filter_map(|(position, step)| {
            let Action::Poll(poll) = &step.action else {
                return None;
            };
            let begun = poll.begun_by.map_or(position, |begun| begun + 1);
            let between = program.steps.get(begun..=position)?;
            let needed = between.iter().map(needed).sum::<Option<Duration>>()?;
            let later = program.steps[position..]
                .iter()
                .find_map(|step| match &step.action {
                    Action::Wait {
                        length: WaitLength::Past { name, .. },
                        ..
                    } => Some(name.as_str()),
                    _ => None,
                });
            let operation = &program.dialect.operations[poll.exchange.operation];
            let fields = match &operation.body {
                Body::None => &[][..],
                Body::Form(fields) | Body::Json(fields) => &fields[..],
            };
            let names = fields.iter().map(|field| field.name.as_str()).chain(later);
            let lives =
                names.filter_map(|name| Some((name.to_owned(), needed, *declared.get(name)?)));
            lives
                .filter(|(_, needed, lives)| needed >= lives)
                .min_by_key(|(.., lives)| *lives)
        })
        .next()
}

/// What a step takes at least, if what it asks for lives on.
fn needed(step: &Step) -> Option<Duration> {
    match &step.action {
        Action::Poll(poll) => {
            let acts = poll.meanwhile.iter().filter_map(|one| match one.trigger {
                Trigger::AfterPoll(polls) => Some(polls.saturating_add(1)),
                Trigger::At(_) | Trigger::Between(..) => None,
            });
            let least = u32::try_from(poll.pattern.least()).unwrap_or(POLLS_MAX);
            let polls = acts.fold(least.max(1), u32::max);
            Some(gaps(&poll.policy, polls))
        }
        Action::Wait {
            length: WaitLength::For(time),
            ..
        } => Some(*time),
        Action::Wait {
            length: WaitLength::Past { .. } | WaitLength::ShortOf(_),
            ..
        } => None,
        _ => Some(Duration::ZERO),
    }
}

/// The time until this many polls have left.
fn gaps(policy: &Policy, polls: u32) -> Duration {
    match &policy.cadence {
        Cadence::Steady => {
            let gaps = match policy.first {
                First::AfterInterval => polls,
                First::AtOnce => polls.saturating_sub(1),
            };
            policy.interval.saturating_mul(gaps)
        }
        Cadence::Gaps(gaps) => {
            let written: Duration = gaps.iter().take(polls as usize).sum();
            let more = polls.saturating_sub(u32::try_from(gaps.len()).unwrap_or(u32::MAX));
            let last = gaps.last().copied().unwrap_or(policy.interval);
            written.saturating_add(last.saturating_mul(more))
        }
        Cadence::GapsThenSteady(gaps) => {
            let written: Duration = gaps.iter().take(polls as usize).sum();
            let more = polls.saturating_sub(u32::try_from(gaps.len()).unwrap_or(u32::MAX));
            written.saturating_add(policy.interval.saturating_mul(more))
        }
    }
}

/// Whether a phone answers a push in this case.
pub(crate) fn is_pushed(program: &Program) -> bool {
    program.pushes() > 0 && acts(program).any(|act| act.action != "enrol" && act.decides())
}

fn acts(program: &Program) -> impl Iterator<Item = &Act> {
    program.steps.iter().flat_map(|step| match &step.action {
        Action::Device { act, .. } => vec![act],
        Action::Poll(poll) => poll
            .meanwhile
            .iter()
            .map(|meanwhile| &meanwhile.act)
            .collect(),
        _ => Vec::new(),
    })
}

/// What else a plan depends on.
pub(crate) struct Circumstances<'a> {
    pub(crate) target: &'a Target,
    pub(crate) profile: &'a str,
    pub(crate) concurrency: usize,
    pub(crate) repeat: u32,
    /// Time passes by itself at the target, so that waits are real.
    pub(crate) real_time: bool,
}

/// The plan as a table with its totals.
pub(crate) fn render(
    cases: &[Planned],
    costs: &dyn Fn(&Program) -> Cost,
    circumstances: &Circumstances<'_>,
) -> String {
    let target = circumstances.target;
    let mut out = format!(
        "plan for `{}`: dialect {}, profile {}; nothing is sent\n\n",
        target.name, target.dialect, circumstances.profile
    );
    let applicable: Vec<(&Planned, Cost)> = cases
        .iter()
        .filter(|case| case.not_applicable.is_none())
        .map(|case| {
            (
                case,
                costs(&case.program).times(circumstances.repeat.max(1)),
            )
        })
        .collect();
    table(&mut out, &applicable, circumstances);
    not_applicable(&mut out, cases);
    totals(&mut out, &applicable, circumstances);
    out
}

fn table(out: &mut String, cases: &[(&Planned, Cost)], circumstances: &Circumstances<'_>) {
    let mut rows = vec![
        [
            "case",
            "requests",
            "pushes",
            "users",
            "protocol time",
            "real time",
        ]
        .map(str::to_owned),
    ];
    for (case, cost) in cases {
        rows.push([
            case.program.id.clone(),
            range(&cost.requests.least, &cost.requests.most),
            cost.pushes.to_string(),
            cost.users.to_string(),
            time(cost.time),
            real(cost.time, circumstances.real_time),
        ]);
    }
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    for row in &rows {
        let cells =
            row.iter()
                .zip(widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:width$}"),
                    _ => format!("{cell:>width$}"),
                });
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn not_applicable(out: &mut String, cases: &[Planned]) {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in cases {
        if let Some(feature) = &case.not_applicable {
            missing.entry(feature).or_default().push(&case.program.id);
        }
    }
    for (feature, cases) in missing {
        let _ = write!(
            out,
            "\nnot applicable, the target lacks {feature}:\n  {}\n",
            cases.join("\n  ")
        );
    }
}

fn totals(out: &mut String, cases: &[(&Planned, Cost)], circumstances: &Circumstances<'_>) {
    let sum = cases
        .iter()
        .fold(Cost::default(), |sum, (_, cost)| sum.plus(*cost));
    let target = circumstances.target;
    let counted = crate::command::counted;
    let requests = range(&sum.requests.least, &sum.requests.most);
    let _ = writeln!(
        out,
        "\n{}: {requests} requests of their own, at most {}, {}, {}",
        counted(cases.len(), "case"),
        pushes_in_words(sum.pushes),
        counted(usize::try_from(sum.users).unwrap_or(usize::MAX), "user"),
        counted(
            usize::try_from(sum.acts).unwrap_or(usize::MAX),
            "device action"
        ),
    );
    let _ = writeln!(out, "protocol time {}", time(sum.time));
    if circumstances.real_time {
        let together = together(cases, &sum, circumstances);
        let _ = writeln!(
            out,
            "real time {} with {} cases at a time",
            time(together),
            circumstances.concurrency
        );
    } else {
        let _ = writeln!(
            out,
            "real time: a moment, since the clock of the target is advanced"
        );
    }
    if let Some(pushes) = target
        .limits
        .pushes
        .filter(|pushes| sum.pushes > u64::from(*pushes))
    {
        let _ = writeln!(
            out,
            "note: `limits.pushes` is {pushes}, so the run may be stopped by its own limits"
        );
    }
}

/// Cases wait side by side: not shorter than the longest, nor than all of them spread evenly, nor than the requests at the rate allowed.
fn together(
    cases: &[(&Planned, Cost)],
    sum: &Cost,
    circumstances: &Circumstances<'_>,
) -> Bounds<Duration> {
    let lanes = u32::try_from(circumstances.concurrency)
        .unwrap_or(u32::MAX)
        .max(1);
    let longest = |of: fn(&Cost) -> Duration| {
        cases
            .iter()
            .map(|(_, cost)| of(cost))
            .max()
            .unwrap_or_default()
    };
    let at_rate = |requests: u64| match circumstances.target.limits.requests_per_second {
        Some(rate) if rate > 0 => Duration::from_secs(requests / u64::from(rate)),
        _ => Duration::ZERO,
    };
    Bounds {
        least: longest(|cost| cost.time.least)
            .max(sum.time.least / lanes)
            .max(at_rate(sum.requests.least)),
        // One after the other in the worst order: the last to start may be the longest.
        most: (sum.time.most / lanes)
            .saturating_add(longest(|cost| cost.time.most))
            .min(sum.time.most)
            .max(at_rate(sum.requests.most)),
    }
}

fn pushes_in_words(pushes: u64) -> String {
    if pushes == 1 {
        "1 push".to_owned()
    } else {
        format!("{pushes} pushes")
    }
}

fn range(least: &(impl ToString + PartialEq), most: &(impl ToString + PartialEq)) -> String {
    let (least, most) = (least.to_string(), most.to_string());
    if least == most {
        least
    } else {
        format!("{least} to {most}")
    }
}

fn time(bounds: Bounds<Duration>) -> String {
    let whole = |time: Duration| {
        humantime::format_duration(Duration::from_secs(time.as_millis().div_ceil(1000) as u64))
            .to_string()
    };
    range(&whole(bounds.least), &whole(bounds.most))
}

fn real(bounds: Bounds<Duration>, real_time: bool) -> String {
    if real_time {
        time(bounds)
    } else {
        "-".to_owned()
    }
}
