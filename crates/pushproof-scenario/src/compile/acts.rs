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

impl Compiler<'_> {
    /// Checks what an action is given, where it is known what it can use.
    pub(super) fn check_act(&self, act: &ast::Act, actor: usize, scope: &mut Scope) {
        let known: &[&str] = match (&self.actors[actor].kind, act.action.value.as_str()) {
            (ActorKind::Push { .. }, "enrol") => &["barcode_uri"],
            (ActorKind::Push { .. }, "approve") => &["oob_code", "forge"],
            (ActorKind::Push { .. }, "reject") => &["oob_code", "forge", "reason"],
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
                "forge" => self.check_forgery(name, value, scope),
                "shift" => self.check_shift(name, value, scope),
                _ => {}
            }
        }
    }

    fn check_forgery(&self, name: &Spanned<String>, value: &Expr, scope: &mut Scope) {
        if let Some(Operand::Const(serde_json::Value::String(forgery))) = self.operand(value, scope)
            && !FORGERIES.contains(&forgery.as_str())
        {
            let reader = &self.readers[scope.reader];
            reader.unknown("E0105", name.span, "forgery", &forgery, FORGERIES);
        }
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
