/// What a python task wants to be installed: lines as pip has them, in the flow or in a file.
///
/// Threads: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "flow/values.hpp"

namespace cordyna::flow {

/// A requirement of PEP 508 (`name[extra]>=1; marker`, `name @ https://…`), with `--hash=` behind
/// it or not; or an option that says where packages come from. It comes back without blanks at its
/// ends. Nothing is looked up. Errors: kInvalidArgument, to be read behind the line.
[[nodiscard]] Result<std::string> check_requirement(std::string_view line);

/// Reads the files of requirements that one flow names.
class RequirementFiles {
 public:
  /// `folder`: absolute, where relative paths begin.
  explicit RequirementFiles(std::string folder) : folder_(std::move(folder)) {}

  /// Its lines, without comments, and with those of the files that it names by `-r`. Nullopt: it
  /// has errors, reported at their place in it, or at `path` where it cannot be read.
  [[nodiscard]] std::optional<std::vector<std::string>> load(const Node& path,
                                                             Reporter& reporter) const;

 private:
  std::string folder_;
};

}  // namespace cordyna::flow
