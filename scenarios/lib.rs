//! The dialects as data, embedded for the installed binary. In a checkout `cargo xtask` reads the files themselves.

/// Every YAML file of every dialect: its path below `scenarios/`, with `/`, and its text. Sorted by path.
pub const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn a_dialect_is_embedded_whole() {
        let has = |name: &str| {
            FILES
                .iter()
                .any(|(path, text)| *path == name && !text.is_empty())
        };
        assert!(has("auth0/dialect.yaml") && has("auth0/requirements.yaml"));
        assert!(
            FILES
                .iter()
                .any(|(path, _)| path.starts_with("auth0/fragments/"))
        );
        assert!(FILES.is_sorted_by_key(|(path, _)| path));
    }
}
