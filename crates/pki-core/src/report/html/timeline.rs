use std::{collections::BTreeMap, io, sync::Arc};

use time::{Date, Duration, Month, OffsetDateTime, Time};

use super::{Page, distinguished_name, whole_names};
use crate::{audit::CertificateFacts, x509::Fingerprint};

/// A certificate, and where it is.
struct Life {
    certificate: Arc<CertificateFacts>,
    /// Some place, and how many more there are.
    place: String,
    more: usize,
}

/// Every certificate's life, with today's line: those in use first, the first to end first.
pub(super) fn write(page: &mut Page<'_>) -> io::Result<()> {
    page.put("<section aria-labelledby=\"lives\">\n<h2 id=\"lives\">Lives of certificates</h2>\n")?;
    let (used, trusted) = lives(page);
    if used.is_empty() && trusted.is_empty() {
        page.put("<p>No certificate was read.</p>\n</section>\n")?;
        return Ok(());
    }
    let axis = Axis::around(page.report.now, used.iter().chain(&trusted));
    page.put(&format!(
        "<p class=\"note\">The upright line is {}, the day of the audit. What begins before the years that \
         are drawn, or ends after them, fades out.</p>\n",
        page.report.now.date()
    ))?;
    if used.is_empty() {
        page.put("<p class=\"note\">None with a private key.</p>\n")?;
    } else {
        table(page, &used, &axis, "Certificates of private keys")?;
    }
    if !trusted.is_empty() {
        let open = if used.is_empty() { " open" } else { "" };
        page.put(&format!(
            "<details{open}><summary>Trusted certificates: {}</summary>\n",
            trusted.len()
        ))?;
        table(page, &trusted, &axis, "Trusted certificates")?;
        page.put("</details>\n")?;
    }
    page.put("</section>\n")
}

/// Certificates of private keys, and those that are trusted alone.
fn lives(page: &Page<'_>) -> (Vec<Life>, Vec<Life>) {
    let mut used: BTreeMap<Fingerprint, Life> = BTreeMap::new();
    let mut trusted: BTreeMap<Fingerprint, Life> = BTreeMap::new();
    let add = |lives: &mut BTreeMap<Fingerprint, Life>,
               certificate: &Arc<CertificateFacts>,
               place: String| {
        lives
            .entry(certificate.sha256)
            .and_modify(|life| life.more += 1)
            .or_insert_with(|| Life {
                certificate: certificate.clone(),
                place,
                more: 0,
            });
    };
    for store in &page.report.stores {
        let place = |alias: &str| match &store.node {
            Some(node) => format!("{node}, {}, {alias}", store.path),
            None => format!("{}, {alias}", store.path),
        };
        for key in &store.facts.keys {
            for certificate in &key.chain {
                add(&mut used, certificate, place(&key.alias));
            }
        }
        for (alias, certificate) in &store.facts.trusted {
            add(&mut trusted, certificate, place(alias));
        }
    }
    trusted.retain(|sha256, _| !used.contains_key(sha256));
    let sorted = |lives: BTreeMap<Fingerprint, Life>| {
        let mut lives: Vec<Life> = lives.into_values().collect();
        lives.sort_by(|a, b| {
            let key = |it: &Life| (it.certificate.not_after, it.certificate.sha256);
            key(a).cmp(&key(b))
        });
        lives
    };
    (sorted(used), sorted(trusted))
}

fn table(page: &mut Page<'_>, lives: &[Life], axis: &Axis, caption: &str) -> io::Result<()> {
    page.put(&format!(
        "<table class=\"timeline\">\n<caption class=\"hidden-text\">{caption}, the first to end \
         first</caption>\n<thead><tr><th scope=\"col\" class=\"name\">Certificate</th>\
         <th scope=\"col\" class=\"span\">Valid</th><th scope=\"col\"><span \
         class=\"hidden-text\">Drawn</span><div class=\"axis\" aria-hidden=\"true\">"
    ))?;
    for (year, at) in axis.years() {
        page.put(&format!("<i style=\"left:{at:.2}%\">{year}</i>"))?;
    }
    page.put(&format!(
        "<i class=\"now\" style=\"left:{:.2}%\">today</i></div></th></tr></thead>\n<tbody>\n",
        axis.at(page.report.now)
    ))?;
    for life in lives {
        row(page, life, axis)?;
    }
    page.put("</tbody>\n</table>\n")
}

fn row(page: &mut Page<'_>, life: &Life, axis: &Axis) -> io::Result<()> {
    let certificate = &life.certificate;
    let now = page.report.now;
    let days = (certificate.not_after - now).whole_days();
    let (class, state) = if now > certificate.not_after {
        ("over", format!("over for {}", days_said(-days)))
    } else if now < certificate.not_before {
        ("later", "not valid yet".to_owned())
    } else if days <= SOON {
        ("soon", format!("{} left", days_said(days)))
    } else {
        ("good", format!("{} left", days_said(days)))
    };
    let more = match life.more {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let (start, end) = (
        axis.at(certificate.not_before),
        axis.at(certificate.not_after),
    );
    let cut = match (
        certificate.not_before < axis.from,
        certificate.not_after > axis.to,
    ) {
        (true, true) => " since until",
        (true, false) => " since",
        (false, true) => " until",
        (false, false) => "",
    };
    page.put(&format!(
        "<tr><th scope=\"row\" class=\"name\"><b>{}</b><span>{}{more}</span></th>\
         <td class=\"span\">{} to {}<br><span class=\"state {class}\">{state}</span></td>\
         <td><div class=\"life\" aria-hidden=\"true\"><div class=\"bar {class}{cut}\" \
         style=\"left:{start:.2}%;width:{:.2}%\"></div><div class=\"today\" \
         style=\"left:{:.2}%\"></div></div></td></tr>\n",
        distinguished_name(&certificate.subject),
        whole_names(&life.place),
        certificate.not_before.date(),
        certificate.not_after.date(),
        (end - start).max(0.0),
        axis.at(now),
    ))
}

/// As people count: what is years away in years.
fn days_said(days: i64) -> String {
    match days {
        1 => "1 day".to_owned(),
        days if days >= MANY => format!("{} years", days * 100 / DAYS_OF_CENTURY),
        days => format!("{days} days"),
    }
}

/// The years that are drawn. What begins earlier or ends later is cut.
struct Axis {
    from: OffsetDateTime,
    to: OffsetDateTime,
    now: OffsetDateTime,
}

impl Axis {
    fn around<'l>(now: OffsetDateTime, lives: impl Iterator<Item = &'l Life>) -> Self {
        let (mut from, mut to) = (now - Duration::days(366), now + Duration::days(366));
        for life in lives {
            from = from.min(life.certificate.not_before);
            to = to.max(life.certificate.not_after);
        }
        Self {
            from: from.max(now - Duration::days(MOST_PAST)),
            to: to.min(now + Duration::days(MOST_FUTURE)),
            now,
        }
    }

    /// Where a moment is, in percent of the width.
    fn at(&self, moment: OffsetDateTime) -> f64 {
        let whole = (self.to - self.from).as_seconds_f64();
        let part = (moment - self.from).as_seconds_f64();
        (part / whole * 100.0).clamp(0.0, 100.0)
    }

    /// The years that have a mark, with their places.
    fn years(&self) -> Vec<(i32, f64)> {
        let (first, last) = (self.from.year() + 1, self.to.year());
        let step = ((last - first) / MOST_MARKS).max(0) + 1;
        (first..=last)
            .filter(|year| year % step == 0)
            .filter_map(|year| {
                let day = Date::from_calendar_date(year, Month::January, 1).ok()?;
                let at = self.at(OffsetDateTime::new_utc(day, Time::MIDNIGHT));
                // A mark at the edge would be cut, and one at today's would be written over.
                let is_free = (at - self.at(self.now)).abs() >= 12.0;
                (is_free && (3.0..=97.0).contains(&at)).then_some((year, at))
            })
            .collect()
    }
}

/// In days, two years: from here on, years are counted.
const MANY: i64 = 731;
/// In days, of the Gregorian calendar.
const DAYS_OF_CENTURY: i64 = 36_524;
/// In days: what ends within is soon.
const SOON: i64 = 30;
/// In days, three years: what was before matters little.
const MOST_PAST: i64 = 1096;
/// In days, twelve years.
const MOST_FUTURE: i64 = 4383;
/// As many years as have room for a mark.
const MOST_MARKS: i32 = 8;
