//! JSON Schemas for editors, made from the tables by which files are read. Start at [`schema`].
//!
//! They are of draft 7, which the YAML language servers in use know best. A map that can be several things is a chain of `if` and `then`, told
//! apart as the parser tells it apart, so that an editor reports and completes one of them and not the mistakes of all. What a schema cannot
//! say (references, regular expressions, what `check` finds by compiling) it lets pass; what it refuses, `check` refuses too. The one
//! exception is a duration of `0` without a unit, for which an editor asks.
//!
//! `errorMessage` and `enumDescriptions` are not of JSON Schema, but what editors show; validators pass over them.

mod facts;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use self::facts::Facts;
use crate::grammar::{Fact, Key, Map, Names, Others, Rule, Shape, Variants};

/// The names that `$name` can refer to.
const OWN_NAME: &str = "^[A-Za-z_][A-Za-z0-9_-]*$";

/// The texts that are durations, as `humantime` reads them.
const DURATION: &str = "^ *(0|([0-9]+ *(nanos|nsec|ns|usec|us|µs|millis|msec|ms|seconds|second|secs|sec|s|minutes|minute|mins|min|m|hours|hour|hrs|hr|h|days|day|d|weeks|week|wks|wk|w|months|month|M|years|year|yrs|yr|y) *)+)$";

/// The schema of a file: of its outermost map, and of all that can stand in it.
///
/// Names of a dialect, where `facts` knows them, are listed, so that an editor completes and explains them; otherwise any name passes.
#[must_use]
pub fn schema(root: &'static Map, facts: &Facts) -> Value {
    let mut writer = Writer {
        facts,
        definitions: BTreeMap::new(),
        maps: BTreeMap::new(),
    };
    let reference = writer.map(root);
    let title = match &facts.dialect {
        Some(dialect) => format!("pushproof {}, dialect {dialect}", root.name),
        None => format!("pushproof {}", root.name),
    };
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Made by `pushproof schema`; do not edit.",
        "title": title,
        "description": root.says,
        "allOf": [reference],
        "definitions": writer.definitions,
    })
}

struct Writer<'a> {
    facts: &'a Facts,
    definitions: BTreeMap<String, Value>,
    maps: BTreeMap<&'static str, &'static Map>,
}

impl Writer<'_> {
    /// A reference to what is defined once.
    fn define(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.definitions.contains_key(name) {
            // A map may hold itself: its name is taken before it is written.
            self.definitions.insert(name.to_owned(), Value::Null);
            let made = make(self);
            self.definitions.insert(name.to_owned(), made);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    fn map(&mut self, map: &'static Map) -> Value {
        let first = *self.maps.entry(map.name).or_insert(map);
        assert!(
            std::ptr::eq(first, map),
            "two tables have the name `{}`",
            map.name
        );
        self.define(map.name, |writer| writer.variants(map))
    }

    /// What a map is, decided as the parser decides it; the last branch is for a map of which that is not known yet.
    fn variants(&mut self, map: &'static Map) -> Value {
        let mut chain = self.closed(map);
        let (Variants::ByKey(kinds) | Variants::ByWord(_, kinds)) = map.variants else {
            return chain;
        };
        for (kind, variant) in kinds.iter().rev() {
            let condition = match map.variants {
                Variants::ByWord(key, _) => {
                    json!({ "properties": { key: { "const": kind } }, "required": [key] })
                }
                Variants::ByKey(_) | Variants::None => json!({ "required": [kind] }),
            };
            let then = self.map(variant);
            chain = json!({ "if": condition, "then": then, "else": chain });
        }
        chain["description"] = map.says.into();
        chain
    }

    /// A map with its own keys and no others.
    fn closed(&mut self, map: &'static Map) -> Value {
        let never: Vec<&str> = map.rules.iter().flat_map(never).copied().collect();
        let keys: Vec<&'static Key> = map
            .keys()
            .filter(|key| !never.contains(&key.name))
            .collect();
        let mut properties = serde_json::Map::new();
        for key in &keys {
            properties.insert(key.name.to_owned(), self.key(key));
        }
        let needed = keys.iter().filter(|key| key.needed).map(|key| key.name);
        let needed: Vec<&str> = needed.collect();
        let mut schema = json!({
            "type": "object",
            "description": map.says,
            "properties": properties,
            "additionalProperties": false,
            "errorMessage": format!("Write a map here. {}", map.says),
        });
        if !needed.is_empty() {
            schema["required"] = needed.into();
        }
        if let Some(others) = &map.others {
            self.others(&mut schema, others);
        }
        rules(&mut schema, map.rules);
        let given: Vec<Value> = keys.iter().filter_map(|key| self.given(key)).collect();
        if !given.is_empty() {
            schema["allOf"] = given.into();
        }
        schema
    }

    /// Keys that are the author's or the dialect's names.
    fn others(&mut self, schema: &mut Value, others: &Others) {
        let shape = self.shape(others.shape);
        match others.names {
            Names::Of(fact) if !self.facts.names(fact).is_empty() => {
                for (name, says) in self.facts.names(fact) {
                    schema["properties"][name] = said(shape.clone(), says);
                }
            }
            Names::Any | Names::Of(_) => schema["additionalProperties"] = shape,
            Names::Own => schema["patternProperties"] = json!({ OWN_NAME: shape }),
        }
    }

    fn key(&mut self, key: &Key) -> Value {
        said(self.shape(&key.shape), key.says)
    }

    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Value => json!({}),
            Shape::Text => self.define(
                "text",
                |_| json!({ "type": ["string", "number", "boolean"] }),
            ),
            Shape::Like(pattern, example) => json!({
                "type": "string",
                "pattern": pattern,
                "errorMessage": format!("Such a value looks like this: {example}"),
            }),
            Shape::Fixed(number) => json!({ "const": number }),
            Shape::Duration => self.define("duration", |_| duration()),
            Shape::Count(least, most) => count(*least, *most),
            Shape::Number => json!({
                "type": ["number", "string"],
                "pattern": r"^\$",
                "errorMessage": "Write a number, or refer to one: $name",
            }),
            Shape::Boolean => json!({ "type": "boolean" }),
            Shape::True => json!({ "const": true }),
            Shape::Word(words) => {
                let words = words.words();
                one_of(words.iter().map(|(word, says)| (*word, *says)))
            }
            Shape::Name(fact) => self.name(*fact),
            Shape::List(item) => json!({ "type": "array", "items": self.shape(item) }),
            Shape::Several(least, item) => self.several(*least, item),
            Shape::OneOrMany(item) => {
                let (one, many) = (self.shape(item), self.several(0, item));
                json!({ "anyOf": [one, many] })
            }
            // Anything, but no list without an entry.
            Shape::SomeOf(Shape::Value) => json!({ "minItems": 1 }),
            Shape::SomeOf(item) => {
                let (one, many) = (self.shape(item), self.several(1, item));
                json!({ "anyOf": [one, many] })
            }
            Shape::Map(map) => self.map(map),
            Shape::Unless(maps) => maps.iter().rev().fold(json!({}), |chain, (key, map)| {
                let then = self.map(map);
                let condition = json!({ "type": "object", "required": [key] });
                json!({ "if": condition, "then": then, "else": chain })
            }),
            Shape::Either(shapes) => {
                let shapes = shapes.iter().map(|shape| self.shape(shape));
                json!({ "anyOf": shapes.collect::<Vec<_>>() })
            }
        }
    }

    fn several(&mut self, least: u32, item: &Shape) -> Value {
        let mut list = json!({ "type": "array", "items": self.shape(item) });
        if least > 0 {
            list["minItems"] = least.into();
        }
        list
    }

    fn name(&mut self, fact: Fact) -> Value {
        let names = self.facts.names(fact);
        if names.is_empty() {
            return self.shape(&Shape::Text);
        }
        let definition = format!("name_of_{}", fact.noun());
        self.define(&definition, |_| {
            let known = one_of(names.iter().map(|(name, says)| (name.as_str(), &**says)));
            if fact == Fact::Pattern {
                return json!({ "anyOf": [known, sequence(names)] });
            }
            known
        })
    }

    /// What can be given to the operation or fragment that a key names.
    fn given(&mut self, key: &'static Key) -> Option<Value> {
        let Shape::Name(fact @ (Fact::Operation | Fact::Fragment)) = key.shape else {
            return None;
        };
        let inputs = self.facts.inputs(fact);
        if inputs.is_empty() {
            return None;
        }
        Some(self.define(&format!("given_to_{}", key.name), |_| {
            let mut chain = json!({});
            for (name, inputs) in inputs.iter().rev() {
                let mut properties: serde_json::Map<String, Value> = inputs
                    .iter()
                    .map(|(input, says)| (input.clone(), json!({ "description": says })))
                    .collect();
                properties.insert("omit".to_owned(), json!({}));
                let with = json!({ "properties": properties, "additionalProperties": false });
                chain = json!({
                    "if": { "properties": { key.name: { "const": name } } },
                    "then": { "properties": { "with": with } },
                    "else": chain,
                });
            }
            chain
        }))
    }
}

/// A value with what it is for.
fn said(schema: Value, says: &str) -> Value {
    let mut all = json!({ "description": says });
    if let (Value::Object(all), Value::Object(schema)) = (&mut all, schema) {
        all.extend(schema.into_iter().filter(|(key, _)| key != "description"));
    }
    all
}

fn duration() -> Value {
    json!({
        "description": "A number with its unit: 500ms, 30s, 5m, 1h.",
        "type": "string",
        "pattern": DURATION,
        "errorMessage": "Write a number with its unit: 500ms, 30s, 5m, 1h",
    })
}

fn count(least: u32, most: u32) -> Value {
    let mut count = json!({ "type": "integer", "minimum": least });
    if most < u32::MAX {
        count["maximum"] = most.into();
    }
    count
}

fn one_of<'a>(words: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let (words, says): (Vec<&str>, Vec<&str>) = words.unzip();
    json!({ "type": "string", "enum": words, "enumDescriptions": says })
}

/// Outcomes with how often they may come, and with alternatives.
fn sequence(names: &[(String, String)]) -> Value {
    let names: Vec<String> = names
        .iter()
        .map(|(name, _)| regex_lite::escape(name))
        .collect();
    let name = format!("({})", names.join("|"));
    json!({
        "type": "string",
        "pattern": format!(r"^{name}( *\| *{name})*([+*?]|\{{[0-9]+(,[0-9]+)?\}})?$"),
        "errorMessage": "Such a value looks like this: pending+, slow_down|throttled*, \"rejected{3}\"",
    })
}

fn never(rule: &Rule) -> &'static [&'static str] {
    match rule {
        Rule::Never(keys) => keys,
        Rule::One(_) | Rule::Some(_) | Rule::With(..) | Rule::NotEmpty => &[],
    }
}

fn rules(schema: &mut Value, rules: &[Rule]) {
    let any = |keys: &[&str]| -> Value {
        keys.iter()
            .map(|key| json!({ "required": [key] }))
            .collect()
    };
    for rule in rules {
        match rule {
            Rule::Never(_) => {}
            Rule::NotEmpty => schema["minProperties"] = json!(1),
            Rule::With(key, other) => schema["dependencies"][key] = json!([other]),
            Rule::Some(keys) => schema["anyOf"] = any(keys),
            Rule::One(keys) => {
                schema["anyOf"] = any(keys);
                for (at, key) in keys.iter().enumerate().take(keys.len() - 1) {
                    let others = keys[at + 1..].iter();
                    let others: BTreeMap<&str, bool> =
                        others.map(|other| (*other, false)).collect();
                    schema["dependencies"][key] = json!({ "properties": others });
                }
            }
        }
    }
}
