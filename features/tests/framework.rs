//! The parts that middleware lays over a server's features.

mod support;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use falconry_features::{
    BadHttpRequestError, BoxError, CookieOptions, FeatureCollection, FormOptions, HttpRequestFeature,
    Parameters, PlainRequest, PlainResponseCookies, RequestBody, RequestCookies, ResponseCookiesFeature,
    SameSite, has_form_content_type, read_form,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, COOKIE, SET_COOKIE},
};

use self::support::now;

const URLENCODED: &str = "application/x-www-form-urlencoded; charset=utf-8";

fn posted(content_type: &'static str, body: impl Into<Bytes>) -> FeatureCollection {
    let mut request = PlainRequest { body: RequestBody::from(body), ..PlainRequest::default() };
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let mut features = FeatureCollection::new();
    features.set::<dyn HttpRequestFeature>(Box::new(request));
    features
}

fn refusal(result: Result<&falconry_features::Form, BoxError>) -> StatusCode {
    BadHttpRequestError::find(&*result.unwrap_err()).unwrap().status()
}

#[test]
fn a_query_is_decoded_and_what_is_malformed_stands_for_itself() {
    for (raw, expected) in [
        ("", vec![]),
        ("?", vec![]),
        ("?a=1&b=2", vec![("a", "1"), ("b", "2")]),
        ("?a=1&&b", vec![("a", "1"), ("b", "")]),
        ("?=1", vec![("", "1")]),
        ("?a=b=c", vec![("a", "b=c")]),
        ("?a+b=c%20d%2B", vec![("a b", "c d+")]),
        ("?a=%", vec![("a", "%")]),
        ("?a=%4", vec![("a", "%4")]),
        ("?a=%zz%41", vec![("a", "%zzA")]),
        ("?a=%E2%82%AC", vec![("a", "€")]),
        ("?a=%FF", vec![("a", "\u{fffd}")]),
        ("??a=1", vec![("?a", "1")]),
    ] {
        assert_eq!(Parameters::parse(raw).iter().collect::<Vec<_>>(), expected, "{raw}");
    }
}

#[test]
fn setting_a_parameter_leaves_one_value_of_it() {
    let mut parameters: Parameters = [("a", "1"), ("B", "2"), ("A", "3")].into_iter().collect();
    parameters.set("a", "4");
    assert_eq!(parameters.iter().collect::<Vec<_>>(), [("B", "2"), ("a", "4")]);
}

#[test]
fn cookies_of_several_fields_are_read_and_what_is_none_is_left_out() {
    let mut headers = HeaderMap::new();
    headers.append(COOKIE, HeaderValue::from_static("a=1; b=\"2\";c;=x; a=3"));
    headers.append(COOKIE, HeaderValue::from_static(" d = 4=5 "));
    let cookies = RequestCookies::parse(&headers);
    assert_eq!(cookies.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2"), ("a", "3"), ("d", "4=5")]);
    assert_eq!(cookies.get("a"), Some("1"));
    assert_eq!(cookies.get("A"), None);
}

#[test]
fn a_cookie_is_written_with_all_its_attributes() {
    let mut headers = HeaderMap::new();
    let options = CookieOptions {
        domain: Some("example.org".into()),
        path: Some("/app".into()),
        expires: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)),
        max_age: Some(Duration::from_secs(60)),
        secure: true,
        http_only: true,
        same_site: Some(SameSite::Strict),
        is_essential: true,
        extensions: vec!["Partitioned".into()],
    };
    PlainResponseCookies.append(&mut headers, "id", "ä;", &options).unwrap();
    assert_eq!(
        headers[SET_COOKIE],
        "id=%C3%A4%3B; max-age=60; expires=Sun, 06 Nov 1994 08:49:37 GMT; domain=example.org; path=/app; secure; \
         samesite=strict; httponly; Partitioned"
    );
}

#[test]
fn deleting_a_cookie_takes_back_what_was_added_under_its_name_alone() {
    let mut headers = HeaderMap::new();
    let options = CookieOptions::default();
    for name in ["a", "ab", "a"] {
        PlainResponseCookies.append(&mut headers, name, "1", &options).unwrap();
    }
    PlainResponseCookies.delete(&mut headers, "a", &options).unwrap();
    let set: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
    assert_eq!(set, ["ab=1; path=/", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/"]);
}

#[test]
fn nothing_in_a_cookie_can_bring_in_another_attribute_or_field() {
    let mut headers = HeaderMap::new();
    let mut refused = |name: &str, options: CookieOptions| {
        let error = PlainResponseCookies.append(&mut headers, name, "1", &options).unwrap_err();
        assert!(error.is_invalid_argument(), "{error}");
    };
    for name in ["", "a b", "a=b", "a;b", "ä", "a\r\n"] {
        refused(name, CookieOptions::default());
    }
    refused("a", CookieOptions { path: Some("/; domain=x".into()), ..CookieOptions::default() });
    refused("a", CookieOptions { domain: Some("x\r\nY: 1".into()), ..CookieOptions::default() });
    refused("a", CookieOptions { extensions: vec!["x;y".into()], ..CookieOptions::default() });
    assert!(headers.is_empty());
}

#[test]
fn a_form_is_read_once_and_kept() {
    let mut features = posted(URLENCODED, "name=Jane+Doe&tag=a&tag=b");
    let options = FormOptions::default();
    for _ in 0..2 {
        let form = now(read_form(&mut features, &options)).unwrap();
        assert_eq!(form.fields.get("name"), Some("Jane Doe"));
        assert_eq!(form.fields.get_all("tag").collect::<Vec<_>>(), ["a", "b"]);
    }
}

#[test]
fn what_is_no_form_is_an_error_of_state() {
    for (content_type, is_form) in [
        ("application/x-www-form-urlencoded", true),
        ("Application/X-WWW-Form-Urlencoded;charset=utf-8", true),
        ("multipart/form-data; boundary=x", true),
        ("multipart/form-data", false),
        ("multipart/form-data; boundary=\"\"", false),
        ("application/json", false),
        ("", false),
    ] {
        let mut features = posted(content_type, "");
        let headers = features.get::<dyn HttpRequestFeature>().unwrap().headers();
        assert_eq!(has_form_content_type(headers), is_form, "{content_type}");
        if !is_form {
            let error = now(read_form(&mut features, &FormOptions::default())).unwrap_err();
            assert!(error.to_string().contains("Content-Type"), "{error}");
        }
    }
}

#[test]
fn a_form_over_a_limit_is_refused() {
    let default = FormOptions::default();
    for (body, options, status) in [
        ("a=1234567", FormOptions { buffer_body_length_limit: 8, ..default }, 413),
        ("a=1&b=2&c=3", FormOptions { value_count_limit: 2, ..default }, 400),
        ("abc=1", FormOptions { key_length_limit: 2, ..default }, 400),
        ("a=123", FormOptions { value_length_limit: 2, ..default }, 400),
    ] {
        assert_eq!(refusal(now(read_form(&mut posted(URLENCODED, body), &options))), status, "{body}");
    }
}

const MULTIPART: &str = "multipart/form-data; boundary=\"--x\"";

#[test]
fn a_multipart_form_has_fields_and_files() {
    let body = "ignored\r\n\
        ----x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n\
        ----x  \r\ncontent-disposition: form-data; filename=\"c;\\\"d\\\".txt\"; name=b\r\nContent-Type: text/plain\r\n\r\n\
        \r\n--not the boundary\r\n\
        ----x\r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n\
        ----x--\r\nignored";
    let mut features = posted(MULTIPART, body);
    let form = now(read_form(&mut features, &FormOptions::default())).unwrap();
    assert_eq!(form.fields.iter().collect::<Vec<_>>(), [("a", "1\r\n2"), ("empty", "")]);
    let [file] = form.files.as_slice() else { panic!("one file") };
    assert_eq!((file.name.as_str(), file.file_name.as_str()), ("b", "c;\"d\".txt"));
    assert_eq!(file.headers[CONTENT_TYPE], "text/plain");
    assert_eq!(file.data, "\r\n--not the boundary");
}

#[test]
fn an_empty_multipart_form_has_nothing() {
    let mut features = posted(MULTIPART, "----x--\r\n");
    let form = now(read_form(&mut features, &FormOptions::default())).unwrap();
    assert!(form.fields.is_empty() && form.files.is_empty());
}

#[test]
fn a_broken_multipart_form_is_refused_and_never_a_panic() {
    let good = "----x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n----x--";
    assert!(now(read_form(&mut posted(MULTIPART, good), &FormOptions::default())).is_ok());
    for end in 0..good.len() {
        let mut features = posted(MULTIPART, &good[..end]);
        assert_eq!(refusal(now(read_form(&mut features, &FormOptions::default()))), 400, "cut at {end}");
    }
    for body in [
        "----xyz\r\n\r\n\r\n----x--",
        "----x\r\nno colon\r\n\r\n1\r\n----x--",
        "----x\r\nbad name: 1\r\n\r\n1\r\n----x--",
        "----x\r\nContent-Disposition: form-data\r\n\r\n1\r\n----x--",
        "----x\r\n----x--",
    ] {
        let mut features = posted(MULTIPART, body);
        assert_eq!(refusal(now(read_form(&mut features, &FormOptions::default()))), 400, "{body:?}");
    }
}

#[test]
fn the_parts_of_a_multipart_form_have_limits() {
    let body = "----x\r\nContent-Disposition: form-data; name=\"a\"\r\nX: 1\r\n\r\n1\r\n\
                ----x\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n2\r\n----x--";
    let default = FormOptions::default();
    for options in [
        FormOptions { value_count_limit: 1, ..default },
        FormOptions { multipart_headers_count_limit: 1, ..default },
        FormOptions { multipart_headers_length_limit: 20, ..default },
        FormOptions { multipart_boundary_length_limit: 2, ..default },
    ] {
        assert_eq!(refusal(now(read_form(&mut posted(MULTIPART, body), &options))), 400, "{options:?}");
    }
}
