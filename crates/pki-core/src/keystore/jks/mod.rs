//! Java's own format, JKS.

use super::{DecodeError, Decoded, EncodeError, Keystore};
use crate::secret::{Bytes, Password};

pub(super) fn decode(_bytes: &[u8], _password: Option<&Password>) -> Result<Decoded, DecodeError> {
    todo!()
}

pub(super) fn encode(_store: &Keystore, _password: &Password) -> Result<Bytes, EncodeError> {
    todo!()
}
