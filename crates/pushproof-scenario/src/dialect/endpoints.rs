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
