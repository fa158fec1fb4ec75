//! PKCS #12 (RFC 7292).

use super::{DecodeError, Decoded, EncodeError, Keystore, Pkcs12Profile};
use crate::{
    key::Random,
    secret::{Bytes, Password},
};

pub(super) fn looks_like(_bytes: &[u8]) -> bool {
    todo!()
}

pub(super) fn decode(_bytes: &[u8], _password: Option<&Password>) -> Result<Decoded, DecodeError> {
    todo!()
}

pub(super) fn encode(
    _store: &Keystore,
    _password: &Password,
    _profile: Pkcs12Profile,
    _random: &mut dyn Random,
) -> Result<Bytes, EncodeError> {
    todo!()
}
