/// The hash of files by their names and contents: files('src/**') in the key of a cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::cache {

/// Of one key, in all. Beyond: an error, for a key is made while other work waits.
inline constexpr std::size_t kFilesMax = 10'000;
inline constexpr std::size_t kEntriesMax = 100'000;  ///< files and folders that are looked at
inline constexpr std::uint64_t kBytesMax = std::uint64_t{256} << 20;

/// What one key has read so far.
struct Budget {
  std::size_t files = 0;
  std::size_t entries = 0;
  std::uint64_t bytes = 0;
};

/// 64 hexadecimal digits over the names (from `folder`, which is absolute) and the contents of the
/// regular files that `pattern` matches. `*`, `?` and `[a-z]` match within one name and not its
/// first dot; `**` matches any folders, but goes through no link. The order of the disk, times and
/// modes do not count. Errors: kInvalidArgument: a pattern that leaves the folder, no file, too
/// many of them, too many bytes; kUnavailable: a file cannot be read.
[[nodiscard]] Result<std::string> hash_files(const std::string& folder, std::string_view pattern,
                                             Budget& budget);

/// Of the content of one file. Errors: as above.
[[nodiscard]] Result<std::string> hash_file(const std::string& path, Budget& budget);

}  // namespace cordyna::cache
