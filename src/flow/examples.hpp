/// One flow for each part of the language, as the reference shows it; the tests run them all.
///
/// Tables only.
#pragma once

#include <span>
#include <string_view>

namespace cordyna::flow {

struct ExampleFile {
  std::string_view name;
  std::string_view text;
};

struct Example {
  std::string_view of;    ///< a task type; or a section of the reference: "flow", "inputs", …
  std::string_view ends;  ///< the state in which a run of it ends: "completed"
  std::string_view flow;  ///< flow.yaml
  std::span<const ExampleFile> files{};  ///< that lie beside it
};

/// Each `of` once.
[[nodiscard]] std::span<const Example> examples();

}  // namespace cordyna::flow
