//! One step after another, fragments put in place.

use std::sync::Arc;

use serde_json::Value;

use super::Compiler;
use super::acts::reads;
use super::control::asks;
use super::scope::Scope;
use crate::ast::{self, From, StepKind, WaitLength as AstWait};
use crate::dialect::{Operation, Outcomes, WRITTEN_OUT};
use crate::fields::Reader;
use crate::path::Path;
use crate::program::{
    Act, Action, Capture, CaptureFrom, Check, Exchange, Expect, Operand, Step, WaitLength,
};
use crate::source::{Span, Spanned};
use crate::template::Template;

impl Compiler<'_> {
    pub(super) fn steps(
        &mut self,
        steps: &[ast::Step],
        scope: &mut Scope,
        prefix: &str,
        depth: usize,
    ) {
        for step in steps {
            self.numbered(step, scope, prefix, depth);
        }
        self.controls(steps, scope);
    }

    /// A step whose id nobody else has.
    pub(super) fn numbered(
        &mut self,
        step: &ast::Step,
        scope: &mut Scope,
        prefix: &str,
        depth: usize,
    ) {
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
            StepKind::Together(calls) => {
                if !step.covers.is_empty() {
                    let help = "put `covers` on the calls that judge";
                    let message = "`covers` on a step that only sends others together";
                    self.readers[scope.reader].error_with_help(
                        "E0132",
                        step.id.span,
                        message,
                        help,
                    );
                }
                return self.together(calls, scope, prefix, depth);
            }
            StepKind::Call(call) => self.call(call, scope),
            StepKind::AtOnce(several) => self.at_once(several, scope),
            StepKind::Set(set) => self.set(set, step, scope),
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
            say: step.say.clone().unwrap_or_else(|| self.says(step, &action)),
            source: Arc::clone(self.readers[scope.reader].source()),
            span,
            action,
            covers: step.covers.clone(),
            control: None,
            beside: 0,
        });
    }

    /// A sentence for a step without one.
    fn says(&self, step: &ast::Step, action: &Action) -> String {
        if let Some(http) = asks(step).and_then(|exchange| exchange.http.as_ref()) {
            return http.why.clone();
        }
        match action {
            Action::Wait { why, .. } => why.clone(),
            Action::Device { act, .. } => {
                format!("{} does {}", self.actors[act.actor].name, act.action)
            }
            Action::Set { switches } => {
                let one = |(name, value): &(String, Value)| format!("{name}: {value}");
                let switches: Vec<String> = switches.iter().map(one).collect();
                format!("the tenant's switches are set: {}", switches.join(", "))
            }
            Action::Call { .. } | Action::AtOnce(_) | Action::Poll(_) => {
                let exchange = action.exchange().expect("each of these sends something");
                let operation = &self.against.dialect.operations[exchange.operation];
                operation.say.clone()
            }
        }
    }

    fn call(&mut self, call: &ast::Call, scope: &mut Scope) -> Option<(Action, Span)> {
        let exchange = self.exchange(&call.exchange, scope);
        let reader = &self.readers[scope.reader];
        let operation = self.operation(&call.exchange)?;
        let expect = self.expectation(reader, &call.expect, operation)?;
        Some((
            Action::Call {
                exchange: exchange?,
                expect,
            },
            call.expect.span,
        ))
    }

    /// The position of the operation that is called; what a scenario writes out has one of its own.
    pub(super) fn operation(&self, exchange: &ast::Exchange) -> Option<usize> {
        let name = exchange.operation.value.as_str();
        let meant = (name == WRITTEN_OUT) == exchange.http.is_some();
        self.against.dialect.operation(name).filter(|_| meant)
    }

    /// What a reply must be.
    pub(super) fn expectation(
        &self,
        reader: &Reader,
        expect: &ast::Expect,
        operation: usize,
    ) -> Option<Expect> {
        let mut outcomes = Outcomes::NONE;
        for name in &expect.names {
            outcomes = outcomes.with(self.outcome(reader, name, operation)?);
        }
        Some(Expect {
            outcomes,
            any_but: expect.any_but,
        })
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
        let Some(position) = self.operation(exchange) else {
            let known = dialect.operation_names();
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
        let template = match &exchange.http {
            Some(http) => self.written_out(http, scope),
            None => self.operation_template(operation, exchange, scope),
        };
        let shape = exchange.shape.as_ref();
        let shape = shape.map(|shape| self.shape(shape, scope));
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
            template: template?,
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
            shape,
        })
    }

    /// An operation's call, with the inputs of the step and what it changes on the wire.
    fn operation_template(
        &self,
        operation: &Operation,
        exchange: &ast::Exchange,
        scope: &mut Scope,
    ) -> Option<Template> {
        let client = self.client(exchange.client.as_ref(), scope);
        let inputs = self.inputs(operation, &exchange.with, exchange.operation.span, scope);
        let Some(send) = &exchange.send else {
            return Some(Template::new(self.parts(operation, &inputs?, client)));
        };
        // What is wrong with it is told in any case.
        let whole = inputs.is_some();
        let parts = self.parts(operation, &inputs.unwrap_or_default(), client);
        let parts = self.change(send, operation, parts, scope)?;
        whole.then(|| Template::new(parts))
    }

    /// A shape's name is a file's name.
    fn shape(&self, shape: &Spanned<String>, scope: &Scope) -> String {
        let is_part = |char: char| char.is_ascii_alphanumeric() || "._-+".contains(char);
        let good = shape
            .value
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(is_part));
        if !good {
            let help = "a shape is called `<operation>/<outcome>`, and may have a `.<variant>`";
            let message = format!("`{}` cannot be the name of a shape", shape.value);
            self.readers[scope.reader].error_with_help("E0168", shape.span, message, help);
        }
        shape.value.clone()
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
                    members: members
                        .iter()
                        .map(|(name, value)| Some((name.clone(), self.operand(value, scope)?)))
                        .collect::<Option<_>>()?,
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
        self.check_act(act, actor, scope);
        let reader = &self.readers[scope.reader];
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
        let given = act.with.given.iter();
        let with = given.map(|given| self.given(actor, given, scope));
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
                expect: reads(&act, device.expect),
                act,
                captures,
            },
            step.span,
        ))
    }

    /// Switches of the tenant. What they are called is the tenant's business.
    fn set(&self, set: &ast::Set, step: &ast::Step, scope: &mut Scope) -> Option<(Action, Span)> {
        if !step.covers.is_empty() {
            let help = "put `covers` on the step that sees what the switch does";
            let message = "`covers` on a step that judges nothing";
            self.readers[scope.reader].error_with_help("E0132", step.id.span, message, help);
        }
        let mut switches = Vec::new();
        for (name, value) in &set.switches {
            self.check_switch(name, scope);
            match self.operand(value, scope)? {
                Operand::Const(value) => switches.push((name.value.clone(), value)),
                _ => {
                    let message = format!(
                        "`{}` must be set to a value, or to one of the matrix",
                        name.value
                    );
                    self.readers[scope.reader].error("E0165", name.span, message);
                    return None;
                }
            }
        }
        Some((Action::Set { switches }, step.span))
    }

    /// A switch is a feature of the target, `switch.NAME`, and the scenario needs it.
    fn check_switch(&self, name: &Spanned<String>, scope: &Scope) {
        let reader = &self.readers[scope.reader];
        let features = self.against.dialect.features.iter();
        let known = features.filter_map(|feature| feature.strip_prefix("switch."));
        let known: Vec<&str> = known.collect();
        if !known.contains(&name.value.as_str()) {
            reader.unknown("E0169", name.span, "switch", &name.value, known);
            return;
        }
        let feature = format!("switch.{}", name.value);
        if !self.scenario.needs.iter().any(|need| need.value == feature) {
            let help = format!("add `needs: [{feature}]`");
            let message = format!("`{}` is set, and the scenario does not need it", name.value);
            reader.error_with_help("E0169", name.span, message, help);
        }
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
            AstWait::Past {
                name,
                told,
                announced,
            } => {
                self.check_lifetime(name, scope)?;
                let told = match told {
                    Some(told) => Some(self.operand(told, scope)?),
                    None => None,
                };
                let name = name.value.clone();
                WaitLength::Past {
                    name,
                    told,
                    announced: *announced,
                }
            }
            AstWait::ShortOf(name) => {
                self.check_lifetime(name, scope)?;
                WaitLength::ShortOf(name.value.clone())
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

    /// Nothing if the dialect has no such lifetime.
    fn check_lifetime(&self, name: &Spanned<String>, scope: &Scope) -> Option<()> {
        let lifetimes = &self.against.dialect.lifetimes;
        if lifetimes.contains_key(&name.value) {
            return Some(());
        }
        let known = lifetimes.keys().map(String::as_str);
        self.readers[scope.reader].unknown("E0181", name.span, "lifetime", &name.value, known);
        None
    }
}
