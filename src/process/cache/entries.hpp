/// What the cache of a state has on the disk: cache/<key>/ with the file `entry`, and what the
/// attempt left (outputs, report, artifacts/).
///
/// An entry is made under another name and renamed, so one that is there is whole. Names that begin
/// with a dot are of entries that are made or removed right now, or were when somebody died.
/// Threads and processes: any; who takes an entry that is removed meanwhile finds none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"

namespace cordyna::cache {

inline constexpr const char* kEntryFile = "entry";
inline constexpr std::size_t kEntryBytesMax = std::size_t{4} << 20;

/// A file that the attempt left, as it was then: one that was changed since is not to be trusted.
struct Artifact {
  std::string path;  ///< below artifacts/
  std::uint64_t size = 0;
  std::int64_t mtime = 0;  ///< nanoseconds since 1970

  bool operator==(const Artifact&) const = default;
};

struct Entry {
  std::string key;
  std::string flow;  ///< "namespace.id", or "id"
  std::string task;  ///< path
  RunNo run = 0;     ///< that did the work
  std::string run_id;
  Millis at = 0;       ///< when it was done
  std::string folder;  ///< the attempt's folder then; its name stands in what it left
  std::uint64_t bytes = 0;
  std::vector<Artifact> artifacts;

  bool operator==(const Entry&) const = default;
};

[[nodiscard]] std::string encode(const Entry& entry);
/// Errors: kCorrupt: damaged, or of a newer version.
[[nodiscard]] Result<Entry> parse_entry(std::string_view text);

/// Errors: kNotFound; kCorrupt; kUnavailable.
[[nodiscard]] Result<Entry> read_entry(const StateLayout& layout, const std::string& key);

/// Those that can be read, the newest first. Errors: kUnavailable.
[[nodiscard]] Result<std::vector<Entry>> list_entries(const StateLayout& layout);

/// Takes it away, then removes it; nothing where there is none. Errors: kUnavailable.
[[nodiscard]] Result<> remove_entry(const StateLayout& layout, const std::string& key);

/// What those left that died while they made or removed an entry, if it is older than an hour.
void remove_leftovers(const StateLayout& layout, Millis now);

}  // namespace cordyna::cache
