//! What `audit` writes, held against tools of other people: a browser, validators, parsers.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::site::Site;

/// The judges, if they are installed. Where they are not, a test says so and passes, except with
/// `APIM_PKI_JUDGES_REQUIRED=1`, when this fails.
#[allow(clippy::print_stderr)]
fn judges() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reports");
    let chromium = env::var_os("CHROMIUM").unwrap_or("/usr/bin/chromium".into());
    if folder.join("node_modules").is_dir() && Path::new(&chromium).is_file() {
        return Some(folder);
    }
    let required = env::var_os("APIM_PKI_JUDGES_REQUIRED").is_some_and(|it| it == "1");
    let missing = "the judges of reports are missing: `npm ci --prefix tests/reports --ignore-scripts`, and a Chromium";
    assert!(!required, "{missing}");
    eprintln!("not tested: {missing}");
    None
}

/// An audit of a workspace and of stores with much wrong, in each form, as `report.FORM`.
fn audited(forms: &[&str]) -> Site {
    let site = Site::new(
        r#"
product = "2.6.0"
domain  = "apim.example.com"
ca      = { key = "ec-p256" }
tls     = { key = "ec-p256" }
primary = { key = "rsa-2048" }
roles.key-manager.nodes = { km-1 = "km1", km-2 = "km2" }
"#,
    );
    site.ok(&["issue", "--now", NOW]);
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    for form in forms {
        let told = site
            .command(&["audit", "pki", "--now", NOW, "--format", form])
            .arg(&stores)
            .output()
            .unwrap();
        assert_eq!(told.status.code(), Some(1), "{form}: {told:?}");
        fs::write(site.base().join(format!("report.{form}")), told.stdout).unwrap();
    }
    site
}

/// Runs a program of `tests/reports`.
fn judged(folder: &Path, program: &str, given: &Path) {
    let told = Command::new("node")
        .arg(folder.join(program))
        .arg(given)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&told.stdout), text(&told.stderr));
    assert!(told.status.success(), "{program}:\n{out}\n{err}");
    assert!(out.contains("ok: "), "{program} looked at nothing:\n{out}");
}

#[test]
fn the_page_works_by_keyboard_in_the_dark_on_paper_on_a_phone_and_without_scripts() {
    let Some(folder) = judges() else {
        return;
    };
    let site = audited(&["html"]);
    judged(&folder, "page.mjs", &site.base().join("report.html"));
}

#[test]
fn what_is_written_for_machines_is_what_their_own_tools_take() {
    let Some(folder) = judges() else {
        return;
    };
    let site = audited(&["json", "sarif", "junit", "prometheus"]);
    judged(&folder, "formats.mjs", site.base());
}

/// After the end of some certificates of `testdata`.
const NOW: &str = "2027-06-01T00:00:00Z";
