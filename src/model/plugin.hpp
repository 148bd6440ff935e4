/// Task types that programs of a project give: `plugins` of cordyna.yaml.
///
/// Values. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/flow.hpp"

namespace cordyna {

/// A type, and the program that carries its tasks out.
struct PluginProgram {
  std::string type;               ///< "acme/geocode": a team, and a task of it
  std::vector<std::string> argv;  ///< paths are absolute; argv[0] without "/" is looked up in PATH
  std::string folder;             ///< of the project: absolute

  bool operator==(const PluginProgram&) const = default;
};

/// What a program declares of its type.
struct PluginType {
  std::string description;
  std::string version;
  std::string input_schema;   ///< a JSON Schema; empty: any
  std::string output_schema;  ///< a JSON Schema; empty: any
  Timeouts timeouts;          ///< 0: it does not say

  bool operator==(const PluginType&) const = default;
};

/// Types of plugins, and no other, have a team in their name.
[[nodiscard]] inline bool is_plugin_type(std::string_view type) {
  return type.find('/') != std::string_view::npos;
}

/// How long a program may take until it says what it does, and until it has taken an attempt.
inline constexpr Millis kPluginAcknowledge = 10'000;

}  // namespace cordyna
