#![no_main]
//! A topology of anybody's making.

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use pki_core::topology::Topology;

fuzz_target!(|text: &str| {
    let Ok(topology) = Topology::from_toml(text, Path::new("")) else {
        return;
    };
    for node in topology.nodes() {
        let _ = topology.sans(node);
    }
});
