/// Fields of the daemon's answers: what is missing or of another type is empty.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace boost::json {
class object;  // NOLINT(readability-identifier-naming): the library's
class value;   // NOLINT(readability-identifier-naming)
}  // namespace boost::json

namespace cordyna::docker {

/// Null: there is none of that name.
[[nodiscard]] const boost::json::value* field(const boost::json::object& object,
                                              std::string_view key);
[[nodiscard]] std::string text_field(const boost::json::object& object, std::string_view key);

}  // namespace cordyna::docker
