//! What happened in a case, in protocol time: [`trace`].
//!
//! One line for each call, poll, device action and wait, under the sentence of its step. Polls in a row that
//! were answered alike are one line; so is a call that was made many times, and a whole fragment in which nothing went wrong, unless every
//! detail is wanted. The exchange that a finding points at has a `>` in the margin.

use std::collections::BTreeSet;

use super::paint::{Paint, shorten, visible};
use super::{Detail, Style, push_wrapped};
use crate::{Act, ActResult, Case, Exchange, Happening, Probe, Trouble, Wait};

/// Columns, and the gaps between them.
const INDENT: &str = "        ";
const MARKED: &str = "      > ";

#[derive(Clone)]
struct Row {
    step: String,
    marked: bool,
    what: String,
    from_ms: u64,
    until_ms: u64,
    result: String,
    /// How many actions it stands for; 0 for a whole fragment, which needs no heading.
    count: usize,
}

impl Row {
    fn when(&self) -> String {
        stretch(self.from_ms, self.until_ms)
    }

    /// The step that used a fragment, for a step inside it.
    fn fragment(&self) -> Option<&str> {
        self.step.split_once('/').map(|(using, _)| using)
    }
}

pub(super) fn trace(out: &mut String, case: &Case, style: &Style) {
    let mut rows = rows(case);
    if style.detail < Detail::Verbose {
        rows = folded(rows);
    }
    let what_width = widest(rows.iter().map(|row| row.what.chars().count()));
    let when_width = widest(rows.iter().map(|row| row.when().chars().count()));
    let mut step = None;
    for row in &rows {
        if row.count > 0 && step != Some(&row.step) {
            heading(out, case, &row.step, style);
            step = Some(&row.step);
        }
        let (what, when, result) = (&row.what, row.when(), &row.result);
        let line = format!("{what:what_width$}  {when:>when_width$}  {result}");
        let line = visible(&line);
        let margin = if row.marked { MARKED } else { INDENT };
        out.push_str(margin);
        out.push_str(&shorten(&line, style.width.saturating_sub(INDENT.len())));
        out.push('\n');
    }
}

fn widest(widths: impl Iterator<Item = usize>) -> usize {
    widths.max().unwrap_or_default()
}

/// A fragment in which nothing went wrong becomes one row. What went wrong is marked, or it is the last thing that happened.
fn folded(rows: Vec<Row>) -> Vec<Row> {
    let last = rows.last().and_then(Row::fragment).map(str::to_owned);
    let mut folded: Vec<Row> = Vec::new();
    let together =
        |one: &Row, next: &Row| one.fragment().is_some() && one.fragment() == next.fragment();
    for group in rows.chunk_by(together) {
        let first = &group[0];
        let using = first
            .fragment()
            .filter(|using| Some(*using) != last.as_deref());
        match using.filter(|_| group.iter().all(|row| !row.marked)) {
            Some(using) => folded.push(Row {
                step: using.to_owned(),
                marked: false,
                what: format!(
                    "{using}: {}",
                    actions(group.iter().map(|row| row.count).sum())
                ),
                from_ms: first.from_ms,
                until_ms: group[group.len() - 1].until_ms,
                result: group[group.len() - 1].result.clone(),
                count: 0,
            }),
            None => folded.extend(group.iter().map(Row::clone)),
        }
    }
    folded
}

fn actions(count: usize) -> String {
    if count == 1 {
        "1 action".to_owned()
    } else {
        format!("{count} actions")
    }
}

fn heading(out: &mut String, case: &Case, id: &str, style: &Style) {
    let label = Paint::new(style).faint(&format!("{id}:"));
    let say = case.steps.iter().find(|step| step.id == id);
    let say = say.map_or("", |step| step.say.as_str());
    let mut text = String::new();
    push_wrapped(&mut text, super::INDENT, &format!("{id}: {say}"), style);
    let text = text.trim_end().replacen(&format!("{id}:"), &label, 1);
    out.push_str(&format!("{text}\n"));
}

fn rows(case: &Case) -> Vec<Row> {
    let found: BTreeSet<u64> = case
        .findings()
        .filter_map(|finding| finding.exchange)
        .collect();
    let timeline = case.timeline();
    let runs = timeline.chunk_by(|before, after| is_same(before, after, &found));
    runs.map(|run| match run {
        [Happening::Act(act)] => act_row(act),
        [Happening::Wait(wait)] => wait_row(wait),
        [Happening::Trouble(trouble)] => trouble_row(trouble),
        [Happening::Probe(probe)] => probe_row(probe),
        // A run of several is one of exchanges.
        _ => exchange_row(&exchanges(run), &found),
    })
    .collect()
}

/// Whether the second repeats the first: the next poll or the same call again, answered alike, and no finding
/// points at either.
fn is_same(before: &Happening, after: &Happening, found: &BTreeSet<u64>) -> bool {
    let (Happening::Exchange(before), Happening::Exchange(after)) = (before, after) else {
        return false;
    };
    let status = |exchange: &Exchange| exchange.reply.as_ref().map(|reply| reply.status);
    before.step == after.step
        && before.operation == after.operation
        && before.poll.map(|poll| poll + 1) == after.poll
        && before.outcomes == after.outcomes
        && before.failure == after.failure
        && status(before) == status(after)
        && !found.contains(&before.exchange)
        && !found.contains(&after.exchange)
}

fn exchanges<'a>(run: &[&'a Happening]) -> Vec<&'a Exchange> {
    run.iter()
        .filter_map(|happening| match happening {
            Happening::Exchange(exchange) => Some(exchange),
            Happening::Act(_)
            | Happening::Wait(_)
            | Happening::Trouble(_)
            | Happening::Probe(_) => None,
        })
        .collect()
}

fn exchange_row(run: &[&Exchange], found: &BTreeSet<u64>) -> Row {
    let (first, last) = (run[0], run[run.len() - 1]);
    let what = match (first.poll, last.poll) {
        (Some(from), Some(to)) if from == to => format!("poll {from}"),
        (Some(from), Some(to)) => format!("polls {from}-{to}"),
        _ if run.len() > 1 => format!("{} ×{}", first.operation, run.len()),
        _ => first.operation.clone(),
    };
    Row {
        step: first.step.clone(),
        marked: found.contains(&first.exchange),
        what,
        from_ms: first.at_ms,
        until_ms: last.at_ms,
        result: result(first),
        count: run.len(),
    }
}

/// `pending (400)`, or why there was no reply.
fn result(exchange: &Exchange) -> String {
    match (&exchange.reply, &exchange.failure) {
        (Some(reply), _) if exchange.outcomes.is_empty() => {
            format!("unknown reply ({})", reply.status)
        }
        (Some(reply), _) => format!("{} ({})", exchange.outcomes.join(", "), reply.status),
        (None, Some(failure)) => format!("no reply: {failure}"),
        (None, None) => "no reply".to_owned(),
    }
}

fn act_row(act: &Act) -> Row {
    let result = match act.result {
        ActResult::Acknowledged => "acknowledged",
        ActResult::Refused => "refused",
        ActResult::Unavailable => "device unavailable",
    };
    let detail = act.detail.iter().map(|detail| format!(": {detail}"));
    Row {
        step: act.step.clone(),
        marked: false,
        what: format!("{}: {}", act.actor, act.action),
        from_ms: act.at_ms,
        until_ms: act.at_ms,
        result: result.to_owned() + &detail.collect::<String>(),
        count: 1,
    }
}

fn wait_row(wait: &Wait) -> Row {
    Row {
        step: wait.step.clone(),
        marked: false,
        what: "wait".to_owned(),
        from_ms: wait.from_ms,
        until_ms: wait.until_ms,
        result: wait.why.clone(),
        count: 1,
    }
}

/// `environment: connection reset: sent again`; of a whole case without a heading.
fn trouble_row(trouble: &Trouble) -> Row {
    Row {
        step: trouble.step.clone(),
        marked: false,
        what: trouble.to.name().to_owned(),
        from_ms: trouble.at_ms,
        until_ms: trouble.at_ms,
        result: format!("{}: {}", trouble.then.says(), trouble.what),
        count: usize::from(!trouble.step.is_empty()),
    }
}

fn probe_row(probe: &Probe) -> Row {
    let alive = if probe.alive {
        "alive"
    } else {
        "no proper answer"
    };
    Row {
        step: probe.step.clone(),
        marked: false,
        what: "probe".to_owned(),
        from_ms: probe.at_ms,
        until_ms: probe.at_ms,
        result: format!("{alive}: {}, {}", probe.asked, probe.came),
        count: 1,
    }
}

fn stretch(from_ms: u64, until_ms: u64) -> String {
    match from_ms == until_ms {
        true => seconds(from_ms),
        false => format!("{}–{}", seconds(from_ms), seconds(until_ms)),
    }
}

/// Tenths, or thousandths where these matter: `5.0s`, `299.999s`.
fn seconds(ms: u64) -> String {
    match ms % 100 {
        0 => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
        _ => format!("{}.{:03}s", ms / 1000, ms % 1000),
    }
}
