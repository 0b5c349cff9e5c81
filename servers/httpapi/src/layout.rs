//! The layout that the kernel writes, where a pointer has 64 bits.

#![cfg(target_pointer_width = "64")]

use std::mem::offset_of;

use windows_sys::Win32::Networking::HttpServer::{
    HTTP_DATA_CHUNK, HTTP_KNOWN_HEADER, HTTP_REQUEST_HEADERS, HTTP_REQUEST_INFO, HTTP_REQUEST_TIMING_INFO,
    HTTP_REQUEST_V1, HTTP_REQUEST_V2, HTTP_RESPONSE_V2, HTTP_SSL_CLIENT_CERT_INFO, HTTP_SSL_INFO,
    HTTP_SSL_PROTOCOL_INFO, HTTP_UNKNOWN_HEADER,
};

/// Fails to compile if a structure is not as large, or a field not where it must be.
macro_rules! assert_layout {
    ($($structure:ty: $size:literal { $($field:ident: $offset:literal),* })*) => {
        const _: () = {
            $(
                assert!(size_of::<$structure>() == $size);
                $(assert!(offset_of!($structure, $field) == $offset);)*
            )*
        };
    };
}

assert_layout! {
    HTTP_REQUEST_V2: 864 { Base: 0, RequestInfoCount: 848, pRequestInfo: 856 }
    HTTP_REQUEST_V1: 848 {
        Flags: 0, ConnectionId: 8, RequestId: 16, UrlContext: 24, Version: 32, Verb: 36, UnknownVerbLength: 40,
        RawUrlLength: 42, pUnknownVerb: 48, pRawUrl: 56, CookedUrl: 64, Address: 104, Headers: 120,
        BytesReceived: 808, EntityChunkCount: 816, pEntityChunks: 824, RawConnectionId: 832, pSslInfo: 840
    }
    HTTP_REQUEST_HEADERS: 688 {
        TrailerCount: 16, pTrailers: 24, UnknownHeaderCount: 0, pUnknownHeaders: 8, KnownHeaders: 32
    }
    HTTP_KNOWN_HEADER: 16 { RawValueLength: 0, pRawValue: 8 }
    HTTP_UNKNOWN_HEADER: 24 { NameLength: 0, RawValueLength: 2, pName: 8, pRawValue: 16 }
    HTTP_REQUEST_INFO: 16 { InfoType: 0, InfoLength: 4, pInfo: 8 }
    HTTP_REQUEST_TIMING_INFO: 248 { RequestTimingCount: 0, RequestTiming: 8 }
    HTTP_SSL_INFO: 48 { pServerCertIssuer: 16, pServerCertSubject: 24, pClientCertInfo: 32 }
    HTTP_SSL_CLIENT_CERT_INFO: 32 { CertFlags: 0, CertEncodedSize: 4, pCertEncoded: 8, Token: 16 }
    HTTP_SSL_PROTOCOL_INFO: 28 { Protocol: 0 }
    HTTP_DATA_CHUNK: 32 { DataChunkType: 0, Anonymous: 8 }
    HTTP_RESPONSE_V2: 568 { Base: 0 }
}
