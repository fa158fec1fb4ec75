//! The main job through the library, as somebody would use who embeds it: a topology in, every store out,
//! verified, and its whole life afterwards.

#[path = "../judge/keys.rs"]
mod keys;
mod life;
mod site;
