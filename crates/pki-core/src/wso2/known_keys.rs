use std::{collections::HashMap, sync::LazyLock};

use crate::x509::{Certificate, Fingerprint};

/// A key whose private half is public knowledge, or (V5) that the product trusts by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownKey {
    /// Short name: `D2`, `P2`, `V5`, `T-2d56dba2`.
    pub id: &'static str,
    /// Where it comes from.
    pub class: KnownKeyClass,
    /// SHA-256 of the certificate's DER.
    pub certificate: Fingerprint,
    /// SHA-256 of the SPKI's DER: a re-issued certificate over the same key is as public.
    pub spki: Fingerprint,
    /// Who shipped it.
    pub shipped_in: &'static str,
}

/// Where a known key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KnownKeyClass {
    /// A release shipped it as its default.
    Default,
    /// A development version had it.
    Development,
    /// A test resource in a public repository.
    Test,
    /// The product trusts it by default; its private key ships elsewhere.
    TrustedOnly,
}

/// The id of Identity Server 7's default key, which matters where such a server is the key manager.
pub const IDENTITY_SERVER_DEFAULT: &str = "P2";

/// All of them.
pub fn known_keys() -> impl Iterator<Item = &'static KnownKey> {
    KNOWN.iter()
}

/// The known key with this SPKI fingerprint.
pub fn known_key(spki: Fingerprint) -> Option<&'static KnownKey> {
    BY_FINGERPRINT.get(&spki).copied()
}

/// The known key that a certificate is over: by its own fingerprint, and by its SPKI.
pub fn known_certificate(certificate: &Certificate) -> Option<&'static KnownKey> {
    let by_certificate = BY_FINGERPRINT.get(&certificate.fingerprint()).copied();
    by_certificate.or_else(|| known_key(certificate.view().ok()?.spki_fingerprint()))
}

/// Certificates and SPKIs in one map: no SHA-256 of the one is that of the other.
static BY_FINGERPRINT: LazyLock<HashMap<Fingerprint, &'static KnownKey>> = LazyLock::new(|| {
    KNOWN
        .iter()
        .flat_map(|known| [(known.certificate, known), (known.spki, known)])
        .collect()
});

static KNOWN: LazyLock<Vec<KnownKey>> = LazyLock::new(|| {
    TABLE
        .iter()
        .filter_map(|(id, class, certificate, spki, shipped_in)| {
            Some(KnownKey {
                id,
                class: *class,
                certificate: certificate.parse().ok()?,
                spki: spki.parse().ok()?,
                shipped_in,
            })
        })
        .collect()
});

use KnownKeyClass::{Default as D, Development as P, Test as T, TrustedOnly as V};

/// Id, class, certificate, SPKI, where it ships. Read off every keystore in the histories of the
/// product's and its kernel's repositories.
const TABLE: &[(&str, KnownKeyClass, &str, &str, &str)] = &[
    (
        "D1",
        D,
        "1d729fb8c468ead820a2a0be4adb8fbabed9ab1ba126c9d21466c5706e8e4d30",
        "da909c62b1bdd210c5c70382b15c9aef0a5b423aa1072dce3ec172c93fbbd74f",
        "API-M 1.9-2.1 (kernel 4.3.0-4.4.14)",
    ),
    (
        "D1b",
        D,
        "eecb4d02dad4ac6b505353a7e21f4fb9a33fdcac92303ff0ff43e2190a84eaa0",
        "eb479350c27268ca7197f6b928677f9bebb333e62f10ca49db07e56a73b2c961",
        "kernel 4.4.15-4.4.16 only",
    ),
    (
        "D2",
        D,
        "50f0eda5898af3a115c2c508194956e7e114fe234743e9d22f709ae7cb801bbd",
        "ad874c42382e2a464a3dba787fb3a0b5e2de30100545742758a6fbf0cb6aca5e",
        "API-M 2.2-2.6 (kernel 4.4.17-4.4.40)",
    ),
    (
        "D3",
        D,
        "bc6d75f85629d1ab50da15ead7161d8a636f542b939060aa70e6db68ce5a807c",
        "ab9dbc9c2104a2799538f3ad93737ddf97b57adee210e70b175525404710b6ab",
        "API-M 3.0 (kernel 4.5.0-4.5.2)",
    ),
    (
        "D4",
        D,
        "3612ad8f01b4ecf4714f0bc8e071b6403dd34c4dde62d81dd4b91d1aa356dee6",
        "caa08ab78bb6223dd7f464a988b788e2fbd5a5899033b1cdf19f8727def145e3",
        "API-M 3.1,3.2,4.0 (kernel 4.5.3-4.6.2)",
    ),
    (
        "D5",
        D,
        "02e6217a58fe8ef0d191e30f6acf44cf08f47b4c18c6c64abdf2d487b48c0a00",
        "28396ee1bcfc3cdddefa72692c6ab0ffe28424b6175af1cbd8f2d1adc153e5b1",
        "API-M 4.1 (kernel 4.6.3,4.7.x,4.9.0-4.9.23)",
    ),
    (
        "D6",
        D,
        "1b2429b16ef58301b74ff16253655ae85537e3a5bfd159085a5a8e23e5a3b22a",
        "b42a33122de66ccd94f7bc4ec3095a182675012cb7b03026cb33f559c56dd1d3",
        "API-M 4.2 (kernel 4.8.0-4.8.1)",
    ),
    (
        "D7",
        D,
        "80f154f2c82d4f5e8fb96a6374cc2310eb141bdcb168787cad9efa5b4407f385",
        "bbf5e12f2cda252921a6d4dee7814a22c489af71b8e849511e12b58fdba9f7e7",
        "API-M 4.3 (kernel 4.9.26)",
    ),
    (
        "D8",
        D,
        "5d094d2099ac6e670e537d50853b60fbee3dd08858e50db06e22ffe3ad92646d",
        "d1111226285a6506fe16c07e0d1f5968659471a9e30287530866eacb303c9ee6",
        "API-M 4.4 (kernel 4.9.27)",
    ),
    (
        "D9",
        D,
        "1e1bcdeb0a46472150c55542a9cc02f39481e5dd1e6ea493c82b023cbe03b44c",
        "ba3d55920e54e314cb397e3397cbd6e91ad1cf68314d518a7e5166a8122c1343",
        "API-M 4.5 (kernel 4.9.28)",
    ),
    (
        "D10",
        D,
        "30311c84503c955d084d9093c171b82dede7c6cb98ddd3da2b0201c2e0bc67f7",
        "131376aa6c47751f0abd56b73a7d84fa7f90edeb7c2e26b8ff07df33af3c3632",
        "API-M 4.6 (kernel 4.9.29-33,4.11.0-1)",
    ),
    (
        "D11",
        D,
        "ca5c9b54f9b6d39f396a1aaa7a780481393c1dfbb567cfacfb962e6a88ad6588",
        "914b840fcfd7194c2c278c6a9aecca5e7e7019ebb549107e75f61eb5d1a0d046",
        "API-M 4.7 (kernel 4.11.2-4.11.19)",
    ),
    (
        "P2",
        D,
        "9db36ba11a21dad55653727abce15d745793e891983fe7aadfce1b39e3b7c862",
        "12a769c3f680f207ef72565f90945b835fa2cfa641b7c5342641e386780bb978",
        "kernel 4.9.24-25,4.10.*,4.12.* (Identity Server 7.x)",
    ),
    (
        "P1",
        P,
        "735feecf09a209eb291d5bfb5daff8043630bcfd609872d65ad09b705b6fb69b",
        "f725c1a5f499f78e7016529087d312f86856f3b4fc38d01163a63145411d3f40",
        "kernel PR/dev only",
    ),
    (
        "T-2d56dba2",
        T,
        "2d56dba28d925f813ca798d56f21ab38bcd13255b5d8f6eb9ef574d8b319a6e4",
        "d24f22a15b8a0e923a40a00c60e957841fca8008166b2466f516bef76241f623",
        "test resource",
    ),
    (
        "T-6e2aa8bd",
        T,
        "6e2aa8bd163f62d40db4f8ddedddb2277bb1d61ef79115e7aaaa4c5f9ba24cc7",
        "c3cc3c9b2b84011a975e1d863691a883febf90803a5f5bca6bcfa4cd8036c2c4",
        "test resource",
    ),
    (
        "T-2b7c176d",
        T,
        "2b7c176dd3b1d9184472425f1ba8ebc458f1185b6757407204bf42d95d981a08",
        "8a36d2ae6604950e0137057e9906cb24966a32945e26a094aa457a7eeac70ac1",
        "test resource",
    ),
    (
        "T-9ba84454",
        T,
        "9ba84454c56bb6c97aa1371256256e78a4a00ab022110f86b99c34f7945f7768",
        "73f4c0b325ffac6573a1b9551d8766805a904121c45f91c45b59700ab608dc4e",
        "test resource",
    ),
    (
        "T-5ff9ce6a",
        T,
        "5ff9ce6a40086af75912f88c049e64f833b79eec2ab613379243a939690c9386",
        "910176d20da6163b1666fb51a8e534296e286c6b541c7ab19821bbca9a099801",
        "test resource",
    ),
    (
        "T-86b70a82",
        T,
        "86b70a82b87bc45b03e461319abf64c44ca2c8032efe9afc6cf4fa11e1be6fd7",
        "02915979d0cb76f3f205874dbae342babd2a4a1f0dd497cbb07181286dd75c9a",
        "test resource",
    ),
    (
        "T-00f47780",
        T,
        "00f47780f5609277c8252588e0c7ce60b4e8388aa6bb828a4fd4a8df91683759",
        "56f2ba87188c88b4d81411cdcb1f9f89446f9d8a374d98b9df206b3d57971d3f",
        "test resource",
    ),
    (
        "T-18ff8fb1",
        T,
        "18ff8fb11b314f77a86f97f0bda35c0b7dbd9bb0ae632cb453c4e49587361061",
        "07203dbc24ac41dadf7c8722a774b4cd0c6645b642b07cf14d6ba0285b9550fd",
        "test resource",
    ),
    (
        "T-fe184b04",
        T,
        "fe184b048e865b27dd7ba99604e3dff860d25b587b65a2894da779a5f2e87ec9",
        "59e7086429bbdd3d650459a0a872f179161ebdc76d2246fd048348ea5039173f",
        "test resource",
    ),
    (
        "T-ebe26d94",
        T,
        "ebe26d949ea663c3f16623ce9beb4e9cfdd7820f3e11eac114b048d73ac72dac",
        "9e9ef721209730af0f32c6a7bd97f89a71944e9cfdd3ceaf6055d33a7022736d",
        "test resource",
    ),
    (
        "T-79ebbfe8",
        T,
        "79ebbfe8bef4373070c532f4742ae6bf16789a6b23e0fe531d4cb27fc8d4399a",
        "e96d2a7935d508ea683ae0bbfae629d3b39c2a51a9d0c221316ea54e9e8c7909",
        "test resource",
    ),
    (
        "T-3b46fb69",
        T,
        "3b46fb69c73d8bac772be248971af1bcb353e8e492d344761ccec18cc84e7700",
        "b82fbc9af223024ce5fbd782783b94dd6731309ac328fab2354ef59d94dbb5e3",
        "test resource",
    ),
    (
        "T-ae33fd28",
        T,
        "ae33fd2878e2140baf4b6fc817db2e0b7822b0f3ee36876b7e7a3e53ef473b1d",
        "ef538ba3020f115aedb06d1978c49e1c0e2e257de7d0b0258defa6dc10066831",
        "test resource",
    ),
    (
        "T-be07a38b",
        T,
        "be07a38b7e24ccb53feaef292ecf7ce63f243c1445b40627662ffec90764b585",
        "acb7f91ba5f5345734a9f046af4e4ed83083e58fec96ba909aa9c12a567a55a4",
        "test resource",
    ),
    (
        "T-c5bd2390",
        T,
        "c5bd239005b4957bb7392f76a9f0b5596762878f69b7f60e157657d34abfd2fe",
        "6137e93d5971e0c7bc03ce998a2ec64d522ab613ff23d238bda86ee88f8bb9dc",
        "test resource",
    ),
    (
        "T-bbdf9ca2",
        T,
        "bbdf9ca22ea1a330f7d7213c2a4a6674ed4208cf1337d2b3f0761600887be5ad",
        "899bd08a5beec898670c4297bf63b6dba8de3e15f40d622367430c247338e534",
        "test resource",
    ),
    (
        "T-ec5f88a7",
        T,
        "ec5f88a798f8cf630d2073181b49df25d8b7b5c12b55d9b6cf9a80a51a878228",
        "277816b16202f4c2cbee89078806a3ac9a33caa80d09ff743b8c262cf3d76eef",
        "test resource",
    ),
    (
        "T-7eb6abe8",
        T,
        "7eb6abe8ab1e1ce72dae541dba3276ebe3a24d45a5c8f7d5fb5ed08c56c0096f",
        "0dc593d4270292e1d38dfa96c0ab83c8b274dd2305c305b50e38f46e7e50049a",
        "test resource",
    ),
    (
        "T-4f071644",
        T,
        "4f071644c38c7809b01e7d5a98328c991c0ed917196ef6819a88cf9d6dcc9831",
        "37590f52c8a4a90bb14faf3ecf8084dc7faa6127a8ec65471af6e6b174c9a12b",
        "test resource",
    ),
    (
        "T-ab7aac1c",
        T,
        "ab7aac1c4c400a961fe4b71b0d1b511b62857668be10a232f40ac14af55d00d3",
        "e66d0aabe6afe7eff6ab9d03a199031804d5452ff031c85df08b6c070880d41e",
        "test resource",
    ),
    (
        "T-ed56830a",
        T,
        "ed56830a5e6844c56e464cec749557ca107a5df41285b9bf96ee25ee05a816fd",
        "3abd329244d0483310cb712358fbbaf09b8804a2e2a22d3b04f03a858a53291e",
        "test resource",
    ),
    (
        "T-d1679759",
        T,
        "d1679759cd635cd82b67d18f4652669548992cc1d588d6190f0624909349884d",
        "92435e7df33b771efc9127279a8895dadc8d84acfac793d2c9568ca0b2a515cb",
        "test resource",
    ),
    (
        "T-82c75720",
        T,
        "82c757206c8d48e20e5e70f9aecb9fa435c2164dd53b9219c8883757ea8132b3",
        "b64ad4cbf4efea2b4a0e8633ae1a24f95fa790ea16039238e7df5300038e8453",
        "test resource",
    ),
    (
        "T-2ba253ea",
        T,
        "2ba253ea990f0b89fec71b14110181c809790e35a82efc7753b287fced8aa04d",
        "a5dc05c821e83685fca42c60461fffa0d90c8d2040c6f9289aa7746211438276",
        "test resource",
    ),
    (
        "T-e4d6df0a",
        T,
        "e4d6df0ae20003a3cea0ecf457e8b3b2da831515e2ffb0b7c1b53f87c97adb64",
        "58d97ce2462b873d663d1978c2ee1931a6dce9031c245cbd80aff35126f0b7d7",
        "test resource",
    ),
    (
        "T-b29e1062",
        T,
        "b29e1062d33b3c0f363945928d055b0e5a410436a9d5bcef25725aa857158a2a",
        "4941767e0a154a79868cec842b5b58e2659155d80586f81622cc492a63a5e3e1",
        "test resource",
    ),
    (
        "T-2878ca0f",
        T,
        "2878ca0f13028e5290f9b1821d120ad2401900aca42e207181a39349924de387",
        "ffb81220478a52f28d8add3257f3a61baf2a8c6f43756334ee79b53559bb52a5",
        "test resource",
    ),
    (
        "T-bc0ba028",
        T,
        "bc0ba0281b43e45f915486d8e7dfc7291ca89132c8cc2930a83f94caf5b42796",
        "c89ce91eecaf039dd07e1b9f5351f5659025d24646ebd63ec91f91c3b1545473",
        "test resource",
    ),
    (
        "T-97abdbc2",
        T,
        "97abdbc254b8758576176b367fcb5f832ff3b1345e8338cefed987a7792427a8",
        "4e57648e8b4432e2f80ea0082de88aa7d03ff355372b2de8270ab262b958c934",
        "test resource",
    ),
    (
        "T-52ce9471",
        T,
        "52ce94715a403dd32207f49417354156da0e6490d137c46b96341bb554ee558b",
        "c2e70b9cafdea710a260f334c7e6e18409dd6a115d0bcb2ff08f7e9016ee404b",
        "test resource",
    ),
    (
        "T-28aa0964",
        T,
        "28aa09646735eea23b384ed2faa7e69fc46729e8c47d62fa2d318f09fcca1312",
        "c9a2255ebbe37abcb3b1fee794765274a4e1489b407a03900e8f2d846efeb012",
        "test resource",
    ),
    (
        "T-b0f1ab61",
        T,
        "b0f1ab613ccb808308cd0dd4598b92dd3a5046fb39c7ff8066042d4c050f5cfa",
        "a9fb020c8a2ccda252cc3f2ea23f8643b9a67d6bcb1f7a0d48b15de28c4a1e90",
        "test resource",
    ),
    (
        "T-fac40122",
        T,
        "fac4012267f00393ebd5bdff50e78e6dab59e9916ec933c747ea6692aeb95f8a",
        "cb5e94c31bcbd2b3c6e95c5fee36fb43229d6adf0c9c89be6b8f1ef3ba928c77",
        "test resource",
    ),
    (
        "T-fc1c6446",
        T,
        "fc1c644691e6f4baa2754fdaf1adba300d5c9a68df29c8f337a9f33922021674",
        "f4b817127b9b619262bf52454b844d91b843fa48f1ec4d7b335bac84343b980e",
        "test resource",
    ),
    (
        "T-f2ca42b5",
        T,
        "f2ca42b506080f139ed69f8cffe3c99d7fcef399c5a8c74a03c931394df51789",
        "b9a87952c620f43d21413adcfa7b735e747fe3f6df7d77d49dc2a853a358344b",
        "test resource",
    ),
    (
        "T-4796f04b",
        T,
        "4796f04ba9a40b6225e2a979e6131d1ca6c49d71e65ffb524a1f7977e26d9a0c",
        "cf41a23208268151b9da54003583f157b0d7d8af73108de0e3779267f220424b",
        "test resource",
    ),
    (
        "V5",
        V,
        "8ace6db1dfa6246fd6d7328049090623f05934ad7165f2f22a44612ba7340b28",
        "85c9aa36100b3d93aa1aefd2ea84c9a10935afd7a9a931c11d8bc8a82d002834",
        "trusted in API-M 2.6",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_readable_and_found_by_both_fingerprints() {
        assert_eq!(KNOWN.len(), TABLE.len());
        for known in known_keys() {
            assert!(known_key(known.spki).is_some(), "{}", known.id);
            assert!(BY_FINGERPRINT.contains_key(&known.certificate));
        }
    }

    #[test]
    fn the_default_of_2_6_is_known() {
        let spki = "ad874c42382e2a464a3dba787fb3a0b5e2de30100545742758a6fbf0cb6aca5e";
        let known = known_key(spki.parse().unwrap()).unwrap();
        assert_eq!((known.id, known.class), ("D2", KnownKeyClass::Default));
    }
}
