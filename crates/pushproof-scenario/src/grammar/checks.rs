//! What a reply is held against: expected outcomes, conditions, values that are kept, controls.

use super::{
    COVERS, EMPTY, Fact, Key, Map, Names, Others, Rule, Shape, Variants, Words, may, need,
};
use crate::matcher::Kind;

/// A path into a reply.
pub(crate) const PATH: Shape = Shape::Like(
    r"^(body(\.[^.]+)*|header\.[^.]+(\.[^.]+)*|status|elapsed|text)$",
    "body.mfa_token",
);

pub(crate) static EXPECT: Map = Map {
    name: "expect",
    what: "`expect`",
    says: "Anything but some outcomes.",
    keys: &[&[need(
        "any_but",
        Shape::SomeOf(&Shape::Name(Fact::Outcome)),
        "The outcomes that must not come.",
    )]],
    ..EMPTY
};

/// What several replies may be.
pub(crate) static COUNTS: Map = Map {
    name: "counts",
    what: "`expect`",
    says: "How many replies of which outcome there may be, and what all others must be.",
    keys: &[&[
        may(
            "else",
            Shape::Either(&[
                Shape::SomeOf(&Shape::Name(Fact::Outcome)),
                Shape::Map(&EXPECT),
            ]),
            "What every reply that is not counted must be.",
        ),
        may(
            "any_but",
            Shape::SomeOf(&Shape::Name(Fact::Outcome)),
            "Alone: the outcomes that must not come.",
        ),
    ]],
    others: Some(Others {
        names: Names::Of(Fact::Outcome),
        shape: &Shape::Map(&COUNT),
    }),
    variants: Variants::None,
    rules: &[Rule::NotEmpty],
};

pub(crate) static COUNT: Map = Map {
    name: "count",
    what: "a count",
    says: "How many there may be.",
    keys: &[&BOUNDS],
    rules: &[Rule::Some(&["at_least", "at_most"])],
    ..EMPTY
};

static BOUNDS: [Key; 2] = [
    may("at_least", Shape::Count(0, u32::MAX), "The fewest."),
    may("at_most", Shape::Count(0, u32::MAX), "The most."),
];

/// What a number is held against: a number, or another place of the reply.
const BOUND: Shape = Shape::Either(&[Shape::Number, PATH]);

/// The keys of which a condition has one.
pub(crate) static MATCHERS: [Key; 15] = [
    may("equals", Shape::Value, "The same value."),
    may("differs_from", Shape::Value, "There, and another value."),
    may(
        "unguessable_from",
        Shape::Value,
        "A text that differs from this one in so many places (12) that nobody can guess it who knows this one.",
    ),
    may("is", Shape::Word(&KINDS_OF_VALUE), "Of a kind."),
    may(
        "matches",
        Shape::Text,
        "A text in which this regular expression is found.",
    ),
    may(
        "one_of",
        Shape::SomeOf(&Shape::Value),
        "One of several values.",
    ),
    may(
        "at_least",
        BOUND,
        "A number not below this, or not below what another place of the reply says; `elapsed` is in milliseconds.",
    ),
    may(
        "at_most",
        BOUND,
        "A number not above this, or not above what another place of the reply says; `elapsed` is in milliseconds.",
    ),
    may(
        "length",
        Shape::Either(&[Shape::Count(0, u32::MAX), Shape::Map(&LENGTH)]),
        "How many characters, elements or members.",
    ),
    may(
        "has",
        Shape::SomeOf(&Shape::Text),
        "An object with all of these members.",
    ),
    may(
        "each",
        Shape::SomeOf(&Shape::Map(&ELEMENT)),
        "What must hold for each element of a list.",
    ),
    may(
        "some",
        Shape::SomeOf(&Shape::Map(&ELEMENT)),
        "What must hold for at least one element of a list.",
    ),
    may(
        "distinct",
        Shape::True,
        "That no two elements of a list are equal.",
    ),
    may(
        "same_items",
        Shape::Value,
        "A list with the same elements, in any order.",
    ),
    may(
        "holds_no",
        Shape::Word(&HELD),
        "What must not occur in a text.",
    ),
];

/// [`MATCHERS`] by name.
pub(crate) const MATCHER_NAMES: &[&str] = &[
    "equals",
    "differs_from",
    "unguessable_from",
    "is",
    "matches",
    "one_of",
    "at_least",
    "at_most",
    "length",
    "has",
    "each",
    "some",
    "distinct",
    "same_items",
    "holds_no",
];

pub(crate) static OPTIONAL: [Key; 1] = [may(
    "optional",
    Shape::Boolean,
    "Whether the condition holds too where there is no value.",
)];

pub(crate) static HELD: Words<()> = Words(&[("secrets", (), "Any secret that the case knows.")]);

/// A condition of `check`.
pub(crate) static CHECK: Map = Map {
    name: "check",
    what: "a check",
    says: "A condition on a value of the reply.",
    keys: &[
        &[need(
            "that",
            PATH,
            "Where the value stands: `body.x`, `header.y` (`header.y|z`: the first that is there), `status`, `elapsed` or `text`; `.0` for elements, `.url`, `.jwt`, `.base64` to look into a text.",
        )],
        &MATCHERS,
        &OPTIONAL,
        &COVERS,
    ],
    rules: &[Rule::One(MATCHER_NAMES), Rule::With("level", "covers")],
    ..EMPTY
};

/// A condition of `each` or `some`.
pub(crate) static ELEMENT: Map = Map {
    name: "element",
    what: "a condition on elements",
    says: "A condition on a value of an element.",
    keys: &[
        &[need(
            "that",
            Shape::Text,
            "Where the value stands in the element.",
        )],
        &MATCHERS,
        &OPTIONAL,
    ],
    rules: &[Rule::One(MATCHER_NAMES)],
    ..EMPTY
};

pub(crate) static LENGTH: Map = Map {
    name: "length",
    what: "`length`",
    says: "Between which bounds a length must be.",
    keys: &[&BOUNDS],
    rules: &[Rule::Some(&["at_least", "at_most"])],
    ..EMPTY
};

/// The words for kinds.
pub(crate) static KINDS_OF_VALUE: Words<Kind> = Words(&[
    ("present", Kind::Present, "There at all."),
    ("absent", Kind::Absent, "Not there."),
    ("string", Kind::String, "A text."),
    ("non_empty", Kind::NonEmpty, "A text that is not empty."),
    ("integer", Kind::Integer, "A whole number."),
    ("number", Kind::Number, "A number."),
    ("boolean", Kind::Boolean, "`true` or `false`."),
    ("list", Kind::List, "A list."),
    ("object", Kind::Object, "An object."),
    ("jwt", Kind::Jwt, "A JWT: three parts with a JSON header."),
    ("url", Kind::Url, "An absolute URL."),
    ("uuid", Kind::Uuid, "A UUID."),
    ("time", Kind::Time, "A time as in RFC 3339."),
]);

/// A value that is kept.
pub(crate) static CAPTURE: Map = Map {
    name: "capture",
    what: "a capture",
    says: "A value that may be missing, or stands in the one entry of a list that fits.",
    keys: &[
        &[
            may("from", PATH, "Where the value stands."),
            may(
                "in",
                PATH,
                "The list in which exactly one entry must fit `where`.",
            ),
        ],
        &MAY_BE_MISSING,
    ],
    rules: &[Rule::Some(&["from", "in"])],
    variants: Variants::ByKey(&[("in", &CAPTURE_WHERE), ("from", &CAPTURE_FROM)]),
    ..EMPTY
};

static MAY_BE_MISSING: [Key; 1] = [may(
    "optional",
    Shape::Boolean,
    "Whether the value may be missing; without it a missing one fails the step.",
)];

pub(crate) static CAPTURE_FROM: Map = Map {
    name: "capture_from",
    what: "a capture",
    says: "A value at a path.",
    keys: &[
        &[need("from", PATH, "Where the value stands.")],
        &MAY_BE_MISSING,
    ],
    ..EMPTY
};

pub(crate) static CAPTURE_WHERE: Map = Map {
    name: "capture_where",
    what: "a capture",
    says: "A value in the one entry of a list that fits.",
    keys: &[
        &[
            need("in", PATH, "The list in which exactly one entry must fit."),
            need(
                "where",
                Shape::Map(&WHERE),
                "The members by which the entry is known.",
            ),
            need("take", Shape::Text, "Where the value stands in that entry."),
        ],
        &MAY_BE_MISSING,
    ],
    ..EMPTY
};

static WHERE: Map = Map {
    name: "where",
    what: "`where`",
    says: "Members with the values that they must have.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Value,
    }),
    ..EMPTY
};

/// The step that proves a negative.
pub(crate) static CONTROL: Map = Map {
    name: "control",
    what: "`control`",
    says: "A step that sends the same operation and is not refused, so that this refusal means something.",
    keys: &[&[
        need(
            "step",
            Shape::Text,
            "The step's id; it may come later in the file.",
        ),
        need(
            "differs_in",
            Shape::OneOrMany(&Shape::Text),
            "The inputs in which the two differ; an empty list if in none.",
        ),
    ]],
    ..EMPTY
};
