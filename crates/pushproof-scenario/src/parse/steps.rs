//! Steps: what kind each is, and the kinds that send nothing themselves.

use super::{Parser, name_of};
use crate::ast::{Set, Step, StepKind, Use, Wait, WaitLength};
use crate::covers;
use crate::expr::Expr;
use crate::fields::Fields;
use crate::grammar;
use crate::yaml::{Entry, Kind, Node};

impl Parser<'_> {
    pub(super) fn steps(&self, node: &Node) -> Vec<Step> {
        self.reader
            .list(node, "`steps`")
            .iter()
            .filter_map(|item| self.step(item))
            .collect()
    }

    fn step(&self, node: &Node) -> Option<Step> {
        let mut fields = self.reader.map(node, &grammar::STEP)?;
        let id = fields.need_text("id");
        let say = fields.text("say").map(|say| say.value);
        let kinds = fields.kinds();
        if let [kind] = kinds[..] {
            fields.narrow(kind);
        }
        let kind = match kinds[..] {
            ["call"] => self.sends(&mut fields, "call"),
            ["http"] => self.sends(&mut fields, "http"),
            ["together"] => self.together(&mut fields),
            ["set"] => self.set(&mut fields).map(StepKind::Set),
            ["poll"] => self.poll(&mut fields).map(StepKind::Poll),
            ["use"] => self.use_(&mut fields).map(StepKind::Use),
            ["wait"] => self.wait(&mut fields).map(StepKind::Wait),
            ["device"] => self.device(&mut fields).map(StepKind::Device),
            // Named by a word that is nearly right: that is the mistake, and the step has no other yet.
            [] if fields.kind_is_misspelt() => return None,
            _ => {
                let message = match kinds.len() {
                    0 => "a step without an action".to_owned(),
                    _ => format!("a step with several actions: `{}`", kinds.join("`, `")),
                };
                let help = format!("a step has one of `{}`", grammar::STEP.kinds().join("`, `"));
                self.reader
                    .error_with_help("E0108", fields.span(), message, help);
                return None;
            }
        };
        let covers = covers::read(self.reader, &mut fields, self.requirements);
        fields.finish();
        Some(Step {
            id: id?,
            say,
            span: node.span,
            kind: kind?,
            covers,
        })
    }

    fn use_(&self, fields: &mut Fields<'_>) -> Option<Use> {
        let fragment = fields.need_text("use");
        let with = fields
            .take("with")
            .map(|node| self.with(node))
            .unwrap_or_default();
        let entries = fields
            .take("capture")
            .map(|node| self.reader.entries(node, "`capture`"))
            .unwrap_or(&[]);
        let capture = |entry: &Entry| {
            self.check_name(entry);
            Some((name_of(entry), self.reader.text(&entry.value, "an output")?))
        };
        let captures = entries.iter().filter_map(capture).collect();
        Some(Use {
            fragment: fragment?,
            with,
            captures,
        })
    }

    fn wait(&self, fields: &mut Fields<'_>) -> Option<Wait> {
        let node = fields.need("wait")?;
        let length = match node.kind {
            Kind::Map(_) => {
                let mut fields = self.reader.map(node, &grammar::PAST)?;
                let past = fields.text("past");
                let short_of = fields.text("short_of");
                let told = fields
                    .take("told")
                    .and_then(|node| Expr::read(self.reader, node));
                let announced = self.flag(&mut fields, "announced");
                fields.finish();
                match (past, short_of) {
                    (Some(name), None) => Some(WaitLength::Past {
                        name,
                        told,
                        announced,
                    }),
                    (None, Some(name)) if told.is_none() && !announced => {
                        Some(WaitLength::ShortOf(name))
                    }
                    _ => {
                        let help = "write `{ past: mfa_token }`, with `told` or `announced` if need be, or `{ short_of: mfa_token }`";
                        let message = "`wait` takes one end";
                        self.reader
                            .error_with_help("E0109", node.span, message, help);
                        None
                    }
                }
            }
            _ => self.reader.duration(node, "`wait`").map(WaitLength::For),
        };
        let why = fields.need_text("why");
        Some(Wait {
            length: length?,
            why: why?.value,
        })
    }

    /// Switches of the tenant.
    fn set(&self, fields: &mut Fields<'_>) -> Option<Set> {
        let node = fields.need("set")?;
        let entries = self.reader.entries(node, "`set`");
        if entries.is_empty() && matches!(node.kind, Kind::Map(_)) {
            self.reader.error("E0103", node.span, "`set` is empty");
        }
        let switch = |entry: &Entry| {
            let value = Expr::read(self.reader, &entry.value)?;
            Some((name_of(entry), value))
        };
        let switches: Option<Vec<_>> = entries.iter().map(switch).collect();
        Some(Set {
            switches: switches?,
        })
    }
}
