// A foreign judge for tests: one JVM that reads commands on stdin and answers on stdout. See mod.rs for
// how to ask it from Rust.
//
// A command is one line: a word, then arguments separated by blanks, each the hex of its UTF-8, so that
// every character passes; `-` is the empty string, `~` is null (no password). An answer is any number of
// lines of fields separated by tabs (tab, line feed, carriage return and backslash are written \t \n \r
// \\), then a line `.`. A TYPE is a name, `@BC` behind it for BouncyCastle's, and any number of `;NAME=VALUE`,
// system properties for the time of the command (`PKCS12;keystore.pkcs12.legacy=`). A failed command answers one line: `error`, then the exceptions from the outermost
// to the root cause, `Class: message` each.
//
// version
//     -> java.version
// load TYPE PATH PASSWORD
//     -> for each alias, in Java's order: alias, key|trusted|secret, creation date (ms), SHA-256 of each
//        certificate, the chain's first certificate first. A null password leaves integrity unchecked.
// key TYPE PATH STOREPASSWORD ALIAS KEYPASSWORD
//     -> algorithm, format (PKCS#8, RAW), SHA-256 of the encoded key
// store TYPE PATH STOREPASSWORD ENTRY...
//     -> nothing. Creates the store. ENTRY is one of
//        key ALIAS KEYPASSWORD PKCS8-FILE(DER) CHAIN-FILE(PEM or DER, end-entity first)
//        trusted ALIAS CERTIFICATE-FILE(PEM or DER)
//        secret ALIAS KEYPASSWORD ALGORITHM HEX
// inspect TYPE PATH PASSWORD KEYPASSWORD
//     -> for each alias: alias, key|trusted|secret, `opens` or `fails: Class: message`, SHA-256 of each
//        certificate. A private key opens if it makes a signature that its certificate verifies.
// bouncycastle
//     -> the provider's version; an error where it is not on the class path
// keytool ARGUMENT...
//     -> the lines that keytool prints. Runs in this JVM, so non-ASCII arguments arrive whatever the locale.
// ciphers WORD ARGUMENT...
//     -> encrypted values of the product: Ciphers.java
// xpath FILE EXPRESSION
//     -> what the expression comes to in the XML file, as text. Names have no namespaces.
// tls SERVERTYPE SERVERSTORE PASSWORD KEYPASSWORD TRUSTTYPE TRUSTSTORE PASSWORD NAME
//     [CLIENTTYPE CLIENTSTORE PASSWORD KEYPASSWORD SERVERTRUSTTYPE SERVERTRUSTSTORE PASSWORD]
//     -> `ok`, protocol, cipher suite, SHA-256 of each certificate that the server presented; or
//        `refused`, `client:` or `server:` before each exception, outermost first. A handshake over
//        loopback; the client identifies the server as HTTPS does (RFC 2818) by NAME, a host name or an IP
//        address that need not resolve; a null NAME: by trust alone, as Thrift clients do. With the second group the server demands a client certificate.
// serve TYPE STORE PASSWORD KEYPASSWORD DEMAND PROTOCOLS [TRUSTTYPE TRUSTSTORE PASSWORD]
//     -> the port of a TLS server on the loopback that lives as long as the JVM. DEMAND of a client
//        certificate: none, want, need; PROTOCOLS as Java names them, with commas; null: the default.

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Key;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;

public final class Judge {
    private static final int TIMEOUT_MS = 30_000;

    public static void main(String[] none) throws Exception {
        // Whatever prints to System.out (keytool does) must not get between the answers.
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        // keytool asks for what it is not told; an end of input is its RETURN.
        System.setIn(new ByteArrayInputStream(new byte[0]));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            String[] args = new String[words.length - 1];
            for (int i = 0; i < args.length; i++) {
                args[i] = argument(words[i + 1]);
            }
            List<List<String>> answer;
            try {
                answer = run(words[0], args);
            } catch (Throwable thrown) {
                List<String> failure = new ArrayList<>(List.of("error"));
                failure.addAll(causes("", thrown));
                answer = List.of(failure);
            }
            for (List<String> row : answer) {
                List<String> fields = new ArrayList<>();
                for (String field : row) {
                    fields.add(escape(field));
                }
                out.print(String.join("\t", fields) + "\n");
            }
            out.print(".\n");
            out.flush();
        }
    }

    private static List<List<String>> run(String command, String[] args) throws Exception {
        return switch (command) {
            case "version" -> List.of(List.of(System.getProperty("java.version")));
            case "load" -> load(args);
            case "key" -> key(args);
            case "store" -> store(args);
            case "inspect" -> inspect(args);
            case "bouncycastle" -> List.of(List.of(bouncyCastle().getVersionStr()));
            case "keytool" -> keytool(args);
            case "ciphers" -> Ciphers.run(args);
            case "xpath" -> xpath(args);
            case "tls" -> tls(args);
            case "serve" -> List.of(List.of(Integer.toString(serve(args))));
            default -> throw new IllegalArgumentException("unknown command " + command);
        };
    }

    private static List<List<String>> xpath(String[] args) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(false);
        Document document = factory.newDocumentBuilder().parse(Path.of(args[0]).toFile());
        return List.of(List.of(XPathFactory.newInstance().newXPath().evaluate(args[1], document).strip()));
    }

    private static List<List<String>> load(String[] args) throws Exception {
        KeyStore store = open(args[0], args[1], args[2]);
        List<List<String>> rows = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            List<String> row = new ArrayList<>();
            row.add(alias);
            Certificate[] chain = store.getCertificateChain(alias);
            if (store.isCertificateEntry(alias)) {
                row.add("trusted");
                chain = new Certificate[] {store.getCertificate(alias)};
            } else {
                row.add(store.entryInstanceOf(alias, KeyStore.SecretKeyEntry.class) ? "secret" : "key");
            }
            row.add(Long.toString(store.getCreationDate(alias).getTime()));
            for (Certificate certificate : chain == null ? new Certificate[0] : chain) {
                row.add(sha256(certificate.getEncoded()));
            }
            rows.add(row);
        }
        return rows;
    }

    private static List<List<String>> key(String[] args) throws Exception {
        KeyStore store = open(args[0], args[1], args[2]);
        Key key = store.getKey(args[3], chars(args[4]));
        if (key == null) {
            throw new IllegalArgumentException("no key under alias " + args[3]);
        }
        return List.of(List.of(key.getAlgorithm(), key.getFormat(), sha256(key.getEncoded())));
    }

    private static List<List<String>> store(String[] args) throws Exception {
        with(args[0], store -> fill(store, args));
        return List.of();
    }

    private static void fill(KeyStore store, String[] args) throws Exception {
        store.load(null, null);
        for (int at = 3; at < args.length; ) {
            String alias = args[at + 1];
            switch (args[at]) {
                case "key" -> {
                    store.setKeyEntry(alias, pkcs8(args[at + 3]), chars(args[at + 2]), chain(args[at + 4]));
                    at += 5;
                }
                case "trusted" -> {
                    store.setCertificateEntry(alias, chain(args[at + 2])[0]);
                    at += 3;
                }
                case "secret" -> {
                    byte[] raw = HexFormat.of().parseHex(args[at + 4]);
                    store.setKeyEntry(alias, new SecretKeySpec(raw, args[at + 3]), chars(args[at + 2]), null);
                    at += 5;
                }
                default -> throw new IllegalArgumentException("unknown entry kind " + args[at]);
            }
        }
        try (OutputStream file = new FileOutputStream(args[1])) {
            store.store(file, chars(args[2]));
        }
    }

    private static List<List<String>> inspect(String[] args) throws Exception {
        KeyStore store = open(args[0], args[1], args[2]);
        List<List<String>> rows = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            boolean trusted = store.isCertificateEntry(alias);
            Certificate[] chain =
                    trusted ? new Certificate[] {store.getCertificate(alias)} : store.getCertificateChain(alias);
            String opens = "opens";
            boolean secret = false;
            if (!trusted) {
                try {
                    Key key = store.getKey(alias, chars(args[3]));
                    secret = !(key instanceof PrivateKey);
                    if (!secret && !signs((PrivateKey) key, chain[0], args[0])) {
                        opens = "fails: another key than the certificate's";
                    }
                } catch (Exception e) {
                    opens = "fails: " + causes("", e).get(0);
                }
            }
            List<String> row = new ArrayList<>(List.of(alias, trusted ? "trusted" : secret ? "secret" : "key", opens));
            for (Certificate certificate : chain == null ? new Certificate[0] : chain) {
                row.add(sha256(certificate.getEncoded()));
            }
            rows.add(row);
        }
        return rows;
    }

    private static boolean signs(PrivateKey key, Certificate certificate, String type) throws Exception {
        String name = certificate.getPublicKey().getAlgorithm();
        String algorithm = switch (name) {
            case "RSA", "DSA" -> "SHA256with" + name;
            case "EC" -> "SHA256withECDSA";
            default -> "Ed25519";
        };
        boolean theirs = type.contains("@BC");
        Signature signer =
                theirs ? Signature.getInstance(algorithm, bouncyCastle()) : Signature.getInstance(algorithm);
        signer.initSign(key);
        signer.update(new byte[] {42});
        byte[] signature = signer.sign();
        PublicKey known = CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(certificate.getEncoded()))
                .getPublicKey();
        Signature verifier = Signature.getInstance(algorithm);
        verifier.initVerify(known);
        verifier.update(new byte[] {42});
        return verifier.verify(signature);
    }

    static Provider bouncyCastle() throws Exception {
        Class<?> found = Class.forName("org.bouncycastle.jce.provider.BouncyCastleProvider");
        return (Provider) found.getDeclaredConstructor().newInstance();
    }

    /** Runs something with a store of a TYPE, its properties set. */
    private static void with(String type, Use use) throws Exception {
        String[] parts = type.split(";");
        String name = parts[0].replace("@BC", "");
        KeyStore store = parts[0].endsWith("@BC")
                ? KeyStore.getInstance(name, bouncyCastle())
                : KeyStore.getInstance(name);
        try {
            for (int i = 1; i < parts.length; i++) {
                String[] property = parts[i].split("=", 2);
                System.setProperty(property[0], property[1]);
            }
            use.of(store);
        } finally {
            for (int i = 1; i < parts.length; i++) {
                System.clearProperty(parts[i].split("=", 2)[0]);
            }
        }
    }

    private interface Use {
        void of(KeyStore store) throws Exception;
    }

    private static List<List<String>> keytool(String[] args) throws Exception {
        String[] all = new String[args.length + 1];
        System.arraycopy(args, 0, all, 0, args.length);
        // Without it keytool ends the JVM on an error instead of throwing.
        all[args.length] = "-debug";
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream to = new PrintStream(printed, true, StandardCharsets.UTF_8);
        PrintStream err = System.err;
        System.setErr(to);
        System.setOut(to);
        try {
            sun.security.tools.keytool.Main.main(all);
        } finally {
            System.setErr(err);
            System.setOut(err);
        }
        List<List<String>> rows = new ArrayList<>();
        printed.toString(StandardCharsets.UTF_8).lines().forEach(line -> rows.add(List.of(line)));
        return rows;
    }

    private static List<List<String>> tls(String[] args) throws Exception {
        boolean mutual = args.length > 8;
        SSLContext server = context(
                open(args[0], args[1], args[2]), args[3],
                mutual ? open(args[12], args[13], args[14]) : null);
        SSLContext client = context(
                mutual ? open(args[8], args[9], args[10]) : null, mutual ? args[11] : null,
                open(args[4], args[5], args[6]));
        InetAddress loopback = InetAddress.getLoopbackAddress();
        List<String> row = new ArrayList<>();
        try (SSLServerSocket listener =
                (SSLServerSocket) server.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            listener.setNeedClientAuth(mutual);
            listener.setSoTimeout(TIMEOUT_MS);
            CompletableFuture<Void> served = CompletableFuture.runAsync(() -> serve(listener));
            Throwable refusal = null;
            try (Socket plain = new Socket(loopback, listener.getLocalPort());
                    SSLSocket socket = (SSLSocket) client.getSocketFactory()
                            .createSocket(plain, args[7] == null ? "localhost" : args[7],
                                    listener.getLocalPort(), true)) {
                socket.setSoTimeout(TIMEOUT_MS);
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm(args[7] == null ? null : "HTTPS");
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                // In TLS 1.3 the server judges the client after the client's handshake is over.
                if (socket.getInputStream().read() != 42) {
                    throw new java.io.IOException("the server hung up");
                }
                SSLSession session = socket.getSession();
                row.addAll(List.of("ok", session.getProtocol(), session.getCipherSuite()));
                for (Certificate certificate : session.getPeerCertificates()) {
                    row.add(sha256(certificate.getEncoded()));
                }
            } catch (Exception e) {
                refusal = e;
            }
            if (refusal != null) {
                row.clear();
                row.add("refused");
                row.addAll(causes("client: ", refusal));
            }
            try {
                served.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
            } catch (Exception e) {
                if (refusal == null) {
                    row.clear();
                    row.add("refused");
                }
                row.addAll(causes("server: ", e.getCause() == null ? e : e.getCause().getCause()));
            }
        }
        return List.of(row);
    }

    private static void serve(SSLServerSocket listener) {
        try (SSLSocket socket = (SSLSocket) listener.accept()) {
            socket.setSoTimeout(TIMEOUT_MS);
            socket.startHandshake();
            socket.getOutputStream().write(42);
            socket.getOutputStream().flush();
        } catch (Exception e) {
            throw new RuntimeException(e);
        }
    }

    private static int serve(String[] args) throws Exception {
        SSLContext context = context(
                open(args[0], args[1], args[2]), args[3],
                args.length > 6 ? open(args[6], args[7], args[8]) : null);
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        switch (args[4]) {
            case "want" -> listener.setWantClientAuth(true);
            case "need" -> listener.setNeedClientAuth(true);
            default -> listener.setNeedClientAuth(false);
        }
        if (args[5] != null) {
            listener.setEnabledProtocols(args[5].split(","));
        }
        daemon(() -> {
            while (true) {
                Socket socket = listener.accept();
                daemon(() -> {
                    try (socket) {
                        // The handshake comes with the first byte that is read.
                        socket.getInputStream().transferTo(OutputStream.nullOutputStream());
                    }
                    return null;
                });
            }
        });
        return listener.getLocalPort();
    }

    /** Does something on a thread that does not keep the JVM alive; a client that goes is no news. */
    private static void daemon(Callable<?> work) {
        Thread thread = new Thread(() -> {
            try {
                work.call();
            } catch (Exception e) {
                // the next client
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static SSLContext context(KeyStore keys, String keyPassword, KeyStore trusted) throws Exception {
        KeyManagerFactory keyManagers = null;
        if (keys != null) {
            keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(keys, chars(keyPassword));
        }
        TrustManagerFactory trustManagers = null;
        if (trusted != null) {
            trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trustManagers.init(trusted);
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                keyManagers == null ? null : keyManagers.getKeyManagers(),
                trustManagers == null ? null : trustManagers.getTrustManagers(),
                null);
        return context;
    }

    private static KeyStore open(String type, String path, String password) throws Exception {
        KeyStore[] opened = new KeyStore[1];
        with(type, store -> {
            try (FileInputStream file = new FileInputStream(path)) {
                store.load(file, chars(password));
            }
            opened[0] = store;
        });
        return opened[0];
    }

    private static PrivateKey pkcs8(String path) throws Exception {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(path)));
        for (String algorithm : new String[] {"RSA", "EC", "DSA", "Ed25519"}) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (java.security.spec.InvalidKeySpecException e) {
                // not of this algorithm
            }
        }
        throw new IllegalArgumentException("no known key in " + path);
    }

    private static Certificate[] chain(String path) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of(path));
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(bytes))
                .toArray(new Certificate[0]);
    }

    private static char[] chars(String password) {
        return password == null ? null : password.toCharArray();
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static List<String> causes(String prefix, Throwable thrown) {
        List<String> all = new ArrayList<>();
        for (Throwable at = thrown; at != null; at = at.getCause()) {
            all.add(prefix + at.getClass().getSimpleName() + ": " + at.getMessage());
        }
        return all;
    }

    private static String argument(String word) {
        return switch (word) {
            case "-" -> "";
            case "~" -> null;
            default -> new String(HexFormat.of().parseHex(word), StandardCharsets.UTF_8);
        };
    }

    private static String escape(String field) {
        return field.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r");
    }
}
