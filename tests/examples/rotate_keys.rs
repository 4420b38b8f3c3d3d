use crate::example;

#[test]
fn it_runs_to_its_end_and_says_what_it_does() {
    let output = example("rotate_keys").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), 5, "{said}");
    assert!(said.ends_with("refused\n"), "{said}");
}
