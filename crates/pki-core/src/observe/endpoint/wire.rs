//! A connection whose time and bytes are bounded before they are spent.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// A stream that ends at a moment or after so many bytes, whatever the other side does.
pub(super) struct Wire {
    stream: TcpStream,
    deadline: Instant,
    received: u64,
    /// How its answer begins.
    head: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self {
            stream,
            deadline,
            received: 0,
            head: Vec::new(),
        }
    }

    /// How many bytes came.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// How the answer begins.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(left),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.received >= LIMIT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.stream.set_read_timeout(Some(self.left()?))?;
        let read = self.stream.read(buffer).map_err(late)?;
        self.received = self.received.saturating_add(read as u64);
        let room = HEAD.saturating_sub(self.head.len());
        self.head
            .extend(buffer.iter().take(read).take(room).copied());
        Ok(read)
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(buffer).map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A socket's timeout is `WouldBlock` on Unix and `TimedOut` on Windows.
fn late(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

/// A handshake with the longest chain (64 KiB) and the longest list of issuers (64 KiB) fits in several
/// times.
const LIMIT: u64 = 1 << 20;
/// Enough for a status line and a banner.
const HEAD: usize = 80;
