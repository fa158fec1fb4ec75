use crate::site::Site;

const REFERENCE: &str = include_str!("../../examples/apim-2.6-ha/apim-pki.toml");

#[test]
fn the_reference_deployment_is_made_verified_and_left_alone_the_second_time() {
    let site = Site::new(REFERENCE);
    let first = site.issue();
    assert!(first.report.is_clean(), "{:#?}", first.report);
    assert!(
        first.report.edges.len() > 60,
        "{}",
        first.report.edges.len()
    );
    let before = site.snapshot();
    let second = site.issue();
    assert_eq!(second.actions, [] as [String; 0]);
    assert_eq!(site.snapshot(), before);
    assert!(site.verify().is_clean());
}
