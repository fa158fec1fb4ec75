//! Real homes of the product: what their configuration says, held against other readers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../shared.rs"]
mod shared;

mod audit;
mod edited;
mod encrypting;
mod found;
mod home;
mod observe;
mod optimised;
mod robust;
mod toml;
mod variants;
mod verify;
mod xml;
