/// Where a database is, for an error. If the password in its address has a slash, what follows that is taken for the database:
/// then nothing of it is shown.
pub(crate) fn shown_place(what: &str, host: &str, port: u16, database: Option<&str>) -> String {
    let database = database.unwrap_or_default();
    if database.contains('@') {
        return format!("in {what}, at an address whose password has to be percent-encoded,");
    }
    format!("in {what} at {host}:{port}/{database}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_a_slash_is_not_taken_for_a_database() {
        assert_eq!(shown_place("MySQL", "db", 3306, Some("app")), "in MySQL at db:3306/app");
        let broken = shown_place("MySQL", "app", 12, Some("ss9Xq+secret@127.0.0.1:1/app"));
        assert!(!broken.contains("12") && !broken.contains("secret"), "{broken}");
    }
}
