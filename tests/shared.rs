//! Real material of the product, which lies beside the project and is no part of it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used
)]

use std::path::{Path, PathBuf};

/// The folder with real material. Where it is absent a test says so and passes, except with
/// `APIM_PKI_SHARED_REQUIRED=1`, when this fails.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("APIM_PKI_SHARED_REQUIRED").is_none_or(|value| value != "1"),
        "{} is required and absent",
        folder.display()
    );
    eprintln!("skipped: {} is absent", folder.display());
    None
}

/// A row of `wso2/stores.tsv`: what Java reads in a real store.
#[derive(Clone, Debug)]
pub struct RealStore {
    pub path: PathBuf,
    /// `JKS` or `PKCS12`, by content.
    pub kind: String,
    pub password: String,
    pub entries: usize,
    pub keys: Vec<RealKey>,
}

/// A key in a real store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealKey {
    pub alias: String,
    pub chain: usize,
    pub password: String,
}

/// The rows of `wso2/stores.tsv`; none where the material is absent.
pub fn stores() -> Vec<RealStore> {
    let Some(folder) = folder() else {
        return Vec::new();
    };
    let wso2 = folder.join("wso2");
    let table = std::fs::read_to_string(wso2.join("stores.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        RealStore {
            path: wso2.join("stores").join(cells[0]),
            kind: cells[1].to_owned(),
            password: cells[2].to_owned(),
            entries: cells[3].parse().unwrap(),
            keys: keys(cells[5]),
        }
    });
    rows.collect()
}

/// `alias(leaf,chain=N,keypw=PASSWORD);…`, or `-`.
fn keys(cell: &str) -> Vec<RealKey> {
    let key = |text: &str| {
        let (alias, rest) = text.trim_end_matches(')').split_once('(').unwrap();
        let (chain, password) = rest
            .split_once("chain=")
            .unwrap()
            .1
            .split_once(',')
            .unwrap();
        RealKey {
            alias: alias.to_owned(),
            chain: chain.parse().unwrap(),
            password: password.strip_prefix("keypw=").unwrap().to_owned(),
        }
    };
    cell.split(';')
        .filter(|text| *text != "-")
        .map(key)
        .collect()
}
