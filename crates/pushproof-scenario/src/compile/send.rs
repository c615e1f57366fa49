//! The wire: an operation's parts changed by `send`, and requests that a scenario writes out.

use serde_json::Value;

use super::Compiler;
use super::scope::Scope;
use crate::ast;
use crate::dialect::Operation;
use crate::expr::Expr;
use crate::program::Operand;
use crate::source::Spanned;
use crate::template::{FORM, JSON, Parts, PartsBody, PartsField, Template};

const MEDIA_TYPE: &str = "content-type";

impl Compiler<'_> {
    /// Changes what an operation sends. `None` after a problem that leaves nothing to send.
    pub(super) fn change(
        &self,
        send: &ast::Send,
        operation: &Operation,
        mut parts: Parts,
        scope: &mut Scope,
    ) -> Option<Parts> {
        if let Some(method) = &send.method {
            parts.method = self.method(method, scope)?;
        }
        if let Some(form) = &send.form {
            self.change_form(form, operation, &mut parts, scope)?;
        }
        if let Some(auth) = &send.auth {
            self.change_auth(auth, operation, &mut parts, scope)?;
        }
        self.change_fields(send, operation, &mut parts, scope)?;
        if let Some(media_type) = &send.media_type {
            let media_type = self.word(media_type, "`type`", scope)?;
            let named = (media_type != "none").then(|| Operand::Const(media_type.into()));
            set_header(&mut parts.head, MEDIA_TYPE, named);
        }
        self.change_head(&send.headers, &mut parts, scope)?;
        Some(parts)
    }

    /// A form becomes JSON, or JSON a form.
    fn change_form(
        &self,
        form: &Spanned<Expr>,
        operation: &Operation,
        parts: &mut Parts,
        scope: &mut Scope,
    ) -> Option<()> {
        let word = self.word(form, "`as`", scope)?;
        let fields = match std::mem::replace(&mut parts.body, PartsBody::None) {
            PartsBody::Form(fields) | PartsBody::Json(fields) => fields,
            PartsBody::None | PartsBody::Text(_) => Vec::new(),
        };
        let reader = &self.readers[scope.reader];
        let media_type = match word.as_str() {
            "form" => {
                if let Some(field) = fields.iter().find(|field| has_several(&field.value)) {
                    let message = format!(
                        "`{}` of `{}` is a list or an object, and a form has none",
                        field.name, operation.name
                    );
                    reader.error("E0163", form.span, message);
                }
                parts.body = PartsBody::Form(fields);
                FORM
            }
            "json" => {
                parts.body = PartsBody::Json(fields);
                JSON
            }
            other => {
                reader.unknown(
                    "E0105",
                    form.span,
                    "form of a body",
                    other,
                    ["form", "json"],
                );
                return None;
            }
        };
        set_header(
            &mut parts.head,
            MEDIA_TYPE,
            Some(Operand::Const(media_type.into())),
        );
        Some(())
    }

    /// The secret leaves the body, and goes into a header with the client's id.
    fn change_auth(
        &self,
        auth: &Spanned<Expr>,
        operation: &Operation,
        parts: &mut Parts,
        scope: &mut Scope,
    ) -> Option<()> {
        let word = self.word(auth, "`auth`", scope)?;
        let reader = &self.readers[scope.reader];
        if word != "basic" {
            reader.unknown("E0105", auth.span, "place of a secret", &word, ["basic"]);
            return None;
        }
        let mut client = None;
        if let PartsBody::Form(fields) | PartsBody::Json(fields) = &mut parts.body {
            fields.retain(|field| match field.value {
                Operand::ClientSecret(of) => {
                    client = Some(of);
                    false
                }
                _ => true,
            });
        }
        let Some(client) = client else {
            let message = format!("`{}` sends no secret of a client", operation.name);
            reader.error("E0166", auth.span, message);
            return None;
        };
        let credentials = Operand::Text(vec![
            Operand::Const("Basic ".into()),
            Operand::ClientBasic(client),
        ]);
        set_header(&mut parts.head, "authorization", Some(credentials));
        Some(())
    }

    /// Fields that are not encoded, sent twice, or not the operation's own.
    fn change_fields(
        &self,
        send: &ast::Send,
        operation: &Operation,
        parts: &mut Parts,
        scope: &mut Scope,
    ) -> Option<()> {
        let mut extra = Vec::new();
        for (name, value) in &send.extra {
            extra.push(PartsField {
                name: name.value.clone(),
                value: self.operand(value, scope)?,
                optional: false,
                raw: false,
            });
        }
        let reader = &self.readers[scope.reader];
        let is_form = matches!(parts.body, PartsBody::Form(_));
        // An input that is a part of the path is written there as it is.
        let in_path: Vec<&str> = operation
            .path
            .refs()
            .into_iter()
            .map(|name| name.value.as_str())
            .collect();
        let of_path = |name: &&Spanned<String>| in_path.contains(&name.value.as_str());
        let (path, raw): (Vec<_>, Vec<_>) = send.raw.iter().partition(of_path);
        parts.raw_path = !path.is_empty();
        let fields = match &mut parts.body {
            PartsBody::Form(fields) | PartsBody::Json(fields) => fields,
            PartsBody::None | PartsBody::Text(_) => {
                let wanted = raw.iter().copied().chain(&send.twice).next();
                let span = wanted.map(|name| name.span);
                let span = span.or_else(|| send.extra.first().map(|(name, _)| name.span));
                if let Some(span) = span {
                    let help = "add `as: form` or `as: json` to give it one";
                    let message = format!("`{}` sends no body", operation.name);
                    reader.error_with_help("E0166", span, message, help);
                }
                return Some(());
            }
        };
        if let Some(first) = raw.first().filter(|_| !is_form) {
            let help = "add `as: form`";
            let message = "only a form is percent-encoded, so only a form has `raw` fields";
            reader.error_with_help("E0166", first.span, message, help);
        }
        for name in raw.iter().copied().chain(&send.twice) {
            if !fields.iter().any(|field| field.name == name.value) {
                let known = fields.iter().map(|field| field.name.as_str());
                let what = format!("field of `{}`", operation.name);
                reader.unknown("E0160", name.span, &what, &name.value, known);
            }
        }
        let is_in = |names: &[Spanned<String>], field: &PartsField| {
            names.iter().any(|name| name.value == field.name)
        };
        let mut changed = Vec::new();
        for mut field in std::mem::take(fields) {
            field.raw = is_in(&send.raw, &field);
            let again = is_in(&send.twice, &field).then(|| field.clone());
            changed.push(field);
            changed.extend(again);
        }
        changed.extend(extra);
        *fields = changed;
        Some(())
    }

    fn change_head(
        &self,
        headers: &[(Spanned<String>, Option<Expr>)],
        parts: &mut Parts,
        scope: &mut Scope,
    ) -> Option<()> {
        for (name, value) in headers {
            let value = match value {
                Some(value) => Some(self.operand(value, scope)?),
                None => None,
            };
            set_header(&mut parts.head, &name.value.to_ascii_lowercase(), value);
        }
        Some(())
    }

    /// A request that a scenario writes out.
    pub(super) fn written_out(&self, http: &ast::Http, scope: &mut Scope) -> Option<Template> {
        let mut parts = Parts {
            method: self.method(&http.method, scope)?,
            path: self.path(&http.path, scope)?,
            raw_path: false,
            head: Vec::new(),
            body: match &http.body {
                Some(body) => PartsBody::Text(self.operand(body, scope)?),
                None => PartsBody::None,
            },
        };
        self.change_head(&http.headers, &mut parts, scope)?;
        Some(Template::new(parts))
    }

    /// What stands around references is a path already; the references are percent-encoded.
    fn path(&self, path: &Spanned<Expr>, scope: &mut Scope) -> Option<Operand> {
        let parts = match self.operand(&path.value, scope)? {
            Operand::Text(parts) => parts,
            other => vec![other],
        };
        let is_good =
            |text: &str| !text.contains(|char: char| char.is_whitespace() || char.is_control());
        let mut starts = false;
        for (at, part) in parts.iter().enumerate() {
            if let Operand::Const(Value::String(text)) = part {
                starts |= at == 0 && text.starts_with('/');
                starts &= is_good(text);
            }
        }
        if !starts {
            let help = "write it as it is sent: `/some/path?query`";
            let message = "a path begins with `/` and has no spaces";
            self.readers[scope.reader].error_with_help("E0167", path.span, message, help);
            return None;
        }
        Some(Operand::Text(parts))
    }

    fn method(&self, method: &Spanned<Expr>, scope: &mut Scope) -> Option<http::Method> {
        let word = self.word(method, "`method`", scope)?;
        let upper = !word.contains(|char: char| char.is_ascii_lowercase());
        let parsed = word.parse().ok().filter(|_| upper);
        if parsed.is_none() {
            let message = format!("`{word}` is not an HTTP method");
            let help = "methods are written in capitals: `GET`, `POST`, `DELETE`";
            self.readers[scope.reader].error_with_help("E0167", method.span, message, help);
        }
        parsed
    }

    /// A word that is known before the case runs: as it is written, or from the matrix.
    fn word(&self, word: &Spanned<Expr>, what: &str, scope: &mut Scope) -> Option<String> {
        match self.operand(&word.value, scope)? {
            Operand::Const(Value::String(word)) => Some(word),
            _ => {
                let message = format!("{what} must be a word, or a matrix value that is one");
                self.readers[scope.reader].error("E0165", word.span, message);
                None
            }
        }
    }
}

/// Whether a value is more than one.
fn has_several(operand: &Operand) -> bool {
    matches!(
        operand,
        Operand::List(_) | Operand::Map(_) | Operand::Const(Value::Array(_) | Value::Object(_))
    )
}

/// Puts a header in the place of the one of that name, or takes it away.
fn set_header(head: &mut Vec<(String, Operand)>, name: &str, value: Option<Operand>) {
    let known = head.iter().position(|(known, _)| known == name);
    match (known, value) {
        (Some(at), Some(value)) => head[at].1 = value,
        (Some(at), None) => {
            head.remove(at);
        }
        (None, Some(value)) => head.push((name.to_owned(), value)),
        (None, None) => {}
    }
}
