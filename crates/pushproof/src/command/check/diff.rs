//! A unified diff of two texts that have the same number of lines, as every fix leaves them.

use std::fmt::Write as _;
use std::ops::Range;

/// Lines around a change that are shown.
const CONTEXT: usize = 3;

/// The diff, as `git apply` and `patch -p1` take it; empty if nothing differs.
pub(super) fn unified(name: &str, before: &str, after: &str) -> String {
    let (old, new) = (lines(before), lines(after));
    debug_assert_eq!(old.len(), new.len(), "a fix neither adds nor removes lines");
    let changed: Vec<usize> = (0..old.len().min(new.len()))
        .filter(|at| old[*at] != new[*at])
        .collect();
    if changed.is_empty() {
        return String::new();
    }
    let name = name.trim_start_matches("./");
    // An absolute path is no path of a repository.
    let (a, b) = if name.starts_with('/') {
        ("", "")
    } else {
        ("a/", "b/")
    };
    let mut text = format!("--- {a}{name}\n+++ {b}{name}\n");
    for hunk in hunks(&changed, old.len()) {
        let (start, length) = (hunk.start + 1, hunk.len());
        let _ = writeln!(text, "@@ -{start},{length} +{start},{length} @@");
        let mut at = hunk.start;
        while at < hunk.end {
            let block = (at..hunk.end).take_while(|at| old[*at] != new[*at]).count();
            old[at..at + block]
                .iter()
                .for_each(|old| line(&mut text, '-', old));
            new[at..at + block]
                .iter()
                .for_each(|new| line(&mut text, '+', new));
            at += block;
            if at < hunk.end {
                line(&mut text, ' ', old[at]);
                at += 1;
            }
        }
    }
    text
}

/// The lines, each with its end.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn line(text: &mut String, sign: char, line: &str) {
    text.push(sign);
    text.push_str(line);
    if !line.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
}

/// The stretches that hold all changes with their context; those that would touch are one.
fn hunks(changed: &[usize], lines: usize) -> Vec<Range<usize>> {
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for at in changed {
        let around = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines);
        match hunks.last_mut() {
            Some(last) if around.start <= last.end => last.end = around.end,
            _ => hunks.push(around),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_diff_shows_what_changes_and_three_lines_around_it() {
        let before = "1\n2\n3\n4\nfive\nsix\n7\n8\n9\n10\n11\n12\n13\n14\nlast";
        let after = before.replace("five\nsix", "5\n6").replace("last", "15");
        insta::assert_snapshot!(unified("./x.yaml", before, &after), @r"
        --- a/x.yaml
        +++ b/x.yaml
        @@ -2,8 +2,8 @@
         2
         3
         4
        -five
        -six
        +5
        +6
         7
         8
         9
        @@ -12,4 +12,4 @@
         12
         13
         14
        -last
        \ No newline at end of file
        +15
        \ No newline at end of file
        ");
        assert_eq!(unified("x", before, before), "");
    }
}
