/// Files as a data step needs them: whole or not at all, also after a crash.
///
/// Threads: any; each object from one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::data {

/// What tells whether a file was changed or replaced while it was read.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size_bytes = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

/// Errors: kNotFound; kInvalidArgument: no regular file; kUnavailable: not readable.
[[nodiscard]] Result<FileStamp> stamp_file(const std::string& path);

/// The first `bytes_max` bytes.
[[nodiscard]] Result<std::string> read_front(const std::string& path, std::size_t bytes_max);

[[nodiscard]] Result<> write_file(const std::string& path, std::string_view content);

/// Errors of all that write: kUnavailable; `is_no_space` tells a full disk.
[[nodiscard]] Result<> make_folders(const std::string& path);
[[nodiscard]] Result<> sync_file(const std::string& path);
/// From a file to one that exists already, through the page cache only.
[[nodiscard]] Result<> copy_into(const std::string& from, const std::string& to);
/// Syncs `from`, renames it, and syncs the folder, so that it is there after a power cut.
[[nodiscard]] Result<> publish(const std::string& from, const std::string& to);
/// The same file under a second name, or a copy where that cannot be. Both must stay as they are.
[[nodiscard]] Result<> publish_again(const std::string& from, const std::string& to);

[[nodiscard]] bool is_no_space(const Error& error);

/// A file beside its final place, under a hidden name, until `commit` renames it.
///
/// It is locked while we live, so that a later share can tell a leftover from one in use; a
/// destroyed one that was not committed is removed.
class StagedFile {
 public:
  /// Makes the folder too, and removes leftovers of attempts that died beside the same target.
  /// Errors: kUnavailable; kInvalidArgument: the target is a folder.
  [[nodiscard]] static Result<StagedFile> create(const std::string& target);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& target() const { return target_; }
  /// To the disk, before any of several is committed.
  [[nodiscard]] Result<> sync() const;
  [[nodiscard]] Result<> commit();

 private:
  StagedFile(std::string path, std::string target, int fd);

  std::string path_;
  std::string target_;
  int fd_ = -1;
};

}  // namespace cordyna::data
