//! Other servers in the URLs of `deployment.toml`.

use std::{collections::BTreeMap, ops::Range};

use super::{Editor, place_of};
use crate::wso2::config::{
    EditError, HomeConfig, WantedAuthority,
    v4::{calls, values::Value},
};

impl Editor<'_> {
    /// Other servers in URLs.
    pub(super) fn authorities(
        &mut self,
        config: &HomeConfig,
        wanted: &[WantedAuthority],
    ) -> Result<(), EditError> {
        let mut by_place: BTreeMap<(usize, usize), Authorities<'_>> = BTreeMap::new();
        let mut unwritten: BTreeMap<&str, String> = BTreeMap::new();
        for it in wanted {
            let call = config.calls.get(it.call);
            let found = call.and_then(|call| Some((call, call.endpoints.get(it.endpoint)?)));
            let (call, endpoint) = found.ok_or_else(|| EditError::NoPlace {
                place: place_of(call.map_or("", |call| call.key)),
                reason: "there is no such server in a URL".to_owned(),
            })?;
            match &call.setting.place {
                Some(place) => {
                    let ranges = by_place.entry((place.line, place.column)).or_default();
                    let range = endpoint.authority.clone();
                    ranges.insert(range.start, (range, &it.authority));
                }
                None => {
                    let text = call.setting.known().filter(|_| calls::is_one(call.key));
                    let text = text.ok_or_else(|| EditError::NoPlace {
                        place: place_of(call.key),
                        reason: "nothing is written there, and it takes a list".to_owned(),
                    })?;
                    let mut text = text.clone();
                    text.replace_range(endpoint.authority.clone(), &it.authority);
                    unwritten.insert(call.key, text);
                }
            }
        }
        for (position, ranges) in by_place {
            let mut leaves = self.document.leaves().iter();
            let leaf = leaves.find(|leaf| (leaf.line, leaf.column) == position);
            let Some(leaf) = leaf else { continue };
            let mut text = leaf.text().to_owned();
            for (range, authority) in ranges.into_values().rev() {
                text.replace_range(range, authority);
            }
            self.set(leaf, &Value::plain(&text));
        }
        let mut tables: BTreeMap<&str, Vec<(&str, Value)>> = BTreeMap::new();
        for (key, text) in &unwritten {
            if let Some((table, last)) = key.rsplit_once('.') {
                let values = tables.entry(table).or_default();
                values.push((last, Value::plain(text)));
            }
        }
        for (table, values) in tables {
            self.table(table, &values, SERVICES);
        }
        Ok(())
    }
}

/// Where authorities stand in one value, by where they begin, and what is to stand there.
type Authorities<'a> = BTreeMap<usize, (Range<usize>, &'a str)>;

/// Where the tables of other servers stand.
const SERVICES: &[&[&str]] = &[&[
    "apim.event_hub",
    "apim.key_manager",
    "apim.oauth_config",
    "apim.throttling",
]];
