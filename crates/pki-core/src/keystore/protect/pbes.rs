use crate::{
    key::{PrivateKey, Random},
    keystore::{Protection, UnsealError},
    secret::Password,
};

pub(super) fn identify(_der: &[u8]) -> Option<Protection> {
    todo!()
}
pub(super) fn open(_der: &[u8], _password: &Password) -> Result<PrivateKey, UnsealError> {
    todo!()
}
pub(super) fn seal(
    _key: &PrivateKey,
    _password: &Password,
    _protection: Protection,
    _random: &mut dyn Random,
) -> Result<Vec<u8>, UnsealError> {
    todo!()
}
