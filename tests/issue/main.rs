//! What is issued and judged here, before foreign judges: Java, OpenSSL, webpki.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../judge/mod.rs"]
mod judge;
#[path = "../judge/keys.rs"]
mod keys;
#[path = "../shared.rs"]
mod shared;

mod imported;
mod issued;
mod openssl;
mod private_keys;
mod verdicts;
