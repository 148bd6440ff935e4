/// The reference page of the flow language, from the tables that the program itself uses.
#pragma once

#include <string>

namespace cordyna::flow {

/// Markdown: keys with their kinds and defaults, task types, codes of findings, codes of task
/// errors, exit codes. What is not supported yet is left out.
[[nodiscard]] std::string reference_as_markdown();

}  // namespace cordyna::flow
