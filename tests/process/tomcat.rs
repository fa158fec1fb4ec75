//! A real Tomcat, serving from a keystore as the product's does on 9443.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where Debian's package puts it.
const HOME: &str = "/usr/share/tomcat10";
/// A JVM on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// True if Tomcat is installed. Where it is not, a test says so and passes, except with
/// `APIM_PKI_TOMCAT_REQUIRED=1`, when this fails.
#[allow(clippy::print_stderr)]
pub(crate) fn is_installed() -> bool {
    let there = Path::new(HOME).join("bin/catalina.sh").is_file();
    if !there {
        let required = env::var_os("APIM_PKI_TOMCAT_REQUIRED").is_some_and(|it| it == "1");
        assert!(!required, "Tomcat is required and not in {HOME}: {INSTALL}");
        eprintln!("not tested: Tomcat is not in {HOME}; {INSTALL}");
    }
    there
}

/// An offset for the product's ports such that nobody listens on them, below what the system hands out, so
/// that they stay free until Tomcat takes them.
pub(crate) fn free_offset() -> u16 {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let all = |offset: &u16| [9443, 9444, 10_397].iter().all(|port| free(port + offset));
    (10_000..20_000).find(all).unwrap()
}

/// One connector.
pub(crate) struct Connector<'a> {
    pub(crate) port: u16,
    pub(crate) keystore: &'a Path,
    /// The truststore by which it judges certificates of clients, which it demands then.
    pub(crate) truststore: Option<&'a Path>,
    pub(crate) password: &'a str,
}

/// Runs until it is dropped.
pub(crate) struct Tomcat(Child);

impl Tomcat {
    /// Starts it in a folder of its own and waits until each connector takes connections.
    pub(crate) fn start(base: &Path, connectors: &[Connector<'_>]) -> Self {
        for folder in ["conf", "logs", "temp", "webapps", "work"] {
            fs::create_dir_all(base.join(folder)).unwrap();
        }
        let services: String = connectors.iter().map(connector).collect();
        let server = format!(
            r#"<Server port="-1"><Service name="Catalina">{services}
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
</Service></Server>"#
        );
        fs::write(base.join("conf/server.xml"), server).unwrap();
        fs::write(base.join("conf/web.xml"), "<web-app/>").unwrap();
        let log = fs::File::create(base.join("logs/out")).unwrap();
        let child = Command::new(Path::new(HOME).join("bin/catalina.sh"))
            .arg("run")
            .env("CATALINA_HOME", HOME)
            .env("CATALINA_BASE", base)
            .env("CATALINA_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut tomcat = Self(child);
        for connector in connectors {
            tomcat.wait_for(connector.port, base);
        }
        tomcat
    }

    fn wait_for(&mut self, port: u16, base: &Path) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let started = Instant::now();
        let log = || fs::read_to_string(base.join("logs/out")).unwrap_or_default();
        while TcpStream::connect(address).is_err() {
            let ended = self.0.try_wait().unwrap();
            assert!(ended.is_none(), "Tomcat ended: {}", log());
            assert!(
                started.elapsed() < PATIENCE,
                "Tomcat does not listen: {}",
                log()
            );
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Tomcat {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn connector(connector: &Connector<'_>) -> String {
    let Connector { port, password, .. } = connector;
    let keystore = connector.keystore.display();
    let clients = connector.truststore.map_or_else(String::new, |truststore| {
        format!(
            r#" certificateVerification="required" truststoreType="JKS" truststorePassword="{password}"
            truststoreFile="{}""#,
            truststore.display()
        )
    });
    format!(
        r#"
<Connector address="127.0.0.1" port="{port}" SSLEnabled="true" scheme="https" secure="true"
    protocol="org.apache.coyote.http11.Http11NioProtocol">
    <SSLHostConfig protocols="TLSv1.2+TLSv1.3"{clients}>
        <Certificate certificateKeystoreType="JKS" certificateKeystorePassword="{password}"
            certificateKeystoreFile="{keystore}"/>
    </SSLHostConfig>
</Connector>"#
    )
}

const INSTALL: &str = "on Debian install tomcat10-common and libtomcat10-java";
