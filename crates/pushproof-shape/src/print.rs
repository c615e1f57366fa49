//! `Display` of a [`Shape`]: the notation of the crate page, written the same every time.

use std::collections::BTreeMap;
use std::fmt;

use crate::path::{label, quote};
use crate::shape::{Member, Number, Object, Shape};
use crate::text::{Says, Text};

pub(crate) const INTEGER: &str = "integer";
pub(crate) const NUMBER: &str = "number";
pub(crate) const OBJECT: &str = "object";
pub(crate) const MAP: &str = "map";

const INDENT: usize = 2;

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match members_alone(self) {
            Some(members) => write_members(f, members, 0),
            None => write_entry(f, "", self, 0),
        }
    }
}

/// The members of a shape that is an object with members and nothing else: at the top it goes without a heading.
fn members_alone(shape: &Shape) -> Option<&BTreeMap<String, Member>> {
    match &shape.object {
        Some(Object::Members(members)) if !members.is_empty() && types(shape).len() == 1 => {
            Some(members)
        }
        _ => None,
    }
}

fn write_members(
    f: &mut fmt::Formatter<'_>,
    members: &BTreeMap<String, Member>,
    indent: usize,
) -> fmt::Result {
    let labels = members.iter().map(|(name, member)| {
        let optional = if member.required { "" } else { "?" };
        format!("{}{optional}:", label(name))
    });
    let labels: Vec<String> = labels.collect();
    let width = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    for (label, member) in labels.iter().zip(members.values()) {
        write_entry(f, &format!("{label:<width$} "), &member.shape, indent)?;
    }
    Ok(())
}

/// One line, and below it what the line has no room for.
fn write_entry(
    f: &mut fmt::Formatter<'_>,
    before: &str,
    shape: &Shape,
    indent: usize,
) -> fmt::Result {
    writeln!(f, "{:indent$}{before}{}", "", head(shape))?;
    write_block(f, shape, indent + INDENT)
}

fn write_block(f: &mut fmt::Formatter<'_>, shape: &Shape, indent: usize) -> fmt::Result {
    let is_apart = has_both(shape);
    if let Some(element) = &shape.array {
        if is_apart {
            write_entry(f, "- ", element, indent)?;
        } else {
            // `array of …` ends the line, so the block below it is the element's
            write_block(f, element, indent)?;
        }
    }
    match &shape.object {
        None => Ok(()),
        Some(Object::Members(members)) => write_members(f, members, indent),
        Some(Object::Map(value)) if is_apart => write_entry(f, "* ", value, indent),
        Some(Object::Map(value)) => write_block(f, value, indent),
    }
}

/// The one line that stands for a shape: all of it but what is indented.
pub(crate) fn head(shape: &Shape) -> String {
    let mut line = String::new();
    let is_apart = has_both(shape);
    for (at, name) in types(shape).into_iter().enumerate() {
        line.push_str(if at > 0 { " | " } else { "" });
        match (name, &shape.text, &shape.array, &shape.object) {
            ("string", Some(text), _, _) => write_text(&mut line, text),
            ("array", _, Some(element), _) if !is_apart => {
                line.extend(["array of ", &head(element)])
            }
            (MAP, _, _, Some(Object::Map(value))) if !is_apart => {
                line.extend(["map of ", &head(value)])
            }
            _ => line.push_str(name),
        }
    }
    line
}

/// Whether arrays and objects are both admitted: then neither may end the line.
fn has_both(shape: &Shape) -> bool {
    shape.array.is_some() && shape.object.is_some()
}

/// The names of the types that a shape admits, in the order in which they are printed.
pub(crate) fn types(shape: &Shape) -> Vec<&'static str> {
    let object = shape.object.as_ref().map(|object| match object {
        Object::Members(_) => OBJECT,
        Object::Map(_) => MAP,
    });
    let number = shape.number.map(|number| match number {
        Number::Integer => INTEGER,
        Number::Any => NUMBER,
    });
    let slots = [
        shape.anything.then_some("anything"),
        shape.is_nothing().then_some("nothing"),
        shape.null.then_some("null"),
        shape.boolean.then_some("boolean"),
        number,
        shape.text.is_some().then_some("string"),
        shape.array.is_some().then_some("array"),
        object,
    ];
    slots.into_iter().flatten().collect()
}

fn write_text(line: &mut String, text: &Text) {
    if text.secret {
        line.push_str("secret ");
    }
    line.push_str(&says(&text.says));
}

pub(crate) fn says(says: &Says) -> String {
    match says {
        Says::Constant(constant) => quote(constant),
        Says::Kind(kind) => kind.to_string(),
    }
}
