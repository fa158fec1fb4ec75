use std::io::{self, Read};

use rustls::CipherSuite;

use super::{Alert, TlsVersion, VersionAnswer};
use crate::x509::{Certificate, DistinguishedName};

/// What a server says in clear when a client offers one version of TLS, 1.2 or older: everything before
/// it waits for the client's turn (RFC 5246 section 7.3).
///
/// Nothing in it is proven: whoever answers may show any certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerFlight {
    /// What it presents, end-entity certificate first.
    pub chain: Vec<Certificate>,
    /// The issuers that it names, if it asks for a certificate of the client.
    pub client_issuers: Option<Vec<DistinguishedName>>,
    /// The alert that ended it.
    pub alert: Option<Alert>,
    /// The version and suite that it chose.
    chosen: Option<(u16, u16)>,
    /// It said all that it says before it waits for the client.
    done: bool,
}

impl ServerFlight {
    /// Reads records until the server waits for the client, or says no, or what comes is no TLS. What was
    /// understood before is kept.
    pub fn read(source: &mut impl Read) -> Self {
        let mut flight = Self::default();
        // An end is an end, whatever its reason.
        let _ = flight.records(source);
        flight
    }

    /// True if the server said all, so that it waits.
    pub fn is_complete(&self) -> bool {
        self.done
    }

    /// Whether the server takes the version that was offered. `always`: the alert that it sends to
    /// clients of today too, which says nothing of a version then.
    pub fn answer(&self, offered: TlsVersion, always: Option<Alert>) -> VersionAnswer {
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

    fn records(&mut self, source: &mut impl Read) -> io::Result<()> {
        let mut handshake = Vec::new();
        while !self.done && self.alert.is_none() {
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
                    self.understand(&mut handshake);
                }
                // unrecognized_name may be a warning (RFC 6066 section 3): then more follows.
                (ALERT, [level, alert, ..]) if *level == FATAL || *alert != UNRECOGNIZED_NAME => {
                    self.alert = Some(Alert(*alert));
                }
                (ALERT, _) => {}
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(())
    }

    /// Takes whole messages from the front.
    fn understand(&mut self, handshake: &mut Vec<u8>) {
        let mut rest: &[u8] = handshake;
        while let Some((&[kind, a, b, c], body)) = rest.split_first_chunk() {
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            let Some((message, after)) = body.split_at_checked(length) else {
                break;
            };
            rest = after;
            match kind {
                SERVER_HELLO => self.chosen = server_hello(message),
                CERTIFICATE => self.chain = certificates(message).unwrap_or_default(),
                CERTIFICATE_REQUEST => {
                    let new = matches!(self.chosen, Some((version, _)) if version >= 0x0303);
                    self.client_issuers = Some(issuers(message, new).unwrap_or_default());
                }
                SERVER_HELLO_DONE => self.done = true,
                _ => {}
            }
        }
        let used = handshake.len() - rest.len();
        handshake.drain(..used);
    }
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
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]))
    }

    /// A vector whose length has this many bytes.
    pub(super) fn vector(&mut self, length_of_length: usize) -> Option<&'a [u8]> {
        let length = self.take(length_of_length)?;
        let length = length
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        self.take(length)
    }
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
pub(super) const fn number(version: TlsVersion) -> Option<u16> {
    match version {
        TlsVersion::Tls10 => Some(0x0301),
        TlsVersion::Tls11 => Some(0x0302),
        TlsVersion::Tls12 => Some(0x0303),
        TlsVersion::Tls13 => None,
    }
}

pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
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

#[cfg(test)]
mod tests {
    use super::{super::hello::vector, *};

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

    fn read_all(bytes: &[u8]) -> ServerFlight {
        ServerFlight::read(&mut &bytes[..])
    }

    #[test]
    fn a_version_is_taken_if_the_server_says_the_same_one() {
        let said = |version| read_all(&record(HANDSHAKE, &hello(version, 0xc013)));
        let suite = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA".to_owned();
        let taken = VersionAnswer::Accepted { suite };
        let of = |reply: &ServerFlight, version, always| reply.answer(version, always);
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
        assert!(reply.is_complete());
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
        assert!(!ServerFlight::read(&mut source).is_complete());
        assert!(source.len() > 7 << 20);
    }
}
