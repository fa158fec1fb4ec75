use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A moment as every message and report tells it: RFC 3339, in UTC, with a `Z`.
pub fn moment(at: OffsetDateTime) -> String {
    let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
    // Only years beyond 9999 have no such form, and no certificate.
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::moment;

    #[test]
    fn a_moment_is_told_in_utc() {
        assert_eq!(
            moment(datetime!(2026-11-23 12:00 +2)),
            "2026-11-23T10:00:00Z"
        );
    }
}
