//! Commands for hints, spelled so that they can be pasted: with the flags of this run, quoted for a shell.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

/// What a command has to repeat so that it means the same deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paste {
    flags: String,
    workspace: PathBuf,
}

impl Paste {
    /// `file` and `workspace`: only where they were given.
    pub(crate) fn new(file: Option<&Path>, workspace: Option<&Path>) -> Self {
        let mut flags = String::new();
        for (flag, path) in [("-f", file), ("--workspace", workspace)] {
            if let Some(path) = path {
                flags.push_str(&format!(" {flag} {}", quoted(path)));
            }
        }
        let workspace = workspace.unwrap_or(Path::new("pki")).to_owned();
        Self { flags, workspace }
    }

    /// For a workspace that is not where `--workspace` says, since nothing was said.
    pub(crate) fn within(self, workspace: PathBuf) -> Self {
        Self { workspace, ..self }
    }

    /// The workspace's folder.
    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// `apim-pki WORDS` with the flags of this run, in backticks.
    pub(crate) fn command(&self, words: &str) -> String {
        format!("`apim-pki {words}{}`", self.flags)
    }
}

/// A path as one word of a shell.
pub(crate) fn quoted(path: &Path) -> String {
    let text: Cow<'_, str> = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:,@%=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_repeats_what_was_given_and_nothing_else() {
        let paste = |file: Option<&str>, workspace: Option<&str>| {
            Paste::new(file.map(Path::new), workspace.map(Path::new)).command("issue")
        };
        assert_eq!(paste(None, None), "`apim-pki issue`");
        assert_eq!(
            paste(Some("a b.toml"), Some("w")),
            "`apim-pki issue -f 'a b.toml' --workspace w`"
        );
    }

    #[test]
    fn a_quote_in_a_path_stays_in_its_word() {
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
        assert_eq!(quoted(Path::new("pki/nodes")), "pki/nodes");
    }
}
