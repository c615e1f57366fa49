//! [`Hints`]: what the caller knows about places and a reply does not say.

use std::collections::BTreeMap;

use crate::path::{Cut, split};
use crate::shape::{Object, Shape};
use crate::text::Says;

/// What is known about places: which hold secrets, which tell variants apart, where member names are data.
///
/// A place is a dotted pattern as [`Path`](crate::Path) prints it: `recovery_codes`, `challenge.*.type`. A `*` stands
/// for any member or element, a number for an element, a last `**` for the place and all below it; a name that is not a plain
/// word may be quoted as JSON. The empty pattern is the reply itself. Patterns that fit
/// nothing do nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    root: Node,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    here: Claims,
    below: Claims,
    members: BTreeMap<String, Self>,
    /// Elements of an array.
    element: Option<Box<Self>>,
    /// Values of a map.
    value: Option<Box<Self>>,
    /// Members and elements.
    any: Option<Box<Self>>,
}

/// What is claimed of one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Strings here are secret.
    pub(crate) secret: bool,
    /// Strings here are kept as constants, unless secret.
    pub(crate) discriminating: bool,
    /// Member names here are data.
    pub(crate) map: bool,
    /// Nothing is to be said about this place.
    pub(crate) opaque: bool,
}

impl Claims {
    fn join(self, other: Self) -> Self {
        Self {
            secret: self.secret || other.secret,
            discriminating: self.discriminating || other.discriminating,
            map: self.map || other.map,
            opaque: self.opaque || other.opaque,
        }
    }
}

impl Hints {
    /// Nothing is known.
    pub fn none() -> Self {
        Self::default()
    }

    /// All strings at the place and below it are secrets: only their [`Kind`](crate::Kind) appears. Objects there are
    /// maps, because a member name could be a secret too. Wins over [`Hints::discriminating`].
    #[must_use]
    pub fn secret(mut self, pattern: &str) -> Self {
        self.root.claim_below(
            pattern,
            Claims {
                secret: true,
                map: true,
                ..Claims::default()
            },
        );
        self
    }

    /// Strings at the place tell variants apart: their values appear in the shape as constants.
    #[must_use]
    pub fn discriminating(mut self, pattern: &str) -> Self {
        self.root.claim(
            pattern,
            Claims {
                discriminating: true,
                ..Claims::default()
            },
        );
        self
    }

    /// Member names at the place are data, such as user ids: an object there is a map.
    #[must_use]
    pub fn map(mut self, pattern: &str) -> Self {
        self.root.claim(
            pattern,
            Claims {
                map: true,
                ..Claims::default()
            },
        );
        self
    }

    /// Nothing is said about the place: its shape is `anything`.
    #[must_use]
    pub fn anything(mut self, pattern: &str) -> Self {
        self.root.claim(
            pattern,
            Claims {
                opaque: true,
                ..Claims::default()
            },
        );
        self
    }

    /// The hints that a stored shape contains: its constants discriminate, its secrets are secret, its maps are maps.
    ///
    /// With these, a reply is looked at as the shape looks at it. Join them with the dialect's own by [`Hints::and`].
    pub fn of(shape: &Shape) -> Self {
        Self {
            root: Node::of(shape),
        }
    }

    /// What either knows.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.root.join(other.root);
        self
    }

    pub(crate) fn start(&self) -> Cursor<'_> {
        Cursor {
            nodes: vec![&self.root],
            inherited: self.root.below,
        }
    }
}

impl Node {
    fn claim(&mut self, pattern: &str, claims: Claims) {
        let (node, with_below) = self.reach(pattern);
        node.here = node.here.join(claims);
        if with_below {
            node.below = node.below.join(claims);
        }
    }

    fn claim_below(&mut self, pattern: &str, claims: Claims) {
        let (node, _) = self.reach(pattern);
        node.here = node.here.join(claims);
        node.below = node.below.join(claims);
    }

    /// The node of a pattern, made if it is not there, and whether the pattern ended in `**`.
    fn reach(&mut self, pattern: &str) -> (&mut Self, bool) {
        let mut cuts = split(pattern);
        let with_below = cuts.last() == Some(&Cut::Bare("**".to_owned()));
        if with_below {
            cuts.pop();
        }
        let node = cuts.into_iter().fold(self, |node, cut| match cut {
            Cut::Bare(star) if star == "*" => node.any.get_or_insert_default(),
            Cut::Bare(number) if is_number(&number) => node.element.get_or_insert_default(),
            Cut::Bare(name) | Cut::Name(name) => node.members.entry(name).or_default(),
        });
        (node, with_below)
    }

    fn of(shape: &Shape) -> Self {
        let text = shape.text.as_ref();
        let mut node = Self {
            here: Claims {
                secret: text.is_some_and(|text| text.secret),
                discriminating: text.is_some_and(|text| matches!(text.says, Says::Constant(_))),
                map: matches!(shape.object, Some(Object::Map(_))),
                opaque: shape.anything,
            },
            element: shape
                .array
                .as_ref()
                .map(|element| Box::new(Self::of(element))),
            ..Self::default()
        };
        match &shape.object {
            None => {}
            Some(Object::Map(value)) => node.value = Some(Box::new(Self::of(value))),
            Some(Object::Members(members)) => {
                node.members = members
                    .iter()
                    .map(|(name, member)| (name.clone(), Self::of(&member.shape)))
                    .collect();
            }
        }
        node
    }

    fn join(&mut self, other: Self) {
        self.here = self.here.join(other.here);
        self.below = self.below.join(other.below);
        for (name, node) in other.members {
            self.members.entry(name).or_default().join(node);
        }
        for (mine, theirs) in [
            (&mut self.element, other.element),
            (&mut self.value, other.value),
            (&mut self.any, other.any),
        ] {
            if let Some(node) = theirs {
                mine.get_or_insert_default().join(*node);
            }
        }
    }
}

/// Where the patterns stand while a reply is walked.
pub(crate) struct Cursor<'h> {
    nodes: Vec<&'h Node>,
    inherited: Claims,
}

impl<'h> Cursor<'h> {
    pub(crate) fn claims(&self) -> Claims {
        self.nodes
            .iter()
            .fold(self.inherited, |claims, node| claims.join(node.here))
    }

    pub(crate) fn element(&self) -> Self {
        self.step(|node| [node.element.as_deref(), None])
    }

    pub(crate) fn member(&self, name: &str) -> Self {
        self.step(|node| [node.members.get(name), node.value.as_deref()])
    }

    fn step(&self, next: impl Fn(&'h Node) -> [Option<&'h Node>; 2]) -> Self {
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .flat_map(|node| next(node).into_iter().chain([node.any.as_deref()]))
            .flatten()
            .collect();
        let inherited = nodes
            .iter()
            .fold(self.inherited, |claims, node| claims.join(node.below));
        Self { nodes, inherited }
    }
}

fn is_number(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}
