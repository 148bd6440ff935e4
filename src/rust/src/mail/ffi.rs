//! The C interface: mail_ffi.h says what each function promises. No panic crosses it.

use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::{Duration, UNIX_EPOCH};

use crate::ffi::{panic_text, Bytes};
use crate::mail::{send, Encryption, Mail, Problem};

const SENT: i32 = 0;
const REFUSED: i32 = 1;
const UNREACHABLE: i32 = 2;
const WRONG: i32 = 3;
const BROKEN: i32 = 4;

#[repr(C)]
pub struct RawMail {
    host: Bytes,
    port: u16,
    tls: u8,
    user: Bytes,
    password: Bytes,
    ca_pem: Bytes,
    wait_ms: u32,
    from: Bytes,
    to: *const Bytes,
    to_count: usize,
    subject: Bytes,
    text: Bytes,
    id: Bytes,
    at_ms: i64,
}

#[repr(C)]
pub struct RawProblem {
    self_: *mut c_void,
    tell: unsafe extern "C" fn(*mut c_void, Bytes),
}

unsafe fn text_of<'a>(bytes: Bytes, what: &str) -> Result<&'a str, Problem> {
    std::str::from_utf8(bytes.as_slice())
        .map_err(|_| Problem::Wrong(format!("the {what} is not UTF-8")))
}

unsafe fn mail_of<'a>(raw: &RawMail) -> Result<Mail<'a>, Problem> {
    let mut to = Vec::new();
    for at in 0..raw.to_count {
        to.push(text_of(*raw.to.add(at), "address")?);
    }
    Ok(Mail {
        host: text_of(raw.host, "host")?,
        port: raw.port,
        encryption: match raw.tls {
            0 => Encryption::Whole,
            1 => Encryption::StartTls,
            _ => Encryption::Plain,
        },
        user: text_of(raw.user, "user")?,
        password: text_of(raw.password, "password")?,
        ca_pem: raw.ca_pem.as_slice(),
        wait: Duration::from_millis(u64::from(raw.wait_ms)),
        from: text_of(raw.from, "sender")?,
        to,
        subject: text_of(raw.subject, "subject")?,
        text: text_of(raw.text, "text")?,
        id: text_of(raw.id, "id")?,
        at: UNIX_EPOCH + Duration::from_millis(u64::try_from(raw.at_ms).unwrap_or(0)),
    })
}

/// # Safety
/// As mail_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_mail_send(mail: *const RawMail, problem: *const RawProblem) -> i32 {
    let sent = catch_unwind(AssertUnwindSafe(|| send(&mail_of(&*mail)?)));
    let (status, why) = match sent {
        Ok(Ok(())) => return SENT,
        Ok(Err(Problem::Refused(why))) => (REFUSED, why),
        Ok(Err(Problem::Unreachable(why))) => (UNREACHABLE, why),
        Ok(Err(Problem::Wrong(why))) => (WRONG, why),
        Err(payload) => (BROKEN, panic_text(&*payload)),
    };
    ((*problem).tell)((*problem).self_, Bytes::of(why.as_bytes()));
    status
}
