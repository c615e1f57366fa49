//! [`compare`]: what differs between a stored and a seen shape.

use std::collections::BTreeMap;

use crate::drift::{Change, Drift};
use crate::path::{Path, Segment};
use crate::print::{self, head};
use crate::shape::{Member, Object, Shape};
use crate::text::{Says, Text};

/// Where the seen shape goes beyond the stored one, from the top, members sorted.
///
/// Empty exactly if the stored shape covers the seen one, that is if `stored.merge(seen) == *stored`. What was stored and
/// not seen is no drift as long as the stored shape allows it: an optional member that is absent, a union of which one
/// type came.
///
/// To ask about one reply, infer it with [`Hints::of`](crate::Hints::of) the stored shape, joined with the
/// dialect's own hints.
pub fn compare(stored: &Shape, seen: &Shape) -> Vec<Drift> {
    let mut walk = Walk {
        path: Path::default(),
        drifts: Vec::new(),
    };
    walk.shapes(stored, seen);
    walk.drifts
}

struct Walk {
    path: Path,
    drifts: Vec<Drift>,
}

impl Walk {
    fn shapes(&mut self, stored: &Shape, seen: &Shape) {
        if stored.anything || seen.is_nothing() {
            return;
        }
        if seen.anything {
            return self.push(Change::BecameAnything);
        }
        if stored.is_nothing() {
            return self.push(Change::NowKnown { seen: head(seen) });
        }
        self.types(stored, seen);
        if let (Some(stored), Some(seen)) = (&stored.text, &seen.text) {
            self.texts(stored, seen);
        }
        if let (Some(stored), Some(seen)) = (&stored.array, &seen.array) {
            self.below(Segment::Each, |walk| walk.shapes(stored, seen));
        }
        if let (Some(stored), Some(seen)) = (&stored.object, &seen.object) {
            self.objects(stored, seen);
        }
    }

    fn types(&mut self, stored: &Shape, seen: &Shape) {
        let known = print::types(stored);
        let is_known = |name: &&str| match *name {
            print::INTEGER => stored.number.is_some(),
            // the two are told apart in `objects`
            print::OBJECT | print::MAP => stored.object.is_some(),
            name => known.contains(&name),
        };
        let (kept, new): (Vec<_>, Vec<_>) = print::types(seen).into_iter().partition(is_known);
        if new.is_empty() {
            return;
        }
        let (stored, seen) = (known.join(" | "), new.join(" | "));
        self.push(if kept.is_empty() {
            Change::TypeChanged { stored, seen }
        } else {
            Change::TypeAdded { stored, seen }
        });
    }

    fn texts(&mut self, stored: &Text, seen: &Text) {
        if !stored.says.covers(&seen.says) {
            let (before, now) = (print::says(&stored.says), print::says(&seen.says));
            self.push(match (&stored.says, &seen.says) {
                (Says::Constant(_), Says::Constant(_)) => Change::ConstantChanged {
                    stored: before,
                    seen: now,
                },
                (Says::Constant(_), Says::Kind(_)) => Change::ConstantWidened {
                    stored: before,
                    seen: now,
                },
                (Says::Kind(_), _) => Change::KindChanged {
                    stored: before,
                    seen: seen.says.kind().to_string(),
                },
            });
        }
        if seen.secret && !stored.secret {
            self.push(Change::BecameSecret);
        }
    }

    fn objects(&mut self, stored: &Object, seen: &Object) {
        match (stored, seen) {
            (Object::Members(stored), Object::Members(seen)) => self.members(stored, seen),
            (Object::Members(_), Object::Map(_)) => self.push(Change::BecameMap),
            (Object::Map(stored), Object::Map(seen)) => {
                self.below(Segment::Each, |walk| walk.shapes(stored, seen))
            }
            (Object::Map(stored), Object::Members(seen)) => {
                for (name, member) in seen {
                    self.below(Segment::Member(name.clone()), |walk| {
                        walk.shapes(stored, &member.shape)
                    });
                }
            }
        }
    }

    fn members(&mut self, stored: &BTreeMap<String, Member>, seen: &BTreeMap<String, Member>) {
        let mut names: Vec<&String> = stored.keys().chain(seen.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let (stored, seen) = (stored.get(name), seen.get(name));
            self.below(Segment::Member(name.clone()), |walk| {
                walk.member(stored, seen)
            });
        }
    }

    fn member(&mut self, stored: Option<&Member>, seen: Option<&Member>) {
        match (stored, seen) {
            (Some(stored), None) if stored.required => self.push(Change::MemberMissing),
            (None, Some(seen)) => {
                self.push(Change::MemberAdded {
                    seen: head(&seen.shape),
                    optional: !seen.required,
                });
            }
            (Some(stored), Some(seen)) => {
                if stored.required && !seen.required {
                    self.push(Change::BecameOptional);
                }
                self.shapes(&stored.shape, &seen.shape);
            }
            (_, None) => {}
        }
    }

    fn below(&mut self, segment: Segment, visit: impl FnOnce(&mut Self)) {
        self.path.0.push(segment);
        visit(self);
        self.path.0.pop();
    }

    fn push(&mut self, change: Change) {
        self.drifts.push(Drift {
            path: self.path.clone(),
            change,
        });
    }
}
