//! Reading what `java.io.DataOutput` writes: numbers with the most significant byte first, strings and
//! bytes behind their lengths.

use super::{
    super::{DecodeError, Format},
    modified_utf8,
};

/// A place in the file. Every length is held against what is left before anything is taken.
pub(in super::super) struct Cursor<'a> {
    format: Format,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the start of a file, with the format that errors name.
    pub(in super::super) fn new(format: Format, bytes: &'a [u8]) -> Self {
        Self {
            format,
            bytes,
            at: 0,
        }
    }

    /// Bytes from the start of the file.
    pub(in super::super) fn position(&self) -> usize {
        self.at
    }

    /// What was read from a place on.
    pub(in super::super) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    pub(in super::super) fn take(
        &mut self,
        length: usize,
        what: &str,
    ) -> Result<&'a [u8], DecodeError> {
        let left = self.bytes.len() - self.at;
        if length > left {
            return Err(self.truncated(format!("{what} needs {length} bytes, {left} are left")));
        }
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    pub(in super::super) fn array<const N: usize>(
        &mut self,
        what: &str,
    ) -> Result<[u8; N], DecodeError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }

    pub(in super::super) fn u8(&mut self, what: &str) -> Result<u8, DecodeError> {
        self.array(what).map(u8::from_be_bytes)
    }

    pub(in super::super) fn u16(&mut self, what: &str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(in super::super) fn u32(&mut self, what: &str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// Bytes behind their length.
    pub(in super::super) fn sized(&mut self, what: &str) -> Result<&'a [u8], DecodeError> {
        let length = self.u32(what)?;
        // No file that is in memory is longer than a usize says.
        self.take(usize::try_from(length).unwrap_or(usize::MAX), what)
    }

    /// A number of things of which each has at least `smallest` bytes.
    pub(in super::super) fn count(
        &mut self,
        what: &str,
        smallest: usize,
    ) -> Result<u32, DecodeError> {
        let at = self.at;
        let count = self.u32(what)?;
        let room = (self.bytes.len() - self.at) / smallest;
        if usize::try_from(count).is_ok_and(|count| count <= room) {
            return Ok(count);
        }
        self.at = at;
        Err(self.truncated(format!(
            "{count} {what} are announced, there is room for {room}"
        )))
    }

    /// A string in modified UTF-8 behind its length.
    pub(in super::super) fn text(&mut self, what: &str) -> Result<String, DecodeError> {
        let length = self.u16(what)?;
        let at = self.at;
        let bytes = self.take(usize::from(length), what)?;
        modified_utf8::decode(bytes)
            .ok_or_else(|| self.damaged(at, format!("{what} is not modified UTF-8")))
    }

    fn truncated(&self, reason: String) -> DecodeError {
        DecodeError::Truncated {
            format: self.format,
            offset: self.at,
            reason,
        }
    }

    /// Damage at a place.
    pub(in super::super) fn damaged(&self, offset: usize, reason: String) -> DecodeError {
        DecodeError::Damaged {
            format: self.format,
            offset,
            reason,
        }
    }
}
