//! What is issued and judged here, before foreign judges: Java, OpenSSL, webpki.

#[path = "../judge/mod.rs"]
mod judge;
#[path = "../judge/keys.rs"]
mod keys;

mod imported;
mod issued;
mod openssl;
mod private_keys;
mod verdicts;
