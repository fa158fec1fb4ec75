use std::{collections::BTreeMap, net::IpAddr};

use super::{Lines, distinct, quoted};
use crate::{
    observe::{Cluster, Member, Party},
    wso2::{
        Role,
        config::{Call, CallTarget, Client, Endpoint, Host, Scheme},
    },
};

/// What all hosts end with; where they have nothing in common, what the first one ends with.
pub(super) fn domain(cluster: &Cluster<'_>) -> String {
    let hosts: Vec<&str> = cluster
        .members()
        .iter()
        .filter_map(|member| name_of(member))
        .collect();
    let ends = |host: &str| -> Vec<String> {
        let mut ends = Vec::new();
        let mut rest = host;
        while let Some((_, after)) = rest.split_once('.') {
            ends.push(after.to_owned());
            rest = after;
        }
        ends
    };
    let first = hosts.first().map(|host| ends(host)).unwrap_or_default();
    let common = first.iter().find(|end| {
        let is_end = |host: &&str| host.ends_with(&format!(".{end}"));
        end.contains('.') && hosts.iter().all(is_end)
    });
    common
        .or(first.first())
        .cloned()
        .unwrap_or_else(|| FALLBACK.to_owned())
}

/// Writes a group for each role.
pub(super) fn write(cluster: &Cluster<'_>, domain: &str, lines: &mut Lines) {
    let mut groups: BTreeMap<Role, Vec<&Member<'_>>> = BTreeMap::new();
    for member in cluster.members() {
        if let Ok(told) = &member.role {
            groups.entry(told.value).or_default().push(member);
        }
    }
    if cluster.balancers().next().is_some() {
        lines.blank();
        lines.comment(
            "Where TLS ends at a balancer: balancer = { host = …, tls = \"issued\" }, or tls = \"own\" with its \
             certificate. Where nothing is said, its name goes into the certificates of the nodes behind it.",
        );
    }
    for (role, members) in groups {
        lines.blank();
        lines.put(&format!("[roles.{role}]"));
        let mut told: Vec<String> = Vec::new();
        for member in &members {
            let evidence = member.role.iter().flat_map(|told| &told.evidence);
            let mut evidence: Vec<&str> = evidence.map(String::as_str).collect();
            // The long ones are paths that say little to a reader.
            evidence.sort_by_key(|clause| clause.len());
            evidence.truncate(EVIDENCE);
            told.push(evidence.join(", "));
        }
        match distinct(told.iter().cloned()).len() {
            1 => lines.comment(&format!("a {role}, since {}", told[0])),
            _ => {
                for (member, told) in members.iter().zip(told) {
                    lines.comment(&format!("{}: a {role}, since {told}", member.name));
                }
            }
        }
        balancers(cluster, role, domain, lines);
        if let Some(manager) = manager(cluster, role) {
            lines.comment("the one gateway that others are told to call");
            lines.put(&format!("manager = {}", quoted(&manager)));
        }
        nodes(&members, domain, lines);
    }
}

fn balancers(cluster: &Cluster<'_>, role: Role, domain: &str, lines: &mut Lines) {
    let balancers = cluster.balancers();
    let hosts: Vec<&str> = balancers
        .filter(|(_, roles)| roles.contains(&role))
        .map(|(host, _)| host)
        .collect();
    for host in &hosts {
        lines.comment(&named_by(cluster, host));
    }
    let short: Vec<String> = hosts
        .iter()
        .map(|host| quoted(short(host, domain)))
        .collect();
    match &short[..] {
        [] if cluster.of_roles(&[role]).len() > 1 => {
            lines.comment(
                "no home names a balancer of theirs: balancer = …, if they are called by one",
            );
        }
        [] => {}
        [one] => lines.put(&format!("balancer = {one}")),
        several => lines.put(&format!("balancer = [{}]", several.join(", "))),
    }
}

/// Who calls a balancer, or calls itself by its name.
fn named_by(cluster: &Cluster<'_>, host: &str) -> String {
    let is_it =
        |it: &Endpoint| matches!(&it.host, Host::Named(named) if named.eq_ignore_ascii_case(host));
    let mut named = calls(cluster).filter(|(_, _, endpoint)| is_it(endpoint));
    if let Some((from, call, _)) = named.next() {
        let member = &cluster.members()[from];
        return format!(
            "{host} is no node's own, and in `{}` of {}",
            call.key, member.name
        );
    }
    let members = cluster.members().iter();
    let own = members.filter(|member| member.shared_hosts.iter().any(|it| it == host));
    let names: Vec<&str> = own.map(|member| member.name.as_str()).collect();
    format!("{} call themselves {host}", names.join(" and "))
}

/// The gateway that the management calls of others name, though there are several.
fn manager(cluster: &Cluster<'_>, role: Role) -> Option<String> {
    if role != Role::Gateway || cluster.of_roles(&[role]).len() < 2 {
        return None;
    }
    let mut named = calls(cluster).filter_map(|(from, call, endpoint)| {
        let manages = call.to == CallTarget::Role(Role::Gateway) && call.client == Client::Kernel;
        match cluster.party(from, &call.to, endpoint) {
            Party::Member(at) if manages && at != from => Some(at),
            _ => None,
        }
    });
    let first = named.next()?;
    let only = named.all(|other| other == first);
    only.then(|| cluster.members()[first].name.clone())
}

fn nodes(members: &[&Member<'_>], domain: &str, lines: &mut Lines) {
    let entries: Vec<String> = members.iter().map(|member| node(member, domain)).collect();
    if entries.iter().all(|entry| !entry.contains('{')) && entries.len() <= FEW {
        return lines.put(&format!("nodes = {{ {} }}", entries.join(", ")));
    }
    // An inline table has one line in TOML 1.0; dotted keys do not.
    for entry in entries {
        lines.put(&format!("nodes.{entry}"));
    }
}

fn node(member: &Member<'_>, domain: &str) -> String {
    let host = name_of(member).or(member.hosts.first().map(String::as_str));
    let host = host.unwrap_or_default();
    let others = member.hosts.iter().filter(|other| *other != host);
    let (ips, names): (Vec<&String>, Vec<&String>) =
        others.partition(|other| other.parse::<IpAddr>().is_ok());
    let mut parts = vec![format!("host = {}", quoted(short(host, domain)))];
    for (key, values) in [("ip", ips), ("sans", names)] {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(|it| quoted(short(it, domain))).collect();
            parts.push(format!("{key} = [{}]", values.join(", ")));
        }
    }
    if member.offset > 0 {
        parts.push(format!("offset = {}", member.offset));
    }
    match &parts[..] {
        [_] => format!("{} = {}", member.name, quoted(short(host, domain))),
        parts => format!("{} = {{ {} }}", member.name, parts.join(", ")),
    }
}

/// Writes servers that are not ours: those of other kinds that are called over TLS.
pub(super) fn write_externals(cluster: &Cluster<'_>, lines: &mut Lines) {
    let mut found: BTreeMap<(String, &'static str), Vec<String>> = BTreeMap::new();
    for (from, call, endpoint) in calls(cluster) {
        if let Party::External { name, .. } = cluster.party(from, &call.to, endpoint)
            && endpoint.scheme.is_tls()
        {
            let role = match name.as_str() {
                "analytics" => "analytics",
                "workflow engine" => "workflow",
                "identity server" => "identity-provider",
                _ => "backend",
            };
            found.entry((name, role)).or_default().push(host(endpoint));
        }
    }
    for member in cluster.members() {
        let sources = member.home.config.sources.iter();
        for source in sources.filter(|source| source.tls == Some(true)) {
            for server in &source.servers {
                let (name, role) = match server.scheme {
                    Scheme::Ldap | Scheme::Ldaps => ("directory", "directory"),
                    _ => ("database", "database"),
                };
                let key = (name.to_owned(), role);
                found.entry(key).or_default().push(host(server));
            }
        }
    }
    for ((name, role), hosts) in found {
        let hosts = distinct(hosts.into_iter().filter(|host| !host.is_empty()));
        if hosts.is_empty() {
            continue;
        }
        let name: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        lines.blank();
        lines.put(&format!("[external.{name}]"));
        lines.put(&format!("role = \"{role}\""));
        let hosts: Vec<String> = hosts.iter().map(|host| quoted(host)).collect();
        lines.put(&format!("hosts = [{}]", hosts.join(", ")));
        lines.comment(
            "certificate = \"….pem\"   # what it presents; trust = [\"….pem\"]: who issued it",
        );
    }
}

/// Every server in every URL that is opened.
fn calls<'c>(
    cluster: &'c Cluster<'_>,
) -> impl Iterator<Item = (usize, &'c Call, &'c Endpoint)> + use<'c> {
    let members = cluster.members().iter().enumerate();
    members.flat_map(move |(at, member)| {
        let calls = member.home.config.calls.iter();
        calls
            .filter(move |call| cluster.makes(at, call))
            .flat_map(move |call| call.endpoints.iter().map(move |it| (at, call, it)))
    })
}

fn host(endpoint: &Endpoint) -> String {
    match &endpoint.host {
        Host::Named(host) => host.clone(),
        _ => String::new(),
    }
}

/// The name of a node, not its address.
fn name_of<'m>(member: &'m Member<'_>) -> Option<&'m str> {
    let mut hosts = member.hosts.iter();
    let name = hosts.find(|host| host.parse::<IpAddr>().is_err());
    name.map(String::as_str)
}

/// A host without the domain that completes it.
fn short<'h>(host: &'h str, domain: &str) -> &'h str {
    match host
        .strip_suffix(domain)
        .and_then(|rest| rest.strip_suffix('.'))
    {
        Some(label) if !label.contains('.') && !label.is_empty() => label,
        _ => host,
    }
}

/// Where no host has a domain (RFC 2606 section 2): something that nobody owns.
const FALLBACK: &str = "example.com";
/// As many reasons as make a comment.
const EVIDENCE: usize = 3;
/// As many nodes as stand on a line.
const FEW: usize = 3;
