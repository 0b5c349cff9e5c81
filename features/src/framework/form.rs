//! A form in the body of the request.

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};

use super::{Parameters, multipart};
use crate::{BadHttpRequestError, BoxError, Feature, FeatureCollection, FeatureError, HttpRequestFeature};

/// The form that the request's body holds. Created on demand by [`read_form`].
pub trait FormFeature: Feature {
    /// The form; `None` if it has not been read.
    fn form(&self) -> Option<&Form>;

    /// Puts another form in its place.
    fn set_form(&mut self, form: Option<Form>);
}

/// The plain [`FormFeature`].
///
/// ```
/// use falconry_features::{Form, FormFeature, PlainForm};
///
/// let mut feature = PlainForm::default();
/// assert!(feature.form().is_none());
/// feature.set_form(Some(Form::default()));
/// assert!(feature.form().unwrap().fields.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct PlainForm {
    /// The form.
    pub form: Option<Form>,
}

impl FormFeature for PlainForm {
    fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    fn set_form(&mut self, form: Option<Form>) {
        self.form = form;
    }
}

/// A form: fields and files. Example: [`read_form`].
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The fields.
    pub fields: Parameters,
    /// The files, of `multipart/form-data` only.
    pub files: Vec<FormFile>,
}

/// A file in a form.
#[derive(Clone, Debug, Default)]
pub struct FormFile {
    /// The name of the form's field.
    pub name: String,
    /// The name of the file at the client: never a path to write to.
    pub file_name: String,
    /// The fields of this part, such as `Content-Type`.
    pub headers: HeaderMap,
    /// What is in it.
    pub data: Bytes,
}

/// How large a form may be. A form over one of them is refused, with 413 for its size and 400 for
/// its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormOptions {
    /// The most bytes of the whole body, which is held in memory. Default: 128 MiB.
    pub buffer_body_length_limit: u64,
    /// The most fields and files. Default: 1024.
    pub value_count_limit: usize,
    /// The most bytes of a name. Default: 2048.
    pub key_length_limit: usize,
    /// The most bytes of a field's value. Default: 4 MiB.
    pub value_length_limit: usize,
    /// The most fields of a part's head. Default: 16.
    pub multipart_headers_count_limit: usize,
    /// The most bytes of a part's head. Default: 16 KiB.
    pub multipart_headers_length_limit: usize,
    /// The most bytes of the line between parts. Default: 128.
    pub multipart_boundary_length_limit: usize,
}

impl Default for FormOptions {
    fn default() -> Self {
        Self {
            buffer_body_length_limit: 128 * 1024 * 1024,
            value_count_limit: 1024,
            key_length_limit: 2048,
            value_length_limit: 4 * 1024 * 1024,
            multipart_headers_count_limit: 16,
            multipart_headers_length_limit: 16 * 1024,
            multipart_boundary_length_limit: 128,
        }
    }
}

/// True if the `Content-Type` is that of a form, which [`read_form`] reads.
pub fn has_form_content_type(headers: &HeaderMap) -> bool {
    ContentType::of(headers).is_some()
}

/// Reads the form from the request's body, once; later calls give the same form.
///
/// ```
/// use falconry_features::{FeatureCollection, FormOptions, HttpRequestFeature, PlainRequest, read_form};
/// use http::{HeaderValue, header::CONTENT_TYPE};
///
/// # async fn example() -> Result<(), falconry_features::BoxError> {
/// let mut request = PlainRequest { body: "name=Jane&age=7".into(), ..PlainRequest::default() };
/// request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
/// let mut features = FeatureCollection::new();
/// features.set::<dyn HttpRequestFeature>(Box::new(request));
/// let form = read_form(&mut features, &FormOptions::default()).await?;
/// assert_eq!(form.fields.get("name"), Some("Jane"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`FeatureError`] of invalid state: the `Content-Type` is not that of a form.
/// [`BadHttpRequestError`]: the form is malformed or over a limit. Otherwise what the body ends with.
pub async fn read_form<'a>(
    features: &'a mut FeatureCollection,
    options: &FormOptions,
) -> Result<&'a Form, BoxError> {
    if features.get::<dyn FormFeature>().is_none_or(|feature| feature.form().is_none()) {
        let form = parse_body(features, options).await?;
        match features.get_mut::<dyn FormFeature>() {
            Some(feature) => feature.set_form(Some(form)),
            None => drop(features.set::<dyn FormFeature>(Box::new(PlainForm { form: Some(form) }))),
        }
    }
    let form = features.required::<dyn FormFeature>()?.form();
    Ok(form.ok_or_else(|| FeatureError::invalid_state("the form that was read has been taken away"))?)
}

async fn parse_body(features: &mut FeatureCollection, options: &FormOptions) -> Result<Form, BoxError> {
    let request = features.required_mut::<dyn HttpRequestFeature>()?;
    let Some(content_type) = ContentType::of(request.headers()) else {
        return Err(FeatureError::invalid_state(
            "the request holds no form: its Content-Type is neither application/x-www-form-urlencoded nor \
             multipart/form-data with a boundary",
        )
        .into());
    };
    let mut body = request.take_body();
    let mut buffer = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data?;
        if (buffer.len() + data.len()) as u64 > options.buffer_body_length_limit {
            return Err(too_large(options).into());
        }
        buffer.extend_from_slice(&data);
    }
    let form = match content_type {
        ContentType::UrlEncoded => urlencoded(&buffer, options)?,
        ContentType::Multipart { boundary } => multipart::parse(buffer.freeze(), &boundary, options)?,
    };
    Ok(form)
}

fn urlencoded(body: &[u8], options: &FormOptions) -> Result<Form, BadHttpRequestError> {
    let text = String::from_utf8_lossy(body);
    if text.split('&').filter(|part| !part.is_empty()).count() > options.value_count_limit {
        return Err(bad_form(format!("more than {} fields", options.value_count_limit)));
    }
    let fields = Parameters::parse_form(&text);
    for (name, value) in fields.iter() {
        check_field(name, value.len(), options)?;
    }
    Ok(Form { fields, files: Vec::new() })
}

/// Checks the name and the length of the value of one field against the limits.
pub(super) fn check_field(
    name: &str,
    length: usize,
    options: &FormOptions,
) -> Result<(), BadHttpRequestError> {
    if name.len() > options.key_length_limit {
        return Err(bad_form(format!("a name of more than {} bytes", options.key_length_limit)));
    }
    if length > options.value_length_limit {
        return Err(bad_form(format!("a value of more than {} bytes", options.value_length_limit)));
    }
    Ok(())
}

/// The refusal of a form for what is in it.
pub(super) fn bad_form(reason: impl std::fmt::Display) -> BadHttpRequestError {
    BadHttpRequestError::new(StatusCode::BAD_REQUEST, format!("the request's form cannot be read: {reason}"))
}

fn too_large(options: &FormOptions) -> BadHttpRequestError {
    BadHttpRequestError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the request's form is over {} bytes", options.buffer_body_length_limit),
    )
}

enum ContentType {
    UrlEncoded,
    Multipart { boundary: String },
}

impl ContentType {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(CONTENT_TYPE).map(HeaderValue::to_str)?.ok()?;
        let mut parts = value.split(';').map(str::trim);
        let kind = parts.next()?;
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Some(Self::UrlEncoded);
        }
        if !kind.eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let mut parameters = parts.filter_map(|part| part.split_once('='));
        let (_, boundary) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
        let boundary = boundary.trim_matches('"');
        (!boundary.is_empty()).then(|| Self::Multipart { boundary: boundary.to_owned() })
    }
}
