//! Strangers' bytes: changed files, the same in every run, and what reading one may cost.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Makes changed copies of files. Marsaglia's xorshift64: the same in every run.
pub(crate) struct Mutations(u64);

impl Mutations {
    pub(crate) fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    /// A number from 0 to `limit` - 1.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    /// A copy with one to four changes behind its first `fixed` bytes: bits, bytes that mean something to
    /// a parser, lengths beyond all bounds, bytes that are missing, too many, or elsewhere.
    pub(crate) fn of(&mut self, original: &[u8], fixed: usize) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            if bytes.len() <= fixed {
                break;
            }
            let at = fixed + self.below(bytes.len() - fixed);
            match self.below(8) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = TELLING[self.below(TELLING.len())],
                2 => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                3 => drop(bytes.remove(at)),
                4 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
                5 => {
                    let end = bytes.len().min(at + 1 + self.below(4));
                    bytes[at..end].fill([0x7F, 0xFF][self.below(2)]);
                }
                6 => {
                    let end = bytes.len().min(at + 1 + self.below(64));
                    let part = bytes[at..end].to_vec();
                    let to = fixed + self.below(bytes.len() - fixed);
                    drop(bytes.splice(to..to, part));
                }
                _ => bytes.truncate(at + 1),
            }
        }
        bytes
    }
}

/// Does something with bytes of a stranger, and fails if it takes memory or time out of proportion.
pub(crate) fn at_low_cost<T>(bytes: &[u8], work: impl FnOnce() -> T) -> T {
    let started = cpu();
    let mut done = None;
    let cost = allocation_counter::measure(|| done = Some(work()));
    let took = cpu() - started;
    let (most, length) = (cost.bytes_max, bytes.len() as u64);
    assert!(
        most <= MEMORY + MEMORY_A_BYTE * length,
        "{most} bytes of memory for {length} bytes: {}",
        hex(bytes)
    );
    assert!(took <= TIME, "{took:?} for {length} bytes: {}", hex(bytes));
    done.unwrap()
}

/// Of this thread: whatever else the machine does.
fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ends and sign bits of lengths, tags of DER, magic of Java and of its serialized objects.
const TELLING: [u8; 12] = [
    0, 1, 0x7F, 0x80, 0x84, 0xFF, 0x30, 0xA0, 0x73, 0xFE, b'-', b'\n',
];
/// What the smallest file may cost.
const MEMORY: u64 = 16 * 1024;
/// The worst that was seen is some fourteen bytes for a byte of a PKCS #7, looked at twice.
const MEMORY_A_BYTE: u64 = 20;
/// Three times the iterations that a file may ask for (`MAX_TOTAL_ITERATIONS`), in a debug build.
const TIME: Duration = Duration::from_secs(30);
