//! What stays of a browser's name when it updates itself.

/// A `User-Agent` header without its version numbers, as a number. The same browser on the same system has the same after an
/// update; another browser, system or kind of device has, as good as always, another.
///
/// It is a help to compare by, and proves nothing: everybody can send any header, and whoever wants two headers with one
/// number finds them. It is kept in records, so it is the same in every version of this crate and on every machine.
///
/// A build's name that has letters in it counts as a name: some Android browsers change theirs with the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AgentFamily(u64);

impl AgentFamily {
    /// Digits, `.` and `_` do not count, nor does what follows the first 512 bytes.
    pub(crate) fn of(header: &[u8]) -> Self {
        // What counts, closed up: each byte takes the place of one before that does not count. No branch to guess wrong.
        let mut kept = [0; LONGEST + 1];
        let mut length = 0;
        for byte in header.iter().take(LONGEST) {
            kept[length] = *byte;
            length += usize::from(COUNTS[usize::from(*byte)]);
        }
        kept[length] = 0;
        let (words, _) = kept[..length.next_multiple_of(WORD)].as_chunks::<WORD>();
        let start = SEED ^ length as u64;
        Self(spread(words.iter().fold(start, |sum, word| spread(sum ^ u64::from_le_bytes(*word)))))
    }

    /// The number to keep.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

/// Each number has another outcome, in which every bit of it may count.
const fn spread(number: u64) -> u64 {
    let product = (number ^ (number >> 32)).wrapping_mul(FACTOR);
    product ^ (product >> 29)
}

/// Frozen, like all of this: kept numbers are compared with new ones.
const SEED: u64 = 0x6167_656e_7466_616d;
/// Odd, with bits all over it: the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
const LONGEST: usize = 512;
const WORD: usize = 8;

/// Whether a byte counts: 1 or 0.
const COUNTS: [u8; 256] = {
    let mut counts = [1; 256];
    let mut without = b"0123456789._".as_slice();
    while let [byte, rest @ ..] = without {
        counts[*byte as usize] = 0;
        without = rest;
    }
    counts
};

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36";
    const CHROME_ON_LINUX: &str =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36";
    const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:99.0) Gecko/20100101 Firefox/99.0";
    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
        (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";

    fn of(header: &str) -> AgentFamily {
        AgentFamily::of(header.as_bytes())
    }

    #[test]
    fn an_update_changes_nothing() {
        for (browser, updated) in [
            (CHROME, CHROME.replace("155.0.0.0", "156.0.0.0")),
            (CHROME, CHROME.replace("155.0.0.0", "1560.0.7204.50")),
            (CHROME_ON_LINUX, CHROME_ON_LINUX.replace("155", "156")),
            (FIREFOX, FIREFOX.replace("99.0", "100.0.1")),
            (IPHONE, IPHONE.replace("18_1", "18_2").replace("18.1", "18.2")),
            (IPHONE, IPHONE.replace("18_1", "18_1_1")),
            ("curl/8.9.1", "curl/8.10.0".to_owned()),
        ] {
            assert_ne!(browser, updated);
            assert_eq!(of(browser), of(&updated), "{updated}");
        }
    }

    #[test]
    fn another_browser_system_or_kind_of_device_is_another() {
        let all = [
            CHROME.to_owned(),
            CHROME_ON_LINUX.to_owned(),
            format!("{CHROME} Edg/155.0.0.0"),
            FIREFOX.to_owned(),
            FIREFOX.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64"),
            IPHONE.to_owned(),
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Mobile Safari/537.36"
                .to_owned(),
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36"
                .to_owned(),
            CHROME.to_lowercase(),
            "curl/8.9.1".to_owned(),
            String::new(),
        ];
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                assert_ne!(of(one), of(other), "{one}\n{other}");
            }
        }
    }

    #[test]
    fn the_order_of_what_counts_matters_and_its_end() {
        for (one, other) in
            [("abcdefgh", "hgfedcba"), ("abcdefghABCDEFGH", "ABCDEFGHabcdefgh"), ("abcdefgh", "abcdefgh ")]
        {
            assert_ne!(of(one), of(other), "{one} {other}");
        }
        assert_ne!(AgentFamily::of(b"a"), AgentFamily::of(b"a\0"), "nor is the end filled up with what could be sent");
    }

    #[test]
    fn what_follows_512_bytes_is_not_looked_at() {
        let long = "a".repeat(512);
        assert_eq!(of(&long), of(&format!("{long}b")));
        assert_eq!(of(&long), of(&"a".repeat(1 << 20)));
        assert_ne!(of(&long), of(&"a".repeat(511)));
        assert_eq!(of(&"1".repeat(1 << 20)), of(""));
    }

    #[test]
    fn kept_numbers_mean_the_same_in_every_version() {
        assert_eq!(of(CHROME).number(), 0x4de8_5e61_67de_7416);
        assert_eq!(of(IPHONE).number(), 0xb407_7d8c_c59f_8b74);
    }
}
