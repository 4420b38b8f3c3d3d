//! Names for what could not be understood.

use crate::clock::Timestamp;

/// What can be put behind the name of something to set it aside at this time: the first that gives a free name.
pub(super) fn suffixes(now: Timestamp) -> impl Iterator<Item = String> {
    // Without colons: not every system takes them in names.
    let first = format!(".corrupt-{}", now.to_string().replace(':', "-"));
    (1_u64..).map(move |count| if count == 1 { first.clone() } else { format!("{first}-{count}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_another_name() {
        let mut suffixes = suffixes(Timestamp::from_millis(1_800_000_000_000));
        assert_eq!(suffixes.next().unwrap(), ".corrupt-2027-01-15T08-00-00.000Z");
        assert_eq!(suffixes.next().unwrap(), ".corrupt-2027-01-15T08-00-00.000Z-2");
    }
}
