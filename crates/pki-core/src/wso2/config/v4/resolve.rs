//! What a key comes to: what is written, else what the release takes, with every reference followed.

use std::{borrow::Cow, collections::HashMap};

use zeroize::Zeroizing;

use super::{defaults, release::Releases};
use crate::{
    secret::Password,
    wso2::config::{Document, Leaf, Place, Setting, State, Unknown},
};

/// The values of a `deployment.toml` over the defaults of its release, as the product's config mapper sees
/// them: references lead from key to key, but not out of arrays of tables.
pub(super) struct Resolver<'a> {
    pub(super) document: &'a Document,
    pub(super) releases: Releases,
    /// The leaves of each key, without those in arrays of tables.
    written: HashMap<&'a str, Vec<&'a Leaf>>,
}

/// The way to a value: what it costs is bounded.
#[derive(Default)]
struct Walk {
    trail: Vec<String>,
    steps: usize,
}

/// A text and where it came from.
struct Text {
    value: Result<Zeroizing<String>, Unknown>,
    /// The place of the first written value in it.
    place: Option<Place>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(document: &'a Document, releases: Releases) -> Self {
        let mut written: HashMap<&str, Vec<&Leaf>> = HashMap::new();
        for leaf in document.leaves() {
            if !document.in_array_of_tables(leaf) {
                written.entry(&leaf.key).or_default().push(leaf);
            }
        }
        Self {
            document,
            releases,
            written,
        }
    }

    /// The value of a key.
    pub(super) fn string(&self, key: &str) -> Setting<String> {
        let Text { value, place } = self.follow(key, &mut Walk::default());
        Setting {
            value: value.map(|text| text.to_string()),
            place,
        }
    }

    /// The value of a key that holds a password.
    pub(super) fn password(&self, key: &str) -> Setting<Password> {
        let Text { value, place } = self.follow(key, &mut Walk::default());
        Setting {
            value: value.map(|text| Password::new(text.as_str())),
            place,
        }
    }

    /// The value of one leaf. In an array of tables the product follows no `$ref{}`.
    pub(super) fn leaf(&self, leaf: &Leaf) -> Setting<String> {
        Setting {
            value: self.leaf_text(leaf).map(|text| text.to_string()),
            place: Some(Place::of(self.document, leaf)),
        }
    }

    /// The value of one leaf that holds a password.
    pub(super) fn leaf_password(&self, leaf: &Leaf) -> Setting<Password> {
        Setting {
            value: self
                .leaf_text(leaf)
                .map(|text| Password::new(text.as_str())),
            place: Some(Place::of(self.document, leaf)),
        }
    }

    /// Whether a part is switched on: each of the keys is true, or not known.
    pub(super) fn state(&self, switches: &[&str]) -> State {
        for switch in switches {
            let (key, wanted) = match switch.split_once('=') {
                Some((key, wanted)) => (key, wanted),
                None => (*switch, "true"),
            };
            if let Ok(value) = self.string(key).value
                && !value.eq_ignore_ascii_case(wanted)
            {
                return State::Off(format!("`{key}` is `{value}`"));
            }
        }
        State::On
    }

    /// True if a key, or one that is mapped to it, is written outside of arrays of tables.
    pub(super) fn is_written(&self, key: &str) -> bool {
        !self.leaves(key).is_empty()
    }

    /// The leaves of a key, of a list each element, outside of arrays of tables; else those of a key that
    /// the product maps to it.
    pub(super) fn leaves(&self, key: &str) -> &[&'a Leaf] {
        let mapped = || defaults::mapped_to(key).find_map(|other| self.written.get(other));
        let leaves = self.written.get(key).or_else(mapped);
        leaves.map_or(&[], Vec::as_slice)
    }

    /// The leaves that hold the values of a leaf: itself, or, where it is nothing but a `$ref{}`, those that
    /// it leads to.
    pub(super) fn targets(&self, leaf: &'a Leaf) -> Vec<&'a Leaf> {
        let mut at = vec![leaf];
        for _ in 0..DEPTH {
            let [one] = at.as_slice() else { break };
            let reference = one
                .text()
                .strip_prefix("$ref{")
                .and_then(|rest| rest.strip_suffix('}'))
                .filter(|key| !key.contains('}') && !self.document.in_array_of_tables(one));
            let next = reference.map(|key| self.leaves(&unquoted(key)));
            match next {
                Some(next) if !next.is_empty() => at = next.to_vec(),
                _ => break,
            }
        }
        at
    }

    fn leaf_text(&self, leaf: &Leaf) -> Result<Zeroizing<String>, Unknown> {
        let mut walk = Walk::default();
        if self.document.in_array_of_tables(leaf) {
            if let Some((_, rest)) = leaf.text().split_once("$ref{") {
                let key = rest.split('}').next().unwrap_or(rest);
                return Err(Unknown::Reference(key.to_owned()));
            }
        } else {
            walk.trail.push(leaf.key.clone());
        }
        self.substituted(leaf.text(), &mut walk).value
    }

    fn follow(&self, key: &str, walk: &mut Walk) -> Text {
        let nowhere = Text {
            value: Err(Unknown::Reference(key.to_owned())),
            place: None,
        };
        walk.steps += 1;
        if walk.steps > STEPS
            || walk.trail.len() > DEPTH
            || walk.trail.iter().any(|passed| passed == key)
        {
            return nowhere;
        }
        walk.trail.push(key.to_owned());
        let text = match self.leaves(key) {
            [leaf, ..] => Text {
                value: self.substituted(leaf.text(), walk).value,
                place: Some(Place::of(self.document, leaf)),
            },
            [] => match self.default_of(key) {
                Ok(Some(default)) => self.substituted(&default, walk),
                Ok(None) if walk.trail.len() > 1 => nowhere,
                Ok(None) => Text {
                    value: Err(Unknown::Absent),
                    place: None,
                },
                Err(unknown) => Text {
                    value: Err(unknown),
                    place: None,
                },
            },
        };
        walk.trail.pop();
        text
    }

    /// What the product takes for a key that is not written: what another key implies, else the release's
    /// default.
    fn default_of(&self, key: &str) -> Result<Option<Cow<'static, str>>, Unknown> {
        if let Some(implied) = self.implied(key) {
            return Ok(Some(implied));
        }
        self.releases
            .in_all(|product| defaults::default(key, product))
    }

    /// What values of other keys imply (`infer.json`).
    fn implied(&self, key: &str) -> Option<Cow<'static, str>> {
        defaults::implications(key)
            .into_iter()
            .filter(|row| self.releases.meet(row.releases))
            .find(|row| {
                let leaf = self.leaves(&row.when).first();
                leaf.is_some_and(|leaf| leaf.text() == row.is)
            })
            .map(|row| row.then)
    }

    /// A text with its references followed. `${…}` stays, but for the administrator's.
    fn substituted(&self, text: &str, walk: &mut Walk) -> Text {
        let mut out = Zeroizing::new(String::with_capacity(text.len()));
        let mut place = None;
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let reference = FORMS.iter().find_map(|form| {
                let name = rest.strip_prefix(form)?;
                let end = name.find('}')?;
                Some((*form, &name[..end], form.len() + end + 1))
            });
            let Some((form, name, length)) = reference else {
                out.push('$');
                rest = &rest[1..];
                continue;
            };
            let found = match form {
                "$ref{" => self.follow(&unquoted(name), walk),
                "${" if name == "admin.username" => self.follow("super_admin.username", walk),
                "${" if name == "admin.password" => self.follow("super_admin.password", walk),
                "$sys{" if name == "carbon.home" => Text::of("${carbon.home}"),
                "${" => Text::of(&rest[..length]),
                "$env{" => Text::unknown(Unknown::Environment(name.to_owned())),
                "$sys{" => Text::unknown(Unknown::Property(name.to_owned())),
                _ => Text::unknown(Unknown::Secret(name.to_owned())),
            };
            place = place.or(found.place);
            match found.value {
                Ok(value) => out.push_str(&value),
                Err(unknown) => {
                    return Text {
                        value: Err(unknown),
                        place,
                    };
                }
            }
            if out.len() > LENGTH {
                let key = walk.trail.last().cloned().unwrap_or_default();
                return Text::unknown(Unknown::Reference(key));
            }
            rest = &rest[length..];
        }
        out.push_str(rest);
        Text {
            value: Ok(out),
            place,
        }
    }
}

impl Text {
    fn of(text: &str) -> Self {
        Self {
            value: Ok(Zeroizing::new(text.to_owned())),
            place: None,
        }
    }

    fn unknown(unknown: Unknown) -> Self {
        Self {
            value: Err(unknown),
            place: None,
        }
    }
}

/// A key in a reference as the document writes it: `a.'b.c'` is `a.b.c`.
fn unquoted(key: &str) -> String {
    key.replace(['\'', '"'], "")
}

/// What `ReferenceResolver` of the config mapper knows, and the placeholders of the files that it writes.
const FORMS: [&str; 5] = ["$ref{", "$env{", "$sys{", "$secret{", "${"];
/// References lead through three keys in the product's own defaults.
const DEPTH: usize = 16;
/// How many references are followed for one value.
const STEPS: usize = 1000;
/// The longest value that references may make, in bytes.
const LENGTH: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wso2::{Product, config::Syntax};

    fn with<T>(toml: &str, look: impl FnOnce(&Resolver<'_>) -> T) -> T {
        let document = Document::read("f", Syntax::Toml, toml.as_bytes()).unwrap();
        let one = Product::of(4, 7);
        let releases = Releases {
            oldest: one,
            newest: one,
        };
        look(&Resolver::new(&document, releases))
    }

    fn line(setting: &Setting<String>) -> Option<usize> {
        setting.place.as_ref().map(|place| place.line)
    }

    #[test]
    fn what_is_not_written_has_the_place_of_what_it_refers_to() {
        let toml = "[keystore.tls]\nfile_name = \"t.jks\"\n";
        with(toml, |it| {
            let tls = it.string("apim.wss.keystore.location");
            assert_eq!(tls.known().unwrap(), "repository/resources/security/t.jks");
            assert_eq!(line(&tls), Some(2));
            let primary = it.string("keystore.internal.file_name");
            assert_eq!(primary.known().unwrap(), "wso2carbon.jks");
            assert_eq!(line(&primary), None);
        });
    }

    #[test]
    fn references_lead_over_several_keys_and_keep_what_is_around_them() {
        let toml = "[a]\nb = \"x-$ref{a.c}-$ref{d.'e.f'}\"\nc = \"$ref{d.g}\"\n[d]\ng = 7\n'e.f' = \"q\"\n";
        with(toml, |it| {
            assert_eq!(it.string("a.b").known().unwrap(), "x-7-q");
            assert_eq!(line(&it.string("a.b")), Some(2));
        });
    }

    #[test]
    fn references_that_lead_nowhere_or_in_a_circle_are_said_to() {
        let toml = "a = \"$ref{b}\"\nb = \"$ref{a}\"\nc = \"$ref{no.such}\"\nd = \"$ref{d}\"\n";
        with(toml, |it| {
            for (key, to) in [("a", "a"), ("b", "b"), ("c", "no.such"), ("d", "d")] {
                let reference = Unknown::Reference(to.to_owned());
                assert_eq!(it.string(key).value, Err(reference), "{key}");
            }
        });
    }

    #[test]
    fn references_that_multiply_cost_no_more_than_a_bound() {
        for leaf in ["xxxxxxxxxxxxxxxxxxxxxxxx", ""] {
            let mut toml = format!("k0 = \"{leaf}\"\n");
            for at in 1..16 {
                let before = format!("$ref{{k{}}}", at - 1).repeat(20);
                toml.push_str(&format!("k{at} = \"{before}\"\n"));
            }
            let value = with(&toml, |it| it.string("k15").value);
            assert!(matches!(value, Err(Unknown::Reference(_))), "{value:?}");
        }
    }

    #[test]
    fn what_the_files_do_not_hold_is_said_to_be_elsewhere() {
        let toml = "a = \"$env{A}\"\nb = \"$sys{b.c}/x\"\nc = \"$secret{pw}\"\nd = \"${carbon.home}/x\"\n\
                    e = \"$ref{a}\"\nf = \"$5 ${ $ref{\"\n";
        with(toml, |it| {
            assert_eq!(
                it.string("a").value,
                Err(Unknown::Environment("A".to_owned()))
            );
            assert_eq!(
                it.string("b").value,
                Err(Unknown::Property("b.c".to_owned()))
            );
            assert_eq!(
                it.password("c").value,
                Err(Unknown::Secret("pw".to_owned()))
            );
            assert_eq!(it.string("d").known().unwrap(), "${carbon.home}/x");
            assert_eq!(
                it.string("e").value,
                Err(Unknown::Environment("A".to_owned()))
            );
            assert_eq!(it.string("f").known().unwrap(), "$5 ${ $ref{");
        });
    }

    #[test]
    fn the_administrator_stands_for_himself_and_no_reference_leads_out_of_an_array_of_tables() {
        let toml = "[super_admin]\nusername = \"boss\"\npassword = \"pw\"\n[[l]]\nu = \"${admin.username}\"\np = \"$ref{super_admin.password}\"\n";
        with(toml, |it| {
            let user = it.document.leaf("l.u").unwrap();
            assert_eq!(it.leaf(user).known().unwrap(), "boss");
            let password = it.document.leaf("l.p").unwrap();
            let nowhere = Unknown::Reference("super_admin.password".to_owned());
            assert_eq!(it.leaf_password(password).value, Err(nowhere));
        });
    }
}
