//! One step after another, fragments put in place.

use std::sync::Arc;

use serde_json::Value;

use super::Compiler;
use super::scope::Scope;
use crate::ast::{self, From, StepKind, WaitLength as AstWait};
use crate::dialect::Outcomes;
use crate::fields::Reader;
use crate::path::Path;
use crate::program::{
    Act, Action, Capture, CaptureFrom, Check, Exchange, Expect, Operand, Step, WaitLength,
};
use crate::source::{Span, Spanned};

impl Compiler<'_> {
    pub(super) fn steps(
        &mut self,
        steps: &[ast::Step],
        scope: &mut Scope,
        prefix: &str,
        depth: usize,
    ) {
        for step in steps {
            let first = self.steps.len();
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
            // A step that was not compiled is no control; one that uses a fragment is known by its last step.
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
        if self.steps.len() == Step::MAX {
            if !self.incomplete {
                let message = format!("a case has more than {} steps", Step::MAX);
                self.readers[scope.reader].error("E0188", step.id.span, message);
            }
            self.incomplete = true;
            return;
        }
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
    pub(super) fn outcome(
        &self,
        reader: &Reader,
        name: &Spanned<String>,
        operation: usize,
    ) -> Option<Outcomes> {
        let dialect = self.against.dialect;
        let operation = &dialect.operations[operation];
        let Some(outcome) = dialect.outcome(&name.value) else {
            let possible = dialect.names(operation.outcomes).into_iter();
            let known = possible.chain(Outcomes::CLASSES);
            reader.unknown("E0171", name.span, "outcome", &name.value, known);
            return None;
        };
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

    pub(super) fn exchange(
        &mut self,
        exchange: &ast::Exchange,
        scope: &mut Scope,
    ) -> Option<Exchange> {
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
            for capture in &exchange.captures {
                scope.bind_capture(reader, &capture.name, Operand::Const(Value::Null));
            }
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
        secrets: &[Path],
        scope: &mut Scope,
    ) -> Option<Capture> {
        // What is below a secret is one, and what holds one must be kept like one.
        let holds_secret = |path: &Path| {
            let mut secrets = secrets.iter();
            secrets.any(|secret| path.is_within(secret) || secret.is_within(path))
        };
        let (from, secret) = match &capture.from {
            From::Path(path) => (CaptureFrom::Path(path.clone()), holds_secret(path)),
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
                (from, holds_secret(list))
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

    pub(super) fn act(&mut self, act: &ast::Act, scope: &mut Scope) -> Option<Act> {
        let reader = &self.readers[scope.reader];
        let actor = scope.actor(&act.device.value);
        let is_device = |actor: &usize| !self.actors[*actor].kind.actions().is_empty();
        let Some(actor) = actor.filter(is_device) else {
            reader.unknown(
                "E0179",
                act.device.span,
                "device",
                &act.device.value,
                scope.actor_names(|actor| is_device(&actor)),
            );
            return None;
        };
        if let Some(omitted) = act.with.omit.first() {
            reader.error("E0164", omitted.span, "`omit` belongs to `call` and `poll`");
        }
        let actions = self.actors[actor].kind.actions();
        if !actions.contains(&act.action.value.as_str()) {
            reader.unknown(
                "E0180",
                act.action.span,
                "action",
                &act.action.value,
                actions.iter().copied(),
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

    fn wait(
        &self,
        wait: &ast::Wait,
        step: &ast::Step,
        scope: &mut Scope,
    ) -> Option<(Action, Span)> {
        if !step.covers.is_empty() {
            let help = "put `covers` on the step that asks after the wait";
            let message = "`covers` on a step that judges nothing";
            self.readers[scope.reader].error_with_help("E0132", step.id.span, message, help);
        }
        let length = match &wait.length {
            AstWait::For(time) => WaitLength::For(*time),
            AstWait::Past { name, told } => {
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
                let told = match told {
                    Some(told) => Some(self.operand(told, scope)?),
                    None => None,
                };
                let name = name.value.clone();
                WaitLength::Past { name, told }
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
}
