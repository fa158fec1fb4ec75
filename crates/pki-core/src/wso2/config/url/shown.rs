//! URLs without what nobody is to see.

use std::ops::Range;

use super::{LIMIT, is_end};

/// A value as it may be shown: users and passwords of its URLs, and options that are passwords, taken out.
pub(in crate::wso2::config) fn shown(value: &str) -> String {
    if value.len() > LIMIT {
        return "…".to_owned();
    }
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for (at, _) in value.match_indices("://") {
        let start = at + "://".len();
        let amqp = value[..at].ends_with("amqp");
        let end = match amqp {
            // A client's authority is whatever stands before its options.
            true => value[start..].find('?'),
            false => value[start..].find(|c: char| is_end(c) || matches!(c, '/' | '?' | '#')),
        };
        let end = end.map_or(value.len(), |end| start + end);
        if let Some(sign) = value[start..end].rfind('@') {
            hidden.push(start..start + sign);
        }
    }
    // `jdbc:oracle:thin:user/password@…`
    if let Some(start) = value.find(":thin:").map(|at| at + ":thin:".len()) {
        let sign = value[start..].find('@').filter(|sign| *sign > 0);
        hidden.extend(sign.map(|sign| start..start + sign));
    }
    let lower = value.to_ascii_lowercase();
    for word in ["password=", "pwd=", "passphrase="] {
        for (at, _) in lower.match_indices(word) {
            let start = at + word.len();
            let rest = &value[start..];
            let (start, end) = match rest.strip_prefix('\'') {
                Some(quoted) => (start + 1, quoted.find('\'').map(|end| start + 1 + end)),
                None => (
                    start,
                    rest.find(['&', ';', ')', '\'', '"', '%'])
                        .map(|end| start + end),
                ),
            };
            hidden.push(start..end.unwrap_or(value.len()));
        }
    }
    hidden.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(value.len());
    let mut at = 0;
    for range in hidden.iter().filter(|range| !range.is_empty()) {
        if range.start >= at {
            out.push_str(&value[at..range.start]);
            out.push('…');
        }
        at = at.max(range.end);
    }
    out.push_str(&value[at..]);
    out
}
