use super::*;

#[test]
fn what_is_no_toml_is_refused_with_its_place() {
    refused("product = 2.6§.0", &["not TOML: invalid float"]);
    refused(
        "product = \"2.6.0\"\n§product = \"2.6.0\"",
        &["duplicate key"],
    );
    refused("[ca]\n\n[§ca]", &["duplicate key"]);
    let error = parse("product = \"2.6.0\"\npassword = hunter2hunter2").unwrap_err();
    assert_eq!(error.errors[0].line, 2);
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn the_whole_file_is_judged_not_its_first_problem() {
    refused(
        "§product = §\"2.7\"\n\
         §domian = \"d.example\"\n\
         subject = { organization = §\"\", country = §\"Sri Lanka\", §comonName = \"x\" }\n\
         [tls]\n\
         §validty = \"825d\"\n\
         key = §\"rsa2048\"\n\
         [roles.gateway]\n\
         nodes = { gateway-1 = §\"gw_1\", §GATEWAY-2 = \"gw2\" }",
        &[
            "the key `domain` is missing",
            "`2.7` is no known product",
            "domian: unknown key, did you mean `domain`?",
            "expected something",
            "`Sri Lanka` is no country",
            "subject.comonName: unknown key",
            "tls.validty: unknown key, did you mean `validity`?",
            "`rsa2048`, did you mean `rsa-2048`?",
            "`gw_1` is no host name",
            "`GATEWAY-2` is no name",
        ],
    );
}

#[test]
fn columns_count_characters_behind_any_line_end() {
    let text = with("[tls]\n").replace('\n', "\r\n");
    let error = parse(&format!(
        "{text}\"ключ\" = 1\r\nkey = \"ü\" # §\r\nlocalhost = 3"
    ))
    .unwrap_err();
    let places: Vec<_> = error.errors.iter().map(|p| (p.line, p.column)).collect();
    assert_eq!(places, [(6, 1), (7, 7), (8, 13)]);
    assert_eq!(error.errors[0].path, "tls.\"ключ\"");
    let error = parse(&format!(
        "\u{FEFF}{}",
        with("").replace("product", "prodct")
    ))
    .unwrap_err();
    assert!(
        error.errors.iter().all(|p| (p.line, p.column) == (1, 1)),
        "{error}"
    );
    let error = parse("x = { \"ü\" = 1, y = \"é\" } \n[tls]\nx.y.z = 3").unwrap_err();
    assert_eq!((error.errors[0].line, error.errors[0].column), (1, 1));
}

#[test]
fn what_must_be_there_is_missed() {
    refused(
        "§§§# nothing",
        &[
            "`product` is missing",
            "`domain` is missing",
            "`roles` is missing",
        ],
    );
    refused(
        "product = \"2.6\"\ndomain = \"d\"\n[§roles]",
        &["expected something"],
    );
    refused_with("[roles.§store]", "roles.store: the key `nodes` is missing");
    refused_with(
        "[roles.store]\nnodes = §{}",
        "roles.store.nodes: expected something",
    );
    refused_with(
        "[roles.store.nodes]\n§s = {}",
        "roles.store.nodes.s: the key `host` is missing",
    );
    refused_with(
        "[external.§x]\nhosts = \"h\"",
        "external.x: the key `role` is missing",
    );
    refused_with(
        "[external.§x]\nrole = \"backend\"",
        "external.x: the key `hosts` is missing",
    );
    refused_with("names = §[]", "roles.gateway.names: expected something");
}

#[test]
fn unknown_keys_and_values_are_refused_with_what_was_probably_meant() {
    for (lines, message) in [
        (
            "§balancr = \"gw\"",
            "roles.gateway.balancr: unknown key, did you mean `balancer`?",
        ),
        ("[§tsl]", "tsl: unknown key, did you mean `tls`?"),
        (
            "[ca]\n§xyz = 1",
            "expected `issuer`, `key`, `validity`, `password`, `sha256`",
        ),
        (
            "[ca]\nissuer = §\"locl\"",
            "unknown value `locl`, did you mean `local`?",
        ),
        ("[ca]\nkey = §\"dsa\"", "expected `rsa-2048`, `rsa-3072`"),
        (
            "[primary]\n§aliass = \"a\"",
            "primary.aliass: unknown key, did you mean `alias`?",
        ),
        ("[internal]\n§alias = \"a\"", "internal.alias: unknown key"),
        ("[tls]\n§localhst = true", "did you mean `localhost`?"),
        (
            "[stores]\nformat = §\"jsk\"",
            "unknown value `jsk`, did you mean `jks`?",
        ),
        (
            "[stores]\nformat = §\"jceks\"",
            "unknown value `jceks`, expected `jks` or `pkcs12`",
        ),
        (
            "[stores]\nformat = \"pkcs12\"\nprofile = §\"java7\"",
            "did you mean `java8`?",
        ),
        ("[stores.tls]\n§flie = \"x\"", "did you mean `file`?"),
        (
            "[stores]\ntruststore = { file = \"x\", §alias = \"x\" }",
            "stores.truststore.alias: unknown key",
        ),
        (
            "balancer = { host = \"gw\", tls = §\"isued\" }",
            "did you mean `issued`?",
        ),
        (
            "balancer = { host = \"gw\", §tsl = \"issued\" }",
            "roles.gateway.balancer.tsl: unknown key",
        ),
        (
            "balancer = [\"a\", { host = \"gw\", §x = 1 }]",
            "roles.gateway.balancer[1].x: unknown key",
        ),
        (
            "[roles.store.nodes]\ns = { host = \"s\", §ofset = 1 }",
            "did you mean `offset`?",
        ),
        (
            "[external.x]\nrole = §\"analytic\"\nhosts = \"h\"",
            "did you mean `analytics`?",
        ),
        (
            "[roles.§gatway]\nnodes = { n = \"n\" }",
            "did you mean `gateway`?",
        ),
        (
            "[roles.§eu]\nnodes = { n = \"n\" }",
            "names no `role`, and its own name is none, expected",
        ),
        (
            "[roles.eu]\nrole = §\"stroe\"\nnodes = { n = \"n\" }",
            "did you mean `store`?",
        ),
    ] {
        refused_with(lines, message);
    }
}

#[test]
fn values_of_another_type_are_refused() {
    refused(
        &with("").replace("\"2.6.0\"", "§2.6"),
        &["product: expected a string, found a float"],
    );
    for (lines, message) in [
        (
            "[tls]\nlocalhost = §\"no\"",
            "expected true or false, found a string",
        ),
        ("[tls]\nkey = §2048", "expected a string, found an integer"),
        (
            "[ca]\npassword = §12345678",
            "ca.password: expected a string, found an integer",
        ),
        (
            "names = [\"a\", §1]",
            "roles.gateway.names[1]: expected a string, found an integer",
        ),
        (
            "[roles.store]\nnodes = §[\"a\"]",
            "expected a table, found an array",
        ),
        (
            "[[roles.store.§nodes]]\na = \"b\"",
            "expected a table, found an array of tables",
        ),
        (
            "[roles.store.nodes]\na = { host = \"a\", offset = §\"1\" }",
            "expected an integer",
        ),
        (
            "[roles.store.nodes]\na = { host = \"a\", offset = §-1 }",
            "expected 0 to 54424, found -1",
        ),
        (
            "[roles.store.nodes]\na = { host = \"a\", offset = §60000 }",
            "expected 0 to 54424, found 60000",
        ),
        (
            "[roles.store.nodes]\na = { host = \"a\", ip = §\"a\" }",
            "ip: `a` is no IP address",
        ),
        (
            "[stores]\ntls = §\"x\"",
            "stores.tls: expected a table, found a string",
        ),
        (
            "[stores]\ntrust = §true",
            "stores.trust: expected a string, found a boolean",
        ),
    ] {
        refused_with(lines, message);
    }
}

#[test]
fn times_must_be_times_that_fit_each_other() {
    for (lines, message) in [
        ("[tls]\nvalidity = §\"825\"", "`825` is no length of time"),
        ("[tls]\nvalidity = §\"0d\"", "must be more than nothing"),
        (
            "[tls]\nvalidity = §\"21y\"",
            "a validity of `21y` is longer than the CA's of `20y`",
        ),
        (
            "[ca]\nvalidity = \"1y\"\n[tls]\nvalidity = §\"366d\"",
            "longer than the CA's of `1y`",
        ),
        (
            "[roles.store.nodes]\na = { host = \"a\", validity = §\"30y\" }",
            "nodes.a.validity: a validity of `30y`",
        ),
        (
            "[tls]\nvalidity = §\"30d\"",
            "`30d` before the end is no moment of a validity of `30d`",
        ),
        (
            "[tls]\nvalidity = \"90d\"\nrenew_before = §\"91d\"",
            "tls.renew_before",
        ),
        (
            "[roles.store.nodes]\na = { host = \"a\", validity = §\"10d\" }",
            "`30d` before the end",
        ),
    ] {
        refused_with(lines, message);
    }
    // The CA of somebody else, and no CA at all, set no end here.
    valid("[ca]\nissuer = \"self-signed\"\nvalidity = \"1y\"\n[tls]\nvalidity = \"2y\"");
    valid(
        "[ca]\ncertificate = \"c\"\nkey_file = \"k\"\nvalidity = \"1y\"\n[tls]\nvalidity = \"2y\"",
    );
    valid("[tls]\nrenew_before = \"0d\"");
}

#[test]
fn a_default_that_no_longer_fits_is_reported_where_the_other_value_stands() {
    refused_with(
        "[ca]\nvalidity = §\"1y\"",
        "a validity of `825d` is longer than the CA's of `1y`",
    );
}

#[test]
fn an_ec_primary_is_refused_with_the_reason() {
    refused_with(
        "[primary]\nkey = §\"ec-p256\"",
        "primary.key: found `ec-p256`, expected `rsa-2048`, `rsa-3072` or `rsa-4096`: the product encrypts",
    );
    valid("[ca]\nkey = \"ec-p384\"\n[tls]\nkey = \"ec-p256\"");
}

#[test]
fn password_sources_are_checked_and_never_repeated() {
    for lines in [
        "[ca]\npassword = §\"hunter2\"",
        "[ca]\ncertificate = \"c\"\nkey_file = \"k\"\nkey_password = §\"hunter2\"",
        "[primary]\nkeystore = \"k\"\nkeystore_password = §\"hunter2\"",
        "[stores]\npassword = §\"hunter2\"",
        "[stores.tls]\npassword = §\"hunter2:x\"",
        "[stores]\ntruststore = { file = \"t\", password = §\"hunter2\" }",
        "balancer = { host = \"b\", tls = \"issued\", password = §\"hunter2\" }",
    ] {
        refused_with(lines, "not a password source");
        let error = parse(&with(&lines.replace('§', ""))).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn keys_that_need_or_exclude_each_other() {
    for (lines, message) in [
        (
            "[ca]\n§certificate = \"c\"",
            "means nothing without `ca.key_file`",
        ),
        (
            "[ca]\n§key_file = \"c\"",
            "means nothing without `ca.certificate`",
        ),
        (
            "[ca]\n§key_password = \"prompt\"",
            "means nothing without `ca.key_file`",
        ),
        (
            "[ca]\nissuer = \"self-signed\"\n§name_constraints = true",
            "cannot stand beside `ca.issuer",
        ),
        (
            "[ca]\ncertificate = \"c\"\nkey_file = \"k\"\n§name_constraints = true",
            "cannot stand beside `ca.certificate`",
        ),
        (
            "[primary]\n§keystore = \"k\"",
            "means nothing without `primary.keystore_password`",
        ),
        (
            "[internal]\n§keystore_password = \"prompt\"",
            "means nothing without `internal.keystore`",
        ),
        (
            "[§encryption]\nkey = \"prompt\"",
            "product 2.6.0 has no such thing, 4.7 is the first",
        ),
        (
            "[stores]\n§profile = \"java8\"",
            "means nothing without `format = \"pkcs12\"`",
        ),
        (
            "[stores]\nformat = \"pkcs12\"\n[stores.tls]\nformat = \"jks\"\n§profile = \"java8\"",
            "stores.tls.profile",
        ),
        ("[stores.§internal]", "means nothing without `[internal]`"),
        (
            "[primary]\nalias = \"a\"\n[stores.primary]\nalias = §\"b\"",
            "cannot stand beside `primary.alias",
        ),
        (
            "balancer = { host = \"b\", §certificate = \"c\" }",
            "means nothing without `tls = \"own\"`",
        ),
        (
            "balancer = §{ host = \"b\", tls = \"own\" }",
            "the key `certificate` is missing",
        ),
        (
            "balancer = { host = \"b\", §password = \"prompt\" }",
            "means nothing without `tls = \"issued\"`",
        ),
        (
            "[roles.store]\nnodes = { s = \"s\" }\n§manager = \"s\"",
            "means nothing without `role = \"gateway\"`",
        ),
        (
            "[tls]\nshared = true\n[roles.store.nodes]\ns = { host = \"s\", §key = \"rsa-4096\" }",
            "tls.shared = true",
        ),
        (
            "[external.x]\nrole = \"backend\"\nhosts = \"h\"\n§shared_primary = true",
            "role = \"key-manager\"",
        ),
    ] {
        refused_with(lines, message);
    }
    valid("[stores.tls]\nformat = \"pkcs12\"\nprofile = \"java8\"");
    valid("[stores]\nprofile = \"modern\"\n[stores.tls]\nformat = \"pkcs12\"");
}

#[test]
fn a_role_that_the_product_lacks_is_refused() {
    let lines = "[roles.§control-plane]\nnodes = { c = \"c\" }";
    refused_with(
        lines,
        "product 2.6.0 has no role `control-plane`, expected `key-manager`, `publisher`, `store`",
    );
    let text =
        with("[roles.x]\nrole = §\"publisher\"\nnodes = { c = \"c\" }").replace("2.6.0", "4.7.0");
    refused(
        &text,
        &["roles.x.role: product 4.7.0 has no role `publisher`"],
    );
}

#[test]
fn names_of_nodes_and_groups_become_folders() {
    for name in [
        "\"../x\"",
        "\"/x\"",
        "Gateway-1",
        "\"a.b\"",
        "a_b",
        "\"\"",
        "-a",
        "\"ä\"",
    ] {
        refused_with(
            &format!("[roles.store.nodes]\n§{name} = \"h\""),
            "is no name: expected 1 to 63",
        );
        refused_with(
            &format!("[roles.§{name}]\nrole = \"store\"\nnodes = {{ n = \"h\" }}"),
            "is no name",
        );
        refused_with(
            &format!("[external.§{name}]\nrole = \"backend\"\nhosts = \"h\""),
            "is no name",
        );
    }
}

#[test]
fn two_nodes_have_two_names_and_two_places() {
    refused_with(
        "[roles.store]\nnodes = { §gateway-1 = \"s\" }",
        "roles.store.nodes.gateway-1: the name `gateway-1` is already taken (line 4, column 11)",
    );
    refused_with(
        "[external.§gateway-1]\nrole = \"backend\"\nhosts = \"b\"",
        "external.gateway-1: the name `gateway-1` is already taken",
    );
    refused_with(
        "[roles.store]\nnodes = { s = §\"GW1.d.example\" }",
        "the host `gw1.d.example` with offset 0 is already that of node `gateway-1` (line 4, column 11)",
    );
    refused_with(
        "[roles.store.nodes]\ns = { host = \"gw1\", offset = 1 }\nt = { host = §\"gw1\", offset = 1 }",
        "with offset 1 is already that of node `s`",
    );
    valid(
        "[roles.store.nodes]\ns = { host = \"gw1\", offset = 1 }\nt = { host = \"gw1\", offset = 2 }",
    );
    let error =
        parse(&with("").replace("gateway-1 = \"gw1\"", "a = \"x\", a = \"y\"")).unwrap_err();
    assert!(error.to_string().contains("duplicate key"), "{error}");
}

#[test]
fn lists_have_each_value_once() {
    refused_with(
        "names = [\"a\", §\"A.d.example\"]",
        "names[1]: `a.d.example` stands here twice",
    );
    refused_with(
        "balancer = [\"a\", §{ host = \"a\" }]",
        "`a.d.example` stands here twice",
    );
    refused_with(
        "[roles.store.nodes]\ns = { host = \"s\", ip = [\"::1\", §\"0::1\"] }",
        "`::1` stands here twice",
    );
}

#[test]
fn what_is_no_host_name_is_refused_wherever_it_stands() {
    for (lines, message) in [
        (
            "balancer = §\"gw_1\"",
            "`gw_1` is no host name: `_` is no character of a host name",
        ),
        ("balancer = §\"*.x.example\"", "`*` may only be"),
        (
            "names = [\"*.x.example\", §\"x.*.example\"]",
            "`*` may only be",
        ),
        ("manager = §\"a b\"", "` ` is no character"),
        ("[roles.store]\nnodes = { s = §\"s.\" }", "ends with a dot"),
        (
            "[roles.store.nodes.s]\nhost = \"s\"\nsans = [§\"https://x\"]",
            "`:` is no character",
        ),
        (
            "[external.x]\nrole = \"backend\"\nhosts = [§\"h:443\"]",
            "`:` is no character",
        ),
        ("[tls]\nnames = [§\"a..b\"]", "a label is empty"),
    ] {
        refused_with(lines, message);
    }
    refused(
        &with("").replace("\"d.example\"", "§\"10.0.0.1\""),
        &["an address is no domain"],
    );
    refused(
        &with("").replace("\"d.example\"", "§\"d_.example\""),
        &["`_` is no character"],
    );
    let long = format!("[roles.store]\nnodes = {{ s = §\"{}\" }}", "a".repeat(64));
    refused_with(&long, "a label has 64 octets, more than 63");
}

#[test]
fn files_of_a_node_have_names_of_their_own() {
    for name in ["../x", "/x", "a/b", "..", "", "a\\\\b"] {
        let message = if name.is_empty() {
            "found nothing"
        } else {
            "is no file name"
        };
        refused_with(&format!("[stores.tls]\nfile = §\"{name}\""), message);
    }
    refused_with(
        "[stores.tls]\nfile = §\"CLIENT-truststore.jks\"",
        "is already that of slot `truststore`",
    );
    refused_with(
        "[stores.tls]\nfile = \"x\"\n[stores.primary]\nfile = §\"X\"",
        "already that of slot",
    );
    refused_with(
        "[stores.primary]\nfile = §\"TLS.pem\"",
        "already that of the node's chain",
    );
    refused_with(
        "[internal]\n[stores.tls]\nfile = §\"internal.jks\"",
        "already that of slot `internal`",
    );
    valid("[stores.tls]\nfile = \"internal.jks\"");
}

#[test]
fn aliases_are_lower_case_and_do_not_meet_in_the_truststore() {
    for (lines, message) in [
        (
            "[primary]\nalias = §\"Upper\"",
            "`Upper` is no alias: expected 1 to 255 lower-case ASCII",
        ),
        ("[stores.tls]\nalias = §\"a b\"", "is no alias"),
        (
            "[primary]\nalias = §\"apim-pki-ca\"",
            "is already that of the anchor in the truststore",
        ),
        (
            "[stores.truststore]\nalias = \"a\"\n[stores.primary]\nalias = §\"a\"",
            "already that of the anchor",
        ),
        (
            "[ca]\nissuer = \"self-signed\"\n[primary]\nalias = \"s\"\n[roles.store]\nnodes = { §s = \"h\" }",
            "roles.store.nodes.s: the alias `s` is already that of the primary's certificate",
        ),
    ] {
        refused_with(lines, message);
    }
    let signer = crate::wso2::GATEWAY_CERTIFICATE_ALIAS;
    valid(&format!("[primary]\nalias = \"{signer}\""));
    let text = with(&format!("[primary]\nalias = §\"{signer}\"")).replace("2.6.0", "3.2.0");
    refused(&text, &["is already that of the signer of tokens"]);
}

#[test]
fn subjects_stay_within_their_bounds() {
    let subject = |inner: &str| {
        format!("product = \"2.6\"\ndomain = \"d\"\nsubject = {{ {inner} }}\n{GATEWAY}")
    };
    refused(
        &subject(&format!("organization = §\"{}\"", "ü".repeat(65))),
        &["subject.organization: has 65 characters, more than 64"],
    );
    refused(&subject("country = §\"L1\""), &["`L1` is no country"]);
    refused(&subject("§cn = \"x\""), &["subject.cn: unknown key"]);
    assert_eq!(
        parse(&subject("country = \"lk\""))
            .unwrap()
            .subject
            .country
            .as_deref(),
        Some("LK")
    );
}

#[test]
fn pins_are_fingerprints() {
    refused_with("[ca]\nsha256 = §\"abc\"", "ca.sha256: no SHA-256");
    refused_with("[primary]\nsha256 = §\"abc\"", "primary.sha256: no SHA-256");
}
