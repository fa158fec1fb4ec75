//! The command line of apim-pki.

fn main() {}
