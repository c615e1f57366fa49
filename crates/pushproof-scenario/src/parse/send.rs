//! The wire: what `send` changes, and requests written out by `http`.

use super::{Parser, name_of};
use crate::ast::{Http, Send};
use crate::expr::Expr;
use crate::fields::Fields;
use crate::grammar;
use crate::source::Spanned;
use crate::yaml::{Entry, Node};

impl Parser<'_> {
    pub(super) fn send(&self, node: &Node) -> Option<Send> {
        let mut fields = self.reader.map(node, &grammar::SEND)?;
        let keys: Vec<&str> = grammar::SEND.keys().map(|key| key.name).collect();
        if fields.which(&keys).is_empty() {
            let help = format!("it may have `{}`", keys.join("`, `"));
            self.reader
                .error_with_help("E0103", node.span, "`send` is empty", help);
        }
        let send = Send {
            span: node.span,
            form: self.sent(&mut fields, "as"),
            media_type: self.sent(&mut fields, "type"),
            headers: fields
                .take("headers")
                .map(|node| self.headers(node))
                .unwrap_or_default(),
            raw: fields.texts("raw"),
            twice: fields.texts("twice"),
            extra: fields
                .take("extra")
                .map(|node| self.extra(node))
                .unwrap_or_default(),
            method: self.sent(&mut fields, "method"),
            auth: self.sent(&mut fields, "auth"),
        };
        fields.finish();
        Some(send)
    }

    /// A value that a matrix may give.
    fn sent(&self, fields: &mut Fields<'_>, key: &'static str) -> Option<Spanned<Expr>> {
        let node = fields.take(key)?;
        Some(Spanned::new(Expr::read(self.reader, node)?, node.span))
    }

    /// Names and values; a value that is nothing takes the header away.
    fn headers(&self, node: &Node) -> Vec<(Spanned<String>, Option<Expr>)> {
        let header = |entry: &Entry| {
            if entry.key.parse::<http::HeaderName>().is_err() {
                let message = format!("`{}` cannot be the name of a header", entry.key);
                self.reader.error("E0112", entry.key_span, message);
                return None;
            }
            let value = match entry.value.to_json() {
                serde_json::Value::Null => None,
                _ => Some(Expr::read_sent(self.reader, &entry.value)?),
            };
            Some((name_of(entry), value))
        };
        self.reader
            .entries(node, "`headers`")
            .iter()
            .filter_map(header)
            .collect()
    }

    fn extra(&self, node: &Node) -> Vec<(Spanned<String>, Expr)> {
        let field = |entry: &Entry| {
            let value = Expr::read_sent(self.reader, &entry.value)?;
            Some((name_of(entry), value))
        };
        self.reader
            .entries(node, "`extra`")
            .iter()
            .filter_map(field)
            .collect()
    }

    /// A request written out, and the name that stands for it where an operation's would stand.
    pub(super) fn http(&self, fields: &mut Fields<'_>) -> Option<(Spanned<String>, Http)> {
        for key in fields.which(&["with", "send", "client"]) {
            let message = format!("`{key}` belongs to an operation, and `http` has none");
            let help = "write headers and body out";
            self.reader
                .error_with_help("E0118", fields.span(), message, help);
        }
        let why = fields.need_text("why");
        let entry = fields.take_entry("http")?;
        let mut inner = self.reader.map(&entry.value, &grammar::HTTP)?;
        let method = self.needed(&mut inner, "method");
        let path = self.needed(&mut inner, "path");
        let headers = inner
            .take("headers")
            .map(|node| self.headers(node))
            .unwrap_or_default();
        let body = inner
            .take("body")
            .and_then(|node| Expr::read_sent(self.reader, node));
        inner.finish();
        let http = Http {
            method: method?,
            path: path?,
            headers,
            body,
            why: why?.value,
        };
        let name = crate::dialect::WRITTEN_OUT.to_owned();
        Some((Spanned::new(name, entry.key_span), http))
    }

    fn needed(&self, fields: &mut Fields<'_>, key: &'static str) -> Option<Spanned<Expr>> {
        let node = fields.need(key)?;
        Some(Spanned::new(Expr::read(self.reader, node)?, node.span))
    }
}
