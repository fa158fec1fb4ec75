//! Patterns of keys and paths.

/// True if a text is what a pattern says: `*` stands for anything but `/`, `**` for anything.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let (after, any) = match after.strip_prefix('*') {
        Some(after) => (after, true),
        None => (after, false),
    };
    // The longest run that the star may stand for.
    let run = match any {
        true => rest.len(),
        false => rest.find('/').unwrap_or(rest.len()),
    };
    if after.is_empty() {
        return run == rest.len();
    }
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.take_while(|end| *end <= run)
        .any(|end| matches(after, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_within_a_step() {
        for (pattern, text) in [
            ("a/b", "a/b"),
            ("a/*/c", "a/b/c"),
            ("a*/c", "ab/c"),
            ("a/*.xml", "a/b.c.xml"),
            ("**", "a/b"),
            ("a/**", "a/b/c"),
            ("a/**/d", "a/b/c/d"),
            ("*[*]/x", "k[1]/x"),
            ("a*", "a"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a/*/c", "a/b/b/c"),
            ("a/*", "a/b/c"),
            ("a", "ab"),
            ("a/*.xml", "a/b/c.xml"),
            ("**b", "a/c"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
