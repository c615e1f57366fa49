//! From `dialect.yaml` to a [`Dialect`], with every problem of the file in one pass.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::endpoints::{self, Endpoint};
use super::peek::{Interest, WAITS_MAX};
use super::recognise::{Alternative, Outcome, Profile, WaitHint};
use super::{Always, Body, Dialect, Field, Operation, Outcomes, PollRules, Requirements};
use crate::covers;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Part};
use crate::fields::{Fields, Reader};
use crate::grammar;
use crate::matcher::Matcher;
use crate::path::Path;
use crate::source::{Source, Spanned};
use crate::yaml::{self, Entry, Kind, Node};

impl Dialect {
    /// Reads a dialect from its `dialect.yaml` and its requirements.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn read(source: &Arc<Source>, requirements: Requirements) -> Result<Self, Vec<Diagnostic>> {
        let node = yaml::parse(source).map_err(|problem| vec![*problem])?;
        let reader = Reader::new(source);
        let dialect = read(&reader, &node, requirements);
        let problems = reader.into_problems();
        match dialect {
            Some(dialect) if !problems.iter().any(Diagnostic::is_error) => Ok(dialect),
            _ => Err(problems),
        }
    }
}

fn read(reader: &Reader, node: &Node, requirements: Requirements) -> Option<Dialect> {
    let mut fields = reader.map(node, &grammar::DIALECT)?;
    reader.format(&mut fields);
    let name = fields.need_text("dialect");
    let title = fields.need_text("title");
    let features = fields
        .texts("features")
        .into_iter()
        .map(|feature| feature.value)
        .collect();
    let lifetimes = durations(reader, fields.take("lifetimes"));
    let profiles_node = fields.need("profiles");
    let operations_node = fields.need("operations");
    let not_fresh = fields.texts("not_fresh");
    let fresh = fields.text("fresh");
    let client_refused = fields.texts("client_refused");
    let endpoints = fields
        .take("endpoints")
        .map(|node| endpoints::read(reader, node))
        .unwrap_or_default();
    let poll = fields
        .take("poll")
        .and_then(|node| poll_rules(reader, node));
    let always_node = fields.take("always");
    fields.finish();
    let outcomes = profiles_node
        .map(|node| outcome_names(reader, node))
        .unwrap_or_default();
    let profiles = profiles_node
        .map(|node| profiles(reader, node, &outcomes))
        .unwrap_or_default();
    // Without outcomes or operations every name of one would be unknown, and none of them is the mistake.
    let (Some(_), Some(operations_node)) = (profiles_node, operations_node) else {
        return None;
    };
    let not_fresh = outcome_set(reader, &not_fresh, &outcomes);
    let client_refused = outcome_set(reader, &client_refused, &outcomes);
    let mut operations = operations(reader, operations_node, &endpoints, &outcomes);
    operations.push(written_out(&operations, outcomes.len()));
    let always =
        always_node.map(|node| always(reader, node, &operations, &outcomes, &requirements));
    let marked = operations.iter().flat_map(|operation| {
        let paths = operation.secrets.iter().chain(&operation.hidden);
        paths.filter_map(|path| path.steps.last())
    });
    let secret_names = marked
        .map(|name| (super::plain_name(name), name.clone()))
        .filter(|(plain, _)| plain.chars().any(|letter| letter.is_ascii_alphabetic()))
        .collect();
    Some(Dialect {
        name: name?.value,
        title: title?.value,
        source: Arc::clone(reader.source()),
        features,
        endpoints,
        given: BTreeMap::new(),
        operations,
        secret_names,
        outcomes,
        profiles,
        poll: poll.unwrap_or_default(),
        always: always.unwrap_or_default(),
        lifetimes,
        not_fresh,
        fresh,
        client_refused,
        requirements,
    })
}

/// The name of the operation that stands for requests that a scenario writes out.
pub(crate) const WRITTEN_OUT: &str = "http";

/// Whatever a scenario writes out itself: it may have any outcome, and may bring any secret.
fn written_out(operations: &[Operation], outcomes: usize) -> Operation {
    let all = |paths: fn(&Operation) -> &[Path]| {
        let mut all: Vec<Path> = Vec::new();
        for path in operations.iter().flat_map(paths) {
            if !all.contains(path) {
                all.push(path.clone());
            }
        }
        all
    };
    let secrets = all(|operation| &operation.secrets);
    Operation {
        name: WRITTEN_OUT.to_owned(),
        say: "send a request that is written out".to_owned(),
        method: http::Method::POST,
        path: Expr::Text(Vec::new()),
        endpoint: None,
        bearer: None,
        body: Body::None,
        outcomes: (0..outcomes).fold(Outcomes::NONE, |all, position| {
            all.with(Outcomes::named(position))
        }),
        secrets,
        hidden: all(|operation| &operation.hidden),
        variant: Vec::new(),
        repeatable: false,
        disturbs: false,
    }
}

/// Durations by the author's own names, as in `lifetimes`.
pub(crate) fn durations(reader: &Reader, node: Option<&Node>) -> BTreeMap<String, Duration> {
    let entries = node
        .map(|node| reader.entries(node, "`lifetimes`"))
        .unwrap_or(&[]);
    let one = |entry: &Entry| {
        Some((
            entry.key.clone(),
            reader.duration(&entry.value, &entry.key)?,
        ))
    };
    entries.iter().filter_map(one).collect()
}

/// The outcomes of a dialect are those that any of its profiles defines, in the order of their first definition.
fn outcome_names(reader: &Reader, node: &Node) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for profile in reader.entries(node, "`profiles`") {
        for entry in reader.entries(&profile.value, "a profile") {
            if entry.key == "extends" || names.contains(&entry.key) {
                continue;
            }
            if Outcomes::CLASSES.contains(&entry.key.as_str()) {
                reader.error(
                    "E0201",
                    entry.key_span,
                    format!("`{}` is a class that every dialect has", entry.key),
                );
            } else if names.len() == Outcomes::NAMED_MAX {
                reader.error(
                    "E0201",
                    entry.key_span,
                    format!("more than {} outcomes", Outcomes::NAMED_MAX),
                );
            } else {
                names.push(entry.key.clone());
            }
        }
    }
    names
}

fn profiles(reader: &Reader, node: &Node, names: &[String]) -> BTreeMap<String, Profile> {
    let mut profiles: BTreeMap<String, Profile> = BTreeMap::new();
    for entry in reader.entries(node, "`profiles`") {
        let mut profile = Profile {
            name: entry.key.clone(),
            outcomes: vec![None; names.len()],
            interest: Interest::default(),
        };
        for defined in reader.entries(&entry.value, "a profile") {
            if defined.key != "extends" {
                continue;
            }
            let Some(base) = reader.text(&defined.value, "`extends`") else {
                continue;
            };
            match profiles.get(&base.value) {
                Some(base) => {
                    profile.outcomes.clone_from(&base.outcomes);
                    profile.interest.clone_from(&base.interest);
                }
                None => reader.unknown(
                    "E0202",
                    base.span,
                    "profile",
                    &base.value,
                    profiles.keys().map(String::as_str),
                ),
            }
        }
        for defined in reader.entries(&entry.value, "a profile") {
            if let Some(position) = names.iter().position(|name| *name == defined.key) {
                profile.outcomes[position] = outcome(reader, defined, &mut profile.interest);
            }
        }
        profiles.insert(entry.key.clone(), profile);
    }
    profiles
}

fn outcome(reader: &Reader, entry: &Entry, interest: &mut Interest) -> Option<Outcome> {
    let mut fields = reader.map(&entry.value, &grammar::OUTCOME)?;
    let has_forms = fields.kinds().contains(&"any");
    if has_forms {
        fields.narrow("any");
    }
    let waits = fields
        .texts("wait")
        .iter()
        .filter_map(|wait| wait_hint(reader, wait, interest))
        .collect();
    let means = fields
        .take("means")
        .and_then(|node| reader.word(node, "meaning", &grammar::MEANINGS));
    let alternatives = if has_forms {
        forms(reader, &mut fields, interest)
    } else {
        vec![alternative(reader, &mut fields, interest)]
    };
    fields.finish();
    let name = Spanned::new(entry.key.clone(), entry.key_span);
    Some(Outcome {
        name,
        alternatives,
        means,
        waits,
    })
}

fn forms(reader: &Reader, fields: &mut Fields<'_>, interest: &mut Interest) -> Vec<Alternative> {
    let form = |item: &Node| {
        let mut fields = reader.map(item, &grammar::FORM)?;
        let form = alternative(reader, &mut fields, interest);
        fields.finish();
        Some(form)
    };
    let node = fields.need("any");
    let items = node.map_or(&[][..], |node| reader.list(node, "`any`"));
    items.iter().filter_map(form).collect()
}

fn wait_hint(reader: &Reader, text: &Spanned<String>, interest: &mut Interest) -> Option<WaitHint> {
    if let Some(header) = text.value.strip_prefix("header.") {
        return Some(WaitHint::Header(header.to_ascii_lowercase()));
    }
    let member = text
        .value
        .strip_prefix("body.")
        .filter(|member| !member.contains('.'));
    let position = member.and_then(|member| interest.wait(member));
    if position.is_none() {
        let help = format!(
            "a wait stands in `header.NAME` or in a top member, `body.NAME`; at most {WAITS_MAX} members"
        );
        reader.error_with_help(
            "E0203",
            text.span,
            format!("`{}` cannot be a wait", text.value),
            help,
        );
    }
    position.map(WaitHint::Member)
}

fn alternative(reader: &Reader, fields: &mut Fields<'_>, interest: &mut Interest) -> Alternative {
    let mut form = Alternative::default();
    if let Some(node) = fields.take("status") {
        let items = reader.one_or_many(node).into_iter();
        form.statuses = items.filter_map(|item| status(reader, item)).collect();
    }
    form.error = fields.text("error").map(|error| error.value);
    form.body = fields
        .take("body")
        .and_then(|node| reader.word(node, "`body`", &grammar::BODIES));
    for member in fields.texts("has") {
        match interest.name(&member.value) {
            Some(position) => form.has_bits |= 1 << position,
            None => reader.error(
                "E0203",
                member.span,
                "profile looks at too many different members",
            ),
        }
        form.has.push(member.value);
    }
    form.tolerated = fields
        .take("level")
        .and_then(|node| reader.word(node, "level", &grammar::TOLERANCES))
        .unwrap_or(false);
    form
}

/// Anything else, taken for no status at all, would let every reply pass.
fn status(reader: &Reader, node: &Node) -> Option<u16> {
    let number = reader.count(node, "`status`")?;
    let status = u16::try_from(number).ok();
    let status = status.filter(|status| (100..=599).contains(status));
    if status.is_none() {
        reader.error(
            "E0203",
            node.span,
            format!("`{number}` is not an HTTP status"),
        );
    }
    status
}

fn operations(
    reader: &Reader,
    node: &Node,
    endpoints: &[Endpoint],
    outcomes: &[String],
) -> Vec<Operation> {
    let entries = reader.entries(node, "`operations`");
    entries
        .iter()
        .filter_map(|entry| operation(reader, entry, endpoints, outcomes))
        .collect()
}

fn operation(
    reader: &Reader,
    entry: &Entry,
    endpoints: &[Endpoint],
    outcomes: &[String],
) -> Option<Operation> {
    let mut fields = reader.map(&entry.value, &grammar::OPERATION_MAP)?;
    let say = fields
        .text("say")
        .map_or_else(|| entry.key.clone(), |say| say.value);
    let http = fields.need_text("http");
    let bearer = fields
        .take("bearer")
        .and_then(|node| Expr::read(reader, node));
    let form = fields
        .take("form")
        .map(|node| Body::Form(body_fields(reader, node)));
    let json = fields
        .take("json")
        .map(|node| Body::Json(body_fields(reader, node)));
    let named = fields.texts("outcomes");
    let secrets = paths(reader, fields.texts("secrets"));
    let hidden = paths(reader, fields.texts("hidden"));
    let variant = paths(reader, fields.texts("variant"));
    let mut flag = |key| {
        let node = fields.take(key);
        node.and_then(|node| reader.boolean(node, &format!("`{key}`"))) == Some(true)
    };
    let (repeatable, disturbs) = (flag("repeatable"), flag("disturbs"));
    if form.is_some() && json.is_some() {
        let message = format!("`{}` has two bodies, `form` and `json`", entry.key);
        reader.error("E0204", entry.key_span, message);
    }
    fields.finish();
    if entry.key == WRITTEN_OUT {
        let message =
            format!("`{WRITTEN_OUT}` is what scenarios call requests that they write out");
        reader.error("E0204", entry.key_span, message);
    }
    let (method, path, endpoint) = request_line(reader, &http?, endpoints)?;
    Some(Operation {
        name: entry.key.clone(),
        say,
        method,
        path,
        endpoint,
        bearer,
        body: form.or(json).unwrap_or(Body::None),
        outcomes: outcome_set(reader, &named, outcomes),
        secrets,
        hidden,
        variant,
        repeatable,
        disturbs,
    })
}

/// A path without inputs.
pub(super) fn fixed_path(path: &str) -> Expr {
    Expr::Text(vec![Part::Literal(path.to_owned())])
}

/// `POST /path/$name`: a method and a path whose `$name` segments are percent-encoded inputs; or `POST $endpoint.NAME`.
fn request_line(
    reader: &Reader,
    http: &Spanned<String>,
    endpoints: &[Endpoint],
) -> Option<(http::Method, Expr, Option<usize>)> {
    let wrong = || {
        let help = "write a method and a path: `POST /some/path`, `DELETE /some/$name` or `POST $endpoint.NAME`";
        reader.error_with_help(
            "E0204",
            http.span,
            format!("`{}` is not a request line", http.value),
            help,
        );
    };
    let line = http.value.split_once(' ');
    let line = line.and_then(|(method, path)| Some((method.parse().ok()?, path)));
    let Some((method, path)) = line else {
        wrong();
        return None;
    };
    if let Some(name) = path.strip_prefix("$endpoint.") {
        let position = endpoints.iter().position(|endpoint| endpoint.name == name);
        let Some(position) = position else {
            let known = endpoints.iter().map(|endpoint| endpoint.name.as_str());
            reader.unknown("E0204", http.span, "endpoint", name, known);
            return None;
        };
        let path = fixed_path(&endpoints[position].path());
        return Some((method, path, Some(position)));
    }
    if !path.starts_with('/') {
        wrong();
        return None;
    }
    let mut parts = vec![Part::Literal(String::new())];
    for segment in path.split('/').skip(1) {
        let Some(Part::Literal(text)) = parts.last_mut() else {
            unreachable!("a literal is always pushed last")
        };
        text.push('/');
        match segment.strip_prefix('$') {
            Some(name) => {
                parts.push(Part::Ref(Spanned::new(name.to_owned(), http.span)));
                parts.push(Part::Literal(String::new()));
            }
            None => text.push_str(segment),
        }
    }
    parts.retain(|part| !matches!(part, Part::Literal(text) if text.is_empty()));
    Some((method, Expr::Text(parts), None))
}

fn body_fields(reader: &Reader, node: &Node) -> Vec<Field> {
    reader
        .entries(node, "a body")
        .iter()
        .filter_map(|entry| body_field(reader, entry))
        .collect()
}

fn body_field(reader: &Reader, entry: &Entry) -> Option<Field> {
    let detailed = matches!(&entry.value.kind, Kind::Map(entries) if entries.iter().any(|entry| entry.key == "of"));
    if !detailed {
        return Some(Field {
            name: entry.key.clone(),
            value: Expr::read(reader, &entry.value)?,
            optional: false,
        });
    }
    let mut fields = reader.map(&entry.value, &grammar::BODY_MEMBER)?;
    let value = fields.need("of").and_then(|node| Expr::read(reader, node));
    let optional = fields
        .take("optional")
        .and_then(|node| reader.boolean(node, "`optional`"))
        .unwrap_or(false);
    fields.finish();
    Some(Field {
        name: entry.key.clone(),
        value: value?,
        optional,
    })
}

pub(crate) fn paths(reader: &Reader, texts: Vec<Spanned<String>>) -> Vec<Path> {
    texts.iter().filter_map(|text| path(reader, text)).collect()
}

/// A path, or an error that says how one looks.
pub(crate) fn path(reader: &Reader, text: &Spanned<String>) -> Option<Path> {
    let path = Path::parse(&text.value);
    if path.is_none() {
        let help = "a path starts with `body`, `header.NAME`, `status`, `elapsed` or `text`";
        reader.error_with_help(
            "E0111",
            text.span,
            format!("`{}` is not a path", text.value),
            help,
        );
    }
    path
}

fn outcome_set(reader: &Reader, named: &[Spanned<String>], outcomes: &[String]) -> Outcomes {
    named.iter().fold(Outcomes::NONE, |set, name| {
        if let Some(class) = Outcomes::class(&name.value) {
            return set.with(class);
        }
        match outcomes.iter().position(|outcome| *outcome == name.value) {
            Some(position) => set.with(Outcomes::named(position)),
            None => {
                reader.unknown(
                    "E0205",
                    name.span,
                    "outcome",
                    &name.value,
                    outcomes.iter().map(String::as_str),
                );
                set
            }
        }
    })
}

impl Default for PollRules {
    fn default() -> Self {
        let policy = pushproof_polling::Policy::default();
        Self {
            interval_path: None,
            interval: policy.interval,
            expires_path: None,
            expires: policy.deadline,
            slow_down_adds: policy.slow_down_adds,
            deadline: policy.deadline,
            first: policy.first,
        }
    }
}

fn poll_rules(reader: &Reader, node: &Node) -> Option<PollRules> {
    let mut fields = reader.map(node, &grammar::POLL_RULES)?;
    let mut rules = PollRules::default();
    (rules.interval_path, rules.interval) = hinted(reader, fields.take("interval"), rules.interval);
    (rules.expires_path, rules.expires) = hinted(reader, fields.take("expires"), rules.expires);
    rules.slow_down_adds = fields
        .duration("slow_down_adds")
        .unwrap_or(rules.slow_down_adds);
    rules.deadline = fields.duration("deadline").unwrap_or(rules.deadline);
    let first = fields
        .take("first")
        .and_then(|node| reader.word(node, "`first`", &grammar::FIRSTS));
    rules.first = first.unwrap_or(rules.first);
    fields.finish();
    Some(rules)
}

/// `[challenge.body.interval, 5s]`: where the endpoint says it, in the reply that began the transaction, and what holds when it does not.
fn hinted(reader: &Reader, node: Option<&Node>, default: Duration) -> (Option<Path>, Duration) {
    let mut hint = (None, default);
    for item in node
        .map(|node| reader.one_or_many(node))
        .unwrap_or_default()
    {
        let Some(text) = reader.text(item, "a cadence") else {
            continue;
        };
        match text.value.strip_prefix("challenge.") {
            Some(rest) => hint.0 = path(reader, &Spanned::new(rest.to_owned(), text.span)),
            None => hint.1 = reader.duration(item, "a cadence").unwrap_or(default),
        }
    }
    hint
}

fn always(
    reader: &Reader,
    node: &Node,
    operations: &[Operation],
    outcomes: &[String],
    requirements: &Requirements,
) -> Vec<Always> {
    let one = |item: &Node| always_one(reader, item, operations, outcomes, requirements);
    reader
        .list(node, "`always`")
        .iter()
        .filter_map(one)
        .collect()
}

fn always_one(
    reader: &Reader,
    node: &Node,
    operations: &[Operation],
    outcomes: &[String],
    requirements: &Requirements,
) -> Option<Always> {
    let mut fields = reader.map(node, &grammar::ALWAYS)?;
    let of = fields.need_text("of");
    let when = fields.texts("when");
    let mut status = |key: &'static str| {
        let node = fields.take(key)?;
        reader.count(node, &format!("`{key}`"))
    };
    let (from_status, to_status) = (status("from_status"), status("to_status"));
    let that = fields.need_text("that");
    let matcher = Matcher::read(reader, &mut fields);
    let covers = covers::read(reader, &mut fields, requirements);
    let span = fields.span();
    fields.finish();
    let of = of?;
    let positions: Vec<usize> = (0..operations.len())
        .filter(|at| glob(&of.value, &operations[*at].name))
        .collect();
    if positions.is_empty() {
        let names = operations.iter().map(|operation| operation.name.as_str());
        let names = names.filter(|name| *name != WRITTEN_OUT);
        reader.unknown("E0206", of.span, "operation", &of.value, names);
    }
    let matcher = matcher?.map(&mut |operand| literal(reader, operand, span))?;
    let that = that?;
    Some(Always {
        operations: positions,
        outcomes: outcome_set(reader, &when, outcomes),
        from_status: u16::try_from(from_status.unwrap_or(0)).unwrap_or(u16::MAX),
        to_status: u16::try_from(to_status.unwrap_or(u32::MAX)).unwrap_or(u16::MAX),
        matcher,
        covers,
        that: path(reader, &that)?,
        place: Spanned::new(that.value, span),
    })
}

fn literal(reader: &Reader, operand: &Expr, span: crate::source::Span) -> Option<Value> {
    match operand {
        Expr::Literal(value) => Some(value.clone()),
        _ => {
            reader.error(
                "E0207",
                span,
                "a dialect's condition cannot refer to a scenario's values",
            );
            None
        }
    }
}

/// `*` at the end stands for anything.
fn glob(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |prefix| name.starts_with(prefix))
}
