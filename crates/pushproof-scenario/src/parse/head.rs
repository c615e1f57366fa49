//! The head of a file: what a scenario and a fragment are before their steps.

use std::sync::Arc;

use super::{Parser, name_of};
use crate::ast::{Actor, ActorKind, Fragment, FragmentOutput, Input, Scenario};
use crate::fields::Fields;
use crate::grammar::{self, DeviceKind};
use crate::yaml::{Entry, Kind, Node};

impl Parser<'_> {
    pub(super) fn scenario(&self, fields: &mut Fields<'_>) -> Option<Scenario> {
        let id = fields.need_text("id");
        let title = fields.need_text("title");
        let tags = fields
            .texts("tags")
            .into_iter()
            .map(|tag| tag.value)
            .collect();
        let needs = fields.texts("needs");
        let (matrix, exclude) = fields
            .take("matrix")
            .map(|node| self.matrix(node))
            .unwrap_or_default();
        let repeat = fields.take("repeat").and_then(|node| self.repeat(node));
        let alone = self.flag(fields, "alone");
        let actors = fields
            .take("actors")
            .map(|node| self.actors(node))
            .unwrap_or_default();
        let steps = fields
            .need("steps")
            .map(|node| self.steps(node))
            .unwrap_or_default();
        let finally = fields
            .take("finally")
            .map(|node| self.steps(node))
            .unwrap_or_default();
        let source = Arc::clone(self.reader.source());
        Some(Scenario {
            source,
            id: id?,
            title: title?.value,
            tags,
            needs,
            matrix,
            exclude,
            repeat,
            alone,
            actors,
            steps,
            finally,
            incomplete: false,
        })
    }

    pub(super) fn fragment(&self, fields: &mut Fields<'_>) -> Option<Fragment> {
        let name = fields.need_text("fragment");
        let inputs = fields
            .take("inputs")
            .map(|node| self.inputs(node))
            .unwrap_or_default();
        let outputs = fields
            .take("outputs")
            .map(|node| self.outputs(node))
            .unwrap_or_default();
        let steps = fields
            .need("steps")
            .map(|node| self.steps(node))
            .unwrap_or_default();
        Some(Fragment {
            source: Arc::clone(self.reader.source()),
            name: name?,
            inputs,
            outputs,
            steps,
            incomplete: false,
        })
    }

    fn actors(&self, node: &Node) -> Vec<Actor> {
        let actor = |entry: &Entry| {
            self.check_name(entry);
            Some(Actor {
                name: name_of(entry),
                kind: self.actor(&entry.value)?,
            })
        };
        self.reader
            .entries(node, "`actors`")
            .iter()
            .filter_map(actor)
            .collect()
    }

    fn actor(&self, node: &Node) -> Option<ActorKind> {
        let mut fields = self.reader.map(node, &grammar::ACTOR)?;
        let (span, given) = (fields.span(), fields.which(&["user", "device", "owner"]));
        let user = fields.take("user");
        let device = fields.take("device");
        let owner = fields.text("owner");
        fields.finish();
        match (&given[..], user, device) {
            (["user"], Some(user), _) => {
                let fresh = self.reader.word(user, "kind of user", &grammar::USERS);
                fresh.map(|()| ActorKind::FreshUser)
            }
            (["device"] | ["device", "owner"], _, Some(device)) => {
                match (
                    self.reader
                        .word(device, "kind of device", &grammar::DEVICES)?,
                    owner,
                ) {
                    (DeviceKind::Push, Some(owner)) => Some(ActorKind::Push { owner }),
                    (DeviceKind::Push, None) => {
                        if given == ["device"] {
                            self.reader.error("E0107", span, "a phone needs an `owner`");
                        }
                        None
                    }
                    (DeviceKind::Approver, owner) => Some(ActorKind::Approver { owner }),
                    (DeviceKind::Messages(channel), Some(owner)) => {
                        Some(ActorKind::Messages { channel, owner })
                    }
                    (DeviceKind::Messages(_), None) => {
                        if given == ["device"] {
                            let message = "messages need an `owner`, who receives them";
                            self.reader.error("E0107", span, message);
                        }
                        None
                    }
                }
            }
            _ => {
                let help =
                    "a person is `{ user: fresh }`, a phone is `{ device: push, owner: NAME }`";
                let message = "this is neither a person nor a phone";
                self.reader.error_with_help("E0107", span, message, help);
                None
            }
        }
    }

    fn inputs(&self, node: &Node) -> Vec<Input> {
        let input = |entry: &Entry| {
            self.check_name(entry);
            Some(Input {
                name: name_of(entry),
                kind: self
                    .reader
                    .word(&entry.value, "kind of input", &grammar::INPUT_KINDS)?,
            })
        };
        self.reader
            .entries(node, "`inputs`")
            .iter()
            .filter_map(input)
            .collect()
    }

    fn outputs(&self, node: &Node) -> Vec<FragmentOutput> {
        let output = |entry: &Entry| {
            let Kind::Map(_) = entry.value.kind else {
                self.reader
                    .word(&entry.value, "kind of output", &grammar::OUTPUT_KINDS)?;
                return Some(FragmentOutput {
                    name: name_of(entry),
                    optional: false,
                });
            };
            let mut fields = self.reader.map(&entry.value, &grammar::OUTPUT)?;
            fields.need("type").and_then(|node| {
                self.reader
                    .word(node, "kind of output", &grammar::OUTPUT_KINDS)
            });
            let optional = self.flag(&mut fields, "optional");
            fields.finish();
            Some(FragmentOutput {
                name: name_of(entry),
                optional,
            })
        };
        self.reader
            .entries(node, "`outputs`")
            .iter()
            .filter_map(output)
            .collect()
    }
}
