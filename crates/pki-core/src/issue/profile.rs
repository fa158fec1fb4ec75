/// What a certificate is for, which decides its extensions (RFC 5280 section 4.2).
///
/// Every certificate is version 3 and has a subjectKeyIdentifier; one that another key signed has an
/// authorityKeyIdentifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Issues certificates.
    ///
    /// basicConstraints CA:TRUE, critical (RFC 5280 section 4.2.1.9). keyUsage keyCertSign and cRLSign,
    /// critical (section 4.2.1.3). nameConstraints, critical (section 4.2.1.10), if names are permitted.
    CertificateAuthority {
        /// How many CAs may follow below; 0: end-entity certificates alone. `None`: any number.
        path_len: Option<u8>,
        /// The dNSName subtrees that it may certify; empty: all. Whoever restricts a CA must list all that
        /// the certificates below will name, `localhost` too. OpenSSL and webpki enforce it on an anchor,
        /// Java 17 does not.
        permitted: Vec<String>,
    },
    /// The key that all nodes share: signs tokens, encrypts and decrypts stored data.
    ///
    /// basicConstraints CA:FALSE, critical. keyUsage digitalSignature, keyEncipherment and
    /// dataEncipherment, critical: `javax.crypto.Cipher.init` with a certificate refuses a critical
    /// keyUsage without dataEncipherment ("Wrong key usage"), and the product's cipher tool does just
    /// that. No extKeyUsage and no subjectAltName: every truststore pins this certificate, and Java takes
    /// a pinned one as the server that it names.
    Primary,
    /// Proves a node's name in TLS.
    ///
    /// basicConstraints CA:FALSE, critical. keyUsage, critical: digitalSignature, and keyEncipherment for
    /// RSA, since TLS 1.2 knows suites without forward secrecy; for EC digitalSignature alone (RFC 8813
    /// forbids keyEncipherment there). extKeyUsage serverAuth. subjectAltName, critical only if the
    /// subject is empty (RFC 5280 section 4.2.1.6).
    Tls {
        /// extKeyUsage clientAuth as well: the node presents it when it opens connections.
        client_auth: bool,
    },
}
