//! The layout of version 1.0: whoever changes one of these numbers changes the major version.

use std::mem::{align_of, offset_of, size_of};

use super::*;

const WORD: usize = size_of::<usize>();

#[test]
fn objects_and_texts_are_words() {
    assert_eq!((size_of::<Str>(), size_of::<Field>()), (2 * WORD, 4 * WORD));
    assert_eq!((size_of::<Source>(), size_of::<Stream>()), (2 * WORD, 2 * WORD));
    assert_eq!((size_of::<Bytes>(), size_of::<Waker>()), (4 * WORD, 4 * WORD));
    assert_eq!((size_of::<SourceTable>(), size_of::<StreamTable>()), (3 * WORD, 5 * WORD));
    assert_eq!(size_of::<Event>(), 16 + 8 * WORD);
    assert_eq!(size_of::<Address>(), 24);
}

#[test]
fn the_table_begins_with_its_size_and_version_and_has_its_functions_in_order() {
    assert_eq!(align_of::<AppTable>(), align_of::<usize>());
    let head = [offset_of!(AppTable, size), offset_of!(AppTable, major), offset_of!(AppTable, minor)];
    assert_eq!(head, [0, 4, 8]);
    let functions = [
        offset_of!(AppTable, start),
        offset_of!(AppTable, call),
        offset_of!(AppTable, request_stop),
        offset_of!(AppTable, poll_end),
        offset_of!(AppTable, stop),
    ];
    assert_eq!(functions, [0, 1, 2, 3, 4].map(|index| 16 + (2 + index) * WORD));
    assert_eq!(size_of::<AppTable>(), 16 + 7 * WORD);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn what_the_worker_says_has_its_places() {
    assert_eq!(
        (offset_of!(HostTable, context), offset_of!(HostTable, log), size_of::<HostTable>()),
        (8, 16, 24)
    );
    assert_eq!((offset_of!(StartOptions, addresses), size_of::<StartOptions>()), (8, 16));
    assert_eq!(offset_of!(RequestHead, content_length), 16);
    assert_eq!((offset_of!(RequestHead, method), offset_of!(RequestHead, remote)), (24, 104));
    assert_eq!((offset_of!(RequestHead, fields), size_of::<RequestHead>()), (152, 168));
    assert_eq!((offset_of!(Event, reason), offset_of!(Event, fields), offset_of!(Event, data)), (16, 32, 48));
}
