//! Controls: a refusal means something only if nearly the same request is accepted.

use pushproof_report::Level;

use super::Compiler;
use super::scope::Scope;
use crate::ast::{self, StepKind};
use crate::dialect::Outcomes;
use crate::source::Spanned;

impl Compiler<'_> {
    /// Ties the steps of one file to their controls. Done last: a control may stand later in the file.
    pub(super) fn controls(&mut self, steps: &[ast::Step], scope: &Scope) {
        let all: Vec<&ast::Step> = steps.iter().flat_map(flat).collect();
        let steps = &all[..];
        for step in steps {
            let Some(exchange) = asks(step) else {
                continue;
            };
            match &exchange.control {
                Some(control) => self.control(step, exchange, control, steps, scope),
                None => self.wants_control(step, scope),
            }
        }
    }

    fn control(
        &mut self,
        step: &ast::Step,
        exchange: &ast::Exchange,
        control: &ast::Control,
        steps: &[&ast::Step],
        scope: &Scope,
    ) {
        let reader = &self.readers[scope.reader];
        let named = steps
            .iter()
            .copied()
            .find(|other| other.id.value == control.step.value);
        let Some(named) = named else {
            let known = steps.iter().map(|step| step.id.value.as_str());
            let name = &control.step.value;
            reader.unknown("E0190", control.step.span, "step", name, known);
            return;
        };
        let Some(other) = asks(named) else {
            let message = format!("control `{}` asks nothing", control.step.value);
            let help = "a control is a `call` or a `poll` of the same file";
            reader.error_with_help("E0190", control.step.span, message, help);
            return;
        };
        if named.id.span == step.id.span || self.is_negative(named) {
            let message = format!("control `{}` is not accepted itself", control.step.value);
            let help = "a control is nearly the same request, and it is accepted";
            reader.error_with_help("E0194", control.step.span, message, help);
            return;
        }
        if other.operation.value != exchange.operation.value {
            let message = format!("control `{}` calls another operation", control.step.value);
            let help = format!(
                "a control is a `{}` that is accepted",
                exchange.operation.value
            );
            reader.error_with_help("E0191", control.step.span, message, help);
        }
        self.check_differs_in(exchange, control, scope);
        for name in differences(exchange, other) {
            if !control
                .differs_in
                .iter()
                .any(|declared| declared.value == name)
            {
                let message = format!("control `{}` also differs in `{name}`", control.step.value);
                let help = "add it to `differs_in`, or make the two requests more alike";
                reader.error_with_help("E0192", control.step.span, message, help);
            }
        }
        let (this, that) = (
            scope.steps.get(&step.id.value),
            scope.steps.get(&control.step.value),
        );
        if let (Some(this), Some(that)) = (this, that) {
            self.steps[*this].control = Some(*that);
        }
    }

    /// What a control may differ in are inputs of the operation, or the client.
    fn check_differs_in(&self, exchange: &ast::Exchange, control: &ast::Control, scope: &Scope) {
        let dialect = self.against.dialect;
        let Some(operation) = dialect.operation(&exchange.operation.value) else {
            return;
        };
        let operation = &dialect.operations[operation];
        let known: Vec<&str> = operation
            .inputs()
            .into_keys()
            .chain(["client", "send"])
            .collect();
        for name in &control.differs_in {
            if !known.contains(&name.value.as_str()) {
                let what = format!("input of `{}`", operation.name);
                let known = known.iter().copied();
                self.readers[scope.reader].unknown("E0160", name.span, &what, &name.value, known);
            }
        }
    }

    /// Whether a step wants a refusal, or anything but a success.
    fn is_negative(&self, step: &ast::Step) -> bool {
        let StepKind::Call(call) = &step.kind else {
            return false;
        };
        let refused = |name: &Spanned<String>| {
            self.against.dialect.outcome(&name.value) == Some(Outcomes::REFUSED)
        };
        let names = &call.expect.names;
        call.expect.any_but
            || names.iter().any(refused) && !names.iter().any(|name| self.is_success(name))
    }

    /// Whether an outcome can be a success by its status.
    fn is_success(&self, name: &Spanned<String>) -> bool {
        let outcomes = self.against.dialect.outcome(&name.value);
        let mut named = outcomes.unwrap_or_default().positions();
        named.any(|position| {
            let outcome = self.against.profile.outcomes.get(position);
            let outcome = outcome.and_then(Option::as_ref);
            let mut forms = outcome.iter().flat_map(|outcome| &outcome.alternatives);
            forms.any(|form| {
                form.statuses
                    .iter()
                    .any(|status| (200..300).contains(status))
            })
        })
    }

    /// A check that something is refused, without a control, would also hold for an endpoint that refuses everything.
    fn wants_control(&self, step: &ast::Step, scope: &Scope) {
        let StepKind::Call(call) = &step.kind else {
            return;
        };
        let Some(strongest) = Level::strongest(step.covers.iter().map(|cover| cover.level)) else {
            return;
        };
        if !self.is_negative(step) {
            return;
        }
        let reader = &self.readers[scope.reader];
        let message = format!("`{}` judges a refusal without a control", step.id.value);
        let help =
            "add `control: { step: ID, differs_in: [inputs] }` with the request that is accepted";
        if strongest == Level::Must {
            reader.error_with_help("E0193", call.expect.span, message, help);
        } else {
            reader.warn("W0193", call.expect.span, message, help);
        }
    }
}

/// A step, or those that it sends together.
fn flat(step: &ast::Step) -> Vec<&ast::Step> {
    match &step.kind {
        StepKind::Together(calls) => calls.iter().collect(),
        _ => vec![step],
    }
}

/// What a step asks for, if it asks for something.
pub(super) const fn asks(step: &ast::Step) -> Option<&ast::Exchange> {
    match &step.kind {
        StepKind::Call(call) => Some(&call.exchange),
        StepKind::AtOnce(several) => Some(&several.exchange),
        StepKind::Poll(poll) => Some(&poll.exchange),
        StepKind::Together(_)
        | StepKind::Use(_)
        | StepKind::Wait(_)
        | StepKind::Device(_)
        | StepKind::Set(_) => None,
    }
}

/// The inputs in which two requests of one operation differ.
fn differences(one: &ast::Exchange, other: &ast::Exchange) -> Vec<String> {
    let value = |exchange: &ast::Exchange, name: &str| {
        exchange
            .with
            .given
            .iter()
            .find(|(given, _)| given.value == name)
            .map(|(_, expr)| without_places(expr))
    };
    let names = one
        .with
        .given
        .iter()
        .chain(&other.with.given)
        .map(|(name, _)| name.value.clone());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names.retain(|name| value(one, name) != value(other, name));
    let client =
        |exchange: &ast::Exchange| exchange.client.as_ref().map(|client| client.value.clone());
    if client(one) != client(other) {
        names.push("client".to_owned());
    }
    let sent = |exchange: &ast::Exchange| exchange.send.as_deref().map(wire);
    if sent(one) != sent(other) {
        names.push("send".to_owned());
    }
    names
}

/// What is changed on the wire, as text that does not depend on where it is written.
fn wire(send: &ast::Send) -> String {
    let word = |word: &Option<Spanned<crate::expr::Expr>>| {
        word.as_ref().map(|word| without_places(&word.value))
    };
    let fields = |fields: &[Spanned<String>]| {
        let names = fields.iter().map(|field| field.value.clone());
        names.collect::<Vec<_>>()
    };
    let header = |(name, value): &(Spanned<String>, Option<crate::expr::Expr>)| {
        (name.value.clone(), value.as_ref().map(without_places))
    };
    let extra = |(name, value): &(Spanned<String>, crate::expr::Expr)| {
        (name.value.clone(), without_places(value))
    };
    let words = [&send.form, &send.media_type, &send.method].map(word);
    let headers: Vec<_> = send.headers.iter().map(header).collect();
    let extra: Vec<_> = send.extra.iter().map(extra).collect();
    let (raw, twice) = (fields(&send.raw), fields(&send.twice));
    format!("{words:?} {headers:?} {raw:?} {twice:?} {extra:?}")
}

/// The value as text that does not depend on where it is written.
fn without_places(expr: &crate::expr::Expr) -> String {
    use crate::expr::{Expr, Part};
    match expr {
        Expr::Literal(value) => value.to_string(),
        Expr::Ref(name) => format!("${}", name.value),
        Expr::Text(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Ref(name) => format!("${{{}}}", name.value),
            })
            .collect(),
        Expr::List(items) => items
            .iter()
            .map(without_places)
            .collect::<Vec<_>>()
            .join(","),
        Expr::Map(members) => members
            .iter()
            .map(|(name, value)| format!("{name}:{}", without_places(value)))
            .collect::<Vec<_>>()
            .join(","),
        Expr::Altered(inner, at) => format!("altered {at:?} {}", without_places(inner)),
    }
}
