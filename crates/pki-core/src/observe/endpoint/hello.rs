//! One question to a server, by hand: do you take this version of TLS?
//!
//! rustls speaks 1.2 and 1.3 with suites of today. What else a server takes is told by its answer to a
//! ClientHello that offers one version and the suites of its age: a ServerHello or an alert. Up to
//! TLS 1.2 the certificates that follow are not encrypted, so that the chain of a server that speaks
//! nothing newer is seen too. Nothing else is sent, and no key is ever agreed on.

use std::io::Write;

use super::{
    ServerFlight, TlsVersion,
    flight::{ALERT, HANDSHAKE, number},
    wire::Wire,
};

/// Offers one version, 1.2 or older, and reads what is said in clear before the connection ends or time
/// is up.
pub(super) fn ask(wire: &mut Wire, version: TlsVersion, name: Option<&str>) -> ServerFlight {
    let asked =
        number(version).filter(|number| wire.write_all(&client_hello(*number, name)).is_ok());
    let Some(number) = asked else {
        return ServerFlight::default();
    };
    let flight = ServerFlight::read(wire);
    if flight.is_complete() {
        // close_notify: the server need not wait for a client that goes.
        let [major, minor] = number.to_be_bytes();
        let _ = wire.write_all(&[ALERT, major, minor, 0, 2, 1, 0]);
    }
    flight
}

/// The record with a ClientHello (RFC 5246 section 7.4.1.2) that offers one version.
fn client_hello(version: u16, name: Option<&str>) -> Vec<u8> {
    let mut suites = vec![EMPTY_RENEGOTIATION_INFO];
    if version >= 0x0303 {
        suites.extend(SUITES_OF_1_2);
    }
    suites.extend(SUITES);
    let suites: Vec<u8> = suites
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();

    let mut extensions = Vec::new();
    if let Some(name) = name {
        let entry = [&[0], &vector::<2>(name.as_bytes())[..]].concat();
        extension(&mut extensions, 0, &vector::<2>(&entry));
    }
    // supported_groups: x25519, P-256, P-384, P-521; ec_point_formats: uncompressed (RFC 8422).
    extension(
        &mut extensions,
        10,
        &vector::<2>(&[0, 29, 0, 23, 0, 24, 0, 25]),
    );
    extension(&mut extensions, 11, &vector::<1>(&[0]));
    if version >= 0x0303 {
        extension(&mut extensions, 13, &vector::<2>(SIGNATURES));
    }

    let mut body = version.to_be_bytes().to_vec();
    body.extend(RANDOM);
    body.extend(vector::<1>(&[]));
    body.extend(vector::<2>(&suites));
    body.extend(vector::<1>(&[0]));
    body.extend(vector::<2>(&extensions));
    let message = [&[CLIENT_HELLO], &vector::<3>(&body)[..]].concat();
    // A record of 1.0 is what every server reads (RFC 5246 appendix E.1).
    [&[HANDSHAKE, 3, 1], &vector::<2>(&message)[..]].concat()
}

fn extension(extensions: &mut Vec<u8>, number: u16, content: &[u8]) {
    extensions.extend(number.to_be_bytes());
    extensions.extend(vector::<2>(content));
}

/// Content with its length in front, in this many bytes. What is written here is far from too long.
pub(super) fn vector<const N: usize>(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.len().saturating_sub(N)..];
    [length, content].concat()
}

const CLIENT_HELLO: u8 = 1;
/// No secret comes of it, since no key is agreed on: the same each time, so that a run can be repeated.
const RANDOM: [u8; 32] = *b"apim-pki asks which TLS you take";
/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 section 3.3): servers that insist on it are asked too.
const EMPTY_RENEGOTIATION_INFO: u16 = 0x00ff;
/// Suites that came with 1.2: GCM and ChaCha20 with ECDHE, DHE and RSA, CBC with SHA-256 and SHA-384.
const SUITES_OF_1_2: [u16; 20] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xccaa, 0x009c, 0x009d, 0xc023,
    0xc027, 0xc024, 0xc028, 0x0067, 0x006b, 0x003c, 0x003d, 0x00a2,
];
/// Suites of every age: AES and 3DES in CBC mode with ECDHE, DHE (RSA and DSS) and RSA; last RC4, which
/// only a server takes that has nothing else.
const SUITES: [u16; 17] = [
    0xc009, 0xc013, 0xc00a, 0xc014, 0x0033, 0x0039, 0x0032, 0x0038, 0x002f, 0x0035, 0xc008, 0xc012,
    0x0016, 0x0013, 0x000a, 0x0005, 0x0004,
];
/// ECDSA, RSA-PSS, RSA, Ed25519 with SHA-2, then SHA-1 (RFC 8446 section 4.2.3).
const SIGNATURES: &[u8] = &[
    4, 3, 5, 3, 6, 3, 8, 4, 8, 5, 8, 6, 8, 7, 4, 1, 5, 1, 6, 1, 2, 3, 2, 1, 2, 2,
];

#[cfg(test)]
mod tests {
    use super::{super::flight::Fields, *};

    #[test]
    fn a_hello_has_the_lengths_that_it_says() {
        for (version, name) in [(0x0301, None), (0x0303, Some("gw1.example.com"))] {
            let record = client_hello(version, name);
            let mut fields = Fields(&record[3..]);
            let mut message = Fields(fields.vector(2).unwrap());
            assert!(fields.0.is_empty());
            assert_eq!(message.take(1), Some(&[CLIENT_HELLO][..]));
            let mut body = Fields(message.vector(3).unwrap());
            assert!(message.0.is_empty());
            assert_eq!(body.u16(), Some(version));
            body.take(32).unwrap();
            let (session, suites, compression) = (body.vector(1), body.vector(2), body.vector(1));
            assert_eq!((session, compression), (Some(&[][..]), Some(&[0][..])));
            assert_eq!(suites.unwrap().len() % 2, 0);
            let mut extensions = Fields(body.vector(2).unwrap());
            assert!(body.0.is_empty());
            let mut numbers = Vec::new();
            while let Some(number) = extensions.u16() {
                extensions.vector(2).unwrap();
                numbers.push(number);
            }
            assert_eq!(numbers.contains(&0), name.is_some());
            assert_eq!(numbers.contains(&13), version == 0x0303);
        }
    }
}
