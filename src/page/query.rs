use std::fmt::Write as _;

/// Text as a value in an address: whatever is not unreserved is percent-encoded (RFC 3986, section 2.3).
pub(crate) fn in_query(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            // A `String` takes whatever is written to it.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unreserved_stays() {
        assert_eq!(in_query("a.B-9_~"), "a.B-9_~");
        assert_eq!(in_query("ä&b=c d/#\r\n"), "%C3%A4%26b%3Dc%20d%2F%23%0D%0A");
    }
}
