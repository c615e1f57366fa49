//! What a JSON reply looks like: infer, merge, compare, print, parse.
//!
//! A [`Shape`] is the structure of a reply without its values: which members an object has and which of them may be
//! missing, what an array holds, which types a place takes. Shapes form a join-semilattice, and everything here follows
//! from that:
//!
//! - [`Shape::infer`] reads one reply, [`Shape::merge`] joins two shapes (commutative, associative, idempotent);
//! - `a` *covers* `b` when `a.merge(&b) == a`, and [`compare`]`(&a, &b)` is empty exactly then;
//! - a shape [admits](Shape::admits) a value exactly when it covers what [`Shape::infer`] makes of that value under
//!   [`Hints::of`] the shape (which has at most [`NODES_MAX`] nodes).
//!
//! No value of a reply appears in a shape, except a string at a place that the caller declared
//! [discriminating](Hints::discriminating); nothing at a place declared [secret](Hints::secret) ever does.
//!
//! # Notation
//!
//! [`Display`](std::fmt::Display) and [`FromStr`](std::str::FromStr) are inverse, and the text is the same every time:
//!
//! ```
//! use pushproof_shape::{Hints, Shape};
//!
//! let hints = Hints::none().secret("oob_code").discriminating("challenge_type").discriminating("binding_method");
//! let sms = serde_json::json!({ "challenge_type": "oob", "oob_code": "Fe26.2*a", "binding_method": "prompt" });
//! let push = serde_json::json!({ "challenge_type": "oob", "oob_code": "Fe26.2*b" });
//! let shape = Shape::infer(&sms, &hints).merge(&Shape::infer(&push, &hints));
//! let text = "\
//! binding_method?: \"prompt\"
//! challenge_type:  \"oob\"
//! oob_code:        secret string
//! ";
//! assert_eq!(shape.to_string(), text);
//! assert_eq!(text.parse(), Ok(shape));
//! ```
//!
//! | written | admits |
//! | --- | --- |
//! | `null`, `boolean`, `integer`, `number` | that type; a `number` may be an integer |
//! | `string`, `uuid`, `url`, `jwt`, `time` | any string, or one of that [`Kind`] |
//! | `"oob"` | that string alone |
//! | `secret string`, `secret jwt`, … | the same strings; says that the place holds a secret |
//! | `object` and indented members | these members and no others; `name?` may be missing |
//! | `map of SHAPE` | an object whose member names are data |
//! | `array of SHAPE` | an array of such elements; `array of nothing` is empty |
//! | `A \| B` | either; what follows `array of` or `map of` belongs to the element |
//! | `array \| object` | both: the element stands below as `- SHAPE`, a map's value as `* SHAPE` |
//! | `anything`, `nothing` | every value, no value |
//!
//! Blank lines and lines that begin with `#` are skipped. An object at the top has no heading of its own.

mod shape;

mod text;

mod path;

mod hints;

mod infer;

mod merge;

mod admits;

mod compare;

mod drift;

mod print;

mod parse;

pub use compare::compare;
pub use drift::{Change, Drift, Severity};
pub use hints::Hints;
pub use parse::{ParseError, Problem};
pub use path::{Path, Segment};
pub use shape::{CONSTANT_CHARS_MAX, DEPTH_MAX, MEMBERS_MAX, NAME_CHARS_MAX, NODES_MAX, Shape};
pub use text::Kind;
