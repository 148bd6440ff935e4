/// `retention:` of cordyna.yaml: how long a project's state keeps what is done.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "flow/key_spec.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {

/// How much of one thing is kept; what is beyond any of them goes. 0: no bound.
struct RetentionRule {
  Millis age = 0;
  std::uint32_t count = 0;  ///< of runs only: the newest so many
  std::uint64_t size = 0;   ///< bytes, of the newest

  [[nodiscard]] bool empty() const { return age == 0 && count == 0 && size == 0; }
  bool operator==(const RetentionRule&) const = default;
};

/// Without any rule all is kept.
struct Retention {
  RetentionRule runs;       ///< rows and folders
  RetentionRule logs;       ///< of attempts
  RetentionRule artifacts;  ///< of attempts
  RetentionRule cache;      ///< work that is kept by its key
  RetentionRule ticks;      ///< age only
  RetentionRule events;     ///< age only

  [[nodiscard]] bool empty() const {
    return runs.empty() && logs.empty() && artifacts.empty() && cache.empty() && ticks.empty() &&
           events.empty();
  }
  bool operator==(const Retention&) const = default;
};

[[nodiscard]] std::span<const KeySpec> retention_keys();
/// Of a value that fits those.
[[nodiscard]] Retention retention_of(const Node& retention);

/// Of the nearest cordyna.yaml in or above `folder` (absolute); without the file or the key all is
/// kept. Errors: as load_project.
[[nodiscard]] Result<Retention> read_retention(const std::string& folder);

}  // namespace cordyna::flow
