//! What only the endpoint can show, tried by the cheapest cases that need it: credentials, phones, a poll.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use pushproof_report::{ActResult, Case, Event, Happening, Run, Verdict};
use pushproof_runner::dispatch::{self, Plan, Planned};
use pushproof_runner::site::{Place, Site};
use pushproof_scenario::{Action, Program};
use tokio::sync::watch;

use super::Visit;
use super::told::{Found, State};
use crate::plan;

/// The clients that single requirements need, and the features that say so.
const CLIENTS: [(&str, &str); 3] = [
    ("other", "client.other"),
    ("public", "client.public"),
    ("restricted", "client.restricted"),
];

/// Runs the cases and tells what they show.
pub(super) async fn look(visit: &mut Visit<'_>, place: Place) {
    let features = visit.features();
    let polling = cheapest(visit, &|program| runs(program, &features) && polls(program));
    let pushed = cheapest(visit, &|program| {
        runs(program, &features) && plan::is_pushed(program)
    });
    let by_client = CLIENTS.map(|(name, feature)| {
        let needs = |program: &Program| program.needs.iter().any(|need| need == feature);
        (
            name,
            feature,
            cheapest(visit, &|program| runs(program, &features) && needs(program)),
        )
    });
    let mut chosen: Vec<Arc<Program>> = Vec::new();
    for program in polling.iter().chain(&pushed).chain(
        by_client
            .iter()
            .filter_map(|(_, _, program)| program.as_ref()),
    ) {
        if !chosen.iter().any(|known| known.id == program.id) {
            chosen.push(Arc::clone(program));
        }
    }
    let run = play(visit, place, chosen).await;
    match polling.and_then(|program| run.case(&program.id)) {
        Some(case) => main_case(visit, case),
        None => visit.tell(Found::new(
            "poll",
            State::Untried,
            "no case polls with what this target has",
        )),
    }
    if let Some(case) = pushed.and_then(|program| run.case(&program.id)) {
        push(visit, case);
    }
    for (name, feature, program) in by_client {
        if !visit.knows(&[feature]) {
            continue;
        }
        let case = program.and_then(|program| run.case(&program.id));
        client(visit, name, feature, case);
    }
}

fn runs(program: &Program, features: &BTreeSet<String>) -> bool {
    program.needs.iter().all(|need| features.contains(need))
}

fn polls(program: &Program) -> bool {
    let poll = |action: &Action| matches!(action, Action::Poll(poll) if !poll.meanwhile.is_empty());
    program.steps.iter().any(|step| poll(&step.action))
}

/// The one that takes the least time and then the fewest requests.
fn cheapest(visit: &Visit<'_>, wanted: &dyn Fn(&Program) -> bool) -> Option<Arc<Program>> {
    let lifetime = |program: &Program, name: &str| {
        let lifetimes = visit
            .target
            .lifetimes
            .get(name)
            .or_else(|| program.dialect.lifetimes.get(name));
        lifetimes.copied().unwrap_or_default()
    };
    let cost = |program: &&Arc<Program>| {
        let cost = plan::cost(program, &|name| lifetime(program, name));
        (cost.time.most, cost.requests.most)
    };
    visit
        .programs
        .iter()
        .filter(|program| wanted(program))
        .min_by_key(cost)
        .map(Arc::clone)
}

async fn play(visit: &Visit<'_>, place: Place, programs: Vec<Arc<Program>>) -> Run {
    let told = Arc::new(Mutex::new(Run::default()));
    let teller = Arc::clone(&told);
    let tell = move |event: Event| {
        teller
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event)
    };
    let plan = Plan {
        cases: programs
            .into_iter()
            .map(|program| Planned {
                program,
                not_applicable: None,
            })
            .collect(),
        seed: 1,
        concurrency: 1,
        repeat: 1,
        strict: false,
        run: visit.run.clone(),
    };
    let (_stop, stopped) = watch::channel(false);
    dispatch::run(
        plan,
        Site::Shared(Arc::new(place)),
        Arc::clone(&visit.redactor),
        Arc::new(tell),
        stopped,
    )
    .await;
    std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What the case with a phone and a poll shows.
fn main_case(visit: &mut Visit<'_>, case: &Case) {
    let reason = case
        .reason()
        .unwrap_or_else(|| "no reason given".to_owned());
    let of = |detail: String| format!("{detail} (case `{}`)", case.head.id);
    // The first answer is a login's. Whoever gets to the next step has been let in.
    let mut answered = case.exchanges().filter(|exchange| exchange.reply.is_some());
    let first = answered.next();
    let let_in = answered.any(|next| first.is_some_and(|first| first.step != next.step))
        || matches!(
            case.verdict(),
            Verdict::Pass | Verdict::Warn | Verdict::Known
        );
    visit.tell(match (first, let_in) {
        (Some(first), true) => Found::vital(
            "client",
            State::Works,
            of(format!("{} took its credentials", first.operation)),
        ),
        _ => Found::vital("client", State::Broken, reason.clone()),
    });
    let phones = vec!["factor.push", "device.guardian", "factor.otp", "approver"];
    let acts = acts(case);
    let unusable = acts
        .iter()
        .find(|(_, result, _)| *result != ActResult::Acknowledged);
    let device = match (unusable, acts.first()) {
        _ if visit.target.devices.is_none() => {
            Found::new("devices", State::Missing, "the file has no `devices`")
        }
        (Some((action, _, detail)), _) => Found::vital(
            "devices",
            State::Broken,
            of(format!("{action}: {}", detail.unwrap_or("refused"))),
        ),
        (None, Some((action, ..))) => Found::new(
            "devices",
            State::Works,
            of(format!("{action} was acknowledged")),
        ),
        (None, None) => Found::new(
            "devices",
            State::Untried,
            "the case ended before a phone was needed",
        ),
    };
    visit.tell(Found {
        features: phones,
        ..device
    });
    let poll = case
        .exchanges()
        .filter(|exchange| exchange.poll.is_some() && exchange.reply.is_some())
        .last();
    visit.tell(match poll {
        Some(poll) if !poll.outcomes.is_empty() => {
            let outcomes = poll.outcomes.join(", ");
            Found::new(
                "poll",
                State::Works,
                of(format!(
                    "poll {} was answered with {outcomes}",
                    poll.poll.unwrap_or_default()
                )),
            )
        }
        Some(_) => Found::new(
            "poll",
            State::Broken,
            of("a poll was answered with nothing that the dialect knows".to_owned()),
        ),
        None if let_in => Found::new("poll", State::Broken, reason),
        None => Found::new("poll", State::Untried, "the client was not let in"),
    });
}

/// What the case shows in which a phone answers a push: the only one that needs the way a push takes.
fn push(visit: &mut Visit<'_>, case: &Case) {
    let of = |detail: &str| format!("{detail} (case `{}`)", case.head.id);
    let acts = acts(case);
    let unusable = acts
        .iter()
        .find(|(_, result, _)| *result == ActResult::Unavailable);
    let answered = acts
        .iter()
        .rfind(|(action, result, _)| *action != "enrol" && *result == ActResult::Acknowledged);
    let found = match (unusable, answered) {
        (Some((action, _, detail)), _) => {
            let detail = detail.unwrap_or("the phone could not be used");
            Found::new("push", State::Broken, of(&format!("{action}: {detail}")))
        }
        (None, Some((action, ..))) => Found::new(
            "push",
            State::Works,
            of(&format!("it arrived, and {action} was acknowledged")),
        ),
        (None, None) => Found::new(
            "push",
            State::Untried,
            of("the case ended before a push was needed"),
        ),
    };
    visit.tell(Found {
        features: vec!["factor.push"],
        ..found
    });
}

/// What phones did: the action, what became of it, and more about that.
fn acts(case: &Case) -> Vec<(&str, ActResult, Option<&str>)> {
    let happenings = case.trace.iter();
    let acts = happenings.filter_map(|happening| match happening {
        Happening::Act(act) => Some((act.action.as_str(), act.result, act.detail.as_deref())),
        _ => None,
    });
    acts.collect()
}

fn client(visit: &mut Visit<'_>, name: &str, feature: &'static str, case: Option<&Case>) {
    let what = format!("client {name}");
    let found = match case {
        _ if !visit.target.clients.contains_key(name) => Found::new(
            &what,
            State::Missing,
            format!("the file has no `clients.{name}`"),
        ),
        None => Found::new(
            &what,
            State::Untried,
            "no case can use it with what this target has",
        ),
        Some(case) if case.verdict().is_unjudged() => Found::new(
            &what,
            State::Broken,
            case.reason()
                .unwrap_or_else(|| "no reason given".to_owned()),
        ),
        Some(case) => Found::new(
            &what,
            State::Works,
            format!("used by case `{}`", case.head.id),
        ),
    };
    visit.tell(Found {
        features: vec![feature],
        ..found
    });
}
