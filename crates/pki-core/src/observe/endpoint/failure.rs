use std::{fmt, time::Duration};

use super::Alert;

/// Why a handshake was not completed.
///
/// What is told apart: nobody there, somebody who does not answer, somebody who does not speak TLS, and
/// somebody who speaks TLS and says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server ended it with an alert.
    #[error("the server answered with the alert `{alert}`")]
    Alert {
        /// Which one.
        alert: Alert,
    },
    /// The server asks for a certificate of the client, got none, and does not go on.
    #[error("the server demands a client certificate{}", Said(.alert.as_ref()))]
    CertificateRequired {
        /// How it said so; `None`: it closed the connection.
        alert: Option<Alert>,
    },
    /// The server does not take the certificate that it was given.
    #[error("the server does not take the client certificate{}", Said(.alert.as_ref()))]
    CertificateRefused {
        /// How it said so; `None`: it closed the connection.
        alert: Option<Alert>,
    },
    /// The connection was closed, or reset, in the handshake.
    #[error("the connection was closed in the handshake, {}", Received(*.received))]
    Closed {
        /// How many bytes came before.
        received: u64,
    },
    /// TLS, but no version or suite of today.
    #[error("the server speaks no TLS that a client of today speaks: {reason}")]
    Incompatible {
        /// What it offers.
        reason: String,
    },
    /// The host's name has no address.
    #[error("the name does not resolve: {reason}")]
    NameUnknown {
        /// What the resolver said.
        reason: String,
    },
    /// Something else answers on that port.
    #[error("no TLS is spoken there: {}", Like(*.looks_like, .answer))]
    NotTls {
        /// What it looks like.
        looks_like: Option<Protocol>,
        /// How its answer begins; what cannot be printed is escaped.
        answer: String,
    },
    /// The server breaks the rules of TLS.
    #[error("the handshake failed: {reason}")]
    Protocol {
        /// How.
        reason: String,
    },
    /// Nobody listens on that port.
    #[error("the connection was refused: nobody listens there")]
    Refused,
    /// Nothing came in time.
    #[error("timed out {stage}, after {} ms", .after.as_millis())]
    TimedOut {
        /// At what.
        stage: Stage,
        /// How long it was given.
        after: Duration,
    },
    /// The network does not lead there.
    #[error("the host cannot be reached: {reason}")]
    Unreachable {
        /// What the system said.
        reason: String,
    },
}

impl Failure {
    /// True if nothing was seen of a server that could be judged: it could not be looked at. A port that
    /// speaks something else, or TLS of another age, has been looked at.
    pub const fn is_unseen(&self) -> bool {
        matches!(
            self,
            Self::Closed { .. }
                | Self::NameUnknown { .. }
                | Self::Protocol { .. }
                | Self::Refused
                | Self::TimedOut { .. }
                | Self::Unreachable { .. }
        )
    }

    /// A short name, for programs.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Alert { .. } => "alert",
            Self::CertificateRequired { .. } => "certificate-required",
            Self::CertificateRefused { .. } => "certificate-refused",
            Self::Closed { .. } => "closed",
            Self::Incompatible { .. } => "incompatible",
            Self::NameUnknown { .. } => "name-unknown",
            Self::NotTls { .. } => "not-tls",
            Self::Protocol { .. } => "protocol",
            Self::Refused => "refused",
            Self::TimedOut { stage, .. } => match stage {
                Stage::Resolve => "timeout-resolve",
                Stage::Connect => "timeout-connect",
                Stage::Handshake => "timeout-handshake",
            },
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

/// Where time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Looking up the name.
    Resolve,
    /// Connecting: a firewall that drops packets, a host that is off.
    Connect,
    /// The handshake: somebody took the connection and does not answer.
    Handshake,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "looking up the name",
            Self::Connect => "connecting",
            Self::Handshake => "in the handshake, after the connection was taken",
        })
    }
}

/// What a port speaks that speaks no TLS, as far as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// AMQP without TLS.
    Amqp,
    /// HTTP without TLS.
    Http,
    /// IMAP, before STARTTLS.
    Imap,
    /// MySQL or MariaDB.
    MySql,
    /// POP3, before STLS.
    Pop3,
    /// SMTP or FTP, before STARTTLS or AUTH TLS.
    SmtpOrFtp,
    /// SSH.
    Ssh,
}

impl Protocol {
    /// Tells by the first bytes that a server sends. `None`: nothing that is known here.
    pub fn of(answer: &[u8]) -> Option<Self> {
        Some(match answer {
            [b'A', b'M', b'Q', b'P', ..] => Self::Amqp,
            [b'H', b'T', b'T', b'P', b'/', ..] => Self::Http,
            [b'*', b' ', b'O', b'K', ..] => Self::Imap,
            // Protocol::HandshakeV10: length and number of the packet, then 10 and the version.
            [_, 0, 0, 0, 10, digit, ..] if digit.is_ascii_digit() => Self::MySql,
            [b'+', b'O', b'K', ..] => Self::Pop3,
            [b'2', b'2', b'0', b' ' | b'-', ..] => Self::SmtpOrFtp,
            [b'S', b'S', b'H', b'-', ..] => Self::Ssh,
            // Java servers answer to a request that they cannot read with the page alone (HTTP/0.9).
            [b'<', ..] => Self::Http,
            _ => return None,
        })
    }

    /// A short name, for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Amqp => "amqp",
            Self::Http => "http",
            Self::Imap => "imap",
            Self::MySql => "mysql",
            Self::Pop3 => "pop3",
            Self::SmtpOrFtp => "smtp-or-ftp",
            Self::Ssh => "ssh",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amqp => "AMQP",
            Self::Http => "HTTP",
            Self::Imap => "IMAP",
            Self::MySql => "MySQL",
            Self::Pop3 => "POP3",
            Self::SmtpOrFtp => "SMTP or FTP",
            Self::Ssh => "SSH",
        })
    }
}

struct Said<'a>(Option<&'a Alert>);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(alert) => write!(f, " (`{alert}`)"),
            None => f.write_str(" (it closed the connection)"),
        }
    }
}

struct Received(u64);

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("without an answer"),
            1 => f.write_str("after 1 byte"),
            bytes => write!(f, "after {bytes} bytes"),
        }
    }
}

struct Like<'a>(Option<Protocol>, &'a str);

impl fmt::Display for Like<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(protocol) => write!(f, "it looks like {protocol}"),
            None => write!(f, "it answers `{}`", self.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_tells_what_speaks() {
        for (answer, protocol) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], Some(Protocol::Http)),
            (b"SSH-2.0-OpenSSH_9.2p1\r\n", Some(Protocol::Ssh)),
            (b"AMQP\x00\x00\x09\x01", Some(Protocol::Amqp)),
            (b"220 mail.example.com ESMTP", Some(Protocol::SmtpOrFtp)),
            (b"* OK [CAPABILITY IMAP4rev1]", Some(Protocol::Imap)),
            (b"+OK ready", Some(Protocol::Pop3)),
            (b"J\x00\x00\x00\x0a8.0.36\x00", Some(Protocol::MySql)),
            (b"220", None),
            (b"", None),
            (b"\x80\x01\x00\x02", None),
        ] {
            assert_eq!(Protocol::of(answer), protocol, "{answer:?}");
        }
    }

    #[test]
    fn messages_tell_what_happened() {
        let said = |failure: Failure| failure.to_string();
        let alert = Failure::from(Alert(70));
        assert_eq!(
            said(alert),
            "the server answered with the alert `protocol_version`"
        );
        assert_eq!(
            said(Failure::CertificateRequired {
                alert: Some(Alert(116))
            }),
            "the server demands a client certificate (`certificate_required`)"
        );
        assert_eq!(
            said(Failure::Closed { received: 0 }),
            "the connection was closed in the handshake, without an answer"
        );
        let not_tls = |looks_like| Failure::NotTls {
            looks_like,
            answer: "\\x80\\x01".to_owned(),
        };
        let http = said(not_tls(Some(Protocol::Http)));
        assert_eq!(http, "no TLS is spoken there: it looks like HTTP");
        let unknown = said(not_tls(None));
        assert_eq!(unknown, "no TLS is spoken there: it answers `\\x80\\x01`");
        let after = Duration::from_secs(5);
        assert_eq!(
            said(Failure::TimedOut {
                stage: Stage::Connect,
                after
            }),
            "timed out connecting, after 5000 ms"
        );
    }
}
