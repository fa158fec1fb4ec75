//! Ports where no TLS is to be had, each told apart from the others.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pki_core::observe::endpoint::{
    Alert, Failure, Protocol, Settings, Stage, Target, probe, probe_all,
};

use crate::rustls_server::{endpoint, look, look_with};

/// Does the same with each connection, on a thread each.
fn port(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = answer.clone();
            thread::spawn(move || answer(stream.unwrap()));
        }
    });
    address
}

/// Reads the ClientHello, says something, hangs up.
fn says(answer: &'static [u8]) -> SocketAddr {
    port(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer);
    })
}

/// Takes the connection, and then nothing.
fn silent() -> SocketAddr {
    port(|mut stream| while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {})
}

/// A port where nobody listens, at an address that no other test uses, so that it stays so.
fn deserted() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap();
    listener.local_addr().unwrap()
}

/// As short as a test can wait, and long for the loopback.
fn soon() -> Settings {
    Settings::within(Duration::from_millis(300))
}

fn failure(address: SocketAddr) -> Failure {
    look(address, "gw1").handshake.unwrap_err()
}

#[test]
fn nobody_listens() {
    let shown = look(deserted(), "gw1");
    assert_eq!(shown.handshake, Err(Failure::Refused));
    assert!(shown.is_unseen());
    assert_eq!(shown.address, None);
}

#[test]
fn a_name_without_an_address_does_not_resolve() {
    // RFC 6761 section 6.4: nobody has a name below `invalid`.
    let target = Target::new("no-such-host.invalid:9443".parse().unwrap());
    // A machine without a resolver may take its time to say so.
    let settings = Settings::within(Duration::from_secs(60));
    let failure = probe(&target, &settings).handshake.unwrap_err();
    assert!(matches!(failure, Failure::NameUnknown { .. }), "{failure}");
    assert!(failure.is_unseen());
}

#[test]
fn a_half_open_connection_is_told_from_one_that_was_never_taken() {
    let shown = look_with(silent(), "gw1", &soon());
    let Err(Failure::TimedOut { stage, .. }) = shown.handshake else {
        panic!("{shown:?}");
    };
    assert_eq!(stage, Stage::Handshake);
    assert!(shown.address.is_some());

    // A full backlog: the system drops what else wants to connect.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    let full = loop {
        match TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            Ok(stream) => waiting.push(stream),
            Err(_) => break true,
        }
        if waiting.len() > 10_000 {
            break false;
        }
    };
    assert!(full, "the backlog never filled");
    let shown = look_with(address, "gw1", &soon());
    let Err(Failure::TimedOut { stage, .. }) = shown.handshake else {
        panic!("{shown:?}");
    };
    assert_eq!(stage, Stage::Connect);
    assert_eq!(shown.address, None);
}

#[test]
fn a_server_that_trickles_is_given_up_in_time() {
    let address = port(|mut stream| {
        // A record that promises 16 KiB, a byte at a time.
        let _ = stream.write_all(&[22, 3, 3, 0x40, 0]);
        while stream.write_all(&[2]).is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let started = Instant::now();
    let failure = look_with(address, "gw1", &soon()).handshake.unwrap_err();
    assert_eq!(failure.id(), "timeout-handshake");
    // 16 KiB would take over five minutes.
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_closed_connection_is_no_timeout() {
    let closed = port(drop);
    let shown = look(closed, "gw1");
    assert_eq!(shown.handshake, Err(Failure::Closed { received: 0 }));
    assert!(shown.is_unseen());
    let in_the_middle = failure(says(&[22, 3, 3, 0, 80, 2, 0]));
    assert!(
        matches!(in_the_middle, Failure::Closed { received: 7 }),
        "{in_the_middle:?}"
    );
}

#[test]
fn what_speaks_no_tls_is_named() {
    for (answer, protocol) in [
        (
            &b"HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n"[..],
            Some(Protocol::Http),
        ),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Some(Protocol::Ssh)),
        (b"AMQP\x00\x00\x09\x01", Some(Protocol::Amqp)),
        (b"\x80\x01\x00\x02\x00", None),
    ] {
        let shown = look(says(answer), "gw1");
        let Err(Failure::NotTls {
            looks_like,
            answer: told,
        }) = &shown.handshake
        else {
            panic!("{shown:?}");
        };
        assert_eq!(*looks_like, protocol);
        assert!(
            answer.escape_ascii().to_string().starts_with(told),
            "{told}"
        );
        // It was looked at: that is a finding and no failure to look.
        assert!(!shown.is_unseen());
    }
}

#[test]
fn a_banner_that_comes_first_is_read_too() {
    let address = port(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
        let _ = stream.read(&mut [0; 4096]);
    });
    let Failure::NotTls { looks_like, .. } = failure(address) else {
        panic!("it is SSH");
    };
    assert_eq!(looks_like, Some(Protocol::Ssh));
}

#[test]
fn an_alert_is_told_by_its_name() {
    for alert in [40, 80, 112] {
        let address = match alert {
            40 => says(&[21, 3, 3, 0, 2, 2, 40]),
            80 => says(&[21, 3, 3, 0, 2, 2, 80]),
            _ => says(&[21, 3, 3, 0, 2, 2, 112]),
        };
        assert_eq!(
            failure(address),
            Failure::Alert {
                alert: Alert(alert)
            }
        );
    }
}

#[test]
fn rubbish_in_tls_clothes_is_a_broken_handshake() {
    let address = says(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00");
    let failure = failure(address);
    assert_eq!(failure.id(), "protocol", "{failure:?}");
}

#[test]
fn two_hundred_endpoints_are_looked_at_a_bounded_number_at_a_time() {
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = (Arc::clone(&open), Arc::clone(&most));
    let silent = port(move |mut stream| {
        let (open, most) = &counted;
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
        open.fetch_sub(1, Ordering::SeqCst);
    });
    let deserted = deserted();
    let targets: Vec<Target> = (0..200)
        .map(|at| Target::new(endpoint([silent, deserted][at % 2])))
        .collect();
    let through = AtomicUsize::new(0);
    let settings = soon().parallel(NonZero::new(10).unwrap());
    let shown = probe_all(&targets, &settings, &|| {
        through.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(through.into_inner(), 200);
    for (at, shown) in shown.iter().enumerate() {
        let id = shown.handshake.as_ref().unwrap_err().id();
        assert_eq!(id, ["timeout-handshake", "refused"][at % 2]);
        assert_eq!(shown.endpoint, targets[at].endpoint);
    }
    // Ten at a time; the server notices late that a client has gone, so that it counts some twice.
    let most = most.load(Ordering::SeqCst);
    assert!((1..=40).contains(&most), "{most} of 100 at a time");
}
