//! A bare clone that follows one branch.

mod access;
pub mod ffi;
mod files;
mod push;

use std::cell::Cell;
use std::path::Path;
use std::sync::Mutex;

use git2::opts;
use git2::{
    AutotagOption, Commit, ConfigLevel, Error, ErrorClass, ErrorCode, FetchOptions, Oid,
    ProxyOptions, RemoteCallbacks, RemoteRedirect, Repository, RepositoryInitOptions,
};

pub use files::{files, Kind, Limits};
pub use push::{push, Change, Message};

/// What is kept of the last fetch: what both sides have is told by it.
const KEPT: &str = "refs/dyna/kept";
/// What a fetch brings; it is not there before.
const FETCHED: &str = "refs/dyna/fetched";

pub struct Remote<'a> {
    pub clone: &'a Path,
    pub url: &'a str,
    pub branch: &'a str,
    pub user: &'a str,
    pub password: &'a str,
    pub key: &'a str,
    pub passphrase: &'a str,
    pub known_hosts: &'a str,
    pub bytes_max: u64,
    pub stop: &'a dyn Fn() -> bool,
}

#[derive(Debug)]
pub enum Problem {
    Denied(String),
    Missing(String),
    Unreachable(String),
    Conflict(String),
    Limit(String),
    Stopped,
    Wrong(String),
    Damaged(String),
}

pub struct Tip {
    pub id: String,
    pub author: String,
    pub summary: String,
    pub at_ms: i64,
}

/// What was set so far: the authorities; None: nothing yet.
static SETTINGS: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Nothing that people of this machine set for their own git counts here.
pub fn begin(ca_file: &str, connect_ms: u32, wait_ms: u32) -> Result<(), Problem> {
    let mut known = SETTINGS.lock().unwrap_or_else(|error| error.into_inner());
    if known.is_none() {
        // Once, before anything reads them.
        set_up(connect_ms, wait_ms)?;
        *known = Some(Vec::new());
    }
    let trusted = known.get_or_insert_with(Vec::new);
    if ca_file.is_empty() || trusted.iter().any(|one| one == ca_file) {
        return Ok(());
    }
    // Safety: libgit2 reads the file at once.
    unsafe { opts::set_ssl_cert_file(ca_file) }
        .map_err(|error| Problem::Wrong(format!("{ca_file}: {}", error.message())))?;
    trusted.push(ca_file.to_string());
    Ok(())
}

fn set_up(connect_ms: u32, wait_ms: u32) -> Result<(), Problem> {
    // Safety: libgit2 keeps copies, and nobody else sets them at the same time.
    unsafe {
        for level in [
            ConfigLevel::ProgramData,
            ConfigLevel::System,
            ConfigLevel::XDG,
            ConfigLevel::Global,
        ] {
            opts::set_search_path(level, "").map_err(wrong)?;
        }
        let as_int = |ms: u32| i32::try_from(ms).unwrap_or(i32::MAX);
        opts::set_server_connect_timeout_in_milliseconds(as_int(connect_ms)).map_err(wrong)?;
        opts::set_server_timeout_in_milliseconds(as_int(wait_ms)).map_err(wrong)?;
    }
    Ok(())
}

pub fn fetch(remote: &Remote) -> Result<Tip, Problem> {
    let repository = clone_of(remote.clone)?;
    if let Ok(mut before) = repository.find_reference(FETCHED) {
        before.delete().map_err(damaged)?;
    }
    let cut = Cell::new(Cut::Not);
    let mut callbacks = access::callbacks(remote);
    limit(&mut callbacks, remote, &cut);
    let mut options = FetchOptions::new();
    options
        .remote_callbacks(callbacks)
        .download_tags(AutotagOption::None)
        .update_fetchhead(false)
        .follow_redirects(RemoteRedirect::None)
        .proxy_options(proxy());
    let spec = format!("+refs/heads/{}:{FETCHED}", remote.branch);
    let mut origin = repository.remote_anonymous(remote.url).map_err(wrong)?;
    origin
        .fetch(&[spec], Some(&mut options), None)
        .map_err(|error| told(&error, cut.get(), remote))?;
    drop(options);
    let fetched = repository
        .find_reference(FETCHED)
        .map_err(|_| Problem::Missing(format!("there is no branch '{}' there", remote.branch)))?;
    let commit = fetched.peel_to_commit().map_err(damaged)?;
    keep(&repository, commit.id())?;
    Ok(tip_of(&commit))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Not,
    Stopped,
    TooMuch,
}

fn limit<'a>(callbacks: &mut RemoteCallbacks<'a>, remote: &'a Remote, cut: &'a Cell<Cut>) {
    callbacks.transfer_progress(move |progress| {
        if (remote.stop)() {
            cut.set(Cut::Stopped);
        } else if progress.received_bytes() as u64 > remote.bytes_max {
            cut.set(Cut::TooMuch);
        }
        cut.get() == Cut::Not
    });
    callbacks.sideband_progress(move |_| {
        if (remote.stop)() {
            cut.set(Cut::Stopped);
        }
        cut.get() == Cut::Not
    });
}

fn proxy<'a>() -> ProxyOptions<'a> {
    let mut proxy = ProxyOptions::new();
    proxy.auto();
    proxy
}

fn clone_of(folder: &Path) -> Result<Repository, Problem> {
    match Repository::open_bare(folder) {
        Ok(repository) => return Ok(repository),
        Err(error) if error.code() == ErrorCode::NotFound => {}
        Err(error) => return Err(damaged(error)),
    }
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).mkpath(true);
    Repository::init_opts(folder, &options).map_err(damaged)
}

fn open_clone(folder: &Path) -> Result<Repository, Problem> {
    Repository::open_bare(folder).map_err(damaged)
}

fn keep(repository: &Repository, id: Oid) -> Result<(), Problem> {
    repository
        .reference(KEPT, id, true, "followed")
        .map(|_| ())
        .map_err(damaged)
}

fn commit_of<'a>(repository: &'a Repository, id: &str) -> Result<Commit<'a>, Problem> {
    let id =
        Oid::from_str(id).map_err(|_| Problem::Wrong(format!("'{id}' is no id of a commit")))?;
    repository.find_commit(id).map_err(damaged)
}

fn tip_of(commit: &Commit) -> Tip {
    Tip {
        id: commit.id().to_string(),
        author: commit.author().name().unwrap_or("").to_string(),
        summary: commit.summary().unwrap_or("").to_string(),
        at_ms: commit.time().seconds().saturating_mul(1000),
    }
}

fn damaged(error: Error) -> Problem {
    Problem::Damaged(error.message().to_string())
}

fn wrong(error: Error) -> Problem {
    Problem::Wrong(error.message().to_string())
}

/// What libgit2 says of the other side, by what can be done about it.
pub(crate) fn told(error: &Error, cut: Cut, remote: &Remote) -> Problem {
    match cut {
        Cut::Stopped => return Problem::Stopped,
        Cut::TooMuch => {
            return Problem::Limit(format!("it sends more than {} bytes", remote.bytes_max))
        }
        Cut::Not => {}
    }
    let text = hidden(error.message(), remote);
    let says = |part: &str| text.contains(part);
    // What the check of a key said is not what comes here.
    if says("hostkey") {
        return Problem::Denied(format!(
            "its key is none of those that 'known_hosts' has ({text})"
        ));
    }
    // What is wrong with files of ours, as a lock that a kill left, is nobody else's fault.
    if error.code() == ErrorCode::Locked || says(&*remote.clone.to_string_lossy()) {
        return Problem::Damaged(text);
    }
    match error.code() {
        ErrorCode::Auth | ErrorCode::Certificate => Problem::Denied(text),
        ErrorCode::NotFastForward | ErrorCode::Modified => Problem::Conflict(text),
        ErrorCode::NotFound => Problem::Missing(text),
        _ if says("status code: 401") || says("status code: 403") => Problem::Denied(text),
        _ if says("status code: 404") => Problem::Missing(format!("no such repository: {text}")),
        _ if says("redirect") => Problem::Denied(format!(
            "it leads elsewhere, which is not followed: name the address that it leads to ({text})"
        )),
        _ => match error.class() {
            ErrorClass::Net | ErrorClass::Http | ErrorClass::Ssh | ErrorClass::Ssl => {
                Problem::Unreachable(text)
            }
            ErrorClass::Callback => Problem::Denied(text),
            ErrorClass::Odb
            | ErrorClass::Reference
            | ErrorClass::Zlib
            | ErrorClass::Filesystem
            | ErrorClass::Repository => Problem::Damaged(text),
            _ => Problem::Unreachable(text),
        },
    }
}

/// Whatever the other side repeats of what it was sent is not shown.
fn hidden(text: &str, remote: &Remote) -> String {
    let mut out = text.to_string();
    for secret in [remote.password, remote.passphrase, remote.key.trim()] {
        if !secret.is_empty() {
            out = out.replace(secret, "***");
        }
    }
    out
}

#[cfg(test)]
mod tests;
