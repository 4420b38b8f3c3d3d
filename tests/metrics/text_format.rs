//! A strict reader of the Prometheus text format, version 0.0.4: what a lenient one would forgive is an error here.

use std::collections::{BTreeMap, BTreeSet};

/// A page: its metrics by name.
pub(crate) type Page = BTreeMap<String, Family>;

#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) sort: String,
    pub(crate) help: String,
    /// Labels, suffix of the name, value.
    pub(crate) samples: Vec<(Labels, String, f64)>,
}

pub(crate) type Labels = BTreeMap<String, String>;

impl Family {
    /// The sum of all values of a counter or gauge; how many were observed, of a histogram.
    pub(crate) fn total(&self) -> f64 {
        let suffix = if self.sort == "histogram" { "_count" } else { "" };
        self.samples.iter().filter(|(_, of, _)| of == suffix).map(|(_, _, value)| value).sum()
    }

    /// The value of the series with this label.
    pub(crate) fn of(&self, label: &str, value: &str) -> f64 {
        let of = |labels: &Labels| labels.get(label).is_some_and(|found| found == value);
        self.samples.iter().filter(|(labels, _, _)| of(labels)).map(|(_, _, value)| value).sum()
    }
}

/// Reads a page.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(text: &str) -> Result<Page, String> {
    let mut page = Page::new();
    let mut current: Option<(String, Family)> = None;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').ok_or(format!("HELP without text: {line}"))?;
            begin(&mut page, &mut current, name)?.help = help.to_owned();
        } else if let Some(sort) = line.strip_prefix("# TYPE ") {
            let (name, sort) = sort.split_once(' ').ok_or(format!("TYPE without a type: {line}"))?;
            if !["counter", "gauge", "histogram"].contains(&sort) {
                return Err(format!("no such type: {line}"));
            }
            let family = match &mut current {
                Some((of, family)) if of == name && family.sort.is_empty() && family.samples.is_empty() => family,
                _ => begin(&mut page, &mut current, name)?,
            };
            family.sort = sort.to_owned();
        } else if line.starts_with('#') {
            return Err(format!("a comment that is neither: {line}"));
        } else {
            let (name, labels, value) = sample(line)?;
            let (of, family) = current.as_mut().ok_or(format!("no TYPE before {line}"))?;
            let suffix = name.strip_prefix(of.as_str()).ok_or(format!("{line} stands under {of}"))?;
            let suffixes: &[&str] = if family.sort == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            if family.sort.is_empty() || !suffixes.contains(&suffix) {
                return Err(format!("{line} stands under {of}, a {}", family.sort));
            }
            if family.samples.iter().any(|(others, other, _)| (others, other.as_str()) == (&labels, suffix)) {
                return Err(format!("twice: {line}"));
            }
            family.samples.push((labels, suffix.to_owned(), value));
        }
    }
    close(&mut page, &mut current)?;
    Ok(page)
}

fn begin<'a>(page: &mut Page, current: &'a mut Option<(String, Family)>, name: &str) -> Result<&'a mut Family, String> {
    close(page, current)?;
    if !is_name(name, true) || page.contains_key(name) {
        return Err(format!("not a name, or told twice: {name}"));
    }
    Ok(&mut current.insert((name.to_owned(), Family::default())).1)
}

fn close(page: &mut Page, current: &mut Option<(String, Family)>) -> Result<(), String> {
    let Some((name, family)) = current.take() else { return Ok(()) };
    check(&name, &family)?;
    page.insert(name, family);
    Ok(())
}

/// Values that cannot be.
fn check(name: &str, family: &Family) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{name}: {what}"));
    match family.sort.as_str() {
        "" => wrong("has no type"),
        _ if family.samples.is_empty() => wrong("has no sample"),
        "counter" if family.samples.iter().any(|(_, _, value)| value.is_nan() || *value < 0.0) => {
            wrong("below nothing")
        }
        "histogram" => {
            let without_le = |labels: &Labels| {
                let mut labels = labels.clone();
                labels.remove("le");
                labels
            };
            let series: BTreeSet<Labels> = family.samples.iter().map(|(labels, _, _)| without_le(labels)).collect();
            for of in series {
                let mine = || family.samples.iter().filter(|(labels, _, _)| without_le(labels) == of);
                let one = |wanted: &str| mine().find(|(_, suffix, _)| suffix == wanted).map(|(_, _, value)| *value);
                let buckets: Vec<(f64, f64)> = mine()
                    .filter(|(_, suffix, _)| suffix == "_bucket")
                    .map(|(labels, _, value)| {
                        Ok((number(labels.get("le").ok_or("a bucket without a bound")?)?, *value))
                    })
                    .collect::<Result<_, String>>()?;
                let grows = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
                let last = buckets.last().copied();
                if !grows || last.map(|(bound, _)| bound) != Some(f64::INFINITY) {
                    return wrong("buckets do not grow to +Inf");
                }
                if one("_count") != last.map(|(_, count)| count) || one("_sum").is_none() {
                    return wrong("count and last bucket differ, or there is no sum");
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn sample(line: &str) -> Result<(String, Labels, f64), String> {
    let wrong = || format!("not a sample: {line}");
    let at = line.find(['{', ' ']).ok_or_else(wrong)?;
    let (name, rest) = line.split_at(at);
    let mut labels = Labels::new();
    let mut rest = rest;
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            let (label, after) = inner.split_once("=\"").ok_or_else(wrong)?;
            let (value, after) = quoted(after).ok_or_else(wrong)?;
            if !is_name(label, false) || labels.insert(label.to_owned(), value).is_some() {
                return Err(wrong());
            }
            if let Some(after) = after.strip_prefix('}') {
                rest = after;
                break;
            }
            inner = after.strip_prefix(',').ok_or_else(wrong)?;
        }
    }
    let value = rest.strip_prefix(' ').ok_or_else(wrong)?;
    if !is_name(name, true) {
        return Err(wrong());
    }
    Ok((name.to_owned(), labels, number(value)?))
}

/// What stands before the closing quote, and what stands behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

fn number(text: &str) -> Result<f64, String> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => {
            text.parse().map_err(|_| format!("not a number: {text}"))
        }
        _ => Err(format!("not a number: {text}")),
    }
}

fn is_name(text: &str, of_a_metric: bool) -> bool {
    let fits = |at: usize, byte: u8| {
        byte.is_ascii_alphabetic() || byte == b'_' || (of_a_metric && byte == b':') || (at > 0 && byte.is_ascii_digit())
    };
    !text.is_empty() && text.bytes().enumerate().all(|(at, byte)| fits(at, byte))
}

#[test]
fn the_reader_takes_what_is_right_and_nothing_else() {
    let histogram = "# TYPE t histogram\nt_bucket{le=\"1\"} 1\nt_bucket{le=\"+Inf\"} 2\nt_sum 3.5\nt_count 2\n";
    let right = format!("# HELP a_total text\n# TYPE a_total counter\na_total{{k=\"v\\\"\",l=\"\"}} 1\n\n{histogram}");
    let page = read(&right).unwrap();
    assert_eq!((page["a_total"].of("k", "v\""), page["t"].total()), (1.0, 2.0));
    for wrong in [
        "a 1",
        "a 1\n",
        "# TYPE a counter\na -1\n",
        "# TYPE a counter\nb 1\n",
        "# TYPE a counter\na 1\na 2\n",
        "# TYPE a counter\na one\n",
        "# TYPE a counter\na{k=v} 1\n",
        "# TYPE a counter\na{k=\"v\\x\"} 1\n",
        "# TYPE a counter\na 1\n# TYPE a counter\na{k=\"v\"} 1\n",
        "# TYPE a counter\n",
        "# TYPE 1a counter\n1a 1\n",
        &histogram.replace("+Inf\"} 2", "+Inf\"} 3"),
        &histogram.replace("le=\"1\"} 1", "le=\"1\"} 4"),
        &histogram.replace("t_sum 3.5\n", ""),
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
