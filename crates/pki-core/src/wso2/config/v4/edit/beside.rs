//! Other servers beside those that `deployment.toml` names: elements of an array, or tables of a list of
//! which each is a group of servers.

use std::{collections::BTreeMap, ops::Range};

use toml_edit::{Document as Tree, Item};
use zeroize::Zeroizing;

use super::{Editor, place_of};
use crate::wso2::config::{
    BlockId, Call, Document, EditError, HomeConfig, Leaf, Place, Several, Shown, ValueChange,
    WantedBeside,
    document::position,
    edit::{Replaced, toml_like},
    insert::last_value,
};

/// Whether another server can be written beside those of a call.
pub(in crate::wso2::config) fn takes(config: &HomeConfig, call: &Call) -> bool {
    let found = call.setting.place.as_ref().and_then(|it| config.at(it));
    found.is_some_and(|(document, leaf)| Form::of(document, call, leaf).is_some())
}

/// How the servers of a value stand.
enum Form<'a> {
    /// In one array.
    Array(Vec<&'a Leaf>),
    /// Each in a table of its own; this is the last, and what is to be copied of it.
    Tables(BlockId, Range<usize>),
}

impl<'a> Form<'a> {
    fn of(document: &'a Document, call: &Call, leaf: &'a Leaf) -> Option<Self> {
        // What another key lends is that key's.
        if leaf.key != call.key || call.endpoints.len() != 1 {
            return None;
        }
        if call.several == Several::Elements {
            return array(document, leaf).map(Self::Array);
        }
        let (table, _) = call.key.rsplit_once('.')?;
        let tables: Vec<BlockId> = document.blocks(table).collect();
        let counts = tables.iter().map(|it| {
            let leaves = document.all(call.key);
            leaves.filter(|leaf| leaf.parent() == Some(*it)).count()
        });
        let counts: Vec<usize> = counts.collect();
        match (call.several, tables.as_slice()) {
            (Several::Tables, [_]) if counts[0] > 1 => array(document, leaf).map(Self::Array),
            (Several::Tables, [.., last]) if counts.iter().all(|it| *it == 1) => {
                Some(Self::Tables(*last, copied(document, table, *last)?))
            }
            _ => None,
        }
    }
}

/// The array that an element stands in.
fn array<'a>(document: &'a Document, leaf: &'a Leaf) -> Option<Vec<&'a Leaf>> {
    let leaves = document.all(&leaf.key);
    let elements: Vec<&Leaf> = leaves.filter(|it| it.blocks == leaf.blocks).collect();
    let before = &document.text[..elements.first()?.span.start];
    before.trim_end().ends_with('[').then_some(elements)
}

/// A table of a list, from its header to its last value; `None` if it has no header of its own, or tables in it.
fn copied(document: &Document, table: &str, block: BlockId) -> Option<Range<usize>> {
    let text = document.text.as_str();
    let tree = Tree::parse(text).ok()?;
    let mut item: &Item = tree.as_item();
    for part in table.split('.') {
        item = item.get(part)?;
    }
    let last = item.as_array_of_tables()?.iter().last()?;
    let has_tables = document.blocks.iter().any(|it| it.parent == Some(block));
    let start = document.blocks[block.0].span.start;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let is_header = text[start..].starts_with("[[") && text[line..start].trim().is_empty();
    (is_header && !has_tables).then_some(line..last_value(last)?.end)
}

/// What a copied table is to say in the places of its values.
type Copy<'a> = Vec<(&'a Leaf, String)>;

impl<'a> Editor<'a> {
    /// Other servers beside those that are named.
    pub(super) fn beside(
        &mut self,
        config: &'a HomeConfig,
        wanted: &[WantedBeside],
    ) -> Result<(), EditError> {
        let document = self.document;
        // By what is copied.
        let mut tables: BTreeMap<(usize, usize), Vec<Copy<'_>>> = BTreeMap::new();
        for it in wanted {
            let call = config.calls.get(it.call);
            let found = call.and_then(|call| {
                let (_, leaf) = config.at(call.setting.place.as_ref()?)?;
                Some((call, Form::of(document, call, leaf)?))
            });
            let (call, form) = found.ok_or_else(|| no_place(call.map_or("", |it| it.key)))?;
            match form {
                Form::Array(elements) => {
                    let servers = it.servers.iter();
                    let texts = servers.map(|server| like(call, elements[0], config, server));
                    self.elements(
                        &elements,
                        &texts.collect::<Option<Vec<_>>>().unwrap_or_default(),
                    );
                }
                Form::Tables(block, copied) => {
                    let mut leaves = document.all(call.key);
                    let leaf = leaves.find(|leaf| leaf.parent() == Some(block));
                    let copies = tables.entry((copied.start, copied.end)).or_default();
                    copies.resize_with(copies.len().max(it.servers.len()), Vec::new);
                    for (copy, server) in copies.iter_mut().zip(&it.servers) {
                        let text =
                            leaf.and_then(|leaf| Some((leaf, like(call, leaf, config, server)?)));
                        copy.push(text.ok_or_else(|| no_place(call.key))?);
                    }
                }
            }
        }
        for ((start, end), copies) in tables {
            self.copies(config, start..end, &copies)?;
        }
        Ok(())
    }

    fn elements(&mut self, elements: &[&Leaf], texts: &[String]) {
        let document = self.document;
        let [.., last] = elements else { return };
        let separator = match elements {
            [.., before, last] => &document.text[before.span.end..last.span.start],
            _ => ", ",
        };
        let separator = match separator.contains('#') {
            true => ", ",
            false => separator,
        };
        let old = &document.text[last.span.clone()];
        let mut by = Zeroizing::new(String::new());
        for text in texts {
            by.push_str(separator);
            by.push_str(&toml_like(old, text));
            self.adds(last.span.end, &last.key, text);
        }
        let span = last.span.end..last.span.end;
        self.edits.replaced.push(Replaced { span, by });
    }

    /// Tables like the last of a list, behind it.
    fn copies(
        &mut self,
        config: &HomeConfig,
        copied: Range<usize>,
        copies: &[Copy<'_>],
    ) -> Result<(), EditError> {
        let document = self.document;
        let text = document.text.as_str();
        let end = text[copied.end..].find('\n');
        let end = end.map_or(text.len(), |end| copied.end + end);
        let at = copied.end + text[copied.end..end].trim_end_matches('\r').len();
        let eol = &text[at..end];
        let mut by = Zeroizing::new(String::new());
        for copy in copies {
            // A server that is there already would get everything twice.
            let of_tables = config
                .calls
                .iter()
                .filter(|it| it.several == Several::Tables);
            let places = of_tables.filter_map(|it| config.at(it.setting.place.as_ref()?));
            let mut here = places.filter(|(_, leaf)| copied.contains(&leaf.span.start));
            if let Some((_, leaf)) =
                here.find(|(_, leaf)| copy.iter().all(|(it, _)| it.span != leaf.span))
            {
                return Err(no_place(&leaf.key));
            }
            let mut values: Vec<&(&Leaf, String)> = copy.iter().collect();
            values.sort_by_key(|(leaf, _)| leaf.span.start);
            by.push_str(&format!("{eol}\n{eol}\n"));
            let mut from = copied.start;
            for (leaf, new) in values {
                by.push_str(&text[from..leaf.span.start]);
                by.push_str(&toml_like(&text[leaf.span.clone()], new));
                from = leaf.span.end;
                self.adds(at, &leaf.key, new);
            }
            by.push_str(&text[from..copied.end]);
        }
        self.edits.replaced.push(Replaced { span: at..at, by });
        Ok(())
    }

    fn adds(&mut self, at: usize, key: &str, text: &str) {
        let (line, column) = position(&self.document.text, at);
        self.changes.push(ValueChange {
            place: Place {
                line,
                column,
                ..place_of(key)
            },
            before: None,
            after: Shown::Text(text.to_owned()),
        });
    }
}

/// A value like another one of the same key, with another server in it.
fn like(call: &Call, leaf: &Leaf, config: &HomeConfig, server: &str) -> Option<String> {
    let of_leaf = |it: &&Call| {
        let place = it.setting.place.as_ref();
        it.key == call.key
            && place.is_some_and(|place| (place.line, place.column) == (leaf.line, leaf.column))
    };
    let own = config.calls.iter().find(of_leaf)?;
    let mut text = leaf.text().to_owned();
    text.replace_range(own.endpoints.first()?.authority.clone(), server);
    Some(text)
}

fn no_place(key: &str) -> EditError {
    EditError::NoPlace {
        place: place_of(key),
        reason: "no other server can be named there".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        secret::Bytes,
        wso2::{
            Product,
            config::{DEPLOYMENT_TOML, HomeFiles, Wanted},
        },
    };

    /// The file with servers beside those of each key; `None` if one of them takes none.
    fn more(toml: &str, wanted: &[(&str, &str)]) -> Option<String> {
        let mut files = HomeFiles::new();
        files.insert(DEPLOYMENT_TOML.to_owned(), Bytes::from(toml.as_bytes()));
        let config = HomeConfig::read(&files, Some(Product::of(4, 7)));
        let beside = wanted.iter().map(|(key, servers)| {
            let call = config.calls.iter().position(|it| it.key == *key).unwrap();
            config
                .takes_beside(&config.calls[call])
                .then(|| WantedBeside {
                    call,
                    servers: servers.split(' ').map(str::to_owned).collect(),
                })
        });
        let wanted = Wanted {
            beside: beside.collect::<Option<_>>()?,
            ..Wanted::default()
        };
        let edited = config.edited(&wanted).unwrap();
        assert!(edited[0].changes.iter().all(|it| it.before.is_none()));
        String::from_utf8(edited[0].bytes.expose().to_vec()).ok()
    }

    const EVENTS: &str = "apim.event_hub.event_listening_endpoints";
    const URLS: &str = "apim.throttling.url_group.traffic_manager_urls";
    const LOGINS: &str = "apim.throttling.url_group.traffic_manager_auth_urls";

    #[test]
    fn an_array_gets_elements_as_its_own_are_written() {
        for (before, after) in [
            (
                "[apim.event_hub]\nevent_listening_endpoints = [\"tcp://a:5\"] # two\n",
                "[apim.event_hub]\nevent_listening_endpoints = [\"tcp://a:5\", \"tcp://b:5\", \"tcp://c:5\"] # two\n",
            ),
            (
                "[apim.event_hub]\nevent_listening_endpoints = [\n  'tcp://a:5', # one\n]",
                "[apim.event_hub]\nevent_listening_endpoints = [\n  'tcp://a:5', 'tcp://b:5', 'tcp://c:5', # one\n]",
            ),
            (
                "[apim.event_hub]\nevent_listening_endpoints = [\"tcp://x:5\",\n \"tcp://a:5\"\n]",
                "[apim.event_hub]\nevent_listening_endpoints = [\"tcp://x:5\",\n \"tcp://a:5\",\n \"tcp://b:5\",\n \"tcp://c:5\"\n]",
            ),
        ] {
            assert_eq!(more(before, &[(EVENTS, "b:5 c:5")]).as_deref(), Some(after));
        }
        // No array.
        let text = "[apim.event_hub]\nevent_listening_endpoints = \"tcp://a:5\"\n";
        assert_eq!(more(text, &[(EVENTS, "b:5")]), None);
    }

    #[test]
    fn a_list_of_tables_gets_tables_like_its_last() {
        let pair = [(URLS, "b:1"), (LOGINS, "b:2")];
        let group = |host: &str, eol: &str| {
            format!(
                "  [[apim.throttling.url_group]]{eol}# ours{eol}traffic_manager_urls = ['tcp://{host}:1']{eol}\
                 traffic_manager_auth_urls = [\"ssl://{host}:2\"]"
            )
        };
        for eol in ["\n", "\r\n"] {
            let before = format!("{} # end{eol}{eol}[secrets]{eol}", group("a", eol));
            let after = format!(
                "{} # end{eol}{eol}{}{eol}{eol}[secrets]{eol}",
                group("a", eol),
                group("b", eol)
            );
            assert_eq!(more(&before, &pair).unwrap(), after);
        }
        // A file without a last line end gets none.
        let after = format!("{}\n\n{}", group("a", "\n"), group("b", "\n"));
        assert_eq!(more(&group("a", "\n"), &pair).unwrap(), after);
    }

    #[test]
    fn servers_that_share_a_group_get_another_one_in_it() {
        let group = |urls: &str, logins: &str| {
            format!(
                "[[apim.throttling.url_group]]\ntraffic_manager_urls = [{urls}]\n\
                 traffic_manager_auth_urls = [{logins}]\ntype = \"failover\"\n"
            )
        };
        let before = group("\"tcp://a:1\",\"tcp://b:1\"", "\"ssl://a:2\",\"ssl://b:2\"");
        let after = group(
            "\"tcp://a:1\",\"tcp://b:1\",\"tcp://c:1\"",
            "\"ssl://a:2\",\"ssl://b:2\",\"ssl://c:2\"",
        );
        let pair = [(URLS, "c:1"), (LOGINS, "c:2")];
        assert_eq!(more(&before, &pair).unwrap(), after);
        // To which of two such groups it belongs is nobody's guess; nor is a list in braces taken apart.
        assert_eq!(more(&format!("{before}{before}"), &pair), None);
        let inline = "[apim.throttling]\nurl_group = [{ traffic_manager_urls = [\"tcp://a:1\"], \
                      traffic_manager_auth_urls = [\"ssl://a:2\"] }]\n";
        assert_eq!(more(inline, &pair), None);
    }
}
