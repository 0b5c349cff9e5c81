//! Schemes, challenges, users.

use std::sync::Arc;

use falconry::{HttpContext, Result};
use falconry_features::{HttpAuthenticationFeature, Identity, Server, ServerIntegratedAuthFeature, User};
use falconry_httpsys::AuthenticationSchemes;

use crate::support::{Site, get};

async fn who(ctx: &mut HttpContext) -> Result {
    if ctx.request().path() == "/secret" {
        return ctx.response_mut().set_status(401);
    }
    let user =
        ctx.features().get::<dyn HttpAuthenticationFeature>().and_then(|feature| feature.user()?.name());
    let text = user.unwrap_or("nobody").to_owned();
    ctx.response_mut().write(text).await
}

fn jane(name: &str, password: &str) -> Option<User> {
    ((name, password) == ("jane", "secret")).then(|| User::from(Identity::new("Basic", name)))
}

/// `jane:secret` and `jane:wrong`.
const RIGHT: &str = "Authorization: Basic amFuZTpzZWNyZXQ=\r\n";
const WRONG: &str = "Authorization: Basic amFuZTp3cm9uZw==\r\n";

#[test]
fn a_401_names_the_schemes_from_the_strongest_to_the_weakest() {
    let site = Site::new();
    let schemes =
        AuthenticationSchemes::BASIC | AuthenticationSchemes::NTLM | AuthenticationSchemes::NEGOTIATE;
    let server =
        site.serve(&["http://127.0.0.1:0/"], |options| options.authentication.schemes = schemes, who);
    let refused = get(server.address(), "x", "/secret", "").expect("an answer");
    assert_eq!(refused.status, 401);
    assert_eq!(refused.field("www-authenticate"), ["Negotiate", "NTLM", "Basic"]);
    let feature = server.server.features().get::<dyn ServerIntegratedAuthFeature>().expect("the feature");
    assert!(feature.is_enabled());
}

#[test]
fn basic_names_the_user_and_anonymous_requests_can_be_refused() {
    let site = Site::new();
    site.driver.authenticate_basic(Arc::new(jane));
    let open = site.serve(
        &["http://127.0.0.1:0/"],
        |options| options.authentication.schemes = AuthenticationSchemes::BASIC,
        who,
    );
    let body = |lines: &str| get(open.address(), "x", "/", lines).expect("an answer").body;
    assert_eq!([body(""), body(RIGHT), body(WRONG), body("")], ["nobody", "jane", "nobody", "nobody"]);
    let closed = site.serve(
        &["http://127.0.0.1:0/"],
        |options| {
            options.authentication.schemes = AuthenticationSchemes::BASIC;
            options.authentication.allow_anonymous = false;
        },
        who,
    );
    let answer = |lines: &str| get(closed.address(), "x", "/", lines).expect("an answer");
    assert_eq!(answer("").status, 401);
    assert_eq!(answer(WRONG).field("www-authenticate"), ["Basic"]);
    assert_eq!(answer(RIGHT).body, "jane");
}
