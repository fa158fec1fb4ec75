//! The nearest of the words that would have been right.

/// The candidate that a slip of the fingers turned into `found`: at most a third of the letters differ.
pub fn nearest<'c>(found: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let found: Vec<char> = found.to_lowercase().chars().take(LONGEST + 1).collect();
    if found.is_empty() || found.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.chars().collect();
            let allowed = (found.len().max(letters.len()) / 3).max(1);
            let distance = distance(&found, &letters);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment: insertions, deletions, substitutions, and swaps of two neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, right) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(left != right))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *right && *left == b[j - 1] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// No key or value of the topology is longer; a longer text is no slip of the fingers.
const LONGEST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_different_word_is_not() {
        let words = ["validity", "key", "password", "gateway", "rsa-3072"];
        for (found, expected) in [
            ("validty", Some("validity")),
            ("vaildity", Some("validity")),
            ("Password", Some("password")),
            ("gatway", Some("gateway")),
            ("rsa3072", Some("rsa-3072")),
            ("kye", Some("key")),
            ("issuer", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, words), expected, "{found}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), words), None);
    }
}
