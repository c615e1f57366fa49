//! The names a file can refer to. A fragment has a scope of its own: it never sees its caller's names.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::fields::Reader;
use crate::program::{Actor, ActorKind, Operand};
use crate::source::{Span, Spanned};

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    Value(Operand),
    Actor(usize),
}

#[derive(Debug)]
pub(super) struct Scope {
    /// The file's reader, for its problems.
    pub(super) reader: usize,
    names: BTreeMap<String, Bound>,
    /// Captures of this file and where they are written, until they are used.
    unused: BTreeMap<String, Span>,
    /// Steps of this file by id: their positions in the program.
    pub(super) steps: BTreeMap<String, usize>,
    /// Ids given so far, with their places.
    pub(super) ids: BTreeMap<String, Span>,
    params: BTreeMap<String, Span>,
    params_used: BTreeSet<String>,
}

impl Scope {
    pub(super) fn new(reader: usize) -> Self {
        Self {
            reader,
            names: BTreeMap::new(),
            unused: BTreeMap::new(),
            steps: BTreeMap::new(),
            ids: BTreeMap::new(),
            params: BTreeMap::new(),
            params_used: BTreeSet::new(),
        }
    }

    pub(super) fn bind_param(&mut self, name: &Spanned<String>, value: Value) {
        let Spanned { value: name, span } = name;
        self.params.insert(name.clone(), *span);
        self.names
            .insert(format!("param.{name}"), Bound::Value(Operand::Const(value)));
    }

    pub(super) fn bind_actor(&mut self, name: &str, actor: usize) {
        self.names.insert(name.to_owned(), Bound::Actor(actor));
    }

    pub(super) fn bind_input(&mut self, name: &str, value: Bound) {
        self.names.insert(name.to_owned(), value);
    }

    /// Binds a captured value. A name stands for one value in a file.
    pub(super) fn bind_capture(
        &mut self,
        reader: &Reader,
        name: &Spanned<String>,
        operand: Operand,
    ) {
        if self
            .names
            .insert(name.value.clone(), Bound::Value(operand))
            .is_some()
        {
            let help = "give the second value a name of its own";
            reader.error_with_help(
                "E0153",
                name.span,
                format!("name `{}` is bound twice", name.value),
                help,
            );
        }
        self.unused.insert(name.value.clone(), name.span);
    }

    /// What a reference stands for: a captured value, a parameter, or an actor's member such as `$alice.username`.
    pub(super) fn resolve(
        &mut self,
        reader: &Reader,
        name: &Spanned<String>,
        actors: &[Actor],
    ) -> Option<Operand> {
        self.unused.remove(&name.value);
        if let Some(param) = name.value.strip_prefix("param.") {
            self.params_used.insert(param.to_owned());
        }
        if let Some(Bound::Value(operand)) = self.names.get(&name.value) {
            return Some(operand.clone());
        }
        if let Some((actor, member)) = name.value.split_once('.')
            && let Some(Bound::Actor(actor)) = self.names.get(actor)
        {
            return member_of(reader, name, &actors[*actor], member);
        }
        let bound: Vec<String> = self.values(actors);
        reader.unknown(
            "E0154",
            name.span,
            "name",
            &name.value,
            bound.iter().map(String::as_str),
        );
        None
    }

    /// Finds an actor by its bare name.
    pub(super) fn actor(&self, name: &str) -> Option<usize> {
        match self.names.get(name) {
            Some(Bound::Actor(actor)) => Some(*actor),
            _ => None,
        }
    }

    /// The names of the actors that fit, for messages.
    pub(super) fn actor_names(&self, fits: impl Fn(usize) -> bool) -> Vec<&str> {
        let names = self.names.iter().filter_map(|(name, bound)| match bound {
            Bound::Actor(actor) if fits(*actor) => Some(name.as_str()),
            Bound::Actor(_) | Bound::Value(_) => None,
        });
        names.collect()
    }

    /// A captured value by name, for a fragment's outputs.
    pub(super) fn output(&mut self, name: &str) -> Option<Operand> {
        self.unused.remove(name);
        match self.names.get(name) {
            Some(Bound::Value(operand)) => Some(operand.clone()),
            _ => None,
        }
    }

    /// Warns of what was written and never used.
    pub(super) fn report_unused(&self, reader: &Reader) {
        for (name, span) in &self.unused {
            reader.warn(
                "W0155",
                *span,
                format!("`{name}` is captured and never used"),
                "remove it, or use it in a later step",
            );
        }
        for (param, span) in &self.params {
            if !self.params_used.contains(param) {
                let message = format!("matrix list `{param}` is never used");
                reader.warn(
                    "W0156",
                    *span,
                    message,
                    format!("refer to it as `$param.{param}`"),
                );
            }
        }
    }

    /// What `$name` may be; a phone has no values.
    fn values(&self, actors: &[Actor]) -> Vec<String> {
        let mut names = Vec::new();
        for (name, bound) in &self.names {
            match bound {
                Bound::Value(_) => names.push(name.clone()),
                Bound::Actor(actor) => {
                    if let ActorKind::User { .. } = actors[*actor].kind {
                        names.extend(MEMBERS.map(|member| format!("{name}.{member}")));
                    }
                }
            }
        }
        names
    }
}

/// The values of a person.
const MEMBERS: [&str; 4] = ["username", "password", "email", "phone"];

fn member_of(
    reader: &Reader,
    name: &Spanned<String>,
    actor: &Actor,
    member: &str,
) -> Option<Operand> {
    let ActorKind::User {
        username,
        password,
        email,
        phone,
    } = actor.kind
    else {
        let help = "a phone has no values; name it in `device:`";
        reader.error_with_help(
            "E0154",
            name.span,
            format!("`{}` is a phone", actor.name),
            help,
        );
        return None;
    };
    let slot = match member {
        "username" => username,
        "password" => password,
        "email" => email,
        "phone" => phone,
        _ => {
            reader.unknown("E0154", name.span, "member", member, MEMBERS);
            return None;
        }
    };
    Some(Operand::Slot(slot))
}
