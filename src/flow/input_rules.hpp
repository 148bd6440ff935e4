/// Values of inputs against all that a flow says of them: type, choice, bounds.
///
/// Looks at no file: those are path_input.hpp. Errors: kInvalidArgument, to be read behind the
/// input's name ("wants at least 5, not '3'"). Threads: any.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "flow/yaml_tree.hpp"
#include "model/flow.hpp"

namespace cordyna::flow {

[[nodiscard]] bool is_list(InputType type);

/// The JSON of a text as on a command line. A list is "a,b,c", with blanks around items cut off, or
/// JSON, which may hold anything; "" is the empty list.
[[nodiscard]] Result<std::string> checked_input(const InputSpec& input, std::string_view text);

struct ListProblem {
  const Node* at = nullptr;  ///< the item, or the whole list
  std::string message;
};

/// The JSON of a list in a file.
[[nodiscard]] std::expected<std::string, ListProblem> checked_list(const InputSpec& input,
                                                                   const Node& list);

/// One JSON list of several texts, each as for `checked_input`.
[[nodiscard]] Result<std::string> joined_list(const std::vector<std::string_view>& texts);

}  // namespace cordyna::flow
