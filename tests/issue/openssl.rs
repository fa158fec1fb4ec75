//! The `openssl` command.

use std::{path::Path, process::Command};

use pki_core::x509::{Certificate, pem_blocks, write_pem};

/// Runs it in a folder; what it prints on both streams, as `Err` if it fails.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("openssl runs");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

/// Writes certificates as PEM, in order.
pub(crate) fn write_chain(path: &Path, chain: &[Certificate]) {
    let pem: Vec<u8> = chain
        .iter()
        .flat_map(|certificate| {
            write_pem("CERTIFICATE", certificate.der())
                .expose()
                .to_vec()
        })
        .collect();
    std::fs::write(path, pem).unwrap();
}

/// Reads the certificates of a PEM file.
pub(crate) fn read_chain(path: &Path) -> Vec<Certificate> {
    pem_blocks(&std::fs::read(path).unwrap())
        .unwrap()
        .iter()
        .filter(|block| block.label == "CERTIFICATE")
        .map(|block| Certificate::from_der(block.der.expose().to_vec()))
        .collect()
}
