use std::fmt::Write as _;

use super::{Check, Rule};

impl Rule {
    /// The rule's page, in Markdown: what [`docs/rules`] and `explain` show.
    ///
    /// [`docs/rules`]: https://github.com/apim-pki/apim-pki/tree/main/docs/rules
    pub fn page(&self) -> String {
        let mut out = String::new();
        let mut put = |text: &str| {
            out.push_str(text);
            out.push('\n');
        };
        put(&format!("# `{}`\n", self.id));
        put(&format!("{}.\n", self.what));
        put("| severity | confidence | looks at |");
        put("| --- | --- | --- |");
        let (severity, confidence) = (self.severity.name(), self.confidence);
        put(&format!(
            "| {severity} | {confidence} | {} |\n",
            self.subjects()
        ));
        put("## Why\n");
        put(&wrapped(self.why));
        put("## What to do\n");
        put(&block(self.remedy));
        if let Some(remedy) = self.remedy_in_workspace {
            put("In a workspace:\n");
            put(&block(remedy));
        }
        if let Some(remedy) = self.remedy_in_home {
            put("In a product home:\n");
            put(&block(remedy));
        }
        put("## Sources\n");
        put(wrapped(self.source).trim_end());
        out
    }

    /// What it looks at, in words.
    fn subjects(&self) -> String {
        let mut subjects: Vec<&str> = Vec::new();
        for check in self.checks {
            let subject = match check {
                Check::File(_) => "files",
                Check::Store(_) => "stores",
                Check::Problem(_) => "workspaces and homes, verified",
                Check::Edge(_) => "connections, verified",
                Check::Home(_) => "configuration of homes",
                Check::Secret(_) => "encrypted secrets of homes",
                Check::Endpoint(_) => "live servers",
                Check::Deployment(_) => "stores side by side",
                Check::Waivers(_) => "the policy",
            };
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects.join(", ")
    }
}

/// Commands, with words for what only a finding knows.
fn block(commands: &str) -> String {
    let commands = commands
        .replace("{path}", "FILE")
        .replace("{alias}", "ALIAS")
        .replace("{node}", "NODE")
        .replace("{host}", "HOST:PORT")
        .replace("{home}", "HOME");
    format!("```sh\n{commands}\n```\n")
}

/// Lines of at most [`WIDTH`] columns, and a blank one behind.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > WIDTH {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        // Writing to a text cannot fail.
        let _ = write!(out, "{word}");
        used += length;
    }
    out.push('\n');
    out
}

/// As wide as the project's other pages.
const WIDTH: usize = 110;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::super::rules;

    /// `UPDATE_RULES=1 cargo test -p pki-core page` writes them anew.
    #[test]
    fn the_pages_are_made_from_the_rules() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
        let update = std::env::var_os("UPDATE_RULES").is_some();
        let mut wanted = BTreeSet::from(["README.md".to_owned()]);
        for rule in rules::ALL {
            let name = format!("{}.md", rule.id);
            let path = folder.join(&name);
            wanted.insert(name);
            if update {
                fs::write(&path, rule.page()).unwrap();
            }
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(found, rule.page(), "{}: UPDATE_RULES=1 makes it", rule.id);
        }
        let index = folder.join("README.md");
        if update {
            fs::write(&index, rules::index()).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&index).unwrap_or_default(),
            rules::index()
        );
        let there: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(there, wanted);
    }

    #[test]
    fn every_rule_says_all_that_it_should() {
        for rule in rules::ALL {
            let id = rule.id;
            assert!(!rule.what.ends_with('.'), "{id}: a line, no sentence");
            assert!(rule.what.chars().count() <= 110, "{id}: {}", rule.what);
            assert!(rule.why.ends_with('.'), "{id}: {}", rule.why);
            assert!(!rule.source.is_empty(), "{id}");
            let remedies = [
                Some(rule.remedy),
                rule.remedy_in_workspace,
                rule.remedy_in_home,
            ];
            for remedy in remedies.into_iter().flatten() {
                let commands = remedy.lines().filter(|line| !line.starts_with('#'));
                assert!(commands.count() > 0, "{id}: no command in {remedy}");
            }
        }
    }
}
