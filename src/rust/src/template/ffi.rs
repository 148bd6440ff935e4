//! The C interface: template_ffi.h says what each function promises. No panic crosses it.

use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::ffi::{panic_text, Bytes};
use crate::template::analyze::{self, Finding};
use crate::template::bytes;
use crate::template::engine::{self, Failure, Mode};
use crate::template::host::Scope;
use crate::template::names;
use crate::template::pattern;

pub const FOUND: i32 = 0;
pub const UNDEFINED: i32 = 1;

const OK: i32 = 0;
const FAILED: i32 = 1;
const BROKEN: i32 = 2;
const UNNAMED: i32 = 3;

#[repr(C)]
pub struct Host {
    pub self_: *mut c_void,
    pub find: unsafe extern "C" fn(*mut c_void, i32, Bytes, *mut Bytes) -> i32,
    pub sha256: unsafe extern "C" fn(Bytes, *mut u8),
}

#[repr(C)]
pub struct Text {
    data: *mut u8,
    size: usize,
    capacity: usize,
    offset: usize,
}

impl Text {
    fn set(&mut self, content: Vec<u8>, offset: usize) {
        let mut content = std::mem::ManuallyDrop::new(content);
        self.data = content.as_mut_ptr();
        self.size = content.len();
        self.capacity = content.capacity();
        self.offset = offset;
    }
}

#[repr(C)]
pub struct Sink {
    self_: *mut c_void,
    reference: unsafe extern "C" fn(*mut c_void, usize, *const Bytes, usize),
    problem: unsafe extern "C" fn(*mut c_void, i32, usize, Bytes),
    raw: unsafe extern "C" fn(*mut c_void, usize),
}

/// The failure with its place in the bytes that were given, not in those that carried them.
fn at_original(encoded: &str, mut failure: Failure) -> Failure {
    failure.offset = bytes::original_offset(encoded, failure.offset);
    failure
}

/// Runs `body`; its text or its failure goes to `out`.
fn guarded(out: &mut Text, body: impl FnOnce() -> Result<Vec<u8>, Failure>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(content)) => {
            out.set(content, 0);
            OK
        }
        Ok(Err(failure)) => {
            out.set(failure.message.into_bytes(), failure.offset);
            if failure.unnamed {
                UNNAMED
            } else {
                FAILED
            }
        }
        Err(payload) => {
            out.set(panic_text(&*payload).into_bytes(), 0);
            BROKEN
        }
    }
}

/// # Safety
/// As template_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_template_render(
    text: Bytes,
    context: Bytes,
    mode: i32,
    host: *const Host,
    out: *mut Text,
) -> i32 {
    let (text, context) = (text.as_slice(), context.as_slice());
    guarded(&mut *out, || {
        let _scope = Scope::enter(host);
        let mode = if mode == 0 {
            Mode::Text
        } else {
            Mode::Expression
        };
        let encoded = bytes::encode(text);
        engine::render(&encoded, context, mode)
            .map(bytes::decode)
            .map_err(|failure| at_original(&encoded, failure))
    })
}

/// # Safety
/// As template_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_template_expression(
    text: Bytes,
    is_raw: *mut i32,
    out: *mut Text,
) -> i32 {
    let text = text.as_slice();
    let mut size = 0;
    let status = guarded(&mut *out, || {
        let encoded = bytes::encode(text);
        let found =
            analyze::expression(&encoded).map_err(|failure| at_original(&encoded, failure))?;
        size = bytes::original_offset(&encoded, found.size);
        *is_raw = i32::from(found.is_raw);
        Ok(Vec::new())
    });
    if status == OK {
        (*out).offset = size;
    }
    status
}

/// # Safety
/// As template_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_template_analyze(
    text: Bytes,
    sink: *const Sink,
    out: *mut Text,
) -> i32 {
    let (text, sink) = (text.as_slice(), &*sink);
    guarded(&mut *out, || {
        let encoded = bytes::encode(text);
        let original = |offset| bytes::original_offset(&encoded, offset);
        analyze::analyze(&encoded, &mut |finding| match finding {
            Finding::Reference { offset, path } => {
                let parts: Vec<Bytes> = path.iter().map(|p| Bytes::of(p.as_bytes())).collect();
                (sink.reference)(sink.self_, original(offset), parts.as_ptr(), parts.len());
            }
            Finding::Problem { kind, offset, text } => {
                (sink.problem)(
                    sink.self_,
                    kind as i32,
                    original(offset),
                    Bytes::of(text.as_bytes()),
                );
            }
            Finding::Raw { offset } => (sink.raw)(sink.self_, original(offset)),
        });
        Ok(Vec::new())
    })
}

/// # Safety
/// As template_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_template_names(kind: i32, out: *mut Text) {
    guarded(&mut *out, || {
        let list = match kind {
            1 => names::FILTERS,
            2 => names::TESTS,
            _ => names::FUNCTIONS,
        };
        Ok(list.join("\n").into_bytes())
    });
}

/// # Safety
/// As template_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_match_whole(
    pattern: Bytes,
    text: Bytes,
    matches: *mut i32,
    out: *mut Text,
) -> i32 {
    let (pattern, text) = (pattern.as_slice(), text.as_slice());
    guarded(&mut *out, || {
        let failure = |message: String| Failure {
            message,
            offset: 0,
            unnamed: false,
        };
        let utf8 =
            |bytes| std::str::from_utf8(bytes).map_err(|_| failure("it is not UTF-8".to_string()));
        let whole = pattern::matches_whole(utf8(pattern)?, utf8(text)?).map_err(failure)?;
        *matches = i32::from(whole);
        Ok(Vec::new())
    })
}

/// # Safety
/// `out` was filled by a function of this interface, and not freed since.
#[no_mangle]
pub unsafe extern "C" fn dyna_template_free(out: *mut Text) {
    let out = &mut *out;
    if !out.data.is_null() {
        drop(Vec::from_raw_parts(out.data, out.size, out.capacity));
        out.data = std::ptr::null_mut();
    }
}
