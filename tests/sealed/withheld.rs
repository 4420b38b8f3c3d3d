//! What does not open: an error to whoever reads it, and safe in the store until somebody means to lose it.

use countersign::{ChangeRefused, ErrorKind, Keep, store::Changed, store::Replaced, store::Replacement};

use crate::*;

/// A session sealed by a key that has left the ring, but for `own`.
async fn half_sealed(below: &Arc<MemoryStore>) -> (Sealed<Arc<MemoryStore>>, SessionId) {
    let id = keep(&Sealed::new(Arc::clone(below), &ring(&[OLD])), &session("ada")).await;
    let store = Sealed::new(Arc::clone(below), &ring(&[NEW]));
    let record = merged(&store, id, set("own", b"1")).await;
    assert_eq!((names(&record), withheld(&record)), (vec!["own"], vec!["card", "count", Record::ORIGIN]));
    (store, id)
}

#[tokio::test]
async fn it_stays_as_it_is_whatever_else_is_written_and_opens_when_the_key_is_back() {
    let below = Arc::new(MemoryStore::new());
    let (store, id) = half_sealed(&below).await;
    let before = load(&below, id).await.attributes().value("card").unwrap().to_vec();
    merged(&store, id, add("own", 1)).await;
    merged(&store, id, set("other", b"2")).await;
    let mut touch = Change::new();
    touch.touch(NOW);
    touch.remove("other");
    merged(&store, id, touch).await;
    assert_eq!(load(&below, id).await.attributes().value("card").unwrap(), before);
    let both = Sealed::new(Arc::clone(&below), &ring(&[NEW, OLD]));
    let record = load(&both, id).await;
    assert_eq!((names(&record), withheld(&record)), (vec!["card", "count", "own"], vec![]));
    assert_eq!(record.device().os.as_deref(), Some("Plan 9"));
    assert_eq!(record.attributes().value("own"), Some(&b"2"[..]));
}

#[tokio::test]
async fn it_is_not_counted_on_but_set_and_removed_on_purpose() {
    let below = Arc::new(MemoryStore::new());
    let (store, id) = half_sealed(&below).await;
    let seen = load(&store, id).await;
    for change in [add("count", 1), add("count", 1).having_seen(seen)] {
        let changed = store.change(id, change, NOW).await.unwrap();
        assert_eq!(changed, Changed::Refused(ChangeRefused::Withheld("count".into())));
    }
    let record = merged(&store, id, set("count", b"1")).await;
    assert_eq!(withheld(&record), ["card", Record::ORIGIN]);
    let record = merged(&store, id, add("count", 1)).await;
    assert_eq!(record.attributes().value("count"), Some(&b"2"[..]));
    let mut remove = Change::new();
    remove.remove("card");
    assert_eq!(withheld(&*merged(&store, id, remove).await), [Record::ORIGIN]);
    assert_eq!(load(&below, id).await.attributes().value("card"), None);
}

#[tokio::test]
async fn a_replacement_that_would_lose_it_is_refused_and_one_that_means_to_is_not() {
    let below = Arc::new(MemoryStore::new());
    let (store, id) = half_sealed(&below).await;
    let replacement = |keep, change| Replacement { record: session("ada"), keep, change, expect: None };
    let prefix = |prefix: &str| Keep::Prefixes(vec![prefix.into()]);
    for new in [
        replacement(Keep::Everything, Change::new()),
        replacement(prefix("car"), Change::new()),
        replacement(prefix("co"), add("count", 1)),
    ] {
        let mut new = new;
        new.record = bare("ada");
        let replaced = store.replace(id, new, NO_LIMIT.into(), NOW).await.unwrap();
        assert!(matches!(replaced, Replaced::Refused(ChangeRefused::Withheld(_))), "{replaced:?}");
        assert_eq!(load(&store, id).await.withheld().count(), 3, "and has lost nothing");
    }
    let mut new = replacement(prefix("c"), set("card", b"1"));
    new.change.remove("count");
    new.record = bare("ada");
    let replaced = store.replace(id, new, NO_LIMIT.into(), NOW).await.unwrap();
    let Replaced::Done { record, .. } = replaced else { panic!("{replaced:?}") };
    assert_eq!((names(&record), withheld(&record)), (vec!["card"], vec![]));
}

/// A session without attributes of its own.
fn bare(user: &str) -> Record {
    let mut record = session(user);
    let mut change = Change::new();
    change.remove("card");
    change.remove("count");
    record.apply(&change).unwrap();
    record
}

#[tokio::test]
async fn who_reads_it_is_told_its_name_and_what_to_do() {
    let below = Arc::new(MemoryStore::new());
    let (before, _) = sessions(&below, &[OLD]);
    let issued = before.log_in("ada").await.unwrap();
    merged(&Sealed::new(Arc::clone(&below), &ring(&[OLD])), issued.session_id(), set("card", b"\"41\"")).await;
    merged(&Sealed::new(Arc::clone(&below), &ring(&[NEW])), issued.session_id(), set("own", b"1")).await;

    let (sessions, told) = sessions(&below, &[NEW]);
    let session = sessions.authenticate(issued.token()).await.unwrap();
    assert_eq!((told.lock().unwrap().as_slice(), sessions.counters().withheld), (&["card".to_owned()][..], 1));
    let error = session.info().get::<String>("card").unwrap_err();
    assert_eq!((error.kind(), error.kind().status()), (ErrorKind::Unreadable, 500));
    let text = error.to_string();
    assert!(text.contains("`card`") && text.contains("give the key back"), "{text}");
    assert_eq!(session.info().get::<u32>("own").unwrap(), Some(1));
    assert_eq!(session.info().get::<u32>("nothing").unwrap(), None);
    assert_eq!(session.info().withheld().collect::<Vec<_>>(), ["card"]);
}

#[tokio::test]
async fn a_request_reads_what_opens_and_is_told_of_what_does_not() {
    use axum::{Router, body::Body, routing::get};
    use countersign::{Error, Session, SessionLayer};
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    let below = Arc::new(MemoryStore::new());
    let (before, _) = sessions(&below, &[OLD]);
    let issued = before.log_in("ada").await.unwrap();
    merged(&Sealed::new(Arc::clone(&below), &ring(&[OLD])), issued.session_id(), set("cart.1", b"41")).await;
    merged(&Sealed::new(Arc::clone(&below), &ring(&[NEW])), issued.session_id(), set("own", b"1")).await;

    let (sessions, told) = sessions(&below, &[NEW]);
    async fn all(session: Session, prefix: &str) -> Result<String, Error> {
        Ok(session.entries::<String, i64>(prefix)?.len().to_string())
    }
    let app: Router = Router::new()
        .route("/own", get(async |session: Session| session.get::<i64>("own").map(|own| own.unwrap().to_string())))
        .route("/card", get(async |session: Session| session.get::<i64>("cart.1").map(|_| "read")))
        .route("/take", get(async |session: Session| session.take::<i64>("cart.1").map(|_| "taken")))
        .route("/count", get(async |session: Session| session.increment("cart.1", 1)))
        .route("/cart", get(async |session: Session| all(session, "cart.").await))
        .route("/o", get(async |session: Session| all(session, "o").await))
        .route(
            "/set",
            get(async |session: Session| {
                session.set("cart.1", &5)?;
                session.increment("cart.1", 1)?;
                session.get::<i64>("cart.1").map(|value| value.unwrap().to_string())
            }),
        )
        .layer(SessionLayer::new(sessions));
    let ask = async |path: &str| {
        let request = Request::get(path).header("authorization", format!("Bearer {}", *issued.token().reveal()));
        app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    };
    for path in ["/card", "/take", "/count", "/cart"] {
        assert_eq!(ask(path).await, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
    assert_eq!(told.lock().unwrap().len(), 4, "once per request");
    for path in ["/own", "/o", "/set", "/card", "/cart"] {
        assert_eq!(ask(path).await, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_change_of_roles_that_would_lose_where_the_session_is_from_is_refused() {
    use axum::{Router, body::Body, routing::get};
    use countersign::{Session, SessionLayer};
    use http::Request;
    use tower::ServiceExt;

    let below = Arc::new(MemoryStore::new());
    let issued = sessions(&below, &[OLD]).0.log_in("ada").device(session("ada").device()).await.unwrap();
    for (keys, status) in [(&[NEW][..], 500), (&[NEW, OLD], 200)] {
        let (sessions, told) = sessions(&below, keys);
        let app: Router = Router::new()
            .route("/", get(async |session: Session| session.change_roles(["admin"]).await.map(|_| "risen")))
            .layer(SessionLayer::new(sessions));
        let request = Request::get("/").header("authorization", format!("Bearer {}", *issued.token().reveal()));
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(told.lock().unwrap().iter().any(|field| field == Record::ORIGIN), status == 500);
    }
    let risen = below.list("ada", countersign::store::Page { after: None, size: 9 }, NOW).await.unwrap();
    let (store, id) = (Sealed::new(Arc::clone(&below), &ring(&[NEW])), risen[0].id());
    assert_eq!((risen.len(), load(&store, id).await.device().os.as_deref()), (1, Some("Plan 9")));
}
