//! What the URL of a database or directory says of TLS.

/// How a database or directory is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transport {
    /// `None`: it depends on the driver or the server, or nothing is connected to.
    pub(super) tls: Option<bool>,
    /// The path of the truststore, or of the certificates, that the driver is told to use.
    pub(super) truststore: Option<String>,
}

/// Reads a `jdbc:`, `ldap:` or `ldaps:` URL.
///
/// Options mean what the manuals of the drivers say: MySQL Connector/J and MariaDB Connector/J ("Configuring
/// TLS"), PostgreSQL JDBC ("SSL"), Microsoft JDBC ("Connecting with encryption"), DB2 JCC, Oracle thin, H2.
pub(super) fn transport(url: &str) -> Transport {
    let url = url.trim();
    let option = |names: &[&str]| option(url, names);
    let is = |names: &[&str], value: &str| {
        option(names).is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    let path = |names: &[&str]| {
        let found = option(names)?;
        let path = found.strip_prefix("file:").unwrap_or(found);
        // `file:///a` and `file:/a` are the same.
        let slashes = path.len() - path.trim_start_matches('/').len();
        Some(match slashes {
            2.. => format!("/{}", path.trim_start_matches('/')),
            _ => path.to_owned(),
        })
    };
    let lower = url.to_ascii_lowercase();
    let begins = |with: &str| lower.starts_with(with);
    let (tls, truststore) = if begins("ldaps:") {
        (Some(true), None)
    } else if begins("ldap:") {
        (Some(false), None)
    } else if begins("jdbc:mysql:") || begins("jdbc:mariadb:") {
        let mode = option(&["sslMode"]).map(str::to_ascii_lowercase);
        let tls = match mode.as_deref() {
            Some("disabled" | "disable") => Some(false),
            Some("preferred") => None,
            Some(_) => Some(true),
            None if is(&["useSSL"], "true") => Some(true),
            None if is(&["useSSL"], "false") => Some(false),
            None => None,
        };
        (tls, path(&["trustCertificateKeyStoreUrl", "trustStore"]))
    } else if begins("jdbc:postgresql:") {
        let tls = match option(&["sslmode"]).map(str::to_ascii_lowercase).as_deref() {
            Some("disable") => Some(false),
            Some("require" | "verify-ca" | "verify-full") => Some(true),
            _ if is(&["ssl"], "true") => Some(true),
            _ => None,
        };
        (tls, path(&["sslrootcert"]))
    } else if begins("jdbc:sqlserver:") {
        let tls = match option(&["encrypt"]).map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "strict" | "mandatory") => Some(true),
            Some("false" | "optional") => Some(false),
            _ => None,
        };
        (tls, path(&["trustStore"]))
    } else if begins("jdbc:db2:") {
        let tls = is(&["sslConnection"], "true");
        (Some(tls), path(&["sslTrustStoreLocation"]))
    } else if begins("jdbc:oracle:") {
        (Some(lower.contains("tcps")), None)
    } else if begins("jdbc:h2:ssl:") {
        (Some(true), None)
    } else if begins("jdbc:h2:tcp:") {
        (Some(false), None)
    } else {
        (None, None)
    };
    Transport { tls, truststore }
}

/// The value of an option, whatever stands between options: `?`, `&`, `&amp;`, `;`.
fn option<'a>(url: &'a str, names: &[&str]) -> Option<&'a str> {
    let parts = url.split(['?', '&', ';']);
    let mut options = parts.filter_map(|part| part.split_once('='));
    let (_, value) = options.find(|(name, _)| {
        let name = name.rsplit([':', '/']).next().unwrap_or(name).trim();
        names.iter().any(|known| known.eq_ignore_ascii_case(name))
    })?;
    Some(value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_say_in_their_own_words_whether_they_speak_tls() {
        for (url, tls) in [
            ("jdbc:mysql://h:3306/d", None),
            ("jdbc:mysql://h/d?useSSL=false&amp;x=1", Some(false)),
            ("jdbc:mysql://h/d?x=1&amp;useSSL=true", Some(true)),
            (
                "jdbc:mysql://h/d?useSSL=false&sslMode=VERIFY_CA",
                Some(true),
            ),
            ("jdbc:mysql://h/d?sslMode=PREFERRED", None),
            ("jdbc:mariadb://h/d?sslMode=verify-full", Some(true)),
            ("jdbc:postgresql://h/d", None),
            ("jdbc:postgresql://h/d?ssl=true", Some(true)),
            ("jdbc:postgresql://h/d?sslmode=disable", Some(false)),
            (
                "jdbc:sqlserver://h:1433;databaseName=d;encrypt=true",
                Some(true),
            ),
            ("jdbc:sqlserver://h:1433;databaseName=d", None),
            ("jdbc:db2://h:50000/D:sslConnection=true;", Some(true)),
            ("jdbc:db2://h:50000/D", Some(false)),
            ("jdbc:oracle:thin:@h:1521/d", Some(false)),
            (
                "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=h)))",
                Some(true),
            ),
            (
                "jdbc:h2:./repository/database/D;DB_CLOSE_ON_EXIT=FALSE",
                None,
            ),
            ("ldaps://h:636", Some(true)),
            ("ldap://h:389", Some(false)),
        ] {
            assert_eq!(transport(url).tls, tls, "{url}");
        }
    }

    #[test]
    fn a_driver_may_be_told_its_own_truststore() {
        for (url, path) in [
            (
                "jdbc:mysql://h/d?trustCertificateKeyStoreUrl=file:///s/t.jks&x=1",
                "/s/t.jks",
            ),
            (
                "jdbc:sqlserver://h;trustStore=repository/t.jks;encrypt=true",
                "repository/t.jks",
            ),
            (
                "jdbc:db2://h:1/D:sslTrustStoreLocation=/s/t.jks;",
                "/s/t.jks",
            ),
            ("jdbc:postgresql://h/d?sslrootcert=/s/ca.pem", "/s/ca.pem"),
        ] {
            assert_eq!(transport(url).truststore.as_deref(), Some(path), "{url}");
        }
        assert_eq!(transport("jdbc:mysql://h/d").truststore, None);
    }
}
