//! Tables in Markdown, and numbers as one reads them.

/// The head of a table; all columns but the first are numbers.
pub fn header(cells: &[&str]) {
    println!("| {} |", cells.join(" | "));
    println!("|---|{}", "---:|".repeat(cells.len() - 1));
}

/// A row.
pub fn line(name: &str, cells: &[String]) {
    println!("| {name} | {} |", cells.join(" | "));
}

/// Nanoseconds, as one reads them.
#[must_use]
pub fn duration(nanoseconds: f64) -> String {
    match nanoseconds.abs() {
        ..999.5 => format!("{nanoseconds:.0} ns"),
        ..999_950.0 => format!("{:.2} µs", nanoseconds / 1e3),
        ..1e9 => format!("{:.2} ms", nanoseconds / 1e6),
        _ => format!("{:.2} s", nanoseconds / 1e9),
    }
}

/// A number with a comma at every thousand.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
