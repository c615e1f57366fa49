//! One exchange: what is given, what is expected of the reply, what is checked and kept.

use serde_json::Value;

use super::{Parser, name_of};
use crate::ast::{Capture, Check, Control, Exchange, Expect, From, With};
use crate::covers;
use crate::dialect::read_path;
use crate::expr::Expr;
use crate::fields::Fields;
use crate::grammar;
use crate::matcher::Matcher;
use crate::yaml::{Entry, Kind, Node};

impl Parser<'_> {
    pub(super) fn exchange(&self, fields: &mut Fields<'_>, word: &'static str) -> Option<Exchange> {
        let (operation, http) = if word == "http" {
            let (name, http) = self.http(fields)?;
            (Some(name), Some(Box::new(http)))
        } else {
            (fields.need_text(word), None)
        };
        let send = fields
            .take("send")
            .and_then(|node| self.send(node))
            .map(Box::new);
        let shape = fields.text("shape");
        let with = fields
            .take("with")
            .map(|node| self.with(node))
            .unwrap_or_default();
        let client = fields.text("client");
        let checks = fields
            .take("check")
            .map(|node| self.checks(node))
            .unwrap_or_default();
        let captures = fields
            .take("capture")
            .map(|node| self.captures(node))
            .unwrap_or_default();
        let control = fields.take("control").and_then(|node| self.control(node));
        Some(Exchange {
            operation: operation?,
            http,
            send,
            shape,
            with,
            client,
            checks,
            captures,
            control,
        })
    }

    pub(super) fn expect(&self, node: &Node) -> Option<Expect> {
        let span = node.span;
        if !matches!(node.kind, Kind::Map(_)) {
            let names = self.some_texts(node, "`expect`")?;
            return Some(Expect {
                names,
                any_but: false,
                span,
            });
        }
        let mut fields = self.reader.map(node, &grammar::EXPECT)?;
        let names = fields.need("any_but");
        fields.finish();
        Some(Expect {
            names: self.some_texts(names?, "`any_but`")?,
            any_but: true,
            span,
        })
    }

    pub(super) fn with(&self, node: &Node) -> With {
        let mut with = With::default();
        for entry in self.reader.entries(node, "`with`") {
            if entry.key == "omit" {
                with.omit = self.texts(&entry.value, "`omit`");
            } else {
                // A value that could not be read is given all the same.
                let value = Expr::read_sent(self.reader, &entry.value);
                let value = value.unwrap_or(Expr::Literal(Value::Null));
                with.given.push((name_of(entry), value));
            }
        }
        with
    }

    fn checks(&self, node: &Node) -> Vec<Check> {
        self.reader
            .list(node, "`check`")
            .iter()
            .filter_map(|item| self.check(item))
            .collect()
    }

    fn check(&self, node: &Node) -> Option<Check> {
        let mut fields = self.reader.map(node, &grammar::CHECK)?;
        let that = fields.need_text("that");
        let matcher = Matcher::read(self.reader, &mut fields);
        let covers = covers::read(self.reader, &mut fields, self.requirements);
        fields.finish();
        Some(Check {
            that: read_path(self.reader, &that?)?,
            matcher: matcher?,
            span: node.span,
            covers,
        })
    }

    fn captures(&self, node: &Node) -> Vec<Capture> {
        self.reader
            .entries(node, "`capture`")
            .iter()
            .filter_map(|entry| self.capture(entry))
            .collect()
    }

    fn capture(&self, entry: &Entry) -> Option<Capture> {
        self.check_name(entry);
        let name = name_of(entry);
        let Kind::Map(_) = entry.value.kind else {
            let text = self.reader.text(&entry.value, "a capture")?;
            return Some(Capture {
                name,
                from: From::Path(read_path(self.reader, &text)?),
                optional: false,
            });
        };
        let mut fields = self.reader.map(&entry.value, &grammar::CAPTURE)?;
        let is_from = fields.which(&["in"]).is_empty();
        fields.narrow(if is_from { "from" } else { "in" });
        let optional = self.flag(&mut fields, "optional");
        let from = if is_from {
            fields
                .need_text("from")
                .and_then(|text| read_path(self.reader, &text))
                .map(From::Path)
        } else {
            let list = fields
                .need_text("in")
                .and_then(|text| read_path(self.reader, &text));
            let members = fields
                .need("where")
                .map(|node| self.reader.entries(node, "`where`"))
                .unwrap_or(&[]);
            let member = |entry: &Entry| {
                let value = Expr::read(self.reader, &entry.value)?;
                Some((entry.key.clone(), value))
            };
            let members = members.iter().filter_map(member).collect();
            let take = fields
                .need_text("take")
                .map(|take| take.value.split('.').map(str::to_owned).collect());
            list.zip(take).map(|(list, take)| From::Where {
                list,
                members,
                take,
            })
        };
        fields.finish();
        Some(Capture {
            name,
            from: from?,
            optional,
        })
    }

    fn control(&self, node: &Node) -> Option<Control> {
        let mut fields = self.reader.map(node, &grammar::CONTROL)?;
        let step = fields.need_text("step");
        let differs_in = fields
            .need("differs_in")
            .map(|node| self.texts(node, "`differs_in`"))
            .unwrap_or_default();
        fields.finish();
        Some(Control {
            step: step?,
            differs_in,
        })
    }
}
