//! `covers` and `level`: which requirements a step or check judges, and how strictly.

use pushproof_report::Cover;

use crate::dialect::Requirements;
use crate::fields::{Fields, Reader};
use crate::grammar::LEVELS;

/// Takes `covers` and `level` of a map. A level can only be lowered.
pub(crate) fn read(
    reader: &Reader,
    fields: &mut Fields<'_>,
    requirements: &Requirements,
) -> Vec<Cover> {
    let ids = fields.texts("covers");
    let level_node = fields.take("level");
    let lowered = level_node.and_then(|node| reader.word(node, "level", &LEVELS));
    let mut covers: Vec<Cover> = Vec::new();
    for id in ids {
        let Some(requirement) = requirements.get(&id.value) else {
            let known = requirements
                .iter()
                .map(|requirement| requirement.id.as_str());
            reader.unknown("E0130", id.span, "requirement", &id.value, known);
            continue;
        };
        let level = match (lowered, level_node) {
            // `Ord` puts the strongest level first.
            (Some(lowered), Some(node)) if lowered < requirement.level => {
                let message = format!(
                    "`level` cannot raise {}, which is a {}",
                    id.value, requirement.level
                );
                reader.error("E0131", node.span, message);
                requirement.level
            }
            (Some(lowered), _) => lowered,
            (None, _) => requirement.level,
        };
        if covers.iter().any(|cover| cover.requirement == id.value) {
            reader.error(
                "E0004",
                id.span,
                format!("`{}` is covered twice here", id.value),
            );
        } else {
            covers.push(Cover {
                requirement: id.value,
                level,
            });
        }
    }
    if let (Some(node), true) = (level_node, covers.is_empty()) {
        reader.error("E0131", node.span, "`level` without `covers`");
    }
    covers
}
