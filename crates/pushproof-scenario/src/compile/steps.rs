//! One step after another, fragments put in place.

use std::sync::Arc;
use std::time::Duration;

use pushproof_polling::{Cadence, Policy};

use super::Compiler;
use super::scope::{Bound, Scope};
use crate::ast::{self, Every, From, InputKind, StepKind, WaitLength as AstWait};
use crate::dialect::Outcomes;
use crate::fields::Reader;
use crate::pattern::Pattern;
use crate::program::{
    Act, Action, ActorKind, Capture, CaptureFrom, Check, Exchange, Expect, Meanwhile, Operand,
    Poll, Step, Trigger, WaitLength,
};
use crate::source::{Span, Spanned};

/// How deep fragments may use fragments.
const DEPTH_MAX: usize = 4;
/// How many actions one poll step may hold; a session keeps a bit for each.
const MEANWHILE_MAX: usize = 30;
/// What a phone can do.
const ACTIONS: [&str; 7] = [
    "enrol", "approve", "reject", "ignore", "unenrol", "read", "code",
];
/// Consecutive failures after which a poll step gives up.
const FAILURES_MAX: u32 = 3;

impl Compiler<'_> {
    pub(super) fn steps(
        &mut self,
        steps: &[ast::Step],
        scope: &mut Scope,
        prefix: &str,
        depth: usize,
    ) {
        let first = self.steps.len();
        for step in steps {
            if let Some(known) = scope.ids.insert(step.id.value.clone(), step.id.span) {
                let reader = &self.readers[scope.reader];
                let line = reader.source().place(known).line;
                let message = format!(
                    "step id `{}` is given twice, first on line {line}",
                    step.id.value
                );
                reader.error("E0170", step.id.span, message);
            }
            self.step(step, scope, prefix, depth);
            if self.steps.len() > first {
                scope
                    .steps
                    .insert(step.id.value.clone(), self.steps.len() - 1);
            }
        }
        self.controls(steps, scope);
    }

    fn step(&mut self, step: &ast::Step, scope: &mut Scope, prefix: &str, depth: usize) {
        let compiled = match &step.kind {
            StepKind::Use(used) => {
                self.used(
                    step,
                    used,
                    scope,
                    &format!("{prefix}{}/", step.id.value),
                    depth,
                );
                return;
            }
            StepKind::Call(call) => self.call(call, scope),
            StepKind::Poll(poll) => self.poll(poll, scope),
            StepKind::Wait(wait) => self.wait(wait, step, scope),
            StepKind::Device(device) => self.device(device, step, scope),
        };
        let Some((action, span)) = compiled else {
            return;
        };
        self.steps.push(Step {
            id: format!("{prefix}{}", step.id.value),
            say: step.say.clone().unwrap_or_else(|| self.says(&action)),
            source: Arc::clone(self.readers[scope.reader].source()),
            span,
            action,
            covers: step.covers.clone(),
            control: None,
        });
    }

    /// A sentence for a step without one.
    fn says(&self, action: &Action) -> String {
        match action {
            Action::Wait { why, .. } => why.clone(),
            Action::Device { act, .. } => {
                format!("{} does {}", self.actors[act.actor].name, act.action)
            }
            Action::Call { exchange, .. } => self.against.dialect.operations[exchange.operation]
                .say
                .clone(),
            Action::Poll(poll) => self.against.dialect.operations[poll.exchange.operation]
                .say
                .clone(),
        }
    }

    fn call(&mut self, call: &ast::Call, scope: &mut Scope) -> Option<(Action, Span)> {
        let exchange = self.exchange(&call.exchange, scope);
        let reader = &self.readers[scope.reader];
        let operation = self
            .against
            .dialect
            .operation(&call.exchange.operation.value)?;
        let mut outcomes = Outcomes::NONE;
        for name in &call.expect.names {
            outcomes = outcomes.with(self.outcome(reader, name, operation)?);
        }
        let expect = Expect {
            outcomes,
            any_but: call.expect.any_but,
        };
        Some((
            Action::Call {
                exchange: exchange?,
                expect,
            },
            call.expect.span,
        ))
    }

    /// An outcome that the operation can have, or a class.
    fn outcome(
        &self,
        reader: &Reader,
        name: &Spanned<String>,
        operation: usize,
    ) -> Option<Outcomes> {
        let dialect = self.against.dialect;
        let Some(outcome) = dialect.outcome(&name.value) else {
            let known = dialect
                .outcomes
                .iter()
                .map(String::as_str)
                .chain(Outcomes::CLASSES);
            reader.unknown("E0171", name.span, "outcome", &name.value, known);
            return None;
        };
        let operation = &dialect.operations[operation];
        let class = Outcomes::CLASSES.contains(&name.value.as_str());
        if !class && !operation.outcomes.meets(outcome) {
            let message = format!("`{}` cannot be `{}`", operation.name, name.value);
            let help = format!(
                "it can be: {}, or a class",
                dialect.names(operation.outcomes).join(", ")
            );
            reader.error_with_help("E0172", name.span, message, help);
        }
        Some(outcome)
    }

    fn exchange(&mut self, exchange: &ast::Exchange, scope: &mut Scope) -> Option<Exchange> {
        let dialect = Arc::clone(self.against.dialect);
        let reader = &self.readers[scope.reader];
        let Some(position) = dialect.operation(&exchange.operation.value) else {
            let known = dialect
                .operations
                .iter()
                .map(|operation| operation.name.as_str());
            reader.unknown(
                "E0173",
                exchange.operation.span,
                "operation",
                &exchange.operation.value,
                known,
            );
            return None;
        };
        let operation = &dialect.operations[position];
        let client = self.client(exchange.client.as_ref(), scope);
        let inputs = self.inputs(operation, &exchange.with, exchange.operation.span, scope);
        let checks = exchange
            .checks
            .iter()
            .filter_map(|check| self.check(check, scope))
            .collect();
        let secrets = &operation.secrets;
        let mut captures = Vec::new();
        for capture in &exchange.captures {
            captures.extend(self.capture(capture, secrets, scope));
        }
        let applies =
            |(_, always): &(usize, &crate::dialect::Always)| always.operations.contains(&position);
        Some(Exchange {
            operation: position,
            template: self.template(operation, &inputs?, client),
            checks,
            captures,
            always: dialect
                .always
                .iter()
                .enumerate()
                .filter(applies)
                .map(|(at, _)| at)
                .collect(),
            begins_transaction: false,
        })
    }

    fn check(&self, check: &ast::Check, scope: &mut Scope) -> Option<Check> {
        let matcher = check.matcher.map(&mut |expr| self.operand(expr, scope))?;
        Some(Check {
            name: check.that.to_string(),
            that: check.that.clone(),
            matcher,
            span: check.span,
            covers: check.covers.clone(),
        })
    }

    fn capture(
        &mut self,
        capture: &ast::Capture,
        secrets: &[crate::path::Path],
        scope: &mut Scope,
    ) -> Option<Capture> {
        let (from, secret) = match &capture.from {
            From::Path(path) => {
                let secret = secrets.iter().any(|secret| path.is_within(secret));
                (CaptureFrom::Path(path.clone()), secret)
            }
            From::Where {
                list,
                members,
                take,
            } => {
                let from = CaptureFrom::Where {
                    list: list.clone(),
                    members: members.clone(),
                    take: take.clone(),
                };
                (from, secrets.iter().any(|secret| secret.is_within(list)))
            }
            From::Read(_) => return None,
        };
        let slot = self.slot(&capture.name.value, secret);
        self.captured_by.insert(slot, self.steps.len());
        scope.bind_capture(
            &self.readers[scope.reader],
            &capture.name,
            Operand::Slot(slot),
        );
        Some(Capture {
            slot,
            from,
            optional: capture.optional,
        })
    }

    fn poll(&mut self, poll: &ast::Poll, scope: &mut Scope) -> Option<(Action, Span)> {
        let meanwhile: Vec<_> = poll
            .meanwhile
            .iter()
            .map(|one| self.meanwhile(one, poll, scope))
            .collect();
        let exchange = self.exchange(&poll.exchange, scope);
        let reader = &self.readers[scope.reader];
        let operation = self
            .against
            .dialect
            .operation(&poll.exchange.operation.value)?;
        let pattern = Pattern::read(reader, &poll.outcomes, &|name| {
            self.outcome(reader, name, operation)
        });
        if poll.meanwhile.len() > MEANWHILE_MAX {
            reader.error(
                "E0174",
                poll.meanwhile[MEANWHILE_MAX].span,
                format!("more than {MEANWHILE_MAX} actions in one step"),
            );
        }
        let policy = self.policy(poll);
        self.check_limits(reader, poll, &policy, pattern.as_ref()?);
        let exchange = exchange?;
        let begun_by = self.begun_by(&exchange);
        let compiled = Poll {
            exchange,
            follows_hints: poll.every == Every::Profile,
            begun_by,
            policy,
            pattern: pattern?,
            meanwhile: meanwhile.into_iter().collect::<Option<_>>()?,
            settles: poll
                .settles_within
                .as_ref()
                .map(|settles| (settles.value, settles.span)),
        };
        Some((Action::Poll(Box::new(compiled)), poll.outcomes_span))
    }

    fn policy(&self, poll: &ast::Poll) -> Policy {
        let rules = &self.against.dialect.poll;
        let (interval, cadence) = match &poll.every {
            Every::Profile => (rules.interval, Cadence::Steady),
            Every::Interval(interval) => (*interval, Cadence::Steady),
            Every::Gaps(gaps) => (rules.interval, Cadence::Gaps(gaps.clone().into())),
        };
        Policy {
            interval,
            first: rules.first,
            cadence,
            slow_down_adds: rules.slow_down_adds,
            deadline: match poll.every {
                Every::Profile => poll.give_up_after.value.min(rules.deadline),
                _ => poll.give_up_after.value,
            },
            polls_max: poll.max_polls,
            failures_max: FAILURES_MAX,
            insist: poll.insist,
            jitter_max: Duration::ZERO,
            long_poll: false,
        }
    }

    /// A limit that stops the step before its pattern can be fulfilled is a mistake of the author.
    fn check_limits(&self, reader: &Reader, poll: &ast::Poll, policy: &Policy, pattern: &Pattern) {
        let least = u32::try_from(pattern.least()).unwrap_or(u32::MAX);
        if let Some(most) = policy.polls_max.filter(|most| *most < least) {
            let message = format!(
                "`max_polls: {most}` is fewer than the {least} answers the pattern asks for"
            );
            reader.error("E0175", poll.outcomes_span, message);
        }
        let gaps = match &policy.cadence {
            Cadence::Steady => policy.interval.saturating_mul(least),
            Cadence::Gaps(gaps) => (0..least as usize)
                .filter_map(|at| gaps.get(at).or(gaps.last()))
                .sum(),
        };
        if gaps > policy.deadline {
            let message = format!(
                "the pattern needs at least {} and `give_up_after` allows {}",
                humantime::format_duration(gaps),
                humantime::format_duration(policy.deadline)
            );
            reader.error("E0176", poll.give_up_after.span, message);
        }
    }

    /// The step that gave the newest value of a poll began its transaction: its reply's interval and expiry count.
    fn begun_by(&mut self, exchange: &Exchange) -> Option<usize> {
        let slots = exchange.template.slots();
        let newest = slots
            .into_iter()
            .filter_map(|slot| self.captured_by.get(&slot))
            .max()
            .copied()?;
        let step = self.steps.get_mut(newest)?;
        if let Action::Call { exchange, .. } = &mut step.action {
            exchange.begins_transaction = true;
        }
        Some(newest)
    }

    fn meanwhile(
        &mut self,
        one: &ast::Meanwhile,
        poll: &ast::Poll,
        scope: &mut Scope,
    ) -> Option<Meanwhile> {
        let act = self.act(&one.act, scope)?;
        let trigger = match &one.trigger {
            ast::Trigger::At(time) => Trigger::At(*time),
            ast::Trigger::AfterPoll(expr) => {
                Trigger::AfterPoll(self.after_poll(expr, one, poll, scope)?)
            }
        };
        Some(Meanwhile {
            trigger,
            act,
            expect: one.expect,
            span: one.span,
            covers: one.covers.clone(),
        })
    }

    fn after_poll(
        &self,
        expr: &crate::expr::Expr,
        one: &ast::Meanwhile,
        poll: &ast::Poll,
        scope: &mut Scope,
    ) -> Option<u32> {
        let operand = self.operand(expr, scope)?;
        let number = match &operand {
            Operand::Const(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        let reader = &self.readers[scope.reader];
        if number.is_none() {
            reader.error(
                "E0177",
                one.span,
                "`after_poll` must be a whole number, or a matrix value that is one",
            );
        }
        if let (Some(after), Some(most)) = (number, poll.max_polls)
            && after >= most
        {
            let message =
                format!("the action after poll {after} comes too late: `max_polls` is {most}");
            reader.error("E0178", one.span, message);
        }
        number
    }

    fn act(&mut self, act: &ast::Act, scope: &mut Scope) -> Option<Act> {
        let reader = &self.readers[scope.reader];
        let actor = scope.actor(&act.device.value);
        let Some(actor) =
            actor.filter(|actor| matches!(self.actors[*actor].kind, ActorKind::Push { .. }))
        else {
            reader.unknown(
                "E0179",
                act.device.span,
                "device",
                &act.device.value,
                scope.actor_names(),
            );
            return None;
        };
        if !ACTIONS.contains(&act.action.value.as_str()) {
            reader.unknown(
                "E0180",
                act.action.span,
                "action",
                &act.action.value,
                ACTIONS,
            );
        }
        let with = act
            .with
            .given
            .iter()
            .map(|(name, expr)| Some((name.value.clone(), self.operand(expr, scope)?)));
        let with = with.collect::<Option<_>>()?;
        Some(Act {
            actor,
            action: act.action.value.clone(),
            with,
        })
    }

    fn device(
        &mut self,
        device: &ast::DeviceStep,
        step: &ast::Step,
        scope: &mut Scope,
    ) -> Option<(Action, Span)> {
        let act = self.act(&device.act, scope)?;
        let mut captures = Vec::new();
        for capture in &device.captures {
            let From::Read(what) = &capture.from else {
                continue;
            };
            let slot = self.slot(&capture.name.value, true);
            scope.bind_capture(
                &self.readers[scope.reader],
                &capture.name,
                Operand::Slot(slot),
            );
            captures.push((what.clone(), slot));
        }
        Some((
            Action::Device {
                act,
                expect: device.expect,
                captures,
            },
            step.span,
        ))
    }

    fn wait(&self, wait: &ast::Wait, step: &ast::Step, scope: &Scope) -> Option<(Action, Span)> {
        let length = match &wait.length {
            AstWait::For(time) => WaitLength::For(*time),
            AstWait::Past(name) => {
                let lifetimes = &self.against.dialect.lifetimes;
                if !lifetimes.contains_key(&name.value) {
                    let known = lifetimes.keys().map(String::as_str);
                    self.readers[scope.reader].unknown(
                        "E0181",
                        name.span,
                        "lifetime",
                        &name.value,
                        known,
                    );
                    return None;
                }
                WaitLength::Past(name.value.clone())
            }
        };
        Some((
            Action::Wait {
                length,
                why: wait.why.clone(),
            },
            step.span,
        ))
    }

    fn used(
        &mut self,
        step: &ast::Step,
        used: &ast::Use,
        scope: &mut Scope,
        prefix: &str,
        depth: usize,
    ) {
        let fragments = self.against.fragments;
        let reader = &self.readers[scope.reader];
        let Some(fragment) = fragments.get(&used.fragment.value) else {
            let known = fragments.keys().map(String::as_str);
            reader.unknown(
                "E0182",
                used.fragment.span,
                "fragment",
                &used.fragment.value,
                known,
            );
            return;
        };
        if depth == DEPTH_MAX {
            reader.error(
                "E0183",
                used.fragment.span,
                format!("fragments use fragments more than {DEPTH_MAX} deep"),
            );
            return;
        }
        if !step.covers.is_empty() {
            let help = "put `covers` on the fragment's step that judges, or on a later step";
            reader.error_with_help(
                "E0132",
                step.id.span,
                "`covers` on a step that uses a fragment",
                help,
            );
        }
        let mut inner = Scope::new(0);
        self.bind_inputs(fragment, used, scope, &mut inner);
        inner.reader = self.reader(&fragment.source);
        self.steps(&fragment.steps, &mut inner, prefix, depth + 1);
        self.bind_outputs(fragment, used, scope, &mut inner);
        inner.report_unused(&self.readers[inner.reader]);
    }

    fn bind_inputs(
        &self,
        fragment: &ast::Fragment,
        used: &ast::Use,
        scope: &mut Scope,
        inner: &mut Scope,
    ) {
        let reader = &self.readers[scope.reader];
        for (name, expr) in &used.with.given {
            let Some(input) = fragment
                .inputs
                .iter()
                .find(|input| input.name.value == name.value)
            else {
                let known = fragment
                    .inputs
                    .iter()
                    .map(|input| input.name.value.as_str());
                let what = format!("input of fragment `{}`", fragment.name.value);
                reader.unknown("E0160", name.span, &what, &name.value, known);
                continue;
            };
            if input.kind == InputKind::Value {
                if let Some(operand) = self.operand(expr, scope) {
                    inner.bind_input(&name.value, Bound::Value(operand));
                }
                continue;
            }
            let bare = match expr {
                crate::expr::Expr::Literal(serde_json::Value::String(bare)) => bare.as_str(),
                _ => "",
            };
            let fits = |actor: &usize| {
                matches!(self.actors[*actor].kind, ActorKind::User { .. })
                    == (input.kind == InputKind::User)
            };
            match scope.actor(bare).filter(fits) {
                Some(actor) => inner.bind_input(&name.value, Bound::Actor(actor)),
                None => {
                    let what = if input.kind == InputKind::User {
                        "user"
                    } else {
                        "device"
                    };
                    reader.unknown("E0184", name.span, what, bare, scope.actor_names());
                }
            }
        }
        for input in &fragment.inputs {
            if !used
                .with
                .given
                .iter()
                .any(|(name, _)| name.value == input.name.value)
            {
                let message = format!(
                    "fragment `{}` needs `{}`",
                    fragment.name.value, input.name.value
                );
                reader.error("E0161", used.fragment.span, message);
            }
        }
    }

    fn bind_outputs(
        &self,
        fragment: &ast::Fragment,
        used: &ast::Use,
        scope: &mut Scope,
        inner: &mut Scope,
    ) {
        let fragment_reader = &self.readers[inner.reader];
        for output in &fragment.outputs {
            if inner.output(&output.name.value).is_none() {
                let message = format!("output `{}` is never captured", output.name.value);
                fragment_reader.error("E0185", output.name.span, message);
            }
        }
        let reader = &self.readers[scope.reader];
        for (name, wanted) in &used.captures {
            let known = || {
                fragment
                    .outputs
                    .iter()
                    .map(|output| output.name.value.as_str())
            };
            let Some(output) = fragment
                .outputs
                .iter()
                .find(|output| output.name.value == wanted.value)
            else {
                let what = format!("output of fragment `{}`", fragment.name.value);
                reader.unknown("E0186", wanted.span, &what, &wanted.value, known());
                continue;
            };
            if output.optional && self.scenario.needs.is_empty() {
                let help = "name the feature that makes it present in `needs`";
                let message = format!(
                    "`{}` may be missing, and the scenario needs nothing",
                    wanted.value
                );
                reader.error_with_help("E0187", wanted.span, message, help);
            }
            if let Some(operand) = inner.output(&output.name.value) {
                scope.bind_capture(reader, name, operand);
            }
        }
    }
}
