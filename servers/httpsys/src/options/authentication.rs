//! Which users are asked for.

use crate::driver::{AuthenticationInfo, AuthenticationSchemes};

/// Which users are asked for, and how.
///
/// ```
/// use falconry_httpsys::{AuthenticationSchemes, HttpSysOptions};
///
/// let mut options = HttpSysOptions::default();
/// options.authentication.schemes = AuthenticationSchemes::NEGOTIATE | AuthenticationSchemes::NTLM;
/// options.authentication.allow_anonymous = false;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthenticationOptions {
    /// The schemes, which the system answers for. Default: none.
    pub schemes: AuthenticationSchemes,

    /// Whether requests without a user reach the application; else they are answered by 401. Default: true.
    pub allow_anonymous: bool,

    /// Whether the user of a request is that of its `HttpAuthenticationFeature` from the beginning; else it is anonymous
    /// until the application asks for the scheme `Windows`. Default: true.
    pub automatic_authentication: bool,

    /// What people are shown as the name of the authentication. Default: `None`.
    pub authentication_display_name: Option<String>,

    /// Whether the system keeps Kerberos credentials. Default: false.
    pub enable_kerberos_credential_caching: bool,

    /// Whether the system captures the caller's credentials. Default: false.
    pub capture_credentials: bool,
}

impl AuthenticationOptions {
    /// As the driver takes it.
    pub(crate) fn info(&self) -> AuthenticationInfo {
        let caching = u8::from(self.enable_kerberos_credential_caching);
        let capture = u8::from(self.capture_credentials) << 1;
        AuthenticationInfo { schemes: self.schemes, receives_mutual_auth: true, ex_flags: caching | capture }
    }
}

impl Default for AuthenticationOptions {
    fn default() -> Self {
        Self {
            schemes: AuthenticationSchemes::NONE,
            allow_anonymous: true,
            automatic_authentication: true,
            authentication_display_name: None,
            enable_kerberos_credential_caching: false,
            capture_credentials: false,
        }
    }
}
