//! Fragments put in place: their inputs bound, their steps compiled, their outputs handed to the caller.

use super::scope::{Bound, Scope};
use super::{Compiler, USES_MAX};
use crate::ast::{self, InputKind};
use crate::expr::Expr;
use crate::program::{ActorKind, Operand};

/// How deep fragments may use fragments.
const DEPTH_MAX: usize = 4;

impl Compiler<'_> {
    pub(super) fn used(
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
        self.incomplete |= fragment.incomplete;
        if self.readers.len() > USES_MAX {
            if !self.incomplete {
                let message = format!("a case uses fragments more than {USES_MAX} times");
                reader.error("E0188", used.fragment.span, message);
            }
            self.incomplete = true;
            return;
        }
        let mut inner = Scope::new(0);
        if !self.bind_inputs(fragment, used, scope, &mut inner) {
            // Its steps would only repeat what is wrong with the inputs.
            return self.bind_nothing(used, scope);
        }
        inner.reader = self.reader(&fragment.source);
        self.steps(&fragment.steps, &mut inner, prefix, depth + 1);
        self.bind_outputs(fragment, used, scope, &mut inner);
        inner.report_unused(&self.readers[inner.reader]);
    }

    /// Binds a use's captures to nothing, so that later steps can be checked.
    fn bind_nothing(&self, used: &ast::Use, scope: &mut Scope) {
        let reader = &self.readers[scope.reader];
        for (name, _) in &used.captures {
            scope.bind_capture(reader, name, Operand::Const(serde_json::Value::Null));
        }
    }

    /// Whether every input is there and right.
    fn bind_inputs(
        &self,
        fragment: &ast::Fragment,
        used: &ast::Use,
        scope: &mut Scope,
        inner: &mut Scope,
    ) -> bool {
        let reader = &self.readers[scope.reader];
        let mut whole = true;
        if let Some(omitted) = used.with.omit.first() {
            reader.error("E0164", omitted.span, "`omit` belongs to `call` and `poll`");
        }
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
                match self.operand(expr, scope) {
                    Some(operand) => inner.bind_input(&name.value, Bound::Value(operand)),
                    None => whole = false,
                }
                continue;
            }
            let bare = match expr {
                Expr::Literal(serde_json::Value::String(bare)) => bare.as_str(),
                _ => "",
            };
            let fits = |actor: &usize| {
                let kind = match self.actors[*actor].kind {
                    ActorKind::User { .. } => InputKind::User,
                    ActorKind::Push { .. } | ActorKind::Approver { .. } => InputKind::Device,
                    ActorKind::Messages { .. } => InputKind::Messages,
                };
                kind == input.kind
            };
            match scope.actor(bare).filter(fits) {
                Some(actor) => inner.bind_input(&name.value, Bound::Actor(actor)),
                None => {
                    let what = if input.kind == InputKind::User {
                        "user"
                    } else {
                        "device"
                    };
                    let known = scope.actor_names(|actor| fits(&actor));
                    reader.unknown("E0184", name.span, what, bare, known);
                    whole = false;
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
                whole = false;
            }
        }
        whole
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
