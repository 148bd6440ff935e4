/// What a file looks like from outside, and what is remembered of one.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::input {

/// Times are nanoseconds since 1970, by the clock of the file's machine.
struct Stamp {
  std::int64_t size = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;  ///< also by a rename, or other rights
  std::uint64_t inode = 0;
  std::uint64_t links = 1;

  bool operator==(const Stamp&) const = default;
};

/// Whether what they hold is the same. The inode does not count: some file systems give others
/// when they are mounted again.
[[nodiscard]] constexpr bool same_version(const Stamp& a, const Stamp& b) {
  return a.size == b.size && a.modified == b.modified;
}

enum class FoundKind : std::uint8_t { kNone, kFile, kFolder, kLink, kOther };

/// What stands under a name.
struct Found {
  FoundKind kind = FoundKind::kNone;
  Stamp stamp{};

  bool operator==(const Found&) const = default;
};

inline constexpr int kNotArchived = -1;

/// A file that events told of.
struct KnownFile {
  Stamp stamp{};  ///< `links` is not kept
  /// Under which of the names for it it lies in the archive; it is on its way out of the folder.
  int archived = kNotArchived;

  bool operator==(const KnownFile&) const = default;
};

/// As the text of a mark.
[[nodiscard]] std::string to_text(const KnownFile& known);
/// Errors: kCorrupt.
[[nodiscard]] Result<KnownFile> parse_known_file(std::string_view text);

/// The position of an input of files.
struct FilePosition {
  std::string begun;  ///< names this beginning for good; empty: it has not begun
  std::string folder;
  std::uint64_t device = 0;  ///< that the folder was on
  std::int64_t told = 0;     ///< events, since it began: names each of them

  bool operator==(const FilePosition&) const = default;
};

[[nodiscard]] std::string to_text(const FilePosition& position);
/// Empty: it has not begun. Errors: kCorrupt.
[[nodiscard]] Result<FilePosition> parse_file_position(std::string_view text);

}  // namespace cordyna::input
