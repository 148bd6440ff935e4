use std::fs;
use std::path::{Path, PathBuf};

use git2::{Repository, Signature};

use super::access::{base64, host_of, is_known};
use super::*;

struct World {
    root: PathBuf,
}

impl World {
    fn new(name: &str) -> World {
        let root = std::env::temp_dir().join(format!("dyna-git-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let origin = Repository::init_bare(root.join("origin")).unwrap();
        origin.set_head("refs/heads/main").unwrap();
        World { root }
    }

    fn origin(&self) -> Repository {
        Repository::open_bare(self.root.join("origin")).unwrap()
    }

    fn commit(&self, files: &[(&str, &str)]) -> String {
        let origin = self.origin();
        let mut builder = git2::build::TreeUpdateBuilder::new();
        for (path, text) in files {
            let blob = origin.blob(text.as_bytes()).unwrap();
            builder.upsert(*path, blob, git2::FileMode::Blob);
        }
        let parent = origin
            .head()
            .ok()
            .and_then(|head| head.peel_to_commit().ok());
        let empty = origin.treebuilder(None).unwrap().write().unwrap();
        let base = match &parent {
            Some(commit) => commit.tree().unwrap(),
            None => origin.find_tree(empty).unwrap(),
        };
        let tree = builder.create_updated(&origin, &base).unwrap();
        let who = Signature::now("Ann", "ann@example.com").unwrap();
        let parents: Vec<_> = parent.iter().collect();
        let tree = origin.find_tree(tree).unwrap();
        origin
            .commit(
                Some("refs/heads/main"),
                &who,
                &who,
                "a change\n\nmore",
                &tree,
                &parents,
            )
            .unwrap()
            .to_string()
    }

    fn url(&self) -> String {
        format!("file://{}", self.root.join("origin").display())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn remote<'a>(url: &'a str, clone: &'a Path, branch: &'a str) -> Remote<'a> {
    Remote {
        clone,
        url,
        branch,
        user: "",
        password: "",
        key: "",
        passphrase: "",
        known_hosts: "",
        bytes_max: 1 << 20,
        stop: &|| false,
    }
}

fn names(
    clone: &Path,
    commit: &str,
    folder: &str,
    limits: &Limits,
) -> Result<Vec<String>, Problem> {
    let mut found = Vec::new();
    files(clone, commit, folder, limits, &mut |path, _, data| {
        found.push(format!("{path}={}", String::from_utf8_lossy(data)));
        true
    })?;
    Ok(found)
}

const LIMITS: Limits = Limits {
    files_max: 10,
    file_bytes_max: 100,
    bytes_max: 1000,
};

#[test]
fn a_branch_is_followed_also_where_it_was_forced() {
    let world = World::new("follow");
    let (url, clone) = (world.url(), world.root.join("clone"));
    let first = world.commit(&[("flows/a.yaml", "a"), ("b.txt", "b")]);
    let tip = fetch(&remote(&url, &clone, "main")).unwrap();
    assert_eq!(
        (tip.id.as_str(), tip.summary.as_str()),
        (first.as_str(), "a change")
    );
    assert_eq!(
        names(&clone, &first, "flows", &LIMITS).unwrap(),
        ["a.yaml=a"]
    );
    assert_eq!(
        names(&clone, &first, "", &LIMITS).unwrap(),
        ["b.txt=b", "flows/a.yaml=a"]
    );
    let origin = world.origin();
    origin
        .find_reference("refs/heads/main")
        .unwrap()
        .delete()
        .unwrap();
    let forced = world.commit(&[("c", "c")]);
    assert_eq!(fetch(&remote(&url, &clone, "main")).unwrap().id, forced);
    assert!(matches!(
        fetch(&remote(&url, &clone, "other")),
        Err(Problem::Missing(_))
    ));
    assert!(matches!(
        names(&clone, &forced, "flows", &LIMITS),
        Err(Problem::Missing(_))
    ));
}

#[test]
fn what_is_too_much_is_refused_before_it_is_read() {
    let world = World::new("limits");
    let (url, clone) = (world.url(), world.root.join("clone"));
    let id = world.commit(&[("big", &"x".repeat(101)), ("small", "x")]);
    fetch(&remote(&url, &clone, "main")).unwrap();
    assert!(matches!(
        names(&clone, &id, "", &LIMITS),
        Err(Problem::Limit(_))
    ));
    let one = Limits {
        files_max: 1,
        file_bytes_max: 200,
        bytes_max: 1000,
    };
    assert!(matches!(
        names(&clone, &id, "", &one),
        Err(Problem::Limit(_))
    ));
    let few = Limits {
        files_max: 10,
        file_bytes_max: 200,
        bytes_max: 101,
    };
    assert!(matches!(
        names(&clone, &id, "", &few),
        Err(Problem::Limit(_))
    ));
}

#[test]
fn a_push_goes_on_top_of_what_was_seen_or_not_at_all() {
    let world = World::new("push");
    let (url, clone) = (world.url(), world.root.join("clone"));
    let base = world.commit(&[("a", "1"), ("b", "1")]);
    fetch(&remote(&url, &clone, "main")).unwrap();
    let message = Message {
        author: "bo",
        email: "bo@x",
        text: "by bo",
        at_ms: 1_700_000_000_000,
    };
    let changes = [
        Change {
            path: "a",
            data: Some(b"2"),
        },
        Change {
            path: "b",
            data: None,
        },
        Change {
            path: "not/there",
            data: None,
        },
    ];
    let tip = push(&remote(&url, &clone, "main"), &base, &changes, &message).unwrap();
    assert_eq!((tip.author.as_str(), tip.at_ms), ("bo", 1_700_000_000_000));
    assert_eq!(names(&clone, &tip.id, "", &LIMITS).unwrap(), ["a=2"]);
    let later = push(&remote(&url, &clone, "main"), &base, &changes, &message);
    assert!(
        matches!(later, Ok(_) | Err(Problem::Conflict(_))),
        "the same commit, or a conflict"
    );
    let moved = world.commit(&[("c", "1")]);
    let late = push(
        &remote(&url, &clone, "main"),
        &tip.id,
        &[Change {
            path: "a",
            data: Some(b"3"),
        }],
        &message,
    );
    assert!(matches!(late, Err(Problem::Conflict(_))));
    assert_eq!(fetch(&remote(&url, &clone, "main")).unwrap().id, moved);
}

#[test]
fn who_stops_and_what_is_not_there_is_told() {
    let world = World::new("told");
    let clone = world.root.join("clone");
    let url = format!("file://{}", world.root.join("nothing").display());
    assert!(fetch(&remote(&url, &clone, "main")).is_err());
    let lock = clone.join("refs/dyna/fetched.lock");
    fs::create_dir_all(lock.parent().unwrap()).unwrap();
    fs::write(&lock, "").unwrap();
    let (url, good) = (world.url(), world.commit(&[("a", "1")]));
    let locked = fetch(&remote(&url, &clone, "main"));
    assert!(matches!(locked, Err(Problem::Damaged(_))));
    fs::remove_file(&lock).unwrap();
    assert_eq!(fetch(&remote(&url, &clone, "main")).unwrap().id, good);
    fs::write(clone.join("HEAD"), "nonsense").unwrap();
    let url = world.url();
    world.commit(&[("a", "1")]);
    assert!(matches!(
        fetch(&remote(&url, &clone, "main")),
        Err(Problem::Damaged(_))
    ));
}

#[test]
fn a_host_is_known_by_its_line_alone() {
    assert_eq!(base64(b"key"), "a2V5");
    assert_eq!(base64(b"ke"), "a2U=");
    let lines = "# all\n@revoked git.example ssh-ed25519 a2V5\ngit.example,10.0.0.1 ssh-ed25519 a2V5 me\n[git.example]:2222 ssh-rsa a2V5";
    assert!(is_known(lines, "git.example", "ssh-ed25519", b"key"));
    assert!(is_known(lines, "10.0.0.1", "ssh-ed25519", b"key"));
    assert!(is_known(lines, "[git.example]:2222", "ssh-rsa", b"key"));
    assert!(!is_known(lines, "git.example", "ssh-rsa", b"key"));
    assert!(!is_known(lines, "git.example", "ssh-ed25519", b"kez"));
    assert!(!is_known(lines, "other.example", "ssh-ed25519", b"key"));
    assert!(!is_known(
        "@revoked git.example ssh-ed25519 a2V5",
        "git.example",
        "ssh-ed25519",
        b"key"
    ));
    assert_eq!(host_of("ssh://git@h:2222/x", "h"), "[h]:2222");
    assert_eq!(host_of("ssh://git@h:22/x", "h"), "h");
    assert_eq!(host_of("git@h:x/y", "h"), "h");
}

#[test]
fn no_secret_is_in_a_message() {
    let clone = PathBuf::from("/nowhere");
    let mut one = remote("https://x", &clone, "main");
    one.password = "s3cret";
    let error = git2::Error::new(ErrorCode::GenericError, ErrorClass::Http, "no s3cret here");
    match told(&error, Cut::Not, &one) {
        Problem::Unreachable(text) => assert_eq!(text, "no *** here"),
        _ => panic!("of another kind"),
    }
}
