//! Modes of what is written, and folders that cannot be written.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::Command,
};

use crate::site::{BINARY, GIVEN_CA, Run, Site, topology};

#[test]
fn files_are_private_whatever_the_umask() {
    for umask in ["000", "077", "022"] {
        let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
        for host in ["gw1", "renamed"] {
            site.write_topology(&topology(GIVEN_CA, host));
            let mut shell = Command::new("/bin/sh");
            let script = format!("umask {umask}; exec \"$0\" issue");
            shell.args(["-c", &script, BINARY]).current_dir(site.base());
            let run = Run::from(shell.env_clear().output().unwrap());
            assert_eq!(run.code, Some(0), "{run:#?}");
            site.assert_private();
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_stays_as_it_is() {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    let folder = site.base().join("read-only");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    let is_root = folder.metadata().unwrap().uid() == 0;
    // Permissions do not stop root, the kernel's own file system does.
    let workspace = match is_root {
        true => "/sys/apim-pki-test".into(),
        false => folder.join("pki"),
    };
    let run = site.run(&["issue", "--workspace", workspace.to_str().unwrap()]);
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(run.stderr.contains(workspace.to_str().unwrap()), "{run:#?}");
    assert!(!workspace.exists() && !site.workspace().exists());
}
