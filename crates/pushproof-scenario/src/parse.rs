//! From a file's tree to its [`Scenario`] or [`Fragment`], with every problem in one pass. Names are checked later, by `compile`.

mod many;
mod matrix;
mod send;

use std::sync::Arc;

use serde_json::Value;

use crate::ast::{
    Act, ActExpect, Actor, ActorKind, Capture, Channel, Check, Control, DeviceStep, Every,
    Exchange, Expect, Fragment, FragmentOutput, From, Input, InputKind, Meanwhile, Poll, Scenario,
    Set, Settles, Step, StepKind, Trigger, Use, Wait, WaitLength, With,
};
use crate::covers;
use crate::diagnostic::Diagnostic;
use crate::dialect::Requirements;
use crate::dialect::read_path;
use crate::expr::{Expr, is_name};
use crate::fields::{Fields, Reader};
use crate::matcher::Matcher;
use crate::source::{Source, Spanned};
use crate::yaml::{self, Entry, Kind, Node};

/// A file of the language.
#[derive(Debug)]
pub enum File {
    /// Has `id`.
    Scenario(Scenario),
    /// Has `fragment`.
    Fragment(Fragment),
}

/// Reads a file. With problems there may still be a file, so that other checks go on.
#[must_use]
pub fn parse(source: &Arc<Source>, requirements: &Requirements) -> (Option<File>, Vec<Diagnostic>) {
    let node = match yaml::parse(source) {
        Ok(node) => node,
        Err(problem) => return (None, vec![*problem]),
    };
    let reader = Reader::new(source);
    let mut file = Parser {
        reader: &reader,
        requirements,
    }
    .file(&node);
    let problems = reader.into_problems();
    let incomplete = problems.iter().any(Diagnostic::is_error);
    match &mut file {
        Some(File::Scenario(scenario)) => scenario.incomplete = incomplete,
        Some(File::Fragment(fragment)) => fragment.incomplete = incomplete,
        None => {}
    }
    (file, problems)
}

struct Parser<'a> {
    reader: &'a Reader,
    requirements: &'a Requirements,
}

impl Parser<'_> {
    fn file(&self, node: &Node) -> Option<File> {
        let mut fields = self.reader.map(node, "the file")?;
        self.reader.format(&mut fields);
        let file = if fields.which(&["fragment"]).is_empty() {
            self.scenario(&mut fields).map(File::Scenario)
        } else {
            self.fragment(&mut fields).map(File::Fragment)
        };
        if let Some(entry) = fields.take_entry("covers") {
            let help = "put it on the step or check that judges, so that the finding has a place";
            self.reader
                .error_with_help("E0132", entry.key_span, "`covers` on a whole file", help);
        }
        fields.finish();
        file
    }

    fn scenario(&self, fields: &mut Fields<'_>) -> Option<Scenario> {
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
            actors,
            steps,
            finally,
            incomplete: false,
        })
    }

    fn fragment(&self, fields: &mut Fields<'_>) -> Option<Fragment> {
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
        let mut fields = self.reader.map(node, "an actor")?;
        let (span, given) = (fields.span(), fields.which(&["user", "device", "owner"]));
        let user = fields.take("user");
        let device = fields.take("device");
        let owner = fields.text("owner");
        fields.finish();
        match (&given[..], user, device) {
            (["user"], Some(user), _) => {
                let fresh = self.reader.word(user, "kind of user", &[("fresh", ())]);
                fresh.map(|()| ActorKind::FreshUser)
            }
            (["device"] | ["device", "owner"], _, Some(device)) => {
                match (self.reader.word(device, "kind of device", DEVICES)?, owner) {
                    (Device::Push, Some(owner)) => Some(ActorKind::Push { owner }),
                    (Device::Push, None) => {
                        if given == ["device"] {
                            self.reader.error("E0107", span, "a phone needs an `owner`");
                        }
                        None
                    }
                    (Device::Approver, owner) => Some(ActorKind::Approver { owner }),
                    (Device::Messages(channel), Some(owner)) => {
                        Some(ActorKind::Messages { channel, owner })
                    }
                    (Device::Messages(_), None) => {
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
        let kinds = [
            ("user", InputKind::User),
            ("device.push", InputKind::Device),
            ("device.approver", InputKind::Device),
            ("device.sms", InputKind::Messages),
            ("device.voice", InputKind::Messages),
            ("device.email", InputKind::Messages),
            ("text", InputKind::Value),
            ("secret", InputKind::Value),
            ("number", InputKind::Value),
        ];
        let input = |entry: &Entry| {
            self.check_name(entry);
            Some(Input {
                name: name_of(entry),
                kind: self.reader.word(&entry.value, "kind of input", &kinds)?,
            })
        };
        self.reader
            .entries(node, "`inputs`")
            .iter()
            .filter_map(input)
            .collect()
    }

    fn outputs(&self, node: &Node) -> Vec<FragmentOutput> {
        let kinds = [("text", ()), ("secret", ()), ("number", ())];
        let output = |entry: &Entry| {
            let Kind::Map(_) = entry.value.kind else {
                self.reader.word(&entry.value, "kind of output", &kinds)?;
                return Some(FragmentOutput {
                    name: name_of(entry),
                    optional: false,
                });
            };
            let mut fields = self.reader.map(&entry.value, "an output")?;
            fields
                .need("type")
                .and_then(|node| self.reader.word(node, "kind of output", &kinds));
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

    fn steps(&self, node: &Node) -> Vec<Step> {
        self.reader
            .list(node, "`steps`")
            .iter()
            .filter_map(|item| self.step(item))
            .collect()
    }

    fn step(&self, node: &Node) -> Option<Step> {
        let mut fields = self.reader.map(node, "a step")?;
        let id = fields.need_text("id");
        let say = fields.text("say").map(|say| say.value);
        let kinds = fields.which(&KINDS);
        let kind = match kinds[..] {
            ["call"] => self.sends(&mut fields, "call"),
            ["http"] => self.sends(&mut fields, "http"),
            ["together"] => self.together(&mut fields),
            ["set"] => self.set(&mut fields).map(StepKind::Set),
            ["poll"] => self.poll(&mut fields).map(StepKind::Poll),
            ["use"] => self.use_(&mut fields).map(StepKind::Use),
            ["wait"] => self.wait(&mut fields).map(StepKind::Wait),
            ["device"] => self.device(&mut fields).map(StepKind::Device),
            _ => {
                let message = match kinds.len() {
                    0 => "a step without an action".to_owned(),
                    _ => format!("a step with several actions: `{}`", kinds.join("`, `")),
                };
                let help = format!("a step has one of `{}`", KINDS.join("`, `"));
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

    fn exchange(&self, fields: &mut Fields<'_>, word: &'static str) -> Option<Exchange> {
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

    fn expect(&self, node: &Node) -> Option<Expect> {
        let span = node.span;
        if !matches!(node.kind, Kind::Map(_)) {
            let names = self.some_texts(node, "`expect`")?;
            return Some(Expect {
                names,
                any_but: false,
                span,
            });
        }
        let mut fields = self.reader.map(node, "`expect`")?;
        let names = fields.need("any_but");
        fields.finish();
        Some(Expect {
            names: self.some_texts(names?, "`any_but`")?,
            any_but: true,
            span,
        })
    }

    fn poll(&self, fields: &mut Fields<'_>) -> Option<Poll> {
        let exchange = self.exchange(fields, "poll");
        let every = fields.need("every").and_then(|node| self.every(node));
        let give_up = fields.need("give_up_after");
        let give_up_after = give_up.and_then(|node| {
            Some(Spanned::new(
                self.reader.duration(node, "`give_up_after`")?,
                node.span,
            ))
        });
        let max_polls = fields
            .take("max_polls")
            .and_then(|node| self.reader.count(node, "`max_polls`"));
        let insist = self.flag(fields, "insist");
        let outcomes = fields
            .need("outcomes")
            .and_then(|node| Some((self.some_texts(node, "`outcomes`")?, node.span)));
        let meanwhile = fields
            .take("meanwhile")
            .map(|node| self.meanwhile(node))
            .unwrap_or_default();
        let settles_within = fields
            .take("settles_within")
            .and_then(|node| self.settles(node));
        let (outcomes, outcomes_span) = outcomes?;
        Some(Poll {
            exchange: exchange?,
            every: every?,
            give_up_after: give_up_after?,
            max_polls,
            insist,
            outcomes,
            outcomes_span,
            meanwhile,
            settles_within,
        })
    }

    fn every(&self, node: &Node) -> Option<Every> {
        match &node.kind {
            Kind::List(items) => {
                let gaps = items
                    .iter()
                    .map(|item| self.reader.duration(item, "a gap"))
                    .collect::<Option<Vec<_>>>()?;
                if gaps.is_empty() {
                    self.reader
                        .error("E0103", node.span, "the list of gaps is empty");
                    return None;
                }
                Some(Every::Gaps(gaps))
            }
            Kind::Scalar { text, .. } if text == "profile" => Some(Every::Profile),
            Kind::Scalar { text, .. } if text == "server" => Some(Every::Server),
            _ => self.reader.duration(node, "`every`").map(Every::Interval),
        }
    }

    fn meanwhile(&self, node: &Node) -> Vec<Meanwhile> {
        self.reader
            .list(node, "`meanwhile`")
            .iter()
            .filter_map(|item| self.meanwhile_one(item))
            .collect()
    }

    fn meanwhile_one(&self, node: &Node) -> Option<Meanwhile> {
        let mut fields = self.reader.map(node, "an entry of `meanwhile`")?;
        let after = fields
            .take("after_poll")
            .and_then(|node| Expr::read(self.reader, node));
        let at = fields.take("at").and_then(|node| self.moment(node));
        let act = self.act(&mut fields);
        let expect = self.act_expect(&mut fields);
        let covers = covers::read(self.reader, &mut fields, self.requirements);
        fields.finish();
        let trigger = match (after, at) {
            (Some(after), None) => Trigger::AfterPoll(after),
            (None, Some(at)) => at,
            _ => {
                let help = "write `after_poll: 2` (0 is before the first), `at: 3s`, or `at: { between: [0s, 5s] }`";
                self.reader
                    .error_with_help("E0109", node.span, "an action needs one moment", help);
                return None;
            }
        };
        Some(Meanwhile {
            trigger,
            act: act?,
            expect,
            span: node.span,
            covers,
        })
    }

    /// `3s`, or `{ between: [0s, 5s] }`.
    fn moment(&self, node: &Node) -> Option<Trigger> {
        let Kind::Map(_) = node.kind else {
            return self.reader.duration(node, "`at`").map(Trigger::At);
        };
        let mut fields = self.reader.map(node, "`at`")?;
        let between = fields.need("between");
        fields.finish();
        let items = self.reader.list(between?, "`between`");
        let ends: Option<Vec<_>> = items
            .iter()
            .map(|item| self.reader.duration(item, "`between`"))
            .collect();
        match ends?[..] {
            [first, last] if first < last => Some(Trigger::Between(first, last)),
            _ => {
                let help = "write the earlier one first: `at: { between: [0s, 5s] }`";
                let message = "`between` takes two times";
                self.reader
                    .error_with_help("E0109", node.span, message, help);
                None
            }
        }
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

    fn act(&self, fields: &mut Fields<'_>) -> Option<Act> {
        let device = fields.need_text("device");
        let action = fields.need_text("do");
        let with = fields
            .take("with")
            .map(|node| self.with(node))
            .unwrap_or_default();
        Some(Act {
            device: device?,
            action: action?,
            with,
        })
    }

    fn act_expect(&self, fields: &mut Fields<'_>) -> ActExpect {
        let words = [
            ("acknowledged", ActExpect::Acknowledged),
            ("refused", ActExpect::Refused),
            ("nothing", ActExpect::Nothing),
        ];
        let Some(node) = fields.take("expect") else {
            return ActExpect::Acknowledged;
        };
        let items = self.reader.some(node, "`expect`").unwrap_or_default();
        let read: Vec<ActExpect> = items
            .into_iter()
            .filter_map(|item| self.reader.word(item, "answer to an action", &words))
            .collect();
        match read[..] {
            [one] => one,
            [] => ActExpect::Acknowledged,
            _ => ActExpect::Either,
        }
    }

    fn settles(&self, node: &Node) -> Option<Spanned<Settles>> {
        let mut fields = self.reader.map(node, "`settles_within`")?;
        let polls = fields
            .take("polls")
            .and_then(|node| self.reader.count(node, "`polls`"));
        let time = fields.duration("time");
        fields.finish();
        let settles = match (polls, time) {
            (Some(0), None) => {
                let help = "`{ polls: 1 }` is the first poll after the decision";
                let message = "a decision cannot show before anybody asks";
                self.reader
                    .error_with_help("E0109", node.span, message, help);
                return None;
            }
            (Some(polls), None) => Settles::Polls(polls),
            (None, Some(time)) => Settles::Time(time),
            _ => {
                let help = "write `{ polls: 2 }` or `{ time: 2s }`";
                self.reader.error_with_help(
                    "E0109",
                    node.span,
                    "`settles_within` needs one measure",
                    help,
                );
                return None;
            }
        };
        Some(Spanned::new(settles, node.span))
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
                let mut fields = self.reader.map(node, "`wait`")?;
                let past = fields.need_text("past");
                let told = fields
                    .take("told")
                    .and_then(|node| Expr::read(self.reader, node));
                fields.finish();
                past.map(|name| WaitLength::Past { name, told })
            }
            _ => self.reader.duration(node, "`wait`").map(WaitLength::For),
        };
        let why = fields.need_text("why");
        Some(Wait {
            length: length?,
            why: why?.value,
        })
    }

    fn device(&self, fields: &mut Fields<'_>) -> Option<DeviceStep> {
        let act = self.act(fields);
        let expect = self.act_expect(fields);
        let entries = fields
            .take("capture")
            .map(|node| self.reader.entries(node, "`capture`"))
            .unwrap_or(&[]);
        let capture = |entry: &Entry| {
            self.check_name(entry);
            let what = self.reader.text(&entry.value, "what was read")?;
            Some(Capture {
                name: name_of(entry),
                from: From::Read(what.value),
                optional: false,
            })
        };
        let captures = entries.iter().filter_map(capture).collect();
        Some(DeviceStep {
            act: act?,
            expect,
            captures,
        })
    }

    fn with(&self, node: &Node) -> With {
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
        let mut fields = self.reader.map(node, "a check")?;
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
        let mut fields = self.reader.map(&entry.value, "a capture")?;
        let optional = self.flag(&mut fields, "optional");
        let from = if fields.which(&["in"]).is_empty() {
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
        let mut fields = self.reader.map(node, "`control`")?;
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

    /// At least one text.
    fn some_texts(&self, node: &Node, what: &str) -> Option<Vec<Spanned<String>>> {
        let items = self.reader.some(node, what)?.into_iter();
        items.map(|item| self.reader.text(item, what)).collect()
    }

    fn texts(&self, node: &Node, what: &str) -> Vec<Spanned<String>> {
        let items = self.reader.one_or_many(node);
        items
            .into_iter()
            .filter_map(|item| self.reader.text(item, what))
            .collect()
    }

    fn flag(&self, fields: &mut Fields<'_>, key: &'static str) -> bool {
        let node = fields.take(key);
        node.and_then(|node| self.reader.boolean(node, &format!("`{key}`")))
            .unwrap_or(false)
    }

    /// A name that is bound must be one that `$name` can refer to.
    fn check_name(&self, entry: &Entry) {
        if !is_name(&entry.key) || entry.key.contains('.') {
            let help = "use letters, digits, `_` and `-`, and begin with a letter";
            self.reader.error_with_help(
                "E0112",
                entry.key_span,
                format!("`{}` cannot be a name", entry.key),
                help,
            );
        }
    }
}

/// The kinds of device that an actor can be.
#[derive(Clone, Copy)]
enum Device {
    Push,
    Approver,
    Messages(Channel),
}

const DEVICES: &[(&str, Device)] = &[
    ("push", Device::Push),
    ("approver", Device::Approver),
    ("sms", Device::Messages(Channel::Sms)),
    ("voice", Device::Messages(Channel::Voice)),
    ("email", Device::Messages(Channel::Email)),
];

/// What a step can do: the key that says it.
const KINDS: [&str; 8] = [
    "call", "poll", "use", "wait", "device", "together", "set", "http",
];

fn name_of(entry: &Entry) -> Spanned<String> {
    Spanned::new(entry.key.clone(), entry.key_span)
}
