/// The names in a SQL text that may be tables.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cordyna::flow {

struct SqlName {
  std::string name;        ///< as it is compared: lower case, quotes undone
  std::size_t offset = 0;  ///< bytes into the text
};

/// Identifiers outside strings, comments and templates that do not follow a '.', are not called
/// like a function, and are not given by AS. More than the tables: columns are among them; the
/// caller keeps those that are ids of tasks.
[[nodiscard]] std::vector<SqlName> sql_names(std::string_view sql);

}  // namespace cordyna::flow
