//! Whatever is sealed opens; whatever is altered does not.

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::{collection::btree_map, prelude::*, test_runner::Config as Cases};

use crate::*;

proptest! {
    #![proptest_config(Cases { cases: 64, failure_persistence: None, ..Cases::default() })]

    #[test]
    fn all_values_come_back_and_no_byte_can_be_altered(
        user in ".{0,20}",
        fields in btree_map(".{0,12}", any::<Vec<u8>>(), 1..5),
        at in any::<prop::sample::Index>(),
        by in 1..=255_u8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let below = MemoryStore::new();
            let below = Arc::new(below);
            let store = Sealed::new(Arc::clone(&below), &ring(&[OLD]));
            let mut record = session(&user);
            for (name, value) in &fields {
                record.apply(&set(name, value)).unwrap();
            }
            let id = keep(&store, &record).await;
            assert_eq!(*load(&store, id).await, record);

            let row = serde_json::to_value(&*load(&below, id).await).unwrap();
            for name in fields.keys() {
                let mut altered = row.clone();
                let mut sealed = BASE64_STANDARD.decode(row["attributes"][name].as_str().unwrap()).unwrap();
                let at = at.index(sealed.len());
                sealed[at] ^= by;
                altered["attributes"][name] = BASE64_STANDARD.encode(sealed).into();
                below.revoke(id, NOW).await.unwrap();
                keep(&below, &serde_json::from_value(altered).unwrap()).await;
                let read = load(&store, id).await;
                assert_eq!(withheld(&read), [name], "byte {at}");
                assert_eq!(read.attributes().value(name), None);
            }
        });
    }
}
