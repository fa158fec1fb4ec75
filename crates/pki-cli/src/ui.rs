//! The terminal: data on stdout, everything else on stderr.
//!
//! What goes to stderr is styled text; the stream strips the styles where nobody would see them
//! (`--color`, `NO_COLOR`, no terminal).

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use pki_core::report::text::Layout;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::error::{CommandError, HINT, WARNING, labelled};

/// The streams of a run and how much to say on them.
#[derive(Debug)]
pub(crate) struct Ui {
    color: ColorChoice,
    /// Under zero: `-q`. Over zero: `-v`.
    verbosity: i16,
    /// Whether a person can be asked.
    interactive: bool,
    /// Whether stderr shows a line that changes.
    live: bool,
    assume_yes: bool,
}

/// What the global flags say about the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// `--color`.
    pub(crate) color: ColorChoice,
    /// How many `-v`, less how many `-q`.
    pub(crate) verbosity: i16,
    /// `--no-input`.
    pub(crate) no_input: bool,
    /// `--yes`.
    pub(crate) assume_yes: bool,
}

impl Ui {
    /// Looks at the streams of the process.
    pub(crate) fn new(settings: Settings) -> Self {
        let stderr_is_terminal = io::stderr().is_terminal();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            color: settings.color,
            verbosity: settings.verbosity,
            interactive: !settings.no_input && stderr_is_terminal && io::stdin().is_terminal(),
            live: stderr_is_terminal && !dumb && settings.verbosity >= 0,
            assume_yes: settings.assume_yes,
        }
    }

    /// Writes data to stdout, byte for byte: what the command was asked for. It may be a keystore, so
    /// nothing is taken for an escape sequence and stripped.
    ///
    /// # Errors
    ///
    /// If it cannot be written; quietly if the reader went away (`apim-pki … | head`).
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| CommandError::output(&error))
    }

    /// Says on stderr what was done. `-q` silences it.
    pub(crate) fn status(&self, text: impl Display) {
        if self.verbosity >= 0 {
            self.say(|sink| writeln!(sink, "{text}"));
        }
    }

    /// Says on stderr what may matter and stops nothing. Shown with `-q` too.
    pub(crate) fn warning(&self, text: impl Display) {
        self.say(|sink| labelled(sink, WARNING, "warning", &text.to_string()));
    }

    /// Says on stderr what to do next. `-q` silences it.
    pub(crate) fn hint(&self, text: impl Display) {
        if self.verbosity >= 0 {
            self.say(|sink| labelled(sink, HINT, "hint", &text.to_string()));
        }
    }

    /// Lines that explain the error which follows. Shown with `-q` too.
    pub(crate) fn details(&self, lines: &[u8]) {
        self.say(|sink| sink.write_all(lines));
    }

    /// Shows an error.
    pub(crate) fn error(&self, error: &CommandError) {
        self.say(|sink| error.print(sink));
    }

    /// Starts a line on the terminal that counts up to `total`, or on and on with 0. Nothing is shown
    /// elsewhere.
    pub(crate) fn progress(&self, label: impl Into<String>, total: usize) -> Progress<'_> {
        Progress {
            ui: self,
            label: label.into(),
            total,
            done: AtomicUsize::new(0),
            started: Instant::now(),
            drawing: Mutex::new(()),
        }
    }

    /// Whether only errors and warnings are wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.verbosity < 0
    }

    /// How results for people are laid out on stdout: lines are broken on a terminal alone.
    pub(crate) fn layout(&self) -> Layout {
        let width = terminal_size::terminal_size_of(io::stdout());
        let stdout = io::stdout();
        let styled = AutoStream::choice(&stdout) != ColorChoice::Never;
        let styled = match self.color {
            ColorChoice::Auto => styled,
            choice => choice != ColorChoice::Never,
        };
        self.layout_for(width.map(|(width, _)| usize::from(width.0)))
            .styled(styled)
    }

    /// The same for stderr.
    pub(crate) fn layout_of_messages(&self) -> Layout {
        self.layout_for(self.width())
    }

    fn layout_for(&self, width: Option<usize>) -> Layout {
        Layout::new().width(width).verbose(self.verbosity > 0)
    }

    /// Whether there is a person to ask.
    pub(crate) fn can_ask(&self) -> bool {
        self.interactive
    }

    /// Whether `--yes` answers every question.
    pub(crate) fn assumes_yes(&self) -> bool {
        self.assume_yes
    }

    /// Asks a question that has yes and no for an answer; no is what silence means.
    ///
    /// # Errors
    ///
    /// Without a terminal, or with `--no-input`, the question is a refusal, unless `--yes` answers it.
    pub(crate) fn confirm(&self, question: &str) -> Result<bool, CommandError> {
        if self.assume_yes {
            return Ok(true);
        }
        if !self.interactive {
            return Err(
                CommandError::refused(format!("{question} (nobody can be asked here)"))
                    .hint("`--yes` answers yes"),
            );
        }
        self.say(|sink| write!(sink, "{question} [y/N] "));
        let mut answer = String::new();
        io::stdin()
            .read_line(&mut answer)
            .map_err(|error| CommandError::failed("the answer cannot be read").because(&error))?;
        Ok(is_yes(&answer))
    }

    /// Columns of the terminal on stderr, if it is one.
    pub(crate) fn width(&self) -> Option<usize> {
        let (width, _) = terminal_size::terminal_size_of(io::stderr())?;
        Some(usize::from(width.0))
    }

    /// Writes to stderr. If that fails there is nowhere left to say so.
    fn say(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let mut stderr = AutoStream::new(io::stderr(), self.color).lock();
        let _ = write(&mut stderr).and_then(|()| stderr.flush());
    }
}

/// A line that tells how far long work is. It goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    ui: &'a Ui,
    label: String,
    total: usize,
    done: AtomicUsize,
    started: Instant,
    drawing: Mutex<()>,
}

impl Progress<'_> {
    /// One more is done. May be called from several threads.
    pub(crate) fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.ui.live {
            return;
        }
        let _one_at_a_time = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        let line = progress_line(&self.label, done, self.total, self.started.elapsed());
        let line = clipped(&line, self.ui.width());
        self.ui
            .say(|sink| write!(sink, "{CLEAR_LINE}{DIM}{line}{DIM:#}"));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.ui.live && self.done.load(Ordering::Relaxed) > 0 {
            self.ui.say(|sink| sink.write_all(CLEAR_LINE.as_bytes()));
        }
    }
}

/// A moment as messages tell it.
pub(crate) fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

fn progress_line(label: &str, done: usize, total: usize, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match total {
        // Nobody knows how many there are.
        0 => format!("{label} {done}, {seconds} s"),
        _ => format!("{label} {done}/{total}, {seconds} s"),
    }
}

/// A longer line than the terminal is wide would wrap and stay.
fn clipped(line: &str, width: Option<usize>) -> String {
    line.chars().take(width.unwrap_or(80)).collect()
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Back to the line's start, and what is there goes (ECMA-48 CR and EL 2).
const CLEAR_LINE: &str = "\r\u{1b}[2K";
/// The style of a progress line.
const DIM: Style = Style::new().dimmed();

#[cfg(test)]
mod tests {
    use super::*;

    fn silent(no_input: bool, assume_yes: bool) -> Ui {
        Ui::new(Settings {
            color: ColorChoice::Never,
            verbosity: 0,
            no_input,
            assume_yes,
        })
    }

    impl Ui {
        /// As if a person sat at the terminal.
        pub(crate) fn for_a_person() -> Self {
            Self {
                interactive: true,
                ..silent(false, false)
            }
        }
    }

    #[test]
    fn a_question_without_anybody_to_ask_is_a_refusal() {
        let error = silent(true, false)
            .confirm("replace `apim-pki.toml`?")
            .unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Refused);
    }

    #[test]
    fn yes_on_the_command_line_answers_every_question() {
        assert!(silent(true, true).confirm("replace it?").unwrap());
    }

    #[test]
    fn only_yes_is_yes() {
        for (answer, yes) in [("y\n", true), ("YES\n", true), ("\n", false), ("no", false)] {
            assert_eq!(is_yes(answer), yes, "{answer:?}");
        }
    }

    #[test]
    fn progress_counts_and_tells_the_time() {
        let line = progress_line("making keys", 3, 12, Duration::from_millis(4900));
        assert_eq!(line, "making keys 3/12, 4 s");
        assert_eq!(clipped(&line, Some(6)), "making");
        let line = progress_line("looking", 3, 0, Duration::from_millis(4900));
        assert_eq!(line, "looking 3, 4 s");
    }

    #[test]
    fn progress_may_be_advanced_from_several_threads() {
        let ui = silent(true, false);
        let progress = ui.progress("making keys", 8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| progress.advance());
            }
        });
        assert_eq!(progress.done.load(Ordering::Relaxed), 8);
    }
}
