//! What is sent: inputs, changes on the wire, requests written out.

use super::{EMPTY, Map, Names, Others, PLACES, Rule, Shape, Words, may, need};
use crate::expr::FILLER_MAX;

/// A value that is sent: two kinds of map have a meaning of their own there.
const SENT: Shape = Shape::Unless(&[("filler", &FILLER), ("altered", &ALTERED)]);

static ALTERED: Map = Map {
    name: "altered",
    what: "a value",
    says: "A text of which one character is changed.",
    keys: &[&[
        need("altered", Shape::Value, "The text: `$name`."),
        may("at", Shape::Word(&PLACES), "Where it is changed."),
    ]],
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Value,
    }),
    ..EMPTY
};

static FILLER: Map = Map {
    name: "filler",
    what: "a value",
    says: "So many characters of nonsense.",
    keys: &[&[need(
        "filler",
        Shape::Count(1, FILLER_MAX),
        "How many characters.",
    )]],
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Value,
    }),
    ..EMPTY
};

pub(crate) static WITH: Map = Map {
    name: "with",
    what: "`with`",
    says: "Values under the names of inputs: literals, `$name`, `{ altered: $name }` for one character changed, `{ filler: 64 }` for so much nonsense.",
    keys: &[&[may(
        "omit",
        Shape::OneOrMany(&Shape::Text),
        "Inputs that are left out on purpose although they are required.",
    )]],
    others: Some(Others {
        names: Names::Any,
        shape: &SENT,
    }),
    ..EMPTY
};

/// The applications that a step can send as.
pub(crate) static CLIENTS: Words<()> = Words(&[
    ("other", (), "A second application with the same rights."),
    ("public", (), "An application without a secret."),
    (
        "restricted",
        (),
        "An application without the rights that the scenario is about.",
    ),
    (
        "impostor",
        (),
        "Somebody who has the id of the target's own client and a wrong secret.",
    ),
]);

/// What is changed on the wire.
pub(crate) static SEND: Map = Map {
    name: "send",
    what: "`send`",
    says: "What is changed on the wire.",
    keys: &[&[
        may("as", Shape::Text, "The form of the body: `form` or `json`."),
        may(
            "type",
            Shape::Text,
            "The media type that is named, or `none`.",
        ),
        may(
            "headers",
            Shape::Map(&HEADERS),
            "Headers that are added or replaced; nothing as a value takes one away.",
        ),
        may(
            "raw",
            Shape::OneOrMany(&Shape::Text),
            "Fields that are not percent-encoded.",
        ),
        may(
            "twice",
            Shape::OneOrMany(&Shape::Text),
            "Fields that are sent twice.",
        ),
        may(
            "extra",
            Shape::Map(&EXTRA),
            "Fields that the operation does not have.",
        ),
        may("method", Shape::Text, "Another method."),
        may(
            "auth",
            Shape::Text,
            "Where the client proves itself: `basic`, in the `Authorization` header.",
        ),
    ]],
    rules: &[Rule::Some(&[
        "as", "type", "headers", "raw", "twice", "extra", "method", "auth",
    ])],
    ..EMPTY
};

static HEADERS: Map = Map {
    name: "headers",
    what: "`headers`",
    says: "Headers with their values; nothing as a value takes one away.",
    others: Some(Others {
        names: Names::Any,
        shape: &SENT,
    }),
    ..EMPTY
};

static EXTRA: Map = Map {
    name: "extra",
    what: "`extra`",
    says: "Fields with their values.",
    others: Some(Others {
        names: Names::Any,
        shape: &SENT,
    }),
    ..EMPTY
};

/// A request written out.
pub(crate) static HTTP: Map = Map {
    name: "http",
    what: "`http`",
    says: "A request that is written out.",
    keys: &[&[
        need("method", Shape::Text, "The method."),
        need("path", Shape::Text, "The path below the target's base URL."),
        may("headers", Shape::Map(&HEADERS), "The headers."),
        may("body", SENT, "The body, as it is sent."),
    ]],
    ..EMPTY
};
