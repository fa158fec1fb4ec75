//! The command line of apim-pki.

mod advice;
mod cli;
mod commands;
mod deployment;
mod error;
mod homes;
mod passwords;
mod paste;
mod secrets;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
