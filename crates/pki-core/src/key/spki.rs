//! The public half of a private key.

use super::{KeyAlgorithm, KeyError, KeyMatch};

pub(super) fn check_pkcs8(_der: &[u8]) -> Result<(), KeyError> {
    todo!()
}
pub(super) fn algorithm(_der: &[u8]) -> Option<KeyAlgorithm> {
    todo!()
}
pub(super) fn of(_der: &[u8]) -> Result<Vec<u8>, KeyError> {
    todo!()
}
pub(super) fn same_key(_a: &[u8], _b: &[u8]) -> KeyMatch {
    todo!()
}
