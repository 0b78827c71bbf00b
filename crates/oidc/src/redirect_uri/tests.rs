//! The example table of the specification with this project's answers, and properties no pattern may break.

use proptest::prelude::*;

use super::*;

fn check(pattern: &str, input: &str) -> bool {
    RedirectUri::parse(input).is_ok_and(|uri| matches(pattern, &uri))
}

#[test]
fn examples_that_match() {
    for (pattern, input) in [
        ("https://a.ex/cb", "https://a.ex/cb"),
        ("https://a.ex/cb", "https://A.ex/cb"),
        ("https://a.ex/cb", "https://a.ex:443/cb"),
        ("https://a.ex/cb", "https://a.ex/x/../cb"),
        ("https://a.ex/", "https://a.ex"),
        ("https://a.ex", "https://a.ex"),
        ("https://a.ex", "https://a.ex/"),
        ("https://a.ex/*", "https://a.ex/cb"),
        ("https://a.ex/*", "https://a.ex/auth/oidc.callback"),
        ("https://a.ex/*", "https://a.ex/cb/"),
        ("https://a.ex/**", "https://a.ex/"),
        ("https://a.ex/**", "https://a.ex/cb"),
        ("https://a.ex/**", "https://a.ex/a/b/c"),
        ("https://a.ex/**/cb", "https://a.ex/api/v1/cb"),
        ("https://a.ex/*/cb", "https://a.ex/x/cb"),
        ("https://a.ex/t*", "https://a.ex/test"),
        ("https://a.ex/*-cb", "https://a.ex/oauth-cb"),
        ("https://a.ex/*.html", "https://a.ex/oidc.html"),
        ("https://*.ex.com/cb", "https://a.ex.com/cb"),
        ("https://*.ex.com/cb", "https://a.b.ex.com/cb"),
        ("https://*/cb", "https://anything.example/cb"),
        ("https://a.ex:*/cb", "https://a.ex/cb"),
        ("https://a.ex:*/cb", "https://a.ex:8443/cb"),
        ("https://a.ex:80*/cb", "https://a.ex:8080/cb"),
        ("https://u:*@a.ex/cb", "https://u:pw@a.ex/cb"),
        ("https://u:pw@a.ex/cb", "https://u:pw@a.ex/cb"),
        ("https://*@a.ex/cb", "https://u:pw@a.ex/cb"),
        ("myapp://u@x/cb", "myapp://u@x/cb"),
        ("*://a.ex/cb", "https://a.ex/cb"),
        ("*://a.ex/cb", "myapp://a.ex/cb"),
        ("https://a.ex/cb?code=*", "https://a.ex/cb?code=abc"),
        ("https://a.ex/cb?m=p&s=*", "https://a.ex/cb?s=1&m=p"),
        ("https://a.ex/cb?v=[0-9]?%5C*", "https://a.ex/cb?v=5x*"),
        ("https://a.ex/cb?v=[^a-c]", "https://a.ex/cb?v=d"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:9999/cb"),
        ("http://127.0.0.1:1234/cb", "http://127.0.0.1:9999/cb"),
        ("http://localhost/cb", "http://localhost:8080/cb"),
        ("http://[::1]/auth/*", "http://[::1]:8080/auth/cb"),
        ("http://localhost", "http://localhost:5000"),
        ("http://localhost", "http://localhost:5000/"),
        ("http://127.0.0.1", "http://127.0.0.1:5000/"),
        ("app.immich:///oauth-callback", "app.immich:///oauth-callback"),
        ("app.immich:/cb", "app.immich:/cb"),
        ("app.immich:/cb", "app.immich:///cb"),
        ("oc://android.owncloud.com", "oc://android.owncloud.com"),
        ("oc://android.owncloud.com", "oc://android.owncloud.com/"),
        ("*", "https://any.example/at?all=1"),
        ("*", "myapp://x"),
        ("https://bücher.ex/cb", "https://xn--bcher-kva.ex/cb"),
        ("https://a.ex/cb#frag", "https://a.ex/cb"),
        ("https://a.ex/(x)+{y}", "https://a.ex/(x)+{y}"),
    ] {
        assert!(check(pattern, input), "{pattern} should admit {input}");
    }
}

#[test]
fn examples_that_do_not_match() {
    for (pattern, input) in [
        ("https://a.ex/cb", "https://a.ex/cb/"),
        ("https://a.ex/cb", "https://a.ex/CB"),
        ("https://a.ex/cb", "http://a.ex/cb"),
        ("https://a.ex/cb", "https://a.ex:8443/cb"),
        ("https://a.ex/cb", "https://a.ex/cb?x=1"),
        ("https://a.ex/cb", "https://a.ex//evil/cb"),
        ("https://a.ex/cb", "https://a.ex/cb%00"),
        ("https://a.ex/cb", "https://a.ex/cb#x"),
        ("https://a.ex/cb", "https://u:p@a.ex/cb"),
        ("https://a.ex/", "https://a.ex/p"),
        ("https://a.ex", "https://a.ex/any/path"),
        ("https://a.ex", "https://u:p@a.ex/x"),
        ("https://a.ex", "https://a.ex:8006"),
        ("https://a.ex", "https://a.ex/x?a=1"),
        ("https://a.ex/*", "https://a.ex/"),
        ("https://a.ex/*", "https://a.ex.evil.com/cb"),
        ("https://a.ex/*/cb", "https://a.ex/x/y/cb"),
        ("https://*.ex.com/cb", "https://ex.com/cb"),
        ("https://*.ex.com/cb", "https://evil.com/?u=a.ex.com/cb"),
        ("https://*.ex.com/cb", "https://evil.com\\.ex.com/cb"),
        ("https://*/cb", "https://a.ex:8443/cb"),
        ("https://a.ex/cb?code=*", "https://a.ex/cb?code=a/b"),
        ("https://a.ex/cb?code=*", "https://a.ex/cb?code=1&x=2"),
        ("https://a.ex/cb?code=*", "https://a.ex/cb"),
        ("https://a.ex/cb?v=[0-9]", "https://a.ex/cb?v=x"),
        ("https://a.ex/cb?v=[0-9", "https://a.ex/cb?v=5"),
        ("https://a.ex/cb?v=[^a-c]", "https://a.ex/cb?v=b"),
        ("http://localhost:1234/cb", "http://localhost:9999/cb"),
        ("http://127.0.0.1/cb", "http://localhost:9999/cb"),
        ("https://127.0.0.1/cb", "https://127.0.0.1:8080/cb"),
        ("http://192.168.1.1/cb", "http://192.168.1.1:8080/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:9999@evil.com/cb"),
        ("*", "https://bank.example@evil.example/cb"),
        ("*", "https://bank.example:443@evil.example/cb"),
        ("*", "https://:pw@evil.example/cb"),
        ("*", "https:\\\\bank.example@evil.example\\cb"),
        ("*", "myapp://u@x/cb"),
        ("*://*/cb", "https://bank.example@evil.example/cb"),
        ("https://*/cb", "https://bank.example@evil.example/cb"),
        ("https://*.example/cb", "https://bank.example@evil.example/cb"),
        ("http://127.0.0.1/cb", "http://bank.example@127.0.0.1:9999/cb"),
        ("http://localhost/cb", "http://bank.example@localhost:9999/cb"),
        ("https://u:*@a.ex/cb", "https://v:pw@a.ex/cb"),
        ("*", "urn:ietf:wg:oauth:2.0:oob"),
        ("*", "com.app:cb"),
        ("*", "javascript:alert(1)//"),
        ("*", "javascript://a.ex/%0aalert(1)"),
        ("*", "data:/x"),
        ("*", "/relative"),
        ("*", "https://a.ex/cb#"),
        ("", "https://a.ex/"),
    ] {
        assert!(!check(pattern, input), "{pattern} should not admit {input}");
    }
}

#[test]
fn what_can_be_registered() {
    for text in [
        "*",
        "https://a.ex/cb",
        "https://*.a.ex:*/x/**",
        "*://a.ex/",
        "app:/cb",
        "oc://x",
        "http://[::1]:*/x",
    ] {
        assert!(RedirectUriPattern::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "a.ex/cb",
        "http*://a.ex",
        "javascript:alert(1)",
        "JavaScript://x",
        "data:text/html,x",
        "https://",
        "https:///cb",
        "https://a.ex:port/",
        "https://a.ex:99999/",
        "https://a b.ex/",
        "https://a.ex/\u{7}",
        "app:cb",
    ] {
        assert!(RedirectUriPattern::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_missing_uri_means_the_only_one_only_outside_openid() {
    let one = ["https://a.ex/cb".to_owned()];
    let two = ["https://a.ex/cb".to_owned(), "https://a.ex/other".to_owned()];
    assert_eq!(
        resolve(None, &one, OpenIdRequested::No).unwrap().as_str(),
        "https://a.ex/cb"
    );
    for (registered, openid) in [
        (&one[..], OpenIdRequested::Yes),
        (&two[..], OpenIdRequested::No),
        (&[][..], OpenIdRequested::No),
    ] {
        assert_eq!(resolve(None, registered, openid), Err(RedirectUriError::Missing));
    }
}

#[test]
fn nobody_s_first_address_can_be_misread() {
    for (uri, expected) in [
        ("https://app.example/cb", Ok(())),
        ("https://app.example/@cb?u=a@b", Ok(())),
        ("myapp://cb", Ok(())),
        (
            "https://bank.example@evil.example/cb",
            Err(RedirectUriError::NotRegistered),
        ),
        (
            "https://u:p@evil.example/cb",
            Err(RedirectUriError::NotRegistered),
        ),
        ("myapp://u@x/cb", Err(RedirectUriError::NotRegistered)),
        ("https://app.example/cb#x", Err(RedirectUriError::Malformed)),
    ] {
        assert_eq!(first_use(uri).map(|_| ()), expected, "{uri}");
    }
}

#[test]
fn plain_http_is_insecure_except_to_this_machine() {
    for (uri, insecure) in [
        ("http://a.ex/cb", true),
        ("http://192.168.1.2/cb", true),
        ("http://localhost:8000/cb", false),
        ("http://app.localhost/cb", false),
        ("http://127.0.0.9/cb", false),
        ("http://[::1]/cb", false),
        ("https://a.ex/cb", false),
        ("myapp://cb", false),
    ] {
        assert_eq!(RedirectUri::parse(uri).unwrap().is_insecure(), insecure, "{uri}");
    }
}

#[test]
fn wildcards_behind_escapes_are_seen() {
    for url in [
        "https://%2A/cb",
        "https://%2a.ex/cb",
        "https://\u{ff0a}/cb",
        "https://\u{ff0a}.ex/cb",
    ] {
        assert!(RedirectUriPattern::parse(url).is_err(), "{url}");
    }
    for (url, literal) in [
        ("https://a.ex/cb", true),
        ("https://a.ex:8443/cb?x=1", true),
        ("https://a.ex/%2A", true),
        ("myapp://cb", true),
        ("*", false),
        ("https://*.ex/cb", false),
        ("https://a.ex:*/cb", false),
        ("https://a.ex/*", false),
        ("https://a.ex/cb?x=*", false),
        ("https://a.ex/cb?x=%2A", false),
        ("https://a.ex/cb?x=%3F", false),
        ("https://a.ex/cb?x=%5Ba-z%5D", false),
    ] {
        assert_eq!(
            RedirectUriPattern::parse(url).unwrap().is_literal(),
            literal,
            "{url}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_breaks_the_parsers(pattern in ".{0,60}", input in ".{0,60}") {
        let _ = check(&pattern, &input);
    }

    #[test]
    fn a_fixed_host_is_never_left(path in "[a-zA-Z0-9/@:?#%\\\\.*-]{0,30}", user in "[a-z:@/\\\\.]{0,8}") {
        let input = format!("https://{user}a.ex/{path}");
        for pattern in ["https://a.ex/*", "https://a.ex/**", "https://a.ex/cb", "https://a.ex"] {
            if check(pattern, &input) {
                let url = Url::parse(&input).unwrap();
                prop_assert_eq!(url.host_str(), Some("a.ex"));
                prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }

    #[test]
    fn user_info_needs_a_pattern_with_a_user_part(
        pattern in "(\\*|(https|\\*|myapp)://(\\*|a\\.ex|\\*\\.ex)(:\\*)?(/\\*\\*|/\\*|/cb)?(\\?q=\\*)?)",
        user in "[a-z.]{1,8}(:[a-z*@%]{0,4})?",
        scheme in "https|http|myapp",
        host in "a\\.ex|b\\.a\\.ex|localhost|127\\.0\\.0\\.1",
        path in "(/[a-z]{1,3}){0,2}(\\?q=x)?",
    ) {
        let input = format!("{scheme}://{user}@{host}{path}");
        prop_assert!(!check(&pattern, &input), "{} admits {}", pattern, input);
        prop_assert!(first_use(&input).is_err(), "{} is trusted", input);
    }

    #[test]
    fn a_url_without_wildcards_admits_itself(host in "[a-z]{1,8}\\.[a-z]{2,3}", path in "(/[a-z0-9]{1,6}){0,3}") {
        let url = format!("https://{host}{path}");
        prop_assert!(check(&url, &url));
    }

    #[test]
    fn long_patterns_stay_cheap(stars in 1usize..200) {
        let pattern = format!("https://a.ex/{}x", "**".repeat(stars));
        let input = format!("https://a.ex/{}", "a".repeat(2000));
        prop_assert!(!check(&pattern, &input));
        let pattern = format!("https://a.ex/cb?q={}x", "*".repeat(stars));
        let input = format!("https://a.ex/cb?q={}", "a".repeat(2000));
        prop_assert!(!check(&pattern, &input));
    }
}
