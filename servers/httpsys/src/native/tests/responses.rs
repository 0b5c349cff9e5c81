//! How responses are sent.

use std::{os::windows::io::AsRawHandle, slice, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_DATA_CHUNK, HTTP_MULTIPLE_KNOWN_HEADERS, HTTP_RESPONSE_V2, HttpDataChunkFromFileHandle,
    HttpDataChunkFromMemory, HttpDataChunkTrailers, HttpHeaderContentType, HttpHeaderSetCookie,
};

use super::{
    fake::{Call, Fake},
    requests::received,
    run,
};
use crate::driver::{
    DataChunk, DataChunks, RequestHandle, SendEntityBody, SendFlags, SendResponse, Win32Error,
};

pub(super) async fn send(handle: &dyn RequestHandle, response: SendResponse) -> Result<(), Win32Error> {
    let mut response = Some(response);
    std::future::poll_fn(|cx| handle.poll_send_response(cx, &mut response)).await
}

pub(super) async fn send_body(handle: &dyn RequestHandle, body: SendEntityBody) -> Result<(), Win32Error> {
    let mut body = Some(body);
    std::future::poll_fn(|cx| handle.poll_send_entity_body(cx, &mut body)).await
}

fn text(start: *const u8, length: u16) -> String {
    // SAFETY: the driver gives text of this length.
    String::from_utf8_lossy(unsafe { slice::from_raw_parts(start, length.into()) }).into_owned()
}

#[test]
fn fields_go_by_number_by_name_and_several_of_one_number_in_a_list() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        let mut response = SendResponse { status: StatusCode::NOT_FOUND, ..SendResponse::default() };
        response.headers.insert("content-type", HeaderValue::from_static("text/html"));
        response.headers.append("set-cookie", HeaderValue::from_static("a=1"));
        response.headers.append("set-cookie", HeaderValue::from_static("b=2"));
        response.headers.insert("x-own", HeaderValue::from_static("yes"));
        fake.then(|response| {
            // SAFETY: the driver gives a response.
            let (base, infos) = unsafe {
                let response = &*response.cast::<HTTP_RESPONSE_V2>();
                (
                    response.Base,
                    slice::from_raw_parts(response.pResponseInfo, response.ResponseInfoCount.into()),
                )
            };
            assert_eq!(
                (base.StatusCode, text(base.pReason, base.ReasonLength)),
                (404, "Not Found".to_owned())
            );
            let kind = base.Headers.KnownHeaders[HttpHeaderContentType as usize];
            assert_eq!(text(kind.pRawValue, kind.RawValueLength), "text/html");
            assert_eq!(base.Headers.UnknownHeaderCount, 1);
            // SAFETY: there is one.
            let own = unsafe { *base.Headers.pUnknownHeaders };
            assert_eq!(
                text(own.pName, own.NameLength) + &text(own.pRawValue, own.RawValueLength),
                "x-ownyes"
            );
            assert_eq!(infos.len(), 1);
            // SAFETY: that is what such an info points to.
            let cookies = unsafe { *infos[0].pInfo.cast::<HTTP_MULTIPLE_KNOWN_HEADERS>() };
            assert_eq!((cookies.HeaderId, cookies.KnownHeaderCount), (HttpHeaderSetCookie, 2));
            // SAFETY: there are two.
            let second = unsafe { *cookies.KnownHeaders.add(1) };
            assert_eq!(text(second.pRawValue, second.RawValueLength), "b=2");
            0
        });
        assert_eq!(send(&*request.handle, response).await, Ok(()));
    });
}

#[test]
fn pieces_are_memory_files_and_trailers() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        let head = SendResponse { flags: SendFlags::MORE_DATA, ..SendResponse::default() };
        fake.then_code(0);
        send(&*request.handle, head).await.expect("the head is sent");
        let file = Arc::new(std::fs::File::open(std::env::current_exe().unwrap()).expect("it can be read"));
        let handle = file.as_raw_handle() as usize;
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("42"));
        let mut chunks = DataChunks::from(Bytes::from_static(b"data"));
        chunks.push(DataChunk::File { file, offset: 3, length: 9 });
        chunks.push(DataChunk::Trailers(trailers));
        fake.then(move |chunks| {
            // SAFETY: the driver gives three.
            let [data, file, trailers] = unsafe { *chunks.cast::<[HTTP_DATA_CHUNK; 3]>() };
            let kinds = [data.DataChunkType, file.DataChunkType, trailers.DataChunkType];
            assert_eq!(kinds, [HttpDataChunkFromMemory, HttpDataChunkFromFileHandle, HttpDataChunkTrailers]);
            // SAFETY: the types are those above.
            unsafe {
                let memory = data.Anonymous.FromMemory;
                assert_eq!(text(memory.pBuffer.cast(), memory.BufferLength as u16), "data");
                let file = file.Anonymous.FromFileHandle;
                assert_eq!((file.ByteRange.StartingOffset, file.ByteRange.Length), (3, 9));
                assert_eq!(file.FileHandle as usize, handle);
                let trailers = trailers.Anonymous.Trailers;
                assert_eq!(trailers.TrailerCount, 1);
                assert_eq!(text((*trailers.pTrailers).pName, (*trailers.pTrailers).NameLength), "x-sum");
            }
            0
        });
        fake.calls();
        send_body(&*request.handle, SendEntityBody { flags: SendFlags::DISCONNECT, chunks })
            .await
            .expect("it is sent");
        drop(request);
        assert_eq!(fake.calls(), [Call::SendBody { id: 1, flags: 1, chunks: 3 }], "and nothing is cancelled");
    });
}

#[test]
fn a_request_without_an_answer_is_cancelled() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 4).await;
        let head = SendResponse { flags: SendFlags::MORE_DATA, ..SendResponse::default() };
        fake.then_code(0);
        send(&*request.handle, head).await.expect("the head is sent");
        fake.calls();
        drop(request);
        assert_eq!(fake.calls(), [Call::Cancel { id: 4 }]);
    });
}

#[test]
fn a_text_that_is_longer_than_the_api_can_say_is_an_error() {
    run(async {
        let (fake, queue) = Fake::queue();
        let request = received(&fake, &queue, 1).await;
        let mut response = SendResponse::default();
        response.headers.insert("x-long", HeaderValue::from_bytes(&[b'x'; 70_000]).unwrap());
        fake.calls();
        assert_eq!(send(&*request.handle, response).await, Err(Win32Error::INVALID_PARAMETER));
        assert_eq!(fake.calls(), []);
    });
}

#[test]
fn where_only_whole_responses_can_be_sent_pieces_are_collected() {
    run(async {
        let (fake, queue) = Fake::queue_with(|api| api.send_response_entity_body = None);
        let request = received(&fake, &queue, 1).await;
        fake.calls();
        let piece = |text: &'static str| DataChunks::from(Bytes::from_static(text.as_bytes()));
        let head =
            SendResponse { flags: SendFlags::MORE_DATA, chunks: piece("a"), ..SendResponse::default() };
        send(&*request.handle, head).await.expect("the head is taken");
        let more = SendEntityBody { flags: SendFlags::MORE_DATA, chunks: piece("b") };
        send_body(&*request.handle, more).await.expect("a piece is taken");
        assert_eq!(fake.calls(), []);
        fake.then(|response| {
            // SAFETY: the driver gives a response.
            assert_eq!(unsafe { (*response.cast::<HTTP_RESPONSE_V2>()).Base.EntityChunkCount }, 3);
            0
        });
        let last = SendEntityBody { flags: SendFlags::DISCONNECT, chunks: piece("c") };
        send_body(&*request.handle, last).await.expect("it is sent");
        assert_eq!(fake.calls(), [Call::Send { id: 1, flags: 1 }]);
    });
}
