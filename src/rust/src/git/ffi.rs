//! The C interface: git_ffi.h says what each function promises. No panic crosses it.

use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

use crate::ffi::{panic_text, Bytes};
use crate::git::{begin, fetch, files, push, Change, Kind, Limits, Message, Problem, Remote, Tip};

const DONE: i32 = 0;
const DENIED: i32 = 1;
const MISSING: i32 = 2;
const UNREACHABLE: i32 = 3;
const CONFLICT: i32 = 4;
const LIMIT: i32 = 5;
const STOPPED: i32 = 6;
const WRONG: i32 = 7;
const DAMAGED: i32 = 8;
const BROKEN: i32 = 9;

#[repr(C)]
pub struct RawProblem {
    self_: *mut c_void,
    tell: unsafe extern "C" fn(*mut c_void, Bytes),
}

#[repr(C)]
pub struct RawRemote {
    clone: Bytes,
    url: Bytes,
    branch: Bytes,
    user: Bytes,
    password: Bytes,
    key: Bytes,
    passphrase: Bytes,
    known_hosts: Bytes,
    bytes_max: u64,
    self_: *mut c_void,
    stop: unsafe extern "C" fn(*mut c_void) -> i32,
}

#[repr(C)]
pub struct RawCommit {
    self_: *mut c_void,
    tell: unsafe extern "C" fn(*mut c_void, Bytes, Bytes, Bytes, i64),
}

#[repr(C)]
pub struct RawLimits {
    files_max: u64,
    file_bytes_max: u64,
    bytes_max: u64,
}

#[repr(C)]
pub struct RawFiles {
    self_: *mut c_void,
    file: unsafe extern "C" fn(*mut c_void, Bytes, i32, Bytes) -> i32,
}

#[repr(C)]
pub struct RawChange {
    path: Bytes,
    data: Bytes,
    removed: i32,
}

#[repr(C)]
pub struct RawMessage {
    author: Bytes,
    email: Bytes,
    text: Bytes,
    at_ms: i64,
}

unsafe fn text_of<'a>(bytes: Bytes, what: &str) -> Result<&'a str, Problem> {
    std::str::from_utf8(bytes.as_slice())
        .map_err(|_| Problem::Wrong(format!("the {what} is not UTF-8")))
}

unsafe fn remote_of<'a>(
    raw: &RawRemote,
    stop: &'a dyn Fn() -> bool,
) -> Result<Remote<'a>, Problem> {
    Ok(Remote {
        clone: Path::new(text_of(raw.clone, "folder")?),
        url: text_of(raw.url, "address")?,
        branch: text_of(raw.branch, "branch")?,
        user: text_of(raw.user, "user")?,
        password: text_of(raw.password, "password")?,
        key: text_of(raw.key, "key")?,
        passphrase: text_of(raw.passphrase, "passphrase")?,
        known_hosts: text_of(raw.known_hosts, "list of known hosts")?,
        bytes_max: raw.bytes_max,
        stop,
    })
}

unsafe fn tell_commit(raw: &RawCommit, tip: &Tip) {
    (raw.tell)(
        raw.self_,
        Bytes::of(tip.id.as_bytes()),
        Bytes::of(tip.author.as_bytes()),
        Bytes::of(tip.summary.as_bytes()),
        tip.at_ms,
    );
}

unsafe fn answer(problem: *const RawProblem, work: impl FnOnce() -> Result<(), Problem>) -> i32 {
    let (status, why) = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return DONE,
        Ok(Err(Problem::Denied(why))) => (DENIED, why),
        Ok(Err(Problem::Missing(why))) => (MISSING, why),
        Ok(Err(Problem::Unreachable(why))) => (UNREACHABLE, why),
        Ok(Err(Problem::Conflict(why))) => (CONFLICT, why),
        Ok(Err(Problem::Limit(why))) => (LIMIT, why),
        Ok(Err(Problem::Stopped)) => (STOPPED, "it was stopped".to_string()),
        Ok(Err(Problem::Wrong(why))) => (WRONG, why),
        Ok(Err(Problem::Damaged(why))) => (DAMAGED, why),
        Err(payload) => (BROKEN, panic_text(&*payload)),
    };
    ((*problem).tell)((*problem).self_, Bytes::of(why.as_bytes()));
    status
}

/// # Safety
/// As git_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_git_begin(
    ca_file: Bytes,
    connect_ms: u32,
    wait_ms: u32,
    problem: *const RawProblem,
) -> i32 {
    answer(problem, || {
        begin(text_of(ca_file, "file of CAs")?, connect_ms, wait_ms)
    })
}

/// # Safety
/// As git_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_git_fetch(
    remote: *const RawRemote,
    commit: *const RawCommit,
    problem: *const RawProblem,
) -> i32 {
    let raw = &*remote;
    let stop = || (raw.stop)(raw.self_) != 0;
    answer(problem, || {
        let tip = fetch(&remote_of(raw, &stop)?)?;
        tell_commit(&*commit, &tip);
        Ok(())
    })
}

/// # Safety
/// As git_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_git_files(
    clone: Bytes,
    commit: Bytes,
    folder: Bytes,
    limits: *const RawLimits,
    all: *const RawFiles,
    problem: *const RawProblem,
) -> i32 {
    let limits = &*limits;
    let all = &*all;
    answer(problem, || {
        files(
            Path::new(text_of(clone, "folder")?),
            text_of(commit, "commit")?,
            text_of(folder, "folder of the repository")?,
            &Limits {
                files_max: limits.files_max,
                file_bytes_max: limits.file_bytes_max,
                bytes_max: limits.bytes_max,
            },
            &mut |path, kind, data| {
                let kind = match kind {
                    Kind::File => 0,
                    Kind::Program => 1,
                    Kind::Link => 2,
                };
                (all.file)(all.self_, Bytes::of(path.as_bytes()), kind, Bytes::of(data)) == 0
            },
        )
    })
}

/// # Safety
/// As git_ffi.h says: all pointers valid for the call.
#[no_mangle]
pub unsafe extern "C" fn dyna_git_push(
    remote: *const RawRemote,
    base: Bytes,
    changes: *const RawChange,
    changes_count: usize,
    message: *const RawMessage,
    commit: *const RawCommit,
    problem: *const RawProblem,
) -> i32 {
    let raw = &*remote;
    let stop = || (raw.stop)(raw.self_) != 0;
    answer(problem, || {
        let mut wanted = Vec::with_capacity(changes_count);
        for at in 0..changes_count {
            let one = &*changes.add(at);
            wanted.push(Change {
                path: text_of(one.path, "path of a file")?,
                data: (one.removed == 0).then(|| one.data.as_slice()),
            });
        }
        let said = Message {
            author: text_of((*message).author, "author")?,
            email: text_of((*message).email, "e-mail of the author")?,
            text: text_of((*message).text, "message")?,
            at_ms: (*message).at_ms,
        };
        let base = text_of(base, "commit")?;
        let tip = push(&remote_of(raw, &stop)?, base, &wanted, &said)?;
        tell_commit(&*commit, &tip);
        Ok(())
    })
}
