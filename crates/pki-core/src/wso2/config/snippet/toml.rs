//! `deployment.toml`, by the tables that edit one.

use zeroize::Zeroizing;

use super::{Snippet, SnippetError, SnippetForm};
use crate::{
    secret::Bytes,
    wso2::{
        Slot,
        config::{DEPLOYMENT_TOML, HomeConfig, HomeFiles, v4},
    },
};

/// The tables of the stores, and the key that encrypts what is stored.
pub(super) fn deployment(snippet: &Snippet<'_>) -> Result<Bytes, SnippetError> {
    if snippet.product.is_2x() {
        let reason = "the release is configured in XML";
        return Err(snippet.not_for(SnippetForm::Toml, reason));
    }
    // What an empty file would have to become.
    let empty = (DEPLOYMENT_TOML.to_owned(), Bytes::default());
    let config = HomeConfig::read(&HomeFiles::from([empty]), Some(snippet.product));
    let edited = config.edited(snippet.wanted)?;
    let mut out = Zeroizing::new(format!(
        "# {}, {} of {}: into {}, in the place of\n\
         # its tables of the same names, before [secrets].\n\n",
        snippet.node, snippet.role, snippet.product, DEPLOYMENT_TOML,
    ));
    for it in edited {
        out.push_str(&String::from_utf8_lossy(it.bytes.expose()));
    }
    Ok(Bytes::from(out.as_bytes()))
}

/// What Tomcat takes from `[keystore.tls]`, if it is to be said on its own.
pub(super) fn tomcat(snippet: &Snippet<'_>) -> Result<Bytes, SnippetError> {
    let store = snippet.store(Slot::Tls)?;
    let mut out = Zeroizing::new(format!(
        "# {}, {} of {}: into {}. Tomcat takes these from [keystore.tls]\n\
         # unless they are written.\n\n",
        snippet.node, snippet.role, snippet.product, DEPLOYMENT_TOML,
    ));
    out.push_str(&v4::tomcat(store));
    Ok(Bytes::from(out.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};
    use crate::wso2::Product;

    #[test]
    fn all_tables_are_there_and_say_what_an_edit_would() {
        let text = snippet(
            SnippetForm::Toml,
            Product::of(4, 7),
            Style::Environment,
            "wso2carbon.jks",
        );
        let text = text.unwrap();
        let tables: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
        assert_eq!(
            tables,
            [
                "[keystore.primary]",
                "[keystore.internal]",
                "[keystore.tls]",
                "[truststore]",
                "[encryption]"
            ]
        );
        assert!(
            text.contains("key_password = \"$env{WSO2_TLS_KEYSTORE_PASSWORD}\"\n"),
            "{text}"
        );
        assert!(
            text.contains("key = \"$env{WSO2_ENCRYPTION_KEY}\"\n"),
            "{text}"
        );
        let plain = snippet(
            SnippetForm::Toml,
            Product::of(3, 2),
            Style::Plain,
            "internal.jks",
        )
        .unwrap();
        assert!(plain.contains("file_name = \"internal.jks\"\n"));
        assert!(plain.contains("password = \"S3cret \\\"<&\"\n"));
        assert!(!plain.contains("[encryption]"));
    }

    #[test]
    fn tomcat_is_told_its_store_alone() {
        let text = snippet(
            SnippetForm::Tomcat,
            Product::of(4, 7),
            Style::Secret,
            "internal.jks",
        )
        .unwrap();
        assert!(
            text.ends_with(
                "[transport.https.sslHostConfig.certificate.properties]\n\
                 certificateKeystoreFile = \"${carbon.home}/repository/resources/security/tls.jks\"\n\
                 certificateKeystoreType = \"JKS\"\n\
                 certificateKeystorePassword = \"$secret{ssl_keystore_password}\"\n\
                 certificateKeyAlias = \"wso2carbon\"\n\
                 certificateKeyPassword = \"$secret{ssl_keystore_password}\"\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_release_of_the_other_kind_is_refused() {
        let refused = snippet(
            SnippetForm::Toml,
            Product::of(2, 6),
            Style::Plain,
            "internal.jks",
        );
        assert!(matches!(refused, Err(SnippetError::NotFor { .. })));
        let refused = snippet(
            SnippetForm::Xml,
            Product::of(3, 0),
            Style::Plain,
            "internal.jks",
        );
        assert!(matches!(refused, Err(SnippetError::NotFor { .. })));
    }
}
