//! The elements of a header that is a list, from the last to the first.

use std::iter::Rev;

use http::{HeaderMap, HeaderName, HeaderValue, header::ValueIter};

/// Headers of one name, which are one list. Each proxy adds its element at the end, so that is where reading begins.
///
/// A comma ends an element, even between quotes: nothing that stands further left changes how one is read. Otherwise half a
/// quoted string that a client sends could swallow what a proxy adds, if that has a quote too few. A quoted comma, which no
/// address and no scheme has, thus breaks its element, and leaves the client unknown.
///
/// `None` instead of an element: from here on, nothing can be told. So it is
/// - after 64 elements or 8 KiB, so that a long header costs no time;
/// - at an empty element, unless only empty ones stand left of it. RFC 9110, section 5.6.1, passes over it; but who has
///   written nothing has not told who called him, and the next element is the word of somebody else.
pub(super) struct Elements<'a> {
    lines: Rev<ValueIter<'a, HeaderValue>>,
    /// What is still to be read of a line.
    line: Option<&'a [u8]>,
    elements: usize,
    bytes: usize,
}

impl<'a> Elements<'a> {
    pub(super) fn of(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        Self { lines: headers.get_all(name).iter().rev(), line: None, elements: MOST_ELEMENTS, bytes: MOST_BYTES }
    }

    /// How many there are. `None` if that cannot be told.
    pub(super) fn length(mut self) -> Option<usize> {
        self.try_fold(0, |count, element| element.map(|_| count + 1))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut gap = false;
        loop {
            let line = self.line.take().or_else(|| self.lines.next().map(HeaderValue::as_bytes))?;
            let seen = &line[line.len().saturating_sub(self.bytes)..];
            let comma = seen.iter().rposition(|byte| *byte == b',');
            if self.elements == 0 || (comma.is_none() && seen.len() < line.len()) {
                return Some(None);
            }
            let element = comma.map_or(seen, |comma| &seen[comma + 1..]);
            self.line = comma.map(|_| &line[..line.len() - element.len() - 1]);
            self.elements -= 1;
            self.bytes = self.bytes.saturating_sub(element.len() + 1);
            let element = element.trim_ascii();
            if !element.is_empty() {
                return Some((!gap).then_some(element));
            }
            gap = true;
        }
    }
}

const MOST_ELEMENTS: usize = 64;
const MOST_BYTES: usize = 8 * 1024;
