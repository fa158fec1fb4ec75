//! Holds the architecture: which module of the library may use which, where the product's words may
//! stand, how long a file may be. The table is the one of docs/architecture.md; change both together.
//!
//! What counts is the shipped code: comments, strings (for arrows) and `#[cfg(test)]` modules do not.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of a test binary for shipped code"
)]

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

/// Every module, in build order, with the modules that it may use.
const TABLE: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("disk", &["secret"]),
    // Threads, and nothing else: whoever has many items may use it.
    ("parallel", &[]),
    // A PEM block may be a private key, so its content is held as a secret.
    ("x509", &["secret"]),
    ("key", &["secret", "x509"]),
    ("keystore", &["secret", "x509", "key"]),
    ("path", &["x509", "key"]),
    ("edit", &["secret", "x509", "key", "keystore", "path"]),
    ("wso2", &["secret", "x509", "key", "keystore"]),
    ("issue", &["secret", "x509", "key"]),
    ("topology", &["secret", "x509", "key", "keystore", "wso2"]),
    (
        "observe",
        &[
            "disk", "parallel", "secret", "x509", "key", "keystore", "wso2", "topology",
        ],
    ),
    (
        "verify",
        &[
            "path", "wso2", "topology", "observe", "disk", "secret", "x509", "key", "keystore",
            "edit", "issue",
        ],
    ),
    (
        "plan",
        &[
            "secret", "disk", "x509", "key", "keystore", "path", "edit", "wso2", "issue",
            "topology", "observe", "verify",
        ],
    ),
    (
        "apply",
        &[
            "secret", "disk", "parallel", "x509", "key", "keystore", "path", "edit", "wso2",
            "issue", "topology", "observe", "verify", "plan",
        ],
    ),
    (
        "install",
        &[
            "secret", "disk", "x509", "key", "keystore", "path", "edit", "wso2", "issue",
            "topology", "observe", "verify", "plan",
        ],
    ),
    (
        "audit",
        &[
            "secret", "disk", "parallel", "x509", "key", "keystore", "path", "edit", "wso2",
            "issue", "topology", "observe", "verify",
        ],
    ),
    (
        "report",
        &[
            "secret", "disk", "x509", "key", "keystore", "path", "edit", "wso2", "issue",
            "topology", "observe", "verify", "plan", "audit", "install",
        ],
    ),
];

/// Only `wso2` says these; the others ask it.
const PRODUCT_STRINGS: &[&str] = &[
    "api-manager.xml",
    "apim_analytics",
    "axis2.xml",
    "carbon.xml",
    "catalina-server.xml",
    "client-truststore",
    "cipher-text.properties",
    "deployment.toml",
    "gateway_certificate_alias",
    "repository/conf",
    "repository/resources",
    "wso2carbon",
];
/// The one module that may say them.
const PRODUCT_MODULE: &str = "wso2";
/// Where texts for people name the product's files: what a rule finds, why, and who says so. What is more
/// than one word is such a text; what decides is one word, and stays in the product's module.
const EXPLAINING_FOLDER: &str = "audit/rules";
/// Homes in miniature for the tests of rules, which alone compile it.
const FIXTURES_FOLDER: &str = "audit/testing";
/// The size at which a file is split, without its tests.
const MAX_LINES: usize = 600;

#[test]
fn the_library_keeps_its_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut violations = Vec::new();
    let mut files = 0;
    for file in rust_files(&root) {
        let relative = file.strip_prefix(&root).unwrap();
        files += 1;
        violations.extend(judge(relative, &fs::read_to_string(&file).unwrap()));
    }
    assert!(files > 10, "only {files} files were found");
    let shown: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "\n{}", shown.join("\n"));
}

#[test]
fn the_command_line_keeps_its_files_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pki-cli/src");
    for file in rust_files(&root) {
        let lines = lines_of_code(&fs::read_to_string(&file).unwrap());
        assert!(lines <= MAX_LINES, "{}: {lines} lines", file.display());
    }
    let main = fs::read_to_string(root.join("main.rs")).unwrap();
    assert!(main.lines().count() < 40);
}

#[test]
fn every_arrow_of_the_table_points_to_an_earlier_row() {
    for (row, (module, allowed)) in TABLE.iter().enumerate() {
        for target in *allowed {
            let earlier = TABLE[..row].iter().any(|(name, _)| name == target);
            assert!(earlier, "{module} -> {target}");
        }
    }
}

#[test]
fn a_forbidden_arrow_is_found_however_it_is_written() {
    for source in [
        "use crate::keystore::Keystore;",
        "use crate::{\n    secret::Bytes,\n    keystore::{Alias, Keystore},\n};",
        "use crate::{keystore};",
        "use crate::keystore as k;",
        "fn f() { let _ = crate::keystore::Alias::new(\"a\"); }",
        "pub fn f(_: &crate :: keystore::Alias) {}",
        "use super::super::keystore::Alias;",
        "#[cfg(test)]\nmod tests { fn g() {} }\nuse crate::keystore::Alias;",
    ] {
        let found = judge(Path::new("key/sub.rs"), source);
        assert_eq!(
            found,
            [Violation::Arrow("key/sub.rs".into(), "keystore".into())],
            "{source}"
        );
    }
}

#[test]
fn an_allowed_arrow_and_what_is_no_code_pass() {
    for source in [
        "use crate::{secret::{Bytes, Password}, x509::Certificate};",
        "// use crate::keystore::Alias;\n/// [`crate::keystore::Alias`]\nfn f() {}",
        "/* crate::keystore /* nested */ crate::plan */",
        "const A: &str = \"crate::keystore\"; const B: &str = r#\"crate::plan \"quoted\"\"#;",
        "const C: char = '\"'; fn g<'a>(_: &'a str) {} // crate::plan",
        "use super::Other; use self::inner::X;",
        "#[cfg(test)]\nmod tests {\n    use crate::keystore::Alias;\n    const S: &str = \"}\";\n}",
        "#[cfg(test)]\nmod testing;\n",
    ] {
        assert_eq!(judge(Path::new("key/sub.rs"), source), [], "{source}");
    }
}

#[test]
fn a_module_that_is_not_in_the_table_is_found() {
    let place = "helpers/mod.rs";
    assert_eq!(
        judge(Path::new(place), "use crate::secret::Bytes;"),
        [Violation::UnknownModule(place.into(), "helpers".into())]
    );
    assert_eq!(
        judge(Path::new("key/mod.rs"), "use crate::helpers::f;"),
        [Violation::Arrow("key/mod.rs".into(), "helpers".into())]
    );
}

#[test]
fn the_product_s_words_are_found_outside_its_module() {
    let source = "const ALIAS: &str = \"wso2carbon\";";
    assert_eq!(
        judge(Path::new("plan/mod.rs"), source),
        [Violation::ProductString(
            "plan/mod.rs".into(),
            "wso2carbon".into()
        )]
    );
    assert_eq!(judge(Path::new("wso2/slot.rs"), source), []);
    let explained = "const WHY: &str = \"wso2carbon opens every store\";";
    assert_eq!(judge(Path::new("audit/rules/a.rs"), explained), []);
    assert_ne!(judge(Path::new("audit/engine.rs"), explained), []);
    assert_ne!(judge(Path::new("audit/rules/a.rs"), source), []);
    let tested = "#[cfg(test)]\nmod tests { const ALIAS: &str = \"wso2carbon\"; }";
    assert_eq!(judge(Path::new("plan/mod.rs"), tested), []);
    let tried = "#[cfg(test)]\nconst A: &[(u8, &str)] = &[(1, { \"a\" }), (2, \"wso2carbon\")];";
    assert_eq!(judge(Path::new("plan/mod.rs"), tried), []);
    let told = "/// The product's `wso2carbon.jks`.\nfn f() {}";
    assert_eq!(judge(Path::new("plan/mod.rs"), told), []);
}

#[test]
fn a_file_that_grew_too_long_is_found() {
    let long = "fn f() {}\n".repeat(MAX_LINES + 1);
    assert_eq!(
        judge(Path::new("key/mod.rs"), &long),
        [Violation::TooLong("key/mod.rs".into(), MAX_LINES + 1)]
    );
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    assert_eq!(judge(Path::new("key/mod.rs"), &tested), []);
}

#[derive(Debug, PartialEq, Eq)]
enum Violation {
    Arrow(PathBuf, String),
    ProductString(PathBuf, String),
    TooLong(PathBuf, usize),
    UnknownModule(PathBuf, String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrow(file, to) => write!(f, "{}: may not use `{to}`", file.display()),
            Self::ProductString(file, word) => write!(
                f,
                "{}: `{word}` belongs to `{PRODUCT_MODULE}`",
                file.display()
            ),
            Self::TooLong(file, lines) => write!(f, "{}: {lines} lines: split it", file.display()),
            Self::UnknownModule(file, module) => {
                write!(f, "{}: `{module}` is not in the table", file.display())
            }
        }
    }
}

/// What is wrong with one file; `relative` to `src`.
fn judge(relative: &Path, source: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let place = relative.to_path_buf();
    // Tests in a file of their own.
    if relative
        .iter()
        .any(|part| part == "tests" || part == "tests.rs")
    {
        return violations;
    }
    let lines = lines_of_code(source);
    if lines > MAX_LINES {
        violations.push(Violation::TooLong(place.clone(), lines));
    }
    // The table of contents uses what it likes.
    if relative == Path::new("lib.rs") {
        return violations;
    }
    let first = relative.iter().next().unwrap().to_string_lossy();
    let module = first.trim_end_matches(".rs");
    let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == module) else {
        violations.push(Violation::UnknownModule(place, module.to_owned()));
        return violations;
    };
    let shipped = without_tests(&tokens(source));
    let depth = module_depth(relative);
    for target in targets(&shipped, depth) {
        if target != module && !allowed.contains(&target.as_str()) {
            violations.push(Violation::Arrow(place.clone(), target));
        }
    }
    if module != PRODUCT_MODULE && !relative.starts_with(FIXTURES_FOLDER) {
        let may_explain = relative.starts_with(EXPLAINING_FOLDER);
        for word in PRODUCT_STRINGS {
            let said = |token: &Token| {
                matches!(token, Token::Text(text) if text.contains(word)
                    && !(may_explain && text.contains(' ')))
            };
            if shipped.iter().any(said) {
                violations.push(Violation::ProductString(place.clone(), (*word).to_owned()));
            }
        }
    }
    violations
}

/// Lines before the tests, which stand last.
fn lines_of_code(source: &str) -> usize {
    let lines: Vec<&str> = source.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests"));
    tests.unwrap_or(lines.len())
}

/// How many `super` lead from the file's module to the crate's root.
fn module_depth(relative: &Path) -> usize {
    let parts = relative.iter().count();
    match relative.ends_with("mod.rs") {
        true => parts - 1,
        false => parts,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// The first segments of all paths that begin at the crate's root.
fn targets(tokens: &[Token], depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut end = at;
        let rooted = match &tokens[at] {
            Token::Word(word) if word == "crate" => true,
            Token::Word(word) if word == "super" => {
                let mut climbed = 1;
                while is_path_sign(tokens, end + 1)
                    && matches!(tokens.get(end + 3), Some(Token::Word(word)) if word == "super")
                {
                    climbed += 1;
                    end += 3;
                }
                climbed == depth
            }
            _ => false,
        };
        if rooted && is_path_sign(tokens, end + 1) {
            collect(&tokens[end + 3..], &mut found);
        }
        at = end + 1;
    }
    found
}

fn is_path_sign(tokens: &[Token], at: usize) -> bool {
    tokens.get(at..at + 2) == Some(&[Token::Sign(':'), Token::Sign(':')])
}

/// The word that follows, or of a group in braces the first word of each member.
fn collect(rest: &[Token], found: &mut BTreeSet<String>) {
    match rest.first() {
        // `crate::Thing`: no module.
        Some(Token::Word(word)) if word.starts_with(|first: char| first.is_lowercase()) => {
            found.insert(word.clone());
        }
        Some(Token::Sign('{')) => {
            let (mut depth, mut expected) = (0, false);
            for token in rest {
                match token {
                    Token::Sign('{') => {
                        depth += 1;
                        expected = depth == 1;
                    }
                    Token::Sign('}') => depth -= 1,
                    Token::Sign(',') => expected = depth == 1,
                    Token::Word(word) if expected => {
                        found.insert(word.clone());
                        expected = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        }
        _ => {}
    }
}

/// Leaves out each item that stands under `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let word = |text: &str| Token::Word(text.to_owned());
    let marker = [
        Token::Sign('#'),
        Token::Sign('['),
        word("cfg"),
        Token::Sign('('),
        word("test"),
        Token::Sign(')'),
        Token::Sign(']'),
    ];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].starts_with(&marker) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += marker.len();
        let mut depth = 0;
        while at < tokens.len() {
            match tokens[at] {
                Token::Sign('{' | '(' | '[') => depth += 1,
                Token::Sign('}' | ')' | ']') => depth -= 1,
                _ => {}
            }
            let ended = matches!(tokens[at], Token::Sign('}' | ';')) && depth == 0;
            at += 1;
            if ended {
                break;
            }
        }
    }
    kept
}

/// Words, signs and the content of strings; comments go.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied();
        match (chars[at], next) {
            ('/', Some('/')) => at = end_of_line(&chars, at),
            ('/', Some('*')) => at = end_of_block_comment(&chars, at),
            ('"', _) => {
                let end = end_of_string(&chars, at + 1);
                tokens.push(Token::Text(chars[at + 1..end].iter().collect()));
                at = end + 1;
            }
            ('\'', _) => at = end_of_character(&chars, at),
            (first, _) if first.is_alphanumeric() || first == '_' => {
                let length = chars[at..]
                    .iter()
                    .take_while(|char| char.is_alphanumeric() || **char == '_')
                    .count();
                let word: String = chars[at..at + length].iter().collect();
                at += length;
                if matches!(word.as_str(), "r" | "br" | "cr")
                    && let Some((text, end)) = raw_string(&chars, at)
                {
                    tokens.push(Token::Text(text));
                    at = end;
                } else {
                    tokens.push(Token::Word(word));
                }
            }
            (blank, _) if blank.is_whitespace() => at += 1,
            (sign, _) => {
                tokens.push(Token::Sign(sign));
                at += 1;
            }
        }
    }
    tokens
}

fn end_of_line(chars: &[char], at: usize) -> usize {
    let rest = chars[at..].iter().position(|char| *char == '\n');
    rest.map_or(chars.len(), |length| at + length)
}

fn end_of_block_comment(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

/// The place of the closing quote.
fn end_of_string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at.min(chars.len())
}

/// Behind a character literal, or behind the quote of a lifetime.
fn end_of_character(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let rest = chars[(at + 3).min(chars.len())..].iter();
            at + 4 + rest.take_while(|char| **char != '\'').count()
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

/// The content and the end of a raw string whose hashes or quote stand at `at`.
fn raw_string(chars: &[char], at: usize) -> Option<(String, usize)> {
    let hashes = chars[at..].iter().take_while(|char| **char == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let start = at + hashes + 1;
    let mut end = start;
    while end < chars.len() {
        let closing = chars[end] == '"'
            && chars[end + 1..]
                .iter()
                .take_while(|char| **char == '#')
                .count()
                >= hashes;
        if closing {
            return Some((chars[start..end].iter().collect(), end + 1 + hashes));
        }
        end += 1;
    }
    None
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
