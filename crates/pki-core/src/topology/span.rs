use std::{fmt, str::FromStr};

use time::{Date, Duration, Month, OffsetDateTime, Time};

/// A length of time as the topology writes it: `20y`, `825d`, `12h`.
///
/// Years are calendar years: `20y` ends on the same day and at the same time of day; from 29 February
/// it ends on 28 February where the year has no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    amount: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Hours,
    Days,
    Years,
}

impl Span {
    /// A number of calendar years.
    pub const fn years(amount: u16) -> Self {
        Self {
            amount: amount as u32,
            unit: Unit::Years,
        }
    }

    /// A number of days of 24 hours.
    pub const fn days(amount: u16) -> Self {
        Self {
            amount: amount as u32,
            unit: Unit::Days,
        }
    }

    /// The moment that lies this long after another one; at the latest the last second that a
    /// certificate can name, 9999-12-31T23:59:59Z (RFC 5280 section 4.1.2.5).
    pub fn after(self, start: OffsetDateTime) -> OffsetDateTime {
        let end = match self.unit {
            Unit::Years => years_after(start, self.amount),
            _ => start.checked_add(Duration::hours(self.average_hours() as i64)),
        };
        let last = last_moment();
        match end {
            Some(end) if end < last => end,
            _ => last,
        }
    }

    /// True if it is longer than another one, a year counted as 365.25 days.
    pub const fn is_longer_than(self, other: Self) -> bool {
        self.average_hours() > other.average_hours()
    }

    /// True for `0d` and its like.
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    const fn average_hours(self) -> u64 {
        self.amount as u64
            * match self.unit {
                Unit::Hours => 1,
                Unit::Days => 24,
                Unit::Years => YEAR,
            }
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = match text.as_bytes().last() {
            Some(b'h') => Unit::Hours,
            Some(b'd') => Unit::Days,
            Some(b'y') => Unit::Years,
            _ => return Err(SpanError::Form),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanError::Form);
        }
        let amount = digits.parse().map_err(|_| SpanError::TooLong)?;
        let span = Self { amount, unit };
        if span.average_hours() > LONGEST {
            return Err(SpanError::TooLong);
        }
        Ok(span)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Hours => 'h',
            Unit::Days => 'd',
            Unit::Years => 'y',
        };
        write!(f, "{}{unit}", self.amount)
    }
}

/// Why a text is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanError {
    /// Not digits and a unit.
    #[error("expected digits and a unit: `20y`, `825d` or `12h`")]
    Form,
    /// More than 1000 years.
    #[error("longer than 1000 years")]
    TooLong,
    /// Nothing, where something is needed.
    #[error("must be more than nothing")]
    Zero,
}

fn years_after(start: OffsetDateTime, years: u32) -> Option<OffsetDateTime> {
    let year = start.year().checked_add(i32::try_from(years).ok()?)?;
    let date = match Date::from_calendar_date(year, start.month(), start.day()) {
        Ok(date) => date,
        Err(_) => Date::from_calendar_date(year, start.month(), 28).ok()?,
    };
    Some(start.replace_date(date))
}

fn last_moment() -> OffsetDateTime {
    let date = Date::from_calendar_date(9999, Month::December, 31).unwrap_or(Date::MAX);
    let time = Time::from_hms(23, 59, 59).unwrap_or(Time::MIDNIGHT);
    OffsetDateTime::new_utc(date, time)
}

/// The hours of an average year, 365.25 days.
const YEAR: u64 = 8766;

/// Far beyond any certificate, and far from the end of the calendar.
const LONGEST: u64 = 1000 * YEAR;

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn span(text: &str) -> Span {
        text.parse().unwrap()
    }

    #[test]
    fn twenty_years_end_on_the_same_day_of_the_calendar() {
        for (start, length, end) in [
            (
                datetime!(2025-03-01 10:00 UTC),
                "20y",
                datetime!(2045-03-01 10:00 UTC),
            ),
            (
                datetime!(2024-02-29 10:00 UTC),
                "1y",
                datetime!(2025-02-28 10:00 UTC),
            ),
            (
                datetime!(2024-02-29 10:00 UTC),
                "4y",
                datetime!(2028-02-29 10:00 UTC),
            ),
            (
                datetime!(2025-01-01 0:00 UTC),
                "825d",
                datetime!(2027-04-06 0:00 UTC),
            ),
            (
                datetime!(2025-01-01 0:00 UTC),
                "12h",
                datetime!(2025-01-01 12:00 UTC),
            ),
            (
                datetime!(9998-01-01 0:00 UTC),
                "5y",
                datetime!(9999-12-31 23:59:59 UTC),
            ),
            (
                datetime!(9990-01-01 0:00 UTC),
                "365250d",
                datetime!(9999-12-31 23:59:59 UTC),
            ),
        ] {
            assert_eq!(span(length).after(start), end, "{start} + {length}");
        }
    }

    #[test]
    fn lengths_compare_across_units() {
        for (longer, shorter) in [("20y", "825d"), ("7306d", "20y"), ("25h", "1d")] {
            assert!(span(longer).is_longer_than(span(shorter)));
            assert!(!span(shorter).is_longer_than(span(longer)));
        }
        assert!(!span("7305d").is_longer_than(span("20y")));
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for (text, error) in [
            ("", SpanError::Form),
            ("d", SpanError::Form),
            ("20", SpanError::Form),
            ("20 y", SpanError::Form),
            ("-1d", SpanError::Form),
            ("+1d", SpanError::Form),
            ("1.5y", SpanError::Form),
            ("3m", SpanError::Form),
            ("é", SpanError::Form),
            ("1001y", SpanError::TooLong),
            ("99999999999999999999d", SpanError::TooLong),
        ] {
            assert_eq!(text.parse::<Span>(), Err(error), "{text}");
        }
    }
}
