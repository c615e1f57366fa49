//! What people do with their devices, and what comes of it.

use super::{COVERS, EMPTY, Key, Map, Rule, Shape, WITH, Words, may, need};
use crate::ast::ActExpect;

pub(crate) static ACT: [Key; 3] = [
    need(
        "device",
        Shape::Text,
        "The device, by its name among the actors.",
    ),
    need(
        "do",
        Shape::Text,
        "What is done: a phone can `enrol`, `approve`, `reject`, `ignore`, `unenrol`, `read` and make a `code`; messages can be `read`.",
    ),
    may(
        "with",
        Shape::Map(&WITH),
        "What the device is given: `barcode_uri`, `oob_code`, `forge`, `shift`, …",
    ),
];

pub(crate) static ACT_EXPECT: [Key; 1] = [may(
    "expect",
    Shape::SomeOf(&Shape::Word(&ANSWERS)),
    "How the action must be answered; without it, it must be acknowledged.",
)];

pub(crate) static ANSWERS: Words<ActExpect> = Words(&[
    (
        "acknowledged",
        ActExpect::Acknowledged,
        "The endpoint took it.",
    ),
    (
        "refused",
        ActExpect::Refused,
        "The endpoint would not take it.",
    ),
    ("nothing", ActExpect::Nothing, "There was nothing to read."),
]);

pub(crate) static MEANWHILE: Map = Map {
    name: "meanwhile",
    what: "an entry of `meanwhile`",
    says: "Something that somebody does with a device while the app is polling.",
    keys: &[
        &[
            may(
                "after_poll",
                Shape::Number,
                "After how many polls it is done; 0 is before the first.",
            ),
            may(
                "at",
                Shape::Either(&[Shape::Duration, Shape::Map(&MOMENT)]),
                "How long after polling began it is done: `3s`, or `{ between: [0s, 5s] }`.",
            ),
        ],
        &ACT,
        &ACT_EXPECT,
        &COVERS,
    ],
    rules: &[
        Rule::One(&["after_poll", "at"]),
        Rule::With("level", "covers"),
    ],
    ..EMPTY
};

pub(crate) static MOMENT: Map = Map {
    name: "moment",
    what: "`at`",
    says: "Some moment within a span, decided by the seed of the run.",
    keys: &[&[need(
        "between",
        Shape::List(&Shape::Duration),
        "The earliest and the latest moment.",
    )]],
    ..EMPTY
};

pub(crate) static SETTLES: Map = Map {
    name: "settles",
    what: "`settles_within`",
    says: "How soon after a decision was acknowledged it must show.",
    keys: &[&[
        may(
            "polls",
            Shape::Count(1, u32::MAX),
            "In so many polls that were sent after it.",
        ),
        may("time", Shape::Duration, "In so much time."),
    ]],
    rules: &[Rule::One(&["polls", "time"])],
    ..EMPTY
};
