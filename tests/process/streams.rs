//! Pipes, terminals, and neither.

use std::process::Command;

use crate::site::{BINARY, GIVEN_CA, Run, Site, topology};

#[test]
fn a_reader_that_went_away_is_no_error() {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    site.ok(&["issue"]);
    for args in [
        &["plan"][..],
        &["verify"],
        &["issue"],
        &["verify", "--format", "json"],
        &["plan", "--format", "json"],
    ] {
        let mut child = site.command(args).spawn().unwrap();
        drop(child.stdout.take());
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(0), "{args:?}: {run:#?}");
    }
}

#[test]
fn a_reader_that_went_away_does_not_make_a_broken_deployment_clean() {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    site.ok(&["issue"]);
    std::fs::remove_file(site.workspace().join("nodes/gateway-1/tls.jks")).unwrap();
    assert_eq!(site.run(&["verify"]).code, Some(1));
    let mut child = site.command(&["verify"]).spawn().unwrap();
    drop(child.stderr.take());
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(1), "{run:#?}");
}

#[test]
fn without_a_terminal_nobody_is_asked_and_nothing_is_coloured() {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    let asking = topology(GIVEN_CA, "gw1").replace(
        "[stores]\npassword = \"file:given/password\"",
        "[stores]\npassword = \"prompt\"",
    );
    site.write_topology(&asking);
    let run = site.run(&["issue"]);
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(run.stderr.contains("nobody can be asked"), "{run:#?}");
    assert!(!site.workspace().exists());
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains('\r'));

    site.write_topology(&topology(GIVEN_CA, "gw1"));
    for args in [
        &["issue", "-v"][..],
        &["plan"],
        &["verify", "-v"],
        &["--help"],
    ] {
        let run = site.ok(args);
        let said = run.stdout + &run.stderr;
        assert!(!said.contains('\u{1b}') && !said.contains('\r'), "{said:?}");
    }
}

#[test]
fn on_a_terminal_no_color_is_obeyed() {
    let Some(coloured) = on_a_terminal(&[]) else {
        eprintln!("no `script` here: not tested");
        return;
    };
    assert!(coloured.contains("\u{1b}["), "{coloured:?}");
    let plain = on_a_terminal(&[("NO_COLOR", "1")]).unwrap();
    assert!(!plain.contains("\u{1b}["), "{plain:?}");
}

/// An error message as a terminal gets it. `None` without `script(1)`.
fn on_a_terminal(env: &[(&str, &str)]) -> Option<String> {
    let site = Site::new("product = \"9.9\"\n");
    let mut command = Command::new("/usr/bin/script");
    command
        .args(["-qec", &format!("'{BINARY}' plan"), "/dev/null"])
        .current_dir(site.base())
        .env_clear()
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .envs(env.iter().copied())
        .stdin(std::process::Stdio::null());
    let output = command.output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
