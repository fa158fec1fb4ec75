//! URLs of databases and directories: which servers, whether over TLS, with which truststore.

use std::ops::Range;

use super::{
    DataSource, Endpoint, Scheme, Setting,
    url::{Meanings, server, shown},
};

/// A data source by its URL.
pub(super) fn data_source(
    name: String,
    url: Setting<String>,
    meanings: Meanings<'_>,
) -> DataSource {
    let read = url.known().map(|url| database_url(url, meanings));
    let DatabaseUrl {
        servers,
        tls,
        truststore,
    } = read.unwrap_or_default();
    DataSource {
        name,
        servers,
        tls,
        truststore: truststore.map(|path| Setting {
            value: Ok(path),
            place: url.place.clone(),
        }),
        url: Setting {
            value: url.value.map(|text| shown(&text)),
            place: url.place,
        },
    }
}

/// What the URL of a database or directory says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct DatabaseUrl {
    /// None for a database within the product's own process.
    servers: Vec<Endpoint>,
    /// Whether it speaks TLS; `None`: the driver, or the server, decides.
    tls: Option<bool>,
    /// The path of the truststore, or of the certificates, that the driver is told to use.
    truststore: Option<String>,
}

/// Reads `jdbc:…`, `ldap://…` or `ldaps://…`. An `&` may have stayed `&amp;`, as people write it where no
/// XML is. Of a driver that no table knows nothing is told.
fn database_url(url: &str, meanings: Meanings<'_>) -> DatabaseUrl {
    let Some(driver) = DRIVERS.iter().find(|driver| starts(url, driver.prefix)) else {
        return DatabaseUrl::default();
    };
    if url.len() > LIMIT {
        return DatabaseUrl::default();
    }
    let options = options(url, driver);
    let value = |name: &str| {
        let mut found = options.iter();
        found
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, range)| range.clone())
    };
    let mut tls = driver.tls;
    for (name, expected, answer) in driver.switches {
        let written = value(name).map(|range| &url[range]);
        let met = written.is_some_and(|it| *expected == "*" || it.eq_ignore_ascii_case(expected));
        if met {
            tls = *answer;
            break;
        }
    }
    if driver.prefix.starts_with("jdbc:oracle:") && driver.tls.is_none() {
        tls = Some(url.to_ascii_uppercase().contains("TCPS"));
    }
    let truststore = driver.truststores.iter().find_map(|name| value(name));
    let truststore = truststore.filter(|range| !range.is_empty());
    DatabaseUrl {
        servers: servers(url, driver, meanings),
        tls,
        truststore: truststore.map(|range| path(&url[range])),
    }
}

/// `file:///a` and `file:/a` are `/a`.
fn path(text: &str) -> String {
    let path = text.strip_prefix("file:").unwrap_or(text);
    match path.starts_with("//") {
        true => format!("/{}", path.trim_start_matches('/')),
        false => path.to_owned(),
    }
}

/// How a driver writes its URLs.
struct Driver {
    prefix: &'static str,
    /// Where the server stands: behind this; empty: within the process.
    server_after: &'static str,
    port: u16,
    scheme: Scheme,
    /// What begins the options, and what separates them.
    options: (char, char),
    /// Without an option that says so.
    tls: Option<bool>,
    /// Option, its value (`*`: any), what it means; the first that is met decides.
    switches: &'static [(&'static str, &'static str, Option<bool>)],
    truststores: &'static [&'static str],
}

/// `name=value` pairs behind what begins them.
fn options<'a>(url: &'a str, driver: &Driver) -> Vec<(&'a str, Range<usize>)> {
    let (begin, separator) = driver.options;
    // The first colon of `jdbc:db2://host:port/name:option=…` that begins options stands behind a slash.
    let from = match begin {
        ':' => url.rfind('/').unwrap_or(0),
        _ => 0,
    };
    let Some(start) = url[from..].find(begin).map(|at| from + at + 1) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut at = start;
    for option in url[start..].split(separator) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let end = at + option.len();
        let name = name.trim_start_matches("amp;").trim();
        found.push((name, end - value.len()..end));
        at = end + separator.len_utf8();
    }
    found
}

fn servers(url: &str, driver: &Driver, meanings: Meanings<'_>) -> Vec<Endpoint> {
    if driver.server_after.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if driver.prefix == ORACLE && url.contains('(') {
        // `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST=db)(PORT=2484))…`
        let upper = url.to_ascii_uppercase();
        for (at, _) in upper.match_indices("(HOST=") {
            let start = at + "(HOST=".len();
            let end = url[start..].find(')').map_or(url.len(), |end| start + end);
            let read = server(
                &url[..end],
                start,
                driver.scheme,
                Some(driver.port),
                meanings,
            );
            let port = upper[end..]
                .find("(PORT=")
                .map(|at| end + at + "(PORT=".len());
            let port = port.and_then(|from| url[from..].split(')').next()?.trim().parse().ok());
            found.extend(read.ok().map(|(endpoint, _)| Endpoint {
                port: port.or(endpoint.port),
                ..endpoint
            }));
        }
        return found;
    }
    // Directories come as a list of whole URLs, databases as a list of servers. Behind Oracle's `@` may
    // stand `//`; a user and a password stand before it.
    let begins: Vec<usize> = match driver.scheme {
        Scheme::Database if driver.prefix == ORACLE => url.rfind('@').into_iter().collect(),
        Scheme::Database => url.find(driver.server_after).into_iter().collect(),
        _ => url
            .match_indices(driver.server_after)
            .map(|(at, _)| at)
            .collect(),
    };
    for begin in begins {
        let mut at = begin + driver.server_after.len();
        at += usize::from(driver.prefix == ORACLE && url[at..].starts_with("//")) * 2;
        while let Ok((endpoint, end)) = server(url, at, driver.scheme, Some(driver.port), meanings)
        {
            found.push(endpoint);
            match url[end..].starts_with(',') {
                true => at = end + 1,
                false => break,
            }
        }
    }
    found
}

fn starts(text: &str, prefix: &str) -> bool {
    let head = text.as_bytes().get(..prefix.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

const ORACLE: &str = "jdbc:oracle:thin:";
/// In bytes: more than any URL of a database.
const LIMIT: usize = 16 << 10;

/// A driver within the process.
const EMBEDDED: Driver = Driver {
    prefix: "jdbc:h2:",
    server_after: "",
    port: 0,
    scheme: Scheme::Database,
    options: (';', ';'),
    tls: None,
    switches: &[],
    truststores: &[],
};

/// The drivers that the product's documentation sets up, by their own manuals (H2, MySQL Connector/J,
/// MariaDB Connector/J, PostgreSQL JDBC, Microsoft JDBC, Oracle thin, IBM JCC) and `com.sun.jndi.ldap`.
/// The longer prefix first.
const DRIVERS: &[Driver] = &[
    Driver {
        prefix: "jdbc:h2:ssl:",
        server_after: "://",
        port: 9092,
        tls: Some(true),
        ..EMBEDDED
    },
    Driver {
        prefix: "jdbc:h2:tcp:",
        server_after: "://",
        port: 9092,
        tls: Some(false),
        ..EMBEDDED
    },
    EMBEDDED,
    Driver {
        prefix: "jdbc:mysql:",
        server_after: "://",
        port: 3306,
        options: ('?', '&'),
        switches: &[
            ("sslMode", "DISABLED", Some(false)),
            ("sslMode", "PREFERRED", None),
            ("sslMode", "*", Some(true)),
            ("useSSL", "false", Some(false)),
            ("requireSSL", "true", Some(true)),
            ("useSSL", "true", Some(true)),
        ],
        truststores: &["trustCertificateKeyStoreUrl"],
        ..EMBEDDED
    },
    Driver {
        prefix: "jdbc:mariadb:",
        server_after: "://",
        port: 3306,
        options: ('?', '&'),
        switches: &[
            ("sslMode", "disable", Some(false)),
            ("sslMode", "*", Some(true)),
            ("useSSL", "*", Some(true)),
        ],
        truststores: &["trustStore", "serverSslCert"],
        tls: Some(false),
        ..EMBEDDED
    },
    Driver {
        prefix: "jdbc:postgresql:",
        server_after: "://",
        port: 5432,
        options: ('?', '&'),
        switches: &[
            ("sslmode", "disable", Some(false)),
            ("sslmode", "allow", None),
            ("sslmode", "prefer", None),
            ("sslmode", "*", Some(true)),
            ("ssl", "false", Some(false)),
            ("ssl", "*", Some(true)),
        ],
        truststores: &["sslrootcert"],
        ..EMBEDDED
    },
    Driver {
        prefix: "jdbc:sqlserver:",
        server_after: "://",
        port: 1433,
        switches: &[
            ("encrypt", "false", Some(false)),
            ("encrypt", "optional", Some(false)),
            ("encrypt", "*", Some(true)),
        ],
        truststores: &["trustStore"],
        ..EMBEDDED
    },
    Driver {
        prefix: "jdbc:oracle:thin:@tcps:",
        server_after: "://",
        port: 1521,
        tls: Some(true),
        ..EMBEDDED
    },
    Driver {
        prefix: ORACLE,
        server_after: "@",
        port: 1521,
        ..EMBEDDED
    },
    Driver {
        prefix: "jdbc:oracle:",
        ..EMBEDDED
    },
    Driver {
        prefix: "jdbc:db2:",
        server_after: "://",
        port: 50000,
        options: (':', ';'),
        switches: &[
            ("sslConnection", "true", Some(true)),
            ("sslConnection", "*", Some(false)),
        ],
        truststores: &["sslTrustStoreLocation", "sslCertLocation"],
        tls: Some(false),
        ..EMBEDDED
    },
    Driver {
        prefix: "ldaps:",
        server_after: "ldaps://",
        port: 636,
        scheme: Scheme::Ldaps,
        options: ('?', '&'),
        tls: Some(true),
        ..EMBEDDED
    },
    Driver {
        prefix: "ldap:",
        server_after: "ldap://",
        port: 389,
        scheme: Scheme::Ldap,
        options: ('?', '&'),
        tls: Some(false),
        ..EMBEDDED
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wso2::config::{Host, url::Meaning};

    /// TLS, the servers, the truststore.
    fn read(url: &str) -> (Option<bool>, String, Option<String>) {
        let found = database_url(url, &|_| Meaning::Unknown);
        let shown = |it: &Endpoint| match &it.host {
            Host::Named(host) | Host::Loopback(host) | Host::Own(host) | Host::Unknown(host) => {
                assert!(url[it.authority.clone()].to_lowercase().contains(host));
                format!("{host}:{}", it.port.unwrap())
            }
        };
        let servers: Vec<String> = found.servers.iter().map(shown).collect();
        (found.tls, servers.join(" "), found.truststore)
    }

    #[test]
    fn each_driver_says_tls_and_truststore_in_its_own_words() {
        let jks = Some("a.jks");
        for (url, tls, servers, truststore) in [
            ("jdbc:h2:repository/database/X;A=B", None, "", None),
            ("jdbc:h2:ssl://db/x", Some(true), "db:9092", None),
            (
                "jdbc:mysql://db:3307/x?a=b&useSSL=false",
                Some(false),
                "db:3307",
                None,
            ),
            ("jdbc:mysql://db/x", None, "db:3306", None),
            (
                "jdbc:mysql://db/x?a=b&amp;useSSL=true",
                Some(true),
                "db:3306",
                None,
            ),
            (
                "jdbc:mysql://db/x?trustCertificateKeyStoreUrl=file:///s/t.jks&a=b",
                None,
                "db:3306",
                Some("/s/t.jks"),
            ),
            (
                "jdbc:mysql://a,b:1/x?useSSL=true&requireSSL=true&trustCertificateKeyStoreUrl=a.jks",
                Some(true),
                "a:3306 b:1",
                jks,
            ),
            (
                "jdbc:mysql://db/x?useSSL=false&sslMode=VERIFY_CA",
                Some(true),
                "db:3306",
                None,
            ),
            (
                "jdbc:mysql://db/x?sslMode=PREFERRED&useSSL=true",
                None,
                "db:3306",
                None,
            ),
            (
                "jdbc:mariadb://db/x?sslMode=trust&trustStore=a.jks",
                Some(true),
                "db:3306",
                jks,
            ),
            ("jdbc:mariadb://db/x", Some(false), "db:3306", None),
            ("jdbc:postgresql://db/x?ssl", Some(true), "db:5432", None),
            (
                "jdbc:postgresql://db/x?sslmode=prefer",
                None,
                "db:5432",
                None,
            ),
            (
                "jdbc:postgresql://db/x?sslmode=verify-full&sslrootcert=a.jks",
                Some(true),
                "db:5432",
                jks,
            ),
            (
                "jdbc:sqlserver://db\\inst:1;encrypt=true;trustStore=a.jks",
                Some(true),
                "db:1433",
                jks,
            ),
            ("jdbc:sqlserver://db;user=a", None, "db:1433", None),
            (
                "jdbc:oracle:thin:@db:1522:sid",
                Some(false),
                "db:1522",
                None,
            ),
            (
                "jdbc:oracle:thin:u/p@w@//db/svc",
                Some(false),
                "db:1521",
                None,
            ),
            (
                "jdbc:oracle:thin:@tcps://db:2484/svc",
                Some(true),
                "db:2484",
                None,
            ),
            (
                "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcps)(HOST=db)(PORT=2484)))",
                Some(true),
                "db:2484",
                None,
            ),
            (
                "jdbc:db2://db:1/x:sslConnection=true;sslTrustStoreLocation=a.jks;",
                Some(true),
                "db:1",
                jks,
            ),
            ("ldaps://a,b", Some(true), "a:636 b:636", None),
            (
                "ldap://a:10389 ldap://b",
                Some(false),
                "a:10389 b:389",
                None,
            ),
            ("jdbc:other://db/x?ssl=true", None, "", None),
            ("hunter2", None, "", None),
        ] {
            let truststore = truststore.map(str::to_owned);
            assert_eq!(read(url), (tls, servers.to_owned(), truststore), "{url}");
        }
        for hostile in [
            "jdbc:mysql://",
            "jdbc:oracle:thin:@(HOST=",
            "jdbc:db2:",
            "ldap://,,,",
        ] {
            let _ = database_url(&hostile.repeat(100), &|_| Meaning::Unknown);
        }
    }
}
