use time::OffsetDateTime;

use crate::topology::Span;

/// When the end of a certificate is near: both within a length of time and within a share of its life, so
/// that what lives a week is not always about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Soon {
    /// The length of time.
    pub before: Span,
    /// The share of its life, in percent; 100: whatever its life.
    pub share: u8,
}

impl Soon {
    /// Within this length of time and this share, in percent.
    pub const fn new(before: Span, share: u8) -> Self {
        Self { before, share }
    }

    /// True if the end is near.
    pub fn applies(
        self,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
        now: OffsetDateTime,
    ) -> bool {
        let life = (not_after - not_before).whole_seconds();
        let left = (not_after - now).whole_seconds();
        let within_share = i128::from(left) * 100 <= i128::from(life) * i128::from(self.share);
        self.before.after(now) > not_after && within_share
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn both_the_time_and_the_share_must_be_reached() {
        let month = Soon::new(Span::days(30), 33);
        let week = (
            datetime!(2026-01-01 0:00 UTC),
            datetime!(2026-01-08 0:00 UTC),
        );
        assert!(!month.applies(week.0, week.1, datetime!(2026-01-05 0:00 UTC)));
        assert!(month.applies(week.0, week.1, datetime!(2026-01-06 0:00 UTC)));
        let year = (
            datetime!(2025-01-01 0:00 UTC),
            datetime!(2026-01-01 0:00 UTC),
        );
        assert!(!month.applies(year.0, year.1, datetime!(2025-11-30 0:00 UTC)));
        assert!(month.applies(year.0, year.1, datetime!(2025-12-03 0:00 UTC)));
    }
}
