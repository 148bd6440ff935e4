/// A person's word on a task that is held.
#pragma once

#include <string>

namespace cordyna::engine {

struct HoldDecision {
  std::string path;  ///< of the task; empty: the only one that is held
  bool approve = true;
  std::string by;        ///< who says it; never empty
  std::string note;      ///< what they say about it
  std::string values{};  ///< JSON object: what they give to a pause with inputs, checked by type
};

}  // namespace cordyna::engine
