//! The head of a file: scenarios and fragments before their steps.

use super::{
    ACTOR, EMPTY, Fact, INPUT_KINDS, Key, Map, Names, OUTPUT, OUTPUT_KINDS, Others, STEP, Shape,
    may, need,
};

/// Most instances of one case.
pub(crate) const REPEAT_MAX: u32 = 100;

/// The line that every file begins with.
pub static FORMAT: [Key; 1] = [need(
    "format",
    Shape::Fixed(1),
    "The version of the language that the file is written in.",
)];

/// A file whose keys say whether it is a scenario or a fragment.
pub(crate) static FILE: Map = Map {
    name: "file",
    what: "the file",
    says: "A file of the language.",
    keys: &[&FORMAT],
    variants: super::Variants::ByKey(&[("fragment", &FRAGMENT), ("id", &SCENARIO)]),
    ..EMPTY
};

/// A scenario.
pub static SCENARIO: Map = Map {
    name: "scenario",
    what: "the file",
    says: "A scenario: what somebody does with a tenant, step by step, and which answers the requirements demand.",
    keys: &[
        &FORMAT,
        &[
            need(
                "id",
                Shape::Text,
                "The scenario's name in reports, filters and lists of known deviations; no two scenarios have the same.",
            ),
            need(
                "title",
                Shape::Text,
                "What the scenario shows, in one sentence for the report.",
            ),
            may(
                "tags",
                Shape::OneOrMany(&Shape::Text),
                "Words to select it by: `-E 'tag(smoke)'`.",
            ),
            may(
                "needs",
                Shape::OneOrMany(&Shape::Name(Fact::Feature)),
                "What the target must be able to do; without one of these the scenario is not applicable there.",
            ),
            may(
                "matrix",
                Shape::Map(&MATRIX),
                "Lists of values: the scenario becomes a case for each combination, and steps refer to a value as `$param.NAME`.",
            ),
            may(
                "repeat",
                Shape::Count(1, REPEAT_MAX),
                "How many fresh instances of each case run; verdicts that differ make it flaky.",
            ),
            may(
                "alone",
                Shape::Boolean,
                "Whether no other case may run meanwhile, because one would be felt by the other where they share a tenant.",
            ),
            may(
                "actors",
                Shape::Map(&ACTORS),
                "The people and the devices that take part, each under its name.",
            ),
            need(
                "steps",
                Shape::List(&Shape::Map(&STEP)),
                "What happens, one after the other.",
            ),
            may(
                "finally",
                Shape::List(&Shape::Map(&STEP)),
                "Steps that run at the end in any case, such as a tenant switch that is put back.",
            ),
        ],
    ],
    ..EMPTY
};

/// A fragment.
pub static FRAGMENT: Map = Map {
    name: "fragment",
    what: "the file",
    says: "A fragment: steps that scenarios use under one name, with inputs and outputs of their own.",
    keys: &[
        &FORMAT,
        &[
            need(
                "fragment",
                Shape::Text,
                "Its name, which is its file's name too: `fragments/NAME.yaml`.",
            ),
            may(
                "inputs",
                Shape::Map(&INPUTS),
                "What a step that uses it must give `with`, each with its kind.",
            ),
            may(
                "outputs",
                Shape::Map(&OUTPUTS),
                "The captured values that a step that uses it may `capture`, each with its kind.",
            ),
            need(
                "steps",
                Shape::List(&Shape::Map(&STEP)),
                "What happens, one after the other.",
            ),
        ],
    ],
    ..EMPTY
};

static MATRIX: Map = Map {
    name: "matrix",
    what: "`matrix`",
    says: "Lists of values under their names.",
    keys: &[&[may(
        "exclude",
        Shape::List(&Shape::Map(&EXCLUSION)),
        "Combinations that make no case; each entry names the values that together are left out.",
    )]],
    others: Some(Others {
        names: Names::Own,
        shape: &Shape::Several(1, &Shape::Value),
    }),
    ..EMPTY
};

static EXCLUSION: Map = Map {
    name: "exclusion",
    what: "an exclusion",
    says: "The values that together make no case.",
    others: Some(Others {
        names: Names::Own,
        shape: &Shape::Value,
    }),
    ..EMPTY
};

static ACTORS: Map = Map {
    name: "actors",
    what: "`actors`",
    says: "People and devices under their names.",
    others: Some(Others {
        names: Names::Own,
        shape: &Shape::Map(&ACTOR),
    }),
    ..EMPTY
};

static INPUTS: Map = Map {
    name: "inputs",
    what: "`inputs`",
    says: "The inputs of a fragment under their names.",
    others: Some(Others {
        names: Names::Own,
        shape: &Shape::Word(&INPUT_KINDS),
    }),
    ..EMPTY
};

static OUTPUTS: Map = Map {
    name: "outputs",
    what: "`outputs`",
    says: "The outputs of a fragment under their names.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Either(&[Shape::Word(&OUTPUT_KINDS), Shape::Map(&OUTPUT)]),
    }),
    ..EMPTY
};
