#include "git/repository.hpp"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "rust/git_ffi.h"

namespace cordyna::git {
namespace {

constexpr std::uint32_t kConnectMillis = 10'000;
constexpr std::uint32_t kWaitMillis = 20'000;
constexpr std::uint64_t kFetchBytesMax = std::uint64_t{1} << 30;
constexpr std::uint64_t kFilesMax = 20'000;
constexpr std::uint64_t kFileBytesMax = std::uint64_t{32} << 20;
constexpr std::uint64_t kTreeBytesMax = std::uint64_t{512} << 20;
// Each fetch that brings something leaves a pack. With more of them a new clone is cheaper.
constexpr std::ptrdiff_t kPacksMax = 400;

DynaBytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view view_of(DynaBytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

void keep_problem(void* self, DynaBytes why) {
  *static_cast<std::string*>(self) = printable(view_of(why));
}

void keep_commit(void* self, DynaBytes id, DynaBytes author, DynaBytes summary, std::int64_t at) {
  *static_cast<GitCommit*>(self) = {std::string(view_of(id)), printable(view_of(author)),
                                    printable(view_of(summary)), at};
}

std::int32_t asks_to_stop(void* self) {
  return (*static_cast<const std::function<bool()>*>(self))() ? 1 : 0;
}

Result<> result_of(std::int32_t status, std::string why) {
  switch (status) {
    case DYNA_GIT_DONE: return {};
    case DYNA_GIT_DENIED: return fail(ErrorCode::kDenied, std::move(why));
    case DYNA_GIT_MISSING: return fail(ErrorCode::kNotFound, std::move(why));
    case DYNA_GIT_UNREACHABLE: return fail(ErrorCode::kUnavailable, std::move(why));
    case DYNA_GIT_CONFLICT: return fail(ErrorCode::kConflict, std::move(why));
    case DYNA_GIT_LIMIT:
    case DYNA_GIT_WRONG: return fail(ErrorCode::kInvalidArgument, std::move(why));
    case DYNA_GIT_STOPPED: return fail(ErrorCode::kCancelled, std::move(why));
    case DYNA_GIT_DAMAGED: return fail(ErrorCode::kCorrupt, std::move(why));
    default: return fail(ErrorCode::kInternal, "the library of git: " + why);
  }
}

DynaGitRemote remote_of(const Remote& remote, const std::string& folder,
                        std::function<bool()>& stop) {
  return {.clone = bytes_of(folder),
          .url = bytes_of(remote.url),
          .branch = bytes_of(remote.branch),
          .user = bytes_of(remote.user),
          .password = bytes_of(remote.password),
          .key = bytes_of(remote.key),
          .passphrase = bytes_of(remote.passphrase),
          .known_hosts = bytes_of(remote.known_hosts),
          .bytes_max = kFetchBytesMax,
          .self = &stop,
          .stop = &asks_to_stop};
}

struct Taker {
  const TakeFile* take;
  std::optional<Error> error;
};

std::int32_t take_file(void* self, DynaBytes path, std::int32_t kind, DynaBytes data) {
  auto& taker = *static_cast<Taker*>(self);
  const FileKind of = kind == DYNA_GIT_LINK      ? FileKind::kLink
                      : kind == DYNA_GIT_PROGRAM ? FileKind::kProgram
                                                 : FileKind::kFile;
  const Result<> taken = (*taker.take)(view_of(path), of, view_of(data));
  if (taken.has_value()) return 0;
  taker.error = taken.error();
  return 1;
}

}  // namespace

Result<> begin_git(const std::string& ca_file) {
  std::string why;
  const DynaGitProblem problem{&why, &keep_problem};
  const std::int32_t status =
      dyna_git_begin(bytes_of(ca_file), kConnectMillis, kWaitMillis, &problem);
  return result_of(status, std::move(why));
}

void Repository::forget() {
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

Result<GitCommit> Repository::fetch(const Remote& remote) {
  std::error_code error;
  const std::filesystem::directory_iterator packs(folder_ + "/objects/pack", error);
  if (!error && std::distance(begin(packs), end(packs)) > 2 * kPacksMax) forget();
  for (bool anew = false;; anew = true) {
    const DynaGitRemote from = remote_of(remote, folder_, stop_);
    GitCommit found;
    std::string why;
    const DynaGitCommit commit{&found, &keep_commit};
    const DynaGitProblem problem{&why, &keep_problem};
    const std::int32_t status = dyna_git_fetch(&from, &commit, &problem);
    if (status == DYNA_GIT_DONE) return found;
    if (status != DYNA_GIT_DAMAGED || anew) {
      return std::unexpected<Error>(result_of(status, std::move(why)).error());
    }
    forget();
  }
}

Result<> Repository::files(const std::string& commit, const std::string& folder,
                           const TakeFile& take) const {
  std::string why;
  Taker taker{&take, {}};
  const DynaGitLimits limits{kFilesMax, kFileBytesMax, kTreeBytesMax};
  const DynaGitFiles all{&taker, &take_file};
  const DynaGitProblem problem{&why, &keep_problem};
  const std::int32_t status = dyna_git_files(bytes_of(folder_), bytes_of(commit), bytes_of(folder),
                                             &limits, &all, &problem);
  if (taker.error.has_value()) return std::unexpected<Error>(*std::move(taker.error));
  return result_of(status, std::move(why));
}

Result<GitCommit> Repository::push(const Remote& remote, const NewCommit& commit) {
  std::vector<DynaGitChange> changes;
  changes.reserve(commit.files.size());
  for (const NewFile& file : commit.files) {
    changes.push_back({bytes_of(file.path), bytes_of(file.text), file.removed ? 1 : 0});
  }
  const DynaGitRemote to = remote_of(remote, folder_, stop_);
  const DynaGitMessage message{bytes_of(commit.author), bytes_of(commit.email),
                               bytes_of(commit.message), commit.at};
  GitCommit made;
  std::string why;
  const DynaGitCommit told{&made, &keep_commit};
  const DynaGitProblem problem{&why, &keep_problem};
  const std::int32_t status = dyna_git_push(&to, bytes_of(commit.base), changes.data(),
                                            changes.size(), &message, &told, &problem);
  TRY(result_of(status, std::move(why)));
  return made;
}

}  // namespace cordyna::git
