use super::{
    ProblemKind,
    reader::{Reader, Section},
};

/// `subject`: the attributes that the subjects of all certificates share; the CN is each one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subject {
    /// O, at most 64 characters.
    pub organization: Option<String>,
    /// OU, at most 64 characters.
    pub organizational_unit: Option<String>,
    /// C, two capital letters.
    pub country: Option<String>,
    /// L, at most 128 characters.
    pub locality: Option<String>,
    /// ST, at most 128 characters.
    pub state: Option<String>,
}

pub(super) fn read(r: &mut Reader<'_>, mut table: Section<'_>) -> Subject {
    let country = table.get("country").and_then(|field| {
        let found = field.text(r)?;
        if found.len() == 2 && found.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Some(found.to_ascii_uppercase());
        }
        let found = found.to_owned();
        field.note(r, ProblemKind::InvalidCountry { found });
        None
    });
    // Upper bounds of RFC 5280 appendix A.1 (ub-organization-name and its neighbours).
    let mut text = |key, greatest| {
        let field = table.get(key)?;
        let found = field.text(r)?;
        let characters = found.chars().count();
        if characters > greatest {
            let kind = ProblemKind::TooLong {
                characters,
                greatest,
            };
            field.note(r, kind);
        }
        Some(found.to_owned())
    };
    let subject = Subject {
        organization: text("organization", 64),
        organizational_unit: text("organizational_unit", 64),
        country,
        locality: text("locality", 128),
        state: text("state", 128),
    };
    table.finish(r);
    subject
}
