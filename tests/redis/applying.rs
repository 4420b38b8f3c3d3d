//! The script that applies a change and `Record::apply` are one: whatever the change, whatever the record.

use std::time::Duration;

use countersign::{
    Bounds, Change, Lifetime, Pending, Record, RedisStore, SecretHash, SecretStep, SessionId, SessionStore, Timestamp,
    store::{Changed, Created},
};

use crate::{NO_LIMIT, fresh, support::servers};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_script_and_apply_are_one() {
    let (_, builder) = fresh();
    let store = builder.open(&servers::redis().url()).await.unwrap();
    let (mut merged, mut refused) = (0, 0);
    for seed in 1..=250 {
        let mut dice = Dice(seed * 0x9e37_79b9_7f4a_7c15);
        let mut record = dice.record();
        let now = record.created_at();
        let created = store.create(record.clone(), NO_LIMIT.into(), now).await.unwrap();
        assert_eq!(created, Created::Kept { evicted: vec![] });
        for round in 0..24 {
            let change = dice.change(&record);
            let mut expected = record.clone();
            let answer = match expected.apply(&change) {
                Ok(()) => Changed::Merged(expected.clone().into()),
                Err(why) => Changed::Refused(why),
            };
            let changed = store.change(record.id(), change.clone(), now).await.unwrap();
            assert_eq!(changed, answer, "seed {seed}, round {round}: {change:?}\n to {record:?}");
            *if matches!(changed, Changed::Merged(_)) { &mut merged } else { &mut refused } += 1;
            is_kept(&store, &expected, now, seed).await;
            record = expected;
        }
    }
    assert!(merged > 1_000 && refused > 1_000, "both were met: {merged} merged, {refused} refused");
}

async fn is_kept(store: &RedisStore, expected: &Record, now: Timestamp, seed: u64) {
    let found = store.load(expected.id(), now).await.unwrap();
    assert_eq!(found.as_deref(), Some(expected), "seed {seed}");
}

/// Throws records and changes, always the same ones.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) % sides
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.throw(all.len() as u64)).unwrap()]
    }

    fn record(&mut self) -> Record {
        let user = self.one_of(&[None, Some("ada"), Some("eve:{x}")]);
        let millis = |millis| Duration::from_millis(millis);
        let idle = self.one_of(&[1_000, EDGE, u64::MAX, 1 << 40]);
        let absolute = self.one_of(&[5_000, EDGE + 1, u64::MAX, 1 << 41]);
        let now = self.one_of(&[1_800_000_000_000, 0, EDGE + 1, u64::MAX - 10_000, 9_999_999_999, 10_000_000_000]);
        let secret = SecretHash::from_bytes([self.throw(4) as u8; 32]);
        let id = SessionId::new(user).unwrap();
        let record =
            Record::new(id, secret, Lifetime::new(millis(idle), millis(absolute)), Timestamp::from_millis(now));
        let record = record.with_roles(["a", "b"]).with_remembered(self.throw(2) == 0);
        user.map_or_else(|| record.clone(), |user| record.clone().with_user(user))
    }

    fn change(&mut self, record: &Record) -> Change {
        let mut change = Change::new();
        for _ in 0..self.one_of(&[0, 1, 1, 2, 5]) {
            let long = "x".repeat(self.one_of(&[254, 255, 255, 256]));
            let name = self.one_of(&["", "a", "n", "m", "s", "a:n", "é", "\0", long.as_str(), "n", "a"]);
            match self.throw(8) {
                0 => change.remove(name),
                1..4 => change.set(name, self.value()),
                _ => {
                    let by = self.one_of(&[0, 1, -1, 7, i64::MAX, i64::MIN, 10_000_000_000, -9_999_999_999, 1 << 53]);
                    // What does not add up already within the change is refused by the change.
                    let _ = change.add(name, by);
                }
            }
        }
        if self.throw(3) == 0 {
            let seen = record.last_seen_at().as_millis();
            let moved = self.one_of(&[seen, seen.saturating_add(1), seen / 2, seen.saturating_add(EDGE), u64::MAX]);
            change.touch(Timestamp::from_millis(moved));
        }
        match self.throw(12) {
            0 => change.expect(record.revision()),
            1 => change.expect(record.revision().wrapping_add(1)),
            2 => change.set_transit(true),
            3..6 => change.set_transit(false),
            6 => change.set_sealed_origin(self.value()),
            _ => {}
        }
        if self.throw(3) == 0 {
            change.step(self.step(record));
        }
        if self.throw(2) == 0 {
            let (fields, bytes) = (self.one_of(&[0, 1, 2, 4, 64]), self.one_of(&[0, 10, 40, 300, 32_768]));
            change = change.within(Bounds { fields, bytes, name: 255 });
        }
        change.leaving_uncounted(self.one_of(&[0, 0, 3, 29]))
    }

    fn value(&mut self) -> Vec<u8> {
        let long = vec![b'1'; self.one_of(&[18, 19, 20, 100])];
        let texts: [&[u8]; 24] = [
            b"",
            b"5",
            b"007",
            b"+5",
            b"-5",
            b"-0",
            b"+",
            b"-",
            b"abc",
            b" 5",
            b"5 ",
            b"1e3",
            b"\xff\0",
            b"5\0",
            b"5\n",
            b"9223372036854775807",
            b"-9223372036854775808",
            b"9223372036854775808",
            b"-9223372036854775809",
            b"00000000000000000000000000009",
            b"9999999999",
            b"10000000000",
            b"-10000000000",
            &long,
        ];
        self.one_of(&texts).to_vec()
    }

    fn step(&mut self, record: &Record) -> SecretStep {
        let stranger = SecretHash::from_bytes([self.throw(4) as u8; 32]);
        let seen = record.last_seen_at().as_millis();
        if self.throw(2) == 0 {
            let pending =
                Pending { hash: SecretHash::from_bytes([self.throw(4) as u8; 32]), nonce: [self.throw(9) as u8; 16] };
            return SecretStep::Propose { from: self.one_of(&[*record.secret(), *record.secret(), stranger]), pending };
        }
        let proposed = record.succession().pending().map_or(stranger, |pending| pending.hash);
        SecretStep::Confirm {
            successor: self.one_of(&[proposed, proposed, proposed, stranger]),
            at: Timestamp::from_millis(self.one_of(&[seen, seen.saturating_add(5), seen / 3, u64::MAX])),
            grace: Duration::from_millis(self.one_of(&[0, 10, 1_000, u64::MAX])),
        }
    }
}

/// Beyond this, numbers of 53 bits are not exact.
const EDGE: u64 = 1 << 53;
