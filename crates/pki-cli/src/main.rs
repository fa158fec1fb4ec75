//! The command line of apim-pki.

#![cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "plan, issue and verify use all of the frame; their modules come next"
    )
)]

mod cli;
mod commands;
mod error;
mod passwords;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os())
}
