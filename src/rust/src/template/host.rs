//! What the C++ side does for a template: find secrets, environment variables and files, hash.

use std::cell::Cell;

use minijinja::{Error, ErrorKind, Value};

use crate::ffi::Bytes;
use crate::template::bytes;
use crate::template::ffi::{Host, FOUND, UNDEFINED};

thread_local! {
    /// The host of the call that this thread is in.
    static HOST: Cell<*const Host> = const { Cell::new(std::ptr::null()) };
}

/// Sets the host for the time of one call.
pub struct Scope {
    before: *const Host,
}

impl Scope {
    pub fn enter(host: *const Host) -> Scope {
        Scope {
            before: HOST.with(|cell| cell.replace(host)),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        HOST.with(|cell| cell.set(self.before));
    }
}

fn current() -> Option<&'static Host> {
    // SAFETY: Scope keeps the pointer for the time of a call, during which the caller of the C
    // interface guarantees that the host lives; nothing keeps the reference longer than a callback.
    unsafe { HOST.with(Cell::get).as_ref() }
}

fn find(kind: i32, name: &str) -> Result<Value, Error> {
    let Some(host) = current() else {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "secrets and environment variables cannot be read here",
        ));
    };
    let mut found = Bytes::empty();
    // SAFETY: the callback reads `name` during the call and sets `found` to bytes that live until
    // the next callback (template_ffi.h); they are copied here.
    let status = unsafe { (host.find)(host.self_, kind, Bytes::of(name.as_bytes()), &mut found) };
    match status {
        FOUND => Ok(Value::from(
            bytes::encode(unsafe { found.as_slice() }).into_owned(),
        )),
        UNDEFINED => Ok(Value::UNDEFINED),
        _ => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("'{name}' was not found"),
        )),
    }
}

pub fn secret(name: &str) -> Result<Value, Error> {
    find(0, name)
}

pub fn env(name: &str) -> Result<Value, Error> {
    find(1, name)
}

/// The hash of the files that match a pattern.
pub fn files(pattern: &str) -> Result<Value, Error> {
    find(2, pattern)
}

/// Hexadecimal; of text that carries bytes, of those bytes.
pub fn sha256(data: &[u8]) -> String {
    let Some(host) = current() else {
        return String::new();
    };
    let original = bytes::decode(String::from_utf8_lossy(data).into_owned());
    let mut digest = [0u8; 32];
    // SAFETY: the callback writes exactly 32 bytes.
    unsafe { (host.sha256)(Bytes::of(&original), digest.as_mut_ptr()) };
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
