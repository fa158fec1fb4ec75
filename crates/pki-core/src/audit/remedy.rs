//! Commands to paste, with the names of the files that they are about.

use std::{borrow::Cow, collections::BTreeMap};

/// A template with its names filled in; each name is one word of a shell, whatever is in it. A line that
/// asks for a name which is not known is left out, unless nothing would be left.
pub(super) fn fill(template: &str, values: &BTreeMap<&str, &str>) -> String {
    let mut lines = Vec::new();
    for line in template.lines() {
        if let Some(line) = fill_line(line, values, None) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        let each = template.lines();
        lines.extend(each.filter_map(|line| fill_line(line, values, Some("…"))));
    }
    lines.join("\n")
}

fn fill_line(line: &str, values: &BTreeMap<&str, &str>, unknown: Option<&str>) -> Option<String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        out.push_str(before);
        match values.get(name) {
            Some(value) => out.push_str(&shell_word(value)),
            None => out.push_str(unknown?),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// A text as one word of a POSIX shell. What a terminal would obey is not in it.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:,@%=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into();
    }
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    format!("'{}'", shown.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_whatever_is_in_it() {
        let values = BTreeMap::from([("path", "a b's.jks"), ("alias", "$(id)")]);
        assert_eq!(
            fill("apim-pki store delete {path} --alias {alias}", &values),
            r"apim-pki store delete 'a b'\''s.jks' --alias '$(id)'"
        );
    }

    #[test]
    fn a_line_that_asks_for_what_is_not_known_goes() {
        let values = BTreeMap::from([("path", "a.jks")]);
        let template = "one {path}\ntwo {alias}";
        assert_eq!(fill(template, &values), "one a.jks");
        assert_eq!(fill("two {alias}", &values), "two …");
    }
}
