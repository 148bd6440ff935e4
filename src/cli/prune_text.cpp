#include "cli/prune_text.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/text.hpp"

namespace cordyna::cli {

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string prune_text(const PruneCounts& counts, bool dry_run) {
  if (counts.nothing()) return "nothing is old enough";
  std::string out;
  const auto add = [&out](std::string part) { out += (out.empty() ? "" : ", ") + std::move(part); };
  if (counts.runs > 0) add(counted(counts.runs, "run"));
  if (counts.logs > 0) add("logs of " + counted(counts.logs, "run"));
  if (counts.artifacts > 0) add("artifacts of " + counted(counts.artifacts, "run"));
  if (counts.entries == 1) add("1 cache entry");
  if (counts.entries > 1) add(fmt::format("{} cache entries", grouped(counts.entries)));
  return fmt::format("{}: {} {}", out, bytes_text(counts.bytes),
                     dry_run ? "would be removed" : "removed");
}

std::string prune_json(const PruneCounts& counts, bool dry_run) {
  return fmt::format(
      "{{\"dry_run\":{},\"runs\":{},\"logs\":{},\"artifacts\":{},\"cache\":{},\"bytes\":{}}}\n",
      dry_run, counts.runs, counts.logs, counts.artifacts, counts.entries, counts.bytes);
}

}  // namespace cordyna::cli
