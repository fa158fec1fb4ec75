//! Keys and certificates to put into stores.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use pki_core::{keystore::read_pem_certificates, x509::Certificate};

use crate::pkcs12::run;

/// Made once for all runs in a target folder: `NAME.key` (PEM), `NAME.der` (PKCS #8) and `NAME.pem` (the
/// certificate and that of `ca`) for each algorithm, `ca.key`, `ca.pem`.
pub(crate) fn material() -> &'static Path {
    static MATERIAL: OnceLock<PathBuf> = OnceLock::new();
    MATERIAL.get_or_init(|| {
        let here = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // The number is that of what `make` makes.
        let made = here.join("matrix-material-1");
        if !made.exists() {
            let fresh = tempfile::tempdir_in(here).unwrap();
            make(fresh.path());
            match fs::rename(fresh.path(), &made) {
                Ok(()) => drop(fresh.keep()),
                // Another process was faster.
                Err(_) => assert!(made.exists()),
            }
        }
        made
    })
}

fn make(folder: &Path) {
    let at = |name: &str, end: &str| {
        folder
            .join(format!("{name}.{end}"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let genpkey = |name: &str, options: &str| {
        let key = at(name, "key");
        let options: Vec<&str> = options.split_whitespace().collect();
        run(
            "openssl",
            &[&["genpkey", "-out", &key], &options[..]].concat(),
        );
        run(
            "openssl",
            &[
                "pkcs8",
                "-topk8",
                "-nocrypt",
                "-outform",
                "DER",
                "-in",
                &key,
                "-out",
                &at(name, "der"),
            ],
        );
    };
    let ec = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    genpkey("ca", ec);
    let (ca, ca_key) = (at("ca", "pem"), at("ca", "key"));
    run(
        "openssl",
        &[
            "req",
            "-x509",
            "-key",
            &ca_key,
            "-subj",
            "/CN=Root/O=Acme",
            "-days",
            "7300",
            "-out",
            &ca,
        ],
    );
    let parameters = at("dsa", "parameters");
    run(
        "openssl",
        &[
            "genpkey",
            "-genparam",
            "-algorithm",
            "DSA",
            "-pkeyopt",
            "dsa_paramgen_bits:2048",
            "-out",
            &parameters,
        ],
    );
    for (name, options) in [
        ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        ("ec", ec),
        ("ed25519", "-algorithm ED25519"),
        ("dsa", &*format!("-paramfile {parameters}")),
    ] {
        genpkey(name, options);
        let (request, certificate) = (at(name, "csr"), at(name, "crt"));
        run(
            "openssl",
            &[
                "req",
                "-new",
                "-key",
                &at(name, "key"),
                "-subj",
                &format!("/CN={name}/O=Acme"),
                "-out",
                &request,
            ],
        );
        run(
            "openssl",
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                &ca,
                "-CAkey",
                &ca_key,
                "-CAcreateserial",
                "-days",
                "7300",
                "-out",
                &certificate,
            ],
        );
        let chain = [fs::read(&certificate).unwrap(), fs::read(&ca).unwrap()].concat();
        fs::write(at(name, "pem"), chain).unwrap();
    }
}

pub(super) fn chain(name: &str) -> Vec<Certificate> {
    let pem = fs::read(material().join(format!("{name}.pem"))).unwrap();
    read_pem_certificates(&pem).unwrap()
}

/// Fingerprints of a chain.
pub(super) fn prints(name: &str) -> Vec<String> {
    chain(name)
        .iter()
        .map(|certificate| certificate.fingerprint().to_string())
        .collect()
}
