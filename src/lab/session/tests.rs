#[test]
fn none_yet() {}
