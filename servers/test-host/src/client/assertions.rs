//! Assertions on a [`TestResponse`], one after the other; each names the caller's line.

use std::{fmt::Debug, panic::Location};

use http::StatusCode;

use super::TestResponse;

impl TestResponse {
    /// Panics unless the status is `expected`: a number or a [`StatusCode`].
    #[track_caller]
    pub fn assert_status<S: Debug>(&mut self, expected: S) -> &mut Self
    where
        StatusCode: PartialEq<S>,
    {
        let status = self.status();
        assert!(status == expected, "the status is {status}, not {expected:?}");
        self
    }

    /// Panics unless the field `name` is there, has one value, and this is `expected`.
    #[track_caller]
    pub fn assert_header(&mut self, name: &str, expected: impl AsRef<[u8]>) -> &mut Self {
        let values: Vec<_> = self.headers().get_all(name).iter().collect();
        let matches = matches!(values[..], [value] if value.as_bytes() == expected.as_ref());
        assert!(matches, "the field {name} is {values:?}, not {:?}", lossy(expected.as_ref()));
        self
    }

    /// Panics if there is a field `name`.
    #[track_caller]
    pub fn assert_no_header(&mut self, name: &str) -> &mut Self {
        let value = self.headers().get(name);
        assert!(value.is_none(), "the field {name} is {value:?}, but should be absent");
        self
    }

    /// Reads the body to its end and panics unless it is `expected`.
    #[track_caller]
    pub fn assert_body(&mut self, expected: impl AsRef<[u8]>) -> impl Future<Output = &mut Self> {
        let caller = Location::caller();
        async move {
            let expected = expected.as_ref();
            match self.bytes().await {
                Ok(body) if body == expected => self,
                Ok(body) => {
                    panic!("the body is {:?}, not {:?}, at {caller}", lossy(&body), lossy(expected))
                }
                Err(error) => panic!("the body cannot be read: {}, at {caller}", chain(&error)),
            }
        }
    }

    /// Reads the body to its end and panics unless the trailer `name` is `expected`.
    #[track_caller]
    pub fn assert_trailer(
        &mut self,
        name: &str,
        expected: impl AsRef<[u8]>,
    ) -> impl Future<Output = &mut Self> {
        let caller = Location::caller();
        async move {
            let expected = expected.as_ref();
            let trailers = match self.trailers().await {
                Ok(trailers) => trailers,
                Err(error) => panic!("the body cannot be read: {}, at {caller}", chain(&error)),
            };
            let value = trailers.get(name);
            let matches = value.is_some_and(|value| value.as_bytes() == expected);
            assert!(matches, "the trailer {name} is {value:?}, not {:?}, at {caller}", lossy(expected));
            self
        }
    }
}

fn lossy(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The error with everything underneath.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let messages: Vec<_> =
        std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect();
    messages.join(": ")
}
