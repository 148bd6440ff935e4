//! The files of a commit.

use std::path::Path;

use git2::{FileMode, ObjectType, Odb, Repository, Tree};

use crate::git::{commit_of, damaged, open_clone, Problem};

/// Deeper than anybody nests, and not more than a stack holds.
const DEPTH_MAX: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    File,
    Program,
    Link,
}

pub struct Limits {
    pub files_max: u64,
    pub file_bytes_max: u64,
    pub bytes_max: u64,
}

/// False ends it.
pub type Each<'a> = dyn FnMut(&str, Kind, &[u8]) -> bool + 'a;

pub fn files(
    clone: &Path,
    commit: &str,
    folder: &str,
    limits: &Limits,
    each: &mut Each,
) -> Result<(), Problem> {
    let repository = open_clone(clone)?;
    let commit = commit_of(&repository, commit)?;
    let mut tree = commit.tree().map_err(damaged)?;
    if !folder.is_empty() {
        let entry = tree.get_path(Path::new(folder)).ok();
        tree = entry
            .and_then(|entry| entry.to_object(&repository).ok())
            .and_then(|object| object.into_tree().ok())
            .ok_or_else(|| Problem::Missing(format!("it has no folder '{folder}'")))?;
    }
    let odb = repository.odb().map_err(damaged)?;
    let mut walk = Walk {
        repository: &repository,
        odb: &odb,
        limits,
        each,
        files: 0,
        bytes: 0,
    };
    walk.tree(&tree, "", 0)
}

struct Walk<'a, 'b> {
    repository: &'a Repository,
    odb: &'a Odb<'a>,
    limits: &'a Limits,
    each: &'a mut Each<'b>,
    files: u64,
    bytes: u64,
}

impl Walk<'_, '_> {
    fn tree(&mut self, tree: &Tree, above: &str, depth: usize) -> Result<(), Problem> {
        if depth > DEPTH_MAX {
            return Err(Problem::Limit(format!(
                "'{above}': folders are nested deeper than {DEPTH_MAX}"
            )));
        }
        for entry in tree {
            let name = entry.name().ok_or_else(|| {
                Problem::Wrong(format!("a name in the folder '{above}' is not UTF-8"))
            })?;
            let path = if above.is_empty() {
                name.to_string()
            } else {
                format!("{above}/{name}")
            };
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    let below = self.repository.find_tree(entry.id()).map_err(damaged)?;
                    self.tree(&below, &path, depth + 1)?;
                }
                Some(ObjectType::Blob) => self.file(entry.id(), entry.filemode(), &path)?,
                _ => {
                    return Err(Problem::Limit(format!(
                        "'{path}' is a submodule, and these are not followed"
                    )))
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, id: git2::Oid, mode: i32, path: &str) -> Result<(), Problem> {
        self.files += 1;
        if self.files > self.limits.files_max {
            return Err(Problem::Limit(format!(
                "it has more than {} files",
                self.limits.files_max
            )));
        }
        // Before it is read: a small pack can hold a huge file.
        let (size, _) = self.odb.read_header(id).map_err(damaged)?;
        if size as u64 > self.limits.file_bytes_max {
            return Err(Problem::Limit(format!(
                "'{path}' has {size} bytes: more than {}",
                self.limits.file_bytes_max
            )));
        }
        self.bytes += size as u64;
        if self.bytes > self.limits.bytes_max {
            return Err(Problem::Limit(format!(
                "its files have more than {} bytes",
                self.limits.bytes_max
            )));
        }
        let kind = match mode {
            mode if mode == i32::from(FileMode::Link) => Kind::Link,
            mode if mode == i32::from(FileMode::BlobExecutable) => Kind::Program,
            _ => Kind::File,
        };
        let blob = self.repository.find_blob(id).map_err(damaged)?;
        if (self.each)(path, kind, blob.content()) {
            Ok(())
        } else {
            Err(Problem::Stopped)
        }
    }
}
