//! No secret leaves the files that are for it.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::site::{GENERATED, GIVEN_CA, Run, Site, topology};

#[test]
fn no_generated_password_is_in_any_output_or_in_another_file() {
    let site = Site::new(GENERATED);
    let mut runs = vec![site.ok(&["issue", "-vv"])];
    let passwords: Vec<String> = ["ca", "stores", "balancers"]
        .map(|name| site.workspace().join("secrets").join(name))
        .map(|path| fs::read_to_string(path).unwrap().trim_end().to_owned())
        .to_vec();
    assert!(passwords.iter().all(|password| password.len() == 32));
    for args in [
        &["plan", "-vv"][..],
        &["plan", "-vv", "--format", "json"],
        &["verify", "-vv"],
        &["verify", "-vv", "--format", "json"],
        &["issue", "-vv"],
    ] {
        runs.push(site.ok(args));
    }
    // Renewed, so that generations and their manifests are there too.
    site.write_topology(&GENERATED.replace("gw1", "renamed"));
    runs.push(site.run(&["verify", "-vv"]));
    runs.push(site.ok(&["plan", "-vv"]));
    runs.push(site.ok(&["issue", "-vv", "--format", "json"]));
    // And one that goes wrong: the password is another one.
    let tls = site.workspace().join("secrets/stores");
    let other = "ThisIsNotThePasswordOfTheseFiles";
    fs::write(&tls, other).unwrap();
    runs.push(site.run(&["issue", "-vv"]));
    runs.push(site.run(&["verify", "-vv"]));
    assert_eq!(runs[runs.len() - 2].code, Some(3), "{runs:#?}");

    for secret in passwords.iter().map(String::as_str).chain([other]) {
        for Run { stdout, stderr, .. } in &runs {
            assert!(
                !stdout.contains(secret) && !stderr.contains(secret),
                "{runs:#?}"
            );
        }
        for (path, (_, content)) in site.tree() {
            let is_for_it = path.iter().any(|part| part == "secrets");
            let content = content.unwrap_or_default();
            let found = content
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found || is_for_it, "{}", path.display());
        }
    }
}

#[test]
fn no_private_key_lies_open() {
    let site = Site::new(GENERATED);
    site.ok(&["issue"]);
    for (path, (_, content)) in site.tree() {
        let text = String::from_utf8_lossy(content.as_deref().unwrap_or_default()).into_owned();
        assert!(!text.contains("BEGIN PRIVATE KEY"), "{}", path.display());
        assert!(!text.contains("BEGIN EC PRIVATE"), "{}", path.display());
        assert!(!text.contains("BEGIN RSA PRIVATE"), "{}", path.display());
    }
}

#[test]
fn a_program_that_gives_a_password_sees_none_in_arguments_and_environment() {
    let password = "a-password-from-a-program-0123";
    let site = Site::with_given(&topology(GIVEN_CA, "gw1").replace(
        "[stores]\npassword = \"file:given/password\"",
        "[stores]\npassword = \"cmd:./give\"",
    ));
    let program = site.base().join("give");
    // It looks at whoever started it and at itself, the second time after the password is known.
    let script = format!(
        "#!/bin/sh\n/bin/cat /proc/$PPID/cmdline /proc/$PPID/environ /proc/$$/cmdline \
         /proc/$$/environ >> seen\necho {password}\n"
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let given = fs::read_to_string(site.base().join("given/password")).unwrap();
    let given = given.trim_end();
    for _ in 0..2 {
        site.ok(&["issue", "-v", "--old-password", "file:given/password"]);
    }
    let seen = fs::read(site.base().join("seen")).unwrap();
    let seen = String::from_utf8_lossy(&seen);
    assert!(seen.contains("issue"), "it looked: {seen:?}");
    assert!(
        !seen.contains(password) && !seen.contains(given),
        "{seen:?}"
    );
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    let run = site.run(&["issue", "--old-password", "Hunter2Hunter2"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(!run.stderr.contains("Hunter2"), "{run:#?}");
    assert!(!site.workspace().exists());
}
