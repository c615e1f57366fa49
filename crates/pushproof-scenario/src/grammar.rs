//! What the maps of a file may hold: one table for each, [`Map`], from which the parser takes its keys and [`schema`](crate::schema()) makes
//! what editors read.
//!
//! A [`Reader`](crate::fields::Reader) is given the table of each map that it reads. In a build with assertions it is a panic to ask for a key
//! that the table does not have, or to read a map to its end without asking for all that it has; so no test can pass while the two differ.
//! The words that a value may be, [`Words`], are one list for both.

mod actors;
mod checks;
mod dialect;
mod file;
mod meanwhile;
mod steps;
mod wire;

pub use self::dialect::{DIALECT, REQUIREMENTS};
pub use self::file::{FORMAT, FRAGMENT, SCENARIO};

pub(crate) use self::{actors::*, checks::*, dialect::*, file::*, meanwhile::*, steps::*, wire::*};

/// The keys that one map may have.
#[derive(Debug)]
pub struct Map {
    /// Its name in a schema; no two tables have the same.
    pub name: &'static str,
    /// What messages call it, with its article: `a step`.
    pub what: &'static str,
    /// What it is for, in a sentence.
    pub says: &'static str,
    /// Its keys, in groups that several maps share, in the order in which people write them.
    pub keys: &'static [&'static [Key]],
    /// What is under every other key, where names are the author's own; `None`: there is no other.
    pub others: Option<Others>,
    /// What must hold between its keys.
    pub rules: &'static [Rule],
    /// The tables that take over as soon as it is known what the map is.
    pub variants: Variants,
}

/// A map without keys, to write the others from.
pub const EMPTY: Map = Map {
    name: "",
    what: "",
    says: "",
    keys: &[],
    others: None,
    rules: &[],
    variants: Variants::None,
};

/// A key of a map.
#[derive(Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it is for, in a sentence.
    pub says: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// Whether it must be there.
    pub needed: bool,
}

/// A key that must be there.
#[must_use]
pub const fn need(name: &'static str, shape: Shape, says: &'static str) -> Key {
    Key {
        name,
        says,
        shape,
        needed: true,
    }
}

/// A key that may be left out.
#[must_use]
pub const fn may(name: &'static str, shape: Shape, says: &'static str) -> Key {
    Key {
        name,
        says,
        shape,
        needed: false,
    }
}

/// What stands under keys that are the author's own names.
#[derive(Debug)]
pub struct Others {
    /// Which names there can be.
    pub names: Names,
    /// What each of them stands for.
    pub shape: &'static Shape,
}

/// Which names a map can have that the language does not fix.
#[derive(Clone, Copy, Debug)]
pub enum Names {
    /// Any.
    Any,
    /// Such as `$name` can refer to.
    Own,
    /// Some of the dialect's.
    Of(Fact),
}

/// What must hold between the keys of a map.
#[derive(Debug)]
pub enum Rule {
    /// There is exactly one of them.
    One(&'static [&'static str]),
    /// There is at least one of them.
    Some(&'static [&'static str]),
    /// The first is there only together with the second.
    With(&'static str, &'static str),
    /// The map has an entry.
    NotEmpty,
    /// They are known, and wrong in this variant: each has its own message.
    Never(&'static [&'static str]),
}

/// How it is known what a map is.
#[derive(Debug)]
pub enum Variants {
    /// There is nothing to be known.
    None,
    /// The first of these keys that the map has.
    ByKey(&'static [(&'static str, &'static Map)]),
    /// The word under a key.
    ByWord(&'static str, &'static [(&'static str, &'static Map)]),
}

/// What a value looks like.
#[derive(Debug)]
pub enum Shape {
    /// Anything, references included.
    Value,
    /// A single value; a number is taken as its text.
    Text,
    /// A text that fits a regular expression, which is explained by an example.
    Like(&'static str, &'static str),
    /// One number and no other.
    Fixed(u32),
    /// A duration with its unit.
    Duration,
    /// A whole number between two bounds.
    Count(u32, u32),
    /// A number, a text that refers to one, but no other text.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `true`; to say no, the key is left out.
    True,
    /// One of a few words.
    Word(&'static dyn WordList),
    /// A name that the dialect knows.
    Name(Fact),
    /// A list.
    List(&'static Self),
    /// A list of at least this many.
    Several(u32, &'static Self),
    /// One value or a list, which may be empty.
    OneOrMany(&'static Self),
    /// One value or a list of at least one.
    SomeOf(&'static Self),
    /// A map.
    Map(&'static Map),
    /// Anything; but a map that has one of these keys is such a map.
    Unless(&'static [(&'static str, &'static Map)]),
    /// One thing or another, told apart by whether it is a map, a list or a single value.
    Either(&'static [Self]),
}

/// The names that a dialect gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// What can be called.
    Operation,
    /// What a reply can be taken for.
    Outcome,
    /// Outcomes in a sequence.
    Pattern,
    /// What is demanded of an endpoint.
    Requirement,
    /// What a target may be able to do.
    Feature,
    /// Steps under a name.
    Fragment,
    /// What is expected of an endpoint.
    Profile,
    /// What lives for a time.
    Lifetime,
    /// A switch of the tenant.
    Switch,
    /// A path that a target names.
    Endpoint,
    /// A value that operations take.
    Input,
}

impl Fact {
    /// Its name in a schema.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Outcome => "outcome",
            Self::Pattern => "outcomes",
            Self::Requirement => "requirement",
            Self::Feature => "feature",
            Self::Fragment => "fragment",
            Self::Profile => "profile",
            Self::Lifetime => "lifetime",
            Self::Switch => "switch",
            Self::Endpoint => "endpoint",
            Self::Input => "input",
        }
    }
}

/// Words with what each stands for and what it means: the parser's list, and an editor's.
#[derive(Debug)]
pub struct Words<T: 'static>(pub &'static [(&'static str, T, &'static str)]);

impl<T: Copy> Words<T> {
    /// What a word stands for.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<T> {
        let found = self.0.iter().find(|(known, _, _)| *known == word);
        found.map(|(_, value, _)| *value)
    }
}

/// Words, whatever they stand for.
pub trait WordList: Sync + std::fmt::Debug {
    /// Each with what it means.
    fn words(&self) -> Vec<(&'static str, &'static str)>;
}

impl<T: Sync + std::fmt::Debug> WordList for Words<T> {
    fn words(&self) -> Vec<(&'static str, &'static str)> {
        self.0
            .iter()
            .map(|(word, _, says)| (*word, *says))
            .collect()
    }
}

impl Map {
    /// The table of a key.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }

    /// Every key, in order.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().flat_map(|group| group.iter())
    }

    /// The keys or words that say what the map is.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        match self.variants {
            Variants::None => Vec::new(),
            Variants::ByKey(kinds) | Variants::ByWord(_, kinds) => {
                kinds.iter().map(|(kind, _)| *kind).collect()
            }
        }
    }

    /// The table that takes over for one of [`Map::kinds`].
    #[must_use]
    pub fn variant(&self, kind: &str) -> Option<&'static Self> {
        match self.variants {
            Variants::None => None,
            Variants::ByKey(kinds) | Variants::ByWord(_, kinds) => {
                let found = kinds.iter().find(|(known, _)| *known == kind);
                found.map(|(_, map)| *map)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CLIENTS, MATCHER_NAMES, MATCHERS, WordList as _};

    #[test]
    fn what_is_listed_twice_is_the_same() {
        let clients: Vec<&str> = CLIENTS.words().into_iter().map(|(word, _)| word).collect();
        assert_eq!(clients, crate::program::CLIENTS[1..]);
        let matchers: Vec<&str> = MATCHERS.iter().map(|key| key.name).collect();
        assert_eq!(matchers, MATCHER_NAMES);
    }
}
