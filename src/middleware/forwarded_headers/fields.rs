//! [`ForwardedFields`]: which of the fields count.

use std::{fmt, ops::BitOr};

/// Which of the forwarded fields are applied. Default: none.
///
/// ```
/// use falconry::middleware::ForwardedFields;
///
/// let fields = ForwardedFields::FOR | ForwardedFields::PROTO;
/// assert!(fields.contains(ForwardedFields::PROTO));
/// assert!(!fields.contains(ForwardedFields::HOST));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ForwardedFields(u8);

impl ForwardedFields {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// `X-Forwarded-For`: the address of the client.
    pub const FOR: Self = Self(1);
    /// `X-Forwarded-Host`: the host that the client asked for.
    pub const HOST: Self = Self(2);
    /// `X-Forwarded-Proto`: the scheme that the client used.
    pub const PROTO: Self = Self(4);
    /// `X-Forwarded-Prefix`: the path under which the proxy shows the application.
    pub const PREFIX: Self = Self(8);
    /// All of them.
    pub const ALL: Self = Self(15);

    /// True if all of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for ForwardedFields {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for ForwardedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            [(Self::FOR, "For"), (Self::HOST, "Host"), (Self::PROTO, "Proto"), (Self::PREFIX, "Prefix")];
        let mut set = f.debug_set();
        for (_, name) in names.into_iter().filter(|(field, _)| self.contains(*field)) {
            set.entry(&format_args!("{name}"));
        }
        set.finish()
    }
}
