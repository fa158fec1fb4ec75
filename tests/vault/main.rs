//! The product's encrypted values before the JDK's ciphers: what they make is opened here, what is sealed here
//! they open.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../judge/mod.rs"]
mod judge;
#[path = "../shared.rs"]
mod shared;

mod home;
mod material;
mod node;
mod values;
