//! Routes about bodies: made up, counted, in chunks, limited.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use falconry::{HttpContext, Result};
use falconry_features::HttpMaxRequestBodySizeFeature;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::{answer, plain_text, query};
use crate::timer;

const CHUNK: usize = 16 * 1024;

/// The bytes of `/big`: SplitMix64 seeded with the size, each number in little-endian order.
///
/// ```
/// use falconry_conformance::contract::PseudoRandom;
///
/// let bytes: Vec<u8> = PseudoRandom::new(20).flatten().collect();
/// assert_eq!(bytes.len(), 20);
/// assert_eq!(bytes, PseudoRandom::new(20).flatten().collect::<Vec<u8>>());
/// ```
#[derive(Clone, Debug)]
pub struct PseudoRandom {
    state: u64,
    left: u64,
}

impl PseudoRandom {
    /// `size` bytes, in pieces.
    pub fn new(size: u64) -> Self {
        Self { state: size, left: size }
    }

    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Iterator for PseudoRandom {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        let length = self.left.min(CHUNK as u64) as usize;
        let mut piece = Vec::with_capacity(CHUNK);
        while piece.len() < length {
            piece.extend_from_slice(&self.number().to_le_bytes());
        }
        piece.truncate(length);
        self.left -= length as u64;
        Some(piece.into())
    }
}

/// `/big`: so many bytes.
pub(super) async fn big(ctx: &mut HttpContext) -> Result {
    let size = query::number(ctx, "size", 0)?;
    let has_length = query::number(ctx, "chunked", 0)? == 0;
    let octets = HeaderValue::from_static("application/octet-stream");
    ctx.response_mut().set_header(header::CONTENT_TYPE, octets)?;
    if has_length {
        ctx.response_mut().set_header(header::CONTENT_LENGTH, HeaderValue::from(size))?;
    }
    if ctx.request().method() == http::Method::HEAD {
        return Ok(());
    }
    for piece in PseudoRandom::new(size) {
        ctx.response_mut().write(piece).await?;
    }
    Ok(())
}

/// `/upload`: how much came, and its digest.
pub(super) async fn upload(ctx: &mut HttpContext) -> Result {
    let mut count = 0;
    let mut digest = Sha256::new();
    while let Some(data) = ctx.request_mut().read().await? {
        count += data.len() as u64;
        digest.update(&data);
    }
    answer(ctx, StatusCode::OK, format!("{count} {}", hex(digest))).await
}

/// `/stream`: chunks that leave one by one.
pub(super) async fn stream(ctx: &mut HttpContext) -> Result {
    let count = query::number(ctx, "count", 1)?;
    let size = query::number(ctx, "size", 1)?;
    let delay = Duration::from_millis(query::number(ctx, "delay_ms", 0)?);
    plain_text(ctx)?;
    ctx.response_mut().flush().await?;
    let letters = Bytes::from(vec![b'x'; size.min(CHUNK as u64) as usize]);
    for _ in 0..count {
        let mut left = size;
        while left > 0 {
            let piece = letters.slice(..left.min(CHUNK as u64) as usize);
            left -= piece.len() as u64;
            ctx.response_mut().write(piece).await?;
        }
        ctx.response_mut().flush().await?;
        if !delay.is_zero() {
            timer::sleep(delay).await;
        }
    }
    Ok(())
}

/// `/limits`: as `/upload`, within the limit that the query sets.
pub(super) async fn limits(ctx: &mut HttpContext) -> Result {
    let limit = query::number(ctx, "max_body", u64::MAX)?;
    let Some(feature) = ctx.features_mut().get_mut::<dyn HttpMaxRequestBodySizeFeature>() else {
        return answer(ctx, StatusCode::NOT_IMPLEMENTED, "this server has no limit to set\n").await;
    };
    feature.set_max_request_body_size(Some(limit))?;
    upload(ctx).await
}

pub(super) fn hex(digest: Sha256) -> String {
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
