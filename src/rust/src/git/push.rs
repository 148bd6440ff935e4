//! A commit that is pushed back.

use std::cell::{Cell, RefCell};
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, PushOptions, RemoteRedirect, Repository, Signature, Time, Tree};

use crate::git::{
    access, commit_of, damaged, keep, open_clone, proxy, tip_of, told, wrong, Cut, Problem, Remote,
    Tip,
};

const PUSHED: &str = "refs/dyna/pushed";

pub struct Change<'a> {
    pub path: &'a str,
    /// None: the file goes.
    pub data: Option<&'a [u8]>,
}

pub struct Message<'a> {
    pub author: &'a str,
    pub email: &'a str,
    pub text: &'a str,
    pub at_ms: i64,
}

pub fn push(
    remote: &Remote,
    base: &str,
    changes: &[Change],
    message: &Message,
) -> Result<Tip, Problem> {
    let repository = open_clone(remote.clone)?;
    let base = commit_of(&repository, base)?;
    let tree = changed(&repository, &base.tree().map_err(damaged)?, changes)?;
    let tree = repository.find_tree(tree).map_err(damaged)?;
    let time = Time::new(message.at_ms / 1000, 0);
    let author = Signature::new(message.author, message.email, &time).map_err(wrong)?;
    let id = repository
        .commit(None, &author, &author, message.text, &tree, &[&base])
        .map_err(damaged)?;
    repository
        .reference(PUSHED, id, true, "pushed")
        .map_err(damaged)?;
    send(&repository, remote)?;
    keep(&repository, id)?;
    let commit = repository.find_commit(id).map_err(damaged)?;
    Ok(tip_of(&commit))
}

fn changed(repository: &Repository, tree: &Tree, changes: &[Change]) -> Result<Oid, Problem> {
    let mut builder = TreeUpdateBuilder::new();
    for change in changes {
        let there = tree.get_path(Path::new(change.path)).ok();
        match change.data {
            Some(data) => {
                let blob = repository.blob(data).map_err(damaged)?;
                let program = there
                    .is_some_and(|entry| entry.filemode() == i32::from(FileMode::BlobExecutable));
                let mode = if program {
                    FileMode::BlobExecutable
                } else {
                    FileMode::Blob
                };
                builder.upsert(change.path, blob, mode);
            }
            None if there.is_some() => {
                builder.remove(change.path);
            }
            None => {}
        }
    }
    builder.create_updated(repository, tree).map_err(wrong)
}

/// Without force: who was faster wins.
fn send(repository: &Repository, remote: &Remote) -> Result<(), Problem> {
    let cut = Cell::new(Cut::Not);
    let refused = RefCell::new(None::<String>);
    let mut callbacks = access::callbacks(remote);
    callbacks.push_update_reference(|_, why| {
        *refused.borrow_mut() = why.map(str::to_string);
        Ok(())
    });
    callbacks.sideband_progress(|_| {
        if (remote.stop)() {
            cut.set(Cut::Stopped);
        }
        cut.get() == Cut::Not
    });
    let mut options = PushOptions::new();
    options
        .remote_callbacks(callbacks)
        .follow_redirects(RemoteRedirect::None)
        .proxy_options(proxy());
    let spec = format!("{PUSHED}:refs/heads/{}", remote.branch);
    let mut origin = repository.remote_anonymous(remote.url).map_err(wrong)?;
    let sent = origin.push(&[spec], Some(&mut options));
    drop(options);
    sent.map_err(|error| told(&error, cut.get(), remote))?;
    match refused.into_inner() {
        None => Ok(()),
        // What git-receive-pack says where the branch is not where we saw it.
        Some(why)
            if [
                "non-fast-forward",
                "fetch first",
                "failed to update ref",
                "stale info",
            ]
            .iter()
            .any(|words| why.contains(words)) =>
        {
            Err(Problem::Conflict(why))
        }
        Some(why) => Err(Problem::Denied(format!(
            "it does not take the branch '{}': {why}",
            remote.branch
        ))),
    }
}
