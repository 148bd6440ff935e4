#include "process/cache/file_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "process/cache/entries.hpp"

namespace cordyna::cache {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextBytesMax = std::size_t{1} << 20;  ///< of outputs, and of a report
constexpr std::size_t kArtifactsMax = 10'000;

std::string flow_name(const Flow& flow) {
  return flow.ns.empty() ? flow.id : flow.ns + "." + flow.id;
}

std::unexpected<Error> unavailable(const fs::path& path, const std::error_code& error) {
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", path.string(), error.message()));
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// Empty where there is no such file.
Result<std::string> read_small(const fs::path& path) {
  std::error_code error;
  if (fs::symlink_status(path, error).type() == fs::file_type::not_found) return std::string();
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size > kTextBytesMax) {
    return fail(ErrorCode::kUnavailable, path.string() + " cannot be taken");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(ErrorCode::kUnavailable, path.string() + " cannot be read");
  return std::move(text).str();
}

Result<> synchronize(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return unavailable(path, last_error());
  const int rc = ::fsync(fd);
  const std::error_code error = last_error();
  ::close(fd);
  if (rc != 0) return unavailable(path, error);
  return {};
}

Result<> write_small(const fs::path& path, std::string_view text, bool durable) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return unavailable(path, last_error());
  bool good = true;
  while (good && !text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    good = put >= 0 || errno == EINTR;
    text.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
  }
  if (good && durable) good = ::fsync(fd) == 0;
  const std::error_code error = last_error();
  ::close(fd);
  if (!good) return unavailable(path, error);
  return {};
}

Result<> link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) return unavailable(to, error);
  fs::create_hard_link(from, to, error);
  // Another file system, or more links than it knows.
  if (error) fs::copy_file(from, to, error);
  if (error) return unavailable(to, error);
  return {};
}

Result<Artifact> look_at(const fs::path& root, const std::string& path) {
  struct stat status{};
  if (::lstat((root / path).c_str(), &status) != 0) return unavailable(root / path, last_error());
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kConflict, path + " is no regular file");
  return Artifact{path, static_cast<std::uint64_t>(status.st_size),
                  status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

/// All regular files below, in order; links are none.
Result<std::vector<Artifact>> artifacts_in(const fs::path& root) {
  std::vector<Artifact> found;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(root, error))) return found;
  fs::recursive_directory_iterator at(root, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (!fs::is_regular_file(at->symlink_status(error))) continue;
    if (found.size() == kArtifactsMax) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("it left more than {} artifacts", kArtifactsMax));
    }
    TRY_ASSIGN(Artifact artifact, look_at(root, at->path().lexically_relative(root).string()));
    found.push_back(std::move(artifact));
  }
  if (error) return unavailable(root, error);
  std::ranges::sort(found, {}, &Artifact::path);
  return found;
}

/// The folder's name as it stands in what it left.
std::string moved(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    const char next = at + from.size() < text.size() ? text[at + from.size()] : '\0';
    const bool whole = next == '/' || next == '"' || next == '\n' || next == '\0';
    if (whole) text.replace(at, from.size(), to);
    at += whole ? to.size() : from.size();
  }
  return text;
}

bool holds_secret(const std::string& text, const std::vector<std::string>& masks) {
  return std::ranges::any_of(masks, [&text](const std::string& mask) {
    return !mask.empty() && text.find(mask) != std::string::npos;
  });
}

/// Whether the artifacts are still those that the attempt left.
bool is_unchanged(const Entry& entry, const fs::path& folder) {
  return std::ranges::all_of(entry.artifacts, [&folder](const Artifact& artifact) {
    const auto now = look_at(folder / attempt_file::kArtifacts, artifact.path);
    return now.has_value() && *now == artifact;
  });
}

Result<> fill(const Entry& entry, const fs::path& from, const fs::path& staged,
              const std::string& target) {
  for (const char* name : {attempt_file::kOutputs, attempt_file::kReport}) {
    TRY_ASSIGN(std::string text, read_small(from / name));
    if (text.empty()) continue;
    TRY(write_small(staged / name, moved(std::move(text), entry.folder, target), false));
  }
  for (const Artifact& artifact : entry.artifacts) {
    const fs::path below = fs::path(attempt_file::kArtifacts) / artifact.path;
    TRY(link_or_copy(from / below, staged / below));
  }
  return {};
}

/// Puts the entry in its place: the one that was there makes room. Between the two there is none.
Result<> publish(const StateLayout& layout, const fs::path& draft, const std::string& key) {
  const fs::path target = fs::path(layout.cache_folder()) / key;
  for (int tries = 0; tries < 3; ++tries) {
    if (::rename(draft.c_str(), target.c_str()) == 0) return synchronize(layout.cache_folder());
    if (errno != ENOTEMPTY && errno != EEXIST) return unavailable(target, last_error());
    TRY(remove_entry(layout, key));
  }
  return fail(ErrorCode::kConflict, "others keep the same work again and again");
}

/// All of the entry, in the folder `draft`, on the disk.
Result<> write_draft(const DoneWork& work, Entry entry, const fs::path& draft) {
  const fs::path from = work.folder;
  std::error_code error;
  fs::create_directories(draft, error);
  if (error) return unavailable(draft, error);
  for (const char* name : {attempt_file::kOutputs, attempt_file::kReport}) {
    TRY_ASSIGN(const std::string text, read_small(from / name));
    if (text.empty()) continue;
    if (holds_secret(text, work.masks)) {
      return fail(ErrorCode::kConflict, "its outputs hold a secret");
    }
    TRY(write_small(draft / name, text, true));
    entry.bytes += text.size();
  }
  TRY_ASSIGN(entry.artifacts, artifacts_in(from / attempt_file::kArtifacts));
  for (const Artifact& artifact : entry.artifacts) {
    const fs::path below = fs::path(attempt_file::kArtifacts) / artifact.path;
    TRY(link_or_copy(from / below, draft / below));
    TRY(synchronize(draft / below));
    entry.bytes += artifact.size;
  }
  // A copy has a time of its own.
  TRY_ASSIGN(entry.artifacts, artifacts_in(draft / attempt_file::kArtifacts));
  TRY(write_small(draft / kEntryFile, encode(entry), true));
  return synchronize(draft);
}

}  // namespace

std::optional<std::string> FileCache::take(const std::string& key, const StartAttempt& command,
                                           const std::string& staged, const std::string& target) {
  const Result<Entry> entry = read_entry(layout_, key);
  if (!entry.has_value()) {
    if (entry.error().code == ErrorCode::kCorrupt) (void)remove_entry(layout_, key);
    return std::nullopt;
  }
  const Millis now = clock_.now();
  const Millis limit = command.flow->tasks[command.task].cache.age;
  if (limit > 0 && now - entry->at > limit) return std::nullopt;
  // Its key says so already; but the name of a folder is easily changed.
  if (entry->flow != flow_name(*command.flow) || entry->task != command.key.path) {
    return std::nullopt;
  }
  const fs::path folder = fs::path(layout_.cache_folder()) / key;
  if (!is_unchanged(*entry, folder)) {
    (void)remove_entry(layout_, key);
    return std::nullopt;
  }
  std::string note =
      fmt::format("from cache: run {}, {} old", entry->run, format_delay(now - entry->at));
  if (!fill(*entry, folder, staged, target).has_value()) return std::nullopt;
  const std::string line = fmt::format("s {} {}\n", now, note);
  if (!write_small(fs::path(staged) / attempt_file::kLog, line, false)) return std::nullopt;
  return note;
}

Result<> FileCache::keep(const DoneWork& work) {
  static std::atomic<unsigned> count = 0;
  std::error_code error;
  const bool marked = fs::exists(work.private_mark, error) || error ||
                      fs::exists(work.private_mark + ".new", error) || error;
  if (marked) return fail(ErrorCode::kConflict, "its data tells about persons");
  Entry entry;
  entry.key = work.key;
  entry.flow = flow_name(*work.command.flow);
  entry.task = work.command.key.path;
  entry.run = work.command.key.run;
  entry.run_id = work.command.run_id.value;
  entry.at = clock_.now();
  entry.folder = work.folder;
  const fs::path draft =
      fs::path(layout_.cache_folder()) / fmt::format(".new-{}-{}", ::getpid(), ++count);
  fs::remove_all(draft, error);  // of a dead process with our number
  Result<> kept = write_draft(work, std::move(entry), draft);
  if (kept.has_value()) kept = publish(layout_, draft, work.key);
  if (!kept.has_value()) fs::remove_all(draft, error);
  return kept;
}

}  // namespace cordyna::cache
