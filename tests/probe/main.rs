//! Live servers on the loopback: rustls, Java, OpenSSL, and ports that speak no TLS.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../judge/mod.rs"]
mod judge;
#[path = "../judge/keys.rs"]
mod keys;

mod certificates;
mod client_certificates;
mod java;
mod judgement;
mod openssl;
mod ports;
mod rustls_server;
mod sessions;
