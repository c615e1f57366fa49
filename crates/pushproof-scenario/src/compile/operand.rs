//! From written values to operands: a step's own, and a dialect's with the step's put in.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Compiler;
use super::scope::Scope;
use crate::ast::With;
use crate::dialect::{BASE_URL, Body, Field, Operation};
use crate::expr::{Expr, Part, alter};
use crate::program::{CLIENTS, Operand};
use crate::source::{Span, Spanned};
use crate::template::{FORM, JSON, Parts, PartsBody, PartsField};

/// A step's inputs, resolved.
pub(super) type Inputs = BTreeMap<String, Operand>;

impl Compiler<'_> {
    /// A value of a step.
    pub(super) fn operand(&self, expr: &Expr, scope: &mut Scope) -> Option<Operand> {
        let reader = &self.readers[scope.reader];
        let mut resolve = |name: &Spanned<String>| scope.resolve(reader, name, &self.actors);
        build(expr, &mut resolve)
    }

    /// The inputs of a call, checked against what the operation asks for.
    pub(super) fn inputs(
        &self,
        operation: &Operation,
        with: &With,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Inputs> {
        let known = operation.inputs();
        let mut inputs = Inputs::new();
        let mut whole = true;
        for (name, value) in &with.given {
            if known.contains_key(name.value.as_str()) {
                match self.operand(value, scope) {
                    Some(operand) => {
                        self.check_single(operation, name, &operand, scope);
                        inputs.insert(name.value.clone(), operand);
                    }
                    None => whole = false,
                }
            } else {
                let what = format!("input of `{}`", operation.name);
                self.readers[scope.reader].unknown(
                    "E0160",
                    name.span,
                    &what,
                    &name.value,
                    known.keys().copied(),
                );
                whole = false;
            }
        }
        for name in &with.omit {
            self.check_omitted(operation, with, name, scope);
            if !known.contains_key(name.value.as_str()) {
                let what = format!("input of `{}`", operation.name);
                self.readers[scope.reader].unknown(
                    "E0160",
                    name.span,
                    &what,
                    &name.value,
                    known.keys().copied(),
                );
            }
        }
        for (name, optional) in known {
            let omitted = with.omit.iter().any(|omitted| omitted.value == name);
            if let (Some(value), false) = (self.against.dialect.given.get(name), omitted) {
                let value = || Operand::Const(value.as_str().into());
                inputs.entry(name.to_owned()).or_insert_with(value);
                continue;
            }
            if !optional && !omitted && !with.given.iter().any(|(given, _)| given.value == name) {
                let help =
                    format!("give it in `with`, or leave it out on purpose with `omit: [{name}]`");
                let message = format!("`{}` needs `{name}`", operation.name);
                self.readers[scope.reader].error_with_help("E0161", span, message, help);
                whole = false;
            }
        }
        whole.then_some(inputs)
    }

    /// Only JSON has lists and objects.
    fn check_single(
        &self,
        operation: &Operation,
        name: &Spanned<String>,
        operand: &Operand,
        scope: &Scope,
    ) {
        let several = matches!(
            operand,
            Operand::List(_) | Operand::Map(_) | Operand::Const(Value::Array(_) | Value::Object(_))
        );
        let is_named = |expr: &Expr| expr.refs().iter().any(|known| known.value == name.value);
        let outside = is_named(&operation.path) || operation.bearer.as_ref().is_some_and(is_named);
        if several && (outside || !matches!(operation.body, Body::Json(_))) {
            let message = format!(
                "`{}` of `{}` must be a single value",
                name.value, operation.name
            );
            self.readers[scope.reader].error("E0163", name.span, message);
        }
    }

    /// An input is either given or left out, and a path cannot be left out.
    fn check_omitted(
        &self,
        operation: &Operation,
        with: &With,
        name: &Spanned<String>,
        scope: &Scope,
    ) {
        let reader = &self.readers[scope.reader];
        if with
            .given
            .iter()
            .any(|(given, _)| given.value == name.value)
        {
            let message = format!("`{}` is both given and left out", name.value);
            reader.error("E0164", name.span, message);
        }
        let path = operation.path.refs();
        if path.iter().any(|known| known.value == name.value) {
            let message = format!(
                "`{}` is a part of the path and cannot be left out",
                name.value
            );
            reader.error("E0164", name.span, message);
        }
    }

    /// What an operation sends, with the step's inputs put in; what is omitted is not sent.
    pub(super) fn parts(&self, operation: &Operation, inputs: &Inputs, client: usize) -> Parts {
        let fields = |fields: &[Field]| -> Vec<PartsField> {
            fields
                .iter()
                .filter_map(|field| parts_field(field, inputs, client))
                .collect()
        };
        let (body, media_type) = match &operation.body {
            Body::None => (PartsBody::None, None),
            Body::Form(all) => (PartsBody::Form(fields(all)), Some(FORM)),
            Body::Json(all) => (PartsBody::Json(fields(all)), Some(JSON)),
        };
        let bearer = operation.bearer.as_ref();
        let bearer = bearer.and_then(|bearer| substitute(bearer, inputs, client));
        let bearer = bearer.map(|bearer| {
            let scheme = Operand::Const("Bearer ".into());
            (
                "authorization".to_owned(),
                Operand::Text(vec![scheme, bearer]),
            )
        });
        let media_type = media_type.map(|media_type| {
            let value = Operand::Const(media_type.into());
            ("content-type".to_owned(), value)
        });
        Parts {
            method: operation.method.clone(),
            path: substitute(&operation.path, inputs, client)
                .unwrap_or(Operand::Const(Value::String(String::new()))),
            raw_path: false,
            head: bearer.into_iter().chain(media_type).collect(),
            body,
        }
    }

    /// The position of the client that a step names.
    pub(super) fn client(&self, name: Option<&Spanned<String>>, scope: &Scope) -> usize {
        let Some(name) = name else { return 0 };
        let found = CLIENTS
            .iter()
            .position(|client| *client == name.value)
            .filter(|at| *at > 0);
        found.unwrap_or_else(|| {
            self.readers[scope.reader].unknown(
                "E0162",
                name.span,
                "client",
                &name.value,
                CLIENTS[1..].iter().copied(),
            );
            0
        })
    }
}

fn parts_field(field: &Field, inputs: &Inputs, client: usize) -> Option<PartsField> {
    let value = substitute(&field.value, inputs, client)?;
    Some(PartsField {
        name: field.name.clone(),
        value,
        optional: field.optional,
        raw: false,
    })
}

/// A dialect's value with inputs put in; `None` if an input is not given.
fn substitute(expr: &Expr, inputs: &Inputs, client: usize) -> Option<Operand> {
    build(expr, &mut |name| match name.value.as_str() {
        "client.id" => Some(Operand::ClientId(client)),
        "client.secret" => Some(Operand::ClientSecret(client)),
        BASE_URL => Some(Operand::BaseUrl),
        input => inputs.get(input).cloned(),
    })
}

fn build(
    expr: &Expr,
    resolve: &mut dyn FnMut(&Spanned<String>) -> Option<Operand>,
) -> Option<Operand> {
    Some(match expr {
        Expr::Literal(value) => Operand::Const(value.clone()),
        Expr::Ref(name) => resolve(name)?,
        Expr::Text(parts) => {
            let part = |part: &Part| match part {
                Part::Literal(text) => Some(Operand::Const(text.as_str().into())),
                Part::Ref(name) => resolve(name),
            };
            Operand::Text(parts.iter().map(part).collect::<Option<_>>()?)
        }
        Expr::List(items) => Operand::List(
            items
                .iter()
                .map(|item| build(item, resolve))
                .collect::<Option<_>>()?,
        ),
        Expr::Map(members) => Operand::Map(
            members
                .iter()
                .map(|(name, value)| Some((name.clone(), build(value, resolve)?)))
                .collect::<Option<_>>()?,
        ),
        Expr::Altered(inner, at) => match build(inner, resolve)? {
            Operand::Const(Value::String(text)) => Operand::Const(alter(&text, *at).into()),
            other => Operand::Altered(Box::new(other), *at),
        },
    })
}
