/// What leads to what: inputs, processes, and the links between them; and what each input's events
/// go through.
///
/// A value, pure. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::embed {

/// A process as one input's events meet it.
struct Stage {
  std::string process;
  std::vector<std::string> after;  ///< processes that lead to it, in the order of the links

  bool operator==(const Stage&) const = default;
};

class Links {
 public:
  /// Errors of both: kInvalidArgument: it may be no id; kConflict: it is taken.
  [[nodiscard]] Result<> add_input(const std::string& id);
  [[nodiscard]] Result<> add_process(const std::string& id);
  /// Errors: as Orchestrator::add_link.
  [[nodiscard]] Result<> add(std::string_view from, std::string_view to);

  /// The processes that the input's links reach, each behind those that lead to it.
  [[nodiscard]] std::vector<Stage> stages(const std::string& input) const;

 private:
  enum class Kind : std::uint8_t { kInput, kProcess };

  [[nodiscard]] Result<> add(const std::string& id, Kind kind);
  [[nodiscard]] bool find_way(const std::string& from, const std::string& to,
                              std::vector<std::string>& way) const;
  void visit(const std::string& id, std::set<std::string, std::less<>>& seen,
             std::vector<std::string>& order) const;

  std::map<std::string, Kind, std::less<>> kinds_;
  std::map<std::string, std::vector<std::string>, std::less<>> next_;    // in the order of links
  std::map<std::string, std::vector<std::string>, std::less<>> before_;  // the same, turned round
};

}  // namespace cordyna::embed
