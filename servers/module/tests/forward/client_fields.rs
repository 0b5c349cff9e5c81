//! What only the module may tell the backend of the client.

use std::sync::Arc;

use falconry_features::{
    Certificate, HttpAuthenticationFeature, HttpConnectionFeature, HttpRequestFeature, Identity,
    PlainAuthentication, PlainConnection, PlainTlsConnection, TlsConnectionFeature, User,
};
use falconry_module::forward::{BackendAddress, ForwardOptions, WindowsTokens};
use http::HeaderValue;

use super::support::{Backend, Front, Prepare};

/// The head that reaches the backend.
#[track_caller]
fn head(change: impl FnOnce(&mut ForwardOptions), prepare: Prepare) -> String {
    let backend = Backend::new();
    let front = Front::start(BackendAddress::Tcp(backend.address()), change, prepare);
    let mut client = front.client();
    client.send("GET / HTTP/1.1\r\nHost: h\r\nMS-ASPNETCORE-TOKEN: wrong\r\n\r\n");
    let mut behind = backend.accept();
    let head = behind.head();
    behind.send("HTTP/1.1 204 No Content\r\n\r\n");
    client.head();
    head
}

#[test]
fn the_pairing_token_is_the_module_s() {
    let head = head(|options| options.pairing_token = Some(HeaderValue::from_static("5b6c-secret")), |_| {});
    assert!(head.contains("\nms-aspnetcore-token: 5b6c-secret\n"), "{head}");
    assert!(!head.contains("wrong"), "{head}");
}

#[test]
fn a_client_s_certificate_is_sent_in_base64() {
    let head = head(
        |_| {},
        |features| {
            let client_certificate = Some(Certificate::from_der(&b"\x30\x82\x01\xff\xfe"[..]));
            features.set::<dyn TlsConnectionFeature>(Box::new(PlainTlsConnection { client_certificate }));
            features.get_mut::<dyn HttpRequestFeature>().unwrap().set_scheme("https");
        },
    );
    assert!(head.contains("\nms-aspnetcore-clientcert: MIIB//4=\n"), "{head}");
    assert!(head.contains("\nx-forwarded-proto: https"), "{head}");
}

#[test]
fn a_client_without_a_certificate_has_no_field_for_one() {
    let head = head(
        |_| {},
        |features| {
            features.set::<dyn TlsConnectionFeature>(Box::<PlainTlsConnection>::default());
        },
    );
    assert!(!head.contains("ms-aspnetcore-clientcert"), "{head}");
}

#[test]
fn an_ipv6_address_stands_in_brackets_and_a_mapped_one_is_ipv4() {
    let v6 = head(
        |_| {},
        |features| {
            let remote_ip_address = Some("2001:db8::7".parse().unwrap());
            let connection =
                PlainConnection { remote_ip_address, remote_port: 4711, ..PlainConnection::default() };
            features.set::<dyn HttpConnectionFeature>(Box::new(connection));
        },
    );
    assert!(v6.contains("\nx-forwarded-for: [2001:db8::7]:4711\n"), "{v6}");
    let mapped = head(
        |_| {},
        |features| {
            let remote_ip_address = Some("::ffff:192.0.2.1".parse().unwrap());
            let connection =
                PlainConnection { remote_ip_address, remote_port: 1, ..PlainConnection::default() };
            features.set::<dyn HttpConnectionFeature>(Box::new(connection));
        },
    );
    assert!(mapped.contains("\nx-forwarded-for: 192.0.2.1:1\n"), "{mapped}");
}

#[test]
fn a_client_without_an_address_adds_none() {
    let head = head(
        |_| {},
        |features| {
            features.set::<dyn HttpConnectionFeature>(Box::<PlainConnection>::default());
        },
    );
    assert!(!head.contains("x-forwarded-for"), "{head}");
}

/// Has a handle for the users whose name ends in `a`.
struct Tokens;

impl WindowsTokens for Tokens {
    fn duplicate(&self, identity: &Identity) -> Option<u64> {
        identity.name().filter(|name| name.ends_with('a')).map(|_| 0x2f4)
    }
}

fn set_user(kind: &'static str, name: &str, features: &mut falconry_features::FeatureCollection) {
    let user = Some(User::from(Identity::new(kind, name)));
    features.set::<dyn HttpAuthenticationFeature>(Box::new(PlainAuthentication { user }));
}

#[test]
fn a_user_of_windows_comes_with_a_handle_of_its_token() {
    let with = |options: &mut ForwardOptions| options.windows_tokens = Some(Arc::new(Tokens));
    let ada = head(with, |features| set_user("Negotiate", "ada", features));
    assert!(ada.contains("\nms-aspnetcore-winauthtoken: 2f4\n"), "{ada}");
    for prepare in [
        // No handle; not authenticated by Windows; nobody at all.
        (|features| set_user("NTLM", "bob", features)) as Prepare,
        |features| set_user("Basic", "ada", features),
        |_| {},
    ] {
        let other = head(with, prepare);
        assert!(!other.contains("winauthtoken"), "{other}");
    }
    let off = head(
        |options| {
            options.windows_tokens = Some(Arc::new(Tokens));
            options.forward_windows_auth_token = false;
        },
        |features| set_user("Negotiate", "ada", features),
    );
    assert!(!off.contains("winauthtoken"), "{off}");
}
