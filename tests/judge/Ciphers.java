// Encrypted values as the product makes and reads them, with the JDK's own ciphers: what the cipher tool does
// (org.wso2.ciphertool), what the secure vault does at run time (org.wso2.securevault), what the server's
// crypto service does (org.wso2.carbon.crypto). Its JSON is Gson's, spelled by hand.
//
// A TRANSFORMATION is the name of a cipher, `@BC` behind it for BouncyCastle's. Plain bytes are hex.
//
// ciphers encrypt TRANSFORMATION CERTIFICATE-FILE certificate|key HEX
//     -> base64. `certificate`: the cipher is initialised with the certificate, whose key usage counts then
//        (cipher tool); `key`: with its public key (server).
// ciphers decrypt TRANSFORMATION PKCS8-FILE(DER) BASE64
//     -> hex
// ciphers vault TRANSFORMATION PKCS8-FILE(DER) BASE64
//     -> hex of what the secure vault gets: its stream swallows every exception of the cipher
// ciphers envelope TRANSFORMATION CERTIFICATE-FILE NAMED-CERTIFICATE-FILE HEX
//     -> base64 of the server's self-contained ciphertext
// ciphers open-envelope PKCS8-FILE(DER) BASE64 BC|JDK
//     -> hex; the cipher is the one that the envelope names, of the provider
// ciphers aes-encrypt TRANSFORMATION KEYHEX IVHEX HEX
//     -> base64; GCM with a tag of 128 bits, ECB with the IV empty
// ciphers aes-decrypt TRANSFORMATION KEYHEX IVHEX BASE64
//     -> hex
// ciphers vault-gcm KEYHEX IVHEX HEX
//     -> base64 of the vault's object
// ciphers open-vault-gcm KEYHEX BASE64
//     -> hex
// ciphers gcm-envelope KEYHEX IVHEX HEX KEYID
//     -> base64 of the server's object in an object; a null KEYID: none
// ciphers open-gcm-envelope KEYHEX BASE64
//     -> hex
// ciphers configure TRANSFORMATION CERTIFICATE-FILE FROM TO
//     -> nothing. What the cipher tool makes of a cipher-text.properties: each text in brackets encrypted,
//        written as java.util.Properties writes.
// ciphers secrets TRANSFORMATION PKCS8-FILE(DER) PATH
//     -> alias, secret of each entry of a cipher-text.properties, as the secure vault hands it out: what it
//        cannot decrypt is empty, and for an empty secret it gives the alias
// ciphers node HOME PASSWORD PATH
//     -> the same as the secure vault of a home does it that has the password of its keystore: key and cipher as
//        its secret-conf.properties says, a path that is not absolute from the home, in which the server runs
// ciphers targets HOME
//     -> for each line of its cipher-tool.properties: alias, how many nodes its XPath finds, and of the first
//        the value and the secret's alias that it names
// ciphers properties PATH
//     -> key, value of each entry, as java.util.Properties reads them

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.CipherOutputStream;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

final class Ciphers {
    static List<List<String>> run(String[] args) throws Exception {
        return switch (args[0]) {
            case "encrypt" -> one(base64(encrypt(args[1], certificate(args[2]), args[3], hex(args[4]))));
            case "decrypt" -> one(hex(decrypt(args[1], key(args[2]), unbase64(args[3]))));
            case "vault" -> one(hex(vault(args[1], key(args[2]), unbase64(args[3]))));
            case "envelope" -> one(envelope(args[1], certificate(args[2]), certificate(args[3]), hex(args[4])));
            case "open-envelope" -> one(hex(openEnvelope(key(args[1]), args[2], args[3])));
            case "aes-encrypt" -> one(base64(aes(Cipher.ENCRYPT_MODE, args[1], args[2], hex(args[3]), hex(args[4]))));
            case "aes-decrypt" ->
                    one(hex(aes(Cipher.DECRYPT_MODE, args[1], args[2], hex(args[3]), unbase64(args[4]))));
            case "vault-gcm" -> one(vaultGcm(args[1], hex(args[2]), hex(args[3])));
            case "open-vault-gcm" -> one(hex(openGcm(args[1], args[2], "cipherText", "iv")));
            case "gcm-envelope" -> one(gcmEnvelope(args[1], hex(args[2]), hex(args[3]), args[4]));
            case "open-gcm-envelope" -> {
                String outer = text(args[2]);
                yield one(hex(openGcm(args[1], field(outer, "c"), "cipher", "initializationVector")));
            }
            case "configure" -> configure(args[1], certificate(args[2]), args[3], args[4]);
            case "secrets" -> secrets(args[1], key(args[2]), args[3]);
            case "node" -> node(Path.of(args[1]), args[2].toCharArray(), args[3]);
            case "targets" -> targets(Path.of(args[1]));
            case "properties" -> rows(properties(args[1]));
            default -> throw new IllegalArgumentException("unknown command ciphers " + args[0]);
        };
    }

    private static byte[] encrypt(String transformation, Certificate certificate, String with, byte[] plain)
            throws Exception {
        Cipher cipher = cipher(transformation);
        if (with.equals("certificate")) {
            cipher.init(Cipher.ENCRYPT_MODE, certificate);
        } else {
            cipher.init(Cipher.ENCRYPT_MODE, certificate.getPublicKey());
        }
        return cipher.doFinal(plain);
    }

    private static byte[] decrypt(String transformation, PrivateKey key, byte[] sealed) throws Exception {
        Cipher cipher = cipher(transformation);
        cipher.init(Cipher.DECRYPT_MODE, key);
        return cipher.doFinal(sealed);
    }

    private static byte[] vault(String transformation, PrivateKey key, byte[] sealed) throws Exception {
        Cipher cipher = cipher(transformation);
        cipher.init(Cipher.DECRYPT_MODE, key);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream(sealed);
        CipherOutputStream out = new CipherOutputStream(bytes, cipher);
        byte[] buffer = new byte[64];
        int length;
        while ((length = in.read(buffer)) != -1) {
            out.write(buffer, 0, length);
        }
        try {
            out.flush();
            out.close();
        } catch (IOException ignored) {
            // as the vault does
        }
        return bytes.toByteArray();
    }

    private static String envelope(String transformation, Certificate certificate, Certificate named, byte[] plain)
            throws Exception {
        byte[] sealed = encrypt(transformation, certificate, "key", plain);
        byte[] digest = MessageDigest.getInstance("SHA-1").digest(named.getEncoded());
        String json = "{\"c\":\"" + html(base64(sealed)) + "\",\"t\":\"" + transformation.replace("@BC", "")
                + "\",\"tp\":\"" + HexFormat.of().withUpperCase().formatHex(digest) + "\",\"tpd\":\"SHA-1\"}";
        return base64(json.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] openEnvelope(PrivateKey key, String envelope, String provider) throws Exception {
        String json = text(envelope);
        String transformation = field(json, "t") + (provider.equals("BC") ? "@BC" : "");
        return decrypt(transformation, key, unbase64(field(json, "c")));
    }

    private static byte[] aes(int mode, String transformation, String key, byte[] iv, byte[] data)
            throws Exception {
        Cipher cipher = cipher(transformation);
        SecretKeySpec spec = new SecretKeySpec(hex(key), "AES");
        if (iv.length == 0) {
            cipher.init(mode, spec);
        } else {
            cipher.init(mode, spec, new GCMParameterSpec(128, iv));
        }
        return cipher.doFinal(data);
    }

    private static String vaultGcm(String key, byte[] iv, byte[] plain) throws Exception {
        byte[] sealed = aes(Cipher.ENCRYPT_MODE, "AES/GCM/NoPadding", key, iv, plain);
        String json = "{\"cipherText\":\"" + html(base64(sealed)) + "\",\"iv\":\"" + html(base64(iv)) + "\"}";
        return base64(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String gcmEnvelope(String key, byte[] iv, byte[] plain, String id) throws Exception {
        byte[] sealed = aes(Cipher.ENCRYPT_MODE, "AES/GCM/NoPadding", key, iv, plain);
        String inner = "{\"cipher\":\"" + base64(sealed) + "\",\"initializationVector\":\"" + base64(iv) + "\""
                + (id == null ? "" : ",\"keyId\":\"" + id + "\"") + "}";
        String outer = "{\"c\":\"" + base64(inner.getBytes(StandardCharsets.UTF_8))
                + "\",\"t\":\"AES/GCM/NoPadding\",\"iv\":\"" + base64(iv) + "\"}";
        return base64(outer.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] openGcm(String key, String value, String cipherField, String ivField) throws Exception {
        String json = text(value);
        return aes(Cipher.DECRYPT_MODE, "AES/GCM/NoPadding", key,
                unbase64(field(json, ivField)), unbase64(field(json, cipherField)));
    }

    private static List<List<String>> configure(
            String transformation, Certificate certificate, String from, String to) throws Exception {
        Properties read = properties(from);
        Properties written = new Properties();
        for (String alias : read.stringPropertyNames()) {
            String value = read.getProperty(alias);
            if (value.contains("[") && value.indexOf("]") > 0) {
                value = value.substring(value.indexOf("[") + 1, value.indexOf("]"));
                byte[] plain = value.getBytes(StandardCharsets.UTF_8);
                value = base64(encrypt(transformation, certificate, "certificate", plain));
            }
            written.setProperty(alias, value);
        }
        try (OutputStream file = new FileOutputStream(to)) {
            written.store(file, null);
        }
        return List.of();
    }

    private static List<List<String>> secrets(String transformation, PrivateKey key, String path)
            throws Exception {
        Properties secrets = properties(path);
        for (String alias : secrets.stringPropertyNames()) {
            String value = secrets.getProperty(alias).trim();
            String secret = "";
            if (!value.isEmpty() && !value.startsWith("[")) {
                secret = new String(vault(transformation, key, unbase64(value)), StandardCharsets.UTF_8);
            }
            secrets.setProperty(alias, secret.isEmpty() ? alias : secret);
        }
        return rows(secrets);
    }

    private static List<List<String>> node(Path home, char[] password, String path) throws Exception {
        Properties conf = properties(home.resolve("repository/conf/security/secret-conf.properties").toString());
        KeyStore store = KeyStore.getInstance(conf.getProperty("keystore.identity.type"));
        Path location = home.resolve(conf.getProperty("keystore.identity.location"));
        try (InputStream in = Files.newInputStream(location)) {
            store.load(in, password);
        }
        PrivateKey key = (PrivateKey) store.getKey(conf.getProperty("keystore.identity.alias"), password);
        return secrets(conf.getProperty("secretRepositories.file.algorithm", "RSA"), key, path);
    }

    /** As the cipher tool takes its lines apart (CipherTool.secureVaultConfigTokens). */
    private static List<List<String>> targets(Path home) throws Exception {
        List<List<String>> rows = new ArrayList<>();
        Properties tool = properties(home.resolve("repository/conf/security/cipher-tool.properties").toString());
        for (String alias : new TreeSet<>(tool.stringPropertyNames())) {
            String line = tool.getProperty(alias);
            int path = line.indexOf("//");
            int comma = line.indexOf(",");
            String attribute = "";
            String xpath = line.substring(path);
            if (comma > 0) {
                if (line.substring(comma + 1).trim().equals("true") && line.charAt(comma - 1) == ']') {
                    attribute = line.substring(line.lastIndexOf('[') + 2, comma - 1);
                }
                xpath = line.substring(path, comma);
            }
            DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
            Document document = builder.parse(home.resolve(line.substring(0, path)).toFile());
            NodeList found = (NodeList) XPathFactory.newInstance().newXPath()
                    .evaluate(xpath, document.getDocumentElement(), XPathConstants.NODESET);
            Element first = (Element) found.item(0);
            String value = attribute.isEmpty() ? first.getTextContent() : first.getAttribute(attribute);
            String namespace = document.getDocumentElement().getAttribute("xmlns:svns");
            String named = namespace.equals("http://org.wso2.securevault/configuration")
                    ? first.getAttribute("svns:secretAlias") : "";
            rows.add(List.of(alias, Integer.toString(found.getLength()), value, named));
        }
        return rows;
    }

    private static Properties properties(String path) throws Exception {
        Properties read = new Properties();
        try (FileInputStream file = new FileInputStream(path)) {
            read.load(file);
        }
        return read;
    }

    private static List<List<String>> rows(Properties properties) {
        List<List<String>> rows = new ArrayList<>();
        new TreeMap<>(properties).forEach((name, value) -> rows.add(List.of((String) name, (String) value)));
        return rows;
    }

    private static Cipher cipher(String transformation) throws Exception {
        return transformation.endsWith("@BC")
                ? Cipher.getInstance(transformation.replace("@BC", ""), Judge.bouncyCastle())
                : Cipher.getInstance(transformation);
    }

    private static Certificate certificate(String path) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of(path));
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes));
    }

    private static PrivateKey key(String path) throws Exception {
        return KeyFactory.getInstance("RSA")
                .generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(path))));
    }

    /** A string of a flat JSON object, its escapes resolved. */
    private static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        if (!found.find()) {
            throw new IllegalArgumentException("no " + name + " in " + json);
        }
        return found.group(1).replace("\\u003d", "=");
    }

    private static String html(String text) {
        return text.replace("=", "\\u003d");
    }

    private static String text(String base64) {
        return new String(unbase64(base64), StandardCharsets.UTF_8);
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] unbase64(String text) {
        return Base64.getDecoder().decode(text);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    private static List<List<String>> one(String field) {
        return List.of(List.of(field));
    }

    private Ciphers() {}
}
