//! The scenario language: parse, check, compile, execute. Dialects, profiles, requirements.
//!
//! ```text
//! YAML text ─yaml, parse→ ast with places ─compile→ diagnostics | Program ─→ Session (one case)
//! ```
//!
//! Start at [`Library::read`], which reads a dialect's folder; [`Library::compile`] gives the [`Program`] of each case; a [`Session`] executes
//! one. There is no I/O and no clock here: texts come in as texts, replies as bytes, time as a parameter.

pub mod ast;
mod codes;
mod compile;
mod covers;
mod diagnostic;
mod dialect;
mod expr;
pub mod fields;
mod fix;
mod fixing;
pub mod grammar;
mod library;
mod matcher;
mod parse;
mod path;
mod pattern;
mod program;
mod schema;
mod session;
mod source;
mod template;
mod text_pattern;
mod value;
mod words;
pub mod yaml;

pub use ast::{ActExpect, Channel};
pub use codes::{Explanation, explanation, explanations};
pub use compile::{Against, CASES_MAX, compile};
pub use diagnostic::{Diagnostic, Severity, nearest};
pub use dialect::{
    Alternative, Always, Body, BodyForm, CAME_AT, Dialect, Endpoint, Field, FitError, Operation,
    Outcome, Outcomes, PollRules, Profile, Recognition, Requirement, Requirements,
};
pub use expr::{Expr, Part};
pub use fix::{Edit, Fix};
pub use fixing::{Stages, settle, verify};
pub use library::{Library, SourceFile, is_rules, is_scenario};
pub use matcher::{Kind, Matcher};
pub use parse::{File, parse};
pub use path::{Headers, Path, Root, Seen, each_below};
pub use pattern::{Element, Live, Pattern};
pub use program::{
    Act, Action, Actor, ActorKind, AtOnce, CLIENTS, Capture, CaptureFrom, Check, Count, Exchange,
    Expect, IMPOSTOR, Meanwhile, Operand, Poll, Program, Slot, Step, Trigger, WaitLength,
};
pub use schema::{Facts, schema};
pub use session::{
    ActView, CheckRef, ClientValues, Environment, Fact, Flight, Held, Input, Note, Output,
    PAST_MARGIN, Reply, Session, Stop, UserValues,
};
pub use source::{Source, Span, Spanned};
pub use template::{RequestBuffer, ShownCall, Template, Values};
pub use text_pattern::TextPattern;
pub use value::Value;
pub use words::{Evidence, Words};
