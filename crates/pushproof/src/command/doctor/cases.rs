//! What only the endpoint can show, tried by the cheapest cases that need it: credentials, phones, a poll.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pushproof_report::{ActResult, Case, Event, Happening, Run, Verdict};
use pushproof_runner::dispatch::{self, Plan, Planned};
use pushproof_runner::site::{Place, Site};
use pushproof_runner::target::Devices;
use pushproof_scenario::{ActExpect, Action, ActorKind, Program};

use super::Visit;
use super::told::{Carries, Found, State};
use crate::plan;

/// The clients that single requirements need, and the features that say so.
const CLIENTS: [(&str, &str); 3] = [
    ("other", "client.other"),
    ("public", "client.public"),
    ("restricted", "client.restricted"),
];

/// What a trial case is to show beside the client, a poll and a push: the line it is told in, and the features that go with it.
const PARTS: [(&str, &[&str]); 3] = [
    ("message", &super::MESSAGES),
    ("switch", &super::SWITCHES),
    ("codes", &["device.codes"]),
];

/// Why something is left alone where users are lent.
const SPARED: &str = "a trial would use up a user of the pool";

/// Runs the cases and tells what they show.
pub(super) async fn look(visit: &mut Visit<'_>, place: Place) {
    let features = visit.features();
    let able = |program: &Program| runs(visit, program, &features);
    let lent = visit.is_lent();
    let alone = |program: &Program| !lent || plan::cost(program, &|_| Duration::ZERO).users <= 1;
    let pushed = cheapest(visit, &|program| {
        able(program)
            && alone(program)
            && is_plain(program)
            && plan::is_pushed(program)
            && (!lent || polls(program))
    });
    // Who is lent is used up, so that one case has to show all.
    let polling = match &pushed {
        Some(pushed) if lent => Some(Arc::clone(pushed)),
        _ => cheapest(visit, &|program| {
            able(program) && alone(program) && polls(program)
        }),
    };
    let by_client = CLIENTS.map(|(name, feature)| {
        let needs = |program: &Program| program.needs.iter().any(|need| need == feature);
        let program = cheapest(visit, &|program| able(program) && needs(program));
        (name, feature, program.filter(|_| !lent))
    });
    let by_part = PARTS.map(|(what, needed)| {
        let wanted = part(visit, what);
        let program =
            wanted.and_then(|wanted| cheapest(visit, &|program| able(program) && wanted(program)));
        (what, needed, program)
    });
    let mut chosen: Vec<Arc<Program>> = Vec::new();
    let of_parts = by_part.iter().filter(|_| !lent);
    for program in polling
        .iter()
        .chain(&pushed)
        .chain(of_parts.filter_map(|(_, _, program)| program.as_ref()))
        .chain(
            by_client
                .iter()
                .filter_map(|(_, _, program)| program.as_ref()),
        )
    {
        if !chosen.iter().any(|known| known.id == program.id) {
            chosen.push(Arc::clone(program));
        }
    }
    let run = play(visit, place, chosen).await;
    let left = run.cases().iter().flat_map(|case| case.left_behind.clone());
    visit.left.extend(left);
    if visit.is_stopped() {
        return;
    }
    match polling.and_then(|program| run.case(&program.id)) {
        Some(case) if case.exchanges().next().is_none() => {
            let reason = case.reason();
            return visit.tell(Found {
                carries: Carries::Users,
                ..Found::new("users", State::Broken, reason.unwrap_or_default())
            });
        }
        Some(case) => main_case(visit, case),
        None => visit.tell(Found::new(
            "poll",
            State::Untried,
            "no case polls with what this target has",
        )),
    }
    let let_in = |found: &Found| found.what != "client" || found.state == State::Works;
    if !visit.found.iter().all(let_in) {
        return;
    }
    if let Some(case) = pushed.and_then(|program| run.case(&program.id)) {
        push(visit, case);
    }
    for (what, needed, program) in by_part {
        match program {
            Some(_) if lent => visit.tell(Found::new(what, State::Spared, SPARED)),
            Some(program) => {
                if let Some(case) = run.case(&program.id) {
                    tell_part(visit, what, needed, case);
                }
            }
            None => {}
        }
    }
    for (name, feature, program) in by_client {
        if !visit.knows(&[feature]) {
            continue;
        }
        if lent && visit.target.clients.contains_key(name) {
            let what = format!("client {name}");
            visit.tell(Found::new(&what, State::Spared, SPARED));
            continue;
        }
        let case = program.and_then(|program| run.case(&program.id));
        client(visit, name, feature, case);
    }
}

/// The cases that show whether a part of the target does what it says; `None` where there is nothing to show.
fn part(visit: &Visit<'_>, what: &str) -> Option<fn(&Program) -> bool> {
    let target = visit.target;
    match what {
        "message" => target
            .messages
            .as_ref()
            .map(|_| reads as fn(&Program) -> bool),
        "switch" => target
            .settings
            .as_ref()
            .map(|_| sets as fn(&Program) -> bool),
        // A virtual phone has its codes, and a person can be asked.
        _ => match target.devices {
            Some(Devices::Hook { .. } | Devices::Command { .. }) => Some(tells),
            Some(Devices::Guardian { .. } | Devices::Human) | None => None,
        },
    }
}

/// Whether a case needs a message that arrives.
fn reads(program: &Program) -> bool {
    let receives = |actor: usize| matches!(program.actors[actor].kind, ActorKind::Messages { .. });
    program.steps.iter().any(|step| match &step.action {
        Action::Device { act, expect, .. } => {
            *expect == ActExpect::Something && receives(act.actor)
        }
        _ => false,
    })
}

/// Whether every phone of a case is to be taken at its word.
fn is_plain(program: &Program) -> bool {
    program.steps.iter().all(|step| match &step.action {
        Action::Device { expect, .. } => *expect == ActExpect::Acknowledged,
        Action::Poll(poll) => {
            let mut meanwhile = poll.meanwhile.iter();
            meanwhile.all(|one| one.expect == ActExpect::Acknowledged)
        }
        _ => true,
    })
}

/// Of the switches that there are, the one that shows at once.
fn sets(program: &Program) -> bool {
    program.sets_switches() && program.needs.iter().any(|need| need == super::SWITCHES[0])
}

fn tells(program: &Program) -> bool {
    program.needs.iter().any(|need| need == "device.codes")
}

/// A hook that takes everything and does nothing shows in a case that rests on it.
fn tell_part(visit: &mut Visit<'_>, what: &str, needed: &[&'static str], case: &Case) {
    let shown = !case.verdict().is_unjudged() && case.verdict() != Verdict::Fail;
    let id = &case.head.id;
    let found = if shown {
        Found::new(what, State::Works, format!("used by case `{id}`"))
    } else {
        let reason = case
            .reason()
            .unwrap_or_else(|| "no reason given".to_owned());
        Found::new(what, State::Broken, format!("{reason} (case `{id}`)"))
    };
    visit.tell(Found {
        features: needed.to_vec(),
        ..found
    });
}

/// Whether nothing that is known to be gone keeps a case from running.
fn runs(visit: &Visit<'_>, program: &Program, features: &BTreeSet<String>) -> bool {
    let mut gone = visit.found.iter().filter(|found| found.is_gone());
    program.needs.iter().all(|need| features.contains(need))
        && !gone.any(|found| found.carries.carries(program))
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
    dispatch::run(
        plan,
        Site::Shared(Arc::new(place)),
        Arc::clone(&visit.redactor),
        Arc::new(tell),
        visit.stop.clone(),
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
        (Some((action, _, detail)), _) => Found::new(
            "devices",
            State::Broken,
            of(format!("{action}: {}", detail.unwrap_or("refused"))),
        ),
        (None, Some((action, ..))) if let Some(stays) = stays(case) => Found::new(
            "devices",
            State::Broken,
            of(format!("{action} was acknowledged, and {stays}")),
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
        carries: Carries::Devices,
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

/// That polls are answered as they were before somebody acted, where the case wanted more than that.
fn stays(case: &Case) -> Option<String> {
    let ended_well = matches!(
        case.verdict(),
        Verdict::Pass | Verdict::Warn | Verdict::Known
    );
    let mut polls = case
        .exchanges()
        .filter(|exchange| exchange.poll.is_some() && exchange.reply.is_some());
    let (first, last) = (polls.next()?, polls.last()?);
    let same = first.step == last.step && first.outcomes == last.outcomes;
    (same && !ended_well).then(|| {
        format!(
            "poll {} is still answered with {}",
            last.poll.unwrap_or_default(),
            last.outcomes.join(", ")
        )
    })
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
        Some(case)
            if acts(case)
                .iter()
                .any(|(_, result, _)| *result == ActResult::Unavailable) =>
        {
            Found::new(&what, State::Untried, "its case could not use the devices")
        }
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
