//! The C interface: schema_ffi.h says what each function promises. No panic crosses it.

use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::ffi::{panic_text, Bytes};
use crate::schema::{Finding, Schema, FINDINGS_MAX};

const OK: i32 = 0;
const FAILED: i32 = 1;
const BROKEN: i32 = 2;

#[repr(C)]
pub struct Findings {
    self_: *mut c_void,
    add: unsafe extern "C" fn(*mut c_void, Bytes, Bytes),
}

impl Findings {
    unsafe fn tell(&self, finding: &Finding) {
        let (at, message) = (finding.at.as_bytes(), finding.message.as_bytes());
        (self.add)(self.self_, Bytes::of(at), Bytes::of(message));
    }
}

unsafe fn guarded(findings: &Findings, body: impl FnOnce() -> Result<(), Vec<Finding>>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => OK,
        Ok(Err(found)) => {
            for finding in found.iter().take(FINDINGS_MAX) {
                findings.tell(finding);
            }
            FAILED
        }
        Err(payload) => {
            findings.tell(&Finding::new("#", panic_text(&*payload)));
            BROKEN
        }
    }
}

/// # Safety
/// As schema_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_schema_compile(
    text: Bytes,
    out: *mut *mut Schema,
    findings: *const Findings,
) -> i32 {
    guarded(&*findings, || {
        *out = Box::into_raw(Box::new(Schema::compile(text.as_slice())?));
        Ok(())
    })
}

/// # Safety
/// As schema_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_schema_check(
    schema: *const Schema,
    json: Bytes,
    findings: *const Findings,
) -> i32 {
    guarded(&*findings, || {
        let found = (*schema).check(json.as_slice());
        if found.is_empty() {
            Ok(())
        } else {
            Err(found)
        }
    })
}

/// # Safety
/// `schema` came from dyna_schema_compile, and is not used any more.
#[no_mangle]
pub unsafe extern "C" fn dyna_schema_free(schema: *mut Schema) {
    if !schema.is_null() {
        drop(Box::from_raw(schema));
    }
}
