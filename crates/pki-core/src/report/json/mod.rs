//! JSON. Each version has structs of its own, so that a change of the library changes no output.

pub mod v1;
