//! What people do with their phones: what may be given along, and what may come of it.

use super::Compiler;
use super::scope::Scope;
use crate::ast::{self, ActExpect};
use crate::expr::Expr;
use crate::program::{Act, ActorKind, Operand};
use crate::source::Spanned;

/// What a phone can forge of an answer.
const FORGERIES: [&str; 8] = [
    "wrong_key",
    "alg_none",
    "hs256_public_key",
    "wrong_sub",
    "wrong_aud",
    "wrong_iss",
    "expired",
    "replayed",
];

/// Whose habits a phone can have.
const PLATFORMS: [&str; 2] = ["android", "ios"];

impl Compiler<'_> {
    /// Checks what an action is given, where it is known what it can use.
    pub(super) fn check_act(&self, act: &ast::Act, actor: usize, scope: &mut Scope) {
        let known: &[&str] = match (&self.actors[actor].kind, act.action.value.as_str()) {
            (ActorKind::Push { .. }, "enrol") => &["barcode_uri", "platform"],
            (ActorKind::Push { .. }, "approve") => &["oob_code", "forge", "push_of"],
            (ActorKind::Push { .. }, "reject") => &["oob_code", "forge", "push_of", "reason"],
            (ActorKind::Push { .. }, "ignore") => &["oob_code"],
            (ActorKind::Push { .. }, "code") => &["shift", "barcode_uri", "secret"],
            (ActorKind::Push { .. }, "read" | "unenrol") | (ActorKind::Messages { .. }, _) => &[],
            // Whoever stands behind an approver knows what is needed.
            _ => return,
        };
        let reader = &self.readers[scope.reader];
        for (name, value) in &act.with.given {
            if !known.contains(&name.value.as_str()) {
                let what = format!("input of `{}`", act.action.value);
                reader.unknown(
                    "E0160",
                    name.span,
                    &what,
                    &name.value,
                    known.iter().copied(),
                );
            }
            match name.value.as_str() {
                "forge" => self.check_word(name, value, "forgery", &FORGERIES, scope),
                "platform" => self.check_word(name, value, "platform", &PLATFORMS, scope),
                "shift" => self.check_shift(name, value, scope),
                _ => {}
            }
        }
    }

    /// A word of a list, where it is known before the case runs.
    fn check_word(
        &self,
        name: &Spanned<String>,
        value: &Expr,
        what: &str,
        known: &[&str],
        scope: &mut Scope,
    ) {
        if let Some(Operand::Const(serde_json::Value::String(word))) = self.operand(value, scope)
            && !known.contains(&word.as_str())
        {
            let reader = &self.readers[scope.reader];
            reader.unknown("E0105", name.span, what, &word, known.iter().copied());
        }
    }

    /// What is given with an action. Another phone is written bare, as everywhere.
    pub(super) fn given(
        &self,
        actor: usize,
        (name, value): &(Spanned<String>, Expr),
        scope: &mut Scope,
    ) -> Option<(String, Operand)> {
        let is_phone = |actor: usize| matches!(self.actors[actor].kind, ActorKind::Push { .. });
        let value = match value {
            Expr::Literal(serde_json::Value::String(other))
                if name.value == "push_of" && is_phone(actor) =>
            {
                let Some(found) = scope.actor(other).filter(|other| is_phone(*other)) else {
                    let phones = scope.actor_names(is_phone);
                    let reader = &self.readers[scope.reader];
                    reader.unknown("E0179", name.span, "phone", other, phones);
                    return None;
                };
                Operand::Const(self.actors[found].name.as_str().into())
            }
            value => self.operand(value, scope)?,
        };
        Some((name.value.clone(), value))
    }

    /// `-30s`: a duration with a sign.
    fn check_shift(&self, name: &Spanned<String>, value: &Expr, scope: &mut Scope) {
        let Some(Operand::Const(value)) = self.operand(value, scope) else {
            return;
        };
        let text = crate::template::plain(&value);
        let unsigned = text.trim_start_matches(['-', '+']);
        if crate::fields::parse_duration(unsigned).is_none() {
            let help = "write how far the phone's clock is off: `-30s`, `2m`";
            let message = format!("`shift` `{text}` is not a duration");
            self.readers[scope.reader].error_with_help("E0104", name.span, message, help);
        }
    }
}

/// Whoever reads expects something to read, unless the step says otherwise.
pub(super) fn reads(act: &Act, expect: ActExpect) -> ActExpect {
    match expect {
        ActExpect::Acknowledged if act.action == "read" => ActExpect::Something,
        other => other,
    }
}
