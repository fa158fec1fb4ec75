mod told;

use std::{collections::BTreeSet, mem};

use super::*;
use crate::audit::testing::SILENT;

#[test]
fn each_rule_says_of_its_fixtures_what_it_should() {
    let each = TRIED.iter();
    let complaints: Vec<String> = each
        .flat_map(|tried| tried.complaints(ALL, &tried.cases()))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn each_rule_has_something_to_fire_on_and_something_to_keep_silent_on() {
    for tried in TRIED {
        let silent = |says: &str| says == SILENT;
        let has = |wanted: bool| {
            tried
                .fixtures
                .iter()
                .any(|(says, _)| silent(says) == wanted)
        };
        assert!(has(true) && has(false), "{}", tried.rule.id);
    }
}

/// By the fixtures that the rule itself is tried on.
#[test]
fn a_check_that_is_removed_or_turned_around_is_noticed() {
    let mut unnoticed = Vec::new();
    for tried in TRIED {
        let cases = tried.cases();
        for mutant in (tried.mutants)() {
            let of_table = |rule: &&'static Rule| match **rule == *mutant.rule {
                true => mutant.rule,
                false => *rule,
            };
            let table: Vec<&'static Rule> = ALL.iter().map(of_table).collect();
            if tried.complaints(&table, &cases).is_empty() {
                unnoticed.push(format!("{} {}", tried.rule.id, mutant.change));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

/// Else a mutant of one of them would be one of both.
#[test]
fn no_rule_looks_at_the_same_thing_twice() {
    for rule in ALL {
        let kinds: Vec<_> = rule.checks.iter().map(mem::discriminant).collect();
        let twice = (1..kinds.len()).find(|at| kinds[..*at].contains(&kinds[*at]));
        assert_eq!(twice, None, "{}", rule.id);
    }
}

#[test]
fn ids_are_the_names_of_the_files_in_order_and_each_once() {
    let ids: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
    let sorted: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids, sorted.iter().copied().collect::<Vec<_>>());
    for rule in ALL {
        assert!(!rule.checks.is_empty(), "{}", rule.id);
        let file = rule.id.replace('-', "_");
        let path = format!("{}/src/audit/rules/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        assert!(std::path::Path::new(&path).is_file(), "{path}");
    }
}

/// Every id that ever was. An id goes nowhere: a rule that is given up stays here with its last day.
#[test]
fn ids_are_never_lost() {
    let known: BTreeSet<&str> = ALL.iter().map(|rule| rule.id).collect();
    let ever: BTreeSet<&str> = include_str!("../ids.txt").lines().collect();
    let (lost, new): (Vec<_>, Vec<_>) = (
        ever.difference(&known).collect(),
        known.difference(&ever).collect(),
    );
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(new.is_empty(), "new, add them to ids.txt: {new:?}");
}
