//! A program behind a module that passes on the tokens of Windows users.

#![cfg(windows)]

use std::{os::windows::io::AsRawHandle, ptr};

use falconry::{HttpContext, Result, WebHost, features::User};
use falconry_app_abi::WindowsUser;
use falconry_test_host::TestServer;
use windows_sys::Win32::{
    Foundation::{GetHandleInformation, HANDLE},
    Security::{TOKEN_DUPLICATE, TOKEN_QUERY},
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

const TOKEN: &str = "a-secret-token";

/// A token in this process, as the module puts one there.
fn token() -> HANDLE {
    let mut token = ptr::null_mut();
    // SAFETY: the result has room.
    let is_success =
        unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &mut token) };
    assert_ne!(is_success, 0);
    token
}

fn is_open(handle: HANDLE) -> bool {
    let mut flags = 0;
    // SAFETY: the function takes any number for a handle.
    unsafe { GetHandleInformation(handle, &mut flags) != 0 }
}

/// Who the program says the user is, when the module says `authentication` of itself and passes on `handle`.
async fn user(authentication: &str, is_automatic: bool, handle: HANDLE) -> String {
    let server = TestServer::new();
    let client = server.client();
    let variables = [
        ("ASPNETCORE_PORT", "5001"),
        ("ASPNETCORE_APPL_PATH", "/"),
        ("ASPNETCORE_TOKEN", TOKEN),
        ("ASPNETCORE_IIS_HTTPAUTH", authentication),
    ];
    let builder = WebHost::builder().environment_variables(variables).suppress_status_messages(true);
    let builder = builder.iis_options(|options| options.automatic_authentication = is_automatic);
    let host = builder.server(server).build(async |ctx: &mut HttpContext| -> Result {
        let name = ctx.user().name().unwrap_or("nobody").to_owned();
        ctx.response_mut().write(name).await
    });
    let host = host.unwrap();
    host.start().await.unwrap();
    let send = async |fields: &[(&str, &str)]| {
        let request = client.get("/").header("ms-aspnetcore-token", TOKEN);
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().assert_status(200).text().await.unwrap()
    };
    let handle = format!("{:x}", handle as usize);
    let user = send(&[("ms-aspnetcore-winauthtoken", &handle)]).await;
    // The next request is somebody else's.
    assert_eq!(send(&[]).await, "nobody");
    user
}

/// One test, as the numbers of closed handles are given again to whoever opens something meanwhile.
#[tokio::test]
async fn the_user_of_a_token_is_that_of_the_request_and_the_token_is_closed_after_it() {
    let name = std::env::var("USERNAME").unwrap();
    for authentication in ["windows;", "windows;anonymous;", ""] {
        let token = token();
        let user = user(authentication, true, token).await;
        assert!(user.ends_with(&name), "{authentication:?}: {user} is not {name}");
        assert!(!is_open(token), "{authentication:?}");
    }

    let unwanted = token();
    assert_eq!(user("windows;", false, unwanted).await, "nobody");
    assert!(!is_open(unwanted));

    // A module that authenticates nobody passes no tokens on.
    let other = token();
    assert_eq!(user("anonymous;", true, other).await, "nobody");
    assert!(is_open(other));

    // Programs can act in the user's name.
    let user = User::from(WindowsUser::take(token() as u64).unwrap());
    let identity = &user.identities()[0];
    assert_eq!(identity.authentication_type(), Some("Windows"));
    let own = identity.native::<WindowsUser>().unwrap();
    assert!(is_open(own.token().as_raw_handle()));
    assert_eq!(Some(own.name()), user.name());
}
