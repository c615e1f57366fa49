//! The sequence of outcomes a poll step allows, `[pending*, rejected]`, compiled to an automaton. Start at [`Pattern`].
//!
//! One reply may satisfy several outcomes, so the automaton keeps a set of places it may be at: a bit set that is copied, never allocated.

use crate::dialect::Outcomes;
use crate::fields::Reader;
use crate::source::{Span, Spanned};

/// Most places a pattern may have, `"pending{55}"` counting 55.
pub(crate) const PLACES_MAX: usize = 255;
const WORDS: usize = (PLACES_MAX + 1) / 64;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    places: Vec<Place>,
    elements: Vec<Element>,
}

/// One element as written.
#[derive(Clone, Debug)]
pub struct Element {
    /// As written, `pending*`.
    pub text: String,
    /// Where.
    pub span: Span,
}

#[derive(Clone, Debug)]
struct Place {
    outcomes: Outcomes,
    /// May be passed over.
    optional: bool,
    /// May be stayed at.
    repeats: bool,
    element: usize,
}

/// The places a pattern may be at; the place after the last means that it is fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live([u64; WORDS]);

impl Live {
    const NONE: Self = Self([0; WORDS]);

    fn insert(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    const fn contains(&self, place: usize) -> bool {
        self.0[place / 64] & (1 << (place % 64)) != 0
    }

    /// Whether no continuation is possible: the last outcome was not allowed.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        *self == Self::NONE
    }
}

impl Pattern {
    /// Reads a pattern; `resolve` knows the outcomes' names and reports unknown ones.
    pub(crate) fn read(
        reader: &Reader,
        written: &[Spanned<String>],
        resolve: &dyn Fn(&Spanned<String>) -> Option<Outcomes>,
    ) -> Option<Self> {
        let mut pattern = Self {
            places: Vec::new(),
            elements: Vec::new(),
        };
        for element in written {
            let (names, quantifier) = split(&element.value);
            let Some((least, most)) = bounds(quantifier) else {
                let help = "an element is `name`, `name+`, `name*`, `name?`, `\"name{3}\"` or `\"name{1,3}\"`; `a|b` for alternatives";
                reader.error_with_help(
                    "E0140",
                    element.span,
                    format!("`{quantifier}` is not a repetition"),
                    help,
                );
                return None;
            };
            let mut outcomes = Outcomes::NONE;
            for name in names.split('|') {
                outcomes = outcomes.with(resolve(&Spanned::new(
                    name.trim().to_owned(),
                    element.span,
                ))?);
            }
            pattern.element(element, outcomes, least, most);
            if pattern.places.len() > PLACES_MAX {
                reader.error(
                    "E0140",
                    element.span,
                    format!("pattern has more than {PLACES_MAX} places"),
                );
                return None;
            }
        }
        Some(pattern)
    }

    fn element(
        &mut self,
        written: &Spanned<String>,
        outcomes: Outcomes,
        least: usize,
        most: Option<usize>,
    ) {
        let element = self.elements.len();
        self.elements.push(Element {
            text: written.value.clone(),
            span: written.span,
        });
        let place = Place {
            outcomes,
            optional: false,
            repeats: false,
            element,
        };
        // One more than allowed is enough to be refused.
        let cap = PLACES_MAX + 1;
        self.places
            .extend(std::iter::repeat_n(place.clone(), least.min(cap)));
        match most {
            None => self.places.push(Place {
                optional: true,
                repeats: true,
                ..place
            }),
            Some(most) => {
                let more = most.saturating_sub(least).min(cap);
                self.places.extend(std::iter::repeat_n(
                    Place {
                        optional: true,
                        ..place
                    },
                    more,
                ));
            }
        }
    }

    /// Before the first outcome.
    #[must_use]
    pub fn start(&self) -> Live {
        let mut live = Live::NONE;
        self.reach(&mut live, 0);
        live
    }

    /// A place, and what may be reached from it for nothing.
    fn reach(&self, live: &mut Live, mut place: usize) {
        live.insert(place);
        while self.places.get(place).is_some_and(|place| place.optional) {
            place += 1;
            live.insert(place);
        }
    }

    /// After a reply that satisfies `outcomes`.
    #[must_use]
    pub fn advance(&self, live: Live, outcomes: Outcomes) -> Live {
        let mut next = Live::NONE;
        for (at, place) in self.places.iter().enumerate() {
            if live.contains(at) && place.outcomes.meets(outcomes) {
                if place.repeats {
                    self.reach(&mut next, at);
                }
                self.reach(&mut next, at + 1);
            }
        }
        next
    }

    /// Whether the pattern is fulfilled if nothing more comes.
    #[must_use]
    pub fn accepts(&self, live: Live) -> bool {
        live.contains(self.places.len())
    }

    /// Whether it is fulfilled and nothing more may come.
    #[must_use]
    pub fn is_complete(&self, live: Live) -> bool {
        let mut only = Live::NONE;
        only.insert(self.places.len());
        live == only
    }

    /// The outcomes allowed next.
    #[must_use]
    pub fn allowed(&self, live: Live) -> Outcomes {
        let open = self
            .places
            .iter()
            .enumerate()
            .filter(|(at, _)| live.contains(*at));
        open.fold(Outcomes::NONE, |all, (_, place)| all.with(place.outcomes))
    }

    /// The element that is waited for: the last one that may come next, since earlier ones are optional by now.
    #[must_use]
    pub fn awaited(&self, live: Live) -> Option<&Element> {
        let place = (0..self.places.len()).rev().find(|at| live.contains(*at))?;
        self.elements.get(self.places[place].element)
    }

    /// Its elements as written.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.elements.iter()
    }

    /// The first element that must come after one that ends polling for certain.
    pub(crate) fn goes_on_after(&self, is_final: &dyn Fn(Outcomes) -> bool) -> Option<&Element> {
        let mut needed = self.places.iter().filter(|place| !place.optional);
        needed.find(|place| is_final(place.outcomes))?;
        needed
            .next()
            .and_then(|place| self.elements.get(place.element))
    }

    /// Whether its last outcome, or one that may be the last, is such a one.
    pub(crate) fn ends_with(&self, is_one: &dyn Fn(Outcomes) -> bool) -> bool {
        let needed = self.places.iter().rposition(|place| !place.optional);
        let ends = &self.places[needed.unwrap_or(0)..];
        ends.iter().any(|place| is_one(place.outcomes))
    }

    /// The most replies it has room for; `None` if there is no end.
    #[must_use]
    pub fn most(&self) -> Option<usize> {
        let ends = self.places.iter().all(|place| !place.repeats);
        ends.then_some(self.places.len())
    }

    /// All outcomes it names.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        self.places
            .iter()
            .fold(Outcomes::NONE, |all, place| all.with(place.outcomes))
    }

    /// The fewest replies that fulfil it.
    #[must_use]
    pub fn least(&self) -> usize {
        self.places.iter().filter(|place| !place.optional).count()
    }
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(['+', '*', '?', '{']).unwrap_or(text.len());
    text.split_at(end)
}

fn bounds(quantifier: &str) -> Option<(usize, Option<usize>)> {
    let number = |text: &str| text.trim().parse::<usize>().ok();
    match quantifier {
        "" => Some((1, Some(1))),
        "+" => Some((1, None)),
        "*" => Some((0, None)),
        "?" => Some((0, Some(1))),
        _ => {
            let inner = quantifier.strip_prefix('{')?.strip_suffix('}')?;
            match inner.split_once(',') {
                None => number(inner).map(|exact| (exact, Some(exact))),
                Some((least, "")) => number(least).map(|least| (least, None)),
                Some((least, most)) => {
                    let (least, most) = (number(least)?, number(most)?);
                    (least <= most).then_some((least, Some(most)))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Source;

    const NAMES: [&str; 4] = ["pending", "slow_down", "rejected", "tokens"];

    fn outcome(name: &str) -> Option<Outcomes> {
        NAMES
            .iter()
            .position(|known| *known == name)
            .map(Outcomes::named)
    }

    fn pattern(text: &str) -> Option<Pattern> {
        let reader = Reader::new(&Source::new("p", text));
        let written: Vec<_> = text
            .split_whitespace()
            .map(|word| Spanned::new(word.to_owned(), Span::default()))
            .collect();
        Pattern::read(&reader, &written, &|name| outcome(&name.value))
    }

    /// `ok`, `open` (more must come) or `dead at N`.
    fn run(text: &str, replies: &str) -> String {
        let pattern = pattern(text).expect("a pattern");
        let mut live = pattern.start();
        for (at, reply) in replies.split_whitespace().enumerate() {
            let outcomes = reply
                .split('&')
                .fold(Outcomes::NONE, |all, name| all.with(outcome(name).unwrap()));
            live = pattern.advance(live, outcomes);
            if live.is_dead() {
                return format!("dead at {}", at + 1);
            }
        }
        match (pattern.accepts(live), pattern.is_complete(live)) {
            (true, true) => "complete".to_owned(),
            (true, false) => "ok".to_owned(),
            (false, _) => format!(
                "open, waits for {}",
                pattern
                    .awaited(live)
                    .map_or("nothing", |element| &element.text)
            ),
        }
    }

    #[test]
    fn patterns_read_as_they_say() {
        let table = [
            ("pending* rejected", "rejected", "complete"),
            ("pending* rejected", "pending pending rejected", "complete"),
            ("pending* rejected", "pending", "open, waits for rejected"),
            ("pending* rejected", "pending tokens", "dead at 2"),
            ("pending+ tokens", "tokens", "dead at 1"),
            (
                "rejected{3}",
                "rejected rejected",
                "open, waits for rejected{3}",
            ),
            ("rejected{3}", "rejected rejected rejected", "complete"),
            (
                "rejected{3}",
                "rejected rejected rejected rejected",
                "dead at 4",
            ),
            (
                "pending+ slow_down|rejected+",
                "pending slow_down rejected",
                "ok",
            ),
            ("pending{1,2} tokens?", "pending pending", "ok"),
            (
                "pending+ rejected",
                "pending pending&rejected",
                "ok, or more",
            ),
        ];
        for (text, replies, expected) in table {
            let got = run(text, replies);
            assert!(
                got == expected || (expected == "ok, or more" && got == "ok"),
                "{text} on {replies}: {got}"
            );
        }
    }

    #[test]
    fn what_is_no_repetition_is_refused() {
        for text in [
            "pending{",
            "pending{x}",
            "pending{3,1}",
            "pending++",
            "pending{300}",
            "unknown",
        ] {
            assert!(pattern(text).is_none(), "{text}");
        }
    }

    /// A slow reference: does any split of the replies over the elements work?
    fn reference(elements: &[(Outcomes, usize, usize)], replies: &[Outcomes]) -> bool {
        let Some(((outcomes, least, most), rest)) = elements.split_first() else {
            return replies.is_empty();
        };
        (*least..=(*most).min(replies.len())).any(|n| {
            replies[..n].iter().all(|reply| reply.meets(*outcomes))
                && reference(rest, &replies[n..])
        })
    }

    proptest! {
        #[test]
        fn the_automaton_agrees_with_trying_everything(
            elements in prop::collection::vec((0usize..4, 0usize..3, 0usize..3), 1..5),
            replies in prop::collection::vec(1u8..16, 0..7),
        ) {
            let text: Vec<String> = elements.iter().map(|(name, least, more)| format!("{}{{{least},{}}}", NAMES[*name], least + more)).collect();
            let compiled = pattern(&text.join(" ")).unwrap();
            let bits = |reply: &u8| (0..4).filter(|bit| reply & (1 << bit) != 0).fold(Outcomes::NONE, |all, bit| all.with(Outcomes::named(bit)));
            let replies: Vec<Outcomes> = replies.iter().map(bits).collect();
            let live = replies.iter().fold(compiled.start(), |live, reply| compiled.advance(live, *reply));
            let elements: Vec<_> = elements.iter().map(|(name, least, more)| (Outcomes::named(*name), *least, least + more)).collect();
            prop_assert_eq!(compiled.accepts(live), reference(&elements, &replies));
        }
    }
}
