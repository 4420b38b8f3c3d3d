//! What a request sees of its own writes, and what is stored of them.

use std::{collections::BTreeMap, convert::Infallible};

use countersign::{Bounds, Config, KeyRing, MemoryStore, Session, SessionLayer, Sessions};
use http::{
    Request, Response, StatusCode,
    header::{COOKIE, SET_COOKIE},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::{
    cases,
    model::{Edit, Fields, apply_all, edit},
    wait,
};

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_handler_sees_its_own_writes_and_the_next_one_finds_them(plans in vec(plan(), 1..8)) {
        let mut config = Config::production();
        config.attributes = BOUNDS;
        let sessions = Sessions::builder(KeyRing::generate().unwrap(), MemoryStore::new()).config(config).build().unwrap();
        let service = SessionLayer::new(sessions).layer(service_fn(handler));

        let (mut cookie, mut stored) = (None, Fields::new());
        for plan in plans {
            let mut request = Request::builder().extension(plan).extension(stored);
            if let Some(cookie) = &cookie {
                request = request.header(COOKIE, cookie);
            }
            let response = wait(service.clone().oneshot(request.body(()).unwrap())).unwrap();
            prop_assert_eq!(response.status(), StatusCode::OK);
            if let Some(set) = response.headers().get(SET_COOKIE) {
                prop_assert!(cookie.is_none(), "only a session that begins sets the cookie");
                cookie = Some(set.to_str().unwrap().split(';').next().unwrap().to_owned());
            }
            stored = response.into_body();
        }
    }
}

/// Writes as planned, and compares all along. Answers with what should be stored in the end.
async fn handler(request: Request<()>) -> Result<Response<Fields>, Infallible> {
    let session = Session::of(&request);
    let plan: &Plan = request.extensions().get().unwrap();
    let mut stored: Fields = request.extensions().get().cloned().unwrap();
    assert_eq!(seen(&session), stored);

    let (mut taken, mut view) = (Vec::new(), stored.clone());
    let commit_at = plan.commit_at.map(|index| index.index(plan.edits.len() + 1));
    for (index, edit) in plan.edits.iter().enumerate() {
        if commit_at == Some(index) && session.commit().await.is_ok() {
            stored = view.clone();
            taken.clear();
        }
        taken.push(edit.clone());
        let mut next = stored.clone();
        let fits = apply_all(&taken, Some(BOUNDS), &mut next).is_ok();
        assert_eq!(write(&session, edit), fits, "{edit:?}, to {view:?}");
        if fits {
            view = next;
        } else {
            taken.pop();
        }
        assert_eq!(seen(&session), view);
    }
    Ok(Response::new(view))
}

fn write(session: &Session, edit: &Edit) -> bool {
    match edit {
        Edit::Set(name, value) => session.set(name, &serde_json::from_slice::<Value>(value).unwrap()),
        Edit::Remove(name) => session.remove(name),
        Edit::Add(name, by) => session.increment(name, *by),
    }
    .is_ok()
}

/// All attributes, read in both ways.
fn seen(session: &Session) -> Fields {
    let entries: BTreeMap<String, Value> = session.entries("").unwrap();
    for (name, value) in &entries {
        assert_eq!(session.get::<Value>(name).unwrap().as_ref(), Some(value));
    }
    entries.into_iter().map(|(name, value)| (name, value.to_string().into_bytes())).collect()
}

/// What a handler writes, and before which of its writes it commits.
#[derive(Clone, Debug)]
struct Plan {
    edits: Vec<Edit>,
    commit_at: Option<Index>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let value = prop_oneof![-50..50_i64, Just(i64::MAX)].prop_map(|n| n.to_string());
    let value = prop_oneof![value, "\"[a-z]{0,12}\""].prop_map(String::into_bytes);
    (vec(edit(value, -9..=0), 0..9), any::<Option<Index>>()).prop_map(|(edits, commit_at)| Plan { edits, commit_at })
}

/// Tight, so that many a write is one too many.
const BOUNDS: Bounds = Bounds { fields: 3, bytes: 30, name: 128 };
