/* The C interface of git (src/git of the crate): a bare clone that follows one branch, the files of
 * its commits, and a commit that is pushed back.
 *
 * Blocks; a wait for the other side is bounded by what dyna_git_begin says. No hook, filter or
 * setting of a repository or of this machine counts. Threads: any, one at a time for each clone. No
 * call lets a panic out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rust/bytes_ffi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  DYNA_GIT_DONE = 0,
  DYNA_GIT_DENIED = 1,      /* the credentials, or who the other side is */
  DYNA_GIT_MISSING = 2,     /* no such repository, branch, commit or folder */
  DYNA_GIT_UNREACHABLE = 3, /* not now */
  DYNA_GIT_CONFLICT = 4,    /* the branch has moved */
  DYNA_GIT_LIMIT = 5,       /* more than is allowed */
  DYNA_GIT_STOPPED = 6,     /* as was asked */
  DYNA_GIT_WRONG = 7,       /* an argument */
  DYNA_GIT_DAMAGED = 8,     /* the clone: it can be removed, and is made anew */
  DYNA_GIT_BROKEN = 9       /* a bug */
};

/* Told once where it was not done, with why. Holds no password and no key. */
typedef struct DynaGitProblem {
  void* self;
  void (*tell)(void* self, DynaBytes why);
} DynaGitProblem;

/* Texts are UTF-8. What is empty is not there. */
typedef struct DynaGitRemote {
  DynaBytes clone; /* a folder of its own, made where it is not there */
  DynaBytes url;
  DynaBytes branch; /* "main" */
  DynaBytes user;   /* of `password`, and of the key where the address names none */
  DynaBytes password;
  DynaBytes key; /* a private key, for ssh */
  DynaBytes passphrase;
  DynaBytes known_hosts; /* lines as of ~/.ssh/known_hosts */
  uint64_t bytes_max;    /* that one fetch may receive */
  void* self;
  int32_t (*stop)(void* self); /* asked now and then; not 0: it ends */
} DynaGitRemote;

/* `id` is 40 digits. */
typedef struct DynaGitCommit {
  void* self;
  void (*tell)(void* self, DynaBytes id, DynaBytes author, DynaBytes summary, int64_t at_ms);
} DynaGitCommit;

typedef struct DynaGitLimits {
  uint64_t files_max;
  uint64_t file_bytes_max;
  uint64_t bytes_max; /* of all */
} DynaGitLimits;

enum { DYNA_GIT_FILE = 0, DYNA_GIT_PROGRAM = 1, DYNA_GIT_LINK = 2 };

/* Of each file, in order: its path from the folder, and what is in it; of a link, where it leads.
 * Not 0: it ends, with DYNA_GIT_STOPPED. */
typedef struct DynaGitFiles {
  void* self;
  int32_t (*file)(void* self, DynaBytes path, int32_t kind, DynaBytes data);
} DynaGitFiles;

typedef struct DynaGitChange {
  DynaBytes path; /* from the top of the repository */
  DynaBytes data;
  int32_t removed; /* not 0: the file goes, if it is there */
} DynaGitChange;

typedef struct DynaGitMessage {
  DynaBytes author;
  DynaBytes email;
  DynaBytes text;
  int64_t at_ms;
} DynaGitMessage;

/* For the whole process: `ca_file` is trusted beside the system's authorities (empty: those alone),
 * and how long it waits. More than one call: the times of the first one count, and each `ca_file`
 * stays. */
int32_t dyna_git_begin(DynaBytes ca_file, uint32_t connect_ms, uint32_t wait_ms,
                       const DynaGitProblem* problem);

/* The branch's newest commit, which is in the clone afterwards with all that belongs to it. */
int32_t dyna_git_fetch(const DynaGitRemote* remote, const DynaGitCommit* commit,
                       const DynaGitProblem* problem);

/* The files of a commit's folder (empty: of all), with those below it. Submodules are
 * DYNA_GIT_LIMIT. */
int32_t dyna_git_files(DynaBytes clone, DynaBytes commit, DynaBytes folder,
                       const DynaGitLimits* limits, const DynaGitFiles* files,
                       const DynaGitProblem* problem);

/* A commit on top of `base`, pushed without force: DYNA_GIT_CONFLICT where the branch is not at
 * `base`. */
int32_t dyna_git_push(const DynaGitRemote* remote, DynaBytes base, const DynaGitChange* changes,
                      size_t changes_count, const DynaGitMessage* message,
                      const DynaGitCommit* commit, const DynaGitProblem* problem);

#ifdef __cplusplus
}
#endif
