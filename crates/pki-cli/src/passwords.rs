//! Where a password comes from, followed to its end.
//!
//! The library knows the grammar of sources ([`Source`]); only here a file is opened, a variable read, a
//! program run, a person asked. What cannot be read again (a descriptor, a program, a person) is read
//! once a run and remembered; a person, once for each password.

mod content;

use std::{
    cell::RefCell, collections::BTreeMap, convert::Infallible, ffi::OsStr, fmt, io, path::Path,
    str::FromStr,
};

use pki_core::{
    secret::{Password, Source, SourceError},
    topology::generated_names,
};
use zeroize::Zeroizing;

use crate::{error::CommandError, paste::quoted, ui::Ui};
use content::{Content, MAX_LENGTH, Problem};

/// Resolves password sources, each once.
pub(crate) struct Passwords<'a> {
    ui: &'a Ui,
    ask: Ask,
    /// Single stores may have an empty password; the product's may not.
    allow_empty: bool,
    remembered: RefCell<BTreeMap<Once, Password>>,
}

/// What is asked for once a run: a source, and of a person, who may have an answer for each, also the
/// name of what is asked for.
type Once = (Source, Option<String>);

/// What a password is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Something is made with it: a prompt asks twice.
    Create,
    /// Something that is there is opened with it.
    Open,
}

/// Where a source was written, for messages, and where its programs run.
///
/// A `file:` of the topology comes with its path resolved; one of a flag starts at the current folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The topology's key (`ca.password`) or the flag (`--old-password`).
    pub(crate) name: &'a str,
    /// The topology's folder, or for a flag the current one.
    pub(crate) base: &'a Path,
}

impl<'a> Origin<'a> {
    /// A flag of the command line.
    pub(crate) fn flag(name: &'a str) -> Self {
        Self {
            name,
            base: Path::new(""),
        }
    }

    /// A key of the topology that lies in `base`.
    pub(crate) fn key(name: &'a str, base: &'a Path) -> Self {
        Self { name, base }
    }
}

impl<'a> Passwords<'a> {
    /// With the terminal as it is.
    pub(crate) fn new(ui: &'a Ui) -> Self {
        Self {
            ui,
            ask: |question| rpassword::prompt_password(question),
            allow_empty: false,
            remembered: RefCell::default(),
        }
    }

    /// The same, for single stores: an empty password is one.
    pub(crate) fn for_stores(ui: &'a Ui) -> Self {
        Self {
            allow_empty: true,
            ..Self::new(ui)
        }
    }

    /// The password that a source gives.
    ///
    /// # Errors
    ///
    /// If there is none, with the source as it was written and the place where it was written.
    pub(crate) fn resolve(
        &self,
        source: &Source,
        origin: Origin<'_>,
        purpose: Purpose,
    ) -> Result<Password, CommandError> {
        let asked = matches!(source, Source::Prompt).then(|| origin.name.to_owned());
        let key = (source.clone(), asked);
        if let Some(password) = self.remembered.borrow().get(&key) {
            return Ok(password.clone());
        }
        let failed = |problem| describe(source, origin, problem);
        let (bytes, once) = match source {
            Source::File(path) => (content::file(path), false),
            Source::Environment(name) => (content::variable(name), false),
            Source::FileDescriptor(number) => (content::descriptor(*number), true),
            Source::Command(words) => (content::of_program(words, origin.base), true),
            Source::Prompt => (self.prompt(origin, purpose), true),
            _ => (Err(Problem::Unsupported), false),
        };
        let password = content::password(&bytes.map_err(failed)?).map_err(failed)?;
        if password.is_empty() && !self.allow_empty {
            return Err(failed(Problem::Empty));
        }
        self.warn(source, origin, &password);
        if once {
            self.remembered.borrow_mut().insert(key, password.clone());
        }
        Ok(password)
    }

    fn prompt(&self, origin: Origin<'_>, purpose: Purpose) -> Content {
        if !self.ui.can_ask() {
            return Err(Problem::NobodyToAsk);
        }
        let name = origin.name;
        let ask = |question: String| (self.ask)(&question).map(Zeroizing::new);
        let first = ask(format!("password for `{name}`: ")).map_err(Problem::Read)?;
        if purpose == Purpose::Create {
            let second = ask(format!("password for `{name}`, again: ")).map_err(Problem::Read)?;
            if first != second {
                return Err(Problem::Differ);
            }
        }
        Ok(Zeroizing::new(first.as_bytes().to_vec()))
    }

    /// What is probably a mistake and must not be corrected: it may be part of the password.
    fn warn(&self, source: &Source, origin: Origin<'_>, password: &Password) {
        let text = password.expose();
        let name = origin.name;
        if text.contains(['\n', '\r']) {
            self.ui.warning(format_args!(
                "the password of `{name}` from `{source}` has a line end inside; \
                 only one final line end is taken off"
            ));
        } else if text.starts_with(BYTE_ORDER_MARK) {
            self.ui.warning(format_args!(
                "the password of `{name}` from `{source}` begins with a byte order mark, which an editor put \
                 there and nobody sees; it is kept"
            ));
        } else if text.trim() != text {
            self.ui.warning(format_args!(
                "the password of `{name}` from `{source}` begins or ends with a blank, which is kept"
            ));
        }
        if let Source::File(path) = source
            && others_may_read(path)
        {
            self.ui.warning(format_args!(
                "everybody on this machine may read `{source}`, the password of `{name}`"
            ));
            self.ui.hint(format_args!("`chmod 600 {}`", quoted(path)));
        }
    }
}

impl fmt::Debug for Passwords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

/// A password source on the command line.
///
/// Reading it never fails, because the parser of arguments would repeat the text in its message, and the
/// text may be a password.
#[derive(Clone, Debug)]
pub(crate) struct SourceArg(Result<Source, SourceError>);

impl SourceArg {
    /// The source, or an error that names the flag.
    pub(crate) fn source(&self, flag: &str) -> Result<&Source, CommandError> {
        self.0
            .as_ref()
            .map_err(|error| CommandError::source(flag, *error))
    }
}

impl FromStr for SourceArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse()))
    }
}

/// Asks on the terminal without showing what is typed.
type Ask = fn(&str) -> io::Result<String>;

fn describe(source: &Source, origin: Origin<'_>, problem: Problem) -> CommandError {
    let name = origin.name;
    let failed = |what: &str| CommandError::failed(format!("no password for `{name}`: {what}"));
    match problem {
        Problem::Differ => failed("the two that were typed differ"),
        Problem::Empty => failed(&format!("`{source}` is empty")),
        Problem::Exit(status) => failed(&format!("`{source}` failed ({status})")),
        Problem::NoVariable => failed(&format!("`{source}` is not set")),
        Problem::NobodyToAsk => failed("nobody can be asked here").hint(
            "run it on a terminal without `--no-input`, or take the password from \
             `file:PATH`, `env:NAME`, `fd:N` or `cmd:PROGRAM ARG…`",
        ),
        Problem::NotText => failed(&format!("`{source}` is not UTF-8 text")),
        Problem::Read(error) => {
            let failed = failed(&format!("`{source}` cannot be read")).because(&error);
            match (error.kind(), source) {
                (io::ErrorKind::NotFound, Source::File(path)) if looks_generated(path) => failed
                    .hint(format!(
                        "the workspace generates `file:secrets/NAME` for these names alone: `{}`; any other \
                         file must be there",
                        generated_names().collect::<Vec<_>>().join("`, `")
                    )),
                _ => failed,
            }
        }
        Problem::Start(error) => failed(&format!("`{source}` cannot be started")).because(&error),
        Problem::TooLong => failed(&format!(
            "`{source}` gives more than {MAX_LENGTH} bytes, which is no password"
        )),
        Problem::Unsupported => failed(&format!("`{source}` is not supported")),
    }
}

/// Whether somebody may take it for a password that the workspace makes.
fn looks_generated(path: &Path) -> bool {
    path.parent().and_then(Path::file_name) == Some(OsStr::new("secrets"))
}

/// Group and own bits are a matter of taste, the bit of all others is not.
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o004 != 0)
}

const BYTE_ORDER_MARK: char = '\u{FEFF}';

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use anstream::ColorChoice;

    use super::*;
    use crate::{error::Kind, ui::Settings};

    fn ui() -> Ui {
        Ui::new(Settings {
            color: ColorChoice::Never,
            verbosity: -1,
            no_input: true,
            assume_yes: false,
        })
    }

    fn resolve(source: &str, base: &Path) -> Result<String, CommandError> {
        let source = source.parse().unwrap();
        Passwords::new(&ui())
            .resolve(&source, Origin::key("stores.password", base), Purpose::Open)
            .map(|password| password.expose().to_owned())
    }

    fn refusal(source: &str, base: &Path) -> String {
        let error = resolve(source, base).unwrap_err();
        assert_eq!(error.kind(), Kind::Failed);
        let mut shown = anstream::StripStream::new(Vec::new());
        error.print(&mut shown).unwrap();
        String::from_utf8(shown.into_inner()).unwrap()
    }

    fn folder_with(file: &str, content: impl AsRef<[u8]>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), content).unwrap();
        folder
    }

    fn file_in(folder: &tempfile::TempDir, name: &str) -> String {
        format!("file:{}", folder.path().join(name).display())
    }

    #[test]
    fn a_file_loses_one_line_end_and_nothing_else() {
        for (content, password) in [
            ("secret", "secret"),
            ("secret\n", "secret"),
            ("secret\r\n", "secret"),
            ("secret\n\n", "secret\n"),
            (" secret ", " secret "),
            ("secret\r", "secret\r"),
        ] {
            let folder = folder_with("p", content);
            assert_eq!(
                resolve(&file_in(&folder, "p"), Path::new("")).unwrap(),
                password
            );
        }
    }

    #[test]
    fn a_file_that_gives_no_password_is_named_with_its_key() {
        let folder = folder_with("p", "\n");
        let here = Path::new("");
        let empty = file_in(&folder, "p");
        assert_eq!(
            refusal(&empty, here),
            format!("error: no password for `stores.password`: `{empty}` is empty\n")
        );
        let missing = refusal("file:absent/q", here);
        assert!(
            missing.contains("`file:absent/q` cannot be read"),
            "{missing}"
        );
        assert!(missing.contains("caused by: "), "{missing}");
        assert!(refusal("file:.", here).contains("cannot be read"));
    }

    #[test]
    fn bytes_that_are_no_text_and_files_without_end_are_refused() {
        let folder = folder_with("p", [0xFF, 0xFE]);
        assert!(refusal(&file_in(&folder, "p"), Path::new("")).contains("not UTF-8"));
        assert!(refusal("file:/dev/zero", Path::new("")).contains("4096"));
    }

    #[test]
    fn only_the_bit_of_all_others_is_warned_about() {
        let folder = folder_with("p", "secret");
        let file = folder.path().join("p");
        for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(others_may_read(&file), warned, "{mode:o}");
        }
    }

    #[test]
    fn a_variable_is_read_and_a_missing_one_is_an_error() {
        let here = Path::new("");
        assert_eq!(
            resolve("env:CARGO_PKG_NAME", here).unwrap(),
            env!("CARGO_PKG_NAME")
        );
        assert_eq!(
            refusal("env:APIM_PKI_NEVER_SET", here),
            "error: no password for `stores.password`: `env:APIM_PKI_NEVER_SET` is not set\n"
        );
    }

    #[test]
    fn a_descriptor_is_read_to_its_end_once_a_run() {
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = io::pipe().unwrap();
        io::Write::write_all(&mut writer, b"from a pipe\n").unwrap();
        drop(writer);
        let source: Source = format!("fd:{}", reader.as_raw_fd()).parse().unwrap();
        let ui = ui();
        let passwords = Passwords::new(&ui);
        for key in ["stores.password", "ca.password"] {
            let origin = Origin::key(key, Path::new(""));
            let password = passwords.resolve(&source, origin, Purpose::Open).unwrap();
            assert_eq!(password.expose(), "from a pipe");
        }
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        assert!(refusal("fd:4000", Path::new("")).contains("`fd:4000` cannot be read"));
    }

    #[test]
    fn a_program_is_run_without_a_shell() {
        let here = Path::new("");
        assert_eq!(resolve("cmd:echo $HOME;true", here).unwrap(), "$HOME;true");
    }

    #[test]
    fn a_program_with_a_slash_starts_where_the_topology_lies() {
        let folder = folder_with("ask", "#!/bin/sh\necho secret\n");
        let file = folder.path().join("ask");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(resolve("cmd:./ask", folder.path()).unwrap(), "secret");
    }

    #[test]
    fn a_program_that_fails_or_says_nothing_or_never_ends_gives_no_password() {
        let here = Path::new("");
        assert!(refusal("cmd:false", here).contains("`cmd:false` failed (exit status: 1)"));
        assert!(refusal("cmd:true", here).contains("`cmd:true` is empty"));
        assert!(refusal("cmd:yes", here).contains("4096"));
        assert!(refusal("cmd:apim-pki-no-such-program", here).contains("cannot be started"));
    }

    #[test]
    fn a_prompt_needs_somebody_to_ask() {
        let shown = refusal("prompt", Path::new(""));
        assert!(shown.contains("nobody can be asked here"), "{shown}");
        assert!(shown.contains("hint: "), "{shown}");
    }

    #[test]
    fn a_new_password_is_typed_twice_and_both_must_agree() {
        let ui = Ui::for_a_person();
        let asked = |ask: Ask, purpose| {
            let passwords = Passwords {
                ask,
                ..Passwords::new(&ui)
            };
            let origin = Origin::flag("--password");
            passwords
                .resolve(&Source::Prompt, origin, purpose)
                .map(|password| password.expose().to_owned())
        };
        let same: Ask = |_| Ok("secret".to_owned());
        let differing: Ask = |question| Ok(question.to_owned());
        assert_eq!(asked(same, Purpose::Create).unwrap(), "secret");
        assert!(asked(differing, Purpose::Open).is_ok());
        assert!(asked(differing, Purpose::Create).is_err());
    }

    #[test]
    fn a_person_is_asked_for_each_password_once() {
        let ui = Ui::for_a_person();
        let passwords = Passwords {
            ask: |question| Ok(question.to_owned()),
            ..Passwords::new(&ui)
        };
        let asked = |name| {
            let password = passwords.resolve(&Source::Prompt, Origin::flag(name), Purpose::Open);
            password.unwrap().expose().to_owned()
        };
        assert_eq!(asked("--old"), "password for `--old`: ");
        assert_eq!(asked("--new"), "password for `--new`: ");
        assert_eq!(passwords.remembered.borrow().len(), 2);
        assert_eq!(asked("--old"), "password for `--old`: ");
        assert_eq!(passwords.remembered.borrow().len(), 2);
    }

    #[test]
    fn debug_tells_no_password() {
        let ui = ui();
        let passwords = Passwords::new(&ui);
        let source = "cmd:echo hunter2secret".parse().unwrap();
        passwords
            .resolve(&source, Origin::flag("--password"), Purpose::Open)
            .unwrap();
        assert!(!format!("{passwords:?}").contains("hunter2secret"));
    }
}
