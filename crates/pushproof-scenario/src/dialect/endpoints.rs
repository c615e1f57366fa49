//! What differs from one server to the next: the dialect names the endpoint, a target its path; a target may give inputs too.

use std::collections::{BTreeMap, BTreeSet};

use super::read::fixed_path;
use super::{Dialect, Operation};
use crate::fields::Reader;
use crate::yaml::{Entry, Node};

/// An endpoint by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What the dialect and targets call it.
    pub name: String,
    /// Its path unless a target says otherwise; without one every target must.
    pub default: Option<String>,
}

/// Why a dialect and a target do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// The dialect has no such endpoint or input.
    #[error("dialect `{dialect}` has no {what} `{name}`")]
    Unknown {
        /// The dialect.
        dialect: String,
        /// `endpoint` or `input`.
        what: &'static str,
        /// What the target names.
        name: String,
        /// What it may name.
        known: Vec<String>,
    },
    /// The dialect cannot guess where it is.
    #[error("dialect `{dialect}` needs to know the path of endpoint `{name}`")]
    Missing {
        /// The dialect.
        dialect: String,
        /// The endpoint.
        name: String,
    },
}

impl Endpoint {
    /// Where it is as long as no target has been asked: a path that stands for itself.
    pub(super) fn path(&self) -> String {
        self.default
            .clone()
            .unwrap_or_else(|| format!("/{}", self.name))
    }
}

impl Dialect {
    /// Puts the paths of a target in place.
    ///
    /// # Errors
    /// The first name that the dialect does not know, or the first endpoint that has no path.
    pub fn locate(&mut self, paths: &BTreeMap<String, String>) -> Result<(), FitError> {
        let is_known = |name: &str| self.endpoints.iter().any(|known| known.name == name);
        if let Some(name) = paths.keys().find(|name| !is_known(name)) {
            return Err(FitError::Unknown {
                dialect: self.name.clone(),
                what: "endpoint",
                name: name.clone(),
                known: self.endpoints.iter().map(|one| one.name.clone()).collect(),
            });
        }
        for (position, endpoint) in self.endpoints.iter().enumerate() {
            let path = paths.get(&endpoint.name).or(endpoint.default.as_ref());
            let path = path.ok_or_else(|| FitError::Missing {
                dialect: self.name.clone(),
                name: endpoint.name.clone(),
            })?;
            let here = |operation: &&mut Operation| operation.endpoint == Some(position);
            for operation in self.operations.iter_mut().filter(here) {
                operation.path = fixed_path(path);
            }
        }
        Ok(())
    }

    /// Takes the inputs that a target gives where a step gives none.
    ///
    /// # Errors
    /// The first name that is an input of no operation.
    pub fn give(&mut self, inputs: &BTreeMap<String, String>) -> Result<(), FitError> {
        let all = self.operations.iter().flat_map(Operation::inputs);
        let known: BTreeSet<&str> = all.map(|(name, _)| name).collect();
        if let Some(name) = inputs.keys().find(|name| !known.contains(name.as_str())) {
            return Err(FitError::Unknown {
                dialect: self.name.clone(),
                what: "input",
                name: name.clone(),
                known: known.into_iter().map(str::to_owned).collect(),
            });
        }
        self.given.clone_from(inputs);
        Ok(())
    }
}

/// `endpoints:` of a dialect: `NAME: /path`, or `NAME: target` where only the target knows.
pub(super) fn read(reader: &Reader, node: &Node) -> Vec<Endpoint> {
    let one = |entry: &Entry| {
        let text = reader.text(&entry.value, "an endpoint")?;
        let default = match text.value.as_str() {
            "target" => None,
            path if path.starts_with('/') => Some(path.to_owned()),
            other => {
                let message = format!("`{other}` is no path");
                let help = "write a path, `/some/path`, or `target` if every target must name it";
                reader.error_with_help("E0204", text.span, message, help);
                None
            }
        };
        Some(Endpoint {
            name: entry.key.clone(),
            default,
        })
    };
    let entries = reader.entries(node, "`endpoints`");
    entries.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::FitError;
    use crate::library::{Library, SourceFile};
    use crate::program::IMPOSTOR;
    use crate::session::{ClientValues, Environment, Input, Output, Session};
    use crate::template::RequestBuffer;

    const DIALECT: &str = "format: 1
dialect: d
title: D
endpoints: { door: target, sign: /well-known/sign }
operations:
  enter:
    http: POST $endpoint.door
    form:
      client_id: $client.id
      client_secret: { of: $client.secret, optional: true }
      scope: { of: $scope, optional: true }
    outcomes: [in]
  look: { http: GET $endpoint.sign, outcomes: [in] }
profiles: { documented: { in: { status: 200 } } }
";

    fn library(steps: &str) -> Library {
        let file = |name: &str, text: String| SourceFile {
            relative: name.to_owned(),
            shown: name.to_owned(),
            text,
        };
        let scenario = format!("format: 1\nid: s\ntitle: S\nsteps:\n{steps}");
        let files = [
            file("dialect.yaml", DIALECT.to_owned()),
            file("s.yaml", scenario),
        ];
        let (library, problems) = Library::read(&files);
        assert!(problems.is_empty(), "{problems:?}");
        library.expect("a library")
    }

    fn pairs(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    /// The first request of the first case, on a target with these paths and inputs.
    fn first(steps: &str, paths: &[(&str, &str)], inputs: &[(&str, &str)], basic: bool) -> String {
        let mut library = library(steps);
        library.fit(&pairs(paths), &pairs(inputs)).expect("it fits");
        let (programs, problems) = library.compile("documented").expect("the profile");
        assert!(problems.is_empty(), "{problems:?}");
        let mut environment = Environment::default();
        environment.clients[0] = ClientValues::new("a b", Some("s:é&"), basic);
        environment.clients[IMPOSTOR] = environment.clients[0].impostor();
        let mut session = Session::new(Arc::clone(&programs[0]), Arc::new(environment), [], 1);
        session.handle(Duration::ZERO, Input::Begin);
        let mut buffer = RequestBuffer::default();
        loop {
            match session.next_output() {
                Output::Send(_, step) => break session.render(step, &mut buffer),
                Output::Note(_) => {}
                Output::Act(..) | Output::Wait(_) | Output::Done => panic!("it sends first"),
            }
        }
        format!(
            "{}\n{}{}",
            buffer.path,
            buffer.headers.replace('\r', ""),
            buffer.body
        )
    }

    #[test]
    fn a_target_names_the_path_and_gives_inputs() {
        let step = "  - { id: a, call: enter, expect: in }\n";
        insta::assert_snapshot!(first(step, &[("door", "/realms/x/door")], &[("scope", "all that")], false), @r"
        /realms/x/door
        content-type: application/x-www-form-urlencoded
        client_id=a+b&client_secret=s%3A%C3%A9%26&scope=all+that
        ");
        let own = "  - { id: a, call: enter, with: { scope: mine }, expect: in }\n";
        insta::assert_snapshot!(first(own, &[("door", "/d")], &[("scope", "all")], false), @r"
        /d
        content-type: application/x-www-form-urlencoded
        client_id=a+b&client_secret=s%3A%C3%A9%26&scope=mine
        ");
        let omitted = "  - { id: a, call: enter, with: { omit: [scope] }, expect: in }\n";
        insta::assert_snapshot!(first(omitted, &[("door", "/d")], &[("scope", "all")], false), @r"
        /d
        content-type: application/x-www-form-urlencoded
        client_id=a+b&client_secret=s%3A%C3%A9%26
        ");
        let look = "  - { id: a, call: look, expect: in }\n";
        insta::assert_snapshot!(first(look, &[("door", "/d")], &[], false), @"/well-known/sign");
    }

    #[test]
    fn a_secret_is_sent_in_the_header_or_in_the_body() {
        let step = "  - { id: a, call: enter, expect: in }\n";
        insta::assert_snapshot!(first(step, &[("door", "/d")], &[], true), @"
        /d
        content-type: application/x-www-form-urlencoded
        authorization: Basic YStiOnMlM0ElQzMlQTklMjY=
        client_id=a+b
        ");
    }

    #[test]
    fn an_impostor_has_the_id_and_a_wrong_secret() {
        let step = "  - { id: a, call: enter, client: impostor, expect: in }\n";
        insta::assert_snapshot!(first(step, &[("door", "/d")], &[], false), @"
        /d
        content-type: application/x-www-form-urlencoded
        client_id=a+b&client_secret=t%3A%C3%A9%26
        ");
    }

    #[test]
    fn a_scenario_may_choose_the_header() {
        let step = "  - { id: a, call: enter, send: { auth: basic }, expect: in }\n";
        let in_header = "
        /d
        content-type: application/x-www-form-urlencoded
        authorization: Basic YStiOnMlM0ElQzMlQTklMjY=
        client_id=a+b
        ";
        assert_eq!(
            first(step, &[("door", "/d")], &[], false),
            in_header.trim().replace("        ", "")
        );
        assert_eq!(
            first(step, &[("door", "/d")], &[], true),
            first(step, &[("door", "/d")], &[], false)
        );
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let fit = |paths: &[(&str, &str)], inputs: &[(&str, &str)]| -> String {
            let mut library = library("  - { id: a, call: look, expect: in }\n");
            let said = |error: FitError| error.to_string();
            library
                .fit(&pairs(paths), &pairs(inputs))
                .map_or_else(said, |()| "fits".to_owned())
        };
        insta::assert_snapshot!(fit(&[], &[]), @"dialect `d` needs to know the path of endpoint `door`");
        insta::assert_snapshot!(fit(&[("door", "/d"), ("dor", "/d")], &[]), @"dialect `d` has no endpoint `dor`");
        insta::assert_snapshot!(fit(&[("door", "/d")], &[("scoop", "x")]), @"dialect `d` has no input `scoop`");
        insta::assert_snapshot!(fit(&[("door", "/d"), ("sign", "/s")], &[("scope", "x")]), @"fits");
    }
}
