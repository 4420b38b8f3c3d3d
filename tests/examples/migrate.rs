use countersign::{KeyRing, Sealed, Sessions, SqliteStore};

use crate::example;

#[tokio::test]
async fn it_moves_all_sessions_into_another_file_and_nobody_is_logged_out() {
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let open = async |name: &str| SqliteStore::open(folder.path().join(name)).await.unwrap();
    let keys = KeyRing::generate().unwrap();
    let before = Sessions::new(keys.clone(), open("old.db").await);
    let mut issued = Vec::new();
    for user in 0..30 {
        issued.push(before.log_in(user).await.unwrap());
    }

    let output = example("migrate").args([url("old.db"), url("new.db")]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.ends_with("30 moved, 0 had ended, 0 failed\n"), "{said}");
    let after = Sessions::new(keys.clone(), open("new.db").await);
    for session in &issued {
        assert!(after.authenticate(session.token()).await.is_ok());
        assert!(before.authenticate(session.token()).await.is_err());
    }

    let again = || {
        let mut again = example("migrate");
        again.args([url("new.db"), url("sealed.db"), "KEYS".to_owned()]);
        again
    };
    let output = again().env_remove("KEYS").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && said.contains("the environment variable KEYS is not set"), "{said}");
    let output = again().env("KEYS", &**keys.dangerous_export_current()).output().unwrap();
    assert!(output.status.success());
    let sealed = Sessions::new(keys.clone(), Sealed::new(open("sealed.db").await, &keys));
    for session in &issued {
        assert!(sealed.authenticate(session.token()).await.is_ok());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let output = example("migrate").arg("sqlite:old.db").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && said.contains("usage: migrate FROM TO"), "{said}");
    let output = example("migrate").args(["sqllite:old.db", "memory:"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && said.contains("`sqllite:` is not known"), "{said}");
}
