//! Where the parts of a parsed TOML document stand.

use std::ops::Range;

use toml_edit::{Item, Table, TableLike, Value};

/// A table that has a header of its own and is in no list.
pub(super) fn with_header<'a>(root: &'a Table, path: &str) -> Option<&'a Table> {
    let mut table = root;
    for part in path.split('.') {
        table = table.get(part)?.as_table()?;
    }
    (!table.is_implicit() && !table.is_dotted()).then_some(table)
}

/// Where the last value of a table stands, those of dotted keys in it too, but not those behind headers.
pub(in crate::wso2::config) fn last_value(table: &dyn TableLike) -> Option<Range<usize>> {
    let spans = table.iter().filter_map(|(_, item)| match item {
        Item::Table(table) if table.is_dotted() => last_value(table),
        Item::Value(Value::InlineTable(table)) if table.is_dotted() => last_value(table),
        Item::Value(value) => value.span(),
        _ => None,
    });
    spans.max_by_key(|span| span.end)
}

/// Where the key of the last value stands.
pub(super) fn last_key(table: &dyn TableLike) -> Option<usize> {
    let keys = table.iter().filter_map(|(name, item)| match item {
        Item::Table(table) if table.is_dotted() => last_key(table),
        Item::Value(Value::InlineTable(table)) if table.is_dotted() => last_key(table),
        Item::Value(_) => table.key(name)?.span().map(|span| span.start),
        _ => None,
    });
    keys.max()
}

/// Where the first header in a table stands.
pub(super) fn first_header(table: &Table) -> Option<usize> {
    let starts = table.iter().filter_map(|(_, item)| match item {
        Item::Table(table) if table.is_implicit() => first_header(table),
        Item::Table(table) => table.span().map(|span| span.start),
        Item::ArrayOfTables(tables) => tables.span().map(|span| span.start),
        _ => None,
    });
    starts.min()
}
