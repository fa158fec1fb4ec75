//! The main job through the library, as somebody would use who embeds it: a topology in, every store out,
//! verified, and its whole life afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../judge/mod.rs"]
mod judge;
#[path = "../judge/keys.rs"]
mod keys;
#[path = "../shared.rs"]
mod shared;
mod site;

mod authority;
mod bad_input;
mod java;
mod life;
mod network;
mod secrets;
mod shared_key;
mod spelling;
mod trust;
mod vendor;
mod webpki;
