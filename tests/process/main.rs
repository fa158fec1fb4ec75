//! The binary as a process: killed, run twice at once, with other people's umask, without a terminal, and
//! what it lets out.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of a test binary for shipped code"
)]

mod carried;
mod drafted;
mod files;
mod installed;
mod killed;
mod locked;
#[cfg(feature = "probe")]
mod probe;
mod reports;
mod secrets;
mod site;
mod stores;
mod streams;
#[cfg(feature = "probe")]
mod tomcat;

#[path = "../judge/mod.rs"]
mod judge;
#[path = "../shared.rs"]
mod shared;
