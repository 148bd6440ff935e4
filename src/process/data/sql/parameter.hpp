/// Values of a statement as PostgreSQL wants them.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "pg/connection.hpp"

namespace cordyna::sql {

/// `value`: JSON. Typed as the literal would be: 3 is an integer, 0.5 a numeric, a text or NULL
/// what the statement makes of it. Lists and objects are their JSON.
[[nodiscard]] PgValue parameter_of(std::string_view value);
[[nodiscard]] bool is_list(std::string_view value);
/// A list of JSON as the text of an array: {1,NULL,"a \"b\""}.
[[nodiscard]] std::string array_text(std::string_view list);

}  // namespace cordyna::sql
