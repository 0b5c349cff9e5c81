//! Parts of a target and the decoding of its path.

use falconry_features::{RequestTarget, TargetForm, decode_path};
use http::Method;

fn decoded(path: &str) -> String {
    let mut out = String::new();
    decode_path(path, &mut out).unwrap();
    out
}

#[test]
fn a_path_without_escapes_or_dot_segments_stays_as_it_is() {
    for path in [
        "/", "//", "/a", "/a/", "//a//b", "/...", "/.a", "/a/..b", "/a/.../b", "/a\\b", "/a+b", "/a.b/c.d",
        "", "/a;b",
    ] {
        assert_eq!(decoded(path), path);
    }
}

#[test]
fn percent_encoded_utf8_is_decoded_except_the_slash() {
    for (path, expected) in [
        ("/a%20b", "/a b"),
        ("/%25", "/%"),
        ("/%2525", "/%25"),
        ("/%252F", "/%2F"),
        ("/%2F", "/%2F"),
        ("/a%2fb", "/a%2fb"),
        ("/a%5Cb", "/a\\b"),
        ("/%c3%a9", "/\u{e9}"),
        ("/%E2%82%AC", "/\u{20ac}"),
        ("/%F0%9F%98%80", "/\u{1f600}"),
        ("/%23", "/#"),
        ("/%0d%0a", "/\r\n"),
    ] {
        assert_eq!(decoded(path), expected, "{path}");
    }
}

#[test]
fn what_is_not_hexadecimal_or_not_utf8_stays_encoded() {
    for path in [
        "/%",
        "/%2",
        "/%zz",
        "/%u0041",
        "/%c0%80",
        "/%c0%ae",
        "/%ED%A0%80",
        "/%E2%82",
        "/%c3",
        "/%c3x",
        "/%80",
        "/%ff",
        "/%F5%80%80%80",
        "/%F0%80%80%80",
        "/%c3%28"[..5].as_ref(),
    ] {
        assert_eq!(decoded(path), path);
    }
    assert_eq!(decoded("/%c3%28"), "/%c3(");
    assert_eq!(decoded("/%E2%82%41"), "/%E2%82A");
    assert_eq!(decoded("/%%2041"), "/% 41");
}

#[test]
fn an_encoded_nul_is_refused() {
    for path in ["/%00", "/a%00b", "/%E8%00%84", "/../%00"] {
        let refused = decode_path(path, &mut String::new()).unwrap_err();
        assert_eq!(refused.status(), 400, "{path}");
    }
}

#[test]
fn dot_segments_are_removed_after_decoding() {
    for (path, expected) in [
        ("/.", "/"),
        ("/..", "/"),
        ("/./", "/"),
        ("/../", "/"),
        ("/../..", "/"),
        ("/../a", "/a"),
        ("/a/.", "/a/"),
        ("/a/./b", "/a/b"),
        ("/a/..", "/"),
        ("/a/../", "/"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/../../b", "/b"),
        ("//..", "/"),
        ("/a//../b", "/a/b"),
        ("/a/%2e/b", "/a/b"),
        ("/a/%2E%2E/b", "/b"),
        ("/a/%2e./b", "/b"),
        ("/a/%2F../b", "/a/%2F../b"),
        ("/%2F..%2F", "/%2F..%2F"),
        ("/%2e%2e/%2e%2e/etc/passwd", "/etc/passwd"),
        ("/%2e%2e%5c..%5c", "/..\\..\\"),
        ("/base/%2e%2e/x", "/x"),
        ("/a/b/../../..//c", "//c"),
    ] {
        assert_eq!(decoded(path), expected, "{path}");
    }
}

#[test]
fn what_was_in_the_buffer_is_kept() {
    let mut out = String::from("/kept/");
    decode_path("/a/../../%20", &mut out).unwrap();
    assert_eq!(out, "/kept// ");
}

#[test]
fn a_target_is_split_by_its_form() {
    let parts = |form, path, query, authority| RequestTarget { form, path, query, authority };
    for (method, target, expected) in [
        (Method::GET, "/a?b?c", parts(TargetForm::Origin, "/a", "?b?c", None)),
        (Method::GET, "//a", parts(TargetForm::Origin, "//a", "", None)),
        (Method::GET, "/?", parts(TargetForm::Origin, "/", "?", None)),
        (Method::GET, "http://h:1/a?b", parts(TargetForm::Absolute, "/a", "?b", Some("h:1"))),
        (Method::GET, "HTTPS://h", parts(TargetForm::Absolute, "/", "", Some("h"))),
        (Method::GET, "http://h?q", parts(TargetForm::Absolute, "/", "?q", Some("h"))),
        (Method::OPTIONS, "*", parts(TargetForm::Asterisk, "", "", None)),
        (Method::CONNECT, "h:1", parts(TargetForm::Authority, "", "", Some("h:1"))),
    ] {
        assert_eq!(RequestTarget::new(&method, target), expected, "{target}");
    }
}
