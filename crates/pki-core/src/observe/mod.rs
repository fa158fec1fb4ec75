//! The only reader of what is deployed: an [`Inventory`] of a workspace and of the files that a topology
//! names. What could not be read is in it, with the reason; nothing is judged here.

mod error;
mod inputs;
mod inventory;
mod layout;
mod passwords;
mod store;

pub use error::ObserveError;
pub use inputs::{Inputs, Vendor};
pub use inventory::Inventory;
pub use layout::Layout;
pub use passwords::{KnownPasswords, PasswordError, Passwords};
pub use store::{KeyState, OpenStore, Unopened};
