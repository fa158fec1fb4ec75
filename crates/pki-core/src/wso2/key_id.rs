use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::x509::Certificate;

/// The `kid` that the product gives tokens which a certificate's key signs, from 3.2 on: base64url, without
/// padding, of the lower-case hex of the certificate's SHA-256, and the algorithm.
pub fn key_id(certificate: &Certificate) -> String {
    let hex = certificate.fingerprint().to_string();
    let encoded = Base64UrlUnpadded::encode_string(hex.as_bytes());
    format!("{encoded}{ALGORITHM}")
}

/// True for a text that looks like one, in whatever case.
pub fn is_key_id(text: &str) -> bool {
    let text = text.as_bytes();
    let Some(start) = text.len().checked_sub(ALGORITHM.len()) else {
        return false;
    };
    let (encoded, algorithm) = text.split_at(start);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    encoded.len() == ENCODED
        && encoded.iter().all(plain)
        && algorithm.eq_ignore_ascii_case(ALGORITHM.as_bytes())
}

const ALGORITHM: &str = "_RS256";
/// 64 hex digits in base64 without padding.
const ENCODED: usize = 86;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_is_told_from_other_names() {
        let id = key_id(&Certificate::from_der(vec![0x30, 0]));
        assert!(is_key_id(&id), "{id}");
        assert!(is_key_id(&id.to_lowercase()), "{id}");
        assert!(!is_key_id("gateway_certificate_alias"));
        assert!(!is_key_id("_rs256"));
        assert!(!is_key_id(&format!("x{id}")));
    }
}
