use aws_lc_rs::rand;

/// Where salts, initialization vectors and serial numbers come from.
///
/// Private keys do not: they come from a [`KeySource`](super::KeySource). A test hands in bytes that it
/// knows, and so gets files that it can compare.
pub trait Random {
    /// Fills all of `out`.
    fn fill(&mut self, out: &mut [u8]);
}

/// The operating system's generator, as the crypto provider draws it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    ///
    /// If the operating system gives no random bytes. Nothing safe can be done then.
    #[allow(clippy::expect_used)]
    fn fill(&mut self, out: &mut [u8]) {
        rand::fill(out).expect("the operating system gives random bytes");
    }
}

impl<R: Random + ?Sized> Random for &mut R {
    fn fill(&mut self, out: &mut [u8]) {
        (**self).fill(out);
    }
}
