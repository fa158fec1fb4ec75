//! One question to a server, by hand: do you take this version of TLS?
//!
//! rustls speaks 1.2 and 1.3 with suites of today. What else a server takes is told by its answer to a
//! ClientHello that offers one version and the suites of its age: a ServerHello or an alert. Up to
//! TLS 1.2 the certificates that follow are not encrypted, so that the chain of a server that speaks
//! nothing newer is seen too. Nothing else is sent, and no key is ever agreed on.

use std::io::{self, Read, Write};

use rustls::CipherSuite;

use super::{Alert, TlsVersion, VersionAnswer, wire::Wire};
use crate::x509::{Certificate, DistinguishedName};

/// What a server says to one version.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// The version and suite that it chose.
    chosen: Option<(u16, u16)>,
    alert: Option<Alert>,
    /// What it presents, end-entity certificate first.
    pub(super) chain: Vec<Certificate>,
    /// The issuers that it names, if it asks for a certificate of the client.
    pub(super) client_issuers: Option<Vec<DistinguishedName>>,
    /// It said all that it says before it waits for the client.
    done: bool,
}

impl Reply {
    /// Whether the server takes the version that was offered. `always`: the alert that it sends to
    /// clients of today too, which says nothing of a version then.
    pub(super) fn answer(&self, offered: TlsVersion, always: Option<Alert>) -> VersionAnswer {
        match (self.chosen, self.alert) {
            (Some((version, suite)), _) if Some(version) == number(offered) => {
                VersionAnswer::Accepted {
                    suite: suite_name(CipherSuite::from(suite)),
                }
            }
            // Another version is what a server says that does not take this one (RFC 5246 appendix E.1).
            (Some(_), _) => VersionAnswer::Refused,
            (None, Some(alert)) if alert.is_about_parameters() => VersionAnswer::Refused,
            // OpenSSL says internal_error where its security level forbids the hash functions of 1.1.
            (None, Some(alert)) if always != Some(alert) => VersionAnswer::Refused,
            (None, _) => VersionAnswer::Unknown,
        }
    }
}

/// Offers one version, 1.2 or older, and reads what is said in clear. What was understood before the
/// connection ended or time was up is kept.
pub(super) fn ask(wire: &mut Wire, version: TlsVersion, name: Option<&str>) -> Reply {
    let mut reply = Reply::default();
    let Some(number) = number(version) else {
        return reply;
    };
    if wire.write_all(&client_hello(number, name)).is_err() {
        return reply;
    }
    let closed = read(wire, &mut reply).is_err();
    if !closed {
        // close_notify: the server need not wait for a client that goes.
        let [major, minor] = number.to_be_bytes();
        let _ = wire.write_all(&[ALERT, major, minor, 0, 2, 1, 0]);
    }
    reply
}

/// Reads records until the server waits for the client.
fn read(source: &mut impl Read, reply: &mut Reply) -> io::Result<()> {
    let mut handshake = Vec::new();
    while !reply.done && reply.alert.is_none() {
        let mut header = [0; 5];
        source.read_exact(&mut header)?;
        let [kind, 3, _, high, low] = header else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let length = u16::from_be_bytes([high, low]).into();
        if length > LONGEST_RECORD || handshake.len() > LONGEST_HANDSHAKE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut content = vec![0; length];
        source.read_exact(&mut content)?;
        match (kind, &content[..]) {
            (HANDSHAKE, _) => {
                handshake.extend_from_slice(&content);
                understand(&mut handshake, reply);
            }
            // unrecognized_name may be a warning (RFC 6066 section 3): then more follows.
            (ALERT, [level, alert, ..]) if *level == FATAL || *alert != UNRECOGNIZED_NAME => {
                reply.alert = Some(Alert(*alert));
            }
            (ALERT, _) => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(())
}

/// Takes whole messages from the front.
fn understand(handshake: &mut Vec<u8>, reply: &mut Reply) {
    let mut rest: &[u8] = handshake;
    while let Some((&[kind, a, b, c], body)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let Some((message, after)) = body.split_at_checked(length) else {
            break;
        };
        rest = after;
        match kind {
            SERVER_HELLO => reply.chosen = server_hello(message),
            CERTIFICATE => reply.chain = certificates(message).unwrap_or_default(),
            CERTIFICATE_REQUEST => {
                let new = matches!(reply.chosen, Some((version, _)) if version >= 0x0303);
                reply.client_issuers = Some(issuers(message, new).unwrap_or_default());
            }
            SERVER_HELLO_DONE => reply.done = true,
            _ => {}
        }
    }
    let used = handshake.len() - rest.len();
    handshake.drain(..used);
}

/// Version and suite (RFC 5246 section 7.4.1.3).
fn server_hello(message: &[u8]) -> Option<(u16, u16)> {
    let mut fields = Fields(message);
    let version = fields.u16()?;
    fields.take(32)?;
    fields.vector(1)?;
    Some((version, fields.u16()?))
}

/// RFC 5246 section 7.4.2.
fn certificates(message: &[u8]) -> Option<Vec<Certificate>> {
    let mut list = Fields(Fields(message).vector(3)?);
    let mut found = Vec::new();
    while !list.0.is_empty() {
        found.push(Certificate::from_der(list.vector(3)?.to_vec()));
    }
    Some(found)
}

/// RFC 5246 section 7.4.4; before 1.2 there are no signature algorithms.
fn issuers(message: &[u8], has_algorithms: bool) -> Option<Vec<DistinguishedName>> {
    let mut fields = Fields(message);
    fields.vector(1)?;
    if has_algorithms {
        fields.vector(2)?;
    }
    let mut list = Fields(fields.vector(2)?);
    let mut found = Vec::new();
    while !list.0.is_empty() {
        found.push(DistinguishedName::from_der(list.vector(2)?.to_vec()));
    }
    Some(found)
}

/// The bytes of a message, from its front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]))
    }

    /// A vector whose length has this many bytes.
    fn vector(&mut self, length_of_length: usize) -> Option<&'a [u8]> {
        let length = self.take(length_of_length)?;
        let length = length
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        self.take(length)
    }
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
fn vector<const N: usize>(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.len().saturating_sub(N)..];
    [length, content].concat()
}

/// The name in IANA's registry; of what rustls does not know, the number.
pub(super) fn suite_name(suite: CipherSuite) -> String {
    match suite.as_str() {
        // IANA's names of TLS 1.3 have no version.
        Some(name) => name.replacen("TLS13_", "TLS_", 1),
        None => format!("{:#06x}", u16::from(suite)),
    }
}

/// As it stands on the wire; `None` for 1.3, which is not asked for this way.
const fn number(version: TlsVersion) -> Option<u16> {
    match version {
        TlsVersion::Tls10 => Some(0x0301),
        TlsVersion::Tls11 => Some(0x0302),
        TlsVersion::Tls12 => Some(0x0303),
        TlsVersion::Tls13 => None,
    }
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const FATAL: u8 = 2;
const UNRECOGNIZED_NAME: u8 = 112;

/// RFC 5246 section 6.2.3: 2^14 bytes and what encryption adds.
const LONGEST_RECORD: usize = (1 << 14) + 2048;
/// More than a chain and a list of issuers have together, 64 KiB each.
const LONGEST_HANDSHAKE: usize = 160 << 10;
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
    use super::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[kind, 3, 1], &vector::<2>(content)[..]].concat()
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind], &vector::<3>(body)[..]].concat()
    }

    fn hello(version: u16, suite: u16) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.extend([2, 1, 2]);
        body.extend(suite.to_be_bytes());
        body.push(0);
        message(SERVER_HELLO, &body)
    }

    fn read_all(bytes: &[u8]) -> Reply {
        let mut reply = Reply::default();
        let _ = read(&mut &bytes[..], &mut reply);
        reply
    }

    #[test]
    fn a_version_is_taken_if_the_server_says_the_same_one() {
        let said = |version| read_all(&record(HANDSHAKE, &hello(version, 0xc013)));
        let suite = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA".to_owned();
        let taken = VersionAnswer::Accepted { suite };
        let of = |reply: &Reply, version, always| reply.answer(version, always);
        let (old, older) = (TlsVersion::Tls11, TlsVersion::Tls10);
        assert_eq!(of(&said(0x0301), older, None), taken);
        assert_eq!(of(&said(0x0301), old, None), VersionAnswer::Refused);
        for alert in [70, 80] {
            let refused = read_all(&record(ALERT, &[2, alert]));
            assert_eq!(of(&refused, older, None), VersionAnswer::Refused);
        }
        // An alert that everybody gets says nothing of the version, nor does silence.
        let unclear = read_all(&record(ALERT, &[2, 80]));
        assert_eq!(of(&unclear, older, Some(Alert(80))), VersionAnswer::Unknown);
        assert_eq!(of(&read_all(&[]), older, None), VersionAnswer::Unknown);
    }

    #[test]
    fn chain_and_issuers_are_read_across_records() {
        let list = [vector::<3>(b"leaf"), vector::<3>(b"root")].concat();
        let name = [0x30, 0];
        let mut request = vector::<1>(&[1, 64]);
        request.extend(vector::<2>(&[4, 1]));
        request.extend(vector::<2>(&vector::<2>(&name)));
        let flight = [
            hello(0x0303, 0x009c),
            message(CERTIFICATE, &vector::<3>(&list)),
            message(CERTIFICATE_REQUEST, &request),
            message(SERVER_HELLO_DONE, &[]),
        ]
        .concat();
        let records: Vec<u8> = flight
            .chunks(7)
            .flat_map(|chunk| record(HANDSHAKE, chunk))
            .collect();
        let reply = read_all(&records);
        assert!(reply.done);
        let chain: Vec<&[u8]> = reply.chain.iter().map(|it| it.der().as_ref()).collect();
        assert_eq!(chain, [b"leaf", b"root"]);
        let issuers = reply.client_issuers.unwrap();
        assert_eq!(issuers, [DistinguishedName::from_der(name)]);
    }

    #[test]
    fn whatever_a_server_sends_is_read_to_its_end_and_no_further() {
        let list = vector::<3>(&vector::<3>(b"leaf"));
        let flight = [hello(0x0301, 0x002f), message(CERTIFICATE, &list)].concat();
        let whole = record(HANDSHAKE, &flight);
        for length in 0..whole.len() {
            read_all(&whole[..length]);
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bent = whole.clone();
                bent[at] = value;
                read_all(&bent);
            }
        }
        // A message that never ends is given up.
        let endless = record(
            HANDSHAKE,
            &[&[11, 0xff, 0xff, 0xff], &[0; 16_000][..]].concat(),
        );
        let mut source = endless.repeat(1000);
        source.truncate(8 << 20);
        let mut source = &source[..];
        assert!(read(&mut source, &mut Reply::default()).is_err());
        assert!(source.len() > 7 << 20);
    }

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
