use super::*;

#[test]
fn the_presets_are_the_documented_numbers() {
    let production = Config::production();
    assert_eq!(production.lifetime, Lifetime::new(Duration::from_secs(1_800), Duration::from_secs(28_800)));
    assert_eq!(production.remember, Lifetime::new(Duration::from_secs(1_209_600), Duration::from_secs(2_592_000)));
    assert_eq!(production.cookie.name, "__Host-sid");
    assert!(production.cookie.secure);
    assert_eq!(production.limit.max, 10);
    production.validate().unwrap();

    let development = Config::development();
    assert_eq!(development.lifetime, Lifetime::new(Duration::from_secs(14_400), Duration::from_secs(86_400)));
    assert_eq!((development.cookie.name.as_str(), development.cookie.secure), ("sid", false));
    assert_eq!(development.rotation.every, None);
    development.validate().unwrap();
}

#[test]
fn a_contradiction_names_its_field() {
    type Edit = fn(&mut Config);
    let cases: [(&str, Edit); 39] = [
        ("lifetime.idle", |c| c.lifetime.idle = Duration::ZERO),
        ("lifetime.absolute", |c| c.lifetime.absolute = Duration::from_secs(60)),
        ("remember.absolute", |c| c.remember.absolute = Duration::from_secs(401 * 86_400)),
        ("refresh_interval", |c| c.refresh_interval = Duration::from_secs(181)),
        ("rotation.every", |c| c.rotation.every = Some(c.rotation.grace)),
        ("cookie.secure", |c| c.cookie.secure = false),
        ("cookie.path", |c| c.cookie.path = "/app".to_owned()),
        ("cookie.domain", |c| c.cookie.domain = Some("example.org".to_owned())),
        ("cookie.name", |c| c.cookie.name = "a b".to_owned()),
        ("cookie.name", |c| c.cookie.name = String::new()),
        ("cookie.same_site", |c| {
            c.cookie = Cookie { name: "sid".to_owned(), secure: false, same_site: SameSite::None, ..c.cookie.clone() };
        }),
        ("cookie.path", |c| {
            c.cookie = Cookie { name: "sid".to_owned(), path: "/;Domain=evil".to_owned(), ..c.cookie.clone() };
        }),
        ("attributes.name", |c| c.attributes.name = 256),
        ("cookie.domain", |c| {
            c.cookie = Cookie { name: "sid".to_owned(), domain: Some("a,b".to_owned()), ..c.cookie.clone() };
        }),
        ("cookie.domain", |c| {
            c.cookie = Cookie { name: "sid".to_owned(), domain: Some(".".to_owned()), ..c.cookie.clone() };
        }),
        ("remember.idle", |c| c.remember.idle = Duration::from_millis(999)),
        ("second_factor.within", |c| c.second_factor.within = Duration::from_secs(1_801)),
        ("second_factor.url", |c| c.second_factor.url = Some("https://elsewhere.example".to_owned())),
        ("assurance.aal3.idle", |c| c.assurance.aal3.idle = Duration::ZERO),
        ("binding.ipv4_prefix", |c| c.binding.ipv4_prefix = 33),
        ("binding.ipv6_prefix", |c| c.binding.ipv6_prefix = 0),
        ("cross_site.origins", |c| c.cross_site.origins = vec!["example.org".to_owned()]),
        ("cross_site.origins", |c| c.cross_site.origins = vec!["https://example.org/".to_owned()]),
        ("cross_site.origins", |c| c.cross_site.origins = vec!["https://Example.org".to_owned()]),
        ("cross_site.origins", |c| c.cross_site.origins = vec!["https://example.org:443".to_owned()]),
        ("cross_site.origins", |c| c.cross_site.origins = vec!["https://example.org.".to_owned()]),
        ("cross_site.origins", |c| c.cross_site.origins = vec!["https://ada@example.org".to_owned()]),
        ("cross_site.check", |c| {
            c.cookie.same_site = SameSite::None;
            c.cross_site.check = CrossSiteCheck::Report;
        }),
        ("cross_site.check", |c| {
            c.cookie.same_site = SameSite::None;
            c.cross_site.check = CrossSiteCheck::Off;
        }),
        ("proxies.trusted", |c| c.proxies.trusted = vec!["10.0.0.0/33".to_owned()]),
        ("device.name", |c| c.device.name = Some(c.cookie.name.clone())),
        ("device.lifetime", |c| c.device.lifetime = Duration::from_secs(401 * 86_400)),
        ("throttle.account.longest_delay", |c| c.throttle.account.longest_delay = Duration::from_secs(1)),
        ("throttle.network.forget", |c| c.throttle.network.forget = Duration::from_secs(1)),
        ("throttle.most_failures", |c| c.throttle.most_failures = 101),
        ("throttle.answer_after", |c| c.throttle.answer_after = Duration::from_secs(11)),
        ("sweep.batch", |c| c.sweep.batch = 0),
        ("monitoring.count_every", |c| c.monitoring.count_every = Some(Duration::ZERO)),
        ("login_url", |c| c.login_url = Some("//elsewhere".to_owned())),
    ];
    for (field, edit) in cases {
        let mut config = Config::production();
        edit(&mut config);
        assert_eq!(config.validate().unwrap_err().field(), field);
    }
}

#[test]
fn origins_are_written_as_browsers_write_them() {
    for origin in
        ["https://example.org", "http://localhost:5173", "https://[2001:db8::1]:8443", "https://xn--a.example"]
    {
        let mut config = Config::production();
        config.cross_site.origins = vec![origin.to_owned()];
        config.validate().unwrap();
    }
}

#[test]
fn a_list_is_one_text_with_commas_in_the_environment() {
    let config = from_variables(&[("APP_PROXIES__TRUSTED", "10.0.0.0/8, ::1"), ("APP_DEVICE__NAME", "off")]).unwrap();
    assert_eq!(config.proxies.trusted, ["10.0.0.0/8", "::1"]);
    assert_eq!(config.device.name, None);
}

#[cfg(feature = "toml")]
#[test]
fn every_setting_survives_a_round_trip_through_toml() {
    for config in [Config::production(), Config::development()] {
        let text = serde_json::to_value(&config).unwrap();
        let text = toml_text("", text.as_object().unwrap());
        assert_eq!(Config::from_toml(&text).unwrap(), config, "{text}");
    }
}

#[cfg(feature = "toml")]
#[test]
fn a_file_is_laid_over_the_preset_that_it_names() {
    let config = Config::from_toml("preset = \"development\"\n[limit]\nmax = 3\nwhen_full = \"reject\"").unwrap();
    assert_eq!(config.limit, Limit { max: 3, when_full: WhenFull::Reject });
    assert_eq!(config.cookie.name, "sid");
}

#[cfg(feature = "toml")]
#[test]
fn what_a_file_gets_wrong_is_named() {
    let cases = [
        ("lifetme = 3", "lifetme", "unknown field"),
        ("[cookie]\nsecure = \"yes\"", "cookie.secure", "boolean"),
        ("[cookie]\nhttp_only = false", "cookie.http_only", "unknown field"),
        ("[lifetime]\nidle = \"soon\"", "lifetime.idle", "\"30m\""),
        ("[lifetime]\nidle = 30", "lifetime.idle", "\"30m\""),
        ("[limit]\nwhen_full = \"panic\"", "limit.when_full", "evict-oldest"),
        ("preset = \"staging\"", "preset", "development"),
        ("= 1", "(file)", "TOML"),
        ("[cookie]\nsecure = false", "cookie.secure", "__Host-"),
    ];
    for (text, field, hint) in cases {
        let error = Config::from_toml(text).unwrap_err();
        assert_eq!(error.field(), field, "{error}");
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn the_environment_sets_fields_and_groups() {
    let variables = [("APP_LIFETIME__IDLE", "10m"), ("APP_LIMIT__MAX", "3"), ("APP_AUDIENCE", "7"), ("PATH", "/bin")];
    let config = from_variables(&variables).unwrap();
    assert_eq!(config.lifetime.idle, Duration::from_secs(600));
    assert_eq!((config.limit.max, config.audience.as_str()), (3, "7"));
}

#[test]
fn what_the_environment_gets_wrong_is_named() {
    let cases = [
        ("APP_LIFETIME__IDEL", "10m", "lifetime.idel"),
        ("APP_IDLE", "10m", "idle"),
        ("APP_COOKIE__SECURE", "maybe", "cookie.secure"),
    ];
    for (name, value, field) in cases {
        assert_eq!(from_variables(&[(name, value)]).unwrap_err().field(), field);
    }
}

fn from_variables(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::production().with_variables("APP", variables.iter().map(|(name, value)| (name.into(), value.into())))
}

/// A TOML writer of the few shapes that settings have.
#[cfg(feature = "toml")]
fn toml_text(group: &str, settings: &serde_json::Map<String, serde_json::Value>) -> String {
    use serde_json::Value;
    let mut own = String::new();
    let mut groups = String::new();
    for (name, value) in settings {
        match value {
            Value::Null => {}
            Value::Object(inner) if group.is_empty() => groups += &toml_text(name, inner),
            Value::Object(inner) => groups += &toml_text(&format!("{group}.{name}"), inner),
            value => own += &format!("{name} = {value}\n"),
        }
    }
    let header = if group.is_empty() { String::new() } else { format!("[{group}]\n") };
    header + &own + &groups
}
