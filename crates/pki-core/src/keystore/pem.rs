//! PEM bundles (RFC 7468).

use super::{DecodeError, Decoded};

pub(super) fn looks_like(_bytes: &[u8]) -> bool {
    todo!()
}

pub(super) fn decode(_bytes: &[u8]) -> Result<Decoded, DecodeError> {
    todo!()
}
