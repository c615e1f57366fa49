//! The rows of a matrix, and the ids of their cases.

use serde_json::Value;

use super::CASES_MAX;
use crate::ast::{Exclusion, Scenario};
use crate::fields::Reader;
use crate::source::Spanned;
use crate::template::plain;

/// One value for each dimension of the matrix.
pub(super) type Row = Vec<(String, Value)>;

/// Every combination, the last dimension running fastest.
pub(super) fn rows(reader: &Reader, scenario: &Scenario) -> Vec<Row> {
    let count = scenario
        .matrix
        .iter()
        .map(|dimension| dimension.values.len())
        .try_fold(1usize, usize::checked_mul);
    if count.is_none_or(|count| count > CASES_MAX) {
        let span = scenario.matrix[0].name.span;
        reader.error(
            "E0151",
            span,
            format!("matrix makes more than {CASES_MAX} cases"),
        );
        return Vec::new();
    }
    let all = scenario
        .matrix
        .iter()
        .fold(vec![Vec::new()], |rows, dimension| {
            let with = |row: &Row, value: &Value| {
                let mut row = row.clone();
                row.push((dimension.name.value.clone(), value.clone()));
                row
            };
            rows.iter()
                .flat_map(|row| dimension.values.iter().map(|value| with(row, value)))
                .collect()
        });
    kept(reader, scenario, all)
}

/// The rows that no exclusion names.
fn kept(reader: &Reader, scenario: &Scenario, rows: Vec<Row>) -> Vec<Row> {
    for exclusion in &scenario.exclude {
        let mut right = true;
        for (name, _) in &exclusion.members {
            let known = || {
                let lists = scenario.matrix.iter();
                lists.map(|dimension| dimension.name.value.as_str())
            };
            if !known().any(|list| list == name.value) {
                reader.unknown("E0151", name.span, "matrix list", &name.value, known());
                right = false;
            }
        }
        if right && !rows.iter().any(|row| excludes(exclusion, row)) {
            let message = "exclusion fits no row of the matrix";
            reader.error("E0151", exclusion.span, message);
        }
    }
    let kept = |row: &Row| !scenario.exclude.iter().any(|one| excludes(one, row));
    let left: Vec<Row> = rows.into_iter().filter(kept).collect();
    if let (true, Some(first)) = (left.is_empty(), scenario.exclude.first()) {
        let message = "every row of the matrix is excluded";
        reader.error("E0151", first.span, message);
    }
    left
}

fn excludes(exclusion: &Exclusion, row: &Row) -> bool {
    let fits = |(name, value): &(Spanned<String>, Value)| {
        let mut row = row.iter();
        row.any(|(list, given)| *list == name.value && plain(given) == plain(value))
    };
    exclusion.members.iter().all(fits)
}

/// `id[a=1,b=x]`.
pub(super) fn case_id(id: &str, row: &Row) -> String {
    if row.is_empty() {
        return id.to_owned();
    }
    let values: Vec<String> = row
        .iter()
        .map(|(name, value)| format!("{name}={}", plain(value)))
        .collect();
    format!("{id}[{}]", values.join(","))
}
