//! The names that a dialect gives, with what each means, for schemas that list them.

use std::collections::BTreeMap;

use crate::dialect::Outcomes;
use crate::grammar::Fact;
use crate::library::Library;

/// The names of a dialect by what they name; or none, where a schema is for every dialect.
#[derive(Debug, Default)]
pub struct Facts {
    /// The dialect.
    pub(super) dialect: Option<String>,
    names: BTreeMap<Fact, Vec<(String, String)>>,
    inputs: BTreeMap<Fact, Inputs>,
}

/// The inputs of operations and fragments by their names, each with a word on it.
type Inputs = BTreeMap<String, Vec<(String, String)>>;

impl Facts {
    /// Those of a dialect with its fragments.
    #[must_use]
    pub fn of(library: &Library) -> Self {
        let dialect = &*library.dialect;
        let operations = || {
            dialect
                .operations
                .iter()
                .filter(|one| !one.is_written_out())
        };
        let mut facts = Self {
            dialect: Some(dialect.name.clone()),
            ..Self::default()
        };
        let all = operations().map(|one| (one.name.clone(), one.say.clone()));
        facts.know(Fact::Operation, all);
        let named = dialect
            .outcomes
            .iter()
            .map(|name| (name.clone(), String::new()));
        let classes = CLASSES.map(|(name, says)| (name.to_owned(), says.to_owned()));
        let outcomes: Vec<_> = named.chain(classes).collect();
        facts.know(Fact::Outcome, outcomes.clone());
        facts.know(Fact::Pattern, outcomes);
        let requirements = dialect.requirements.iter();
        facts.know(
            Fact::Requirement,
            requirements.map(|one| (one.id.clone(), format!("{} {}", one.level, one.statement))),
        );
        facts.know(Fact::Feature, unsaid(&dialect.features));
        let switches = dialect.features.iter();
        let switches = switches.filter_map(|name| name.strip_prefix("switch."));
        facts.know(Fact::Switch, unsaid(switches));
        let fragments = || library.fragments();
        facts.know(Fact::Fragment, unsaid(fragments().map(|(name, _)| name)));
        facts.know(Fact::Profile, unsaid(dialect.profiles.keys()));
        facts.know(Fact::Lifetime, unsaid(dialect.lifetimes.keys()));
        let endpoints = dialect.endpoints.iter();
        facts.know(Fact::Endpoint, unsaid(endpoints.map(|one| &one.name)));
        let inputs: BTreeMap<&str, bool> = operations().flat_map(|one| one.inputs()).collect();
        facts.know(Fact::Input, unsaid(inputs.keys()));
        let of_operation = |(name, optional): (&str, bool)| {
            let says = if optional { "May be left out." } else { "" };
            (name.to_owned(), says.to_owned())
        };
        let of_operations = operations().map(|one| {
            (
                one.name.clone(),
                one.inputs().into_iter().map(of_operation).collect(),
            )
        });
        facts
            .inputs
            .insert(Fact::Operation, of_operations.collect());
        let of_fragments = fragments().map(|(name, fragment)| {
            let inputs = fragment.inputs.iter();
            let inputs = inputs.map(|input| (input.name.value.clone(), String::new()));
            (name.to_owned(), inputs.collect())
        });
        facts.inputs.insert(Fact::Fragment, of_fragments.collect());
        facts
    }

    /// The names of one kind, in the order in which people should see them; empty where none is known.
    pub(super) fn names(&self, fact: Fact) -> &[(String, String)] {
        self.names.get(&fact).map_or(&[], Vec::as_slice)
    }

    /// What each operation or fragment can be given.
    pub(super) fn inputs(&self, fact: Fact) -> &Inputs {
        const NONE: &Inputs = &BTreeMap::new();
        self.inputs.get(&fact).unwrap_or(NONE)
    }

    fn know(&mut self, fact: Fact, names: impl IntoIterator<Item = (String, String)>) {
        self.names.insert(fact, names.into_iter().collect());
    }
}

const CLASSES: [(&str, &str); 3] = [
    (
        Outcomes::CLASSES[0],
        "Status 400, 401 or 403 with a JSON object that has a text `error`, unless it means pending.",
    ),
    (Outcomes::CLASSES[1], "Too much was sent."),
    (
        Outcomes::CLASSES[2],
        "Anything that is neither a known outcome nor a proper refusal.",
    ),
];

fn unsaid<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Vec<(String, String)> {
    let unsaid = |name: T| (name.as_ref().to_owned(), String::new());
    names.into_iter().map(unsaid).collect()
}
