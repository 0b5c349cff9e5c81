//! What a [`RequestReader`] makes of an input that comes in pieces. Shared with the fuzz target.

use falconry_features::http1::{BodyPiece, RequestLimits, RequestReader};

/// Small, so that small inputs reach them.
pub(crate) const LIMITS: RequestLimits = RequestLimits {
    max_request_line_size: 128,
    max_fields_size: 512,
    max_field_count: 10,
    max_chunk_line_size: 64,
    max_body_size: None,
};

/// One request, as it was read.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) head: String,
    pub(crate) keep_alive: bool,
    pub(crate) body: Vec<u8>,
    /// `None` if the body did not come to its end.
    pub(crate) trailers: Option<String>,
}

/// All that became of an input.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) requests: Vec<Read>,
    /// Status and message.
    pub(crate) refusal: Option<(u16, String)>,
    pub(crate) at_end: Option<String>,
}

/// Reads what comes in `pieces`; requests after one that closes the connection, too.
pub(crate) fn read<'a>(limits: RequestLimits, pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let mut reader = RequestReader::new(limits);
    let mut outcome = Outcome::default();
    for piece in pieces {
        reader.receive(piece);
        while let Some(progress) = step(&mut reader, &mut outcome) {
            if let Err(refusal) = progress {
                outcome.refusal = Some((refusal.status().as_u16(), refusal.to_string()));
                let again = reader.head().expect_err("a refusal is for ever");
                assert_eq!((again.status(), again.to_string()), (refusal.status(), refusal.to_string()));
                assert!(reader.body().is_err() && reader.refusal().is_some() && !reader.is_idle());
                outcome.at_end = reader.end_of_input().map(|refusal| refusal.to_string());
                return outcome;
            }
        }
    }
    outcome.at_end = reader.end_of_input().map(|refusal| refusal.to_string());
    assert_eq!(outcome.at_end.is_none(), reader.is_idle());
    outcome
}

/// Takes one thing; `None` if more must be received.
fn step(
    reader: &mut RequestReader,
    outcome: &mut Outcome,
) -> Option<Result<(), falconry_features::BadHttpRequestError>> {
    let Some(request) = outcome.requests.last_mut().filter(|request| request.trailers.is_none()) else {
        let head = match reader.head() {
            Ok(head) => head?,
            Err(refusal) => return Some(Err(refusal)),
        };
        outcome.requests.push(Read {
            head: format!("{:?} {:?}", head.request, head.framing),
            keep_alive: head.keep_alive,
            ..Read::default()
        });
        return Some(Ok(()));
    };
    match reader.body() {
        Ok(BodyPiece::Incomplete) => return None,
        Ok(BodyPiece::Data(data)) => request.body.extend_from_slice(&data),
        Ok(BodyPiece::End) => request.trailers = Some(format!("{:?}", reader.trailers())),
        Err(refusal) => return Some(Err(refusal)),
    }
    Some(Ok(()))
}
