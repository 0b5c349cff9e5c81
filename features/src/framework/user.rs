//! Who sent the request.

use std::{any::Any, borrow::Cow, fmt, sync::Arc};

use crate::{BoxError, Feature};

/// A user: what one or several authorities say of whoever sent the request
/// (`ClaimsPrincipal` in ASP.NET Core). Cheap to clone.
///
/// ```
/// use falconry_features::{Claim, Identity, User};
///
/// let user = User::from(Identity::new("Windows", "ACME\\jane").with_claim(Claim::new("role", "admin")));
/// assert!(user.is_authenticated());
/// assert_eq!(user.name(), Some("ACME\\jane"));
/// assert!(user.has_claim("role", "admin"));
/// assert!(!User::anonymous().is_authenticated());
/// ```
#[derive(Clone, Debug, Default)]
pub struct User {
    identities: Arc<[Identity]>,
}

impl User {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// A user of whom several authorities speak; the first that names one gives the name.
    pub fn new(identities: impl IntoIterator<Item = Identity>) -> Self {
        Self { identities: identities.into_iter().collect() }
    }

    /// What the authorities say.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// True if one of the authorities has authenticated the user.
    pub fn is_authenticated(&self) -> bool {
        self.identities.iter().any(Identity::is_authenticated)
    }

    /// The user's name.
    pub fn name(&self) -> Option<&str> {
        self.identities.iter().find_map(Identity::name)
    }

    /// All claims of all authorities.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.identities.iter().flat_map(|identity| &identity.claims)
    }

    /// True if some authority makes this claim.
    pub fn has_claim(&self, kind: &str, value: &str) -> bool {
        self.claims().any(|claim| claim.kind == kind && claim.value == value)
    }
}

impl From<Identity> for User {
    fn from(identity: Identity) -> Self {
        Self::new([identity])
    }
}

/// What one authority says of a user.
#[derive(Clone, Default)]
pub struct Identity {
    authentication_type: Option<Cow<'static, str>>,
    name: Option<String>,
    claims: Vec<Claim>,
    native: Option<Arc<dyn Any + Send + Sync>>,
}

impl Identity {
    /// An identity that was authenticated in the way named, such as `Windows`.
    pub fn new(authentication_type: impl Into<Cow<'static, str>>, name: impl Into<String>) -> Self {
        Self {
            authentication_type: Some(authentication_type.into()),
            name: Some(name.into()),
            ..Self::default()
        }
    }

    /// Adds a claim.
    #[must_use]
    pub fn with_claim(mut self, claim: Claim) -> Self {
        self.claims.push(claim);
        self
    }

    /// Adds the system's own object for the user, such as a Windows token.
    #[must_use]
    pub fn with_native(mut self, native: Arc<dyn Any + Send + Sync>) -> Self {
        self.native = Some(native);
        self
    }

    /// How the user was authenticated; `None` if that did not happen.
    pub fn authentication_type(&self) -> Option<&str> {
        self.authentication_type.as_deref()
    }

    /// True if the user was authenticated.
    pub fn is_authenticated(&self) -> bool {
        self.authentication_type.is_some()
    }

    /// The user's name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The claims.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// The system's own object for the user, if it is a `T`.
    pub fn native<T: Any>(&self) -> Option<&T> {
        self.native.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("authentication_type", &self.authentication_type)
            .field("name", &self.name)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// One statement about a user. Example: [`User`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// What the statement is about, as `role`.
    pub kind: Cow<'static, str>,
    /// What it says, as `admin`.
    pub value: String,
    /// Who makes it. Default: the application itself.
    pub issuer: Option<String>,
}

impl Claim {
    /// A statement of the application itself.
    pub fn new(kind: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self { kind: kind.into(), value: value.into(), issuer: None }
    }
}

/// The user of the request. HTTP.sys and IIS offer it, elsewhere it is created on demand.
pub trait HttpAuthenticationFeature: Feature {
    /// The user; `None` means [`User::anonymous`].
    fn user(&self) -> Option<&User>;

    /// Changes the user.
    fn set_user(&mut self, user: Option<User>);
}

/// The plain [`HttpAuthenticationFeature`].
///
/// ```
/// use falconry_features::{HttpAuthenticationFeature, PlainAuthentication, User};
///
/// let mut authentication = PlainAuthentication::default();
/// assert!(authentication.user().is_none());
/// authentication.set_user(Some(User::anonymous()));
/// assert!(!authentication.user().unwrap().is_authenticated());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainAuthentication {
    /// The user.
    pub user: Option<User>,
}

impl HttpAuthenticationFeature for PlainAuthentication {
    fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    fn set_user(&mut self, user: Option<User>) {
        self.user = user;
    }
}

/// What the authentication of the request came to. Set by the authentication middleware.
///
/// ```
/// use falconry_features::{AuthenticateResult, AuthenticateResultFeature, User};
///
/// let result = AuthenticateResult::Success { scheme: "Cookies".into(), user: User::anonymous() };
/// assert!(matches!(result.result(), AuthenticateResult::Success { .. }));
/// ```
pub trait AuthenticateResultFeature: Feature {
    /// The outcome.
    fn result(&self) -> &AuthenticateResult;
}

/// What [`AuthenticateResultFeature`] tells.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum AuthenticateResult {
    /// The request brought nothing to authenticate.
    #[default]
    None,
    /// The request was authenticated.
    Success {
        /// The name of the scheme that did it.
        scheme: Cow<'static, str>,
        /// Who sent it.
        user: User,
    },
    /// What the request brought was refused.
    Failure(BoxError),
}

impl AuthenticateResultFeature for AuthenticateResult {
    fn result(&self) -> &AuthenticateResult {
        self
    }
}

/// Where the request was before an authentication handler took its path apart. Set by the
/// authentication middleware.
pub trait AuthenticationFeature: Feature {
    /// The path base at that time.
    fn original_path_base(&self) -> &str;

    /// The path at that time.
    fn original_path(&self) -> &str;
}

/// The plain [`AuthenticationFeature`].
///
/// ```
/// use falconry_features::{AuthenticationFeature, OriginalPath};
///
/// let original = OriginalPath { path_base: "/app".into(), path: "/signin".into() };
/// assert_eq!(original.original_path(), "/signin");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginalPath {
    /// The path base.
    pub path_base: String,
    /// The path.
    pub path: String,
}

impl AuthenticationFeature for OriginalPath {
    fn original_path_base(&self) -> &str {
        &self.path_base
    }

    fn original_path(&self) -> &str {
        &self.path
    }
}
