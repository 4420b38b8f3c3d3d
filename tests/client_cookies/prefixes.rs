//! Section 5.4: what the prefix of a name promises is kept, in any case, and by nobody else.

use countersign::client::CookieRefusalKind;

use crate::help::echoed;

const SECURE: &str = "https://www.example.com/";

fn assert_taken(cases: &[(&str, bool)]) {
    for (set_cookie, taken) in cases {
        let expected = if *taken { Ok(()) } else { Err(CookieRefusalKind::Prefix) };
        assert_eq!(echoed(SECURE, set_cookie).map(|_| ()), expected, "{set_cookie}");
    }
}

#[test]
fn s5_4_secure_is_for_secure_cookies() {
    assert_taken(&[
        ("__Secure-a=1; Secure", true),
        ("__Secure-a=1; Secure; Domain=example.com; Path=/x", true),
        ("__secure-a=1; Secure", true),
        ("__Secure-a=1", false),
        ("__secure-a=1", false),
        ("__SECURE-a=1; Path=/", false),
        ("__sEcUrE-=1", false),
        (" __Secure-a =1", false),
        ("__Secure_a=1", true),
        ("x__Secure-a=1", true),
        ("_Secure-a=1", true),
        ("__%53ecure-a=1", true),
    ]);
}

#[test]
fn s5_4_host_is_for_one_host_and_all_of_it() {
    assert_taken(&[
        ("__Host-a=1; Secure; Path=/", true),
        ("__hOST-a=1; Secure; Path=/; HttpOnly", true),
        ("__Host-a=1; Secure; Path=/; Domain=", true),
        ("__Host-a=1; Secure", false),
        ("__Host-a=1; Path=/", false),
        ("__Host-a=1; Secure; Path=/x", false),
        ("__Host-a=1; Secure; Path=//", false),
        ("__Host-a=1; Secure; Path=x", false),
        ("__Host-a=1; Secure; Path=/; Domain=www.example.com", false),
        ("__HOST-a=1; Secure; Path=/; Domain=example.com", false),
        ("__host-=1; Secure; Path=/; Domain=example.com", false),
        ("__Host-=1", false),
        ("__Hos-a=1", true),
    ]);
}

#[test]
fn s5_4_http_is_for_cookies_that_scripts_do_not_see() {
    assert_taken(&[
        ("__Http-a=1; Secure; HttpOnly", true),
        ("__Http-a=1; Secure; HttpOnly; Domain=example.com; Path=/x", true),
        ("__http-a=1; Secure", false),
        ("__HTTP-a=1; HttpOnly", false),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/", true),
        ("__host-http-a=1; Secure; Path=/", false),
        ("__Host-Http-a=1; Secure; HttpOnly", false),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/; Domain=example.com", false),
        ("__Host-Http=1; Secure; Path=/", true),
    ]);
}

#[test]
fn s5_7_a_cookie_without_a_name_does_not_begin_with_a_prefix() {
    assert_taken(&[
        ("=__Host-a=1; Secure; Path=/", false),
        ("__Host-a; Secure; Path=/", false),
        ("= __secure-a=1; Secure", false),
        ("=__HTTP-a=1; Secure; HttpOnly", false),
        ("=__Host-Http-a=1; Secure; HttpOnly; Path=/", false),
        ("=a__Host-a=1", true),
        ("=__Host", true),
    ]);
}

#[test]
fn s5_4_an_insecure_origin_sets_no_prefixed_cookie() {
    let insecure = "http://www.example.com/";
    assert_eq!(echoed(insecure, "__Host-a=1; Path=/"), Err(CookieRefusalKind::Prefix));
    assert_eq!(echoed(insecure, "__Host-a=1; Path=/; Secure"), Err(CookieRefusalKind::InsecureOrigin));
    assert_eq!(echoed("http://localhost/", "__Host-a=1; Path=/; Secure").as_deref(), Ok("__Host-a=1"));
}
