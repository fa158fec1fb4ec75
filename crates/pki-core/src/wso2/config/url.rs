//! URLs as the product's configuration writes them: lists, groups, broker lists, placeholders.

mod amqp;
mod shown;

pub(super) use amqp::{Broker, amqp};
pub(super) use shown::shown;

use super::{Endpoint, Host, Scheme, Unknown};

/// What a placeholder in a URL stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Whatever the node takes for its own host.
    Own,
    /// This text.
    Text(String),
    /// Something that is known at run time alone.
    Unknown,
}

/// Tells what a placeholder stands for: `carbon.local.ip` of `${carbon.local.ip}`, `uri.var.hostname` of
/// `{uri.var.hostname}`, all of `$env{KM_HOST}` and its like.
pub(super) type Meanings<'a> = &'a dyn Fn(&str) -> Meaning;

/// What the product's own placeholders stand for on a node whose ports have an offset; `None` where the
/// offset cannot be known (`APIManagerConfiguration`, `CarbonUtils`; a default port and the offset).
pub(super) fn meaning(name: &str, offset: Option<u16>) -> Meaning {
    if OWN_HOST.contains(&name) {
        return Meaning::Own;
    }
    if name == "carbon.context" {
        return Meaning::Text("/".to_owned());
    }
    let port = PORTS.iter().find(|(known, _)| *known == name);
    match (port, offset) {
        (Some((_, port)), Some(offset)) => Meaning::Text((port + u32::from(offset)).to_string()),
        _ => Meaning::Unknown,
    }
}

/// The servers in a value, in order: one URL, a list with `,`, groups `{…},{…}` with `,` or `|` inside, or
/// an AMQP URL with its broker list.
///
/// # Errors
///
/// [`Unknown::Invalid`] without a word of the value, which may hold a password; another [`Unknown`] where
/// the whole value is a placeholder.
pub(super) fn endpoints(value: &str, meanings: Meanings<'_>) -> Result<Vec<Endpoint>, Unknown> {
    refuse_crowds(value)?;
    if scheme_at(value, 0).is_some_and(|scheme| scheme.eq_ignore_ascii_case("amqp")) {
        let brokers = amqp(value, meanings)?.brokers;
        return Ok(brokers.into_iter().map(|broker| broker.endpoint).collect());
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_url(value, at) {
        let word = scheme_at(value, start).unwrap_or_default();
        let scheme = scheme(word)
            .ok_or_else(|| Unknown::Invalid("a URL has a scheme that is not known".to_owned()))?;
        let after = start + word.len() + "://".len();
        let (endpoint, end) = server(value, after, scheme, default_port(scheme), meanings)?;
        found.push(endpoint);
        at = end;
    }
    match found.is_empty() {
        true => Err(no_url(value)),
        false => Ok(found),
    }
}

/// Where the next URL begins: a scheme at the beginning, or after what separates URLs.
fn next_url(value: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = value[at..].find("://").map(|found| at + found) {
        let word = value[from..found]
            .bytes()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'+');
        let start = found - word.count();
        let before = value[..start].chars().next_back();
        if start < found && before.is_none_or(|c| is_end(c) && c != '}') {
            return Some(start);
        }
        at = found + "://".len();
    }
    None
}

/// The scheme of the URL that begins at a place.
fn scheme_at(value: &str, at: usize) -> Option<&str> {
    let rest = &value[at..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '+'))?;
    (end > 0 && rest[end..].starts_with("://")).then(|| &rest[..end])
}

/// Reads `[userinfo@]host[:port]`, and tells where it ends.
pub(super) fn server(
    value: &str,
    start: usize,
    scheme: Scheme,
    default: Option<u16>,
    meanings: Meanings<'_>,
) -> Result<(Endpoint, usize), Unknown> {
    let mut start = start;
    if let Some(sign) = userinfo_end(value, start) {
        start = sign + 1;
    }
    let (host, host_end) = part(value, start, meanings);
    let mut end = host_end;
    let mut port = default;
    if value[end..].starts_with(':') {
        let (written, port_end) = part(value, end + 1, meanings);
        port = match written {
            Part::Text(text) => Some(port_of(&text)?),
            Part::Own(_) | Part::Unknown(_) => None,
        };
        end = port_end;
    }
    let host = match host {
        Part::Own(text) => Host::Own(text),
        Part::Unknown(text) => Host::Unknown(text),
        Part::Text(text) if text.is_empty() => {
            return Err(Unknown::Invalid("a URL has no host".to_owned()));
        }
        Part::Text(text) => Host::named(&text),
    };
    Ok((
        Endpoint {
            scheme,
            host,
            port,
            authority: start..end,
        },
        end,
    ))
}

/// A host or a port, placeholders resolved.
enum Part {
    Own(String),
    Text(String),
    Unknown(String),
}

/// Reads up to what ends a host or a port. A placeholder that stands for a path ends it too.
fn part(value: &str, start: usize, meanings: Meanings<'_>) -> (Part, usize) {
    let mut text = String::new();
    let mut own = false;
    let mut unknown = false;
    let mut at = start;
    // An IPv6 literal has colons of its own.
    if value[at..].starts_with('[')
        && let Some(end) = value[at..].find(']')
        && value[at + 1..at + end].contains(':')
    {
        text.push_str(&value[at + 1..at + end]);
        return (Part::Text(text), at + end + 1);
    }
    while let Some(c) = value[at..].chars().next() {
        if let Some((name, end)) = placeholder(value, at) {
            match meanings(name) {
                Meaning::Text(path) if path.is_empty() || path.starts_with('/') => break,
                Meaning::Text(it) => text.push_str(&it),
                Meaning::Own => own = true,
                Meaning::Unknown => unknown = true,
            }
            at = end;
            continue;
        }
        if is_end(c) || matches!(c, ':' | '/' | '?' | '#' | '\'' | ';' | '\\') {
            break;
        }
        text.push(c);
        at += c.len_utf8();
    }
    let written = value[start..at].to_owned();
    let part = match (own, unknown) {
        (true, false) if text.is_empty() => Part::Own(written),
        (false, false) => Part::Text(text),
        _ => Part::Unknown(written),
    };
    (part, at)
}

/// `${name}`, `$env{NAME}` and its like, `{name}`: what names it, and where it ends.
fn placeholder(value: &str, at: usize) -> Option<(&str, usize)> {
    let rest = &value[at..];
    let open = match rest.as_bytes().first()? {
        b'{' => 0,
        b'$' => rest.find('{').filter(|open| {
            rest[1..*open]
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic())
        })?,
        _ => return None,
    };
    let close = open + rest[open..].find('}')?;
    let name = match open {
        0 | 1 => &rest[open + 1..close],
        _ => &rest[..=close],
    };
    Some((name, at + close + 1))
}

/// Where the `@` behind user and password stands.
fn userinfo_end(value: &str, start: usize) -> Option<usize> {
    let end = value[start..]
        .find(|c: char| matches!(c, '/' | '?' | '#' | ',' | '|' | '\'' | ';') || c.is_whitespace())
        .map_or(value.len(), |end| start + end);
    value[start..end].rfind('@').map(|sign| start + sign)
}

fn port_of(text: &str) -> Result<u16, Unknown> {
    let port = text.parse::<u16>().ok().filter(|port| *port > 0);
    port.filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| {
            Unknown::Invalid("a URL has a port that is no number up to 65535".to_owned())
        })
}

/// What follows looks for the ends of things again and again.
fn refuse_crowds(value: &str) -> Result<(), Unknown> {
    match value.len() > LIMIT {
        true => Err(Unknown::Invalid(format!(
            "it has {} bytes, more than any URL",
            value.len()
        ))),
        false => Ok(()),
    }
}

/// Why a value without a URL has none.
fn no_url(value: &str) -> Unknown {
    let named = |kind: &str| {
        let rest = value.strip_prefix(kind)?.strip_prefix('{')?;
        rest.strip_suffix('}').map(str::to_owned)
    };
    if let Some(name) = named("$env") {
        Unknown::Environment(name)
    } else if let Some(name) = named("$sys") {
        Unknown::Property(name)
    } else if let Some(name) = named("$secret") {
        Unknown::Secret(name)
    } else if let Some(name) = named("$") {
        Unknown::Placeholder(name)
    } else if value.is_empty() {
        Unknown::Absent
    } else {
        Unknown::Invalid("it is no URL".to_owned())
    }
}

fn scheme(word: &str) -> Option<Scheme> {
    let known = SCHEMES.iter();
    let mut known = known.filter(|(name, _)| name.eq_ignore_ascii_case(word));
    known.next().map(|(_, scheme)| *scheme)
}

/// RFC 9110 and RFC 6455. The data bridge's URLs always have a port.
fn default_port(scheme: Scheme) -> Option<u16> {
    match scheme {
        Scheme::Http | Scheme::Ws => Some(80),
        Scheme::Https | Scheme::Wss => Some(443),
        Scheme::Amqp | Scheme::AmqpTls => Some(AMQP_PORT),
        _ => None,
    }
}

/// What stands between URLs, or ends a group of them.
pub(super) fn is_end(c: char) -> bool {
    matches!(c, ',' | '|' | '{' | '}') || c.is_whitespace()
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

const SCHEMES: &[(&str, Scheme)] = &[
    ("http", Scheme::Http),
    ("https", Scheme::Https),
    ("ssl", Scheme::Ssl),
    ("tcp", Scheme::Tcp),
    ("ws", Scheme::Ws),
    ("wss", Scheme::Wss),
];

/// `BrokerDetails.DEFAULT_PORT`
const AMQP_PORT: u16 = 5672;

/// What the product replaces by an address of the machine, or by `HostName` of its own configuration.
const OWN_HOST: &[&str] = &["carbon.host", "carbon.local.ip", "hostName", "server.host"];

/// Placeholders that are ports, before the offset.
const PORTS: &[(&str, u32)] = &[
    ("auth.url.port", 9711),
    ("http.nio.port", 8280),
    ("httpPort", 9763),
    ("https.nio.port", 8243),
    ("httpsPort", 9443),
    ("jms.port", 5672),
    ("mgt.transport.http.port", 9763),
    ("mgt.transport.https.port", 9443),
    ("receiver.url.port", 9611),
];

/// In bytes. The longest of a home, a broker list of two nodes, has 200.
const LIMIT: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(Scheme, Host, Option<u16>, String)> {
        let meanings = |name: &str| meaning(name, Some(2));
        let found = endpoints(value, &meanings).unwrap();
        let shown = |it: Endpoint| {
            let authority = value[it.authority].to_owned();
            (it.scheme, it.host, it.port, authority)
        };
        found.into_iter().map(shown).collect()
    }

    fn hosts(value: &str) -> Vec<String> {
        let found = read(value).into_iter();
        found
            .map(|(scheme, host, port, authority)| match host {
                Host::Named(host) => format!("{scheme:?} {host} {port:?} {authority}"),
                other => format!("{scheme:?} {other:?} {port:?} {authority}"),
            })
            .collect()
    }

    #[test]
    fn a_url_has_its_scheme_s_port_unless_it_says_another() {
        for (value, expected) in [
            (
                "https://KM.example.com/x",
                "Https km.example.com Some(443) KM.example.com",
            ),
            ("http://a:8080", "Http a Some(8080) a:8080"),
            ("ws://a", "Ws a Some(80) a"),
            ("wss://a:8099/", "Wss a Some(8099) a:8099"),
            (
                "https://[2001:DB8::1]:9443/",
                "Https 2001:db8::1 Some(9443) [2001:DB8::1]:9443",
            ),
            ("https://u:p@a:1/", "Https a Some(1) a:1"),
            ("https://a:1?next=https://b:2/", "Https a Some(1) a:1"),
        ] {
            assert_eq!(hosts(value), [expected], "{value}");
        }
        for loopback in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]"] {
            let found = read(&format!("https://{loopback}:9443/"));
            assert!(matches!(found[0].1, Host::Loopback(_)), "{loopback}");
        }
    }

    #[test]
    fn lists_and_groups_with_failover_spaces_and_slashes_give_every_server() {
        for value in [
            "{tcp://a:1},{tcp://b:2}",
            "{tcp://a:1}, {tcp://b:2}",
            "tcp://a:1/,tcp://b:2/",
            "{ tcp://a:1/ | tcp://b:2/ }",
            "tcp://a:1|tcp://b:2",
        ] {
            let found = read(value);
            let ports: Vec<Option<u16>> = found.iter().map(|it| it.2).collect();
            assert_eq!(ports, [Some(1), Some(2)], "{value}");
            assert_eq!((&*found[0].3, &*found[1].3), ("a:1", "b:2"), "{value}");
        }
        assert_eq!(
            hosts("http://a:80,https://${carbon.local.ip}:${https.nio.port}"),
            [
                "Http a Some(80) a:80",
                "Https Own(\"${carbon.local.ip}\") Some(8245) ${carbon.local.ip}:${https.nio.port}"
            ]
        );
    }

    #[test]
    fn a_placeholder_is_a_host_a_port_a_path_or_unknown() {
        for (value, expected) in [
            (
                "https://a:9443${carbon.context}services/",
                "Https a Some(9443) a:9443",
            ),
            ("https://a${carbon.context}x", "Https a Some(443) a"),
            (
                "https://localhost:${mgt.transport.https.port}/",
                "Https Loopback(\"localhost\") Some(9445) localhost:${mgt.transport.https.port}",
            ),
            (
                "https://$env{KM_HOST}:$env{KM_PORT}/",
                "Https Unknown(\"$env{KM_HOST}\") None $env{KM_HOST}:$env{KM_PORT}",
            ),
            (
                "https://km.${domain}:9443/",
                "Https Unknown(\"km.${domain}\") Some(9443) km.${domain}:9443",
            ),
        ] {
            assert_eq!(hosts(value), [expected], "{value}");
        }
        let unknown = endpoints("$env{KM_URL}", &|_| Meaning::Unknown).unwrap_err();
        assert_eq!(unknown, Unknown::Environment("KM_URL".to_owned()));
        let template = "https://{uri.var.hostname}:{uri.var.portnum}/oauth2/token";
        let meanings = |name: &str| match name {
            "uri.var.hostname" => Meaning::Text("km".to_owned()),
            _ => Meaning::Text("9443".to_owned()),
        };
        let found = endpoints(template, &meanings).unwrap();
        assert_eq!(found[0].host, Host::Named("km".to_owned()));
        assert_eq!(found[0].port, Some(9443));
    }

    #[test]
    fn an_amqp_url_has_the_brokers_of_its_list() {
        let value = "amqp://admin:s@c@clientID/carbon?failover='roundrobin'%26cyclecount='2'%26\
            brokerlist='tcp://tm1:5672?retries='5'%26ssl='true'%26trust_store='a.jks';\
            tcp://tm2?retries='5'&connectdelay='50''";
        assert_eq!(
            hosts(value),
            ["AmqpTls tm1 Some(5672) tm1:5672", "Amqp tm2 Some(5672) tm2"]
        );
        let url = amqp(value, &|_| Meaning::Unknown).unwrap();
        assert_eq!(&value[url.user.unwrap()], "admin");
        assert_eq!(&value[url.password.unwrap()], "s@c");
        let trust = url.brokers[0].option("trust_store").unwrap();
        assert_eq!(&value[trust], "a.jks");
        assert_eq!(url.brokers[1].options.len(), 2);
        let value = "amqp://${admin.username}:{secretAlias:jms}@clientid/carbon?\
            brokerlist='tcp://${carbon.local.ip}:${jms.port}'";
        assert_eq!(
            hosts(value),
            ["Amqp Own(\"${carbon.local.ip}\") Some(5674) ${carbon.local.ip}:${jms.port}"]
        );
        let url = amqp(value, &|_| Meaning::Unknown).unwrap();
        assert_eq!(&value[url.password.unwrap()], "{secretAlias:jms}");
    }

    #[test]
    fn users_and_passwords_are_not_shown() {
        for (value, expected) in [
            ("https://a:1/?x=1", "https://a:1/?x=1"),
            ("https://u:p@a:1/", "https://…@a:1/"),
            (
                "amqp://admin:p/w@c/v?brokerlist='tcp://h:1?trust_store_password='x'%26ssl='true''",
                "amqp://…@c/v?brokerlist='tcp://h:1?trust_store_password='…'%26ssl='true''",
            ),
            (
                "jdbc:mysql://h/d?user=a&password=b&x=1",
                "jdbc:mysql://h/d?user=a&password=…&x=1",
            ),
            (
                "jdbc:sqlserver://h;user=a;password=b",
                "jdbc:sqlserver://h;user=a;password=…",
            ),
            (
                "jdbc:oracle:thin:u/p@h:1521:x",
                "jdbc:oracle:thin:…@h:1521:x",
            ),
            ("jdbc:oracle:thin:@h:1521:x", "jdbc:oracle:thin:@h:1521:x"),
        ] {
            assert_eq!(shown(value), expected);
        }
    }

    #[test]
    fn what_is_no_url_is_said_without_repeating_it() {
        for value in [
            "hunter2",
            "https://",
            "https://:9443/",
            "https://a:hunter2/",
            "https://a:70000/",
            "https://a:0/",
            "gopher://hunter2/",
            "amqp://u:hunter2@c/v",
            "amqp://u:hunter2@c/v?brokerlist='vm://hunter2'",
        ] {
            let error = endpoints(value, &|_| Meaning::Unknown).unwrap_err();
            assert!(matches!(error, Unknown::Invalid(_)), "{value}: {error:?}");
            assert!(!error.to_string().contains("hunter2"), "{value}");
        }
        let crowd = "tcp://a:1,".repeat(200_000);
        assert!(endpoints(&crowd, &|_| Meaning::Unknown).is_err());
        for value in [
            "{",
            "${",
            "tcp://{",
            "tcp://${a",
            "tcp://[",
            "amqp://?brokerlist='",
            "é://",
        ] {
            let _ = endpoints(value, &|_| Meaning::Unknown);
            let _ = shown(value);
            let _ = shown(&value.repeat(1000));
        }
    }
}
